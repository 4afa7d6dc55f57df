//! Types, plans and callbacks of an environment, and what settles its background calls.

use std::rc::Rc;
use std::sync::Arc;

use napi::Env;
use napi_derive::napi;

use super::environment::Environment;
use super::{Raw, Result, raw, raw_env};
use crate::aggregate::{Aggregate, Kind, Place, Value};
use crate::call::suspending::{reload, resume_function};
use crate::event_loop;
use crate::plan::{Path, Plan, Returned, Source};
use crate::signature::Signature;
use crate::types::TypeId;
use crate::upcall::record;

/// Where the values of a call go.
#[napi(object)]
pub struct PlanInfo {
    /// The plan, for `bind`.
    pub id: u32,
    /// How C is entered: 'slots' or 'libffi'.
    pub path: String,
    /// The plan in one line.
    pub text: String,
    /// The two words of each parameter in turn: of an aggregate those of its first eightbytes.
    pub words: Vec<u32>,
    /// How each parameter is stored: 'number', 'f32', 'f64', 'aggregate', 'text', 'value' or 'env'.
    pub stores: Vec<String>,
    /// The words in which a struct result is found that is not kept.
    pub result_words: Vec<u32>,
}

#[napi]
impl Environment {
    /// The machine representation and size in bytes of each row of the type table.
    #[napi(ts_return_type = "Array<[string, number]>")]
    pub fn machines(&self) -> Vec<(String, u32)> {
        let row = |id: TypeId| (id.machine().name().to_owned(), id.machine().size() as u32);
        TypeId::ALL.into_iter().map(row).collect()
    }

    fn row(&self, index: u32) -> Result<Value> {
        if let Some(id) = TypeId::from_index(index) {
            return Ok(Value::Scalar(id));
        }
        let aggregates = self.aggregates.borrow();
        let found = aggregates.get(index as usize - TypeId::ALL.len());
        found
            .map(|aggregate| Value::Aggregate(Arc::clone(aggregate)))
            .ok_or_else(|| napi::Error::new("ERR_FFI_INVALID_TYPE", "no such type"))
    }

    fn add_aggregate(&self, aggregate: Aggregate) -> u32 {
        let aggregate = Arc::new(aggregate);
        *self.rows.borrow_mut().entry(Arc::clone(&aggregate)).or_insert_with(|| {
            let mut aggregates = self.aggregates.borrow_mut();
            aggregates.push(aggregate);
            (TypeId::ALL.len() + aggregates.len() - 1) as u32
        })
    }

    /// The row of a struct ('struct', 'packed') or union ('union'). Each member is four numbers: its
    /// offset in bytes, its row, and for a bit-field the first bit and the width, else 0 and 0.
    #[napi]
    pub fn add_struct(&self, kind: String, size: u32, align: u32, members: Vec<u32>) -> Result<u32> {
        let kind = match kind.as_str() {
            "union" => Kind::Union,
            "packed" => Kind::Packed,
            _ => Kind::Struct,
        };
        let members = members
            .chunks_exact(4)
            .map(|member| {
                let place = match member[3] {
                    0 => Place::Bytes(member[0] as usize),
                    width => Place::Bits { first: member[2] as usize, width: width as usize },
                };
                Ok((place, self.row(member[1])?))
            })
            .collect::<Result<Vec<(Place, Value)>>>()?;
        let aggregate = Aggregate::of_members(kind, size as usize, align as usize, &members)?;
        Ok(self.add_aggregate(aggregate))
    }

    /// The row of an array.
    #[napi]
    pub fn add_array(&self, count: u32, size: u32, align: u32, element: u32) -> Result<u32> {
        let element = self.row(element)?;
        let aggregate = Aggregate::of_elements(count as usize, size as usize, align as usize, &element);
        Ok(self.add_aggregate(aggregate))
    }

