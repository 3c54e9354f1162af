//! One function while it is translated: the operand stack, the current position.
//!
//! Wasm's operand stack becomes a stack of SSA values; locals become frontend
//! variables. Every value that is a root is declared to the frontend where it
//! is made ([`FuncTranslator::push`]), which spills it over safepoints and
//! writes the stack maps. A function that would be too much work that way is
//! translated a second time, with both in the frame ([`super::homes`]).

use super::facts::Facts;
use super::homes::{Homes, MOST_FRAME_BYTES};
use super::inlining::Inlining;
use super::interrupt::FuelCount;
use super::regions::Regions;
use super::state::{BlockReprs, ControlFrame, Locals, OpenScope, Operand};
use crate::candidates::Budget;
use crate::cost::Work;
use crate::env::ModuleEnv;
use crate::function::{Beside, Callee};
use crate::naming::Tracking;
use crate::signature::WasmSignature;
use crate::{CompileError, Hooks, Interruption};
use cranelift_codegen::ir::{self, InstBuilder, SourceLoc, Value};
use cranelift_frontend::{FunctionBuilder, Variable};
use mangrove_abi::libcall::hook;
use mangrove_abi::{Defect, FuncIndex, Libcall, TagIndex, TypeIndex};
use mangrove_validate::Repr;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use wasmparser::FunctionBody;

/// State of one function's translation.
pub struct FuncTranslator<'a, 'b> {
    pub(super) b: FunctionBuilder<'b>,
    pub(super) env: &'a ModuleEnv<'a>,
    pub(super) hooks: Hooks,
    /// What the code looks at to be interrupted.
    pub(super) interruption: Interruption,
    /// The fuel that was used and not taken off yet, if the code counts it.
    pub(super) fuel: FuelCount,
    /// See [`crate::Options::defect`].
    pub(super) defect: Option<Defect>,
    pub(super) signature: WasmSignature,
    pub(super) instance: Value,
    pub(super) regions: Regions,
    pub(super) stack: Vec<Operand>,
    pub(super) control: Vec<ControlFrame>,
    /// The `try_table`s with clauses around the current position, innermost last.
    pub(super) scopes: Vec<OpenScope>,
    /// The calls that are inlined around the current position.
    pub(super) inlining: Inlining,
    /// The function that is compiled.
    pub(super) function: FuncIndex,
    /// Loops around the current position.
    pub(super) loops: u32,
    /// What it may cost.
    pub(super) work: Work,
    /// Whether the current position can be reached.
    pub(super) reachable: bool,
    pub(super) locals: Locals,
    /// Where operands and locals lie, if not in SSA values.
    pub(super) homes: Option<Homes>,
    /// Calls that were made: see [`Self::note_call`].
    pub(super) noted_calls: usize,
    /// What is noted to tell what slots hold, if that is asked for; not of homes, which tell
    /// it themselves.
    pub(super) tracking: Option<Tracking>,
    /// What the frontend's tables of variables grew by, in entries.
    pub(super) variable_work: u64,
    /// Values that were declared roots, unless they have homes.
    pub(super) roots: HashSet<Value>,
    /// What is said beside the CLIF.
    pub(super) beside: Beside,
    /// The running record, in functions that switch: see [`Self::running_record`].
    pub(super) running: Option<Variable>,
    /// Whether an instruction needs the stack to be touched: see [`crate::touch`].
    pub(super) touches: bool,
    /// Byte offset in the module of the current instruction.
    pub(super) offset: usize,
    pub(super) callees: HashMap<Callee, ir::FuncRef>,
    pub(super) signatures: HashMap<TypeIndex, (ir::SigRef, WasmSignature)>,
    pub(super) block_types: HashMap<TypeIndex, BlockReprs>,
    pub(super) no_reprs: Rc<[Repr]>,
}

/// Whether a family knows the instruction.
pub type Known = Result<bool, CompileError>;

/// Where a function's operands and locals are while it is translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// In SSA values, for Cranelift to place.
    Values,
    /// In the frame, each at its home.
    Homes,
}

impl<'a, 'b> FuncTranslator<'a, 'b> {
    pub(super) fn start(
        mut b: FunctionBuilder<'b>,
        env: &'a ModuleEnv<'a>,
        (hooks, interruption, defect, slot_names): (Hooks, Interruption, Option<Defect>, bool),
        signature: WasmSignature,
        (function, offset): (FuncIndex, usize),
        (placement, work): (Placement, Work),
        budget: Option<Budget>,
    ) -> Self {
        let entry = b.create_block();
        b.append_block_params_for_function_params(entry);
        b.switch_to_block(entry);
        b.seal_block(entry);
        b.set_srcloc(SourceLoc::new(offset as u32));
        let instance = b.block_params(entry)[0];
        let regions = Regions::new(&mut b);
        let homes = (placement == Placement::Homes).then(|| Homes::new(&mut b, instance));
        let mut translator = Self {
            b,
            env,
            hooks,
            interruption,
            fuel: FuelCount::default(),
            defect,
            signature,
            instance,
            regions,
            stack: Vec::new(),
            control: Vec::new(),
            scopes: Vec::new(),
            inlining: Inlining::new(budget),
            function,
            loops: 0,
            work,
            reachable: true,
            locals: Locals::default(),
            homes,
            noted_calls: 0,
            tracking: (slot_names && placement == Placement::Values).then(Tracking::default),
            variable_work: 0,
            roots: HashSet::new(),
            beside: Beside::default(),
            running: None,
            touches: false,
            offset,
            callees: HashMap::new(),
            signatures: HashMap::new(),
            block_types: HashMap::new(),
            no_reprs: Rc::new([]),
        };
        let arguments = translator.b.block_params(entry)[1..].to_vec();
        translator.define_params(function, &arguments);
        translator
    }

