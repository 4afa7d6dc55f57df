//! The way from Node-API into C on System V AMD64 without a Node-API call.
//!
//! Node calls a native function as `callback(env, info)` and asking which function it is costs more
//! than the rest of the call. So each function gets a *stub* of its own out of a pool: it loads the
//! address of its [`Entry`] into r11 and jumps to the entry's handler. `direct` handlers load the
//! argument registers from the slots, call C and store the result; everything unusual goes to the
//! Rust handler [`general`]. Entries beyond the pool are found through the callback data.
//!
//! # Safety
//! The handlers are entered by Node with the environment in rdi and the callback info in rsi, and by
//! a stub with the entry in r11; no other code can reach them, since they are private but for their
//! addresses in entries. They keep rbx and rbp, and the stack aligned to 16 bytes at the call of C
//! (System V ABI, 3.2.2). That target and plan belong together is guaranteed by `Entry`, which is
//! filled in one place. The pool's entries are written under the lock of [`super::entry`].
#![allow(unsafe_code)]

use std::arch::{global_asm, naked_asm};
use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::mem::offset_of;

use napi::sys::{napi_callback_info, napi_env, napi_value};

use super::entry::{Entry, Handler};
use super::general::{background, closed, general, leave};
use super::suspending::{resume, suspending};
use crate::abi::registers::{FLOATS, INTEGERS, STACK};
use crate::plan::{Plan, Source};
use crate::slots::{ACTIVE, ERRNO, ERRNO_AT, FLAGS, RESULT, STACK_LIMIT, TEXT, TEXT_BYTES};
use crate::state::FRAME_PENDING;
use crate::v8;

/// How many functions have a stub of their own.
pub(super) const POOL: usize = 2048;

#[repr(C)]
struct Pool(UnsafeCell<[Entry; POOL]>);

// SAFETY: an entry is written only between its acquisition and release, by the thread that holds it.
unsafe impl Sync for Pool {}

static ENTRIES: Pool = Pool(UnsafeCell::new([const { Entry::empty() }; POOL]));

global_asm!(
    ".p2align 4",
    ".globl arkffi_stubs",
    ".hidden arkffi_stubs",
    "arkffi_stubs:",
    ".set arkffi_stub, 0",
    ".rept {pool}",
    "lea r11, [rip + {entries} + {size} * arkffi_stub]",
    "jmp [r11 + {handler}]",
    ".p2align 4",
    ".set arkffi_stub, arkffi_stub + 1",
    ".endr",
    pool = const POOL,
    entries = sym ENTRIES,
    size = const size_of::<Entry>(),
    handler = const offset_of!(Entry, handler),
);

unsafe extern "C" {
    fn arkffi_stubs();
}

/// The native callback of the pool's stub of that number, and its entry.
pub(super) fn stub(index: usize) -> (Callback, *mut Entry) {
    assert!(index < POOL);
    let entry = ENTRIES.0.get().cast::<Entry>().wrapping_add(index);
    let code = (arkffi_stubs as *const u8).wrapping_add(index * 16);
    // SAFETY: `code` is the start of a stub, each padded to 16 bytes by the assembler (10 are used).
    (unsafe { std::mem::transmute::<*const u8, Callback>(code) }, entry)
}

/// The entry at an address, if it is one of the pool.
pub(super) fn entry_of_pool(address: *const c_void) -> Option<*const Entry> {
    let offset = (address as usize).wrapping_sub(ENTRIES.0.get() as usize);
    let is_entry = offset < size_of::<[Entry; POOL]>() && offset.is_multiple_of(size_of::<Entry>());
    is_entry.then_some(address.cast::<Entry>())
}

/// A native function as Node calls it.
pub(super) type Callback = unsafe extern "C" fn(napi_env, napi_callback_info) -> napi_value;

/// The same stub as V8 enters it without Node-API: with another value in rdi, and none in rsi, where the handlers of
/// bare functions do not look.
pub(super) fn without_api(stub: Callback) -> v8::Callback {
    // SAFETY: a stub looks at no argument. V8 looks at no result.
    unsafe { std::mem::transmute::<Callback, v8::Callback>(stub) }
}

