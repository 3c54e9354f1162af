//! Lays functions, stubs and switch thunks out in one text and resolves every
//! reference between them.
//!
//! ```text
//!  ┌──────────┬────────────┬─────────────────┬────────────┬─────────────┬───
//!  │ stubs    │ function 0 │ its thunks, one │ function 1 │ its thunks  │ …
//!  │          │            │ per switch site │            │             │
//!  └──────────┴────────────┴─────────────────┴────────────┴─────────────┴───
//! ```
//!
//! A switch leaves compiled code as a near call and becomes a jump to a
//! thunk that pushes the site's return point itself. The stack looks the same,
//! maps and catch sites stay attached to the return point, and the CPU's return
//! predictor never hears of it.
//!
//! Next on the road of a `resume`: `crates/stack/src/arch/x86_64/stubs.rs`.

use crate::CompileError;
use crate::arch::{self, FILLER, FUNCTION_ALIGN, REACH, THUNK_ALIGN};
use crate::function::{Callee, CompiledFunc, Relocation};
use mangrove_abi::{
    CatchSite, CodeImage, CodeOffset, FuncIndex, FunctionCode, FunctionKind, SiteTableBuilder,
    SourcePosition, StubImage, TrapSite,
};
use std::collections::HashMap;

/// Collects functions into an image.
pub struct ImageLinker {
    stubs: StubImage,
    image: CodeImage,
    sites: SiteTableBuilder,
    placed: HashMap<FunctionKind, u32>,
    /// Open references, each with the start of its function.
    pending: Vec<(CodeOffset, Relocation)>,
}

impl ImageLinker {
    /// An image that holds the stubs only.
    pub fn new(stubs: StubImage) -> Self {
        let mut linker = Self {
            stubs,
            image: CodeImage::default(),
            sites: SiteTableBuilder::default(),
            placed: HashMap::new(),
            pending: Vec::new(),
        };
        linker.append(FunctionKind::Stubs, stubs.text, FUNCTION_ALIGN);
        linker
    }

    fn append(&mut self, kind: FunctionKind, code: &[u8], align: usize) -> CodeOffset {
        let text = &mut self.image.text;
        text.resize(text.len().next_multiple_of(align), FILLER);
        let start = CodeOffset::new(text.len() as u32);
        text.extend_from_slice(code);
        self.image.functions.push(FunctionCode {
            kind,
            start,
            len: code.len() as u32,
            instance_distance: 0,
        });
        start
    }

    /// Adds a function and the thunks of its switch sites.
    pub fn place(&mut self, function: &CompiledFunc) -> Result<(), CompileError> {
        let index = self.image.functions.len() as u32;
        let start = self.append(function.kind, &function.code, FUNCTION_ALIGN);
        self.image.functions[index as usize].instance_distance = function.instance_distance;
        self.placed.insert(function.kind, index);
        self.place_sites(function, index, start);
        let traps = function.traps.iter();
        self.image
            .traps
            .extend(traps.map(|&(offset, code)| TrapSite {
                pc: start.plus(offset),
                code,
            }));
        for &(offset, wasm_offset) in &function.positions {
            self.image.positions.push(SourcePosition {
                pc: start.plus(offset),
                wasm_offset,
            });
        }
        let first = self.image.inlined.add_calls(&function.inlined);
        for &(from, to, call) in &function.inlined_code {
            let (from, to) = (start.plus(from), start.plus(to));
            self.image.inlined.add_range(from, to, first + call);
        }
        let end = start.plus(function.code.len() as u32);
        self.image.positions.push(SourcePosition {
            pc: end,
            wasm_offset: None,
        });
        for relocation in &function.relocations {
            if relocation.callee == Callee::Switch {
                self.switch_site(start.plus(relocation.offset));
            } else {
                self.pending.push((start, *relocation));
            }
        }
        if self.image.text.len() > REACH {
            return Err(CompileError::TooLarge("more than 2 GiB of machine code"));
        }
        Ok(())
    }

