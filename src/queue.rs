//! What other threads want of an environment's thread: callbacks to run, background calls that have ended.
//!
//! Both lists stand under one lock. A thread that adds to them wakes the environment's event loop, once
//! until the lists are looked at, and whoever waits on the condition: the environment's thread itself
//! while it waits in a pumped call.
//!
//! # Safety
//! The thread-safe function is called only under the lock while the queue is open. It is closed before the
//! environment destroys the function: its clean-up hook was added after that of the function, and hooks
//! run in reverse order.
#![allow(unsafe_code)]

use std::collections::VecDeque;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use napi::sys::{self, napi_threadsafe_function};

use crate::slots::ACTIVE;
use crate::upcall::incoming::Incoming;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The callback has run and its result is stored; errno is to be this.
    Done(i32),
    /// It has not run, since it or its environment is closed.
    Gone,
}

/// Where a thread waits for the outcome of its request.
#[derive(Default)]
pub struct Waiter {
    outcome: Mutex<Option<Outcome>>,
    known: Condvar,
}

impl Waiter {
    /// Lets the thread go on.
    pub fn finish(&self, outcome: Outcome) {
        *lock(&self.outcome) = Some(outcome);
        self.known.notify_one();
    }

    /// Waits for the outcome, at most so long where a time is given.
    pub fn wait(&self, at_most: Option<Duration>) -> Option<Outcome> {
        let outcome = lock(&self.outcome);
        let outcome = match at_most {
            None => self.known.wait_while(outcome, |outcome| outcome.is_none()),
            Some(time) => match self.known.wait_timeout_while(outcome, time, |outcome| outcome.is_none()) {
                Ok((outcome, _)) => Ok(outcome),
                Err(error) => return *error.into_inner().0,
            },
        };
        *outcome.unwrap_or_else(PoisonError::into_inner)
    }
}

/// A callback that another thread's C code has called.
pub struct Request {
    /// The [`Record`](crate::upcall::record::Record) of the trampoline.
    pub record: *const c_void,
    /// Which of the record's callbacks it was.
    pub generation: u32,
    /// The values that C has given and wants.
    pub incoming: Incoming,
    /// Where errors go.
    pub origin: u32,
    /// errno of that thread.
    pub errno: i32,
    /// Where it waits.
    pub waiter: Arc<Waiter>,
}

// SAFETY: the pointers are to a record, which is never freed, and to the stack of a thread that waits
// until the request has its outcome.
unsafe impl Send for Request {}

#[derive(Default)]
struct Lists {
    closed: bool,
    /// Wakes the event loop.
    function: Option<Wake>,
    woken: bool,
    /// How many pumped calls the environment's thread waits in.
    pumps: u32,
    /// Whether it waits on the condition.
    waits: bool,
    requests: VecDeque<Request>,
    finished: VecDeque<u32>,
}

struct Wake(napi_threadsafe_function);

// SAFETY: a thread-safe function may be called from any thread.
unsafe impl Send for Wake {}

/// What other threads want of an environment's thread.
pub struct Queue {
    lists: Mutex<Lists>,
    changed: Condvar,
    /// The environment's slots, read under the lock while the queue is open.
    slots: *const u64,
}

// SAFETY: the slots live as long as the queue is open, and one aligned word of them is read.
unsafe impl Send for Queue {}
// SAFETY: as above.
unsafe impl Sync for Queue {}

