//! Translation of one function: the operand stack, the current position, and
//! the dispatch to the instruction families.
//!
//! Wasm's operand stack becomes a stack of SSA values; locals become frontend
//! variables. Every value that is a root is declared to the frontend where it
//! is made ([`FuncTranslator::push`]), which spills it over safepoints and
//! writes the stack maps. A function that would be too much work that way is
//! translated a second time, with both in the frame (`frame`).

mod access;
mod alloc;
mod array;
mod call;
mod cast;
mod continuation;
mod control;
mod exception;
mod handler;
mod homes;
mod landing;
mod memory;
mod numeric;
mod operand;
mod payload;
mod reference;
mod resume;
mod runtime;
mod simd;
mod structure;
mod suspend;
mod table;
mod touch;
mod variable;

pub use handler::{find_handler, search};
pub use touch::touch_stack;

/// What trampolines share with functions.
pub mod runtime_support {
    pub use super::access::{Regions, load_store_context, plain, transfer_offset};
    pub use super::payload::{from_word, to_word};
    pub use super::runtime::{import, libcall_arguments};
}

use crate::CompileError;
use crate::cost::Work;
use crate::env::ModuleEnv;
use crate::output::{Beside, CompiledFunc, Compiler, Finished};
use crate::signature::WasmSignature;
use access::Regions;
use control::{BlockReprs, ControlFrame};
use cranelift_codegen::ir::{self, InstBuilder, SourceLoc, Value};
use cranelift_frontend::{FunctionBuilder, Variable};
use homes::{Homes, MOST_FRAME_BYTES};
use mangrove_abi::libcall::hook;
use mangrove_abi::{FunctionKind, Libcall};
use mangrove_validate::Repr;
use operand::{Locals, Operand};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use wasmparser::{BinaryReader, FunctionBody, Operator};

/// State of one function's translation.
pub struct FuncTranslator<'a, 'b> {
    b: FunctionBuilder<'b>,
    env: &'a ModuleEnv<'a>,
    hooks: crate::Hooks,
    signature: WasmSignature,
    instance: Value,
    regions: Regions,
    stack: Vec<Operand>,
    control: Vec<ControlFrame>,
    /// The `try_table`s with clauses around the current position, innermost last.
    scopes: Vec<exception::OpenScope>,
    /// Whether the current position can be reached.
    reachable: bool,
    locals: Locals,
    /// Where operands and locals lie, if not in SSA values.
    frame: Option<Homes>,
    /// What the frontend's tables of variables grew by, in entries.
    variable_work: u64,
    /// Values that were declared roots, unless they have homes.
    roots: HashSet<Value>,
    /// What is said beside the CLIF.
    beside: Beside,
    /// The running record, in modules that switch: see [`Self::running_record`].
    own: Option<Variable>,
    /// Whether an instruction needs the stack to be touched: see [`touch`].
    touches: bool,
    /// Byte offset in the module of the current instruction.
    offset: usize,
    callees: HashMap<crate::output::Callee, ir::FuncRef>,
    signatures: HashMap<u32, (ir::SigRef, WasmSignature)>,
    block_types: HashMap<u32, BlockReprs>,
    no_reprs: Rc<[Repr]>,
}

/// Whether a family knows the instruction.
type Known = Result<bool, CompileError>;

/// Where a function's operands and locals are while it is translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placement {
    /// In SSA values, for Cranelift to place.
    Values,
    /// In the frame, each at its home.
    Homes,
}

/// Translates and compiles one function of the module. What that costs is
/// bounded by the size of its body: see [`crate::cost`].
pub fn compile(
    compiler: &mut Compiler,
    env: &ModuleEnv<'_>,
    function: u32,
) -> Result<CompiledFunc, CompileError> {
    if !compiler.homes_only {
        if let Some(compiled) = compile_as(compiler, env, function, Placement::Values)? {
            return Ok(compiled);
        }
        tracing::debug!(
            target: "mangrove::compile",
            function,
            "too much work to optimise: operands and locals are kept in the frame"
        );
    }
    let compiled = compile_as(compiler, env, function, Placement::Homes)?;
    Ok(compiled.expect("no work is too much with homes"))
}

