//! The native stack of the current thread.

use crate::os;

/// Stack that a call into C is guaranteed, in bytes.
const HEADROOM: usize = 192 * 1024;

/// An address on the stack, near its end.
#[inline(never)]
pub fn here() -> usize {
    let local = 0u8;
    &raw const local as usize
}

/// The lowest stack address at which a call into C may start on this thread; 0 where the platform
/// does not tell.
pub fn limit() -> usize {
    os::stack().map_or(0, |(start, size)| start + HEADROOM.min(size / 4))
}
