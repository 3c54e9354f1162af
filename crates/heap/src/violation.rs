//! What can be wrong with a heap.

use mangrove_abi::object::TypeId;

/// What is wrong with a heap. Offsets are from its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeapViolation {
    /// A header names no type an object can have, or the object's size is
    /// impossible.
    #[error(
        "the object at {offset:#x} has the header {header:#x}, which describes no object there"
    )]
    UnknownType {
        /// The object.
        offset: u32,
        /// Its header.
        header: u32,
    },
    /// An object reaches beyond the end of what is allocated.
    #[error(
        "the object at {offset:#x} takes {size} bytes and reaches beyond the heap's end at {end:#x}"
    )]
    Overrun {
        /// The object.
        offset: u32,
        /// Its size by its header.
        size: u64,
        /// Where allocated objects end.
        end: u64,
    },
    /// An object's field or element refers to something that is no object.
    #[error(
        "the object at {holder:#x} of type {type_id} refers, at offset {field}, to {value:#x}, which is no object"
    )]
    BadReference {
        /// The object.
        holder: u32,
        /// Its type.
        type_id: TypeId,
        /// Where in it.
        field: u32,
        /// The reference.
        value: u32,
    },
    /// A reference found while collecting points outside the space in use, or
    /// between objects.
    #[error("a reference to {value:#x} points outside the space in use")]
    Stray {
        /// The reference.
        value: u32,
    },
    /// An object says that it is in the log and is not, or the other way round.
    #[error("the object at {offset:#x} has the header {header:#x}, which is not what the log says")]
    Log {
        /// The object.
        offset: u32,
        /// Its header.
        header: u32,
    },
    /// An old object refers to a young one, and the log does not say so.
    #[error(
        "the old object at {holder:#x} of type {type_id} refers, at offset {field}, to a young one, and it is not logged"
    )]
    Unlogged {
        /// The object.
        holder: u32,
        /// Its type.
        type_id: TypeId,
        /// Where in it.
        field: u32,
    },
}
