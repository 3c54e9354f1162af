//! Vector instructions.
//!
//! A `v128` has no lanes of its own; its instructions say how they see it. On
//! the operand stack it is always CLIF's `i8x16`, so that branches, locals and
//! calls need not know where it came from. An instruction takes it as the lanes
//! it works on and gives it back as bytes; the casts cost no machine code.
//!
//! ```text
//!   i8x16 ──as_lanes──▶ i32x4 ──iadd──▶ i32x4 ──push_vector──▶ i8x16
//! ```
//!
//! Each sub-family is a table from the instruction to the lanes it sees and the
//! CLIF it becomes, and a few lines that apply a row.

mod compare;
mod convert;
mod float;
mod integer;
mod lanes;
mod memory;
mod relaxed;
mod widen;

use super::translator::{FuncTranslator, Known};
use cranelift_codegen::ir::types::I8X16;
use cranelift_codegen::ir::{Endianness, InstBuilder, MemFlagsData, Type, Value};
use cranelift_frontend::FunctionBuilder;
use wasmparser::Operator;

/// CLIF of one operand.
type Unary = fn(&mut FunctionBuilder<'_>, Value) -> Value;
/// CLIF of two operands, left first.
type Binary = fn(&mut FunctionBuilder<'_>, Value, Value) -> Value;

impl FuncTranslator<'_, '_> {
    pub(super) fn simd(&mut self, operator: &Operator<'_>) -> Known {
        Ok(self.simd_memory(operator)
            || self.simd_lanes(operator)
            || self.simd_integer(operator)
            || self.simd_float(operator)
            || self.simd_compare(operator)
            || self.simd_convert(operator)
            || self.simd_widen(operator)
            || self.simd_relaxed(operator))
    }

    /// A vector of any lanes, seen as `lanes`.
    fn as_lanes(&mut self, vector: Value, lanes: Type) -> Value {
        if self.b.func.dfg.value_type(vector) == lanes {
            return vector;
        }
        // Wasm numbers lanes from the lowest address, whatever their width.
        let flags = MemFlagsData::new().with_endianness(Endianness::Little);
        self.b.ins().bitcast(lanes, flags, vector)
    }

    /// Pops a vector as `lanes`.
    fn pop_lanes(&mut self, lanes: Type) -> Value {
        let vector = self.pop();
        self.as_lanes(vector, lanes)
    }

    /// Pops two vectors as `lanes`, in the order they were pushed.
    fn pop_lanes2(&mut self, lanes: Type) -> (Value, Value) {
        let right = self.pop_lanes(lanes);
        let left = self.pop_lanes(lanes);
        (left, right)
    }

    /// Pushes a vector of any lanes.
    fn push_vector(&mut self, vector: Value) {
        let bytes = self.as_lanes(vector, I8X16);
        self.push_value(bytes);
    }

    fn vector1(&mut self, lanes: Type, make: Unary) {
        let operand = self.pop_lanes(lanes);
        let result = make(&mut self.b, operand);
        self.push_vector(result);
    }

    fn vector2(&mut self, lanes: Type, make: Binary) {
        let (left, right) = self.pop_lanes2(lanes);
        let result = make(&mut self.b, left, right);
        self.push_vector(result);
    }

    /// A vector with these bytes, lowest address first.
    fn vector_constant(&mut self, lanes: Type, bytes: &[u8; 16]) -> Value {
        let constant = self.b.func.dfg.constants.insert(bytes[..].into());
        self.b.ins().vconst(lanes, constant)
    }
}
