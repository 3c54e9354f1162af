//! What dies, and who is told: weak handles, queues of the dead and values of the host,
//! exact after every collection.

mod common;

use common::{call, instance_with};
use mangrove::{
    AbstractHeap, CollectionKind, Config, ContHandle, DeathQueue, Engine, Error, ExternRef,
    FieldType, HeapHandle, HeapType, Moment, RefType, RootScope, Store, StructRef, StructType, Val,
    ValType, WeakContHandle, WeakHandle,
};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

fn reference(heap: AbstractHeap) -> ValType {
    ValType::Ref(RefType {
        nullable: true,
        heap: HeapType::Abstract(heap),
    })
}

/// A value that says when it is dropped.
struct Told(u64, Sender<u64>);

impl Drop for Told {
    fn drop(&mut self) {
        // The test may be over.
        let _ = self.1.send(self.0);
    }
}

/// What the model knows of an object.
struct Known {
    /// What it refers to.
    edges: Vec<u64>,
    old: bool,
    weak: WeakHandle,
    /// Whether it stands for a value.
    is_value: bool,
}

/// A store, and a model of it that says what must have died.
struct World {
    store: Store<()>,
    node: StructType,
    queue: DeathQueue,
    collections: Receiver<CollectionKind>,
    drops: (Sender<u64>, Receiver<u64>),
    objects: BTreeMap<u64, Known>,
    roots: Vec<(u64, HeapHandle)>,
    made: u64,
    died: u64,
    random: u64,
}

