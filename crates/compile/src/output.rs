//! One function through Cranelift, and what is kept of the result.

use crate::cost::Work;
use crate::func::touch_stack;
use crate::movable::pin_stack_loads;
use crate::sites::{homes, sites};
use crate::{CompileError, OptLevel, Options, isa};
use cranelift_codegen::Context;
use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::entity::PrimaryMap;
use cranelift_codegen::ir::{
    self, ExternalName, Function, Signature, SourceLoc, UserExternalName, UserExternalNameRef,
    UserFuncName,
};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::{FinalizedRelocTarget, MachBufferFinalized};
use cranelift_frontend::FunctionBuilderContext;
use mangrove_abi::{CatchSite, FunctionKind, Slot, SlotKind, TrapCode};

/// What a call in compiled code refers to. The linker resolves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Callee {
    /// A function defined by the module, by its index in the function index space.
    Wasm(u32),
    /// The host-call stub.
    CallHost,
    /// The stub that leaves a stack for good.
    Finish,
    /// A switch site: the call becomes a jump to a thunk of its own.
    Switch,
    /// The shared handler search.
    FindHandler,
    /// The part of it that is seldom needed.
    Search,
}

impl Callee {
    const STUBS: u32 = 1;

    /// The name CLIF knows it by.
    pub fn name(self) -> UserExternalName {
        let (namespace, index) = match self {
            Self::Wasm(index) => (0, index),
            Self::CallHost => (Self::STUBS, 0),
            Self::Finish => (Self::STUBS, 1),
            Self::Switch => (Self::STUBS, 2),
            Self::FindHandler => (Self::STUBS, 3),
            Self::Search => (Self::STUBS, 4),
        };
        UserExternalName::new(namespace, index)
    }

    fn from_name(name: &UserExternalName) -> Option<Self> {
        match (name.namespace, name.index) {
            (0, index) => Some(Self::Wasm(index)),
            (Self::STUBS, 0) => Some(Self::CallHost),
            (Self::STUBS, 1) => Some(Self::Finish),
            (Self::STUBS, 2) => Some(Self::Switch),
            (Self::STUBS, 3) => Some(Self::FindHandler),
            (Self::STUBS, 4) => Some(Self::Search),
            _ => None,
        }
    }
}

/// A 32-bit pc-relative reference to be filled in.
#[derive(Clone, Copy, Debug)]
pub struct Relocation {
    /// Offset of the 4 bytes in the function.
    pub offset: u32,
    /// What is meant.
    pub callee: Callee,
    /// Added to the distance.
    pub addend: i64,
}

/// A call that can return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Offset of the return address in the function.
    pub offset: u32,
    /// Byte offset of the instruction in the module.
    pub wasm_offset: u32,
    /// What is live there.
    pub slots: Vec<Slot>,
    /// The exception handlers around it; their `pc` is relative to the function,
    /// their scope a number in the function's.
    pub handlers: Option<CatchSite>,
}

/// The clauses of one `try_table`: see [`mangrove_abi::SiteTable::catches`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatchScope {
    /// The tags, in the order they are tried; none for a clause that catches all.
    pub clauses: Vec<Option<u32>>,
    /// The scope around it, which comes earlier in the function's list.
    pub around: Option<u32>,
}

/// What a function's translation says beside the CLIF.
#[derive(Debug, Default)]
pub struct Beside {
    /// The scopes of its `try_table`s.
    pub scopes: Vec<CatchScope>,
    /// Roots that lie in the frame at every call: kind, slot, and offset in it.
    pub homes: Vec<(SlotKind, ir::StackSlot, u32)>,
}

/// A function's code and metadata; offsets are relative to its start.
#[derive(Clone, Debug)]
pub struct CompiledFunc {
    /// What it is.
    pub kind: FunctionKind,
    /// The code.
    pub code: Vec<u8>,
    /// References to other code.
    pub relocations: Vec<Relocation>,
    /// Calls that can return.
    pub sites: Vec<Site>,
    /// The scopes its sites' handlers name.
    pub scopes: Vec<CatchScope>,
    /// What is live at each of its sites besides the site's own slots.
    pub homes: Vec<Slot>,
    /// Instructions that may trap.
    pub traps: Vec<(u32, TrapCode)>,
    /// Source positions, `(code offset, module offset)`.
    pub positions: Vec<(u32, u32)>,
}

/// How a function is finished.
#[derive(Clone, Copy, Debug)]
pub enum Finished {
    /// Optimised as asked for, if it is within these limits.
    Values(Work),
    /// Not optimised: its values are in homes.
    Homes,
}

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
    pub hooks: crate::Hooks,
    /// Whether every function is to be in homes.
    pub homes_only: bool,
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
            homes_only: options.opt_level == OptLevel::Frame,
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

    /// Forgets a function that was not finished.
    pub fn abandon(&mut self) {
        self.builder_context = FunctionBuilderContext::new();
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
        let mut positions: Vec<(u32, u32)> = Vec::new();
        for loc in buffer.get_srclocs_sorted() {
            let wasm = if loc.loc.is_default() {
                0
            } else {
                loc.loc.bits()
            };
            positions.push((loc.start, wasm));
        }
        Ok(Some(CompiledFunc {
            kind,
            code: compiled.code_buffer().to_vec(),
            relocations: relocations(buffer, &names).map_err(failed)?,
            sites: sites(buffer, &positions).map_err(failed)?,
            homes: homes(buffer, &beside).map_err(failed)?,
            scopes: beside.scopes,
            traps: traps(buffer).map_err(failed)?,
            positions,
        }))
    }
}

/// Finished code of one function.
pub type Buffer = MachBufferFinalized<cranelift_codegen::Final>;

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
        if !matches!(reloc.kind, Reloc::X86CallPCRel4 | Reloc::X86PCRel4) {
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
