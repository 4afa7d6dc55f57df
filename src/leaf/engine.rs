//! V8, as far as leaf calls need it: function templates, and a check that it lays things out as this code believes.
//!
//! Functions of arkffi's own, which take the receiver as their first argument, need no stub.
//!
//! # Safety
//! Names and types are those that V8 exports in the versions of [`Layout::of_abi`], and nothing is called before
//! the check of the layout. A `v8::Local` is one word with the bits of a `napi_value`.
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::ffi::{CStr, c_int, c_void};
use std::ptr::null_mut;
use std::sync::{LazyLock, Mutex, OnceLock};

use napi::sys::napi_value;

use super::layout::{Info, Layout};
use super::record::Function;
use super::signature::Signature;
use crate::queue::lock;
use crate::v8::{Callback, Current, Pointer, find};

/// `v8::FunctionTemplate::New`.
type NewTemplate = unsafe extern "C" fn(
    isolate: Pointer,
    callback: Callback,
    data: Pointer,
    signature: Pointer,
    length: c_int,
    behaviour: c_int,
    side_effects: c_int,
    function: *const Function,
    instance: u16,
    first_receiver: u16,
    last_receiver: u16,
) -> Pointer;
/// `v8::FunctionTemplate::GetFunction`.
type GetFunction = unsafe extern "C" fn(Pointer, Pointer) -> Pointer;
/// `v8::CFunctionInfo::CFunctionInfo`. The last argument is missing in ABI 115, which ignores it.
type MakeInfo = unsafe extern "C" fn(*mut u8, *const u8, u32, *const u8, u8);
/// `v8::CFunctionInfo::ArgumentInfo`.
type ArgumentInfo = unsafe extern "C" fn(*const u8, u32) -> *const u8;

/// What is needed of V8.
pub struct Engine {
    layout: Layout,
    current: Current,
    template: NewTemplate,
    function: GetFunction,
}

const TEMPLATE: &CStr = c"_ZN2v816FunctionTemplate3NewEPNS_7IsolateEPFvRKNS_20FunctionCallbackInfoINS_5ValueEEEENS_5LocalIS4_EENSA_INS_9SignatureEEEiNS_19ConstructorBehaviorENS_14SideEffectTypeEPKNS_9CFunctionEttt";
const FUNCTION: &CStr = c"_ZN2v816FunctionTemplate11GetFunctionENS_5LocalINS_7ContextEEE";
const ARGUMENT: &CStr = c"_ZNK2v813CFunctionInfo12ArgumentInfoEj";
const INFO: &CStr = c"_ZN2v813CFunctionInfoC1ERKNS_9CTypeInfoEjPS2_";
const INFO_WITH_REPRESENTATION: &CStr =
    c"_ZN2v813CFunctionInfoC1ERKNS_9CTypeInfoEjPS2_NS0_19Int64RepresentationE";

/// Whether V8's own constructor makes what [`Layout`] says.
fn is_layout_of(layout: Layout) -> Result<bool, &'static str> {
    const UNTOUCHED: u8 = 0xaa;
    let name = if layout.representation.is_none() { INFO } else { INFO_WITH_REPRESENTATION };
    let (result, arguments, count) = ([0x41, 0x42, 0x43, 0x44], [0_u8; 32], 7_u32);
    let (mut made, mut wanted) = ([UNTOUCHED; 64], [UNTOUCHED; 64]);
    wanted[..layout.stride].copy_from_slice(&result[..layout.stride]);
    if let Some(place) = layout.representation {
        wanted[place] = 1;
    }
    wanted[4..8].copy_from_slice(&count.to_ne_bytes());
    wanted[8..16].copy_from_slice(&(arguments.as_ptr() as u64).to_ne_bytes());
    // SAFETY: the constructor stores its arguments into an object of 16 bytes, and has room for four times as
    // many; the accessor computes an address from what the constructor has stored.
    unsafe {
        let (make, argument): (MakeInfo, ArgumentInfo) = (find(name)?, find(ARGUMENT)?);
        make(made.as_mut_ptr(), result.as_ptr(), count, arguments.as_ptr(), 1);
        let distance = (argument(made.as_ptr(), 1) as usize).wrapping_sub(arguments.as_ptr() as usize);
        Ok(made == wanted && distance == layout.stride)
    }
}

