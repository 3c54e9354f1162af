//! The table of type descriptors, at an address that never changes.
//!
//! ```text
//!  reserved for all type numbers the engine has room for; readable, and zero (unused), from the start
//!  ┌────────┬────────┬──── … ────┬────────┬──────── … ────────┬───────┬───────┐
//!  │ TYPE 0 │ TYPE 1 │           │ TYPE n │                   │ exn 1 │ exn 0 │
//!  └────────┴────────┴──── … ────┴────────┴──────── … ────────┴───────┴───────┘
//!    modules' types grow upwards ─▶          ◀─ exceptions' downwards
//! ```
//!
//! Compiled code and the collector index it without a lock: they only ever hold
//! numbers of types that were published before, and an entry, once written,
//! stays as it is.

use crate::error::Error;
use crate::mapping::Mapping;
use crate::resource::{Need, ResourceError, map_error};
use crate::space::{Ledger, Share};
use hashbrown::{HashMap, HashSet};
use mangrove_abi::object::{HOST_SIZE, INLINE_SUPERS, NO_TYPE, TYPE_END, TYPE_HOST, exn_layout};
use mangrove_abi::{Kind, TypeDescriptor, TypeId};
use mangrove_validate::{FuncType, Repr, TypeInfo, TypeRegistry};
use std::sync::{Mutex, PoisonError};

/// Bytes made writable at a time.
const STEP: usize = 64 << 10;

/// The table, and what its entries point to.
#[derive(Debug)]
pub struct DescriptorTable {
    mapping: Mapping,
    /// One more than the highest type number.
    end: TypeId,
    /// Of the engine's address space.
    share: Share,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How many types of the registry are published.
    published: usize,
    /// Which steps of the table are writable.
    writable: HashSet<usize>,
    /// Displays and offset lists that entries point to.
    lists: Vec<Box<[u32]>>,
    /// Exception types by the function type of their tag.
    exceptions: HashMap<TypeId, TypeId>,
}

impl State {
    fn keep(&mut self, list: &[u32]) -> *const u32 {
        let list: Box<[u32]> = list.into();
        let address = list.as_ptr();
        self.lists.push(list);
        address
    }
}

impl DescriptorTable {
    /// A table in which only host objects have an entry, with room for all type
    /// numbers below `end`.
    ///
    /// # Errors
    /// The bound or the system leaves no room for it.
    pub fn new(end: TypeId, addresses: &Ledger) -> Result<Self, Error> {
        // The last step is made writable whole.
        let bytes = (end as usize * size_of::<TypeDescriptor>()).next_multiple_of(STEP);
        let what = "reserve address space for the type table";
        let share = addresses.take(what, bytes as u64)?;
        let mapping = Mapping::reserve(bytes)
            .and_then(|mapping| mapping.make_readable().map(|()| mapping))
            .map_err(|error| map_error(Need::Reserve, what, bytes as u64, &error))?;
        let table = Self {
            mapping,
            end,
            share,
            state: Mutex::default(),
        };
        let kind = Kind::Host as u8;
        let host = TypeDescriptor {
            size: HOST_SIZE,
            kind,
            ..TypeDescriptor::UNUSED
        };
        table.write(&mut State::default(), TYPE_HOST, host)?;
        Ok(table)
    }

    /// Its first entry.
    pub fn base(&self) -> *const TypeDescriptor {
        self.mapping.base().cast()
    }

