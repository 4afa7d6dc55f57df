//! What the calls of one environment share.
//!
//! # Safety
//! A [`State`] is used only on its environment's thread, while the environment lives. Handle scopes are
//! opened and closed in order: the one of a frame is closed before the frame's function returns to
//! JavaScript, and frames nest as the calls do.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell, UnsafeCell};
use std::collections::VecDeque;
use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::rc::Rc;
use std::sync::Arc;

use napi::sys::{self, napi_env, napi_handle_scope, napi_ref, napi_threadsafe_function, napi_value};

use crate::background::job::Job;
use crate::call::entry::Entry;
use crate::call::function::{Function, Group};
use crate::call::suspending::count;
use crate::coroutine::{Coroutine, Coroutines};
use crate::external::External;
use crate::last_words;
use crate::leaf::watch::Leaves;
use crate::library::Loaded;
use crate::memory::accounts::Account;
use crate::memory::heap::Memory;
use crate::plan::Plan;
use crate::queue::Queue;
use crate::slots::{ACTIVE, ERRNO_AT, STACK_LIMIT};
use crate::upcall::record::{self, Class, Record};
use crate::v8::Bare;

/// A call of C that runs, on the native stack. [`ACTIVE`] points to the innermost.
#[repr(C, align(16))]
pub struct Frame {
    /// The function's [`Entry`](crate::call::entry::Entry); null for no function.
    pub entry: *const c_void,
    /// What `ACTIVE` was before.
    pub previous: u64,
}

/// In [`ACTIVE`]: something is to be done when C has returned.
pub const FRAME_PENDING: u64 = 1;
/// In [`ACTIVE`]: C may make handles of its own, so that no scope may stay open between its callbacks.
pub const FRAME_ENTERS_JS: u64 = 2;
/// In [`ACTIVE`]: C has called back, so that the slots do not have the arguments of the call any more.
pub const FRAME_ARGUMENTS_LOST: u64 = 4;

/// The address of the frame in a value of [`ACTIVE`].
pub const fn frame_of(active: u64) -> u64 {
    active & !15
}

/// Callbacks that share a handle scope. Each leaves a handle in it.
const CALLS_PER_SCOPE: u32 = 32;

/// Where the handles are that the callbacks of one call of C leave.
struct Scope {
    frame: u64,
    /// Null for the first callbacks of a call: their handles lie in the scope of the native function.
    handle: napi_handle_scope,
    calls: u32,
    dispatch: napi_value,
}

/// The functions of the facade that native code calls. Each is told when the part of the facade that it belongs to is
/// loaded, and null before: nothing can ask for it then.
pub struct Functions {
    /// Runs the callback whose number is in the slots.
    pub dispatch: Cell<napi_ref>,
    /// Runs the callbacks of a suspended call of C until that has returned.
    pub drive: Cell<napi_ref>,
    /// Settles the background calls that have ended.
    pub settle: Cell<napi_ref>,
    /// Warns with a text.
    pub warn: Cell<napi_ref>,
}

impl Functions {
    /// None is told yet.
    fn none() -> Self {
        let [dispatch, drive, settle, warn] = [const { Cell::new(null_mut()) }; 4];
        Functions { dispatch, drive, settle, warn }
    }
}

/// A background call, and what its function is closed with.
pub type Accepted = (Arc<Job>, Rc<Group>);

/// A deallocator that is to run when no call uses the memory that starts there.
type Late = (usize, Box<dyn FnOnce()>);

