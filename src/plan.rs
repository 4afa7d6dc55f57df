//! Plans: how the values of one signature travel. A plan is plain data that depends on nothing but
//! the signature, the platform and whether fast paths are allowed; it is made once per signature,
//! shared by every function that has it, and printable.

use std::fmt;
use std::sync::Arc;

use crate::abi::registers;
use crate::aggregate::{Aggregate, Value};
use crate::error::{Code, Error, Result};
use crate::signature::{MAX_PARAMETERS, Signature};
use crate::slots::{ARGUMENT_WORDS, WORDS};
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
    /// The slots hold the bytes of an aggregate.
    Aggregate,
    /// Argument *n* of the native function: a string, or an address as a number or bigint.
    Text(TextUnit, usize),
    /// Argument *n* of the native function, handed over as it is.
    Value(usize),
    /// The Node-API environment.
    Env,
}

/// What C receives, after promotions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Passed {
    /// A scalar.
    Scalar(Machine),
    /// A struct or union by value.
    Aggregate(Arc<Aggregate>),
}

impl Passed {
    fn of(value: &Value, promoted: bool) -> Passed {
        match value {
            Value::Aggregate(aggregate) => Passed::Aggregate(Arc::clone(aggregate)),
            Value::Scalar(id) if promoted => Passed::Scalar(id.machine().promoted()),
            Value::Scalar(id) => Passed::Scalar(id.machine()),
        }
    }
}

/// One parameter of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Param {
    /// What C receives.
    pub passed: Passed,
    /// The words of the slots that hold it: of an aggregate of two eightbytes both, of a larger one
    /// the first two of those in a row.
    pub words: [usize; 2],
    /// Where it comes from.
    pub source: Source,
}

/// Where the result is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Returned {
    /// A scalar, in the result words.
    Scalar,
    /// An aggregate whose eightbytes are left in these result words.
    Words([usize; 2]),
    /// An aggregate that is written to memory which the call provides.
    Memory,
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
    /// Where the result is found.
    pub returned: Returned,
    /// Integer registers in use.
    pub integers: usize,
    /// Floating-point registers in use.
    pub floats: usize,
    /// 8-byte words on the stack.
    pub stack_words: usize,
    /// Bit *n* is set where stack word *n*, of the first 64, is no integer stored as a double.
    pub stack_floats: u64,
    /// How many words of the slots hold the arguments, from the first on.
    pub frame_words: usize,
    /// How many arguments the native function takes.
    pub values: usize,
    /// Whether C gets the means to run JavaScript (a Node-API environment or value).
    pub enters_js: bool,
}

impl Plan {
    /// The words of the slots that hold the integer arguments: numbers, addresses, and those in structs.
    pub fn integer_words(&self) -> impl Iterator<Item = usize> + '_ {
        let is_integer =
            |param: &&Param| !matches!(param.source, Source::Single | Source::Double | Source::Env);
        self.params
            .iter()
            .filter(is_integer)
            .flat_map(|param| match &param.passed {
                Passed::Scalar(_) => [param.words[0]..param.words[0] + 1, 0..0],
                Passed::Aggregate(aggregate) if aggregate.words() <= 2 => {
                    let [first, second] = param.words;
                    [first..first + 1, second..second + aggregate.words() - 1]
                }
                Passed::Aggregate(aggregate) => [param.words[0]..param.words[0] + aggregate.words(), 0..0],
            })
            .flatten()
    }
}

/// The words of the libffi path: scalars by their number, the bytes of aggregates behind them all.
fn in_order(params: &[Passed]) -> Option<Registers> {
    let mut next = MAX_PARAMETERS + 1;
    let mut word = |(index, param): (usize, &Passed)| match param {
        Passed::Scalar(_) => [index, index],
        Passed::Aggregate(aggregate) => {
            let first = next;
            next += aggregate.words();
            [first, first + 1]
        }
    };
    let words = params.iter().enumerate().map(&mut word).collect();
    (next <= ARGUMENT_WORDS).then(|| Registers { words, ..Registers::default() })
}

fn unsupported(message: &str) -> Error {
    Error::new(Code::Unsupported, message.to_owned())
}

