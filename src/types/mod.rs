//! The type table and what its rows mean to the machine.

mod table;

pub use table::TypeId;

/// How a value stands in a register or in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Machine {
    /// No value: results only.
    Void,
    /// One byte, zero-extended.
    U8,
    /// One byte, sign-extended.
    I8,
    /// Two bytes, zero-extended.
    U16,
    /// Two bytes, sign-extended.
    I16,
    /// Four bytes, zero-extended.
    U32,
    /// Four bytes, sign-extended.
    I32,
    /// Eight bytes, unsigned.
    U64,
    /// Eight bytes, signed.
    I64,
    /// IEEE 754 single precision.
    F32,
    /// IEEE 754 double precision.
    F64,
    /// An address.
    Pointer,
}

impl Machine {
    /// C's `long`.
    pub const LONG: Machine = if size_of::<libc::c_long>() == 8 { Machine::I64 } else { Machine::I32 };
    /// C's `unsigned long`.
    pub const ULONG: Machine = if size_of::<libc::c_ulong>() == 8 { Machine::U64 } else { Machine::U32 };
    /// C's `ssize_t` and `intptr_t`.
    pub const ISIZE: Machine = if size_of::<isize>() == 8 { Machine::I64 } else { Machine::I32 };
    /// C's `size_t` and `uintptr_t`.
    pub const USIZE: Machine = if size_of::<usize>() == 8 { Machine::U64 } else { Machine::U32 };

    /// The size in bytes, which on every supported platform is the alignment as well.
    pub const fn size(self) -> usize {
        match self {
            Machine::Void => 0,
            Machine::U8 | Machine::I8 => 1,
            Machine::U16 | Machine::I16 => 2,
            Machine::U32 | Machine::I32 | Machine::F32 => 4,
            Machine::U64 | Machine::I64 | Machine::F64 => 8,
            Machine::Pointer => size_of::<usize>(),
        }
    }

    /// Whether values of this kind travel in floating-point registers.
    pub const fn is_float(self) -> bool {
        matches!(self, Machine::F32 | Machine::F64)
    }

    /// What C's default argument promotions make of a variadic argument (C17 6.5.2.2, paragraph 6).
    pub const fn promoted(self) -> Machine {
        match self {
            Machine::U8 | Machine::I8 | Machine::U16 | Machine::I16 => Machine::I32,
            Machine::F32 => Machine::F64,
            Machine::Void
            | Machine::U32
            | Machine::I32
            | Machine::U64
            | Machine::I64
            | Machine::F64
            | Machine::Pointer => self,
        }
    }

    /// The lower-case name, as the JavaScript side spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Machine::Void => "void",
            Machine::U8 => "u8",
            Machine::I8 => "i8",
            Machine::U16 => "u16",
            Machine::I16 => "i16",
            Machine::U32 => "u32",
            Machine::I32 => "i32",
            Machine::U64 => "u64",
            Machine::I64 => "i64",
            Machine::F32 => "f32",
            Machine::F64 => "f64",
            Machine::Pointer => "pointer",
        }
    }
}

/// The code units of a C string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextUnit {
    /// `char`: UTF-8.
    Utf8,
    /// `char16_t`: UTF-16.
    Utf16,
    /// `char32_t`: UTF-32.
    Utf32,
}

impl TextUnit {
    /// The unit of `wchar_t`.
    pub const WIDE: TextUnit =
        if size_of::<libc::wchar_t>() == 2 { TextUnit::Utf16 } else { TextUnit::Utf32 };
}

/// Who converts a value between JavaScript and C, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Convert {
    /// No value.
    Void,
    /// A boolean.
    Bool,
    /// An integer that a JavaScript number always holds.
    Int,
    /// A 64-bit integer: a number where that is exact, else a bigint.
    Wide,
    /// A 64-bit integer: always a number.
    Fast,
    /// A 64-bit integer: always a bigint.
    Bigint,
    /// A floating-point number.
    Float,
    /// A string of `char`.
    Utf8,
    /// A string of `char16_t`.
    Utf16,
    /// A string of `char32_t`.
    Utf32,
    /// A string of `wchar_t`.
    WideText,
    /// An address of data.
    Pointer,
    /// An address of code.
    Function,
    /// The Node-API environment, filled in by the call.
    Env,
    /// A JavaScript value, handed over as it is.
    Value,
}

impl Convert {
    /// The code units, for a string.
    pub const fn text(self) -> Option<TextUnit> {
        match self {
            Convert::Utf8 => Some(TextUnit::Utf8),
            Convert::Utf16 => Some(TextUnit::Utf16),
            Convert::Utf32 => Some(TextUnit::Utf32),
            Convert::WideText => Some(TextUnit::WIDE),
            Convert::Void
            | Convert::Bool
            | Convert::Int
            | Convert::Wide
            | Convert::Fast
            | Convert::Bigint
            | Convert::Float
            | Convert::Pointer
            | Convert::Function
            | Convert::Env
            | Convert::Value => None,
        }
    }
}

impl TypeId {
    /// The row of that index.
    pub fn from_index(index: u32) -> Option<TypeId> {
        TypeId::ALL.get(usize::try_from(index).ok()?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rows_discriminant_is_its_index() {
        for (index, row) in TypeId::ALL.into_iter().enumerate() {
            assert_eq!(row as usize, index, "{}", row.name());
            assert_eq!(TypeId::from_index(index as u32), Some(row));
        }
        assert_eq!(TypeId::from_index(TypeId::ALL.len() as u32), None);
    }

    #[test]
    fn promotions_leave_nothing_narrower_than_an_int_or_a_double() {
        for row in TypeId::ALL {
            let promoted = row.machine().promoted();
            assert!(promoted == Machine::Void || promoted.size() >= 4);
            assert_ne!(promoted, Machine::F32);
            assert_eq!(promoted.promoted(), promoted);
        }
    }
}
