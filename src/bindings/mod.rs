//! What the JavaScript facade calls: thin, and only for set-up, but for the functions of `raw`.
//!
//! # Safety
//! Node-API functions are called with the environment that entered the native function, on its
//! thread. The macros of napi-derive expand to code that keeps the same rule.
#![allow(unsafe_code, missing_docs, unreachable_pub, unused_qualifications)]

mod accounts;
mod calls;
mod environment;
mod library;
mod memory;
mod raw;

use napi::Env;
use napi::bindgen_prelude::{FromNapiValue, ToNapiValue, TypeName, ValidateNapiValue, ValueType};
use napi::sys::{napi_env, napi_value};

use crate::error::Error;

/// A result whose error carries the public code.
type Result<T> = std::result::Result<T, napi::Error<&'static str>>;

impl From<Error> for napi::Error<&'static str> {
    fn from(error: Error) -> Self {
        napi::Error::new(error.code.as_str(), error.message)
    }
}

/// A value made by raw Node-API calls.
pub struct Raw(napi_value);

impl TypeName for Raw {
    fn type_name() -> &'static str {
        "unknown"
    }

    fn value_type() -> ValueType {
        ValueType::Unknown
    }
}

impl ValidateNapiValue for Raw {}

impl FromNapiValue for Raw {
    unsafe fn from_napi_value(_env: napi_env, value: napi_value) -> napi::Result<Self> {
        Ok(Raw(value))
    }
}

impl ToNapiValue for Raw {
    unsafe fn to_napi_value(_env: napi_env, value: Self) -> napi::Result<napi_value> {
        Ok(value.0)
    }
}

/// An address out of a number that the facade has checked.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn address(number: f64) -> usize {
    number as i64 as usize
}

/// An address as a number; no supported system hands out one beyond 2^53.
#[allow(clippy::cast_precision_loss)]
fn number(address: usize) -> f64 {
    address as f64
}

fn raw_env(env: &Env) -> napi_env {
    env.raw()
}
