//! Memory at addresses that nobody vouches for, and memory that arkffi allocates.

pub mod blocks;
pub mod code;
pub mod guard;
pub mod pool;
pub mod stack;
