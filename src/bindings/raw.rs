//! Functions by raw Node-API calls: those on a call path, and those the macros have no form for.

use std::ffi::{CStr, c_char, c_void};
use std::ptr::{null, null_mut};
use std::rc::Rc;
use std::sync::OnceLock;

use napi::sys::{self, Status, napi_callback_info, napi_env, napi_value};

use crate::convert::results::{Text, bytes_at as text_bytes, create as create_text, result as text_result};
use crate::event_loop::next_finished;
use crate::external::External;
use crate::library::Loaded;
use crate::memory::accounts::Account;
use crate::memory::called::{Called, during};
use crate::memory::{code, guard};
use crate::slots::{
    OPENED, RECENT, RECENT_BYTES, RECENT_COUNT, RESULT, RESULT_NUMBER, STATUS, Status as Refused, WANTED,
};
use crate::state::State;
use crate::types::TextUnit;
use crate::v8::Bare;

const NOT_A_BUFFER: f64 = -1.0;
const DETACHED: f64 = -2.0;

/// The native function `address`.
///
/// # Safety
/// `env` is the running call's, and `slots` are its environment's.
pub(super) unsafe fn address_function(env: napi_env, slots: *mut u64) -> napi_value {
    let mut function = null_mut();
    // SAFETY: the caller's promise; the slots outlive every function of the environment.
    unsafe {
        let name = c"address".as_ptr().cast::<c_char>();
        sys::napi_create_function(env, name, 7, Some(address), slots.cast(), &mut function);
    }
    function
}

/// The native function `copy`, where objects can be copied.
///
/// # Safety
/// `env` is the running call's.
pub(super) unsafe fn copy_function(env: napi_env, bare: &'static Bare) -> napi_value {
    let mut function = null_mut();
    if bare.copies() {
        let data = std::ptr::from_ref(bare).cast_mut().cast::<c_void>();
        // SAFETY: the caller's promise; the data lives for ever.
        unsafe { sys::napi_create_function(env, c"copy".as_ptr(), 4, Some(copy), data, &mut function) };
    }
    function
}

unsafe extern "C" fn copy(env: napi_env, info: napi_callback_info) -> napi_value {
    let (mut count, mut object, mut bare) = (1, null_mut(), null_mut());
    // SAFETY: Node calls this with its environment and info; the data is what was given above. The facade passes an object of
    // its own.
    unsafe {
        sys::napi_get_cb_info(env, info, &mut count, &mut object, null_mut(), &mut bare);
        (*bare.cast::<Bare>()).copy(object)
    }
}

unsafe extern "C" fn address(env: napi_env, info: napi_callback_info) -> napi_value {
    let (mut count, mut value, mut slots) = (1, null_mut(), null_mut());
    // SAFETY: Node calls this with its environment and info; the data is the slots given above.
    unsafe {
        sys::napi_get_cb_info(env, info, &mut count, &mut value, null_mut(), &mut slots);
        slots.cast::<f64>().add(RESULT_NUMBER).write(buffer_address(env, value));
    }
    null_mut()
}

/// The address of a buffer's first byte.
///
/// # Safety
/// `value` is a value of the running callback of `env`.
#[allow(clippy::cast_precision_loss)]
unsafe fn buffer_address(env: napi_env, value: napi_value) -> f64 {
    let (mut data, mut length, mut buffer) = (null_mut(), 0, null_mut());
    // SAFETY: each call tells by its status whether the value is of the kind it is for.
    unsafe {
        if sys::napi_get_typedarray_info(
            env,
            value,
            null_mut(),
            null_mut(),
            &mut data,
            null_mut(),
            null_mut(),
        ) == Status::napi_ok
        {
            if !data.is_null() {
                return data as usize as f64;
            }
            sys::napi_get_typedarray_info(
                env,
                value,
                null_mut(),
                null_mut(),
                null_mut(),
                &mut buffer,
                null_mut(),
            );
        } else if sys::napi_get_arraybuffer_info(env, value, &mut data, &mut length) == Status::napi_ok {
            buffer = value;
        } else if sys::napi_get_dataview_info(env, value, &mut length, &mut data, &mut buffer, null_mut())
            != Status::napi_ok
        {
            let mut pending = false;
            sys::napi_is_exception_pending(env, &mut pending);
            if pending {
                let mut error = null_mut();
                sys::napi_get_and_clear_last_exception(env, &mut error);
            }
            return NOT_A_BUFFER;
        }
        let mut detached = false;
        if data.is_null() {
            sys::napi_is_detached_arraybuffer(env, buffer, &mut detached);
        }
        if detached { DETACHED } else { data as usize as f64 }
    }
}

