//! The general handler: strings, Node-API values, structs, 64-bit patterns, libffi, and refusals.
//!
//! # Safety
//! Entered by a stub or by `enter` with a live entry, whose fields `bind` set together, and with the running callback's
//! environment and info, unless the function is bare. A panic here aborts with its message: the functions are
//! `extern "C"`, out of which Rust does not unwind.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::ptr::null_mut;
use std::rc::Rc;
use std::sync::Arc;

use napi::sys::{self, napi_callback_info, napi_env, napi_value};

use super::entry::Entry;
use super::function::{Function, Mode, Repeated};
use crate::background::job::Job;
use crate::background::{helpers, pool};
use crate::convert::arguments::{self, Arguments};
use crate::convert::results;
use crate::memory::heap::Refusal;
use crate::plan::{Plan, Returned, Source};
use crate::signature::MAX_PARAMETERS;
#[cfg(windows)]
use crate::slots::LAST_ERROR;
use crate::slots::{
    ACTIVE, ERRNO, ERRNO_AT, FLAG_BITS, FLAG_SAME_TEXT, FLAG_USES_BUFFERS, FLAGS, ORIGIN, RESULT,
    RESULT_NUMBER, SCRIPT_LIMIT, STACK_LIMIT, STATUS, Status, TEXT_FETCHED, TEXT_SAME,
};
use crate::state::{FRAME_ENTERS_JS, FRAME_PENDING, Frame};
use crate::types::{Convert, TypeId};
use crate::upcall::foreign::serve;

/// Native stack that the handler itself and Node-API need, in bytes.
const RESERVE: usize = 16 * 1024;

/// Struct results up to so many words are received on the stack.
const LOCAL_WORDS: usize = 512;

/// Tells JavaScript why there is no result.
///
/// # Safety
/// `slots` are the environment's slots.
pub(super) unsafe fn refuse(slots: *mut u64, status: Status) -> napi_value {
    // SAFETY: the slots have a word for the status.
    unsafe { *slots.add(STATUS) = status as u64 };
    null_mut()
}

/// The handler of a function that is closed.
///
/// # Safety
/// As the module says.
pub(super) unsafe extern "C" fn closed(
    _env: napi_env,
    _info: napi_callback_info,
    entry: *const Entry,
) -> napi_value {
    // SAFETY: the entry is live and its slots are the environment's.
    unsafe {
        *(*entry).slots.add(FLAGS) = 0;
        refuse((*entry).slots, Status::Closed)
    }
}

/// The handler of every call that the trampoline alone cannot make.
///
/// # Safety
/// As the module says.
pub(super) unsafe extern "C" fn general(
    _env: napi_env,
    info: napi_callback_info,
    entry: *const Entry,
) -> napi_value {
    // SAFETY: the entry is live; its function and slots were set by `bind`.
    let (entry, function, slots) = unsafe { (&*entry, &*(*entry).function, (*entry).slots) };
    // A bare function is given none, nor an info: it has no values.
    let env = function.state().env;
    // SAFETY: the slots have a word for the flags and the limit.
    let (flags, limit) = unsafe { (slots.add(FLAGS).replace(0) as u32, *slots.add(STACK_LIMIT)) };
    let flags = if function.repeats.is_some() { flags | FLAG_SAME_TEXT } else { flags };
    let here = &raw const flags as usize;
    // SAFETY: the slots have a word for it.
    let script_limit = unsafe { *slots.add(SCRIPT_LIMIT) } as usize;
    let enters_too_deep = || function.plan().enters_js && here < script_limit + copies(function.plan());
    if here < limit as usize + RESERVE || enters_too_deep() {
        // SAFETY: the entry's slots.
        return unsafe { refuse(slots, Status::StackOverflow) };
    }
    // SAFETY: env, info and entry are those of the running callback.
    unsafe {
        if function.plan().values > 0 {
            with_room(env, info, function, entry, flags)
        } else {
            call(env, info, function, entry, flags, Arguments::new(&mut []))
        }
    }
}

/// Native stack that C needs before it enters JavaScript, as far as that can be told: for the arguments on the stack, and for
/// copies of them and of the result, in bytes. V8 ends the process where it is entered below its own stack.
fn copies(plan: &Plan) -> usize {
    let result = plan.signature.result.aggregate().map_or(0, |aggregate| aggregate.size);
    2 * (plan.frame_words * 8 + result)
}

/// A call with strings or Node-API values. A function of its own, so that other calls do not take up the
/// stack for them.
///
/// # Safety
/// As for `call`.
#[inline(never)]
unsafe fn with_room(
    env: napi_env,
    info: napi_callback_info,
    function: &Function,
    entry: &Entry,
    flags: u32,
) -> napi_value {
    let mut room = arguments::room();
    // SAFETY: the caller's promise.
    unsafe { call(env, info, function, entry, flags, Arguments::new(&mut room)) }
}

