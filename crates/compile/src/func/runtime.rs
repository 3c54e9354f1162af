//! Calls out of compiled code: the runtime's libcalls and the stubs.

use super::regions::{import, libcall_arguments};
use super::translator::FuncTranslator;
use crate::function::Callee;
use crate::signature::call_host_signature;
use cranelift_codegen::ir::{self, InstBuilder, Signature, Value};
use mangrove_abi::Libcall;

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

    /// A call is about to be made. Whoever emits one says so: homes keep no address
    /// and no value over a call.
    pub(super) fn note_call(&mut self) {
        self.noted_calls += 1;
        self.track_call();
        if let Some(homes) = &mut self.homes {
            homes.call();
        }
    }

    /// What the host-call stub takes for a libcall.
    pub(super) fn libcall_arguments(&mut self, libcall: Libcall, operands: &[Value]) -> Vec<Value> {
        let instance = self.instance();
        libcall_arguments(&mut self.b, instance, libcall, operands)
    }
}
