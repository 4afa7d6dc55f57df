//! Windows: errno, stacks, modules, memory.
//!
//! # Safety
//! The functions of kernel32 check the addresses of the process that they are given, which is this one, and describe the
//! calling thread. Buffers have the sizes that are passed with them.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_int, c_void};

use super::Module;

/// `MEMORY_BASIC_INFORMATION` of 64-bit Windows (winnt.h).
#[repr(C)]
#[derive(Default)]
struct Region {
    base: usize,
    allocation_base: usize,
    allocation_protect: u32,
    partition: u16,
    bytes: usize,
    state: u32,
    protect: u32,
    kind: u32,
}

const COMMITTED: u32 = 0x1000;
/// PAGE_EXECUTE, PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE, PAGE_EXECUTE_WRITECOPY.
const EXECUTABLE: u32 = 0xf0;
const FROM_ADDRESS: u32 = 4;
const UNCHANGED_COUNT: u32 = 2;
const PIN: u32 = 1;
/// The longest path that Windows has, in UTF-16 units.
const LONGEST_PATH: usize = 32_768;

#[link(name = "kernel32")]
unsafe extern "system" {
    fn GetCurrentProcess() -> isize;
    fn GetLastError() -> u32;
    fn SetLastError(code: u32);
    fn GetCurrentThreadStackLimits(low: *mut usize, high: *mut usize);
    fn GetModuleFileNameW(module: isize, name: *mut u16, units: u32) -> u32;
    fn GetModuleHandleExW(flags: u32, name: *const u16, module: *mut isize) -> c_int;
    fn ReadProcessMemory(
        process: isize,
        from: usize,
        to: *mut c_void,
        bytes: usize,
        done: *mut usize,
    ) -> c_int;
    fn VirtualQuery(address: usize, region: *mut Region, bytes: usize) -> usize;
    fn WriteProcessMemory(
        process: isize,
        to: usize,
        from: *const c_void,
        bytes: usize,
        done: *mut usize,
    ) -> c_int;
}

unsafe extern "C" {
    fn _errno() -> *mut c_int;
}

/// The error code of this thread that Windows' functions leave.
pub fn last_error() -> u32 {
    // SAFETY: it only tells a number.
    unsafe { GetLastError() }
}

/// Sets it.
pub fn set_last_error(code: u32) {
    // SAFETY: it takes any number.
    unsafe { SetLastError(code) };
}

/// Where errno of this thread stands.
pub fn errno_location() -> *mut c_int {
    // SAFETY: it only tells an address.
    unsafe { _errno() }
}

/// Where a function of libc's is besides its own address: nowhere.
pub fn function_of_libc(_name: &CStr) -> usize {
    0
}

/// The lowest address of this thread's stack, and its size in bytes.
pub fn stack() -> Option<(usize, usize)> {
    let (mut low, mut high) = (0, 0);
    // SAFETY: it fills both.
    unsafe { GetCurrentThreadStackLimits(&mut low, &mut high) };
    Some((low, high.checked_sub(low)?))
}

/// Whether the address lies in executable memory.
pub fn is_code(address: usize) -> bool {
    let mut region = Region::default();
    // SAFETY: the region has the size that is passed.
    let known = unsafe { VirtualQuery(address, &mut region, size_of::<Region>()) } != 0;
    known && region.state == COMMITTED && region.protect & EXECUTABLE != 0
}

/// The file of a loaded module.
pub fn path_of(module: isize) -> Option<String> {
    let mut name = vec![0u16; LONGEST_PATH];
    // SAFETY: the name has as many units as are passed.
    let units = unsafe { GetModuleFileNameW(module, name.as_mut_ptr(), LONGEST_PATH as u32) } as usize;
    (units != 0).then(|| String::from_utf16_lossy(&name[..units]))
}

/// The module an address lies in.
pub fn module_of(address: usize) -> Option<Module> {
    let mut module = 0;
    // SAFETY: with this flag the name is an address, which is not followed; the count of the module stays as it is.
    let found =
        unsafe { GetModuleHandleExW(FROM_ADDRESS | UNCHANGED_COUNT, address as *const u16, &mut module) };
    if found == 0 {
        return None;
    }
    Some(Module { base: module as usize, path: path_of(module)? })
}

/// A function of the running executable: none is looked for, as the names of V8's are others here.
pub fn exported(_name: &CStr) -> *mut c_void {
    std::ptr::null_mut()
}

/// Keeps a loaded module for the life of the process.
pub fn pin(path: &str) {
    let name: Vec<u16> = path.encode_utf16().chain([0]).collect();
    let mut module = 0;
    // SAFETY: the name ends with a zero; nothing is loaded and nothing runs.
    unsafe { GetModuleHandleExW(PIN, name.as_ptr(), &mut module) };
}

/// Copies from an address that may not be readable.
///
/// # Safety
/// `to` is a block of that many bytes.
pub unsafe fn read(to: *mut u8, from: usize, bytes: usize) -> bool {
    let mut done = 0;
    // SAFETY: `to` is the caller's promise; the kernel checks the other side.
    let copied = unsafe { ReadProcessMemory(GetCurrentProcess(), from, to.cast(), bytes, &mut done) };
    copied != 0 && done == bytes
}

/// Copies to an address that may not be writable.
///
/// # Safety
/// `from` is a block of that many bytes.
pub unsafe fn write(to: usize, from: *const u8, bytes: usize) -> bool {
    let mut done = 0;
    // SAFETY: as for `read`.
    let copied = unsafe { WriteProcessMemory(GetCurrentProcess(), to, from.cast(), bytes, &mut done) };
    copied != 0 && done == bytes
}
