//! What a linear memory is made of.
//!
//! ```text
//!  by reservation   8 GiB and a guard reserved: index + offset always lands
//!                   inside; 32-bit memories, as a rule
//!  checked          as much as its type or the embedder's limit allows, or there
//!                   is room for; compiled code compares with `len`; 64-bit
//!                   memories, those with pages of a byte, and all where address
//!                   space is scarce
//!  ┌── committed: len bytes ──┬────────────── no access ──────────────┐
//!  base (never moves)         grows here
//! ```

use crate::error::Error;
use crate::ledger::Share;
use crate::mapping::Mapping;
use crate::memory::spare::SpareMemory;
use crate::plan::Plan;
use crate::refusals::map_error;
use crate::resource::error::ResourceError;
use crate::resource::need::Need;
use crate::trace;
use crate::trap::TrapReason;
use mangrove_abi::{MemoryDef, TrapCode};
use mangrove_validate::MemoryType;
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};

/// Bytes of a page, unless the memory's type says otherwise.
///
/// # Examples
/// See [`crate::Memory`].
pub const PAGE: u64 = 64 << 10;
/// Bytes reserved for a 32-bit memory: the largest index, the largest offset,
/// and the widest access beyond.
const RESERVED_32: u64 = (8 << 30) + PAGE;
/// Most bytes of a 32-bit memory.
const LARGEST_32: u64 = 4 << 30;

/// Most bytes of a memory of this type. The number of pages of a 32-bit memory is an `i32`
/// that is not -1, which says that it cannot grow.
fn largest(ty: MemoryType) -> u64 {
    match ty.memory64 {
        true => u64::MAX,
        false => LARGEST_32.min(ty.bytes(u64::from(u32::MAX))),
    }
}

/// A memory of a store.
pub struct MemoryEntry {
    /// Owned; instance contexts hold its address.
    def: NonNull<MemoryDef>,
    mapping: Mapping,
    /// Of the engine's address space, and of its memory.
    shares: [Share; 2],
    ty: MemoryType,
    /// Whether every access is compared with its size.
    checked: bool,
    /// Most bytes: the type's maximum, the embedder's limit, or the reservation.
    limit: u64,
}

impl MemoryEntry {
    /// A memory of `ty.minimum` pages of zeros.
    ///
    /// # Errors
    /// More than `max` bytes, or address space or memory is not to be had.
    ///
    /// `spare` are mappings that may be used again.
    pub fn new(
        ty: MemoryType,
        max: u64,
        plan: &Plan,
        spare: &mut Vec<SpareMemory>,
    ) -> Result<Self, Error> {
        let asked = ty.bytes(ty.maximum.unwrap_or(u64::MAX));
        let limit = asked.min(max).min(largest(ty));
        if ty.maximum.is_some_and(|maximum| maximum < ty.minimum) {
            return Err(Error::usage("a memory whose maximum is below its minimum"));
        }
        let first = ty.bytes(ty.minimum);
        if first > limit {
            // The type's own maximum was compared above.
            return Err(Error::Limit(match first > max {
                true => {
                    format!("a memory of {first} bytes is beyond the limit of {max} (memory_max)")
                }
                false => format!(
                    "a 32-bit memory of {first} bytes: it can have {}",
                    largest(ty)
                ),
            }));
        }
        // Of a page of the system's, all of it is accessible.
        let whole_pages = ty.page_log2 == MemoryType::PAGE_LOG2;
        let by_reservation = !ty.memory64 && !plan.checked_memories && whole_pages;
        let (mapping, addresses, limit) = match by_reservation {
            true => {
                let what = "reserve address space for a memory without checks \
                            (memory_checks explicit takes less)";
                let again = spare
                    .pop()
                    .and_then(|spare| spare.into_parts(first as usize).ok());
                let (mapping, share) = match again {
                    Some(again) => again,
                    None => reserve(what, RESERVED_32, plan)?,
                };
                (mapping, share, limit)
            }
            false => reserve_some(first, limit, plan)?,
        };
        let what = format!("have memory for {} pages", ty.minimum);
        let shares = [addresses, plan.memory.take(&what, first)?];
        mapping
            .commit(0, first as usize)
            .map_err(|error| map_error(Need::Commit, &what, first, &error))?;
        let def = Box::new(MemoryDef {
            base: mapping.base(),
            len: first,
        });
        Ok(Self {
            def: NonNull::from(Box::leak(def)),
            mapping,
            shares,
            ty,
            checked: !by_reservation,
            limit,
        })
    }

