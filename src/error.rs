//! The one error type of the native side. Its code is the public code of the contract; the
//! JavaScript facade turns it into the right class.

use std::fmt;

/// The public error codes that native code reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The loader refused a library.
    LibraryLoad,
    /// A definition that no call can be planned for.
    InvalidType,
    /// An address where no code is.
    InvalidPointer,
    /// The allocator has no memory left.
    OutOfMemory,
    /// The platform lacks what was asked for.
    Unsupported,
}

impl Code {
    /// The `code` property of the JavaScript error.
    pub const fn as_str(self) -> &'static str {
        match self {
            Code::LibraryLoad => "ERR_FFI_LIBRARY_LOAD",
            Code::InvalidType => "ERR_FFI_INVALID_TYPE",
            Code::InvalidPointer => "ERR_FFI_INVALID_POINTER",
            Code::OutOfMemory => "ERR_FFI_OUT_OF_MEMORY",
            Code::Unsupported => "ERR_FFI_UNSUPPORTED",
        }
    }
}

/// An error with its public code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The public code.
    pub code: Code,
    /// What happened, and what to do.
    pub message: String,
}

impl Error {
    /// An error of that code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Error { code, message: message.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// A result with that error.
pub type Result<T> = std::result::Result<T, Error>;
