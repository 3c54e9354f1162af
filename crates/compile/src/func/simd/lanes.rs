//! Vectors made of lanes, taken apart, and rearranged.

use crate::func::FuncTranslator;
use cranelift_codegen::ir::{InstBuilder, Type, Value, types};
use types::{F32X4, F64X2, I8X16, I16X8, I32, I32X4, I64X2};
use wasmparser::Operator;

impl FuncTranslator<'_, '_> {
    pub(super) fn simd_lanes(&mut self, operator: &Operator<'_>) -> bool {
        self.rearrange(operator) || self.extract(operator) || self.replace(operator)
    }

    fn rearrange(&mut self, operator: &Operator<'_>) -> bool {
        use Operator::*;
        match operator {
            V128Const { value } => {
                let vector = self.vector_constant(I8X16, value.bytes());
                self.push_value(vector);
            }
            I8x16Shuffle { lanes } => {
                let (left, right) = self.pop_lanes2(I8X16);
                let mask = self.b.func.dfg.immediates.push(lanes[..].into());
                let vector = self.b.ins().shuffle(left, right, mask);
                self.push_value(vector);
            }
            I8x16Swizzle => self.vector2(I8X16, |b, x, y| b.ins().swizzle(x, y)),
            I8x16Splat => self.splat(I8X16),
            I16x8Splat => self.splat(I16X8),
            I32x4Splat => self.splat(I32X4),
            I64x2Splat => self.splat(I64X2),
            F32x4Splat => self.splat(F32X4),
            F64x2Splat => self.splat(F64X2),
            _ => return false,
        }
        true
    }

    fn extract(&mut self, operator: &Operator<'_>) -> bool {
        use Operator::*;
        match *operator {
            I8x16ExtractLaneS { lane } => self.extract_narrow(I8X16, lane, true),
            I8x16ExtractLaneU { lane } => self.extract_narrow(I8X16, lane, false),
            I16x8ExtractLaneS { lane } => self.extract_narrow(I16X8, lane, true),
            I16x8ExtractLaneU { lane } => self.extract_narrow(I16X8, lane, false),
            I32x4ExtractLane { lane } => self.extract_lane(I32X4, lane),
            I64x2ExtractLane { lane } => self.extract_lane(I64X2, lane),
            F32x4ExtractLane { lane } => self.extract_lane(F32X4, lane),
            F64x2ExtractLane { lane } => self.extract_lane(F64X2, lane),
            _ => return false,
        }
        true
    }

    fn replace(&mut self, operator: &Operator<'_>) -> bool {
        use Operator::*;
        let (lanes, lane) = match *operator {
            I8x16ReplaceLane { lane } => (I8X16, lane),
            I16x8ReplaceLane { lane } => (I16X8, lane),
            I32x4ReplaceLane { lane } => (I32X4, lane),
            I64x2ReplaceLane { lane } => (I64X2, lane),
            F32x4ReplaceLane { lane } => (F32X4, lane),
            F64x2ReplaceLane { lane } => (F64X2, lane),
            _ => return false,
        };
        let value = self.pop_lane(lanes);
        let vector = self.pop_lanes(lanes);
        let vector = self.b.ins().insertlane(vector, value, lane);
        self.push_vector(vector);
        true
    }

    /// Pops a scalar that is to become a lane: a narrow lane takes the low bits.
    fn pop_lane(&mut self, lanes: Type) -> Value {
        let value = self.pop();
        let lane = lanes.lane_type();
        if self.b.func.dfg.value_type(value) == lane {
            value
        } else {
            self.b.ins().ireduce(lane, value)
        }
    }

    fn splat(&mut self, lanes: Type) {
        let value = self.pop_lane(lanes);
        let vector = self.b.ins().splat(lanes, value);
        self.push_vector(vector);
    }

    fn extract_lane(&mut self, lanes: Type, lane: u8) {
        let vector = self.pop_lanes(lanes);
        let value = self.b.ins().extractlane(vector, lane);
        self.push_value(value);
    }

    fn extract_narrow(&mut self, lanes: Type, lane: u8, signed: bool) {
        self.extract_lane(lanes, lane);
        let value = self.pop();
        let value = if signed {
            self.b.ins().sextend(I32, value)
        } else {
            self.b.ins().uextend(I32, value)
        };
        self.push_value(value);
    }
}
