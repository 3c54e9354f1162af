//! The canonical types of an engine, and who holds them.
//!
//! ```text
//!  module ──────────────┐
//!  host function, tag … ├─▶ TypeHold ─▶ groups of types ─▶ numbers ─▶ descriptors, trampolines
//!  Store (KeptTypes) ───┘      with the last hold of a group, all that is to the right goes
//! ```
//!
//! Whoever can name a type holds it. A module holds its types, and an instance its
//! module; instances, host functions and tags live as long as their store, and so do
//! the types of all objects in its heap. What the host makes without a module (a host
//! function, a tag, a global, a table, a continuation) is held by the store or, for
//! functions of a linker, by the linker.
//!
//! All that adds and removes types does so under one lock: to others, a number that
//! stands for a type has its descriptor, and one that does not has neither a
//! descriptor nor a trampoline left of the type it stood for.

use crate::code::LoadedCode;
use crate::descriptors::{DescriptorTable, Published};
use crate::error::Error;
use crate::ledger::Ledger;
use hashbrown::{HashMap, HashSet};
use mangrove_abi::{HostKind, TypeDescriptor, TypeId};
use mangrove_validate::{FuncType, ParsedModule, RegistryError, SubType, TypeRegistry};
use smallvec::SmallVec;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How much an engine has of what is counted by types: see
/// `Engine::type_counts`.
///
/// # Examples
/// ```
/// use mangrove::{Engine, TypeCounts};
///
/// let counts: TypeCounts = Engine::default().type_counts();
/// assert!(counts.types <= counts.numbers);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TypeCounts {
    /// Canonical types.
    pub types: usize,
    /// Type numbers that are taken: by canonical types, and by the exceptions of each
    /// type of tags.
    pub numbers: usize,
    /// Type numbers that are described for compiled code and the collector.
    pub descriptors: usize,
    /// Function types there is code for to call host functions and from the host.
    pub trampolines: usize,
}

/// The types of an engine.
#[derive(Debug)]
pub struct EngineTypes {
    registry: TypeRegistry,
    table: DescriptorTable,
    changing: Mutex<Changing>,
}

/// The trampolines of one function type, as a rule of one kind.
type Trampolines = SmallVec<[(HostKind, Arc<LoadedCode>); 1]>;

/// What follows from types; for who adds and removes them.
#[derive(Debug)]
struct Changing {
    published: Published,
    /// Trampolines by function type and kind.
    trampolines: HashMap<TypeId, Trampolines>,
}

impl EngineTypes {
    /// None yet, with numbers below `end`.
    ///
    /// # Errors
    /// There is no room for the table of descriptors.
    pub fn new(end: u32, addresses: &Ledger) -> Result<Arc<Self>, Error> {
        let (table, published) = DescriptorTable::new(end, addresses)?;
        let changing = Changing {
            published,
            trampolines: HashMap::new(),
        };
        Ok(Arc::new(Self {
            registry: TypeRegistry::up_to(end),
            table,
            changing: Mutex::new(changing),
        }))
    }

    /// To look types up.
    pub fn registry(&self) -> &TypeRegistry {
        &self.registry
    }

    /// The descriptor table.
    pub fn descriptors(&self) -> *const TypeDescriptor {
        self.table.base()
    }

    // What is behind the lock is whole whenever it can be seen: steps that can panic
    // (for a defect of this crate) come before the first change.
    fn changing(&self) -> MutexGuard<'_, Changing> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what `intern` adds, which says the numbers to describe and those that are
    /// held now.
    fn add(
        self: &Arc<Self>,
        intern: impl FnOnce(&TypeRegistry) -> Result<(Vec<TypeId>, Vec<TypeId>), RegistryError>,
    ) -> Result<(Vec<TypeId>, TypeHold), Error> {
        let mut changing = self.changing();
        let (ids, held) = intern(&self.registry).map_err(|error| self.refused(error))?;
        // SAFETY: numbers without a descriptor were given out just now, under the lock.
        let published = unsafe {
            self.table
                .publish(&mut changing.published, &self.registry, &ids)
        };
        if let Err(error) = published {
            self.remove(&mut changing, &held);
            return Err(error);
        }
        drop(changing);
        let types = self.clone();
        Ok((ids, TypeHold { types, held }))
    }

