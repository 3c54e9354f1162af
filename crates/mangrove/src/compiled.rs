//! The file form of a compiled module.
//!
//! ```text
//!  ┌───────┬─────────┬────────┬─────────┬──────┬──────┬──────┬─────────────────┐
//!  │ magic │ version │ length │ SHA-256 │ head │ Wasm │ text │ image, the rest │
//!  │ 8 B   │ u32     │ u64    │ 32 B    │      │      │      │                 │
//!  └───────┴─────────┴────────┴─────────┴──────┴──────┴──────┴─────────────────┘
//!   little-endian               of all behind it; head and image in postcard form
//! ```
//!
//! The head says what the code was made by and for. It is compared, never
//! converted: code made otherwise is refused, and the module is compiled anew.

use crate::engine::Engine;
use mangrove_abi::log::{GLOBAL, RECORD};
use mangrove_abi::object::{
    ARRAY_ELEMENTS, ARRAY_LENGTH, CARD_SHIFT, CARDED, INLINE_SUPERS, LARGE_OBJECT, LISTED,
    MAX_OBJECT, NULL_GUARD, TYPE_MASK, WATCHED,
};
use mangrove_abi::record::FRESH_WORDS;
use mangrove_abi::value::{CALL_PARAMS, FLOAT_RESULTS, INT_RESULTS};
use mangrove_abi::{
    CodeImage, ContRecord, FuncRef, GlobalCell, HandlerTable, InstanceContext, Libcall,
    LibcallResult, MemoryDef, StoreContext, TableDef, TagDef, TransferSlot, TypeDescriptor, reason,
};
use mangrove_collector::admission::ContinuationsInObjects;
use mangrove_compile as compile;
use mangrove_compile::{Hooks, Interruption, OptLevel};
use mangrove_runtime::{CompiledError, Error, LoadedCode};
use mangrove_validate::Language;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::mem::{offset_of, size_of};

/// What a compiled module begins with. Neither text nor Wasm does, and a copy
/// that converts line ends destroys it.
///
/// # Examples
/// ```
/// use mangrove::{COMPILED_MAGIC, Engine, Module};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let engine = Engine::default();
/// let compiled = Module::new(&engine, "(module)")?.serialize()?;
/// assert!(compiled.starts_with(&COMPILED_MAGIC));
/// # Ok(())
/// # }
/// ```
pub const MAGIC: [u8; 8] = *b"\0mgv\r\n\x1a\n";

/// Version of the form described here.
const FORMAT: u32 = 7;
/// Version of the crate.
const ENGINE: &str = env!("CARGO_PKG_VERSION");

/// Bytes before the head.
const PREFIX: usize = MAGIC.len() + 4 + 8 + 32;

type Hash = [u8; 32];

/// Settings that decide which code is made, and of which modules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Settings {
    opt_level: OptLevel,
    hooks: Hooks,
    /// Whether there are hooks at places of their own. Such code is not written.
    places: bool,
    interruption: Interruption,
    canonical_nans: bool,
    checked_memories: bool,
    stack_switching: bool,
    continuations_in_objects: ContinuationsInObjects,
}

impl Settings {
    fn of(engine: &Engine) -> Self {
        // Every field is named, so that a new one is not forgotten here.
        let compile::Options {
            opt_level,
            hooks,
            interruption,
            canonical_nans,
            // It decides on what is said beside the code.
            slot_names: _,
            checked_memories,
            verify_clif: _,
            // Such code is not written.
            defect: _,
            stubs: _,
        } = engine.compile_options();
        Self {
            opt_level,
            hooks,
            places: !engine.config().hook_places.is_empty(),
            interruption,
            canonical_nans,
            checked_memories,
            stack_switching: engine.language() == Language::StackSwitching,
            continuations_in_objects: engine.config().settings.continuations_in_objects,
        }
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = self.opt_level;
        let hooks = match (self.hooks.calls, self.hooks.switches) {
            (false, false) => "none",
            (true, false) => "calls",
            (false, true) => "switches",
            (true, true) => "calls and switches",
        };
        let interruption = match (self.interruption.epochs, self.interruption.fuel) {
            (false, false) => "none",
            (true, false) => "epochs",
            (false, true) => "fuel",
            (true, true) => "epochs and fuel",
        };
        let nans = if self.canonical_nans { "on" } else { "off" };
        let stacks = if self.stack_switching { "on" } else { "off" };
        let memories = match self.checked_memories {
            true => "explicit",
            false => "by reservation",
        };
        let places = if self.places { " and at places" } else { "" };
        write!(
            f,
            "opt-level {level}, hooks {hooks}{places}, interruption {interruption}, canonical NaNs {nans}, memory checks {memories}, \
             stack switching {stacks}, continuations in objects {}",
            self.continuations_in_objects
        )
    }
}

