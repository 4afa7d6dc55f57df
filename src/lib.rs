//! The native half of arkffi.
//!
//! A call's way: definition → type → [`signature`] → [`plan`] → [`call`] (stub and slots, or libffi)
//! → result. `docs/architecture.md` draws it. `#[napi]` stands only in `bindings`, libffi only in
//! `abi`, libloading only in `library`.

pub mod abi;
pub mod aggregate;
pub mod background;
#[cfg(not(test))]
mod bindings;
pub mod call;
pub mod convert;
pub mod coroutine;
pub mod error;
pub mod event_loop;
pub mod external;
#[cfg(sysv64)]
pub mod last_words;
#[cfg(not(sysv64))]
#[path = "last_words_none.rs"]
pub mod last_words;
pub mod leaf;
pub mod library;
pub mod memory;
pub mod os;
pub mod plan;
pub mod queue;
pub mod signature;
pub mod slots;
pub mod state;
pub mod types;
pub mod upcall;
pub mod v8;