    /// The types of a module.
    ///
    /// # Errors
    /// There are more than an engine can hold. Then none was added.
    pub fn module(
        self: &Arc<Self>,
        module: &ParsedModule,
    ) -> Result<(Vec<TypeId>, TypeHold), Error> {
        self.add(|registry| {
            let ids = registry.intern(module)?;
            let groups = module.rec_groups.iter().filter(|group| !group.is_empty());
            let held = groups.map(|group| ids[group.start as usize]).collect();
            Ok((ids, held))
        })
    }

    /// A function type whose concrete types are canonical.
    ///
    /// # Errors
    /// It has too many values, refers to a type that is not there, or there are more
    /// types than an engine can hold.
    pub fn func(self: &Arc<Self>, ty: &FuncType) -> Result<(TypeId, TypeHold), Error> {
        self.one(|registry| registry.intern_func(ty.clone()))
    }

    /// A type of structs or arrays whose concrete types are canonical.
    ///
    /// # Errors
    /// As [`EngineTypes::func`]; it does not fit its supertype.
    pub fn object(self: &Arc<Self>, ty: SubType) -> Result<(TypeId, TypeHold), Error> {
        self.one(|registry| registry.intern_object(ty))
    }

    /// The type of continuations of a function type.
    ///
    /// # Errors
    /// There is no such type, or there are more types than an engine can hold.
    pub fn cont(self: &Arc<Self>, func: TypeId) -> Result<(TypeId, TypeHold), Error> {
        self.one(|registry| registry.intern_cont(func))
    }

    fn one(
        self: &Arc<Self>,
        intern: impl FnOnce(&TypeRegistry) -> Result<TypeId, RegistryError>,
    ) -> Result<(TypeId, TypeHold), Error> {
        let added = self.add(|registry| intern(registry).map(|id| (vec![id], vec![id])));
        added.map(|(ids, hold)| (ids[0], hold))
    }

    /// A hold of a type, if there is one with this number.
    ///
    /// # Errors
    /// There is none.
    pub fn hold(self: &Arc<Self>, id: TypeId) -> Result<TypeHold, Error> {
        // Under the lock: a number that is being added has no descriptor yet, and may
        // never get one.
        let changing = self.changing();
        let known = self.registry.hold(id);
        drop(changing);
        if !known {
            return Err(self.refused(RegistryError::Unknown { id }));
        }
        Ok(TypeHold {
            types: self.clone(),
            held: vec![id],
        })
    }

    /// The number of exceptions whose tag has this function type, which the caller
    /// holds.
    ///
    /// # Errors
    /// There is no such type, or there are more than an engine can hold.
    pub fn exception(&self, tag_type: TypeId) -> Result<TypeId, Error> {
        let mut changing = self.changing();
        let id = self
            .registry
            .exception(tag_type)
            .map_err(|error| self.refused(error))?;
        // SAFETY: if it has no descriptor, its number has not left this function.
        unsafe {
            self.table
                .publish(&mut changing.published, &self.registry, &[id])?;
        }
        Ok(id)
    }

    /// The trampolines for host functions of a type, which the caller holds, and of this
    /// kind; made the first time.
    ///
    /// # Errors
    /// As `make`.
    pub fn trampolines(
        &self,
        id: TypeId,
        kind: HostKind,
        make: impl FnOnce() -> Result<LoadedCode, Error>,
    ) -> Result<Arc<LoadedCode>, Error> {
        let find = |changing: &Changing| {
            let known = changing.trampolines.get(&id)?.iter();
            let mut known = known.filter(|known| known.0 == kind);
            known.next().map(|(_, code)| code.clone())
        };
        if let Some(code) = find(&self.changing()) {
            return Ok(code);
        }
        // Without the lock: compiling takes its time. Who comes second has worked in vain.
        let code = Arc::new(make()?);
        let mut changing = self.changing();
        if let Some(first) = find(&changing) {
            return Ok(first);
        }
        let known = changing.trampolines.entry(id).or_default();
        known.push((kind, code.clone()));
        Ok(code)
    }

    fn remove(&self, changing: &mut Changing, held: &[TypeId]) {
        let removed = self.registry.release(held.iter().copied());
        // SAFETY: nobody holds these, and who can name a type holds it. They can be
        // given out again only under the lock, which we have.
        unsafe { self.table.erase(&mut changing.published, &removed) };
        for id in &removed {
            changing.trampolines.remove(id);
        }
    }

