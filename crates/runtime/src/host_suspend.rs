//! Host functions that may suspend their caller.
//!
//! ```text
//!  compiled code ──call──▶ trampoline ── context.call ──▶ host_suspend, on the host's stack
//!                             │ the body has run, and answers
//!                             ├─ Return:   its results, as any host function's
//!                             └─ Suspend:  the handler is found, the chain up to it cut off, and
//!                                          the stub switches there (`LibcallResult::SWITCH`)
//!                   ◀─ resumed: the trampoline's call comes back with the payload
//! ```
//!
//! What is suspended is a Wasm stack whose innermost frame is the trampoline's, stopped at its
//! call like any other. Nothing of the host's lies on it: the body has returned.

use crate::answer::HostAnswer;
use crate::engine::EngineCore;
use crate::error::Error;
use crate::handle::{ContHandle, Tag};
use crate::host::{HostBody, HostCode, HostFunc};
use crate::host_call::{failed, leave};
use crate::id::StorePtr;
use crate::pending::Pending;
use crate::signature::Signature;
use crate::store::StoreInner;
use crate::trace::SWITCHES;
use crate::value::Val;
use mangrove_abi::{
    ContRef, HandlerTable, HostKind, InstanceContext, Leaving, LibcallResult, TransferSlot,
    TrapCode,
};
use mangrove_continuation::HandlerPlace;
use mangrove_validate::{CompositeType, FuncType, HeapType, ValType};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};

/// A closure that may suspend its caller, and forgot the type of the embedder's data. To be
/// called as an [`ErasedBody`](crate::ErasedBody) is.
pub type SuspendingBody =
    dyn Fn(StorePtr, NonNull<()>, &[Val], &mut [Val]) -> Result<HostAnswer, Error> + Send + Sync;

/// The code of such a function.
struct SuspendingCode(Box<SuspendingBody>);

// SAFETY: it leaves nothing: its trampoline calls [`host_suspend`].
unsafe impl HostCode for SuspendingCode {
    unsafe fn run(&self, _: StorePtr, _: &HostFunc, _: u64) -> Result<u64, Error> {
        Err(Error::internal(
            "a suspending function by another trampoline",
        ))
    }
}

impl HostBody {
    /// A body of this function type, which it keeps, that may suspend its caller.
    ///
    /// # Errors
    /// As [`HostBody::new`].
    pub fn suspending(
        engine: &EngineCore,
        name: String,
        ty: &FuncType,
        body: Box<SuspendingBody>,
    ) -> Result<Self, Error> {
        let (type_id, hold) = engine.engine_types().func(ty)?;
        let code = SuspendingCode(body);
        // SAFETY: `host_suspend` is for that code, and goes by the function's signature.
        let mut body = unsafe { Self::of((type_id, Some(hold)), name, code, host_suspend) };
        body.kind = HostKind::Suspending;
        Ok(body)
    }
}

/// What the trampoline of a host function that may suspend its caller calls.
///
/// # Safety
/// Called by that trampoline, with its host function, of [`SuspendingCode`], for an instance.
unsafe extern "C" fn host_suspend(
    instance: *mut InstanceContext,
    first: u64,
    _: u64,
    _: u64,
    _: u64,
) -> LibcallResult {
    let host: *const HostFunc = instance.cast_const().cast();
    // SAFETY: the instance of a host function is its `HostFunc`, which lives as long as the
    // store; compiled code waits, so the store is ours.
    unsafe {
        let store: *mut StoreInner = (*(*instance).store).owner.cast();
        let outer = ptr::replace(&raw mut (*store).host_func, host);
        // What the body is given and makes is its own.
        let scopes = (*store).handles.scopes.enter();
        // No panic may leave this function: what called it cannot unwind.
        let done = catch_unwind(AssertUnwindSafe(|| run(store, &*host, first)));
        let left = match done {
            Ok(Ok(result)) => {
                (*store).host_func = outer;
                result
            }
            Ok(Err(Pending::Error(error))) => failed(store, outer, error),
            Ok(Err(pending)) => leave(&mut *store, pending),
            Err(panic) => leave(&mut *store, Pending::Panic(panic)),
        };
        // An exception may have come by handles of these: only now.
        (*store).handles.scopes.leave(scopes);
        left
    }
}

