//! The trampolines between Wasm functions and what surrounds them.
//!
//! ```text
//!  entry(from, running, reason, payload)       the first frame of every stack
//!      parameters from the payload register and the transfer area; those that
//!      the callee takes from there stay
//!      call running.func.code
//!      results likewise; the current record, which is running or a clone of it, is gone:
//!      state, free list, count; current = parent
//!      jump finish(running, parent, RETURNED, payload)
//!
//!  to_host(instance, parameters…)        what Wasm calls when it calls the host
//!      parameters to the transfer area, where those beyond the call's arguments
//!      are already; instance.call; results from there; the first of each goes in a
//!      register if it fits
//!      of a function that may suspend its caller: over the call no register stays, since
//!      it may come back by a switch
//!      of `clone_cont`: instance.call(record, revision), which gives the clone's record
//! ```

use crate::CompileError;
use crate::func::barrier::wake;
use crate::func::regions::{self, Regions, plain, transfer_offset};
use crate::function::{Callee, CompiledFunc, Relocation, Site};
use crate::output::Compiler;
use crate::signature::{WasmSignature, call_host_signature, clif_type, finish_signature};
use cranelift_codegen::ir::{
    self, AliasRegion, BlockArg, BlockCall, ExceptionTableData, InstBuilder, Value, types,
};
use cranelift_frontend::FunctionBuilder;
use mangrove_abi::record::reason;
use mangrove_abi::{
    ContRecord, Defect, FuncRef, FunctionKind, HostContext, HostKind, RecordState, StoreContext,
    StubImage, Waking,
};
use mangrove_validate::Repr;
use std::mem::offset_of;
use types::{I32, I64};

/// Compiles the entry trampoline of a signature.
pub fn entry(
    compiler: &mut Compiler,
    kind: FunctionKind,
    params: &[Repr],
    results: &[Repr],
) -> Result<CompiledFunc, CompileError> {
    let config = compiler.frontend_config();
    let defect = compiler.defect;
    let wakes = !Defect::Unwoken(Waking::Returned).is_in(defect);
    let signature = WasmSignature::new(params, results);
    let (mut clif, context) = compiler.function(finish_signature());
    let mut b = FunctionBuilder::new(&mut clif, context);
    let region = Regions::new(&mut b).context;
    let block = b.create_block();
    b.append_block_params_for_function_params(block);
    b.switch_to_block(block);
    b.seal_block(block);
    let (running, payload) = (b.block_params(block)[1], b.block_params(block)[3]);

    let func = load(&mut b, region, running, offset_of!(ContRecord, func));
    let code = load(&mut b, region, func, offset_of!(FuncRef, code));
    let instance = load(&mut b, region, func, offset_of!(FuncRef, instance));
    let store = regions::load_store_context(&mut b, instance);
    let mut arguments = vec![instance];
    for (index, &repr) in params[..signature.call_params()].iter().enumerate() {
        arguments.push(if index == 0 && repr.in_payload_register() {
            regions::from_word(&mut b, payload, repr)
        } else {
            b.ins().load(
                clif_type(repr),
                plain(region),
                store,
                match index {
                    1 if Defect::SwapTransferred.is_in(defect) => transfer_offset(2),
                    _ => transfer_offset(index),
                },
            )
        });
    }
    let callee = b.import_signature(signature.clif());
    let call = b.ins().call_indirect(callee, code, &arguments);

    let mut registers = b.inst_results(call).to_vec().into_iter();
    let mut payload = None;
    for (index, &repr) in results.iter().enumerate() {
        // A result beyond the registers is in its transfer slot already.
        let Some(value) = signature.in_registers[index]
            .then(|| registers.next())
            .flatten()
        else {
            continue;
        };
        if index == 0 && repr.in_payload_register() {
            payload = Some(regions::to_word(&mut b, value, repr));
        } else {
            b.ins()
                .store(plain(region), value, store, transfer_offset(index));
        }
    }
    let payload = payload.unwrap_or_else(|| b.ins().iconst(I64, 0));
    // Read again: this frame may be a copy, and `running` who it was copied from.
    let running = load(&mut b, region, store, offset_of!(StoreContext, current));
    let parent = load(&mut b, region, running, offset_of!(ContRecord, parent));
    if wakes {
        wake(&mut b, region, store, parent);
    }
    leave(&mut b, region, store, [running, parent], payload);
    b.finalize(config);
    compiler.finish_small(kind, clif)
}

