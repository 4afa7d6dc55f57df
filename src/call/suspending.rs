//! Calls of C that are suspended while JavaScript runs their callbacks.
//!
//! The handler starts such a call. Where C calls a callback, the handler enters JavaScript, once, and that
//! calls `resume` when it has run the callback, and again for each that follows, until C has returned.
//!
//! # Safety
//! As for the general handler. The coroutine that `resume` lets go on is the innermost: JavaScript runs
//! callbacks as C calls them, one within the other. Where JavaScript is stopped in a callback, the handler has
//! C go on to its end, with zero for the callbacks that it still calls.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_void};
use std::ptr::{self, null, null_mut};
use std::rc::Rc;

use napi::sys::{self, napi_callback_info, napi_env, napi_value};

use super::entry::{self, Entry};
use super::function::{Function, enter_by_data};
use super::general::{general, hold, load, refuse, result};
use super::stubs::{handler, resume_handler, suspending_handler};
use crate::convert::arguments::Arguments;
use crate::coroutine::{Coroutine, Upcall};
use crate::plan::Returned;
use crate::slots::{
    ACTIVE, COULD_NOT_RUN, ERRNO, ERRNO_AT, ERRNO_SET, FLAGS, RESULT, RESULT_NUMBER, SCRIPT_LIMIT,
    STACK_LIMIT, STATUS, SUSPENDED, Status,
};
use crate::state::{FRAME_ARGUMENTS_LOST, FRAME_PENDING, Frame, State};
use crate::upcall::run::{forget, run_outside};

/// A function is run in coroutines when its calls have called back so often in all, and
const OFTEN: u32 = 64;
/// so often each. Below that the switches cost more than they save.
const EACH: u32 = 4;
/// After so many calls the counts start anew.
const FORGET: u32 = 1024;

/// A call with that entry has ended, or a part of it, in which it has called back so often. Decides how the
/// next is made.
///
/// # Safety
/// The entry is null, or that of a call that runs.
pub unsafe fn count(entry: *mut Entry, ended: bool, upcalls: u32) {
    // SAFETY: the entry is live (caller); its function was set by `bind`.
    unsafe {
        let Some(entry) = entry.as_mut() else { return };
        let function = &*entry.function;
        if !function.suspends {
            return;
        }
        let (calls, all) = function.upcalls.get();
        let (calls, all) = (calls + u32::from(ended), all.saturating_add(upcalls));
        function.upcalls.set(if calls < FORGET { (calls, all) } else { (0, 0) });
        let (plain, other) = (handler(function.plan()), suspending_handler());
        if entry.handler.0 == plain.0 && all >= OFTEN && all / calls.max(1) >= EACH {
            entry.handler = other;
        } else if entry.handler.0 == other.0 && calls >= OFTEN && all / calls < EACH {
            entry.handler = plain;
        }
    }
}

/// The handler of a function that calls back a great deal.
///
/// # Safety
/// As for the general handler.
pub(super) unsafe extern "C" fn suspending(
    env: napi_env,
    info: napi_callback_info,
    entry: *const Entry,
) -> napi_value {
    // SAFETY: the entry is live; its function and slots were set by `bind`.
    let (function, slots) = unsafe { (&*(*entry).function, (*entry).slots) };
    let state = function.state();
    let here = &raw const function as usize;
    // SAFETY: the environment's thread; the slots have a word for each of these; env and info are those of
    // the running callback. Words and memory are those of the plan.
    unsafe {
        if here < *slots.add(STACK_LIMIT) as usize || here < *slots.add(SCRIPT_LIMIT) as usize {
            return general(env, info, entry);
        }
        let flags = *slots.add(FLAGS) as u32;
        let Some(coroutine) = state.coroutines().begin() else { return general(env, info, entry) };
        let coroutine = &raw mut *coroutine;
        *slots.add(FLAGS) = 0;
        let mut texts = Arguments::new(&mut []);
        let held = load(env, info, function, slots, flags, &mut texts).and_then(|()| hold(function));
        let held = match held {
            Ok(held) => held,
            Err(status) => {
                state.coroutines().end();
                return refuse(slots, status);
            }
        };
        let plan = function.plan();
        (*coroutine).upcalls = 0;
        (*coroutine).target = &raw const function.target;
        (*coroutine).texts = texts.into_blocks();
        (*coroutine).held = held;
        (*coroutine).words.clear();
        (*coroutine).words.extend_from_slice(std::slice::from_raw_parts(slots, plan.frame_words));
        (*coroutine).memory.clear();
        if plan.returned == Returned::Memory && held.is_none() {
            let words = plan.signature.result.aggregate().map_or(0, |aggregate| aggregate.words());
            (*coroutine).memory.resize(words, 0);
        }
        (*coroutine).frame = Frame { entry: entry.cast(), previous: *slots.add(ACTIVE) };
        proceed(state, coroutine);
        if (*coroutine).upcall.is_some() {
            run_callbacks(state, coroutine);
        }
        finish(state, function, coroutine);
        result(env, function, slots)
    }
}