/// None if it is too much work for Cranelift this way.
fn compile_as(
    compiler: &mut Compiler,
    env: &ModuleEnv<'_>,
    function: u32,
    placement: Placement,
) -> Result<Option<CompiledFunc>, CompileError> {
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
    let work = Work::of_body(range.len());
    let (mut clif, builder_context) = compiler.function(signature.clif());
    let b = FunctionBuilder::new(&mut clif, builder_context);
    let mut translator = FuncTranslator::start(b, env, hooks, signature, range.start, placement);
    if !translator.body(&body, &work)? {
        compiler.abandon();
        return Ok(None);
    }
    let touches = translator.touches;
    translator.b.finalize(config);
    let mut beside = translator.beside;
    let homes = translator.frame;
    let finished = match homes {
        Some(frame) => {
            beside.homes = frame.finish(&mut clif);
            Finished::Homes
        }
        None => Finished::Values(work),
    };
    if touches {
        compiler.touch_stack(&mut clif, SourceLoc::new(range.start as u32));
    }
    compiler.finish(FunctionKind::Wasm(function), clif, beside, finished)
}

impl<'a, 'b> FuncTranslator<'a, 'b> {
    fn start(
        mut b: FunctionBuilder<'b>,
        env: &'a ModuleEnv<'a>,
        hooks: crate::Hooks,
        signature: WasmSignature,
        offset: usize,
        placement: Placement,
    ) -> Self {
        let entry = b.create_block();
        b.append_block_params_for_function_params(entry);
        b.switch_to_block(entry);
        b.seal_block(entry);
        b.set_srcloc(SourceLoc::new(offset as u32));
        let instance = b.block_params(entry)[0];
        let regions = Regions::new(&mut b);
        let frame = (placement == Placement::Homes).then(|| Homes::new(&mut b, instance));
        let mut translator = Self {
            b,
            env,
            hooks,
            signature,
            instance,
            regions,
            stack: Vec::new(),
            control: Vec::new(),
            scopes: Vec::new(),
            reachable: true,
            locals: Locals::default(),
            frame,
            variable_work: 0,
            roots: HashSet::new(),
            beside: Beside::default(),
            own: None,
            touches: false,
            offset,
            callees: HashMap::new(),
            signatures: HashMap::new(),
            block_types: HashMap::new(),
            no_reprs: Rc::new([]),
        };
        let arguments = translator.b.block_params(entry)[1..].to_vec();
        translator.define_params(&arguments);
        translator
    }

    /// False if it is too much work: the rest is not translated.
    fn body(&mut self, body: &FunctionBody<'_>, work: &Work) -> Result<bool, CompileError> {
        for local in body.get_locals_reader()? {
            let (count, ty) = local?;
            self.locals.declare(count, self.local_repr(ty));
        }
        self.declare_running();
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
            if !self.within(work)? {
                return Ok(false);
            }
        }
        Ok(self.frame.is_some() || work.allows_roots(self.b.func, &self.roots))
    }

    /// Whether what was translated so far is no more than the body's size allows.
    fn within(&self, work: &Work) -> Result<bool, CompileError> {
        if let Some(frame) = &self.frame {
            if frame.size() > MOST_FRAME_BYTES {
                return Err(CompileError::TooLarge(
                    "a function with more than 4 MiB of frame",
                ));
            }
            if !work.allows_in_homes(self.b.func.dfg.num_values() as u64) {
                return Err(CompileError::TooLarge(
                    "a function that moves more than 400,000 values, and 48 for each of its bytes",
                ));
            }
            return Ok(true);
        }
        let values = self.b.func.dfg.num_values() + self.stack.len();
        Ok(work.allows_values(values as u64) && work.allows_variables(self.variable_work))
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

    /// Calls the runtime's hook.
    fn hook(&mut self, kind: u64) {
        let (kind, nothing) = (self.word(kind), self.word(0));
        self.libcall(Libcall::Hook, &[kind, nothing, nothing]);
    }

    /// Tells the runtime that the continuation on top of the operands is about
    /// to be resumed, in this way.
    fn hook_resume(&mut self, kind: u64) {
        let reference = self.top();
        let (record, revision) = self.b.ins().isplit(reference);
        let kind = self.word(kind);
        self.libcall(Libcall::Hook, &[kind, record, revision]);
    }
}
