//! Locals, globals, constants, `drop` and `select`.

use super::regions::plain;
use super::translator::{FuncTranslator, Known};
use crate::signature::clif_type;
use cranelift_codegen::ir::{
    InstBuilder,
    immediates::{Ieee32, Ieee64},
    types,
};
use mangrove_validate::Repr;
use wasmparser::Operator;

impl FuncTranslator<'_, '_> {
    pub(super) fn variable(&mut self, operator: &Operator<'_>) -> Known {
        match *operator {
            Operator::Nop => {}
            Operator::Drop => {
                self.pop();
            }
            Operator::LocalGet { local_index } => {
                let (value, repr) = self.local(local_index);
                self.push(value, repr);
                let (_, facts) = self.locals.declared(local_index);
                self.note_facts(facts);
            }
            Operator::LocalSet { local_index } => {
                let value = self.pop();
                self.set_local(local_index, value);
            }
            Operator::LocalTee { local_index } => {
                let value = self.top();
                self.set_local(local_index, value);
            }
            Operator::GlobalGet { global_index } => self.global_get(global_index),
            Operator::GlobalSet { global_index } => self.global_set(global_index),
            Operator::I32Const { value } => {
                let value = self.b.ins().iconst(types::I32, i64::from(value));
                self.push_value(value);
            }
            Operator::I64Const { value } => {
                let value = self.const_word(value as u64);
                self.push_value(value);
            }
            Operator::F32Const { value } => {
                let value = self.b.ins().f32const(Ieee32::with_bits(value.bits()));
                self.push_value(value);
            }
            Operator::F64Const { value } => {
                let value = self.b.ins().f64const(Ieee64::with_bits(value.bits()));
                self.push_value(value);
            }
            Operator::Select => self.select(None),
            Operator::TypedSelect { ty } => {
                let repr = self.local_repr(ty);
                self.select(Some(repr));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn select(&mut self, repr: Option<Repr>) {
        let condition = self.pop();
        let otherwise = self.pop();
        let value = self.pop();
        let selected = self.b.ins().select(condition, value, otherwise);
        // Without a type the operands are numbers or vectors: no root.
        self.push(selected, repr.unwrap_or(Repr::I64));
    }

    fn global_repr(&self, index: u32) -> Repr {
        self.env
            .repr(self.env.module.globals[index as usize].content)
    }

    fn global_get(&mut self, index: u32) {
        let repr = self.global_repr(index);
        let cell = self.instance_word(self.env.layout.global(index));
        let flags = plain(self.regions.globals);
        let value = self.b.ins().load(clif_type(repr), flags, cell, 0);
        self.push(value, repr);
        self.note_type(self.env.module.globals[index as usize].content);
    }

    fn global_set(&mut self, index: u32) {
        let value = self.pop();
        let cell = self.instance_word(self.env.layout.global(index));
        self.assign_global(cell, self.global_repr(index), value);
    }
}
