//! Linear memories, as the embedder sees them. What they are made of is in `entry`.

pub mod entry;
pub mod spare;

use crate::error::Error;
use crate::handle::Memory;
use crate::store::{AsStore, AsStoreMut, StoreInner, inner, inner_mut};
use entry::{MemoryEntry, PAGE};
use mangrove_validate::MemoryType;
use std::ptr;

impl StoreInner {
    /// A memory, not yet in the store's list. Where address space is bounded, the
    /// store's other memories have no more room to grow than is left for this one.
    pub(crate) fn new_memory(&mut self, ty: MemoryType) -> Result<MemoryEntry, Error> {
        self.allow_memory(ty)?;
        let engine = self.engine.clone();
        let plan = engine.plan();
        while let Some(left) = plan.addresses.left() {
            let rich = self.memories.iter_mut();
            let mut rich = rich
                .filter(|memory| memory.room() > left.max(PAGE))
                .peekable();
            if rich.peek().is_none() {
                break;
            }
            rich.for_each(MemoryEntry::halve_room);
            if plan.addresses.left() == Some(left) {
                // Nothing came back: the system said no.
                break;
            }
        }
        MemoryEntry::new(
            ty,
            engine.settings().memory_max,
            plan,
            &mut self.spare_memories,
        )
    }
}

impl Memory {
    fn entry(self, store: &StoreInner) -> Result<&MemoryEntry, Error> {
        store.check_same_store(self.store, "memory")?;
        Ok(&store.memories[self.index as usize])
    }

    /// A memory of `ty.minimum` pages of zeros.
    ///
    /// # Errors
    /// A limit is exceeded ([`Error::Limit`]), or there is no address space or memory
    /// ([`Error::Resource`]).
    pub fn new(store: &mut impl AsStoreMut, ty: MemoryType) -> Result<Self, Error> {
        let store = inner_mut(store);
        let memory = store.new_memory(ty)?;
        store.memories.push(memory);
        Ok(Self {
            store: store.id,
            index: store.memories.len() as u32 - 1,
        })
    }

    /// Its type; the minimum is its present size.
    ///
    /// # Panics
    /// If it is of another store.
    pub fn ty(&self, store: &impl AsStore) -> MemoryType {
        self.entry(inner(store))
            .expect("a memory of this store")
            .current_type()
    }

    /// Its size in pages of 64 KiB.
    ///
    /// # Panics
    /// If it is of another store.
    pub fn size(&self, store: &impl AsStore) -> u64 {
        self.entry(inner(store))
            .expect("a memory of this store")
            .len()
            / PAGE
    }

    /// Adds pages; the old size in pages, or none where it may not grow that far.
    ///
    /// # Errors
    /// It is of another store; what the store's limiter wants to end with.
    ///
    /// # Panics
    /// With a panic of the limiter.
    pub fn grow(&self, store: &mut impl AsStoreMut, pages: u64) -> Result<Option<u64>, Error> {
        let store = inner_mut(store);
        self.entry(store)?;
        store.grow_memory(self.index, pages)
    }

    /// Reads bytes from address `at`.
    ///
    /// # Errors
    /// Not all of them exist.
    pub fn read(&self, store: &impl AsStore, at: u64, into: &mut [u8]) -> Result<(), Error> {
        let memory = self.entry(inner(store))?;
        let from = memory
            .range(at, into.len() as u64)
            .map_err(|_| beyond(memory, at))?;
        // SAFETY: the range exists, and `into` is no part of a memory.
        unsafe { ptr::copy_nonoverlapping(from, into.as_mut_ptr(), into.len()) };
        Ok(())
    }

    /// Writes bytes to address `at`.
    ///
    /// # Errors
    /// Not all of them exist.
    pub fn write(&self, store: &mut impl AsStoreMut, at: u64, from: &[u8]) -> Result<(), Error> {
        let memory = self.entry(inner_mut(store))?;
        let to = memory
            .range(at, from.len() as u64)
            .map_err(|_| beyond(memory, at))?;
        // SAFETY: the range exists, and `from` is no part of a memory.
        unsafe { ptr::copy_nonoverlapping(from.as_ptr(), to, from.len()) };
        Ok(())
    }
}

fn beyond(memory: &MemoryEntry, at: u64) -> Error {
    Error::usage(format!(
        "an access at {at:#x} beyond the {} bytes of a memory",
        memory.len()
    ))
}
