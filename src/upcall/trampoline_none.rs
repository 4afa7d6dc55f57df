//! The twin of the trampolines for other platforms: every callback is a closure of libffi's.
#![allow(unsafe_code)]

use super::closure;
use super::record::Record;
use crate::error::Result;

thread_local! {
    static HERE: u8 = const { 0 };
}

/// Whether the address is a trampoline's of this process: none is known here.
pub fn is_trampoline(_address: usize) -> bool {
    false
}

/// What tells the current thread from every other that lives.
pub fn thread_pointer() -> usize {
    HERE.try_with(|here| &raw const *here as usize).unwrap_or(0)
}

/// Never asked: no plan takes the register path here.
pub(super) fn chunk() -> Result<Vec<*mut Record>> {
    Err(closure::exhausted())
}
