//! The one place where the command runs machine code it did not make itself.

use crate::errors::{Failure, shown};
use mangrove::{Engine, Module};
use std::path::Path;

/// Loads a compiled module, if the user has `allowed` it.
///
/// # Errors
/// It is not allowed, or it is not for this engine.
#[allow(unsafe_code)]
pub fn load(engine: &Engine, file: &Path, bytes: &[u8], allowed: bool) -> Result<Module, Failure> {
    if !allowed {
        return Err(Failure::Input(format!(
            "{}: a compiled module, whose machine code runs unchecked: \
             --allow-compiled says that you trust it",
            shown(file)
        )));
    }
    // SAFETY: the one who may vouch for the file, its user, has done so: by
    // naming it, and by saying that it is to be trusted like a program.
    unsafe { Module::deserialize(engine, bytes) }.map_err(|error| Failure::engine(file, error))
}