    /// Address of what compiled code sees.
    pub fn def(&self) -> NonNull<MemoryDef> {
        self.def
    }

    /// The first byte.
    pub fn base(&self) -> *mut u8 {
        self.mapping.base()
    }

    /// Bytes.
    pub fn len(&self) -> u64 {
        // SAFETY: owned by this memory.
        unsafe { (*self.def.as_ptr()).len }
    }

    /// Its type, with its present size as the minimum.
    pub fn current_type(&self) -> MemoryType {
        MemoryType {
            minimum: self.len() >> self.ty.page_log2,
            ..self.ty
        }
    }

    /// Adds pages and returns the old size in pages.
    ///
    /// # Errors
    /// A limit or the system does not allow it.
    pub fn grow(&mut self, pages: u64) -> Result<u64, Error> {
        let old = self.len();
        let new = self.ty.bytes(pages).checked_add(old);
        let new = new.filter(|&new| new <= self.limit).ok_or_else(|| {
            let limit = self.limit;
            Error::Limit(format!(
                "{pages} pages more than {old} bytes are beyond {limit}"
            ))
        })?;
        let what = format!("grow a memory by {pages} pages");
        let [_, memory] = &mut self.shares;
        memory.grow(new - old).map_err(|(bound, left)| {
            Error::from(ResourceError::beyond(what.clone(), new - old, bound, left))
        })?;
        // Small pages may begin within one of the system's, which is accessible already.
        let start = old as usize / rustix::param::page_size() * rustix::param::page_size();
        if let Err(error) = self.mapping.commit(start, new as usize - start) {
            tracing::debug!(target: trace::MEMORY, %error, pages, "cannot grow a memory");
            memory.shrink(new - old);
            return Err(map_error(Need::Commit, &what, new - old, &error));
        }
        // SAFETY: owned by this memory.
        unsafe { (*self.def.as_ptr()).len = new };
        Ok(old >> self.ty.page_log2)
    }

    /// What of it can be used again, by another memory.
    ///
    /// # Safety
    /// Nobody accesses it any more.
    pub unsafe fn recycle(self) -> Option<SpareMemory> {
        if self.checked {
            return None;
        }
        let len = self.len() as usize;
        // SAFETY: leaked by `new`, and with its instances gone nobody knows it.
        drop(unsafe { Box::from_raw(self.def.as_ptr()) });
        let this = ManuallyDrop::new(self);
        // SAFETY: each is read out once, and `this` is not dropped.
        let (mapping, [addresses, memory]) =
            unsafe { (ptr::read(&this.mapping), ptr::read(&this.shares)) };
        drop(memory);
        // SAFETY: by contract; the memory was accessible up to its length.
        let spare = unsafe { SpareMemory::new(mapping, addresses, len) };
        spare.ok()
    }

    /// Address of a range, if it exists.
    ///
    /// # Errors
    /// It does not.
    pub fn range(&self, at: u64, len: u64) -> Result<*mut u8, TrapReason> {
        match at.checked_add(len) {
            // SAFETY: the range, or its empty place, lies within the mapping.
            Some(end) if end <= self.len() => Ok(unsafe { self.base().add(at as usize) }),
            _ => Err(TrapReason::Code(TrapCode::MemoryOutOfBounds)),
        }
    }

