//! Strings out of C.
//!
//! # Safety
//! Node-API functions are called with the environment of the running callback. Addresses that came
//! out of C are read only through [`crate::memory::guard`], until their length is known.
#![allow(unsafe_code)]

use std::ptr::{null, null_mut};

use napi::sys::{self, Status as NapiStatus, napi_env, napi_value};

use super::CACHED_BYTES;
use super::transcode::well_formed;
use crate::memory::guard;
use crate::slots::{Status, TEXT_FETCHED, TEXT_NULL, TEXT_SAME};
use crate::types::TextUnit;

/// The string that a function's last call gave.
#[derive(Default)]
pub struct ResultCache {
    /// Whether it is in the bytes, which are too many to keep otherwise.
    is_known: bool,
    bytes: Vec<u8>,
}

impl ResultCache {
    fn is(&self, bytes: &[u8]) -> bool {
        self.is_known && self.bytes == bytes
    }

    /// Keeps it, in the memory of the one before.
    fn keep(&mut self, bytes: &[u8]) {
        self.is_known = bytes.len() <= CACHED_BYTES;
        if self.is_known {
            self.bytes.clear();
            self.bytes.extend_from_slice(bytes);
        }
    }
}

/// The JavaScript string at that address; null for NULL; `undefined` where it is the one that the
/// function's last call gave.
///
/// # Safety
/// `env` is the running callback's.
pub unsafe fn result(
    env: napi_env,
    address: usize,
    unit: TextUnit,
    cache: &mut ResultCache,
) -> Result<napi_value, Status> {
    if address == 0 {
        cache.is_known = false;
    }
    if address == 0 || unit != TextUnit::Utf8 {
        // SAFETY: the running callback's environment.
        return unsafe { Text::read(address, unit)?.create(env) };
    }
    let bytes = bytes_at(address)?;
    if cache.is(bytes) {
        return Ok(null_mut());
    }
    cache.keep(bytes);
    // Of the bytes that are kept: those in C's memory may be others by now, where another thread writes to them.
    let given = if cache.is_known { &cache.bytes } else { bytes };
    // SAFETY: the bytes are readable.
    let value = unsafe { create(env, given) };
    cache.is_known &= value.is_ok();
    value
}

/// The bytes of the string at an address, as they are now.
///
/// # Errors
/// [`Status::UnreadableText`].
pub fn bytes_at<'a>(address: usize) -> Result<&'a [u8], Status> {
    let length = guard::text_length(address, TextUnit::Utf8).ok_or(Status::UnreadableText)?;
    // SAFETY: `text_length` has just read so many bytes there.
    Ok(unsafe { std::slice::from_raw_parts(address as *const u8, length) })
}

/// What there is to tell of the string at an address, if it need not be given, which takes Node-API.
///
/// # Errors
/// [`Status::UnreadableText`].
pub fn told(address: usize, cache: &mut ResultCache) -> Result<f64, Status> {
    if address == 0 {
        cache.is_known = false;
        return Ok(TEXT_NULL);
    }
    // What is not the same now must be given when it is fetched, even if it is the same again by then.
    cache.is_known = cache.is(bytes_at(address)?);
    Ok(if cache.is_known { TEXT_SAME } else { TEXT_FETCHED })
}

/// A string that has been copied out of C's memory.
pub enum Text {
    /// There is none: the address was NULL.
    Null,
    /// UTF-8, or what is meant to be.
    Utf8(Vec<u8>),
    /// Well-formed UTF-16.
    Utf16(Vec<u16>),
}

impl Text {
    /// Copies the string at an address, on any thread.
    ///
    /// # Errors
    /// [`Status::UnreadableText`].
    pub fn read(address: usize, unit: TextUnit) -> Result<Self, Status> {
        if address == 0 {
            return Ok(Text::Null);
        }
        let length = guard::text_length(address, unit).ok_or(Status::UnreadableText)?;
        // SAFETY: `text_length` has just read so many units there.
        Ok(unsafe {
            match unit {
                TextUnit::Utf8 => Text::Utf8(copied(address, length)),
                TextUnit::Utf16 => Text::Utf16(well_formed(copied(address, length))),
                TextUnit::Utf32 => {
                    let scalars: Vec<u32> = copied(address, length);
                    let text: String = scalars
                        .iter()
                        .map(|scalar| char::from_u32(*scalar).unwrap_or(char::REPLACEMENT_CHARACTER))
                        .collect();
                    Text::Utf16(text.encode_utf16().collect())
                }
            }
        })
    }

    /// The JavaScript string, or null.
    ///
    /// # Errors
    /// [`Status::TextTooLong`] where the engine refuses the length.
    ///
    /// # Safety
    /// `env` is the running callback's.
    pub unsafe fn create(self, env: napi_env) -> Result<napi_value, Status> {
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                Text::Null => {
                    let mut value = null_mut();
                    sys::napi_get_null(env, &mut value);
                    Ok(value)
                }
                Text::Utf8(bytes) => create(env, &bytes),
                Text::Utf16(units) => create_utf16(env, &units),
            }
        }
    }
}

/// The units at an address of any alignment.
///
/// # Safety
/// So many units are readable there.
unsafe fn copied<T: Copy>(address: usize, length: usize) -> Vec<T> {
    let mut units = Vec::with_capacity(length);
    // SAFETY: the units are readable (caller) and the vector has room for them.
    unsafe {
        let bytes = length * size_of::<T>();
        (address as *const u8).copy_to_nonoverlapping(units.as_mut_ptr() as *mut u8, bytes);
        units.set_len(length);
    }
    units
}

/// A JavaScript string of UTF-8 bytes; what is not valid becomes U+FFFD.
///
/// # Errors
/// [`Status::TextTooLong`] where the engine refuses the length.
///
/// # Safety
/// `env` is the running callback's.
pub unsafe fn create(env: napi_env, bytes: &[u8]) -> Result<napi_value, Status> {
    let mut value = null_mut();
    let (start, length) = (bytes.as_ptr().cast(), bytes.len() as isize);
    // SAFETY: the slice is readable; Node-API copies it.
    let status = unsafe {
        if bytes.is_empty() {
            sys::napi_create_string_utf8(env, null(), 0, &mut value)
        } else if bytes.is_ascii() {
            sys::napi_create_string_latin1(env, start, length, &mut value)
        } else {
            sys::napi_create_string_utf8(env, start, length, &mut value)
        }
    };
    if status == NapiStatus::napi_ok { Ok(value) } else { Err(Status::TextTooLong) }
}

unsafe fn create_utf16(env: napi_env, units: &[u16]) -> Result<napi_value, Status> {
    let mut value = null_mut();
    // SAFETY: the slice is readable; Node-API copies it.
    let status =
        unsafe { sys::napi_create_string_utf16(env, units.as_ptr(), units.len() as isize, &mut value) };
    if status == NapiStatus::napi_ok { Ok(value) } else { Err(Status::TextTooLong) }
}
