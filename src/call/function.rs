//! Binding a plan to an address: the native function object that a wrapper calls.
//!
//! # Safety
//! The entry of a function is freed by the function object's finalizer, which Node runs once, on
//! the environment's thread, when the object can no longer be called.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::ffi::{c_char, c_void};
use std::ptr::null_mut;
use std::rc::Rc;
use std::sync::Arc;

use napi::sys::{self, napi_callback_info, napi_env, napi_value};

use super::entry::{self, Acquired, Entry, Handler};
use super::stubs::{
    Callback, background_handler, closed_handler, enter, general_handler, handler, repeating_handler,
    without_api,
};
use crate::abi::libffi::Interface;
use crate::background::job::Target;
use crate::convert::arguments::ArgumentCache;
use crate::convert::results::ResultCache;
use crate::error::Result;
use crate::leaf::watch::CLOSED;
use crate::library::Loaded;
use crate::memory::code;
use crate::plan::{Path, Plan};
use crate::state::State;
use crate::types::TextUnit;

/// The functions that are closed together: those of a library, or those found in a module.
pub struct Group {
    state: Rc<State>,
    entries: RefCell<HashSet<*mut Entry>>,
    closed: Cell<bool>,
    /// How many background calls have been accepted and not settled.
    running: Cell<u32>,
    /// The library, closed while there were such calls.
    waiting: RefCell<Option<Loaded>>,
}

impl Group {
    /// A group without functions.
    pub fn new(state: Rc<State>) -> Rc<Self> {
        Rc::new(Group {
            state,
            entries: RefCell::default(),
            closed: Cell::new(false),
            running: Cell::new(0),
            waiting: RefCell::default(),
        })
    }

    /// What the functions share.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Counts a background call that is accepted.
    pub fn begin(&self) {
        self.running.set(self.running.get() + 1);
    }

    /// Counts one that is settled. With the last of them a closed library is unloaded.
    pub fn end(&self) {
        self.running.set(self.running.get() - 1);
        if self.running.get() == 0
            && let Some(library) = self.waiting.take()
        {
            self.state.unload(library);
        }
    }

    /// Unloads the library of the group when nothing of it runs any more.
    pub fn unload(&self, library: Loaded) {
        if self.running.get() == 0 {
            self.state.unload(library);
        } else {
            *self.waiting.borrow_mut() = Some(library);
        }
    }

    /// Makes every function refuse, those bound later too.
    pub fn close(&self) {
        self.closed.set(true);
        for entry in self.entries.borrow_mut().drain() {
            // SAFETY: an entry leaves the set before it is released (finalizer), so this one is live.
            unsafe { refuse(entry) };
        }
    }

    /// Makes one function refuse; `false` when it did already.
    #[allow(clippy::not_unsafe_ptr_arg_deref)]
    pub fn close_one(&self, entry: *mut Entry) -> bool {
        let found = self.entries.borrow_mut().remove(&entry);
        if found {
            // SAFETY: as in `close`; only addresses found in the set are followed.
            unsafe { refuse(entry) };
        }
        found
    }

    /// Whether the entry is that of one of the functions that are open.
    pub fn has(&self, entry: *mut Entry) -> bool {
        self.entries.borrow().contains(&entry)
    }

    /// Whether that function is open.
    pub fn is_open(&self, entry: *mut Entry) -> bool {
        self.entries.borrow().contains(&entry)
    }

    /// Whether no function is open.
    pub fn is_empty(&self) -> bool {
        self.entries.borrow().is_empty()
    }
}

/// Makes a function refuse.
///
/// # Safety
/// The entry is live.
unsafe fn refuse(entry: *mut Entry) {
    // SAFETY: the caller's promise; a gate lives as long as the environment.
    unsafe {
        (*entry).handler = closed_handler();
        if let Some(gate) = (*entry).gate.as_mut() {
            *gate |= CLOSED;
        }
    }
}

/// Where a function's calls run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// On the environment's thread.
    Direct,
    /// On a helper, while the environment's thread serves callbacks.
    Pumped,
    /// On the pool; the function returns at once.
    Background,
}

