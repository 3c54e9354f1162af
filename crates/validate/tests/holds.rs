//! Types that are held and released, against a model that counts by hand.

mod common;

use common::module;
use mangrove_abi::object::TYPE_FIRST;
use mangrove_abi::{Kind, TypeId};
use mangrove_validate::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Groups of types, each with how many members it has and which groups before it the
/// first of them refers to.
const GROUPS: [(usize, &[usize]); 10] = [
    (1, &[]),
    (2, &[]),
    (1, &[0]),
    (3, &[1, 0]),
    (1, &[2]),
    (1, &[3, 3]),
    (2, &[4, 1]),
    (1, &[]),
    (4, &[6, 7]),
    (1, &[8, 2]),
];

/// Those and what they refer to, at whatever distance.
fn closed(groups: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
    let mut all = BTreeSet::new();
    let mut left: Vec<usize> = groups.into_iter().collect();
    while let Some(group) = left.pop() {
        if all.insert(group) {
            left.extend(GROUPS[group].1);
        }
    }
    all
}

/// A module of these groups: the first member of a group is a function with as many
/// integers as the group's number, the others structs that refer to it.
fn text(groups: &BTreeSet<usize>) -> String {
    let mut text = String::from("(module");
    for &group in groups {
        let (members, mentions) = GROUPS[group];
        let integers = "i32 ".repeat(group);
        let mentions: String = mentions
            .iter()
            .map(|g| format!(" (ref null $g{g})"))
            .collect();
        text += &format!("(rec (type $g{group} (func (param {integers}{mentions})))");
        for member in 1..members {
            let fields = "i64 ".repeat(member);
            text += &format!("(type (struct (field {fields} (ref null $g{group}))))");
        }
        text += ")";
    }
    text + ")"
}

#[derive(Clone, Debug)]
enum Step {
    /// A module of these groups, and what they refer to.
    Intern(BTreeSet<usize>),
    /// The holds of one of the modules again.
    Clone(usize),
    /// One of the modules goes.
    Drop(usize),
    /// A tag of a group's function type, in one of the modules.
    Exception(usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop::collection::btree_set(0..GROUPS.len(), 1..4).prop_map(Step::Intern),
        1 => (0usize..100).prop_map(Step::Clone),
        4 => (0usize..100).prop_map(Step::Drop),
        2 => (0usize..100, 0usize..100).prop_map(|(a, b)| Step::Exception(a, b)),
    ]
}

/// A living module: the numbers of the types of each of its groups.
type Living = BTreeMap<usize, Vec<TypeId>>;

struct Model {
    registry: TypeRegistry,
    limit: usize,
    modules: Vec<Living>,
    exceptions: BTreeMap<usize, TypeId>,
}

impl Model {
    fn alive(&self) -> BTreeSet<usize> {
        closed(
            self.modules
                .iter()
                .flat_map(|module| module.keys().copied()),
        )
    }

