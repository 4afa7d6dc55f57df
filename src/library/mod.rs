//! Shared libraries: loading, symbols, unloading. The only user of libloading.
//!
//! # Safety
//! Loading runs the library's constructors and unloading its destructors: that they may run is the
//! user's promise in `dlopen` and `close`. A handle is used only while its [`Loaded`] exists.
#![allow(unsafe_code)]

mod elf;
mod search;

#[cfg(unix)]
#[path = "loader_unix.rs"]
mod loader;

#[cfg(windows)]
#[path = "loader_windows.rs"]
mod loader;

use std::collections::HashSet;
use std::ffi::{CStr, CString, c_void};
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

use self::loader::{BINDS_DEEP, Handle};
use crate::error::{Code, Error, Result};
use crate::os;

/// Whether the library binds its own symbols before those of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deep {
    /// Where it would otherwise be bound to functions of the node executable.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How to load.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Resolve functions at their first call.
    pub lazy: bool,
    /// Offer the symbols to libraries loaded later.
    pub global: bool,
    /// Never unload.
    pub nodelete: bool,
    /// Symbol binding.
    pub deep: Deep,
}

/// A loaded library. Dropping it unloads nothing: only [`Loaded::unload`] does.
pub struct Loaded {
    handle: ManuallyDrop<Handle>,
    /// The file that the loader chose; empty for the running process.
    pub path: String,
    /// Whether the library is bound to itself.
    pub deep: bool,
    /// Where it is mapped; 0 for the running process.
    pub base: usize,
}

/// Whether libraries stay mapped when they are closed.
static KEEP_MAPPED: AtomicBool = AtomicBool::new(false);

/// Lets no library of this process be unloaded any more: a thread that nobody knows of may run its code.
pub fn keep_mapped() {
    KEEP_MAPPED.store(true, Ordering::Relaxed);
}

/// Libraries that were loaded bound to themselves: the binding lasts as long as the mapping.
static DEEP: LazyLock<Mutex<HashSet<usize>>> = LazyLock::new(Mutex::default);

impl Loaded {
    /// Loads a library by path, soname or bare name, or the running process for `None`.
    ///
    /// # Errors
    /// [`Code::LibraryLoad`] with every name tried and what the loader said;
    /// [`Code::Unsupported`] for [`Deep::Always`] where the loader cannot.
    pub fn open(name: Option<&str>, options: Options) -> Result<Self> {
        let Some(name) = name else {
            let handle =
                loader::this().map_err(|error| Error::new(Code::LibraryLoad, loader_message(&error)))?;
            return Ok(Loaded {
                handle: ManuallyDrop::new(handle),
                path: String::new(),
                deep: false,
                base: 0,
            });
        };
        if options.deep == Deep::Always && !BINDS_DEEP {
            let message = "this platform's loader cannot bind a library to itself; leave out deep";
            return Err(Error::new(Code::Unsupported, message));
        }
        let mut said = Vec::new();
        for candidate in search::candidates(name) {
            match Self::open_file(&candidate, options) {
                Ok(library) => return Ok(library),
                Err(message) => said.push(format!("  {candidate}: {message}")),
            }
        }
        Err(Error::new(Code::LibraryLoad, format!("cannot load '{name}'; tried\n{}", said.join("\n"))))
    }

    fn open_file(file: &str, options: Options) -> std::result::Result<Self, String> {
        let bind = match options.deep {
            Deep::Always => true,
            Deep::Never => false,
            Deep::Auto => BINDS_DEEP && !is_loaded(file) && elf::clashes_with_executable(file),
        };
        let was_loaded = is_loaded(file);
        // SAFETY: that its constructors may run is the user's promise.
        let handle = unsafe { loader::load(file, options, bind) };
        let handle = handle.map_err(|error| loader_message(&error))?;
        let (handle, os::Module { base, path }) =
            loader::mapping(handle).ok_or_else(|| "the loader does not tell where it is".to_owned())?;
        let mut bound = DEEP.lock().unwrap_or_else(PoisonError::into_inner);
        if bind && !was_loaded {
            bound.insert(base);
        }
        let deep = bound.contains(&base);
        Ok(Loaded { handle: ManuallyDrop::new(handle), path, deep, base })
    }

