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

use crate::aggregate::{Aggregate, Leaf};
use crate::plan::{Passed, Registers};
use crate::slots::{ARGUMENT_WORDS, PADDING, RESULT, RESULT_FLOAT};
use crate::types::Machine;

/// Integer registers for arguments.
pub const INTEGERS: usize = 6;
/// Floating-point registers for arguments.
pub const FLOATS: usize = 8;
/// The first word of the stack part.
pub const STACK: usize = INTEGERS + FLOATS;
/// More stack words than this are left to libffi.
pub const MAX_STACK: usize = ARGUMENT_WORDS - STACK;

/// The registers that an eightbyte of an aggregate travels in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Integer registers.
    Integer,
    /// Vector registers.
    Sse,
    /// None: it is padding, and its bytes travel nowhere.
    Nothing,
}

/// The classes of an aggregate's eightbytes, or `None` where it travels in memory: it is larger than
/// two eightbytes, or a member is not aligned. An eightbyte is INTEGER where any part of it is (3.2.3);
/// a bit-field is, whatever its position (GCC's `classify_argument`).
pub fn classify(aggregate: &Aggregate) -> Option<Vec<Class>> {
    if aggregate.size == 0 || aggregate.size > 16 || aggregate.leaves.iter().any(Leaf::is_unaligned) {
        return None;
    }
    let mut classes = vec![Class::Nothing; aggregate.words()];
    for leaf in &aggregate.leaves {
        let end = (leaf.first_bit + leaf.bits).div_ceil(64).min(classes.len());
        for class in &mut classes[leaf.first_bit / 64..end] {
            *class = match *class {
                Class::Nothing | Class::Sse if leaf.machine.is_float() => Class::Sse,
                Class::Nothing | Class::Sse | Class::Integer => Class::Integer,
            };
        }
    }
    Some(classes)
}

/// The words of the result's eightbytes, as [`invoke`] stores them; `None` for a result in memory.
pub fn result_words(aggregate: &Aggregate) -> Option<[usize; 2]> {
    let (mut integer, mut float) = (RESULT, RESULT_FLOAT);
    let mut words = [RESULT; 2];
    for (word, class) in words.iter_mut().zip(classify(aggregate)?) {
        let next = match class {
            Class::Integer => &mut integer,
            Class::Sse => &mut float,
            Class::Nothing => {
                *word = PADDING;
                continue;
            }
        };
        *word = *next;
        *next += 1;
    }
    Some(words)
}

/// Members of a struct that travels as the aggregate does, for libffi, which knows neither unions nor
/// bit-fields nor packing; `None` where there is none such: it travels in memory, but is no larger
/// than two eightbytes, or one of those is padding.
pub fn substitute(aggregate: &Aggregate) -> Option<Vec<Machine>> {
    let word = |class| match class {
        Class::Integer => Some(Machine::U64),
        Class::Sse => Some(Machine::F64),
        Class::Nothing => None,
    };
    match classify(aggregate) {
        Some(classes) => classes.into_iter().map(word).collect(),
        None if aggregate.size > 16 => Some(vec![Machine::U64; aggregate.words()]),
        None => None,
    }
}

/// Numbers the parameters as the convention does, or `None` where they are too many. `hidden`: the
/// first integer register holds the address of the result's memory.
pub fn assign(params: &[Passed], hidden: bool) -> Option<Registers> {
    let mut layout = Registers { integers: usize::from(hidden), ..Registers::default() };
    for param in params {
        let words = match param {
            Passed::Scalar(machine) => {
                let class = if machine.is_float() { Class::Sse } else { Class::Integer };
                layout.in_registers(&[class]).or_else(|| layout.on_stack(1, machine.is_float()))
            }
            Passed::Aggregate(aggregate) => classify(aggregate)
                .and_then(|classes| layout.in_registers(&classes))
                .or_else(|| layout.on_stack(aggregate.words(), true)),
        };
        layout.words.push(words?);
    }
    Some(layout)
}

impl Registers {
    /// Registers for all of the eightbytes, or for none (3.2.3, "if there are no registers available
    /// for any eightbyte of an argument, the whole argument is passed on the stack").
    fn in_registers(&mut self, classes: &[Class]) -> Option<[usize; 2]> {
        let count = |class| classes.iter().filter(|one| **one == class).count();
        let (integers, floats) = (count(Class::Integer), count(Class::Sse));
        if self.integers + integers > INTEGERS || self.floats + floats > FLOATS {
            return None;
        }
        let mut words = [0; 2];
        for (word, class) in words.iter_mut().zip(classes) {
            let (used, first) = match class {
                Class::Integer => (&mut self.integers, 0),
                Class::Sse => (&mut self.floats, INTEGERS),
                Class::Nothing => {
                    *word = PADDING;
                    continue;
                }
            };
            *word = first + *used;
            *used += 1;
        }
        Some(words)
    }