    /// `memory.fill`.
    ///
    /// # Errors
    /// The range does not exist.
    pub fn fill(&self, at: u64, value: u8, len: u64) -> Result<(), TrapReason> {
        let to = self.range(at, len)?;
        // SAFETY: the range exists, and no Rust reference into it does.
        unsafe { to.write_bytes(value, len as usize) };
        Ok(())
    }

    /// `memory.init`: copies part of a segment.
    ///
    /// # Errors
    /// A range does not exist.
    pub fn init(&self, to: u64, data: &[u8], from: u64, len: u64) -> Result<(), TrapReason> {
        let to = self.range(to, len)?;
        let bytes = usize::try_from(from)
            .ok()
            .and_then(|from| data.get(from..)?.get(..usize::try_from(len).ok()?))
            .ok_or(TrapReason::Code(TrapCode::MemoryOutOfBounds))?;
        // SAFETY: the range exists; module bytes are not in a memory.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
        Ok(())
    }

    /// Bytes it may grow by, where that is what it has reserved.
    pub fn room(&self) -> u64 {
        match self.checked {
            true => self.limit - self.len(),
            false => 0,
        }
    }

    /// Gives half of the room to grow back.
    pub fn halve_room(&mut self) {
        let kept = self.room() / 2 / PAGE * PAGE;
        let limit = self.len() + kept;
        // SAFETY: what was not committed yet is accessed by nobody: all accesses
        // are compared with the size, which stays below the new limit.
        match unsafe { self.mapping.truncate((limit + PAGE) as usize) } {
            Ok(()) => {
                self.shares[0].shrink(self.limit - limit);
                self.limit = limit;
            }
            Err(error) => {
                tracing::warn!(target: trace::MEMORY, %error, "cannot give address space of a memory back")
            }
        }
    }
}

/// Reserves so many bytes for a memory.
fn reserve(what: &str, bytes: u64, plan: &Plan) -> Result<(Mapping, Share), Error> {
    let share = plan.addresses.take(what, bytes)?;
    let mapping = usize::try_from(bytes)
        .map_err(|_| std::io::ErrorKind::OutOfMemory.into())
        .and_then(|bytes| Mapping::reserve(bytes, plan.addresses.requests()))
        .map_err(|error| map_error(Need::Reserve, what, bytes, &error))?;
    Ok((mapping, share))
}

/// Reserves address space for a memory of `first` bytes that may grow up to
/// `limit`, and says how far it can. Where there is a bound on address space, it
/// leaves half of the rest to others, and takes less rather than nothing.
fn reserve_some(first: u64, limit: u64, plan: &Plan) -> Result<(Mapping, Share, u64), Error> {
    let what = "reserve address space for a memory";
    let Some(left) = plan.addresses.left() else {
        let (mapping, share) = reserve(what, limit.saturating_add(PAGE), plan)?;
        return Ok((mapping, share, limit));
    };
    let pages = |bytes: u64| bytes / PAGE * PAGE;
    let mut most = limit.min(pages(left / 2)).max(first);
    loop {
        match reserve(what, most.saturating_add(PAGE), plan) {
            Ok((mapping, share)) => return Ok((mapping, share, most)),
            Err(_) if most > first => most = pages(most / 2).max(first),
            Err(error) => return Err(error),
        }
    }
}

impl Drop for MemoryEntry {
    fn drop(&mut self) {
        // SAFETY: leaked by `new`, and with its store gone nobody knows it.
        drop(unsafe { Box::from_raw(self.def.as_ptr()) });
    }
}

/// `memory.copy`, also within one memory.
///
/// # Errors
/// A range does not exist.
pub fn copy(
    (to_memory, to): (&MemoryEntry, u64),
    (from_memory, from): (&MemoryEntry, u64),
    len: u64,
) -> Result<(), TrapReason> {
    let to = to_memory.range(to, len)?;
    let from = from_memory.range(from, len)?;
    // SAFETY: both ranges exist; they may overlap.
    unsafe { ptr::copy(from, to, len as usize) };
    Ok(())
}

#[cfg(test)]
mod tests;
