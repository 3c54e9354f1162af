//! Memories and data segments.

use super::{Answer, DONE, Outcome, Scene, halves};
use crate::memory::{MemoryEntry, copy as copy_memory};
use crate::pending::Pending;

impl Scene<'_> {
    fn memory(&self, index: u32) -> &MemoryEntry {
        &self.store.memories[self.instance.memories.at(index) as usize]
    }

    /// The bytes of a data segment; none of a dropped one.
    pub(super) fn data(&self, index: u32) -> &[u8] {
        if self.instance.dropped_data[index as usize].get() {
            return &[];
        }
        let module = self.module();
        &module.bytes[module.data[index as usize].bytes.clone()]
    }
}

pub fn grow(scene: &mut Scene<'_>, [memory, pages, ..]: [u64; 4]) -> Answer {
    let index = scene.instance.memories.at(memory as u32);
    let old = scene.store.memories[index as usize].grow(pages);
    Ok(Outcome::Value(old.unwrap_or(u64::MAX)))
}

pub fn fill(scene: &mut Scene<'_>, [memory, at, value, len]: [u64; 4]) -> Answer {
    scene
        .memory(memory as u32)
        .fill(at, value as u8, len)
        .map_err(Pending::from)?;
    DONE
}

pub fn copy(scene: &mut Scene<'_>, [memories, to, from, len]: [u64; 4]) -> Answer {
    let (to_memory, from_memory) = halves(memories);
    copy_memory(
        (scene.memory(to_memory), to),
        (scene.memory(from_memory), from),
        len,
    )
    .map_err(Pending::from)?;
    DONE
}

pub fn init(scene: &mut Scene<'_>, [memory_data, to, from, len]: [u64; 4]) -> Answer {
    let (memory, data) = halves(memory_data);
    scene
        .memory(memory)
        .init(to, scene.data(data), from, len)
        .map_err(Pending::from)?;
    DONE
}

pub fn data_drop(scene: &mut Scene<'_>, [data, ..]: [u64; 4]) -> Answer {
    scene.instance.dropped_data[data as usize].set(true);
    DONE
}
