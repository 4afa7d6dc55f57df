//! Guarded routines that try, and the signal handler that ends the trial.
//!
//! # Safety
//! The routines are leaves: they push nothing, so at any instruction the return address is on top of
//! the stack, and resuming at `arkffi_guard_failed`, which returns -1, or at `arkffi_quick_failed` is the same as
//! returning. The handler runs on whatever thread faulted, calls nothing but the previous handler, and reads only
//! statics that were written before it was installed; it is async-signal-safe.
#![allow(unsafe_code)]

use std::arch::global_asm;
use std::ffi::c_void;
use std::sync::OnceLock;

use libc::{SIGBUS, SIGSEGV, c_int, sigaction, siginfo_t, ucontext_t};

use super::{QUICK_FAILED, Quick, Routines};
use crate::os::signals;

macro_rules! routine {
    ($name:literal, $($line:literal),+) => {
        concat!(".p2align 4\n.hidden ", $name, "\n.globl ", $name, "\n", $name, ":\n", $($line, "\n"),+)
    };
}

global_asm!(
    ".p2align 4",
    ".hidden arkffi_guard_begin",
    ".globl arkffi_guard_begin",
    "arkffi_guard_begin:",
    routine!("arkffi_load1", "mov al, [rsi]", "mov [rdi], al", "xor eax, eax", "ret"),
    routine!("arkffi_load2", "mov ax, [rsi]", "mov [rdi], ax", "xor eax, eax", "ret"),
    routine!("arkffi_load4", "mov eax, [rsi]", "mov [rdi], eax", "xor eax, eax", "ret"),
    routine!("arkffi_load8", "mov rax, [rsi]", "mov [rdi], rax", "xor eax, eax", "ret"),
    routine!("arkffi_store1", "mov [rdi], sil", "xor eax, eax", "ret"),
    routine!("arkffi_store2", "mov [rdi], si", "xor eax, eax", "ret"),
    routine!("arkffi_store4", "mov [rdi], esi", "xor eax, eax", "ret"),
    routine!("arkffi_store8", "mov [rdi], rsi", "xor eax, eax", "ret"),
    routine!("arkffi_store_f32", "movss [rdi], xmm0", "xor eax, eax", "ret"),
    routine!("arkffi_store_f64", "movsd [rdi], xmm0", "xor eax, eax", "ret"),
    // A destination that starts inside the source is copied backwards.
    routine!(
        "arkffi_copy",
        "mov rcx, rdx",
        "mov rax, rdi",
        "sub rax, rsi",
        "cmp rax, rdx",
        "jb 2f",
        "rep movsb",
        "xor eax, eax",
        "ret",
        "2: lea rdi, [rdi + rdx - 1]",
        "lea rsi, [rsi + rdx - 1]",
        "std",
        "rep movsb",
        "cld",
        "xor eax, eax",
        "ret"
    ),
    // Reads are aligned to 16 bytes, so none crosses into a page that the text does not reach.
    routine!(
        "arkffi_length1",
        "mov rax, rdi",
        "pxor xmm0, xmm0",
        "mov ecx, edi",
        "and ecx, 15",
        "and rdi, -16",
        "movdqa xmm1, [rdi]",
        "pcmpeqb xmm1, xmm0",
        "pmovmskb edx, xmm1",
        "shr edx, cl",
        "test edx, edx",
        "jz 2f",
        "bsf eax, edx",
        "ret",
        "2: add rdi, 16",
        "movdqa xmm1, [rdi]",
        "pcmpeqb xmm1, xmm0",
        "pmovmskb edx, xmm1",
        "test edx, edx",
        "jz 2b",
        "bsf edx, edx",
        "add rdi, rdx",
        "sub rdi, rax",
        "mov rax, rdi",
        "ret"
    ),
    routine!(
        "arkffi_length2",
        "xor eax, eax",
        "jmp 3f",
        "2: inc rax",
        "3: cmp word ptr [rdi + rax * 2], 0",
        "jne 2b",
        "ret"
    ),
    routine!(
        "arkffi_length4",
        "xor eax, eax",
        "jmp 3f",
        "2: inc rax",
        "3: cmp dword ptr [rdi + rax * 4], 0",
        "jne 2b",
        "ret"
    ),
    ".hidden arkffi_guard_end",
    ".globl arkffi_guard_end",
    "arkffi_guard_end:",
    ".hidden arkffi_guard_failed",
    ".globl arkffi_guard_failed",
    "arkffi_guard_failed:",
    "cld",
    "mov rax, -1",
    "ret",
    // The quick ones: their first argument is the receiver.
    ".p2align 4",
    ".hidden arkffi_quick_begin",
    ".globl arkffi_quick_begin",
    "arkffi_quick_begin:",
    routine!("arkffi_peek_i8", "movsx eax, byte ptr [rsi]", "ret"),
    routine!("arkffi_peek_u8", "movzx eax, byte ptr [rsi]", "ret"),
    routine!("arkffi_peek_i16", "movsx eax, word ptr [rsi]", "ret"),
    routine!("arkffi_peek_u16", "movzx eax, word ptr [rsi]", "ret"),
    routine!("arkffi_peek_32", "mov eax, [rsi]", "ret"),
    routine!("arkffi_peek_64", "xorps xmm0, xmm0", "cvtsi2sd xmm0, qword ptr [rsi]", "ret"),
    // What is no number has bits that JavaScript must not see: it is read in the other way.
    routine!(
        "arkffi_peek_f32",
        "xorps xmm0, xmm0",
        "cvtss2sd xmm0, dword ptr [rsi]",
        "ucomisd xmm0, xmm0",
        "jp arkffi_quick_failed",
        "ret"
    ),
    routine!(
        "arkffi_peek_f64",
        "movsd xmm0, [rsi]",
        "ucomisd xmm0, xmm0",
        "jp arkffi_quick_failed",
        "ret"
    ),
    routine!("arkffi_poke_8", "mov [rsi], dl", "mov eax, 1", "ret"),
    routine!("arkffi_poke_16", "mov [rsi], dx", "mov eax, 1", "ret"),
    routine!("arkffi_poke_32", "mov [rsi], edx", "mov eax, 1", "ret"),
    routine!("arkffi_poke_64", "mov [rsi], rdx", "mov eax, 1", "ret"),
    routine!("arkffi_poke_f32", "cvtsd2ss xmm0, xmm0", "movss [rsi], xmm0", "mov eax, 1", "ret"),
    routine!("arkffi_poke_f64", "movsd [rsi], xmm0", "mov eax, 1", "ret"),
    // What is kept ends with a NUL.
    routine!(
        "arkffi_same_text",
        "xor ecx, ecx",
        "2: mov al, [rsi + rcx]",
        "cmp al, [rdx + rcx]",
        "jne 3f",
        "inc rcx",
        "test al, al",
        "jnz 2b",
        "mov eax, 1",
        "ret",
        "3: xor eax, eax",
        "ret"
    ),
    ".hidden arkffi_quick_end",
    ".globl arkffi_quick_end",
    "arkffi_quick_end:",
    ".hidden arkffi_quick_failed",
    ".globl arkffi_quick_failed",
    "arkffi_quick_failed:",
    "mov eax, {quick_failed}",
    "cvtsi2sd xmm0, eax",
    "ret",
    quick_failed = const QUICK_FAILED,
);

