//! The table of type descriptors, at an address that never changes.
//!
//! ```text
//!  reserved for all type numbers the engine has room for; readable, and zero (unused), from the start
//!  ┌────────┬────────┬──── … ────┬─────────────┬────────┬──────── … ────────┐
//!  │ TYPE 0 │ TYPE 1 │           │ TYPE n: exn │ unused │                   │
//!  └────────┴────────┴──── … ────┴─────────────┴────────┴──────── … ────────┘
//!    types of modules and of exceptions, as the registry numbers them ─▶
//! ```
//!
//! Compiled code and the collector index it without a lock. They only ever hold
//! numbers of types that somebody holds ([`crate::types`]): an entry is written before
//! its number is known to anyone, and erased when nobody knows it any more.

use crate::error::Error;
use crate::ledger::{Ledger, Share};
use crate::mapping::Mapping;
use crate::refusals::map_error;
use crate::resource::error::ResourceError;
use crate::resource::need::Need;
use hashbrown::HashSet;
use mangrove_abi::object::{HOST_SIZE, INLINE_SUPERS, NO_TYPE, TYPE_END, TYPE_HOST};
use mangrove_abi::{Kind, TypeDescriptor, TypeId};
use mangrove_validate::{TypeInfo, TypeRegistry};
use std::sync::Arc;

/// Bytes made writable at a time.
const STEP: usize = 64 << 10;

/// The table. What its entries point to is in [`Published`].
#[derive(Debug)]
pub struct DescriptorTable {
    mapping: Mapping,
    /// One more than the highest type number.
    end: u32,
    /// Of the engine's address space.
    share: Share,
}

/// Which entries of a table are written, and what they point to.
#[derive(Debug, Default)]
pub struct Published {
    /// Which steps of the table are writable.
    writable: HashSet<usize>,
    /// By type number; none for what is not published.
    lists: Vec<Option<Lists>>,
    /// How many are.
    count: usize,
}

/// What an entry points to.
#[derive(Debug)]
struct Lists {
    /// The display.
    supers: Arc<[TypeId]>,
    /// Offsets of heap references, then of continuation references. Not a box: moving one
    /// ends what its address was given to.
    refs: Vec<u32>,
}

impl Published {
    /// How many types and exceptions have an entry.
    pub fn count(&self) -> usize {
        self.count
    }

    fn contains(&self, id: TypeId) -> bool {
        self.lists.get(id.index()).is_some_and(Option::is_some)
    }

    fn keep(&mut self, id: TypeId, lists: Lists) {
        let at = id.index();
        if self.lists.len() <= at {
            self.lists.resize_with(at + 1, || None);
        }
        self.lists[at] = Some(lists);
        self.count += 1;
    }
}

impl DescriptorTable {
    /// A table in which only host objects have an entry, with room for all type
    /// numbers below `end`.
    ///
    /// # Errors
    /// The bound or the system leaves no room for it.
    pub fn new(end: u32, addresses: &Ledger) -> Result<(Self, Published), Error> {
        // The last step is made writable whole.
        let bytes = (end as usize * size_of::<TypeDescriptor>()).next_multiple_of(STEP);
        let what = "reserve address space for the type table";
        let share = addresses.take(what, bytes as u64)?;
        let mapping = Mapping::reserve(bytes, addresses.requests())
            .and_then(|mapping| mapping.make_readable().map(|()| mapping))
            .map_err(|error| map_error(Need::Reserve, what, bytes as u64, &error))?;
        let table = Self {
            mapping,
            end,
            share,
        };
        let kind = Kind::Host as u8;
        let host = TypeDescriptor {
            size: HOST_SIZE,
            kind,
            ..TypeDescriptor::UNUSED
        };
        let mut published = Published::default();
        table.make_writable(&mut published, TYPE_HOST)?;
        // SAFETY: the entry is writable, and the table nobody's yet.
        unsafe { table.entry(TYPE_HOST).write(host) };
        Ok((table, published))
    }

    /// Its first entry.
    pub fn base(&self) -> *const TypeDescriptor {
        self.mapping.base().cast()
    }

    /// Writes the entries of those that have none.
    ///
    /// # Safety
    /// Nobody reads the entries of those that have none.
    pub unsafe fn publish(
        &self,
        published: &mut Published,
        types: &TypeRegistry,
        ids: &[TypeId],
    ) -> Result<(), Error> {
        let mut new = ids.to_vec();
        new.retain(|&id| !published.contains(id));
        // A module may have a type twice.
        new.sort_unstable();
        new.dedup();
        for info in types.infos(&new) {
            self.make_writable(published, info.id)?;
            let (descriptor, lists) = describe(&info);
            published.keep(info.id, lists);
            // SAFETY: the entry is writable, and by contract nobody reads it.
            unsafe { self.entry(info.id).write(descriptor) };
        }
        Ok(())
    }

