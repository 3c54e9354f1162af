//! Function bodies: validated in parallel, and searched on the way for what
//! the rest of the system asks of them.

use crate::error::ValidateError;
use crate::features::Language;
use crate::module::{ParsedModule, ThrownTag};
use mangrove_abi::{FuncIndex, TagIndex, WasmOffset};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::collections::BTreeMap;
use wasmparser::{
    BinaryReader, FuncToValidate, FuncValidatorAllocations, FunctionBody, Operator,
    OperatorsReader, OperatorsReaderAllocations, ValidatorResources,
};

/// A body that waits to be validated.
pub(crate) struct Body<'a> {
    pub(crate) func: FuncToValidate<ValidatorResources>,
    pub(crate) body: FunctionBody<'a>,
}

/// What was found in some bodies.
#[derive(Default)]
pub(crate) struct BodyFacts {
    /// Functions a `ref.func` names, some perhaps more than once.
    pub(crate) referred: Vec<FuncIndex>,
    /// Lowest offset of an instruction that throws a tag, by tag.
    throws: BTreeMap<TagIndex, usize>,
}

impl BodyFacts {
    fn note(&mut self, operator: &Operator<'_>, offset: u64) {
        match *operator {
            Operator::RefFunc { function_index } => {
                self.referred.push(FuncIndex::new(function_index));
            }
            Operator::Throw { tag_index } | Operator::ResumeThrow { tag_index, .. } => {
                let tag = TagIndex::new(tag_index);
                self.throws.entry(tag).or_insert(offset as usize);
            }
            _ => {}
        }
    }

    /// These facts and those of bodies further on.
    fn join(mut self, mut later: Self) -> Self {
        self.referred.append(&mut later.referred);
        for (tag, offset) in later.throws {
            self.throws.entry(tag).or_insert(offset);
        }
        self
    }

    /// The tags thrown, in the order of their first places.
    pub(crate) fn thrown_tags(&self) -> Vec<ThrownTag> {
        let mut tags: Vec<_> = self
            .throws
            .iter()
            .map(|(&tag, &offset)| ThrownTag { tag, offset })
            .collect();
        tags.sort_unstable_by_key(|thrown| thrown.offset);
        tags
    }
}

/// Memory one thread uses again for each body it validates.
#[derive(Default)]
struct Scratch {
    validator: FuncValidatorAllocations,
    reader: OperatorsReaderAllocations,
}

impl ParsedModule {
    /// The offsets in the module of a body's instructions, in order: numbers of bodies begin
    /// behind imports.
    ///
    /// # Examples
    /// ```
    /// use mangrove_validate::ParsedModule;
    ///
    /// let module = ParsedModule::parse(wat::parse_str("(module (func nop nop))")?)?;
    /// let offsets = module.instruction_offsets(0);
    /// // The last is the `end`, which nobody writes.
    /// assert_eq!(offsets.len(), 3);
    /// assert_eq!(offsets[1], offsets[0] + 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn instruction_offsets(&self, body: usize) -> Vec<u32> {
        let Some(range) = self.bodies.get(body).map(|body| body.range.clone()) else {
            return Vec::new();
        };
        let start = range.start as u64;
        let body = FunctionBody::new(BinaryReader::new(&self.bytes[range], start));
        // They were parsed before: none is amiss.
        let Ok(operators) = body.get_operators_reader() else {
            return Vec::new();
        };
        let operators = operators.into_iter_with_offsets();
        let offsets = operators.map_while(|read| Some(read.ok()?.1 as u32));
        offsets.collect()
    }
}

/// Validates all bodies, given in the order of their offsets.
pub(crate) fn validate(bodies: Vec<Body<'_>>) -> Result<BodyFacts, ValidateError> {
    bodies
        .into_par_iter()
        .map_init(Scratch::default, |scratch, body| {
            validate_one(body, scratch)
        })
        .reduce(|| Ok(BodyFacts::default()), earliest)
}

/// Joins the outcomes of two neighbouring stretches of bodies. Both sides are
/// complete, so the error that remains does not depend on who was faster.
fn earliest(
    a: Result<BodyFacts, ValidateError>,
    b: Result<BodyFacts, ValidateError>,
) -> Result<BodyFacts, ValidateError> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok(a.join(b)),
        (Err(a), Err(b)) => Err(if b.offset < a.offset { b } else { a }),
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
    }
}

fn validate_one(body: Body<'_>, scratch: &mut Scratch) -> Result<BodyFacts, ValidateError> {
    let Body { func, body } = body;
    let mut validator = func.into_validator(std::mem::take(&mut scratch.validator));
    let mut reader = body.get_binary_reader();
    validator.read_locals(&mut reader)?;
    let mut operators =
        OperatorsReader::new_with_allocs(reader, std::mem::take(&mut scratch.reader));
    let mut facts = BodyFacts::default();
    while !operators.eof() {
        let (operator, offset) = operators.read_with_offset()?;
        validator.op(offset, &operator)?;
        facts.note(&operator, offset);
    }
    operators.finish()?;
    scratch.reader = operators.into_allocations();
    scratch.validator = validator.into_allocations();
    Ok(facts)
}

impl ParsedModule {
    /// The tag that the instruction at this byte offset suspends or switches with; none if
    /// it is another instruction.
    ///
    /// # Examples
    /// ```
    /// use mangrove_abi::{TagIndex, WasmOffset};
    /// use mangrove_validate::ParsedModule;
    ///
    /// let text = "(module (tag) (tag $t) (func (suspend $t)))";
    /// let module = ParsedModule::parse(wat::parse_str(text)?)?;
    /// // After the count of locals.
    /// let offset = WasmOffset::new(module.bodies[0].range.start as u32 + 1);
    /// assert_eq!(module.suspended_tag(offset.unwrap()), Some(TagIndex::new(1)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn suspended_tag(&self, offset: WasmOffset) -> Option<TagIndex> {
        let offset = offset.as_u32();
        let bytes = self.bytes.get(offset as usize..)?;
        let features = Language::default().features();
        let reader = BinaryReader::new_features(bytes, offset.into(), features);
        match OperatorsReader::new(reader).read().ok()? {
            Operator::Suspend { tag_index } | Operator::Switch { tag_index, .. } => {
                Some(TagIndex::new(tag_index))
            }
            _ => None,
        }
    }
}
