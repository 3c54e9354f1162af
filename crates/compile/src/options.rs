//! What a compilation is asked for, and why it may fail.

use mangrove_abi::{Defect, FuncIndex, StubImage};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

/// How hard the compiler works on the code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OptLevel {
    /// No optimisation, and operands and locals in the frame. It is how a
    /// function is compiled at any level for which that level would take time
    /// and memory out of proportion to its size; for tests of that.
    Frame,
    /// No optimisation: quick compilation.
    None,
    /// Fast code, in which functions are as they were written.
    Speed,
    /// Fast code, with small functions compiled into those that call them.
    #[default]
    Inline,
}

impl fmt::Display for OptLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Frame => "frame",
            Self::None => "none",
            Self::Speed => "speed",
            Self::Inline => "inline",
        })
    }
}

/// Places at which compiled code calls the runtime (`Libcall::Hook`), for zeal and
/// for observers: those of suspensions need `switches`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Hooks {
    /// At the entry of every function.
    pub calls: bool,
    /// Before every `resume`, `suspend` and `switch`, and after every `cont.new`, `cont.bind`
    /// and `resume` of what has returned.
    pub switches: bool,
}

/// Places of one module that have hooks of their own, for observers. What is not named
/// is compiled as it is without any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Functions, at whose entry there is one.
    pub entries: BTreeSet<FuncIndex>,
    /// Byte offsets in the module of instructions, before which there is one.
    pub offsets: BTreeSet<usize>,
}

impl Places {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.offsets.is_empty()
    }

    /// Whether any of the instructions lies in this part of the module.
    pub(crate) fn within(&self, body: &Range<u64>) -> bool {
        let mut found = self.offsets.range(body.start as usize..body.end as usize);
        found.next().is_some()
    }
}

/// What compiled code looks at, at the entry of every function and at the head of every
/// loop, to call the runtime when its time is over (`Libcall::Interrupt`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Interruption {
    /// At the engine's epoch.
    pub epochs: bool,
    /// At the store's fuel, which it counts.
    pub fuel: bool,
}

/// Settings of a compilation.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How hard to work on the code.
    pub opt_level: OptLevel,
    /// Places to call the runtime from.
    pub hooks: Hooks,
    /// What to look at to be interrupted.
    pub interruption: Interruption,
    /// Make every arithmetic NaN the canonical one.
    pub canonical_nans: bool,
    /// Compare every access to a 32-bit memory with the memory's size. Without it
    /// a memory must have reserved all that an access can address.
    pub checked_memories: bool,
    /// Tell what of the program the slots of frames hold: which local, which operand. The
    /// code is the same.
    pub slot_names: bool,
    /// Run Cranelift's verifier on every function.
    pub verify_clif: bool,
    /// What the code is not to note, for tests. Such code is not to outlive its process.
    pub defect: Option<Defect>,
    /// The assembly stubs to put into the image.
    pub stubs: StubImage,
}

/// Why a valid module could not be compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// An instruction this engine does not have yet.
    #[error("instruction not supported: {instruction} (at offset {offset:#x})")]
    Unsupported {
        /// Its name.
        instruction: String,
        /// Byte offset in the module.
        offset: usize,
    },
    /// The machine lacks instructions the code needs.
    #[error("this processor lacks {0}")]
    Machine(&'static str),
    /// Something exceeds what an image can hold.
    #[error("module too large: {0}")]
    TooLarge(&'static str),
    /// Cranelift refused the code: a defect of this crate.
    #[error("code generation failed in function {function}: {message}")]
    Codegen {
        /// Index of the function in the module, or a trampoline's description.
        function: String,
        /// What Cranelift said.
        message: String,
    },
    /// The body could not be read: the module was not validated.
    #[error("malformed function body: {0}")]
    Malformed(#[from] wasmparser::BinaryReaderError),
}
