//! Structs, unions and arrays as native code knows them: size, alignment and what stands where.
//! JavaScript computes the layout (`js/composite/layout.ts`); here it is checked against libffi's.

use std::sync::Arc;

use crate::error::{Code, Error, Result};
use crate::types::{Machine, TypeId};

/// Aggregates up to this size, in bytes, keep their leaves: no convention passes larger ones in
/// registers (AAPCS64's homogeneous aggregates of four doubles are the largest that any passes).
const CLASSIFIED: usize = 64;

/// More elements than this are not described to libffi one by one.
const MAX_ELEMENTS: usize = 256;

/// A scalar or a bit-field somewhere inside an aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Leaf {
    /// The first bit, counted from the start of the aggregate.
    pub first_bit: usize,
    /// The number of bits.
    pub bits: usize,
    /// The type that was declared.
    pub machine: Machine,
    /// Whether its alignment may decide how the aggregate travels. Not so for bit-fields, nor for the
    /// elements of an array but the first, by which GCC judges them all.
    pub counts_alignment: bool,
}

impl Leaf {
    /// Whether it is no multiple of its size from the start.
    pub fn is_unaligned(&self) -> bool {
        self.counts_alignment && !self.first_bit.is_multiple_of(self.bits)
    }
}

/// A type as libffi can be told of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Natural {
    /// A scalar.
    Scalar(Machine),
    /// A struct, or an array as a struct of its elements.
    Struct(Arc<[Natural]>),
}

impl Natural {
    fn elements(&self) -> usize {
        match self {
            Natural::Scalar(_) => 1,
            Natural::Struct(members) => members.iter().map(Natural::elements).sum(),
        }
    }
}

/// A struct, union or array.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Aggregate {
    /// In bytes.
    pub size: usize,
    /// In bytes.
    pub align: usize,
    /// What stands in it; empty where the size alone decides how it travels.
    pub leaves: Vec<Leaf>,
    /// The same for libffi, which knows neither unions nor bit-fields nor packing.
    pub natural: Option<Natural>,
    /// Whether libffi would know it, but for the number of its elements. So large a one travels in memory everywhere.
    pub is_large: bool,
}

impl Aggregate {
    /// The number of 8-byte words that hold it.
    pub fn words(&self) -> usize {
        self.size.div_ceil(8)
    }
}

/// A type of which a value can be passed or returned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// A row of the type table.
    Scalar(TypeId),
    /// By value.
    Aggregate(Arc<Aggregate>),
}

impl Value {
    /// The scalar, where it is one.
    pub fn scalar(&self) -> Option<TypeId> {
        match self {
            Value::Scalar(id) => Some(*id),
            Value::Aggregate(_) => None,
        }
    }

    /// The aggregate, where it is one.
    pub fn aggregate(&self) -> Option<&Arc<Aggregate>> {
        match self {
            Value::Scalar(_) => None,
            Value::Aggregate(aggregate) => Some(aggregate),
        }
    }

    fn leaves(&self) -> Vec<Leaf> {
        match self {
            Value::Aggregate(aggregate) => aggregate.leaves.clone(),
            Value::Scalar(id) => {
                let machine = id.machine();
                vec![Leaf { first_bit: 0, bits: machine.size() * 8, machine, counts_alignment: true }]
            }
        }
    }

    /// Whether it is laid out as C lays out structs and arrays of scalars.
    fn is_natural(&self) -> bool {
        self.aggregate().is_none_or(|aggregate| aggregate.natural.is_some() || aggregate.is_large)
    }

    fn natural(&self) -> Option<Natural> {
        match self {
            Value::Aggregate(aggregate) => aggregate.natural.clone(),
            Value::Scalar(id) => Some(Natural::Scalar(id.machine())),
        }
    }
}

/// Where a member stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At so many bytes from the start.
    Bytes(usize),
    /// A bit-field.
    Bits {
        /// Counted from the start of the aggregate.
        first: usize,
        /// The number of bits.
        width: usize,
    },
}

/// How the members lie to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One after the other, aligned as C does.
    Struct,
    /// One after the other with less alignment.
    Packed,
    /// All at the start. Bit-fields are given as members of the least integer types that hold them, as
    /// which GCC takes those of unions.
    Union,
}

fn shifted(leaves: Vec<Leaf>, bits: usize) -> impl Iterator<Item = Leaf> {
    leaves.into_iter().map(move |leaf| Leaf { first_bit: leaf.first_bit + bits, ..leaf })
}

