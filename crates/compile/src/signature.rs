//! How Wasm values travel: in CLIF types, in registers, in the transfer area.

use cranelift_codegen::ir::{AbiParam, Signature, Type, types};
use cranelift_codegen::isa::CallConv;
use mangrove_abi::value::{CALL_PARAMS, results_in_registers};
use mangrove_abi::{Repr, SlotKind};

/// The CLIF type of a value.
pub fn clif_type(repr: Repr) -> Type {
    match repr {
        Repr::I32 | Repr::HeapRef => types::I32,
        Repr::I64 | Repr::FuncRef => types::I64,
        Repr::F32 => types::F32,
        Repr::F64 => types::F64,
        Repr::V128 => types::I8X16,
        Repr::ContRef => types::I128,
    }
}

/// What the collector follows in a root of this CLIF type; none if no root has it.
pub fn root_kind(ty: Type) -> Option<SlotKind> {
    match ty {
        types::I32 => Some(SlotKind::Ref),
        types::I128 => Some(SlotKind::Cont),
        _ => None,
    }
}

/// A function's signature as compiled code sees it.
#[derive(Clone, Debug)]
pub struct WasmSignature {
    /// Its parameters, after the instance. Those beyond [`CALL_PARAMS`] travel in
    /// the transfer slots of their indices: written right before the call, read
    /// before anything else at the callee's entry.
    pub params: Vec<Repr>,
    /// Its results.
    pub results: Vec<Repr>,
    /// For each result, whether it travels in registers; if not, in the
    /// transfer slot of its index.
    pub in_registers: Vec<bool>,
}

impl WasmSignature {
    /// The signature for these values.
    pub fn new(params: &[Repr], results: &[Repr]) -> Self {
        Self {
            params: params.to_vec(),
            results: results.to_vec(),
            in_registers: results_in_registers(results),
        }
    }

    /// How many of the parameters are arguments of the call.
    pub fn call_params(&self) -> usize {
        self.params.len().min(CALL_PARAMS)
    }

    /// The CLIF signature: instance context, then the parameters.
    pub fn clif(&self) -> Signature {
        let mut signature = Signature::new(CallConv::Tail);
        signature.params.push(AbiParam::new(types::I64));
        let params = &self.params[..self.call_params()];
        signature
            .params
            .extend(params.iter().map(|&r| AbiParam::new(clif_type(r))));
        let results = self
            .results
            .iter()
            .zip(&self.in_registers)
            .filter(|(_, fits)| **fits);
        signature
            .returns
            .extend(results.map(|(&r, _)| AbiParam::new(clif_type(r))));
        signature
    }
}

/// `switch(running, target, reason, payload) -> (unspecified, payload, reason, running, from)`.
pub fn switch_signature() -> Signature {
    words(4, 5)
}

/// `finish(running, target, reason, payload)`; also what an entry trampoline is
/// entered with: `(from, running, reason, payload)`.
pub fn finish_signature() -> Signature {
    words(4, 0)
}

/// `call_host(instance, a, b, c, d, libcall) -> value`.
pub fn call_host_signature() -> Signature {
    words(6, 1)
}

/// `interrupt(instance, why)`, which keeps every register.
pub fn interrupt_signature() -> Signature {
    Signature {
        call_conv: CallConv::PreserveAll,
        ..words(2, 0)
    }
}

/// `find_handler(running, tag) -> (target, reason, outermost)`.
pub fn find_handler_signature() -> Signature {
    words(2, 3)
}

fn words(params: usize, returns: usize) -> Signature {
    let mut signature = Signature::new(CallConv::Tail);
    signature.params = vec![AbiParam::new(types::I64); params];
    signature.returns = vec![AbiParam::new(types::I64); returns];
    signature
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_beyond_a_number_go_to_the_transfer_area() {
        for (params, in_call) in [(0, 0), (CALL_PARAMS, CALL_PARAMS), (1000, CALL_PARAMS)] {
            let signature = WasmSignature::new(&vec![Repr::V128; params], &[]);
            assert_eq!(signature.call_params(), in_call);
            // The instance comes first.
            assert_eq!(signature.clif().params.len(), 1 + in_call);
        }
    }

    #[test]
    fn results_beyond_the_registers_go_to_the_transfer_area() {
        let signature = WasmSignature::new(&[], &[Repr::I32; 9]);
        assert_eq!(
            signature.in_registers.iter().filter(|fits| **fits).count(),
            6
        );
        let mixed = [
            Repr::ContRef,
            Repr::F64,
            Repr::ContRef,
            Repr::ContRef,
            Repr::I32,
        ];
        let signature = WasmSignature::new(&[], &mixed);
        assert_eq!(signature.in_registers, [true, true, true, true, false]);
    }
}
