//! The elements of a table.
//!
//! ```text
//!  TableEntry ──▶ TableDef { base ─▶ elements, len } ◀── instance contexts
//! ```
//!
//! Elements are 4, 8 or 16 bytes, all zero being null. They may move when the
//! table grows: compiled code loads the base at each access.
//!
//! A table of heap references has cards, one byte for 512 of elements: set where a
//! young reference may be, so that a minor collection reads no more of it.

use super::no_room::NoRoom;
use crate::elements::ElementValues;
use crate::error::Error;
use crate::id::Origin;
use crate::kind::ValueKind;
use crate::ledger::{Ledger, Share};
use crate::trap::TrapReason;
use mangrove_abi::object::{CARD_SHIFT, cards_of};
use mangrove_abi::{
    Defect, HeapRef, Noted, Request, SlotKind, TableDef, TransferSlot, TrapCode, make_room,
};
use mangrove_validate::TableType;
use std::alloc::{self, Layout};
use std::ptr::{self, NonNull};

/// Alignment of the first element.
const ALIGN: usize = 16;
/// Elements there is room for at least, once there is room for any.
const FEWEST: u64 = 4;
/// Most elements of a table with 32-bit indices.
const LARGEST_32: u64 = u32::MAX as u64;

/// A table of a store.
pub struct TableEntry {
    /// Owned; instance contexts hold its address.
    def: NonNull<TableDef>,
    pub(super) ty: TableType,
    pub(super) kind: ValueKind,
    origin: Origin,
    /// Most elements: the type's maximum or the embedder's limit.
    limit: u64,
    /// Elements there is room for.
    capacity: u64,
    /// As many as the elements need; none for those that are no heap references.
    cards: Vec<u8>,
    /// Of the engine's memory.
    share: Share,
    /// What is not noted, for tests.
    pub(super) defect: Option<Defect>,
}

impl TableEntry {
    /// A table of null references.
    ///
    /// # Errors
    /// More elements than `limit`, or no memory.
    pub fn new(
        ty: TableType,
        kind: ValueKind,
        origin: Origin,
        limit: u64,
        memory: &Ledger,
    ) -> Result<Self, Error> {
        // A 32-bit table's length is an index of it.
        let max = limit;
        let limit = if ty.table64 { max } else { max.min(LARGEST_32) };
        if ty.maximum.is_some_and(|maximum| maximum < ty.minimum) {
            return Err(Error::usage("a table whose maximum is below its minimum"));
        }
        if ty.minimum > limit {
            let elements = ty.minimum;
            return Err(Error::Limit(match elements > max {
                true => format!(
                    "a table of {elements} elements is beyond the limit of {max} (table_max)"
                ),
                false => format!("a 32-bit table of {elements} elements: it can have {LARGEST_32}"),
            }));
        }
        let def = Box::new(TableDef {
            base: ptr::without_provenance_mut(ALIGN),
            len: 0,
            cards: ptr::null_mut(),
            listed: 0,
        });
        let mut table = Self {
            def: NonNull::from(Box::leak(def)),
            ty,
            kind,
            origin,
            limit: limit.min(ty.maximum.unwrap_or(u64::MAX)),
            capacity: 0,
            cards: Vec::new(),
            share: memory.take("have an empty table", 0)?,
            defect: None,
        };
        let what = format!("have memory for a table of {} elements", ty.minimum);
        // SAFETY: all zero is null. Where the type has none, who makes the table fills it.
        match unsafe { table.try_grow(ty.minimum, TransferSlot::default()) } {
            Ok(_) => Ok(table),
            Err(NoRoom::Limit) => Err(Error::internal(format!("{what} within its limit"))),
            Err(refused) => Err(refused.error(what, table.limit)),
        }
    }

    /// Address of what compiled code sees.
    pub fn def(&self) -> NonNull<TableDef> {
        self.def
    }

    /// What its elements are.
    pub fn kind(&self) -> ValueKind {
        self.kind
    }

