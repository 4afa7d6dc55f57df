//! The state of one environment: slots, plans, and what is loaded from it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::rc::Rc;
use std::sync::Arc;

use napi::Env;
use napi::sys;
use napi_derive::napi;

use super::library::{LoadOptions, NativeLibrary};
use super::{Raw, Result, raw, raw_env};
use crate::aggregate::{Aggregate, Kind, Place, Value};
use crate::background::pool;
use crate::call::function::Group;
use crate::call::suspending::{reload, resume_function};
use crate::event_loop;
use crate::leaf::engine::{Engine, engine};
use crate::library::Loaded;
use crate::memory::accounts::Account;
use crate::memory::allocator::{self, Allocator};
use crate::memory::{code, stack};
use crate::plan::{Path, Plan, Returned, Source};
use crate::signature::Signature;
use crate::slots;
use crate::state::{Functions, State};
use crate::types::TypeId;
use crate::upcall::record;
use crate::upcall::run::watch_exit;
use crate::v8::Bare;

/// Where the values of a call go.
#[napi(object)]
pub struct PlanInfo {
    /// The plan, for `bind`.
    pub id: u32,
    /// How C is entered: 'slots' or 'libffi'.
    pub path: String,
    /// The plan in one line.
    pub text: String,
    /// The two words of each parameter in turn: of an aggregate those of its first eightbytes.
    pub words: Vec<u32>,
    /// How each parameter is stored: 'number', 'f32', 'f64', 'aggregate', 'text', 'value' or 'env'.
    pub stores: Vec<String>,
    /// The words in which a struct result is found that is not kept.
    pub result_words: Vec<u32>,
}

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
    pub leaf_result: u32,
    pub statuses: Vec<String>,
}

/// How much memory is held: numbers of things and of bytes.
#[napi(object)]
pub struct MemoryUsage {
    pub limit: f64,
    pub bytes: f64,
    pub peak_bytes: f64,
    pub blocks: Vec<f64>,
    pub struct_returns: Vec<f64>,
    pub arenas: Vec<f64>,
    pub owned: Vec<f64>,
    pub strings: Vec<f64>,
    pub shared: Vec<f64>,
    pub views: Vec<f64>,
    /// How many callbacks are open.
    pub callbacks: u32,
    /// What it takes to manage the memory, and the slots.
    pub overhead: f64,
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
    plans: RefCell<Vec<Arc<Plan>>>,
    known: RefCell<HashMap<(Signature, bool), u32>>,
    /// The composite types; their rows follow those of the type table.
    aggregates: RefCell<Vec<Arc<Aggregate>>>,
    /// Their places in that list: types that are alike share a row.
    rows: RefCell<HashMap<Arc<Aggregate>, u32>>,
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

    /// What the memory routines take for the memory of this environment.
    #[napi]
    pub fn memory_address(&self) -> f64 {
        super::number(&raw const self.state.memory as usize)
    }

    /// How much memory is held, and how much may be.
    #[napi]
    pub fn memory_usage(&self) -> MemoryUsage {
        self.state.memory.with(|heap| {
            let tally = |account| {
                let tally = heap.accounts.tally(account);
                vec![tally.count as f64, tally.bytes as f64]
            };
            let (bytes, peak) = heap.accounts.bytes_and_peak();
            MemoryUsage {
                limit: heap.accounts.limit as f64,
                bytes: bytes as f64,
                peak_bytes: peak as f64,
                blocks: tally(Account::Blocks),
                struct_returns: tally(Account::StructReturns),
                arenas: tally(Account::Arenas),
                owned: tally(Account::Owned),
                strings: tally(Account::Strings),
                shared: tally(Account::Shared),
                views: tally(Account::Views),
                callbacks: self.state.callbacks.borrow().iter().flatten().count() as u32,
                overhead: (heap.overhead() + slots::WORDS * 8) as f64,
            }
        })
    }

    /// Sets how many bytes may be held; 0 for any number.
    #[napi]
    pub fn set_memory_limit(&self, bytes: f64) {
        self.state.memory.with(|heap| heap.accounts.limit = super::address(bytes) as u64);
    }

