//! The code of stubs, as bytes: what V8's fast call enters instead of the C function.
//!
//! V8 passes the receiver as the first integer argument, so that all others stand one register too far.
//! A stub finds its [`Record`] relative to itself, notes in the thread's word that this leaf call runs, shifts the
//! registers, calls C, and clears the word. The stubs of all signatures are alike but for what becomes of the result.

use std::mem::offset_of;

use super::record::Record;
use super::signature::Returned;

const TARGET: u8 = offset_of!(Record, target) as u8;
const RUNNING: u8 = offset_of!(Record, running) as u8;
const RESULT: u8 = offset_of!(Record, result) as u8;

/// The stub for System V AMD64, whose record stands at that distance from the stub's start.
pub fn sysv64(returned: Returned, record: u32) -> Vec<u8> {
    let mut code = Vec::with_capacity(96);
    code.extend([0xf3, 0x0f, 0x1e, 0xfa]); // endbr64
    code.push(0x53); // push rbx, which aligns the stack
    code.extend([0x48, 0x8d, 0x1d]); // lea rbx, [rip + record]
    let next = code.len() as u32 + 4;
    code.extend((record - next).to_le_bytes());
    code.extend([0x48, 0x89, 0xf7]); // mov rdi, rsi
    code.extend([0x48, 0x89, 0xd6]); // mov rsi, rdx
    code.extend([0x48, 0x89, 0xca]); // mov rdx, rcx
    code.extend([0x4c, 0x89, 0xc1]); // mov rcx, r8
    code.extend([0x4d, 0x89, 0xc8]); // mov r8, r9
    code.extend([0x4c, 0x8b, 0x4c, 0x24, 0x10]); // mov r9, [rsp + 16], the seventh argument if there is one
    code.extend([0x48, 0x8b, 0x43, RUNNING]); // mov rax, [rbx + running]
    code.extend([0x48, 0x89, 0x18]); // mov [rax], rbx
    code.extend([0xff, 0x53, TARGET]); // call [rbx + target]
    code.extend([0x48, 0x8b, 0x4b, RUNNING]); // mov rcx, [rbx + running]
    code.extend([0x48, 0xc7, 0x01, 0, 0, 0, 0]); // mov qword ptr [rcx], 0
    match returned {
        Returned::Nothing => code.extend([0xb8, 1, 0, 0, 0]), // mov eax, 1
        Returned::Same => {}
        Returned::Wide => {
            code.extend([0x48, 0x8b, 0x4b, RESULT]); // mov rcx, [rbx + result]
            code.extend([0x48, 0x89, 0x01]); // mov [rcx], rax
            code.extend([0x0f, 0x57, 0xc0]); // xorps xmm0, xmm0
            code.extend([0xf2, 0x48, 0x0f, 0x2a, 0xc0]); // cvtsi2sd xmm0, rax
        }
    }
    code.push(0x5b); // pop rbx
    code.push(0xc3); // ret
    code
}

/// The same for AAPCS64. No supported platform runs it yet: it has been tested as bytes only.
pub fn aapcs64(returned: Returned, record: u32) -> Vec<u8> {
    // ldr x<to>, [x<base>, #offset]
    let load = |to: u32, base: u32, offset: u8| 0xf940_0000 | (u32::from(offset) / 8) << 10 | base << 5 | to;
    // str x<from>, [x<base>]
    let store = |from: u32, base: u32| 0xf900_0000 | base << 5 | from;
    // mov x<to>, x<from>
    let mov = |to: u32, from: u32| 0xaa00_03e0 | from << 16 | to;
    let mut code = vec![
        0xd503_245f, // bti c
        0xa9be_7bfd, // stp x29, x30, [sp, #-32]!
        0x9100_03fd, // mov x29, sp
        0xf900_0bf3, // str x19, [sp, #16]
    ];
    let distance = record - code.len() as u32 * 4;
    code.push(0x1000_0013 | (distance & 3) << 29 | (distance >> 2) << 5); // adr x19, record
    code.extend((0..6).map(|register| mov(register, register + 1)));
    code.extend([
        load(9, 19, RUNNING),
        store(19, 9),
        load(10, 19, TARGET),
        0xd63f_0140, // blr x10
        load(9, 19, RUNNING),
        store(31, 9),
    ]);
    match returned {
        Returned::Nothing => code.push(0x5280_0020), // mov w0, #1
        Returned::Same => {}
        Returned::Wide => code.extend([load(10, 19, RESULT), store(0, 10), 0x9e62_0000]), // scvtf d0, x0
    }
    code.extend([
        0xf940_0bf3, // ldr x19, [sp, #16]
        0xa8c2_7bfd, // ldp x29, x30, [sp], #32
        0xd65f_03c0, // ret
    ]);
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
        let body = [
            0xd503_245f,
            0xa9be_7bfd,
            0x9100_03fd,
            0xf900_0bf3,
            0x1000_7f93,
            0xaa01_03e0,
            0xaa02_03e1,
            0xaa03_03e2,
            0xaa04_03e3,
            0xaa05_03e4,
            0xaa06_03e5,
            0xf940_0669,
            0xf900_0133,
            0xf940_026a,
            0xd63f_0140,
            0xf940_0669,
            0xf900_013f,
        ];
        let end = [0xf940_0bf3, 0xa8c2_7bfd, 0xd65f_03c0];
        for (returned, result) in [
            (Returned::Same, &[][..]),
            (Returned::Nothing, &[0x5280_0020]),
            (Returned::Wide, &[0xf940_0a6a, 0xf900_0140, 0x9e62_0000]),
        ] {
            let expected = [&body[..], result, &end].concat();
            assert_eq!(words(&aapcs64(returned, 4096)), expected, "{returned:?}");
        }
    }

    #[test]
    fn the_stub_of_sysv64_is_what_an_assembler_makes() {
        let body = "f30f1efa 53 488d1df40f0000 4889f7 4889d6 4889ca 4c89c1 4d89c8 4c8b4c2410 488b4308 488918 ff5300 \
                    488b4b08 48c70100000000";
        let end = "5b c3";
        for (returned, result) in [
            (Returned::Same, ""),
            (Returned::Nothing, "b801000000"),
            (Returned::Wide, "488b4b10 488901 0f57c0 f2480f2ac0"),
        ] {
            let expected = [body, result, end].concat().replace(' ', "");
            let code: String = sysv64(returned, 4096).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(code, expected, "{returned:?}");
        }
    }
}
