//! Where blocks come from: libc, or C functions that the user has given.
//!
//! # Safety
//! The C functions were checked to be code when they were given, and their module is kept mapped meanwhile; that they are
//! an allocator's is the user's promise. An address is given back to the allocator that it came from: it is exchanged
//! only while nothing is allocated.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::sync::OnceLock;

use super::called::{Called, during};

/// The functions of an allocator, by their addresses.
#[derive(Clone, Copy, Debug)]
pub struct Functions {
    /// `void *malloc(size_t)`.
    pub malloc: usize,
    /// `void *calloc(size_t, size_t)`.
    pub calloc: usize,
    /// `void *realloc(void *, size_t)`.
    pub realloc: usize,
    /// `void free(void *)`.
    pub free: usize,
    /// Passed first to each of them, where it is given.
    pub opaque: Option<usize>,
    /// The slots of the environment, where it is noted which of them runs.
    pub slots: *mut u64,
}

/// Where blocks come from.
#[derive(Clone, Copy, Debug, Default)]
pub enum Allocator {
    /// libc's functions.
    #[default]
    Libc,
    /// Functions of the user's.
    Given(Functions),
}

impl Allocator {
    /// A block of at least one byte, zeroed on demand; 0 where there is no memory.
    pub fn allocate(&self, size: usize, zeroed: bool) -> usize {
        let bytes = size.max(1);
        // SAFETY: libc's functions take any size; for the others see the module.
        unsafe {
            match self {
                Allocator::Libc if zeroed => libc::calloc(bytes, 1) as usize,
                Allocator::Libc => libc::malloc(bytes) as usize,
                Allocator::Given(given) if zeroed => given.call(Called::Calloc, [1, bytes]),
                Allocator::Given(given) => given.call(Called::Malloc, [bytes, 0]),
            }
        }
    }

    /// The block with another size, which may have moved it; 0 where there is no memory, and nothing has changed.
    ///
    /// # Safety
    /// It is a live block of this allocator.
    pub unsafe fn resize(&self, block: usize, size: usize) -> usize {
        let bytes = size.max(1);
        // SAFETY: the caller's promise; for given functions see the module.
        unsafe {
            match self {
                Allocator::Libc => libc::realloc(block as *mut c_void, bytes) as usize,
                Allocator::Given(given) => given.call(Called::Realloc, [block, bytes]),
            }
        }
    }

    /// Whether a function is known to free blocks, called with nothing but their addresses.
    pub fn is_freed_by(&self, code: usize) -> bool {
        match self {
            Allocator::Libc => libc_free().contains(&code),
            Allocator::Given(given) => given.opaque.is_none() && given.free == code,
        }
    }

    /// Frees a block.
    ///
    /// # Safety
    /// As for `resize`; the block is not used any more.
    pub unsafe fn free(&self, block: usize) {
        // SAFETY: the caller's promise; for given functions see the module.
        unsafe {
            match self {
                Allocator::Libc => libc::free(block as *mut c_void),
                Allocator::Given(given) => {
                    given.call(Called::Free, [block, 0]);
                }
            }
        }
    }
}

impl Functions {
    /// # Safety
    /// As for `call`; on the environment's thread.
    unsafe fn call(&self, called: Called, arguments: [usize; 2]) -> usize {
        let code = match called {
            Called::Malloc => self.malloc,
            Called::Calloc => self.calloc,
            Called::Realloc => self.realloc,
            Called::Free | Called::Finalizer | Called::Deallocator => self.free,
        };
        // SAFETY: the caller's promise.
        unsafe { during(self.slots, called, arguments, || call(code, self.opaque, arguments)) }
    }
}

/// The addresses of libc's `free`: an executable that is linked to a fixed address has one of its own for it.
fn libc_free() -> [usize; 2] {
    static FOUND: OnceLock<[usize; 2]> = OnceLock::new();
    *FOUND.get_or_init(|| [libc::free as *const () as usize, crate::os::function_of_libc(c"free")])
}

/// Calls a function with the opaque pointer, where there is one, and up to two words: a function that has fewer
/// parameters does not look at the others.
///
/// # Safety
/// It is a C function of at most so many parameters, all of them words.
unsafe fn call(code: usize, opaque: Option<usize>, [first, second]: [usize; 2]) -> usize {
    // SAFETY: the caller's promise; further integer arguments of a C call are ignored (System V ABI 3.2.3, AAPCS64 6.8).
    unsafe {
        match opaque {
            Some(opaque) => {
                let function: unsafe extern "C" fn(usize, usize, usize) -> usize = std::mem::transmute(code);
                function(opaque, first, second)
            }
            None => {
                let function: unsafe extern "C" fn(usize, usize) -> usize = std::mem::transmute(code);
                function(first, second)
            }
        }
    }
}
