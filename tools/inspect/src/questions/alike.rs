//! Which stacks and origins of two snapshots are the same: their functions have the same names
//! in modules of the same names, and stand at the same offsets.

use crate::Snapshot;
use crate::snapshot::{Continuation, Function};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::Hash;

/// Numbers that are equal for what is the same in both.
pub(super) struct Alike {
    pub before: Side,
    pub after: Side,
}

/// Of one snapshot.
pub(super) struct Side {
    /// By index of [`crate::snapshot::Names::stacks`].
    stacks: Vec<u32>,
    /// By index of [`crate::snapshot::Names::origins`].
    origins: Vec<u32>,
}

impl Side {
    /// Equal for continuations of the same origin that stand at the same places.
    pub fn key(&self, row: &Continuation) -> (u32, u32) {
        let number = |list: &[u32], index: u32| list.get(index as usize).map_or(u32::MAX, |&n| n);
        (
            number(&self.stacks, row.stack),
            number(&self.origins, row.origin),
        )
    }
}

/// Numbers things in the order in which they are first asked for.
struct Numbering<T>(HashMap<T, u32>);

impl<T: Eq + Hash> Numbering<T> {
    fn number(&mut self, thing: T) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(thing).or_insert(next)
    }
}

/// A place in code: a function's number, and an offset.
type Place = (Option<u32>, Option<u32>);

impl Alike {
    /// Of two snapshots.
    pub fn of(before: &Snapshot, after: &Snapshot) -> Self {
        let mut modules = Numbering(HashMap::new());
        let mut functions = Numbering(HashMap::new());
        let mut stacks = Numbering(HashMap::new());
        let mut origins = Numbering(HashMap::new());
        let mut side = |snapshot| {
            let functions = number_functions(snapshot, &mut modules, &mut functions);
            Side {
                stacks: number_stacks(snapshot, &functions, &mut stacks),
                origins: number_origins(snapshot, &functions, &mut origins),
            }
        };
        Self {
            before: side(before),
            after: side(after),
        }
    }
}

/// Modules are told apart by name: their indices may differ. A name is looked at once, and not
/// for each function of its module.
fn number_functions<'a>(
    snapshot: &'a Snapshot,
    modules: &mut Numbering<&'a str>,
    known: &mut Numbering<(Option<u32>, Function)>,
) -> Vec<u32> {
    let names = snapshot.names();
    let of_modules: Vec<u32> = names
        .modules
        .iter()
        .map(|module| modules.number(module.name.as_str()))
        .collect();
    names
        .functions
        .iter()
        .map(|function| {
            let module = function.module;
            let module = module.and_then(|module| of_modules.get(module as usize).copied());
            let function = Function {
                module: None,
                ..function.clone()
            };
            known.number((module, function))
        })
        .collect()
}

fn number_stacks(
    snapshot: &Snapshot,
    functions: &[u32],
    known: &mut Numbering<Vec<Place>>,
) -> Vec<u32> {
    let names = snapshot.names();
    let place = |site: &u32| {
        let site = names.sites.get(*site as usize)?;
        Some((functions.get(site.function as usize).copied(), site.offset))
    };
    names
        .stacks
        .iter()
        .map(|sites| {
            let places = sites.iter().map(|site| place(site).unwrap_or_default());
            known.number(places.collect())
        })
        .collect()
}

fn number_origins<'a>(
    snapshot: &'a Snapshot,
    functions: &[u32],
    known: &mut Numbering<(Place, Place, &'a str)>,
) -> Vec<u32> {
    let number = |function: u32| functions.get(function as usize).copied();
    let origins = snapshot.names().origins.iter();
    origins
        .map(|origin| {
            let maker = origin.maker.and_then(number);
            let made = (number(origin.function), None);
            known.number((made, (maker, origin.offset), origin.ty.as_str()))
        })
        .collect()
}

/// Goes over two sorted lists together: each key of one, of the other, or of both.
pub(super) fn merge<K: Ord, V: Copy>(
    one: &[(K, V)],
    other: &[(K, V)],
    mut tell: impl FnMut(Option<V>, Option<V>),
) {
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    loop {
        let order = match (one.peek(), other.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((left, _)), Some((right, _))) => left.cmp(right),
        };
        let left = if order.is_le() { one.next() } else { None };
        let right = if order.is_ge() { other.next() } else { None };
        tell(
            left.map(|&(_, value)| value),
            right.map(|&(_, value)| value),
        );
    }
}
