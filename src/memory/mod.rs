//! Memory at addresses that nobody vouches for, and memory that arkffi allocates.

pub mod accounts;
pub mod allocator;
pub mod called;
pub mod code;
pub mod ends;
pub mod guard;
pub mod heap;
pub mod pool;
pub mod registry;
pub mod results;
pub mod stack;
pub mod views;
