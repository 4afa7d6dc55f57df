//! Calls of C that are suspended while JavaScript runs their callbacks.
//!
//! A call from C into JavaScript by Node-API costs some ten times what a call between JavaScript functions
//! does. So a function that calls back a great deal gets a stack of its own to run on. When C calls the first
//! callback, JavaScript is entered; it runs the callback as any other function, has C go on by a native
//! function, which returns when C calls the next, and so on until C has returned.
//!
//! ```text
//!   thread's stack                              stack of the coroutine
//!   native(…) ── switch ──────────────────────→ C runs
//!      ←─────────────────── switch ──────────── C calls a callback
//!   drive()              Node-API, once
//!     callback(…)        plain JavaScript
//!     resume() ── switch ─────────────────────→ C goes on
//!      ←─────────────────── switch ──────────── C calls a callback, or returns
//!     …
//!   the result
//! ```
//!
//! # Safety
//! A coroutine is used on its environment's thread. It is entered from that thread's stack alone, and from
//! within itself only left. JavaScript never runs on its stack.
#![allow(unsafe_code)]

#[cfg(sysv64)]
#[path = "switch_sysv64.rs"]
mod switch;

#[cfg(not(sysv64))]
#[path = "switch_none.rs"]
mod switch;

use std::ffi::c_void;

use crate::background::job::Target;
use crate::plan::{Plan, Returned};
use crate::slots::{CALLBACK, FLAG_FILLING, FLAGS, ORIGIN};
use crate::state::{Frame, State};
use crate::upcall::Origin;
use crate::upcall::incoming::Incoming;
use switch::{Stack, enter, leave};

/// So many calls can be suspended within each other; deeper ones run on the thread's stack.
const MOST: usize = 16;

/// A callback that C has called.
#[derive(Clone, Copy)]
pub struct Upcall {
    /// Where it belongs.
    pub state: *const State,
    /// How its values travel.
    pub plan: &'static Plan,
    /// Its number in the environment.
    pub index: u32,
    /// Its values.
    pub incoming: Incoming,
}

/// A call of C on a stack of its own.
pub struct Coroutine {
    stack: Stack,
    /// Where its stack was left.
    pub inside: usize,
    /// Where the thread's stack was left.
    pub outside: usize,
    /// What is called.
    pub target: *const Target,
    /// The words of the arguments.
    pub words: Vec<u64>,
    /// The strings among them.
    pub texts: Vec<Vec<u64>>,
    /// Memory for a struct result that is not held and no registers hold.
    pub memory: Vec<u64>,
    /// The block that a struct result is kept in.
    pub held: Option<usize>,
    /// The result words.
    pub results: [u64; 5],
    /// The frame of the call.
    pub frame: Frame,
    /// [`FRAME_PENDING`](crate::state::FRAME_PENDING) where it was set before C was suspended.
    pub pending: u64,
    /// How often C has called back.
    pub upcalls: u32,
    /// errno as C left it.
    pub errno: u64,
    /// What [`ERRNO_SET`](crate::slots::ERRNO_SET) was before C was suspended.
    pub errno_set: u64,
    /// What C has called, while it is suspended.
    pub upcall: Option<Upcall>,
}

impl Coroutine {
    fn new() -> Option<Box<Self>> {
        let stack = Stack::new()?;
        let mut made = Box::new(Coroutine {
            stack,
            inside: 0,
            outside: 0,
            target: std::ptr::null(),
            words: Vec::new(),
            texts: Vec::new(),
            memory: Vec::new(),
            held: None,
            results: [0; 5],
            frame: Frame { entry: std::ptr::null(), previous: 0 },
            pending: 0,
            upcalls: 0,
            errno: 0,
            errno_set: 0,
            upcall: None,
        });
        let data = (&raw mut *made).cast::<c_void>();
        made.inside = made.stack.prepare(run, data);
        Some(made)
    }

