//! Room in the heap, records of continuations and what is bound to them, and casts.

use super::call::{Answer, DONE, Invocation, LibcallOutcome};
use crate::pending::{Pending, pending};
use crate::refusals::limit_error;
use mangrove_abi::{ContRecord, TransferSlot, TypeId, Waking};
use mangrove_continuation::wake;
use mangrove_validate::CompositeType;
use std::ptr;

pub fn reserve(invocation: &mut Invocation<'_>, [size, ..]: [u64; 4]) -> Answer {
    let store = &mut *invocation.store;
    store.before_allocation(size).map_err(Pending::from)?;
    if !store.make_room(size).map_err(Pending::from)? {
        return Err(store.exhaustion(size).into());
    }
    if store.engine.settings().zeal.looks_at_allocations() {
        // Room for this object only: the next one comes here again.
        let ctx = store.context();
        ctx.alloc_limit = ctx.alloc_next + size;
    }
    DONE
}

pub fn cont_alloc(invocation: &mut Invocation<'_>, _: [u64; 4]) -> Answer {
    let record = invocation.store.take_record().map_err(pending)?;
    Ok(LibcallOutcome::Value(record.expose_provenance() as u64))
}

fn record(word: u64) -> *mut ContRecord {
    ptr::with_exposed_provenance_mut(word as usize)
}

pub fn cont_bind(invocation: &mut Invocation<'_>, [cont, ty, count, _]: [u64; 4]) -> Answer {
    let module = invocation.instance.module.parsed();
    let CompositeType::Cont(func) = module.types[ty as usize].composite else {
        unreachable!("validation allows continuation types only")
    };
    let id = invocation.instance.module.type_id(func);
    let signature = invocation.store.signature(id).map_err(pending)?;
    let mut ctx = invocation.store.ctx;
    // SAFETY: signatures live as long as the store; the context is the
    // store's, and its code waits.
    let (signature, ctx) = unsafe { (signature.as_ref(), ctx.as_mut()) };
    let count = count as usize;
    let kinds = signature.params[..count]
        .iter()
        .map(|kind| kind.slot_kind());
    let values = ctx.transfer[..count].to_vec();
    let arguments = values.into_iter().zip(kinds);
    let bound = invocation.store.registry.bind(ctx, record(cont), arguments);
    match bound {
        Ok(()) => DONE,
        Err(refused) => Err(pending(limit_error(refused, None))),
    }
}

pub fn cont_ready(invocation: &mut Invocation<'_>, [cont, count, ..]: [u64; 4]) -> Answer {
    // SAFETY: a record of this store, which is about to be resumed.
    unsafe { wake(invocation.store.context(), record(cont), Waking::Resumed) };
    let bound = invocation.store.registry.take_bound(record(cont));
    let values: &[TransferSlot] = bound.values();
    let (shift, count) = (values.len(), count as usize);
    let transfer = &mut invocation.store.context().transfer;
    transfer.copy_within(..count, shift);
    transfer[..shift].copy_from_slice(values);
    // What travels in the payload register, if that kind of value is first.
    Ok(LibcallOutcome::Value(transfer[0].words[0]))
}

/// Whether a type has an ancestor that has too many of its own for the display that
/// compiled code reads ([`mangrove_abi::object::INLINE_SUPERS`]).
pub fn is_subtype(invocation: &mut Invocation<'_>, [actual, expected, ..]: [u64; 4]) -> Answer {
    let table = invocation.store.context().descriptors;
    // SAFETY: both are numbers of types, exceptions or host objects, as compiled code has
    // them, from an object of the store or a function, and from its instance. Such have an
    // entry for as long as their store lives, which nobody writes (`crate::descriptors`).
    let [actual, wanted] = [actual, expected].map(|id| unsafe { &*table.add(id as usize) });
    let is = wanted.depth <= actual.depth
        // SAFETY: the whole display has `depth + 1` entries. Host objects and exceptions,
        // which have none, are of depth 0, and who asks has passed over the inline one.
        && unsafe { *actual.all_supers.add(usize::from(wanted.depth)) } == TypeId::new(expected as u32);
    Ok(LibcallOutcome::Value(is.into()))
}