/// Loads the arguments, calls C, and gives its result.
///
/// # Safety
/// env, info and entry are those of the running callback.
unsafe fn call(
    env: napi_env,
    info: napi_callback_info,
    function: &Function,
    entry: &Entry,
    flags: u32,
    mut texts: Arguments,
) -> napi_value {
    let (slots, plan) = (entry.slots, function.plan());
    // SAFETY: the caller's promise; the slots are filled for this plan before C is called.
    unsafe {
        if let Err(status) = load(env, info, function, slots, flags, &mut texts) {
            return refuse(slots, status);
        }
        match plan.signature.result.aggregate() {
            None => {
                enter(function, entry, slots, None);
                result(env, function, slots)
            }
            Some(aggregate) if plan.signature.holds => {
                held_result(env, function, entry, slots, aggregate.size)
            }
            Some(aggregate) => object_result(function, entry, slots, aggregate.words()),
        }
    }
}

/// The handler of calls in the background: it hands the call to the pool and returns.
///
/// # Safety
/// As the module says.
pub(super) unsafe extern "C" fn background(
    env: napi_env,
    info: napi_callback_info,
    entry: *const Entry,
) -> napi_value {
    // SAFETY: the entry is live; its function and slots were set by `bind`.
    let (function, slots) = unsafe { (&*(*entry).function, (*entry).slots) };
    // SAFETY: the slots have a word for the flags and the limit.
    let (flags, limit) = unsafe { (slots.add(FLAGS).replace(0) as u32, *slots.add(STACK_LIMIT)) };
    // Also where a leaf function has called back, and nobody has been told.
    if (&raw const flags as usize as u64) < limit {
        // SAFETY: the entry's slots.
        return unsafe { refuse(slots, Status::StackOverflow) };
    }
    let mut texts = Arguments::new(&mut []);
    // SAFETY: env, info and entry are those of the running callback; the job is given the slots' words.
    unsafe {
        let loaded = load(env, info, function, slots, flags & !FLAG_SAME_TEXT, &mut texts);
        let held = loaded.and_then(|()| hold(function));
        let submitted = held.and_then(|held| submit(function, slots, flags, texts, held));
        submitted.map_or_else(|status| refuse(slots, status), |()| null_mut())
    }
}

/// Why memory is not given, as a status.
fn refusal(refusal: Refusal) -> Status {
    if refusal == Refusal::Limit { Status::MemoryLimit } else { Status::OutOfMemory }
}

/// The block that the function's result is to be kept in, if it is.
pub(super) fn hold(function: &Function) -> Result<Option<usize>, Status> {
    let plan = function.plan();
    let Some(aggregate) = plan.signature.result.aggregate().filter(|_| plan.signature.holds) else {
        return Ok(None);
    };
    function.state().memory.take_result(aggregate.size).map(Some).map_err(refusal)
}

/// # Safety
/// The slots are filled for the function's plan.
unsafe fn submit(
    function: &Function,
    slots: *mut u64,
    flags: u32,
    texts: Arguments,
    held: Option<usize>,
) -> Result<(), Status> {
    // SAFETY: the caller's promise.
    let (mut job, number) = unsafe { (make_job(function, slots, texts, held), *slots.add(ORIGIN) as u32) };
    job.number = number;
    job.uses_buffers = flags & FLAG_USES_BUFFERS != 0;
    let state = function.state();
    if !state.memory.with(|heap| heap.accounts.allows(job.text_bytes())) {
        if let Some(block) = held {
            let _ = state.memory.release_result(block);
        }
        return Err(Status::MemoryLimit);
    }
    state.hold_for(&mut job, function.plan());
    let job = Arc::new(job);
    state.add_job(Arc::clone(&job), Rc::clone(&function.group));
    if pool::submit(&job) {
        function.group.begin();
        return Ok(());
    }
    state.take_job(number);
    if let Some(block) = held {
        let _ = state.memory.release_result(block);
    }
    Err(Status::OutOfMemory)
}

/// # Safety
/// The slots are filled for the function's plan.
unsafe fn make_job(function: &Function, slots: *const u64, texts: Arguments, held: Option<usize>) -> Job {
    // SAFETY: the plan's words are among the slots.
    let (words, errno) = unsafe {
        let words = std::slice::from_raw_parts(slots, function.plan().frame_words);
        (words.to_vec(), *slots.add(ERRNO) as i32)
    };
    Job::new(
        function.target.clone(),
        words,
        texts.into_blocks(),
        held,
        errno,
        Arc::clone(&function.state().queue),
    )
}

