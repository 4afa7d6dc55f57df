//! Entries: what a native function needs to know of itself, in one cache line.
//!
//! # Safety
//! An entry belongs to one function of one environment from [`acquire`] to [`release`] and is read
//! and written only on that environment's thread; the pool's lock orders the hand-over between
//! threads. A handler reads `target`, `slots` and `function` without checks: all three are set by
//! `super::function::bind` before the function object exists, and stay set until its finalizer.
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr::null;
use std::sync::{LazyLock, Mutex, PoisonError};

use super::function::Function;
use super::stubs::{Callback, POOL, entry_of_pool, stub};

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
    /// The function's name, for warnings.
    pub name: *const &'static str,
    /// What the wrapper of a leaf function looks at; null for others.
    pub gate: *mut u32,
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
            name: null(),
            gate: std::ptr::null_mut(),
        }
    }
}

/// Names are kept for ever, once each: another thread may read one at any time.
static NAMES: LazyLock<Mutex<HashMap<String, &'static &'static str>>> = LazyLock::new(Mutex::default);

/// A name as an entry has it.
pub fn keep_name(name: &str) -> *const &'static str {
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = names.entry(name.to_owned()).or_insert_with(|| {
        let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
        Box::leak(Box::new(name))
    });
    &raw const **kept
}

/// The name of the function with that entry, if it is one of the pool. Any address may be given, on any
/// thread.
pub fn name_of(entry: *const c_void) -> Option<&'static str> {
    let entry = entry_of_pool(entry)?;
    // SAFETY: the pool's entries are never unmapped; a name is written whole, and kept for ever.
    unsafe {
        let name = (&raw const (*entry).name).read_volatile();
        name.as_ref().copied()
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
#[cfg_attr(not(sysv64), allow(clippy::absurd_extreme_comparisons, reason = "the twin has no stubs"))]
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