/// Takes the parameters, runs the body, and does what it answers.
///
/// # Safety
/// `store` is live and nobody else uses it.
unsafe fn run(
    store: *mut StoreInner,
    host: &HostFunc,
    first: u64,
) -> Result<LibcallResult, Pending> {
    // SAFETY: signatures live as long as the store.
    let signature = unsafe { host.signature.as_ref() };
    let args = {
        // SAFETY: the caller's contract; the borrow ends before the body runs. The
        // trampoline has put the parameters where they belong.
        unsafe { (&mut *store).arrived(&signature.params, first) }
    };
    let mut results: Vec<Val> = signature.results.iter().map(|kind| kind.zero()).collect();
    // SAFETY: by contract, while the body runs it alone, through its `Caller`, uses the
    // store; whoever added the body vouched for the type of the data. The body has returned
    // by the time the store is used again.
    let (answer, store) = unsafe {
        let data = (*store).data;
        let pointer = StorePtr::new(NonNull::new(store).expect("a live store"));
        let code = &*host.run.cast::<SuspendingCode>();
        let answer = (code.0)(pointer, data, &args, &mut results)?;
        (answer, &mut *store)
    };
    match answer {
        HostAnswer::Return => {
            let slots = store.lower_all(&results, &signature.ty.results)?;
            Ok(LibcallResult::ok(store.transfer(&slots)))
        }
        HostAnswer::Suspend { tag, values } => store.suspend_caller(signature, tag, &values),
        HostAnswer::Switch {
            tag,
            continuation,
            values,
        } => store.switch_caller(signature, tag, &continuation, &values),
    }
}

impl StoreInner {
    /// `suspend`, by a host function of this signature.
    fn suspend_caller(
        &mut self,
        function: &Signature,
        tag: Tag,
        values: &[Val],
    ) -> Result<LibcallResult, Pending> {
        let tag_type = self.signature_of_tag(tag)?;
        // SAFETY: signatures live as long as the store.
        let tag_type = unsafe { tag_type.as_ref() };
        if !self.all_match(&tag_type.ty.results, &function.ty.results) {
            return Err(Error::usage(
                "a host function suspends its caller to a tag that has other results",
            )
            .into());
        }
        // Before anything is on its way: both may collect.
        self.lower_all(values, &tag_type.ty.params)?;
        let address = self.tags[tag.index as usize]
            .def
            .as_ptr()
            .expose_provenance() as u64;
        // SAFETY: what runs is stopped at the call of the host function; the tag is the
        // store's.
        self.notify_suspension(|store| unsafe { store.suspension(address) });
        self.before_switch(true)?;
        let slots = self.lower_all(values, &tag_type.ty.params)?;
        let place = self.handler_of(tag, 0)?;
        let mut ctx = self.ctx;
        // SAFETY: the context is ours, and no compiled code runs; just found.
        unsafe {
            let from = ctx.as_ref().current;
            tracing::trace!(target: SWITCHES, by = (*from).id.as_u32(), "suspend by a host function");
            self.registry.suspend_to(ctx.as_mut(), place);
            let payload = self.transfer(&slots);
            ctx.as_mut().leaving = Leaving {
                from,
                target: place.target,
                reason: place.reason,
                payload,
            };
        }
        Ok(SWITCH)
    }

