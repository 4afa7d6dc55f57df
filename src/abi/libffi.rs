//! The general path: libffi knows every calling convention.
//!
//! # Safety
//! `call` enters a foreign function: that its address is code of the interface's signature is the
//! user's promise. The argument words are little-endian, so a narrow value stands at the address of
//! its word; the build refuses other byte orders.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::mem::MaybeUninit;

use libffi::low::CodePtr;
use libffi::middle::{Arg, Cif, Ret, Type};

use crate::error::{Code, Error, Result};
use crate::plan::Plan;
use crate::signature::MAX_PARAMETERS;
use crate::types::Machine;

#[cfg(target_endian = "big")]
compile_error!("argument words are passed to libffi by address, which needs little-endian words");

/// A prepared call interface.
pub struct Interface {
    cif: Cif,
    result: Machine,
}

impl Interface {
    /// Prepares the calls of a plan.
    ///
    /// # Errors
    /// [`Code::InvalidType`] with what libffi said.
    pub fn new(plan: &Plan) -> Result<Self> {
        let types = plan.params.iter().map(|param| ffi_type(param.machine));
        let result = plan.signature.result.machine();
        let cif = match plan.signature.fixed {
            Some(fixed) => Cif::try_new_variadic(types, fixed, ffi_type(result)),
            None => Cif::try_new(types, ffi_type(result)),
        };
        let cif = cif.map_err(|error| {
            Error::new(Code::InvalidType, format!("libffi refuses the signature {plan}: {error:?}"))
        })?;
        Ok(Interface { cif, result })
    }

    /// Calls `target` with one word per parameter, and stores the integer result, the integer result
    /// as a double, and the floating-point result at `result`.
    ///
    /// # Safety
    /// `target` is a function of the signature that the interface was prepared for; `words` points
    /// at one initialised word per parameter; `result` has room for three.
    pub unsafe fn call(&self, target: *const c_void, words: *const u64, count: usize, result: *mut u64) {
        let mut args = MaybeUninit::<[Arg; MAX_PARAMETERS]>::uninit();
        let first = args.as_mut_ptr().cast::<Arg>();
        for index in 0..count {
            // SAFETY: there are at most MAX_PARAMETERS parameters, and a word for each (caller).
            unsafe { first.add(index).write(Arg::new(&*words.add(index))) };
        }
        let mut raw = 0u64;
        let ret = if self.result == Machine::Void { Ret::void() } else { Ret::new(&mut raw) };
        // SAFETY: the first `count` args were written above and point at initialised words (caller);
        // `raw` is as wide as the widest scalar result, and libffi widens narrow integers to it; the
        // signature is the caller's promise.
        unsafe {
            let args = std::slice::from_raw_parts(first, count);
            self.cif.call_return_into(CodePtr::from_ptr(target), args, ret);
            *result = raw;
            *result.add(1) = (raw as i64 as f64).to_bits();
            *result.add(2) = raw;
        }
    }
}

fn ffi_type(machine: Machine) -> Type {
    match machine {
        Machine::Void => Type::void(),
        Machine::U8 => Type::u8(),
        Machine::I8 => Type::i8(),
        Machine::U16 => Type::u16(),
        Machine::I16 => Type::i16(),
        Machine::U32 => Type::u32(),
        Machine::I32 => Type::i32(),
        Machine::U64 => Type::u64(),
        Machine::I64 => Type::i64(),
        Machine::F32 => Type::f32(),
        Machine::F64 => Type::f64(),
        Machine::Pointer => Type::pointer(),
    }
}
