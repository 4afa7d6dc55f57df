//! Plans: how the values of one signature travel. A plan is plain data that depends on nothing but
//! the signature, the platform and whether fast paths are allowed; it is made once per signature,
//! shared by every function that has it, and printable.

use std::fmt;

use crate::abi::registers;
use crate::error::Result;
use crate::signature::Signature;
use crate::slots::ARGUMENT_WORDS;
use crate::types::{Convert, Machine, TextUnit, TypeId};

/// How C is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Path {
    /// All argument registers are loaded from the slots and C is called directly.
    Registers,
    /// Through libffi, which knows every calling convention.
    Libffi,
}

/// Where the value of a parameter comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The slot holds an integer as a double.
    Number,
    /// The slot holds the bits of a float.
    Single,
    /// The slot holds a double.
    Double,
    /// Argument *n* of the native function: a string, or an address as a number or bigint.
    Text(TextUnit, usize),
    /// Argument *n* of the native function, handed over as it is.
    Value(usize),
    /// The Node-API environment.
    Env,
}

/// One parameter of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Param {
    /// What C receives, after promotions.
    pub machine: Machine,
    /// The word of the slots, or of the call frame, that holds it.
    pub word: usize,
    /// Where it comes from.
    pub source: Source,
}

/// How the values of one signature travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The signature it serves.
    pub signature: Signature,
    /// How C is entered.
    pub path: Path,
    /// The parameters in order.
    pub params: Vec<Param>,
    /// Integer registers in use.
    pub integers: usize,
    /// Floating-point registers in use.
    pub floats: usize,
    /// 8-byte words on the stack.
    pub stack_words: usize,
    /// Bit *n* is set where stack word *n* holds a floating-point value.
    pub stack_floats: u64,
    /// How many arguments the native function takes.
    pub values: usize,
    /// Whether C gets the means to run JavaScript (a Node-API environment or value).
    pub enters_js: bool,
}

impl Plan {
    /// Plans the calls of a signature.
    ///
    /// # Errors
    /// Those of [`Signature::new`] come before; a plan is possible for every signature.
    pub fn new(signature: Signature, fast: bool) -> Result<Plan> {
        let machine = |index: usize, id: TypeId| match signature.fixed {
            Some(fixed) if index >= fixed => id.machine().promoted(),
            Some(_) | None => id.machine(),
        };
        let machines: Vec<Machine> =
            signature.params.iter().enumerate().map(|(index, id)| machine(index, *id)).collect();
        let layout = if fast { registers::assign(&machines) } else { None };
        let path = if layout.is_some() { Path::Registers } else { Path::Libffi };
        let layout = layout
            .unwrap_or_else(|| Registers { words: (0..machines.len()).collect(), ..Registers::default() });

        let mut values = 0;
        let mut next = || {
            values += 1;
            values - 1
        };
        let params = signature
            .params
            .iter()
            .zip(&machines)
            .zip(&layout.words)
            .map(|((id, machine), word)| {
                let source = match (id.convert(), id.convert().text()) {
                    (_, Some(unit)) => Source::Text(unit, next()),
                    (Convert::Value, None) => Source::Value(next()),
                    (Convert::Env, None) => Source::Env,
                    (_, None) if *machine == Machine::F32 => Source::Single,
                    (_, None) if *machine == Machine::F64 => Source::Double,
                    (_, None) => Source::Number,
                };
                Param { machine: *machine, word: *word, source }
            })
            .collect();
        let js = |id: &TypeId| matches!(id.convert(), Convert::Env | Convert::Value);
        let enters_js = signature.params.iter().any(js) || js(&signature.result);
        debug_assert!(layout.words.iter().all(|word| *word < ARGUMENT_WORDS));
        Ok(Plan {
            path,
            params,
            integers: layout.integers,
            floats: layout.floats,
            stack_words: layout.stack_words,
            stack_floats: layout.stack_floats,
            values,
            enters_js,
            signature,
        })
    }

    /// Whether the trampoline alone can make the call: every argument stands in the slots and the
    /// result needs no conversion by Node-API.
    pub fn is_direct(&self) -> bool {
        self.path == Path::Registers && !self.enters_js && self.values == 0 && self.text_result().is_none()
    }

    /// The code units of the result, where that is a string.
    pub fn text_result(&self) -> Option<TextUnit> {
        self.signature.result.convert().text()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}(", self.path)?;
        for (index, (param, id)) in self.params.iter().zip(&self.signature.params).enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{} -> {}@{}", id.name(), param.machine.name(), param.word)?;
        }
        write!(f, ") -> {}", self.signature.result.name())
    }
}

/// Where a register convention puts the parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    /// The word of each parameter.
    pub words: Vec<usize>,
    /// Integer registers in use.
    pub integers: usize,
    /// Floating-point registers in use.
    pub floats: usize,
    /// 8-byte words on the stack.
    pub stack_words: usize,
    /// Bit *n* is set where stack word *n* holds a floating-point value.
    pub stack_floats: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(params: &[TypeId], fixed: Option<usize>, fast: bool) -> Plan {
        let signature = Signature::new(params.to_vec(), fixed, TypeId::I32).expect("a signature");
        Plan::new(signature, fast).expect("a plan")
    }

    #[test]
    fn without_fast_paths_a_parameter_stands_in_the_word_of_its_number() {
        let plan = plan(&[TypeId::F64, TypeId::I8, TypeId::F32], None, false);
        assert_eq!(plan.path, Path::Libffi);
        assert_eq!(plan.to_string(), "Libffi(f64 -> f64@0, i8 -> i8@1, f32 -> f32@2) -> i32");
    }

    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    #[test]
    fn integers_and_floats_are_counted_apart() {
        let params = [TypeId::F64, TypeId::I8, TypeId::F32, TypeId::Ptr];
        assert_eq!(
            plan(&params, None, true).to_string(),
            "Registers(f64 -> f64@6, i8 -> i8@0, f32 -> f32@7, ptr -> pointer@1) -> i32"
        );
    }

    #[test]
    fn variadic_arguments_are_promoted() {
        let plan = plan(&[TypeId::F32, TypeId::F32, TypeId::U8], Some(1), false);
        let machines: Vec<Machine> = plan.params.iter().map(|param| param.machine).collect();
        assert_eq!(machines, [Machine::F32, Machine::F64, Machine::I32]);
        assert_eq!(plan.params[1].source, Source::Double);
    }

    #[test]
    fn strings_and_values_are_arguments_of_the_native_function() {
        let plan = plan(&[TypeId::NapiEnv, TypeId::CString, TypeId::I32, TypeId::NapiValue], None, true);
        assert_eq!((plan.values, plan.enters_js, plan.is_direct()), (2, true, false));
        assert_eq!(plan.params[3].source, Source::Value(1));
    }
}
