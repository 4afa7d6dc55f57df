//! Which leaf call runs on a thread, and what becomes of a callback that arrives during one.
//!
//! # Safety
//! The word of a thread is written by stubs on that thread alone, with a record of an environment of the thread. All else
//! is used on the environment's thread.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io::{Write, stderr};
use std::ptr::{null, null_mut};
use std::rc::{Rc, Weak};

use napi::sys::napi_ref;

use super::record::{Record, give_back};
use super::signature::Signature;
use crate::slots::STACK_LIMIT;

/// In a gate: the function is closed.
pub const CLOSED: u32 = 1;
/// In every gate of an environment: a leaf function has called back, and nobody has been told.
pub const LIED: u32 = 2;

/// In every gate of an environment: a callback has been made on the thread, so that leaf calls must be told from others.
pub const WATCHED: u32 = 8;

/// A stack limit that no call is above: the next one is refused, and its wrapper asks why.
const NO_STACK: u64 = 1 << 63;

/// A leaf function that has called back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lie {
    /// The function.
    pub function: String,
    /// The callback that it called, or tried to.
    pub callback: String,
}

/// What the leaf functions of an environment share.
pub struct Shared {
    slots: *mut u64,
    /// A word for each entry of the pool, which wrappers look at before a leaf call; with their count.
    gates: Cell<(*mut u32, usize)>,
    /// The stack limit while [`NO_STACK`] stands in the slots.
    limit: Cell<u64>,
    lie: RefCell<Option<Lie>>,
    /// Whether a lie is printed at once.
    prints: Cell<bool>,
}

/// A raw function of the environment.
pub struct Made {
    /// The function, by a strong reference.
    pub function: napi_ref,
    /// The same without a stub, where there can be one.
    pub direct: Option<napi_ref>,
    /// What its stub goes by.
    pub record: *mut Record,
}

/// The leaf functions of an environment.
pub struct Leaves {
    running: Rc<Cell<*const Record>>,
    thread: Rc<Thread>,
    shared: Rc<Shared>,
    /// By the address of the C function and the signature: V8 keeps each for as long as the environment lives.
    made: RefCell<HashMap<(usize, Signature), Made>>,
}

/// The environments of a thread.
#[derive(Default)]
struct Thread {
    /// Whether one of them has made a callback.
    watched: Cell<bool>,
    all: RefCell<Vec<Weak<Shared>>>,
}

thread_local! {
    /// Of the thread, not of an environment: there is more than one state where the facade was loaded more than once.
    static RUNNING: Rc<Cell<*const Record>> = Rc::new(Cell::new(null()));
    static THREAD: Rc<Thread> = Rc::default();
}

impl Leaves {
    /// Those of the environment with those slots, none yet.
    pub fn new(slots: *mut u64) -> Self {
        let shared = Rc::new(Shared {
            slots,
            gates: Cell::new((null_mut(), 0)),
            limit: Cell::new(0),
            lie: RefCell::default(),
            prints: Cell::new(false),
        });
        let thread = THREAD.with(Rc::clone);
        thread.all.borrow_mut().push(Rc::downgrade(&shared));
        Leaves { running: RUNNING.with(Rc::clone), thread, shared, made: RefCell::default() }
    }

    /// The leaf call that runs on this thread.
    #[inline]
    pub fn running(&self) -> Option<*const Record> {
        let record = self.running.get();
        if record.is_null() { None } else { Some(record) }
    }

    /// Says that there is a callback, which a leaf call might call. From now on all of the thread go through their stubs.
    pub fn watch(&self) {
        if self.thread.watched.replace(true) {
            return;
        }
        self.thread.all.borrow_mut().retain(|shared| shared.upgrade().is_some());
        for shared in self.thread.all.borrow().iter().filter_map(Weak::upgrade) {
            shared.mark(WATCHED, true);
        }
    }