impl World {
    fn new(zeal: &str, seed: u64) -> Self {
        let mut config = Config::new();
        config.zeal(zeal.parse().unwrap());
        config.young_min(64 << 10).young_max(64 << 10);
        let engine = Engine::new(&config).unwrap();
        let mut store = Store::new(&engine, ()).unwrap();
        let any = FieldType::variable(reference(AbstractHeap::Any));
        let outside = FieldType::variable(reference(AbstractHeap::Extern));
        let node = StructType::new(&engine, [any, any, outside]).unwrap();
        let (sender, collections) = channel();
        store.observe(Box::new(move |_, moment| {
            if let Moment::Collected(report) = moment {
                sender.send(report.kind).unwrap();
            }
        }));
        let queue = DeathQueue::new(&mut store);
        Self {
            store,
            node,
            queue,
            collections,
            drops: channel(),
            objects: BTreeMap::new(),
            roots: Vec::new(),
            made: 0,
            died: 0,
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % bound
    }

    /// Who lives after a collection of this kind.
    fn survivors(&self, kind: CollectionKind) -> BTreeSet<u64> {
        let mut found: BTreeSet<u64> = self.roots.iter().map(|(id, _)| *id).collect();
        if kind == CollectionKind::Minor {
            found.extend(
                self.objects
                    .iter()
                    .filter(|(_, o)| o.old)
                    .map(|(id, _)| *id),
            );
        }
        let mut worklist: Vec<u64> = found.iter().copied().collect();
        while let Some(id) = worklist.pop() {
            for &next in &self.objects[&id].edges {
                if found.insert(next) {
                    worklist.push(next);
                }
            }
        }
        found
    }

    /// Does in the model what collections have done since the last time, and compares.
    fn catch_up(&mut self) {
        let mut dead = BTreeMap::new();
        let mut values = BTreeSet::new();
        for kind in self.collections.try_iter().collect::<Vec<_>>() {
            let survivors = self.survivors(kind);
            let gone = |id: &u64, _: &mut Known| !survivors.contains(id);
            for (id, known) in self.objects.extract_if(.., gone) {
                if known.is_value {
                    values.insert(id);
                }
                dead.insert(id, known);
            }
            self.objects.values_mut().for_each(|known| known.old = true);
        }
        let mut tokens = BTreeSet::new();
        while let Some(token) = self.queue.next(&mut self.store).unwrap() {
            assert!(tokens.insert(token), "{token} is told twice");
        }
        assert!(
            tokens.iter().eq(dead.keys()),
            "{tokens:?}, not {:?}",
            dead.keys()
        );
        let mut drops = BTreeSet::new();
        for drop in self.drops.1.try_iter() {
            assert!(drops.insert(drop), "{drop} is dropped twice");
        }
        assert_eq!(drops, values);
        for known in dead.values() {
            assert!(known.weak.upgrade(&mut self.store).unwrap().is_none());
        }
        self.died += dead.len() as u64;
    }

    /// Every object that lives can be had.
    fn check_living(&mut self) {
        for known in self.objects.values() {
            assert!(known.weak.upgrade(&mut self.store).unwrap().is_some());
        }
    }

    fn know(&mut self, handle: HeapHandle, edges: Vec<u64>, is_value: bool) -> u64 {
        // It was made after the collections that its making began with.
        self.catch_up();
        let id = self.made;
        self.made += 1;
        let weak = WeakHandle::new(&mut self.store, &handle).unwrap();
        self.queue.watch(&mut self.store, &handle, id).unwrap();
        let known = Known {
            edges,
            old: false,
            weak,
            is_value,
        };
        self.objects.insert(id, known);
        self.roots.push((id, handle));
        id
    }

    fn make_value(&mut self) {
        let told = Told(self.made, self.drops.0.clone());
        let value = ExternRef::new(&mut self.store, told).unwrap();
        self.know(value.into(), Vec::new(), true);
    }

    /// A root, of values or of nodes.
    fn pick(&mut self, is_value: bool) -> Option<(u64, HeapHandle)> {
        let many = self.roots.len() as u64;
        (0..4).filter(|_| many > 0).find_map(|_| {
            let place = self.below(many) as usize;
            let (id, handle) = &self.roots[place];
            let fits = self.objects[id].is_value == is_value;
            fits.then(|| (*id, handle.clone()))
        })
    }

    /// What a node is to refer to: less than one other node on average, so that what lives
    /// does not grow for ever.
    fn parts(&mut self) -> [Option<(u64, HeapHandle)>; 3] {
        [false, false, true].map(|is_value| match is_value || self.below(5) < 2 {
            true => self.pick(is_value),
            false => None,
        })
    }

    fn make_node(&mut self) {
        let parts = self.parts();
        let edges: Vec<_> = parts.iter().flatten().map(|(id, _)| *id).collect();
        let [a, b, value] = parts.map(|part| part.map(|(_, handle)| handle));
        let fields = [Val::Any(a), Val::Any(b), Val::Extern(value)];
        let node = StructRef::new(&mut self.store, &self.node, &fields).unwrap();
        self.know(node.into(), edges, false);
    }

    fn change_node(&mut self) {
        let Some((id, handle)) = self.pick(false) else {
            return;
        };
        let node = handle.as_struct(&self.store).unwrap().unwrap();
        let parts = self.parts();
        self.objects.get_mut(&id).unwrap().edges =
            parts.iter().flatten().map(|(id, _)| *id).collect();
        let [a, b, value] = parts.map(|part| part.map(|(_, handle)| handle));
        let fields = [Val::Any(a), Val::Any(b), Val::Extern(value)];
        for (index, field) in fields.iter().enumerate() {
            node.set_field(&mut self.store, index, field).unwrap();
        }
    }

    /// A root more on something that lives, or is dead and not found yet.
    fn upgrade(&mut self) {
        let from = self.below(self.made.max(1));
        let Some((&id, known)) = self.objects.range(from..).next() else {
            return;
        };
        let weak = known.weak.clone();
        let handle = weak.upgrade(&mut self.store).unwrap();
        self.roots
            .push((id, handle.expect("it has not been found dead")));
    }

    /// A collection while a scope is open, of which nothing is left.
    fn scope(&mut self) {
        let Some((_, handle)) = self.pick(false) else {
            return;
        };
        {
            let mut scope = RootScope::new(&mut self.store);
            let inside = handle.rooted(&mut scope).unwrap();
            let node = inside.as_struct(&scope).unwrap().unwrap();
            for index in 0..3 {
                node.field(&mut scope, index).unwrap();
            }
        }
        self.catch_up();
    }

    fn step(&mut self, most: usize) {
        match self.below(20) {
            0..6 => self.make_value(),
            6..11 => self.make_node(),
            11..14 => self.change_node(),
            14 => self.upgrade(),
            15 => self.scope(),
            _ => {
                let many = self.roots.len() as u64;
                let dropped = self.below(many.max(1)) as usize;
                if dropped < self.roots.len() {
                    self.roots.swap_remove(dropped);
                }
            }
        }
        while self.roots.len() > most {
            let dropped = self.below(self.roots.len() as u64) as usize;
            self.roots.swap_remove(dropped);
        }
    }

    /// Makes so many objects, with so many roots at the most, and collects once in so many
    /// steps of each kind.
    fn run(&mut self, objects: u64, most: usize, often: u64) {
        while self.made < objects {
            self.step(most);
            match self.below(often) {
                0 => self.store.gc().unwrap(),
                1 => self.store.gc_minor().unwrap(),
                _ => continue,
            }
            self.catch_up();
            self.check_living();
        }
        self.roots.clear();
        self.store.gc().unwrap();
        self.catch_up();
        assert_eq!((self.died, self.objects.len()), (self.made, 0));
        assert_eq!(self.store.heap_bytes(), 0);
    }
}

const MODES: [(&str, usize); 4] = [("none", 100), ("alloc", 15), ("minor", 15), ("alloc:7", 40)];

#[test]
fn what_died_is_exact() {
    for (seed, (zeal, most)) in (1..).zip(MODES) {
        World::new(zeal, seed).run(4_000, most, 500);
    }
}

/// A million in each mode: some minutes.
#[test]
#[ignore = "a command of its own in docs/TESTING.md"]
fn what_died_of_a_million_is_exact() {
    for (seed, (zeal, most)) in (11..).zip(MODES) {
        let mut world = World::new(zeal, seed);
        world.run(1_000_000, most, 5_000);
        let collections = world.store.collections();
        println!("{zeal}: {} died, {collections} collections", world.died);
    }
}

#[test]
fn a_store_that_ends_drops_the_rest() {
    let mut world = World::new("none", 5);
    while world.made < 500 {
        world.step(100);
    }
    let left = world
        .objects
        .values()
        .filter(|known| known.is_value)
        .count();
    assert!(left > 10);
    let World { store, drops, .. } = world;
    drop(store);
    let mut dropped: Vec<u64> = drops.1.try_iter().collect();
    dropped.sort_unstable();
    dropped.dedup();
    assert_eq!(dropped.len(), left);
}

/// Panics when it is dropped, and counts that it was.
struct Bomb(Arc<AtomicUsize>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
        panic!("a bomb");
    }
}

