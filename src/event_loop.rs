//! The environment's event loop: how other threads wake it, what it then does, and its end.
//!
//! # Safety
//! Node calls `woken` and `end` on the environment's thread, `woken` with a handle scope open. The state
//! lives until the thread-safe function's finalizer, which gives its reference back.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_void};
use std::ptr::null_mut;
use std::rc::Rc;
use std::sync::Arc;

use napi::sys::{self, Status as NapiStatus, napi_env, napi_threadsafe_function, napi_value};

use crate::error::{Code, Error, Result};
use crate::slots::{FINISHED, FINISHED_ERRNO, RESULT, RESULT_NUMBER, STATUS, Status};
use crate::state::{State, clear_exception};
use crate::upcall::foreign::serve_all;
use crate::upcall::record;

/// Lets other threads wake the event loop, from the first callback or background call on. Asynchronous hooks
/// are shown the resource, an object.
///
/// # Errors
/// [`Code::Unsupported`] where Node-API refuses.
///
/// # Safety
/// On the environment's thread, with a value of a scope that is open.
pub unsafe fn start(state: &Rc<State>, resource: napi_value) -> Result<()> {
    if !state.wake.get().is_null() {
        return Ok(());
    }
    let (mut function, mut name): (napi_threadsafe_function, napi_value) = (null_mut(), null_mut());
    // SAFETY: the environment's thread (caller); the context is given back in `finished`.
    unsafe {
        sys::napi_create_string_utf8(state.env, c"arkffi".as_ptr().cast::<c_char>(), 6, &mut name);
        let context = Rc::into_raw(Rc::clone(state)).cast_mut().cast::<c_void>();
        let status = sys::napi_create_threadsafe_function(
            state.env,
            null_mut(),
            resource,
            name,
            0,
            1,
            null_mut(),
            Some(finished),
            context,
            Some(woken),
            &mut function,
        );
        if status != NapiStatus::napi_ok {
            drop(Rc::from_raw(context.cast::<State>()));
            return Err(Error::new(Code::Unsupported, "Node-API gives no thread-safe function"));
        }
        sys::napi_unref_threadsafe_function(state.env, function);
        // After the function's own hook, so before it: hooks run in reverse order.
        sys::napi_add_env_cleanup_hook(state.env, Some(end), context);
    }
    state.wake.set(function);
    state.queue.set_function(function);
    Ok(())
}

/// Keeps the event loop alive until `release` is called as often.
///
/// # Safety
/// On the environment's thread, after [`start`].
pub unsafe fn hold(state: &State) {
    state.holds.set(state.holds.get() + 1);
    if state.holds.get() == 1 {
        // SAFETY: the caller's promise.
        unsafe { sys::napi_ref_threadsafe_function(state.env, state.wake.get()) };
    }
}

/// Takes back one `hold`.
///
/// # Safety
/// As for [`hold`].
pub unsafe fn release(state: &State) {
    state.holds.set(state.holds.get().saturating_sub(1));
    if state.holds.get() == 0 {
        // SAFETY: the caller's promise.
        unsafe { sys::napi_unref_threadsafe_function(state.env, state.wake.get()) };
    }
}

unsafe extern "C" fn finished(_env: napi_env, _data: *mut c_void, context: *mut c_void) {
    // SAFETY: the reference that `start` gave.
    let state = unsafe { Rc::from_raw(context.cast_const().cast::<State>()) };
    state.wake.set(null_mut());
}

unsafe extern "C" fn woken(env: napi_env, _function: napi_value, context: *mut c_void, _data: *mut c_void) {
    if env.is_null() {
        return;
    }
    // SAFETY: the context lives as long as the function; the event loop calls this with a scope open.
    unsafe {
        let state = &*context.cast_const().cast::<State>();
        state.queue.begin();
        serve_all(state);
        if has_ended(state) && !state.settled.replace(true) {
            settle(state);
        }
        state.queue.rest();
    }
}

/// Whether there are background calls to be settled.
fn has_ended(state: &State) -> bool {
    state.queue.has_finished() || !state.ended.borrow().is_empty()
}

