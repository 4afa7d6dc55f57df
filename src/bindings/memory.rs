//! Memory: blocks, guarded routines, code addresses.

use std::cell::RefCell;
use std::ffi::c_void;

use napi::Env;
use napi_derive::napi;

use super::{Raw, Result, address, number, raw, raw_env};
use crate::memory::pool::Pool;
use crate::memory::{blocks, code, guard};

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
    /// `bool release(pool, address)`: gives a struct result back, if the address is that of one.
    pub release: f64,
}

extern "C" fn identity(address: *const c_void) -> *const c_void {
    address
}

/// Called with the address that `Environment::pool_address` gave, on the thread of that environment.
extern "C" fn release(pool: *const RefCell<Pool>, address: usize) -> bool {
    // SAFETY: the facade passes the pool of its own environment, which outlives the facade.
    unsafe { (*pool).borrow_mut().release(address) }
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
        release: number(release as *const () as usize),
    }
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

#[napi]
pub fn allocate_block(size: f64, zeroed: bool) -> Result<f64> {
    Ok(number(blocks::allocate(address(size), zeroed)?))
}

#[napi]
pub fn resize_block(block: f64, size: f64) -> Result<f64> {
    Ok(number(blocks::resize(address(block), address(size))?))
}

#[napi]
pub fn free_block(block: f64) -> Result<()> {
    Ok(blocks::free(address(block))?)
}

/// An ArrayBuffer over memory of C's, or `undefined` where the runtime forbids those. The deallocator,
/// 0 for none, is called with the address when the buffer has been collected.
#[napi(ts_return_type = "ArrayBuffer | undefined")]
pub fn external_array_buffer(env: &Env, start: f64, bytes: f64, deallocator: f64) -> Raw {
    // SAFETY: the facade has checked that the range is readable and the deallocator is code; that
    // the memory stays until then is the user's promise.
    Raw(unsafe {
        raw::external_array_buffer(raw_env(env), address(start), address(bytes), address(deallocator))
    })
}

/// Calls a deallocator.
#[napi]
pub fn deallocate(start: f64, deallocator: f64) {
    raw::deallocate(address(start), address(deallocator));
}