#[test]
fn a_panic_in_drop_keeps_nothing_else() {
    let count = Arc::new(AtomicUsize::new(0));
    for zeal in ["none", "alloc"] {
        count.store(0, Ordering::Relaxed);
        let (sender, told) = channel();
        let mut config = Config::new();
        config.zeal(zeal.parse().unwrap());
        // With a host function that makes an object, which collects under zeal.
        let text = r#"(module (import "mangrove" "gc" (func $gc))
            (func (export "gc") (call $gc)) (func (export "one") (result i32) (i32.const 1)))"#;
        let (mut store, instance) = instance_with(&config, text);
        let mut all = Vec::new();
        let mut add = |store: &mut Store<()>| {
            let bomb = ExternRef::new(store, Bomb(count.clone())).unwrap();
            let quiet = ExternRef::new(store, Told(1, sender.clone())).unwrap();
            all.extend([bomb, quiet]);
        };
        (0..3).for_each(|_| add(&mut store));
        all.clear();
        let panicked = catch_unwind(AssertUnwindSafe(|| call(&mut store, instance, "gc", &[])));
        assert!(panicked.is_err());
        assert_eq!(count.load(Ordering::Relaxed), 3, "{zeal}");
        assert_eq!(told.try_iter().count(), 3, "{zeal}");
        // The store works on.
        assert_eq!(
            call(&mut store, instance, "one", &[]).unwrap(),
            [Val::I32(1)]
        );
        store.gc().unwrap();
        assert_eq!(store.live_continuations(), 0);
        let bomb = ExternRef::new(&mut store, Bomb(count.clone())).unwrap();
        let quiet = ExternRef::new(&mut store, Told(2, sender.clone())).unwrap();
        assert!(bomb.data(&store).unwrap().unwrap().is::<Bomb>());
        // And ends, with a panic.
        let ended = catch_unwind(AssertUnwindSafe(|| drop(store)));
        assert!(ended.is_err());
        drop((bomb, quiet));
        assert_eq!(count.load(Ordering::Relaxed), 4, "{zeal}");
        assert_eq!(told.try_iter().count(), 1, "{zeal}");
    }
}

