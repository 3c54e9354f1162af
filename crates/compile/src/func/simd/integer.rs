//! Integer lanes, and the vector as 128 bits.

use super::{Binary, Unary};
use crate::func::FuncTranslator;
use cranelift_codegen::ir::{InstBuilder, Type, types};
use types::{I8X16, I16X8, I32, I32X4, I64X2};
use wasmparser::Operator;

const ADD: Binary = |b, x, y| b.ins().iadd(x, y);
const ADD_SAT_S: Binary = |b, x, y| b.ins().sadd_sat(x, y);
const ADD_SAT_U: Binary = |b, x, y| b.ins().uadd_sat(x, y);
const SUB: Binary = |b, x, y| b.ins().isub(x, y);
const SUB_SAT_S: Binary = |b, x, y| b.ins().ssub_sat(x, y);
const SUB_SAT_U: Binary = |b, x, y| b.ins().usub_sat(x, y);
const MUL: Binary = |b, x, y| b.ins().imul(x, y);
pub(super) const Q15_MUL: Binary = |b, x, y| b.ins().sqmul_round_sat(x, y);
const MIN_S: Binary = |b, x, y| b.ins().smin(x, y);
const MIN_U: Binary = |b, x, y| b.ins().umin(x, y);
const MAX_S: Binary = |b, x, y| b.ins().smax(x, y);
const MAX_U: Binary = |b, x, y| b.ins().umax(x, y);
const AVERAGE: Binary = |b, x, y| b.ins().avg_round(x, y);
// A scalar amount shifts every lane, modulo the lane's width as Wasm has it.
const SHL: Binary = |b, x, n| b.ins().ishl(x, n);
const SHR_S: Binary = |b, x, n| b.ins().sshr(x, n);
const SHR_U: Binary = |b, x, n| b.ins().ushr(x, n);
const ABS: Unary = |b, x| b.ins().iabs(x);
const NEG: Unary = |b, x| b.ins().ineg(x);
const ANY_TRUE: Unary = |b, x| {
    let bit = b.ins().vany_true(x);
    b.ins().uextend(I32, bit)
};
const ALL_TRUE: Unary = |b, x| {
    let bit = b.ins().vall_true(x);
    b.ins().uextend(I32, bit)
};
const BITMASK: Unary = |b, x| b.ins().vhigh_bits(I32, x);

impl FuncTranslator<'_, '_> {
    pub(super) fn simd_integer(&mut self, operator: &Operator<'_>) -> bool {
        if let Some((lanes, make)) = arithmetic(operator).or_else(|| order(operator)) {
            self.vector2(lanes, make);
        } else if let Some((lanes, make)) = one_operand(operator) {
            self.vector1(lanes, make);
        } else if let Some((lanes, make)) = shift(operator) {
            let amount = self.pop();
            let vector = self.pop_lanes(lanes);
            let shifted = make(&mut self.b, vector, amount);
            self.push_vector(shifted);
        } else if let Some((lanes, make)) = summary(operator) {
            let vector = self.pop_lanes(lanes);
            let scalar = make(&mut self.b, vector);
            self.push_value(scalar);
        } else {
            return self.bits(operator);
        }
        true
    }

    fn bits(&mut self, operator: &Operator<'_>) -> bool {
        use Operator::*;
        match operator {
            V128Not => self.vector1(I8X16, |b, x| b.ins().bnot(x)),
            V128And => self.vector2(I8X16, |b, x, y| b.ins().band(x, y)),
            V128AndNot => self.vector2(I8X16, |b, x, y| {
                let y = b.ins().bnot(y);
                b.ins().band(x, y)
            }),
            V128Or => self.vector2(I8X16, |b, x, y| b.ins().bor(x, y)),
            V128Xor => self.vector2(I8X16, |b, x, y| b.ins().bxor(x, y)),
            V128Bitselect => self.bitselect(),
            _ => return false,
        }
        true
    }

    /// Bits of the first operand where the third has ones, of the second elsewhere.
    pub(super) fn bitselect(&mut self) {
        let mask = self.pop();
        let (ones, zeros) = self.pop_lanes2(I8X16);
        let selected = self.b.ins().bitselect(mask, ones, zeros);
        self.push_value(selected);
    }
}

