//! Leaf functions: made beside the native function that makes the call wherever V8 cannot.
//!
//! # Safety
//! A record is filled before V8 knows it, with what lives as long as the environment: its slots, and what its leaf
//! functions share.
#![allow(unsafe_code)]

use std::ptr::null_mut;

use napi::sys::{self, napi_env, napi_ref, napi_value};

use super::entry::Entry;
use super::function::Group;
use crate::leaf::engine::Engine;
use crate::leaf::record;
use crate::leaf::signature::Signature;
use crate::leaf::watch::Made;
use crate::slots::LEAF_RESULT;
use crate::state::State;

/// What the wrapper of a leaf function needs.
pub struct Leaf {
    /// What V8's code calls.
    pub raw: napi_value,
    /// The number of its gate.
    pub gate: u32,
}

/// The raw function of a C function. Made once for an address and a signature.
///
/// # Safety
/// On the environment's thread, with a handle scope open; the entry is one of the environment's.
unsafe fn raw(
    state: &State,
    engine: &Engine,
    entry: *const Entry,
    signature: Signature,
) -> Option<napi_value> {
    let known = |reference: napi_ref| {
        let mut value = null_mut();
        // SAFETY: the environment's thread; the reference is strong.
        let status = unsafe { sys::napi_get_reference_value(state.env, reference, &mut value) };
        (status == sys::Status::napi_ok).then_some(value)
    };
    let keep = |value: napi_value| {
        let mut reference = null_mut();
        // SAFETY: the environment's thread.
        unsafe { sys::napi_create_reference(state.env, value, 1, &mut reference) };
        state.keep(reference);
        reference
    };
    // SAFETY: the entry is set (caller); a record that was taken is this function's; the environment's thread.
    unsafe {
        let leaves = &state.leaves;
        let key = ((*entry).target as usize, signature);
        if let Some(made) = leaves.made().borrow().get(&key) {
            (*made.record).name = (*entry).name;
            return known(made.function);
        }
        let record = record::take(key.1.returned)?;
        (*record).target = (*entry).target;
        (*record).result = state.slots.add(LEAF_RESULT);
        (*record).shared = &raw const **leaves.shared();
        (*record).name = (*entry).name;
        (*record).function.code = if key.1.is_direct() { (*entry).target } else { (*record).stub };
        let Some(function) = engine.function(&raw mut (*record).function, &key.1) else {
            record::give_back(record, key.1.returned);
            return None;
        };
        leaves.keep(key, Made { function: keep(function), record });
        Some(function)
    }
}

/// The leaf beside a native function; `None` where it has none, as its signature or the pool does not allow it.
///
/// # Safety
/// `env` is the environment of `group`, and the call is made on its thread with a handle scope open.
pub unsafe fn leaf(env: napi_env, group: &Group, entry: *mut Entry, engine: &Engine) -> Option<Leaf> {
    let state = group.state();
    if env != state.env || !group.has(entry) {
        return None;
    }
    // SAFETY: an entry of the group is live, and all its fields are set.
    unsafe {
        let function = &*(*entry).function;
        let number = function.stub()?;
        let raw = raw(state, engine, entry, Signature::of(function.plan())?)?;
        let (gate, number) = state.leaves.open_gate(number)?;
        (*entry).gate = gate;
        Some(Leaf { raw, gate: number })
    }
}
