//! `weak`: references that keep nothing, against a model that says after each collection who
//! is dead. Objects of the host's making refer to each other at random; each has a weak
//! handle and is watched; some stand for values that say when they are dropped. Continuations
//! are watched too.
//!
//! ```text
//!  roots ─▶ objects ─▶ objects      a collection, of either kind
//!              ▲ weak handles           ├─ model: who is not in reach of a root (or old, if minor)
//!              ▲ death queue            └─ engine: tokens, empty handles, drops: the same, once each
//! ```
//!
//! Meant to break: what follows an object that moves and what is emptied, which of two lists
//! something is in, tokens that come twice or never, values dropped too early.

use crate::case::Size;
use crate::suite::{Figures, Round, RoundResult, Suite};
use mangrove::{
    AbstractHeap, CollectionKind, Config, ContHandle, DeathQueue, Engine, Error, ExternRef,
    FieldType, HeapHandle, HeapType, Linker, Module, Moment, RefType, Store, StructRef, StructType,
    Val, ValType, WeakContHandle, WeakHandle,
};
use mangrove_workers::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, Sender, channel};

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "weak",
    about: "weak handles, death queues and values of the host, against a model of who is dead",
    breaks: "what must follow an object and what must be emptied; tokens twice, or never; early drops",
    least: 2,
    programs: false,
    play,
};

const STEPS: u32 = 20_000;

fn play(of: &Round<'_>, begin: &mut dyn FnMut(&str)) -> RoundResult {
    let steps = of.size.of(STEPS, 150);
    let parameters = format!("steps={steps}");
    of.play(begin, &parameters, &mut || {
        let mut world = World::new(of.seed, of.config)?;
        let problem = world.run(steps, of.size)?.err();
        let figures = Figures::of_steps(&world.store, steps);
        Ok(RoundResult::new(figures, problem))
    })
}

/// A value that says when it is dropped.
struct Told(u64, Sender<u64>);

impl Drop for Told {
    fn drop(&mut self) {
        // The round may be over.
        let _ = self.1.send(self.0);
    }
}

/// What the model knows of an object.
struct Known {
    edges: [Option<u64>; 3],
    old: bool,
    is_value: bool,
    weak: WeakHandle,
}

struct World {
    store: Store<()>,
    node: StructType,
    queue: DeathQueue,
    collections: Receiver<CollectionKind>,
    drops: (Sender<u64>, Receiver<u64>),
    rng: Rng,
    objects: BTreeMap<u64, Known>,
    roots: Vec<(u64, HeapHandle)>,
    /// Continuations, with what watches them. Those without a handle are dead, and found to
    /// be by the next full collection.
    waits: mangrove::Func,
    conts: BTreeMap<u64, (Option<ContHandle>, WeakContHandle)>,
    made: u64,
    /// Who has died and was not compared yet, and of those, values.
    dead: BTreeMap<u64, Option<WeakHandle>>,
    dead_values: BTreeSet<u64>,
    wrong: Option<String>,
}

