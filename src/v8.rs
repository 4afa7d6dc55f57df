//! V8 as the running executable exports it: its functions by name, and *bare* functions, which enter native code without
//! Node-API.
//!
//! Node-API looks after errors, handles and scopes before and after each native function: 4 to 6 ns, half of what an
//! empty call costs. A function that takes and gives everything in the slots needs none of it.
//!
//! # Safety
//! Names hold the types of their functions (Itanium C++ ABI), so that one whose type has changed is not found. A
//! `v8::Local` is one word with the bits of a `napi_value`.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_int, c_void};
use std::mem::transmute_copy;
use std::ptr::null_mut;
use std::sync::OnceLock;

use napi::sys::napi_value;

use crate::os;

/// Anything of V8's.
pub type Pointer = *mut c_void;
/// `v8::FunctionCallback`. What it leaves alone gives `undefined`.
pub type Callback = unsafe extern "C" fn(info: *const c_void);
/// `v8::Isolate::GetCurrent`.
type CurrentIsolate = unsafe extern "C" fn() -> Pointer;
/// `v8::Isolate::GetCurrentContext`.
type CurrentContext = unsafe extern "C" fn(Pointer) -> Pointer;
/// `v8::Function::New`.
type NewFunction = unsafe extern "C" fn(
    context: Pointer,
    callback: Callback,
    data: Pointer,
    length: c_int,
    behaviour: c_int,
    side_effects: c_int,
) -> Pointer;
/// `v8::Object::Clone`: a shallow copy, of which the accessors are those of the object.
type CopyObject = unsafe extern "C" fn(object: Pointer) -> Pointer;

/// `v8::String::IsOneByte`: whether a string is kept as Latin-1.
pub type IsOneByte = unsafe extern "C" fn(string: napi_value) -> bool;

const IS_ONE_BYTE: &CStr = c"_ZNK2v86String9IsOneByteEv";
const ISOLATE: &CStr = c"_ZN2v87Isolate10GetCurrentEv";
const CONTEXT: &CStr = c"_ZN2v87Isolate17GetCurrentContextEv";
const FUNCTION: &CStr = c"_ZN2v88Function3NewENS_5LocalINS_7ContextEEEPFvRKNS_20FunctionCallbackInfoINS_5ValueEEEENS1_IS5_EEiNS_19ConstructorBehaviorENS_14SideEffectTypeE";
/// With `v8::Data` for `v8::Value`, as of ABI 147.
const FUNCTION_WITH_DATA: &CStr = c"_ZN2v88Function3NewENS_5LocalINS_7ContextEEEPFvRKNS_20FunctionCallbackInfoINS_5ValueEEEENS1_INS_4DataEEEiNS_19ConstructorBehaviorENS_14SideEffectTypeE";
const COPY: &CStr = c"_ZN2v86Object5CloneEv";

/// A function of the running executable.
///
/// # Errors
/// Where it has none of that name.
///
/// # Safety
/// `T` is the type of a pointer to it.
pub unsafe fn find<T>(name: &CStr) -> Result<T, &'static str> {
    let address = os::exported(name);
    if address.is_null() {
        return Err("a function of V8 is not exported");
    }
    // SAFETY: a function pointer is one word (caller).
    Ok(unsafe { transmute_copy(&address) })
}

/// The isolate and the context that run.
pub struct Current {
    isolate: CurrentIsolate,
    context: CurrentContext,
}

impl Current {
    /// # Errors
    /// Where V8 does not export what it takes.
    pub fn find() -> Result<Self, &'static str> {
        // SAFETY: the types are those of the functions.
        unsafe { Ok(Current { isolate: find(ISOLATE)?, context: find(CONTEXT)? }) }
    }

    /// The isolate of this thread, if it has one.
    pub fn isolate(&self) -> Option<Pointer> {
        // SAFETY: takes nothing, on any thread.
        let isolate = unsafe { (self.isolate)() };
        (!isolate.is_null()).then_some(isolate)
    }

    /// The context that runs in an isolate.
    ///
    /// # Safety
    /// It is the isolate of this thread, with a handle scope open.
    pub unsafe fn context(&self, isolate: Pointer) -> Pointer {
        // SAFETY: the caller's promise.
        unsafe { (self.context)(isolate) }
    }
}

/// How bare functions are made.
pub struct Bare {
    current: Current,
    function: NewFunction,
    copy: Option<CopyObject>,
    is_one_byte: Option<IsOneByte>,
}

static BARE: OnceLock<Option<Bare>> = OnceLock::new();

/// [`IsOneByte`], once [`Bare::of_abi`] has found it.
#[inline]
pub fn is_one_byte() -> Option<IsOneByte> {
    BARE.get()?.as_ref()?.is_one_byte
}

fn probe() -> Option<Bare> {
    // SAFETY: the types are those of the functions; `v8::Data` is a base of `v8::Value`.
    unsafe {
        let function = find(FUNCTION).or_else(|_| find(FUNCTION_WITH_DATA)).ok()?;
        let (copy, is_one_byte) = (find(COPY).ok(), find(IS_ONE_BYTE).ok());
        Some(Bare { current: Current::find().ok()?, function, copy, is_one_byte })
    }
}

impl Bare {
    /// What makes them in a Node.js of that ABI: 20, 22, 24 or 26.
    pub fn of_abi(modules: u32) -> Option<&'static Bare> {
        if !matches!(modules, 115 | 127 | 137 | 147) {
            return None;
        }
        BARE.get_or_init(probe).as_ref()
    }

    /// A function that enters native code, or `None` where V8 refuses.
    ///
    /// # Safety
    /// On the environment's thread, with a handle scope open. The callback may be entered as long as the function lives.
    pub unsafe fn function(&self, callback: Callback) -> Option<napi_value> {
        let (length, throws, has_side_effects) = (0, 0, 0);
        let isolate = self.current.isolate()?;
        // SAFETY: the types are V8's; without data a function has `undefined` for it.
        let made = unsafe {
            let context = self.current.context(isolate);
            (self.function)(context, callback, null_mut(), length, throws, has_side_effects)
        };
        (!made.is_null()).then(|| made.cast())
    }

    /// Whether objects can be copied.
    pub fn copies(&self) -> bool {
        self.copy.is_some()
    }

    /// A shallow copy of an object, with its accessors as they are.
    ///
    /// # Safety
    /// On the environment's thread, with a handle scope open; the value is an object.
    pub unsafe fn copy(&self, object: napi_value) -> napi_value {
        // SAFETY: the caller's promise; a value is what a `v8::Local` of it points with.
        self.copy.map_or(null_mut(), |copy| unsafe { copy(object.cast()) }.cast())
    }
}