/// What the code was made by and for, and how long the parts behind it are.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    engine: String,
    build: Hash,
    settings: Settings,
    features: Vec<String>,
    wasm_len: u64,
    text_len: u64,
}

impl Head {
    fn new(engine: &Engine, wasm: &[u8], text: &[u8]) -> Self {
        let features = compile::used_features().into_iter();
        Self {
            engine: ENGINE.to_owned(),
            build: build(),
            settings: Settings::of(engine),
            features: features.map(str::to_owned).collect(),
            wasm_len: wasm.len() as u64,
            text_len: text.len() as u64,
        }
    }

    /// Refuses what this engine would not have made.
    fn check(&self, engine: &Engine) -> Result<(), CompiledError> {
        if self.engine != ENGINE {
            return Err(CompiledError::Engine {
                found: self.engine.clone(),
                expected: ENGINE.to_owned(),
            });
        }
        if self.build != build() {
            return Err(CompiledError::Build);
        }
        let settings = Settings::of(engine);
        if self.settings != settings {
            return Err(CompiledError::Settings {
                found: self.settings.to_string(),
                expected: settings.to_string(),
            });
        }
        let mut missing = self.features.iter().map(String::as_str);
        let missing: Vec<_> = missing
            .by_ref()
            .filter(|feature| !compile::host_has(feature))
            .map(|feature| feature.trim_start_matches("has_"))
            .collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            return Err(CompiledError::Features { missing });
        }
        Ok(())
    }
}

/// A fingerprint of what compiled code and runtime, and compiled code of two modules,
/// agree on: the stubs' bytes, where things lie, and how values travel. Two builds of
/// one version may differ in it. What no number here shows raises [`FORMAT`].
fn build() -> Hash {
    let stubs = mangrove_stack::arch::stub_image();
    let numbers = [
        stubs.call_host as usize,
        stubs.finish as usize,
        stubs.switch_return as usize,
        stubs.interrupt_call as usize,
        Libcall::ALL.len(),
        size_of::<InstanceContext>(),
        size_of::<FuncRef>(),
        size_of::<ContRecord>(),
        size_of::<TypeDescriptor>(),
        size_of::<StoreContext>(),
        offset_of!(StoreContext, current),
        offset_of!(StoreContext, free_records),
        offset_of!(StoreContext, alloc_next),
        offset_of!(StoreContext, descriptors),
        offset_of!(StoreContext, libcalls),
        offset_of!(StoreContext, no_handlers),
        offset_of!(StoreContext, transfer),
        offset_of!(StoreContext, epoch),
        offset_of!(StoreContext, epoch_deadline),
        offset_of!(StoreContext, fuel),
        offset_of!(HandlerTable, bits),
        offset_of!(HandlerTable, first),
        offset_of!(ContRecord, outermost),
        offset_of!(ContRecord, passed),
        offset_of!(ContRecord, parent),
        offset_of!(ContRecord, handlers),
        offset_of!(ContRecord, unready),
        offset_of!(StoreContext, young),
        offset_of!(StoreContext, cards),
        offset_of!(StoreContext, log_next),
        offset_of!(StoreContext, log_last),
        size_of::<GlobalCell>(),
        offset_of!(GlobalCell, listed),
        offset_of!(TableDef, cards),
        offset_of!(TableDef, listed),
        WATCHED as usize,
        CARDED as usize,
        LISTED as usize,
        CARD_SHIFT as usize,
        LARGE_OBJECT as usize,
        RECORD as usize,
        GLOBAL as usize,
        size_of::<TagDef>(),
        offset_of!(TagDef, bits),
        offset_of!(TagDef, exn_type),
        size_of::<MemoryDef>(),
        offset_of!(MemoryDef, len),
        size_of::<TableDef>(),
        offset_of!(TableDef, len),
        size_of::<TransferSlot>(),
        NULL_GUARD as usize,
        MAX_OBJECT as usize,
        CALL_PARAMS,
        INT_RESULTS as usize,
        FLOAT_RESULTS as usize,
        INLINE_SUPERS,
        TYPE_MASK as usize,
        ARRAY_LENGTH as usize,
        ARRAY_ELEMENTS as usize,
        HandlerTable::SWITCH as usize,
        FRESH_WORDS as usize,
        reason::RETURNED as usize,
        reason::HANDLED as usize,
        reason::TRAPPED as usize,
        LibcallResult::CATCH as usize,
    ];
    let mut hash = Sha256::new();
    for number in numbers {
        hash.update((number as u64).to_le_bytes());
    }
    // Their lengths are among the stubs' offsets, so nothing runs together.
    hash.update(stubs.text);
    hash.update(stubs.switch_thunk);
    hash.update(stubs.interrupt);
    hash.finalize().into()
}