    /// Who made it.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Its type, with its present size as the minimum.
    pub fn current_type(&self) -> TableType {
        TableType {
            minimum: self.len(),
            ..self.ty
        }
    }

    /// How many elements.
    pub fn len(&self) -> u64 {
        // SAFETY: owned by this table.
        unsafe { (*self.def.as_ptr()).len }
    }

    fn element_size(&self) -> usize {
        self.kind.repr().size() as usize
    }

    /// Address of an element that exists.
    fn element(&self, index: u64) -> *mut u8 {
        debug_assert!(index < self.len());
        // SAFETY: the base is that of `capacity` elements, of which `len` exist.
        unsafe {
            (*self.def.as_ptr())
                .base
                .add(index as usize * self.element_size())
        }
    }

    /// An element, if there is one.
    pub fn get(&self, index: u64) -> Option<TransferSlot> {
        let size = self.element_size();
        (index < self.len()).then(|| {
            let mut slot = TransferSlot::default();
            // SAFETY: the element exists and is not larger than a slot.
            unsafe {
                ptr::copy_nonoverlapping(self.element(index), (&raw mut slot).cast(), size);
            }
            slot
        })
    }

    /// Writes `len` elements from `at`, and sets their cards if the value may be young.
    /// This and [`copy`] are the runtime's only ways to write elements, as `table.set` is
    /// the compiler's.
    ///
    /// # Safety
    /// They exist, and the value is of their type.
    unsafe fn write(&mut self, at: u64, len: u64, value: TransferSlot) {
        let size = self.element_size();
        for index in at..at + len {
            // SAFETY: the element exists by contract, and is not larger than a slot.
            unsafe {
                ptr::copy_nonoverlapping((&raw const value).cast(), self.element(index), size);
            }
        }
        if HeapRef(value.words[0] as u32).is_object() {
            self.set_cards(at, len, Noted::TableWritten);
        }
    }

    /// Whether elements are references into the heap.
    fn has_cards(&self) -> bool {
        self.kind.slot_kind() == Some(SlotKind::Ref)
    }

    /// Notes that `len` elements from `at` may be young.
    fn set_cards(&self, at: u64, len: u64, how: Noted) {
        if len == 0 || !self.has_cards() || Defect::Unnoted(how).is_in(self.defect) {
            return;
        }
        let size = self.element_size() as u64;
        let cards = cards_of(at * size..(at + len) * size);
        // SAFETY: owned by this table, which has a card for each of its elements.
        unsafe {
            let def = self.def.as_ptr();
            (*def).listed = 1;
            let first = (*def).cards.add(cards.start as usize);
            first.write_bytes(1, (cards.end - cards.start) as usize);
        }
    }

    /// Calls `f` with each element that may be young: index, kind, address.
    pub fn visit_young(&self, mut f: impl FnMut(u64, ValueKind, *mut u8)) {
        // SAFETY: owned by this table; no compiled code runs.
        let (listed, cards) = unsafe { ((*self.def.as_ptr()).listed, (*self.def.as_ptr()).cards) };
        if listed == 0 {
            return;
        }
        let per_card = (1 << CARD_SHIFT) / self.element_size() as u64;
        for card in 0..self.len().div_ceil(per_card) {
            // SAFETY: as above; there is a card for each element.
            if unsafe { cards.add(card as usize).read() } == 0 {
                continue;
            }
            for index in card * per_card..((card + 1) * per_card).min(self.len()) {
                f(index, self.kind, self.element(index));
            }
        }
    }

    /// No element is young.
    pub fn clean(&mut self) {
        // SAFETY: owned by this table; no compiled code runs.
        unsafe {
            let def = self.def.as_ptr();
            if (*def).listed != 0 {
                (*def).listed = 0;
                (*def).cards.write_bytes(0, self.cards.len());
            }
        }
    }

