//! The general handler: strings, Node-API values, structs, 64-bit patterns, libffi, and refusals.
//!
//! # Safety
//! Entered by a stub or by `enter` with the running callback's environment and info and a live
//! entry, whose fields `bind` set together. A panic here aborts with its message: the functions are
//! `extern "C"`, out of which Rust does not unwind.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr::null_mut;

use napi::sys::{self, napi_callback_info, napi_env, napi_value};

use super::entry::Entry;
use super::function::Function;
use crate::abi::registers;
use crate::convert::text;
use crate::plan::{Returned, Source};
use crate::signature::MAX_PARAMETERS;
use crate::slots::{FLAG_BITS, FLAG_SAME_TEXT, FLAGS, RESULT, RESULT_NUMBER, STACK_LIMIT, STATUS, Status};
use crate::types::{Convert, TypeId};

/// Native stack that the handler itself and Node-API need, in bytes.
const RESERVE: usize = 16 * 1024;

/// Struct results up to so many words are received on the stack.
const LOCAL_WORDS: usize = 512;

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
    let mut room = text::Room::uninit();
    let mut texts = text::Arguments::new(&mut room);
    // SAFETY: env, info and entry are those of the running callback.
    if let Err(status) = unsafe { load(env, info, function, slots, flags, &mut texts) } {
        // SAFETY: the entry's slots.
        return unsafe { refuse(slots, status) };
    }
    let plan = &*function.plan;
    // SAFETY: the slots were filled for this plan; env and slots are those of the running callback.
    unsafe {
        match plan.signature.result.aggregate() {
            None => {
                enter(function, entry.target, slots, None);
                result(env, function, slots)
            }
            Some(aggregate) if plan.signature.holds => {
                held_result(env, function, entry.target, slots, aggregate.size)
            }
            Some(aggregate) => object_result(function, entry.target, slots, aggregate.words()),
        }
    }
}

/// Calls C with what stands in the slots. `memory` receives a struct result that no registers hold.
///
/// # Safety
/// The slots are filled for the function's plan; `memory`, where there is one, has room for the
/// result.
unsafe fn enter(function: &Function, target: *const c_void, slots: *mut u64, memory: Option<*mut u64>) {
    let (plan, state) = (&*function.plan, function.state());
    if plan.enters_js {
        state.depth.set(state.depth.get() + 1);
    }
    // SAFETY: the slots hold every word that the path reads (caller); that the target has the plan's
    // signature is the user's promise; the result words are the slots'. On the register path the
    // address of the result's memory is the first integer argument, which the plan has left free.
    unsafe {
        let result = slots.add(RESULT);
        match &function.interface {
            Some(interface) => interface.call(target, slots, &plan.params, memory, result),
            None => {
                if let Some(memory) = memory {
                    *slots = memory as u64;
                }
                registers::invoke(slots, target, plan.stack_words, result);
            }
        }
    }
    if plan.enters_js {
        state.leave();
    }
}

/// A struct result for JavaScript to read out of the slots at once: in the words that the plan names,
/// or from word 0 on.
///
/// # Safety
/// As for `enter`.
unsafe fn object_result(
    function: &Function,
    target: *const c_void,
    slots: *mut u64,
    words: usize,
) -> napi_value {
    let mut local = MaybeUninit::<[u64; LOCAL_WORDS]>::uninit();
    let mut heap = Vec::<u64>::new();
    // SAFETY: C writes the result where there is room for it, and only then is it copied; a plan
    // allows no result larger than the argument words.
    unsafe {
        if function.plan.returned != Returned::Memory {
            enter(function, target, slots, None);
            return null_mut();
        }
        let memory = if words <= LOCAL_WORDS {
            local.as_mut_ptr().cast::<u64>()
        } else {
            heap.reserve_exact(words);
            heap.as_mut_ptr()
        };
        enter(function, target, slots, Some(memory));
        slots.copy_from_nonoverlapping(memory, words);
    }
    null_mut()
}

/// A struct result that stays in a block of the pool, whose address JavaScript finds in the slots.
///
/// # Safety
/// As for `enter`; env is the running callback's.
unsafe fn held_result(
    env: napi_env,
    function: &Function,
    target: *const c_void,
    slots: *mut u64,
    size: usize,
) -> napi_value {
    let pool = &function.state().pool;
    let Ok(block) = pool.borrow_mut().take(size) else {
        // SAFETY: the environment's slots.
        return unsafe { refuse(slots, Status::OutOfMemory) };
    };
    let memory = block as *mut u64;
    // SAFETY: the block has room for the words of the result, and is nobody else's until released.
    unsafe {
        match function.plan.returned {
            Returned::Words(words) => {
                enter(function, target, slots, None);
                for (index, word) in words.into_iter().take(size.div_ceil(8)).enumerate() {
                    *memory.add(index) = *slots.add(word);
                }
            }
            Returned::Memory | Returned::Scalar => enter(function, target, slots, Some(memory)),
        }
        if is_exception_pending(env, function) {
            pool.borrow_mut().release(block);
        }
        *slots.add(RESULT_NUMBER) = (block as f64).to_bits();
    }
    null_mut()
}

/// Whether C, having been given the means, left an exception: JavaScript sees no result then.
///
/// # Safety
/// env is the running callback's.
unsafe fn is_exception_pending(env: napi_env, function: &Function) -> bool {
    let mut pending = false;
    if function.plan.enters_js {
        // SAFETY: env is the running callback's.
        unsafe { sys::napi_is_exception_pending(env, &mut pending) };
    }
    pending
}

/// Completes the slots: integers stored as doubles become integers, and the arguments of the native
/// function take their places.
///
/// # Safety
/// env and info are those of the running callback; `slots` are its environment's.
unsafe fn load(
    env: napi_env,
    info: napi_callback_info,
    function: &Function,
    slots: *mut u64,
    flags: u32,
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
        let slot = unsafe { slots.add(param.words[0]) };
        let word = match param.source {
            // SAFETY: as above.
            Source::Number if flags & FLAG_BITS == 0 => f64::from_bits(unsafe { *slot }) as i64 as u64,
            Source::Number | Source::Single | Source::Double | Source::Aggregate => continue,
            Source::Text(_, index) if same_text => texts.again(&caches[index]),
            // SAFETY: the value is an argument of the running callback, filled in above.
            Source::Text(unit, index) => unsafe {
                texts.encode(env, *first.add(index), unit, &mut caches[index])?
            },
            // SAFETY: as above.
            Source::Value(index) => unsafe { *first.add(index) as u64 },
            Source::Env => env as u64,
        };
        // SAFETY: as above.
        unsafe { *slot = word };
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
        // SAFETY: env is the running callback's.
        if unsafe { is_exception_pending(env, function) } {
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
    let is_value = |id: TypeId| id.convert() == Convert::Value;
    if function.plan.signature.result.scalar().is_some_and(is_value) {
        return address as napi_value;
    }
    null_mut()
}
