//! Function pointers for the signatures that libffi serves: closures of its own.
//!
//! # Safety
//! A closure's record and interface are never freed, nor is the closure. libffi enters `by_libffi` with the
//! record given here, the arguments of the interface's signature, and room for its result.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::ptr::null;

use super::incoming::Incoming;
use super::record::Record;
use super::run::upcall;
use crate::abi::libffi::Interface;
use crate::error::{Code, Error, Result};

/// The error for memory that the system does not grant.
pub(super) fn exhausted() -> Error {
    Error::new(Code::OutOfMemory, "the system grants no more executable memory for callbacks")
}

/// A record whose function pointer is a closure.
///
/// # Errors
/// [`Code::OutOfMemory`].
pub(super) fn make(interface: &'static Interface) -> Result<*mut Record> {
    let record = Box::into_raw(Box::new(Record::new(null(), null())));
    // SAFETY: record and interface are never freed, but here, where no closure has been made.
    unsafe {
        match interface.closure(by_libffi, record.cast()) {
            Some(code) => {
                (*record).code = code;
                Ok(record)
            }
            None => {
                drop(Box::from_raw(record));
                Err(exhausted())
            }
        }
    }
}

unsafe extern "C" fn by_libffi(record: *const c_void, arguments: *const *const c_void, result: *mut c_void) {
    // SAFETY: as the module says.
    unsafe {
        if let Some(coroutine) =
            upcall(&*record.cast::<Record>(), Incoming::Libffi(arguments, result)).as_mut()
        {
            coroutine.suspend();
        }
    }
}