/// What the calls of one environment share.
pub struct State {
    /// The environment.
    pub env: napi_env,
    /// Its slots; JavaScript holds the same memory.
    pub slots: *mut u64,
    /// How often C has entered JavaScript and not returned.
    pub depth: Cell<u32>,
    /// The memory that is held.
    pub memory: Memory,
    /// What of it the calls use that C has called back from, by their frames.
    leases: RefCell<Vec<(u64, Vec<usize>)>>,
    /// What other threads want of this one.
    pub queue: Arc<Queue>,
    /// The background calls that have not been settled, by number.
    pub jobs: RefCell<Vec<Option<Accepted>>>,
    /// The numbers of those that have ended, as far as they were taken out of the queue.
    pub ended: RefCell<VecDeque<u32>>,
    /// The open callbacks, by number.
    pub callbacks: RefCell<Vec<Option<&'static Record>>>,
    /// Whether calls were settled in this turn of the event loop: others wait for the next.
    pub settled: Cell<bool>,
    /// What wakes the event loop; null before there is a callback or background call.
    pub wake: Cell<napi_threadsafe_function>,
    /// How many things keep the event loop alive.
    pub holds: Cell<u32>,
    /// The classes of callbacks, and their names, by number.
    pub classes: RefCell<Vec<&'static Class>>,
    /// See `classes`.
    pub names: RefCell<Vec<Arc<str>>>,
    /// What it calls in JavaScript.
    pub functions: Functions,
    /// Deallocators of views that were collected while a call used their memory, with its start.
    late: RefCell<Vec<Late>>,
    /// Libraries closed while C ran: unloaded when the outermost call returns.
    deferred: RefCell<Vec<Loaded>>,
    /// What keeps values of the engine's alive.
    references: RefCell<Vec<napi_ref>>,
    /// The coroutine whose C runs on this thread at this moment; null for none. Every state of the thread has
    /// the same: there is more than one where the facade was loaded more than once.
    pub running: Rc<Cell<*mut Coroutine>>,
    /// Whether JavaScript was stopped in a callback of the running call of C. It is not entered again until
    /// C has returned: the engine would take the stop for done, and not stop what has called C.
    pub stopped: Cell<bool>,
    /// The bare function whose string JavaScript is to fetch; null for none.
    pub unfetched: Cell<*const Function>,
    /// How bare functions are made, where they are allowed.
    pub bare: Cell<Option<&'static Bare>>,
    /// How V8 makes buffers over memory of C's, where that is allowed.
    pub external: Cell<Option<&'static External>>,
    /// Its leaf functions, and which of them runs.
    pub leaves: Leaves,
    coroutines: UnsafeCell<Coroutines>,
    scopes: UnsafeCell<Vec<Scope>>,
    warnings: RefCell<Vec<String>>,
}

thread_local! {
    static CURRENT: Cell<*const State> = const { Cell::new(null()) };
    static RUNNING: Rc<Cell<*mut Coroutine>> = Rc::new(Cell::new(null_mut()));
}

impl State {
    /// The state over that slot memory, for the environment of this thread.
    ///
    /// # Safety
    /// `slots` are the environment's, zeroed.
    pub unsafe fn new(env: napi_env, slots: *mut u64) -> Self {
        // SAFETY: the slots have words for both (caller); errno's address is this thread's.
        unsafe {
            slots.add(STACK_LIMIT).write(crate::memory::stack::limit() as u64);
            slots.add(ERRNO_AT).write(crate::os::errno_location() as u64);
        }
        State {
            env,
            slots,
            depth: Cell::new(0),
            // SAFETY: the caller's promise.
            memory: unsafe { Memory::new(env, slots) },
            leases: RefCell::default(),
            queue: Arc::new(Queue::new(slots)),
            jobs: RefCell::default(),
            ended: RefCell::default(),
            callbacks: RefCell::default(),
            settled: Cell::new(false),
            wake: Cell::new(null_mut()),
            holds: Cell::new(0),
            classes: RefCell::default(),
            names: RefCell::default(),
            functions: Functions::none(),
            late: RefCell::default(),
            deferred: RefCell::default(),
            references: RefCell::default(),
            running: RUNNING.with(Rc::clone),
            stopped: Cell::new(false),
            unfetched: Cell::new(null()),
            bare: Cell::new(None),
            external: Cell::new(None),
            leaves: Leaves::new(slots),
            coroutines: UnsafeCell::default(),
            scopes: UnsafeCell::default(),
            warnings: RefCell::default(),
        }
    }

    /// Has a reference deleted at the end.
    pub fn keep(&self, reference: napi_ref) {
        self.references.borrow_mut().push(reference);
    }