/// The native function `finished`.
///
/// # Safety
/// `env` is the running call's, and `state` its environment's.
pub(super) unsafe fn finished_function(env: napi_env, state: &Rc<State>) -> napi_value {
    let mut function = null_mut();
    // SAFETY: the caller's promise; the state lives as long as the environment, which holds it.
    unsafe {
        let name = c"finished".as_ptr().cast::<c_char>();
        let data = Rc::as_ptr(state).cast_mut().cast::<c_void>();
        sys::napi_create_function(env, name, 8, Some(finished), data, &mut function);
    }
    function
}

unsafe extern "C" fn finished(env: napi_env, info: napi_callback_info) -> napi_value {
    // SAFETY: Node calls this with its environment and info; the data is the state given above.
    unsafe { next_finished(env, state_of(env, info)) }
}

/// The native functions `open` and `close` for callbacks.
///
/// # Safety
/// As for `finished_function`.
pub(super) unsafe fn callback_functions(env: napi_env, state: &Rc<State>) -> [napi_value; 2] {
    let make = |name: &CStr, callback| {
        let mut function = null_mut();
        // SAFETY: the caller's promise; the state lives as long as the environment, which holds it.
        unsafe {
            let length = name.count_bytes() as isize;
            let data = Rc::as_ptr(state).cast_mut().cast::<c_void>();
            sys::napi_create_function(env, name.as_ptr(), length, Some(callback), data, &mut function);
        }
        function
    };
    [make(c"open", open_callback), make(c"close", close_callback)]
}

/// The state that is the data of the running native function.
///
/// # Safety
/// env and info are the running callback's, of a function made with a state.
unsafe fn state_of<'a>(env: napi_env, info: napi_callback_info) -> &'a State {
    let mut state = null_mut();
    // SAFETY: the caller's promise.
    unsafe {
        sys::napi_get_cb_info(env, info, null_mut(), null_mut(), null_mut(), &mut state);
        &*state.cast_const().cast::<State>()
    }
}

unsafe extern "C" fn open_callback(env: napi_env, info: napi_callback_info) -> napi_value {
    // SAFETY: Node calls this with its environment and info; the slots have all these words.
    unsafe {
        let state = state_of(env, info);
        let [number, class, name] = OPENED.map(|word| *state.slots.add(word) as u32);
        let address = state.open_callback(number, class, name).unwrap_or(0);
        state.slots.cast::<f64>().add(RESULT_NUMBER).write(super::number(address));
    }
    null_mut()
}

unsafe extern "C" fn close_callback(env: napi_env, info: napi_callback_info) -> napi_value {
    // SAFETY: as for `open_callback`.
    unsafe {
        let state = state_of(env, info);
        state.close_callback(*state.slots.add(OPENED[0]) as u32);
    }
    null_mut()
}

/// The native function `fetch`.
///
/// # Safety
/// `env` is the running call's, and `state` is its environment's.
pub(super) unsafe fn fetch_function(env: napi_env, state: *const State) -> napi_value {
    let mut function = null_mut();
    // SAFETY: the caller's promise; the state outlives every function of the environment.
    unsafe {
        let name = c"fetch".as_ptr().cast::<c_char>();
        sys::napi_create_function(env, name, 5, Some(fetch), state as *mut c_void, &mut function);
    }
    function
}