    /// A further hold on a module that is loaded already.
    pub fn pin(path: &str) -> Option<Self> {
        let (handle, os::Module { base, path }) = loader::mapping(loader::loaded(path)?)?;
        Some(Loaded { handle: ManuallyDrop::new(handle), path, deep: false, base })
    }

    /// The address of a symbol, of a version where one is given; `None` where there is none.
    pub fn symbol(&self, name: &CStr, version: Option<&CStr>) -> Option<*const c_void> {
        // SAFETY: a data pointer is asked for, and nothing is read through it here; a null address
        // is a valid answer and is reported as no symbol.
        unsafe {
            let found = match version {
                Some(version) => loader::versioned(&self.handle, name, version)?,
                None => self.handle.get::<*mut c_void>(name).ok()?.into_raw(),
            };
            (!found.is_null()).then_some(found.cast_const())
        }
    }

    /// The names nearest to one that the library lacks.
    pub fn near_names(&self, name: &str) -> Vec<String> {
        nearest(name, elf::exported_names(&self.path).iter().map(String::as_str))
    }

    /// The names that the library exports, in order; none where its file says nothing of them.
    pub fn names(&self) -> Vec<String> {
        let mut names = elf::exported_names(&self.path);
        names.sort();
        names.dedup();
        names
    }

    /// Gives the library back to the loader, unless [`keep_mapped`] was called.
    pub fn unload(self) {
        if KEEP_MAPPED.load(Ordering::Relaxed) {
            return;
        }
        let deep = self.deep;
        let base = self.base;
        let path = self.path.clone();
        // A loader that fails to unload leaves the library mapped, which harms nobody.
        let _ = ManuallyDrop::into_inner(self.handle).close();
        if deep && !is_loaded(&path) {
            DEEP.lock().unwrap_or_else(PoisonError::into_inner).remove(&base);
        }
    }
}

/// The names most like `name`, at most three, best first.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Vec<String> {
    let limit = name.chars().count() / 3 + 1;
    let mut near: Vec<(usize, &str)> = candidates
        .map(|candidate| {
            let same_letters = candidate.trim_matches('_').eq_ignore_ascii_case(name.trim_matches('_'));
            let distance = if same_letters { 0 } else { strsim::damerau_levenshtein(name, candidate) };
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= limit)
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(3).map(|(_, candidate)| candidate.to_owned()).collect()
}

fn is_loaded(file: &str) -> bool {
    loader::loaded(file).is_some()
}

fn loader_message(error: &libloading::Error) -> String {
    let source = std::error::Error::source(error);
    source.map_or_else(|| error.to_string(), ToString::to_string)
}

/// The C string of a name that JavaScript has checked for NULs.
///
/// # Errors
/// [`Code::LibraryLoad`] where there is one all the same.
pub fn c_name(name: &str) -> Result<CString> {
    CString::new(name).map_err(|_| Error::new(Code::LibraryLoad, "a name must not contain a NUL"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Options = Options { lazy: false, global: false, nodelete: false, deep: Deep::Auto };

    #[test]
    fn a_bare_name_is_looked_for_under_the_platforms_spellings() {
        let library = Loaded::open(Some("m"), PLAIN).expect("libm");
        assert!(library.path.contains("libm.so"), "{}", library.path);
        assert!(library.symbol(c"cos", None).is_some());
        assert_eq!(library.near_names("coss").first().map(String::as_str), Some("cos"));
    }

    #[test]
    fn a_failure_tells_each_name_and_what_the_loader_said() {
        let error = Loaded::open(Some("nosuchthing"), PLAIN).err().expect("no such library");
        assert_eq!(error.code, Code::LibraryLoad);
        assert!(error.message.contains("libnosuchthing.so: "), "{}", error.message);
    }

    #[test]
    fn the_nearest_names_come_first() {
        let names = ["sqlite3_open", "sqlite3_step", "sqlite3_open_v2", "main"];
        assert_eq!(nearest("sqlite3_opne", names.into_iter())[0], "sqlite3_open");
        assert!(nearest("zzz", names.into_iter()).is_empty());
    }
}