    /// Deletes the references, at the environment's end.
    ///
    /// # Safety
    /// On the environment's thread; JavaScript does not run any more.
    pub unsafe fn drop_references(&self) {
        let kept = std::mem::take(&mut *self.references.borrow_mut());
        let Functions { dispatch, drive, settle, warn } = &self.functions;
        let told = [dispatch, drive, settle, warn].map(|told| told.replace(null_mut()));
        for reference in kept.into_iter().chain(told.into_iter().filter(|told| !told.is_null())) {
            // SAFETY: made by this environment, and deleted once.
            unsafe { sys::napi_delete_reference(self.env, reference) };
        }
    }

    /// Makes this the state that [`State::of_this_thread`] finds.
    pub fn enter_thread(&self) {
        CURRENT.set(self);
        last_words::enter(self.slots);
    }

    /// Makes it found no longer.
    pub fn leave_thread(&self) {
        CURRENT.set(null());
        last_words::leave(self.slots);
    }

    /// Runs something with the state of the environment that this thread belongs to, if it does.
    pub fn of_this_thread<T>(run: impl FnOnce(&State) -> T) -> Option<T> {
        let state = CURRENT.try_with(Cell::get).unwrap_or(null());
        // SAFETY: set by the environment of this thread, and cleared before it ends.
        unsafe { state.as_ref() }.map(run)
    }

    /// Remembers a background call until it is settled.
    pub fn add_job(&self, job: Arc<Job>, group: Rc<Group>) {
        let mut jobs = self.jobs.borrow_mut();
        let number = job.number as usize;
        if jobs.len() <= number {
            jobs.resize_with(number + 1, || None);
        }
        jobs[number] = Some((job, group));
    }

    /// Makes the function pointer of a callback: its address, or `None` where the system grants no memory.
    pub fn open_callback(&self, number: u32, class: u32, name: u32) -> Option<usize> {
        let class = self.classes.borrow().get(class as usize).copied()?;
        let name = self.names.borrow().get(name as usize).map(Arc::clone)?;
        let opened = class.open(self, number, name).ok()?;
        let mut callbacks = self.callbacks.borrow_mut();
        if callbacks.len() <= number as usize {
            callbacks.resize(number as usize + 1, None);
        }
        callbacks[number as usize] = Some(opened);
        Some(opened.code as usize)
    }

    /// Makes the function pointer of a callback inert.
    pub fn close_callback(&self, number: u32) {
        let found = self.callbacks.borrow_mut().get_mut(number as usize).and_then(Option::take);
        if let Some(opened) = found {
            record::close(opened);
        }
    }

    /// Counts the memory that a background call uses as in use, until [`State::take_job`].
    pub fn hold_for(&self, job: &mut Job, plan: &Plan) {
        let bytes = job.text_bytes();
        if bytes > 0 {
            self.memory.count(Account::Strings, 1, bytes);
        }
        if !self.memory.is_empty() {
            let words = job.words();
            job.leased = self.memory.lease(plan.integer_words().map(|word| words[word]));
        }
    }

    /// The background call of that number, which is forgotten.
    pub fn take_job(&self, number: u32) -> Option<Accepted> {
        let taken = self.jobs.borrow_mut().get_mut(number as usize).and_then(Option::take);
        if let Some((job, _)) = &taken {
            self.memory.end_lease(&job.leased);
            let bytes = job.text_bytes();
            if bytes > 0 {
                self.memory.discount(Account::Strings, 1, bytes);
            }
        }
        taken
    }

    /// C calls back from the call of that frame, whose arguments are still in the slots: what they point to is
    /// in use until the call has returned.
    ///
    /// # Safety
    /// The frame is that of the innermost call, and no callback of it has run yet, or it has been noted.
    pub unsafe fn lease(&self, frame: u64) {
        let noted = self.leases.borrow().last().is_some_and(|(leased, _)| *leased == frame);
        if noted || self.memory.is_empty() {
            return;
        }
        // SAFETY: the frame is live (caller); its entry is that of a bound function.
        let plan = unsafe {
            let entry = (*(frame as *const Frame)).entry.cast::<Entry>();
            let Some(entry) = entry.as_ref() else { return };
            (*entry.function).plan()
        };
        // SAFETY: the slots have a word for each that the plan names.
        let words = plan.integer_words().map(|word| unsafe { *self.slots.add(word) });
        let leased = self.memory.lease(words);
        self.leases.borrow_mut().push((frame, leased));
    }