/// Has JavaScript run what C calls until it has returned.
///
/// # Safety
/// On the environment's thread, with a scope open; the coroutine is suspended.
unsafe fn run_callbacks(state: &State, coroutine: *mut Coroutine) {
    let (slots, mut drive) = (state.slots, null_mut());
    // SAFETY: the caller's promise.
    unsafe {
        let told = state.functions.drive.get();
        let mut ended = sys::Status::napi_generic_failure;
        if !told.is_null() {
            sys::napi_get_reference_value(state.env, told, &mut drive);
            // It uses no receiver: any value will do.
            ended = sys::napi_call_function(state.env, drive, drive, 0, null(), null_mut());
        }
        if ended == sys::Status::napi_ok {
            return;
        }
        let overflow = ended != sys::Status::napi_pending_exception || forget(state);
        if (*coroutine).upcall.is_some() {
            state.depth.set(state.depth.get() - 1);
            *slots.add(SUSPENDED) = 0;
        }
        while let Some(Upcall { plan, incoming, .. }) = (*coroutine).upcall {
            incoming.clear(plan);
            state.running.set(coroutine);
            (*coroutine).proceed();
            state.running.set(null_mut());
        }
        // Where JavaScript was stopped, the wrapper does not look at it any more: the next one would.
        *slots.add(STATUS) = if overflow { Status::StackOverflow as u64 } else { 0 };
    }
}

/// The native function by which JavaScript lets C go on when it has run the callback.
///
/// # Safety
/// As for [`resume`]; `env` is the environment's, on whose thread this is called.
pub unsafe fn resume_function(env: napi_env, state: &Rc<State>) -> napi_value {
    let acquired = entry::acquire();
    let mut function = null_mut();
    // SAFETY: the entry is this function's until its finalizer.
    unsafe {
        *acquired.entry = Entry {
            handler: resume_handler(),
            target: Rc::as_ptr(state).cast::<c_void>(),
            slots: state.slots,
            ..Entry::empty()
        };
        let callback = acquired.callback.unwrap_or(enter_by_data);
        let data = acquired.entry.cast::<c_void>();
        let name = c"resume".as_ptr().cast::<c_char>();
        sys::napi_create_function(env, name, 6, Some(callback), data, &mut function);
        let stub = acquired.stub.map_or(null_mut(), |stub| ptr::without_provenance_mut(stub + 1));
        sys::napi_add_finalizer(env, function, data, Some(finalize_resume), stub, null_mut());
    }
    function
}

unsafe extern "C" fn finalize_resume(_env: napi_env, entry: *mut c_void, stub: *mut c_void) {
    // SAFETY: Node runs this once, when the function can no longer be called; the hint is the stub's number
    // and one, or null for none.
    unsafe { entry::release(entry.cast::<Entry>(), stub.addr().checked_sub(1)) };
}

/// Where the resume function's entry goes.
///
/// # Safety
/// env is the running callback's; the entry's target is the state of its environment.
pub(super) unsafe extern "C" fn resume(
    _env: napi_env,
    _info: napi_callback_info,
    entry: *const Entry,
) -> napi_value {
    // SAFETY: `resume_function` has set the entry's function to that of its environment.
    let state = unsafe { &*(*entry).target.cast::<State>() };
    let slots = state.slots;
    // SAFETY: the slots have a word for each of these; the innermost coroutine is the one that is suspended.
    unsafe {
        let failed = slots.add(SUSPENDED).replace(0) == COULD_NOT_RUN;
        let Some(coroutine) = state.coroutines().innermost() else { return null_mut() };
        let coroutine = &raw mut *coroutine;
        let Some(Upcall { plan, incoming, .. }) = (*coroutine).upcall else { return null_mut() };
        state.depth.set(state.depth.get() - 1);
        if failed {
            incoming.clear(plan);
            *slots.add(STATUS) = Status::StackOverflow as u64;
        } else {
            incoming.store(plan, slots);
        }
        if slots.add(ERRNO_SET).replace((*coroutine).errno_set) == 0 {
            *slots.add(ERRNO) = (*coroutine).errno;
        }
        proceed(state, coroutine);
    }
    null_mut()
}

