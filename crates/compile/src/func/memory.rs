//! Linear memory.
//!
//! A 32-bit memory reserves every address its instructions can form, so an
//! access needs no check: beyond the memory's size it faults, and the fault is
//! the trap. 64-bit memories, those with pages of a byte, and with
//! [`Options::checked_memories`] all, check against the current size.
//!
//! [`Options::checked_memories`]: crate::Options::checked_memories

use super::regions::{plain, trap, trapping};
use super::translator::{FuncTranslator, Known};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Type, Value, types};
use mangrove_abi::{Libcall, MemoryDef, TrapCode};
use mangrove_validate::MemoryType;
use std::mem::offset_of;
use types::{F32, F64, I8, I16, I32, I64};
use wasmparser::{MemArg, MemArgTarget, Operator};

impl FuncTranslator<'_, '_> {
    pub(super) fn memory(&mut self, operator: &Operator<'_>) -> Known {
        if self.load(operator) || self.store(operator) {
            return Ok(true);
        }
        match *operator {
            Operator::MemorySize { mem } => self.memory_size(mem),
            Operator::MemoryGrow { mem } => self.memory_grow(mem),
            Operator::MemoryFill { mem } => {
                let operands = self.pop_n(3);
                let at = self.memory_word(operands[0]);
                let value = self.extend(operands[1]);
                let len = self.memory_word(operands[2]);
                self.in_pieces(&[at], len, false, |this, at, len| {
                    let memory = this.const_word(u64::from(mem));
                    this.libcall(Libcall::MemoryFill, &[memory, at[0], value, len])
                });
            }
            Operator::MemoryCopy { dst_mem, src_mem } => {
                let memories = u64::from(dst_mem) | u64::from(src_mem) << 32;
                self.bulk(Libcall::MemoryCopy, memories, true);
            }
            Operator::MemoryInit { data_index, mem } => {
                let what = u64::from(mem) | u64::from(data_index) << 32;
                self.bulk(Libcall::MemoryInit, what, false);
            }
            Operator::DataDrop { data_index } => {
                let data = self.const_word(u64::from(data_index));
                self.libcall(Libcall::DataDrop, &[data]);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// An instruction with two positions and a length on the stack.
    pub(super) fn bulk(&mut self, libcall: Libcall, what: u64, copies: bool) {
        let operands = self.pop_n(3);
        let words: Vec<_> = operands
            .into_iter()
            .map(|operand| self.memory_word(operand))
            .collect();
        self.in_pieces(&words[..2], words[2], copies, |this, at, len| {
            let what = this.const_word(what);
            this.libcall(libcall, &[what, at[0], at[1], len])
        });
    }

    /// An index or length as a word, whatever its type.
    pub(super) fn memory_word(&mut self, value: Value) -> Value {
        if self.b.func.dfg.value_type(value) == I32 {
            self.extend(value)
        } else {
            value
        }
    }

    /// A word as an index or length of the index type.
    pub(super) fn index_result(&mut self, word: Value, is_64: bool) -> Value {
        if is_64 {
            word
        } else {
            self.b.ins().ireduce(I32, word)
        }
    }

    fn memory_len(&mut self, memory: u32) -> Value {
        let definition = self.instance_word(self.env.layout.memory(memory));
        let flags = plain(self.regions.tables);
        self.b
            .ins()
            .load(I64, flags, definition, offset_of!(MemoryDef, len) as i32)
    }

    fn memory_size(&mut self, memory: u32) {
        let len = self.memory_len(memory);
        let ty = self.env.module.memories[memory as usize];
        let shift = self.b.ins().iconst(I32, i64::from(ty.page_log2));
        let pages = self.b.ins().ushr(len, shift);
        let is_64 = ty.memory64;
        let pages = self.index_result(pages, is_64);
        self.push_value(pages);
    }

    fn memory_grow(&mut self, memory: u32) {
        let pages = self.pop();
        let pages = self.memory_word(pages);
        let index = self.const_word(u64::from(memory));
        let old = self.libcall(Libcall::MemoryGrow, &[index, pages]);
        let is_64 = self.env.module.memories[memory as usize].memory64;
        let old = self.index_result(old, is_64);
        self.push_value(old);
    }

    /// The address of an access of `size` bytes, and the offset that is left
    /// for the instruction.
    ///
    /// # Panics
    /// If the access is not to a memory: no enabled feature has others.
    pub(super) fn address(&mut self, memarg: &MemArg, size: u32) -> (Value, i32) {
        let index = self.pop();
        let MemArgTarget::Memory(memory) = memarg.target else {
            unreachable!("validation admits accesses to memories only");
        };
        let base = self.instance_word(self.env.layout.memory_base(memory));
        let ty = self.env.module.memories[memory as usize];
        if ty.memory64 {
            return (
                self.checked_address(base, index, memory, memarg.offset, size),
                0,
            );
        }
        let index = self.extend(index);
        if self.env.checked_memories || ty.page_log2 != MemoryType::PAGE_LOG2 {
            self.check_end(index, memory, memarg.offset + u64::from(size));
        }
        let address = self.b.ins().iadd(base, index);
        match i32::try_from(memarg.offset) {
            Ok(offset) => (address, offset),
            Err(_) => {
                let offset = self.const_word(memarg.offset);
                (self.b.ins().iadd(address, offset), 0)
            }
        }
    }

    /// Traps unless `index + end`, in a 32-bit memory, is no more than its size.
    fn check_end(&mut self, index: Value, memory: u32, end: u64) {
        // Index and offset have 32 bits each: the sum has far fewer than 64.
        let end = self.const_word(end);
        let end = self.b.ins().iadd(index, end);
        let len = self.memory_len(memory);
        let beyond = self.b.ins().icmp(IntCC::UnsignedGreaterThan, end, len);
        self.trap_if(beyond, TrapCode::MemoryOutOfBounds);
    }

    fn checked_address(
        &mut self,
        base: Value,
        index: Value,
        memory: u32,
        offset: u64,
        size: u32,
    ) -> Value {
        let out = trap(TrapCode::MemoryOutOfBounds);
        let offset = self.const_word(offset);
        let start = self.b.ins().uadd_overflow_trap(index, offset, out);
        let size = self.const_word(u64::from(size));
        let end = self.b.ins().uadd_overflow_trap(start, size, out);
        let len = self.memory_len(memory);
        let beyond = self.b.ins().icmp(IntCC::UnsignedGreaterThan, end, len);
        self.trap_if(beyond, TrapCode::MemoryOutOfBounds);
        self.b.ins().iadd(base, start)
    }

    fn load(&mut self, operator: &Operator<'_>) -> bool {
        use Operator::*;
        match operator {
            I32Load { memarg } => self.load_as(memarg, I32, I32, false),
            I64Load { memarg } => self.load_as(memarg, I64, I64, false),
            F32Load { memarg } => self.load_as(memarg, F32, F32, false),
            F64Load { memarg } => self.load_as(memarg, F64, F64, false),
            I32Load8S { memarg } => self.load_as(memarg, I8, I32, true),
            I32Load8U { memarg } => self.load_as(memarg, I8, I32, false),
            I32Load16S { memarg } => self.load_as(memarg, I16, I32, true),
            I32Load16U { memarg } => self.load_as(memarg, I16, I32, false),
            I64Load8S { memarg } => self.load_as(memarg, I8, I64, true),
            I64Load8U { memarg } => self.load_as(memarg, I8, I64, false),
            I64Load16S { memarg } => self.load_as(memarg, I16, I64, true),
            I64Load16U { memarg } => self.load_as(memarg, I16, I64, false),
            I64Load32S { memarg } => self.load_as(memarg, I32, I64, true),
            I64Load32U { memarg } => self.load_as(memarg, I32, I64, false),
            _ => return false,
        }
        true
    }

    fn load_as(&mut self, memarg: &MemArg, stored: Type, ty: Type, signed: bool) {
        let (address, offset) = self.address(memarg, stored.bytes());
        let flags = trapping(self.regions.memory, TrapCode::MemoryOutOfBounds);
        let loaded = self.b.ins().load(stored, flags, address, offset);
        let value = match (stored == ty, signed) {
            (true, _) => loaded,
            (false, true) => self.b.ins().sextend(ty, loaded),
            (false, false) => self.b.ins().uextend(ty, loaded),
        };
        self.push_value(value);
    }

    fn store(&mut self, operator: &Operator<'_>) -> bool {
        use Operator::*;
        match operator {
            I32Store { memarg } => self.store_as(memarg, I32),
            I64Store { memarg } => self.store_as(memarg, I64),
            F32Store { memarg } => self.store_as(memarg, F32),
            F64Store { memarg } => self.store_as(memarg, F64),
            I32Store8 { memarg } | I64Store8 { memarg } => self.store_as(memarg, I8),
            I32Store16 { memarg } | I64Store16 { memarg } => self.store_as(memarg, I16),
            I64Store32 { memarg } => self.store_as(memarg, I32),
            _ => return false,
        }
        true
    }

    fn store_as(&mut self, memarg: &MemArg, stored: Type) {
        let mut value = self.pop();
        let (address, offset) = self.address(memarg, stored.bytes());
        if stored.is_int() && self.b.func.dfg.value_type(value) != stored {
            value = self.b.ins().ireduce(stored, value);
        }
        let flags = trapping(self.regions.memory, TrapCode::MemoryOutOfBounds);
        self.b.ins().store(flags, value, address, offset);
    }
}
