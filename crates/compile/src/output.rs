//! One function through Cranelift, and what is kept of the result.

use crate::arch;
use crate::cost::Work;
use crate::function::{Beside, Buffer, Callee, CompiledFunc, Finished, Relocation};
use crate::movable::pin_stack_loads;
use crate::positions::Position;
use crate::sites::{home_names, homes, instance_distance, sites};
use crate::touch::touch_stack;
use crate::{CompileError, Hooks, Interruption, OptLevel, Options, isa};
use cranelift_codegen::Context;
use cranelift_codegen::FinalizedRelocTarget;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::entity::PrimaryMap;
use cranelift_codegen::ir::{
    self, ExternalName, Function, Signature, SourceLoc, UserExternalName, UserExternalNameRef,
    UserFuncName,
};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_frontend::FunctionBuilderContext;
use mangrove_abi::{Defect, FunctionKind, TrapCode};

/// Values of a function that Cranelift's scratch is not kept after. What is kept grows
/// to the largest function, and emptying it takes time by that, for each that follows.
const LARGE: usize = 20_000;

/// Reused state of one compiling thread.
pub struct Compiler {
    isa: OwnedTargetIsa,
    /// Generates code of what is optimised already.
    generator: OwnedTargetIsa,
    /// Generates code without optimising it.
    plain: OwnedTargetIsa,
    context: Context,
    control_plane: ControlPlane,
    /// See [`mangrove_abi::StubImage::depth`].
    stub_depth: u32,
    /// For the frontend.
    pub builder_context: FunctionBuilderContext,
    /// Whether to compile hooks in, and which.
    pub hooks: Hooks,
    /// What the code looks at to be interrupted.
    pub interruption: Interruption,
    /// What the code is not to note, for tests.
    pub defect: Option<Defect>,
    /// Whether every function is to be in homes.
    pub homes_only: bool,
    /// See [`Options::slot_names`].
    pub slot_names: bool,
}

impl Compiler {
    /// A compiler with these settings.
    pub fn new(options: &Options) -> Self {
        Self {
            isa: isa::host(options),
            generator: isa::host(&Options {
                opt_level: OptLevel::None,
                canonical_nans: false,
                ..*options
            }),
            plain: isa::host(&Options {
                opt_level: OptLevel::None,
                ..*options
            }),
            context: Context::new(),
            control_plane: ControlPlane::default(),
            stub_depth: options.stubs.depth,
            builder_context: FunctionBuilderContext::new(),
            hooks: options.hooks,
            interruption: options.interruption,
            defect: options.defect,
            homes_only: options.opt_level == OptLevel::Frame,
            slot_names: options.slot_names,
        }
    }

    /// What the frontend wants to know of the target.
    pub fn frontend_config(&self) -> cranelift_codegen::isa::TargetFrontendConfig {
        self.isa.frontend_config()
    }

    /// A new function to be built, on the way to [`Self::finish`].
    pub fn function(&mut self, signature: Signature) -> (Function, &mut FunctionBuilderContext) {
        let function = Function::with_name_signature(UserFuncName::default(), signature);
        (function, &mut self.builder_context)
    }

    /// Has a built function touch the lowest word of the stack that it, or a stub
    /// it calls, writes.
    pub fn touch_stack(&self, function: &mut Function, start: SourceLoc) {
        touch_stack(function, self.stub_depth, start);
    }

    /// Forgets a function that was not finished, and all scratch.
    pub fn abandon(&mut self) {
        self.builder_context = FunctionBuilderContext::new();
        self.context = Context::new();
    }

    /// Generates the code of a built function that is small: a routine of this crate.
    pub fn finish_small(
        &mut self,
        kind: FunctionKind,
        function: Function,
    ) -> Result<CompiledFunc, CompileError> {
        let small = Finished::Values(Work::unlimited());
        let compiled = self.finish(kind, function, Beside::default(), small)?;
        Ok(compiled.expect("there is no limit"))
    }

    /// Generates the code of a built function; none if it exceeds its limits.
    pub fn finish(
        &mut self,
        kind: FunctionKind,
        function: Function,
        beside: Beside,
        finished: Finished,
    ) -> Result<Option<CompiledFunc>, CompileError> {
        let large = function.dfg.num_values() > LARGE;
        let compiled = self.generate(kind, function, beside, finished);
        if large {
            self.abandon();
        }
        compiled
    }