    /// Counts what was allocated elsewhere: 'arenas' or 'strings'; negative numbers count it no longer.
    #[napi]
    pub fn count(&self, account: String, count: i32, bytes: f64) {
        let account = if account == "arenas" { Account::Arenas } else { Account::Strings };
        let (things, size) = (u64::from(count.unsigned_abs()), super::address(bytes.abs()));
        if count >= 0 {
            self.state.memory.count(account, things, size);
        } else {
            self.state.memory.discount(account, things, size);
        }
    }

    /// New bytes between two reports to the engine.
    #[napi]
    pub fn report_threshold(&self, bytes: Option<f64>) -> f64 {
        self.state.memory.with(|heap| {
            if let Some(bytes) = bytes {
                heap.accounts.threshold = super::address(bytes) as u64;
            }
            heap.accounts.threshold as f64
        })
    }

    /// Whether an address lies in memory that is held.
    #[napi]
    pub fn is_live(&self, at: f64) -> bool {
        self.state.memory.with(|heap| heap.is_live(super::address(at))) || self.is_callback(at)
    }

    /// Whether an address is that of an open callback's function pointer.
    #[napi]
    pub fn is_callback(&self, at: f64) -> bool {
        self.state.is_callback(super::address(at))
    }

    /// Sets where blocks come from: addresses of malloc, calloc, realloc and free, and what is passed first to each;
    /// without them libc's. `false` while anything is allocated.
    #[napi]
    pub fn set_allocator(&self, functions: Option<Vec<f64>>, opaque: Option<f64>) -> bool {
        self.state.memory.with(|heap| {
            if !heap.is_unused() {
                return false;
            }
            heap.allocator = match functions.as_deref() {
                Some([malloc, calloc, realloc, free]) => Allocator::Given(allocator::Functions {
                    malloc: super::address(*malloc),
                    calloc: super::address(*calloc),
                    realloc: super::address(*realloc),
                    free: super::address(*free),
                    opaque: opaque.map(super::address),
                    slots: self.state.slots,
                }),
                _ => Allocator::Libc,
            };
            true
        })
    }