/// Puts the values of the callback that is to run into the slots again: code of the user's that ran before
/// it, in the hooks of its context, has used them.
///
/// # Safety
/// On the thread of the environment with that state.
pub unsafe fn reload(state: &State) {
    // SAFETY: the innermost coroutine is the one whose callback is to run.
    unsafe {
        if let Some(coroutine) = state.coroutines().innermost() {
            coroutine.load(state.slots);
        }
    }
}

/// Lets C run until it returns, or calls a callback.
///
/// # Safety
/// On the environment's thread; the coroutine is the innermost, and its call has not returned.
unsafe fn proceed(state: &State, coroutine: *mut Coroutine) {
    let slots = state.slots;
    // SAFETY: the slots have a word for each of these (caller); errno is this thread's.
    unsafe {
        let frame = &raw const (*coroutine).frame as u64;
        let errno = *slots.add(ERRNO_AT) as *mut i32;
        *slots.add(ACTIVE) = frame | if (*coroutine).upcalls > 0 { FRAME_ARGUMENTS_LOST } else { 0 };
        *errno = *slots.add(ERRNO) as i32;
        let ended = loop {
            state.running.set(coroutine);
            let ended = (*coroutine).proceed();
            state.running.set(null_mut());
            match (*coroutine).upcall {
                Some(upcall) if !ptr::eq(upcall.state, state) => run_elsewhere(upcall, &mut *errno),
                _ => break ended,
            }
        };
        *slots.add(ERRNO) = u64::from(*errno as u32);
        (*coroutine).errno = *slots.add(ERRNO);
        (*coroutine).pending |= *slots.add(ACTIVE) & FRAME_PENDING;
        if ended {
            return;
        }
        (*coroutine).upcalls += 1;
        (*coroutine).errno_set = slots.add(ERRNO_SET).replace(0);
        *slots.add(ACTIVE) = 0;
        state.lease(frame);
        (*coroutine).load(slots);
        *slots.add(SUSPENDED) = 1;
        state.depth.set(state.depth.get() + 1);
    }
}

/// Runs a callback of another state of this thread, as if C had not been on a stack of its own.
unsafe fn run_elsewhere(upcall: Upcall, errno: &mut i32) {
    let Upcall { state, plan, index, incoming } = upcall;
    let mut kept = *errno;
    // SAFETY: the callback is open, so its state lives; this is its thread.
    unsafe {
        if !run_outside(&*state, plan, index, incoming, &mut kept) {
            incoming.clear(plan);
        }
    }
    *errno = kept;
}

/// C has returned: its result goes where JavaScript looks for it.
///
/// # Safety
/// As for `proceed`; the function is the one called.
unsafe fn finish(state: &State, function: &Function, coroutine: *mut Coroutine) {
    let (slots, plan) = (state.slots, function.plan());
    // SAFETY: the entry of a call that runs is live; the words are those of its plan.
    unsafe {
        let frame = &raw const (*coroutine).frame as u64;
        let pending = (*coroutine).pending | state.pending(frame);
        *slots.add(ACTIVE) = (*coroutine).frame.previous;
        *slots.add(ERRNO) = (*coroutine).errno;
        slots.add(RESULT).copy_from_nonoverlapping((*coroutine).results.as_ptr(), 5);
        if let Some(block) = (*coroutine).held {
            let size = plan.signature.result.aggregate().map_or(0, |aggregate| aggregate.size);
            if let Returned::Words(words) = plan.returned {
                for (index, word) in words.into_iter().take(size.div_ceil(8)).enumerate() {
                    *(block as *mut u64).add(index) = *slots.add(word);
                }
            }
            *slots.add(RESULT_NUMBER) = (block as f64).to_bits();
            if *slots.add(STATUS) != 0 {
                let _ = state.memory.release_result(block);
            }
        } else {
            slots.copy_from_nonoverlapping((*coroutine).memory.as_ptr(), (*coroutine).memory.len());
        }
        count((*coroutine).frame.entry.cast_mut().cast(), true, (*coroutine).upcalls);
        (*coroutine).pending = 0;
        state.coroutines().end();
        if pending & FRAME_PENDING != 0 {
            state.leave(frame);
        }
    }
}