    /// So many words on the stack. `raw`: they are not integers stored as doubles.
    fn on_stack(&mut self, words: usize, raw: bool) -> Option<[usize; 2]> {
        let first = self.stack_words;
        self.stack_words += words;
        if self.stack_words > MAX_STACK {
            return None;
        }
        if raw {
            (first..self.stack_words.min(64)).for_each(|word| self.stack_floats |= 1 << word);
        }
        Some([STACK + first, STACK + first + 1])
    }
}

/// Calls `target` with the registers and stack words of `frame`, and stores rax, rdx, rax as a double,
/// xmm0 and xmm1 at `result`.
///
/// # Safety
/// `target` is a function of the signature that `frame` was laid out for; `frame` holds
/// `STACK + stack_words` words; `result` has room for five.
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
        "pxor xmm2, xmm2",
        "cvtsi2sd xmm2, rax",
        "mov [rbx], rax",
        "mov [rbx + 8], rdx",
        "movsd [rbx + 16], xmm2",
        "movsd [rbx + 24], xmm0",
        "movsd [rbx + 32], xmm1",
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
    use crate::aggregate::{Kind, Place, Value};
    use crate::types::TypeId;

    extern "C" fn mixed(a: i32, x: f64, b: u64, c: i64, d: i64, e: i64, f: i64, g: i64, h: i64) -> f64 {
        f64::from(a) + x * 2.0 + (b + 1) as f64 + (c + d * 2 + e * 3 + f * 4 + g * 5 + h * 6) as f64
    }

    #[test]
    fn words_arrive_in_registers_and_on_the_stack() {
        let mut params = vec![Passed::Scalar(Machine::I64); 9];
        params[1] = Passed::Scalar(Machine::F64);
        let layout = assign(&params, false).expect("few enough");
        let words: Vec<usize> = layout.words.iter().map(|[word, _]| *word).collect();
        assert_eq!(words, [0, 6, 1, 2, 3, 4, 5, 14, 15]);
        let mut frame = [0u64; STACK + 2];
        for (value, word) in
            [(7u64, 0), (2.5f64.to_bits(), 6), (9, 1), (1, 2), (1, 3), (1, 4), (1, 5), (1, 14), (2, 15)]
        {
            frame[word] = value;
        }
        let mut result = [0u64; 5];
        // SAFETY: `mixed` has the signature of `params`; the frame holds STACK + 2 words; the result
        // holds five.
        unsafe { invoke(frame.as_ptr(), mixed as *const c_void, layout.stack_words, result.as_mut_ptr()) };
        assert_eq!(f64::from_bits(result[3]), 7.0 + 5.0 + 10.0 + 27.0);
    }

    #[test]
    fn too_many_stack_words_are_refused() {
        let words = |count| assign(&vec![Passed::Scalar(Machine::I32); count], false);
        assert!(words(INTEGERS + MAX_STACK).is_some());
        assert!(words(INTEGERS + MAX_STACK + 1).is_none());
    }

    fn of(kind: Kind, size: usize, align: usize, members: &[(usize, TypeId)]) -> Aggregate {
        let members: Vec<(Place, Value)> =
            members.iter().map(|(offset, id)| (Place::Bytes(*offset), Value::Scalar(*id))).collect();
        Aggregate::of_members(kind, size, align, &members).expect("a layout")
    }

    #[test]
    fn eightbytes_are_classified_apart() {
        let mixed = of(Kind::Struct, 16, 8, &[(0, TypeId::F64), (8, TypeId::F32), (12, TypeId::I32)]);
        assert_eq!(classify(&mixed), Some(vec![Class::Sse, Class::Integer]));
        assert_eq!(result_words(&mixed), Some([RESULT_FLOAT, RESULT]));
        let union = of(Kind::Union, 8, 8, &[(0, TypeId::F64), (0, TypeId::U8)]);
        assert_eq!(classify(&union), Some(vec![Class::Integer]));
        let packed = of(Kind::Packed, 9, 1, &[(0, TypeId::U8), (1, TypeId::F64)]);
        assert_eq!(classify(&packed), None);
        let large = of(Kind::Struct, 24, 8, &[(0, TypeId::F64), (8, TypeId::F64), (16, TypeId::F64)]);
        assert_eq!(classify(&large), None);
    }

    #[test]
    fn an_aggregate_travels_whole() {
        let pair = Passed::Aggregate(of(Kind::Struct, 16, 8, &[(0, TypeId::I64), (8, TypeId::I64)]).into());
        let integers = vec![Passed::Scalar(Machine::I64); 5];
        let params = [integers.as_slice(), &[pair.clone(), Passed::Scalar(Machine::I64)]].concat();
        let layout = assign(&params, false).expect("few enough");
        assert_eq!(layout.words[5], [STACK, STACK + 1], "one register is left, and not used for half of it");
        assert_eq!(layout.words[6][0], 5, "but for what comes after");
        assert_eq!(layout.stack_floats, 0b11);
        let layout = assign(std::slice::from_ref(&pair), true).expect("few enough");
        assert_eq!(layout.words[0], [1, 2]);
    }
}
