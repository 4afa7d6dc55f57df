//! The general path: libffi knows every calling convention.
//!
//! # Safety
//! `call` enters a foreign function: that its address is code of the interface's signature is the
//! user's promise. The argument words are little-endian, so a narrow value stands at the address of
//! its word; the build refuses other byte orders.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_void};
use std::mem::MaybeUninit;

use libffi::low::{CodePtr, ffi_cif, prep_closure, try_closure_alloc};
use libffi::middle::{Arg, Cif, Ret, Type};

use super::registers;
use crate::aggregate::{Aggregate, Natural, Value};
use crate::error::{Code, Error, Result};
use crate::plan::{Param, Passed, Plan};
use crate::signature::MAX_PARAMETERS;
use crate::types::{Machine, TypeId};

#[cfg(target_endian = "big")]
compile_error!("argument words are passed to libffi by address, which needs little-endian words");

unsafe extern "C" {
    fn ffi_get_version() -> *const c_char;
}

/// The version of libffi, as it tells.
pub fn version() -> String {
    // SAFETY: libffi, which is linked in, takes nothing here, and gives a constant string.
    unsafe { CStr::from_ptr(ffi_get_version()) }.to_string_lossy().into_owned()
}

/// A prepared call interface.
pub struct Interface {
    cif: Cif,
    is_void: bool,
}

// SAFETY: nothing of an interface changes once it is made, and its types are its own.
unsafe impl Send for Interface {}
// SAFETY: as above.
unsafe impl Sync for Interface {}

/// What a closure enters, with what it was made with, the addresses of the arguments, and that of the
/// result.
pub type Entered = unsafe extern "C" fn(*const c_void, *const *const c_void, *mut c_void);

/// What `through` needs.
struct Target {
    enter: Entered,
    data: *const c_void,
}

unsafe extern "C" fn through(
    _cif: &ffi_cif,
    result: &mut u64,
    arguments: *const *const c_void,
    target: &Target,
) {
    // SAFETY: libffi passes what the closure was made with; `enter` takes it by the promise of `closure`.
    unsafe { (target.enter)(target.data, arguments, (&raw mut *result).cast()) };
}

impl Interface {
    /// Prepares the calls of a plan.
    ///
    /// # Errors
    /// [`Code::InvalidType`] with what libffi said.
    pub fn new(plan: &Plan) -> Result<Self> {
        let parameter = |passed: &Passed| match passed {
            Passed::Scalar(machine) => Ok(ffi_type(*machine)),
            Passed::Aggregate(aggregate) => aggregate_type(aggregate),
        };
        let types: Vec<Type> =
            plan.params.iter().map(|param| parameter(&param.passed)).collect::<Result<Vec<Type>>>()?;
        let result = match &plan.signature.result {
            Value::Scalar(id) => ffi_type(id.machine()),
            Value::Aggregate(aggregate) => aggregate_type(aggregate)?,
        };
        let cif = match plan.signature.fixed {
            Some(fixed) => Cif::try_new_variadic(types, fixed, result),
            None => Cif::try_new(types, result),
        };
        let cif = cif.map_err(|error| {
            Error::new(Code::InvalidType, format!("libffi refuses the signature {plan}: {error:?}"))
        })?;
        let is_void = plan.signature.result == Value::Scalar(TypeId::Void);
        Ok(Interface { cif, is_void })
    }

    /// A function pointer of the signature that enters `enter` with `data`; `None` where the system grants no
    /// executable memory. It lives for ever.
    ///
    /// # Safety
    /// The interface and what `data` points to are never freed.
    pub unsafe fn closure(&self, enter: Entered, data: *const c_void) -> Option<*const c_void> {
        let (closure, code) = try_closure_alloc()?;
        let target = Box::leak(Box::new(Target { enter, data }));
        // SAFETY: the closure was just allocated; interface and target are never freed (caller, and above).
        let prepared = unsafe { prep_closure(closure, self.cif.as_raw_ptr(), through, target, code) };
        prepared.ok().map(|()| code.as_ptr())
    }

    /// Calls `target` with the words of the parameters. An aggregate result is written to `memory`;
    /// of a scalar one the integer, the integer as a double and the float are stored at `result`.
    ///
    /// # Safety
    /// `target` is a function of the signature that the interface was prepared for; the words that
    /// `params` names are initialised; `memory`, where there is one, has room for the words of the
    /// result; `result` has room for five.
    pub unsafe fn call(
        &self,
        target: *const c_void,
        words: *const u64,
        params: &[Param],
        memory: Option<*mut u64>,
        result: *mut u64,
    ) {
        let mut args = MaybeUninit::<[Arg; MAX_PARAMETERS]>::uninit();
        let first = args.as_mut_ptr().cast::<Arg>();
        for (index, param) in params.iter().enumerate() {
            // SAFETY: there are at most MAX_PARAMETERS parameters, and words for each (caller).
            unsafe { first.add(index).write(Arg::new(&*words.add(param.words[0]))) };
        }
        let mut raw = 0u64;
        let ret = match memory {
            // SAFETY: the memory has room for the result (caller).
            Some(memory) => Ret::new(unsafe {
                memory.write(0);
                &mut *memory
            }),
            None if self.is_void => Ret::void(),
            None => Ret::new(&mut raw),
        };
        // SAFETY: the args of all parameters were written above and point at initialised words
        // (caller); `raw` is as wide as the widest scalar result, and libffi widens narrow integers
        // to it; the signature is the caller's promise.
        unsafe {
            let args = std::slice::from_raw_parts(first, params.len());
            self.cif.call_return_into(CodePtr::from_ptr(target), args, ret);
            if memory.is_none() {
                *result = raw;
                *result.add(2) = (raw as i64 as f64).to_bits();
                *result.add(3) = raw;
            }
        }
    }
}

fn refused(what: &str, error: libffi::low::Error) -> Error {
    Error::new(Code::InvalidType, format!("libffi refuses {what}: {error:?}"))
}

/// The size, alignment and members' offsets that libffi finds for a type, in bytes.
///
/// # Errors
/// [`Code::InvalidType`] with what libffi said.
pub fn layout_of(natural: &Natural) -> Result<(usize, usize, Vec<usize>)> {
    let mut described = natural_type(natural);
    let offsets = described
        .struct_offsets(libffi::middle::ffi_abi_FFI_DEFAULT_ABI)
        .map_err(|error| refused("the layout of a struct", error))?;
    // SAFETY: the pointer is of a live type, whose size libffi has just filled in.
    let (size, align) = unsafe {
        let raw = &*described.as_raw_ptr();
        (raw.size, usize::from(raw.alignment))
    };
    Ok((size, align, offsets))
}

fn natural_type(natural: &Natural) -> Type {
    match natural {
        Natural::Scalar(machine) => ffi_type(*machine),
        Natural::Struct(members) => Type::structure(members.iter().map(natural_type)),
    }
}

fn aggregate_type(aggregate: &Aggregate) -> Result<Type> {
    if let Some(natural) = &aggregate.natural {
        return Ok(natural_type(natural));
    }
    match registers::substitute(aggregate) {
        Some(words) => Ok(Type::structure(words.into_iter().map(ffi_type))),
        None => Err(Error::new(Code::Unsupported, "libffi has no such struct".to_owned())),
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
