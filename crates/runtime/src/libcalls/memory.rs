//! Memories and data segments.

use super::call::{Answer, DONE, Invocation, LibcallOutcome, halves, left, piece_of_copy};
use crate::instance::InstanceData;
use crate::memory::entry::{MemoryEntry, copy as copy_memory};
use crate::pending::Pending;
use mangrove_abi::libcall::pieces;

impl Invocation<'_> {
    fn memory(&self, index: u32) -> &MemoryEntry {
        &self.store.memories[self.instance.memories.at(index) as usize]
    }

    /// The bytes of a data segment; none of a dropped one.
    pub(super) fn data(&self, index: u32) -> &[u8] {
        data(&self.instance, index)
    }
}

/// The bytes of a data segment of an instance; none of a dropped one.
pub(super) fn data(instance: &InstanceData, index: u32) -> &[u8] {
    if instance.dropped_data[index as usize].get() {
        return &[];
    }
    let module = instance.module.parsed();
    &module.bytes[module.data[index as usize].bytes.clone()]
}

pub fn grow(invocation: &mut Invocation<'_>, [memory, pages, ..]: [u64; 4]) -> Answer {
    let index = invocation.instance.memories.at(memory as u32);
    let old = invocation.store.grow_memory(index, pages);
    let old = old.map_err(Pending::from)?;
    Ok(LibcallOutcome::Value(old.unwrap_or(u64::MAX)))
}

pub fn fill(invocation: &mut Invocation<'_>, [memory, at, value, len]: [u64; 4]) -> Answer {
    let now = invocation.piece(len, pieces::BYTES);
    let memory = invocation.memory(memory as u32);
    memory.range(at, len).map_err(Pending::from)?;
    memory.fill(at, value as u8, now).map_err(Pending::from)?;
    left(len, now)
}

pub fn copy(invocation: &mut Invocation<'_>, [memories, to, from, len]: [u64; 4]) -> Answer {
    let (to_memory, from_memory) = halves(memories);
    let now = invocation.piece(len, pieces::BYTES);
    let memories = [to_memory, from_memory].map(|memory| invocation.memory(memory));
    for (memory, at) in memories.into_iter().zip([to, from]) {
        memory.range(at, len).map_err(Pending::from)?;
    }
    let [to, from] = piece_of_copy([to, from], len, now);
    copy_memory((memories[0], to), (memories[1], from), now).map_err(Pending::from)?;
    left(len, now)
}

pub fn init(invocation: &mut Invocation<'_>, [memory_data, to, from, len]: [u64; 4]) -> Answer {
    let (memory, data) = halves(memory_data);
    let now = invocation.piece(len, pieces::BYTES);
    // Those of the whole first.
    let range = invocation.data_range(data, from, len, 1)?;
    let (memory, data) = (invocation.memory(memory), invocation.data(data));
    memory.range(to, len).map_err(Pending::from)?;
    memory
        .init(to, data, range.start as u64, now)
        .map_err(Pending::from)?;
    left(len, now)
}

pub fn data_drop(invocation: &mut Invocation<'_>, [data, ..]: [u64; 4]) -> Answer {
    invocation.instance.dropped_data[data as usize].set(true);
    DONE
}
