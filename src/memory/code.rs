//! Which addresses hold code, and in which module.
//!
//! # Safety
//! dl_iterate_phdr(3) passes headers that stay valid during its callback; dladdr(3) takes any
//! address.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_void};
use std::mem::MaybeUninit;

use crate::upcall::is_trampoline;
use libc::{PF_X, PT_LOAD, c_int, dl_phdr_info, size_t};

/// Whether the address lies in executable memory: in the code of a loaded module, or in pages that a
/// program made executable itself.
pub fn is_executable(address: usize) -> bool {
    is_trampoline(address) || in_module_code(address) || in_executable_mapping(address)
}

struct Search {
    address: usize,
    found: bool,
}

fn in_module_code(address: usize) -> bool {
    let mut search = Search { address, found: false };
    // SAFETY: the callback takes the search it is given here.
    unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut search).cast()) };
    search.found
}

unsafe extern "C" fn visit(info: *mut dl_phdr_info, _size: size_t, data: *mut c_void) -> c_int {
    // SAFETY: the loader passes a valid info and the data given above.
    unsafe {
        let (info, search) = (&*info, &mut *data.cast::<Search>());
        let headers = std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum));
        search.found = headers.iter().any(|header| {
            let start = (info.dlpi_addr as usize).wrapping_add(header.p_vaddr as usize);
            header.p_type == PT_LOAD
                && header.p_flags & PF_X != 0
                && (start..start + header.p_memsz as usize).contains(&search.address)
        });
        c_int::from(search.found)
    }
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

/// A loaded module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Where it is mapped.
    pub base: usize,
    /// Its file, as the loader names it.
    pub path: String,
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

/// Keeps this addon mapped for the life of the process: Node unloads an addon with the last
/// environment that loaded it, and stubs and the fault handler outlive that.
pub fn pin_this_module() {
    if let Some(module) = module_of(pin_this_module as *const () as usize)
        && let Ok(path) = std::ffi::CString::new(module.path)
    {
        // SAFETY: the module is loaded already, so nothing runs; the handle is kept for ever.
        unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_data_are_told_apart() {
        let data = Box::new(0u64);
        assert!(is_executable(is_executable as *const () as usize));
        assert!(is_executable(libc::malloc as *const () as usize));
        assert!(!is_executable(&raw const *data as usize));
        assert!(!is_executable(&raw const data as usize));
        assert!(!is_executable(0));
        assert!(!is_executable(usize::MAX));
    }
}
