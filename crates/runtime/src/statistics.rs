//! What the objects of a store come to by type, and what people call the types.

use crate::error::Error;
use crate::store::StoreInner;
use crate::walk::ObjectKind;
use hashbrown::{HashMap, HashSet};
use mangrove_abi::TypeIndex;
use mangrove_abi::object::{TYPE_HOST, TypeId};
use mangrove_collector::HeapSpace;
use mangrove_validate::printable;
use serde::Serialize;

/// How many objects, and bytes.
///
/// # Examples
/// See [`HeapStatistics`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Amount {
    /// How many objects.
    pub objects: u64,
    /// Bytes they take.
    pub bytes: u64,
}

impl Amount {
    fn add(&mut self, bytes: u64) {
        self.objects += 1;
        self.bytes += bytes;
    }
}

/// The objects of a type.
///
/// # Examples
/// See [`HeapStatistics`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TypeStatistics {
    /// The canonical type.
    pub type_id: TypeId,
    /// `$name` of the first module in the store that names it; else which type of
    /// which instance it is. Two types of one form are one, and have one name.
    pub name: String,
    /// What the objects are.
    pub kind: ObjectKind,
    /// Those that live.
    pub live: Amount,
    /// Of those, the ones in the young space.
    pub young: Amount,
    /// Of those that live, the ones that began in the old space for being large.
    pub large: Amount,
    /// Those that were made since the last collection, whether they live or not.
    pub allocated: Amount,
}

/// The objects of a store by type.
///
/// # Examples
/// ```
/// use mangrove::{Config, Engine, ExternRef, Store};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
/// let kept = ExternRef::new(&mut store, 7)?;
/// store.gc()?;
/// let statistics = store.heap_statistics()?;
/// assert_eq!((statistics.live.objects, statistics.allocated.objects), (1, 0));
/// assert_eq!(statistics.types[0].young.objects, 0);
/// # Ok(())
/// # }
/// ```
///
/// ```
/// use mangrove::{Amount, Engine, ExternRef, HeapStatistics, Store, TypeStatistics};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let mut store = Store::new(&Engine::default(), ())?;
/// let kept = ExternRef::new(&mut store, 7)?;
/// let statistics: HeapStatistics = store.heap_statistics()?;
/// let of_type: &TypeStatistics = &statistics.types[0];
/// assert_eq!(of_type.name, "host");
/// let Amount { objects, bytes } = of_type.live;
/// assert_eq!((objects, statistics.live.bytes), (1, bytes));
/// # drop(kept);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HeapStatistics {
    /// The types that have objects, by the bytes of those that live, most first.
    pub types: Vec<TypeStatistics>,
    /// All objects that live.
    pub live: Amount,
    /// All that were made since the last collection.
    pub allocated: Amount,
}

impl StoreInner {
    /// What the objects come to, by type.
    ///
    /// # Errors
    /// As [`StoreInner::heap_walk`].
    pub fn heap_statistics(&mut self) -> Result<HeapStatistics, Error> {
        let mut types: HashMap<TypeId, TypeStatistics> = HashMap::new();
        let mut all = HeapStatistics::default();
        let none = |type_id, kind| TypeStatistics {
            type_id,
            name: String::new(),
            kind,
            live: Amount::default(),
            young: Amount::default(),
            large: Amount::default(),
            allocated: Amount::default(),
        };
        for object in self.heap_walk()? {
            let (id, bytes) = (object.type_id(), object.bytes());
            let known = types.entry(id).or_insert_with(|| none(id, object.kind()));
            all.live.add(bytes);
            known.live.add(bytes);
            match object.space() {
                HeapSpace::Young => known.young.add(bytes),
                HeapSpace::Large => known.large.add(bytes),
                HeapSpace::Old => {}
            }
        }
        // SAFETY: the context is ours, and no compiled code runs.
        let ctx = unsafe { self.ctx.as_ref() };
        let heap = &self.heap;
        let each = heap.each_new(ctx, |object, id, bytes| {
            // SAFETY: the walk has found the object.
            let kind = || ObjectKind::of(unsafe { heap.kind_of(object) });
            let known = types.entry(id).or_insert_with(|| none(id, kind()));
            all.allocated.add(bytes);
            known.allocated.add(bytes);
        });
        each.map_err(Error::internal)?;
        let mut names = self.type_names(types.keys().copied());
        all.types = types.into_values().collect();
        for known in &mut all.types {
            known.name = names.remove(&known.type_id).unwrap_or_default();
        }
        let bytes = |known: &TypeStatistics| (known.live.bytes, known.allocated.bytes);
        all.types
            .sort_by(|a, b| bytes(b).cmp(&bytes(a)).then(a.type_id.cmp(&b.type_id)));
        Ok(all)
    }

    /// What people call a type of objects.
    pub(crate) fn type_name(&self, id: TypeId) -> String {
        self.type_names([id]).remove(&id).unwrap_or_default()
    }

    /// What people call types of objects: however many those are, each module of the store
    /// is looked through once.
    pub(crate) fn type_names(
        &self,
        ids: impl IntoIterator<Item = TypeId>,
    ) -> HashMap<TypeId, String> {
        // No module can name the type of an exception.
        let number = |id| (id, format!("type {id}"));
        let mut names: HashMap<TypeId, String> = ids.into_iter().map(number).collect();
        if let Some(host) = names.get_mut(&TYPE_HOST) {
            *host = "host".to_owned();
        }
        let (mut modules, mut found, mut named) = (HashSet::new(), HashSet::new(), HashSet::new());
        for instance in &self.instances {
            let module = &instance.module;
            if !modules.insert(module.id().0) {
                continue;
            }
            for (index, id) in module.type_ids().iter().enumerate() {
                let Some(known) = names.get_mut(id).filter(|_| !named.contains(id)) else {
                    continue;
                };
                let type_index = TypeIndex::new(index as u32);
                if let Some(name) = module.parsed().names.types.get(&type_index) {
                    *known = format!("${}", printable(name));
                    named.insert(*id);
                } else if found.insert(*id) {
                    *known = format!("type {index} of instance {}", instance.index);
                }
            }
        }
        names
    }
}
