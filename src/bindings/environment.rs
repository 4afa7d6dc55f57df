//! The state of one environment: slots, plans, and what is loaded from it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::rc::Rc;
use std::sync::Arc;

use napi::Env;
use napi::sys::{self, napi_ref};
use napi_derive::napi;

use super::library::{LoadOptions, NativeLibrary};
use super::{Raw, Result, raw, raw_env};
use crate::aggregate::Aggregate;
use crate::call::function::Group;
use crate::event_loop;
use crate::external::External;
use crate::leaf::engine::{Engine, engine};
use crate::library::Loaded;
use crate::memory::{code, guard, stack};
use crate::plan::Plan;
use crate::signature::Signature;
use crate::slots;
use crate::state::State;
use crate::upcall::run::watch_exit;
use crate::v8::Bare;

/// The numbers of the slots' words.
#[napi(object)]
pub struct SlotLayout {
    pub argument_words: u32,
    pub result: u32,
    pub result_number: u32,
    pub result_float: u32,
    pub status: u32,
    pub flags: u32,
    pub loaded: u32,
    pub flag_bits: u32,
    pub flag_same_text: u32,
    pub flag_filling: u32,
    pub flag_uses_buffers: u32,
    pub errno: u32,
    pub errno_set: u32,
    pub last_error: u32,
    pub callback: u32,
    pub origin: u32,
    pub finished: u32,
    pub finished_errno: u32,
    pub suspended: u32,
    pub could_not_run: u32,
    pub opened: u32,
    pub held: u32,
    pub found: u32,
    pub text_owner: u32,
    pub text: u32,
    pub text_room: u32,
    pub text_same: u32,
    pub text_null: u32,
    pub leaf_result: u32,
    pub quick_failed: i32,
    pub wanted: u32,
    pub recent: u32,
    pub recent_bytes: u32,
    pub recent_count: u32,
    pub statuses: Vec<String>,
}

unsafe extern "C" fn leave_thread(context: *mut c_void) {
    // SAFETY: the reference that the constructor gave.
    let state = unsafe { Rc::from_raw(context.cast_const().cast::<State>()) };
    state.run_late(true);
    state.memory.end();
    state.leave_thread();
    // SAFETY: the environment still lives; nothing of the facade's runs any more.
    unsafe { state.drop_references() };
    // SAFETY: hooks run when no JavaScript of the environment will run again.
    unsafe { state.leaves.release() };
}

/// The state of one environment.
#[napi]
pub struct Environment {
    pub(super) state: Rc<State>,
    pub(super) plans: RefCell<Vec<Arc<Plan>>>,
    pub(super) known: RefCell<HashMap<(Signature, bool), u32>>,
    /// The composite types; their rows follow those of the type table.
    pub(super) aggregates: RefCell<Vec<Arc<Aggregate>>>,
    /// Their places in that list: types that are alike share a row.
    pub(super) rows: RefCell<HashMap<Arc<Aggregate>, u32>>,
    slots: sys::napi_ref,
    leaf: Cell<Option<&'static Engine>>,
}

#[napi]
impl Environment {
    #[napi(constructor)]
    #[allow(clippy::new_without_default)]
    pub fn new(env: &Env) -> Result<Self> {
        code::pin_this_module();
        let (mut memory, mut buffer, mut slots) = (null_mut(), null_mut(), null_mut());
        // SAFETY: the buffer is kept by a strong reference as long as the environment lives, so its
        // memory stays; it is never handed to user code, so it is never detached.
        unsafe {
            let raw = raw_env(env);
            let bytes = slots::WORDS * 8;
            if sys::napi_create_arraybuffer(raw, bytes, &mut memory, &mut buffer) != sys::Status::napi_ok {
                return Err(napi::Error::new("ERR_FFI_OUT_OF_MEMORY", "no memory for the slots"));
            }
            sys::napi_create_reference(raw, buffer, 1, &mut slots);
            memory.cast::<u64>().write_bytes(0, slots::WORDS);
        }
        // SAFETY: the slots were made above, for the environment of this call.
        let state = Rc::new(unsafe { State::new(raw_env(env), memory.cast()) });
        state.enter_thread();
        // SAFETY: the hook is given a reference of its own, and runs once, on this thread.
        unsafe {
            let context = Rc::into_raw(Rc::clone(&state)).cast_mut().cast::<c_void>();
            sys::napi_add_env_cleanup_hook(raw_env(env), Some(leave_thread), context);
        }
        watch_exit();
        state.keep(slots);
        Ok(Environment {
            state,
            plans: RefCell::default(),
            known: RefCell::default(),
            aggregates: RefCell::default(),
            rows: RefCell::default(),
            slots,
            leaf: Cell::new(None),
        })
    }