    /// `switch`, by a host function of this signature.
    fn switch_caller(
        &mut self,
        function: &Signature,
        tag: Tag,
        other: &ContHandle,
        values: &[Val],
    ) -> Result<LibcallResult, Pending> {
        let types = self.switch_types(function, tag, other)?;
        self.lower_all(values, &types)?;
        let address = self.tags[tag.index as usize]
            .def
            .as_ptr()
            .expose_provenance() as u64;
        let reference = other.get(self.id).unwrap_or(ContRef::NULL);
        // SAFETY: as in `suspend_caller`; a handle has a reference of the store.
        self.notify_suspension(|store| unsafe { store.switching(reference, address) });
        self.before_switch(true)?;
        let arguments = self.lower_all(values, &types)?;
        let record = self.current_record(other)?;
        let place = self.handler_of(tag, HandlerTable::SWITCH)?;
        let mut ctx = self.ctx;
        // SAFETY: the context is ours, and no compiled code runs; just found. A current
        // reference is to a continuation that is fresh or suspended.
        unsafe {
            let from = ctx.as_ref().current;
            let (by, of) = ((*from).id.as_u32(), (*record).id.as_u32());
            tracing::trace!(target: SWITCHES, by, of, "switch by a host function");
            (*record).revision += 1;
            let bound = self.registry.take_bound(record);
            let mut slots = bound.values().to_vec();
            slots.extend(arguments);
            let revision = (*from).revision;
            slots.push(TransferSlot::from_cont(ContRef {
                record: from,
                revision,
            }));
            self.registry.switch_to(ctx.as_mut(), place, record);
            let payload = self.transfer(&slots);
            ctx.as_mut().leaving = Leaving {
                from,
                target: record,
                reason: 0,
                payload,
            };
        }
        Ok(SWITCH)
    }

    /// The types of what a host function hands to the continuation it switches to, but for
    /// the last; once all that `switch` asks of types is found to hold.
    fn switch_types(
        &mut self,
        function: &Signature,
        tag: Tag,
        other: &ContHandle,
    ) -> Result<Vec<ValType>, Error> {
        let usage =
            |message: &str| Err(Error::usage(format!("a host function switches {message}")));
        let tag_type = self.signature_of_tag(tag)?;
        let (_, target) = self.continuation_type(other)?;
        // SAFETY: signatures live as long as the store.
        let (tag_type, target) = unsafe { (tag_type.as_ref(), &target.as_ref().ty) };
        if !tag_type.ty.params.is_empty() {
            return usage("by a tag with parameters");
        }
        if !self.all_match(&target.results, &tag_type.ty.results) {
            return usage("to a continuation whose results are not the tag's");
        }
        let Some((&ValType::Ref(last), arguments)) = target.params.split_last() else {
            return usage("to a continuation that does not take one");
        };
        let HeapType::Concrete(left) = last.heap else {
            return usage("to a continuation that does not take one of a known type");
        };
        let CompositeType::Cont(left) = self.engine.types().get(left).composite else {
            return usage("to a continuation that does not take one");
        };
        let left = self.signature(left)?;
        // SAFETY: as above.
        let left = unsafe { &left.as_ref().ty };
        if !self.all_match(&tag_type.ty.results, &left.results) {
            return usage("from a continuation whose results are not the tag's");
        }
        if !self.all_match(&left.params, &function.ty.results) {
            return usage("and is resumed with what are not its results");
        }
        Ok(arguments.to_vec())
    }

    /// The type of a tag, if it is this store's.
    fn signature_of_tag(&mut self, tag: Tag) -> Result<NonNull<Signature>, Error> {
        self.check_same_store(tag.store, "tag")?;
        self.signature(self.tag_type(tag.index))
    }

    /// Who handles a tag, or the tag's `switch`, from the running continuation outwards.
    fn handler_of(&mut self, tag: Tag, kind: u64) -> Result<HandlerPlace, Pending> {
        let entry = self.tags[tag.index as usize]
            .def
            .as_ptr()
            .expose_provenance() as u64
            | kind;
        // SAFETY: the context is ours, and no compiled code runs; the tag is the store's.
        let found = unsafe { self.registry.find_handler(self.ctx.as_ref(), entry) };
        found.ok_or_else(|| Pending::Trap(self.code_reason(TrapCode::UnhandledTag)))
    }
}

/// What is to be switched is in the context.
const SWITCH: LibcallResult = LibcallResult {
    value: 0,
    status: LibcallResult::SWITCH,
};
