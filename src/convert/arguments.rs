//! Strings into C: copies that live as long as the call.
//!
//! # Safety
//! Node-API functions are called with the environment of the running callback.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::mem::{MaybeUninit, take};
use std::ptr::null_mut;

use napi::sys::{self, Status as NapiStatus, napi_env, napi_value};

use super::CACHED_BYTES;
use super::transcode::{
    SLACK, is_plain, length_of_latin1, length_of_utf16, well_formed, write_latin1, write_utf16,
};
use crate::slots::{Status, TEXT_BYTES, TEXT_LENGTH, TEXT_ROOM};
use crate::types::TextUnit;
use crate::v8;

/// Room on the native stack for the strings of one call, in bytes.
const INLINE_BYTES: usize = 2048;
/// Units of UTF-16 for which there is room on the stack besides.
const SHORT_UNITS: usize = 256;
/// The largest block, in words, that is kept for the next long string of the thread.
const SPARE_WORDS: usize = 128 * 1024 / 8;

thread_local! {
    /// A block of the last long string: to find another one takes the allocator longer than a copy of a few thousand bytes.
    static SPARE: Cell<Vec<u64>> = const { Cell::new(Vec::new()) };
}

/// A string argument of a function's last call.
#[derive(Clone, Default)]
pub struct ArgumentCache {
    /// The bytes and their NUL.
    pub bytes: Vec<u8>,
}

impl ArgumentCache {
    fn keep(&mut self, bytes: &[u8]) {
        self.bytes.clear();
        if bytes.len() <= CACHED_BYTES {
            self.bytes.extend_from_slice(bytes);
            self.bytes.push(0);
        }
    }
}

/// The string that JavaScript has left in the slots, with its NUL.
///
/// # Safety
/// They are the environment's slots, and JavaScript does not run while the bytes are in use.
pub unsafe fn left<'a>(slots: *const u64) -> &'a [u8] {
    // SAFETY: the slots have room for so many bytes (caller).
    unsafe {
        let length = *slots.add(TEXT_LENGTH) as usize;
        std::slice::from_raw_parts(slots.add(TEXT_BYTES).cast(), length.min(TEXT_ROOM + 16))
    }
}

/// Room for short strings, on the native stack of the call.
pub type Room = [MaybeUninit<u64>; INLINE_BYTES / 8];

/// Room that nothing has been put into.
pub const fn room() -> Room {
    [const { MaybeUninit::uninit() }; INLINE_BYTES / 8]
}

/// The C strings of one call. They live until it is dropped.
pub struct Arguments<'room> {
    // Borrowed: a compiler that fills it together with the other fields zeroes it at every call.
    inline: &'room mut [MaybeUninit<u64>],
    used: usize,
    heap: Vec<Vec<u64>>,
}

impl<'room> Arguments<'room> {
    /// No strings yet. Without room each gets a block of its own, which may outlive the call.
    pub const fn new(room: &'room mut [MaybeUninit<u64>]) -> Self {
        Arguments { inline: room, used: 0, heap: Vec::new() }
    }

    fn spare(&mut self) -> (*mut u8, usize) {
        let start = self.inline.as_mut_ptr().cast::<u8>().wrapping_add(self.used);
        (start, size_of_val(self.inline) - self.used)
    }

    fn keep_inline(&mut self, bytes: usize) -> u64 {
        let address = self.spare().0 as u64;
        self.used = (self.used + bytes).next_multiple_of(8);
        address
    }

    /// The strings that have blocks of their own.
    pub fn into_blocks(mut self) -> Vec<Vec<u64>> {
        take(&mut self.heap)
    }

    /// Keeps a block for the next long string of the thread.
    #[cold]
    fn keep_spare(&mut self) {
        let spare =
            self.heap.pop().filter(|block| !self.inline.is_empty() && block.capacity() <= SPARE_WORDS);
        if let Some(block) = spare {
            SPARE.set(block);
        }
    }

    /// A block of that many bytes, which stays until the end of the call.
    fn allocate(&mut self, bytes: usize) -> Result<*mut u8, Status> {
        let words = bytes.div_ceil(8);
        // Without room, blocks outlive the call.
        let mut block = if self.inline.is_empty() { Vec::new() } else { SPARE.take() };
        block.try_reserve_exact(words).map_err(|_| Status::OutOfMemory)?;
        let start = block.as_mut_ptr() as *mut u8;
        self.heap.push(block);
        Ok(start)
    }