    /// Sets how many bytes of stack a call of C, and what it calls back, may use on this thread, and the stacks of threads
    /// that are started from now on; 0 for what there is by default.
    #[napi]
    pub fn set_stack_limit(&self, bytes: f64) {
        let own = stack::limit();
        pool::set_stack(super::address(bytes));
        let asked = if bytes > 0.0 { stack::here().saturating_sub(super::address(bytes)) } else { 0 };
        // SAFETY: the slots have a word for it.
        unsafe { *self.state.slots.add(slots::STACK_LIMIT) = own.max(asked) as u64 };
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
            leaf_result: word(slots::LEAF_RESULT),
            statuses: slots::Status::ALL.iter().map(|(name, _)| (*name).to_owned()).collect(),
        }
    }

    /// The machine representation and size in bytes of each row of the type table.
    #[napi(ts_return_type = "Array<[string, number]>")]
    pub fn machines(&self) -> Vec<(String, u32)> {
        let row = |id: TypeId| (id.machine().name().to_owned(), id.machine().size() as u32);
        TypeId::ALL.into_iter().map(row).collect()
    }

    fn row(&self, index: u32) -> Result<Value> {
        if let Some(id) = TypeId::from_index(index) {
            return Ok(Value::Scalar(id));
        }
        let aggregates = self.aggregates.borrow();
        let found = aggregates.get(index as usize - TypeId::ALL.len());
        found
            .map(|aggregate| Value::Aggregate(Arc::clone(aggregate)))
            .ok_or_else(|| napi::Error::new("ERR_FFI_INVALID_TYPE", "no such type"))
    }

    fn add_aggregate(&self, aggregate: Aggregate) -> u32 {
        let aggregate = Arc::new(aggregate);
        *self.rows.borrow_mut().entry(Arc::clone(&aggregate)).or_insert_with(|| {
            let mut aggregates = self.aggregates.borrow_mut();
            aggregates.push(aggregate);
            (TypeId::ALL.len() + aggregates.len() - 1) as u32
        })
    }

    /// The row of a struct ('struct', 'packed') or union ('union'). Each member is four numbers: its
    /// offset in bytes, its row, and for a bit-field the first bit and the width, else 0 and 0.
    #[napi]
    pub fn add_struct(&self, kind: String, size: u32, align: u32, members: Vec<u32>) -> Result<u32> {
        let kind = match kind.as_str() {
            "union" => Kind::Union,
            "packed" => Kind::Packed,
            _ => Kind::Struct,
        };
        let members = members
            .chunks_exact(4)
            .map(|member| {
                let place = match member[3] {
                    0 => Place::Bytes(member[0] as usize),
                    width => Place::Bits { first: member[2] as usize, width: width as usize },
                };
                Ok((place, self.row(member[1])?))
            })
            .collect::<Result<Vec<(Place, Value)>>>()?;
        let aggregate = Aggregate::of_members(kind, size as usize, align as usize, &members)?;
        Ok(self.add_aggregate(aggregate))
    }

    /// The row of an array.
    #[napi]
    pub fn add_array(&self, count: u32, size: u32, align: u32, element: u32) -> Result<u32> {
        let element = self.row(element)?;
        let aggregate = Aggregate::of_elements(count as usize, size as usize, align as usize, &element);
        Ok(self.add_aggregate(aggregate))
    }

    /// The plan of a signature, made at its first use. `fixed` counts a variadic function's declared
    /// parameters, else it is -1. `holds`: a struct result is kept and given as an address.
    #[napi]
    pub fn plan(
        &self,
        params: Vec<u32>,
        fixed: i32,
        result: u32,
        holds: bool,
        fast: bool,
    ) -> Result<PlanInfo> {
        let signature = self.signature(params, fixed, result, holds)?;
        let mut plans = self.plans.borrow_mut();
        let mut known = self.known.borrow_mut();
        let id = match known.get(&(signature.clone(), fast)) {
            Some(id) => *id,
            None => {
                plans.push(Arc::new(Plan::new(signature.clone(), fast)?));
                let id = plans.len() as u32 - 1;
                known.insert((signature, fast), id);
                id
            }
        };
        let plan = &plans[id as usize];
        let store = |source: Source| match source {
            Source::Number => "number",
            Source::Single => "f32",
            Source::Double => "f64",
            Source::Aggregate => "aggregate",
            Source::Text(..) => "text",
            Source::Value(_) => "value",
            Source::Env => "env",
        };
        Ok(PlanInfo {
            id,
            path: if plan.path == Path::Registers { "slots" } else { "libffi" }.to_owned(),
            text: plan.to_string(),
            words: plan.params.iter().flat_map(|param| param.words).map(|word| word as u32).collect(),
            stores: plan.params.iter().map(|param| store(param.source).to_owned()).collect(),
            result_words: match plan.returned {
                Returned::Words(words) => words.map(|word| word as u32).to_vec(),
                Returned::Scalar | Returned::Memory => vec![0, 1],
            },
        })
    }

    fn signature(&self, params: Vec<u32>, fixed: i32, result: u32, holds: bool) -> Result<Signature> {
        let types = params.into_iter().map(|row| self.row(row)).collect::<Result<Vec<Value>>>()?;
        Ok(Signature::new(types, usize::try_from(fixed).ok(), self.row(result)?, holds)?)
    }

    /// Tells what native code calls: what runs a callback, what runs those of a suspended call, what settles
    /// background calls, what warns.
    #[napi]
    pub fn install(&self, dispatch: Raw, drive: Raw, settle: Raw, warn: Raw) {
        let reference = |function: &Raw| {
            let mut reference = null_mut();
            // SAFETY: the function is an argument of the running call.
            unsafe { sys::napi_create_reference(self.state.env, function.0, 1, &mut reference) };
            reference
        };
        self.state.functions.set(Some(Functions {
            dispatch: reference(&dispatch),
            drive: reference(&drive),
            settle: reference(&settle),
            warn: reference(&warn),
        }));
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

    /// Gives back the memory of a struct result that nobody gets.
    #[napi]
    pub fn release_result(&self, block: f64) {
        let _ = self.state.memory.release_result(super::address(block));
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

    /// The number of the class of callbacks of that signature.
    #[napi]
    pub fn callback_class(&self, params: Vec<u32>, result: u32, fast: bool) -> Result<u32> {
        let class = record::class(self.signature(params, -1, result, false)?, fast)?;
        let mut classes = self.state.classes.borrow_mut();
        classes.push(class);
        Ok(classes.len() as u32 - 1)
    }

    /// The number of a name for callbacks.
    #[napi]
    pub fn callback_name(&self, name: String) -> u32 {
        let mut names = self.state.names.borrow_mut();
        names.push(Arc::from(name));
        names.len() as u32 - 1
    }

    /// A function that makes a function pointer: for the callback, of the class and with the name whose numbers are
    /// in the slots from `opened` on. Its address, or 0, is then in the result slot as a number.
    /// And one that makes the function pointer of the callback inert whose number is there.
    #[napi(ts_return_type = "[() => void, () => void]")]
    pub fn callback_functions(&self, env: &Env) -> (Raw, Raw) {
        // SAFETY: env is the running call's, and the state this environment's.
        let [open, close] = unsafe { raw::callback_functions(raw_env(env), &self.state) };
        (Raw(open), Raw(close))
    }

    /// Gives a background call up; `false` where it has begun.
    #[napi]
    pub fn cancel(&self, number: u32) -> bool {
        event_loop::cancel(&self.state, number)
    }

    /// To be called when the event loop has come round since background calls were settled: whether there are more.
    #[napi]
    pub fn next_turn(&self) -> bool {
        event_loop::next_turn(&self.state)
    }

    /// A function that puts the outcome of the next background call that has ended into the slots, its number
    /// too, and returns its string result.
    #[napi(ts_return_type = "() => unknown")]
    pub fn finished_function(&self, env: &Env) -> Raw {
        // SAFETY: env is the running call's, and the state this environment's.
        Raw(unsafe { raw::finished_function(raw_env(env), &self.state) })
    }

    /// Puts the values of the callback that a suspended call has called into the slots again.
    #[napi]
    pub fn reload(&self) {
        // SAFETY: the environment's thread runs this.
        unsafe { reload(&self.state) };
    }

    /// A function that lets a suspended call of C go on.
    #[napi(ts_return_type = "() => unknown")]
    pub fn resume_function(&self, env: &Env) -> Raw {
        // SAFETY: env is the running call's, and the state this environment's.
        Raw(unsafe { resume_function(raw_env(env), &self.state) })
    }

    /// A function that reads the string whose address is in the result slot, as its 64-bit pattern.
    #[napi(ts_return_type = "(unit: number) => unknown")]
    pub fn text_function(&self, env: &Env) -> Raw {
        // SAFETY: env is the running call's, and the slots are this environment's.
        Raw(unsafe { raw::text_function(raw_env(env), self.state.slots) })
    }

    /// Allows bare functions, in a Node.js of that ABI.
    #[napi]
    pub fn allow_bare(&self, modules: u32) {
        self.state.bare.set(Bare::of_abi(modules));
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
        // SAFETY: the buffer is kept by a strong reference as long as the environment lives; the facade never
        // detaches it.
        unsafe {
            let raw = raw_env(env);
            if sys::napi_get_arraybuffer_info(raw, gates.0, &mut memory, &mut bytes) != sys::Status::napi_ok {
                return Some("no gates".to_owned());
            }
            sys::napi_create_reference(raw, gates.0, 1, &mut reference);
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

    pub(super) fn plan_of(&self, id: u32) -> Option<Arc<Plan>> {
        self.plans.borrow().get(id as usize).cloned()
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
}
