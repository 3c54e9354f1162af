//! Random graphs keep their shape through random collections.
//!
//! A model holds what the heap should: objects with names, and their edges.
//! After each collection the heap is compared with it from the roots: same
//! names, same edges, sharing included, and not one object more.

use crate::testing::*;
use mangrove_abi::object::{
    ARRAY_ELEMENTS, CARDED, COLLECTOR_BITS, HeapRef, LISTED, TypeId, WATCHED, array_size,
};
use proptest::prelude::*;
use std::collections::HashMap;

const ROOTS: usize = 6;
/// Numbers that choose an edge or a target are below this.
const CHOICES: usize = 1 << 16;
/// Bits of a header that the collector may set and does not.
const FREE_BITS: u32 = COLLECTOR_BITS & !(WATCHED | CARDED | LISTED);

/// Bits that tell an object from others.
fn free_bits(name: usize) -> u32 {
    (name as u32) << FREE_BITS.trailing_zeros() & FREE_BITS
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Edge {
    Null,
    I31(u32),
    To(usize),
}

/// An object of the model. Its edges lie at `edge_offset` of its kind.
#[derive(Clone, Debug)]
struct Object {
    type_id: TypeId,
    edges: Vec<Edge>,
}

#[derive(Clone, Debug)]
enum Step {
    /// A new object, referred to from a root.
    New {
        kind: Kind,
        root: usize,
        edges: Vec<usize>,
    },
    /// An edge of a reachable object is set.
    Link {
        from: usize,
        edge: usize,
        to: usize,
    },
    /// A root is set.
    Root {
        root: usize,
        to: usize,
    },
    Collect,
    Minor,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Node,
    Refs(u32),
    Bytes(u32),
    Exn,
}

fn step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![
        4 => Just(Kind::Node),
        2 => (0..40u32).prop_map(Kind::Refs),
        1 => (1000..3000u32).prop_map(Kind::Refs),
        1 => (0..300u32).prop_map(Kind::Bytes),
        1 => Just(Kind::Exn),
    ];
    let edges = prop::collection::vec(0..CHOICES, 1..4);
    prop_oneof![
        8 => (kind, 0..ROOTS, edges)
            .prop_map(|(kind, root, edges)| Step::New { kind, root, edges }),
        6 => (0..CHOICES, 0..CHOICES, 0..CHOICES).prop_map(|(from, edge, to)| Step::Link { from, edge, to }),
        2 => (0..ROOTS, 0..CHOICES).prop_map(|(root, to)| Step::Root { root, to }),
        1 => Just(Step::Collect),
        2 => Just(Step::Minor),
    ]
}

fn edge_offset(type_id: TypeId, edge: usize) -> u32 {
    // Fields and elements alike start at the second pair of words.
    assert!([NODE, EXN, REFS].contains(&type_id));
    ARRAY_ELEMENTS + 4 * edge as u32
}

struct Pair {
    world: World,
    objects: Vec<Object>,
    roots: [Edge; ROOTS],
    /// Where each reachable object is.
    places: HashMap<usize, HeapRef>,
}

impl Pair {
    fn new() -> Self {
        let mut world = World::small(1 << 20, 2 << 10);
        world.roots = vec![HeapRef::NULL; ROOTS];
        Self {
            world,
            objects: Vec::new(),
            roots: [Edge::Null; ROOTS],
            places: HashMap::new(),
        }
    }

    /// An edge to something that may be referred to.
    fn target(&self, choice: usize) -> Edge {
        let mut reachable: Vec<_> = self.places.keys().copied().collect();
        reachable.sort_unstable();
        match choice % 8 {
            0 => Edge::Null,
            1 => Edge::I31((choice / 8) as u32 & 0x7fff_ffff),
            _ if reachable.is_empty() => Edge::Null,
            _ => Edge::To(reachable[choice / 8 % reachable.len()]),
        }
    }

