//! Conversions that need Node-API: strings, both directions side by side.

use crate::slots::TEXT_ROOM;

pub mod arguments;
pub mod results;
mod transcode;

/// The longest string, in bytes, that is kept for the next call of the same function. JavaScript
/// keeps strings of up to a third of it, in UTF-16 units.
const CACHED_BYTES: usize = TEXT_ROOM;