    fn generate(
        &mut self,
        kind: FunctionKind,
        function: Function,
        beside: Beside,
        finished: Finished,
    ) -> Result<Option<CompiledFunc>, CompileError> {
        self.context.clear();
        self.context.func = function;
        pin_stack_loads(&mut self.context.func);
        let names = self.context.func.params.user_named_funcs().clone();
        let failed = |message: String| CompileError::Codegen {
            function: format!("{kind:?}"),
            message,
        };
        let isa = match finished {
            Finished::Homes => &self.plain,
            Finished::Values(work) if work.is_small(&self.context.func) => {
                if !work.allows_live(&self.context.func) {
                    return Ok(None);
                }
                &self.isa
            }
            Finished::Values(work) => {
                self.context
                    .optimize(&*self.isa, &mut self.control_plane)
                    .map_err(|error| failed(format!("{error:?}")))?;
                if !work.allows_live(&self.context.func) {
                    return Ok(None);
                }
                &self.generator
            }
        };
        let compiled = self
            .context
            .compile(&**isa, &mut self.control_plane)
            .map_err(|error| failed(format!("{:?}", error.inner)))?;
        let buffer = &compiled.buffer;
        let positions: Vec<_> = buffer
            .get_srclocs_sorted()
            .iter()
            .map(|loc| (loc.start, beside.positions.get(loc.loc)))
            .collect();
        let code = compiled.code_buffer().to_vec();
        Ok(Some(CompiledFunc {
            kind,
            relocations: relocations(buffer, &names).map_err(failed)?,
            sites: sites(buffer, &positions, &beside.positions, self.defect).map_err(failed)?,
            homes: homes(buffer, &beside).map_err(failed)?,
            home_names: home_names(buffer, &beside).map_err(failed)?,
            instance_distance: instance_distance(buffer, &beside).map_err(failed)?,
            scopes: beside.scopes,
            traps: traps(buffer).map_err(failed)?,
            inlined_code: inlined_code(&positions, code.len() as u32),
            inlined: beside.positions.inlined,
            positions: positions
                .into_iter()
                .map(|(start, position)| (start, position.wasm_offset))
                .collect(),
            code,
        }))
    }
}

/// Where the code of each inlined call lies.
fn inlined_code(positions: &[(u32, Position)], len: u32) -> Vec<(u32, u32, u32)> {
    let ends = positions.iter().skip(1).map(|&(start, _)| start);
    let stretches = positions.iter().zip(ends.chain([len]));
    stretches
        .filter_map(|((start, position), end)| Some((*start, end, position.inlined?)))
        .collect()
}

fn relocations(
    buffer: &Buffer,
    names: &PrimaryMap<UserExternalNameRef, UserExternalName>,
) -> Result<Vec<Relocation>, String> {
    let mut found = Vec::new();
    for reloc in buffer.relocs() {
        let FinalizedRelocTarget::ExternalName(ExternalName::User(reference)) = &reloc.target
        else {
            return Err(format!("reference to {:?}", reloc.target));
        };
        if !arch::is_near(reloc.kind) {
            return Err(format!("relocation {:?}", reloc.kind));
        }
        let callee = names
            .get(*reference)
            .and_then(Callee::from_name)
            .ok_or("reference to an unknown name")?;
        found.push(Relocation {
            offset: reloc.offset,
            callee,
            addend: reloc.addend,
        });
    }
    Ok(found)
}

fn traps(buffer: &Buffer) -> Result<Vec<(u32, TrapCode)>, String> {
    use ir::TrapCode as Clif;
    let mut traps = Vec::new();
    for trap in buffer.traps() {
        let code = match trap.code {
            Clif::STACK_OVERFLOW => TrapCode::StackOverflow,
            Clif::INTEGER_OVERFLOW => TrapCode::IntegerOverflow,
            Clif::INTEGER_DIVISION_BY_ZERO => TrapCode::DivideByZero,
            Clif::BAD_CONVERSION_TO_INTEGER => TrapCode::InvalidConversion,
            Clif::HEAP_OUT_OF_BOUNDS => TrapCode::MemoryOutOfBounds,
            other => TrapCode::from_u8(other.as_raw().get())
                .ok_or_else(|| format!("unknown trap code {other}"))?,
        };
        traps.push((trap.offset, code));
    }
    Ok(traps)
}
