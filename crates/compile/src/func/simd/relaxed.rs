//! Relaxed vector instructions, made strict.
//!
//! The specification lets each of them differ between machines. Here none does:
//! the result depends on the operands alone, so that what a module computes does
//! not change with the machine it runs on.
//!
//! ```text
//!   swizzle, trunc, min, max, q15mulr   the instruction without `relaxed`
//!   laneselect                          bitselect
//!   madd, nmadd                         product rounded, then sum rounded: a
//!                                       fused one is not on every machine
//!   dot                                 both operands signed, i16 sums wrap
//!   dot_add                             that dot, neighbours added in i32
//! ```

use super::convert::{TRUNC_F32_S, TRUNC_F32_U};
use super::float::{MAX, MIN};
use super::integer::Q15_MUL;
use super::widen::{ADD_PAIRS_S, DOT_S};
use crate::func::FuncTranslator;
use cranelift_codegen::ir::{InstBuilder, Type, types};
use types::{F32X4, F64X2, I8X16, I16X8, I32X4};
use wasmparser::Operator;

impl FuncTranslator<'_, '_> {
    pub(super) fn simd_relaxed(&mut self, operator: &Operator<'_>) -> bool {
        use Operator::*;
        match operator {
            I8x16RelaxedSwizzle => self.vector2(I8X16, |b, x, y| b.ins().swizzle(x, y)),
            I32x4RelaxedTruncF32x4S => self.vector1(F32X4, TRUNC_F32_S),
            I32x4RelaxedTruncF32x4U => self.vector1(F32X4, TRUNC_F32_U),
            I32x4RelaxedTruncF64x2SZero => self.trunc_f64_s_zero(),
            I32x4RelaxedTruncF64x2UZero => self.trunc_f64_u_zero(),
            F32x4RelaxedMadd => self.multiply_add(F32X4, false),
            F64x2RelaxedMadd => self.multiply_add(F64X2, false),
            F32x4RelaxedNmadd => self.multiply_add(F32X4, true),
            F64x2RelaxedNmadd => self.multiply_add(F64X2, true),
            I8x16RelaxedLaneselect
            | I16x8RelaxedLaneselect
            | I32x4RelaxedLaneselect
            | I64x2RelaxedLaneselect => self.bitselect(),
            F32x4RelaxedMin => self.vector2(F32X4, MIN),
            F64x2RelaxedMin => self.vector2(F64X2, MIN),
            F32x4RelaxedMax => self.vector2(F32X4, MAX),
            F64x2RelaxedMax => self.vector2(F64X2, MAX),
            I16x8RelaxedQ15mulrS => self.vector2(I16X8, Q15_MUL),
            I16x8RelaxedDotI8x16I7x16S => self.vector2(I8X16, DOT_S),
            I32x4RelaxedDotI8x16I7x16AddS => self.dot_add(),
            _ => return false,
        }
        true
    }

    /// `x * y + z`, or `-(x * y) + z`.
    fn multiply_add(&mut self, lanes: Type, negated: bool) {
        let addend = self.pop_lanes(lanes);
        let (left, right) = self.pop_lanes2(lanes);
        let left = if negated {
            self.b.ins().fneg(left)
        } else {
            left
        };
        let product = self.b.ins().fmul(left, right);
        let sum = self.b.ins().fadd(product, addend);
        self.push_vector(sum);
    }

    fn dot_add(&mut self) {
        let addend = self.pop_lanes(I32X4);
        let (left, right) = self.pop_lanes2(I8X16);
        let pairs = DOT_S(&mut self.b, left, right);
        let quads = ADD_PAIRS_S(&mut self.b, pairs);
        let sum = self.b.ins().iadd(quads, addend);
        self.push_vector(sum);
    }
}
