//! Entries: what a native function needs to know of itself, in one cache line.
//!
//! # Safety
//! An entry belongs to one function of one environment from [`acquire`] to [`release`] and is read
//! and written only on that environment's thread; the pool's lock orders the hand-over between
//! threads. A handler reads `target`, `slots` and `function` without checks: all three are set by
//! `super::function::bind` before the function object exists, and stay set until its finalizer.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::ptr::null;
use std::sync::{Mutex, PoisonError};

use super::function::Function;
use super::stubs::{Callback, POOL, stub};

/// The code that an entry's stub jumps to; its calling convention is private to the stubs.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Handler(pub *const c_void);

/// What a native function needs to know of itself.
#[repr(C, align(64))]
pub struct Entry {
    /// What runs when JavaScript enters the function.
    pub handler: Handler,
    /// The C function.
    pub target: *const c_void,
    /// The environment's slots.
    pub slots: *mut u64,
    /// [`crate::plan::Plan::stack_floats`].
    pub stack_floats: u64,
    /// [`crate::plan::Plan::stack_words`].
    pub stack_words: usize,
    /// Plan, interface and caches, for the general handler.
    pub function: *mut Function,
}

impl Entry {
    /// An entry of no function.
    pub const fn empty() -> Self {
        Entry {
            handler: Handler(null()),
            target: null(),
            slots: std::ptr::null_mut(),
            stack_floats: 0,
            stack_words: 0,
            function: std::ptr::null_mut(),
        }
    }
}

/// Numbers of the pool's stubs that are free: those given back, and all from `fresh` on.
struct Free {
    returned: Vec<usize>,
    fresh: usize,
}

static FREE: Mutex<Free> = Mutex::new(Free { returned: Vec::new(), fresh: 0 });

/// An entry for one function, with its stub while the pool lasts.
pub struct Acquired {
    /// The entry.
    pub entry: *mut Entry,
    /// The stub that enters it, or `None` where the callback data must.
    pub callback: Option<Callback>,
    /// The stub's number.
    pub stub: Option<usize>,
}

/// Takes an entry from the pool, or from the heap when the pool is used up.
pub fn acquire() -> Acquired {
    let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
    let index = free.returned.pop().or_else(|| {
        let index = free.fresh;
        free.fresh += 1;
        (index < POOL).then_some(index)
    });
    match index {
        Some(index) => {
            let (callback, entry) = stub(index);
            Acquired { entry, callback: Some(callback), stub: Some(index) }
        }
        None => {
            free.fresh = POOL;
            Acquired { entry: Box::into_raw(Box::new(Entry::empty())), callback: None, stub: None }
        }
    }
}

/// Gives an entry back.
///
/// # Safety
/// The entry was acquired with that stub number, and no function object that enters it is left.
pub unsafe fn release(entry: *mut Entry, stub: Option<usize>) {
    match stub {
        Some(index) => FREE.lock().unwrap_or_else(PoisonError::into_inner).returned.push(index),
        // SAFETY: without a stub the entry came from a box (above), and nobody uses it (caller).
        None => drop(unsafe { Box::from_raw(entry) }),
    }
}
