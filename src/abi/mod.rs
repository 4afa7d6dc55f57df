//! Calling conventions: entering C with a frame of argument words.
//!
//! [`registers`] is the fast path of the platform where there is one; elsewhere its twin offers the
//! same API and says no. [`libffi`] serves every signature on every platform.

pub mod libffi;

#[cfg(sysv64)]
#[path = "sysv64.rs"]
pub mod registers;

#[cfg(not(sysv64))]
#[path = "no_registers.rs"]
pub mod registers;
