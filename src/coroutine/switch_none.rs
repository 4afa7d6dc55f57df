//! The twin for platforms where C runs on the thread's own stack alone.
#![allow(unsafe_code)]

use std::ffi::c_void;

/// No stacks are made here.
pub(super) const AVAILABLE: bool = false;

/// What runs on a stack first.
pub(super) type Start = unsafe extern "C" fn(*mut c_void) -> !;

/// A stack, of which there is none.
pub(super) struct Stack;

impl Stack {
    /// There is none.
    pub(super) fn new() -> Option<Self> {
        None
    }

    /// Never called.
    pub(super) fn prepare(&self, _start: Start, _data: *mut c_void) -> usize {
        0
    }
}

/// Never called.
///
/// # Safety
/// None: it does nothing.
pub(super) unsafe extern "C" fn enter(_from: *mut usize, _to: usize) {}

/// Never called.
///
/// # Safety
/// None: it does nothing.
pub(super) unsafe extern "C" fn leave(_from: *mut usize, _to: usize) {}
