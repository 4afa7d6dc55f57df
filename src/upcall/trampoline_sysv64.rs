//! Trampolines on System V AMD64: function pointers that load the address of their record and enter Rust.
//!
//! They are written into pages that then become executable and are never writable again. Each page of code
//! is followed by its records, so that a stub finds its own relative to itself.
//!
//! # Safety
//! `arkffi_upcall` is entered by a stub with the record's address in r11 and everything else as C's caller
//! left it; it saves all argument registers, keeps rbx, rbp and r12 to r15 by touching none but rbp, and
//! returns as the convention says (System V ABI, AMD64 supplement, 3.2). Code and records are never
//! unmapped.
#![allow(unsafe_code)]

use std::arch::{asm, naked_asm};
use std::ffi::c_void;
use std::mem::offset_of;
use std::ptr::null_mut;
use std::sync::{PoisonError, RwLock};

use super::closure;
use super::incoming::{Incoming, Saved};
use super::record::Record;
use super::run::upcall;
use crate::coroutine::Coroutine;
use crate::error::Result;

/// Bytes of a stub.
const STUB: usize = 16;
/// Stubs of a chunk.
const STUBS: usize = 1024;
/// Bytes of a chunk's code, a multiple of the page size.
const CODE: usize = STUB * STUBS;

/// Where the chunks' code starts.
static CHUNKS: RwLock<Vec<usize>> = RwLock::new(Vec::new());

/// Whether the address is a trampoline's of this process.
pub fn is_trampoline(address: usize) -> bool {
    let chunks = CHUNKS.read().unwrap_or_else(PoisonError::into_inner);
    chunks.iter().any(|start| (*start..start + CODE).contains(&address) && address.is_multiple_of(STUB))
}

/// What tells the current thread from every other that lives.
#[inline]
pub fn thread_pointer() -> usize {
    let pointer: usize;
    // SAFETY: the first word of the thread control block holds its own address (ELF Handling for
    // Thread-Local Storage, 3.4.6).
    unsafe { asm!("mov {}, fs:0", out(reg) pointer, options(nostack, readonly, pure, preserves_flags)) };
    pointer
}

/// Makes the trampolines of a chunk, with a record each.
///
/// # Errors
/// [`Code::OutOfMemory`].
pub(super) fn chunk() -> Result<Vec<*mut Record>> {
    let bytes = CODE + STUBS * size_of::<Record>();
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping harms no other memory.
    let start = unsafe { libc::mmap(null_mut(), bytes, access, flags, -1, 0) };
    if start == libc::MAP_FAILED {
        return Err(closure::exhausted());
    }
    let code = start.cast::<u8>();
    let mut records = Vec::with_capacity(STUBS);
    for index in 0..STUBS {
        let at = index * STUB;
        let to = CODE + index * size_of::<Record>();
        let distance = (to - (at + 11)) as u32;
        let mut stub = [0xcc_u8; STUB];
        // endbr64; lea r11, [rip + distance]; jmp [r11 + enter]
        stub[..4].copy_from_slice(&[0xf3, 0x0f, 0x1e, 0xfa]);
        stub[4..7].copy_from_slice(&[0x4c, 0x8d, 0x1d]);
        stub[7..11].copy_from_slice(&distance.to_le_bytes());
        stub[11..15].copy_from_slice(&[0x41, 0xff, 0x63, offset_of!(Record, enter) as u8]);
        // SAFETY: both lie within the new mapping, which nobody else has yet; records are aligned to 64
        // bytes, and the mapping to a page.
        unsafe {
            code.add(at).copy_from_nonoverlapping(stub.as_ptr(), STUB);
            let record = code.add(to).cast::<Record>();
            record.write(Record::new(arkffi_upcall as *const c_void, code.add(at).cast()));
            records.push(record);
        }
    }
    // SAFETY: the range is the code of the new mapping; nothing else lies in its pages.
    if unsafe { libc::mprotect(start, CODE, libc::PROT_READ | libc::PROT_EXEC) } != 0 {
        // SAFETY: nobody has an address of it.
        unsafe { libc::munmap(start, bytes) };
        return Err(closure::exhausted());
    }
    CHUNKS.write().unwrap_or_else(PoisonError::into_inner).push(start as usize);
    // Those at the start are used first.
    records.reverse();
    Ok(records)
}

unsafe extern "C" fn by_registers(record: *const Record, saved: *mut Saved) -> *mut Coroutine {
    // SAFETY: entered by `arkffi_upcall` with the record of the stub and what it has saved.
    unsafe { upcall(&*record, Incoming::Registers(saved)) }
}

/// Saves the argument registers as a [`Saved`], enters Rust, and loads the result registers.
///
/// Where Rust gives a coroutine, that is suspended here, as `switch_sysv64.rs` does it, but so that the
/// processor's stack of return addresses becomes that of the thread: the entry of C's call of this function
/// is used up by a return to the next instruction, and C is returned to by a jump.
#[unsafe(naked)]
unsafe extern "C" fn arkffi_upcall() {
    naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "sub rsp, {room}",
        "mov [rsp], rdi",
        "mov [rsp + 8], rsi",
        "mov [rsp + 16], rdx",
        "mov [rsp + 24], rcx",
        "mov [rsp + 32], r8",
        "mov [rsp + 40], r9",
        "movsd [rsp + 48], xmm0",
        "movsd [rsp + 56], xmm1",
        "movsd [rsp + 64], xmm2",
        "movsd [rsp + 72], xmm3",
        "movsd [rsp + 80], xmm4",
        "movsd [rsp + 88], xmm5",
        "movsd [rsp + 96], xmm6",
        "movsd [rsp + 104], xmm7",
        "lea rax, [rbp + 16]",
        "mov [rsp + {stack}], rax",
        "mov rdi, r11",
        "mov rsi, rsp",
        "call {enter}",
        "test rax, rax",
        "jnz 2f",
        "mov rax, [rsp + {results}]",
        "mov rdx, [rsp + {results} + 8]",
        "movsd xmm0, [rsp + {results} + 16]",
        "movsd xmm1, [rsp + {results} + 24]",
        "leave",
        "ret",
        "2: push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "lea rcx, [rip + 4f]",
        "push rcx",
        "mov [rax + {inside}], rsp",
        "mov rsp, [rax + {outside}]",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "lea rcx, [rip + 3f]",
        "push rcx",
        "ret",
        "3: ret",
        "4: pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "mov rax, [rsp + {results}]",
        "mov rdx, [rsp + {results} + 8]",
        "movsd xmm0, [rsp + {results} + 16]",
        "movsd xmm1, [rsp + {results} + 24]",
        "leave",
        "pop rcx",
        "jmp rcx",
        room = const size_of::<Saved>().next_multiple_of(16),
        stack = const offset_of!(Saved, stack),
        results = const offset_of!(Saved, results),
        inside = const offset_of!(Coroutine, inside),
        outside = const offset_of!(Coroutine, outside),
        enter = sym by_registers,
    )
}