/// Gives the running record back and switches to its parent, which is awake.
fn leave(
    b: &mut FunctionBuilder<'_>,
    region: AliasRegion,
    context: Value,
    [running, parent]: [Value; 2],
    payload: Value,
) {
    let gone = b.ins().iconst(I32, RecordState::Gone as i64);
    b.ins().store(
        plain(region),
        gone,
        running,
        offset_of!(ContRecord, state) as i32,
    );
    let free = load(b, region, context, offset_of!(StoreContext, free_records));
    store(b, region, free, running, offset_of!(ContRecord, next_free));
    store(
        b,
        region,
        running,
        context,
        offset_of!(StoreContext, free_records),
    );
    let one = b.ins().iconst(I64, 1);
    let returned = load(b, region, context, offset_of!(StoreContext, returned));
    let returned = b.ins().iadd(returned, one);
    store(
        b,
        region,
        returned,
        context,
        offset_of!(StoreContext, returned),
    );
    store(
        b,
        region,
        parent,
        context,
        offset_of!(StoreContext, current),
    );
    let returned = b.ins().iconst(I64, reason::RETURNED);
    let finish = regions::import(b, Callee::Finish, finish_signature());
    b.ins()
        .return_call(finish, &[running, parent, returned, payload]);
}

fn load(b: &mut FunctionBuilder<'_>, region: AliasRegion, base: Value, offset: usize) -> Value {
    b.ins().load(I64, plain(region), base, offset as i32)
}

fn store(
    b: &mut FunctionBuilder<'_>,
    region: AliasRegion,
    value: Value,
    base: Value,
    offset: usize,
) {
    b.ins().store(plain(region), value, base, offset as i32);
}

/// The stub that asks the runtime what becomes of what runs, as a function of the image.
pub fn interrupt(stubs: &StubImage) -> CompiledFunc {
    const DISTANCE: u32 = 4;
    CompiledFunc {
        kind: FunctionKind::Interrupt,
        code: stubs.interrupt.to_vec(),
        relocations: vec![Relocation {
            offset: stubs.interrupt_call,
            callee: Callee::CallHost,
            addend: -i64::from(DISTANCE),
        }],
        sites: vec![Site {
            offset: stubs.interrupt_call + DISTANCE,
            wasm_offset: None,
            slots: Vec::new(),
            names: Vec::new(),
            catch: None,
        }],
        scopes: Vec::new(),
        homes: Vec::new(),
        home_names: Vec::new(),
        // Nobody asks for its: it is the frame below that has one.
        instance_distance: 0,
        traps: Vec::new(),
        inlined: Vec::new(),
        inlined_code: Vec::new(),
        positions: vec![(0, None)],
    }
}