impl Plan {
    /// Plans the calls of a signature.
    ///
    /// # Errors
    /// [`Code::Unsupported`] for aggregates by value that the slots have no room for, or of which it
    /// is not known how this platform passes them.
    pub fn new(signature: Signature, fast: bool) -> Result<Plan> {
        let promoted = |index: usize| signature.fixed.is_some_and(|fixed| index >= fixed);
        let passed: Vec<Passed> = signature
            .params
            .iter()
            .enumerate()
            .map(|(index, value)| Passed::of(value, promoted(index)))
            .collect();
        let result = signature.result.aggregate();
        if result.is_some_and(|aggregate| aggregate.words() > ARGUMENT_WORDS && !signature.holds) {
            return Err(unsupported("a struct of that size is returned as an address only, without .object"));
        }
        let aggregates = signature.params.iter().filter_map(Value::aggregate).chain(result);
        let unknown_to_libffi = aggregates
            .filter(|aggregate| aggregate.natural.is_none())
            .any(|aggregate| registers::substitute(aggregate).is_none());
        let by_words = result.and_then(|aggregate| registers::result_words(aggregate));
        let hidden = result.is_some() && by_words.is_none();
        let assigned = if fast || unknown_to_libffi { registers::assign(&passed, hidden) } else { None };
        let path = if assigned.is_some() { Path::Registers } else { Path::Libffi };
        if path == Path::Libffi && unknown_to_libffi {
            return Err(unsupported(
                "how this platform passes this union, packed struct or struct with bit-fields by value is not known",
            ));
        }
        let layout = assigned
            .or_else(|| in_order(&passed))
            .ok_or_else(|| unsupported("more than 64 KB of structs by value"))?;
        let returned = match (result, by_words) {
            (None, _) => Returned::Scalar,
            (Some(_), Some(words)) if path == Path::Registers => Returned::Words(words),
            (Some(_), _) => Returned::Memory,
        };

        let mut values = 0;
        let mut next = || {
            values += 1;
            values - 1
        };
        let mut source = |passed: &Passed, value: &Value| {
            let (Passed::Scalar(machine), Some(id)) = (passed, value.scalar()) else {
                return Source::Aggregate;
            };
            match (id.convert(), id.convert().text()) {
                (_, Some(unit)) => Source::Text(unit, next()),
                (Convert::Value, None) => Source::Value(next()),
                (Convert::Env, None) => Source::Env,
                (_, None) if *machine == Machine::F32 => Source::Single,
                (_, None) if *machine == Machine::F64 => Source::Double,
                (_, None) => Source::Number,
            }
        };
        let params: Vec<Param> = passed
            .into_iter()
            .zip(&signature.params)
            .zip(&layout.words)
            .map(|((passed, value), words)| Param { source: source(&passed, value), passed, words: *words })
            .collect();
        let js = |id: TypeId| matches!(id.convert(), Convert::Env | Convert::Value);
        let enters_js = signature.params.iter().chain([&signature.result]).filter_map(Value::scalar).any(js);
        debug_assert!(params.iter().all(|param| param.words[0] < WORDS));
        let frame_words = frame_words(path, &params);
        Ok(Plan {
            frame_words,
            path,
            params,
            returned,
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
        self.is_direct_with(0)
    }

    /// The same with so many strings or values among the arguments.
    pub fn is_direct_with(&self, values: usize) -> bool {
        let scalars = self.params.iter().all(|param| param.source != Source::Aggregate);
        self.path == Path::Registers
            && scalars
            && self.returned == Returned::Scalar
            && self.stack_words <= 64
            && !self.enters_js
            && self.values == values
            && self.text_result().is_none()
    }

    /// The code units of the result, where that is a string.
    pub fn text_result(&self) -> Option<TextUnit> {
        self.signature.result.scalar().and_then(|id| id.convert().text())
    }
}

fn frame_words(path: Path, params: &[Param]) -> usize {
    let fixed = if path == Path::Registers { registers::STACK } else { 0 };
    let end = |param: &Param| match &param.passed {
        Passed::Scalar(_) => param.words[0] + 1,
        Passed::Aggregate(aggregate) if aggregate.words() > 2 => param.words[0] + aggregate.words(),
        // Padding travels in a word behind those of the arguments, which need not be copied.
        Passed::Aggregate(_) => {
            param.words.into_iter().filter(|word| *word < ARGUMENT_WORDS).max().map_or(0, |word| word + 1)
        }
    };
    params.iter().map(end).max().unwrap_or(0).max(fixed)
}

fn display(value: &Value) -> String {
    match value {
        Value::Scalar(id) => id.name().to_owned(),
        Value::Aggregate(aggregate) => format!("{} bytes", aggregate.size),
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}(", self.path)?;
        for (index, (param, value)) in self.params.iter().zip(&self.signature.params).enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let [word, second] = param.words;
            match (&param.passed, value) {
                (Passed::Scalar(machine), Value::Scalar(id)) => {
                    write!(f, "{comma}{} -> {}@{word}", id.name(), machine.name())?;
                }
                (Passed::Scalar(_) | Passed::Aggregate(_), _) => {
                    write!(f, "{comma}{}@{word},{second}", display(value))?;
                }
            }
        }
        write!(f, ") -> {}", display(&self.signature.result))
    }
}

/// Where a register convention puts the parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    /// The words of each parameter.
    pub words: Vec<[usize; 2]>,
    /// Integer registers in use.
    pub integers: usize,
    /// Floating-point registers in use.
    pub floats: usize,
    /// 8-byte words on the stack.
    pub stack_words: usize,
    /// Bit *n* is set where stack word *n*, of the first 64, is no integer stored as a double.
    pub stack_floats: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(params: &[TypeId], fixed: Option<usize>, fast: bool) -> Plan {
        let params = params.iter().copied().map(Value::Scalar).collect();
        let result = Value::Scalar(TypeId::I32);
        let signature = Signature::new(params, fixed, result, false).expect("a signature");
        Plan::new(signature, fast).expect("a plan")
    }

    #[test]
    fn without_fast_paths_a_parameter_stands_in_the_word_of_its_number() {
        let plan = plan(&[TypeId::F64, TypeId::I8, TypeId::F32], None, false);
        assert_eq!(plan.path, Path::Libffi);
        assert_eq!(plan.to_string(), "Libffi(f64 -> f64@0, i8 -> i8@1, f32 -> f32@2) -> i32");
    }

    #[cfg(sysv64)]
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
        let passed: Vec<&Passed> = plan.params.iter().map(|param| &param.passed).collect();
        let expected = [Machine::F32, Machine::F64, Machine::I32].map(Passed::Scalar);
        assert_eq!(passed, expected.iter().collect::<Vec<&Passed>>());
        assert_eq!(plan.params[1].source, Source::Double);
    }

    #[test]
    fn strings_and_values_are_arguments_of_the_native_function() {
        let plan = plan(&[TypeId::NapiEnv, TypeId::CString, TypeId::I32, TypeId::NapiValue], None, true);
        assert_eq!((plan.values, plan.enters_js, plan.is_direct()), (2, true, false));
        assert_eq!(plan.params[3].source, Source::Value(1));
    }
}
