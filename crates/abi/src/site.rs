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
//!
//! Next on the road of a root: `crates/heap/src/collect.rs`.

use crate::index::{CodeOffset, TagIndex, WasmOffset, or_zero};
use crate::value::SlotKind;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

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

/// What a call site inside a `try_table` says of the exceptions that are caught there.
///
/// One *catch block* serves all clauses around the site: the compiled code there
/// finds out which clause it is. The runtime needs to know only whether any of
/// them is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatchSite {
    /// Bytes from the frame's stack pointer, at the call and in the catch
    /// block, up to its frame pointer.
    pub frame_size: u32,
    /// Bytes from the slot that holds the frame's instance up to its frame pointer.
    pub instance_distance: u32,
    /// The catch block.
    pub pc: CodeOffset,
    /// The innermost scope around the site: see [`SiteTable::catches`].
    pub scope: u32,
}

/// The clauses of one `try_table`, and the scope around it. A clause is the tag
/// it catches, of the module of the frame's instance; none for one
/// that catches everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct CatchScope {
    first: u32,
    count: u32,
    /// Number of the scope around this one plus one, or 0.
    around: u32,
}

/// One call site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSite {
    /// Where the call returns to.
    pub pc: CodeOffset,
    /// Index of the compiled function in [`crate::CodeImage::functions`].
    pub function: u32,
    /// The instruction; none in a trampoline.
    #[serde(with = "or_zero")]
    pub wasm_offset: Option<WasmOffset>,
    first_slot: u32,
    slot_count: u32,
    /// Number in the table's shared lists plus one, or 0.
    shared: u32,
    /// Number in the table's catch sites plus one, or 0.
    catch: u32,
}

/// The live slots of a frame: those of its call site alone, and those that all
/// sites of its function have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots<'a> {
    of_site: &'a [Slot],
    shared: &'a [Slot],
}

impl<'a> Slots<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.of_site.len() + self.shared.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them. In a loop that matters, `for_each` is quicker than `for`.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = &'a Slot> + use<'a> {
        self.of_site.iter().chain(self.shared)
    }
}

/// All call sites of an image: a hash table from return address to entry, one
/// probe in most cases.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SiteTable {
    /// Power of two, at most half full; entry number plus one, or 0.
    buckets: Box<[u32]>,
    sites: Box<[CallSite]>,
    slots: Box<[Slot]>,
    /// First slot and count of each list that a function's sites share.
    shared: Box<[(u32, u32)]>,
    catch: Box<[CatchSite]>,
    scopes: Box<[CatchScope]>,
    clauses: Box<[Option<TagIndex>]>,
}

impl SiteTable {
    fn bucket(&self, pc: CodeOffset) -> usize {
        // Fibonacci hashing; the top bits are the good ones.
        let hash = pc.as_u32().wrapping_mul(0x9e37_79b1);
        (hash >> (32 - self.buckets.len().trailing_zeros())) as usize
    }

    /// The call site that returns to `pc`.
    #[inline]
    pub fn find(&self, pc: CodeOffset) -> Option<&CallSite> {
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

    /// The live slots of a frame stopped at this site.
    #[inline]
    pub fn slots(&self, site: &CallSite) -> Slots<'_> {
        let shared = match site.shared.checked_sub(1) {
            Some(list) => self.shared[list as usize],
            None => (0, 0),
        };
        Slots {
            of_site: self.list((site.first_slot, site.slot_count)),
            shared: self.list(shared),
        }
    }

    fn list(&self, (first, count): (u32, u32)) -> &[Slot] {
        &self.slots[first as usize..][..count as usize]
    }

    /// Where exceptions are caught that come out of this site, if there is a
    /// `try_table` with clauses around it.
    pub fn catch_site(&self, site: &CallSite) -> Option<&CatchSite> {
        Some(&self.catch[site.catch.checked_sub(1)? as usize])
    }

    /// The clauses around a site, in the order they are tried: innermost scope
    /// first.
    ///
    /// # Panics
    /// If the catch site is not of this table.
    pub fn catches(&self, catch: &CatchSite) -> impl Iterator<Item = Option<TagIndex>> {
        let mut next = catch.scope + 1;
        let scopes = std::iter::from_fn(move || {
            let scope = self.scopes[next.checked_sub(1)? as usize];
            next = scope.around;
            Some(scope)
        });
        scopes.flat_map(|scope| {
            self.clauses[scope.first as usize..][..scope.count as usize]
                .iter()
                .copied()
        })
    }

