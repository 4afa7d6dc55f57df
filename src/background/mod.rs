//! Calls of C on threads of arkffi's own: those that JavaScript does not wait for, on a pool, and those
//! during which the environment's thread serves callbacks, each on a helper.

pub mod helpers;
pub mod job;
pub mod pool;
