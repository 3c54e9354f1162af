//! Calls whose callee is translated in their place.
//!
//! ```text
//!  call $leaf     parameters become locals of their own, beside the caller's
//!                 a frame of control: `return` and the last `end` go to its end
//!                 the body, with its own offsets, in an inlined call of its own
//!                 results stay on the operand stack
//! ```
//!
//! The callee's body is read again at each call, so nothing has to be compiled before
//! anything else, and what is known of the arguments is known in it. Values that live across it
//! never go through a call's convention, nor through a frame of its own. Which function code
//! belongs to is in its source position ([`crate::positions`]).
//!
//! A tail call in an inlined body is a call, after which the inlined one returns: there is
//! one frame less than if both had been called. Exceptions out of it are not caught by the
//! body's own `try_table`s.
//!
//! Which calls: [`crate::candidates`].

use super::facts::Facts;
use super::inlining::OpenCall;
use super::state::{ControlFrame, Locals};
use super::translator::FuncTranslator;
use crate::CompileError;
use crate::signature::WasmSignature;
use cranelift_frontend::Variable;
use mangrove_abi::libcall::hook;
use mangrove_abi::{FuncIndex, InlinedCall, WasmOffset};

/// What a function has of its own, put aside while another's body is translated.
struct Outer {
    control: Vec<ControlFrame>,
    locals: Locals,
    signature: WasmSignature,
    loops: u32,
}

impl FuncTranslator<'_, '_> {
    /// Whether a call of a function, here, is to be inlined. It is taken off the budget then.
    pub(super) fn takes_in(&mut self, function: FuncIndex) -> bool {
        let env = self.env;
        let values = self.b.func.dfg.num_values() as u64;
        if !self.work.leaves_room(values, self.variable_work) {
            return false;
        }
        let Some(budget) = &mut self.inlining.budget else {
            return false;
        };
        let Some(size) = env.candidates.get(function) else {
            return false;
        };
        let around = self.inlining.open.iter().map(|call| call.function);
        let again = around.chain([self.function]).filter(|&f| f == function);
        let (depth, again) = (self.inlining.open.len(), again.count());
        budget.take(size, depth, again, self.loops > 0)
    }

    /// Translates the body of a function in place of a call of it.
    pub(super) fn inline(&mut self, function: FuncIndex) -> Result<(), CompileError> {
        let module = self.env.module;
        let (range, body) = self.env.body(function);
        let signature = self.env.signature(module.functions[function.index()]);
        self.work.add(range.len());

        let (here, at) = (self.offset, WasmOffset::new(self.offset as u32));
        let arguments = self.pop_n(signature.params.len());
        let outer = self.enter(function, signature, at.ok_or_else(|| self.nowhere())?);
        self.define_params(function, &arguments);
        for local in body.get_locals_reader()? {
            let (count, ty) = local?;
            self.zeroed_locals(count, ty);
        }
        self.begin_inlined(range.start);
        self.instructions(&body)?;
        self.leave(outer);
        self.at(here);
        Ok(())
    }

    fn enter(&mut self, function: FuncIndex, signature: WasmSignature, at: WasmOffset) -> Outer {
        let inlined = &mut self.beside.positions.inlined;
        inlined.push(InlinedCall {
            function,
            called_at: at,
            inside: self.inlining.inside(),
        });
        self.inlining.open.push(OpenCall {
            number: inlined.len() as u32 - 1,
            function,
            height: self.stack.len(),
            scopes: self.scopes.len(),
        });
        Outer {
            control: std::mem::take(&mut self.control),
            locals: std::mem::take(&mut self.locals),
            signature: std::mem::replace(&mut self.signature, signature),
            // Whatever is called in a loop is in a loop.
            loops: self.loops,
        }
    }

    fn leave(&mut self, outer: Outer) {
        self.control = outer.control;
        let own = std::mem::replace(&mut self.locals, outer.locals);
        let used = own.variables.iter().map(|(&local, &used)| (local, used));
        let mut used: Vec<(u32, (Variable, u32))> = used.collect();
        // In one order: which variable is taken next must follow from the body alone.
        used.sort_unstable_by_key(|&(local, _)| local);
        for (local, variable) in used {
            let free = self.inlining.free.entry(own.repr(local)).or_default();
            free.push(variable);
        }
        self.signature = outer.signature;
        self.loops = outer.loops;
        self.inlining.open.pop();
        if self.interruption.fuel && self.reachable {
            // Whoever goes on behind a call reads it again.
            self.fuel_not_saved();
            self.save_fuel();
        }
    }

    /// Declares locals that are zero: in a loop they are again, each time.
    fn zeroed_locals(&mut self, count: u32, ty: wasmparser::ValType) {
        let repr = self.local_repr(ty);
        let first = self.locals.count();
        self.locals.declare(count, repr, Facts::of_named(ty));
        let zero = self.zero(repr);
        for local in first..first + count {
            self.set_local(local, zero);
        }
    }

    /// What a function does at its entry, in one that is inlined.
    fn begin_inlined(&mut self, start: usize) {
        self.at(start);
        self.enter_fuel();
        if self.interruption.fuel {
            // Units run out at the same instruction, wherever the body is.
            self.check_interrupts();
        }
        if self.hooks.calls {
            self.hook(hook::CALL);
        }
        self.push_function_frame();
    }

    /// Sets where the code that follows comes from.
    pub(super) fn at(&mut self, offset: usize) {
        self.offset = offset;
        let inside = self.inlining.inside();
        let position = self.beside.positions.at(offset, inside);
        self.b.set_srcloc(position);
    }

    /// Whether the current position is in an inlined call.
    pub(super) fn is_inlined(&self) -> bool {
        !self.inlining.open.is_empty()
    }

    /// Returns from an inlined call with the top operands.
    pub(super) fn return_inlined(&mut self) {
        let outermost = self.control.len() as u32 - 1;
        self.br(outermost);
    }

    /// Makes a tail call of an inlined function: a call that only those catch who are around
    /// it, and a return.
    pub(super) fn tail_call_inlined(
        &mut self,
        call: impl FnOnce(&mut Self) -> Result<(), CompileError>,
    ) -> Result<(), CompileError> {
        let around = self.inlining.open.last().map_or(0, |open| open.scopes);
        let own = self.scopes.split_off(around);
        call(self)?;
        self.scopes.extend(own);
        if self.reachable {
            self.load_fuel();
            self.return_inlined();
        }
        Ok(())
    }

    fn nowhere(&self) -> CompileError {
        CompileError::TooLarge("a call at an offset beyond 4 GiB")
    }
}
