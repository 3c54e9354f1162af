//! Compiled files with changed bytes.

use crate::judge::Verdict;
use crate::mutate::bytes;
use mangrove::{CompiledError, Engine, Error, Module};
use mangrove_workers::Rng;

/// The compiled form of a module, damaged: it must be refused.
pub fn compiled(engine: &Engine, binary: Vec<u8>, seed: u64, verdict: &mut Verdict) {
    let module = match Module::from_binary(engine, binary) {
        Ok(module) => module,
        Err(error) => return verdict.error("module", &error),
    };
    let file = match module.serialize() {
        Ok(file) => file,
        Err(error) => return verdict.error("compiled", &error),
    };
    let mut rng = Rng::new(seed);
    let mut damaged = file.clone();
    if rng.chance(1, 5) {
        damaged.truncate(rng.below(file.len()));
    } else {
        damaged = bytes(damaged, &mut rng);
    }
    refused(engine, &file, &damaged, verdict);
}

/// A file that was written, and one that may be another: that must be refused.
#[allow(unsafe_code)]
pub fn refused(engine: &Engine, file: &[u8], damaged: &[u8], verdict: &mut Verdict) {
    // SAFETY: a file that differs from what was written is refused, and is not run if not.
    let loaded = unsafe { Module::deserialize(engine, damaged) };
    match loaded {
        Ok(_) if damaged == file => verdict.add("compiled: undamaged"),
        Ok(_) => {
            verdict.fault = Some("a damaged compiled file was taken".to_owned());
            verdict.add("compiled: taken");
        }
        Err(Error::Compiled(error)) => verdict.add(format!("compiled: {}", name(&error))),
        Err(error) => verdict.error("compiled", &error),
    }
}

/// The kind of a refusal: its name, without what it was about.
fn name(error: &CompiledError) -> String {
    let text = format!("{error:?}");
    let end = text
        .find(|c: char| !c.is_alphanumeric())
        .unwrap_or(text.len());
    text[..end].to_owned()
}