/// Compiles a trampoline into host functions of a signature.
pub fn to_host(
    compiler: &mut Compiler,
    kind: FunctionKind,
    params: &[Repr],
    results: &[Repr],
    code: HostKind,
) -> Result<CompiledFunc, CompileError> {
    let config = compiler.frontend_config();
    let signature = WasmSignature::new(params, results);
    let (mut clif, context) = compiler.function(signature.clif());
    let mut b = FunctionBuilder::new(&mut clif, context);
    let region = Regions::new(&mut b).context;
    let block = b.create_block();
    b.append_block_params_for_function_params(block);
    b.switch_to_block(block);
    b.seal_block(block);
    let instance = b.block_params(block)[0];
    let values = match code {
        HostKind::Clone => {
            let reference = b.block_params(block)[1];
            clone(&mut b, region, instance, reference)
        }
        HostKind::Plain | HostKind::Suspending => {
            let arguments = b.block_params(block)[1..].to_vec();
            let store = regions::load_store_context(&mut b, instance);
            let zero = b.ins().iconst(I64, 0);
            let mut word = zero;
            for (index, (&value, &repr)) in arguments.iter().zip(params).enumerate() {
                if index == 0 && repr.in_payload_register() {
                    word = regions::to_word(&mut b, value, repr);
                } else {
                    b.ins()
                        .store(plain(region), value, store, transfer_offset(index));
                }
            }
            let stub = regions::import(&mut b, Callee::CallHost, call_host_signature());
            let operands = host_operands(&mut b, region, instance, [word, zero]);
            let first = match code {
                HostKind::Suspending => call_and_keep_nothing(&mut b, stub, &operands),
                _ => {
                    let call = b.ins().call(stub, &operands);
                    b.inst_results(call)[0]
                }
            };
            host_results(&mut b, region, &signature, (store, first))
        }
    };
    b.ins().return_(&values);
    b.finalize(config);
    compiler.finish_small(kind, clif)
}

/// What the host-call stub takes for what a host function calls.
fn host_operands(
    b: &mut FunctionBuilder<'_>,
    region: AliasRegion,
    instance: Value,
    [one, other]: [Value; 2],
) -> [Value; 6] {
    let call = load(b, region, instance, offset_of!(HostContext, call));
    let zero = b.ins().iconst(I64, 0);
    [instance, one, other, zero, zero, call]
}

/// Calls a stub as a switch is called, over which no register stays: the call may come back
/// by a switch. Its result.
fn call_and_keep_nothing(
    b: &mut FunctionBuilder<'_>,
    stub: ir::FuncRef,
    operands: &[Value],
) -> Value {
    let signature = b.func.dfg.ext_funcs[stub].signature;
    let back = b.create_block();
    let result = b.append_block_param(back, I64);
    let pool = &mut b.func.dfg.value_lists;
    let normal = BlockCall::new(back, [BlockArg::TryCallRet(0)], pool);
    let table = ExceptionTableData::new(signature, normal, []);
    let table = b.func.dfg.exception_tables.push(table);
    b.ins().try_call(stub, operands, table);
    b.seal_block(back);
    b.switch_to_block(back);
    result
}

/// The results of a host function that travel in registers: from the transfer area, the
/// first one from its word if it fits.
fn host_results(
    b: &mut FunctionBuilder<'_>,
    region: AliasRegion,
    signature: &WasmSignature,
    (store, first): (Value, Value),
) -> Vec<Value> {
    let mut values = Vec::new();
    for (index, &repr) in signature.results.iter().enumerate() {
        let value = match index {
            0 if repr.in_payload_register() => regions::from_word(b, first, repr),
            _ if signature.in_registers[index] => {
                let offset = transfer_offset(index);
                b.ins().load(clif_type(repr), plain(region), store, offset)
            }
            _ => continue,
        };
        values.push(value);
    }
    values
}

/// The clone of a continuation reference: its record is the libcall's result, and its
/// revision that record's.
fn clone(
    b: &mut FunctionBuilder<'_>,
    region: AliasRegion,
    instance: Value,
    reference: Value,
) -> Vec<Value> {
    let (record, revision) = b.ins().isplit(reference);
    let stub = regions::import(b, Callee::CallHost, call_host_signature());
    let operands = host_operands(b, region, instance, [record, revision]);
    let call = b.ins().call(stub, &operands);
    let clone = b.inst_results(call)[0];
    let revision = load(b, region, clone, offset_of!(ContRecord, revision));
    vec![b.ins().iconcat(clone, revision)]
}
