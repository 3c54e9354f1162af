//! Source maps: where the instructions of a module were written, for compilers that write no DWARF
//! (AssemblyScript, Kotlin, `wasm_of_ocaml`, J2CL, Binaryen).
//!
//! ```text
//!  module ─ section sourceMappingURL ─▶ name of a file beside the module ─▶ JSON ─┬ sources
//!                                                                                 └ mappings ─ VLQ ─▶ lines by offset
//! ```
//!
//! The map that a section has in itself (`data:`) is not read. The format is ECMA-426's; the one generated line is the module, and a column is a byte offset in it. A map comes
//! from whoever the module comes from: it is read from the module's own folder only, never from the network, and takes
//! memory in proportion to its file and to the module.

mod parse;
mod vlq;

use mangrove::{Module, SourceLines, printable};
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Most bytes of a map that is read: 256 MiB.
pub const MOST_BYTES: u64 = 256 << 20;

/// The custom section that names the map.
const SECTION: &str = "sourceMappingURL";

/// Why there are no lines from a map.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceMapError {
    /// The section of the module names no file.
    #[error("the section {SECTION} names no file beside the module")]
    NoName,
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] mangrove::Error),
    /// It is a folder, a device or a pipe.
    #[error("{}: this is no file", printable(&.0.to_string_lossy()))]
    NoFile(PathBuf),
    /// It is longer than any map that is read.
    #[error("a source map of {0} bytes: more than {MOST_BYTES} are not read")]
    TooLong(u64),
    /// It is not JSON, or has not the fields of a map.
    #[error("no source map: {0}")]
    Json(#[from] serde_json::Error),
    /// Names of files, with the root before each, that would take much memory.
    #[error("a source map whose names of files have more than 64 MiB")]
    Names,
    /// Its version is not 3.
    #[error("a source map of version {0}; version 3 is known")]
    Version(u64),
    /// Its mappings are wrong.
    #[error("a damaged source map: {what}, at character {at} of `mappings`")]
    Mappings {
        /// What is wrong.
        what: Fault,
        /// Where, in bytes.
        at: usize,
    },
    /// A part of an index of maps is wrong.
    #[error("a damaged source map: section {0} does not begin in the one line that a module is")]
    Section(usize),
}

/// What is wrong with mappings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A character that is no digit of base 64.
    Digit,
    /// A number that does not end, or has more than 32 bits.
    Number,
    /// A segment of 2, 3, or more than 5 numbers.
    Segment,
    /// A line, column, file or offset below 0, or beyond what there is.
    Range,
    /// More than one line: it is not that of a Wasm module.
    Line,
    /// More segments than the module has bytes.
    Many,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Digit => "no digit of base 64",
            Self::Number => "a number without an end, or of more than 32 bits",
            Self::Segment => "a segment that has not 1, 4 or 5 numbers",
            Self::Range => "a file, line, column or offset that is not there",
            Self::Line => "a second line, where a module has one",
            Self::Many => "more segments than the module has bytes",
        })
    }
}

/// The file of a module's map: what its section names, in the module's own folder. None if it has no such section.
///
/// Of a name like `http://localhost:8000/out/a.wasm.map?x` or `../maps/a.wasm.map` the last part counts, wherever that
/// would have been served: nothing is read elsewhere.
///
/// # Errors
/// [`SourceMapError::NoName`].
///
/// # Examples
/// ```
/// use mangrove::{Engine, Module};
/// use mangrove_inspect::source_map::beside;
/// use std::path::Path;
///
/// let module = |url: &str| {
///     // The section holds a name: its length, then its bytes.
///     let text = format!(r#"(module (@custom "sourceMappingURL" "\{:02x}{url}"))"#, url.len());
///     Module::new(&Engine::default(), text)
/// };
/// let found = beside(&module("http://localhost/out/a.wasm.map")?, Path::new("build/a.wasm"))?;
/// assert_eq!(found.as_deref(), Some(Path::new("build/a.wasm.map")));
/// assert!(beside(&module("..")?, Path::new("a.wasm")).is_err());
/// assert!(beside(&Module::new(&Engine::default(), "(module)")?, Path::new("a.wasm"))?.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn beside(module: &Module, file: &Path) -> Result<Option<PathBuf>, SourceMapError> {
    let Some(section) = module.custom_sections(SECTION).next() else {
        return Ok(None);
    };
    let url = vlq::name(section).ok_or(SourceMapError::NoName)?;
    let name = file_name(url).ok_or(SourceMapError::NoName)?;
    Ok(Some(file.with_file_name(name)))
}

