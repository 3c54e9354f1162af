//! A compiled module: position-independent text and everything said beside it.

use crate::index::{CodeOffset, FuncIndex, TagIndex, TypeIndex, WasmOffset, or_zero};
use crate::inlined::{InlinedCall, InlinedCalls};
use crate::site::{CallSite, SiteTable};
use crate::slot_names::SlotNames;
use crate::trap::TrapSite;
use serde::{Deserialize, Serialize};

/// The assembly stubs that travel with every image, as bytes, so that compiled
/// code calls them near and a pc inside one is a pc inside the image.
///
/// The `stack` crate writes them; the compiler places and links them. All are
/// position-independent. Registers are those of the `tail` convention.
#[derive(Clone, Copy, Debug)]
pub struct StubImage {
    /// The bytes of `call_host` and `finish`.
    pub text: &'static [u8],
    /// Offset in `text` of `call_host(instance, a, b, c, d, libcall) -> word`:
    /// saves the running stack's sp and fp in its record, runs the libcall on
    /// the host's stack, and leaves Wasm if its status says so.
    pub call_host: u32,
    /// Offset in `text` of `finish(running, target, reason, payload)`: switches to
    /// `target` and saves nothing, for a stack that is done. Jumped to.
    pub finish: u32,
    /// The code of one switch site: `switch(running, target, reason, payload) ->
    /// (unspecified, payload, reason, running, from)`. The call instruction at the
    /// site becomes a jump to a copy of these bytes.
    pub switch_thunk: &'static [u8],
    /// How far below a frame a call of any of these writes: a return address,
    /// and what the stub pushes. A frame whose function has touched the word that
    /// far below itself can call them without a fault.
    pub depth: u32,
    /// Where in `switch_thunk` the 32-bit displacement of the site's return
    /// point goes, relative to the end of that field.
    pub switch_return: u32,
    /// The code of `interrupt(instance, why)`: runs [`crate::Libcall::Interrupt`] as `call_host`
    /// does, and keeps every register. A function like compiled ones, with a frame.
    pub interrupt: &'static [u8],
    /// Where in `interrupt` the 32-bit distance to `call_host` goes. The call is a site
    /// without roots.
    pub interrupt_call: u32,
}

/// What a compiled function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FunctionKind {
    /// A function of the module.
    Wasm(FuncIndex),
    /// The entry trampoline for a function type of the module.
    Entry(TypeIndex),
    /// The trampoline into host functions of a function type.
    ToHost(TypeIndex),
    /// A routine the compiler adds: shared code of several instructions.
    Helper,
    /// The assembly stubs and switch thunks.
    Stubs,
    /// Another such routine: the search for a handler where the last one does not help.
    Search,
    /// The stub that asks the runtime what becomes of what runs.
    Interrupt,
}

/// Which trampoline leads into a host function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HostKind {
    /// A call that comes back, or not at all.
    #[default]
    Plain,
    /// A call over which no register stays: it may come back by a switch. If the function suspends its caller, the
    /// trampoline's frame is the innermost of what is suspended, and goes on when that is
    /// resumed.
    Suspending,
    /// A call that is given the two words of a continuation reference, and gives the record
    /// of another: of functions that take one continuation and give one.
    Clone,
}

/// A stretch of an image's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionCode {
    /// What it is.
    pub kind: FunctionKind,
    /// First byte.
    pub start: CodeOffset,
    /// Length in bytes.
    pub len: u32,
    /// Bytes from the word that holds a frame's instance up to its frame pointer; 0 if
    /// it keeps none. The word is there at every call of a function that may be the
    /// host's: of an import, or by a reference.
    pub instance_distance: u32,
}

/// Where an instruction came from: holds from `pc` up to the next entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcePosition {
    /// Where it begins.
    pub pc: CodeOffset,
    /// The instruction; none where code stands for no instruction.
    #[serde(with = "or_zero")]
    pub wasm_offset: Option<WasmOffset>,
}

