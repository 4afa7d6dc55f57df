//! Blocks that the user allocates by hand. Each live block is known, so that freeing anything else
//! is an error and not a crash.
//!
//! # Safety
//! malloc, realloc and free are called with addresses that they returned: `BLOCKS` holds exactly
//! those, and an address leaves it before it is freed.
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use crate::error::{Code, Error, Result};

/// The live blocks of the process: start and size in bytes.
static BLOCKS: LazyLock<Mutex<HashMap<usize, usize>>> = LazyLock::new(Mutex::default);

fn blocks() -> MutexGuard<'static, HashMap<usize, usize>> {
    BLOCKS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn exhausted(size: usize) -> Error {
    Error::new(Code::OutOfMemory, format!("the allocator has no {size} bytes left"))
}

fn stranger(address: usize) -> Error {
    let message = format!("{address:#x} is not the start of a block that malloc gave and free has not taken");
    Error::new(Code::InvalidPointer, message)
}

/// Allocates a block, unique even where the size is 0, and zeroed on demand.
///
/// # Errors
/// [`Code::OutOfMemory`].
pub fn allocate(size: usize, zeroed: bool) -> Result<usize> {
    let bytes = size.max(1);
    // SAFETY: both take any size.
    let address = unsafe { if zeroed { libc::calloc(bytes, 1) } else { libc::malloc(bytes) } } as usize;
    if address == 0 {
        return Err(exhausted(size));
    }
    blocks().insert(address, size);
    Ok(address)
}

/// Changes the size of a block, which may move it.
///
/// # Errors
/// [`Code::InvalidPointer`] for anything but a live block's start, [`Code::OutOfMemory`]; the block
/// is as it was then.
pub fn resize(address: usize, size: usize) -> Result<usize> {
    let mut blocks = blocks();
    if !blocks.contains_key(&address) {
        return Err(stranger(address));
    }
    // SAFETY: a live block (checked above, under the lock).
    let moved = unsafe { libc::realloc(address as *mut c_void, size.max(1)) } as usize;
    if moved == 0 {
        return Err(exhausted(size));
    }
    blocks.remove(&address);
    blocks.insert(moved, size);
    Ok(moved)
}

/// Frees a block.
///
/// # Errors
/// [`Code::InvalidPointer`] for anything but a live block's start; nothing is freed then.
pub fn free(address: usize) -> Result<()> {
    blocks().remove(&address).ok_or_else(|| stranger(address))?;
    // SAFETY: the block was live, and is no longer known to anyone else.
    unsafe { libc::free(address as *mut c_void) };
    Ok(())
}