    /// The slots' memory.
    #[napi(ts_return_type = "ArrayBuffer")]
    pub fn slots(&self, env: &Env) -> Raw {
        let mut buffer = null_mut();
        // SAFETY: the reference was made in the constructor and is strong.
        unsafe { sys::napi_get_reference_value(raw_env(env), self.slots, &mut buffer) };
        Raw(buffer)
    }

    /// The address of the slots' memory.
    #[napi]
    pub fn slots_address(&self) -> f64 {
        super::number(self.state.slots as usize)
    }

    /// The address of the word that guarded loads fill.
    #[napi]
    pub fn loaded_address(&self) -> f64 {
        super::number(self.state.slots as usize + slots::LOADED * 8)
    }

    #[napi]
    pub fn layout(&self) -> SlotLayout {
        let word = |index: usize| index as u32;
        SlotLayout {
            argument_words: word(slots::ARGUMENT_WORDS),
            result: word(slots::RESULT),
            result_number: word(slots::RESULT_NUMBER),
            result_float: word(slots::RESULT_FLOAT),
            status: word(slots::STATUS),
            flags: word(slots::FLAGS),
            loaded: word(slots::LOADED),
            flag_bits: slots::FLAG_BITS,
            flag_same_text: slots::FLAG_SAME_TEXT,
            flag_filling: slots::FLAG_FILLING,
            flag_uses_buffers: slots::FLAG_USES_BUFFERS,
            errno: word(slots::ERRNO),
            errno_set: word(slots::ERRNO_SET),
            last_error: word(slots::LAST_ERROR),
            callback: word(slots::CALLBACK),
            origin: word(slots::ORIGIN),
            finished: word(slots::FINISHED),
            finished_errno: word(slots::FINISHED_ERRNO),
            suspended: word(slots::SUSPENDED),
            could_not_run: slots::COULD_NOT_RUN as u32,
            opened: word(slots::OPENED[0]),
            held: word(slots::HELD[0]),
            found: word(slots::FOUND[0]),
            text_owner: word(slots::TEXT_OWNER),
            text: word(slots::TEXT),
            text_room: slots::TEXT_ROOM as u32,
            text_same: slots::TEXT_SAME as u32,
            text_null: slots::TEXT_NULL as u32,
            leaf_result: word(slots::LEAF_RESULT),
            quick_failed: guard::QUICK_FAILED,
            wanted: word(slots::WANTED),
            recent: word(slots::RECENT),
            recent_bytes: slots::RECENT_BYTES as u32,
            recent_count: slots::RECENT_COUNT as u32,
            statuses: slots::Status::ALL.iter().map(|(name, _)| (*name).to_owned()).collect(),
        }
    }

    /// Tells what runs a callback, and what runs those of a suspended call. Once, before there is a callback.
    #[napi]
    pub fn tell_callbacks(&self, dispatch: Raw, drive: Raw) {
        self.state.functions.dispatch.set(self.reference(&dispatch));
        self.state.functions.drive.set(self.reference(&drive));
    }

    /// Tells what settles background calls. Once, before there is one.
    #[napi]
    pub fn tell_settle(&self, settle: Raw) {
        self.state.functions.settle.set(self.reference(&settle));
    }

    /// Tells what warns. Once.
    #[napi]
    pub fn tell_warn(&self, warn: Raw) {
        self.state.functions.warn.set(self.reference(&warn));
    }

    fn reference(&self, function: &Raw) -> napi_ref {
        let mut reference = null_mut();
        // SAFETY: the function is an argument of the running call.
        unsafe { sys::napi_create_reference(self.state.env, function.0, 1, &mut reference) };
        reference
    }

    /// Lets other threads wake the event loop. Asynchronous hooks are shown the resource.
    #[napi]
    pub fn start(&self, resource: Raw) -> Result<()> {
        // SAFETY: the environment's thread runs this; the value is the running function's argument.
        Ok(unsafe { event_loop::start(&self.state, resource.0) }?)
    }

    /// An address on the stack, where this is called.
    #[napi]
    pub fn stack_address(&self) -> f64 {
        super::number(stack::here())
    }

    /// Sets the lowest address on the stack at which a callback may start.
    #[napi]
    pub fn set_script_limit(&self, limit: f64) {
        // SAFETY: the slots have a word for it.
        unsafe { *self.state.slots.add(slots::SCRIPT_LIMIT) = super::address(limit) as u64 };
    }

