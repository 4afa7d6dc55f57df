//! Signatures: the types of a C function, as plain data.

use crate::aggregate::Value;
use crate::error::{Code, Error, Result};
use crate::types::{Convert, TypeId};

/// The most parameters a C implementation must accept (C17 5.2.4.1).
pub const MAX_PARAMETERS: usize = 127;

/// The types of a C function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signature {
    /// The parameters in order; for a variadic call, the extra arguments too.
    pub params: Vec<Value>,
    /// For a variadic function, how many of the parameters are declared.
    pub fixed: Option<usize>,
    /// The result.
    pub result: Value,
    /// Whether an aggregate result is kept in memory of its own and given as an address.
    pub holds: bool,
}

impl Signature {
    /// Checks what every call path relies on.
    ///
    /// # Errors
    /// [`Code::InvalidType`] for `void` as a parameter, too many parameters, more declared
    /// parameters than there are, or a result of a type that has none.
    pub fn new(params: Vec<Value>, fixed: Option<usize>, result: Value, holds: bool) -> Result<Self> {
        let refuse = |message: String| Err(Error::new(Code::InvalidType, message));
        if params.len() > MAX_PARAMETERS {
            return refuse(format!("{} parameters; at most {MAX_PARAMETERS} are possible", params.len()));
        }
        if params.contains(&Value::Scalar(TypeId::Void)) {
            return refuse("void is not the type of an argument".into());
        }
        if result.scalar().is_some_and(|id| id.convert() == Convert::Env) {
            return refuse("napi_env is not the type of a result".into());
        }
        if fixed.is_some_and(|fixed| fixed > params.len()) {
            return refuse("more declared parameters than parameters".into());
        }
        let holds = holds && result.aggregate().is_some();
        Ok(Signature { params, fixed, result, holds })
    }
}
