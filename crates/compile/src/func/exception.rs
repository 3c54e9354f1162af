//! Exceptions: `throw`, `throw_ref`, `try_table`.
//!
//! Nothing is paid while nothing is thrown. A call inside a `try_table` is a
//! `try_call` that lists the clauses around it, innermost first; the list ends
//! up beside the call's stack map, and the runtime reads it when it looks for a
//! handler. Each clause has a landing block, which is entered with the
//! exception object in a register, unpacks it and goes to the clause's label.
//!
//! ```text
//!  exception object   header │ tag address │ payload, laid out like a struct's fields
//! ```

use super::access::{plain, trap};
use super::control::block_args;
use super::structure::Extension;
use super::{FuncTranslator, Known};
use crate::output::Callee;
use crate::signature::call_host_signature;
use cranelift_codegen::ir::{
    self, Block, BlockArg, BlockCall, ExceptionTableData, ExceptionTableItem, InstBuilder, Value,
    types,
};
use mangrove_abi::object::exn_layout;
use mangrove_abi::{Libcall, StructLayout, TagDef, TrapCode};
use mangrove_validate::{Repr, StorageType, ValType};
use std::mem::offset_of;
use types::{I32, I64};
use wasmparser::{Catch, Operator, TryTable};

/// One clause of an open `try_table`.
#[derive(Clone, Copy)]
pub struct Clause {
    /// The tag it catches; none for all.
    tag: Option<u32>,
    /// Where it lands, with the exception as a word.
    landing: Block,
}

