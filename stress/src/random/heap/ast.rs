//! The statements on objects of every kind.
//!
//! `to`, `from`, `thing` and so on are variables, of the kind that the value has. A `u8`
//! that may be a variable of any kind is taken modulo how many there are of the kind that
//! the value in question has: [`crate::random::heap::classes::Storage::kind`].

use super::classes::{Class, Row, Target};
use super::values::{EXTERNS, FUNCTIONS, THINGS};
use crate::random::ast::{Block, INTEGERS, OBJECTS, Pair};
use crate::random::heap::classes::Kind;

/// Data segments, by how many bytes they have.
pub const DATA: [usize; 2] = [40, 301];
/// The elements of the passive segments are in [`super::oracle`]; how many each has.
pub const ELEMENTS: [usize; 3] = [6, 4, 5];
/// Tables of `anyref`, `externref` and `funcref`: how many elements they have, and may have.
pub const TABLES: [(usize, usize); 3] = [(6, 40), (4, 24), (6, 30)];
/// Functions that programs have references to.
pub const LEAVES: u8 = 6;
/// Of those, how many have the signature that is called: the others come behind.
pub const CALLABLE: u8 = 4;
/// How many things are passed to a function at once, and how many come back: more than there
/// are registers for.
pub const MANY: (u8, u8) = (20, 8);
/// The leaf that makes an object.
pub const MAKES: u8 = 2;
/// The leaf that collects.
pub const COLLECTS: u8 = 3;
/// The leaf with a signature that is a subtype.
pub const NARROW: u8 = 1;

/// How many links behind a thing are looked at.
pub const DIGEST_DEPTH: u32 = 2;

/// The program's variable of a kind.
pub fn variable(kind: Kind, any: u8) -> u8 {
    any % match kind {
        Kind::Integer => INTEGERS,
        Kind::Object => OBJECTS,
        Kind::Thing => THINGS,
        Kind::Extern => EXTERNS,
        Kind::Function => FUNCTIONS,
    }
}

/// Globals of each reference type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Global {
    Any,
    Eq,
    I31,
    Struct,
    Array,
    Mid,
    None,
    Extern,
    Func,
    Sig,
}

impl Global {
    /// Every one, in order.
    pub const ALL: [Self; 10] = [
        Self::Any,
        Self::Eq,
        Self::I31,
        Self::Struct,
        Self::Array,
        Self::Mid,
        Self::None,
        Self::Extern,
        Self::Func,
        Self::Sig,
    ];

    /// The variables that it exchanges values with.
    pub fn kind(self) -> Kind {
        match self {
            Self::Extern => Kind::Extern,
            Self::Func | Self::Sig => Kind::Function,
            _ => Kind::Thing,
        }
    }

    /// What must be so of a thing for it to be held.
    pub fn target(self) -> Target {
        match self {
            Self::Eq => Target::Eq,
            Self::I31 => Target::I31,
            Self::Struct => Target::Struct,
            Self::Array => Target::Array,
            Self::Mid => Target::Class(Class::Mid),
            Self::None => Target::None,
            Self::Any | Self::Extern | Self::Func | Self::Sig => Target::Any,
        }
    }
}

/// How an array is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filling {
    /// One value everywhere.
    Value(u8),
    Default,
    /// From this variable on, one after the other.
    Fixed(u8),
    /// From a segment of data, from this byte on.
    Data {
        segment: u8,
        from: u8,
    },
    /// From a segment of elements, from this one on.
    Elements {
        segment: u8,
        from: u8,
    },
}

/// How a branch is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branch {
    Cast { target: Target, nullable: bool },
    CastFail { target: Target, nullable: bool },
    Null,
    NonNull,
}

/// How a function is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// By a reference.
    Reference,
    /// Through a table.
    Table,
}

