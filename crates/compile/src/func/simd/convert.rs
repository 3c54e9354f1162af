//! Between integer and float lanes, and to narrower lanes.

use super::{Binary, Unary};
use crate::func::FuncTranslator;
use cranelift_codegen::ir::{InstBuilder, Type, types};
use types::{F32X4, F64X2, I16X8, I32X4, I64X2};
use wasmparser::Operator;

pub(super) const TRUNC_F32_S: Unary = |b, x| b.ins().fcvt_to_sint_sat(I32X4, x);
pub(super) const TRUNC_F32_U: Unary = |b, x| b.ins().fcvt_to_uint_sat(I32X4, x);
const NARROW_S: Binary = |b, x, y| b.ins().snarrow(x, y);
const NARROW_U: Binary = |b, x, y| b.ins().unarrow(x, y);

impl FuncTranslator<'_, '_> {
    pub(super) fn simd_convert(&mut self, operator: &Operator<'_>) -> bool {
        use Operator::*;
        match operator {
            I32x4TruncSatF64x2SZero => self.trunc_f64_s_zero(),
            I32x4TruncSatF64x2UZero => self.trunc_f64_u_zero(),
            I8x16NarrowI16x8S => self.vector2(I16X8, NARROW_S),
            I8x16NarrowI16x8U => self.vector2(I16X8, NARROW_U),
            I16x8NarrowI32x4S => self.vector2(I32X4, NARROW_S),
            I16x8NarrowI32x4U => self.vector2(I32X4, NARROW_U),
            _ => {
                let Some((lanes, make)) = one_operand(operator) else {
                    return false;
                };
                self.vector1(lanes, make);
            }
        }
        true
    }

    /// Two floats to two saturated `i32`, the high half zero. Saturating twice,
    /// to 64 and to 32 bits, is the same as once; the code generator knows the
    /// pair, and it knows the narrowing of 64-bit lanes in this pair only.
    pub(super) fn trunc_f64_s_zero(&mut self) {
        let floats = self.pop_lanes(F64X2);
        let wide = self.b.ins().fcvt_to_sint_sat(I64X2, floats);
        let zero = self.vector_constant(I64X2, &[0; 16]);
        let narrow = self.b.ins().snarrow(wide, zero);
        self.push_vector(narrow);
    }

    /// The same to unsigned.
    pub(super) fn trunc_f64_u_zero(&mut self) {
        let floats = self.pop_lanes(F64X2);
        let wide = self.b.ins().fcvt_to_uint_sat(I64X2, floats);
        let zero = self.vector_constant(I64X2, &[0; 16]);
        let narrow = self.b.ins().uunarrow(wide, zero);
        self.push_vector(narrow);
    }
}

fn one_operand(operator: &Operator<'_>) -> Option<(Type, Unary)> {
    use Operator::*;
    Some(match operator {
        I32x4TruncSatF32x4S => (F32X4, TRUNC_F32_S),
        I32x4TruncSatF32x4U => (F32X4, TRUNC_F32_U),
        F32x4ConvertI32x4S => (I32X4, |b, x| b.ins().fcvt_from_sint(F32X4, x)),
        F32x4ConvertI32x4U => (I32X4, |b, x| b.ins().fcvt_from_uint(F32X4, x)),
        F64x2ConvertLowI32x4S => (I32X4, |b, x| {
            let wide = b.ins().swiden_low(x);
            b.ins().fcvt_from_sint(F64X2, wide)
        }),
        F64x2ConvertLowI32x4U => (I32X4, |b, x| {
            let wide = b.ins().uwiden_low(x);
            b.ins().fcvt_from_uint(F64X2, wide)
        }),
        F32x4DemoteF64x2Zero => (F64X2, |b, x| b.ins().fvdemote(x)),
        F64x2PromoteLowF32x4 => (F32X4, |b, x| b.ins().fvpromote_low(x)),
        _ => return None,
    })
}