/// Machine code of one module with its metadata. Position-independent: all
/// references inside it are relative, and it refers to nothing outside.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CodeImage {
    /// The code.
    pub text: Vec<u8>,
    /// Stretches of the text in ascending order, without overlap.
    pub functions: Vec<FunctionCode>,
    /// Index in `functions` of each defined function, in the module's order.
    pub defined: Vec<u32>,
    /// For each type of the module: index in `functions` of its entry
    /// trampoline, where one was made.
    pub entries: Vec<Option<u32>>,
    /// Index in `functions` of the trampoline into host functions, by type;
    /// made only for host signatures.
    pub to_host: Vec<Option<u32>>,
    /// Call sites and stack maps.
    pub sites: SiteTable,
    /// What of the program the slots hold, where the compiler was asked to tell.
    pub slot_names: SlotNames,
    /// Instructions that may trap, in ascending order.
    pub traps: Vec<TrapSite>,
    /// Source positions in ascending order.
    pub positions: Vec<SourcePosition>,
    /// Functions whose code is inside of others.
    pub inlined: InlinedCalls,
    /// The handler tables the module's `resume`s use, in the order of the
    /// instance's handler area: each a list of `(tag, is a switch clause)`.
    pub handler_tables: Vec<Vec<(TagIndex, bool)>>,
}

impl CodeImage {
    /// The stretch of text that holds this offset.
    pub fn function_at(&self, pc: CodeOffset) -> Option<(usize, &FunctionCode)> {
        let index = self
            .functions
            .partition_point(|f| f.start <= pc)
            .checked_sub(1)?;
        let function = &self.functions[index];
        let distance = pc.distance_from(function.start)?;
        (distance < function.len).then_some((index, function))
    }

    /// The trap recorded at exactly this offset.
    pub fn trap_at(&self, pc: CodeOffset) -> Option<&TrapSite> {
        let index = self.traps.binary_search_by_key(&pc, |t| t.pc).ok()?;
        Some(&self.traps[index])
    }

    /// The instruction whose code is at this offset; none in code that stands for no
    /// instruction.
    pub fn wasm_offset_at(&self, pc: CodeOffset) -> Option<WasmOffset> {
        let index = self
            .positions
            .partition_point(|p| p.pc <= pc)
            .checked_sub(1)?;
        self.positions[index].wasm_offset
    }

    /// The frames of the program that a frame stands for whose code is at this offset,
    /// innermost first: the functions, and where in the module each of them is. Only the
    /// first can be without. Empty in code that is of no function of the module.
    pub fn frames_at(&self, pc: CodeOffset) -> ProgramFrames<'_> {
        let function = self.function_at(pc).map(|(_, function)| function.kind);
        self.frames_from(function, pc, self.wasm_offset_at(pc))
    }

    /// The same for a frame that is stopped at a call.
    pub fn frames_of(&self, site: &CallSite) -> ProgramFrames<'_> {
        let function = self.functions.get(site.function as usize);
        // The call itself is what the byte before its return address is of.
        let call = CodeOffset::new(site.pc.as_u32().saturating_sub(1));
        self.frames_from(
            function.map(|function| function.kind),
            call,
            site.wasm_offset,
        )
    }

    fn frames_from(
        &self,
        compiled: Option<FunctionKind>,
        pc: CodeOffset,
        wasm_offset: Option<WasmOffset>,
    ) -> ProgramFrames<'_> {
        let compiled = match compiled {
            Some(FunctionKind::Wasm(function)) => Some(function),
            _ => None,
        };
        ProgramFrames {
            image: self,
            compiled,
            inlined: compiled.and_then(|_| self.inlined.at(pc)),
            wasm_offset,
        }
    }
}

/// The frames of the program that one frame stands for, innermost first: see
/// [`CodeImage::frames_at`].
#[derive(Clone, Copy, Debug)]
pub struct ProgramFrames<'a> {
    image: &'a CodeImage,
    /// The function that was compiled; none once it was given.
    compiled: Option<FuncIndex>,
    inlined: Option<&'a InlinedCall>,
    wasm_offset: Option<WasmOffset>,
}

impl Iterator for ProgramFrames<'_> {
    type Item = (FuncIndex, Option<WasmOffset>);

    fn next(&mut self) -> Option<Self::Item> {
        let offset = self.wasm_offset;
        let Some(inlined) = self.inlined else {
            return Some((self.compiled.take()?, offset));
        };
        self.inlined = self.image.inlined.around(inlined);
        self.wasm_offset = Some(inlined.called_at);
        Some((inlined.function, offset))
    }
}