    fn end_leases(&self, frame: u64) {
        let mut leases = self.leases.borrow_mut();
        if leases.last().is_some_and(|(leased, _)| *leased == frame)
            && let Some((_, leased)) = leases.pop()
        {
            self.memory.end_lease(&leased);
        }
    }

    /// Whether an address is that of an open callback's function pointer.
    pub fn is_callback(&self, code: usize) -> bool {
        self.callbacks.borrow().iter().flatten().any(|record| record.code as usize == code)
    }

    /// Keeps the deallocator of memory that a call uses.
    pub fn add_late(&self, start: usize, run: Box<dyn FnOnce()>) {
        self.late.borrow_mut().push((start, run));
    }

    /// Runs the deallocators that waited for calls which have returned, or all.
    pub fn run_late(&self, all: bool) {
        if self.late.borrow().is_empty() {
            return;
        }
        let (due, rest): (Vec<Late>, Vec<Late>) = std::mem::take(&mut *self.late.borrow_mut())
            .into_iter()
            .partition(|(start, _)| all || !self.memory.is_leased(*start));
        self.late.borrow_mut().extend(rest);
        due.into_iter().for_each(|(_, run)| run());
    }

    /// Unloads a library now, or when the running calls have returned.
    pub fn unload(&self, library: Loaded) {
        if self.depth.get() == 0 {
            library.unload();
        } else {
            self.deferred.borrow_mut().push(library);
        }
    }

