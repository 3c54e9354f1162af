//! Calls: direct, indirect, through references; and their tail forms.

use super::regions::{fixed, trapping};
use super::translator::{FuncTranslator, Known};
use crate::CompileError;
use crate::function::Callee;
use crate::signature::WasmSignature;
use cranelift_codegen::ir::{self, InstBuilder, StackSlotData, StackSlotKind, Value, types};
use mangrove_abi::{FuncIndex, FuncRef, TrapCode, TypeIndex};
use std::mem::offset_of;
use wasmparser::Operator;

impl FuncTranslator<'_, '_> {
    pub(super) fn call(&mut self, operator: &Operator<'_>) -> Known {
        match *operator {
            Operator::Call { function_index } => {
                self.direct(FuncIndex::new(function_index), false)?;
            }
            Operator::CallIndirect {
                type_index,
                table_index,
            } => {
                let type_index = TypeIndex::new(type_index);
                let function = self.indirect_callee(type_index, table_index);
                self.through_reference(type_index, function, false);
            }
            Operator::CallRef { type_index } => {
                let function = self.pop();
                self.through_reference(TypeIndex::new(type_index), function, false);
            }
            Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. } => {
                if self.is_inlined() {
                    self.tail_call_inlined(|this| this.tail_call(operator, false))?;
                } else {
                    self.tail_call(operator, true)?;
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// One of the tail calls; as a call that comes back, if it is not to be one.
    fn tail_call(&mut self, operator: &Operator<'_>, tail: bool) -> Result<(), CompileError> {
        match *operator {
            Operator::ReturnCall { function_index } => {
                return self.direct(FuncIndex::new(function_index), tail);
            }
            Operator::ReturnCallIndirect {
                type_index,
                table_index,
            } => {
                let type_index = TypeIndex::new(type_index);
                let function = self.indirect_callee(type_index, table_index);
                self.through_reference(type_index, function, tail);
            }
            Operator::ReturnCallRef { type_index } => {
                let function = self.pop();
                self.through_reference(TypeIndex::new(type_index), function, tail);
            }
            ref other => unreachable!("{other:?} is no tail call"),
        }
        Ok(())
    }

    /// The signature of a function type, imported once per function.
    fn type_signature(&mut self, type_index: TypeIndex) -> (ir::SigRef, WasmSignature) {
        if let Some(known) = self.signatures.get(&type_index) {
            return known.clone();
        }
        let signature = self.env.signature(type_index);
        let reference = self.b.import_signature(signature.clif());
        self.signatures
            .insert(type_index, (reference, signature.clone()));
        (reference, signature)
    }

    fn direct(&mut self, function: FuncIndex, tail: bool) -> Result<(), CompileError> {
        let module = self.env.module;
        let type_index = module.functions[function.index()];
        if function.as_u32() < module.imported_functions {
            let reference = self.instance_word(self.env.layout.imported_func(function));
            self.through_reference(type_index, reference, tail);
            return Ok(());
        }
        if !tail && self.takes_in(function) {
            return self.inline(function);
        }
        let (_, signature) = self.type_signature(type_index);
        let callee = self.callee(Callee::Wasm(function), || signature.clif());
        let instance = self.instance();
        let arguments = self.arguments(instance, &signature);
        if tail {
            self.b.ins().return_call(callee, &arguments);
            self.reachable = false;
        } else {
            let registers = self.emit_call(callee, &arguments);
            self.push_results(registers, type_index, &signature);
        }
        Ok(())
    }

    /// Takes the operands of a call: those in its signature are returned, the
    /// others put into their transfer slots. The call follows at once.
    fn arguments(&mut self, instance: Value, signature: &WasmSignature) -> Vec<Value> {
        let in_call = signature.call_params();
        let beyond = signature.params.len() - in_call;
        if beyond > 0 {
            let store = self.store_context();
            self.take_each(beyond, |this, index, value| {
                this.transfer_store(store, in_call + index, value);
            });
        }
        let mut arguments = vec![instance];
        arguments.extend(self.pop_n(in_call));
        arguments
    }

    /// Calls what a function reference points to; a null one traps.
    fn through_reference(&mut self, type_index: TypeIndex, function: Value, tail: bool) {
        let (reference, signature) = self.type_signature(type_index);
        // A `FuncRef` never changes, but a null one faults: not a free load.
        let flags = trapping(self.regions.context, TrapCode::NullFunction);
        let code = self.b.ins().load(
            types::I64,
            flags,
            function,
            offset_of!(FuncRef, code) as i32,
        );
        let instance = offset_of!(FuncRef, instance) as i32;
        let instance = self.b.ins().load(types::I64, flags, function, instance);
        let arguments = self.arguments(instance, &signature);
        if tail {
            self.b
                .ins()
                .return_call_indirect(reference, code, &arguments);
            self.reachable = false;
        } else {
            self.keep_instance();
            let registers = self.emit_call_indirect(reference, code, &arguments);
            self.push_results(registers, type_index, &signature);
        }
    }

    /// Puts the instance where a host function finds it, that may be what is called: one
    /// store, of what was just used. Nobody looks there unless the host function asks.
    fn keep_instance(&mut self) {
        if let Some(homes) = &self.homes {
            self.beside.instance = Some(homes.instance_slot());
            return;
        }
        let slot = *self.beside.instance.get_or_insert_with(|| {
            let data = StackSlotData::new(StackSlotKind::ExplicitSlot, 8, 3);
            self.b.create_sized_stack_slot(data)
        });
        self.b.ins().stack_store(types::I64, self.instance, slot, 0);
    }

    fn push_results(
        &mut self,
        registers: Vec<Value>,
        type_index: TypeIndex,
        signature: &WasmSignature,
    ) {
        let types = &self.env.module.func_type(type_index).results;
        let mut registers = registers.into_iter();
        let mut store = None;
        for (index, &repr) in signature.results.iter().enumerate() {
            let value = if signature.in_registers[index] {
                registers
                    .next()
                    .expect("a register for each result that has one")
            } else {
                let store = *store.get_or_insert_with(|| self.store_context());
                self.transfer_load(store, index, repr)
            };
            self.push(value, repr);
            self.note_type(types[index]);
        }
    }

    /// The function reference a `call_indirect` calls, checked for its type.
    fn indirect_callee(&mut self, type_index: TypeIndex, table: u32) -> Value {
        let index = self.pop();
        let function = self.table_load(table, index, TrapCode::UndefinedElement);
        let flags = trapping(self.regions.context, TrapCode::UninitializedElement);
        let offset = offset_of!(FuncRef, type_id) as i32;
        let actual = self.b.ins().load(types::I32, flags, function, offset);
        let offset = self.env.layout.type_id(type_index);
        let instance = self.instance();
        let expected = self.b.ins().load(types::I32, fixed(), instance, offset);
        let matches = self.is_subtype(actual, expected, type_index);
        self.trap_if_zero(matches, TrapCode::IndirectCallMismatch);
        function
    }
}
