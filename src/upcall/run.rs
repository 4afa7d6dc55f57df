//! Running a callback on its environment's thread.
//!
//! # Safety
//! A [`Record`]'s state is followed on the owner's thread alone, while the callback is open. Node-API
//! functions are called on the environment's thread. C that has called a callback has read all slots that
//! it was called with, and nothing reads them before it returns: a callback may use them.
#![allow(unsafe_code)]

use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use napi::sys;

use super::incoming::Incoming;
use super::record::Record;
use super::trampoline::thread_pointer;
use super::{Origin, foreign};
use crate::call::entry::Entry;
use crate::coroutine::{Coroutine, Upcall};
use crate::leaf::watch::{OFF, refuse};
use crate::plan::Plan;
use crate::queue::lock;
use crate::slots::{ACTIVE, CALLBACK, CALLED, ERRNO, ERRNO_SET, ORIGIN, SCRIPT_LIMIT, STATUS, Status};
use crate::state::{FRAME_ARGUMENTS_LOST, FRAME_ENTERS_JS, Frame, State, frame_of};

/// Native stack that running JavaScript needs at least, in bytes.
const RESERVE: usize = 32 * 1024;

/// Set when the process has begun to exit: JavaScript is not entered any more.
static EXITING: AtomicBool = AtomicBool::new(false);

/// Set in a process that C has forked: V8 leaves its memory out of such a one.
static FORKED: AtomicBool = AtomicBool::new(false);

#[cfg(unix)]
static WATCH_FORKS: std::sync::Once = std::sync::Once::new();

/// The process that arkffi was loaded in.
static PROCESS: AtomicU32 = AtomicU32::new(0);

extern "C" fn exiting() {
    EXITING.store(true, Ordering::Release);
    // Where the environment was ended before there is nothing left. What C has forked has no memory of its own to free.
    if PROCESS.load(Ordering::Relaxed) == std::process::id() {
        State::of_this_thread(|state| state.memory.exit());
    }
}

#[cfg(unix)]
extern "C" fn forked() {
    FORKED.store(true, Ordering::Relaxed);
    EXITING.store(true, Ordering::Release);
}

/// Has callbacks be inert once the process exits and in processes that C forks, and C functions called that are to be called at the end, where the
/// environment is not ended before. To be called after each library that was loaded: these functions run in reverse order,
/// and what libraries do at the exit is to come later.
pub fn watch_exit() {
    PROCESS.store(std::process::id(), Ordering::Relaxed);
    #[cfg(unix)]
    WATCH_FORKS.call_once(|| {
        // SAFETY: the handler does what a handler may do, two stores; the module is never unloaded.
        unsafe {
            libc::pthread_atfork(None, None, Some(forked));
        }
    });
    // SAFETY: the handler is a function without parameters; the module is never unloaded.
    unsafe {
        libc::atexit(exiting);
    }
}

/// Whether the process has begun to exit.
pub fn is_exiting() -> bool {
    EXITING.load(Ordering::Relaxed)
}

/// Whether this is a process that C has forked. No lock is to be waited for there: the thread that holds it may be in the
/// other process.
pub fn is_forked() -> bool {
    FORKED.load(Ordering::Relaxed)
}

/// C has called a callback. Gives the coroutine that is to be suspended until the callback has run, or null
/// where it has.
///
/// # Safety
/// Entered by a trampoline with its record and the values of the call that runs.
pub(super) unsafe fn upcall(record: &Record, incoming: Incoming) -> *mut Coroutine {
    // SAFETY: the trampoline's promise; on the owner's thread the state is valid.
    unsafe {
        if record.owner.load(Ordering::Relaxed) != thread_pointer() || is_exiting() {
            foreign::upcall(record, incoming);
            return null_mut();
        }
        let (state, plan) = (&*record.state.load(Ordering::Relaxed), record.plan());
        let index = record.index.load(Ordering::Relaxed);
        if let Some(leaf) = state.leaves.running() {
            refuse(leaf, &lock(&record.shared).name);
            incoming.clear(plan);
            return null_mut();
        }
        if let Some(coroutine) = state.running.get().as_mut() {
            coroutine.upcall = Some(Upcall { state, plan, index, incoming });
            return coroutine;
        }
        let errno = crate::os::errno_location();
        let active = *state.slots.add(ACTIVE);
        let done = if let Some(function) = leaf_of(active) {
            state.leaves.shared().tell(function, &lock(&record.shared).name);
            false
        } else if active != 0 {
            run(state, plan, index, incoming, Origin::Call, &mut *errno)
        } else {
            run_outside(state, plan, index, incoming, &mut *errno)
        };
        if !done {
            incoming.clear(plan);
        }
    }
    null_mut()
}

/// The name of the function that is called by the frame in [`ACTIVE`], where it is a leaf that V8 does not call itself:
/// it is refused as where V8 does, so that it does not depend on what V8 has compiled; not where leaf calls are turned off.
///
/// # Safety
/// The frame is that of a call which runs on this thread.
#[inline]
unsafe fn leaf_of(active: u64) -> Option<&'static str> {
    // SAFETY: a frame lives as long as its call (caller), and with it the entry, which `bind` has set; names are
    // kept for ever.
    unsafe {
        let frame = (frame_of(active) as *const Frame).as_ref()?;
        let entry = frame.entry.cast::<Entry>().as_ref()?;
        // A gate is one of its environment's, which runs this.
        let is_leaf = !entry.gate.is_null() && *entry.gate & OFF == 0;
        if is_leaf { entry.name.as_ref().copied() } else { None }
    }
}

