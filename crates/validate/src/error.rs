//! What is said of a module that is not valid.

use crate::printable;
use mangrove_abi::FuncIndex;
use std::fmt;

/// Why some bytes are not a module this runtime accepts.
///
/// Of several faults the one with the smallest offset is reported, whatever
/// the order in which the function bodies were looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message} (at offset {offset:#x})", Within(.function))]
pub struct ValidateError {
    /// Byte offset in the module.
    pub offset: usize,
    /// What is wrong there.
    pub message: String,
    /// The function it is in, if it is in the body of one.
    pub function: Option<FaultyFunction>,
}

/// The function that a fault is in, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultyFunction {
    /// Its index.
    pub index: FuncIndex,
    /// Its name in text form: `$name`, or else `(export "name")`. None where it has
    /// neither, or where a fault hides them.
    pub name: Option<String>,
    /// Number of its body among those of the module.
    pub body: u32,
    /// Number of the instruction in the body, its last `end` included; none if the
    /// fault is in the locals.
    pub instruction: Option<u32>,
}

impl fmt::Display for FaultyFunction {
    /// `func 3 $name`, or `func 3 (export "name")`, or `func 3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "func {}", self.index)?;
        match &self.name {
            Some(name) => write!(f, " {name}"),
            None => Ok(()),
        }
    }
}

/// What comes before a message: the function, if there is one.
struct Within<'a>(&'a Option<FaultyFunction>);

impl fmt::Display for Within<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(function) => write!(f, "{function}: "),
            None => Ok(()),
        }
    }
}

impl ValidateError {
    /// A fault outside of functions, or of which the function is not known yet.
    pub(crate) fn new(offset: usize, message: impl Into<String>) -> Self {
        Self {
            offset,
            message: message.into(),
            function: None,
        }
    }
}

impl From<wasmparser::Error> for ValidateError {
    fn from(error: wasmparser::Error) -> Self {
        // It may quote names.
        let message = printable(error.message()).into_owned();
        let message = said_of_proposals(message);
        Self::new(error.offset() as usize, message)
    }
}

/// The validator knows proposals that could be switched on; of those this project does
/// not have, its messages would promise an option that there is not.
fn said_of_proposals(message: String) -> String {
    const HAS: &str = "Mangrove has Wasm 3.0 without threads, stack switching, wide arithmetic, \
                       compact imports and custom page sizes";
    const ASKS: [&str; 6] = [
        "not enabled",
        "must be enabled",
        "feature required",
        "proposal disabled",
        "requires the",
        "without the",
    ];
    if message.contains("encoded as a component") {
        return format!(
            "a component, and not a core module: `wasm-tools component unbundle` takes the core \
             modules out of one ({HAS})"
        );
    }
    if !ASKS.iter().any(|ask| message.contains(ask)) {
        return message;
    }
    if message.contains("stack switching") {
        return format!("{message} (the engine was made without it)");
    }
    let how = if message.contains("legacy") {
        "`wasm-opt --translate-to-exnref` makes `try_table` of them: "
    } else if message.contains("threads") || message.contains("shared") {
        "build the program single-threaded: "
    } else {
        ""
    };
    format!("{message} ({how}{HAS})")
}