    /// Writes entries for the types interned since the last call.
    pub fn publish(&self, types: &TypeRegistry) -> Result<(), Error> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for info in types.new_types_since(state.published) {
            if self.end - info.id <= state.exceptions.len() as u32 {
                return Err(self.full("exceptions take the numbers of the last types"));
            }
            let descriptor = describe(&mut state, &info);
            self.write(&mut state, info.id, descriptor)?;
            state.published += 1;
        }
        Ok(())
    }

    /// The type of exceptions whose tag has this function type.
    pub fn exception(&self, types: &TypeRegistry, tag_type: TypeId) -> Result<TypeId, Error> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&known) = state.exceptions.get(&tag_type) {
            return Ok(known);
        }
        let id = self.end - 1 - state.exceptions.len() as u32;
        if types.contains(id) {
            return Err(self.full("types take the numbers of the last exceptions"));
        }
        let params = match &types.get(tag_type).composite {
            mangrove_validate::CompositeType::Func(FuncType { params, .. }) => params.clone(),
            _ => return Err(Error::internal("a tag without a function type")),
        };
        let reprs: Vec<Repr> = params.into_iter().map(|ty| types.repr(ty)).collect();
        let layout = exn_layout(reprs.iter().map(|repr| repr.size()));
        let refs: Vec<u32> = reprs
            .iter()
            .zip(&layout.offsets[1..])
            .filter(|(repr, _)| **repr == Repr::HeapRef)
            .map(|(_, &offset)| offset)
            .collect();
        let descriptor = TypeDescriptor {
            refs: state.keep(&refs),
            ref_count: refs.len() as u32,
            size: layout.size,
            kind: Kind::Exn as u8,
            ..TypeDescriptor::UNUSED
        };
        self.write(&mut state, id, descriptor)?;
        state.exceptions.insert(tag_type, id);
        Ok(id)
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

    /// Writes an entry nobody reads yet.
    fn write(
        &self,
        state: &mut State,
        id: TypeId,
        descriptor: TypeDescriptor,
    ) -> Result<(), Error> {
        let at = id as usize * size_of::<TypeDescriptor>();
        let step = at / STEP;
        if !state.writable.contains(&step) {
            self.mapping.commit(step * STEP, STEP).map_err(|error| {
                map_error(Need::Commit, "grow the type table", STEP as u64, &error)
            })?;
            state.writable.insert(step);
        }
        let entry = self
            .mapping
            .base()
            .wrapping_add(at)
            .cast::<TypeDescriptor>();
        // SAFETY: the entry lies within the mapping and is writable; since its
        // number has not been given out, nobody reads it.
        unsafe { entry.write(descriptor) };
        Ok(())
    }
}

fn describe(state: &mut State, info: &TypeInfo) -> TypeDescriptor {
    let mut supers = [NO_TYPE; INLINE_SUPERS];
    for (to, from) in supers.iter_mut().zip(info.supers.iter()) {
        *to = *from;
    }
    TypeDescriptor {
        supers,
        all_supers: state.keep(&info.supers),
        refs: state.keep(&info.refs),
        ref_count: info.refs.len() as u32,
        size: info.size,
        depth: info.supers.len().saturating_sub(1) as u16,
        kind: info.kind as u8,
        elem_refs: info.elem_refs as u8,
    }
}

// SAFETY: the lists are owned by the table and never change; entries point into them.
unsafe impl Send for DescriptorTable {}
// SAFETY: as above; entries are written under the lock, before they are known.
unsafe impl Sync for DescriptorTable {}

#[cfg(test)]
mod tests {
    use super::*;
    use mangrove_validate::{AbstractHeap, HeapType, RefType, ValType};

    #[test]
    fn exceptions_have_a_type_for_each_tag_type() {
        let types = TypeRegistry::new();
        let table = DescriptorTable::new(TYPE_END, &Ledger::new(None)).unwrap();
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
        table.publish(&types).unwrap();
        let exn = table.exception(&types, id).unwrap();
        assert_eq!(table.exception(&types, id).unwrap(), exn);
        assert_ne!(table.exception(&types, other).unwrap(), exn);
        // SAFETY: all entries are readable.
        let entry = |id: TypeId| unsafe { *table.base().add(id as usize) };
        let descriptor = entry(exn);
        assert_eq!(descriptor.kind, Kind::Exn as u8);
        // Header, i32, tag, both references, i64.
        assert_eq!((descriptor.size, descriptor.ref_count), (32, 2));
        assert_eq!(entry(id).kind, Kind::Func as u8);
        assert_eq!(entry(TYPE_END / 2).kind, Kind::Unused as u8);
        assert_eq!(entry(TYPE_HOST).size, HOST_SIZE);
    }
}
