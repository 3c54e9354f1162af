//! Integer and float instructions.

use super::translator::{FuncTranslator, Known};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value, types};
use types::{F32, F64, I8, I16, I32, I64, I128};
use wasmparser::Operator;

impl FuncTranslator<'_, '_> {
    pub(super) fn numeric(&mut self, operator: &Operator<'_>) -> Known {
        Ok(self.compare(operator)
            || self.binary(operator)
            || self.unary(operator)
            || self.convert(operator))
    }

    fn apply2(&mut self, make: impl FnOnce(&mut Self, Value, Value) -> Value) {
        let right = self.pop();
        let left = self.pop();
        let result = make(self, left, right);
        self.push_value(result);
    }

    fn apply1(&mut self, make: impl FnOnce(&mut Self, Value) -> Value) {
        let operand = self.pop();
        let result = make(self, operand);
        self.push_value(result);
    }

    fn icmp(&mut self, condition: IntCC) {
        self.apply2(|t, x, y| {
            let bit = t.b.ins().icmp(condition, x, y);
            t.b.ins().uextend(I32, bit)
        });
    }

    fn fcmp(&mut self, condition: FloatCC) {
        self.apply2(|t, x, y| {
            let bit = t.b.ins().fcmp(condition, x, y);
            t.b.ins().uextend(I32, bit)
        });
    }

    fn compare(&mut self, operator: &Operator<'_>) -> bool {
        use Operator::*;
        match operator {
            I32Eqz | I64Eqz => self.apply1(|t, x| {
                let zero = t.b.func.dfg.value_type(x);
                let zero = t.b.ins().iconst(zero, 0);
                let bit = t.b.ins().icmp(IntCC::Equal, x, zero);
                t.b.ins().uextend(I32, bit)
            }),
            I32Eq | I64Eq => self.icmp(IntCC::Equal),
            I32Ne | I64Ne => self.icmp(IntCC::NotEqual),
            I32LtS | I64LtS => self.icmp(IntCC::SignedLessThan),
            I32LtU | I64LtU => self.icmp(IntCC::UnsignedLessThan),
            I32GtS | I64GtS => self.icmp(IntCC::SignedGreaterThan),
            I32GtU | I64GtU => self.icmp(IntCC::UnsignedGreaterThan),
            I32LeS | I64LeS => self.icmp(IntCC::SignedLessThanOrEqual),
            I32LeU | I64LeU => self.icmp(IntCC::UnsignedLessThanOrEqual),
            I32GeS | I64GeS => self.icmp(IntCC::SignedGreaterThanOrEqual),
            I32GeU | I64GeU => self.icmp(IntCC::UnsignedGreaterThanOrEqual),
            F32Eq | F64Eq => self.fcmp(FloatCC::Equal),
            F32Ne | F64Ne => self.fcmp(FloatCC::NotEqual),
            F32Lt | F64Lt => self.fcmp(FloatCC::LessThan),
            F32Gt | F64Gt => self.fcmp(FloatCC::GreaterThan),
            F32Le | F64Le => self.fcmp(FloatCC::LessThanOrEqual),
            F32Ge | F64Ge => self.fcmp(FloatCC::GreaterThanOrEqual),
            _ => return false,
        }
        true
    }