unsafe extern "C" {
    fn arkffi_guard_begin();
    fn arkffi_guard_end();
    fn arkffi_guard_failed();
    fn arkffi_load1();
    fn arkffi_load2();
    fn arkffi_load4();
    fn arkffi_load8();
    fn arkffi_store1();
    fn arkffi_store2();
    fn arkffi_store4();
    fn arkffi_store8();
    fn arkffi_store_f32();
    fn arkffi_store_f64();
    fn arkffi_copy();
    fn arkffi_quick_begin();
    fn arkffi_quick_end();
    fn arkffi_quick_failed();
    fn arkffi_peek_i8();
    fn arkffi_peek_u8();
    fn arkffi_peek_i16();
    fn arkffi_peek_u16();
    fn arkffi_peek_32();
    fn arkffi_peek_64();
    fn arkffi_peek_f32();
    fn arkffi_peek_f64();
    fn arkffi_poke_8();
    fn arkffi_poke_16();
    fn arkffi_poke_32();
    fn arkffi_poke_64();
    fn arkffi_poke_f32();
    fn arkffi_poke_f64();
    fn arkffi_same_text();
    safe fn arkffi_length1(text: usize) -> usize;
    safe fn arkffi_length2(text: usize) -> usize;
    safe fn arkffi_length4(text: usize) -> usize;
}

