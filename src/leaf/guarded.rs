//! Guarded access for code that V8 has compiled: what it reads and writes at any address without Node-API.

use std::ffi::c_void;

use super::signature::{Returned, Signature, Type};
use crate::memory::guard;
use crate::types::Machine;

fn takes(arguments: &[Type], result: Type) -> Signature {
    Signature { arguments: arguments.to_vec(), result, returned: Returned::Same }
}

/// The routine that reads a value of that type, and its signature: integers of 32 bits as signed ones, and those of 64 as
/// doubles. `None` where there is none.
pub fn peek(machine: Machine) -> Option<(*const c_void, Signature)> {
    let quick = guard::routines().quick?;
    let [i8, u8, i16, u16, word] = quick.peek;
    let [wide, f32, f64] = quick.peek_double;
    let (code, result) = match machine {
        Machine::I8 => (i8, Type::I32),
        Machine::U8 => (u8, Type::I32),
        Machine::I16 => (i16, Type::I32),
        Machine::U16 => (u16, Type::I32),
        Machine::I32 | Machine::U32 => (word, Type::I32),
        Machine::I64 | Machine::U64 | Machine::Pointer => (wide, Type::F64),
        Machine::F32 => (f32, Type::F64),
        Machine::F64 => (f64, Type::F64),
        Machine::Void => return None,
    };
    Some((code, takes(&[Type::I64], result)))
}

/// The routine that writes one: integers of up to 32 bits as signed ones.
pub fn poke(machine: Machine) -> Option<(*const c_void, Signature)> {
    let quick = guard::routines().quick?;
    let [byte, half, word] = quick.poke;
    let [f32, f64] = quick.poke_double;
    let (code, value) = match machine {
        Machine::I8 | Machine::U8 => (byte, Type::I32),
        Machine::I16 | Machine::U16 => (half, Type::I32),
        Machine::I32 | Machine::U32 => (word, Type::I32),
        Machine::I64 | Machine::U64 | Machine::Pointer => (quick.poke_64, Type::I64),
        Machine::F32 => (f32, Type::F64),
        Machine::F64 => (f64, Type::F64),
        Machine::Void => return None,
    };
    Some((code, takes(&[Type::I64, value], Type::I32)))
}

/// The routine that tells whether the string at an address is the one at another, where it is certain to be readable.
pub fn same_text() -> Option<(*const c_void, Signature)> {
    let quick = guard::routines().quick?;
    Some((quick.same_text, takes(&[Type::I64, Type::I64], Type::I32)))
}
