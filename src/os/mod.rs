//! What each operating system has its own way for: errno, the stack of a thread, the maps of memory and of modules.
//!
//! One file a system, all with the same functions:
//!
//! - `errno_location() -> *mut c_int`: where errno of this thread stands;
//! - `function_of_libc(name) -> usize`: where a function of libc's is, as it is looked up by name; 0 for nowhere;
//! - `stack() -> Option<(usize, usize)>`: the lowest address of this thread's stack, and its size;
//! - `is_code(address) -> bool`: whether it lies in executable memory;
//! - `exported(name) -> *mut c_void`: a function of the running executable; null where it has none;
//! - `module_of(address) -> Option<Module>`: the module it lies in;
//! - `pin(path)`: keeps a loaded module for the life of the process;
//! - `read(to, from, bytes) -> bool`, `write(to, from, bytes) -> bool`: copies by the kernel, `false` where the
//!   foreign side is not mapped or not permitted.

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;

#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod system;

#[cfg(windows)]
#[path = "windows.rs"]
mod system;

#[cfg(sysv64)]
pub mod signals;

pub use system::{errno_location, exported, function_of_libc, is_code, module_of, pin, read, stack, write};
#[cfg(unix)]
pub use system::{image_of, versioned_symbol};
#[cfg(windows)]
pub use system::{last_error, path_of, set_last_error};

/// A loaded module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Where it is mapped.
    pub base: usize,
    /// Its file, as the loader names it.
    pub path: String,
}