    /// The gate of that number, opened.
    pub fn open_gate(&self, number: usize) -> Option<*mut u32> {
        let (gates, count) = self.shared.gates.get();
        if number >= count {
            return None;
        }
        let gate = gates.wrapping_add(number);
        let lied = u32::from(self.shared.lie.borrow().is_some()) * LIED;
        let watched = u32::from(self.thread.watched.get()) * WATCHED;
        // SAFETY: it is one of those installed, which live as long as the environment.
        unsafe { *gate = lied | watched };
        Some(gate)
    }

    /// Where stubs note which leaf call runs.
    pub fn word(&self) -> *mut *const Record {
        self.running.as_ptr()
    }

    /// What the leaf functions share.
    pub fn shared(&self) -> &Rc<Shared> {
        &self.shared
    }

    /// The raw functions that have been made.
    pub fn made(&self) -> &RefCell<HashMap<(usize, Signature), Made>> {
        &self.made
    }

    /// The lowest stack address at which a call may start, also while calls are refused for another reason.
    pub fn stack_limit(&self) -> u64 {
        // SAFETY: the slots have a word for the limit.
        let limit = unsafe { *self.shared.slots.add(STACK_LIMIT) };
        if limit == NO_STACK { self.shared.limit.get() } else { limit }
    }

    /// Gives the stubs back.
    ///
    /// # Safety
    /// No JavaScript of the environment will run again.
    pub unsafe fn release(&self) {
        for ((_, signature), made) in self.made.borrow_mut().drain() {
            // SAFETY: the caller's promise; the signature is the one that the record was taken for.
            unsafe { give_back(made.record, signature.returned) };
        }
    }
}

impl Shared {
    /// Says where the gates are, and whether lies are printed at once.
    pub fn install(&self, gates: *mut u32, count: usize, prints: bool) {
        self.gates.set((gates, count));
        self.prints.set(prints);
    }

    fn mark(&self, bit: u32, on: bool) {
        let (gates, count) = self.gates.get();
        for number in 0..count {
            // SAFETY: it is one of those installed, which live as long as the environment.
            unsafe {
                let gate = gates.add(number);
                *gate = if on { *gate | bit } else { *gate & !bit };
            }
        }
    }

    /// The lie that nobody has been told of, which is forgotten: calls are possible again.
    pub fn take_lie(&self) -> Option<Lie> {
        let lie = self.lie.take()?;
        self.mark(LIED, false);
        // SAFETY: the slots have a word for the limit.
        unsafe { *self.slots.add(STACK_LIMIT) = self.limit.get() };
        Some(lie)
    }

    /// Notes that a leaf function has called a callback.
    #[cold]
    pub fn tell(&self, function: &str, callback: &str) {
        if self.prints.get() {
            let id = std::process::id();
            // Where stderr is closed, there is nobody to tell.
            let _ = stderr().write_all(
                format!(
                    "(node:{id}) Warning: arkffi: {function} is declared leaf: true, but has called the callback \
                     '{callback}', which got zero\n"
                )
                .as_bytes(),
            );
        }
        if self.lie.borrow().is_some() {
            return;
        }
        *self.lie.borrow_mut() = Some(Lie { function: function.to_owned(), callback: callback.to_owned() });
        self.mark(LIED, true);
        // SAFETY: the slots have a word for the limit.
        unsafe {
            let limit = self.slots.add(STACK_LIMIT);
            self.limit.set(*limit);
            *limit = NO_STACK;
        }
    }
}

/// C has called a callback during a leaf call: the function's environment is told.
///
/// # Safety
/// The record is that of a leaf call which runs on this thread.
#[cold]
pub unsafe fn refuse(record: *const Record, callback: &str) {
    // SAFETY: a running record is set, and what it points to lives as long as its environment.
    unsafe {
        let name = (*record).name.as_ref().map_or("a function", |name| name);
        (*(*record).shared).tell(name, callback);
    }
}
