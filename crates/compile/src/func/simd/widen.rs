//! To lanes of twice the width: extended, multiplied, added in pairs.

use super::{Binary, Unary};
use crate::func::FuncTranslator;
use cranelift_codegen::ir::{InstBuilder, Type, types};
use types::{I8X16, I16X8, I32X4};
use wasmparser::Operator;

const LOW_S: Unary = |b, x| b.ins().swiden_low(x);
const LOW_U: Unary = |b, x| b.ins().uwiden_low(x);
const HIGH_S: Unary = |b, x| b.ins().swiden_high(x);
const HIGH_U: Unary = |b, x| b.ins().uwiden_high(x);

/// The sum of each two neighbours.
pub(super) const ADD_PAIRS_S: Unary = |b, x| {
    let (low, high) = (LOW_S(b, x), HIGH_S(b, x));
    b.ins().iadd_pairwise(low, high)
};
const ADD_PAIRS_U: Unary = |b, x| {
    let (low, high) = (LOW_U(b, x), HIGH_U(b, x));
    b.ins().iadd_pairwise(low, high)
};

/// The sum of the products of each two neighbours, wrapping in the wide lane.
pub(super) const DOT_S: Binary = |b, x, y| {
    let (x_low, y_low) = (LOW_S(b, x), LOW_S(b, y));
    let low = b.ins().imul(x_low, y_low);
    let (x_high, y_high) = (HIGH_S(b, x), HIGH_S(b, y));
    let high = b.ins().imul(x_high, y_high);
    b.ins().iadd_pairwise(low, high)
};

impl FuncTranslator<'_, '_> {
    pub(super) fn simd_widen(&mut self, operator: &Operator<'_>) -> bool {
        use Operator::*;
        if let Some((lanes, half)) = extend(operator) {
            self.vector1(lanes, half);
            return true;
        }
        if let Some((lanes, half)) = multiply(operator) {
            let (left, right) = self.pop_lanes2(lanes);
            let (left, right) = (half(&mut self.b, left), half(&mut self.b, right));
            let product = self.b.ins().imul(left, right);
            self.push_vector(product);
            return true;
        }
        match operator {
            I16x8ExtAddPairwiseI8x16S => self.vector1(I8X16, ADD_PAIRS_S),
            I16x8ExtAddPairwiseI8x16U => self.vector1(I8X16, ADD_PAIRS_U),
            I32x4ExtAddPairwiseI16x8S => self.vector1(I16X8, ADD_PAIRS_S),
            I32x4ExtAddPairwiseI16x8U => self.vector1(I16X8, ADD_PAIRS_U),
            I32x4DotI16x8S => self.vector2(I16X8, DOT_S),
            _ => return false,
        }
        true
    }
}

fn extend(operator: &Operator<'_>) -> Option<(Type, Unary)> {
    use Operator::*;
    Some(match operator {
        I16x8ExtendLowI8x16S => (I8X16, LOW_S),
        I16x8ExtendLowI8x16U => (I8X16, LOW_U),
        I16x8ExtendHighI8x16S => (I8X16, HIGH_S),
        I16x8ExtendHighI8x16U => (I8X16, HIGH_U),
        I32x4ExtendLowI16x8S => (I16X8, LOW_S),
        I32x4ExtendLowI16x8U => (I16X8, LOW_U),
        I32x4ExtendHighI16x8S => (I16X8, HIGH_S),
        I32x4ExtendHighI16x8U => (I16X8, HIGH_U),
        I64x2ExtendLowI32x4S => (I32X4, LOW_S),
        I64x2ExtendLowI32x4U => (I32X4, LOW_U),
        I64x2ExtendHighI32x4S => (I32X4, HIGH_S),
        I64x2ExtendHighI32x4U => (I32X4, HIGH_U),
        _ => return None,
    })
}

/// The half of both operands that is multiplied.
fn multiply(operator: &Operator<'_>) -> Option<(Type, Unary)> {
    use Operator::*;
    Some(match operator {
        I16x8ExtMulLowI8x16S => (I8X16, LOW_S),
        I16x8ExtMulLowI8x16U => (I8X16, LOW_U),
        I16x8ExtMulHighI8x16S => (I8X16, HIGH_S),
        I16x8ExtMulHighI8x16U => (I8X16, HIGH_U),
        I32x4ExtMulLowI16x8S => (I16X8, LOW_S),
        I32x4ExtMulLowI16x8U => (I16X8, LOW_U),
        I32x4ExtMulHighI16x8S => (I16X8, HIGH_S),
        I32x4ExtMulHighI16x8U => (I16X8, HIGH_U),
        I64x2ExtMulLowI32x4S => (I32X4, LOW_S),
        I64x2ExtMulLowI32x4U => (I32X4, LOW_U),
        I64x2ExtMulHighI32x4S => (I32X4, HIGH_S),
        I64x2ExtMulHighI32x4U => (I32X4, HIGH_U),
        _ => return None,
    })
}