impl Aggregate {
    /// A struct or union of members, whose places must be those that libffi finds, where it knows the type.
    ///
    /// # Errors
    /// [`Code::InvalidType`] where libffi finds other offsets: a defect of the layout's computation.
    pub fn of_members(kind: Kind, size: usize, align: usize, members: &[(Place, Value)]) -> Result<Self> {
        let leaves = if size > CLASSIFIED {
            Vec::new()
        } else {
            let all = members.iter().flat_map(|(place, value)| match place {
                Place::Bytes(offset) => shifted(value.leaves(), offset * 8).collect::<Vec<Leaf>>(),
                Place::Bits { first, width } => {
                    // One that fills a unit of its own is a member like any other (GCC's `layout_decl`).
                    let is_unit = matches!(width, 8 | 16 | 32 | 64) && first.is_multiple_of(*width);
                    let bit_field = |leaf| Leaf { bits: *width, counts_alignment: is_unit, ..leaf };
                    shifted(value.leaves(), *first).map(bit_field).collect()
                }
            });
            all.collect()
        };
        let is_byte = |place: &Place| matches!(place, Place::Bytes(_));
        let is_large = kind == Kind::Struct
            && size > MAX_ELEMENTS
            && members.iter().all(|(place, value)| is_byte(place) && value.is_natural());
        let mut aggregate = Aggregate { size, align, leaves, natural: None, is_large };
        if kind == Kind::Union {
            return Ok(aggregate);
        }
        let member = |(place, value): &(Place, Value)| match place {
            Place::Bytes(offset) => value.natural().map(|natural| (*offset, natural)),
            Place::Bits { .. } => None,
        };
        let Some(members) = members.iter().map(member).collect::<Option<Vec<(usize, Natural)>>>() else {
            return Ok(aggregate);
        };
        let (offsets, types): (Vec<usize>, Vec<Natural>) = members.into_iter().unzip();
        let natural = Natural::Struct(types.into());
        if natural.elements() > MAX_ELEMENTS {
            return Ok(aggregate);
        }
        let found = crate::abi::libffi::layout_of(&natural)?;
        if found == (size, align, offsets) {
            aggregate.natural = Some(natural);
            aggregate.is_large = false;
        } else if kind == Kind::Struct {
            let message = format!(
                "libffi lays the struct out differently: {found:?}, not {size} bytes of alignment {align}"
            );
            return Err(Error::new(Code::InvalidType, message));
        }
        Ok(aggregate)
    }

    /// An array of so many elements.
    pub fn of_elements(count: usize, size: usize, align: usize, element: &Value) -> Self {
        let leaves = if size > CLASSIFIED || count == 0 {
            Vec::new()
        } else {
            let stride = size / count * 8;
            let counted =
                |index, leaf: Leaf| Leaf { counts_alignment: leaf.counts_alignment && index == 0, ..leaf };
            (0..count)
                .flat_map(|index| {
                    shifted(element.leaves(), index * stride).map(move |leaf| counted(index, leaf))
                })
                .collect()
        };
        let natural = element
            .natural()
            .filter(|natural| count > 0 && natural.elements().saturating_mul(count) <= MAX_ELEMENTS)
            .map(|natural| Natural::Struct(vec![natural; count].into()));
        let is_large = natural.is_none() && size > MAX_ELEMENTS && element.is_natural();
        Aggregate { size, align, leaves, natural, is_large }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(id: TypeId) -> Value {
        Value::Scalar(id)
    }

    #[test]
    fn layouts_are_checked_against_libffi() {
        let members = [(Place::Bytes(0), scalar(TypeId::I8)), (Place::Bytes(8), scalar(TypeId::F64))];
        let made = Aggregate::of_members(Kind::Struct, 16, 8, &members).expect("a layout");
        assert!(made.natural.is_some());
        let members = [(Place::Bytes(0), scalar(TypeId::I8)), (Place::Bytes(1), scalar(TypeId::F64))];
        assert!(Aggregate::of_members(Kind::Struct, 9, 1, &members).is_err());
        let packed = Aggregate::of_members(Kind::Packed, 9, 1, &members).expect("a layout");
        assert_eq!(packed.natural, None);
        assert_eq!(packed.leaves[1].first_bit, 8);
    }

    #[test]
    fn leaves_of_nested_types_are_counted_from_the_outside() {
        let array = Value::Aggregate(Arc::new(Aggregate::of_elements(2, 4, 2, &scalar(TypeId::I16))));
        let members = [(Place::Bytes(0), scalar(TypeId::I32)), (Place::Bytes(4), array)];
        let made = Aggregate::of_members(Kind::Struct, 8, 4, &members).expect("a layout");
        let bits: Vec<usize> = made.leaves.iter().map(|leaf| leaf.first_bit).collect();
        assert_eq!(bits, [0, 32, 48]);
    }
}