/// Enters the handler of an entry that has no stub.
///
/// # Safety
/// `entry` is live, and `env` and `info` are those of the running callback.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn enter(
    env: napi_env,
    info: napi_callback_info,
    entry: *const Entry,
) -> napi_value {
    naked_asm!("mov r11, rdx", "jmp [r11 + {handler}]", handler = const offset_of!(Entry, handler))
}

/// Refuses where the stack or the flags say so, then makes the call's [`Frame`](crate::state::Frame) and sets
/// errno. Leaves the stack aligned to 16 bytes.
macro_rules! open {
    () => {
        concat!(
            "push rbx\n",
            "mov rbx, [r11 + {slots}]\n",
            "cmp rsp, [rbx + {limit}]\n",
            "jb 9f\n",
            "cmp dword ptr [rbx + {flags}], 0\n",
            "jne 9f\n",
            "push qword ptr [rbx + {active}]\n",
            "push r11\n",
            "mov [rbx + {active}], rsp\n",
            "mov r10, [rbx + {errno_at}]\n",
            "mov eax, [rbx + {errno}]\n",
            "mov [r10], eax\n",
        )
    };
}

/// Stores result and errno, and returns; with the stack as `open` left it.
macro_rules! close {
    () => {
        concat!(
            "pxor xmm1, xmm1\n",
            "cvtsi2sd xmm1, rax\n",
            "mov [rbx + {result}], rax\n",
            "movsd [rbx + {result} + 16], xmm1\n",
            "movsd [rbx + {result} + 24], xmm0\n",
            "mov r10, [rbx + {errno_at}]\n",
            "mov eax, [r10]\n",
            "mov [rbx + {errno}], eax\n",
            "test byte ptr [rbx + {active}], {pending}\n",
            "jnz 8f\n",
            "7: pop rcx\n",
            "pop qword ptr [rbx + {active}]\n",
            "pop rbx\n",
            "xor eax, eax\n",
            "ret\n",
            "8: mov rdi, [rsp]\n",
            "mov rsi, rsp\n",
            "call {leave}\n",
            "jmp 7b\n",
            "9: pop rbx\n",
            "mov rdx, r11\n",
            "jmp {general}\n",
        )
    };
}

/// Loads all floating-point registers from the slots.
macro_rules! floats {
    () => {
        concat!(
            "movsd xmm0, [rbx + 48]\n",
            "movsd xmm1, [rbx + 56]\n",
            "movsd xmm2, [rbx + 64]\n",
            "movsd xmm3, [rbx + 72]\n",
            "movsd xmm4, [rbx + 80]\n",
            "movsd xmm5, [rbx + 88]\n",
            "movsd xmm6, [rbx + 96]\n",
            "movsd xmm7, [rbx + 104]\n",
        )
    };
}

/// Loads `I` integer and `F` floating-point registers from the slots and calls C.
#[unsafe(naked)]
unsafe extern "C" fn direct<const I: usize, const F: usize>() {
    naked_asm!(
        open!(),
        ".if {i} > 0", "cvttsd2si rdi, [rbx]", ".endif",
        ".if {i} > 1", "cvttsd2si rsi, [rbx + 8]", ".endif",
        ".if {i} > 2", "cvttsd2si rdx, [rbx + 16]", ".endif",
        ".if {i} > 3", "cvttsd2si rcx, [rbx + 24]", ".endif",
        ".if {i} > 4", "cvttsd2si r8, [rbx + 32]", ".endif",
        ".if {i} > 5", "cvttsd2si r9, [rbx + 40]", ".endif",
        ".if {f} > 0", "movsd xmm0, [rbx + 48]", ".endif",
        ".if {f} > 1", "movsd xmm1, [rbx + 56]", ".endif",
        ".if {f} > 2", "movsd xmm2, [rbx + 64]", ".endif",
        ".if {f} > 3", "movsd xmm3, [rbx + 72]", ".endif",
        ".if {f} > 4", "movsd xmm4, [rbx + 80]", ".endif",
        ".if {f} > 5", "movsd xmm5, [rbx + 88]", ".endif",
        ".if {f} > 6", "movsd xmm6, [rbx + 96]", ".endif",
        ".if {f} > 7", "movsd xmm7, [rbx + 104]", ".endif",
        "mov eax, {f}",
        "call [r11 + {target}]",
        close!(),
        i = const I,
        f = const F,
        slots = const offset_of!(Entry, slots),
        target = const offset_of!(Entry, target),
        limit = const STACK_LIMIT * 8,
        flags = const FLAGS * 8,
        result = const RESULT * 8,
        active = const ACTIVE * 8,
        errno_at = const ERRNO_AT * 8,
        errno = const ERRNO * 8,
        pending = const FRAME_PENDING,
        leave = sym leave,
        general = sym general,
    )
}

