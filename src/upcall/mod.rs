//! Upcalls: from C, through a function pointer that stands for a callback, into JavaScript and back.
//!
//! ```text
//!   C calls the pointer                          trampoline     a stub of its own: the record's address
//!      │                                                        in a register; or a closure of libffi's
//!   registers and stack                          incoming       saved as they are
//!      │
//!   is this the thread of its environment? ── no ── foreign     asks for it in the queue, and waits
//!      │ yes                                           │
//!   run ←──────────────── the thread's event loop, or a pumped call
//!      │  words of the plan: as for calls, the other way round
//!   dispatch → the callback's wrapper → the user's function
//! ```

mod closure;
pub mod foreign;
pub mod incoming;
pub mod record;
pub mod run;

#[cfg(sysv64)]
#[path = "trampoline_sysv64.rs"]
pub mod trampoline;

#[cfg(not(sysv64))]
#[path = "trampoline_none.rs"]
pub mod trampoline;

pub use trampoline::is_trampoline;

/// Where the errors of a callback go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// To the call of C that the environment's thread is in.
    Call,
    /// Nowhere: they are uncaught.
    Thread,
    /// To the background call of that number.
    Background(u32),
}

impl Origin {
    /// The first number of a background call.
    pub const FIRST_BACKGROUND: u32 = 2;

    /// As it stands in the slots.
    pub const fn number(self) -> u32 {
        match self {
            Origin::Call => 0,
            Origin::Thread => 1,
            Origin::Background(number) => number,
        }
    }
}
