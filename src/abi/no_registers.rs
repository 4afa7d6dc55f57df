//! The twin of the register path for platforms that have none: every signature goes through libffi.
#![allow(unsafe_code)]

use std::ffi::c_void;

use crate::aggregate::Aggregate;
use crate::plan::{Passed, Registers};
use crate::types::Machine;

/// Argument registers: none that arkffi knows.
pub const STACK: usize = 0;

/// No signature is assigned to registers here.
pub fn assign(_params: &[Passed], _hidden: bool) -> Option<Registers> {
    None
}

/// Never asked: no result comes in registers that arkffi knows.
pub fn result_words(_aggregate: &Aggregate) -> Option<[usize; 2]> {
    None
}

/// So many bytes of a struct can be an argument; of larger ones, which are only results, the size does not matter.
const LARGEST: usize = 64 * 1024;

/// Members of a struct that travels as the aggregate does: of a large one, only size and alignment count. How unions, packed
/// structs and bit-fields travel is not known here.
pub fn substitute(aggregate: &Aggregate) -> Option<Vec<Machine>> {
    let unit = match aggregate.align {
        1 => Machine::U8,
        2 => Machine::U16,
        4 => Machine::U32,
        _ => Machine::U64,
    };
    aggregate.is_large.then(|| vec![unit; aggregate.size.min(LARGEST) / unit.size()])
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