/// The same with all integer registers, `F` floating-point registers, and `S` integers on the stack.
#[unsafe(naked)]
unsafe extern "C" fn direct_integers<const S: usize, const F: usize>() {
    naked_asm!(
        open!(),
        // rsp is aligned: an odd count of words needs a filler.
        ".if {s} & 1",
        "sub rsp, 8",
        ".endif",
        ".set arkffi_word, {s}",
        ".rept {s}",
        ".set arkffi_word, arkffi_word - 1",
        "cvttsd2si rax, [rbx + {stack} + arkffi_word * 8]",
        "push rax",
        ".endr",
        "cvttsd2si rdi, [rbx]",
        "cvttsd2si rsi, [rbx + 8]",
        "cvttsd2si rdx, [rbx + 16]",
        "cvttsd2si rcx, [rbx + 24]",
        "cvttsd2si r8, [rbx + 32]",
        "cvttsd2si r9, [rbx + 40]",
        ".if {f}",
        floats!(),
        ".endif",
        "mov eax, {f}",
        "call [r11 + {target}]",
        "add rsp, ({s} + ({s} & 1)) * 8",
        close!(),
        s = const S,
        f = const F,
        slots = const offset_of!(Entry, slots),
        target = const offset_of!(Entry, target),
        limit = const STACK_LIMIT * 8,
        flags = const FLAGS * 8,
        result = const RESULT * 8,
        stack = const STACK * 8,
        active = const ACTIVE * 8,
        errno_at = const ERRNO_AT * 8,
        errno = const ERRNO * 8,
        pending = const FRAME_PENDING,
        leave = sym leave,
        general = sym general,
    )
}

/// The same with all registers and any words on the stack.
#[unsafe(naked)]
unsafe extern "C" fn direct_stack() {
    naked_asm!(
        open!(),
        "push rbp",
        "mov rbp, rsp",
        // One push since rsp was aligned: an even count of words needs a filler.
        "mov rcx, [r11 + {words}]",
        "mov rdx, [r11 + {kinds}]",
        "mov eax, ecx",
        "not eax",
        "and eax, 1",
        "shl eax, 3",
        "sub rsp, rax",
        "2: dec rcx",
        "mov rax, [rbx + {stack} + rcx * 8]",
        "bt rdx, rcx",
        "jc 3f",
        "cvttsd2si rax, [rbx + {stack} + rcx * 8]",
        "3: push rax",
        "test rcx, rcx",
        "jnz 2b",
        "cvttsd2si rdi, [rbx]",
        "cvttsd2si rsi, [rbx + 8]",
        "cvttsd2si rdx, [rbx + 16]",
        "cvttsd2si rcx, [rbx + 24]",
        "cvttsd2si r8, [rbx + 32]",
        "cvttsd2si r9, [rbx + 40]",
        floats!(),
        "mov eax, 8",
        "call [r11 + {target}]",
        "mov rsp, rbp",
        "pop rbp",
        close!(),
        slots = const offset_of!(Entry, slots),
        target = const offset_of!(Entry, target),
        words = const offset_of!(Entry, stack_words),
        kinds = const offset_of!(Entry, stack_floats),
        limit = const STACK_LIMIT * 8,
        flags = const FLAGS * 8,
        result = const RESULT * 8,
        stack = const STACK * 8,
        active = const ACTIVE * 8,
        errno_at = const ERRNO_AT * 8,
        errno = const ERRNO * 8,
        pending = const FRAME_PENDING,
        leave = sym leave,
        general = sym general,
    )
}

