//! The native stack of the current thread.
//!
//! # Safety
//! pthread_getattr_np(3) describes the calling thread.
#![allow(unsafe_code)]

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
#[cfg(target_os = "linux")]
pub fn limit() -> usize {
    let mut attributes = std::mem::MaybeUninit::<libc::pthread_attr_t>::zeroed();
    let (mut start, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: the attributes are filled by the first call, read by the second and destroyed by the
    // third.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return 0;
        }
        libc::pthread_attr_getstack(attributes.as_ptr(), &mut start, &mut size);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
    }
    start as usize + HEADROOM.min(size / 4)
}

/// The lowest stack address at which a call into C may start on this thread; 0 where the platform
/// does not tell.
#[cfg(not(target_os = "linux"))]
pub fn limit() -> usize {
    0
}