    /// `table.fill`.
    ///
    /// # Errors
    /// The elements do not all exist.
    ///
    /// # Safety
    /// The value is of their type.
    pub unsafe fn fill(
        &mut self,
        at: u64,
        len: u64,
        value: TransferSlot,
    ) -> Result<(), TrapReason> {
        in_bounds(at, len, self.len())?;
        // SAFETY: by the check, and by contract.
        unsafe { self.write(at, len, value) };
        Ok(())
    }

    /// Adds `by` elements and returns the old size.
    ///
    /// # Errors
    /// The limit or memory does not allow it.
    ///
    /// # Safety
    /// The value is of their type.
    pub unsafe fn grow(&mut self, by: u64, value: TransferSlot) -> Result<u64, Error> {
        // SAFETY: by contract.
        let grown = unsafe { self.try_grow(by, value) };
        grown.map_err(|refused| {
            let what = format!("grow a table by {by} elements");
            refused.error(what, self.limit)
        })
    }

    /// # Safety
    /// As for [`TableEntry::grow`].
    unsafe fn try_grow(&mut self, by: u64, value: TransferSlot) -> Result<u64, NoRoom> {
        let old = self.len();
        let more = u64::from(Defect::LimitTable.is_in(self.defect));
        let new = old.checked_add(by).filter(|&new| new <= self.limit + more);
        let new = new.ok_or(NoRoom::Limit)?;
        if new > self.capacity {
            self.make_room(new)?;
        }
        // SAFETY: owned by this table, which has room; the rest by contract.
        unsafe {
            (*self.def.as_ptr()).len = new;
            self.write(old, by, value);
        }
        Ok(old)
    }

    /// Room for `len` elements or more.
    fn make_room(&mut self, len: u64) -> Result<(), NoRoom> {
        let wanted = len
            .max(self.capacity.saturating_mul(2))
            .max(FEWEST)
            .min(self.limit.max(len));
        // Twice the room where that fits a bound, else what is needed.
        self.resize(wanted).or_else(|_| self.resize(len))
    }

    /// Room for `wanted` elements, more than there is room for now.
    fn resize(&mut self, wanted: u64) -> Result<(), NoRoom> {
        let layout = self.layout(wanted).ok_or(NoRoom::Memory(u64::MAX))?;
        let more = (wanted - self.capacity) * self.element_size() as u64;
        let beyond = |(bound, left)| NoRoom::Bound(more, bound, left);
        if self.has_cards() {
            // There may be more already, of an attempt that failed after this.
            let cards = ((layout.size() >> CARD_SHIFT) + 1).max(self.cards.len());
            let more = cards - self.cards.len();
            if !make_room(&mut self.cards, more, self.share.requests()) {
                return Err(NoRoom::Memory(cards as u64));
            }
            self.cards.resize(cards, 0);
            // SAFETY: owned by this table; no compiled code runs.
            unsafe { (*self.def.as_ptr()).cards = self.cards.as_mut_ptr() };
        }
        self.share.grow(more).map_err(beyond)?;
        let granted = self.share.requests().grants(Request::Elements);
        // SAFETY: the old block, if there is one, was made with the old layout;
        // the new one is not empty.
        unsafe {
            let def = self.def.as_ptr();
            let base = match self.layout(self.capacity) {
                _ if !granted => ptr::null_mut(),
                Some(old) if self.capacity > 0 => alloc::realloc((*def).base, old, layout.size()),
                _ => alloc::alloc(layout),
            };
            if base.is_null() {
                self.share.shrink(more);
                return Err(NoRoom::Memory(layout.size() as u64));
            }
            (*def).base = base;
        }
        self.capacity = wanted;
        Ok(())
    }

    fn layout(&self, capacity: u64) -> Option<Layout> {
        let bytes = usize::try_from(capacity)
            .ok()?
            .checked_mul(self.element_size())?;
        Layout::from_size_align(bytes, ALIGN).ok()
    }

