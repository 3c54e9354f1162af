//! Exceptions: `throw`, `throw_ref`, `try_table`.
//!
//! Nothing is paid while nothing is thrown. A call inside a `try_table` is a
//! `try_call` that names the innermost scope around it; the scopes' clauses end
//! up beside the stack maps, and the runtime reads them when it looks for a
//! handler. Each `try_table` has one catch block, however many clauses and
//! calls it has, so that neither multiplies the other:
//!
//! ```text
//!  catch block (exception object in a register)
//!    the tag of clause 0?  unpack, to its label
//!    the tag of clause 1?  unpack, to its label
//!    else                  the catch block of the try_table around this one
//! ```
//!
//! The runtime jumps there only where some clause catches, so the last comparison of
//! the outermost is left out.
//!
//! ```text
//!  exception object   header │ tag address │ payload, laid out like a struct's fields
//! ```

use super::regions::{plain, trap};
use super::state::OpenScope;
use super::store::FieldAddress;
use super::translator::FuncTranslator;
use crate::function::{Callee, CatchScope};
use crate::signature::call_host_signature;
use cranelift_codegen::ir::{self, Block, BlockArg, InstBuilder, Value, types};
use mangrove_abi::object::exn_layout;
use mangrove_abi::{Libcall, StructLayout, TagDef, TagIndex, TrapCode, TypeIndex};
use mangrove_validate::{Repr, StorageType, ValType};
use std::mem::offset_of;
use types::{I32, I64};
use wasmparser::{Catch, TryTable};

impl FuncTranslator<'_, '_> {
    pub(super) fn exn_types(&self, tag: TagIndex) -> (Vec<ValType<TypeIndex>>, StructLayout) {
        let types = &self
            .env
            .module
            .func_type(self.env.module.tags[tag.index()])
            .params;
        let layout = exn_layout(types.iter().map(|&ty| self.env.repr(ty).size()));
        (types.clone(), layout)
    }

    /// Makes the exception object of a tag with the top operands.
    pub(super) fn make_exception(&mut self, tag: TagIndex) -> Value {
        let (types, layout) = self.exn_types(tag);
        let size = self.const_word(u64::from(layout.size));
        let tag = self.instance_word(self.env.layout.tag(tag));
        let flags = plain(self.regions.context);
        let header = self
            .b
            .ins()
            .load(I32, flags, tag, offset_of!(TagDef, exn_type) as i32);
        let object = self.allocate_with(header, size);
        let flags = plain(self.regions.shapes);
        self.b
            .ins()
            .store(flags, tag, object.address, layout.offsets[0] as i32);
        self.take_each(types.len(), |this, index, value| {
            let field = FieldAddress {
                address: object.address,
                offset: layout.offsets[index + 1] as i32,
            };
            this.init(&object, StorageType::Val(types[index]), false, value, field);
        });
        let reference = self.publish(object);
        self.declare_root(reference, Repr::HeapRef);
        reference
    }

    pub(super) fn throw(&mut self, tag: TagIndex) {
        let exn = self.make_exception(tag);
        self.throw_object(exn);
    }

    pub(super) fn throw_ref(&mut self) {
        let exn = self.pop();
        self.trap_if_zero(exn, TrapCode::NullException);
        self.throw_object(exn);
    }

    fn throw_object(&mut self, exn: Value) {
        let exn = self.extend(exn);
        self.throwing_libcall(Libcall::Throw, &[exn]);
        // It never comes back.
        self.b.ins().trap(trap(TrapCode::Unreachable));
        self.reachable = false;
    }

    /// A libcall that can go on in a clause around it.
    pub(super) fn throwing_libcall(&mut self, libcall: Libcall, operands: &[Value]) -> Value {
        let stub = self.callee(Callee::CallHost, call_host_signature);
        let arguments = self.libcall_arguments(libcall, operands);
        self.emit_call(stub, &arguments)[0]
    }

    /// Calls near code; inside a `try_table` with its clauses.
    pub(super) fn emit_call(&mut self, callee: ir::FuncRef, arguments: &[Value]) -> Vec<Value> {
        self.note_call();
        if self.scopes.is_empty() {
            let call = self.b.ins().call(callee, arguments);
            self.read_running();
            return self.b.inst_results(call).to_vec();
        }
        let signature = self.b.func.dfg.ext_funcs[callee].signature;
        let (back, results, table) = self.exceptional_edges(signature);
        self.b.ins().try_call(callee, arguments, table);
        self.b.seal_block(back);
        self.b.switch_to_block(back);
        self.read_running();
        results
    }

    /// Calls through an address; inside a `try_table` with its clauses.
    pub(super) fn emit_call_indirect(
        &mut self,
        signature: ir::SigRef,
        code: Value,
        arguments: &[Value],
    ) -> Vec<Value> {
        self.note_call();
        if self.scopes.is_empty() {
            let call = self.b.ins().call_indirect(signature, code, arguments);
            self.read_running();
            return self.b.inst_results(call).to_vec();
        }
        let (back, results, table) = self.exceptional_edges(signature);
        self.b.ins().try_call_indirect(code, arguments, table);
        self.b.seal_block(back);
        self.b.switch_to_block(back);
        self.read_running();
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

    /// Opens the scope of a `try_table`, whose labels count from outside it.
    /// One without clauses needs none.
    pub(super) fn open_scope(&mut self, table: &TryTable) {
        if table.catches.is_empty() {
            return;
        }
        let catch_block = self.b.create_block();
        self.b.append_block_param(catch_block, I64);
        let clauses = table.catches.iter().map(caught_tag);
        let mut clauses: Vec<Option<TagIndex>> = clauses.collect();
        let around = self.scopes.last().map(|scope| scope.number);
        // Nothing is searched behind a clause that catches all.
        let all = clauses.iter().position(Option::is_none);
        let around = around.filter(|_| all.is_none());
        if let Some(all) = all {
            clauses.truncate(all + 1);
        }
        self.beside.scopes.push(CatchScope { clauses, around });
        self.scopes.push(OpenScope {
            number: self.beside.scopes.len() as u32 - 1,
            catch_block,
        });
    }
}

/// The tag a clause catches; none if it catches all.
pub fn caught_tag(catch: &Catch) -> Option<TagIndex> {
    match *catch {
        Catch::One { tag, .. } | Catch::OneRef { tag, .. } => Some(TagIndex::new(tag)),
        Catch::All { .. } | Catch::AllRef { .. } => None,
    }
}