    /// Erases the entries of those that have one.
    ///
    /// # Safety
    /// Nobody reads them, and nobody knows what they point to.
    pub unsafe fn erase(&self, published: &mut Published, ids: &[TypeId]) {
        for &id in ids {
            let lists = published.lists.get_mut(id.index()).and_then(Option::take);
            let Some(lists) = lists else { continue };
            published.count -= 1;
            // SAFETY: what was published is writable, and by contract nobody reads it.
            unsafe { self.entry(id).write(TypeDescriptor::UNUSED) };
            drop(lists);
        }
    }

    /// The error for more types than there are numbers for: of the bound, if that
    /// is why there are no more.
    pub fn full(&self, why: impl std::fmt::Display) -> Error {
        let end = self.end;
        match self.share.bound() {
            Some((bound, left)) if end < TYPE_END => {
                let what = format!("have more than {end} types in one engine ({why})");
                ResourceError::beyond(what, STEP as u64, bound, left).into()
            }
            _ => Error::Limit(format!("too many types in one engine: {why}")),
        }
    }

    /// Makes sure that an entry can be written.
    fn make_writable(&self, published: &mut Published, id: TypeId) -> Result<(), Error> {
        let step = id.index() * size_of::<TypeDescriptor>() / STEP;
        if !published.writable.contains(&step) {
            self.mapping.commit(step * STEP, STEP).map_err(|error| {
                map_error(Need::Commit, "grow the type table", STEP as u64, &error)
            })?;
            published.writable.insert(step);
        }
        Ok(())
    }

    /// The entry of a number.
    fn entry(&self, id: TypeId) -> *mut TypeDescriptor {
        assert!(
            id.as_u32() < self.end,
            "type {id} of a table of {}",
            self.end
        );
        self.mapping
            .base()
            .cast::<TypeDescriptor>()
            .wrapping_add(id.index())
    }
}

/// How many fields there are: of a struct at most 10,000, of an exception a thousand.
fn count(fields: &[u32]) -> u16 {
    u16::try_from(fields.len()).expect("validation limits the fields of an object")
}

fn describe(info: &TypeInfo) -> (TypeDescriptor, Lists) {
    let lists = Lists {
        supers: info.supers.clone(),
        refs: [info.refs.as_slice(), &info.conts].concat(),
    };
    let mut supers = [NO_TYPE; INLINE_SUPERS];
    for (to, from) in supers.iter_mut().zip(info.supers.iter()) {
        *to = *from;
    }
    // Of the lists' own memory, which stays where it is when they are moved.
    let descriptor = TypeDescriptor {
        supers,
        all_supers: lists.supers.as_ptr(),
        refs: lists.refs.as_ptr(),
        ref_count: count(&info.refs),
        cont_count: count(&info.conts) + info.elem_conts as u16,
        size: info.size,
        depth: info.supers.len().saturating_sub(1) as u16,
        kind: info.kind as u8,
        elem_refs: info.elem_refs as u8,
    };
    (descriptor, lists)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mangrove_abi::Requests;
    use mangrove_validate::{AbstractHeap, FuncType, HeapType, RefType, ValType};

    #[test]
    fn exceptions_have_a_type_for_each_tag_type() {
        let types = TypeRegistry::new();
        let (table, mut published) =
            DescriptorTable::new(TYPE_END, &Ledger::new(None, Requests::default())).unwrap();
        let any = ValType::Ref(RefType {
            nullable: true,
            heap: HeapType::Abstract(AbstractHeap::Any),
        });
        let params = vec![ValType::I32, any, ValType::I64, any];
        let id = types
            .intern_func(FuncType {
                params,
                results: vec![],
            })
            .unwrap();
        let other = types.intern_func(FuncType::default()).unwrap();
        let exn = types.exception(id).unwrap();
        assert_eq!(types.exception(id), Ok(exn));
        assert_ne!(types.exception(other), Ok(exn));
        // SAFETY: nobody else has the table.
        unsafe {
            let ids = [id, other, exn, id];
            table.publish(&mut published, &types, &ids).unwrap();
        }
        assert_eq!(published.count(), 3);
        // SAFETY: all entries are readable.
        let entry = |id: TypeId| unsafe { *table.base().add(id.index()) };
        let descriptor = entry(exn);
        assert_eq!(descriptor.kind, Kind::Exn as u8);
        // Header, i32, tag, both references, i64.
        assert_eq!((descriptor.size, descriptor.ref_count), (32, 2));
        assert_eq!(entry(id).kind, Kind::Func as u8);
        assert_eq!(entry(TypeId::new(TYPE_END / 2)).kind, Kind::Unused as u8);
        assert_eq!(entry(TYPE_HOST).size, HOST_SIZE);
        // SAFETY: as above.
        unsafe { table.erase(&mut published, &types.release([id])) };
        assert_eq!(entry(exn).kind, Kind::Unused as u8);
        assert_eq!(entry(id).kind, Kind::Unused as u8);
        assert_eq!(entry(other).kind, Kind::Func as u8);
        assert_eq!(published.count(), 1);
    }
}
