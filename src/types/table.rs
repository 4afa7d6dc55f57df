//! Generated from types.json by scripts/generate.mjs; do not edit.

use super::{Convert, Machine};

/// One row of the type table: a C type together with the way its values cross into JavaScript.
/// The discriminant is the row's index, by which the JavaScript side names the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum TypeId {
    /// `void`, in JavaScript `void`.
    Void,
    /// `_Bool`, in JavaScript `bool`.
    Bool,
    /// `int8_t`, in JavaScript `i8`.
    I8,
    /// `uint8_t`, in JavaScript `u8`.
    U8,
    /// `int16_t`, in JavaScript `i16`.
    I16,
    /// `uint16_t`, in JavaScript `u16`.
    U16,
    /// `int32_t`, in JavaScript `i32`.
    I32,
    /// `uint32_t`, in JavaScript `u32`.
    U32,
    /// `int64_t`, in JavaScript `i64`.
    I64,
    /// `uint64_t`, in JavaScript `u64`.
    U64,
    /// `int64_t`, in JavaScript `i64_fast`.
    I64Fast,
    /// `uint64_t`, in JavaScript `u64_fast`.
    U64Fast,
    /// `int64_t`, in JavaScript `bigint64`.
    Bigint64,
    /// `uint64_t`, in JavaScript `biguint64`.
    Biguint64,
    /// `long`, in JavaScript `long`.
    Long,
    /// `unsigned long`, in JavaScript `ulong`.
    Ulong,
    /// `size_t`, in JavaScript `size_t`.
    SizeT,
    /// `size_t`, in JavaScript `usize`.
    Usize,
    /// `ssize_t`, in JavaScript `ssize_t`.
    SsizeT,
    /// `ssize_t`, in JavaScript `isize`.
    Isize,
    /// `intptr_t`, in JavaScript `intptr_t`.
    IntptrT,
    /// `uintptr_t`, in JavaScript `uintptr_t`.
    UintptrT,
    /// `float`, in JavaScript `f32`.
    F32,
    /// `double`, in JavaScript `f64`.
    F64,
    /// `const char*`, in JavaScript `CString`.
    CString,
    /// `const char16_t*`, in JavaScript `string16`.
    String16,
    /// `const char32_t*`, in JavaScript `string32`.
    String32,
    /// `const wchar_t*`, in JavaScript `wstring`.
    Wstring,
    /// `void*`, in JavaScript `ptr`.
    Ptr,
    /// `void (*)()`, in JavaScript `callback`.
    Callback,
    /// `napi_env`, in JavaScript `napi_env`.
    NapiEnv,
    /// `napi_value`, in JavaScript `napi_value`.
    NapiValue,
}

impl TypeId {
    /// Every row, in the order of the table.
    pub const ALL: [TypeId; 32] = [
        TypeId::Void,
        TypeId::Bool,
        TypeId::I8,
        TypeId::U8,
        TypeId::I16,
        TypeId::U16,
        TypeId::I32,
        TypeId::U32,
        TypeId::I64,
        TypeId::U64,
        TypeId::I64Fast,
        TypeId::U64Fast,
        TypeId::Bigint64,
        TypeId::Biguint64,
        TypeId::Long,
        TypeId::Ulong,
        TypeId::SizeT,
        TypeId::Usize,
        TypeId::SsizeT,
        TypeId::Isize,
        TypeId::IntptrT,
        TypeId::UintptrT,
        TypeId::F32,
        TypeId::F64,
        TypeId::CString,
        TypeId::String16,
        TypeId::String32,
        TypeId::Wstring,
        TypeId::Ptr,
        TypeId::Callback,
        TypeId::NapiEnv,
        TypeId::NapiValue,
    ];