/// The file form of a module.
pub fn write(engine: &Engine, wasm: &[u8], code: &LoadedCode) -> Result<Vec<u8>, Error> {
    if engine.compile_options().defect.is_some() {
        let message = "code of an engine with a planted defect is not written";
        return Err(Error::Usage(message.into()));
    }
    if !engine.config().hook_places.is_empty() {
        let message = "code with hooks at places of its own is not written";
        return Err(Error::Usage(message.into()));
    }
    let head = Head::new(engine, wasm, code.text());
    write_parts(&head, wasm, code.text(), &code.image)
}

fn write_parts(head: &Head, wasm: &[u8], text: &[u8], image: &CodeImage) -> Result<Vec<u8>, Error> {
    let mut file = Vec::with_capacity(PREFIX + wasm.len() + 3 * text.len());
    file.resize(PREFIX, 0);
    file = postcard::to_extend(head, file).map_err(Error::internal)?;
    file.extend_from_slice(wasm);
    file.extend_from_slice(text);
    file = postcard::to_extend(image, file).map_err(Error::internal)?;
    let hash = Sha256::digest(&file[PREFIX..]);
    let len = file.len() as u64;
    let mut prefix = MAGIC.to_vec();
    prefix.extend_from_slice(&FORMAT.to_le_bytes());
    prefix.extend_from_slice(&len.to_le_bytes());
    prefix.extend_from_slice(&hash);
    file[..PREFIX].copy_from_slice(&prefix);
    Ok(file)
}

/// The parts of a file.
#[derive(Debug)]
pub struct Parts<'f> {
    /// The Wasm bytes.
    pub wasm: &'f [u8],
    /// The machine code.
    pub text: &'f [u8],
    /// The rest of the image, without its text.
    pub image: CodeImage,
}

/// The parts of a file that this engine could have written. What is large in it is not
/// copied.
pub fn read<'f>(engine: &Engine, file: &'f [u8]) -> Result<Parts<'f>, CompiledError> {
    let body = checked_body(file)?;
    let malformed = |_| CompiledError::Malformed;
    let (head, rest): (Head, _) = postcard::take_from_bytes(body).map_err(malformed)?;
    head.check(engine)?;
    let (wasm, rest) = split(rest, head.wasm_len)?;
    let (text, rest) = split(rest, head.text_len)?;
    let image: CodeImage = postcard::from_bytes(rest).map_err(malformed)?;
    if !is_consistent(&image, text) {
        return Err(CompiledError::Malformed);
    }
    Ok(Parts { wasm, text, image })
}

/// What is behind the prefix, if the prefix is right about it.
fn checked_body(file: &[u8]) -> Result<&[u8], CompiledError> {
    let rest = file
        .strip_prefix(&MAGIC)
        .ok_or(CompiledError::NotCompiled)?;
    let found = file.len() as u64;
    let cut = CompiledError::Length {
        found,
        expected: PREFIX as u64,
    };
    let (format, rest) = rest.split_first_chunk().ok_or(cut.clone())?;
    let format = u32::from_le_bytes(*format);
    if format != FORMAT {
        return Err(CompiledError::Format {
            found: format,
            expected: FORMAT,
        });
    }
    let (len, rest) = rest.split_first_chunk().ok_or(cut.clone())?;
    let expected = u64::from_le_bytes(*len);
    let (hash, body) = rest.split_first_chunk::<32>().ok_or(cut)?;
    if found != expected {
        return Err(CompiledError::Length { found, expected });
    }
    if Sha256::digest(body).as_slice() != hash {
        return Err(CompiledError::Checksum);
    }
    Ok(body)
}

