//! Which signatures can be called as leaves, and what V8 is told of them.

use crate::aggregate::Value;
use crate::plan::{Passed, Plan, Source};
use crate::types::{Convert, Machine};

/// The integer registers that remain for arguments: the first is the receiver's on C's side of V8's call.
const INTEGERS: usize = 6;
/// The floating-point registers for arguments.
const FLOATS: usize = 8;

/// What V8 is told of a value, by the numbers of `v8::CTypeInfo::Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Type {
    /// A signed 32-bit integer.
    I32 = 3,
    /// An unsigned 32-bit integer.
    U32 = 4,
    /// A signed 64-bit integer. JavaScript gives a number.
    I64 = 5,
    /// A float.
    F32 = 7,
    /// A double.
    F64 = 8,
    /// A value of JavaScript's: the receiver.
    Value = 10,
}

/// What the stub does with the result of C.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Returned {
    /// Leaves it where it is. Of a narrow integer the register's other bits mean nothing, and all of them where C gives nothing.
    Same,
    /// Gives it as a double, and leaves all its bits in the slots.
    Wide,
}

/// How the values of a leaf call travel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signature {
    /// The arguments, after the receiver.
    pub arguments: Vec<Type>,
    /// What the stub gives V8.
    pub result: Type,
    /// How it makes that of what C gives.
    pub returned: Returned,
}

fn argument(machine: Machine) -> Option<Type> {
    match machine {
        // A narrow integer that is in range is the same in a register of 32 bits.
        Machine::I8 | Machine::U8 | Machine::I16 | Machine::U16 | Machine::I32 => Some(Type::I32),
        Machine::U32 => Some(Type::U32),
        // As a number it is below 2^53, whatever the sign of its type.
        Machine::I64 | Machine::U64 | Machine::Pointer => Some(Type::I64),
        Machine::F32 => Some(Type::F32),
        Machine::F64 => Some(Type::F64),
        Machine::Void => None,
    }
}

fn result(machine: Machine) -> (Type, Returned) {
    match machine {
        // Void too: the raw function must not return `undefined`, which means that C was not called.
        Machine::Void | Machine::I8 | Machine::U8 | Machine::I16 | Machine::U16 | Machine::I32 => {
            (Type::I32, Returned::Same)
        }
        Machine::U32 => (Type::U32, Returned::Same),
        // V8 returns no 64-bit integers on Node.js 20, and rounds them silently on the others.
        Machine::I64 | Machine::U64 | Machine::Pointer => (Type::F64, Returned::Wide),
        Machine::F32 => (Type::F32, Returned::Same),
        Machine::F64 => (Type::F64, Returned::Same),
    }
}

impl Signature {
    /// Whether V8 can call C without a stub: no argument stands in an integer register, and the result needs nothing done.
    pub fn is_direct(&self) -> bool {
        let floats = self.arguments.iter().all(|argument| matches!(argument, Type::F32 | Type::F64));
        floats && self.returned != Returned::Wide
    }

    /// The leaf signature of a plan, or `None` where its calls must go another way: strings, values of
    /// Node-API, structs, function pointers, variadic functions, and more arguments than there are registers.
    pub fn of(plan: &Plan) -> Option<Signature> {
        if !plan.is_direct() || plan.signature.fixed.is_some() || plan.stack_words > 0 {
            return None;
        }
        if plan.integers > INTEGERS || plan.floats > FLOATS {
            return None;
        }
        let calls_back = |value: &Value| value.scalar().is_none_or(|id| id.convert() == Convert::Function);
        if plan.signature.params.iter().any(calls_back) {
            return None;
        }
        let arguments = plan
            .params
            .iter()
            .map(|param| match (&param.passed, param.source) {
                (Passed::Scalar(machine), Source::Number | Source::Single | Source::Double) => {
                    argument(*machine)
                }
                _ => None,
            })
            .collect::<Option<Vec<Type>>>()?;
        let (result, returned) = result(plan.signature.result.scalar()?.machine());
        Some(Signature { arguments, result, returned })
    }
}

#[cfg(test)]
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod tests {
    use super::*;
    use crate::signature::Signature as Types;
    use crate::types::TypeId;

    fn leaf(params: &[TypeId], result: TypeId) -> Option<Signature> {
        let params = params.iter().copied().map(Value::Scalar).collect();
        let types = Types::new(params, None, Value::Scalar(result), false).expect("a signature");
        Signature::of(&Plan::new(types, true).expect("a plan"))
    }

    #[test]
    fn values_travel_as_v8_passes_them() {
        let params = [TypeId::Bool, TypeId::U32, TypeId::Ptr, TypeId::F32, TypeId::F64, TypeId::U64];
        let found = leaf(&params, TypeId::Void).expect("a leaf");
        assert_eq!(found.arguments, [Type::I32, Type::U32, Type::I64, Type::F32, Type::F64, Type::I64]);
        assert_eq!((found.result, found.returned), (Type::I32, Returned::Same));
        assert!(!found.is_direct());
        for result in [TypeId::Void, TypeId::I8, TypeId::F32] {
            assert!(leaf(&[TypeId::F64], result).expect("a leaf").is_direct());
        }
        let wide = leaf(&[], TypeId::U64).expect("a leaf");
        assert!(!wide.is_direct());
        assert_eq!((wide.result, wide.returned), (Type::F64, Returned::Wide));
    }

    #[test]
    fn what_must_go_another_way_is_none() {
        assert_eq!(leaf(&[TypeId::CString], TypeId::Void), None);
        assert_eq!(leaf(&[], TypeId::CString), None);
        assert_eq!(leaf(&[TypeId::Callback], TypeId::Void), None);
        assert_eq!(leaf(&[TypeId::NapiEnv], TypeId::Void), None);
        assert!(leaf(&[TypeId::I32; 6], TypeId::I32).is_some());
        assert_eq!(leaf(&[TypeId::I32; 7], TypeId::I32), None);
        assert!(leaf(&[TypeId::F64; 8], TypeId::F64).is_some());
        assert_eq!(leaf(&[TypeId::F64; 9], TypeId::F64), None);
    }
}