    /// All sites, in ascending `pc`.
    pub fn sites(&self) -> &[CallSite] {
        &self.sites
    }

    /// A copy without the `nth` slot of all sites' own, counted over them. For
    /// tests that show what losing one root does.
    ///
    /// # Panics
    /// If there are not that many slots.
    pub fn without_slot(&self, nth: usize) -> Self {
        let mut copy = self.clone();
        let mut slots = Vec::new();
        let mut number = 0;
        for site in &mut copy.sites {
            let own = self.list((site.first_slot, site.slot_count));
            site.first_slot = slots.len() as u32;
            for &slot in own {
                if number != nth {
                    slots.push(slot);
                }
                number += 1;
            }
            site.slot_count = slots.len() as u32 - site.first_slot;
        }
        assert!(nth < number);
        for list in &mut copy.shared {
            let shared = self.list(*list);
            list.0 = slots.len() as u32;
            slots.extend(shared);
        }
        copy.slots = slots.into();
        copy
    }

    /// How many slots all sites have together.
    pub fn slot_count(&self) -> usize {
        let sites = self.sites.iter();
        sites.map(|site| self.slots(site).len()).sum()
    }

    /// Bytes the table takes.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.buckets)
            + size_of_val(&*self.sites)
            + size_of_val(&*self.slots)
            + size_of_val(&*self.shared)
            + size_of_val(&*self.catch)
            + size_of_val(&*self.scopes)
            + size_of_val(&*self.clauses)
    }
}

/// Collects call sites into a [`SiteTable`]. Equal lists of slots are kept once.
#[derive(Debug, Default)]
pub struct SiteTableBuilder {
    sites: Vec<CallSite>,
    slots: Vec<Slot>,
    /// Where each list lies in `slots`.
    lists: HashMap<Box<[Slot]>, u32>,
    shared: Vec<(u32, u32)>,
    catch: Vec<CatchSite>,
    scopes: Vec<CatchScope>,
    clauses: Vec<Option<TagIndex>>,
}

impl SiteTableBuilder {
    /// Adds a site.
    pub fn add(
        &mut self,
        pc: CodeOffset,
        function: u32,
        wasm_offset: Option<WasmOffset>,
        slots: impl IntoIterator<Item = Slot>,
        catch: Option<CatchSite>,
    ) {
        let (first_slot, slot_count) = self.list(slots);
        let catch = catch.map_or(0, |catch| {
            // Neighbours are often in the same scope.
            if self.catch.last() != Some(&catch) {
                self.catch.push(catch);
            }
            self.catch.len() as u32
        });
        self.sites.push(CallSite {
            pc,
            function,
            wasm_offset,
            first_slot,
            slot_count,
            shared: 0,
            catch,
        });
    }

    /// Gives the last `sites` that were added these slots besides their own.
    ///
    /// # Panics
    /// If fewer were added.
    pub fn share(&mut self, sites: usize, slots: impl IntoIterator<Item = Slot>) {
        let list = self.list(slots);
        if list.1 == 0 {
            return;
        }
        self.shared.push(list);
        let from = self.sites.len() - sites;
        for site in &mut self.sites[from..] {
            site.shared = self.shared.len() as u32;
        }
    }

    /// Adds the clauses of a `try_table`, to be named by [`CatchSite::scope`].
    /// `around` is the scope around it.
    pub fn scope(
        &mut self,
        clauses: impl IntoIterator<Item = Option<TagIndex>>,
        around: Option<u32>,
    ) -> u32 {
        let first = self.clauses.len() as u32;
        self.clauses.extend(clauses);
        self.scopes.push(CatchScope {
            first,
            count: self.clauses.len() as u32 - first,
            around: around.map_or(0, |scope| scope + 1),
        });
        self.scopes.len() as u32 - 1
    }

