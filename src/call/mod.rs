//! Calls: from a native function that JavaScript enters to C and back.

pub mod entry;
pub mod function;
mod general;
pub mod leaf;
#[cfg_attr(not(sysv64), allow(dead_code, reason = "the twin suspends nothing"))]
pub mod suspending;

#[cfg(sysv64)]
#[path = "stubs_sysv64.rs"]
mod stubs;

#[cfg(not(sysv64))]
#[path = "stubs_none.rs"]
mod stubs;