/// Like `direct`, where integer register `T` gets the string that JavaScript has left in the slots: a copy on the stack, as
/// C may write to it, and what it calls may leave another one. Its address stands in the slots too, for the last words
/// at a crash.
#[unsafe(naked)]
unsafe extern "C" fn repeating<const I: usize, const T: usize, const F: usize>() {
    naked_asm!(
        open!(),
        "push rbp",
        "mov rbp, rsp",
        // One push since rsp was aligned; the string takes whole units of 16 bytes.
        "mov rcx, [rbx + {text}]",
        "sub rsp, rcx",
        "sub rsp, 8",
        "2: sub rcx, 16",
        "movups xmm0, [rbx + rcx + {bytes}]",
        "movaps [rsp + rcx], xmm0",
        "ja 2b",
        ".if ({i} > 0) & ({t} != 0)", "cvttsd2si rdi, [rbx]", ".endif",
        ".if ({i} > 1) & ({t} != 1)", "cvttsd2si rsi, [rbx + 8]", ".endif",
        ".if ({i} > 2) & ({t} != 2)", "cvttsd2si rdx, [rbx + 16]", ".endif",
        ".if ({i} > 3) & ({t} != 3)", "cvttsd2si rcx, [rbx + 24]", ".endif",
        ".if ({i} > 4) & ({t} != 4)", "cvttsd2si r8, [rbx + 32]", ".endif",
        ".if ({i} > 5) & ({t} != 5)", "cvttsd2si r9, [rbx + 40]", ".endif",
        "mov [rbx + {t} * 8], rsp",
        ".if {t} == 0", "mov rdi, rsp", ".endif",
        ".if {t} == 1", "mov rsi, rsp", ".endif",
        ".if {t} == 2", "mov rdx, rsp", ".endif",
        ".if {t} == 3", "mov rcx, rsp", ".endif",
        ".if {t} == 4", "mov r8, rsp", ".endif",
        ".if {t} == 5", "mov r9, rsp", ".endif",
        ".if {f}",
        floats!(),
        ".endif",
        "mov eax, {f}",
        "call [r11 + {target}]",
        "mov rsp, rbp",
        "pop rbp",
        close!(),
        i = const I,
        t = const T,
        f = const F,
        text = const TEXT * 8,
        bytes = const TEXT_BYTES * 8,
        slots = const offset_of!(Entry, slots),
        target = const offset_of!(Entry, target),
        limit = const STACK_LIMIT * 8,
        flags = const FLAGS * 8,
        result = const RESULT * 8,
        active = const ACTIVE * 8,
        errno_at = const ERRNO_AT * 8,
        errno = const ERRNO * 8,
        pending = const FRAME_PENDING,
        leave = sym leave,
        general = sym general,
    )
}

/// Hands the entry to the Rust handler.
#[unsafe(naked)]
unsafe extern "C" fn to_general() {
    naked_asm!("mov rdx, r11", "jmp {general}", general = sym general)
}

/// Hands the entry to the handler of background calls.
#[unsafe(naked)]
unsafe extern "C" fn to_background() {
    naked_asm!("mov rdx, r11", "jmp {background}", background = sym background)
}

/// Hands the entry to the handler that refuses.
#[unsafe(naked)]
unsafe extern "C" fn to_closed() {
    naked_asm!("mov rdx, r11", "jmp {closed}", closed = sym closed)
}

