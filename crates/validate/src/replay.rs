//! Validates a piece of code again up to its first fault, and listens.

use crate::witness::{Question, Witness};
use wasmparser::{
    BinaryReader, FuncToValidate, FuncType, FuncValidator, Operator, OperatorsReader, RefType,
    SubType, ValType, ValidatorResources, WasmFeatures, WasmModuleResources,
};

/// Stands for the missing operands of an instruction.
const PLACEHOLDER: ValType = ValType::Ref(RefType::NULLEXNREF);

/// Code that has a fault.
pub(crate) struct Code<'a> {
    pub(crate) reader: BinaryReader<'a>,
    pub(crate) resources: &'a ValidatorResources,
    pub(crate) features: WasmFeatures,
    pub(crate) of: CodeOf,
}

/// What code is of.
pub(crate) enum CodeOf {
    /// The function with this index: it begins with locals.
    Function(u32),
    /// A constant expression that gives a value of this type.
    Constant(ValType),
}

/// Where a fault is.
pub(crate) struct Found {
    /// Number of the instruction.
    pub(crate) instruction: u32,
    /// How many operands of its block were there.
    held: usize,
    /// What did not match what, if that is the fault.
    pub(crate) refused: Option<Question>,
}

impl<'a> Code<'a> {
    /// A validator for it, and a reader of its instructions. None if the fault is before
    /// them.
    fn begin(
        &self,
        witness: Witness<'a>,
    ) -> Option<(FuncValidator<Witness<'a>>, OperatorsReader<'a>)> {
        let mut reader = self.reader.clone();
        let (index, ty, witness) = match self.of {
            CodeOf::Function(index) => (index, witness.type_index_of_function(index)?, witness),
            CodeOf::Constant(mut result) => {
                let offset = self.reader.range().start;
                let known = self
                    .resources
                    .check_value_type(&mut result, &self.features, offset);
                known.ok()?;
                let ty = SubType::func(FuncType::new([], [result]), false);
                (
                    Witness::CONSTANT,
                    Witness::CONSTANT,
                    witness.of_constant(ty),
                )
            }
        };
        let func = FuncToValidate {
            index,
            ty,
            features: self.features,
            resources: witness,
        };
        let mut validator = func.into_validator(Default::default());
        if let CodeOf::Function(_) = self.of {
            validator.read_locals(&mut reader).ok()?;
        }
        Some((validator, OperatorsReader::new(reader)))
    }

    /// The first fault; none if it is in the locals.
    pub(crate) fn fault(&self) -> Option<Found> {
        let (mut validator, mut operators) = self.begin(Witness::truly(self.resources))?;
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
    pub(crate) fn missing(&self, found: &Found) -> Option<ValType> {
        let witness = Witness::agreeing(self.resources, PLACEHOLDER);
        let (mut validator, mut operators) = self.begin(witness)?;
        for _ in 0..found.instruction {
            let (operator, offset) = operators.read_with_offset().ok()?;
            validator.op(offset, &operator).ok()?;
        }
        let (operator, offset) = operators.read_with_offset().ok()?;
        let hty = RefType::NULLEXNREF.heap_type();
        for _ in 0..=found.held {
            validator.op(offset, &Operator::RefNull { hty }).ok()?;
        }
        validator.resources().forget();
        // Whether it is content matters no more.
        let _ = validator.op(offset, &operator);
        validator.resources().wanted().get(found.held).copied()
    }
}