/// Calls C with what stands in the slots. `memory` receives a struct result that no registers hold.
///
/// # Safety
/// The slots are filled for the function's plan; `memory`, where there is one, has room for the
/// result.
unsafe fn enter(function: &Function, entry: &Entry, slots: *mut u64, memory: Option<*mut u64>) {
    let (plan, state) = (function.plan(), function.state());
    // SAFETY: the slots have a word for each of these, and hold every word that the path reads (caller).
    unsafe {
        let frame = Frame { entry: (&raw const *entry).cast(), previous: *slots.add(ACTIVE) };
        let address = &raw const frame as u64;
        *slots.add(ACTIVE) = address | if plan.enters_js { FRAME_ENTERS_JS } else { 0 };
        if plan.enters_js {
            state.depth.set(state.depth.get() + 1);
        }
        if function.mode == Mode::Pumped {
            pump(function, slots, memory);
        } else {
            let errno = *slots.add(ERRNO_AT) as *mut i32;
            *errno = *slots.add(ERRNO) as i32;
            #[cfg(windows)]
            crate::os::set_last_error(*slots.add(LAST_ERROR) as u32);
            function.target.enter(slots, memory, slots.add(RESULT));
            #[cfg(windows)]
            slots.add(LAST_ERROR).write(u64::from(crate::os::last_error()));
            *slots.add(ERRNO) = u64::from(*errno as u32);
        }
        if plan.enters_js {
            state.depth.set(state.depth.get() - 1);
            *slots.add(ACTIVE) |= state.pending(address);
        }
        if *slots.add(ACTIVE) & FRAME_PENDING != 0 {
            state.leave(address);
        }
        *slots.add(ACTIVE) = frame.previous;
    }
}

/// Does what is to be done when C has returned to a direct handler.
///
/// # Safety
/// The entry is that of the running call, and the frame's address that of its frame.
#[cfg_attr(not(sysv64), allow(dead_code, reason = "the twin has no direct handlers"))]
pub(super) unsafe extern "C" fn leave(entry: *const Entry, frame: u64) {
    // SAFETY: the entry is live; its function was set by `bind`.
    unsafe { (*(*entry).function).state().leave(frame) };
}

/// Calls C on a helper, and serves callbacks until it has returned.
///
/// # Safety
/// As for `enter`, which has made the frame.
#[inline(never)]
unsafe fn pump(function: &Function, slots: *mut u64, memory: Option<*mut u64>) {
    let state = function.state();
    // SAFETY: the caller's promise: the plan's words are among the slots. C writes a result that no
    // registers hold to the memory given, which this thread does not use meanwhile.
    unsafe {
        let held = memory.map(|memory| memory as usize);
        let job = Arc::new(make_job(function, slots, Arguments::new(&mut []), held));
        if !helpers::run(Arc::clone(&job)) {
            *slots.add(STATUS) = Status::OutOfMemory as u64;
            return;
        }
        while let Some(request) = state.queue.wait_request(|| job.is_done()) {
            serve(state, request);
        }
        if let Some(outcome) = job.take_outcome() {
            slots.add(RESULT).copy_from_nonoverlapping(outcome.results.as_ptr(), outcome.results.len());
            *slots.add(ERRNO) = u64::from(outcome.errno as u32);
        }
    }
}

/// A struct result for JavaScript to read out of the slots at once: in the words that the plan names,
/// or from word 0 on.
///
/// # Safety
/// As for `enter`.
#[inline(never)]
unsafe fn object_result(function: &Function, entry: &Entry, slots: *mut u64, words: usize) -> napi_value {
    let mut local = MaybeUninit::<[u64; LOCAL_WORDS]>::uninit();
    let mut heap = Vec::<u64>::new();
    // SAFETY: C writes the result where there is room for it, and only then is it copied; a plan
    // allows no result larger than the argument words.
    unsafe {
        if function.plan().returned != Returned::Memory {
            enter(function, entry, slots, None);
            return null_mut();
        }
        let memory = if words <= LOCAL_WORDS {
            local.as_mut_ptr().cast::<u64>()
        } else {
            heap.reserve_exact(words);
            heap.as_mut_ptr()
        };
        enter(function, entry, slots, Some(memory));
        slots.copy_from_nonoverlapping(memory, words);
    }
    null_mut()
}

/// A struct result that stays in a block of the pool, whose address JavaScript finds in the slots.
///
/// # Safety
/// As for `enter`; env is the running callback's.
unsafe fn held_result(
    env: napi_env,
    function: &Function,
    entry: &Entry,
    slots: *mut u64,
    size: usize,
) -> napi_value {
    let results = &function.state().memory;
    let block = match results.take_result(size) {
        Ok(block) => block,
        // SAFETY: the environment's slots.
        Err(why) => return unsafe { refuse(slots, refusal(why)) },
    };
    let memory = block as *mut u64;
    // SAFETY: the block has room for the words of the result, and is nobody else's until released.
    unsafe {
        match function.plan().returned {
            Returned::Words(words) => {
                enter(function, entry, slots, None);
                for (index, word) in words.into_iter().take(size.div_ceil(8)).enumerate() {
                    *memory.add(index) = *slots.add(word);
                }
            }
            Returned::Memory | Returned::Scalar => enter(function, entry, slots, Some(memory)),
        }
        if has_failed(env, function, slots) {
            let _ = results.release_result(block);
        }
        *slots.add(RESULT_NUMBER) = (block as f64).to_bits();
    }
    null_mut()
}