#[test]
fn handles_that_are_dropped_keep_nothing_in_a_minor_collection() {
    let (sender, told) = channel();
    let mut store = common::store();
    let kept = ExternRef::new(&mut store, Told(0, sender.clone())).unwrap();
    for n in 1..=10 {
        ExternRef::new(&mut store, Told(n, sender.clone())).unwrap();
    }
    store.gc_minor().unwrap();
    assert_eq!(told.try_iter().count(), 10);
    // It is old now: until a full one.
    drop(kept);
    store.gc_minor().unwrap();
    assert_eq!(told.try_iter().count(), 0);
    store.gc().unwrap();
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [0]);
}

#[test]
fn values_are_had_and_changed_and_are_no_others() {
    let mut store = common::store();
    let list = ExternRef::new(&mut store, vec![1u8]).unwrap();
    let number = ExternRef::new(&mut store, 7u64).unwrap();
    fn of<'s>(store: &'s mut Store<()>, reference: &ExternRef) -> &'s mut Vec<u8> {
        let data = reference.data_mut(store).unwrap().unwrap();
        data.downcast_mut().unwrap()
    }
    of(&mut store, &list).push(2);
    store.gc().unwrap();
    assert_eq!(*of(&mut store, &list), [1, 2]);
    let data = number.data(&store).unwrap().unwrap();
    assert_eq!(data.downcast_ref(), Some(&7u64));
    let mut other = common::store();
    assert!(matches!(list.data(&other), Err(Error::Usage(_))));
    assert!(list.data_mut(&mut other).is_err());
    assert!(ExternRef::convert_any(&other, list.handle()).is_err());
    let weak = WeakHandle::new(&mut store, list.handle()).unwrap();
    assert!(weak.upgrade(&mut other).is_err());
    assert!(WeakHandle::new(&mut other, list.handle()).is_err());
    let queue = DeathQueue::new(&mut store);
    assert!(queue.watch(&mut other, list.handle(), 1).is_err());
    assert!(queue.next(&mut other).is_err() && queue.len(&other).is_err());
    let foreign = DeathQueue::new(&mut other);
    assert!(foreign.watch(&mut store, list.handle(), 1).is_err());
    let never = queue.watch(&mut store, &HeapHandle::from_i31(1), 1);
    assert!(matches!(
        never,
        Err(Error::Object(mangrove::ObjectError::Immortal))
    ));
}

#[test]
fn queues_are_apart_and_in_order() {
    let mut store = common::store();
    let queues = [(); 3].map(|()| DeathQueue::new(&mut store));
    let objects: Vec<_> = (0..30)
        .map(|n| ExternRef::new(&mut store, n).unwrap())
        .collect();
    for (n, object) in (0..).zip(&objects) {
        let queue = queues[n as usize % 3];
        queue.watch(&mut store, object.handle(), n).unwrap();
        queue.watch(&mut store, object.handle(), n + 100).unwrap();
    }
    drop(objects);
    store.gc().unwrap();
    for (n, queue) in (0..).zip(queues) {
        assert_eq!(queue.len(&store).unwrap(), 20);
        for at in 0..10 {
            assert_eq!(queue.next(&mut store).unwrap(), Some(3 * at + n));
            assert_eq!(queue.next(&mut store).unwrap(), Some(3 * at + n + 100));
        }
        assert!(queue.is_empty(&store).unwrap());
    }
}

