//! Leaf calls: C functions that neither call back into JavaScript nor block, called by V8's compiled code
//! itself, without Node-API in between.
//!
//! ```text
//!   compiled JavaScript     the wrapper, inlined: checks, then calls the raw function
//!      │  V8's fast call: receiver and arguments in registers
//!   stub                    shifts the registers; a function without integer arguments needs none
//!      │
//!   C                       the function; what it returns is also left in the slots
//! ```
//!
//! Everywhere else (in cold code, with other kinds of values) V8 calls a callback which does nothing: the raw function then
//! gives `undefined`, and the wrapper makes the call through the slots.
//!
//! V8 does not expect JavaScript to run during such a call, and notes in a word of its own that one runs. A callback that C calls all the same is refused
//! before it enters JavaScript, and the next call throws an error that names the function.
//!
//! All of it can be left out: without it every call takes the slots.

pub mod code;
pub mod engine;
pub mod guarded;
pub mod layout;
pub mod record;
pub mod signature;
pub mod watch;
