//! Memory: blocks, guarded routines, code addresses.

use std::ffi::c_void;

use napi::{Env, sys};
use napi_derive::napi;

use super::environment::Environment;
use super::{Raw, address, number, raw, raw_env};
use crate::leaf::guarded;
use crate::memory::heap::{Memory, Refusal};
use crate::memory::registry::{Kind, Range};
use crate::memory::{code, guard};
use crate::types::TypeId;

/// A module and where it is mapped.
#[napi(object)]
pub struct ModuleInfo {
    pub base: f64,
    pub path: String,
}

/// Addresses of C functions by which memory is reached safely. See `memory::guard`.
#[napi(object)]
pub struct GuardRoutines {
    pub load: Vec<f64>,
    pub store: Vec<f64>,
    pub store_f32: f64,
    pub store_f64: f64,
    pub copy: f64,
    pub length: f64,
    /// Returns its argument: bound with a string result, it reads a string.
    pub identity: f64,
}

extern "C" fn identity(address: *const c_void) -> *const c_void {
    address
}

/// Addresses of C functions for the memory of an environment. Each takes first what `Environment.memoryAddress` gave, and
/// runs on that environment's thread. Those that give an address give a [`Refusal`] instead, which no address is;
/// the others 0, or a refusal.
#[napi(object)]
pub struct MemoryRoutines {
    /// `void *(memory, size_t size, bool zeroed)`
    pub allocate: f64,
    /// `void *(memory, void *block, size_t size)`
    pub resize: f64,
    /// `uint32_t (memory, void *block)`
    pub free: f64,
    /// `void *(memory, size_t size)`: memory that arenas are made of.
    pub allocate_chunk: f64,
    /// `void (memory, void *chunk)`
    pub free_chunk: f64,
    /// `uint32_t (memory, void *start, size_t size, uint32_t kind)`: notes memory that was allocated elsewhere.
    pub adopt: f64,
    /// `uint32_t (memory, void *start, uint32_t kind)`
    pub forget: f64,
    /// `uint32_t (memory, const double *starts, size_t count)`: forgets all of an arena, or nothing.
    pub forget_arena: f64,
    /// `uint32_t (memory, void *result)`: 1 where a struct result was released, 0 where it is none, else a refusal.
    pub release: f64,
    /// `bool (memory, void *from, int64_t offset, size_t bytes)`: whether so many bytes at an offset lie in one piece of
    /// memory with what is at `from`, or nothing that is held is there.
    pub holds: f64,
    /// `int64_t (memory, void *address)`: how many bytes there are from an address to the end of what holds it; -1 for
    /// an address that nothing holds.
    pub room: f64,
    /// `void *(memory, void *address)`: the start of what holds an address; 0 where nothing does.
    pub start: f64,
    /// `uint64_t (memory, void *code, void *argument, bool owned, size_t bytes)`: has a C function called at the
    /// environment's end; gives a number above all refusals.
    pub add_end: f64,
    /// `uint32_t (memory, void *start, size_t bytes, void *code, void *foreign)`: what a view with that deallocator makes of the
    /// memory, a [`Claim`], or a refusal. `foreign` frees the blocks of an allocator in JavaScript.
    pub claim: f64,
    /// `uint32_t (memory, uint64_t number)`: 0 where it was taken before, 1 where it was not, else a refusal.
    pub take_end: f64,
}

fn result(outcome: std::result::Result<usize, Refusal>) -> usize {
    outcome.unwrap_or_else(|refusal| refusal as usize)
}

fn status<T>(outcome: std::result::Result<T, Refusal>) -> u32 {
    outcome.map_or_else(|refusal| refusal as u32, |_| 0)
}

extern "C" fn allocate(memory: &Memory, size: usize, zeroed: bool) -> usize {
    result(memory.allocate(size, zeroed))
}

extern "C" fn resize(memory: &Memory, block: usize, size: usize) -> usize {
    result(memory.resize(block, size))
}

extern "C" fn free(memory: &Memory, block: usize) -> u32 {
    status(memory.free(block))
}

extern "C" fn allocate_chunk(memory: &Memory, size: usize) -> usize {
    result(memory.allocate_chunk(size))
}

extern "C" fn free_chunk(memory: &Memory, chunk: usize) {
    memory.free_chunk(chunk);
}

extern "C" fn adopt(memory: &Memory, start: usize, size: usize, kind: u32) -> u32 {
    let kind = Kind::from_number(kind).unwrap_or(Kind::Arena);
    status(memory.adopt(Range { start, size, kind }))
}

extern "C" fn forget(memory: &Memory, start: usize, kind: u32) -> u32 {
    status(memory.forget(start, &[Kind::from_number(kind).unwrap_or(Kind::Arena)]))
}

extern "C" fn forget_arena(memory: &Memory, starts: *const f64, count: usize) -> u32 {
    // SAFETY: the facade passes a Float64Array of its own that has so many elements.
    let starts = unsafe { std::slice::from_raw_parts(starts, count) };
    if starts.iter().any(|start| memory.is_leased(address(*start))) {
        return Refusal::Busy as u32;
    }
    for start in starts {
        let _ = memory.forget(address(*start), &[Kind::Arena]);
    }
    0
}

extern "C" fn release(memory: &Memory, block: usize) -> u32 {
    memory.release_result(block).map_or_else(|refusal| refusal as u32, u32::from)
}

extern "C" fn holds(memory: &Memory, from: usize, offset: i64, bytes: usize) -> bool {
    memory.holds(from, offset, bytes)
}

