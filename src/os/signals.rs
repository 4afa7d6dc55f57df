//! Signal handlers that hand on what is not theirs.
//!
//! # Safety
//! A handler is called with what the kernel gave, by the kernel or by another handler. The one that was there before is
//! entered as the kernel would have done it (sigaction(2)); it was written down before the new one was installed. The stack
//! for handlers is memory of our own, which the thread's end takes from the kernel before it is unmapped (sigaltstack(2)).
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::mem::{MaybeUninit, transmute, zeroed};
use std::ptr::{null, null_mut};
use std::sync::OnceLock;

use libc::{SS_DISABLE, c_int, sigaction, siginfo_t, stack_t};

/// A handler of a signal.
pub type Handler = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);

/// Installs an async-signal-safe handler, and writes down the one that was there before. `false` where the system refuses.
pub fn handle(signal: c_int, handler: Handler, previous: &OnceLock<sigaction>) -> bool {
    // SAFETY: sigaction is asked for the present disposition, then given one whose handler has the type that
    // SA_SIGINFO demands.
    unsafe {
        let mut old = MaybeUninit::<sigaction>::zeroed();
        if sigaction(signal, null(), old.as_mut_ptr()) != 0 {
            return false;
        }
        let old = old.assume_init();
        let mut new: sigaction = zeroed();
        new.sa_sigaction = handler as *const () as usize;
        new.sa_flags = (old.sa_flags & !libc::SA_RESETHAND) | libc::SA_SIGINFO | libc::SA_ONSTACK;
        new.sa_mask = old.sa_mask;
        let _ = previous.set(old);
        sigaction(signal, &new, null_mut()) == 0
    }
}

/// Does what would have happened without a handler.
///
/// # Safety
/// The arguments are those of the handler that runs.
pub unsafe fn pass_on(
    previous: &OnceLock<sigaction>,
    signal: c_int,
    info: *mut siginfo_t,
    context: *mut c_void,
) {
    let Some(old) = previous.get() else { return };
    // SAFETY: an address other than the two constants is a handler of the type its flags tell.
    unsafe {
        if old.sa_sigaction == libc::SIG_DFL || old.sa_sigaction == libc::SIG_IGN {
            // The default action: the instruction faults again, or the signal is sent again.
            let mut default: sigaction = zeroed();
            default.sa_sigaction = libc::SIG_DFL;
            sigaction(signal, &default, null_mut());
            if (*info).si_code <= 0 {
                libc::raise(signal);
            }
        } else if old.sa_flags & libc::SA_SIGINFO != 0 {
            let handler: Handler = transmute(old.sa_sigaction);
            handler(signal, info, context);
        } else {
            let handler: extern "C" fn(c_int) = transmute(old.sa_sigaction);
            handler(signal);
        }
    }
}

/// A stack for the handlers of a thread, until that ends.
struct HandlerStack {
    start: *mut c_void,
}

/// Room for a handler that was there before too. What is not used takes no memory.
const HANDLER_STACK: usize = 128 * 1024;
/// The lowest bytes of it, which cannot be used: at least a page.
const HANDLER_GUARD: usize = 64 * 1024;

fn handler_stack_now() -> Option<stack_t> {
    // SAFETY: only the present one is asked for.
    unsafe {
        let mut present: stack_t = zeroed();
        (libc::sigaltstack(null(), &mut present) == 0).then_some(present)
    }
}

impl HandlerStack {
    fn new() -> Option<HandlerStack> {
        if handler_stack_now()?.ss_flags & SS_DISABLE == 0 {
            return None;
        }
        // SAFETY: the mapping is new, and the kernel is given the part of it that can be written.
        unsafe {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let access = libc::PROT_READ | libc::PROT_WRITE;
            let start = libc::mmap(null_mut(), HANDLER_STACK, access, flags, -1, 0);
            if start == libc::MAP_FAILED {
                return None;
            }
            let stack = stack_t {
                ss_sp: start.byte_add(HANDLER_GUARD),
                ss_flags: 0,
                ss_size: HANDLER_STACK - HANDLER_GUARD,
            };
            if libc::mprotect(start, HANDLER_GUARD, libc::PROT_NONE) != 0
                || libc::sigaltstack(&stack, null_mut()) != 0
            {
                libc::munmap(start, HANDLER_STACK);
                return None;
            }
            Some(HandlerStack { start })
        }
    }
}

impl Drop for HandlerStack {
    fn drop(&mut self) {
        // SAFETY: the memory is unmapped when the kernel has it no longer; where somebody else has set another stack, they may
        // set this one again, and it stays.
        unsafe {
            let is_ours =
                handler_stack_now().is_some_and(|now| now.ss_sp == self.start.byte_add(HANDLER_GUARD));
            let none = stack_t { ss_sp: null_mut(), ss_flags: SS_DISABLE, ss_size: HANDLER_STACK };
            if is_ours && libc::sigaltstack(&none, null_mut()) == 0 {
                libc::munmap(self.start, HANDLER_STACK);
            }
        }
    }
}

/// Gives this thread a stack for its handlers, if it has none: where its own is used up, none could run.
pub fn separate_stack() {
    thread_local! {
        static STACK: Option<HandlerStack> = HandlerStack::new();
    }
    let _ = STACK.try_with(|_| ());
}