macro_rules! row {
    ($i:literal) => {
        [
            direct::<$i, 0>,
            direct::<$i, 1>,
            direct::<$i, 2>,
            direct::<$i, 3>,
            direct::<$i, 4>,
            direct::<$i, 5>,
            direct::<$i, 6>,
            direct::<$i, 7>,
            direct::<$i, 8>,
        ]
    };
}

static DIRECT: [[unsafe extern "C" fn(); FLOATS + 1]; INTEGERS + 1] =
    [row!(0), row!(1), row!(2), row!(3), row!(4), row!(5), row!(6)];

/// By the stack words, less one, and by whether there are floating-point arguments.
static DIRECT_INTEGERS: [[unsafe extern "C" fn(); 2]; 6] = [
    [direct_integers::<1, 0>, direct_integers::<1, FLOATS>],
    [direct_integers::<2, 0>, direct_integers::<2, FLOATS>],
    [direct_integers::<3, 0>, direct_integers::<3, FLOATS>],
    [direct_integers::<4, 0>, direct_integers::<4, FLOATS>],
    [direct_integers::<5, 0>, direct_integers::<5, FLOATS>],
    [direct_integers::<6, 0>, direct_integers::<6, FLOATS>],
];

macro_rules! texts {
    ($i:literal: $($t:literal)*) => {
        &[$([repeating::<$i, $t, 0>, repeating::<$i, $t, FLOATS>]),*]
    };
}

/// By the integer registers, less one, by that of the string, and by whether there are floating-point arguments.
static REPEATING: [&[[unsafe extern "C" fn(); 2]]; INTEGERS] = [
    texts!(1: 0),
    texts!(2: 0 1),
    texts!(3: 0 1 2),
    texts!(4: 0 1 2 3),
    texts!(5: 0 1 2 3 4),
    texts!(6: 0 1 2 3 4 5),
];

/// The handler of a function that makes the calls of a plan with the string in the slots.
pub(super) fn repeating_handler(plan: &Plan) -> Handler {
    let place = plan.params.iter().find(|param| matches!(param.source, Source::Text(..)));
    let code = match place {
        Some(param) if plan.is_direct_with(1) && plan.stack_words == 0 => {
            REPEATING[plan.integers - 1][param.words[0]][usize::from(plan.floats > 0)] as *const c_void
        }
        Some(_) | None => to_general as *const c_void,
    };
    Handler(code)
}

/// The handler for the calls of a plan.
pub(super) fn handler(plan: &Plan) -> Handler {
    let code = if !plan.is_direct() {
        to_general as *const c_void
    } else if (1..=DIRECT_INTEGERS.len()).contains(&plan.stack_words) && plan.stack_floats == 0 {
        DIRECT_INTEGERS[plan.stack_words - 1][usize::from(plan.floats > 0)] as *const c_void
    } else if plan.stack_words > 0 {
        direct_stack as *const c_void
    } else {
        DIRECT[plan.integers][plan.floats] as *const c_void
    };
    Handler(code)
}

/// Hands the entry to the handler of calls that are suspended.
#[unsafe(naked)]
unsafe extern "C" fn to_suspending() {
    naked_asm!("mov rdx, r11", "jmp {suspending}", suspending = sym suspending)
}

/// Hands the entry to the handler of the function that resumes them.
#[unsafe(naked)]
unsafe extern "C" fn to_resume() {
    naked_asm!("mov rdx, r11", "jmp {resume}", resume = sym resume)
}

/// The handler of the function that resumes suspended calls.
pub(super) fn resume_handler() -> Handler {
    Handler(to_resume as *const c_void)
}

/// The handler of calls that are suspended for their callbacks.
pub(super) fn suspending_handler() -> Handler {
    Handler(to_suspending as *const c_void)
}

/// The handler that can make every call.
pub(super) fn general_handler() -> Handler {
    Handler(to_general as *const c_void)
}

/// The handler of calls in the background.
pub(super) fn background_handler() -> Handler {
    Handler(to_background as *const c_void)
}

/// The handler of a function that is closed.
pub(super) fn closed_handler() -> Handler {
    Handler(to_closed as *const c_void)
}