/// Whether JavaScript sees no result: C, having been given the means, left an exception, or a callback of
/// its failed.
///
/// # Safety
/// env is the running callback's, and `slots` are its environment's.
unsafe fn has_failed(env: napi_env, function: &Function, slots: *const u64) -> bool {
    let mut pending = false;
    // SAFETY: the caller's promise.
    unsafe {
        if function.plan().enters_js {
            sys::napi_is_exception_pending(env, &mut pending);
        }
        pending || *slots.add(STATUS) != 0
    }
}

/// Completes the slots: integers stored as doubles become integers, and the arguments of the native
/// function take their places.
///
/// # Safety
/// env and info are those of the running callback; `slots` are its environment's.
#[inline(never)]
pub(super) unsafe fn load(
    env: napi_env,
    info: napi_callback_info,
    function: &Function,
    slots: *mut u64,
    flags: u32,
    texts: &mut Arguments,
) -> Result<(), Status> {
    let plan = function.plan();
    let same_text = flags & FLAG_SAME_TEXT != 0;
    let left = function.repeats == Some(Repeated::Left);
    let mut values = MaybeUninit::<[napi_value; MAX_PARAMETERS]>::uninit();
    let first = values.as_mut_ptr().cast::<napi_value>();
    if plan.values > 0 && !same_text {
        let mut count = plan.values;
        // SAFETY: `values` has room for the most parameters there can be; Node-API fills `count` of
        // them, with undefined beyond what was given.
        unsafe {
            sys::napi_get_cb_info(env, info, &mut count, first, null_mut(), null_mut());
        }
    }
    let mut caches = function.arguments.borrow_mut();
    for param in &plan.params {
        // SAFETY: a word of a plan is below ARGUMENT_WORDS, and the slots have that many.
        let slot = unsafe { slots.add(param.words[0]) };
        let word = match param.source {
            // SAFETY: as above.
            Source::Number if flags & FLAG_BITS == 0 => f64::from_bits(unsafe { *slot }) as i64 as u64,
            Source::Number | Source::Single | Source::Double | Source::Aggregate => continue,
            // SAFETY: JavaScript does not run before the copy is made.
            Source::Text(..) if left => texts.again(unsafe { arguments::left(slots) }),
            Source::Text(_, index) if same_text => texts.again(&caches[index].bytes),
            // SAFETY: the value is an argument of the running callback, filled in above.
            Source::Text(unit, index) => unsafe {
                texts.encode(env, *first.add(index), unit, &mut caches[index])?
            },
            // SAFETY: as above.
            Source::Value(index) => unsafe { *first.add(index) as u64 },
            Source::Env => env as u64,
        };
        // SAFETY: as above.
        unsafe { *slot = word };
    }
    Ok(())
}

/// Converts a result that Node-API must convert; the others stand in the slots.
///
/// # Safety
/// env is the running callback's; the slots hold the result of the function's call.
pub(super) unsafe fn result(env: napi_env, function: &Function, slots: *mut u64) -> napi_value {
    // SAFETY: the slots have a word for the result.
    let address = unsafe { *slots.add(RESULT) };
    if let Some(unit) = function.plan().text_result() {
        // The JavaScript side never sees a result beside an exception, so it must not be kept.
        // SAFETY: env is the running callback's.
        if unsafe { has_failed(env, function, slots) } {
            return null_mut();
        }
        let mut cache = function.result.borrow_mut();
        let given = if function.is_bare.get() {
            results::told(address as usize, &mut cache).map(|told| (null_mut(), told))
        } else {
            // SAFETY: env is the running callback's.
            unsafe { results::result(env, address as usize, unit, &mut cache) }
                .map(|value| (value, TEXT_SAME))
        };
        return match given {
            Ok((value, told)) => {
                if told == TEXT_FETCHED {
                    function.state().unfetched.set(function);
                }
                // SAFETY: the slots have a word for it.
                unsafe { *slots.add(RESULT_NUMBER) = told.to_bits() };
                value
            }
            // SAFETY: the environment's slots.
            Err(status) => unsafe { refuse(slots, status) },
        };
    }
    let is_value = |id: TypeId| id.convert() == Convert::Value;
    if function.plan().signature.result.scalar().is_some_and(is_value) {
        return address as napi_value;
    }
    null_mut()
}