/// The strings of a call that is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeated {
    /// Those of the last call of the function that takes them.
    Kept,
    /// The only one, which JavaScript has left in the slots.
    Left,
}

/// What the general handler needs of a function.
pub struct Function {
    /// How C is entered.
    pub target: Target,
    /// Where the calls run.
    pub mode: Mode,
    /// Whether a call may be suspended while JavaScript runs its callbacks. It runs on this thread then.
    pub suspends: bool,
    /// How many of its calls have called back, and how often in all.
    pub upcalls: Cell<(u32, u32)>,
    /// The strings of the last call, shared with the function that makes it again.
    pub arguments: Rc<RefCell<Vec<ArgumentCache>>>,
    /// Which strings it is given again, where it takes none.
    pub repeats: Option<Repeated>,
    /// The string the last call gave, shared in the same way.
    pub result: Rc<RefCell<ResultCache>>,
    /// Whether V8 enters it without Node-API.
    pub is_bare: Cell<bool>,
    /// What it is closed with.
    pub group: Rc<Group>,
    stub: Option<usize>,
}

impl Function {
    /// How the values travel.
    pub fn plan(&self) -> &Plan {
        &self.target.plan
    }

    /// The number of its stub, which is that of its entry too.
    pub fn stub(&self) -> Option<usize> {
        self.stub
    }

    /// What the functions of the environment share.
    pub fn state(&self) -> &State {
        self.group.state()
    }
}

fn kept(name: &str) -> &'static str {
    // SAFETY: names are kept for ever.
    unsafe { *entry::keep_name(name) }
}

/// The file that a function lies in.
fn library_of(code: *const c_void) -> &'static str {
    code::module_of(code as usize).map_or("", |module| kept(&module.path))
}

/// Makes the native function that calls `code` by `plan`, and its entry.
///
/// # Errors
/// Those of [`Interface::new`].
///
/// # Safety
/// `env` is the environment of `group`, and the call is made on its thread with a handle scope open.
pub unsafe fn bind(
    env: napi_env,
    group: &Rc<Group>,
    plan: &Arc<Plan>,
    code: *const c_void,
    mode: Mode,
    suspends: bool,
    name: &str,
) -> Result<(napi_value, *mut Entry)> {
    let interface = if plan.path == Path::Libffi { Some(Arc::new(Interface::new(plan)?)) } else { None };
    let acquired = entry::acquire();
    let function = Function {
        target: Target {
            plan: Arc::clone(plan),
            interface,
            code,
            name: kept(name),
            library: library_of(code),
        },
        mode,
        suspends,
        upcalls: Cell::new((0, 0)),
        arguments: Rc::new(RefCell::new(vec![ArgumentCache::default(); plan.values])),
        repeats: None,
        result: Rc::default(),
        is_bare: Cell::new(false),
        group: Rc::clone(group),
        stub: acquired.stub,
    };
    let handler = match mode {
        _ if group.closed.get() => closed_handler(),
        Mode::Direct => handler(plan),
        Mode::Pumped => general_handler(),
        Mode::Background => background_handler(),
    };
    let is_bare = mode == Mode::Direct && !suspends && plan.values == 0 && gives_in_slots(plan);
    // SAFETY: the caller's promise; the entry was acquired for this function.
    unsafe { Ok(install(env, function, &acquired, handler, is_bare)) }
}

