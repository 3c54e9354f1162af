//! The custom section `metadata.code.branch_hint`.
//!
//! ```text
//!  section    functions by ascending index ─▶ hints by ascending offset ─▶ taken or not
//!  offset     from the start of the function's body, its locals included
//! ```
//!
//! A custom section decides nothing about a module's validity, and this one is
//! not used. What its proposal demands of it is judged only for who asks.

use crate::error::ValidateError;
use crate::features::Language;
use crate::module::ParsedModule;
use std::collections::HashMap;
use wasmparser::{BranchHintSectionReader, KnownCustom, Operator, Parser, Payload};

impl ParsedModule {
    /// Whether the custom sections with a meaning of their own are as the
    /// standard for them has it: at present, branch hints. They have to name
    /// each function of the module once, in order, and in it each `if` or
    /// `br_if` at most once, in order.
    ///
    /// # Errors
    /// The first fault.
    pub fn check_custom_sections(&self) -> Result<(), ValidateError> {
        let imported = self.imported_functions as usize;
        let mut hinted = Vec::new();
        // Offset of its body in the module, by function.
        let mut targets = HashMap::new();
        let mut parser = Parser::new(0);
        parser.set_features(Language::default().features());
        for payload in parser.parse_all(&self.bytes) {
            match payload? {
                Payload::CustomSection(section) => {
                    if let KnownCustom::BranchHints(hints) = section.as_known() {
                        hinted.extend(read(hints, imported..self.functions.len())?);
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    let index = imported + targets.len();
                    let start = body.range().start as usize;
                    targets.insert(index, (start, branches(&body, start)?));
                }
                _ => {}
            }
        }
        for (function, offset) in hinted {
            let (start, branches) = &targets[&function];
            if branches.binary_search(&offset).is_err() {
                return Err(fault(
                    start + offset as usize,
                    format!("branch hint of function {function} is at no `if` or `br_if`"),
                ));
            }
        }
        Ok(())
    }
}

/// Offsets of the instructions in a body that a hint may be for, in ascending order.
fn branches(
    body: &wasmparser::FunctionBody<'_>,
    start: usize,
) -> Result<Vec<u32>, wasmparser::Error> {
    let mut found = Vec::new();
    for operator in body.get_operators_reader()?.into_iter_with_offsets() {
        let (operator, offset) = operator?;
        if matches!(operator, Operator::If { .. } | Operator::BrIf { .. }) {
            found.push((offset as usize - start) as u32);
        }
    }
    Ok(found)
}

/// The hints of a section, by function and offset.
fn read(
    section: BranchHintSectionReader<'_>,
    functions: std::ops::Range<usize>,
) -> Result<Vec<(usize, u32)>, ValidateError> {
    let mut hints = Vec::new();
    let mut last_function = None;
    for entry in section.into_iter_with_offsets() {
        let (at, entry) = entry?;
        let function = entry.func as usize;
        if !functions.contains(&function) {
            return Err(fault(
                at as usize,
                format!("branch hints for function {function}, which has no body"),
            ));
        }
        if last_function.replace(function) >= Some(function) {
            return Err(fault(
                at as usize,
                format!("branch hints for function {function} out of order"),
            ));
        }
        let mut last_offset = None;
        for hint in entry.hints.into_iter_with_offsets() {
            let (at, hint) = hint?;
            let offset = hint.func_offset;
            if last_offset.replace(offset) >= Some(offset) {
                return Err(fault(
                    at as usize,
                    format!("branch hint at offset {offset} out of order"),
                ));
            }
            hints.push((function, offset));
        }
    }
    Ok(hints)
}

fn fault(offset: usize, message: String) -> ValidateError {
    ValidateError::new(offset, message)
}
