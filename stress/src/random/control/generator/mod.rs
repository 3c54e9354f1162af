//! Random declarations, and random statements of control.

mod calls;
mod exceptions;
mod switches;

use crate::random::ast::{Block, CONTINUATIONS, INTEGERS, OBJECTS, Statement};
use crate::random::control::ast::{
    Catch, Control, Declarations, EXCEPTIONS, FUNCTIONS, Item, Kind, PEER_SLOTS, PEERS, Payload,
    Signal, Signature,
};
use crate::random::control::features::Features;
use crate::random::generator::{DEEPEST, Generator};
use mangrove_workers::Rng;

/// Kinds that a shape is made of.
const KINDS: [Kind; 12] = [
    Kind::I32,
    Kind::I64,
    Kind::F32,
    Kind::F64,
    Kind::V128,
    Kind::Object,
    Kind::Solid,
    Kind::Any,
    Kind::Extern,
    Kind::Function,
    Kind::Exception,
    Kind::Task,
];

/// Most values in a shape.
const LONGEST: u32 = 6;

/// What a program with so many functions declares.
pub fn declarations(rng: &mut Rng, functions: usize, features: Features) -> Declarations {
    let held = features.held && features.exceptions && rng.one_in(4);
    let kinds: Vec<Kind> = KINDS
        .into_iter()
        .filter(|&kind| features.exceptions || kind != Kind::Exception)
        .collect();
    let mut shapes = vec![Vec::new()];
    for _ in 0..rng.range(2, 4) {
        let count = rng.range(1, LONGEST);
        shapes.push((0..count).map(|_| *rng.pick(&kinds)).collect());
    }
    let any = |rng: &mut Rng| rng.below(shapes.len());
    let signals = (0..rng.range(1, 3))
        .map(|_| Signal {
            payload: any(rng),
            results: any(rng),
        })
        .collect();
    let free = |shape: &usize| held || !shapes[*shape].contains(&Kind::Task);
    let exceptions = (0..3).map(|_| any(rng)).filter(free);
    let mut exceptions: Vec<usize> = exceptions.collect();
    exceptions.push(0);
    let signature = |function: usize, rng: &mut Rng| match rng.range(0, 4) {
        // The main function takes a pair, and so do those that function variables hold.
        _ if function == 0 || function + 1 == functions => Signature::Plain,
        0..=1 => {
            let shape = 1 + rng.below(shapes.len() - 1);
            let items = shapes[shape].iter().map(|&kind| item(rng, kind)).collect();
            Signature::Wide { shape, items }
        }
        2..=3 if features.switch => Signature::Peer {
            variable: rng.below(usize::from(PEERS)) as u8,
        },
        _ => Signature::Plain,
    };
    let signatures = (0..functions)
        .map(|function| signature(function, rng))
        .collect();
    Declarations {
        shapes,
        signals,
        exceptions,
        signatures,
        held,
        switches: features.switch,
    }
}

pub(super) fn item(rng: &mut Rng, kind: Kind) -> Item {
    let variables = match kind {
        Kind::I32 | Kind::I64 | Kind::F32 | Kind::F64 | Kind::V128 => INTEGERS,
        Kind::Object | Kind::Solid | Kind::Any | Kind::Extern => OBJECTS,
        Kind::Function => FUNCTIONS,
        Kind::Exception => EXCEPTIONS,
        Kind::Task => CONTINUATIONS,
    };
    let variable = rng.below(usize::from(variables)) as u8;
    Item { kind, variable }
}

