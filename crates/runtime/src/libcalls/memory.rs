//! Memories and data segments.

use super::call::{Answer, DONE, Invocation, LibcallOutcome, halves};
use crate::instance::InstanceData;
use crate::memory::entry::{MemoryEntry, copy as copy_memory};
use crate::pending::Pending;

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
    invocation
        .memory(memory as u32)
        .fill(at, value as u8, len)
        .map_err(Pending::from)?;
    DONE
}

pub fn copy(invocation: &mut Invocation<'_>, [memories, to, from, len]: [u64; 4]) -> Answer {
    let (to_memory, from_memory) = halves(memories);
    copy_memory(
        (invocation.memory(to_memory), to),
        (invocation.memory(from_memory), from),
        len,
    )
    .map_err(Pending::from)?;
    DONE
}

pub fn init(invocation: &mut Invocation<'_>, [memory_data, to, from, len]: [u64; 4]) -> Answer {
    let (memory, data) = halves(memory_data);
    invocation
        .memory(memory)
        .init(to, invocation.data(data), from, len)
        .map_err(Pending::from)?;
    DONE
}

pub fn data_drop(invocation: &mut Invocation<'_>, [data, ..]: [u64; 4]) -> Answer {
    invocation.instance.dropped_data[data as usize].set(true);
    DONE
}