    /// A list of slots, in ascending distance.
    fn list(&mut self, slots: impl IntoIterator<Item = Slot>) -> (u32, u32) {
        let mut slots: Vec<Slot> = slots.into_iter().collect();
        slots.sort_unstable_by_key(|slot| slot.distance());
        let count = slots.len() as u32;
        let end = self.slots.len() as u32;
        let first = match self.lists.entry(slots.into_boxed_slice()) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => {
                self.slots.extend(place.key());
                *place.insert(end)
            }
        };
        (first, count)
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
            shared: self.shared.into(),
            catch: self.catch.into(),
            scopes: self.scopes.into(),
            clauses: self.clauses.into(),
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

    fn at(pc: u32) -> CodeOffset {
        CodeOffset::new(pc)
    }

    fn table() -> SiteTable {
        let mut builder = SiteTableBuilder::default();
        for n in 0..1000u32 {
            let slots = (0..n % 4).map(|k| Slot::new(SlotKind::Ref, 8 * (k + 1)));
            builder.add(at(n * 7 + 5), n / 10, WasmOffset::new(n), slots, None);
        }
        builder.finish()
    }

    #[test]
    fn finds_exactly_what_was_added() {
        let table = table();
        for pc in 0..8000 {
            let expected = pc >= 5 && (pc - 5) % 7 == 0 && (pc - 5) / 7 < 1000;
            let found = table.find(at(pc));
            assert_eq!(found.is_some(), expected, "{pc}");
            if let Some(site) = found {
                let n = site.wasm_offset.map_or(0, WasmOffset::as_u32);
                assert_eq!(table.slots(site).len() as u32, n % 4);
            }
        }
        assert!(SiteTable::default().find(at(0)).is_none());
    }

    #[test]
    fn a_slot_can_be_taken_out() {
        let table = table();
        let less = table.without_slot(0);
        assert_eq!(less.slot_count() + 1, table.slot_count());
        assert!(less.slots(less.find(at(7 + 5)).unwrap()).is_empty());
    }

    #[test]
    fn equal_lists_are_kept_once() {
        let table = table();
        // 0, 1, 2 and 3 slots.
        assert_eq!(table.slots.len(), 6);
        assert_eq!(table.slot_count(), 1500);
        assert_eq!(
            table.slots(table.find(at(3 * 7 + 5)).unwrap()),
            table.slots(table.find(at(7 * 7 + 5)).unwrap())
        );
    }

    #[test]
    fn a_shared_list_comes_on_top_of_a_sites_own() {
        let slot = |distance| Slot::new(SlotKind::Ref, distance);
        let mut builder = SiteTableBuilder::default();
        builder.add(at(1), 0, None, [slot(8)], None);
        builder.add(at(2), 1, None, [slot(16)], None);
        builder.add(at(3), 1, None, [], None);
        builder.share(2, [slot(32), slot(24)]);
        let table = builder.finish();
        let slots = |table: &SiteTable, pc| {
            let site = table.find(at(pc)).unwrap();
            table.slots(site).iter().copied().collect::<Vec<_>>()
        };
        assert_eq!(slots(&table, 1), [slot(8)]);
        assert_eq!(slots(&table, 2), [slot(16), slot(24), slot(32)]);
        assert_eq!(slots(&table, 3), [slot(24), slot(32)]);
        assert_eq!(slots(&table.without_slot(1), 2), [slot(24), slot(32)]);
    }

    #[test]
    fn clauses_are_tried_from_the_innermost_scope_out() {
        let tag = |index| Some(TagIndex::new(index));
        let mut builder = SiteTableBuilder::default();
        let outer = builder.scope([tag(1), None], None);
        let inner = builder.scope([tag(2), tag(3)], Some(outer));
        let catch = CatchSite {
            frame_size: 16,
            instance_distance: 8,
            pc: at(40),
            scope: inner,
        };
        builder.add(at(1), 0, None, [], Some(catch));
        builder.add(at(2), 0, None, [], Some(catch));
        let table = builder.finish();
        let catch = table.catch_site(table.find(at(2)).unwrap()).unwrap();
        let clauses: Vec<_> = table.catches(catch).collect();
        assert_eq!(clauses, [tag(2), tag(3), tag(1), None]);
        assert_eq!(table.catch.len(), 1, "neighbours of one scope share it");
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
