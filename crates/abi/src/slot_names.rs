//! What of a program the slots of frames hold: which local, which operand. Beside the stack
//! maps, and only where the compiler was asked to tell: nothing that runs looks here.

use crate::index::CodeOffset;
use serde::{Deserialize, Serialize};

/// What of a program a slot holds. One value may be several things at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotHolds {
    /// A local of the function, parameters included: by index.
    Local(u32),
    /// An operand: 0 is at the bottom of the function's operand stack.
    Operand(u32),
}

/// What a slot holds, and whose that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SlotContent {
    /// Which of the frames of the program that the slot's frame stands for, 0 for the
    /// innermost: see [`crate::CodeImage::frames_of`].
    pub frame: u32,
    /// What it is in that frame.
    pub what: SlotHolds,
}

impl SlotContent {
    /// Something of the innermost frame: the only one where nothing was inlined.
    pub const fn innermost(what: SlotHolds) -> Self {
        Self { frame: 0, what }
    }
}

/// A slot of which something is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedSlot {
    /// Bytes from the slot up to the frame pointer.
    pub distance: u32,
    /// What it holds.
    pub holds: Vec<SlotContent>,
}

/// What is known of the slots of an image: at single sites, and at all sites of a function.
///
/// # Examples
/// ```
/// use mangrove_abi::{CodeOffset, SlotContent, NamedSlot, SlotHolds, SlotNames};
///
/// let mut names = SlotNames::default();
/// let slot = NamedSlot { distance: 8, holds: vec![SlotContent::innermost(SlotHolds::Local(0))] };
/// names.add_site(CodeOffset::new(40), &[slot]);
/// names.finish();
/// assert_eq!(names.at(CodeOffset::new(40), 0, 8)[0].what, SlotHolds::Local(0));
/// assert!(names.at(CodeOffset::new(40), 0, 16).is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotNames {
    /// By return address and distance.
    sites: Vec<Entry>,
    /// By index of the function and distance.
    functions: Vec<Entry>,
    holds: Vec<SlotContent>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    key: u32,
    distance: u32,
    first: u32,
    count: u32,
}

impl SlotNames {
    /// Adds what is known at a site.
    pub fn add_site(&mut self, pc: CodeOffset, slots: &[NamedSlot]) {
        let entries = slots
            .iter()
            .map(|slot| entry(&mut self.holds, pc.as_u32(), slot));
        self.sites.extend(entries);
    }

    /// Adds what is known at all sites of a function, by its index in
    /// [`crate::CodeImage::functions`].
    pub fn add_function(&mut self, function: u32, slots: &[NamedSlot]) {
        let entries = slots
            .iter()
            .map(|slot| entry(&mut self.holds, function, slot));
        self.functions.extend(entries);
    }

    /// Puts what was added in order: it can be looked up then.
    pub fn finish(&mut self) {
        for entries in [&mut self.sites, &mut self.functions] {
            entries.sort_by_key(|entry| (entry.key, entry.distance));
            entries.shrink_to_fit();
        }
        self.holds.shrink_to_fit();
    }

    /// What the slot at this distance holds in a frame of this function that stands at this
    /// site. Empty if nothing is known.
    pub fn at(&self, pc: CodeOffset, function: u32, distance: u32) -> &[SlotContent] {
        let find = |entries: &[Entry], key| {
            let found = entries.binary_search_by_key(&(key, distance), |e| (e.key, e.distance));
            found.ok().map(|at| entries[at])
        };
        let found = find(&self.sites, pc.as_u32()).or_else(|| find(&self.functions, function));
        found.map_or(&[], |entry| {
            &self.holds[entry.first as usize..][..entry.count as usize]
        })
    }

    /// Whether nothing is known, as where the compiler was not asked.
    pub fn is_empty(&self) -> bool {
        self.sites.is_empty() && self.functions.is_empty()
    }
}

fn entry(all: &mut Vec<SlotContent>, key: u32, slot: &NamedSlot) -> Entry {
    let first = all.len() as u32;
    all.extend(&slot.holds);
    Entry {
        key,
        distance: slot.distance,
        first,
        count: slot.holds.len() as u32,
    }
}
