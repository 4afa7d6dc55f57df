//! Conversions that need Node-API: strings, both directions side by side.

pub mod text;
mod transcode;
