//! The values of one call that C makes into JavaScript: where they stand, and how they get into the slots
//! and back.
//!
//! # Safety
//! An [`Incoming`] is made by a trampoline for the call that runs, and used before that call returns. Its
//! plan is the one that the trampoline was made for.
#![allow(unsafe_code)]

use std::ffi::c_void;

use crate::abi::registers::STACK;
use crate::plan::{Passed, Plan, Returned};
use crate::slots::{RESULT, RESULT_FLOAT};
use crate::types::Machine;

/// The registers of a call as the trampoline has saved them, and those that it loads before it returns.
#[repr(C)]
pub struct Saved {
    /// As the slots have them: integer registers, then floating-point registers.
    pub registers: [u64; 14],
    /// The words on the stack.
    pub stack: *const u64,
    /// rax, rdx, xmm0, xmm1 on System V AMD64.
    pub results: [u64; 4],
}

/// The values of one call that C makes.
#[derive(Clone, Copy)]
pub enum Incoming {
    /// In registers and on the stack.
    Registers(*mut Saved),
    /// As libffi gives them: the addresses of the arguments, and of the result.
    Libffi(*const *const c_void, *mut c_void),
}

fn words_of(passed: &Passed) -> usize {
    match passed {
        Passed::Scalar(_) => 1,
        Passed::Aggregate(aggregate) => aggregate.words(),
    }
}

impl Incoming {
    /// Copies the arguments into the words of the plan.
    ///
    /// # Safety
    /// As the module says; `slots` are those of this thread's environment.
    #[inline]
    pub unsafe fn load(self, plan: &Plan, slots: *mut u64) {
        // SAFETY: a plan has no more stack words than there are argument words; libffi gives the address
        // of each argument, which has the size of its type.
        unsafe {
            match self {
                Incoming::Registers(saved) => {
                    slots.copy_from_nonoverlapping((*saved).registers.as_ptr(), 14);
                    if plan.stack_words > 0 {
                        slots.add(STACK).copy_from_nonoverlapping((*saved).stack, plan.stack_words);
                    }
                }
                Incoming::Libffi(arguments, _) => {
                    for (index, param) in plan.params.iter().enumerate() {
                        let from = *arguments.add(index);
                        let to = slots.add(param.words[0]);
                        let bytes = match &param.passed {
                            Passed::Scalar(machine) => machine.size(),
                            Passed::Aggregate(aggregate) => aggregate.size,
                        };
                        to.write_bytes(0, words_of(&param.passed));
                        to.cast::<u8>().copy_from_nonoverlapping(from.cast(), bytes);
                    }
                }
            }
        }
    }

    /// Copies the result out of the slots: out of the result words, or from word 0 on where C has
    /// provided memory for it.
    ///
    /// # Safety
    /// As for [`Incoming::load`], before which the slots hold the result.
    #[inline]
    pub unsafe fn store(self, plan: &Plan, slots: *const u64) {
        // SAFETY: C provides memory of the result's size, in the first integer register or by libffi.
        unsafe {
            let bytes = plan.signature.result.aggregate().map_or(0, |aggregate| aggregate.size);
            match (self, plan.returned) {
                (Incoming::Registers(saved), Returned::Scalar | Returned::Words(_)) => {
                    (*saved).results = [
                        *slots.add(RESULT),
                        *slots.add(RESULT + 1),
                        *slots.add(RESULT_FLOAT),
                        *slots.add(RESULT_FLOAT + 1),
                    ];
                }
                (Incoming::Registers(saved), Returned::Memory) => {
                    let memory = (*saved).registers[0];
                    (memory as *mut u8).copy_from_nonoverlapping(slots.cast(), bytes);
                    (*saved).results = [memory, 0, 0, 0];
                }
                (Incoming::Libffi(_, result), Returned::Scalar) => {
                    let machine = plan.signature.result.scalar().map_or(Machine::Void, |id| id.machine());
                    store_scalar(machine, *slots.add(RESULT), *slots.add(RESULT_FLOAT), result);
                }
                (Incoming::Libffi(_, result), Returned::Memory | Returned::Words(_)) => {
                    result.cast::<u8>().copy_from_nonoverlapping(slots.cast(), bytes);
                }
            }
        }
    }

    /// Makes the result zero, all bytes of it.
    ///
    /// # Safety
    /// As for [`Incoming::store`].
    #[cold]
    pub unsafe fn clear(self, plan: &Plan) {
        // SAFETY: as in `store`.
        unsafe {
            let bytes = plan.signature.result.aggregate().map_or(0, |aggregate| aggregate.size);
            match (self, plan.returned) {
                (Incoming::Registers(saved), Returned::Scalar | Returned::Words(_)) => {
                    (*saved).results = [0; 4];
                }
                (Incoming::Registers(saved), Returned::Memory) => {
                    let memory = (*saved).registers[0];
                    (memory as *mut u8).write_bytes(0, bytes);
                    (*saved).results = [memory, 0, 0, 0];
                }
                (Incoming::Libffi(_, result), Returned::Scalar) => {
                    let machine = plan.signature.result.scalar().map_or(Machine::Void, |id| id.machine());
                    store_scalar(machine, 0, 0, result);
                }
                (Incoming::Libffi(_, result), Returned::Memory | Returned::Words(_)) => {
                    result.cast::<u8>().write_bytes(0, bytes);
                }
            }
        }
    }
}

/// Writes a scalar result as libffi takes it: integers are as wide as a register.
unsafe fn store_scalar(machine: Machine, integer: u64, float: u64, result: *mut c_void) {
    // SAFETY: libffi provides at least a register's room for any result but none.
    unsafe {
        let word = match machine {
            Machine::Void => return,
            Machine::F32 => return result.cast::<u32>().write(float as u32),
            Machine::F64 => float,
            Machine::I8 => integer as i8 as u64,
            Machine::U8 => u64::from(integer as u8),
            Machine::I16 => integer as i16 as u64,
            Machine::U16 => u64::from(integer as u16),
            Machine::I32 => integer as i32 as u64,
            Machine::U32 => u64::from(integer as u32),
            Machine::I64 | Machine::U64 | Machine::Pointer => integer,
        };
        result.cast::<u64>().write(word);
    }
}