/// Gives the string that the bare function which was called last has returned.
unsafe extern "C" fn fetch(env: napi_env, info: napi_callback_info) -> napi_value {
    // SAFETY: Node calls this with its environment and info; the facade calls it right after the function, which is
    // live, and whose result stands in the slots.
    unsafe {
        let state = state_of(env, info);
        let Some(function) = state.unfetched.replace(null()).as_ref() else { return null_mut() };
        let address = *state.slots.add(RESULT) as usize;
        let text = text_result(env, address, TextUnit::Utf8, &mut function.result.borrow_mut());
        text.unwrap_or_else(|status| {
            *state.slots.add(STATUS) = status as u64;
            null_mut()
        })
    }
}

/// The native function `text`.
///
/// # Safety
/// `env` is the running call's, and `slots` are its environment's.
pub(super) unsafe fn text_function(env: napi_env, slots: *mut u64) -> napi_value {
    let mut function = null_mut();
    // SAFETY: the caller's promise; the slots outlive every function of the environment.
    unsafe {
        let name = c"text".as_ptr().cast::<c_char>();
        sys::napi_create_function(env, name, 4, Some(text), slots.cast(), &mut function);
    }
    function
}

unsafe extern "C" fn text(env: napi_env, info: napi_callback_info) -> napi_value {
    let mut slots = null_mut();
    // SAFETY: Node calls this with its environment and info; the data is the slots given above.
    unsafe {
        sys::napi_get_cb_info(env, info, null_mut(), null_mut(), null_mut(), &mut slots);
        let slots = slots.cast::<u64>();
        let wanted = *slots.add(WANTED) as usize;
        let address = *slots.add(RESULT) as usize;
        let given = match wanted & 0xff {
            1 => recent_text(env, slots, address, (wanted >> 8).checked_sub(1)),
            2 => Text::read(address, TextUnit::Utf16).and_then(|text| text.create(env)),
            _ => Text::read(address, TextUnit::Utf32).and_then(|text| text.create(env)),
        };
        given.unwrap_or_else(|status| {
            *slots.add(STATUS) = status as u64;
            null_mut()
        })
    }
}

/// The string in UTF-8 at an address. Where it is short and ASCII it is kept at that place, and the number in the slots is 1, else 0.
///
/// # Safety
/// `env` is the running callback's, and the slots are its environment's.
unsafe fn recent_text(
    env: napi_env,
    slots: *mut u64,
    address: usize,
    place: Option<usize>,
) -> Result<napi_value, Refused> {
    let bytes = text_bytes(address)?;
    // One copy is both given and kept: another thread may write to C's memory meanwhile.
    let mut short = [0; RECENT_BYTES];
    let is_short = bytes.len() < RECENT_BYTES;
    let text = if is_short {
        short[..bytes.len()].copy_from_slice(bytes);
        short.split(|byte| *byte == 0).next().unwrap_or(&[])
    } else {
        bytes
    };
    let kept = place.filter(|place| *place < RECENT_COUNT && is_short && text.is_ascii());
    // SAFETY: `env` is the caller's promise; a place has room for so many bytes, with a NUL.
    unsafe {
        let value = create_text(env, text)?;
        if let Some(place) = kept {
            let to = slots.add(RECENT).cast::<u8>().add(place * RECENT_BYTES);
            to.copy_from_nonoverlapping(text.as_ptr(), text.len());
            to.add(text.len()).write(0);
        }
        slots.cast::<f64>().add(RESULT_NUMBER).write(f64::from(u8::from(kept.is_some())));
        Ok(value)
    }
}

/// What a collected buffer's memory is given to.
struct Deallocator {
    code: usize,
    /// Counts it, with its size in bytes.
    state: Rc<State>,
    bytes: usize,
    /// The number of the taking, where the memory was arkffi's.
    taken: Option<u64>,
    /// Whether it is a callback: JavaScript has to run it.
    is_callback: bool,
    /// Keeps the deallocator's library mapped.
    library: Option<Loaded>,
}