impl World {
    fn new(seed: u64, config: &Config) -> Result<Self, Error> {
        let mut config = config.clone();
        config.young_min(64 << 10).young_max(64 << 10);
        let engine = Engine::new(&config)?;
        let mut store = Store::new(&engine, ())?;
        let field = |heap| {
            FieldType::variable(ValType::Ref(RefType {
                nullable: true,
                heap: HeapType::Abstract(heap),
            }))
        };
        let (any, outside) = (field(AbstractHeap::Any), field(AbstractHeap::Extern));
        let node = StructType::new(&engine, [any, any, outside])?;
        let module = Module::new(&engine, br#"(module (func (export "waits")))"#)?;
        let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
        let waits = instance.func(&store, "waits");
        let waits = waits.ok_or_else(|| Error::Usage("it is exported".to_owned()))?;
        let (sender, collections) = channel();
        store.observe(Box::new(move |_, moment| {
            if let Moment::Collected(report) = moment {
                // The round may be over.
                let _ = sender.send(report.kind);
            }
        }));
        let queue = DeathQueue::new(&mut store);
        Ok(Self {
            store,
            node,
            queue,
            collections,
            drops: channel(),
            rng: Rng::new(seed),
            objects: BTreeMap::new(),
            roots: Vec::new(),
            waits,
            conts: BTreeMap::new(),
            made: 0,
            dead: BTreeMap::new(),
            dead_values: BTreeSet::new(),
            wrong: None,
        })
    }

    fn run(&mut self, steps: u32, size: Size) -> Result<Result<(), String>, Error> {
        let every = size.of(200, 20);
        for step in 1..=steps {
            match self.rng.below(10) {
                0..4 => self.make()?,
                4 => self.value()?,
                5 => self.write()?,
                6 | 7 if !self.roots.is_empty() => {
                    let at = self.rng.below(self.roots.len());
                    self.roots.swap_remove(at);
                }
                8 => self.cont()?,
                _ => self.upgrade()?,
            }
            if step.is_multiple_of(every) {
                match self.rng.one_in(2) {
                    true => self.store.gc_minor()?,
                    false => self.store.gc()?,
                }
            }
            if let Err(problem) = self.catch_up()? {
                return Ok(Err(format!("step {step}: {problem}")));
            }
        }
        Ok(Ok(()))
    }

    fn root(&mut self) -> Option<(u64, HeapHandle)> {
        let at = self.rng.below(self.roots.len());
        self.roots.get(at).cloned()
    }

    fn known(&mut self, id: u64, handle: HeapHandle, known: Known) -> Result<(), Error> {
        self.queue.watch(&mut self.store, &handle, id)?;
        self.objects.insert(id, known);
        self.roots.push((id, handle));
        Ok(())
    }

    fn make(&mut self) -> Result<(), Error> {
        let id = self.made;
        self.made += 1;
        let (mut edges, mut fields) = (
            [None; 3],
            [Val::Any(None), Val::Any(None), Val::Extern(None)],
        );
        for at in 0..3 {
            let Some((to, handle)) = self.root() else {
                continue;
            };
            let is_value = self.objects[&to].is_value;
            if is_value == (at == 2) {
                edges[at] = Some(to);
                fields[at] = match at {
                    2 => Val::Extern(Some(handle)),
                    _ => Val::Any(Some(handle)),
                };
            }
        }
        let made = StructRef::new(&mut self.store, &self.node, &fields)?;
        // A collection may have come first: the object is younger than it.
        let handle = made.handle().clone();
        drop((made, fields));
        let weak = WeakHandle::new(&mut self.store, &handle)?;
        let known = Known {
            edges,
            old: false,
            is_value: false,
            weak,
        };
        self.before_birth(id, handle, known)
    }

    /// What collections did while an object was made has nothing to do with it.
    fn before_birth(&mut self, id: u64, handle: HeapHandle, known: Known) -> Result<(), Error> {
        self.follow_collections();
        self.known(id, handle, known)
    }

    fn value(&mut self) -> Result<(), Error> {
        let id = self.made;
        self.made += 1;
        let value = Told(id, self.drops.0.clone());
        let made = ExternRef::new(&mut self.store, value)?;
        let handle = made.handle().clone();
        let weak = WeakHandle::new(&mut self.store, &handle)?;
        let known = Known {
            edges: [None; 3],
            old: false,
            is_value: true,
            weak,
        };
        self.before_birth(id, handle, known)
    }

    fn write(&mut self) -> Result<(), Error> {
        let (Some((from, handle)), Some((to, target))) = (self.root(), self.root()) else {
            return Ok(());
        };
        if self.objects[&from].is_value {
            return Ok(());
        }
        let (at, value) = match self.objects[&to].is_value {
            true => (2, Val::Extern(Some(target))),
            false => (self.rng.below(2), Val::Any(Some(target))),
        };
        let object = handle.as_struct(&self.store)?;
        let object = object.ok_or_else(|| Error::Usage("a node".to_owned()))?;
        object.set_field(&mut self.store, at, &value)?;
        if let Some(known) = self.objects.get_mut(&from) {
            known.edges[at] = Some(to);
        }
        Ok(())
    }

    /// A weak handle makes a strong one again.
    fn upgrade(&mut self) -> Result<(), Error> {
        let at = self.rng.below(self.objects.len());
        let Some((&id, known)) = self.objects.iter().nth(at) else {
            return Ok(());
        };
        match known.weak.upgrade(&mut self.store)? {
            Some(handle) => self.roots.push((id, handle)),
            None => self.wrong = Some(format!("the weak handle of {id} is empty, which lives")),
        }
        Ok(())
    }

    fn cont(&mut self) -> Result<(), Error> {
        if self.rng.one_in(2) {
            let at = self.rng.below(self.conts.len());
            if let Some((handle, _)) = self.conts.values_mut().nth(at) {
                *handle = None;
            }
            return Ok(());
        }
        // Tokens of continuations are beyond those of objects.
        let id = self.made | 1 << 40;
        self.made += 1;
        let cont = self.waits.continuation(&mut self.store)?;
        let weak = WeakContHandle::new(&mut self.store, &cont)?;
        self.queue.watch_continuation(&mut self.store, &cont, id)?;
        self.conts.insert(id, (Some(cont), weak));
        Ok(())
    }

    /// Who lives after a collection of this kind.
    fn survivors(&self, kind: CollectionKind) -> BTreeSet<u64> {
        let mut work: Vec<u64> = self.roots.iter().map(|(id, _)| *id).collect();
        if kind == CollectionKind::Minor {
            let old = self.objects.iter().filter(|(_, known)| known.old);
            work.extend(old.map(|(id, _)| *id));
        }
        let mut found = BTreeSet::new();
        while let Some(id) = work.pop() {
            if found.insert(id) {
                work.extend(self.objects[&id].edges.iter().flatten());
            }
        }
        found
    }

    /// Does in the model what collections have done since the last time.
    fn follow_collections(&mut self) {
        for kind in self.collections.try_iter().collect::<Vec<_>>() {
            let survivors = self.survivors(kind);
            for (id, known) in self.objects.extract_if(.., |id, _| !survivors.contains(id)) {
                if known.is_value {
                    self.dead_values.insert(id);
                }
                self.dead.insert(id, Some(known.weak));
            }
            self.objects.values_mut().for_each(|known| known.old = true);
            // A minor collection reclaims no continuations.
            if kind == CollectionKind::Full {
                let gone = self.conts.extract_if(.., |_, (handle, _)| handle.is_none());
                self.dead.extend(gone.map(|(id, _)| (id, None)));
            }
        }
    }

    /// Compares who is dead.
    fn catch_up(&mut self) -> Result<Result<(), String>, Error> {
        self.follow_collections();
        if let Some(wrong) = self.wrong.take() {
            return Ok(Err(wrong));
        }
        let mut tokens = BTreeSet::new();
        while let Some(token) = self.queue.next(&mut self.store)? {
            if !tokens.insert(token) {
                return Ok(Err(format!("the death of {token} is told twice")));
            }
        }
        let dead = std::mem::take(&mut self.dead);
        if !tokens.iter().eq(dead.keys()) {
            let dead = dead.keys();
            return Ok(Err(format!("dead are {tokens:?}, not {dead:?}")));
        }
        let mut drops = BTreeSet::new();
        for id in self.drops.1.try_iter() {
            if !drops.insert(id) {
                return Ok(Err(format!("value {id} is dropped twice")));
            }
        }
        let values = std::mem::take(&mut self.dead_values);
        if drops != values {
            return Ok(Err(format!("dropped are {drops:?}, not {values:?}")));
        }
        for (id, weak) in &dead {
            if let Some(weak) = weak
                && weak.upgrade(&mut self.store)?.is_some()
            {
                return Ok(Err(format!(
                    "the weak handle of {id} is not empty, which is dead"
                )));
            }
        }
        Ok(Ok(()))
    }
}