    fn numbers(&self) -> usize {
        let types: usize = self.alive().iter().map(|&group| GROUPS[group].0).sum();
        types + self.exceptions.len()
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Intern(groups) => self.intern(&closed(groups)),
            Step::Clone(at) if !self.modules.is_empty() => {
                let module = self.modules[at % self.modules.len()].clone();
                assert!(module.values().all(|ids| self.registry.hold(ids[0])));
                self.modules.push(module);
            }
            Step::Drop(at) if !self.modules.is_empty() => self.drop(at % self.modules.len()),
            Step::Exception(at, group) if !self.modules.is_empty() => {
                let module = &self.modules[at % self.modules.len()];
                let groups: Vec<usize> = module.keys().copied().collect();
                let group = groups[group % groups.len()];
                self.exception(group, module[&group][0]);
            }
            _ => {}
        }
        self.check();
    }

    fn intern(&mut self, groups: &BTreeSet<usize>) {
        let before = self.numbers();
        let alive = self.alive();
        let new = groups.difference(&alive).map(|&group| GROUPS[group].0);
        let fits = before + new.sum::<usize>() <= self.limit;
        match self.registry.intern(&module(&text(groups))) {
            Ok(ids) => {
                assert!(fits, "more than fits");
                let mut left = &ids[..];
                let mut module = Living::new();
                for &group in groups {
                    let (members, rest) = left.split_at(GROUPS[group].0);
                    module.insert(group, members.to_vec());
                    left = rest;
                }
                self.modules.push(module);
            }
            Err(error) => {
                let limit = self.limit as u32;
                assert_eq!(error, RegistryError::Full { limit });
                assert!(!fits, "refused, though it fits");
            }
        }
    }

    fn drop(&mut self, at: usize) {
        let before = self.alive();
        let mut known: BTreeMap<usize, Vec<TypeId>> = BTreeMap::new();
        for module in &self.modules {
            known.extend(module.iter().map(|(&group, ids)| (group, ids.clone())));
        }
        let module = self.modules.swap_remove(at);
        let removed = self.registry.release(module.values().map(|ids| ids[0]));
        let mut expected = BTreeSet::new();
        for group in before.difference(&self.alive()) {
            expected.extend(known[group].iter().copied());
            expected.extend(self.exceptions.remove(group));
        }
        let count = removed.len();
        assert_eq!(removed.into_iter().collect::<BTreeSet<_>>(), expected);
        assert_eq!(count, expected.len());
    }

    fn exception(&mut self, group: usize, func: TypeId) {
        let fits = self.exceptions.contains_key(&group) || self.numbers() < self.limit;
        match self.registry.exception(func) {
            Ok(id) => {
                assert!(fits);
                let known = *self.exceptions.entry(group).or_insert(id);
                assert_eq!(known, id);
            }
            Err(error) => {
                assert!(!fits, "{error}");
            }
        }
    }

    /// Each group has numbers of its own, the same in each module, and they stand
    /// for what they should.
    fn check(&self) {
        let registry = &self.registry;
        assert_eq!(registry.numbers(), self.numbers());
        assert_eq!(registry.len(), self.numbers() - self.exceptions.len());
        let mut groups: BTreeMap<usize, &Vec<TypeId>> = BTreeMap::new();
        for (&group, ids) in self.modules.iter().flatten() {
            assert_eq!(*groups.entry(group).or_insert(ids), ids);
        }
        let mut seen = BTreeSet::new();
        for (group, ids) in groups {
            for (member, &id) in ids.iter().enumerate() {
                assert!(seen.insert(id), "{id} twice");
                let info = registry.infos(&[id]).remove(0);
                assert_eq!((info.id, &info.supers[..]), (id, &[id][..]));
                match (&registry.get(id).composite, member) {
                    (CompositeType::Func(ty), 0) => {
                        assert_eq!(ty.params.len(), group + GROUPS[group].1.len());
                    }
                    (CompositeType::Struct(fields), 1..) => {
                        assert_eq!(fields.len(), member + 1);
                        let expected = RefType {
                            nullable: true,
                            heap: HeapType::Concrete(ids[0]),
                        };
                        let last = fields.last().unwrap().storage;
                        assert_eq!(last, StorageType::Val(ValType::Ref(expected)));
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
        for (&group, &id) in &self.exceptions {
            assert!(seen.insert(id), "{id} twice");
            assert!(!registry.contains(id), "no type");
            let info = registry.infos(&[id]).remove(0);
            assert_eq!((info.kind, info.supers.len()), (Kind::Exn, 0));
            // Header, tag, integers; references to functions are no heap references.
            assert!(info.size as usize >= 16 + 4 * group.saturating_sub(1));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_registry_agrees_with_a_count(
        limit in prop_oneof![Just(6usize), Just(12), Just(100)],
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut model = Model {
            registry: TypeRegistry::up_to(TYPE_FIRST.as_u32() + limit as u32),
            limit,
            modules: Vec::new(),
            exceptions: BTreeMap::new(),
        };
        for step in steps {
            model.step(step);
        }
        while !model.modules.is_empty() {
            model.step(Step::Drop(0));
        }
        prop_assert!(model.registry.is_empty() && model.registry.numbers() == 0);
    }
}

#[test]
fn a_module_that_does_not_fit_leaves_nothing() {
    let registry = TypeRegistry::up_to(TYPE_FIRST.as_u32() + 3);
    let kept = registry.intern(&module("(module (type (func)))")).unwrap();
    let large = module(
        "(module (type (func)) (type $s (struct (field i32))) (type (array (ref $s)))
           (type (struct (field i64))))",
    );
    for _ in 0..3 {
        let full = Err(RegistryError::Full { limit: 3 });
        assert_eq!(registry.intern(&large), full);
        assert_eq!((registry.len(), registry.numbers()), (1, 1));
    }
    let small = module("(module (type (array i8)) (type (array i16)))");
    assert_eq!(registry.intern(&small).unwrap().len(), 2);
    assert_eq!(registry.release(kept), [TYPE_FIRST]);
    assert_eq!(registry.len(), 2);
}

#[test]
fn a_long_chain_goes_at_once() {
    let registry = TypeRegistry::new();
    let mut text = String::from("(module (type (struct))");
    for before in 0..50_000 {
        text += &format!("(type (struct (field (ref null {before}))))");
    }
    let ids = registry.intern(&module(&(text + ")"))).unwrap();
    let last = *ids.last().unwrap();
    assert!(registry.hold(last));
    assert!(
        registry.release(ids.iter().copied()).is_empty(),
        "the last holds all"
    );
    assert_eq!(registry.release([last]).len(), ids.len());
    assert!(registry.is_empty());
}
