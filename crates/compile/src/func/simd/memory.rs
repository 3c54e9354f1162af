//! Vectors to and from linear memory, whole, widened, repeated, or one lane.

use crate::func::FuncTranslator;
use crate::func::regions::trapping;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value, types};
use cranelift_frontend::FunctionBuilder;
use mangrove_abi::TrapCode;
use types::{I8X16, I16X8, I32, I32X4, I64, I64X2};
use wasmparser::{MemArg, Operator};

/// CLIF of a load that widens eight bytes to a vector.
type Widening = fn(&mut FunctionBuilder<'_>, MemFlagsData, Value, i32) -> Value;

/// Bytes a widening load reads.
const HALF: u32 = 8;

impl FuncTranslator<'_, '_> {
    pub(super) fn simd_memory(&mut self, operator: &Operator<'_>) -> bool {
        self.load_whole(operator) || self.load_lane(operator) || self.store_vector(operator)
    }

    fn load_whole(&mut self, operator: &Operator<'_>) -> bool {
        use Operator::*;
        match operator {
            V128Load { memarg } => {
                let vector = self.load_memory(memarg, I8X16);
                self.push_value(vector);
            }
            V128Load8x8S { memarg } => {
                self.load_widen(memarg, |b, f, p, o| b.ins().sload8x8(f, p, o))
            }
            V128Load8x8U { memarg } => {
                self.load_widen(memarg, |b, f, p, o| b.ins().uload8x8(f, p, o))
            }
            V128Load16x4S { memarg } => {
                self.load_widen(memarg, |b, f, p, o| b.ins().sload16x4(f, p, o))
            }
            V128Load16x4U { memarg } => {
                self.load_widen(memarg, |b, f, p, o| b.ins().uload16x4(f, p, o))
            }
            V128Load32x2S { memarg } => {
                self.load_widen(memarg, |b, f, p, o| b.ins().sload32x2(f, p, o))
            }
            V128Load32x2U { memarg } => {
                self.load_widen(memarg, |b, f, p, o| b.ins().uload32x2(f, p, o))
            }
            V128Load8Splat { memarg } => self.load_splat(memarg, I8X16),
            V128Load16Splat { memarg } => self.load_splat(memarg, I16X8),
            V128Load32Splat { memarg } => self.load_splat(memarg, I32X4),
            V128Load64Splat { memarg } => self.load_splat(memarg, I64X2),
            V128Load32Zero { memarg } => self.load_zero(memarg, I32, I32X4),
            V128Load64Zero { memarg } => self.load_zero(memarg, I64, I64X2),
            _ => return false,
        }
        true
    }

    fn load_lane(&mut self, operator: &Operator<'_>) -> bool {
        use Operator::*;
        let (memarg, lane, lanes) = match operator {
            V128Load8Lane { memarg, lane } => (memarg, *lane, I8X16),
            V128Load16Lane { memarg, lane } => (memarg, *lane, I16X8),
            V128Load32Lane { memarg, lane } => (memarg, *lane, I32X4),
            V128Load64Lane { memarg, lane } => (memarg, *lane, I64X2),
            _ => return false,
        };
        let vector = self.pop_lanes(lanes);
        let loaded = self.load_memory(memarg, lanes.lane_type());
        let vector = self.b.ins().insertlane(vector, loaded, lane);
        self.push_vector(vector);
        true
    }

    fn store_vector(&mut self, operator: &Operator<'_>) -> bool {
        use Operator::*;
        let (memarg, lane, lanes) = match operator {
            V128Store { memarg } => {
                let vector = self.pop();
                self.store_memory(memarg, vector);
                return true;
            }
            V128Store8Lane { memarg, lane } => (memarg, *lane, I8X16),
            V128Store16Lane { memarg, lane } => (memarg, *lane, I16X8),
            V128Store32Lane { memarg, lane } => (memarg, *lane, I32X4),
            V128Store64Lane { memarg, lane } => (memarg, *lane, I64X2),
            _ => return false,
        };
        let vector = self.pop_lanes(lanes);
        let stored = self.b.ins().extractlane(vector, lane);
        self.store_memory(memarg, stored);
        true
    }

    fn memory_flags(&self) -> MemFlagsData {
        trapping(self.regions.memory, TrapCode::MemoryOutOfBounds)
    }

    fn load_memory(&mut self, memarg: &MemArg, ty: Type) -> Value {
        let (address, offset) = self.address(memarg, ty.bytes());
        let flags = self.memory_flags();
        self.b.ins().load(ty, flags, address, offset)
    }

    fn store_memory(&mut self, memarg: &MemArg, value: Value) {
        let size = self.b.func.dfg.value_type(value).bytes();
        let (address, offset) = self.address(memarg, size);
        let flags = self.memory_flags();
        self.b.ins().store(flags, value, address, offset);
    }

    fn load_widen(&mut self, memarg: &MemArg, make: Widening) {
        let (address, offset) = self.address(memarg, HALF);
        let flags = self.memory_flags();
        let vector = make(&mut self.b, flags, address, offset);
        self.push_vector(vector);
    }

    fn load_splat(&mut self, memarg: &MemArg, lanes: Type) {
        let loaded = self.load_memory(memarg, lanes.lane_type());
        let vector = self.b.ins().splat(lanes, loaded);
        self.push_vector(vector);
    }

    fn load_zero(&mut self, memarg: &MemArg, lane: Type, lanes: Type) {
        let loaded = self.load_memory(memarg, lane);
        let vector = self.b.ins().scalar_to_vector(lanes, loaded);
        self.push_vector(vector);
    }
}
