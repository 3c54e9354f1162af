//! Where the parts of objects lie, type by type: looked up once each.

use crate::engine::EngineCore;
use crate::kind::ValueKind;
use mangrove_abi::object::{ARRAY_ELEMENTS, exn_layout};
use mangrove_abi::{Kind, TypeId};
use mangrove_collector::Within;
use mangrove_validate::{CompositeType, StorageType, ValType};
use serde::{Deserialize, Serialize};

/// What is in a field.
///
/// # Examples
/// See [`SurveyedObject`](super::SurveyedObject).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldStorage {
    /// 8 bits.
    I8,
    /// 16 bits.
    I16,
    /// 32 bits.
    I32,
    /// 64 bits.
    I64,
    /// A 32-bit float.
    F32,
    /// A 64-bit float.
    F64,
    /// A vector.
    V128,
    /// A reference to an object, or an `i31`: 4 bytes.
    Ref,
    /// A reference to a function: 8 bytes.
    Func,
    /// A reference to a continuation: 16 bytes.
    Cont,
}

impl FieldStorage {
    fn of(engine: &EngineCore, storage: StorageType) -> Self {
        match storage {
            StorageType::I8 => Self::I8,
            StorageType::I16 => Self::I16,
            StorageType::Val(ty) => match engine.kind_of(ty) {
                ValueKind::I32 => Self::I32,
                ValueKind::I64 => Self::I64,
                ValueKind::F32 => Self::F32,
                ValueKind::F64 => Self::F64,
                ValueKind::V128 => Self::V128,
                ValueKind::Func => Self::Func,
                ValueKind::Any | ValueKind::Extern | ValueKind::Exn => Self::Ref,
                ValueKind::Cont(_) => Self::Cont,
            },
        }
    }

    /// How many bytes it takes.
    pub fn bytes(self) -> u32 {
        match self {
            Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 | Self::Ref => 4,
            Self::I64 | Self::F64 | Self::Func => 8,
            Self::V128 | Self::Cont => 16,
        }
    }

    /// Whether what is there is an address, which means nothing elsewhere.
    pub(super) fn is_address(self) -> bool {
        matches!(self, Self::Func | Self::Cont)
    }
}

/// A part of an object: a field, a value of a payload, or what all elements are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) storage: FieldStorage,
    /// Bytes from the object's start; of an array's first element.
    pub(super) offset: u32,
}

/// How objects of a type look.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    /// Of an array one.
    pub(super) parts: Vec<Part>,
    /// The parts by their places: offset and index.
    places: Vec<(u32, u32)>,
    /// Whether some parts are addresses.
    pub(super) addresses: bool,
}

impl Shape {
    fn new(parts: Vec<Part>) -> Self {
        let places = parts
            .iter()
            .zip(0..)
            .map(|(part, index)| (part.offset, index));
        let mut places: Vec<_> = places.collect();
        places.sort_unstable();
        let addresses = parts.iter().any(|part| part.storage.is_address());
        Self {
            parts,
            places,
            addresses,
        }
    }

    /// The shape of a type of structs or arrays.
    pub(super) fn of(engine: &EngineCore, type_id: TypeId) -> Self {
        let types = engine.types();
        let Some(ty) = types.try_get(type_id) else {
            return Self::default();
        };
        let part = |storage, offset| Part {
            storage: FieldStorage::of(engine, storage),
            offset,
        };
        match &ty.composite {
            CompositeType::Struct(fields) => {
                let layout = types.struct_layout(type_id);
                let fields = fields.iter().zip(&layout.offsets);
                Self::new(fields.map(|(field, &at)| part(field.storage, at)).collect())
            }
            CompositeType::Array(element) => Self::new(vec![part(element.storage, ARRAY_ELEMENTS)]),
            CompositeType::Func(_) | CompositeType::Cont(_) => Self::default(),
        }
    }

    /// The shape of exceptions whose tag has this function type.
    pub(super) fn of_payload(engine: &EngineCore, tag_type: TypeId) -> Self {
        let params = engine.func_type(tag_type).map(|ty| ty.params);
        let params: Vec<ValType> = params.unwrap_or_default();
        let sizes = params.iter().map(|&ty| engine.types().repr(ty).size());
        // The first is the tag's.
        let offsets = exn_layout(sizes).offsets;
        let places = params.iter().zip(&offsets[1..]);
        let parts = places.map(|(&ty, &offset)| Part {
            storage: FieldStorage::of(engine, StorageType::Val(ty)),
            offset,
        });
        Self::new(parts.collect())
    }

    /// The part of an object of this kind that lies so many bytes from its start.
    pub(super) fn within(&self, kind: Kind, offset: u32) -> Option<Within> {
        let index = match kind {
            Kind::Array => {
                let size = self.parts.first()?.storage.bytes();
                offset.checked_sub(ARRAY_ELEMENTS)? / size
            }
            _ => {
                let at = self
                    .places
                    .binary_search_by_key(&offset, |&(place, _)| place);
                self.places[at.ok()?].1
            }
        };
        Within::of(kind, index)
    }
}