    /// Keeps the event loop alive until `release` is called as often.
    #[napi]
    pub fn hold(&self) {
        // SAFETY: the environment's thread runs this; the facade has called `start`.
        unsafe { event_loop::hold(&self.state) };
    }

    #[napi]
    pub fn release(&self) {
        // SAFETY: as for `hold`.
        unsafe { event_loop::release(&self.state) };
    }

    /// Allows what V8 does by itself, without Node-API, in a Node.js of that ABI: bare functions first.
    #[napi]
    pub fn allow_bare(&self, modules: u32) {
        self.state.bare.set(Bare::of_abi(modules));
        self.state.external.set(External::of_abi(modules));
    }

    /// Allows leaf calls, in a runtime of that ABI: why there are none, or nothing. The numbers in the buffer are
    /// gates: a leaf function may be called where its own is 0. `prints`: whether it is printed at once when one
    /// calls back.
    #[napi]
    pub fn allow_leaves(&self, env: &Env, modules: u32, gates: Raw, prints: bool) -> Option<String> {
        let engine = match engine(modules) {
            Ok(engine) => engine,
            Err(reason) => return Some(reason.to_owned()),
        };
        let (mut memory, mut bytes, mut reference) = (null_mut(), 0, null_mut());
        let mut undefined = null_mut();
        // SAFETY: the buffer is kept by a strong reference as long as the environment lives; the facade never
        // detaches it. V8's word is there as long as its isolate, which the environment is in.
        unsafe {
            let raw = raw_env(env);
            sys::napi_get_undefined(raw, &mut undefined);
            let Some(running) = engine.running(undefined) else {
                return Some("V8 lays out its isolates in another way".to_owned());
            };
            if sys::napi_get_arraybuffer_info(raw, gates.0, &mut memory, &mut bytes) != sys::Status::napi_ok {
                return Some("no gates".to_owned());
            }
            sys::napi_create_reference(raw, gates.0, 1, &mut reference);
            self.state.leaves.watch(running);
        }
        self.state.keep(reference);
        self.state.leaves.shared().install(memory.cast(), bytes / 4, prints);
        self.leaf.set(Some(engine));
        None
    }

    /// The names of a leaf function that has called back, and of the callback. Nobody is told twice.
    #[napi(ts_return_type = "[string, string] | null")]
    pub fn take_lie(&self) -> Option<Vec<String>> {
        self.state.leaves.shared().take_lie().map(|lie| vec![lie.function, lie.callback])
    }

    pub(super) fn engine(&self) -> Option<&'static Engine> {
        self.leaf.get()
    }

    /// Loads a library; `null` is the running process.
    #[napi]
    pub fn open(&self, name: Option<String>, options: LoadOptions) -> Result<NativeLibrary> {
        let loaded = Loaded::open(name.as_deref(), options.into())?;
        watch_exit();
        Ok(NativeLibrary::new(Group::new(Rc::clone(&self.state)), Some(loaded)))
    }

    /// A group of functions whose code keeps the module of that path mapped; without a path, or where
    /// no such module is loaded, a group that keeps nothing.
    #[napi]
    pub fn group(&self, path: Option<String>) -> NativeLibrary {
        let loaded = path.and_then(|path| Loaded::pin(&path));
        NativeLibrary::new(Group::new(Rc::clone(&self.state)), loaded)
    }

    /// A function that puts the address of a buffer's bytes into the result slot as a number: -1 for
    /// anything but a buffer, -2 for one that is detached.
    #[napi(ts_return_type = "(value: unknown) => void")]
    pub fn address_function(&self, env: &Env) -> Raw {
        // SAFETY: env is the running call's, and the slots are this environment's.
        Raw(unsafe { raw::address_function(raw_env(env), self.state.slots) })
    }

    /// A function that gives an ArrayBuffer over memory, which nobody is told of: `undefined` where that cannot be read, or is
    /// not allowed. `direct`: V8 makes them by itself where it can, without Node-API.
    #[napi(ts_return_type = "(start: number, bytes: number) => ArrayBuffer | undefined")]
    pub fn external_function(&self, env: &Env, direct: bool) -> Raw {
        let external = self.state.external.get().filter(|_| direct);
        // SAFETY: env is the running call's.
        Raw(unsafe { raw::external_function(raw_env(env), external) })
    }

    /// A function that copies an object, its accessors as they are; `undefined` where only the engine could.
    #[napi(ts_return_type = "((object: object) => object) | undefined")]
    pub fn copy_function(&self, env: &Env) -> Raw {
        let copying = self.state.bare.get();
        // SAFETY: env is the running call's.
        Raw(copying.map_or(null_mut(), |bare| unsafe { raw::copy_function(raw_env(env), bare) }))
    }
}