impl FuncTranslator<'_, '_> {
    pub(super) fn exception(&mut self, operator: &Operator<'_>) -> Known {
        match *operator {
            Operator::Throw { tag_index } => self.throw(tag_index),
            Operator::ThrowRef => {
                let exn = self.pop();
                self.trap_if_zero(exn, TrapCode::NullException);
                self.throw_object(exn);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn exn_types(&self, tag: u32) -> (Vec<ValType>, StructLayout) {
        let types = &self
            .env
            .module
            .func_type(self.env.module.tags[tag as usize])
            .params;
        let layout = exn_layout(types.iter().map(|&ty| self.env.repr(ty).size()));
        (types.clone(), layout)
    }

    /// Makes the exception object of a tag with these values.
    pub(super) fn make_exception(&mut self, tag: u32, values: &[Value]) -> Value {
        let (types, layout) = self.exn_types(tag);
        let size = self.word(u64::from(layout.size));
        let tag = self.instance_word(self.env.layout.tag(tag));
        let flags = plain(self.regions.context);
        let header = self
            .b
            .ins()
            .load(I32, flags, tag, offset_of!(TagDef, exn_type) as i32);
        let object = self.allocate_with(header, size);
        let flags = plain(self.regions.heap);
        self.b
            .ins()
            .store(flags, tag, object.address, layout.offsets[0] as i32);
        for ((&ty, &offset), &value) in types.iter().zip(&layout.offsets[1..]).zip(values) {
            let storage = StorageType::Val(ty);
            self.heap_store(flags, storage, value, object.address, offset as i32);
        }
        let reference = self.publish(&object);
        self.declare_root(reference, Repr::HeapRef);
        reference
    }

    fn throw(&mut self, tag: u32) {
        let count = self.exn_types(tag).0.len();
        let values = self.pop_n(count);
        let exn = self.make_exception(tag, &values);
        self.throw_object(exn);
    }

    fn throw_object(&mut self, exn: Value) {
        let exn = self.extend(exn);
        self.throwing_libcall(Libcall::Throw, &[exn]);
        // It never comes back.
        self.b.ins().trap(trap(TrapCode::Unreachable));
        self.reachable = false;
    }

    /// A libcall that can land in a clause around it.
    pub(super) fn throwing_libcall(&mut self, libcall: Libcall, operands: &[Value]) -> Value {
        let stub = self.callee(Callee::CallHost, call_host_signature);
        let arguments = self.libcall_arguments(libcall, operands);
        self.emit_call(stub, &arguments)[0]
    }

    /// Calls near code; inside a `try_table` with its clauses.
    pub(super) fn emit_call(&mut self, callee: ir::FuncRef, arguments: &[Value]) -> Vec<Value> {
        if self.clauses.is_empty() {
            let call = self.b.ins().call(callee, arguments);
            return self.b.inst_results(call).to_vec();
        }
        let signature = self.b.func.dfg.ext_funcs[callee].signature;
        let (back, results, table) = self.exceptional_edges(signature);
        self.b.ins().try_call(callee, arguments, table);
        self.b.seal_block(back);
        self.b.switch_to_block(back);
        results
    }

    /// Calls through an address; inside a `try_table` with its clauses.
    pub(super) fn emit_call_indirect(
        &mut self,
        signature: ir::SigRef,
        code: Value,
        arguments: &[Value],
    ) -> Vec<Value> {
        if self.clauses.is_empty() {
            let call = self.b.ins().call_indirect(signature, code, arguments);
            return self.b.inst_results(call).to_vec();
        }
        let (back, results, table) = self.exceptional_edges(signature);
        self.b.ins().try_call_indirect(code, arguments, table);
        self.b.seal_block(back);
        self.b.switch_to_block(back);
        results
    }

    /// The block a call returns to, its results there, and the call's table.
    fn exceptional_edges(
        &mut self,
        signature: ir::SigRef,
    ) -> (Block, Vec<Value>, ir::ExceptionTable) {
        let back = self.b.create_block();
        let types: Vec<_> = self.b.func.dfg.signatures[signature]
            .returns
            .iter()
            .map(|ret| ret.value_type)
            .collect();
        let results: Vec<Value> = types
            .iter()
            .map(|&ty| self.b.append_block_param(back, ty))
            .collect();
        let returned = (0..results.len() as u32).map(BlockArg::TryCallRet);
        let table = self.exception_table(signature, back, returned.collect());
        (back, results, table)
    }

    /// The table of a `try_call`: where it returns, and the clauses around it.
    pub(super) fn exception_table(
        &mut self,
        signature: ir::SigRef,
        back: Block,
        returned: Vec<BlockArg>,
    ) -> ir::ExceptionTable {
        let pool = &mut self.b.func.dfg.value_lists;
        let normal = BlockCall::new(back, returned, pool);
        let mut items = Vec::new();
        if !self.clauses.is_empty() {
            items.push(ExceptionTableItem::Context(self.instance));
        }
        for clause in self.clauses.iter().rev() {
            // The convention's first exception register; the switch thunk puts
            // its payload there.
            let landing = BlockCall::new(clause.landing, [BlockArg::TryCallExn(0)], pool);
            items.push(match clause.tag {
                Some(tag) => ExceptionTableItem::Tag(ir::ExceptionTag::from_u32(tag), landing),
                None => ExceptionTableItem::Default(landing),
            });
            if clause.tag.is_none() {
                break;
            }
        }
        let table = ExceptionTableData::new(signature, normal, items);
        self.b.func.dfg.exception_tables.push(table)
    }

    /// Opens the clauses of a `try_table`, whose labels count from outside it.
    pub(super) fn open_clauses(&mut self, table: &TryTable) {
        // The innermost clause is the last: within one table the first wins.
        for catch in table.catches.iter().rev() {
            let landing = self.b.create_block();
            self.b.append_block_param(landing, I64);
            let tag = match *catch {
                Catch::One { tag, .. } | Catch::OneRef { tag, .. } => Some(tag),
                Catch::All { .. } | Catch::AllRef { .. } => None,
            };
            self.clauses.push(Clause { tag, landing });
        }
    }

    /// Closes the clauses of a `try_table` and fills their landing blocks.
    /// Called with the `try_table`'s own frame popped.
    pub(super) fn close_clauses(&mut self, catches: &[Catch]) {
        for catch in catches {
            let clause = self.clauses.pop().expect("one clause for each catch");
            self.b.seal_block(clause.landing);
            self.b.switch_to_block(clause.landing);
            let exn = self.b.block_params(clause.landing)[0];
            let exn = self.b.ins().ireduce(I32, exn);
            let (tag, with_reference, label) = match *catch {
                Catch::One { tag, label } => (Some(tag), false, label),
                Catch::OneRef { tag, label } => (Some(tag), true, label),
                Catch::All { label } => (None, false, label),
                Catch::AllRef { label } => (None, true, label),
            };
            let mut values = match tag {
                Some(tag) => self.unpack_exception(tag, exn),
                None => Vec::new(),
            };
            if with_reference {
                self.declare_root(exn, Repr::HeapRef);
                values.push(exn);
            }
            let (target, count) = self.label(label);
            debug_assert_eq!(count, values.len());
            self.b.ins().jump(target, &block_args(&values));
        }
    }

    fn unpack_exception(&mut self, tag: u32, exn: Value) -> Vec<Value> {
        let (types, layout) = self.exn_types(tag);
        let address = self.object(exn);
        let flags = plain(self.regions.heap);
        let mut values = Vec::with_capacity(types.len());
        for (&ty, &offset) in types.iter().zip(&layout.offsets[1..]) {
            let storage = StorageType::Val(ty);
            let value = self.heap_load(flags, storage, Extension::None, address, offset as i32);
            let repr = self.env.repr(ty);
            self.declare_root(value, repr);
            values.push(value);
        }
        values
    }
}
