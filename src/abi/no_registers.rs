//! The twin of the register path for platforms that have none: every signature goes through libffi.
#![allow(unsafe_code)]

use std::ffi::c_void;

use crate::plan::Registers;
use crate::types::Machine;

/// No signature is assigned to registers here.
pub fn assign(_machines: &[Machine]) -> Option<Registers> {
    None
}

/// Never called: no plan takes the register path where [`assign`] refuses all.
///
/// # Safety
/// None: it does nothing.
pub unsafe extern "C" fn invoke(
    _frame: *const u64,
    _target: *const c_void,
    _stack_words: usize,
    _result: *mut u64,
) {
}
