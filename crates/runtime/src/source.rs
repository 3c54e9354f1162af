//! Source lines, from the DWARF a module may carry.
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
use std::sync::{Arc, Mutex, PoisonError};

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
