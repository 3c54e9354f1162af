//! The elements of a table.
//!
//! ```text
//!  TableEntry ──▶ TableDef { base ─▶ elements, len } ◀── instance contexts
//! ```
//!
//! Elements are 4, 8 or 16 bytes, all zero being null. They may move when the
//! table grows: compiled code loads the base at each access.

use crate::bound::Bound;
use crate::elements::ElementValues;
use crate::error::Error;
use crate::id::Origin;
use crate::kind::ValueKind;
use crate::ledger::{Ledger, Share};
use crate::resource::error::ResourceError;
use crate::resource::need::Need;
use crate::trap::TrapReason;
use mangrove_abi::{TableDef, TransferSlot, TrapCode};
use mangrove_validate::TableType;
use rustix::io::Errno;
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
    /// Of the engine's memory.
    share: Share,
}

/// Why a table cannot grow.
enum NoRoom {
    /// Its limit.
    Limit,
    /// The allocator gives no memory for so many bytes.
    Memory(u64),
    /// So many bytes go beyond a bound, of which so many are left.
    Bound(u64, Bound, u64),
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
        });
        let mut table = Self {
            def: NonNull::from(Box::leak(def)),
            ty,
            kind,
            origin,
            limit: limit.min(ty.maximum.unwrap_or(u64::MAX)),
            capacity: 0,
            share: memory.take("have an empty table", 0)?,
        };
        let what = format!("have memory for a table of {} elements", ty.minimum);
        // SAFETY: all zero is null. Where the type has none, who makes the table fills it.
        match unsafe { table.try_grow(ty.minimum, TransferSlot::default()) } {
            Ok(_) => Ok(table),
            Err(NoRoom::Limit) => Err(Error::internal(format!("{what} within its limit"))),
            Err(NoRoom::Memory(bytes)) => {
                let errno = Some(Errno::NOMEM.raw_os_error());
                Err(ResourceError::of(Need::Allocate, what, Some(bytes), errno).into())
            }
            Err(NoRoom::Bound(bytes, bound, left)) => {
                Err(ResourceError::beyond(what, bytes, bound, left).into())
            }
        }
    }

    /// Address of what compiled code sees.
    pub fn def(&self) -> NonNull<TableDef> {
        self.def
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

    /// Writes `len` elements from `at`. This and [`copy`] are the runtime's only ways
    /// to write elements, as `table.set` is the compiler's.
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

    /// Adds `by` elements and returns the old size; `None` if the limit or
    /// memory does not allow it.
    ///
    /// # Safety
    /// The value is of their type.
    pub unsafe fn grow(&mut self, by: u64, value: TransferSlot) -> Option<u64> {
        // SAFETY: by contract.
        unsafe { self.try_grow(by, value) }.ok()
    }

    /// # Safety
    /// As for [`TableEntry::grow`].
    unsafe fn try_grow(&mut self, by: u64, value: TransferSlot) -> Result<u64, NoRoom> {
        let old = self.len();
        let new = old.checked_add(by).filter(|&new| new <= self.limit);
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
        self.share.grow(more).map_err(beyond)?;
        // SAFETY: the old block, if there is one, was made with the old layout;
        // the new one is not empty.
        unsafe {
            let def = self.def.as_ptr();
            let base = match self.layout(self.capacity) {
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
        for index in 0..self.len() {
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
        unsafe { ptr::copy(from_table.element(from), to_table.element(to), bytes) };
    }
    Ok(())
}

fn in_bounds(at: u64, len: u64, size: u64) -> Result<(), TrapReason> {
    match at.checked_add(len) {
        Some(end) if end <= size => Ok(()),
        _ => Err(TrapReason::Code(TrapCode::TableOutOfBounds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mangrove_validate::{AbstractHeap, HeapType, RefType};

    fn table(minimum: u64, maximum: Option<u64>, limit: u64) -> Result<TableEntry, Error> {
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
            &Ledger::new(None),
        )
    }

    #[test]
    fn a_table_grows_up_to_its_limits() {
        let mut table = table(2, Some(1000), 100).unwrap();
        let value = TransferSlot::from_u64(7);
        // SAFETY: nobody follows these references.
        let mut grow = |by| unsafe { table.grow(by, value) };
        assert_eq!(grow(3), Some(2));
        assert_eq!(grow(95), Some(5));
        assert_eq!(grow(1), None);
        assert_eq!(grow(u64::MAX), None);
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
}