    /// How much there is.
    pub fn counts(&self) -> TypeCounts {
        let changing = self.changing();
        TypeCounts {
            types: self.registry.len(),
            numbers: self.registry.numbers(),
            descriptors: changing.published.count(),
            trampolines: changing.trampolines.len(),
        }
    }

    /// The error for a type there cannot be.
    fn refused(&self, error: RegistryError) -> Error {
        match error {
            RegistryError::Unknown { .. } | RegistryError::NoSubtype { .. } => {
                Error::usage(error.to_string())
            }
            RegistryError::TooManyValues { .. } | RegistryError::TooManyFields { .. } => {
                Error::Limit(error.to_string())
            }
            RegistryError::Full { .. } => self.table.full(error),
        }
    }
}

/// Keeps types of an engine: their numbers stand for them while this lives.
#[derive(Debug)]
pub struct TypeHold {
    types: Arc<EngineTypes>,
    /// A number for each hold.
    held: Vec<TypeId>,
}

impl Drop for TypeHold {
    fn drop(&mut self) {
        if !self.held.is_empty() {
            let mut changing = self.types.changing();
            self.types.remove(&mut changing, &self.held);
        }
    }
}

/// Types kept for as long as what they are kept for: a store, or an engine.
#[derive(Debug)]
pub struct KeptTypes {
    hold: TypeHold,
    known: HashSet<TypeId>,
}

impl KeptTypes {
    /// None yet.
    pub fn new(types: &Arc<EngineTypes>) -> Self {
        Self {
            hold: TypeHold {
                types: types.clone(),
                held: Vec::new(),
            },
            known: HashSet::new(),
        }
    }

    /// Keeps a type that somebody holds.
    ///
    /// # Errors
    /// There is none with this number.
    pub fn keep(&mut self, id: TypeId) -> Result<(), Error> {
        if !self.known.contains(&id) {
            let hold = self.hold.types.hold(id)?;
            self.absorb(id, hold);
        }
        Ok(())
    }

    /// Keeps a function type.
    ///
    /// # Errors
    /// As [`EngineTypes::func`].
    pub fn func(&mut self, ty: &FuncType) -> Result<TypeId, Error> {
        let (id, hold) = self.hold.types.func(ty)?;
        self.absorb(id, hold);
        Ok(id)
    }

    /// Keeps the type of continuations of a function type.
    ///
    /// # Errors
    /// As [`EngineTypes::cont`].
    pub fn cont(&mut self, func: TypeId) -> Result<TypeId, Error> {
        let (id, hold) = self.hold.types.cont(func)?;
        self.absorb(id, hold);
        Ok(id)
    }

    /// One hold of each type is enough.
    fn absorb(&mut self, id: TypeId, mut hold: TypeHold) {
        if self.known.insert(id) {
            self.hold.held.append(&mut hold.held);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mangrove_abi::Kind;
    use mangrove_abi::Requests;
    use mangrove_abi::object::TYPE_END;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    /// A module of this many struct types, each of as many fields as its number says.
    fn structs(count: u8) -> ParsedModule {
        let mut types = vec![count];
        for fields in 0..count {
            types.extend([0x5f, fields]);
            types.extend([0x7f, 0].repeat(fields.into()));
        }
        let mut bytes = b"\0asm\x01\0\0\0\x01".to_vec();
        // The section's length in two bytes.
        bytes.extend([types.len() as u8 | 0x80, (types.len() >> 7) as u8]);
        bytes.extend(types);
        ParsedModule::parse(bytes).unwrap()
    }

    #[test]
    fn a_type_that_can_be_held_is_described() {
        let types = EngineTypes::new(TYPE_END, &Ledger::new(None, Requests::default())).unwrap();
        let module = structs(80);
        let (ids, hold) = types.module(&module).unwrap();
        drop(hold);
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..4_000 {
                    drop(types.module(&module).unwrap());
                }
                done.store(true, Ordering::Relaxed);
            });
            while !done.load(Ordering::Relaxed) {
                for &id in ids.iter().rev() {
                    let Ok(hold) = types.hold(id) else { continue };
                    // SAFETY: entries of all numbers can be read, and that of a type
                    // that is held is not written.
                    let entry = unsafe { *types.descriptors().add(id.index()) };
                    assert_eq!(entry.kind, Kind::Struct as u8, "type {id}");
                    drop(hold);
                }
            }
        });
        assert_eq!(types.counts(), TypeCounts::default());
    }
}