const GENERATOR: &str = r#"(module
    (tag $t (export "t"))
    (func (export "run") (result i32) (suspend $t) (suspend $t) (i32.const 9)))"#;

#[test]
fn weak_handles_on_continuations() {
    for zeal in ["none", "alloc", "switch", "minor", "move"] {
        let mut config = Config::new();
        config.zeal(zeal.parse().unwrap());
        let (mut store, instance) = instance_with(&config, GENERATOR);
        let run = instance.func(&store, "run").unwrap();
        let Some(mangrove::Extern::Tag(tag)) = instance.export(&store, "t") else {
            panic!("a tag")
        };
        let queue = DeathQueue::new(&mut store);
        let mut weak = Vec::new();
        let mut kept: Vec<ContHandle> = Vec::new();
        for n in 0..100 {
            let fresh = run.continuation(&mut store).unwrap();
            let k = match n % 2 {
                0 => fresh,
                _ => match fresh.resume(&mut store, &[], &[tag]).unwrap() {
                    mangrove::Outcome::Suspended { continuation, .. } => continuation,
                    other => panic!("{other:?}"),
                },
            };
            weak.push(WeakContHandle::new(&mut store, &k).unwrap());
            queue.watch_continuation(&mut store, &k, n).unwrap();
            match n % 4 {
                0 | 1 => kept.push(k),
                _ => drop(k),
            }
        }
        store.gc_minor().unwrap();
        assert!(queue.is_empty(&store).unwrap() || zeal != "none");
        store.gc().unwrap();
        let mut dead = Vec::new();
        while let Some(token) = queue.next(&mut store).unwrap() {
            dead.push(token);
        }
        dead.sort_unstable();
        assert!(
            dead.into_iter().eq((0..100).filter(|n| n % 4 > 1)),
            "{zeal}"
        );
        for (n, weak) in weak.iter().enumerate() {
            let found = weak.upgrade(&mut store).unwrap();
            assert_eq!(found.is_some(), n % 4 < 2, "{zeal}");
        }
        // Used up: no weak handle at once, and told at the next full collection.
        let again = weak[0].upgrade(&mut store).unwrap().unwrap();
        assert_eq!(again, kept[0]);
        again.resume(&mut store, &[], &[tag]).unwrap();
        assert!(weak[0].upgrade(&mut store).unwrap().is_none(), "{zeal}");
        store.gc().unwrap();
        assert_eq!(queue.next(&mut store).unwrap(), Some(0), "{zeal}");
        assert_eq!(queue.next(&mut store).unwrap(), None, "{zeal}");
        let mut other = common::store();
        assert!(weak[1].upgrade(&mut other).is_err());
        assert!(WeakContHandle::new(&mut other, &kept[1]).is_err());
        drop(kept);
        store.gc().unwrap();
        assert_eq!(queue.len(&store).unwrap(), 49, "{zeal}");
    }
}

/// What a value holds is dropped with it: handles too, which the next collection sees.
#[test]
fn values_may_hold_handles() {
    struct Holder(#[expect(dead_code, reason = "held")] HeapHandle);
    let log = Arc::new(Mutex::new(Vec::new()));
    let mut store = common::store();
    let (sender, told) = channel();
    let inner = ExternRef::new(&mut store, Told(1, sender.clone())).unwrap();
    let outer = ExternRef::new(&mut store, (Holder(inner.into()), Told(2, sender))).unwrap();
    store.gc().unwrap();
    assert_eq!(told.try_iter().count(), 0);
    drop(outer);
    for _ in 0..2 {
        store.gc().unwrap();
        log.lock().unwrap().extend(told.try_iter());
    }
    assert_eq!(*log.lock().unwrap(), [2, 1]);
}
