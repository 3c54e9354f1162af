//! Where a module's instructions are, for who wants to stop at one.

use crate::module::{FunctionBody as Body, ParsedModule};
use mangrove_abi::FuncIndex;
use wasmparser::{BinaryReader, BinaryReaderError, FunctionBody, Operator};

/// What there is around a byte offset of a module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// The function whose instruction begins there; none if no instruction that can be
    /// stopped at does.
    pub exactly: Option<FuncIndex>,
    /// The last instruction before that can be stopped at,
    pub before: Option<u32>,
    /// and the first behind.
    pub behind: Option<u32>,
}

impl ParsedModule {
    /// Looks for an instruction at a byte offset that can be stopped at. That is each of a
    /// function's body but `else` and `end`, which do nothing: what jumps to one goes on
    /// behind it.
    ///
    /// # Errors
    /// The body cannot be read, which is validated.
    ///
    /// # Examples
    /// ```
    /// use mangrove_validate::ParsedModule;
    ///
    /// let text = "(module (func (drop (i32.const 1000))))";
    /// let module = ParsedModule::parse(wat::parse_str(text)?)?;
    /// // No locals; `i32.const` in three bytes, `drop`, `end`.
    /// let first = module.bodies[0].range.start as u32 + 1;
    /// assert!(module.instruction_around(first)?.exactly.is_some());
    /// let inside = module.instruction_around(first + 1)?;
    /// assert_eq!((inside.before, inside.behind), (Some(first), Some(first + 3)));
    /// assert_eq!(module.instruction_around(first + 4)?.exactly, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn instruction_around(&self, offset: u32) -> Result<Around, BinaryReaderError> {
        let mut around = Around::default();
        let at = |body: &Body| body.range.start <= offset as usize;
        let next = self.bodies.partition_point(at);
        // Bodies without any instruction are passed over.
        for body in (0..next).rev() {
            self.look_around(body, offset, &mut around)?;
            if around.before.is_some() || around.exactly.is_some() {
                break;
            }
        }
        for body in next..self.bodies.len() {
            if around.behind.is_some() {
                break;
            }
            self.look_around(body, offset, &mut around)?;
        }
        Ok(around)
    }

    fn look_around(
        &self,
        body: usize,
        offset: u32,
        around: &mut Around,
    ) -> Result<(), BinaryReaderError> {
        let range = self.bodies[body].range.clone();
        let bytes = BinaryReader::new(&self.bytes[range.clone()], range.start as u64);
        let mut reader = FunctionBody::new(bytes).get_operators_reader()?;
        while !reader.eof() {
            let (operator, at) = reader.read_with_offset()?;
            if matches!(operator, Operator::End | Operator::Else) {
                continue;
            }
            let at = at as u32;
            if at < offset {
                around.before = Some(at);
            } else if at == offset {
                let function = self.imported_functions + body as u32;
                around.exactly = Some(FuncIndex::new(function));
            } else {
                around.behind.get_or_insert(at);
                break;
            }
        }
        Ok(())
    }
}
