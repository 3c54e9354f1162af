//! Comparisons: each lane becomes all ones or all zeros.

use crate::func::FuncTranslator;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{InstBuilder, Type, types};
use types::{F32X4, F64X2, I8X16, I16X8, I32X4, I64X2};
use wasmparser::Operator;

impl FuncTranslator<'_, '_> {
    pub(super) fn simd_compare(&mut self, operator: &Operator<'_>) -> bool {
        let mask = if let Some((lanes, condition)) = integers(operator) {
            let (left, right) = self.pop_lanes2(lanes);
            self.b.ins().icmp(condition, left, right)
        } else if let Some((lanes, condition)) = floats(operator) {
            let (left, right) = self.pop_lanes2(lanes);
            self.b.ins().fcmp(condition, left, right)
        } else {
            return false;
        };
        self.push_vector(mask);
        true
    }
}

fn integers(operator: &Operator<'_>) -> Option<(Type, IntCC)> {
    use Operator::*;
    Some(match operator {
        I8x16Eq => (I8X16, IntCC::Equal),
        I8x16Ne => (I8X16, IntCC::NotEqual),
        I8x16LtS => (I8X16, IntCC::SignedLessThan),
        I8x16LtU => (I8X16, IntCC::UnsignedLessThan),
        I8x16GtS => (I8X16, IntCC::SignedGreaterThan),
        I8x16GtU => (I8X16, IntCC::UnsignedGreaterThan),
        I8x16LeS => (I8X16, IntCC::SignedLessThanOrEqual),
        I8x16LeU => (I8X16, IntCC::UnsignedLessThanOrEqual),
        I8x16GeS => (I8X16, IntCC::SignedGreaterThanOrEqual),
        I8x16GeU => (I8X16, IntCC::UnsignedGreaterThanOrEqual),
        I16x8Eq => (I16X8, IntCC::Equal),
        I16x8Ne => (I16X8, IntCC::NotEqual),
        I16x8LtS => (I16X8, IntCC::SignedLessThan),
        I16x8LtU => (I16X8, IntCC::UnsignedLessThan),
        I16x8GtS => (I16X8, IntCC::SignedGreaterThan),
        I16x8GtU => (I16X8, IntCC::UnsignedGreaterThan),
        I16x8LeS => (I16X8, IntCC::SignedLessThanOrEqual),
        I16x8LeU => (I16X8, IntCC::UnsignedLessThanOrEqual),
        I16x8GeS => (I16X8, IntCC::SignedGreaterThanOrEqual),
        I16x8GeU => (I16X8, IntCC::UnsignedGreaterThanOrEqual),
        I32x4Eq => (I32X4, IntCC::Equal),
        I32x4Ne => (I32X4, IntCC::NotEqual),
        I32x4LtS => (I32X4, IntCC::SignedLessThan),
        I32x4LtU => (I32X4, IntCC::UnsignedLessThan),
        I32x4GtS => (I32X4, IntCC::SignedGreaterThan),
        I32x4GtU => (I32X4, IntCC::UnsignedGreaterThan),
        I32x4LeS => (I32X4, IntCC::SignedLessThanOrEqual),
        I32x4LeU => (I32X4, IntCC::UnsignedLessThanOrEqual),
        I32x4GeS => (I32X4, IntCC::SignedGreaterThanOrEqual),
        I32x4GeU => (I32X4, IntCC::UnsignedGreaterThanOrEqual),
        I64x2Eq => (I64X2, IntCC::Equal),
        I64x2Ne => (I64X2, IntCC::NotEqual),
        I64x2LtS => (I64X2, IntCC::SignedLessThan),
        I64x2GtS => (I64X2, IntCC::SignedGreaterThan),
        I64x2LeS => (I64X2, IntCC::SignedLessThanOrEqual),
        I64x2GeS => (I64X2, IntCC::SignedGreaterThanOrEqual),
        _ => return None,
    })
}

fn floats(operator: &Operator<'_>) -> Option<(Type, FloatCC)> {
    use Operator::*;
    Some(match operator {
        F32x4Eq => (F32X4, FloatCC::Equal),
        F32x4Ne => (F32X4, FloatCC::NotEqual),
        F32x4Lt => (F32X4, FloatCC::LessThan),
        F32x4Gt => (F32X4, FloatCC::GreaterThan),
        F32x4Le => (F32X4, FloatCC::LessThanOrEqual),
        F32x4Ge => (F32X4, FloatCC::GreaterThanOrEqual),
        F64x2Eq => (F64X2, FloatCC::Equal),
        F64x2Ne => (F64X2, FloatCC::NotEqual),
        F64x2Lt => (F64X2, FloatCC::LessThan),
        F64x2Gt => (F64X2, FloatCC::GreaterThan),
        F64x2Le => (F64X2, FloatCC::LessThanOrEqual),
        F64x2Ge => (F64X2, FloatCC::GreaterThanOrEqual),
        _ => return None,
    })
}
