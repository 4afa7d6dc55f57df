//! Guarded access: reading and writing at an address that may not be mapped.
//!
//! The fast way is to try. `fault` holds the routines that touch such memory; a handler for SIGSEGV
//! and SIGBUS resumes at their error exit when, and only when, the fault's program counter lies in
//! one of them, and passes every other fault to the handler that was there before. Where that is not
//! to be had, `kernel` has the kernel copy, which reports a fault as an error.
//!
//! The routines are C functions, so that JavaScript calls them on the ordinary call path.

use std::ffi::c_void;
use std::sync::OnceLock;

use crate::types::TextUnit;

#[cfg(sysv64)]
mod fault;
mod kernel;

/// The addresses of the routines of one implementation. A load or store returns 0, or -1 where the
/// address was at fault; a length is `usize::MAX` then.
#[derive(Clone, Copy)]
pub struct Routines {
    /// `int load(void *to, const void *from)` for 1, 2, 4 and 8 bytes.
    pub load: [*const c_void; 4],
    /// `int store(void *to, uint64_t value)` for 1, 2, 4 and 8 bytes.
    pub store: [*const c_void; 4],
    /// `int store(void *to, float value)`.
    pub store_f32: *const c_void,
    /// `int store(void *to, double value)`.
    pub store_f64: *const c_void,
    /// `int copy(void *to, const void *from, size_t bytes)`; the ranges may overlap.
    pub copy: *const c_void,
    /// `size_t length(const void *text)` in units of 1, 2 and 4 bytes, without the NUL.
    pub length: [extern "C" fn(usize) -> usize; 3],
}

struct Chosen(Routines);

// SAFETY: the addresses are of code, which every thread may run.
#[allow(unsafe_code)]
unsafe impl Send for Chosen {}
// SAFETY: as above.
#[allow(unsafe_code)]
unsafe impl Sync for Chosen {}

/// The routines in use. `ARKFFI_GUARD=kernel` chooses the kernel's copy.
pub fn routines() -> &'static Routines {
    static CHOSEN: OnceLock<Chosen> = OnceLock::new();
    &CHOSEN
        .get_or_init(|| {
            #[cfg(sysv64)]
            if std::env::var_os("ARKFFI_GUARD").is_none_or(|value| value != "kernel") && fault::install() {
                return Chosen(fault::routines());
            }
            Chosen(kernel::routines())
        })
        .0
}

/// The units before the terminating zero, or `None` where the text is not readable up to one.
pub fn text_length(address: usize, unit: TextUnit) -> Option<usize> {
    let [bytes, halves, words] = routines().length;
    let length = match unit {
        TextUnit::Utf8 => bytes(address),
        TextUnit::Utf16 => halves(address),
        TextUnit::Utf32 => words(address),
    };
    (length != usize::MAX).then_some(length)
}

/// Whether every byte of the range can be read. One byte of each page is tried.
#[allow(unsafe_code)]
pub fn is_readable(start: usize, bytes: usize) -> bool {
    const PAGE: usize = 4096;
    let Some(end) = start.checked_add(bytes) else { return false };
    let [load, ..] = routines().load;
    // SAFETY: every implementation's load has this type; it takes any address.
    let load: extern "C" fn(*mut u8, usize) -> i32 = unsafe { std::mem::transmute(load) };
    let mut byte = 0;
    let mut at = start;
    while at < end {
        if load(&mut byte, at) != 0 {
            return false;
        }
        at = (at & !(PAGE - 1)).saturating_add(PAGE);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(length: [extern "C" fn(usize) -> usize; 3]) {
        let text =
            [b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0".as_slice(); 3].concat();
        for start in 0..64 {
            assert_eq!(length[0](text.as_ptr() as usize + start), 63 - start);
        }
        let halves = [0x100u16, 1, 2, 0, 9];
        assert_eq!(length[1](halves.as_ptr() as usize), 3);
        let words = [0x1_0000u32, 0x100, 0, 9];
        assert_eq!(length[2](words.as_ptr() as usize), 2);
        for address in [0, 16, usize::MAX, usize::MAX - 64, 1 << 60] {
            for routine in length {
                assert_eq!(routine(address), usize::MAX, "at {address:#x}");
            }
        }
    }

    #[test]
    fn lengths_are_exact_and_bad_addresses_are_told() {
        check(routines().length);
        check(kernel::routines().length);
    }
}
