//! What is in an object, place by place: references from the edges, the rest from its
//! bytes.

use super::names::{ObjectType, Storage, TypeKind};
use super::nodes::{At, NodeId, ObjectRow};
use super::values::{Plain, Value};
use super::{Edge, Snapshot};

/// A place in an object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Where.
    pub at: At,
    /// What is there.
    pub value: Value,
}

/// The places of an object: the fields of a struct or a payload, the elements of an array.
#[derive(Clone, Copy, Debug)]
pub struct Contents<'a> {
    snapshot: &'a Snapshot,
    node: NodeId,
    ty: &'a ObjectType,
    /// As far as they were kept.
    bytes: &'a [u8],
    len: u32,
}

impl Snapshot {
    /// What is in an object; none if the node is something else.
    pub fn contents(&self, node: NodeId) -> Option<Contents<'_>> {
        let row = self.nodes.object(node)?;
        let ty = self.names.types.get(row.ty as usize)?;
        let len = match ty.kind {
            TypeKind::Array => row.len,
            TypeKind::Struct | TypeKind::Exception | TypeKind::Host => ty.fields.len() as u32,
        };
        Some(Contents {
            snapshot: self,
            node,
            ty,
            bytes: self.object_bytes(node, row),
            len,
        })
    }

    fn object_bytes(&self, node: NodeId, row: &ObjectRow) -> &[u8] {
        let next = NodeId(node.0 + 1);
        let end = match next.index() < self.nodes.len() {
            true => self.nodes.object(next).map_or(0, |next| next.contents),
            false => self.contents.len() as u32,
        };
        self.contents
            .get(row.contents as usize..end as usize)
            .unwrap_or(&[])
    }
}

impl<'a> Contents<'a> {
    /// How many places there are.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Its bytes behind the header, as far as they were kept.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The place with this number; none if there is no such place.
    pub fn part(&self, index: u32) -> Option<Part> {
        if index >= self.len {
            return None;
        }
        let (at, field, offset) = match self.ty.kind {
            TypeKind::Array => {
                let field = self.ty.fields.first()?;
                let offset = u64::from(index) * u64::from(field.storage.bytes());
                (At::Element(index), field, offset + u64::from(field.offset))
            }
            kind => {
                let field = self.ty.fields.get(index as usize)?;
                let at = match kind {
                    TypeKind::Exception => At::Payload(index),
                    _ => At::Field(index),
                };
                (at, field, field.offset.into())
            }
        };
        let value = match self.edge(at) {
            Some(edge) => Value::Node(edge.to),
            None => Value::Plain(plain(self.bytes, field.storage, offset)),
        };
        Some(Part { at, value })
    }

    /// All places, in order.
    pub fn parts(&self) -> impl Iterator<Item = Part> + use<'a> {
        let this = *self;
        (0..self.len).filter_map(move |index| this.part(index))
    }

    /// The reference at a place. Edges are in the order of places, and often as many.
    fn edge(&self, at: At) -> Option<Edge> {
        self.snapshot.nodes.edge_at(self.node, at)
    }
}

/// What is at an offset of an object's bytes, where there is no reference to a node.
fn plain(bytes: &[u8], storage: Storage, offset: u64) -> Plain {
    let offset = offset as usize;
    fn read<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
        bytes.get(offset..)?.first_chunk().copied()
    }
    let value = match storage {
        Storage::I8 => read(bytes, offset).map(|b| Plain::I8(i8::from_le_bytes(b))),
        Storage::I16 => read(bytes, offset).map(|b| Plain::I16(i16::from_le_bytes(b))),
        Storage::I32 => read(bytes, offset).map(|b| Plain::I32(i32::from_le_bytes(b))),
        Storage::I64 => read(bytes, offset).map(|b| Plain::I64(i64::from_le_bytes(b))),
        Storage::F32 => read(bytes, offset).map(|b| Plain::F32(u32::from_le_bytes(b))),
        Storage::F64 => read(bytes, offset).map(|b| Plain::F64(u64::from_le_bytes(b))),
        Storage::V128 => read(bytes, offset).map(Plain::V128),
        // An `i31` is its value shifted left by one, with the low bit set.
        Storage::Ref => read(bytes, offset).map(|b| match i32::from_le_bytes(b) {
            value if value & 1 == 1 => Plain::I31(value >> 1),
            _ => Plain::Null,
        }),
        Storage::Func => Some(Plain::Func(None)),
        Storage::Cont => Some(Plain::Null),
    };
    value.unwrap_or(Plain::Omitted)
}