/// The last part of an address, its escapes undone. None for one that is no name of a file in a folder.
fn file_name(url: &str) -> Option<String> {
    // What is after `data:` is the map itself.
    if url.starts_with("data:") {
        return None;
    }
    let path = url.split(['?', '#']).next()?;
    let last = path.rsplit(['/', '\\']).next()?;
    let mut name = Vec::with_capacity(last.len());
    let mut bytes = last.bytes();
    while let Some(byte) = bytes.next() {
        let escaped = |bytes: &[u8]| u8::from_str_radix(std::str::from_utf8(bytes).ok()?, 16).ok();
        name.push(match byte {
            b'%' => escaped(&[bytes.next()?, bytes.next()?])?,
            other => other,
        });
    }
    let name = String::from_utf8(name).ok()?;
    let is_name = !matches!(&*name, "" | "." | "..") && !name.contains(['/', '\\', '\0']);
    is_name.then_some(name)
}

/// Has the lines of a module read from its map when the first one is wanted. `file` is the module's own. If it names no
/// map, or there is no such file, there are none, and nothing more is said.
///
/// # Errors
/// `fails` is told why a map cannot be read, or is not of this module: at once or later, perhaps in another thread.
///
/// # Examples
/// ```no_run
/// use mangrove::{Engine, Module};
/// use mangrove_inspect::source_map;
/// use std::path::Path;
///
/// let file = Path::new("build/release.wasm");
/// let module = Module::from_file(&Engine::default(), file)?;
/// source_map::attach(&module, file, |error| eprintln!("no lines: {error}"));
/// # Ok::<(), mangrove::Error>(())
/// ```
pub fn attach(module: &Module, file: &Path, fails: impl FnOnce(SourceMapError) + Send + 'static) {
    let path = match beside(module, file) {
        Ok(Some(path)) => path,
        Ok(None) => return,
        Err(error) => return fails(error),
    };
    let bytes = module.parsed().bytes.len();
    module.set_source_lines(move || match read(&path, bytes) {
        Ok(lines) => lines.unwrap_or_default(),
        Err(error) => {
            fails(error);
            SourceLines::default()
        }
    });
}

/// The lines that a map in a file has for a module of so many bytes; none if there is no such file.
///
/// # Errors
/// The file cannot be read, or is not the map of this module.
///
/// # Examples
/// ```
/// use mangrove_inspect::source_map::{SourceMapError, read};
/// use std::path::Path;
///
/// assert!(read(Path::new("no/such.map"), 100)?.is_none());
/// assert!(matches!(read(Path::new("/"), 100), Err(SourceMapError::NoFile(_))));
/// # Ok::<(), SourceMapError>(())
/// ```
pub fn read(path: &Path, module_bytes: usize) -> Result<Option<SourceLines>, SourceMapError> {
    // Where nothing is there is no map; what is wrong with it otherwise is said when it is read. A pipe would be
    // waited for.
    match std::fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Ok(found) if !found.is_file() => return Err(SourceMapError::NoFile(path.to_owned())),
        Ok(found) if found.len() > MOST_BYTES => return Err(SourceMapError::TooLong(found.len())),
        Ok(_) | Err(_) => {}
    }
    let json = mangrove::read_file(path)?;
    parse(&json, module_bytes).map(Some)
}

/// The lines that a map has for a module of so many bytes.
///
/// # Errors
/// It is no map, or not of a module of this size.
///
/// # Examples
/// ```
/// use mangrove_inspect::source_map::parse;
///
/// // From byte 30 on line 1 of a.ts, from byte 33 on line 2.
/// let map = br#"{"version":3,"sources":["a.ts"],"names":[],"mappings":"8BAAA,GACA"}"#;
/// parse(map, 40)?;
/// assert!(parse(map, 31).is_err(), "there is no byte 33");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn parse(json: &[u8], module_bytes: usize) -> Result<SourceLines, SourceMapError> {
    parse::lines(json, module_bytes)
}

#[cfg(test)]
mod tests;
