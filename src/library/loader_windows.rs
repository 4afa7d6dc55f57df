//! The loader of Windows: LoadLibraryEx.
//!
//! # Safety
//! A raw handle is used only while the [`Handle`] that it belongs to exists.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_void};
use std::path::Path;

pub(super) use libloading::os::windows::Library as Handle;

use super::Options;
use crate::os::{self, Module};

/// LOAD_WITH_ALTERED_SEARCH_PATH: what the library needs is looked for beside it.
const BESIDE: u32 = 8;

/// Whether a library can be bound to itself: it always is here, which no option has to ask for.
pub(super) const BINDS_DEEP: bool = false;

/// The running process.
pub(super) fn this() -> Result<Handle, libloading::Error> {
    Handle::this()
}

/// Loads a file. Binding is neither lazy nor global here.
///
/// # Safety
/// Its entry point may run.
pub(super) unsafe fn load(file: &str, options: Options, _deep: bool) -> Result<Handle, libloading::Error> {
    let flags = if Path::new(file).is_absolute() { BESIDE } else { 0 };
    // SAFETY: the caller's promise.
    let handle = unsafe { Handle::load_with_flags(file, flags) }?;
    if options.nodelete {
        handle.pin()?;
    }
    Ok(handle)
}

/// A further hold on a library that is loaded already.
pub(super) fn loaded(file: &str) -> Option<Handle> {
    Handle::open_already_loaded(file).ok()
}

/// Where the loader mapped a library, and from which file. The handle is given back.
pub(super) fn mapping(handle: Handle) -> Option<(Handle, Module)> {
    let raw = handle.into_raw();
    // SAFETY: the handle is open, and made into a Handle again once.
    let handle = unsafe { Handle::from_raw(raw) };
    // A handle is the address of the module.
    Some((handle, Module { base: raw as usize, path: os::path_of(raw)? }))
}

/// There are no versions of symbols here.
pub(super) fn versioned(_handle: &Handle, _name: &CStr, _version: &CStr) -> Option<*mut c_void> {
    None
}