    /// A fresh copy of a string that an earlier call had: C may have written to that one.
    pub fn again(&mut self, bytes: &[u8]) -> u64 {
        let (start, room) = self.spare();
        if room < bytes.len() {
            return match self.allocate(bytes.len()) {
                // SAFETY: the block has that many bytes.
                Ok(block) => unsafe {
                    block.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
                    block as u64
                },
                Err(_) => std::alloc::handle_alloc_error(std::alloc::Layout::new::<u64>()),
            };
        }
        // SAFETY: the inline block has room for that many bytes (checked above).
        unsafe { start.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        self.keep_inline(bytes.len())
    }

    /// The address of the value as a C string: a copy of a string, or the address that a number or
    /// bigint is.
    ///
    /// # Safety
    /// `value` is a value of the running callback of `env`.
    pub unsafe fn encode(
        &mut self,
        env: napi_env,
        value: napi_value,
        unit: TextUnit,
        cache: &mut ArgumentCache,
    ) -> Result<u64, Status> {
        // SAFETY: the caller's promise, for both calls.
        unsafe {
            if unit == TextUnit::Utf8 {
                return self.utf8(env, value, cache);
            }
            let Some(units) = utf16_units(env, value)? else { return number_or_bigint(env, value) };
            if unit == TextUnit::Utf16 {
                return self.copy(&well_formed(units));
            }
            let scalars: Vec<u32> = char::decode_utf16(units)
                .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER) as u32)
                .collect();
            self.copy(&scalars)
        }
    }

    /// Room for that many bytes and their NUL, and some more for `write` to write to, on the stack or else in a block of its own.
    ///
    /// # Safety
    /// `write` writes all the bytes, and reads none of them.
    unsafe fn write(
        &mut self,
        bytes: usize,
        cache: &mut ArgumentCache,
        write: impl FnOnce(&mut [u8]),
    ) -> Result<u64, Status> {
        let (spare, room) = self.spare();
        let (start, address) = if bytes + SLACK < room {
            (spare, self.keep_inline(bytes + 1))
        } else {
            let block = self.allocate(bytes + SLACK)?;
            (block, block as u64)
        };
        // SAFETY: either has so much room, and is nobody else's until the call ends.
        let into = unsafe { std::slice::from_raw_parts_mut(start, bytes + SLACK) };
        write(into);
        into[bytes] = 0;
        cache.keep(&into[..bytes]);
        Ok(address)
    }

    /// Copies a string that V8 keeps as UTF-16.
    ///
    /// # Safety
    /// The value is a string of the running callback.
    #[inline(never)]
    unsafe fn two_byte(
        &mut self,
        env: napi_env,
        value: napi_value,
        cache: &mut ArgumentCache,
    ) -> Result<u64, Status> {
        let mut short = [0_u16; SHORT_UNITS];
        let mut length = 0;
        let long;
        // SAFETY: so many units may be written there.
        unsafe {
            sys::napi_get_value_string_utf16(env, value, short.as_mut_ptr(), SHORT_UNITS, &mut length);
        }
        // What fills the room may have been cut off.
        let units = if length + 1 < SHORT_UNITS {
            &short[..length]
        } else {
            // SAFETY: the caller's promise.
            long = unsafe { utf16_units(env, value) }?.ok_or(Status::Internal)?;
            &long[..]
        };
        if units.contains(&0) {
            return Err(Status::EmbeddedNul);
        }
        // SAFETY: all bytes are written.
        unsafe { self.write(length_of_utf16(units), cache, |into| write_utf16(units, into)) }
    }

    /// Copies a string as V8 has it, and makes UTF-8 of that where it is not the same: Node-API's own way takes a call for
    /// each character that is not ASCII, and several times as long for one that is.
    unsafe fn utf8(
        &mut self,
        env: napi_env,
        value: napi_value,
        cache: &mut ArgumentCache,
    ) -> Result<u64, Status> {
        let Some(is_one_byte) = v8::is_one_byte() else {
            // SAFETY: the value is the running callback's.
            return unsafe { self.utf8_of_node_api(env, value, cache) };
        };
        let (start, room) = self.spare();
        let mut length = 0;
        let latin1 = |start: *mut u8, room: usize, length: &mut usize| {
            // SAFETY: so many bytes may be written there, or none where it is null.
            unsafe { sys::napi_get_value_string_latin1(env, value, start.cast(), room, length) }
        };
        let (start, room) = if room > 0 { (start, room) } else { (null_mut(), 0) };
        if latin1(start, room, &mut length) == NapiStatus::napi_string_expected {
            // SAFETY: the value is the running callback's.
            return unsafe { number_or_bigint(env, value) };
        }
        // SAFETY: it is a string, of the running callback.
        if !unsafe { is_one_byte(value) } {
            // SAFETY: as above.
            return unsafe { self.two_byte(env, value, cache) };
        }
        // What fills the room may have been cut off.
        let is_whole = length + 1 < room;
        let (start, address) = if is_whole {
            (start, 0)
        } else {
            latin1(null_mut(), 0, &mut length);
            let block = self.allocate(length + 1)?;
            latin1(block, length + 1, &mut length);
            (block, block as u64)
        };
        // SAFETY: so many bytes were just written there, and nobody writes to them while they are in use.
        let bytes = unsafe { std::slice::from_raw_parts(start, length) };
        if is_plain(bytes) {
            // JavaScript keeps none that is longer, and so asks for none.
            cache.keep(if length <= CACHED_BYTES / 3 { bytes } else { &[] });
            return Ok(if is_whole { self.keep_inline(length + 1) } else { address });
        }
        if bytes.contains(&0) {
            return Err(Status::EmbeddedNul);
        }
        if is_whole {
            self.keep_inline(length);
        }
        // SAFETY: all bytes are written. Those that are read stay: they are before them, or in a block of their own.
        let address =
            unsafe { self.write(length_of_latin1(bytes), cache, |into| write_latin1(bytes, into)) }?;
        self.heap.retain(|block| block.as_ptr().cast() != start.cast_const());
        Ok(address)
    }

    unsafe fn utf8_of_node_api(
        &mut self,
        env: napi_env,
        value: napi_value,
        cache: &mut ArgumentCache,
    ) -> Result<u64, Status> {
        let (start, room) = self.spare();
        let mut length = 0;
        // One pass suffices when it leaves room for another character: else the end may be cut off.
        let mut status = NapiStatus::napi_ok;
        if room >= 8 {
            // SAFETY: the inline block has `room` bytes from `start` on.
            status = unsafe { sys::napi_get_value_string_utf8(env, value, start.cast(), room, &mut length) };
        }
        if status == NapiStatus::napi_string_expected {
            // SAFETY: the value is the running callback's.
            return unsafe { number_or_bigint(env, value) };
        }
        let (start, address) = if room >= 8 && length + 4 < room {
            (start, self.keep_inline(length + 1))
        } else {
            // SAFETY: asked for the length alone, then for as many bytes as were allocated.
            unsafe {
                if sys::napi_get_value_string_utf8(env, value, null_mut(), 0, &mut length)
                    == NapiStatus::napi_string_expected
                {
                    return number_or_bigint(env, value);
                }
                let block = self.allocate(length + 1)?;
                sys::napi_get_value_string_utf8(env, value, block.cast(), length + 1, &mut length);
                (block, block as u64)
            }
        };
        // SAFETY: `length` bytes and a NUL were just written there.
        let bytes = unsafe { std::slice::from_raw_parts(start, length + 1) };
        if bytes[..length].contains(&0) {
            return Err(Status::EmbeddedNul);
        }
        cache.keep(&bytes[..length]);
        Ok(address)
    }

    /// Copies code units and a terminating zero.
    fn copy<T: Copy + Default + PartialEq>(&mut self, units: &[T]) -> Result<u64, Status> {
        if units.contains(&T::default()) {
            return Err(Status::EmbeddedNul);
        }
        let block = self.allocate((units.len() + 1) * size_of::<T>())?.cast::<T>();
        // SAFETY: the block has room for the units and the zero, and is aligned to 8 bytes.
        unsafe {
            block.copy_from_nonoverlapping(units.as_ptr(), units.len());
            block.add(units.len()).write(T::default());
        }
        Ok(block as u64)
    }
}

