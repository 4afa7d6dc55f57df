//! Callbacks as C knows them: a function pointer with a record behind it.
//!
//! Function pointers are made, used, closed and used again, but never given back: C may call one at any
//! time. A closed one is inert, and is used again for a callback of the same signature alone, at the
//! earliest when [`QUARANTINE`] others have been closed after it.
//!
//! # Safety
//! A record is never freed, and its plan, code and interface are never changed. `owner`, `state` and
//! `index` are written by the thread that opens and closes the callback, which is the owner; other threads
//! go by what stands under the lock.
#![allow(unsafe_code)]

use std::collections::{HashMap, VecDeque};
use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use super::{closure, trampoline};
use crate::abi::libffi::Interface;
use crate::error::Result;
use crate::plan::{Path, Plan};
use crate::queue::{Queue, lock};
use crate::signature::Signature;
use crate::state::State;

/// How many others are closed before a closed callback's function pointer is used again.
pub const QUARANTINE: u64 = 65_536;

/// What is behind a function pointer that C calls.
#[repr(C, align(64))]
pub struct Record {
    /// What the trampoline jumps to.
    pub enter: *const c_void,
    /// The thread pointer of the environment's thread while the callback is open, else 0.
    pub owner: AtomicUsize,
    /// The environment's state; valid on the owner's thread while the callback is open.
    pub state: AtomicPtr<State>,
    /// The callback's number in its environment.
    pub index: AtomicU32,
    /// Counts the callbacks that the record has served.
    pub generation: AtomicU32,
    /// How the values travel.
    pub plan: *const Plan,
    /// The function pointers of the same signature.
    class: Option<&'static Class>,
    /// The function pointer.
    pub code: *const c_void,
    /// What other threads go by.
    pub shared: Mutex<Shared>,
}

// SAFETY: the pointers are to what is never freed or changed, but for `state`, which only the owner's
// thread follows.
unsafe impl Sync for Record {}
// SAFETY: as above.
unsafe impl Send for Record {}

/// What other threads than the owner's go by.
pub struct Shared {
    /// Where to ask for the callback while it is open.
    pub queue: Option<Arc<Queue>>,
    /// The name that warnings use.
    pub name: Arc<str>,
    /// Whether it was said that C calls it though it is closed.
    pub warned: bool,
    /// Whether it was said that a thread waits for it.
    pub waited: bool,
}

impl Record {
    /// A record of no callback.
    pub fn new(enter: *const c_void, code: *const c_void) -> Self {
        Record {
            enter,
            owner: AtomicUsize::new(0),
            state: AtomicPtr::new(null_mut()),
            index: AtomicU32::new(0),
            generation: AtomicU32::new(0),
            plan: null(),
            class: None,
            code,
            shared: Mutex::new(Shared { queue: None, name: Arc::from(""), warned: false, waited: false }),
        }
    }

    /// How the values travel.
    pub fn plan(&self) -> &'static Plan {
        // SAFETY: set by `open` before C knows the function pointer, to a plan that is never freed.
        unsafe { &*self.plan }
    }

    /// Makes the function pointer inert.
    pub fn close(&self) {
        self.owner.store(0, Ordering::Release);
        self.state.store(null_mut(), Ordering::Release);
        lock(&self.shared).queue = None;
    }
}

/// The function pointers of one signature.
pub struct Class {
    plan: &'static Plan,
    interface: Option<&'static Interface>,
    /// Closed ones, and after how many closings.
    closed: Mutex<VecDeque<(&'static Record, u64)>>,
}

/// The classes of the process, by signature and by whether fast paths are allowed.
static CLASSES: LazyLock<Mutex<HashMap<(Signature, bool), &'static Class>>> = LazyLock::new(Mutex::default);

/// Trampolines that have no signature yet.
static FRESH: Mutex<Fresh> = Mutex::new(Fresh(Vec::new()));

struct Fresh(Vec<*mut Record>);

// SAFETY: the records are nobody else's.
unsafe impl Send for Fresh {}

/// How many callbacks of the process have been closed.
static CLOSINGS: AtomicU64 = AtomicU64::new(0);

/// The class of a signature.
///
/// # Errors
/// Those of [`Plan::new`] and [`Interface::new`].
pub fn class(signature: Signature, fast: bool) -> Result<&'static Class> {
    let mut classes = lock(&CLASSES);
    let key = (signature, fast);
    if let Some(class) = classes.get(&key) {
        return Ok(class);
    }
    let plan: &'static Plan = Box::leak(Box::new(Plan::new(key.0.clone(), fast)?));
    let interface: Option<&'static Interface> = match plan.path {
        Path::Registers => None,
        Path::Libffi => Some(Box::leak(Box::new(Interface::new(plan)?))),
    };
    let class: &'static Class = Box::leak(Box::new(Class { plan, interface, closed: Mutex::default() }));
    classes.insert(key, class);
    Ok(class)
}

impl Class {
    /// A function pointer for a callback of the environment.
    ///
    /// # Errors
    /// [`Code::OutOfMemory`](crate::error::Code::OutOfMemory) where the system grants no more executable
    /// memory.
    pub fn open(&'static self, state: &State, index: u32, name: Arc<str>) -> Result<&'static Record> {
        let record = match self.take_closed() {
            Some(record) => record,
            None => self.make()?,
        };
        record.generation.fetch_add(1, Ordering::Relaxed);
        record.index.store(index, Ordering::Relaxed);
        let queue = Some(Arc::clone(&state.queue));
        *lock(&record.shared) = Shared { queue, name, warned: false, waited: false };
        record.state.store((&raw const *state).cast_mut(), Ordering::Release);
        record.owner.store(trampoline::thread_pointer(), Ordering::Release);
        Ok(record)
    }

    /// The one that has been closed for the longest time, if that is long enough.
    fn take_closed(&self) -> Option<&'static Record> {
        let mut closed = lock(&self.closed);
        let (_, at) = closed.front()?;
        let rested = CLOSINGS.load(Ordering::Relaxed) - at > QUARANTINE;
        if rested { closed.pop_front().map(|(record, _)| record) } else { None }
    }

    fn make(&'static self) -> Result<&'static Record> {
        let record = match self.interface {
            Some(interface) => closure::make(interface)?,
            None => {
                let Fresh(fresh) = &mut *lock(&FRESH);
                if fresh.is_empty() {
                    *fresh = trampoline::chunk()?;
                }
                fresh.pop().ok_or_else(closure::exhausted)?
            }
        };
        // SAFETY: the record is nobody else's yet, and is never freed.
        unsafe {
            (*record).class = Some(self);
            (*record).plan = self.plan;
            Ok(&*record)
        }
    }
}

/// Closes a callback; its function pointer stays, inert.
pub fn close(record: &'static Record) {
    record.close();
    let closings = CLOSINGS.fetch_add(1, Ordering::Relaxed) + 1;
    if let Some(class) = record.class {
        lock(&class.closed).push_back((record, closings));
    }
}
