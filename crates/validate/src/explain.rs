//! Says more of a fault in a function's body than the validator does: which
//! function it is, which instruction, and both types in full.
//!
//! ```text
//!  error ─▶ body by offset ─▶ validated again, with a witness ─▶ the instruction,
//!                                                               the last question asked
//!        "but nothing on stack"? once more, with values there ─▶ what was wanted
//! ```
//!
//! Only a module that is refused pays for this, and for one of its bodies.

use crate::error::{FaultyFunction, ValidateError};
use crate::module::{EntityIndex, ParsedModule};
use crate::types::{HeapType, RefType, ValType};
use crate::witness::{Question, Witness};
use crate::{convert, printable};
use mangrove_abi::{FuncIndex, TypeIndex};
use std::collections::HashMap;
use wasmparser::types::CoreTypeId;
use wasmparser::{
    BinaryReader, FuncToValidate, FuncValidator, FunctionBody, Operator, OperatorsReader,
    UnpackedIndex, ValidatorResources, WasmFeatures, WasmModuleResources,
};

/// What a mismatch of types starts with in the validator's words.
const MISMATCH: &str = "type mismatch";
/// The end of a message on a value that is not there.
const NOTHING: &str = " but nothing on stack";

/// A module as far as it was read, of which a body is not valid.
pub(crate) struct Refused<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) features: WasmFeatures,
    pub(crate) module: &'a ParsedModule,
    pub(crate) resources: &'a ValidatorResources,
}

impl Refused<'_> {
    /// The same fault, said better.
    pub(crate) fn explain(&self, mut error: ValidateError) -> ValidateError {
        let bodies = &self.module.bodies;
        let after = bodies.partition_point(|body| body.range.start <= error.offset);
        let Some(body) = after.checked_sub(1) else {
            return error;
        };
        let index = FuncIndex::new(self.module.imported_functions + body as u32);
        let found = self.replay(body, index);
        error.function = Some(FaultyFunction {
            index,
            name: self.name(index),
            body: body as u32,
            instruction: found.as_ref().map(|found| found.instruction),
        });
        if error.message.starts_with(MISMATCH)
            && let Some(found) = found
            && let Some(message) = self.in_full(&error.message, body, index, &found)
        {
            error.message = message;
        }
        error
    }

    fn name(&self, index: FuncIndex) -> Option<String> {
        if let Some(name) = self.module.names.functions.get(&index) {
            return Some(format!("${}", printable(name)));
        }
        let mut exports = self.module.exports.iter();
        let export = exports.find(|export| export.index == EntityIndex::Func(index))?;
        Some(format!("(export \"{}\")", printable(&export.name)))
    }

    /// A message on types with the types in it; none if it cannot be said which.
    fn in_full(
        &self,
        message: &str,
        body: usize,
        index: FuncIndex,
        found: &Found,
    ) -> Option<String> {
        let types = Types::new(self);
        if let Some(wanted) = message.strip_suffix(NOTHING) {
            let wanted = wanted.strip_prefix("type mismatch: expected ")?;
            // The validator's words are right for what has no number.
            if !matches!(wanted, "(ref $type)" | "(ref null $type)") {
                return None;
            }
            let ty = self.missing(body, index, found)?;
            let wasmparser::ValType::Ref(reference) = ty else {
                return None;
            };
            if !reference.is_concrete_type_ref()
                || reference.is_nullable() != wanted.contains("null")
            {
                return None;
            }
            let text = types.text(ty)?;
            let note = types.note(&[ty])?;
            return Some(format!(
                "{MISMATCH}: expected {text}, but nothing is on the stack{note}"
            ));
        }
        let Question { found, wanted } = found.refused?;
        let note = types.note(&[wanted, found])?;
        let (found, wanted) = (types.text(found)?, types.text(wanted)?);
        Some(match message.contains(": expected ") {
            true => format!("{MISMATCH}: expected {wanted}, found {found}{note}"),
            false => format!("{message}: {found} does not match {wanted}{note}"),
        })
    }

    fn validator<'w>(
        &self,
        index: FuncIndex,
        witness: Witness<'w>,
    ) -> Option<FuncValidator<Witness<'w>>> {
        let func = FuncToValidate {
            index: index.as_u32(),
            ty: witness.type_index_of_function(index.as_u32())?,
            features: self.features,
            resources: witness,
        };
        Some(func.into_validator(Default::default()))
    }

    fn reader(&self, body: usize) -> Option<BinaryReader<'_>> {
        let range = self.module.bodies.get(body)?.range.clone();
        let bytes = self.bytes.get(range.clone())?;
        let reader = BinaryReader::new_features(bytes, range.start as u64, self.features);
        Some(FunctionBody::new(reader).get_binary_reader())
    }

    /// Validates a body up to its first fault; none if that is in the locals.
    fn replay(&self, body: usize, index: FuncIndex) -> Option<Found> {
        let mut reader = self.reader(body)?;
        let mut validator = self.validator(index, Witness::truly(self.resources))?;
        validator.read_locals(&mut reader).ok()?;
        let mut operators = OperatorsReader::new(reader);
        let mut instruction = 0;
        loop {
            let mut found = Found {
                instruction,
                held: 0,
                refused: None,
            };
            let Ok((operator, offset)) = operators.read_with_offset() else {
                return Some(found);
            };
            let floor = validator
                .get_control_frame(0)
                .map_or(0, |frame| frame.height);
            found.held = (validator.operand_stack_height() as usize).saturating_sub(floor);
            validator.resources().forget();
            if validator.op(offset, &operator).is_err() {
                found.refused = validator.resources().refused();
                return Some(found);
            }
            if operators.eof() {
                return Some(found);
            }
            instruction += 1;
        }
    }

    /// What an instruction wanted that found too few values: its operands are taken
    /// from the last to the first, so the one it wanted after those there were.
    fn missing(&self, body: usize, index: FuncIndex, found: &Found) -> Option<wasmparser::ValType> {
        const PLACEHOLDER: wasmparser::ValType =
            wasmparser::ValType::Ref(wasmparser::RefType::NULLEXNREF);
        let mut reader = self.reader(body)?;
        let witness = Witness::agreeing(self.resources, PLACEHOLDER);
        let mut validator = self.validator(index, witness)?;
        validator.read_locals(&mut reader).ok()?;
        let mut operators = OperatorsReader::new(reader);
        for _ in 0..found.instruction {
            let (operator, offset) = operators.read_with_offset().ok()?;
            validator.op(offset, &operator).ok()?;
        }
        let (operator, offset) = operators.read_with_offset().ok()?;
        let hty = wasmparser::RefType::NULLEXNREF.heap_type();
        for _ in 0..=found.held {
            validator.op(offset, &Operator::RefNull { hty }).ok()?;
        }
        validator.resources().forget();
        // Whether it is content matters no more.
        let _ = validator.op(offset, &operator);
        validator.resources().wanted().get(found.held).copied()
    }
}