impl Drop for Arguments<'_> {
    // Most calls have no block: they are not to pay for it.
    #[inline(always)]
    fn drop(&mut self) {
        if !self.heap.is_empty() {
            self.keep_spare();
        }
    }
}

/// The UTF-16 units of a string value, or `None` where it is no string.
unsafe fn utf16_units(env: napi_env, value: napi_value) -> Result<Option<Vec<u16>>, Status> {
    let mut length = 0;
    // SAFETY: asked for the length alone; the value is the running callback's.
    match unsafe { sys::napi_get_value_string_utf16(env, value, null_mut(), 0, &mut length) } {
        NapiStatus::napi_ok => {}
        NapiStatus::napi_string_expected => return Ok(None),
        _ => return Err(Status::Internal),
    }
    let mut units: Vec<u16> = Vec::new();
    units.try_reserve_exact(length + 1).map_err(|_| Status::OutOfMemory)?;
    // SAFETY: `length + 1` units are reserved, and so many are written.
    unsafe {
        sys::napi_get_value_string_utf16(env, value, units.as_mut_ptr(), length + 1, &mut length);
        units.set_len(length);
    }
    Ok(Some(units))
}

/// The address that a number or bigint is.
unsafe fn number_or_bigint(env: napi_env, value: napi_value) -> Result<u64, Status> {
    let (mut number, mut bits, mut lossless) = (0.0, 0, false);
    // SAFETY: the value is the running callback's.
    unsafe {
        if sys::napi_get_value_double(env, value, &mut number) == NapiStatus::napi_ok {
            return Ok(number as i64 as u64);
        }
        if sys::napi_get_value_bigint_uint64(env, value, &mut bits, &mut lossless) == NapiStatus::napi_ok {
            return Ok(bits);
        }
    }
    Err(Status::Internal)
}
