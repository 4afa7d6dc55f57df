//! ArrayBuffers over memory of C's that V8 makes by itself, without Node-API.
//!
//! Node-API makes a Buffer too and has the environment know of it until it is collected, which takes most of the time.
//! A buffer that frees nothing needs none of that.
//!
//! # Safety
//! As for `v8`: names hold the types of their functions. What V8 knows of the memory is handed over as a
//! `std::shared_ptr`, which the executable's own code makes; its name says that it is libstdc++'s, of which it is two
//! words: the object, and its counts.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_void};
use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, Ordering};

use napi::sys::napi_value;

use crate::v8::{Current, Pointer, find};

/// `v8::BackingStore::DeleterCallback`.
type Deleter = extern "C" fn(data: *mut c_void, bytes: usize, more: *mut c_void);
/// `v8::ArrayBuffer::NewBackingStore`, for memory that is there.
type NewStore =
    unsafe extern "C" fn(data: *mut c_void, bytes: usize, deleter: Deleter, more: *mut c_void) -> InMemory;
/// The constructor of a `std::shared_ptr` from a `std::unique_ptr`, which is empty then.
type Share = unsafe extern "C" fn(shared: *mut Shared, store: *mut Pointer);
/// `v8::ArrayBuffer::New`: objects of classes are passed by their addresses.
type NewBuffer = unsafe extern "C" fn(isolate: Pointer, store: *mut Shared) -> Pointer;

const STORE: &CStr = c"_ZN2v811ArrayBuffer15NewBackingStoreEPvmPFvS1_mS1_ES1_";
const SHARE: &CStr = c"_ZNSt12__shared_ptrIN2v812BackingStoreELN9__gnu_cxx12_Lock_policyE2EEC2IS1_St14default_deleteIS1_EvEEOSt10unique_ptrIT_T0_E";
const BUFFER: &CStr = c"_ZN2v811ArrayBuffer3NewEPNS_7IsolateESt10shared_ptrINS_12BackingStoreEE";

/// A `std::unique_ptr`, which is returned as what is too large for registers is: at an address of the caller's.
#[repr(C)]
struct InMemory {
    store: Pointer,
    unused: MaybeUninit<[usize; 2]>,
}

/// A `std::shared_ptr`.
#[repr(C)]
struct Shared {
    store: Pointer,
    counts: *const Counts,
}

/// What is common to those of one object.
#[repr(C)]
struct Counts {
    functions: Pointer,
    uses: AtomicI32,
}

/// How such buffers are made.
pub struct External {
    current: Current,
    store: NewStore,
    share: Share,
    buffer: NewBuffer,
}

/// The memory stays C's. Any thread may call this.
extern "C" fn free_nothing(_: *mut c_void, _: usize, _: *mut c_void) {}

fn probe() -> Result<External, &'static str> {
    // SAFETY: the types are those of the functions.
    unsafe {
        let (store, share, buffer) = (find(STORE)?, find(SHARE)?, find(BUFFER)?);
        Ok(External { current: Current::find()?, store, share, buffer })
    }
}

impl External {
    /// What makes them in a Node.js of that ABI: 20, 22, 24 or 26.
    pub fn of_abi(modules: u32) -> Option<&'static External> {
        static EXTERNAL: OnceLock<Option<External>> = OnceLock::new();
        if !matches!(modules, 115 | 127 | 137 | 147) {
            return None;
        }
        EXTERNAL.get_or_init(|| probe().ok()).as_ref()
    }

    /// An ArrayBuffer over memory, or `None` where no isolate runs.
    ///
    /// # Safety
    /// On the environment's thread, with a handle scope open. The runtime allows buffers over such memory, which is readable
    /// as long as the buffer is used, and no larger than a buffer can be.
    pub unsafe fn array_buffer(&self, start: usize, bytes: usize) -> Option<napi_value> {
        let isolate = self.current.isolate()?;
        let mut shared = Shared { store: null_mut(), counts: null() };
        // SAFETY: the caller's promises; V8 takes the memory's description over by the shared pointer. Should it have
        // left that one as it is, the buffer has another: this is not the last.
        unsafe {
            let mut store = (self.store)(start as *mut c_void, bytes, free_nothing, null_mut());
            (self.share)(&mut shared, &mut store.store);
            let buffer = (self.buffer)(isolate, &mut shared);
            if let Some(counts) = shared.counts.as_ref() {
                counts.uses.fetch_sub(1, Ordering::AcqRel);
            }
            (!buffer.is_null()).then(|| buffer.cast())
        }
    }
}
