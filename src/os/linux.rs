//! Linux: errno, stacks, modules, memory.
//!
//! # Safety
//! dl_iterate_phdr(3) passes headers that stay valid during its callback; dladdr(3) takes any address;
//! pthread_getattr_np(3) describes the calling thread; process_vm_readv(2) checks the foreign addresses that it is given.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::MaybeUninit;

use libc::{Elf64_Phdr, PF_X, PT_LOAD, c_int, dl_phdr_info, iovec, size_t};

use super::Module;

/// The smallest page that Linux has; segments start at multiples.
const PAGE: usize = 4096;

/// Where errno of this thread stands.
pub fn errno_location() -> *mut c_int {
    // SAFETY: it only tells an address.
    unsafe { libc::__errno_location() }
}

/// Where a function of libc's is, as looked up by name: 0 where it is not found.
pub fn function_of_libc(name: &CStr) -> usize {
    // SAFETY: dlsym(3) takes any name.
    unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) as usize }
}

/// The lowest address of this thread's stack, and its size in bytes.
pub fn stack() -> Option<(usize, usize)> {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::zeroed();
    let (mut start, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: the attributes are filled by the first call, read by the second and destroyed by the
    // third.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        libc::pthread_attr_getstack(attributes.as_ptr(), &mut start, &mut size);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
    }
    Some((start as usize, size))
}

/// Whether the address lies in the code of a loaded module, or in pages that a program made executable itself.
pub fn is_code(address: usize) -> bool {
    in_module_code(address) || in_executable_mapping(address)
}

struct Search {
    address: usize,
    found: Option<Found>,
}

/// The module that an address lies in.
struct Found {
    base: usize,
    /// Its path, as long as it is loaded; empty for the running executable.
    path: *const c_char,
    /// Whether the address lies in its code.
    is_code: bool,
}

fn find(address: usize) -> Option<Found> {
    let mut search = Search { address, found: None };
    // SAFETY: the callback takes the search it is given here.
    unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut search).cast()) };
    search.found
}

unsafe extern "C" fn visit(info: *mut dl_phdr_info, _size: size_t, data: *mut c_void) -> c_int {
    // SAFETY: the loader passes a valid info and the data given above.
    unsafe {
        let (info, search) = (&*info, &mut *data.cast::<Search>());
        let headers = std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum));
        let start = |header: &Elf64_Phdr| (info.dlpi_addr as usize).wrapping_add(header.p_vaddr as usize);
        let mut segments = headers.iter().filter(|header| header.p_type == PT_LOAD);
        let holds = |header: &&Elf64_Phdr| {
            (start(header)..start(header) + header.p_memsz as usize).contains(&search.address)
        };
        if let Some(segment) = segments.clone().find(holds) {
            let base = segments.next().map_or(0, |first| start(first) & !(PAGE - 1));
            let is_code = segment.p_flags & PF_X != 0;
            search.found = Some(Found { base, path: info.dlpi_name, is_code });
        }
        c_int::from(search.found.is_some())
    }
}

fn in_module_code(address: usize) -> bool {
    find(address).is_some_and(|found| found.is_code)
}

fn in_executable_mapping(address: usize) -> bool {
    let Ok(maps) = std::fs::read_to_string("/proc/self/maps") else { return false };
    maps.lines().any(|line| {
        let mut fields = line.split_ascii_whitespace();
        let (range, access) = (fields.next().unwrap_or(""), fields.next().unwrap_or(""));
        let Some((start, end)) = range.split_once('-') else { return false };
        let bound = |text| usize::from_str_radix(text, 16).unwrap_or(0);
        access.contains('x') && (bound(start)..bound(end)).contains(&address)
    })
}

/// The module an address lies in.
pub fn module_of(address: usize) -> Option<Module> {
    // dladdr looks at every symbol of the module, of which a large library has thousands. It knows the running executable.
    if let Some(Found { base, path, .. }) = find(address) {
        // SAFETY: the loader's own; who asks sees to it that the module stays loaded meanwhile, as for dladdr.
        let path = unsafe { CStr::from_ptr(path) }.to_string_lossy().into_owned();
        if !path.is_empty() {
            return Some(Module { base, path });
        }
    }
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

/// The start of the head of glibc's and musl's `struct link_map` (link.h).
#[repr(C)]
struct LinkMap {
    addr: usize,
    name: *const c_char,
}

/// The request of dlinfo(3) for the link map, in glibc and musl.
const LINK_MAP: c_int = 2;

unsafe extern "C" {
    /// libc names it for glibc only.
    fn dlinfo(handle: *mut c_void, request: c_int, to: *mut c_void) -> c_int;
}

/// Where the loader mapped the library of a handle, and from which file.
///
/// # Safety
/// The handle is open.
pub unsafe fn image_of(handle: *mut c_void) -> Option<Module> {
    let mut map: *const LinkMap = std::ptr::null();
    // SAFETY: dlinfo writes one pointer for this request; the map lives as long as the handle.
    unsafe {
        if dlinfo(handle, LINK_MAP, (&raw mut map).cast()) != 0 {
            return None;
        }
        let path = CStr::from_ptr((*map).name).to_string_lossy().into_owned();
        Some(Module { base: (*map).addr, path })
    }
}

/// The address of a symbol of a version; `None` where the platform has no versions.
///
/// # Safety
/// The handle is open.
#[cfg(target_env = "gnu")]
pub unsafe fn versioned_symbol(handle: *mut c_void, name: &CStr, version: &CStr) -> Option<*mut c_void> {
    // SAFETY: both are C strings; the handle is the caller's promise.
    Some(unsafe { libc::dlvsym(handle, name.as_ptr(), version.as_ptr()) })
}

/// The address of a symbol of a version: musl has no versions.
///
/// # Safety
/// None: nothing is done.
#[cfg(not(target_env = "gnu"))]
pub unsafe fn versioned_symbol(_handle: *mut c_void, _name: &CStr, _version: &CStr) -> Option<*mut c_void> {
    None
}

/// Copies from an address that may not be readable.
///
/// # Safety
/// `to` is a block of that many bytes.
pub unsafe fn read(to: *mut u8, from: usize, bytes: usize) -> bool {
    let local = iovec { iov_base: to.cast(), iov_len: bytes };
    let remote = iovec { iov_base: from as *mut c_void, iov_len: bytes };
    // SAFETY: the local side is the caller's promise; the kernel checks the other.
    let done = unsafe { libc::process_vm_readv(libc::getpid(), &local, 1, &remote, 1, 0) };
    usize::try_from(done) == Ok(bytes)
}

/// Copies to an address that may not be writable.
///
/// # Safety
/// `from` is a block of that many bytes.
pub unsafe fn write(to: usize, from: *const u8, bytes: usize) -> bool {
    let local = iovec { iov_base: from.cast_mut().cast(), iov_len: bytes };
    let remote = iovec { iov_base: to as *mut c_void, iov_len: bytes };
    // SAFETY: as for `read`.
    let done = unsafe { libc::process_vm_writev(libc::getpid(), &local, 1, &remote, 1, 0) };
    usize::try_from(done) == Ok(bytes)
}