    /// `table.init`: from a segment, of which a dropped one is empty.
    ///
    /// # Errors
    /// A range that is not all there.
    ///
    /// # Safety
    /// The segment's items are of the elements' type.
    pub unsafe fn init(
        &mut self,
        to: u64,
        values: &ElementValues,
        from: u64,
        len: u64,
    ) -> Result<(), TrapReason> {
        in_bounds(to, len, self.len())?;
        in_bounds(from, len, values.len())?;
        for index in 0..len {
            // SAFETY: by the check, and by contract.
            unsafe { self.write(to + index, 1, values.get((from + index) as usize)) };
        }
        Ok(())
    }

    /// Calls `f` with each element that can hold a root: index, kind, address.
    pub fn visit(&self, mut f: impl FnMut(u64, ValueKind, *mut u8)) {
        if self.kind == ValueKind::Func {
            return;
        }
        let overlooked = u64::from(Defect::SkipLastElement.is_in(self.defect));
        for index in 0..self.len().saturating_sub(overlooked) {
            f(index, self.kind, self.element(index));
        }
    }
}

impl Drop for TableEntry {
    fn drop(&mut self) {
        // SAFETY: both blocks are this table's, and with its store gone nobody
        // else knows them.
        unsafe {
            if self.capacity > 0
                && let Some(layout) = self.layout(self.capacity)
            {
                alloc::dealloc((*self.def.as_ptr()).base, layout);
            }
            drop(Box::from_raw(self.def.as_ptr()));
        }
    }
}

/// `table.copy`, also within one table.
///
/// # Errors
/// A range that is not all there.
///
/// # Safety
/// The elements of the one table are of the type of the other's.
pub unsafe fn copy(
    (to_table, to): (&TableEntry, u64),
    (from_table, from): (&TableEntry, u64),
    len: u64,
) -> Result<(), TrapReason> {
    in_bounds(to, len, to_table.len())?;
    in_bounds(from, len, from_table.len())?;
    if len > 0 {
        let bytes = len as usize * to_table.element_size();
        // SAFETY: both ranges exist, of elements of one size; they may overlap.
        unsafe {
            match Defect::CopyForward.is_in(to_table.defect) {
                true => copy_forward(from_table.element(from), to_table.element(to), bytes),
                false => ptr::copy(from_table.element(from), to_table.element(to), bytes),
            }
        }
        to_table.set_cards(to, len, Noted::TableCopied);
    }
    Ok(())
}

/// [`Defect::CopyForward`]: what is overwritten is read afterwards.
///
/// # Safety
/// Both ranges are all there.
unsafe fn copy_forward(from: *const u8, to: *mut u8, bytes: usize) {
    for at in (0..bytes).step_by(4) {
        // SAFETY: by contract; elements have 4 bytes or more.
        unsafe {
            to.add(at)
                .cast::<u32>()
                .write(from.add(at).cast::<u32>().read())
        };
    }
}