/// The event loop has come round since background calls were settled. Gives whether there are more to be
/// settled; else the next to end wakes the event loop.
///
/// Node runs a thread-safe function again and again while it is called, and other events only then: what is started
/// when a promise settles may end so soon that they would never get their turn.
pub fn next_turn(state: &State) -> bool {
    state.settled.set(false);
    let more = has_ended(state);
    state.settled.set(more);
    more
}

/// Has JavaScript settle the background calls that have ended.
unsafe fn settle(state: &State) {
    let told = state.functions.settle.get();
    if told.is_null() {
        return;
    }
    let (mut function, mut receiver) = (null_mut(), null_mut());
    // SAFETY: as for `woken`.
    unsafe {
        sys::napi_get_reference_value(state.env, told, &mut function);
        sys::napi_get_undefined(state.env, &mut receiver);
        sys::napi_call_function(state.env, receiver, function, 0, null_mut(), null_mut());
        clear_exception(state.env);
    }
    state.run_late(false);
}

/// Puts the outcome of the background call that ended first into the slots, and gives its string result.
///
/// # Safety
/// `env` is the running callback's, and its state the one given.
pub unsafe fn next_finished(env: napi_env, state: &State) -> napi_value {
    let slots = state.slots;
    let mut ended = state.ended.borrow_mut();
    if ended.is_empty() {
        *ended = state.queue.take_finished();
    }
    let next = std::iter::from_fn(|| ended.pop_front())
        .find_map(|number| state.take_job(number).map(|job| (number, job)));
    let Some((number, (job, group))) = next else {
        // SAFETY: the slots have a word for it.
        unsafe { *slots.add(FINISHED) = 0 };
        return null_mut();
    };
    group.end();
    // SAFETY: the environment's thread (caller); a struct result that is left in memory has no more words
    // than the slots have for arguments.
    unsafe {
        *slots.add(FINISHED) = u64::from(number);
        let Some(outcome) = job.take_outcome() else { return null_mut() };
        *slots.add(FINISHED_ERRNO) = u64::from(outcome.errno as u32);
        slots.add(RESULT).copy_from_nonoverlapping(outcome.results.as_ptr(), outcome.results.len());
        slots.copy_from_nonoverlapping(outcome.memory.as_ptr(), outcome.memory.len());
        if let Some(block) = job.held {
            *slots.add(RESULT_NUMBER) = (block as f64).to_bits();
        }
        let created = match outcome.text {
            None => return null_mut(),
            Some(text) => text.and_then(|text| text.create(env)),
        };
        created.unwrap_or_else(|status: Status| {
            *slots.add(STATUS) = status as u64;
            null_mut()
        })
    }
}

/// Gives a background call up; `false` where it has begun.
pub fn cancel(state: &State, number: u32) -> bool {
    let queued = match state.jobs.borrow().get(number as usize) {
        Some(Some((job, _))) => job.cancel(),
        _ => false,
    };
    if !queued {
        return false;
    }
    let Some((job, group)) = state.take_job(number) else { return false };
    if let Some(block) = job.held {
        let _ = state.memory.release_result(block);
    }
    group.end();
    true
}

/// The environment ends: threads that wait for it are let go, and its function pointers become inert. Calls
/// that use its memory are waited for.
unsafe extern "C" fn end(context: *mut c_void) {
    // SAFETY: the function's finalizer, which gives the state back, runs later.
    let state = unsafe { &*context.cast_const().cast::<State>() };
    state.queue.close();
    let callbacks = std::mem::take(&mut *state.callbacks.borrow_mut());
    callbacks.into_iter().flatten().for_each(record::close);
    let jobs = std::mem::take(&mut *state.jobs.borrow_mut());
    let running: Vec<_> =
        jobs.into_iter().flatten().map(|(job, _)| job).filter(|job| !job.cancel()).collect();
    let used: Vec<Arc<_>> = running
        .into_iter()
        .filter(|job| job.uses_buffers || job.held.is_some() || !job.leased.is_empty())
        .collect();
    state.queue.wait_until(|| used.iter().all(|job| job.is_done()));
}