impl Generator<'_> {
    pub(super) fn control_of(&self) -> &Declarations {
        self.control.as_ref().expect("the program declares it")
    }

    pub(super) fn items(&mut self, shape: usize) -> Vec<Item> {
        let kinds = self.control_of().shapes[shape].clone();
        kinds.into_iter().map(|kind| item(self.rng, kind)).collect()
    }

    pub(super) fn payload(&mut self, shape: usize) -> Payload {
        Payload {
            items: self.items(shape),
            pair: self.pair(),
        }
    }

    /// A function behind this one with such a signature.
    pub(super) fn later_with(&mut self, is: impl Fn(&Signature) -> bool) -> Option<usize> {
        let control = self.control_of();
        let those: Vec<usize> = (self.function + 1..self.count)
            .filter(|&function| is(control.signature(function)))
            .collect();
        (!those.is_empty()).then(|| *self.rng.pick(&those))
    }

    /// A statement of control, with what must come before it; none where the one that was
    /// chosen has no place.
    pub(in crate::random) fn control(&mut self, depth: u32) -> Option<Block> {
        let main = self.function == 0;
        let features = self.features;
        let slot = self.slot();
        let control = match self.rng.range(0, 19) {
            0..=1 => return self.spawn_wide(depth, slot).map(|one| vec![one]),
            2 => self.spawn_peer()?,
            3..=6 => return Some(vec![self.resume_any(depth)]),
            7..=9 if !main => self.suspend(),
            10..=12 if !main && features.switch => return Some(self.switch()),
            13 if features.exceptions && !main => return Some(self.throw_perhaps()),
            14..=15 if features.exceptions => return self.catching(depth),
            16 if features.exceptions => self.shelve(),
            17 => self.function_variable(),
            18 if !main => self.call()?,
            19 if !main && features.tail_calls => return Some(vec![self.tail()?]),
            _ => return Some(vec![self.resume_any(depth)]),
        };
        Some(vec![Statement::Control(control)])
    }

    /// Only on one of two ways: it ends the function, or its body.
    pub(super) fn perhaps(&mut self, then: Block) -> Statement {
        Statement::If {
            condition: self.integer(),
            then,
            otherwise: Vec::new(),
        }
    }

    pub(super) fn stash_peer(&mut self, variable: u8) -> Statement {
        Statement::Control(Control::StashPeer {
            slot: self.rng.below(usize::from(PEER_SLOTS)) as u8,
            variable,
        })
    }

    /// Fills the slots of what can be switched to.
    pub(in crate::random) fn spawn_peers(&mut self) -> Block {
        let all = (0..PEER_SLOTS).filter_map(|slot| {
            let spawn = self.spawn_peer()?;
            Some(match spawn {
                Control::SpawnPeer { function, .. } => Control::SpawnPeer { slot, function },
                other => other,
            })
        });
        all.map(Statement::Control).collect()
    }

    /// A continuation of a function that takes a shape.
    pub(in crate::random) fn spawn_wide(&mut self, depth: u32, slot: u8) -> Option<Statement> {
        let function = self.later_with(|of| matches!(of, Signature::Wide { .. }))?;
        let Signature::Wide { shape, .. } = *self.control_of().signature(function) else {
            return None;
        };
        let give = self.items(shape);
        let body = match self.rng.range(0, 2) {
            0 => Vec::new(),
            1 => vec![Statement::Collect],
            _ => self.inner(depth),
        };
        Some(Statement::Control(Control::Spawn {
            slot,
            function,
            first: self.rng.below(give.len() + 1),
            give,
            body: self.sheltered(body),
        }))
    }

    /// Statements inside another.
    pub(super) fn inner(&mut self, depth: u32) -> Block {
        if depth >= DEEPEST {
            return vec![Statement::Collect];
        }
        self.block(depth + 1, 1, 3)
    }

    /// A body that operands lie below: where these must not be passed by, nothing leaves it.
    pub(in crate::random) fn sheltered(&mut self, body: Block) -> Block {
        let Features {
            escapes,
            exceptions,
            ..
        } = self.features;
        if escapes || !exceptions || self.control.is_none() || body.is_empty() {
            return body;
        }
        vec![self.caught_anyhow(body)]
    }

    pub(super) fn caught_anyhow(&mut self, body: Block) -> Statement {
        let reference = self.rng.one_in(2).then(|| self.exception());
        Statement::Control(Control::Try {
            clauses: vec![Catch {
                tag: None,
                reference,
            }],
            body,
            outcome: self.integer(),
        })
    }

    pub(super) fn exception(&mut self) -> u8 {
        self.rng.below(usize::from(EXCEPTIONS)) as u8
    }
}
