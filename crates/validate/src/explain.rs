//! Says more of a fault in code than the validator does: which function or global it
//! is in, which instruction, and both types in full.
//!
//! ```text
//!  error ─▶ code by offset ─▶ validated again, with a witness ─▶ the instruction,
//!                                                               the last question asked
//!        "but nothing on stack"? once more, with values there ─▶ what was wanted
//! ```
//!
//! Only a module that is refused pays for this, and for one of its bodies or constant
//! expressions.

use crate::called::Types;
use crate::error::{FaultyFunction, ValidateError};
use crate::module::{EntityIndex, NameSection, ParsedModule};
use crate::names;
use crate::printable;
use crate::replay::{Code, CodeOf, Found};
use crate::witness::Question;
use mangrove_abi::FuncIndex;
use wasmparser::{
    BinaryReader, ConstExpr, ElementItems, ElementKind, FunctionBody, KnownCustom, Parser, Payload,
    TableInit, ValType, Validator, ValidatorResources, WasmFeatures,
};

/// What a mismatch of types starts with in the validator's words.
const MISMATCH: &str = "type mismatch";
/// The end of a message on a value that is not there.
const NOTHING: &str = " but nothing on stack";

/// A module as far as it was read, with code that is not valid.
pub(crate) struct Refused<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) features: WasmFeatures,
    pub(crate) module: &'a ParsedModule,
}

impl<'a> Refused<'a> {
    /// The same fault, said better: of a function's body.
    pub(crate) fn in_body(
        &self,
        mut error: ValidateError,
        resources: &ValidatorResources,
    ) -> ValidateError {
        let bodies = &self.module.bodies;
        let after = bodies.partition_point(|body| body.range.start <= error.offset);
        let Some(body) = after.checked_sub(1) else {
            return error;
        };
        let range = bodies[body].range.clone();
        let bytes = &self.bytes[range.clone()];
        let reader = BinaryReader::new_features(bytes, range.start as u64, self.features);
        let index = FuncIndex::new(self.module.imported_functions + body as u32);
        let code = Code {
            reader: FunctionBody::new(reader).get_binary_reader(),
            resources,
            features: self.features,
            of: CodeOf::Function(index.as_u32()),
        };
        let names = self.names();
        let found = code.fault();
        error.function = Some(FaultyFunction {
            index,
            name: self.name(index, &names),
            body: body as u32,
            instruction: found.as_ref().map(|found| found.instruction),
        });
        if let Some(message) = found.and_then(|found| self.in_full(&error, &code, &found, &names)) {
            error.message = message;
        }
        error
    }

    /// The same fault, said better: of a section with constant expressions. The
    /// validator is the one that has refused it.
    pub(crate) fn in_section(
        &self,
        mut error: ValidateError,
        validator: &mut Validator,
        section: &Payload<'a>,
    ) -> ValidateError {
        // A validator gives its knowledge away for a function's body only, and it must
        // have a function to come.
        if self.module.functions.len() <= self.module.imported_functions as usize
            || !error.message.starts_with(MISMATCH)
        {
            return error;
        }
        let Some((holder, expression, ty)) = self.constant_at(section, error.offset) else {
            return error;
        };
        let empty = FunctionBody::new(BinaryReader::new(&[0, 0x0b], 0));
        let started = validator.code_section_start(&(0..0));
        let Ok(func) = started.and_then(|()| validator.code_section_entry(&empty)) else {
            return error;
        };
        let code = Code {
            reader: expression.get_binary_reader(),
            resources: &func.resources,
            features: self.features,
            of: CodeOf::Constant(ty),
        };
        let names = self.names();
        let found = code.fault();
        if let Some(message) = found.and_then(|found| self.in_full(&error, &code, &found, &names)) {
            error.message = message;
        }
        error.message = format!("{holder}: {}", error.message);
        error
    }

