//! Functions of the user's that arkffi calls by itself, noted for the last words of the process.
//!
//! # Safety
//! The notes stand in the slots of the environment, on whose thread alone these functions are called.
#![allow(unsafe_code)]

use crate::slots::CALLED;

/// Functions of the user's that arkffi calls by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Called {
    /// The functions of an allocator.
    Malloc = 1,
    /// See `Malloc`.
    Calloc = 2,
    /// See `Malloc`.
    Realloc = 3,
    /// See `Malloc`.
    Free = 4,
    /// What `addFinalizer` or `own` was given.
    Finalizer = 5,
    /// What a view was given.
    Deallocator = 6,
}

impl Called {
    /// The one of that number.
    pub const fn from_number(number: u64) -> Option<Self> {
        Some(match number {
            1 => Called::Malloc,
            2 => Called::Calloc,
            3 => Called::Realloc,
            4 => Called::Free,
            5 => Called::Finalizer,
            6 => Called::Deallocator,
            _ => return None,
        })
    }

    /// Its name, how many arguments it gets, and where it is from.
    pub const fn words(self) -> (&'static str, usize, &'static str) {
        match self {
            Called::Malloc => ("malloc", 1, "setAllocator"),
            Called::Calloc => ("calloc", 2, "setAllocator"),
            Called::Realloc => ("realloc", 2, "setAllocator"),
            Called::Free => ("free", 1, "setAllocator"),
            Called::Finalizer => ("the function", 1, "addFinalizer or own"),
            Called::Deallocator => ("the deallocator", 1, "a view"),
        }
    }
}

/// Notes in the slots what is called meanwhile.
///
/// # Safety
/// On the thread of the environment whose slots they are.
pub unsafe fn during<T>(
    slots: *mut u64,
    called: Called,
    arguments: [usize; 2],
    call: impl FnOnce() -> T,
) -> T {
    let values = [called as u64, arguments[0] as u64, arguments[1] as u64];
    // SAFETY: the slots have all these words (caller).
    unsafe {
        let before = CALLED.map(|word| *slots.add(word));
        for (word, value) in CALLED.into_iter().zip(values) {
            *slots.add(word) = value;
        }
        let result = call();
        for (word, value) in CALLED.into_iter().zip(before) {
            *slots.add(word) = value;
        }
        result
    }
}
