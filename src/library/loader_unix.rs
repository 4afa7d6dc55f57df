//! The loader of Linux and macOS: dlopen(3).
//!
//! # Safety
//! A raw handle is used only while the [`Handle`] that it belongs to exists.
#![allow(unsafe_code)]

use std::ffi::{CStr, OsStr, c_int, c_void};

pub(super) use libloading::os::unix::Library as Handle;

use super::Options;
use crate::os;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
const RTLD_DEEPBIND: Option<c_int> = Some(libc::RTLD_DEEPBIND);
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
const RTLD_DEEPBIND: Option<c_int> = None;

/// Whether a library can be bound to itself.
pub(super) const BINDS_DEEP: bool = RTLD_DEEPBIND.is_some();

/// The running process.
pub(super) fn this() -> Result<Handle, libloading::Error> {
    Ok(Handle::this())
}

/// Loads a file; `deep` binds it to itself.
///
/// # Safety
/// Its constructors may run.
pub(super) unsafe fn load(file: &str, options: Options, deep: bool) -> Result<Handle, libloading::Error> {
    let mut flags = if options.lazy { libc::RTLD_LAZY } else { libc::RTLD_NOW };
    flags |= if options.global { libc::RTLD_GLOBAL } else { libc::RTLD_LOCAL };
    if options.nodelete {
        flags |= libc::RTLD_NODELETE;
    }
    if deep {
        flags |= RTLD_DEEPBIND.unwrap_or(0);
    }
    // SAFETY: the caller's promise.
    unsafe { Handle::open(Some(OsStr::new(file)), flags) }
}

/// A further hold on a library that is loaded already.
pub(super) fn loaded(file: &str) -> Option<Handle> {
    // SAFETY: with RTLD_NOLOAD nothing is loaded and nothing runs.
    unsafe { Handle::open(Some(OsStr::new(file)), libc::RTLD_LAZY | libc::RTLD_NOLOAD) }.ok()
}

/// Where the loader mapped a library, and from which file. The handle is given back.
pub(super) fn mapping(handle: Handle) -> Option<(Handle, os::Module)> {
    let raw = handle.into_raw();
    // SAFETY: the handle is open, and made into a Handle again once.
    unsafe {
        let image = os::image_of(raw);
        let handle = Handle::from_raw(raw);
        Some((handle, image?))
    }
}

/// The address of a symbol of a version; `None` where the platform has no versions.
pub(super) fn versioned(handle: &Handle, name: &CStr, version: &CStr) -> Option<*mut c_void> {
    // The handle is given back by not dropping the copy that `into_raw` takes.
    // SAFETY: the raw handle is this library's, which stays open.
    unsafe {
        let raw = std::ptr::read(handle).into_raw();
        os::versioned_symbol(raw, name, version)
    }
}
