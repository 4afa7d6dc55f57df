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
    /// Those for code that V8 has compiled.
    pub quick: Option<Quick>,
}

/// What quick routines give where the address is at fault; a value that is the same is to be read in another way.
pub const QUICK_FAILED: i32 = -0x61c8_8647;

/// Routines that V8's compiled code calls by itself: their first argument is the receiver, of which they make nothing.
#[derive(Clone, Copy)]
pub struct Quick {
    /// `int peek(receiver, const void *from)`: an int8_t, uint8_t, int16_t, uint16_t, and an int32_t.
    pub peek: [*const c_void; 5],
    /// `double peek(receiver, const void *from)`: an int64_t, which may be rounded, a float and a double; [`QUICK_FAILED`]
    /// for what is no number.
    pub peek_double: [*const c_void; 3],
    /// `int poke(receiver, void *to, int value)`, which gives 1: the lowest 1, 2 and 4 bytes.
    pub poke: [*const c_void; 3],
    /// `int poke(receiver, void *to, int64_t value)`.
    pub poke_64: *const c_void,
    /// `int poke(receiver, void *to, double value)`: as a float and as a double.
    pub poke_double: [*const c_void; 2],
    /// `int same(receiver, const char *text, const char *kept)`: 1 where the strings are the same, else 0.
    pub same_text: *const c_void,
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

    type Peek = extern "C" fn(usize, usize) -> i32;
    type PeekDouble = extern "C" fn(usize, usize) -> f64;
    type Poke = extern "C" fn(usize, usize, i64) -> i32;

    #[test]
    #[allow(unsafe_code)]
    fn quick_routines_read_and_write_or_say_that_they_cannot() {
        let Some(quick) = routines().quick else { return };
        // SAFETY: the types are those of the routines, which take any address; the register of a value is the same for all
        // integers.
        let (peeks, doubles, pokes) = unsafe {
            let [byte, half, word] = quick.poke;
            (
                quick.peek.map(|code| std::mem::transmute::<*const c_void, Peek>(code)),
                quick.peek_double.map(|code| std::mem::transmute::<*const c_void, PeekDouble>(code)),
                [byte, half, word, quick.poke_64]
                    .map(|code| std::mem::transmute::<*const c_void, Poke>(code)),
            )
        };
        let place = std::cell::Cell::new(0xffff_fffe_8000_00f0_u64);
        let at = place.as_ptr() as usize;
        assert_eq!(peeks.map(|peek| peek(0, at)), [-16, 240, 240, 240, i32::MIN + 240]);
        assert_eq!(doubles[0](0, at), -6_442_450_704.0);
        let failed = f64::from(QUICK_FAILED);
        for bad in [0, 16, usize::MAX, 1 << 60] {
            assert_eq!(peeks.map(|peek| peek(0, bad)), [QUICK_FAILED; 5]);
            assert_eq!(doubles.map(|peek| peek(0, bad)), [failed; 3]);
            assert_eq!(pokes.map(|poke| poke(0, bad, 1)), [QUICK_FAILED; 4]);
        }
        for (peek, not_a_number) in doubles[1..].iter().zip([0x7fa0_0000, 0xfff7_ffff_fff7_ffff]) {
            place.set(not_a_number);
            assert_eq!(peek(0, at), failed);
        }
        place.set(0);
        for (poke, written) in pokes.iter().zip([0xfe, 0xfffe, 0xffff_fffe, u64::MAX - 1]) {
            assert_eq!((poke(0, at, -2), place.get()), (1, written));
        }
    }

    #[test]
    fn lengths_are_exact_and_bad_addresses_are_told() {
        check(routines().length);
        check(kernel::routines().length);
    }
}
