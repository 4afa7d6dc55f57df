//! The System V AMD64 convention: one load-all trampoline serves every signature.
//!
//! Integer and floating-point parameters are counted apart: the first six integers travel in rdi,
//! rsi, rdx, rcx, r8, r9, the first eight floats in xmm0 to xmm7, the rest on the stack in order,
//! and a variadic callee reads from al how many vector registers may be in use (System V ABI, AMD64
//! supplement, 3.2.3 and 3.5.7). Loading registers that the callee does not read is harmless, so
//! the trampoline need not know the signature.
//!
//! # Safety
//! `invoke` enters a foreign function: that its address is code of the signature which the words
//! were laid out for is the user's promise, made in the definition. That there are as many words as
//! the plan says is guaranteed by [`assign`], which numbers them.
#![allow(unsafe_code)]

use std::arch::naked_asm;
use std::ffi::c_void;

use crate::plan::Registers;
use crate::types::Machine;

/// Integer registers for arguments.
pub const INTEGERS: usize = 6;
/// Floating-point registers for arguments.
pub const FLOATS: usize = 8;
/// The first word of the stack part.
pub const STACK: usize = INTEGERS + FLOATS;
/// More stack words than this are left to libffi.
pub const MAX_STACK: usize = 64;

/// Numbers the parameters as the convention does, or `None` where they are too many.
pub fn assign(machines: &[Machine]) -> Option<Registers> {
    let mut layout = Registers::default();
    for machine in machines {
        let word = if machine.is_float() && layout.floats < FLOATS {
            layout.floats += 1;
            INTEGERS + layout.floats - 1
        } else if !machine.is_float() && layout.integers < INTEGERS {
            layout.integers += 1;
            layout.integers - 1
        } else if layout.stack_words < MAX_STACK {
            layout.stack_floats |= u64::from(machine.is_float()) << layout.stack_words;
            layout.stack_words += 1;
            STACK + layout.stack_words - 1
        } else {
            return None;
        };
        layout.words.push(word);
    }
    Some(layout)
}

/// Calls `target` with the registers and stack words of `frame`, and stores rax, rax as a double,
/// and xmm0 at `result`.
///
/// # Safety
/// `target` is a function of the signature that `frame` was laid out for; `frame` holds
/// `STACK + stack_words` words; `result` has room for three.
#[unsafe(naked)]
pub unsafe extern "C" fn invoke(
    frame: *const u64,
    target: *const c_void,
    stack_words: usize,
    result: *mut u64,
) {
    naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "push rbx",
        "push r12",
        "mov rbx, rcx",
        "mov r10, rdi",
        "mov r11, rsi",
        // Two pushes after the frame pointer leave rsp aligned: an odd count needs a filler.
        "mov rax, rdx",
        "and eax, 1",
        "shl eax, 3",
        "sub rsp, rax",
        "test rdx, rdx",
        "jz 3f",
        "2: push qword ptr [r10 + {stack} + rdx * 8 - 8]",
        "dec rdx",
        "jnz 2b",
        "3: movsd xmm0, [r10 + 48]",
        "movsd xmm1, [r10 + 56]",
        "movsd xmm2, [r10 + 64]",
        "movsd xmm3, [r10 + 72]",
        "movsd xmm4, [r10 + 80]",
        "movsd xmm5, [r10 + 88]",
        "movsd xmm6, [r10 + 96]",
        "movsd xmm7, [r10 + 104]",
        "mov rdi, [r10]",
        "mov rsi, [r10 + 8]",
        "mov rdx, [r10 + 16]",
        "mov rcx, [r10 + 24]",
        "mov r8, [r10 + 32]",
        "mov r9, [r10 + 40]",
        "mov eax, 8",
        "call r11",
        "pxor xmm1, xmm1",
        "cvtsi2sd xmm1, rax",
        "mov [rbx], rax",
        "movsd [rbx + 8], xmm1",
        "movsd [rbx + 16], xmm0",
        "lea rsp, [rbp - 16]",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
        stack = const STACK * 8,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    extern "C" fn mixed(a: i32, x: f64, b: u64, c: i64, d: i64, e: i64, f: i64, g: i64, h: i64) -> f64 {
        f64::from(a) + x * 2.0 + (b + 1) as f64 + (c + d * 2 + e * 3 + f * 4 + g * 5 + h * 6) as f64
    }

    #[test]
    fn words_arrive_in_registers_and_on_the_stack() {
        let machines = [
            Machine::I32,
            Machine::F64,
            Machine::U64,
            Machine::I64,
            Machine::I64,
            Machine::I64,
            Machine::I64,
            Machine::I64,
            Machine::I64,
        ];
        let layout = assign(&machines).expect("few enough");
        assert_eq!(layout.words, [0, 6, 1, 2, 3, 4, 5, 14, 15]);
        let mut frame = [0u64; STACK + 2];
        for (value, word) in
            [(7u64, 0), (2.5f64.to_bits(), 6), (9, 1), (1, 2), (1, 3), (1, 4), (1, 5), (1, 14), (2, 15)]
        {
            frame[word] = value;
        }
        let mut result = [0u64; 3];
        // SAFETY: `mixed` has the signature of `machines`; the frame holds STACK + 2 words; the
        // result holds three.
        unsafe { invoke(frame.as_ptr(), mixed as *const c_void, layout.stack_words, result.as_mut_ptr()) };
        assert_eq!(f64::from_bits(result[2]), 7.0 + 5.0 + 10.0 + 27.0);
    }

    #[test]
    fn too_many_stack_words_are_refused() {
        assert!(assign(&[Machine::I32; INTEGERS + MAX_STACK]).is_some());
        assert!(assign(&[Machine::I32; INTEGERS + MAX_STACK + 1]).is_none());
    }
}
