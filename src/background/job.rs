//! One call of C on another thread.
//!
//! # Safety
//! A job's outcome is written by the thread that runs it, once, before its phase becomes [`Phase::Done`],
//! and read after that. That the target has the plan's signature is the user's promise.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::abi::{libffi::Interface, registers};
use crate::convert::results::Text;
use crate::last_words::{self, Running};
use crate::plan::{Plan, Returned};
use crate::queue::Queue;
use crate::slots::{RESULT, Status};
use crate::upcall::Origin;
use crate::upcall::foreign::{Errand, set_errand};

/// How C is entered for a function.
#[derive(Clone)]
pub struct Target {
    /// How the values travel.
    pub plan: Arc<Plan>,
    /// The call interface, on the libffi path.
    pub interface: Option<Arc<Interface>>,
    /// The C function.
    pub code: *const c_void,
    /// Its name, and the file of its library; empty where it is in none.
    pub name: &'static str,
    /// See `name`.
    pub library: &'static str,
}

impl Target {
    /// Calls C with those words. `memory` receives a struct result that no registers hold; `result` five
    /// words.
    ///
    /// # Safety
    /// The words are those of the plan; `memory`, where there is one, has room for the result; `words` may
    /// be written.
    pub unsafe fn enter(&self, words: *mut u64, memory: Option<*mut u64>, result: *mut u64) {
        // SAFETY: the caller's promise; that the code has the plan's signature is the user's. On the register
        // path the address of the result's memory is the first integer argument, which the plan has left free.
        unsafe {
            match &self.interface {
                Some(interface) => interface.call(self.code, words, &self.plan.params, memory, result),
                None => {
                    if let Some(memory) = memory {
                        *words = memory as u64;
                    }
                    registers::invoke(words, self.code, self.plan.stack_words, result);
                }
            }
        }
    }
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// No thread has taken it.
    Queued,
    /// C runs.
    Running,
    /// C has returned.
    Done,
    /// It was given up before it ran.
    Cancelled,
}

/// What a call has left.
pub struct Outcome {
    /// The result words.
    pub results: [u64; 5],
    /// A struct result that is not held and no registers hold.
    pub memory: Vec<u64>,
    /// The string result.
    pub text: Option<Result<Text, Status>>,
    /// errno after the call.
    pub errno: i32,
}

/// One call of C on another thread.
pub struct Job {
    target: Target,
    words: UnsafeCell<Vec<u64>>,
    /// The strings among the arguments.
    texts: Vec<Vec<u64>>,
    /// Its number in the environment; 0 for one that the environment's thread waits for.
    pub number: u32,
    /// The block that a struct result is kept in.
    pub held: Option<usize>,
    /// The starts of the memory of arkffi's that it uses.
    pub leased: Vec<usize>,
    /// Whether it uses memory of JavaScript's, which must outlive it.
    pub uses_buffers: bool,
    queue: Arc<Queue>,
    phase: AtomicU8,
    outcome: UnsafeCell<Outcome>,
}

// SAFETY: words and outcome are used by the one thread that has set the phase to `Running`, and by the
// environment's thread when it is `Done`; everything else does not change.
unsafe impl Send for Job {}
// SAFETY: as above.
unsafe impl Sync for Job {}

impl Job {
    /// A job that no thread has taken. `errno` is what C is to see.
    pub fn new(
        target: Target,
        words: Vec<u64>,
        texts: Vec<Vec<u64>>,
        held: Option<usize>,
        errno: i32,
        queue: Arc<Queue>,
    ) -> Self {
        Job {
            target,
            words: UnsafeCell::new(words),
            texts,
            leased: Vec::new(),
            number: 0,
            held,
            uses_buffers: false,
            queue,
            phase: AtomicU8::new(Phase::Queued as u8),
            outcome: UnsafeCell::new(Outcome { results: [0; 5], memory: Vec::new(), text: None, errno }),
        }
    }