/// Whether a range is all there.
///
/// # Errors
/// It is not.
pub fn in_bounds(at: u64, len: u64, size: u64) -> Result<(), TrapReason> {
    match at.checked_add(len) {
        Some(end) if end <= size => Ok(()),
        _ => Err(TrapReason::Code(TrapCode::TableOutOfBounds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bound::Bound;
    use crate::bound::BoundSource;
    use mangrove_abi::Requests;
    use mangrove_validate::{AbstractHeap, HeapType, RefType};

    fn table(minimum: u64, maximum: Option<u64>, limit: u64) -> Result<TableEntry, Error> {
        bounded(
            minimum,
            maximum,
            limit,
            &Ledger::new(None, Requests::default()),
        )
    }

    fn bounded(
        minimum: u64,
        maximum: Option<u64>,
        limit: u64,
        ledger: &Ledger,
    ) -> Result<TableEntry, Error> {
        let element = RefType {
            nullable: true,
            heap: HeapType::Abstract(AbstractHeap::Any),
        };
        let ty = TableType {
            element,
            table64: false,
            minimum,
            maximum,
        };
        TableEntry::new(
            ty,
            ValueKind::Any,
            Origin {
                instance: None,
                index: 0,
            },
            limit,
            ledger,
        )
    }

    #[test]
    fn a_table_grows_up_to_its_limits() {
        let mut table = table(2, Some(1000), 100).unwrap();
        let value = TransferSlot::from_u64(7);
        // SAFETY: nobody follows these references.
        let mut grow = |by| unsafe { table.grow(by, value) };
        assert_eq!(grow(3).ok(), Some(2));
        assert_eq!(grow(95).ok(), Some(5));
        assert_eq!(grow(1).ok(), None);
        assert_eq!(grow(u64::MAX).ok(), None);
        let words: Vec<_> = (0..6).map(|i| table.get(i).unwrap().words[0]).collect();
        assert_eq!(words, [0, 0, 7, 7, 7, 7]);
        assert_eq!(table.get(100), None);
    }

    #[test]
    fn too_large_a_table_is_refused() {
        assert!(matches!(table(101, None, 100), Err(Error::Limit(_))));
        // The limit that was exceeded is named, and no other.
        for (max, named) in [(100, "(table_max)"), (u64::MAX, "it can have 4294967295")] {
            let error = table(1 << 32, None, max).err().unwrap().to_string();
            assert!(error.contains(named), "{error}");
            assert_eq!(error.contains("table_max"), max == 100, "{error}");
        }
    }

    /// Twice the room is beyond the bound, what is needed is not.
    #[test]
    fn a_table_near_a_bound_grows_by_what_it_needs() {
        let source = BoundSource::MemoryLimit;
        let bound = Bound {
            bytes: 6000,
            source,
        };
        let ledger = Ledger::new(Some(bound), Requests::default());
        let mut table = bounded(1000, None, 100_000, &ledger).unwrap();
        // SAFETY: null refers to nothing.
        let mut grow = |by| unsafe { table.grow(by, TransferSlot::default()) };
        assert_eq!(grow(100).ok(), Some(1000));
        assert_eq!(grow(500).ok(), None);
        assert_eq!(grow(300).ok(), Some(1100));
        assert_eq!(table.len(), 1400);
    }

    #[test]
    fn copies_overlap_as_moves_do() {
        let mut table = table(6, None, 100).unwrap();
        for index in 0..6 {
            // SAFETY: nobody follows these references.
            unsafe { table.write(index, 1, TransferSlot::from_u64(2 * index + 1)) };
        }
        // SAFETY: the same table.
        let copy = |to, from, len| unsafe { super::copy((&table, to), (&table, from), len) };
        copy(1, 0, 5).unwrap();
        let words: Vec<_> = (0..6).map(|i| table.get(i).unwrap().words[0]).collect();
        assert_eq!(words, [1, 1, 3, 5, 7, 9]);
        assert!(copy(2, 0, 5).is_err());
        assert!(copy(0, u64::MAX, 2).is_err());
    }

    #[test]
    fn only_what_was_written_is_shown_to_a_minor_collection() {
        let mut table = table(1000, None, 10_000).unwrap();
        let young = |table: &TableEntry| {
            let mut seen = Vec::new();
            table.visit_young(|index, _, _| seen.push(index));
            seen
        };
        assert!(young(&table).is_empty());
        let object = TransferSlot::from_u64(4096);
        // SAFETY: nobody follows these references.
        unsafe {
            table.write(300, 1, object);
            table.write(0, 100, TransferSlot::from_u64(7));
        }
        let cards = |range: std::ops::Range<u64>| range.collect::<Vec<_>>();
        assert_eq!(young(&table), cards(256..384));
        table.clean();
        assert!(young(&table).is_empty());
        // Growing keeps what is noted, and notes what it adds.
        // SAFETY: as above.
        unsafe {
            table.write(999, 1, object);
            table.grow(1000, object).unwrap();
            super::copy((&table, 10), (&table, 500), 1).unwrap();
        }
        assert_eq!(young(&table), [cards(0..128), cards(896..2000)].concat());
    }
}
