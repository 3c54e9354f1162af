//! Why a compiled module is refused.

use mangrove_validate::printable;

/// Why bytes are no compiled module for this engine.
///
/// # Examples
/// ```
/// use mangrove::{CompiledError, Engine, Error, Module};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let engine = Engine::default();
/// let mut compiled = Module::new(&engine, "(module)")?.serialize()?;
/// *compiled.last_mut().unwrap() ^= 1;
/// // SAFETY: it was made just now; what was changed is found before anything is used.
/// let error = unsafe { Module::deserialize(&engine, &compiled) }.unwrap_err();
/// assert!(matches!(error, Error::Compiled(CompiledError::Checksum)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompiledError {
    /// They begin with something else.
    #[error("these bytes are not a compiled module")]
    NotCompiled,
    /// The form is of another version.
    #[error("format version {found}, this engine reads version {expected}")]
    Format {
        /// The version they are of.
        found: u32,
        /// The version that can be read.
        expected: u32,
    },
    /// There are more or fewer bytes than there were.
    #[error("{found} bytes, it was made with {expected}")]
    Length {
        /// How many there are.
        found: u64,
        /// How many there should be.
        expected: u64,
    },
    /// They have been changed.
    #[error("damaged: the checksum differs")]
    Checksum,
    /// Another version of this crate made them.
    #[error("made by version {}, this is version {expected}", printable(.found))]
    Engine {
        /// The version that made them.
        found: String,
        /// This version.
        expected: String,
    },
    /// This version made them, but with other layouts.
    #[error("made by another build of this version")]
    Build,
    /// The engine that made them was configured differently.
    #[error("made with {found}; this engine has {expected}")]
    Settings {
        /// How it was made.
        found: String,
        /// How this engine makes code.
        expected: String,
    },
    /// The code needs a better machine.
    #[error("made for a machine with {}, which this one does not have", printable(.missing))]
    Features {
        /// The CPU's features that are missing.
        missing: String,
    },
    /// The checksum is right, but the parts do not fit together.
    #[error("malformed")]
    Malformed,
}