    /// How many bytes its strings have.
    pub fn text_bytes(&self) -> usize {
        self.texts.iter().map(|text| text.capacity() * 8).sum()
    }

    /// The words of the arguments.
    pub fn words(&mut self) -> &[u64] {
        self.words.get_mut()
    }

    fn is(&self, phase: Phase) -> bool {
        self.phase.load(Ordering::Acquire) == phase as u8
    }

    /// Whether C has returned.
    pub fn is_done(&self) -> bool {
        self.is(Phase::Done)
    }

    /// Whether C runs.
    pub fn is_running(&self) -> bool {
        self.is(Phase::Running)
    }

    fn advance(&self, from: Phase, to: Phase) -> bool {
        self.phase.compare_exchange(from as u8, to as u8, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Gives it up; `false` where a thread has taken it.
    pub fn cancel(&self) -> bool {
        self.advance(Phase::Queued, Phase::Cancelled)
    }

    /// Calls C, unless the job was given up, and tells the environment. `last` runs just before it is told.
    pub fn run(&self, last: impl FnOnce()) {
        if !self.advance(Phase::Queued, Phase::Running) {
            return;
        }
        let origin = if self.number == 0 { Origin::Call } else { Origin::Background(self.number) };
        set_errand(Some(Errand { queue: Arc::as_ptr(&self.queue), origin }));
        // SAFETY: this thread alone has set the phase to `Running`.
        unsafe { self.call(&mut *self.words.get(), &mut *self.outcome.get()) };
        set_errand(None);
        let number = (self.number != 0).then_some(self.number);
        self.queue.finish(number, || {
            last();
            self.phase.store(Phase::Done as u8, Ordering::Release);
        });
    }

    /// # Safety
    /// The words are those of the target's plan.
    unsafe fn call(&self, words: &mut [u64], outcome: &mut Outcome) {
        let plan = &*self.target.plan;
        let aggregate = plan.signature.result.aggregate();
        let memory = match (self.held, aggregate, plan.returned) {
            (_, _, Returned::Scalar | Returned::Words(_)) | (None, None, Returned::Memory) => None,
            (Some(block), _, Returned::Memory) => Some(block as *mut u64),
            (None, Some(aggregate), Returned::Memory) => {
                outcome.memory = vec![0; aggregate.words()];
                Some(outcome.memory.as_mut_ptr())
            }
        };
        // SAFETY: the words are the plan's (caller), the memory has room for the result's words, errno is
        // this thread's.
        unsafe {
            let errno = crate::os::errno_location();
            *errno = outcome.errno;
            let running = Running { target: &self.target, words: words.as_ptr() };
            last_words::during(&running, || {
                self.target.enter(words.as_mut_ptr(), memory, outcome.results.as_mut_ptr());
            });
            outcome.errno = *errno;
        }
        if let (Some(block), Some(aggregate), Returned::Words(places)) = (self.held, aggregate, plan.returned)
        {
            for (index, place) in places.into_iter().take(aggregate.words()).enumerate() {
                // SAFETY: the block has room for the words of the result, and is nobody else's.
                unsafe {
                    *(block as *mut u64).add(index) =
                        outcome.results.get(place - RESULT).copied().unwrap_or(0)
                };
            }
        }
        outcome.text = plan.text_result().map(|unit| Text::read(outcome.results[0] as usize, unit));
    }

    /// What the call has left, once; nothing before it is done.
    ///
    /// # Safety
    /// On the environment's thread.
    pub unsafe fn take_outcome(&self) -> Option<Outcome> {
        if !self.is_done() {
            return None;
        }
        let empty = Outcome { results: [0; 5], memory: Vec::new(), text: None, errno: 0 };
        // SAFETY: the thread that ran it does not touch the outcome any more; only this one does (caller).
        Some(unsafe { std::mem::replace(&mut *self.outcome.get(), empty) })
    }
}
