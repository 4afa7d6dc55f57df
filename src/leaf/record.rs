//! Records and stubs: what V8 calls, and what it calls it for.
//!
//! Stubs are written into pages that then become executable and are never writable again; each page of code is
//! followed by its records. Neither is ever unmapped: code that V8 has compiled may jump to a stub as long as its
//! environment lives, and the compiler may look at a record's function even later.
//!
//! # Safety
//! From [`take`] to [`give_back`] a record is one environment's, which writes it before V8 knows its stub.
//! Memory that a record points to outlives its environment's JavaScript.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::Mutex;

use super::code;
use super::layout::Info;
use super::signature::Returned;
use super::watch::Shared;
use crate::queue::lock;

/// What a stub needs to know, and what V8 is told of it.
#[repr(C, align(64))]
pub struct Record {
    /// The C function.
    pub target: *const c_void,
    /// Where the bits of a 64-bit result are left.
    pub result: *mut u64,
    /// What the leaf functions of the environment share.
    pub shared: *const Shared,
    /// The function's name.
    pub name: *const &'static str,
    /// The record's stub.
    pub stub: *const c_void,
    /// What V8 takes for a `v8::CFunction`: the stub or the C function itself, and its signature.
    pub function: Function,
}

/// A `v8::CFunction`.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Function {
    /// What is called.
    pub code: *const c_void,
    /// Its signature.
    pub info: *const Info,
}

/// Bytes of a stub.
const STUB: usize = 128;
/// Bytes of a chunk's code: a page.
const CODE: usize = 4096;
/// Stubs of a chunk.
const STUBS: usize = CODE / STUB;

/// Records that are nobody's, by what their stub does with the result.
struct Free([Vec<*mut Record>; 2]);

// SAFETY: the records are nobody else's.
unsafe impl Send for Free {}

static FREE: Mutex<Free> = Mutex::new(Free([const { Vec::new() }; 2]));

fn place(returned: Returned) -> usize {
    match returned {
        Returned::Same => 0,
        Returned::Wide => 1,
    }
}

/// A record for one function of an environment, or `None` where the system grants no executable memory.
pub fn take(returned: Returned) -> Option<*mut Record> {
    let mut free = lock(&FREE);
    let records = &mut free.0[place(returned)];
    if records.is_empty() {
        *records = chunk(returned)?;
    }
    records.pop()
}

/// Gives a record back.
///
/// # Safety
/// It is one of [`take`] with the same `returned`, and no JavaScript of its environment will run again.
pub unsafe fn give_back(record: *mut Record, returned: Returned) {
    lock(&FREE).0[place(returned)].push(record);
}

/// None are made where there are no stubs for the system.
#[cfg(not(unix))]
fn chunk(_returned: Returned) -> Option<Vec<*mut Record>> {
    None
}

/// Makes the stubs of a chunk, with a record each.
#[cfg(unix)]
fn chunk(returned: Returned) -> Option<Vec<*mut Record>> {
    let bytes = CODE + STUBS * size_of::<Record>();
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a new mapping harms no other memory.
    let start =
        unsafe { libc::mmap(null_mut(), bytes, access, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0) };
    if start == libc::MAP_FAILED {
        return None;
    }
    let first = start.cast::<u8>();
    let mut records = Vec::with_capacity(STUBS);
    // Those at the start are used first.
    for index in (0..STUBS).rev() {
        let (at, to) = (index * STUB, CODE + index * size_of::<Record>());
        let stub = code::sysv64(returned, (to - at) as u32);
        // SAFETY: both lie within the new mapping, which nobody else has yet; a stub is shorter than its room,
        // and records are aligned to 64 bytes.
        unsafe {
            first.add(at).copy_from_nonoverlapping(stub.as_ptr(), stub.len().min(STUB));
            let record = first.add(to).cast::<Record>();
            record.write(Record {
                target: null(),
                result: null_mut(),
                shared: null(),
                name: null(),
                stub: first.add(at).cast(),
                function: Function { code: null(), info: null() },
            });
            records.push(record);
        }
    }
    // SAFETY: the range is the code of the new mapping; nothing else lies in its page.
    if unsafe { libc::mprotect(start, CODE, libc::PROT_READ | libc::PROT_EXEC) } != 0 {
        // SAFETY: nobody has an address of it.
        unsafe { libc::munmap(start, bytes) };
        return None;
    }
    Some(records)
}
