//! Stacks for C beside the thread's own, and switching between them, on System V AMD64.
//!
//! # Safety
//! A switch saves what a function must keep (rbx, rbp, r12 to r15; System V ABI, AMD64 supplement, 3.2.1)
//! on the stack that it leaves. On top of a coroutine's stack that was left, or prepared by
//! [`Stack::prepare`], stands the address where it goes on. A stack is unmapped only when nothing runs on
//! it any more.
#![allow(unsafe_code)]

use std::arch::naked_asm;
use std::ffi::c_void;
use std::ptr::null_mut;

/// Bytes of a stack: as much as the main thread usually has. Only what is used is backed by memory.
const BYTES: usize = 8 * 1024 * 1024;
/// Bytes at its end that cannot be touched, so that an overflow is a fault.
const GUARD: usize = 64 * 1024;

/// Whether C can run on stacks of its own here.
pub(super) const AVAILABLE: bool = true;

/// What runs on a stack first. It never returns.
pub(super) type Start = unsafe extern "C" fn(*mut c_void) -> !;

/// A stack.
pub(super) struct Stack {
    start: *mut c_void,
}

impl Stack {
    /// A stack, or `None` where the system grants none.
    pub(super) fn new() -> Option<Self> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_STACK;
        // SAFETY: a new mapping harms no other memory; its lowest bytes are of nobody.
        unsafe {
            let start = libc::mmap(null_mut(), BYTES, access, flags, -1, 0);
            if start == libc::MAP_FAILED {
                return None;
            }
            libc::mprotect(start, GUARD, libc::PROT_NONE);
            Some(Stack { start })
        }
    }

    /// Prepares it so that the first switch to the address returned calls `start` with `data`.
    pub(super) fn prepare(&self, start: Start, data: *mut c_void) -> usize {
        let top = self.start as usize + BYTES;
        let first = [arkffi_coroutine_start as *const () as usize, start as usize, data as usize];
        // Above it the stack is aligned to 16 bytes.
        let at = top - 32 - size_of_val(&first);
        // SAFETY: the bytes below the top are the stack's, on which nothing runs yet.
        unsafe { (at as *mut [usize; 3]).write(first) };
        at
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: the mapping is this stack's alone; nothing runs on it (the module's header).
        unsafe { libc::munmap(self.start, BYTES) };
    }
}

/// Calls the function that `prepare` has put on the stack with what it has put there beside it.
#[unsafe(naked)]
unsafe extern "C" fn arkffi_coroutine_start() {
    naked_asm!("pop rax", "pop rdi", "and rsp, -16", "call rax", "ud2")
}

/// Leaves the thread's stack, storing where it was left, and goes on where the coroutine's was.
///
/// It goes there by a jump, and a coroutine that is suspended returns to its C code by a jump too: so the
/// processor's own stack of return addresses stays that of the thread, and its guesses stay right.
///
/// # Safety
/// `to` is where the coroutine's stack was left, or prepared, and nothing runs on that.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn enter(from: *mut usize, to: usize) {
    naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "mov [rdi], rsp",
        "mov rsp, rsi",
        "pop rcx",
        "jmp rcx",
    )
}

/// Leaves the coroutine's stack, storing where it was left, and returns from [`enter`] on the thread's.
///
/// # Safety
/// `to` is where `enter` has left the thread's stack.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn leave(from: *mut usize, to: usize) {
    naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "lea rcx, [rip + 2f]",
        "push rcx",
        "mov [rdi], rsp",
        "mov rsp, rsi",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
        "2: pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
    )
}
