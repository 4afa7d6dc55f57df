//! Guarded routines by the kernel's copy between processes, applied to this one: a fault is an error
//! of the call, not a signal (process_vm_readv(2) and its like). A hundred times slower than `fault`.
//!
//! # Safety
//! Every address that is not arkffi's own goes to the kernel, which checks it. The local side of a
//! transfer is the caller's value or a block on this file's stack.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};

use super::Routines;
use crate::os;

/// Memory is mapped in pages of at least this size.
const PAGE: usize = 4096;

pub(super) fn routines() -> Routines {
    Routines {
        load: [load::<1> as *const c_void, load::<2> as _, load::<4> as _, load::<8> as _],
        store: [store::<1> as *const c_void, store::<2> as _, store::<4> as _, store::<8> as _],
        store_f32: store_f32 as *const c_void,
        store_f64: store_f64 as *const c_void,
        copy: copy as *const c_void,
        length: [length::<1>, length::<2>, length::<4>],
        quick: None,
    }
}

fn read(to: *mut u8, from: usize, bytes: usize) -> bool {
    // SAFETY: `to` is a block of that many bytes on a stack of this file, or in the slots.
    unsafe { os::read(to, from, bytes) }
}

fn write(to: usize, from: *const u8, bytes: usize) -> bool {
    // SAFETY: `from` is a block of that many bytes on a stack of this file.
    unsafe { os::write(to, from, bytes) }
}

extern "C" fn load<const N: usize>(to: *mut u8, from: usize) -> c_int {
    if read(to, from, N) { 0 } else { -1 }
}

extern "C" fn store<const N: usize>(to: usize, value: u64) -> c_int {
    if write(to, value.to_le_bytes().as_ptr(), N) { 0 } else { -1 }
}

extern "C" fn store_f32(to: usize, value: f32) -> c_int {
    if write(to, value.to_le_bytes().as_ptr(), 4) { 0 } else { -1 }
}

extern "C" fn store_f64(to: usize, value: f64) -> c_int {
    if write(to, value.to_le_bytes().as_ptr(), 8) { 0 } else { -1 }
}

extern "C" fn copy(to: usize, from: usize, bytes: usize) -> c_int {
    let backwards = to.wrapping_sub(from) < bytes;
    let mut block = [0u8; PAGE];
    let mut done = 0;
    while done < bytes {
        let length = (bytes - done).min(PAGE);
        let offset = if backwards { bytes - done - length } else { done };
        let (to, from) = (to.wrapping_add(offset), from.wrapping_add(offset));
        if !read(block.as_mut_ptr(), from, length) || !write(to, block.as_ptr(), length) {
            return -1;
        }
        done += length;
    }
    0
}

extern "C" fn length<const N: usize>(text: usize) -> usize {
    let mut units = 0;
    let mut block = [0u8; PAGE];
    loop {
        let at = text.wrapping_add(units * N);
        // Up to the end of the page: the next one may not be mapped. A unit that straddles the end
        // is read by itself.
        let length = ((PAGE - at % PAGE) / N * N).max(N);
        if !read(block.as_mut_ptr(), at, length) {
            return usize::MAX;
        }
        for unit in block[..length].chunks_exact(N) {
            if unit.iter().all(|byte| *byte == 0) {
                return units;
            }
            units += 1;
        }
    }
}
