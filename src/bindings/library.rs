//! Loaded libraries, and groups of functions found by address.

use std::cell::RefCell;
use std::ffi::{CString, c_void};
use std::rc::Rc;

use napi::Env;
use napi_derive::napi;

use super::environment::Environment;
use super::{Raw, Result, address, number, raw_env};
use crate::abi::libffi;
use crate::background::pool;
use crate::call::entry::Entry;
use crate::call::function::{Group, Mode, Repeated, bind, bind_repeating};
use crate::call::leaf::leaf;
use crate::library::{Deep, Loaded, Options, c_name, nearest};

/// How to load. `deep` is absent for 'auto'.
#[napi(object)]
pub struct LoadOptions {
    pub lazy: bool,
    pub global: bool,
    pub nodelete: bool,
    pub deep: Option<bool>,
}

impl From<LoadOptions> for Options {
    fn from(options: LoadOptions) -> Self {
        Options {
            lazy: options.lazy,
            global: options.global,
            nodelete: options.nodelete,
            deep: match options.deep {
                None => Deep::Auto,
                Some(true) => Deep::Always,
                Some(false) => Deep::Never,
            },
        }
    }
}

/// A loaded library and the functions bound in it.
#[napi]
pub struct NativeLibrary {
    group: Rc<Group>,
    loaded: RefCell<Option<Loaded>>,
}

#[napi]
impl NativeLibrary {
    pub(super) fn new(group: Rc<Group>, loaded: Option<Loaded>) -> Self {
        NativeLibrary { group, loaded: RefCell::new(loaded) }
    }

    /// The file that the loader chose.
    #[napi(getter)]
    pub fn path(&self) -> String {
        self.loaded.borrow().as_ref().map(|loaded| loaded.path.clone()).unwrap_or_default()
    }

    /// Whether the library is bound to itself.
    #[napi(getter)]
    pub fn deep(&self) -> bool {
        self.loaded.borrow().as_ref().is_some_and(|loaded| loaded.deep)
    }

    /// Where the module is mapped; 0 for the running process.
    #[napi(getter)]
    pub fn base(&self) -> f64 {
        self.loaded.borrow().as_ref().map_or(0.0, |loaded| number(loaded.base))
    }

    /// The address of a symbol; absent where there is none, or the library is closed.
    #[napi]
    pub fn symbol(&self, name: String, version: Option<String>) -> Result<Option<f64>> {
        let name = c_name(&name)?;
        let version: Option<CString> = version.as_deref().map(c_name).transpose()?;
        let loaded = self.loaded.borrow();
        let found = loaded.as_ref().and_then(|loaded| loaded.symbol(&name, version.as_deref()));
        Ok(found.map(|address| number(address as usize)))
    }

    /// The names nearest to one that the library lacks.
    #[napi]
    pub fn near_names(&self, name: String) -> Vec<String> {
        self.loaded.borrow().as_ref().map(|loaded| loaded.near_names(&name)).unwrap_or_default()
    }

    /// The names that the library exports, in order.
    #[napi]
    pub fn names(&self) -> Vec<String> {
        self.loaded.borrow().as_ref().map(Loaded::names).unwrap_or_default()
    }

    /// The native function that calls `target` by a plan, and its number for `closeFunction`. The mode is
    /// 'direct', 'suspendable', 'pumped' or 'background'.
    #[napi(ts_return_type = "[(...values: unknown[]) => unknown, number]")]
    pub fn bind(
        &self,
        env: &Env,
        environment: &Environment,
        plan: u32,
        target: f64,
        mode: String,
        name: String,
    ) -> Result<(Raw, f64)> {
        let plan = environment
            .plan_of(plan)
            .ok_or_else(|| napi::Error::new("ERR_FFI_INVALID_TYPE", "no such plan"))?;
        let target = address(target) as *const c_void;
        let suspends = mode == "suspendable";
        let mode = match mode.as_str() {
            "pumped" => Mode::Pumped,
            "background" => Mode::Background,
            _ => Mode::Direct,
        };
        // SAFETY: the group belongs to the environment that runs this call.
        let (function, entry) =
            unsafe { bind(raw_env(env), &self.group, &plan, target, mode, suspends, &name) }?;
        Ok((Raw(function), number(entry as usize)))
    }

    /// The function that makes the calls of the direct function of that number, and its own number: with the strings of that
    /// one's last call, or with the one that was left in the slots. Nothing where that function is closed.
    #[napi(ts_return_type = "[(...values: unknown[]) => unknown, number] | null")]
    pub fn repeating(&self, env: &Env, id: f64, left: bool) -> Option<(Raw, f64)> {
        let repeated = if left { Repeated::Left } else { Repeated::Kept };
        // SAFETY: the group belongs to the environment that runs this call.
        let made = unsafe { bind_repeating(raw_env(env), &self.group, address(id) as *mut Entry, repeated) };
        made.map(|(function, entry)| (Raw(function), number(entry as usize)))
    }

    /// The raw function beside a function of that number, and the number of its gate; nothing where the signature does not
    /// allow it, or the runtime.
    #[napi(ts_return_type = "[raw: (...values: unknown[]) => unknown, gate: number] | null")]
    pub fn leaf(&self, env: &Env, environment: &Environment, id: f64) -> Option<(Raw, u32)> {
        let engine = environment.engine()?;
        // SAFETY: the group belongs to the environment that runs this call.
        let made = unsafe { leaf(raw_env(env), &self.group, address(id) as *mut Entry, engine) }?;
        Some((Raw(made.raw), made.gate))
    }

    /// Makes one function refuse; `false` when it did already.
    #[napi]
    pub fn close_function(&self, id: f64) -> bool {
        self.group.close_one(address(id) as *mut Entry)
    }

    /// Whether the function of that number is open.
    #[napi]
    pub fn is_open(&self, id: f64) -> bool {
        self.group.is_open(address(id) as *mut Entry)
    }

    /// Whether no function is open.
    #[napi(getter)]
    pub fn is_empty(&self) -> bool {
        self.group.is_empty()
    }

    /// Makes every function refuse and unloads the library, or does so when the calls that run have
    /// returned.
    #[napi]
    pub fn close(&self) {
        self.group.close();
        if let Some(loaded) = self.loaded.take() {
            self.group.unload(loaded);
        }
    }
}

/// Sets how many background calls of the process run at once.
#[napi]
pub fn set_pool_size(size: u32) {
    pool::set_size(size as usize);
}

/// The version of libffi that calls go through.
#[napi]
pub fn libffi_version() -> String {
    libffi::version()
}

/// The names most like one, best first.
#[napi]
pub fn nearest_names(name: String, candidates: Vec<String>) -> Vec<String> {
    nearest(&name, candidates.iter().map(String::as_str))
}