    /// False if it is too much work: the rest is not translated. `switches`: whether the
    /// body leaves its stack.
    pub(super) fn body(
        &mut self,
        body: &FunctionBody<'_>,
        switches: bool,
    ) -> Result<bool, CompileError> {
        for local in body.get_locals_reader()? {
            let (count, ty) = local?;
            self.locals
                .declare(count, self.local_repr(ty), Facts::of_named(ty));
        }
        self.declare_running(switches);
        self.declare_fuel();
        self.check_interrupts();
        if self.hooks.calls {
            self.hook(hook::CALL);
        }
        if self.env.places.entries.contains(&self.function) {
            self.hook(hook::ENTER);
        }
        self.push_function_frame();
        if !self.instructions(body)? {
            return Ok(false);
        }
        Ok(self.homes.is_some() || self.work.allows_roots(self.b.func, &self.roots))
    }

    /// Translates the instructions of a body; false if it is too much work. One that is inlined
    /// is small, and translated to its end.
    pub(super) fn instructions(&mut self, body: &FunctionBody<'_>) -> Result<bool, CompileError> {
        let places = self.env.places.within(&body.range());
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            let (operator, offset) = reader.read_with_offset()?;
            self.at(offset as usize);
            if places && self.reachable && self.env.places.offsets.contains(&self.offset) {
                self.save_fuel();
                self.hook(hook::REACH);
            }
            self.before_operator(&operator);
            self.operator(&operator)?;
            self.after_operator(&operator);
            if let (Some(homes), true) = (&mut self.homes, self.reachable) {
                homes.waypoint(&mut self.b);
            }
            if !self.is_inlined() && !self.within()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether what was translated so far is no more than the body's size allows.
    fn within(&self) -> Result<bool, CompileError> {
        if let Some(homes) = &self.homes {
            if homes.size() > MOST_FRAME_BYTES {
                return Err(CompileError::TooLarge(
                    "a function with more than 4 MiB of frame",
                ));
            }
            if !self
                .work
                .allows_in_homes(self.b.func.dfg.num_values() as u64)
            {
                return Err(CompileError::TooLarge(
                    "a function that moves more than 400,000 values, and 48 for each of its bytes",
                ));
            }
            return Ok(true);
        }
        let values = self.b.func.dfg.num_values() + self.stack.len();
        Ok(
            self.work.allows_values(values as u64)
                && self.work.allows_variables(self.variable_work),
        )
    }

    pub(super) fn local_repr(&self, ty: wasmparser::ValType) -> Repr {
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

    /// The zero or null of a representation.
    pub(super) fn zero(&mut self, repr: Repr) -> Value {
        match repr {
            Repr::I32 | Repr::HeapRef => self.b.ins().iconst(ir::types::I32, 0),
            Repr::I64 | Repr::FuncRef => self.const_word(0),
            Repr::F32 => self.b.ins().f32const(0.0),
            Repr::F64 => self.b.ins().f64const(0.0),
            Repr::V128 => {
                let zero = self.b.func.dfg.constants.insert(vec![0; 16].into());
                self.b.ins().vconst(ir::types::I8X16, zero)
            }
            Repr::ContRef => {
                let zero = self.const_word(0);
                self.b.ins().iconcat(zero, zero)
            }
        }
    }

    /// A 64-bit constant.
    pub(super) fn const_word(&mut self, value: u64) -> Value {
        self.b.ins().iconst(ir::types::I64, value as i64)
    }

    /// Calls the runtime's hook.
    pub(super) fn hook(&mut self, kind: u64) {
        let nothing = self.const_word(0);
        self.hook_about(kind, [nothing; 3]);
    }

    /// Calls the runtime's hook about these: a record, a revision, a tag.
    pub(super) fn hook_about(&mut self, kind: u64, about: [Value; 3]) {
        let kind = self.const_word(kind);
        let [record, revision, tag] = about;
        self.libcall(Libcall::Hook, &[kind, record, revision, tag]);
    }

    /// Tells the runtime what this is about to happen to, or has made: the continuation on
    /// top of the operands.
    pub(super) fn hook_top(&mut self, kind: u64, tag: Option<TagIndex>) {
        let tag = match tag {
            Some(tag) => self.instance_word(self.env.layout.tag(tag)),
            None => self.const_word(0),
        };
        let reference = self.top();
        let (record, revision) = self.b.ins().isplit(reference);
        self.hook_about(kind, [record, revision, tag]);
    }
}
