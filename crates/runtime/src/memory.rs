//! Linear memories, as the embedder sees them. What they are made of is in `entry`.

pub mod entry;
pub mod spare;

use crate::error::Error;
use crate::handle::Memory;
use crate::store::{AsStore, AsStoreMut, DataStore, StoreInner, inner, inner_mut};
use entry::{MemoryEntry, PAGE};
use mangrove_validate::MemoryType;
use std::{ptr, slice};

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

    /// Its size in pages: of 64 KiB, or of what its type says.
    ///
    /// # Panics
    /// If it is of another store.
    pub fn size(&self, store: &impl AsStore) -> u64 {
        self.ty(store).minimum
    }

    /// Its size in bytes.
    ///
    /// # Panics
    /// If it is of another store.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Memory, MemoryType, Store};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
    /// let memory = Memory::new(&mut store, MemoryType::new(2, None))?;
    /// assert_eq!(memory.data_size(&store), 2 * mangrove::PAGE as usize);
    /// # Ok(())
    /// # }
    /// ```
    pub fn data_size(&self, store: &impl AsStore) -> usize {
        self.data(store).len()
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

    /// Its bytes, for as long as the store is not used otherwise.
    ///
    /// # Panics
    /// If it is of another store.
    ///
    /// # Examples
    /// See [`Memory::data_and_store_mut`].
    pub fn data<'s>(&self, store: &'s impl AsStore) -> &'s [u8] {
        let memory = self.entry(inner(store)).expect("a memory of this store");
        // SAFETY: as many bytes are committed, at a place of their own, for as long as the
        // store, and can be read. Whoever writes them, moves their end or gives them back
        // needs the store to change it, which is lent meanwhile. No other thread runs
        // Wasm with this memory.
        unsafe { slice::from_raw_parts(memory.base(), memory.len() as usize) }
    }

    /// Its bytes, to change, for as long as the store is not used otherwise.
    ///
    /// # Panics
    /// If it is of another store.
    ///
    /// # Examples
    /// See [`Memory::data_and_store_mut`].
    pub fn data_mut<'s>(&self, store: &'s mut impl AsStoreMut) -> &'s mut [u8] {
        let memory = self
            .entry(inner_mut(store))
            .expect("a memory of this store");
        // SAFETY: as in `data`, and the store is lent to nobody else. The bytes are apart
        // from the store's insides.
        unsafe { slice::from_raw_parts_mut(memory.base(), memory.len() as usize) }
    }

    /// Its bytes and the embedder's data, both to change.
    ///
    /// # Panics
    /// If it is of another store.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Memory, MemoryType, Store};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let mut store = Store::new(&Engine::new(&Config::new())?, vec![1, 2, 3])?;
    /// let memory = Memory::new(&mut store, MemoryType::new(1, None))?;
    /// let (bytes, data) = memory.data_and_store_mut(&mut store);
    /// bytes[..3].copy_from_slice(data);
    /// data.clear();
    /// memory.data_mut(&mut store)[0] = 9;
    /// assert_eq!(memory.data(&store)[..4], [9, 2, 3, 0]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// What was borrowed does not outlive a growth of the memory:
    ///
    /// ```compile_fail
    /// # use mangrove::{Memory, Store};
    /// fn grow(memory: Memory, store: &mut Store<()>) {
    ///     let bytes = memory.data(store);
    ///     memory.grow(store, 1).unwrap();
    ///     println!("{}", bytes.len());
    /// }
    /// ```
    pub fn data_and_store_mut<'s, S: DataStore>(
        &self,
        store: &'s mut S,
    ) -> (&'s mut [u8], &'s mut S::Data) {
        let data = inner_mut(store).data.cast::<S::Data>().as_ptr();
        // SAFETY: `DataStore` promises data of this type that is reachable through `store`
        // only, which is lent to us; it is apart from the memory's bytes.
        (self.data_mut(store), unsafe { &mut *data })
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
