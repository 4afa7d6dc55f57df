//! How V8 lays out what it is told of a fast call, in the versions of V8 that Node.js 20, 22, 24 and 26 have.
//!
//! | | 115 | 127, 137 | 147 |
//! |---|---|---|---|
//! | `CTypeInfo` | type, sequence, flags: 3 bytes | the same | type, flags: 2 bytes |
//! | `CFunctionInfo` | result; count at 4; arguments at 8 | and how 64-bit integers look, at 3 | the same, at 2 |
//!
//! An isolate has, before the values that compiled addons find in it too, a word for the fast call that runs: the address of
//! its code. Compiled code sets and clears it. See [`Words`].

use super::signature::{Signature, Type};

/// The layout of one version of Node's ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The size of a `CTypeInfo`.
    pub stride: usize,
    /// Where a `CFunctionInfo` says how 64-bit integers look.
    pub representation: Option<usize>,
    /// Where an isolate has what.
    pub words: Words,
}

/// Words of an isolate, in bytes from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// The code of the fast call that runs, or 0.
    pub running: usize,
    /// `undefined`.
    pub undefined: usize,
}

/// The bytes of a `CFunctionInfo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(8))]
pub struct Info(pub [u8; 16]);

impl Layout {
    /// The layout of the ABI of that number, if it is one that is known.
    pub fn of_abi(modules: u32) -> Option<Layout> {
        match modules {
            115 => Some(Layout {
                stride: 3,
                representation: None,
                words: Words { running: 0xf8, undefined: 0x210 },
            }),
            127 => Some(Layout {
                stride: 3,
                representation: Some(3),
                words: Words { running: 0x100, undefined: 0x270 },
            }),
            137 => Some(Layout {
                stride: 3,
                representation: Some(3),
                words: Words { running: 0x130, undefined: 0x2a0 },
            }),
            147 => Some(Layout {
                stride: 2,
                representation: Some(2),
                words: Words { running: 0x138, undefined: 0x2b0 },
            }),
            _ => None,
        }
    }

    /// The `CTypeInfo`s of the receiver and the arguments.
    pub fn arguments(&self, signature: &Signature) -> Vec<u8> {
        let types = [Type::Value].into_iter().chain(signature.arguments.iter().copied());
        types
            .flat_map(|of| std::iter::once(of as u8).chain(std::iter::repeat_n(0, self.stride - 1)))
            .collect()
    }

    /// The `CFunctionInfo` of a function with that result, so many arguments, and their types at that address.
    /// 64-bit integers look like numbers.
    pub fn info(&self, result: Type, count: u32, arguments: usize) -> Info {
        let mut bytes = [0; 16];
        bytes[0] = result as u8;
        bytes[4..8].copy_from_slice(&count.to_ne_bytes());
        bytes[8..].copy_from_slice(&(arguments as u64).to_ne_bytes());
        Info(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf::signature::Returned;

    #[test]
    fn types_stand_at_the_stride_of_the_version() {
        let arguments = vec![Type::I32, Type::F64];
        let signature = Signature { arguments, result: Type::I32, returned: Returned::Same };
        let of = |modules| Layout::of_abi(modules).expect("known").arguments(&signature);
        assert_eq!(of(115), [10, 0, 0, 3, 0, 0, 8, 0, 0]);
        assert_eq!(of(137), of(115));
        assert_eq!(of(147), [10, 0, 3, 0, 8, 0]);
        assert_eq!(Layout::of_abi(148), None);
    }

    #[test]
    fn an_info_has_result_count_and_arguments() {
        let info = Layout::of_abi(147).expect("known").info(Type::U32, 3, 0x1234_5678_9abc);
        let mut expected = [4, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        expected[8..].copy_from_slice(&0x1234_5678_9abc_u64.to_ne_bytes());
        assert_eq!(info.0, expected);
    }
}