/// An access that nothing guards: it may end the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bare {
    Unreachable,
    StructGet,
    StructSet,
    HugeGet,
    ArrayGet,
    ArraySet,
    ArrayLen,
    ArrayFill,
    ArrayCopy,
    ArrayInitData,
    ArrayInitElem,
    ArrayNewData,
    ArrayNewElem,
    TooLarge,
    I31Get,
    AsNonNull,
    Cast,
    CastNull,
    CallRef,
    CallIndirect,
    TableGet,
    TableSet,
    TableFill,
    TableCopy,
    TableInit,
}

impl Bare {
    /// Every one.
    pub const ALL: [Self; 25] = [
        Self::Unreachable,
        Self::StructGet,
        Self::StructSet,
        Self::HugeGet,
        Self::ArrayGet,
        Self::ArraySet,
        Self::ArrayLen,
        Self::ArrayFill,
        Self::ArrayCopy,
        Self::ArrayInitData,
        Self::ArrayInitElem,
        Self::ArrayNewData,
        Self::ArrayNewElem,
        Self::TooLarge,
        Self::I31Get,
        Self::AsNonNull,
        Self::Cast,
        Self::CastNull,
        Self::CallRef,
        Self::CallIndirect,
        Self::TableGet,
        Self::TableSet,
        Self::TableFill,
        Self::TableCopy,
        Self::TableInit,
    ];