impl Deallocator {
    fn new(state: &Rc<State>, bytes: usize, code: usize) -> Self {
        let library = code::module_of(code).and_then(|module| Loaded::pin(&module.path));
        let is_callback = code != 0 && state.is_callback(code);
        Deallocator { code, state: Rc::clone(state), bytes, taken: None, is_callback, library }
    }

    /// Whether it is a callback that is closed, or whose environment runs no JavaScript any more.
    ///
    /// # Safety
    /// On the environment's thread.
    unsafe fn is_inert(&self) -> bool {
        // SAFETY: the caller's promise.
        self.is_callback && !(self.state.is_callback(self.code) && unsafe { runs_javascript(self.state.env) })
    }

    /// The view has been collected.
    ///
    /// # Safety
    /// As for `is_inert`.
    unsafe fn run(self, start: usize) {
        let memory = &self.state.memory;
        memory.discount(Account::Views, 1, self.bytes);
        // SAFETY: the environment's thread (caller).
        let is_inert = self.taken.is_some() && unsafe { self.is_inert() };
        match self.taken {
            Some(number) if is_inert => memory.give_back(start, number),
            Some(number) => {
                memory.begin(start, number);
                // SAFETY: as above.
                unsafe { call(self.state.slots, start, self.code) };
                memory.finish(start, number);
            }
            // SAFETY: as above.
            None => unsafe { call(self.state.slots, start, self.code) },
        }
        if let Some(library) = self.library {
            library.unload();
        }
    }
}

/// Calls a deallocator where its address is still code.
///
/// # Safety
/// On the thread of the environment whose slots they are.
unsafe fn call(slots: *mut u64, start: usize, deallocator: usize) {
    if code::is_executable(deallocator) {
        // SAFETY: that it is a function that takes one address is the user's promise; that it is
        // code was just checked.
        unsafe {
            let free: extern "C" fn(*mut c_void) = std::mem::transmute(deallocator);
            during(slots, Called::Deallocator, [start, 0], || free(start as *mut c_void));
        }
    }
}

/// Whether JavaScript can run: where it cannot, Node-API refuses even what runs none.
///
/// # Safety
/// On the environment's thread.
unsafe fn runs_javascript(env: napi_env) -> bool {
    let (mut scope, mut value) = (null_mut(), null_mut());
    // SAFETY: the environment's thread (caller).
    unsafe {
        if sys::napi_open_handle_scope(env, &mut scope) != Status::napi_ok {
            return false;
        }
        sys::napi_get_undefined(env, &mut value);
        let status = sys::napi_coerce_to_bool(env, value, &mut value);
        sys::napi_close_handle_scope(env, scope);
        status == Status::napi_ok
    }
}

/// Whether the switch `ARKFFI_EXTERNAL_MEMORY=off` says to do as runtimes that forbid external memory (Electron).
fn forbids_external_memory() -> bool {
    static FORBIDS: OnceLock<bool> = OnceLock::new();
    *FORBIDS.get_or_init(|| std::env::var_os("ARKFFI_EXTERNAL_MEMORY").is_some_and(|value| value == "off"))
}

/// `napi_create_external_arraybuffer`, or its refusal. The deallocator may be null.
///
/// # Safety
/// As for that.
unsafe fn create_external(
    env: napi_env,
    start: usize,
    bytes: usize,
    deallocator: *mut Deallocator,
    buffer: &mut napi_value,
) -> sys::napi_status {
    if forbids_external_memory() {
        return Status::napi_no_external_buffers_allowed;
    }
    // SAFETY: the caller's promise.
    unsafe {
        sys::napi_create_external_arraybuffer(
            env,
            start as *mut c_void,
            bytes,
            (!deallocator.is_null()).then_some(collected),
            deallocator.cast(),
            buffer,
        )
    }
}