    /// The canonical name.
    pub const fn name(self) -> &'static str {
        match self {
            TypeId::Void => "void",
            TypeId::Bool => "bool",
            TypeId::I8 => "i8",
            TypeId::U8 => "u8",
            TypeId::I16 => "i16",
            TypeId::U16 => "u16",
            TypeId::I32 => "i32",
            TypeId::U32 => "u32",
            TypeId::I64 => "i64",
            TypeId::U64 => "u64",
            TypeId::I64Fast => "i64_fast",
            TypeId::U64Fast => "u64_fast",
            TypeId::Bigint64 => "bigint64",
            TypeId::Biguint64 => "biguint64",
            TypeId::Long => "long",
            TypeId::Ulong => "ulong",
            TypeId::SizeT => "size_t",
            TypeId::Usize => "usize",
            TypeId::SsizeT => "ssize_t",
            TypeId::Isize => "isize",
            TypeId::IntptrT => "intptr_t",
            TypeId::UintptrT => "uintptr_t",
            TypeId::F32 => "f32",
            TypeId::F64 => "f64",
            TypeId::CString => "CString",
            TypeId::String16 => "string16",
            TypeId::String32 => "string32",
            TypeId::Wstring => "wstring",
            TypeId::Ptr => "ptr",
            TypeId::Callback => "callback",
            TypeId::NapiEnv => "napi_env",
            TypeId::NapiValue => "napi_value",
        }
    }

    /// How the value stands in a register or in memory.
    pub const fn machine(self) -> Machine {
        match self {
            TypeId::Void => Machine::Void,
            TypeId::Bool => Machine::U8,
            TypeId::I8 => Machine::I8,
            TypeId::U8 => Machine::U8,
            TypeId::I16 => Machine::I16,
            TypeId::U16 => Machine::U16,
            TypeId::I32 => Machine::I32,
            TypeId::U32 => Machine::U32,
            TypeId::I64 => Machine::I64,
            TypeId::U64 => Machine::U64,
            TypeId::I64Fast => Machine::I64,
            TypeId::U64Fast => Machine::U64,
            TypeId::Bigint64 => Machine::I64,
            TypeId::Biguint64 => Machine::U64,
            TypeId::Long => Machine::LONG,
            TypeId::Ulong => Machine::ULONG,
            TypeId::SizeT => Machine::USIZE,
            TypeId::Usize => Machine::USIZE,
            TypeId::SsizeT => Machine::ISIZE,
            TypeId::Isize => Machine::ISIZE,
            TypeId::IntptrT => Machine::ISIZE,
            TypeId::UintptrT => Machine::USIZE,
            TypeId::F32 => Machine::F32,
            TypeId::F64 => Machine::F64,
            TypeId::CString => Machine::Pointer,
            TypeId::String16 => Machine::Pointer,
            TypeId::String32 => Machine::Pointer,
            TypeId::Wstring => Machine::Pointer,
            TypeId::Ptr => Machine::Pointer,
            TypeId::Callback => Machine::Pointer,
            TypeId::NapiEnv => Machine::Pointer,
            TypeId::NapiValue => Machine::Pointer,
        }
    }

    /// Who converts the value, and how.
    pub const fn convert(self) -> Convert {
        match self {
            TypeId::Void => Convert::Void,
            TypeId::Bool => Convert::Bool,
            TypeId::I8 => Convert::Int,
            TypeId::U8 => Convert::Int,
            TypeId::I16 => Convert::Int,
            TypeId::U16 => Convert::Int,
            TypeId::I32 => Convert::Int,
            TypeId::U32 => Convert::Int,
            TypeId::I64 => Convert::Wide,
            TypeId::U64 => Convert::Wide,
            TypeId::I64Fast => Convert::Fast,
            TypeId::U64Fast => Convert::Fast,
            TypeId::Bigint64 => Convert::Bigint,
            TypeId::Biguint64 => Convert::Bigint,
            TypeId::Long => Convert::Wide,
            TypeId::Ulong => Convert::Wide,
            TypeId::SizeT => Convert::Wide,
            TypeId::Usize => Convert::Wide,
            TypeId::SsizeT => Convert::Wide,
            TypeId::Isize => Convert::Wide,
            TypeId::IntptrT => Convert::Wide,
            TypeId::UintptrT => Convert::Wide,
            TypeId::F32 => Convert::Float,
            TypeId::F64 => Convert::Float,
            TypeId::CString => Convert::Utf8,
            TypeId::String16 => Convert::Utf16,
            TypeId::String32 => Convert::Utf32,
            TypeId::Wstring => Convert::WideText,
            TypeId::Ptr => Convert::Pointer,
            TypeId::Callback => Convert::Function,
            TypeId::NapiEnv => Convert::Env,
            TypeId::NapiValue => Convert::Value,
        }
    }
}
