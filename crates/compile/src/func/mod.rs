//! Translation of one function: the operand stack, the current position, and
//! the dispatch to the instruction families.
//!
//! Wasm's operand stack becomes a stack of SSA values; locals become frontend
//! variables. Every value that is a root is declared to the frontend where it
//! is made ([`FuncTranslator::push`]), which spills it over safepoints and
//! writes the stack maps.

mod access;
mod alloc;
mod array;
mod call;
mod cast;
mod continuation;
mod control;
mod exception;
mod handler;
mod memory;
mod numeric;
mod payload;
mod reference;
mod resume;
mod runtime;
mod simd;
mod structure;
mod suspend;
mod table;
mod variable;

pub use handler::{find_handler, search};

/// What trampolines share with functions.
pub mod runtime_support {
    pub use super::access::{Regions, load_store_context, plain, transfer_offset};
    pub use super::payload::{from_word, to_word};
    pub use super::runtime::{import, libcall_arguments};
}

use crate::CompileError;
use crate::env::ModuleEnv;
use crate::output::{CompiledFunc, Compiler};
use crate::signature::{WasmSignature, clif_type, is_root};
use access::Regions;
use control::ControlFrame;
use cranelift_codegen::ir::{self, InstBuilder, SourceLoc, Value};
use cranelift_frontend::{FunctionBuilder, Variable};
use mangrove_abi::libcall::hook;
use mangrove_abi::{FunctionKind, Libcall};
use mangrove_validate::{Repr, ValType};
use std::collections::HashMap;
use wasmparser::{BinaryReader, FunctionBody, Operator};

/// State of one function's translation.
pub struct FuncTranslator<'a, 'b> {
    b: FunctionBuilder<'b>,
    env: &'a ModuleEnv<'a>,
    hooks: crate::Hooks,
    signature: WasmSignature,
    instance: Value,
    regions: Regions,
    stack: Vec<Value>,
    control: Vec<ControlFrame>,
    /// Exception clauses around the current position, innermost last.
    clauses: Vec<exception::Clause>,
    /// Whether the current position can be reached.
    reachable: bool,
    locals: Vec<(Variable, Repr)>,
    /// The running record, in modules that switch: see [`Self::own_record`].
    own: Option<Variable>,
    /// Byte offset in the module of the current instruction.
    offset: usize,
    callees: HashMap<crate::output::Callee, ir::FuncRef>,
    signatures: HashMap<u32, (ir::SigRef, WasmSignature)>,
}

/// Whether a family knows the instruction.
type Known = Result<bool, CompileError>;

/// Translates and compiles one function of the module.
pub fn compile(
    compiler: &mut Compiler,
    env: &ModuleEnv<'_>,
    function: u32,
) -> Result<CompiledFunc, CompileError> {
    let module = env.module;
    let range = module.bodies[(function - module.imported_functions) as usize]
        .range
        .clone();
    let body = FunctionBody::new(BinaryReader::new(
        &module.bytes[range.clone()],
        range.start as u64,
    ));
    let signature = env.signature(module.functions[function as usize]);
    let hooks = compiler.hooks;
    let config = compiler.frontend_config();
    let (mut clif, builder_context) = compiler.function(signature.clif());
    let b = FunctionBuilder::new(&mut clif, builder_context);
    let mut translator = FuncTranslator::start(b, env, hooks, signature, range.start);
    translator.body(&body)?;
    translator.b.finalize(config);
    compiler.finish(FunctionKind::Wasm(function), clif)
}

impl<'a, 'b> FuncTranslator<'a, 'b> {
    fn start(
        mut b: FunctionBuilder<'b>,
        env: &'a ModuleEnv<'a>,
        hooks: crate::Hooks,
        signature: WasmSignature,
        offset: usize,
    ) -> Self {
        let entry = b.create_block();
        b.append_block_params_for_function_params(entry);
        b.switch_to_block(entry);
        b.seal_block(entry);
        b.set_srcloc(SourceLoc::new(offset as u32));
        let instance = b.block_params(entry)[0];
        let regions = Regions::new(&mut b);
        let mut translator = Self {
            b,
            env,
            hooks,
            signature,
            instance,
            regions,
            stack: Vec::new(),
            control: Vec::new(),
            clauses: Vec::new(),
            reachable: true,
            locals: Vec::new(),
            own: None,
            offset,
            callees: HashMap::new(),
            signatures: HashMap::new(),
        };
        for (index, repr) in translator.signature.params.clone().into_iter().enumerate() {
            let value = translator.b.block_params(entry)[index + 1];
            translator.declare_root(value, repr);
            translator.declare_local(repr, value);
        }
        translator
    }

