//! Instructions of tables. Those that touch many elements are libcalls.

use super::regions::plain;
use super::translator::{FuncTranslator, Known};
use crate::signature::clif_type;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use mangrove_abi::{Libcall, TableDef, TrapCode};
use mangrove_validate::{Repr, ValType};
use std::mem::offset_of;
use wasmparser::Operator;

impl FuncTranslator<'_, '_> {
    pub(super) fn table(&mut self, operator: &Operator<'_>) -> Known {
        match *operator {
            Operator::TableGet { table } => {
                let index = self.pop();
                let repr = self.table_repr(table);
                let value = self.table_load(table, index, TrapCode::TableOutOfBounds);
                self.push(value, repr);
            }
            Operator::TableSet { table } => {
                let value = self.pop();
                let index = self.pop();
                let address = self.table_element(table, index, TrapCode::TableOutOfBounds);
                let definition = self.instance_word(self.env.layout.table(table));
                self.assign_table(definition, address, self.table_repr(table), value);
            }
            Operator::TableSize { table } => {
                let len = self.table_word(table, offset_of!(TableDef, len));
                let is_64 = self.env.module.tables[table as usize].table64;
                let len = self.index_result(len, is_64);
                self.push_value(len);
            }
            Operator::TableGrow { table } => self.table_grow(table),
            Operator::TableFill { table } => self.table_fill(table),
            Operator::TableCopy {
                dst_table,
                src_table,
            } => {
                self.bulk(
                    Libcall::TableCopy,
                    u64::from(dst_table) | u64::from(src_table) << 32,
                    true,
                );
            }
            Operator::TableInit { elem_index, table } => {
                self.bulk(
                    Libcall::TableInit,
                    u64::from(table) | u64::from(elem_index) << 32,
                    false,
                );
            }
            Operator::ElemDrop { elem_index } => {
                let elem = self.const_word(u64::from(elem_index));
                self.libcall(Libcall::ElemDrop, &[elem]);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn table_repr(&self, table: u32) -> Repr {
        self.env
            .repr(ValType::Ref(self.env.module.tables[table as usize].element))
    }

    fn table_word(&mut self, table: u32, offset: usize) -> Value {
        let definition = self.instance_word(self.env.layout.table(table));
        let flags = plain(self.regions.tables);
        self.b
            .ins()
            .load(types::I64, flags, definition, offset as i32)
    }

    /// The address of an element, after a check against the table's size.
    fn table_element(&mut self, table: u32, index: Value, beyond: TrapCode) -> Value {
        let index = self.memory_word(index);
        let len = self.table_word(table, offset_of!(TableDef, len));
        let out = self
            .b
            .ins()
            .icmp(IntCC::UnsignedGreaterThanOrEqual, index, len);
        self.trap_if(out, beyond);
        let base = self.table_word(table, offset_of!(TableDef, base));
        let size = self.const_word(u64::from(self.table_repr(table).size()));
        let offset = self.b.ins().imul(index, size);
        self.b.ins().iadd(base, offset)
    }

    /// Loads an element.
    pub(super) fn table_load(&mut self, table: u32, index: Value, beyond: TrapCode) -> Value {
        let address = self.table_element(table, index, beyond);
        let repr = self.table_repr(table);
        let flags = plain(self.regions.tables);
        self.b.ins().load(clif_type(repr), flags, address, 0)
    }

    fn table_grow(&mut self, table: u32) {
        let len = self.pop();
        let value = self.pop();
        let len = self.memory_word(len);
        let store = self.store_context();
        self.transfer_store(store, 0, value);
        let index = self.const_word(u64::from(table));
        let old = self.libcall(Libcall::TableGrow, &[index, len]);
        let is_64 = self.env.module.tables[table as usize].table64;
        let old = self.index_result(old, is_64);
        self.push_value(old);
    }

    fn table_fill(&mut self, table: u32) {
        let len = self.pop();
        let value = self.pop();
        let at = self.pop();
        let (at, len) = (self.memory_word(at), self.memory_word(len));
        self.in_pieces(&[at], len, false, |this, at, len| {
            let store = this.store_context();
            this.transfer_store(store, 0, value);
            let index = this.const_word(u64::from(table));
            this.libcall(Libcall::TableFill, &[index, at[0], len])
        });
    }
}
