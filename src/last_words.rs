//! The last words of a process that dies of a signal inside a C call: the call's library, function and arguments.
//!
//! Nothing is added to a call: on a thread of JavaScript the slots have the innermost call's frame and its arguments,
//! on a thread of arkffi's own its row of the table below has the job that it runs.
//!
//! # Safety
//! The handler runs on whatever thread faulted, and is async-signal-safe: it reads memory that its own thread has
//! written (a frame, an entry, a plan live as long as the call that runs), formats into a buffer on the stack, and calls
//! write(2), process_vm_readv(2), sigaction(2) and the handler that was there before. Strings of the user's are copied by the
//! kernel, which tells of a bad address instead of faulting.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::fmt::Write;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Once, OnceLock};

use libc::{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, c_int, sigaction, siginfo_t};

use crate::aggregate::Value;
use crate::background::job::Target;
use crate::call::entry::Entry;
use crate::memory::called::Called;
use crate::os::signals;
use crate::plan::{Param, Source};
use crate::slots::{ACTIVE, CALLED};
use crate::state::{FRAME_ARGUMENTS_LOST, Frame, frame_of};
use crate::types::{Convert, Machine};
use crate::upcall::trampoline::thread_pointer;

const SIGNALS: [(c_int, &str); 5] =
    [(SIGSEGV, "SIGSEGV"), (SIGBUS, "SIGBUS"), (SIGILL, "SIGILL"), (SIGFPE, "SIGFPE"), (SIGABRT, "SIGABRT")];

/// A call on a thread of arkffi's own.
pub struct Running<'a> {
    /// What is called.
    pub target: &'a Target,
    /// The words of its arguments.
    pub words: *const u64,
}

/// A thread that may call C.
struct Thread {
    /// What tells it from the other threads; 0 for a free row.
    id: AtomicUsize,
    /// The slots of its environment, or null.
    slots: AtomicPtr<u64>,
    /// The call that it runs, of a thread of arkffi's own.
    running: AtomicPtr<Running<'static>>,
}

const ROWS: usize = 2048;
static THREADS: [Thread; ROWS] = [const {
    Thread { id: AtomicUsize::new(0), slots: AtomicPtr::new(null_mut()), running: AtomicPtr::new(null_mut()) }
}; ROWS];
/// The rows from this on were never used.
static USED: AtomicUsize = AtomicUsize::new(0);
static PREVIOUS: [OnceLock<sigaction>; SIGNALS.len()] = [const { OnceLock::new() }; SIGNALS.len()];
static SPOKEN: AtomicBool = AtomicBool::new(false);
static INSTALLED: AtomicBool = AtomicBool::new(false);

fn take_row() -> Option<&'static Thread> {
    let own = thread_pointer();
    let free =
        |thread: &&Thread| thread.id.compare_exchange(0, own, Ordering::AcqRel, Ordering::Relaxed).is_ok();
    if INSTALLED.load(Ordering::Acquire) {
        // Deep recursion is what uses up a stack.
        signals::separate_stack();
    }
    let found = THREADS.iter().position(|thread| free(&thread))?;
    USED.fetch_max(found + 1, Ordering::AcqRel);
    Some(&THREADS[found])
}

fn give_row(thread: &Thread) {
    thread.slots.store(null_mut(), Ordering::Release);
    thread.running.store(null_mut(), Ordering::Release);
    thread.id.store(0, Ordering::Release);
}

/// An environment with those slots has begun on this thread.
pub fn enter(slots: *mut u64) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if std::env::var_os("ARKFFI_CRASH").is_none_or(|value| value != "0") {
            install();
        }
    });
    if let Some(row) = take_row() {
        row.slots.store(slots, Ordering::Release);
    }
}

/// It has ended.
pub fn leave(slots: *mut u64) {
    if let Some(row) = THREADS.iter().find(|row| row.slots.load(Ordering::Acquire) == slots) {
        give_row(row);
    }
}