    fn binary(&mut self, operator: &Operator<'_>) -> bool {
        use Operator::*;
        match operator {
            I32Add | I64Add => self.apply2(|t, x, y| t.b.ins().iadd(x, y)),
            I32Sub | I64Sub => self.apply2(|t, x, y| t.b.ins().isub(x, y)),
            I32Mul | I64Mul => self.apply2(|t, x, y| t.b.ins().imul(x, y)),
            I32DivS | I64DivS => self.apply2(|t, x, y| t.b.ins().sdiv(x, y)),
            I32DivU | I64DivU => self.apply2(|t, x, y| t.b.ins().udiv(x, y)),
            I32RemS | I64RemS => self.apply2(|t, x, y| t.b.ins().srem(x, y)),
            I32RemU | I64RemU => self.apply2(|t, x, y| t.b.ins().urem(x, y)),
            I32And | I64And => self.apply2(|t, x, y| t.b.ins().band(x, y)),
            I32Or | I64Or => self.apply2(|t, x, y| t.b.ins().bor(x, y)),
            I32Xor | I64Xor => self.apply2(|t, x, y| t.b.ins().bxor(x, y)),
            I32Shl | I64Shl => self.apply2(|t, x, y| t.b.ins().ishl(x, y)),
            I32ShrS | I64ShrS => self.apply2(|t, x, y| t.b.ins().sshr(x, y)),
            I32ShrU | I64ShrU => self.apply2(|t, x, y| t.b.ins().ushr(x, y)),
            I32Rotl | I64Rotl => self.apply2(|t, x, y| t.b.ins().rotl(x, y)),
            I32Rotr | I64Rotr => self.apply2(|t, x, y| t.b.ins().rotr(x, y)),
            F32Add | F64Add => self.apply2(|t, x, y| t.b.ins().fadd(x, y)),
            F32Sub | F64Sub => self.apply2(|t, x, y| t.b.ins().fsub(x, y)),
            F32Mul | F64Mul => self.apply2(|t, x, y| t.b.ins().fmul(x, y)),
            F32Div | F64Div => self.apply2(|t, x, y| t.b.ins().fdiv(x, y)),
            F32Min | F64Min => self.apply2(|t, x, y| t.b.ins().fmin(x, y)),
            F32Max | F64Max => self.apply2(|t, x, y| t.b.ins().fmax(x, y)),
            F32Copysign | F64Copysign => self.apply2(|t, x, y| t.b.ins().fcopysign(x, y)),
            I64Add128 => self.wide(|t, x, y| t.b.ins().iadd(x, y)),
            I64Sub128 => self.wide(|t, x, y| t.b.ins().isub(x, y)),
            I64MulWideS => self.multiply_wide(|t, x| t.b.ins().sextend(I128, x)),
            I64MulWideU => self.multiply_wide(|t, x| t.b.ins().uextend(I128, x)),
            _ => return false,
        }
        true
    }

    /// Two 128-bit operands as pairs of words, low first.
    fn wide(&mut self, make: impl FnOnce(&mut Self, Value, Value) -> Value) {
        let operands = self.pop_n(4);
        let left = self.b.ins().iconcat(operands[0], operands[1]);
        let right = self.b.ins().iconcat(operands[2], operands[3]);
        let result = make(self, left, right);
        self.push_wide(result);
    }

    /// The whole product of two words. Cranelift makes one multiplication of it.
    fn multiply_wide(&mut self, mut extend: impl FnMut(&mut Self, Value) -> Value) {
        let (right, left) = (self.pop(), self.pop());
        let (left, right) = (extend(self, left), extend(self, right));
        let product = self.b.ins().imul(left, right);
        self.push_wide(product);
    }

    fn push_wide(&mut self, value: Value) {
        let (low, high) = self.b.ins().isplit(value);
        self.push_value(low);
        self.push_value(high);
    }

