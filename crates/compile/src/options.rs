//! What a compilation is asked for, and why it may fail.

use mangrove_abi::{Defect, StubImage};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How hard the compiler works on the code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OptLevel {
    /// No optimisation, and operands and locals in the frame. It is how a
    /// function is compiled at any level for which that level would take time
    /// and memory out of proportion to its size; for tests of that.
    Frame,
    /// No optimisation: quick compilation.
    None,
    /// Fast code.
    #[default]
    Speed,
}

impl fmt::Display for OptLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Frame => "frame",
            Self::None => "none",
            Self::Speed => "speed",
        })
    }
}

/// Places at which compiled code calls the runtime (`Libcall::Hook`), for zeal and
/// for observers: those of suspensions need `switches`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Hooks {
    /// At the entry of every function.
    pub calls: bool,
    /// Before every `resume`, `suspend` and `switch`.
    pub switches: bool,
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
