//! macOS: errno, stacks, modules, memory.
//!
//! # Safety
//! dladdr(3) takes any address; the pthread functions describe the calling thread; the functions of Mach check the
//! addresses of the task that they are given, which is this one.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_void};
use std::mem::MaybeUninit;

use libc::c_int;

use super::Module;

/// Where errno of this thread stands.
pub fn errno_location() -> *mut c_int {
    // SAFETY: it only tells an address.
    unsafe { libc::__error() }
}

/// Where a function of libc's is, as looked up by name: 0 where it is not found.
pub fn function_of_libc(name: &CStr) -> usize {
    // SAFETY: dlsym(3) takes any name.
    unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) as usize }
}

/// The lowest address of this thread's stack, and its size in bytes.
pub fn stack() -> Option<(usize, usize)> {
    // SAFETY: both tell what the calling thread has.
    let (top, size) = unsafe {
        let thread = libc::pthread_self();
        (libc::pthread_get_stackaddr_np(thread) as usize, libc::pthread_get_stacksize_np(thread))
    };
    Some((top.checked_sub(size)?, size))
}

/// `mach/mach_vm.h` and `mach/vm_region.h`.
mod mach {
    use std::ffi::c_int;

    pub(super) const BASIC_INFO_64: c_int = 9;
    /// The words of `vm_region_basic_info_64`; the first is the protection.
    pub(super) type BasicInfo = [c_int; 9];
    pub(super) const PROT_EXECUTE: c_int = 4;

    unsafe extern "C" {
        pub(super) static mach_task_self_: u32;
        pub(super) fn mach_vm_region(
            task: u32,
            address: *mut u64,
            size: *mut u64,
            flavor: c_int,
            info: *mut c_int,
            count: *mut u32,
            object: *mut u32,
        ) -> c_int;
        pub(super) fn mach_vm_read_overwrite(
            task: u32,
            from: u64,
            bytes: u64,
            to: u64,
            done: *mut u64,
        ) -> c_int;
        pub(super) fn mach_vm_write(task: u32, to: u64, from: usize, bytes: u32) -> c_int;
    }
}

/// Whether the address lies in executable memory.
pub fn is_code(address: usize) -> bool {
    let (mut start, mut size) = (address as u64, 0u64);
    let mut info: mach::BasicInfo = [0; 9];
    let (mut count, mut object) = (9u32, 0u32);
    // SAFETY: the info has as many words as `count` says.
    let status = unsafe {
        mach::mach_vm_region(
            mach::mach_task_self_,
            &mut start,
            &mut size,
            mach::BASIC_INFO_64,
            info.as_mut_ptr(),
            &mut count,
            &mut object,
        )
    };
    // Where nothing is mapped, the region is the next one.
    status == 0 && start <= address as u64 && info[0] & mach::PROT_EXECUTE != 0
}

/// The module an address lies in.
pub fn module_of(address: usize) -> Option<Module> {
    let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: dladdr fills the info where it returns non-zero; the name is a C string then.
    unsafe {
        if libc::dladdr(address as *const c_void, info.as_mut_ptr()) == 0 {
            return None;
        }
        let info = info.assume_init();
        let path = CStr::from_ptr(info.dli_fname).to_string_lossy().into_owned();
        Some(Module { base: info.dli_fbase as usize, path })
    }
}

/// A function of the running executable, or of what it was linked with; null where there is none of that name.
pub fn exported(name: &CStr) -> *mut c_void {
    // SAFETY: takes any name.
    unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) }
}

/// Keeps a loaded module for the life of the process.
pub fn pin(path: &str) {
    let Ok(path) = CString::new(path) else { return };
    // SAFETY: the module is loaded already, so nothing runs; the handle is kept for ever.
    unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE) };
}

/// Where the loader mapped the library of a handle, and from which file: the image that gives the same handle.
///
/// # Safety
/// The handle is open.
#[allow(deprecated, reason = "libc names another crate for these three")]
pub unsafe fn image_of(handle: *mut c_void) -> Option<Module> {
    // The lowest bits of a handle tell how it was opened.
    let library = |handle: *mut c_void| handle as usize & !3;
    // SAFETY: images that go away meanwhile give no name; with RTLD_NOLOAD nothing is loaded and nothing runs.
    unsafe {
        (0..libc::_dyld_image_count()).rev().find_map(|index| {
            let name = libc::_dyld_get_image_name(index);
            if name.is_null() {
                return None;
            }
            let other = libc::dlopen(name, libc::RTLD_LAZY | libc::RTLD_NOLOAD);
            if other.is_null() {
                return None;
            }
            libc::dlclose(other);
            (library(other) == library(handle)).then(|| Module {
                base: libc::_dyld_get_image_header(index) as usize,
                path: CStr::from_ptr(name).to_string_lossy().into_owned(),
            })
        })
    }
}

/// The address of a symbol of a version; `None` where the platform has no versions.
///
/// # Safety
/// The handle is open.
pub unsafe fn versioned_symbol(_handle: *mut c_void, _name: &CStr, _version: &CStr) -> Option<*mut c_void> {
    None
}

/// Copies from an address that may not be readable.
///
/// # Safety
/// `to` is a block of that many bytes.
pub unsafe fn read(to: *mut u8, from: usize, bytes: usize) -> bool {
    let mut done = 0;
    // SAFETY: `to` is the caller's promise; the kernel checks the other side.
    let status = unsafe {
        mach::mach_vm_read_overwrite(mach::mach_task_self_, from as u64, bytes as u64, to as u64, &mut done)
    };
    status == 0 && done == bytes as u64
}

/// Copies to an address that may not be writable.
///
/// # Safety
/// `from` is a block of that many bytes.
pub unsafe fn write(to: usize, from: *const u8, bytes: usize) -> bool {
    let Ok(count) = u32::try_from(bytes) else { return false };
    // SAFETY: as for `read`.
    unsafe { mach::mach_vm_write(mach::mach_task_self_, to as u64, from as usize, count) == 0 }
}