/// The row of a thread of arkffi's own, until that ends.
struct Row(Option<&'static Thread>);

impl Drop for Row {
    fn drop(&mut self) {
        if let Some(row) = self.0 {
            give_row(row);
        }
    }
}

/// Notes what a thread of arkffi's own calls while it does so.
pub fn during<T>(running: &Running<'_>, call: impl FnOnce() -> T) -> T {
    thread_local! {
        static ROW: Row = Row(take_row());
    }
    let row = ROW.try_with(|row| row.0).unwrap_or(None);
    if let Some(row) = row {
        row.running.store((&raw const *running).cast_mut().cast(), Ordering::Release);
    }
    let result = call();
    if let Some(row) = row {
        row.running.store(null_mut(), Ordering::Release);
    }
    result
}

fn install() {
    for (index, (signal, _)) in SIGNALS.into_iter().enumerate() {
        signals::handle(signal, on_signal, &PREVIOUS[index]);
    }
    INSTALLED.store(true, Ordering::Release);
}

extern "C" fn on_signal(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let Some(index) = SIGNALS.iter().position(|(known, _)| *known == signal) else { return };
    // SAFETY: the arguments are those that the kernel gave.
    unsafe {
        speak(SIGNALS[index].1);
        signals::pass_on(&PREVIOUS[index], signal, info, context);
    }
}

/// Text on the stack; what does not fit is left out.
struct Line {
    bytes: [u8; 1024],
    length: usize,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = &mut self.bytes[self.length..];
        let taken = text.len().min(room.len());
        room[..taken].copy_from_slice(&text.as_bytes()[..taken]);
        self.length += taken;
        Ok(())
    }
}

/// Says which call this thread is in, if it is in one.
///
/// # Safety
/// In the signal handler: the thread's own frame, entry and job do not change meanwhile.
unsafe fn speak(signal: &str) {
    let own = thread_pointer();
    let rows = &THREADS[..USED.load(Ordering::Acquire)];
    for row in rows.iter().filter(|row| row.id.load(Ordering::Acquire) == own) {
        let slots = row.slots.load(Ordering::Acquire);
        // SAFETY: as below.
        let called = unsafe { called_by(slots) };
        // SAFETY: the rows of this thread point to what is live on it (caller).
        let call = unsafe {
            match row.running.load(Ordering::Acquire).as_ref() {
                Some(running) => Some((running.target, running.words, false)),
                None if slots.is_null() => None,
                None => innermost(slots),
            }
        };
        if called.is_none() && call.is_none() {
            continue;
        }
        if SPOKEN.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut line = Line { bytes: [0; 1024], length: 0 };
        let _ = match (called, call) {
            (Some((called, arguments)), _) => tell_own(&mut line, signal, called, arguments),
            // SAFETY: the words are those of the target's plan.
            (None, Some((target, words, lost))) => unsafe { tell(&mut line, signal, target, words, lost) },
            (None, None) => Ok(()),
        };
        let end = line.length.min(line.bytes.len() - 1);
        line.bytes[end] = b'\n';
        // SAFETY: the buffer has so many bytes.
        unsafe { libc::write(2, line.bytes.as_ptr().cast(), end + 1) };
        return;
    }
}

/// The function of the user's that arkffi itself has called, and its arguments; none where C or JavaScript has been
/// entered from it.
///
/// # Safety
/// As for `speak`.
unsafe fn called_by(slots: *const u64) -> Option<(Called, [u64; 2])> {
    if slots.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    let [number, first, second] = CALLED.map(|word| unsafe { *slots.add(word) });
    Called::from_number(number).map(|called| (called, [first, second]))
}

fn tell_own(line: &mut Line, signal: &str, called: Called, arguments: [u64; 2]) -> std::fmt::Result {
    let (name, count, of) = called.words();
    write!(line, "arkffi: {signal} in C: {name}(")?;
    for (index, argument) in arguments.into_iter().take(count).enumerate() {
        line.write_str(if index > 0 { ", " } else { "" })?;
        let is_size = match called {
            Called::Malloc | Called::Calloc => true,
            Called::Realloc => index > 0,
            Called::Free | Called::Finalizer | Called::Deallocator => false,
        };
        if is_size { write!(line, "{argument}") } else { write!(line, "{argument:#x}") }?;
    }
    write!(line, ") of {of}")
}