fn split(bytes: &[u8], len: u64) -> Result<(&[u8], &[u8]), CompiledError> {
    usize::try_from(len)
        .ok()
        .and_then(|len| bytes.split_at_checked(len))
        .ok_or(CompiledError::Malformed)
}

/// Whether indices and stretches lie where they are said to be used.
fn is_consistent(image: &CodeImage, text: &[u8]) -> bool {
    let functions = image.functions.len() as u64;
    let text = text.len() as u64;
    let known = |index: &u32| u64::from(*index) < functions;
    let mut stretches = image.functions.iter();
    stretches.all(|f| f.start.address(0) + u64::from(f.len) <= text)
        && image.defined.iter().all(known)
        && image.entries.iter().flatten().all(known)
        && image.to_host.iter().flatten().all(known)
        && image.sites.sites().iter().all(|site| known(&site.function))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Module};

    fn module(engine: &Engine) -> Module {
        let text = b"(module (func (export \"f\") (result i32) (i32.const 42)))";
        Module::new(engine, text).unwrap()
    }

    /// The error for a file whose head was changed by `edit`, with a checksum
    /// that is right.
    fn refusal(edit: impl FnOnce(&mut Head)) -> CompiledError {
        let engine = Engine::new(&Config::new()).unwrap();
        let module = module(&engine);
        let (wasm, code) = (&module.parsed().bytes, module.image().code());
        let mut head = Head::new(&engine, wasm, code.text());
        edit(&mut head);
        let file = write_parts(&head, wasm, code.text(), &code.image).unwrap();
        read(&engine, &file).unwrap_err()
    }

    #[test]
    fn what_was_written_is_read() {
        let engine = Engine::new(&Config::new()).unwrap();
        let module = module(&engine);
        let file = module.serialize().unwrap();
        let Parts { wasm, text, image } = read(&engine, &file).unwrap();
        assert_eq!(wasm, module.parsed().bytes);
        assert_eq!(text, module.image().code().text());
        assert_eq!(image.functions, module.image().code().image.functions);
        assert_eq!(image.positions, module.image().code().image.positions);
    }

    #[test]
    fn each_difference_has_a_message_of_its_own() {
        let engine = refusal(|head| head.engine = "0.0.0".into()).to_string();
        assert_eq!(
            engine,
            format!("made by version 0.0.0, this is version {ENGINE}")
        );
        assert_eq!(refusal(|head| head.build[7] ^= 1), CompiledError::Build);
        let settings = refusal(|head| head.settings.canonical_nans = true).to_string();
        assert_eq!(
            settings,
            "made with opt-level inline, hooks none, interruption none, canonical NaNs on, memory \
             checks by reservation, stack switching on, continuations in objects reject; this \
             engine has opt-level inline, hooks none, interruption none, canonical NaNs off, memory \
             checks by reservation, stack switching on, continuations in objects reject"
        );
        let trace = ContinuationsInObjects::Trace;
        let settings = refusal(|head| head.settings.continuations_in_objects = trace);
        assert!(
            settings
                .to_string()
                .contains("continuations in objects trace; this")
        );
        let features = refusal(|head| head.features.push("has_tomorrow".into())).to_string();
        assert_eq!(
            features,
            "made for a machine with tomorrow, which this one does not have"
        );
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        for edit in [
            (|head: &mut Head| head.wasm_len = u64::MAX) as fn(&mut Head),
            |head| head.text_len += 1,
            |head| head.text_len = 0,
        ] {
            assert_eq!(refusal(edit), CompiledError::Malformed);
        }
    }

    #[test]
    fn another_format_is_refused_before_anything_is_read() {
        let engine = Engine::new(&Config::new()).unwrap();
        let mut file = MAGIC.to_vec();
        file.extend_from_slice(&(FORMAT + 1).to_le_bytes());
        let refused = read(&engine, &file).unwrap_err();
        let expected = CompiledError::Format {
            found: FORMAT + 1,
            expected: FORMAT,
        };
        assert_eq!(refused, expected);
    }
}
