//! Signal handlers that hand on what is not theirs.
//!
//! # Safety
//! A handler is called with what the kernel gave, by the kernel or by another handler. The one that was there before is
//! entered as the kernel would have done it (sigaction(2)); it was written down before the new one was installed.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::mem::{MaybeUninit, transmute, zeroed};
use std::ptr::{null, null_mut};
use std::sync::OnceLock;

use libc::{c_int, sigaction, siginfo_t};

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
