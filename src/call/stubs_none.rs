//! The twin of the stubs for other platforms: every function is found through its callback data and
//! called by the general handler.
//!
//! # Safety
//! A [`Handler`] holds a function of this module's siblings, all of which have the type that [`enter`] calls.
#![allow(unsafe_code)]

use std::ffi::c_void;

use napi::sys::{napi_callback_info, napi_env, napi_value};

use super::entry::{Entry, Handler};
use super::general::{background, closed, general};
use super::suspending::resume;
use crate::plan::Plan;
use crate::v8;

/// No function has a stub of its own.
pub(super) const POOL: usize = 0;

/// A native function as Node calls it.
pub(super) type Callback = unsafe extern "C" fn(napi_env, napi_callback_info) -> napi_value;

type RustHandler = unsafe extern "C" fn(napi_env, napi_callback_info, *const Entry) -> napi_value;

/// Never called: there are no stubs here.
pub(super) fn stub(_index: usize) -> (Callback, *mut Entry) {
    unreachable!("the pool of this platform is empty")
}

/// Never called either.
pub(super) fn without_api(_stub: Callback) -> v8::Callback {
    unreachable!("the pool of this platform is empty")
}

/// The entry at an address, if it is one of the pool: none is.
pub(super) fn entry_of_pool(_address: *const c_void) -> Option<*const Entry> {
    None
}

/// Enters the handler of an entry.
///
/// # Safety
/// `entry` is live, and `env` and `info` are those of the running callback.
pub(super) unsafe extern "C" fn enter(
    env: napi_env,
    info: napi_callback_info,
    entry: *const Entry,
) -> napi_value {
    // SAFETY: the entry is live (caller), and a handler is one of the two functions below.
    unsafe {
        let handler = std::mem::transmute::<*const c_void, RustHandler>((*entry).handler.0);
        handler(env, info, entry)
    }
}

/// The handler for the calls of a plan.
pub(super) fn handler(_plan: &Plan) -> Handler {
    Handler(general as *const c_void)
}

/// The handler of a function that makes the calls of a plan with the string in the slots.
pub(super) fn repeating_handler(_plan: &Plan) -> Handler {
    Handler(general as *const c_void)
}

/// The handler of the function that resumes suspended calls; never entered here.
pub(super) fn resume_handler() -> Handler {
    Handler(resume as *const c_void)
}

/// The handler of calls that are suspended for their callbacks; none is here.
pub(super) fn suspending_handler() -> Handler {
    Handler(general as *const c_void)
}

/// The handler that can make every call.
pub(super) fn general_handler() -> Handler {
    Handler(general as *const c_void)
}

/// The handler of calls in the background.
pub(super) fn background_handler() -> Handler {
    Handler(background as *const c_void)
}

/// The handler of a function that is closed.
pub(super) fn closed_handler() -> Handler {
    Handler(closed as *const c_void)
}