    fn declare_local(&mut self, repr: Repr, value: Value) {
        let variable = self.b.declare_var(clif_type(repr));
        if is_root(repr) {
            self.b.declare_var_needs_stack_map(variable);
        }
        self.b.def_var(variable, value);
        self.locals.push((variable, repr));
    }

    fn body(&mut self, body: &FunctionBody<'_>) -> Result<(), CompileError> {
        for local in body.get_locals_reader()? {
            let (count, ty) = local?;
            let repr = self.local_repr(ty);
            for _ in 0..count {
                // A non-null local starts as null too: validation lets nobody read it.
                let zero = self.zero(repr);
                self.declare_local(repr, zero);
            }
        }
        self.declare_own();
        if self.hooks.calls {
            self.hook(hook::CALL);
        }
        self.push_function_frame();
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            let (operator, offset) = reader.read_with_offset()?;
            self.offset = offset as usize;
            self.b.set_srcloc(SourceLoc::new(offset as u32));
            self.operator(&operator)?;
        }
        Ok(())
    }

    fn local_repr(&self, ty: wasmparser::ValType) -> Repr {
        use wasmparser::ValType as V;
        match ty {
            V::I32 => Repr::I32,
            V::I64 => Repr::I64,
            V::F32 => Repr::F32,
            V::F64 => Repr::F64,
            V::V128 => Repr::V128,
            V::Ref(ty) => self.heap_repr(ty.heap_type()),
        }
    }

    fn operator(&mut self, operator: &Operator<'_>) -> Result<(), CompileError> {
        if self.control(operator)? || !self.reachable {
            return Ok(());
        }
        let known = self.variable(operator)?
            || self.numeric(operator)?
            || self.memory(operator)?
            || self.structure(operator)?
            || self.array(operator)?
            || self.reference(operator)?
            || self.call(operator)?
            || self.table(operator)?
            || self.cast(operator)?
            || self.continuation(operator)?
            || self.exception(operator)?
            || self.simd(operator)?;
        if known {
            Ok(())
        } else {
            Err(self.unsupported(operator))
        }
    }

    fn unsupported(&self, operator: &Operator<'_>) -> CompileError {
        let text = format!("{operator:?}");
        let name = text.split([' ', '{', '(']).next().unwrap_or_default();
        CompileError::Unsupported {
            instruction: name.to_string(),
            offset: self.offset,
        }
    }

    /// Pushes a value; a root is declared to the frontend.
    fn push(&mut self, value: Value, repr: Repr) {
        self.declare_root(value, repr);
        self.stack.push(value);
    }

    fn declare_root(&mut self, value: Value, repr: Repr) {
        if is_root(repr) {
            self.b.declare_value_needs_stack_map(value);
        }
    }

    fn push_all(&mut self, values: &[Value], reprs: &[Repr]) {
        for (&value, &repr) in values.iter().zip(reprs) {
            self.push(value, repr);
        }
    }

    /// # Panics
    /// If the operand stack is empty: the body was not validated.
    fn pop(&mut self) -> Value {
        self.stack.pop().expect("an operand of a validated body")
    }

    /// Pops `count` values, in the order they were pushed.
    fn pop_n(&mut self, count: usize) -> Vec<Value> {
        self.stack.split_off(self.stack.len() - count)
    }

    fn top(&self) -> Value {
        *self.stack.last().expect("an operand of a validated body")
    }

    /// The zero or null of a representation.
    fn zero(&mut self, repr: Repr) -> Value {
        match repr {
            Repr::I32 | Repr::HeapRef => self.b.ins().iconst(ir::types::I32, 0),
            Repr::I64 | Repr::FuncRef => self.word(0),
            Repr::F32 => self.b.ins().f32const(0.0),
            Repr::F64 => self.b.ins().f64const(0.0),
            Repr::V128 => {
                let zero = self.b.func.dfg.constants.insert(vec![0; 16].into());
                self.b.ins().vconst(ir::types::I8X16, zero)
            }
            Repr::ContRef => {
                let zero = self.word(0);
                self.b.ins().iconcat(zero, zero)
            }
        }
    }

    /// A 64-bit constant.
    fn word(&mut self, value: u64) -> Value {
        self.b.ins().iconst(ir::types::I64, value as i64)
    }

    fn reprs(&self, types: &[ValType]) -> Vec<Repr> {
        self.env.reprs(types)
    }

    /// Calls the runtime's hook.
    fn hook(&mut self, kind: u64) {
        let (kind, nothing) = (self.word(kind), self.word(0));
        self.libcall(Libcall::Hook, &[kind, nothing, nothing]);
    }

    /// Tells the runtime that the continuation on top of the operands is about
    /// to be resumed.
    fn hook_resume(&mut self) {
        let reference = self.top();
        let (record, revision) = self.b.ins().isplit(reference);
        let kind = self.word(hook::RESUME);
        self.libcall(Libcall::Hook, &[kind, record, revision]);
    }
}
