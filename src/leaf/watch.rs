//! Which leaf call runs on a thread, and what becomes of a callback that arrives during one.
//!
//! # Safety
//! The word of a thread is V8's, which its compiled code writes on that thread alone; it is there as long as an environment
//! of the thread is. All else is used on the environment's thread.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::c_void;
use std::io::{Write, stderr};
use std::ptr::null_mut;
use std::rc::Rc;

use napi::sys::napi_ref;

use super::record::{Record, give_back};
use super::signature::Signature;
use crate::slots::STACK_LIMIT;

/// In a gate: the function is closed.
pub const CLOSED: u32 = 1;
/// In every gate of an environment: a leaf function has called back, and nobody has been told.
pub const LIED: u32 = 2;

/// In every gate: leaf calls are turned off.
pub const OFF: u32 = 4;

/// The first gate. Those before it are nobody's: compiled code has an address form of its own for the first few, with which the
/// loops of callers were laid out such that they ran a third slower (Node.js 26, x86-64).
const FIRST: usize = 64;

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
    /// What V8 calls, and what for.
    pub record: *mut Record,
}

/// The leaf functions of an environment.
pub struct Leaves {
    thread: Rc<Thread>,
    shared: Rc<Shared>,
    /// By the address of the C function and the signature: V8 keeps each for as long as the environment lives.
    made: RefCell<HashMap<(usize, Signature), Made>>,
}

/// What is called where no word is known.
static NOTHING: usize = 0;

/// The leaf functions of a thread. There is more than one environment where the facade was loaded more than once.
struct Thread {
    /// The word in which V8 notes the code of the fast call that runs, which may be another's.
    running: Cell<*const usize>,
    records: RefCell<Vec<*const Record>>,
}

thread_local! {
    static THREAD: Rc<Thread> = Rc::new(Thread { running: Cell::new(&raw const NOTHING), records: RefCell::default() });
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
        Leaves { thread: THREAD.with(Rc::clone), shared, made: RefCell::default() }
    }

    /// The leaf call that runs on this thread.
    #[inline]
    pub fn running(&self) -> Option<*const Record> {
        // SAFETY: the word is V8's, of the isolate that the environment is in; or it is a constant.
        let code = unsafe { self.thread.running.get().read_volatile() };
        if code == 0 { None } else { self.thread.record_of(code as *const c_void) }
    }

    /// Says where V8 notes which fast call runs on this thread.
    ///
    /// # Safety
    /// The word can be read as long as the environment lives.
    pub unsafe fn watch(&self, running: *const usize) {
        self.thread.running.set(running);
    }

    /// Remembers a raw function that has been made.
    pub fn keep(&self, key: (usize, Signature), made: Made) {
        self.thread.records.borrow_mut().push(made.record);
        self.made.borrow_mut().insert(key, made);
    }

    /// The gate of the entry of that number, and its own number, opened.
    pub fn open_gate(&self, number: usize) -> Option<(*mut u32, u32)> {
        let (gates, count) = self.shared.gates.get();
        let number = number + FIRST;
        if number >= count {
            return None;
        }
        let gate = gates.wrapping_add(number);
        let lied = u32::from(self.shared.lie.borrow().is_some()) * LIED;
        // SAFETY: it is one of those installed, which live as long as the environment.
        unsafe { *gate = lied };
        Some((gate, number as u32))
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
        let mut records = self.thread.records.borrow_mut();
        for ((_, signature), made) in self.made.borrow_mut().drain() {
            records.retain(|record| *record != made.record.cast_const());
            // SAFETY: the caller's promise; the signature is the one that the record was taken for.
            unsafe { give_back(made.record, signature.returned) };
        }
        if records.is_empty() {
            self.thread.running.set(&raw const NOTHING);
        }
    }
}

impl Thread {
    /// The record of a leaf function by what V8 calls for it.
    #[cold]
    fn record_of(&self, code: *const c_void) -> Option<*const Record> {
        // SAFETY: those of environments that live are set.
        self.records.borrow().iter().copied().find(|record| unsafe { (**record).function.code } == code)
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
