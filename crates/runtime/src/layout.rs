//! Where the parts of an object are, and how each is handed over: what the embedder
//! needs to look into objects of a type.

use crate::engine::EngineCore;
use crate::kind::ValueKind;
use crate::shape::Shape;
use mangrove_abi::TypeId;
use mangrove_abi::object::ARRAY_ELEMENTS;
use mangrove_validate::FieldType;

/// A field, or an array's first element.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) ty: FieldType,
    /// Bytes from the object's start.
    pub(crate) offset: u32,
    /// Bytes it takes.
    pub(crate) size: u32,
    /// Which `Val` it is, unpacked.
    pub(crate) kind: ValueKind,
}

/// How objects of a type look.
#[derive(Debug)]
pub(crate) enum ObjectLayout {
    /// A struct, of so many bytes.
    Struct(Box<[Part]>, u32),
    /// An array.
    Array(Part),
}

impl ObjectLayout {
    /// The layout of a type that somebody holds; none if objects are never of it.
    pub(crate) fn of(engine: &EngineCore, id: TypeId) -> Option<Self> {
        let part = |ty: FieldType, offset| Part {
            ty,
            offset,
            size: engine.types().storage_size(ty.storage),
            kind: engine.kind_of(ty.storage.unpacked()),
        };
        match Shape::of(engine, id) {
            Shape::Struct { fields, layout } => {
                let parts = fields.iter().zip(&layout.offsets);
                let parts = parts.map(|(&ty, &offset)| part(ty, offset));
                Some(Self::Struct(parts.collect(), layout.size))
            }
            Shape::Array { element, .. } => Some(Self::Array(part(element, ARRAY_ELEMENTS))),
            Shape::Other => None,
        }
    }
}
