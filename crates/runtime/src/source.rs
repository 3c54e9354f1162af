//! Source lines: of a module's text, from the DWARF it may carry, or from a source map that
//! somebody has read.
//!
//! ```text
//!  module bytes:  … | code section          | … | .debug_info .debug_line … (custom)
//!                      ▲ contents begin here: address 0 of the DWARF
//!  offset in the module ─ code_offset ─▶ address ─addr2line─▶ file, line, column
//! ```
//!
//! Nothing is read before the first backtrace of the module. DWARF decides
//! nothing but what a backtrace says, so whatever is wrong with it is no error.

use addr2line::Context;
use gimli::{Dwarf, EndianArcSlice, LittleEndian, SectionId};
use mangrove_abi::WasmOffset;
use mangrove_collector::SourceLine;
use mangrove_validate::ParsedModule;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// What `read` finds. The bytes it reads are a module's, and it is asked while a store
/// is being put right: no line is better than a panic there.
fn quietly<R>(read: impl FnOnce() -> Option<R>) -> Option<R> {
    catch_unwind(AssertUnwindSafe(read)).ok().flatten()
}

/// Where the instruction at an offset of a module stands in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextLine {
    /// The offset.
    pub offset: u32,
    /// Line, from 1.
    pub line: u32,
    /// Column in bytes, from 1.
    pub column: u32,
}

/// The lines of a module that was given in text.
#[derive(Debug)]
pub struct TextLines {
    file: String,
    /// By offset.
    lines: Vec<TextLine>,
}

impl TextLines {
    /// The lines of the module's text, which has this name.
    pub fn new(file: String, mut lines: Vec<TextLine>) -> Self {
        lines.sort_unstable_by_key(|line| line.offset);
        Self { file, lines }
    }

    /// The line of the instruction that is at this offset.
    pub fn find(&self, offset: WasmOffset) -> Option<SourceLine> {
        let offset = offset.as_u32();
        let at = self.lines.binary_search_by_key(&offset, |line| line.offset);
        let TextLine { line, column, .. } = self.lines[at.ok()?];
        Some(SourceLine {
            file: self.file.clone(),
            line,
            column: Some(column),
        })
    }
}

/// A place from which on the instructions of a module were written somewhere, or nowhere.
///
/// # Examples
/// ```
/// use mangrove::{Engine, MappedLine, Module, SourceLines, WasmOffset};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// // func 0 has its body from byte 30 on: no locals, nop, nop, end.
/// let text = "(module (func (export \"f\") nop nop))";
/// let module = Module::new(&Engine::default(), text)?;
/// let line = |offset, line| MappedLine { offset, source: Some((0, line, None)) };
/// let lines = SourceLines::new(vec!["f.ts".to_owned()], vec![line(30, 7), line(32, 8)]);
/// module.set_source_lines(move || lines);
///
/// let found = |offset| module.source_line(WasmOffset::new(offset).unwrap());
/// let second = found(31).expect("the first nop, or what follows it");
/// assert_eq!((second.file.as_str(), second.line), ("f.ts", 7));
/// assert_eq!(found(32).map(|found| found.line), Some(8));
/// assert_eq!(found(20), None, "nothing is known of what comes before");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MappedLine {
    /// Where in the module it begins.
    pub offset: u32,
    /// The number of the file, the line (from 1) and, if it is known, the column (from 1). None
    /// for what was written nowhere.
    pub source: Option<(u32, u32, Option<u32>)>,
}

/// What somebody has to say of a module's lines, looked for when the first one is asked for.
pub(crate) struct SaidLines(LazyLock<SourceLines, Box<dyn FnOnce() -> SourceLines + Send>>);

impl SaidLines {
    pub(crate) fn new(lines: impl FnOnce() -> SourceLines + Send + 'static) -> Self {
        Self(LazyLock::new(Box::new(lines)))
    }

    pub(crate) fn find(&self, module: &ParsedModule, offset: WasmOffset) -> Option<SourceLine> {
        quietly(|| self.0.find(module, offset))
    }
}

impl fmt::Debug for SaidLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SaidLines").finish_non_exhaustive()
    }
}

/// The source lines of a module, as a source map has them: each goes on to the next one, or to
/// the end of the function.
///
/// # Examples
/// See [`MappedLine`].
#[derive(Debug, Default)]
pub struct SourceLines {
    files: Vec<String>,
    /// By offset.
    lines: Vec<MappedLine>,
}

impl SourceLines {
    /// Lines of these files. Of several for one offset the last counts; what is in a file that
    /// is not there is written nowhere.
    pub fn new(files: Vec<String>, mut lines: Vec<MappedLine>) -> Self {
        // Stable: the last of those for one offset stays the last.
        lines.sort_by_key(|line| line.offset);
        Self { files, lines }
    }

    /// The line of what is at this offset, if it begins in the same function.
    fn find(&self, module: &ParsedModule, offset: WasmOffset) -> Option<SourceLine> {
        let offset = offset.as_u32();
        let behind = self.lines.partition_point(|line| line.offset <= offset);
        let found = self.lines.get(behind.checked_sub(1)?)?;
        // Bodies are in the order of their offsets. The size of one counts to it: there are
        // compilers that begin there.
        let bodies = &module.bodies;
        let before = bodies.partition_point(|body| body.range.end <= offset as usize);
        let begins = before
            .checked_sub(1)
            .map_or(0, |body| bodies[body].range.end);
        let (file, line, column) = found.source.filter(|_| found.offset as usize >= begins)?;
        Some(SourceLine {
            file: self.files.get(file as usize)?.clone(),
            line,
            column,
        })
    }
}

type Reader = EndianArcSlice<LittleEndian>;

/// The source lines of a module.
pub struct SourceMap {
    /// Reads units when it first needs them, which is a change.
    context: Mutex<Context<Reader>>,
    /// Where address 0 is in the module.
    code_offset: usize,
}

impl fmt::Debug for SourceMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceMap").finish_non_exhaustive()
    }
}

impl SourceMap {
    /// What the module's `.debug_*` sections say; nothing if it has none, or
    /// none that can be read.
    pub fn new(module: &ParsedModule) -> Option<Self> {
        if module.debug_sections.is_empty() {
            return None;
        }
        let section = |id: SectionId| {
            let mut sections = module.debug_sections.iter();
            let found = sections.find(|(name, _)| name == id.name());
            let bytes = found.map_or(&[][..], |(_, range)| &module.bytes[range.clone()]);
            Ok::<_, gimli::Error>(Reader::new(Arc::from(bytes), LittleEndian))
        };
        let read = || Context::from_dwarf(Dwarf::load(section).ok()?).ok();
        Some(Self {
            context: Mutex::new(quietly(read)?),
            code_offset: module.code_offset,
        })
    }

    /// The source line of the instruction at this offset in the module.
    pub fn find(&self, offset: WasmOffset) -> Option<SourceLine> {
        let address = (offset.as_u32() as usize).checked_sub(self.code_offset)?;
        // What a panic leaves behind is at most a unit that was not read.
        let context = self.context.lock().unwrap_or_else(PoisonError::into_inner);
        let find = || {
            let place = context.find_location(address as u64).ok()??;
            Some(SourceLine {
                file: place.file?.to_owned(),
                line: place.line.filter(|&line| line > 0)?,
                column: place.column.filter(|&column| column > 0),
            })
        };
        quietly(find)
    }
}