    /// Whether the thing is looked at.
    pub fn uses_thing(self) -> bool {
        !matches!(
            self,
            Self::Unreachable
                | Self::ArrayNewData
                | Self::ArrayNewElem
                | Self::TooLarge
                | Self::CallRef
                | Self::CallIndirect
                | Self::TableGet
                | Self::TableCopy
                | Self::TableInit
        )
    }
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heap {
    /// A struct; its fields from this variable on, or the defaults.
    MakeStruct {
        to: u8,
        class: Class,
        from: Option<u8>,
    },
    /// An array.
    MakeArray {
        to: u8,
        row: Row,
        filling: Filling,
        len: u32,
    },
    /// Reads a field, if the thing has it.
    GetField {
        to: u8,
        thing: u8,
        class: Class,
        field: u8,
        signed: bool,
    },
    /// Sets a field, if the thing has it.
    SetField {
        thing: u8,
        class: Class,
        field: u8,
        from: u8,
    },
    /// Reads an element, if the thing is such an array and has any. Here and below, `at` and
    /// `count` are integers, taken modulo what there is.
    GetElement {
        to: u8,
        thing: u8,
        row: Row,
        at: u8,
        signed: bool,
    },
    SetElement {
        thing: u8,
        row: Row,
        at: u8,
        from: u8,
    },
    Fill {
        thing: u8,
        row: Row,
        at: u8,
        count: u8,
        from: u8,
    },
    /// Copies elements, perhaps within one array.
    CopyElements {
        to: u8,
        to_row: Row,
        to_at: u8,
        from: u8,
        from_row: Row,
        from_at: u8,
        count: u8,
    },
    /// Elements from a segment of data or elements.
    Init {
        thing: u8,
        row: Row,
        at: u8,
        segment: u8,
        from: u8,
        count: u8,
    },
    DropData {
        segment: u8,
    },
    DropElements {
        segment: u8,
    },
    /// The length, if the thing is an array.
    Len {
        to: u8,
        thing: u8,
    },
    MakeI31 {
        to: u8,
        from: u8,
    },
    GetI31 {
        to: u8,
        thing: u8,
        signed: bool,
    },
    Test {
        to: u8,
        thing: u8,
        target: Target,
        nullable: bool,
    },
    /// `ref.is_null`, of a variable of one of three kinds.
    IsNull {
        to: u8,
        kind: Kind,
        from: u8,
    },
    /// A cast that a test guards.
    Cast {
        to: u8,
        from: u8,
        target: Target,
        nullable: bool,
    },
    AsNonNull {
        to: u8,
        from: u8,
    },
    /// A branch with values below its operand: see [`super::emit`].
    Branch {
        branch: Branch,
        thing: u8,
        under: u8,
        to: u8,
        also: u8,
        outcome: u8,
    },
    /// `ref.eq`, if both are below `eq`.
    SameThings {
        to: u8,
        one: u8,
        other: u8,
    },
    Select {
        to: u8,
        one: u8,
        other: u8,
        condition: u8,
    },
    Nullify {
        to: u8,
    },
    CopyThing {
        to: u8,
        from: u8,
    },
    Externalize {
        to: u8,
        from: u8,
    },
    Internalize {
        to: u8,
        from: u8,
    },
    FromObject {
        to: u8,
        from: u8,
    },
    /// If it is a node.
    ToObject {
        to: u8,
        from: u8,
    },
    /// If the global can hold it.
    SetGlobal {
        global: Global,
        from: u8,
    },
    GetGlobal {
        global: Global,
        to: u8,
    },
    TableGet {
        table: u8,
        to: u8,
        at: u8,
    },
    TableSet {
        table: u8,
        at: u8,
        from: u8,
    },
    TableSize {
        table: u8,
        to: u8,
    },
    /// `to` is the size before, or -1.
    TableGrow {
        table: u8,
        to: u8,
        by: u8,
        from: u8,
    },
    TableFill {
        table: u8,
        at: u8,
        count: u8,
        from: u8,
    },
    TableCopy {
        table: u8,
        to_at: u8,
        from_at: u8,
        count: u8,
    },
    TableInit {
        table: u8,
        at: u8,
        from: u8,
        count: u8,
    },
    /// A reference to a leaf, or null.
    MakeFunction {
        to: u8,
        leaf: Option<u8>,
    },
    /// `ref.test` of the signature, or of the narrower one.
    TestFunction {
        to: u8,
        from: u8,
        narrow: bool,
    },
    /// Calls a leaf with an integer, if there is one that can be called. `from` is a
    /// function, or an index into the table.
    CallLeaf {
        via: Via,
        from: u8,
        give: u8,
        to: u8,
    },
    /// Calls a function of the program, if there is fuel.
    CallFunction {
        via: Via,
        function: usize,
        give: Pair,
        take: Pair,
    },
    /// Passes things from this one on, by turns, to a function that returns some of them. The
    /// last goes into `to`.
    PassMany {
        to: u8,
        from: u8,
    },
    /// Folds what is in a thing and behind it into the checksum.
    Note {
        from: u8,
    },
    /// Runs `body` while these variables are null and their values lie on the operand stack;
    /// then puts the values back.
    Hold {
        things: Vec<u8>,
        externs: Vec<u8>,
        body: Block,
    },
    /// The same block several times, with a thing as the loop's parameter. At its end the
    /// parameter goes into `into`, and what is in `from` becomes the next.
    Carry {
        times: u32,
        into: u8,
        from: u8,
        body: Block,
    },
    /// An access without a guard, with an index or an amount.
    Bare {
        bare: Bare,
        thing: u8,
        with: u32,
    },
}

impl Heap {
    /// The blocks inside.
    pub fn blocks(&self) -> Vec<&Block> {
        match self {
            Self::Hold { body, .. } | Self::Carry { body, .. } => vec![body],
            _ => Vec::new(),
        }
    }

    /// The blocks inside, to change.
    pub fn blocks_mut(&mut self) -> Vec<&mut Block> {
        match self {
            Self::Hold { body, .. } | Self::Carry { body, .. } => vec![body],
            _ => Vec::new(),
        }
    }

    /// Whether it allocates, or would if it did not trap.
    pub fn allocates(&self) -> bool {
        match self {
            Self::MakeStruct { .. } | Self::MakeArray { .. } => true,
            Self::Bare { bare, .. } => matches!(
                bare,
                Bare::ArrayNewData | Bare::ArrayNewElem | Bare::TooLarge
            ),
            _ => false,
        }
    }

    /// Bytes of the largest object it makes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::MakeArray { row, len, .. } => row.storage.bytes().max(4) * *len as usize,
            _ => 0,
        }
    }
}