/// Makes the native function that makes the calls of a direct one, whose values are all strings, without being given them.
/// `None` where the number is of none that is open in the group.
///
/// # Safety
/// As for [`bind`].
pub unsafe fn bind_repeating(
    env: napi_env,
    group: &Rc<Group>,
    entry: *mut Entry,
    repeated: Repeated,
) -> Option<(napi_value, *mut Entry)> {
    if group.closed.get() || !group.has(entry) {
        return None;
    }
    // SAFETY: an entry of the group is live, and `install` has set its function.
    let original = unsafe { &*(*entry).function };
    let acquired = entry::acquire();
    let function = Function {
        target: original.target.clone(),
        mode: Mode::Direct,
        suspends: false,
        upcalls: Cell::new((0, 0)),
        arguments: Rc::clone(&original.arguments),
        repeats: Some(repeated),
        result: Rc::clone(&original.result),
        is_bare: Cell::new(false),
        group: Rc::clone(group),
        stub: acquired.stub,
    };
    let is_bare = gives_in_slots(function.plan());
    let handler = match repeated {
        Repeated::Kept => general_handler(),
        Repeated::Left => repeating_handler(function.plan()),
    };
    // SAFETY: the caller's promise; the entry was acquired for this function.
    unsafe { Some(install(env, function, &acquired, handler, is_bare)) }
}

/// Fills an entry, and makes the function object that enters it.
///
/// # Safety
/// As for [`bind`]; the entry was acquired for this function.
unsafe fn install(
    env: napi_env,
    function: Function,
    acquired: &Acquired,
    handler: Handler,
    is_bare: bool,
) -> (napi_value, *mut Entry) {
    let group = Rc::clone(&function.group);
    let plan = Arc::clone(&function.target.plan);
    // SAFETY: the entry is this function's alone until its finalizer; Node-API copies what it needs
    // of the arguments, and is called on the environment's thread (caller).
    unsafe {
        *acquired.entry = Entry {
            handler,
            target: function.target.code,
            slots: group.state.slots,
            stack_floats: plan.stack_floats,
            stack_words: plan.stack_words,
            name: entry::keep_name(function.target.name),
            function: Box::into_raw(Box::new(function)),
            gate: null_mut(),
        };
        let data = acquired.entry.cast::<c_void>();
        let bare = group.state.bare.get().filter(|_| is_bare).zip(acquired.callback);
        let object = match bare.and_then(|(bare, callback)| bare.function(without_api(callback))) {
            Some(object) => {
                (*(*acquired.entry).function).is_bare.set(true);
                object
            }
            None => create(env, acquired.callback.unwrap_or(enter_by_data), data),
        };
        sys::napi_add_finalizer(env, object, data, Some(finalize), null_mut(), null_mut());
        group.entries.borrow_mut().insert(acquired.entry);
        (object, acquired.entry)
    }
}

/// Whether the result of a plan travels in the slots, or can be fetched, and C gets no means to leave an exception. A string
/// may lie in one that was an argument, whose copy is gone when it would be fetched.
fn gives_in_slots(plan: &Plan) -> bool {
    let is_fetchable = |unit| unit == TextUnit::Utf8 && plan.values == 0;
    plan.text_result().is_none_or(is_fetchable) && !plan.enters_js
}

/// A native function by Node-API.
///
/// # Safety
/// On the environment's thread, with a handle scope open; the callback can be entered with that data.
unsafe fn create(env: napi_env, callback: Callback, data: *mut c_void) -> napi_value {
    let mut object = null_mut();
    // SAFETY: the caller's promise.
    unsafe {
        let name = c"native".as_ptr().cast::<c_char>();
        sys::napi_create_function(env, name, 6, Some(callback), data, &mut object);
    }
    object
}

/// Enters the handler of the entry in the callback data.
pub(super) unsafe extern "C" fn enter_by_data(env: napi_env, info: napi_callback_info) -> napi_value {
    let mut data = null_mut();
    // SAFETY: Node calls this with its environment and info; the data is the entry given in `bind`,
    // which is live as long as the function object can be called.
    unsafe {
        sys::napi_get_cb_info(env, info, null_mut(), null_mut(), null_mut(), &mut data);
        enter(env, info, data.cast::<Entry>())
    }
}

unsafe extern "C" fn finalize(_env: napi_env, data: *mut c_void, _hint: *mut c_void) {
    let entry = data.cast::<Entry>();
    // SAFETY: Node runs this once, when the function object can no longer be called; `bind` set the
    // entry's function from a box.
    unsafe {
        let function = Box::from_raw((*entry).function);
        function.group.entries.borrow_mut().remove(&entry);
        entry::release(entry, function.stub);
    }
}
