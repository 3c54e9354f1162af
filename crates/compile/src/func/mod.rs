//! From one body to machine code, and the dispatch of its instructions.
//!
//! [`compile`] translates a body with its values in SSA form, or, where that would
//! be too much work, a second time with homes in the frame ([`homes`]). Each
//! instruction goes to its family's file; those that leave a stack, and those that
//! throw, go to their function straight from here.
//!
//! Next on the road of a `resume`: `crates/compile/src/func/resume.rs`.

mod access;
mod alloc;
mod array;
pub mod barrier;
mod call;
mod cast;
mod catch;
mod continuation;
mod control;
mod exception;
mod facts;
mod handler;
mod homes;
mod inline;
mod inlining;
mod interrupt;
mod known;
mod memory;
mod numeric;
mod operand;
mod reference;
pub mod regions;
mod resume;
mod runtime;
mod simd;
mod state;
mod store;
mod structure;
mod suspend;
mod switch;
mod table;
mod translator;
mod variable;

pub use state::block_args;

use crate::CompileError;
use crate::candidates::Budget;
use crate::cost::Work;
use crate::env::ModuleEnv;
use crate::function::{CompiledFunc, Finished};
use crate::naming::name_calls;
use crate::output::Compiler;
use crate::unread::remove_unread_params;
use cranelift_codegen::ir::{Function, SourceLoc};
use cranelift_frontend::FunctionBuilder;
use mangrove_abi::{FuncIndex, FunctionKind, TagIndex, TypeIndex};
use translator::{FuncTranslator, Placement};
use wasmparser::Operator;

/// Translates and compiles one function of the module. What that costs is
/// bounded by the size of its body: see [`crate::cost`].
pub fn compile(
    compiler: &mut Compiler,
    env: &ModuleEnv<'_>,
    function: FuncIndex,
) -> Result<CompiledFunc, CompileError> {
    if !compiler.homes_only {
        // What is too much with others inlined may not be without.
        for inlines in [true, false] {
            match compile_as(compiler, env, function, Placement::Values, inlines)? {
                Ok(compiled) => return Ok(compiled),
                Err(TooMuch { inlined: true }) => {}
                Err(TooMuch { inlined: false }) => break,
            }
        }
        tracing::debug!(
            target: "mangrove::compile",
            %function,
            "too much work to optimise: operands and locals are kept in the frame"
        );
    }
    let compiled = compile_as(compiler, env, function, Placement::Homes, false)?;
    Ok(compiled.expect("no work is too much with homes"))
}

/// It is too much work for Cranelift this way.
#[derive(Debug)]
struct TooMuch {
    /// Whether anything was inlined.
    inlined: bool,
}

fn compile_as(
    compiler: &mut Compiler,
    env: &ModuleEnv<'_>,
    function: FuncIndex,
    placement: Placement,
    inlines: bool,
) -> Result<Result<CompiledFunc, TooMuch>, CompileError> {
    let module = env.module;
    let defined = (function.as_u32() - module.imported_functions) as usize;
    let (range, body) = env.body(function);
    let switches = env.switches.get(defined).copied().unwrap_or(false);
    let signature = env.signature(module.functions[function.index()]);
    let slot_names = compiler.slot_names;
    let extras = (
        compiler.hooks,
        compiler.interruption,
        compiler.defect,
        slot_names,
    );
    let config = compiler.frontend_config();
    let work = Work::of_body(range.len());
    let (mut clif, builder_context) = compiler.function(signature.clif());
    let b = FunctionBuilder::new(&mut clif, builder_context);
    let budget = inlines.then(|| Budget::of_body(range.len()));
    let mut translator = FuncTranslator::start(
        b,
        env,
        extras,
        signature,
        (function, range.start),
        (placement, work),
        budget,
    );
    let done = translator.body(&body, switches)?;
    let inlined = !translator.beside.positions.inlined.is_empty();
    if !done {
        compiler.abandon();
        return Ok(Err(TooMuch { inlined }));
    }
    let (touches, noted_calls) = (translator.touches, translator.noted_calls);
    let tracking = translator.tracking.take();
    let calls_inlined = &translator.beside.positions.inlined;
    let known = tracking.and_then(|tracking| tracking.known(translator.b.func, calls_inlined));
    let work = translator.work;
    if translator.homes.is_none() {
        // Only now: these parameters tell what others are.
        remove_unread_params(translator.b.func);
    }
    translator.b.finalize(config);
    let (mut beside, homes) = (translator.beside, translator.homes);
    if let Some(known) = known {
        name_calls(&mut clif, &known, &mut beside.positions);
    }
    debug_assert_eq!(calls(&clif), noted_calls, "each call is noted");
    let finished = match homes {
        Some(homes) => {
            if slot_names {
                beside.home_names = homes.names();
            }
            beside.homes = homes.finish(&mut clif);
            Finished::Homes
        }
        None => Finished::Values(work),
    };
    if touches {
        compiler.touch_stack(&mut clif, SourceLoc::new(range.start as u32));
    }
    let compiled = compiler.finish(FunctionKind::Wasm(function), clif, beside, finished)?;
    Ok(compiled.ok_or(TooMuch { inlined }))
}

/// Calls of a function that come back.
fn calls(function: &Function) -> usize {
    let layout = &function.layout;
    let insts = layout.blocks().flat_map(|block| layout.block_insts(block));
    let opcodes = insts.map(|inst| function.dfg.insts[inst].opcode());
    opcodes
        .filter(|opcode| opcode.is_call() && !opcode.is_return())
        .count()
}

impl FuncTranslator<'_, '_> {
    /// Translates one instruction: the next of the body.
    fn operator(&mut self, operator: &Operator<'_>) -> Result<(), CompileError> {
        if self.control(operator)? || !self.reachable {
            return Ok(());
        }
        match *operator {
            Operator::ContNew { .. } => self.cont_new(),
            Operator::ContBind {
                argument_index: from,
                result_index: to,
            } => self.cont_bind(TypeIndex::new(from), TypeIndex::new(to)),
            Operator::Resume {
                cont_type_index,
                ref resume_table,
            } => self.resume(TypeIndex::new(cont_type_index), resume_table),
            Operator::ResumeThrow {
                cont_type_index,
                tag_index,
                ref resume_table,
            } => self.resume_throw(
                TypeIndex::new(cont_type_index),
                Some(TagIndex::new(tag_index)),
                resume_table,
            ),
            Operator::ResumeThrowRef {
                cont_type_index,
                ref resume_table,
            } => self.resume_throw(TypeIndex::new(cont_type_index), None, resume_table),
            Operator::Suspend { tag_index } => self.suspend(TagIndex::new(tag_index)),
            Operator::Switch {
                cont_type_index,
                tag_index,
            } => self.switch_to(TypeIndex::new(cont_type_index), TagIndex::new(tag_index)),
            Operator::Throw { tag_index } => self.throw(TagIndex::new(tag_index)),
            Operator::ThrowRef => self.throw_ref(),
            _ => return self.family(operator),
        }
        Ok(())
    }

    /// Asks each family for the instruction.
    fn family(&mut self, operator: &Operator<'_>) -> Result<(), CompileError> {
        let known = self.variable(operator)?
            || self.numeric(operator)?
            || self.memory(operator)?
            || self.structure(operator)?
            || self.array(operator)?
            || self.reference(operator)?
            || self.call(operator)?
            || self.table(operator)?
            || self.cast(operator)?
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
}