    fn unary(&mut self, operator: &Operator<'_>) -> bool {
        use Operator::*;
        match operator {
            I32Clz | I64Clz => self.apply1(|t, x| t.b.ins().clz(x)),
            I32Ctz | I64Ctz => self.apply1(|t, x| t.b.ins().ctz(x)),
            I32Popcnt | I64Popcnt => self.apply1(|t, x| t.b.ins().popcnt(x)),
            F32Abs | F64Abs => self.apply1(|t, x| t.b.ins().fabs(x)),
            F32Neg | F64Neg => self.apply1(|t, x| t.b.ins().fneg(x)),
            F32Ceil | F64Ceil => self.apply1(|t, x| t.b.ins().ceil(x)),
            F32Floor | F64Floor => self.apply1(|t, x| t.b.ins().floor(x)),
            F32Trunc | F64Trunc => self.apply1(|t, x| t.b.ins().trunc(x)),
            F32Nearest | F64Nearest => self.apply1(|t, x| t.b.ins().nearest(x)),
            F32Sqrt | F64Sqrt => self.apply1(|t, x| t.b.ins().sqrt(x)),
            I32Extend8S => self.sign_extend(I8, I32),
            I32Extend16S => self.sign_extend(I16, I32),
            I64Extend8S => self.sign_extend(I8, I64),
            I64Extend16S => self.sign_extend(I16, I64),
            I64Extend32S => self.sign_extend(I32, I64),
            _ => return false,
        }
        true
    }

    fn sign_extend(&mut self, from: Type, to: Type) {
        self.apply1(|t, x| {
            let narrow = t.b.ins().ireduce(from, x);
            t.b.ins().sextend(to, narrow)
        });
    }

    fn bitcast(&mut self, to: Type) {
        self.apply1(|t, x| t.b.ins().bitcast(to, MemFlagsData::new(), x));
    }

    fn convert(&mut self, operator: &Operator<'_>) -> bool {
        use Operator::*;
        match operator {
            I32WrapI64 => self.apply1(|t, x| t.b.ins().ireduce(I32, x)),
            I64ExtendI32S => self.apply1(|t, x| t.b.ins().sextend(I64, x)),
            I64ExtendI32U => self.apply1(|t, x| t.b.ins().uextend(I64, x)),
            I32TruncF32S | I32TruncF64S => self.apply1(|t, x| t.b.ins().fcvt_to_sint(I32, x)),
            I32TruncF32U | I32TruncF64U => self.apply1(|t, x| t.b.ins().fcvt_to_uint(I32, x)),
            I64TruncF32S | I64TruncF64S => self.apply1(|t, x| t.b.ins().fcvt_to_sint(I64, x)),
            I64TruncF32U | I64TruncF64U => self.apply1(|t, x| t.b.ins().fcvt_to_uint(I64, x)),
            I32TruncSatF32S | I32TruncSatF64S => {
                self.apply1(|t, x| t.b.ins().fcvt_to_sint_sat(I32, x));
            }
            I32TruncSatF32U | I32TruncSatF64U => {
                self.apply1(|t, x| t.b.ins().fcvt_to_uint_sat(I32, x));
            }
            I64TruncSatF32S | I64TruncSatF64S => {
                self.apply1(|t, x| t.b.ins().fcvt_to_sint_sat(I64, x));
            }
            I64TruncSatF32U | I64TruncSatF64U => {
                self.apply1(|t, x| t.b.ins().fcvt_to_uint_sat(I64, x));
            }
            F32ConvertI32S | F32ConvertI64S => self.apply1(|t, x| t.b.ins().fcvt_from_sint(F32, x)),
            F32ConvertI32U | F32ConvertI64U => self.apply1(|t, x| t.b.ins().fcvt_from_uint(F32, x)),
            F64ConvertI32S | F64ConvertI64S => self.apply1(|t, x| t.b.ins().fcvt_from_sint(F64, x)),
            F64ConvertI32U | F64ConvertI64U => self.apply1(|t, x| t.b.ins().fcvt_from_uint(F64, x)),
            F32DemoteF64 => self.apply1(|t, x| t.b.ins().fdemote(F32, x)),
            F64PromoteF32 => self.apply1(|t, x| t.b.ins().fpromote(F64, x)),
            I32ReinterpretF32 => self.bitcast(I32),
            I64ReinterpretF64 => self.bitcast(I64),
            F32ReinterpretI32 => self.bitcast(F32),
            F64ReinterpretI64 => self.bitcast(F64),
            _ => return false,
        }
        true
    }
}
