//! What code and types are called: each once, whatever stands or lies there.

pub use mangrove::{FieldStorage as Storage, ObjectKind as TypeKind};
use serde::{Deserialize, Serialize};

/// The names of a snapshot. What refers to one of these has its index.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// The modules.
    pub modules: Vec<Module>,
    /// Functions and other code.
    pub functions: Vec<Function>,
    /// Types of objects.
    pub types: Vec<ObjectType>,
    /// Places where frames stand.
    pub sites: Vec<Site>,
    /// Stacks as lists of sites, the innermost first: each list once.
    pub stacks: Vec<Vec<u32>>,
    /// What continuations were made from, and where: each combination once.
    pub origins: Vec<Origin>,
}

/// A module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// Its name, or the file it was read from; empty if it has neither.
    pub name: String,
}

/// A function, or other code that has frames.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Function {
    /// An index of [`Names::modules`]; none for a host function.
    pub module: Option<u32>,
    /// What it is.
    pub kind: FunctionKind,
    /// Its index in its module, or of the type that a trampoline is for.
    pub index: u32,
    /// Its name.
    pub name: Option<String>,
    /// What it is exported as, if it has no name.
    pub export: Option<String>,
}

/// What code is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum FunctionKind {
    /// A function of the module.
    #[default]
    Wasm,
    /// A host function.
    Host,
    /// The entry trampoline for a type: the outermost frame of each stack.
    Entry,
    /// The trampoline into host functions of a type.
    ToHost,
    /// Code of the engine's own.
    Helper,
}

/// A type of objects.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ObjectType {
    /// Its name or its text: `$point`, `(array i8)`, `exception`.
    pub name: String,
    /// What its objects are.
    pub kind: TypeKind,
    /// The fields of a struct or a payload; what all elements of an array are like.
    pub fields: Vec<Field>,
}

impl Default for ObjectType {
    /// Structs without a name and without fields.
    fn default() -> Self {
        Self {
            name: String::new(),
            kind: TypeKind::Struct,
            fields: Vec::new(),
        }
    }
}

/// A field of a type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Field {
    /// Its name.
    pub name: Option<String>,
    /// What is in it.
    pub storage: Storage,
    /// Where it is in the contents of an object, in bytes; of an array: where element 0 is.
    pub offset: u32,
}

impl Default for Field {
    /// An `i32` without a name.
    fn default() -> Self {
        Self {
            name: None,
            storage: Storage::I32,
            offset: 0,
        }
    }
}

/// A place where frames stand: a call in a function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// An index of [`Names::functions`].
    pub function: u32,
    /// The instruction's offset in the module; none in a trampoline.
    pub offset: Option<u32>,
    /// Where that was written.
    pub line: Option<Line>,
    /// The functions that this one was inlined into, the innermost first.
    pub inlined: Vec<InlinedFrame>,
    /// What is live in a frame that stands here.
    pub slots: Vec<Slot>,
}

/// A function that code of another one was inlined into.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InlinedFrame {
    /// An index of [`Names::functions`].
    pub function: u32,
    /// The call's offset in the module.
    pub offset: Option<u32>,
    /// Where that was written.
    pub line: Option<Line>,
}

/// A line of a source file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Line {
    /// The file.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1; 0 if it is not known.
    pub column: u32,
}

/// A slot of a frame that holds a reference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Slot {
    /// Whether it holds a continuation, or an object.
    pub continuation: bool,
    /// Bytes from the frame pointer down to it.
    pub distance: u32,
    /// What of the program it holds, as far as the compiler knows.
    pub holds: Vec<Holds>,
}

/// What of a program a slot holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// A local, parameters included.
    Local {
        /// Its index.
        index: u32,
        /// Its name.
        name: Option<String>,
    },
    /// An operand, counted from the bottom of the function's operand stack.
    Operand {
        /// Its depth: 0 for the one at the bottom.
        depth: u32,
    },
    /// A local of a function that this one was inlined into.
    OuterLocal {
        /// Which of [`Site::inlined`].
        frame: u32,
        /// Its index.
        index: u32,
        /// Its name.
        name: Option<String>,
    },
    /// An operand of such a function.
    OuterOperand {
        /// Which of [`Site::inlined`].
        frame: u32,
        /// Its depth: 0 for the one at the bottom.
        depth: u32,
    },
}

/// What a continuation was made from, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Origin {
    /// The function it runs: an index of [`Names::functions`].
    pub function: u32,
    /// Its type, as text.
    pub ty: String,
    /// The function that made it: none if the host did.
    pub maker: Option<u32>,
    /// The instruction's offset in its module.
    pub offset: Option<u32>,
    /// Where that was written.
    pub line: Option<Line>,
}
