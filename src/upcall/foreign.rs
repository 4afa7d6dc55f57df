//! Callbacks that are called where they cannot run: on another thread, or when they are closed.
//!
//! # Safety
//! The thread that called waits until the request is finished, so that its values stay where they are.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::c_void;
use std::io::{Write, stderr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Origin;
use super::incoming::Incoming;
use super::record::Record;
use super::run::{is_exiting, is_forked, run, within};
use crate::call::entry;
use crate::library::keep_mapped;
use crate::queue::{Outcome, Queue, Request, Waiter, lock};
use crate::slots::ACTIVE;
use crate::state::{Frame, State, frame_of};

/// After this time a thread that waits says so.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a thread of arkffi's own runs C for.
#[derive(Clone, Copy)]
pub struct Errand {
    /// Tells the environment: the address of its queue.
    pub queue: *const Queue,
    /// Where the errors of callbacks go.
    pub origin: Origin,
}

thread_local! {
    static ERRAND: Cell<Option<Errand>> = const { Cell::new(None) };
}

/// Says what this thread runs C for; `None` when it does no longer.
pub fn set_errand(errand: Option<Errand>) {
    ERRAND.set(errand);
}

/// The text that warns of calls of a closed callback.
fn closed_text(name: &str) -> String {
    format!(
        "arkffi: C has called the callback '{name}', which is closed or of an environment that has ended; it got zero"
    )
}

/// Prints a warning as Node does, from any thread. In one piece, since the process may exit at any moment,
/// and other threads print too.
fn print(text: &str) {
    let line = format!("(node:{}) Warning: {text}\n", std::process::id());
    // Where stderr is closed, there is nobody to tell.
    let _ = stderr().write_all(line.as_bytes());
}

/// A callback is called on another thread than its environment's, or when it is closed.
///
/// # Safety
/// Entered by a trampoline with its record and the values of the call that runs.
pub(super) unsafe fn upcall(record: &Record, incoming: Incoming) {
    // SAFETY: the calling thread's own.
    let errno = unsafe { *crate::os::errno_location() };
    // SAFETY: the caller's promise.
    let outcome = unsafe { ask(record, incoming, errno) };
    // SAFETY: as above.
    unsafe {
        if outcome == Outcome::Gone {
            incoming.clear(record.plan());
            if is_forked() {
                warn_forked(record);
            } else if !is_exiting() {
                warn_closed(record);
            }
        }
        *crate::os::errno_location() = if let Outcome::Done(errno) = outcome { errno } else { errno };
    }
}

/// Asks the callback's environment to run it, and waits.
unsafe fn ask(record: &Record, incoming: Incoming, errno: i32) -> Outcome {
    if is_forked() {
        return Outcome::Gone;
    }
    let errand = ERRAND.try_with(Cell::get).unwrap_or(None);
    let generation = record.generation.load(Ordering::Acquire);
    let queue = lock(&record.shared).queue.clone();
    let Some(queue) = queue.filter(|_| !is_exiting()) else { return Outcome::Gone };
    if errand.is_none() && State::of_this_thread(|_| ()).is_none() {
        // Nobody knows when such a thread leaves the library it runs in.
        keep_mapped();
    }
    let origin = match errand {
        Some(errand) if errand.queue == Arc::as_ptr(&queue) => errand.origin,
        _ => Origin::Thread,
    };
    let waiter = Arc::<Waiter>::default();
    let request = Request {
        record: (&raw const *record).cast::<c_void>(),
        generation,
        incoming,
        origin: origin.number(),
        errno,
        waiter: Arc::clone(&waiter),
    };
    if !queue.push_request(request) {
        return Outcome::Gone;
    }
    if let Some(outcome) = waiter.wait(Some(PATIENCE)) {
        return outcome;
    }
    warn_waiting(record, &queue);
    waiter.wait(None).unwrap_or(Outcome::Gone)
}

/// Says, once for each callback, that C calls it in a process that it has forked. It takes no lock that a thread which is
/// not here may hold.
fn warn_forked(record: &Record) {
    let Ok(mut shared) = record.shared.try_lock() else { return };
    if std::mem::replace(&mut shared.warned, true) {
        return;
    }
    let line = format!(
        "(node:{}) Warning: arkffi: C has called the callback '{}' in a process that it has forked, where no JavaScript can run; it got zero\n",
        std::process::id(),
        shared.name
    );
    // SAFETY: the text is as long as is said. Where stderr is closed, there is nobody to tell.
    unsafe {
        libc::write(2, line.as_ptr().cast(), line.len() as _);
    }
}

/// Says, once for each callback, that C calls it though it is closed.
fn warn_closed(record: &Record) {
    let mut shared = lock(&record.shared);
    if std::mem::replace(&mut shared.warned, true) {
        return;
    }
    let text = closed_text(&shared.name);
    drop(shared);
    let later = State::of_this_thread(|state| {
        // SAFETY: the slots are this thread's.
        let active = unsafe { *state.slots.add(ACTIVE) };
        if active != 0 {
            state.warn_later(text.clone());
        }
        active != 0
    });
    if later != Some(true) {
        print(&text);
    }
}

/// Says, once for each callback, that a thread waits for it while its environment's thread is in C.
fn warn_waiting(record: &Record, queue: &Queue) {
    let inside = queue.blocking_frame(|active| {
        let frame = frame_of(active) as *const Frame;
        if frame.is_null() {
            return None;
        }
        // SAFETY: the queue is locked and open, so its thread lives, and with it the stack that the frame
        // is or was on; the entry may be any word, which `name_of` does not follow.
        entry::name_of(unsafe { (&raw const (*frame).entry).read_volatile() })
    });
    let Some(function) = inside else { return };
    let mut shared = lock(&record.shared);
    if std::mem::replace(&mut shared.waited, true) {
        return;
    }
    let name = Arc::clone(&shared.name);
    drop(shared);
    print(&format!(
        "arkffi: a thread has waited 5 s for the callback '{name}', but the JavaScript thread is inside the C \
         function '{function}'; give that function pump: true, or call it with .async"
    ));
}

/// Runs the callback that a request asks for, and lets the waiting thread go on.
///
/// # Safety
/// On the thread of the environment with that state, below a frame.
pub unsafe fn serve(state: &State, request: Request) {
    // SAFETY: records are never freed; the values are those of a thread that waits.
    let record = unsafe { &*request.record.cast::<Record>() };
    let is_open = record.generation.load(Ordering::Acquire) == request.generation
        && std::ptr::eq(record.state.load(Ordering::Relaxed), state);
    if !is_open {
        return request.waiter.finish(Outcome::Gone);
    }
    let origin = match request.origin {
        0 => Origin::Call,
        1 => Origin::Thread,
        number => Origin::Background(number),
    };
    let (plan, index, mut errno) = (record.plan(), record.index.load(Ordering::Relaxed), request.errno);
    // SAFETY: the caller's promise.
    unsafe {
        if !run(state, plan, index, request.incoming, origin, &mut errno) {
            request.incoming.clear(plan);
        }
    }
    request.waiter.finish(Outcome::Done(errno));
}

/// How many requests are served before the event loop goes on.
const AT_ONCE: usize = 1000;

/// Serves what other threads have asked for.
///
/// # Safety
/// On the thread of the environment with that state, called by its event loop with a handle scope open.
pub unsafe fn serve_all(state: &State) {
    // SAFETY: the caller's promise.
    unsafe {
        within(state, || {
            for _ in 0..AT_ONCE {
                let Some(request) = state.queue.next_request() else { break };
                serve(state, request);
            }
        });
    }
}
