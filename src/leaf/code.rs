//! The code of stubs, as bytes: what V8's fast call enters instead of the C function.
//!
//! V8 passes the receiver as the first integer argument, so that all others stand one register too far.
//! A stub shifts them, and goes on to C by its [`Record`], which it finds relative to itself; where the result needs
//! something done, it calls C instead. Which leaf call runs is known by V8, which notes the stub's address.

use std::mem::offset_of;

use super::record::Record;
use super::signature::Returned;

const TARGET: u32 = offset_of!(Record, target) as u32;
const RESULT: u32 = offset_of!(Record, result) as u32;

/// The stub for System V AMD64, whose record stands at that distance from the stub's start.
pub fn sysv64(returned: Returned, record: u32) -> Vec<u8> {
    let mut code = Vec::with_capacity(64);
    // An instruction with a word of the record as its operand.
    let with = |code: &mut Vec<u8>, instruction: &[u8], word: u32| {
        code.extend(instruction);
        let next = code.len() as u32 + 4;
        code.extend((record + word - next).to_le_bytes());
    };
    code.extend([0xf3, 0x0f, 0x1e, 0xfa]); // endbr64
    if returned == Returned::Wide {
        code.push(0x50); // push rax, which aligns the stack
    }
    code.extend([0x48, 0x89, 0xf7]); // mov rdi, rsi
    code.extend([0x48, 0x89, 0xd6]); // mov rsi, rdx
    code.extend([0x48, 0x89, 0xca]); // mov rdx, rcx
    code.extend([0x4c, 0x89, 0xc1]); // mov rcx, r8
    code.extend([0x4d, 0x89, 0xc8]); // mov r8, r9
    let seventh = if returned == Returned::Wide { 16 } else { 8 };
    code.extend([0x4c, 0x8b, 0x4c, 0x24, seventh]); // mov r9, [rsp + …], the seventh argument if there is one
    match returned {
        Returned::Same => with(&mut code, &[0xff, 0x25], TARGET), // jmp [rip + target]
        Returned::Wide => {
            with(&mut code, &[0xff, 0x15], TARGET); // call [rip + target]
            with(&mut code, &[0x48, 0x8b, 0x0d], RESULT); // mov rcx, [rip + result]
            code.extend([0x48, 0x89, 0x01]); // mov [rcx], rax
            code.extend([0x0f, 0x57, 0xc0]); // xorps xmm0, xmm0
            code.extend([0xf2, 0x48, 0x0f, 0x2a, 0xc0]); // cvtsi2sd xmm0, rax
            code.push(0x59); // pop rcx
            code.push(0xc3); // ret
        }
    }
    code
}

/// The same for AAPCS64. No supported platform runs it yet: it has been tested as bytes only.
pub fn aapcs64(returned: Returned, record: u32) -> Vec<u8> {
    // ldr x<to>, record + word
    let load = |code: &[u32], to: u32, word: u32| {
        0x5800_0000 | ((record + word - code.len() as u32 * 4) / 4) << 5 | to
    };
    let mov = |to: u32, from: u32| 0xaa00_03e0 | from << 16 | to;
    let mut code: Vec<u32> = vec![0xd503_245f]; // bti c
    if returned == Returned::Wide {
        code.push(0xa9bf_7bfd); // stp x29, x30, [sp, #-16]!
        code.push(0x9100_03fd); // mov x29, sp
    }
    code.extend((0..6).map(|register| mov(register, register + 1)));
    code.push(load(&code, 16, TARGET));
    match returned {
        Returned::Same => code.push(0xd61f_0200), // br x16
        Returned::Wide => {
            code.push(0xd63f_0200); // blr x16
            code.push(load(&code, 9, RESULT));
            code.push(0xf900_0120); // str x0, [x9]
            code.push(0x9e62_0000); // scvtf d0, x0
            code.push(0xa8c1_7bfd); // ldp x29, x30, [sp], #16
            code.push(0xd65f_03c0); // ret
        }
    }
    code.into_iter().flat_map(u32::to_le_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(code: &[u8]) -> Vec<u32> {
        code.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect()
    }

    #[test]
    fn the_stub_of_aapcs64_is_what_an_assembler_makes() {
        let shift = [0xaa01_03e0, 0xaa02_03e1, 0xaa03_03e2, 0xaa04_03e3, 0xaa05_03e4, 0xaa06_03e5];
        let same = [&[0xd503_245f][..], &shift, &[0x5800_7f30, 0xd61f_0200]].concat();
        assert_eq!(words(&aapcs64(Returned::Same, 4096)), same);
        let start = [0xd503_245f, 0xa9bf_7bfd, 0x9100_03fd];
        let end = [0x5800_7ef0, 0xd63f_0200, 0x5800_7ee9, 0xf900_0120, 0x9e62_0000, 0xa8c1_7bfd, 0xd65f_03c0];
        assert_eq!(words(&aapcs64(Returned::Wide, 4096)), [&start[..], &shift, &end].concat());
    }

    #[test]
    fn the_stub_of_sysv64_is_what_an_assembler_makes() {
        let shift = "4889f7 4889d6 4889ca 4c89c1 4d89c8 4c8b4c24";
        for (returned, expected) in [
            (Returned::Same, format!("f30f1efa {shift} 08 ff25e20f0000")),
            (
                Returned::Wide,
                format!("f30f1efa 50 {shift} 10 ff15e10f0000 488b0de20f0000 488901 0f57c0 f2480f2ac0 59 c3"),
            ),
        ] {
            let code: String = sysv64(returned, 4096).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(code, expected.replace(' ', ""), "{returned:?}");
        }
    }
}