/// The call whose frame is in the slots; none while JavaScript runs.
///
/// # Safety
/// As for `speak`.
unsafe fn innermost<'a>(slots: *const u64) -> Option<(&'a Target, *const u64, bool)> {
    // SAFETY: the caller's promise; `bind` has set the entry's function.
    unsafe {
        let active = *slots.add(ACTIVE);
        let frame = (frame_of(active) as *const Frame).as_ref()?;
        let entry = frame.entry.cast::<Entry>().as_ref()?;
        let function = entry.function.as_ref()?;
        Some((&function.target, slots, active & FRAME_ARGUMENTS_LOST != 0))
    }
}

/// # Safety
/// The words are those of the target's plan.
unsafe fn tell(
    line: &mut Line,
    signal: &str,
    target: &Target,
    words: *const u64,
    lost: bool,
) -> std::fmt::Result {
    write!(line, "arkffi: {signal} in C: {}(", target.name)?;
    if lost {
        line.write_str("…")?;
    } else {
        for (index, (param, value)) in
            target.plan.params.iter().zip(&target.plan.signature.params).enumerate()
        {
            if index > 0 {
                line.write_str(", ")?;
            }
            // SAFETY: the caller's promise.
            unsafe { tell_argument(line, param, value, *words.add(param.words[0])) }?;
        }
    }
    let library = if target.library.is_empty() { "the process" } else { target.library };
    write!(line, ") of {library}")
}

/// # Safety
/// The word is the parameter's.
unsafe fn tell_argument(line: &mut Line, param: &Param, value: &Value, word: u64) -> std::fmt::Result {
    let Some(id) = value.scalar() else { return line.write_str("{…}") };
    match (param.source, id.convert()) {
        (Source::Single, _) => write!(line, "{}", f32::from_bits(word as u32)),
        (Source::Double, _) => write!(line, "{}", f64::from_bits(word)),
        (Source::Text(..), Convert::Utf8) => tell_text(line, word as usize),
        (Source::Number, convert) => {
            let whole = integer(word);
            match convert {
                Convert::Bool => write!(line, "{}", whole != 0),
                Convert::Int | Convert::Wide | Convert::Fast | Convert::Bigint => {
                    if id.machine() == Machine::U64 {
                        write!(line, "{}", whole as u64)
                    } else {
                        write!(line, "{whole}")
                    }
                }
                Convert::Pointer | Convert::Function if whole == 0 => line.write_str("NULL"),
                Convert::Pointer
                | Convert::Function
                | Convert::Void
                | Convert::Float
                | Convert::Utf8
                | Convert::Utf16
                | Convert::Utf32
                | Convert::WideText
                | Convert::Env
                | Convert::Value => write!(line, "{whole:#x}"),
            }
        }
        (Source::Text(..), _) => write!(line, "{word:#x}"),
        (Source::Value(_) | Source::Env | Source::Aggregate, _) => line.write_str("…"),
    }
}

/// The integer of a word that may not have been converted yet, and is a double then: no integer below 2^52 looks
/// like one of 1 or more, and no address does.
fn integer(word: u64) -> i64 {
    let number = f64::from_bits(word);
    if word >> 52 != 0 && number.is_finite() && number.fract() == 0.0 && number.abs() <= 9.1e15 {
        number as i64
    } else {
        word as i64
    }
}

/// A string of C's, as far as it is readable and short.
fn tell_text(line: &mut Line, address: usize) -> std::fmt::Result {
    if address == 0 {
        return line.write_str("NULL");
    }
    let mut bytes = [0u8; 64];
    let local = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    // What is read does not go beyond the page, so that a string at its end is read.
    let length = bytes.len().min(4096 - address % 4096);
    let remote = libc::iovec { iov_base: address as *mut c_void, iov_len: length };
    // SAFETY: the kernel writes no more than fits, and tells of an address that it cannot read.
    let read = unsafe { libc::process_vm_readv(libc::getpid(), &local, 1, &remote, 1, 0) };
    let Ok(read) = usize::try_from(read) else { return write!(line, "{address:#x}") };
    let text = &bytes[..read];
    let end = text.iter().position(|byte| *byte == 0);
    let shown = &text[..end.unwrap_or(read)];
    match std::str::from_utf8(shown) {
        Ok(text) => write!(line, "{text:?}")?,
        Err(_) => write!(line, "\"{}\"", shown.escape_ascii())?,
    }
    line.write_str(if end.is_none() { "…" } else { "" })
}
