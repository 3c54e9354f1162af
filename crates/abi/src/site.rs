//! Call sites and their stack maps, found by return address.
//!
//! Every call in compiled code that can return has an entry here, with an empty
//! list of slots where nothing is live. **A return address without an entry is
//! an error, never "no roots".** Slots are addressed from the frame pointer, so
//! that a frame is described by its own pc and fp and nothing else:
//!
//! ```text
//!   fp + 16 ─────────────── arguments passed on the stack (the callee's)
//!   fp +  8   return address into the caller
//!   fp        caller's fp
//!   fp -  …   saved registers, slots …           slot at fp - distance
//! ```

use serde::{Deserialize, Serialize};

/// What a stack slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SlotKind {
    /// A 4-byte heap reference.
    Ref,
    /// A 16-byte continuation reference.
    Cont,
}

/// One live slot of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Slot(u32);

impl Slot {
    const CONT: u32 = 1 << 31;

    /// A slot of this kind, `distance` bytes below the frame pointer.
    ///
    /// # Panics
    /// If the distance does not fit 31 bits.
    pub const fn new(kind: SlotKind, distance: u32) -> Self {
        assert!(distance & Self::CONT == 0);
        match kind {
            SlotKind::Ref => Self(distance),
            SlotKind::Cont => Self(distance | Self::CONT),
        }
    }

    /// What it holds.
    pub const fn kind(self) -> SlotKind {
        if self.0 & Self::CONT == 0 {
            SlotKind::Ref
        } else {
            SlotKind::Cont
        }
    }

    /// Bytes from the slot's lowest byte up to the frame pointer.
    pub const fn distance(self) -> u32 {
        self.0 & !Self::CONT
    }
}

/// One exception handler of a call site, in the order they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handler {
    /// The tag it catches, as an index in the module of the frame's instance;
    /// none for a handler that catches everything.
    pub tag: Option<u32>,
    /// Where it continues, as an offset in the image's text.
    pub pc: u32,
}

/// The exception handlers around a call site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handlers {
    /// Bytes from the frame's stack pointer, at the call and at the handler's
    /// entry, up to its frame pointer.
    pub frame_size: u32,
    /// Bytes from the slot that holds the frame's instance up to its frame pointer.
    pub instance_distance: u32,
    /// The handlers.
    pub list: Vec<Handler>,
}

/// One call site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSite {
    /// Return address, as an offset in the image's text.
    pub pc: u32,
    /// Index of the compiled function in [`crate::CodeImage::functions`].
    pub function: u32,
    /// Byte offset of the instruction in the Wasm module; 0 in a trampoline.
    pub wasm_offset: u32,
    first_slot: u32,
    slot_count: u32,
    /// Number in the table's handlers plus one, or 0.
    handlers: u32,
}

/// All call sites of an image: a hash table from return address to entry, one
/// probe in most cases.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SiteTable {
    /// Power of two, at most half full; entry number plus one, or 0.
    buckets: Box<[u32]>,
    sites: Box<[CallSite]>,
    slots: Box<[Slot]>,
    handlers: Box<[Handlers]>,
}

impl SiteTable {
    fn bucket(&self, pc: u32) -> usize {
        // Fibonacci hashing; the top bits are the good ones.
        let hash = pc.wrapping_mul(0x9e37_79b1);
        (hash >> (32 - self.buckets.len().trailing_zeros())) as usize
    }

    /// The call site that returns to `pc` (an offset in the text).
    #[inline]
    pub fn find(&self, pc: u32) -> Option<&CallSite> {
        if self.sites.is_empty() {
            return None;
        }
        let mut at = self.bucket(pc);
        loop {
            let site = &self.sites[self.buckets[at].checked_sub(1)? as usize];
            if site.pc == pc {
                return Some(site);
            }
            at = (at + 1) & (self.buckets.len() - 1);
        }
    }

    /// The live slots of a frame stopped at this site, in ascending distance.
    #[inline]
    pub fn slots(&self, site: &CallSite) -> &[Slot] {
        &self.slots[site.first_slot as usize..][..site.slot_count as usize]
    }

    /// The exception handlers around this site, if there are any.
    pub fn handlers(&self, site: &CallSite) -> Option<&Handlers> {
        Some(&self.handlers[site.handlers.checked_sub(1)? as usize])
    }