    fn value(&self, edge: Edge) -> HeapRef {
        match edge {
            Edge::Null => HeapRef::NULL,
            Edge::I31(value) => HeapRef::from_i31(value),
            Edge::To(object) => self.places[&object],
        }
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::New { kind, root, edges } => self.make(*kind, *root, edges),
            Step::Link { from, edge, to } => {
                if let Edge::To(object) = self.target(from * 8 + 2) {
                    let count = self.objects[object].edges.len();
                    if count > 0 {
                        let (edge, to) = (edge % count, self.target(*to));
                        let offset = edge_offset(self.objects[object].type_id, edge);
                        self.objects[object].edges[edge] = to;
                        let (object, value) = (self.places[&object], self.value(to));
                        self.world.assign(object, offset, value);
                    }
                }
            }
            Step::Root { root, to } => {
                self.roots[*root] = self.target(*to);
                self.world.roots[*root] = self.value(self.roots[*root]);
            }
            Step::Collect => self.collect(),
            Step::Minor => {
                self.world.minor();
                self.compare();
            }
        }
    }

    fn make(&mut self, kind: Kind, root: usize, choices: &[usize]) {
        let (type_id, edges, size, len) = match kind {
            Kind::Node => (NODE, 2, 16, None),
            Kind::Exn => (EXN, 1, 16, None),
            Kind::Refs(len) => (REFS, len as usize, array_size(4, len), Some(len)),
            Kind::Bytes(len) => (BYTES, 0, array_size(1, len), Some(len)),
        };
        let collections = self.world.heap.collections();
        let object = self
            .world
            .allocate(type_id, size)
            .expect("the model is small");
        if let Some(len) = len {
            self.world.write(object, 4, len);
        }
        let name = self.objects.len();
        self.objects.push(Object {
            type_id,
            edges: vec![Edge::Null; edges],
        });
        if self.world.heap.collections() != collections {
            self.compare();
        }
        self.places.insert(name, object);
        for edge in 0..edges {
            let to = self.target(choices[edge % choices.len()] + edge);
            self.objects[name].edges[edge] = to;
            self.world
                .write(object, edge_offset(type_id, edge), self.value(to).0);
        }
        if type_id == NODE {
            self.world.write(object, NODE_ID, name as u32);
        }
        // The collector's bits belong to the object, and to no type.
        self.world
            .write(object, 0, type_id.as_u32() | free_bits(name));
        self.roots[root] = Edge::To(name);
        self.world.roots[root] = object;
    }

    fn collect(&mut self) {
        let stats = self.world.collect();
        self.compare();
        assert_eq!(
            stats.objects,
            self.places.len() as u64,
            "what is kept is what is reachable"
        );
    }

    /// Walks model and heap side by side from the roots, and notes where
    /// everything is now.
    fn compare(&mut self) {
        let mut places = HashMap::new();
        let mut names = HashMap::new();
        let mut work: Vec<_> = self
            .roots
            .iter()
            .copied()
            .zip(self.world.roots.iter().copied())
            .collect();
        while let Some((edge, value)) = work.pop() {
            match edge {
                Edge::Null => assert_eq!(value, HeapRef::NULL),
                Edge::I31(number) => assert_eq!(value, HeapRef::from_i31(number)),
                Edge::To(name) => {
                    assert!(value.is_object());
                    assert_eq!(
                        *places.entry(name).or_insert(value),
                        value,
                        "one place each"
                    );
                    if let Some(known) = names.insert(value, name) {
                        assert_eq!(known, name, "one object each");
                        continue;
                    }
                    let object = &self.objects[name];
                    assert_eq!(self.world.read(value, 0) & FREE_BITS, free_bits(name));
                    // SAFETY: the collection says an object is there.
                    assert_eq!(unsafe { self.world.heap.type_of(value) }, object.type_id);
                    if object.type_id == NODE {
                        assert_eq!(self.world.read(value, NODE_ID), name as u32);
                    }
                    for (index, &edge) in object.edges.iter().enumerate() {
                        let offset = edge_offset(object.type_id, index);
                        work.push((edge, self.world.read_ref(value, offset)));
                    }
                }
            }
        }
        self.places = places;
    }
}

proptest! {
    #[test]
    fn graphs_survive(steps in prop::collection::vec(step(), 1..400)) {
        let mut pair = Pair::new();
        for step in &steps {
            pair.run(step);
        }
        pair.collect();
        pair.collect();
    }
}