    /// Lets C run until it returns or calls a callback; `true` where it has returned.
    ///
    /// # Safety
    /// On the environment's thread, outside of the coroutine. Target, words and memory are those of one
    /// call, which has not returned.
    pub unsafe fn proceed(&mut self) -> bool {
        self.upcall = None;
        // SAFETY: the stack was prepared, or left by `switch`; nothing runs on it (caller).
        unsafe { enter(&raw mut self.outside, self.inside) };
        self.upcall.is_none()
    }

    /// Puts what C has called, and its values, into the slots. [`FLAG_FILLING`] stands until they have been used,
    /// or overwritten.
    ///
    /// # Safety
    /// `slots` are those of this thread's environment.
    pub unsafe fn load(&self, slots: *mut u64) {
        let Some(Upcall { plan, index, incoming, .. }) = self.upcall else { return };
        // SAFETY: C waits, so its values stand; the slots have a word for each of these (caller).
        unsafe {
            incoming.load(plan, slots);
            *slots.add(CALLBACK) = u64::from(index);
            *slots.add(ORIGIN) = u64::from(Origin::Call.number());
            *slots.add(FLAGS) = u64::from(FLAG_FILLING);
        }
    }

    /// C has called the callback in `upcall`: goes back to the thread's stack, until JavaScript has run it.
    ///
    /// # Safety
    /// On the coroutine's stack.
    pub unsafe fn suspend(&mut self) {
        // SAFETY: `proceed` has left the thread's stack there, and waits.
        unsafe { leave(&raw mut self.inside, self.outside) };
    }
}

/// What runs on a coroutine's stack: one call after the other.
unsafe extern "C" fn run(data: *mut c_void) -> ! {
    let coroutine = data.cast::<Coroutine>();
    loop {
        // SAFETY: the coroutine lives as long as its stack; whoever lets it proceed has set its call.
        unsafe {
            let target = &*(*coroutine).target;
            let memory = match ((*coroutine).held, target.plan.returned) {
                (_, Returned::Scalar | Returned::Words(_)) => None,
                (Some(block), Returned::Memory) => Some(block as *mut u64),
                (None, Returned::Memory) => Some((*coroutine).memory.as_mut_ptr()),
            };
            let (words, results) = ((*coroutine).words.as_mut_ptr(), (*coroutine).results.as_mut_ptr());
            target.enter(words, memory, results);
            (*coroutine).upcall = None;
            leave(&raw mut (*coroutine).inside, (*coroutine).outside);
        }
    }
}

/// The coroutines of an environment. Those of the first `active` run or are suspended, the innermost last.
#[derive(Default)]
pub struct Coroutines {
    /// Boxed: what runs on a coroutine's stack has its address.
    #[allow(clippy::vec_box)]
    all: Vec<Box<Coroutine>>,
    active: usize,
}

impl Coroutines {
    /// A coroutine for a call, which becomes the innermost; `None` where there are too many, or the system
    /// grants no stack.
    #[inline]
    pub fn begin(&mut self) -> Option<&mut Coroutine> {
        if self.active == self.all.len() {
            if !switch::AVAILABLE || self.active >= MOST {
                return None;
            }
            self.all.push(Coroutine::new()?);
        }
        self.active += 1;
        self.innermost()
    }

    /// The innermost coroutine.
    #[inline]
    pub fn innermost(&mut self) -> Option<&mut Coroutine> {
        let last = self.active.checked_sub(1)?;
        self.all.get_mut(last).map(|coroutine| &mut **coroutine)
    }

    /// The innermost coroutine has ended.
    #[inline]
    pub fn end(&mut self) {
        if let Some(coroutine) = self.innermost() {
            if !coroutine.texts.is_empty() {
                coroutine.texts.clear();
            }
            coroutine.frame = Frame { entry: std::ptr::null(), previous: 0 };
            self.active -= 1;
        }
    }
}
