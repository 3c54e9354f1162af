//! Calls out of compiled code: the runtime's libcalls and the stubs.

use super::access::fixed;
use super::{FuncTranslator, access};
use crate::output::Callee;
use crate::signature::call_host_signature;
use cranelift_codegen::ir::{
    self, ExtFuncData, ExternalName, InstBuilder, Signature, Value, types,
};
use cranelift_frontend::FunctionBuilder;
use mangrove_abi::{Libcall, StoreContext};
use std::mem::{offset_of, size_of};

/// Declares near code by name.
pub fn import(b: &mut FunctionBuilder<'_>, callee: Callee, signature: Signature) -> ir::FuncRef {
    let signature = b.import_signature(signature);
    let name = b.func.declare_imported_user_function(callee.name());
    b.import_function(ExtFuncData {
        name: ExternalName::user(name),
        signature,
        colocated: true,
        patchable: false,
    })
}

/// The host-call stub's arguments for a libcall with up to four operands.
pub fn libcall_arguments(
    b: &mut FunctionBuilder<'_>,
    instance: Value,
    libcall: Libcall,
    operands: &[Value],
) -> Vec<Value> {
    debug_assert_eq!(operands.len(), libcall.operands().len(), "{libcall:?}");
    let store = access::load_store_context(b, instance);
    let table = offset_of!(StoreContext, libcalls) as i32;
    let table = b.ins().load(types::I64, fixed(), store, table);
    let entry = libcall as usize * size_of::<usize>();
    let address = b.ins().load(types::I64, fixed(), table, entry as i32);
    let mut arguments = vec![instance];
    arguments.extend_from_slice(operands);
    while arguments.len() < 5 {
        arguments.push(b.ins().iconst(types::I64, 0));
    }
    arguments.push(address);
    arguments
}

impl FuncTranslator<'_, '_> {
    /// Near code by name, declared once per function.
    pub(super) fn callee(
        &mut self,
        callee: Callee,
        signature: impl FnOnce() -> Signature,
    ) -> ir::FuncRef {
        if let Some(&known) = self.callees.get(&callee) {
            return known;
        }
        let reference = import(&mut self.b, callee, signature());
        self.callees.insert(callee, reference);
        reference
    }

    /// Calls the runtime; operands are words.
    pub(super) fn libcall(&mut self, libcall: Libcall, operands: &[Value]) -> Value {
        let stub = self.callee(Callee::CallHost, call_host_signature);
        let arguments = self.libcall_arguments(libcall, operands);
        self.note_call();
        let call = self.b.ins().call(stub, &arguments);
        self.b.inst_results(call)[0]
    }

    /// A call is about to be made.
    pub(super) fn note_call(&mut self) {
        if let Some(frame) = &mut self.frame {
            frame.call();
        }
    }

    /// What the host-call stub takes for a libcall.
    pub(super) fn libcall_arguments(&mut self, libcall: Libcall, operands: &[Value]) -> Vec<Value> {
        let instance = self.instance();
        libcall_arguments(&mut self.b, instance, libcall, operands)
    }
}
