//! A look ahead at the bodies of modules that use continuations.
//!
//! A `resume` refers to its handler table by its place in the instance, and
//! functions compile in parallel: the tables must be numbered before. And who leaves
//! its stack wants to know the record of it, which is then read at its entry.

use crate::CompileError;
use mangrove_abi::TagIndex;
use mangrove_abi::layout::handler_table_size;
use mangrove_validate::{CompositeType, ParsedModule};
use std::collections::HashMap;
use wasmparser::{BinaryReader, FunctionBody, Handle, Operator, ResumeTable};

/// A handler table as the module states it: the tags, and whether the clause is
/// for `switch`.
pub type Clauses = Vec<(TagIndex, bool)>;

/// What the bodies hold.
#[derive(Default)]
pub struct Prescan {
    /// Distinct tables, in the order of the instance's handler area.
    pub tables: Vec<Clauses>,
    /// Where each lies in that area, in bytes.
    pub offsets: HashMap<Clauses, u32>,
    /// Whether anything searches for a handler.
    pub uses_suspend: bool,
    /// For each body, whether anything in it leaves its stack; none if nothing does in all
    /// of the module.
    pub switches: Vec<bool>,
}

/// The clauses of a `resume`.
pub fn clauses(table: &ResumeTable) -> Clauses {
    let clause = |handle: &Handle| match *handle {
        Handle::OnLabel { tag, .. } => (TagIndex::new(tag), false),
        Handle::OnSwitch { tag } => (TagIndex::new(tag), true),
    };
    table.handlers.iter().map(clause).collect()
}

/// Scans all bodies, if the module has a continuation type at all.
pub fn prescan(module: &ParsedModule) -> Result<Prescan, CompileError> {
    let mut found = Prescan::default();
    // Without a tag nothing can be suspended, without a continuation type
    // nothing resumed; `suspend` alone needs only a tag.
    let continuations = module
        .types
        .iter()
        .any(|ty| matches!(ty.composite, CompositeType::Cont(_)));
    if module.tags.is_empty() && !continuations {
        return Ok(found);
    }
    let mut next = 0;
    let mut switches = vec![false; module.bodies.len()];
    for (body, switches) in module.bodies.iter().zip(&mut switches) {
        let bytes = &module.bytes[body.range.clone()];
        let reader = FunctionBody::new(BinaryReader::new(bytes, body.range.start as u64));
        for operator in reader.get_operators_reader()? {
            match operator? {
                Operator::Resume { resume_table, .. }
                | Operator::ResumeThrow { resume_table, .. }
                | Operator::ResumeThrowRef { resume_table, .. } => {
                    *switches = true;
                    let clauses = clauses(&resume_table);
                    if !clauses.is_empty() && !found.offsets.contains_key(&clauses) {
                        found.offsets.insert(clauses.clone(), next);
                        next += handler_table_size(clauses.len() as u32);
                        found.tables.push(clauses);
                    }
                }
                Operator::Suspend { .. } | Operator::Switch { .. } => {
                    found.uses_suspend = true;
                    *switches = true;
                }
                _ => {}
            }
        }
    }
    found.switches = switches;
    Ok(found)
}