    /// The coroutines of the environment.
    ///
    /// # Safety
    /// On the environment's thread; the reference is gone before this is called again.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn coroutines(&self) -> &mut Coroutines {
        // SAFETY: the caller's promise.
        unsafe { &mut *self.coroutines.get() }
    }

    /// Keeps a text to warn with when the running call of C has returned.
    pub fn warn_later(&self, text: String) {
        self.warnings.borrow_mut().push(text);
        // SAFETY: the slots have a word for the frame.
        unsafe { *self.slots.add(ACTIVE) |= FRAME_PENDING };
    }

    /// [`FRAME_PENDING`] where the call of that frame leaves something to do.
    pub fn pending(&self, frame: u64) -> u64 {
        // SAFETY: nobody else borrows the scopes now: no function of this type calls out while it does.
        let scoped = unsafe { &*self.scopes.get() }.last().is_some_and(|scope| scope.frame == frame);
        let leased = self.leases.borrow().last().is_some_and(|(leased, _)| *leased == frame);
        let left = scoped
            || leased
            || self.stopped.get()
            || !self.deferred.borrow().is_empty()
            || !self.warnings.borrow().is_empty();
        u64::from(left) * FRAME_PENDING
    }

    /// The function by which a callback is run that the call of the frame in [`ACTIVE`] makes, or `None` where
    /// Node-API refuses.
    ///
    /// # Safety
    /// Called on the environment's thread, below the frame; [`State::leave`] is called with the frame
    /// before its function returns to JavaScript.
    #[inline]
    pub unsafe fn dispatcher(&self, active: u64) -> Option<napi_value> {
        let frame = frame_of(active);
        // SAFETY: nobody else borrows the scopes now.
        let scopes = unsafe { &mut *self.scopes.get() };
        if let Some(top) = scopes.last_mut()
            && top.frame == frame
            && top.calls < CALLS_PER_SCOPE
        {
            top.calls += 1;
            return Some(top.dispatch);
        }
        // SAFETY: the caller's promise.
        unsafe { self.open_scope(scopes, active) }
    }

    unsafe fn open_scope(&self, scopes: &mut Vec<Scope>, active: u64) -> Option<napi_value> {
        let frame = frame_of(active);
        let told = self.functions.dispatch.get();
        if told.is_null() {
            return None;
        }
        let (mut handle, mut dispatch) = (null_mut(), null_mut());
        let own = active & FRAME_ENTERS_JS != 0 || scopes.last().is_some_and(|top| top.frame == frame);
        // SAFETY: the environment's thread (caller); a scope of the same frame is the innermost that is open.
        unsafe {
            self.pop_scope(scopes, frame, false);
            if own && sys::napi_open_handle_scope(self.env, &mut handle) != sys::Status::napi_ok {
                return None;
            }
            sys::napi_get_reference_value(self.env, told, &mut dispatch);
        }
        scopes.push(Scope { frame, handle, calls: 1, dispatch });
        Some(dispatch)
    }

    /// Closes the scope of the frame, if it has one.
    ///
    /// # Safety
    /// Called on the environment's thread; no handle of the scope is used any more.
    pub unsafe fn close_scope(&self, frame: u64) {
        // SAFETY: nobody else borrows the scopes now; scopes are closed in order, as frames nest.
        unsafe {
            self.pop_scope(&mut *self.scopes.get(), frame, true);
        }
    }

    /// Closes the innermost scope if it is the frame's.
    unsafe fn pop_scope(&self, scopes: &mut Vec<Scope>, frame: u64, ended: bool) {
        if scopes.last().is_some_and(|top| top.frame == frame)
            && let Some(top) = scopes.pop()
        {
            // SAFETY: the environment's thread, and the frame of a call that runs (callers).
            unsafe {
                count((*(frame as *const Frame)).entry.cast_mut().cast(), ended, top.calls);
                if !top.handle.is_null() {
                    sys::napi_close_handle_scope(self.env, top.handle);
                }
            }
        }
    }

    /// Does what is to be done when C has returned to the call of that frame.
    ///
    /// # Safety
    /// As for [`State::close_scope`].
    pub unsafe fn leave(&self, frame: u64) {
        // SAFETY: the caller's promise.
        unsafe { self.close_scope(frame) };
        self.end_leases(frame);
        self.stopped.set(false);
        for text in std::mem::take(&mut *self.warnings.borrow_mut()) {
            // SAFETY: the environment's thread.
            unsafe { self.warn(&text) };
        }
        if self.depth.get() == 0 {
            // Taken out first: a destructor of the library's may call back.
            let deferred = std::mem::take(&mut *self.deferred.borrow_mut());
            deferred.into_iter().for_each(Loaded::unload);
        }
    }

    /// Has the facade warn.
    ///
    /// # Safety
    /// On the environment's thread, where JavaScript can be called.
    unsafe fn warn(&self, text: &str) {
        let told = self.functions.warn.get();
        if told.is_null() {
            return;
        }
        let (mut handle, mut function, mut receiver, mut value, mut pending) =
            (null_mut(), null_mut(), null_mut(), null_mut(), false);
        // SAFETY: the environment's thread (caller); the scope holds every handle made here.
        unsafe {
            sys::napi_is_exception_pending(self.env, &mut pending);
            if pending || sys::napi_open_handle_scope(self.env, &mut handle) != sys::Status::napi_ok {
                return;
            }
            sys::napi_get_reference_value(self.env, told, &mut function);
            sys::napi_get_undefined(self.env, &mut receiver);
            let (start, length) = (text.as_ptr().cast(), text.len() as isize);
            if sys::napi_create_string_utf8(self.env, start, length, &mut value) == sys::Status::napi_ok {
                sys::napi_call_function(self.env, receiver, function, 1, &value, null_mut());
            }
            clear_exception(self.env);
            sys::napi_close_handle_scope(self.env, handle);
        }
    }
}

/// Forgets an exception that nobody can be given.
///
/// # Safety
/// `env` is this thread's environment.
pub unsafe fn clear_exception(env: napi_env) {
    let (mut pending, mut error) = (false, null_mut());
    // SAFETY: the caller's promise.
    unsafe {
        sys::napi_is_exception_pending(env, &mut pending);
        if pending {
            sys::napi_get_and_clear_last_exception(env, &mut error);
        }
    }
}