fn probe(modules: u32) -> Result<Engine, &'static str> {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        return Err("this platform has no stubs yet");
    }
    let layout = Layout::of_abi(modules).ok_or("this version of Node.js is not known")?;
    if !is_layout_of(layout)? {
        return Err("V8 lays out its functions in another way");
    }
    // SAFETY: the types are those of the functions.
    unsafe {
        Ok(Engine { layout, current: Current::find()?, template: find(TEMPLATE)?, function: find(FUNCTION)? })
    }
}

/// V8, or why it cannot be used. The number is that of Node's ABI.
pub fn engine(modules: u32) -> Result<&'static Engine, &'static str> {
    static ENGINE: OnceLock<Result<Engine, &'static str>> = OnceLock::new();
    ENGINE.get_or_init(|| probe(modules)).as_ref().map_err(|reason| *reason)
}

/// Kept for ever, once for each signature: V8's compiler may look at one at any time.
static INFOS: LazyLock<Mutex<HashMap<Signature, &'static Info>>> = LazyLock::new(Mutex::default);

/// A function of arkffi's own.
struct Own(Function);

// SAFETY: code that every thread may run, and a signature that is kept for ever.
unsafe impl Send for Own {}
// SAFETY: as above; it is never written.
unsafe impl Sync for Own {}

/// Kept for ever, once for each of their addresses.
static OWN: LazyLock<Mutex<HashMap<usize, &'static Own>>> = LazyLock::new(Mutex::default);

/// What V8 calls where it makes no fast call. Without a result the function gives `undefined`.
unsafe extern "C" fn not_called(_info: *const c_void) {}

impl Engine {
    fn info(&self, signature: &Signature) -> &'static Info {
        let mut infos = lock(&INFOS);
        infos.entry(signature.clone()).or_insert_with(|| {
            let arguments: &'static [u8] = Box::leak(self.layout.arguments(signature).into_boxed_slice());
            let count = signature.arguments.len() as u32 + 1;
            Box::leak(Box::new(self.layout.info(signature.result, count, arguments.as_ptr() as usize)))
        })
    }

    /// The word in which V8 notes which fast call runs on this thread. `None` where the isolate is laid out in another way:
    /// then the `undefined` of Node-API, which is a place in the isolate, is elsewhere, and what stands before it may be too.
    pub fn running(&self, undefined: napi_value) -> Option<*const usize> {
        let isolate = self.current.isolate()?.cast::<u8>();
        let words = self.layout.words;
        let known = isolate.wrapping_add(words.undefined) == undefined.cast::<u8>();
        known.then(|| isolate.wrapping_add(words.running).cast::<usize>().cast_const())
    }

    /// A raw function: what V8 calls fast, or `None` where it refuses.
    ///
    /// # Safety
    /// On the environment's thread, with a handle scope open; the function is one of a record of that environment, whose
    /// code fits the signature.
    pub unsafe fn function(&self, function: *mut Function, signature: &Signature) -> Option<napi_value> {
        // SAFETY: the caller's promise; a record is never unmapped, and its signature is kept for ever.
        unsafe {
            (*function).info = self.info(signature);
            self.instance(function, signature.arguments.len())
        }
    }

    /// The same of a C function of arkffi's own.
    ///
    /// # Safety
    /// On the environment's thread, with a handle scope open. There is one signature for each such function, and that is
    /// what it takes after the receiver, and gives. It neither runs JavaScript nor waits.
    pub unsafe fn own_function(&self, code: *const c_void, signature: &Signature) -> Option<napi_value> {
        let info = self.info(signature);
        let own: &'static Own = lock(&OWN)
            .entry(code as usize)
            .or_insert_with(|| Box::leak(Box::new(Own(Function { code, info }))));
        // SAFETY: the caller's promise; it is kept for ever.
        unsafe { self.instance(&raw const own.0, signature.arguments.len()) }
    }

    /// # Safety
    /// On the environment's thread, with a handle scope open; the function is set, and lives as long as V8 may look at it.
    unsafe fn instance(&self, function: *const Function, length: usize) -> Option<napi_value> {
        // SAFETY: the types are V8's; the rest is the caller's promise.
        unsafe {
            let isolate = self.current.isolate()?;
            let (throws, has_side_effects) = (0, 0);
            let template = (self.template)(
                isolate,
                not_called,
                null_mut(),
                null_mut(),
                length as c_int,
                throws,
                has_side_effects,
                function,
                0,
                0,
                0,
            );
            if template.is_null() {
                return None;
            }
            let made = (self.function)(template, self.current.context(isolate));
            if made.is_null() { None } else { Some(made.cast()) }
        }
    }
}