/// Where in a body a fault is.
struct Found {
    /// Number of the instruction.
    instruction: u32,
    /// How many operands of its block were there.
    held: usize,
    /// What did not match what, if that is the fault.
    refused: Option<Question>,
}

/// The module's types by what the validator calls them.
struct Types<'a> {
    module: &'a ParsedModule,
    /// Equal types are one to it: the first of them, with a name if one has it.
    indices: HashMap<CoreTypeId, TypeIndex>,
}

impl<'a> Types<'a> {
    fn new(refused: &Refused<'a>) -> Self {
        let module = refused.module;
        let mut indices: HashMap<CoreTypeId, TypeIndex> = HashMap::new();
        for index in (0..module.types.len() as u32).map(TypeIndex::new) {
            let at = UnpackedIndex::Module(index.as_u32());
            let mut heap = wasmparser::HeapType::Concrete(at);
            if refused.resources.check_heap_type(&mut heap, 0).is_ok()
                && let wasmparser::HeapType::Concrete(UnpackedIndex::Id(id)) = heap
            {
                let known = *indices.entry(id).or_insert(index);
                let names = &module.names.types;
                if !names.contains_key(&known) && names.contains_key(&index) {
                    indices.insert(id, index);
                }
            }
        }
        Self { module, indices }
    }

    fn convert(&self, ty: wasmparser::ValType) -> Option<ValType<TypeIndex>> {
        let wasmparser::ValType::Ref(reference) = ty else {
            return convert::val_type(ty).ok();
        };
        let heap = match reference.heap_type() {
            wasmparser::HeapType::Concrete(UnpackedIndex::Id(id)) => {
                HeapType::Concrete(*self.indices.get(&id)?)
            }
            other => convert::heap_type(other).ok()?,
        };
        Some(ValType::Ref(RefType {
            nullable: reference.is_nullable(),
            heap,
        }))
    }

    fn text(&self, ty: wasmparser::ValType) -> Option<String> {
        Some(self.convert(ty)?.text(|index| self.called(index)))
    }

    /// What a type is called: by its name, and by its number where another type has the
    /// same one.
    fn called(&self, index: TypeIndex) -> String {
        let names = &self.module.names.types;
        match names.get(&index) {
            Some(name) if names.values().filter(|other| *other == name).count() == 1 => {
                format!("${}", printable(name))
            }
            _ => index.to_string(),
        }
    }

    /// What the defined types among these are, each once.
    fn note(&self, types: &[wasmparser::ValType]) -> Option<String> {
        let mut defined = Vec::new();
        for &ty in types {
            if let ValType::Ref(ty) = self.convert(ty)?
                && let HeapType::Concrete(index) = ty.heap
                && !defined.contains(&index)
            {
                defined.push(index);
            }
        }
        let notes = defined.into_iter().map(|index| {
            let ty = self.module.types.get(index.index());
            let ty = ty.map_or_else(String::new, |ty| ty.text(|index| self.called(index)));
            let name = self.module.names.types.get(&index);
            let name = name.map_or_else(String::new, |name| format!(" ${}", printable(name)));
            let within = |group: &&std::ops::Range<u32>| group.contains(&index.as_u32());
            let group = match self.module.rec_groups.iter().find(within) {
                Some(group) if group.len() > 1 => {
                    format!(", in a recursion group of {}", group.len())
                }
                _ => String::new(),
            };
            format!("; type {index}{name} is {ty}{group}")
        });
        Some(notes.collect())
    }
}
