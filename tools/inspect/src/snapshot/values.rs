//! What a place holds.

use super::nodes::{At, NodeId};
use serde::{Deserialize, Serialize};

/// What a place holds: a reference to a node, or what needs no node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A node: an object or a continuation.
    Node(NodeId),
    /// Something else.
    Plain(Plain),
}

/// A value that refers to no node.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", content = "value", rename_all = "snake_case")]
pub enum Plain {
    /// A null reference.
    Null,
    /// An `i31`, as it was written: signed.
    I31(i32),
    /// A reference to a continuation that was used before: its number then.
    Used(u32),
    /// Of 8 bits, as an array of bytes has.
    I8(i8),
    /// Of 16 bits.
    I16(i16),
    /// Of 32 bits.
    I32(i32),
    /// Of 64 bits.
    I64(i64),
    /// A float, by its bits.
    F32(u32),
    /// A float, by its bits.
    F64(u64),
    /// A vector.
    V128([u8; 16]),
    /// A function, which is no node: an index of [`super::Names::functions`], if it is known.
    Func(Option<u32>),
    /// Contents that were not kept.
    Omitted,
    /// An object that is dead, of which a weak handle is left: its type, an index of
    /// [`super::Names::types`].
    DeadObject(u32),
    /// The same of a continuation: its number then.
    DeadContinuation(u32),
}

/// A place outside of objects that refers to no node.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlainRow {
    /// Whose.
    pub node: NodeId,
    /// Where in it.
    pub at: At,
    /// What is there.
    pub value: Plain,
}
