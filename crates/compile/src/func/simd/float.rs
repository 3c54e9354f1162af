//! Float lanes.

use super::{Binary, Unary};
use crate::func::FuncTranslator;
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{InstBuilder, Type, types};
use types::{F32X4, F64X2};
use wasmparser::Operator;

const ADD: Binary = |b, x, y| b.ins().fadd(x, y);
const SUB: Binary = |b, x, y| b.ins().fsub(x, y);
const MUL: Binary = |b, x, y| b.ins().fmul(x, y);
const DIV: Binary = |b, x, y| b.ins().fdiv(x, y);
pub(super) const MIN: Binary = |b, x, y| b.ins().fmin(x, y);
pub(super) const MAX: Binary = |b, x, y| b.ins().fmax(x, y);
const ABS: Unary = |b, x| b.ins().fabs(x);
const NEG: Unary = |b, x| b.ins().fneg(x);
const SQRT: Unary = |b, x| b.ins().sqrt(x);
const CEIL: Unary = |b, x| b.ins().ceil(x);
const FLOOR: Unary = |b, x| b.ins().floor(x);
const TRUNC: Unary = |b, x| b.ins().trunc(x);
const NEAREST: Unary = |b, x| b.ins().nearest(x);

impl FuncTranslator<'_, '_> {
    pub(super) fn simd_float(&mut self, operator: &Operator<'_>) -> bool {
        use Operator::*;
        if let Some((lanes, make)) = two_operands(operator) {
            self.vector2(lanes, make);
        } else if let Some((lanes, make)) = one_operand(operator) {
            self.vector1(lanes, make);
        } else {
            match operator {
                F32x4PMin => self.pseudo_min(F32X4),
                F64x2PMin => self.pseudo_min(F64X2),
                F32x4PMax => self.pseudo_max(F32X4),
                F64x2PMax => self.pseudo_max(F64X2),
                _ => return false,
            }
        }
        true
    }

    /// The right lane if it is less than the left, else the left: an unordered
    /// pair and equal zeros keep the left.
    fn pseudo_min(&mut self, lanes: Type) {
        let (left, right) = self.pop_lanes2(lanes);
        let less = self.b.ins().fcmp(FloatCC::LessThan, right, left);
        let less = self.as_lanes(less, lanes);
        let result = self.b.ins().bitselect(less, right, left);
        self.push_vector(result);
    }

    /// The right lane if the left is less than it, else the left.
    fn pseudo_max(&mut self, lanes: Type) {
        let (left, right) = self.pop_lanes2(lanes);
        let less = self.b.ins().fcmp(FloatCC::LessThan, left, right);
        let less = self.as_lanes(less, lanes);
        let result = self.b.ins().bitselect(less, right, left);
        self.push_vector(result);
    }
}

fn two_operands(operator: &Operator<'_>) -> Option<(Type, Binary)> {
    use Operator::*;
    Some(match operator {
        F32x4Add => (F32X4, ADD),
        F64x2Add => (F64X2, ADD),
        F32x4Sub => (F32X4, SUB),
        F64x2Sub => (F64X2, SUB),
        F32x4Mul => (F32X4, MUL),
        F64x2Mul => (F64X2, MUL),
        F32x4Div => (F32X4, DIV),
        F64x2Div => (F64X2, DIV),
        F32x4Min => (F32X4, MIN),
        F64x2Min => (F64X2, MIN),
        F32x4Max => (F32X4, MAX),
        F64x2Max => (F64X2, MAX),
        _ => return None,
    })
}

fn one_operand(operator: &Operator<'_>) -> Option<(Type, Unary)> {
    use Operator::*;
    Some(match operator {
        F32x4Abs => (F32X4, ABS),
        F64x2Abs => (F64X2, ABS),
        F32x4Neg => (F32X4, NEG),
        F64x2Neg => (F64X2, NEG),
        F32x4Sqrt => (F32X4, SQRT),
        F64x2Sqrt => (F64X2, SQRT),
        F32x4Ceil => (F32X4, CEIL),
        F64x2Ceil => (F64X2, CEIL),
        F32x4Floor => (F32X4, FLOOR),
        F64x2Floor => (F64X2, FLOOR),
        F32x4Trunc => (F32X4, TRUNC),
        F64x2Trunc => (F64X2, TRUNC),
        F32x4Nearest => (F32X4, NEAREST),
        F64x2Nearest => (F64X2, NEAREST),
        _ => return None,
    })
}