    fn place_sites(&mut self, function: &CompiledFunc, index: u32, start: CodeOffset) {
        let mut scopes: Vec<u32> = Vec::with_capacity(function.scopes.len());
        for scope in &function.scopes {
            let around = scope.around.map(|outer| scopes[outer as usize]);
            let clauses = scope.clauses.iter().copied();
            scopes.push(self.sites.scope(clauses, around));
        }
        for site in &function.sites {
            let catch = site.catch.map(|catch| CatchSite {
                frame_size: catch.frame_size,
                instance_distance: catch.instance_distance,
                pc: start.plus(catch.block),
                scope: scopes[catch.scope as usize],
            });
            let slots = site.slots.iter().copied();
            let pc = start.plus(site.offset);
            self.image.slot_names.add_site(pc, &site.names);
            self.sites.add(pc, index, site.wasm_offset, slots, catch);
        }
        self.image
            .slot_names
            .add_function(index, &function.home_names);
        let homes = function.homes.iter().copied();
        self.sites.share(function.sites.len(), homes);
    }

    /// Turns the call whose distance is at `field` into a jump to a thunk.
    fn switch_site(&mut self, field: CodeOffset) {
        let template = self.stubs.switch_thunk;
        let thunk = self.append(FunctionKind::Stubs, template, THUNK_ALIGN);
        let text = &mut self.image.text;
        let return_point = arch::call_into_jump(text, field, thunk);
        let hole = thunk.plus(self.stubs.switch_return);
        arch::write_distance(text, hole, return_point);
    }

    /// Resolves what is open and builds the tables.
    pub fn finish(mut self, defined: usize, types: usize) -> Result<CodeImage, CompileError> {
        let find = |kind| {
            self.placed
                .get(&kind)
                .map(|&index| self.image.functions[index as usize].start)
        };
        let mut resolved = Vec::with_capacity(self.pending.len());
        for (start, relocation) in &self.pending {
            let target = match relocation.callee {
                Callee::Wasm(index) => find(FunctionKind::Wasm(index)),
                // The stubs begin the text.
                Callee::CallHost => Some(CodeOffset::new(self.stubs.call_host)),
                Callee::Finish => Some(CodeOffset::new(self.stubs.finish)),
                Callee::FindHandler => find(FunctionKind::Helper),
                Callee::Search => find(FunctionKind::Search),
                Callee::Interrupt => find(FunctionKind::Interrupt),
                Callee::Switch => None,
            }
            .ok_or(CompileError::TooLarge(
                "a reference to code that was not made",
            ))?;
            let target = arch::near_target(target, relocation.addend);
            resolved.push((start.plus(relocation.offset), target));
        }
        for (field, target) in resolved {
            arch::write_distance(&mut self.image.text, field, target);
        }
        let mut image = self.image;
        image.sites = self.sites.finish();
        image.slot_names.finish();
        image.traps.sort_unstable_by_key(|trap| trap.pc);
        image.defined = vec![u32::MAX; defined];
        image.entries = vec![None; types];
        image.to_host = vec![None; types];
        let mut wasm: Vec<(FuncIndex, u32)> = Vec::new();
        for (&kind, &index) in &self.placed {
            match kind {
                FunctionKind::Wasm(function) => wasm.push((function, index)),
                FunctionKind::Entry(ty) => image.entries[ty.index()] = Some(index),
                FunctionKind::ToHost(ty) => image.to_host[ty.index()] = Some(index),
                FunctionKind::Helper
                | FunctionKind::Search
                | FunctionKind::Stubs
                | FunctionKind::Interrupt => {}
            }
        }
        wasm.sort_unstable();
        debug_assert_eq!(wasm.len(), defined);
        image.defined = wasm.into_iter().map(|(_, index)| index).collect();
        Ok(image)
    }
}