/// Runs a callback and stores its result; `false` where JavaScript did not run to its end. `errno` is what
/// the callback sees as errno, and becomes what C is to see.
///
/// # Safety
/// On the environment's thread, with a frame in [`ACTIVE`]; the incoming values are those of a call that
/// waits.
pub unsafe fn run(
    state: &State,
    plan: &Plan,
    index: u32,
    incoming: Incoming,
    origin: Origin,
    errno: &mut i32,
) -> bool {
    let slots = state.slots;
    if state.stopped.get() {
        return false;
    }
    // SAFETY: the slots have a word for each of these; the frame is that of the running call (caller).
    unsafe {
        let here = &raw const slots as usize;
        if here < state.leaves.stack_limit() as usize + RESERVE || here < *slots.add(SCRIPT_LIMIT) as usize {
            *slots.add(STATUS) = Status::StackOverflow as u64;
            return false;
        }
        let active = slots.add(ACTIVE).replace(0);
        let called = slots.add(CALLED[0]).replace(0);
        let was_set = slots.add(ERRNO_SET).replace(0);
        // The thread's own errno may be what is referred to: anything that Node does may change it.
        let kept = *errno;
        *slots.add(ERRNO) = u64::from(kept as u32);
        let frame = frame_of(active);
        let mut ended = false;
        if let Some(dispatch) = state.dispatcher(active) {
            state.lease(frame);
            incoming.load(plan, slots);
            *slots.add(CALLBACK) = u64::from(index);
            *slots.add(ORIGIN) = u64::from(origin.number());
            state.depth.set(state.depth.get() + 1);
            // It uses no receiver: any value will do.
            let status = sys::napi_call_function(state.env, dispatch, dispatch, 0, null(), null_mut());
            state.depth.set(state.depth.get() - 1);
            ended = status == sys::Status::napi_ok;
            if ended {
                incoming.store(plan, slots);
            } else if status != sys::Status::napi_pending_exception || forget(state) {
                *slots.add(STATUS) = Status::StackOverflow as u64;
            } else {
                // The wrapper of the call of C will not look at it any more: the next one would.
                *slots.add(STATUS) = 0;
                state.stopped.set(true);
            }
            if active & FRAME_ENTERS_JS != 0 {
                state.close_scope(frame);
            }
        }
        *slots.add(ACTIVE) = active | state.pending(frame) | FRAME_ARGUMENTS_LOST;
        *slots.add(CALLED[0]) = called;
        let set = slots.add(ERRNO_SET).replace(was_set) != 0;
        *errno = if set { *slots.add(ERRNO) as i32 } else { kept };
        ended
    }
}

/// Forgets what ended a function of the facade's, which catches all but the overflow of the stack; `false`
/// where JavaScript has been stopped, of which Node-API makes an exception that is `null`.
///
/// # Safety
/// On the environment's thread, with a scope open.
pub unsafe fn forget(state: &State) -> bool {
    let (mut pending, mut error, mut kind) = (false, null_mut(), sys::ValueType::napi_undefined);
    // SAFETY: the environment's thread (caller), with a scope open.
    unsafe {
        sys::napi_is_exception_pending(state.env, &mut pending);
        if pending {
            sys::napi_get_and_clear_last_exception(state.env, &mut error);
            sys::napi_typeof(state.env, error, &mut kind);
        }
    }
    kind == sys::ValueType::napi_object
}

/// Runs a callback that C calls on the environment's thread while no call that was made with that state runs
/// there: from the event loop, from another addon, or from a call that was made with another state.
///
/// # Safety
/// As for [`run`], but for the frame.
pub unsafe fn run_outside(
    state: &State,
    plan: &Plan,
    index: u32,
    incoming: Incoming,
    errno: &mut i32,
) -> bool {
    let env = state.env;
    let (mut scope, mut name, mut context, mut turn) = (null_mut(), null_mut(), null_mut(), null_mut());
    // SAFETY: the environment's thread (caller).
    unsafe {
        if sys::napi_open_handle_scope(env, &mut scope) != sys::Status::napi_ok {
            return false;
        }
        // Where nothing of JavaScript's is below, ticks and promises run when the turn ends.
        sys::napi_create_string_utf8(env, c"arkffi".as_ptr(), 6, &mut name);
        let opened = sys::napi_async_init(env, null_mut(), name, &mut context) == sys::Status::napi_ok
            && sys::napi_open_callback_scope(env, name, context, &mut turn) == sys::Status::napi_ok;
        let ended = within(state, || run(state, plan, index, incoming, Origin::Thread, errno));
        if opened {
            sys::napi_close_callback_scope(env, turn);
        }
        if !context.is_null() {
            sys::napi_async_destroy(env, context);
        }
        sys::napi_close_handle_scope(env, scope);
        ended
    }
}

/// Runs something below a frame that is no function's. What JavaScript sees of errno stays as it is.
///
/// # Safety
/// On the environment's thread.
pub unsafe fn within<T>(state: &State, run: impl FnOnce() -> T) -> T {
    let slots = state.slots;
    // SAFETY: the slots have a word for each of these (caller).
    unsafe {
        let (errno, status) = (*slots.add(ERRNO), *slots.add(STATUS));
        let frame = Frame { entry: null(), previous: *slots.add(ACTIVE) };
        let address = &raw const frame as u64;
        *slots.add(ACTIVE) = address;
        let result = run();
        state.leave(address);
        *slots.add(ACTIVE) = frame.previous;
        *slots.add(ERRNO) = errno;
        *slots.add(STATUS) = status;
        result
    }
}
