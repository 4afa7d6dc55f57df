//! Calls: from a native function that JavaScript enters to C and back.

pub mod entry;
pub mod function;
mod general;
pub mod suspending;

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
#[path = "stubs_sysv64.rs"]
mod stubs;

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
#[path = "stubs_none.rs"]
mod stubs;