/// The routines of this implementation.
pub(super) fn routines() -> Routines {
    let code = |routine: unsafe extern "C" fn()| routine as *const c_void;
    Routines {
        load: [arkffi_load1, arkffi_load2, arkffi_load4, arkffi_load8].map(code),
        store: [arkffi_store1, arkffi_store2, arkffi_store4, arkffi_store8].map(code),
        store_f32: code(arkffi_store_f32),
        store_f64: code(arkffi_store_f64),
        copy: code(arkffi_copy),
        length: [length1, length2, length4],
        quick: Some(Quick {
            peek: [arkffi_peek_i8, arkffi_peek_u8, arkffi_peek_i16, arkffi_peek_u16, arkffi_peek_32]
                .map(code),
            peek_double: [arkffi_peek_64, arkffi_peek_f32, arkffi_peek_f64].map(code),
            poke: [arkffi_poke_8, arkffi_poke_16, arkffi_poke_32].map(code),
            poke_64: code(arkffi_poke_64),
            poke_double: [arkffi_poke_f32, arkffi_poke_f64].map(code),
            same_text: code(arkffi_same_text),
        }),
    }
}

extern "C" fn length1(text: usize) -> usize {
    arkffi_length1(text)
}

extern "C" fn length2(text: usize) -> usize {
    arkffi_length2(text)
}

extern "C" fn length4(text: usize) -> usize {
    arkffi_length4(text)
}

/// The handlers that were there before, for SIGSEGV and SIGBUS.
static PREVIOUS: [OnceLock<sigaction>; 2] = [const { OnceLock::new() }; 2];

fn previous(signal: c_int) -> &'static OnceLock<sigaction> {
    &PREVIOUS[usize::from(signal == SIGBUS)]
}

/// Installs the handler for both signals; `false` where the system refuses.
pub(super) fn install() -> bool {
    [SIGSEGV, SIGBUS].into_iter().all(|signal| signals::handle(signal, on_fault, previous(signal)))
}

extern "C" fn on_fault(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel passes a valid info and context to a handler installed with SA_SIGINFO. A
    // positive code means that the kernel raised the signal, not a process by kill(2).
    unsafe {
        let registers = &mut (*context.cast::<ucontext_t>()).uc_mcontext.gregs;
        let at = registers[libc::REG_RIP as usize] as usize;
        let guarded = (arkffi_guard_begin as *const () as usize)..(arkffi_guard_end as *const () as usize);
        let quick = (arkffi_quick_begin as *const () as usize)..(arkffi_quick_end as *const () as usize);
        if (*info).si_code > 0 && guarded.contains(&at) {
            registers[libc::REG_RIP as usize] = arkffi_guard_failed as *const () as i64;
            return;
        }
        if (*info).si_code > 0 && quick.contains(&at) {
            registers[libc::REG_RIP as usize] = arkffi_quick_failed as *const () as i64;
            return;
        }
        signals::pass_on(previous(signal), signal, info, context);
    }
}