    /// All sites, in ascending `pc`.
    pub fn sites(&self) -> &[CallSite] {
        &self.sites
    }

    /// A copy without the `nth` slot of the whole table (slots counted over all
    /// sites). For tests that show what losing one root does.
    ///
    /// # Panics
    /// If there are not that many slots.
    pub fn without_slot(&self, nth: usize) -> Self {
        assert!(nth < self.slots.len());
        let mut builder = SiteTableBuilder::default();
        for site in &self.sites {
            let range = site.first_slot as usize..(site.first_slot + site.slot_count) as usize;
            let kept = range
                .filter(|&index| index != nth)
                .map(|index| self.slots[index]);
            let handlers = self.handlers(site).cloned();
            builder.add(site.pc, site.function, site.wasm_offset, kept, handlers);
        }
        builder.finish()
    }

    /// How many slots all sites have together.
    pub fn slot_count(&self) -> usize {
        self.slots.len()
    }
}

/// Collects call sites into a [`SiteTable`].
#[derive(Debug, Default)]
pub struct SiteTableBuilder {
    sites: Vec<CallSite>,
    slots: Vec<Slot>,
    handlers: Vec<Handlers>,
}

impl SiteTableBuilder {
    /// Adds a site.
    pub fn add(
        &mut self,
        pc: u32,
        function: u32,
        wasm_offset: u32,
        slots: impl IntoIterator<Item = Slot>,
        handlers: Option<Handlers>,
    ) {
        let first_slot = self.slots.len() as u32;
        self.slots.extend(slots);
        self.slots[first_slot as usize..].sort_unstable_by_key(|slot| slot.distance());
        let slot_count = self.slots.len() as u32 - first_slot;
        let handlers = handlers.map_or(0, |handlers| {
            self.handlers.push(handlers);
            self.handlers.len() as u32
        });
        self.sites.push(CallSite {
            pc,
            function,
            wasm_offset,
            first_slot,
            slot_count,
            handlers,
        });
    }

    /// Builds the table.
    ///
    /// # Panics
    /// If two sites have the same return address.
    pub fn finish(mut self) -> SiteTable {
        self.sites.sort_unstable_by_key(|site| site.pc);
        let size = (self.sites.len() * 2).next_power_of_two().max(2);
        let mut table = SiteTable {
            buckets: vec![0; size].into(),
            sites: self.sites.into(),
            slots: self.slots.into(),
            handlers: self.handlers.into(),
        };
        for index in 0..table.sites.len() {
            let pc = table.sites[index].pc;
            assert!(
                index == 0 || table.sites[index - 1].pc != pc,
                "two call sites at {pc:#x}"
            );
            let mut at = table.bucket(pc);
            while table.buckets[at] != 0 {
                at = (at + 1) & (size - 1);
            }
            table.buckets[at] = index as u32 + 1;
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> SiteTable {
        let mut builder = SiteTableBuilder::default();
        for n in 0..1000u32 {
            let slots = (0..n % 4).map(|k| Slot::new(SlotKind::Ref, 8 * (k + 1)));
            builder.add(n * 7 + 5, n / 10, n, slots, None);
        }
        builder.finish()
    }

    #[test]
    fn finds_exactly_what_was_added() {
        let table = table();
        for pc in 0..8000 {
            let expected = pc >= 5 && (pc - 5) % 7 == 0 && (pc - 5) / 7 < 1000;
            let found = table.find(pc);
            assert_eq!(found.is_some(), expected, "{pc}");
            if let Some(site) = found {
                assert_eq!(table.slots(site).len() as u32, site.wasm_offset % 4);
            }
        }
        assert!(SiteTable::default().find(0).is_none());
    }

    #[test]
    fn a_slot_can_be_taken_out() {
        let table = table();
        let less = table.without_slot(0);
        assert_eq!(less.slot_count() + 1, table.slot_count());
        assert!(less.slots(less.find(7 + 5).unwrap()).is_empty());
    }

    #[test]
    fn kinds_and_distances_survive() {
        let slot = Slot::new(SlotKind::Cont, 0x7fff_fff0);
        assert_eq!(
            (slot.kind(), slot.distance()),
            (SlotKind::Cont, 0x7fff_fff0)
        );
    }
}