/// Locks, even where another thread has panicked: every critical section here leaves whole values.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Queue {
    /// An open queue of the environment with those slots.
    pub fn new(slots: *const u64) -> Self {
        Queue { lists: Mutex::default(), changed: Condvar::new(), slots }
    }

    /// Sets what wakes the event loop.
    pub fn set_function(&self, function: napi_threadsafe_function) {
        lock(&self.lists).function = Some(Wake(function));
    }

    /// Has the environment's thread look again if it waits on the condition.
    fn nudge(&self, lists: &Lists) {
        if lists.waits {
            self.changed.notify_all();
        }
    }

    fn wait<'a>(&self, mut lists: MutexGuard<'a, Lists>) -> MutexGuard<'a, Lists> {
        lists.waits = true;
        let mut lists = self.changed.wait(lists).unwrap_or_else(PoisonError::into_inner);
        lists.waits = false;
        lists
    }

    fn wake(&self, lists: &mut Lists) {
        self.nudge(lists);
        if lists.woken {
            return;
        }
        if let Some(Wake(function)) = &lists.function {
            lists.woken = true;
            // SAFETY: the queue is open (callers), so the function exists.
            unsafe {
                let mode = sys::ThreadsafeFunctionCallMode::nonblocking;
                sys::napi_call_threadsafe_function(*function, null_mut(), mode);
            }
        }
    }

    /// Adds a request; `false` where the environment is gone or going.
    pub fn push_request(&self, request: Request) -> bool {
        let mut lists = lock(&self.lists);
        if lists.closed {
            return false;
        }
        lists.requests.push_back(request);
        self.wake(&mut lists);
        true
    }

    /// Makes a change that the environment's thread may wait for. With a number, that of a background call
    /// which has ended.
    pub fn finish(&self, number: Option<u32>, change: impl FnOnce()) {
        let mut lists = lock(&self.lists);
        change();
        if let Some(number) = number.filter(|_| !lists.closed) {
            lists.finished.push_back(number);
            self.wake(&mut lists);
        } else {
            self.nudge(&lists);
        }
    }

    /// Tells that the lists are being looked at: what is added from now on wakes anew.
    pub fn begin(&self) {
        lock(&self.lists).woken = false;
    }

    /// Wakes the event loop where requests are left.
    pub fn rest(&self) {
        let mut lists = lock(&self.lists);
        if !lists.requests.is_empty() && !lists.closed {
            self.wake(&mut lists);
        }
    }

    /// Whether a background call has ended.
    pub fn has_finished(&self) -> bool {
        !lock(&self.lists).finished.is_empty()
    }

    /// The oldest request.
    pub fn next_request(&self) -> Option<Request> {
        lock(&self.lists).requests.pop_front()
    }

    /// The background calls that have ended, in that order.
    pub fn take_finished(&self) -> VecDeque<u32> {
        std::mem::take(&mut lock(&self.lists).finished)
    }

    /// Waits for a request or until `done` says so, which is asked again after each [`Queue::finish`].
    pub fn wait_request(&self, done: impl Fn() -> bool) -> Option<Request> {
        let mut lists = lock(&self.lists);
        lists.pumps += 1;
        loop {
            if done() {
                lists.pumps -= 1;
                return None;
            }
            if let Some(request) = lists.requests.pop_front() {
                lists.pumps -= 1;
                return Some(request);
            }
            lists = self.wait(lists);
        }
    }

    /// Waits until `done` says so.
    pub fn wait_until(&self, done: impl Fn() -> bool) {
        let mut lists = lock(&self.lists);
        while !done() {
            lists = self.wait(lists);
        }
    }

    /// Where the environment's thread is in a call of C that serves no requests: that call's frame.
    pub fn blocking_frame<T>(&self, look: impl FnOnce(u64) -> Option<T>) -> Option<T> {
        let lists = lock(&self.lists);
        if lists.closed || lists.pumps > 0 {
            return None;
        }
        // SAFETY: the queue is open, so the slots live.
        look(unsafe { self.slots.add(ACTIVE).read_volatile() })
    }

    /// Refuses requests from now on, and lets go all threads that wait.
    pub fn close(&self) {
        let mut lists = lock(&self.lists);
        lists.closed = true;
        lists.function = None;
        let requests = std::mem::take(&mut lists.requests);
        drop(lists);
        requests.iter().for_each(|request| request.waiter.finish(Outcome::Gone));
    }
}