    /// The plan of a signature, made at its first use. `fixed` counts a variadic function's declared
    /// parameters, else it is -1. `holds`: a struct result is kept and given as an address.
    #[napi]
    pub fn plan(
        &self,
        params: Vec<u32>,
        fixed: i32,
        result: u32,
        holds: bool,
        fast: bool,
    ) -> Result<PlanInfo> {
        let signature = self.signature(params, fixed, result, holds)?;
        let mut plans = self.plans.borrow_mut();
        let mut known = self.known.borrow_mut();
        let id = match known.get(&(signature.clone(), fast)) {
            Some(id) => *id,
            None => {
                plans.push(Arc::new(Plan::new(signature.clone(), fast)?));
                let id = plans.len() as u32 - 1;
                known.insert((signature, fast), id);
                id
            }
        };
        let plan = &plans[id as usize];
        let store = |source: Source| match source {
            Source::Number => "number",
            Source::Single => "f32",
            Source::Double => "f64",
            Source::Aggregate => "aggregate",
            Source::Text(..) => "text",
            Source::Value(_) => "value",
            Source::Env => "env",
        };
        Ok(PlanInfo {
            id,
            path: if plan.path == Path::Registers { "slots" } else { "libffi" }.to_owned(),
            text: plan.to_string(),
            words: plan.params.iter().flat_map(|param| param.words).map(|word| word as u32).collect(),
            stores: plan.params.iter().map(|param| store(param.source).to_owned()).collect(),
            result_words: match plan.returned {
                Returned::Words(words) => words.map(|word| word as u32).to_vec(),
                Returned::Scalar | Returned::Memory => vec![0, 1],
            },
        })
    }

    fn signature(&self, params: Vec<u32>, fixed: i32, result: u32, holds: bool) -> Result<Signature> {
        let types = params.into_iter().map(|row| self.row(row)).collect::<Result<Vec<Value>>>()?;
        Ok(Signature::new(types, usize::try_from(fixed).ok(), self.row(result)?, holds)?)
    }

    /// The number of the class of callbacks of that signature.
    #[napi]
    pub fn callback_class(&self, params: Vec<u32>, result: u32, fast: bool) -> Result<u32> {
        let class = record::class(self.signature(params, -1, result, false)?, fast)?;
        let mut classes = self.state.classes.borrow_mut();
        classes.push(class);
        Ok(classes.len() as u32 - 1)
    }

    /// The number of a name for callbacks.
    #[napi]
    pub fn callback_name(&self, name: String) -> u32 {
        let mut names = self.state.names.borrow_mut();
        names.push(Arc::from(name));
        names.len() as u32 - 1
    }

    /// A function that makes a function pointer: for the callback, of the class and with the name whose numbers are
    /// in the slots from `opened` on. Its address, or 0, is then in the result slot as a number.
    /// And one that makes the function pointer of the callback inert whose number is there.
    #[napi(ts_return_type = "[() => void, () => void]")]
    pub fn callback_functions(&self, env: &Env) -> (Raw, Raw) {
        // SAFETY: env is the running call's, and the state this environment's.
        let [open, close] = unsafe { raw::callback_functions(raw_env(env), &self.state) };
        (Raw(open), Raw(close))
    }

    /// Gives a background call up; `false` where it has begun.
    #[napi]
    pub fn cancel(&self, number: u32) -> bool {
        event_loop::cancel(&self.state, number)
    }

    /// To be called when the event loop has come round since background calls were settled: whether there are more.
    #[napi]
    pub fn next_turn(&self) -> bool {
        event_loop::next_turn(&self.state)
    }

    /// A function that puts the outcome of the next background call that has ended into the slots, its number
    /// too, and returns its string result.
    #[napi(ts_return_type = "() => unknown")]
    pub fn finished_function(&self, env: &Env) -> Raw {
        // SAFETY: env is the running call's, and the state this environment's.
        Raw(unsafe { raw::finished_function(raw_env(env), &self.state) })
    }

    /// Puts the values of the callback that a suspended call has called into the slots again.
    #[napi]
    pub fn reload(&self) {
        // SAFETY: the environment's thread runs this.
        unsafe { reload(&self.state) };
    }

    /// A function that lets a suspended call of C go on.
    #[napi(ts_return_type = "() => unknown")]
    pub fn resume_function(&self, env: &Env) -> Raw {
        // SAFETY: env is the running call's, and the state this environment's.
        Raw(unsafe { resume_function(raw_env(env), &self.state) })
    }

    /// A function that gives the string which the bare function that was called last has returned.
    #[napi(ts_return_type = "() => unknown")]
    pub fn fetch_function(&self, env: &Env) -> Raw {
        // SAFETY: env is the running call's, and the state is this environment's.
        Raw(unsafe { raw::fetch_function(raw_env(env), Rc::as_ptr(&self.state)) })
    }

    /// A function that reads the string whose address is in the result slot, as its 64-bit pattern; `wanted` tells it more.
    #[napi(ts_return_type = "() => unknown")]
    pub fn text_function(&self, env: &Env) -> Raw {
        // SAFETY: env is the running call's, and the slots are this environment's.
        Raw(unsafe { raw::text_function(raw_env(env), self.state.slots) })
    }

    pub(super) fn plan_of(&self, id: u32) -> Option<Arc<Plan>> {
        self.plans.borrow().get(id as usize).cloned()
    }
}