fn arithmetic(operator: &Operator<'_>) -> Option<(Type, Binary)> {
    use Operator::*;
    Some(match operator {
        I8x16Add => (I8X16, ADD),
        I16x8Add => (I16X8, ADD),
        I32x4Add => (I32X4, ADD),
        I64x2Add => (I64X2, ADD),
        I8x16AddSatS => (I8X16, ADD_SAT_S),
        I16x8AddSatS => (I16X8, ADD_SAT_S),
        I8x16AddSatU => (I8X16, ADD_SAT_U),
        I16x8AddSatU => (I16X8, ADD_SAT_U),
        I8x16Sub => (I8X16, SUB),
        I16x8Sub => (I16X8, SUB),
        I32x4Sub => (I32X4, SUB),
        I64x2Sub => (I64X2, SUB),
        I8x16SubSatS => (I8X16, SUB_SAT_S),
        I16x8SubSatS => (I16X8, SUB_SAT_S),
        I8x16SubSatU => (I8X16, SUB_SAT_U),
        I16x8SubSatU => (I16X8, SUB_SAT_U),
        I16x8Mul => (I16X8, MUL),
        I32x4Mul => (I32X4, MUL),
        I64x2Mul => (I64X2, MUL),
        I16x8Q15MulrSatS => (I16X8, Q15_MUL),
        I8x16AvgrU => (I8X16, AVERAGE),
        I16x8AvgrU => (I16X8, AVERAGE),
        _ => return None,
    })
}

fn order(operator: &Operator<'_>) -> Option<(Type, Binary)> {
    use Operator::*;
    Some(match operator {
        I8x16MinS => (I8X16, MIN_S),
        I16x8MinS => (I16X8, MIN_S),
        I32x4MinS => (I32X4, MIN_S),
        I8x16MinU => (I8X16, MIN_U),
        I16x8MinU => (I16X8, MIN_U),
        I32x4MinU => (I32X4, MIN_U),
        I8x16MaxS => (I8X16, MAX_S),
        I16x8MaxS => (I16X8, MAX_S),
        I32x4MaxS => (I32X4, MAX_S),
        I8x16MaxU => (I8X16, MAX_U),
        I16x8MaxU => (I16X8, MAX_U),
        I32x4MaxU => (I32X4, MAX_U),
        _ => return None,
    })
}

fn shift(operator: &Operator<'_>) -> Option<(Type, Binary)> {
    use Operator::*;
    Some(match operator {
        I8x16Shl => (I8X16, SHL),
        I16x8Shl => (I16X8, SHL),
        I32x4Shl => (I32X4, SHL),
        I64x2Shl => (I64X2, SHL),
        I8x16ShrS => (I8X16, SHR_S),
        I16x8ShrS => (I16X8, SHR_S),
        I32x4ShrS => (I32X4, SHR_S),
        I64x2ShrS => (I64X2, SHR_S),
        I8x16ShrU => (I8X16, SHR_U),
        I16x8ShrU => (I16X8, SHR_U),
        I32x4ShrU => (I32X4, SHR_U),
        I64x2ShrU => (I64X2, SHR_U),
        _ => return None,
    })
}

fn one_operand(operator: &Operator<'_>) -> Option<(Type, Unary)> {
    use Operator::*;
    Some(match operator {
        I8x16Abs => (I8X16, ABS),
        I16x8Abs => (I16X8, ABS),
        I32x4Abs => (I32X4, ABS),
        I64x2Abs => (I64X2, ABS),
        I8x16Neg => (I8X16, NEG),
        I16x8Neg => (I16X8, NEG),
        I32x4Neg => (I32X4, NEG),
        I64x2Neg => (I64X2, NEG),
        I8x16Popcnt => (I8X16, |b, x| b.ins().popcnt(x)),
        _ => return None,
    })
}

/// Instructions that make an `i32` of a vector.
fn summary(operator: &Operator<'_>) -> Option<(Type, Unary)> {
    use Operator::*;
    Some(match operator {
        V128AnyTrue => (I8X16, ANY_TRUE),
        I8x16AllTrue => (I8X16, ALL_TRUE),
        I16x8AllTrue => (I16X8, ALL_TRUE),
        I32x4AllTrue => (I32X4, ALL_TRUE),
        I64x2AllTrue => (I64X2, ALL_TRUE),
        I8x16Bitmask => (I8X16, BITMASK),
        I16x8Bitmask => (I16X8, BITMASK),
        I32x4Bitmask => (I32X4, BITMASK),
        I64x2Bitmask => (I64X2, BITMASK),
        _ => return None,
    })
}