extern "C" fn room(memory: &Memory, from: usize) -> i64 {
    memory.with(|heap| heap.find(from).map_or(-1, |(start, size)| (start + size - from) as i64))
}

extern "C" fn start(memory: &Memory, from: usize) -> usize {
    memory.with(|heap| heap.find(from).map_or(0, |(start, _)| start))
}

extern "C" fn add_end(memory: &Memory, code: usize, argument: usize, owned: bool, bytes: usize) -> u64 {
    let added = memory.add_end(code, argument, owned.then_some(bytes));
    added.map_or_else(|refusal| refusal as u64, |number| number + FIRST_END)
}

extern "C" fn claim(memory: &Memory, start: usize, bytes: usize, code: usize, foreign: usize) -> u32 {
    let claimed = memory.with(|heap| heap.claim(start, bytes, code, foreign));
    claimed.map_or_else(|refusal| refusal as u32, |claim| claim as u32)
}

extern "C" fn take_end(memory: &Memory, number: u64) -> u32 {
    memory.take_end(number - FIRST_END).map_or_else(|refusal| refusal as u32, u32::from)
}

/// Numbers of ends start here, above all refusals.
const FIRST_END: u64 = 15;

#[napi]
pub fn memory_routines() -> MemoryRoutines {
    MemoryRoutines {
        allocate: number(allocate as *const () as usize),
        resize: number(resize as *const () as usize),
        free: number(free as *const () as usize),
        allocate_chunk: number(allocate_chunk as *const () as usize),
        free_chunk: number(free_chunk as *const () as usize),
        adopt: number(adopt as *const () as usize),
        forget: number(forget as *const () as usize),
        forget_arena: number(forget_arena as *const () as usize),
        release: number(release as *const () as usize),
        holds: number(holds as *const () as usize),
        room: number(room as *const () as usize),
        start: number(start as *const () as usize),
        add_end: number(add_end as *const () as usize),
        claim: number(claim as *const () as usize),
        take_end: number(take_end as *const () as usize),
    }
}

#[napi]
pub fn guard_routines() -> GuardRoutines {
    let routines = guard::routines();
    let all = |list: [*const c_void; 4]| list.map(|code| number(code as usize)).to_vec();
    GuardRoutines {
        load: all(routines.load),
        store: all(routines.store),
        store_f32: number(routines.store_f32 as usize),
        store_f64: number(routines.store_f64 as usize),
        copy: number(routines.copy as usize),
        length: number(routines.length[0] as *const () as usize),
        identity: number(identity as *const () as usize),
    }
}

/// What code that V8 has compiled calls to read (or `writes`) values of a row of the type table at an address; nothing where
/// there is none. Elsewhere it gives `undefined`, and `quickFailed` where the address is at fault.
#[napi(ts_return_type = "((address: number, value?: number) => number | undefined) | null")]
pub fn quick_function(environment: &Environment, row: u32, writes: bool) -> Option<Raw> {
    let machine = TypeId::from_index(row)?.machine();
    let (code, signature) = if writes { guarded::poke(machine) } else { guarded::peek(machine) }?;
    // SAFETY: the environment's thread runs this; the signature is that of the routine, a leaf.
    unsafe { environment.engine()?.own_function(code, &signature) }.map(Raw)
}

/// What code that V8 has compiled calls to learn whether the string at an address is one that is kept: 1 or 0; elsewhere it
/// gives `undefined`, and `quickFailed` where the address is at fault. Nothing where there is no such function.
#[napi(ts_return_type = "((address: number, kept: number) => number | undefined) | null")]
pub fn same_text_function(environment: &Environment) -> Option<Raw> {
    let (code, signature) = guarded::same_text()?;
    // SAFETY: as for `quick_function`.
    unsafe { environment.engine()?.own_function(code, &signature) }.map(Raw)
}

#[napi]
pub fn is_readable(start: f64, bytes: f64) -> bool {
    guard::is_readable(address(start), address(bytes))
}

#[napi]
pub fn is_executable(at: f64) -> bool {
    code::is_executable(address(at))
}

#[napi]
pub fn module_of(at: f64) -> Option<ModuleInfo> {
    code::module_of(address(at)).map(|module| ModuleInfo { base: number(module.base), path: module.path })
}

/// An ArrayBuffer over memory of C's, or `undefined` where the runtime forbids those. The deallocator,
/// 0 for none, is called with the address when the buffer has been collected. `takes`: it takes over what starts there.
#[napi(ts_return_type = "ArrayBuffer | undefined")]
pub fn external_array_buffer(
    env: &Env,
    environment: &Environment,
    start: f64,
    bytes: f64,
    deallocator: f64,
    takes: bool,
) -> Raw {
    // SAFETY: the facade has checked that the range is readable and the deallocator is code; that
    // the memory stays until then is the user's promise.
    Raw(unsafe {
        raw::external_array_buffer(
            raw_env(env),
            &environment.state,
            address(start),
            address(bytes),
            address(deallocator),
            takes,
        )
    })
}

/// Calls a deallocator, as when a buffer with it has been collected.
#[napi]
pub fn deallocate(environment: &Environment, start: f64, deallocator: f64, takes: bool) {
    // SAFETY: the environment's thread runs this.
    unsafe { raw::deallocate(&environment.state, address(start), address(deallocator), takes) };
}

/// Detaches a buffer: its memory is gone.
#[napi]
pub fn detach(env: &Env, buffer: Raw) {
    // SAFETY: the buffer is an argument of the running call.
    unsafe { sys::napi_detach_arraybuffer(raw_env(env), buffer.0) };
}