/// The native function `external`; without what V8 makes buffers by, Node-API makes them.
///
/// # Safety
/// `env` is the running call's.
pub(super) unsafe fn external_function(env: napi_env, made_by: Option<&'static External>) -> napi_value {
    let data = made_by.map_or(null_mut(), |made_by| std::ptr::from_ref(made_by).cast_mut().cast::<c_void>());
    let mut function = null_mut();
    // SAFETY: the caller's promise; the data lives for ever.
    unsafe {
        sys::napi_create_function(env, c"external".as_ptr(), 8, Some(external), data, &mut function);
    }
    function
}

unsafe extern "C" fn external(env: napi_env, info: napi_callback_info) -> napi_value {
    let (mut count, mut given, mut made_by) = (2, [null_mut(); 2], null_mut());
    let (mut start, mut bytes, mut buffer) = (0.0, 0.0, null_mut());
    // SAFETY: Node calls this with its environment and info; the data is what was given above. What the range
    // is of is the user's promise.
    unsafe {
        sys::napi_get_cb_info(env, info, &mut count, given.as_mut_ptr(), null_mut(), &mut made_by);
        sys::napi_get_value_double(env, given[0], &mut start);
        sys::napi_get_value_double(env, given[1], &mut bytes);
        let (start, bytes) = (super::address(start), super::address(bytes));
        if !guard::is_readable(start, bytes) {
            return null_mut();
        }
        match made_by.cast::<External>().as_ref() {
            Some(external) if !forbids_external_memory() => {
                external.array_buffer(start, bytes).unwrap_or(null_mut())
            }
            _ if create_external(env, start, bytes, null_mut(), &mut buffer) == Status::napi_ok => buffer,
            _ => null_mut(),
        }
    }
}

/// See `external_array_buffer` of `memory`.
///
/// # Safety
/// `env` is the running call's; the range is readable until the deallocator is called.
pub(super) unsafe fn external_array_buffer(
    env: napi_env,
    state: &Rc<State>,
    start: usize,
    bytes: usize,
    deallocator: usize,
    takes: bool,
) -> napi_value {
    state.run_late(false);
    if deallocator == 0 {
        let mut buffer = null_mut();
        // SAFETY: the range is the caller's promise; nothing is to be done when the buffer is collected.
        let status = unsafe { create_external(env, start, bytes, null_mut(), &mut buffer) };
        return if status == Status::napi_ok { buffer } else { null_mut() };
    }
    let hint = Box::into_raw(Box::new(Deallocator::new(state, bytes, deallocator)));
    let mut buffer = null_mut();
    // SAFETY: the range is the caller's promise; the hint is taken back in the finalizer, which does not run
    // meanwhile, or here where the runtime refuses.
    unsafe {
        let status = create_external(env, start, bytes, hint, &mut buffer);
        if status == Status::napi_ok {
            state.memory.count(Account::Views, 1, bytes);
            (*hint).taken = takes.then(|| state.memory.take(start));
            return buffer;
        }
        drop(Box::from_raw(hint));
    }
    null_mut()
}

unsafe extern "C" fn collected(_env: napi_env, data: *mut c_void, hint: *mut c_void) {
    // SAFETY: Node calls this once, with the hint given above.
    let deallocator = unsafe { Box::from_raw(hint.cast::<Deallocator>()) };
    let (start, state) = (data as usize, Rc::clone(&deallocator.state));
    if state.memory.is_leased(start) {
        // SAFETY: the environment's thread runs it.
        state.add_late(start, Box::new(move || unsafe { deallocator.run(start) }));
    } else {
        // SAFETY: Node calls this on the environment's thread.
        unsafe { deallocator.run(start) };
    }
    state.run_late(false);
}

/// Has a deallocator free what no view was made of.
///
/// # Safety
/// On the environment's thread.
pub(super) unsafe fn deallocate(state: &Rc<State>, start: usize, deallocator: usize, takes: bool) {
    if deallocator == 0 {
        return;
    }
    let mut made = Deallocator::new(state, 0, deallocator);
    state.memory.count(Account::Views, 1, 0);
    made.taken = takes.then(|| state.memory.take(start));
    // SAFETY: the caller's promise.
    unsafe { made.run(start) };
}
