//! After a fault in Wasm code: which stack it was on, that stack put back to its
//! last call, and what the fault means.
//!
//! ```text
//!  signal handler ─▶ StoreContext::fault_* ─▶ settle_fault ─▶ the record as if it had called the host
//!                                                 └─▶ reason ─▶ a trap, or an internal error
//! ```
//!
//! Who ran is told by the guard that was hit, and where its frames are by pc, sp
//! and fp (`mangrove_stack::arch::stopped`): nothing that compiled code had
//! published is needed for it.

use crate::error::Error;
use crate::pending::Pending;
use crate::report::type_text;
use crate::store::StoreInner;
use crate::trap::TrapReason;
use mangrove_abi::{Defect, FunctionKind, TrapCode, Waking};
use mangrove_continuation::make_current;
use mangrove_stack::arch::{self, Fault, FaultIn};
use mangrove_stack::frames;
use std::ptr;

impl StoreInner {
    /// The fault that ended the innermost activation, if one did. Its stack is
    /// put back to its last call, and is the running one.
    ///
    /// # Safety
    /// That activation has just been left, and its stacks are untouched.
    pub(crate) unsafe fn settle_fault(&mut self) -> Option<Fault> {
        let fault = arch::take_fault(self.context())?;
        let limit = self.registry.guarded(fault.address);
        // SAFETY: the context is ours, and no compiled code runs.
        let ctx = unsafe { self.ctx.as_mut() };
        if let Some(record) = limit.and_then(|limit| self.registry.on_stack(ctx, limit)) {
            debug_assert_eq!(record, ctx.current, "who switches has touched its stack");
            // SAFETY: one of the registry's records.
            unsafe { make_current(ctx, record, Waking::Left) };
        }
        // SAFETY: by contract; text stays readable while the store owns it.
        let stopped = self.fault_place(fault.pc).and_then(|place| unsafe {
            let growing = !ctx.has(Defect::GrowthMissed);
            let stopped = arch::stopped(&fault, place, limit.filter(|_| growing));
            debug_assert!(stopped.is_some(), "{fault:x?} in {place:?}");
            stopped
        });
        // SAFETY: the running record is one of the registry's. Without a frame
        // that is whole it has none: no frame is better than a wrong one.
        unsafe {
            (*ctx.current).fp = stopped.map_or(0, |stopped| stopped.fp);
            if let Some(stopped) = stopped {
                (*ctx.current).sp = stopped.sp;
            }
        }
        Some(fault)
    }

    /// What code a pc is in.
    fn fault_place(&self, pc: u64) -> Option<FaultIn> {
        let (code, offset, _) = self.code.find(pc)?;
        let (index, function) = code.image.function_at(offset)?;
        let offset = offset.distance_from(function.start)?;
        Some(match (function.kind, index) {
            // The shared stubs lead every image; the others are thunks.
            (FunctionKind::Stubs, 0) => FaultIn::Stubs(offset),
            (FunctionKind::Stubs, _) => FaultIn::Thunk,
            _ => FaultIn::Function(offset),
        })
    }

    /// Why Wasm was left: what a libcall said, or what a fault means.
    pub(crate) fn reason(&mut self, fault: Option<Fault>) -> Pending {
        if let Some(pending) = self.pending.take() {
            return pending;
        }
        let Some(fault) = fault else {
            return Pending::Error(Error::internal("Wasm was left without a reason"));
        };
        if self.registry.guarded(fault.address).is_some() {
            return Pending::Trap(TrapReason::Code(TrapCode::StackOverflow));
        }
        let found = self.code.find(fault.pc);
        match found.and_then(|(code, offset, _)| code.image.trap_at(offset)) {
            Some(site) => Pending::Trap(self.code_reason(site.code)),
            None => Pending::Error(Error::internal(format!(
                "signal {} at {:#x}, address {:#x}, where nothing may trap",
                fault.signal, fault.pc, fault.address
            ))),
        }
    }

    /// The reason of a trap by an instruction. The search for a handler never
    /// leaves an activation, and says so where there is another one outside.
    pub(crate) fn code_reason(&self, code: TrapCode) -> TrapReason {
        if code != TrapCode::UnhandledTag {
            return TrapReason::Code(code);
        }
        let tag = self.unhandled_tag();
        let caller = self.activations.last().map_or(ptr::null(), |a| a.caller);
        // SAFETY: host functions live as long as their store.
        match (unsafe { caller.as_ref() }, tag) {
            (Some(host), tag) => TrapReason::UnhandledTagInHostCall {
                tag: tag.unwrap_or_default(),
                function: host.body.name.clone(),
            },
            (None, Some(tag)) => TrapReason::UnhandledTag { tag },
            (None, None) => TrapReason::Code(code),
        }
    }

    /// The tag of the `suspend` or `switch` that the running continuation is stopped at,
    /// with its type.
    fn unhandled_tag(&self) -> Option<String> {
        // SAFETY: a fault was settled: the running record is stopped at the search.
        let frame = unsafe { frames(self.ctx.as_ref().current).next()? };
        let (code, offset, module) = self.code.find(frame.pc)?;
        let module = self.module(module)?;
        let site = code.image.sites.find(offset)?;
        let parsed = module.parsed();
        let tag = parsed.suspended_tag(site.wasm_offset?)?;
        let ty = *parsed.tags.get(tag.index())?;
        let ty = module.canonical(parsed.func_type(ty).clone());
        let name = module.tag_name(tag).unwrap_or_else(|| tag.to_string());
        let types = ty.signature(|id| type_text(id, Some(module)));
        Some(format!("{name}{types}"))
    }
}