    /// The constant expression at this offset of a section: whose it is, and the type its
    /// value is to have.
    fn constant_at(
        &self,
        section: &Payload<'a>,
        offset: usize,
    ) -> Option<(String, ConstExpr<'a>, ValType)> {
        let is_at = |expression: &ConstExpr<'_>| {
            let range = expression.get_binary_reader().range();
            range.contains(&(offset as u64))
        };
        match section {
            Payload::GlobalSection(section) => {
                let first = self.module.imports.iter();
                let first = first
                    .filter(|import| matches!(import.ty, crate::module::EntityType::Global(_)));
                for (index, global) in (first.count()..).zip(section.clone()) {
                    let global = global.ok()?;
                    if is_at(&global.init_expr) {
                        let ty = global.ty.content_type;
                        return Some((format!("global {index}"), global.init_expr, ty));
                    }
                }
            }
            Payload::TableSection(section) => {
                for (index, table) in (self.module.tables.len()..).zip(section.clone()) {
                    let table = table.ok()?;
                    if let TableInit::Expr(expression) = table.init
                        && is_at(&expression)
                    {
                        let ty = ValType::Ref(table.ty.element_type);
                        return Some((format!("table {index}"), expression, ty));
                    }
                }
            }
            Payload::ElementSection(section) => {
                for (index, element) in section.clone().into_iter().enumerate() {
                    let element = element.ok()?;
                    let holder = format!("element segment {index}");
                    if let ElementKind::Active {
                        table_index,
                        offset_expr,
                    } = element.kind
                        && is_at(&offset_expr)
                    {
                        let table = self.module.tables.get(table_index.unwrap_or(0) as usize)?;
                        let ty = match table.table64 {
                            true => ValType::I64,
                            false => ValType::I32,
                        };
                        return Some((holder, offset_expr, ty));
                    }
                    if let ElementItems::Expressions(ty, items) = element.items {
                        let mut items = items.into_iter().map_while(Result::ok);
                        if let Some(item) = items.find(is_at) {
                            return Some((holder, item, ValType::Ref(ty)));
                        }
                    }
                }
            }
            _ => {}
        }
        None
    }

    /// What the name section says, wherever it is: it may come after the fault.
    fn names(&self) -> NameSection {
        let mut payloads = Parser::new(0).parse_all(self.bytes);
        let found = payloads.find_map(|payload| match payload {
            Ok(Payload::CustomSection(section)) => match section.as_known() {
                KnownCustom::Name(reader) => names::read(reader).ok(),
                _ => None,
            },
            _ => None,
        });
        found.unwrap_or_default()
    }

    fn name(&self, index: FuncIndex, names: &NameSection) -> Option<String> {
        if let Some(name) = names.functions.get(&index) {
            return Some(format!("${}", printable(name)));
        }
        let mut exports = self.module.exports.iter();
        let export = exports.find(|export| export.index == EntityIndex::Func(index))?;
        Some(format!("(export \"{}\")", printable(&export.name)))
    }

    /// A message on types with the types in it; none if it cannot be said which.
    fn in_full(
        &self,
        error: &ValidateError,
        code: &Code<'_>,
        found: &Found,
        names: &NameSection,
    ) -> Option<String> {
        let message = error.message.as_str();
        if !message.starts_with(MISMATCH) {
            return None;
        }
        let types = Types::new(self.module, names, code.resources);
        let Some(wanted) = message.strip_suffix(NOTHING) else {
            let Question { found, wanted } = found.refused?;
            let note = types.note(&[wanted, found])?;
            let (found, wanted) = (types.text(found)?, types.text(wanted)?);
            return Some(match message.contains(": expected ") {
                true => format!("{MISMATCH}: expected {wanted}, found {found}{note}"),
                false => format!("{message}: {found} does not match {wanted}{note}"),
            });
        };
        // The validator's words are right for what has no number.
        let nullable = match wanted.strip_prefix("type mismatch: expected ")? {
            "(ref $type)" => false,
            "(ref null $type)" => true,
            _ => return None,
        };
        let ty = code.missing(found)?;
        let ValType::Ref(reference) = ty else {
            return None;
        };
        if !reference.is_concrete_type_ref() || reference.is_nullable() != nullable {
            return None;
        }
        let (text, note) = (types.text(ty)?, types.note(&[ty])?);
        Some(format!(
            "{MISMATCH}: expected {text}, but nothing is on the stack{note}"
        ))
    }
}
