//! The general handler: strings, Node-API values, 64-bit patterns, libffi, and refusals.
//!
//! # Safety
//! Entered by a stub or by `enter` with the running callback's environment and info and a live
//! entry, whose fields `bind` set together. A panic here aborts with its message: the functions are
//! `extern "C"`, out of which Rust does not unwind.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::ptr::null_mut;

use napi::sys::{self, napi_callback_info, napi_env, napi_value};

use super::entry::Entry;
use super::function::Function;
use crate::abi::registers;
use crate::convert::text;
use crate::plan::Source;
use crate::signature::MAX_PARAMETERS;
use crate::slots::{ARGUMENT_WORDS, FLAG_BITS, FLAG_SAME_TEXT, FLAGS, RESULT, STACK_LIMIT, STATUS, Status};
use crate::types::Convert;

/// Native stack that the handler itself and Node-API need, in bytes.
const RESERVE: usize = 16 * 1024;

/// The argument words of one call. Only those that the plan names are ever written and read.
type Frame = MaybeUninit<[u64; ARGUMENT_WORDS]>;

/// Tells JavaScript why there is no result.
///
/// # Safety
/// `slots` are the environment's slots.
unsafe fn refuse(slots: *mut u64, status: Status) -> napi_value {
    // SAFETY: the slots have a word for the status.
    unsafe { *slots.add(STATUS) = status as u64 };
    null_mut()
}

/// The handler of a function that is closed.
///
/// # Safety
/// As the module says.
pub(super) unsafe extern "C" fn closed(
    _env: napi_env,
    _info: napi_callback_info,
    entry: *const Entry,
) -> napi_value {
    // SAFETY: the entry is live and its slots are the environment's.
    unsafe {
        *(*entry).slots.add(FLAGS) = 0;
        refuse((*entry).slots, Status::Closed)
    }
}

/// The handler of every call that the trampoline alone cannot make.
///
/// # Safety
/// As the module says.
pub(super) unsafe extern "C" fn general(
    env: napi_env,
    info: napi_callback_info,
    entry: *const Entry,
) -> napi_value {
    // SAFETY: the entry is live; its function and slots were set by `bind`.
    let (entry, function, slots) = unsafe { (&*entry, &*(*entry).function, (*entry).slots) };
    // SAFETY: the slots have a word for the flags and the limit.
    let (flags, limit) = unsafe { (slots.add(FLAGS).replace(0) as u32, *slots.add(STACK_LIMIT)) };
    let here = &raw const flags as usize;
    if here < limit as usize + RESERVE {
        // SAFETY: the entry's slots.
        return unsafe { refuse(slots, Status::StackOverflow) };
    }
    let mut frame = Frame::uninit();
    let mut room = text::Room::uninit();
    let mut texts = text::Arguments::new(&mut room);
    // SAFETY: env, info and entry are those of the running callback.
    if let Err(status) = unsafe { load(env, info, function, slots, flags, &mut frame, &mut texts) } {
        // SAFETY: the entry's slots.
        return unsafe { refuse(slots, status) };
    }
    let plan = &*function.plan;
    let state = function.state();
    if plan.enters_js {
        state.depth.set(state.depth.get() + 1);
    }
    // SAFETY: the frame was filled by this plan, so it holds every word that the path reads; that
    // the target has the plan's signature is the user's promise; the result words are the slots'.
    unsafe {
        let result = slots.add(RESULT);
        match &function.interface {
            Some(interface) => interface.call(entry.target, frame.as_ptr().cast(), plan.params.len(), result),
            None => registers::invoke(frame.as_ptr().cast(), entry.target, plan.stack_words, result),
        }
    }
    if plan.enters_js {
        state.leave();
    }
    // SAFETY: as above; env is the running callback's.
    unsafe { result(env, function, slots) }
}

/// Fills the frame from the slots and the arguments of the native function.
///
/// # Safety
/// env and info are those of the running callback; `slots` are its environment's.
unsafe fn load(
    env: napi_env,
    info: napi_callback_info,
    function: &Function,
    slots: *const u64,
    flags: u32,
    frame: &mut Frame,
    texts: &mut text::Arguments,
) -> Result<(), Status> {
    let plan = &*function.plan;
    let same_text = flags & FLAG_SAME_TEXT != 0;
    let mut values = MaybeUninit::<[napi_value; MAX_PARAMETERS]>::uninit();
    let first = values.as_mut_ptr().cast::<napi_value>();
    if plan.values > 0 && !same_text {
        let mut count = plan.values;
        // SAFETY: `values` has room for the most parameters there can be; Node-API fills `count` of
        // them, with undefined beyond what was given.
        unsafe {
            sys::napi_get_cb_info(env, info, &mut count, first, null_mut(), null_mut());
        }
    }
    let mut caches = function.arguments.borrow_mut();
    for param in &plan.params {
        // SAFETY: a word of a plan is below ARGUMENT_WORDS, and the slots have that many.
        let slot = unsafe { *slots.add(param.word) };
        let word = match param.source {
            Source::Number if flags & FLAG_BITS == 0 => f64::from_bits(slot) as i64 as u64,
            Source::Number | Source::Single | Source::Double => slot,
            Source::Text(_, index) if same_text => texts.again(&caches[index]),
            // SAFETY: the value is an argument of the running callback, filled in above.
            Source::Text(unit, index) => unsafe {
                texts.encode(env, *first.add(index), unit, &mut caches[index])?
            },
            // SAFETY: as above.
            Source::Value(index) => unsafe { *first.add(index) as u64 },
            Source::Env => env as u64,
        };
        // SAFETY: a word of a plan is below ARGUMENT_WORDS.
        unsafe { frame.as_mut_ptr().cast::<u64>().add(param.word).write(word) };
    }
    Ok(())
}

/// Converts a result that Node-API must convert; the others stand in the slots.
///
/// # Safety
/// env is the running callback's; the slots hold the result of the function's call.
unsafe fn result(env: napi_env, function: &Function, slots: *mut u64) -> napi_value {
    // SAFETY: the slots have a word for the result.
    let address = unsafe { *slots.add(RESULT) };
    if let Some(unit) = function.plan.text_result() {
        // The JavaScript side never sees a result beside an exception, so it must not be kept.
        let mut pending = false;
        if function.plan.enters_js {
            // SAFETY: env is the running callback's.
            unsafe { sys::napi_is_exception_pending(env, &mut pending) };
        }
        if pending {
            return null_mut();
        }
        let mut cache = function.result.borrow_mut();
        // SAFETY: env is the running callback's.
        return match unsafe { text::result(env, address as usize, unit, &mut cache) } {
            Ok(value) => value,
            // SAFETY: the environment's slots.
            Err(status) => unsafe { refuse(slots, status) },
        };
    }
    if function.plan.signature.result.convert() == Convert::Value {
        return address as napi_value;
    }
    null_mut()
}
