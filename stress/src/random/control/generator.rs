//! Random declarations, and random statements of control.

use super::ast::{
    By, Catch, Clause, Control, Declarations, EXCEPTIONS, FIRST_SIGNAL, FUNCTIONS, Fault, Item,
    Kind, PEER_SLOTS, PEERS, Payload, SHELVES, Signal, Signature, Source, Way, YIELD,
};
use super::features::Features;
use crate::random::ast::{Block, CONTINUATIONS, INTEGERS, OBJECTS, Statement, TAGS};
use crate::random::generator::Generator;
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

fn item(rng: &mut Rng, kind: Kind) -> Item {
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
    fn control_of(&self) -> &Declarations {
        self.control.as_ref().expect("the program declares it")
    }

    fn items(&mut self, shape: usize) -> Vec<Item> {
        let kinds = self.control_of().shapes[shape].clone();
        kinds.into_iter().map(|kind| item(self.rng, kind)).collect()
    }

    fn payload(&mut self, shape: usize) -> Payload {
        Payload {
            items: self.items(shape),
            pair: self.pair(),
        }
    }

    /// A function behind this one with such a signature.
    fn later_with(&mut self, is: impl Fn(&Signature) -> bool) -> Option<usize> {
        let control = self.control_of();
        let those: Vec<usize> = (self.function + 1..self.count)
            .filter(|&function| is(control.signature(function)))
            .collect();
        (!those.is_empty()).then(|| *self.rng.pick(&those))
    }

    /// A statement of control, with what must come before it; none where the one that was
    /// chosen has no place.
    pub fn control(&mut self, depth: u32) -> Option<Block> {
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
    fn perhaps(&mut self, then: Block) -> Statement {
        Statement::If {
            condition: self.integer(),
            then,
            otherwise: Vec::new(),
        }
    }

    fn throw_perhaps(&mut self) -> Block {
        let block = self.throw();
        vec![self.perhaps(block)]
    }

    fn shelve(&mut self) -> Control {
        Control::Shelve {
            variable: self.exception(),
            place: self.rng.range(0, u32::from(SHELVES)) as u8,
            store: self.rng.one_in(2),
        }
    }

    fn stash_peer(&mut self, variable: u8) -> Statement {
        Statement::Control(Control::StashPeer {
            slot: self.rng.below(usize::from(PEER_SLOTS)) as u8,
            variable,
        })
    }

    /// Fills the slots of what can be switched to.
    pub fn spawn_peers(&mut self) -> Block {
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
    pub fn spawn_wide(&mut self, depth: u32, slot: u8) -> Option<Statement> {
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
    fn inner(&mut self, depth: u32) -> Block {
        if depth >= crate::random::generator::DEEPEST {
            return vec![Statement::Collect];
        }
        self.block(depth + 1, 1, 3)
    }

    /// A body that operands lie below: where these must not be passed by, nothing leaves it.
    pub fn sheltered(&mut self, body: Block) -> Block {
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

    fn caught_anyhow(&mut self, body: Block) -> Statement {
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

    fn exception(&mut self) -> u8 {
        self.rng.below(usize::from(EXCEPTIONS)) as u8
    }

    fn spawn_peer(&mut self) -> Option<Control> {
        let function = self.later_with(|of| matches!(of, Signature::Peer { .. }))?;
        Some(Control::SpawnPeer {
            slot: self.rng.below(usize::from(PEER_SLOTS)) as u8,
            function,
        })
    }

    /// What is in a slot is resumed, and nothing gets through.
    pub fn resume_slot(&mut self, source: Source) -> Statement {
        let resume = Statement::Control(self.resume_from(source));
        match self.features.exceptions {
            true => self.caught_anyhow(vec![resume]),
            false => resume,
        }
    }

    /// A `resume` of any kind. What the main function resumes finds a clause for every tag,
    /// and mostly nothing thrown gets through it.
    pub fn resume_any(&mut self, depth: u32) -> Statement {
        let source = match self.features.switch && self.rng.one_in(4) {
            true => Source::Peer(self.rng.below(usize::from(PEER_SLOTS)) as u8),
            false => Source::Slot(self.slot()),
        };
        let resume = Statement::Control(self.resume_from(source));
        let shelter = self.features.exceptions
            && match self.function {
                0 => !self.rng.one_in(20),
                _ => self.rng.one_in(4),
            };
        match shelter {
            true if self.function == 0 || depth > 1 => self.caught_anyhow(vec![resume]),
            true => {
                let clauses = self.catches();
                Statement::Control(Control::Try {
                    clauses,
                    body: vec![resume],
                    outcome: self.integer(),
                })
            }
            false => resume,
        }
    }

    /// A `resume` of what is there.
    pub fn resume_from(&mut self, source: Source) -> Control {
        let features = self.features;
        let slot = matches!(source, Source::Slot(_));
        let way = match self.rng.range(0, 13) {
            0 if features.resume_throw && features.exceptions => {
                let tag = self.rng.below(self.control_of().exceptions.len());
                let shape = self.control_of().exceptions[tag];
                Way::Throw {
                    tag,
                    payload: self.payload(shape),
                }
            }
            1 if features.resume_throw_ref && features.exceptions => Way::ThrowRef {
                variable: self.exception(),
            },
            2..=4 if slot => Way::Bound { give: self.pair() },
            _ => Way::Values { give: self.pair() },
        };
        Control::Resume {
            source,
            way,
            clauses: self.clauses(source),
            take: self.pair(),
            outcome: self.integer(),
        }
    }

    /// Clauses in any order, some of them twice.
    fn clauses(&mut self, source: Source) -> Vec<Clause> {
        let main = self.function == 0;
        let signals = FIRST_SIGNAL + self.control_of().signals.len();
        let mut clauses = Vec::new();
        for tag in 0..signals {
            let times = match self.rng.range(0, 5) {
                0 => 2,
                1..=3 => 1,
                _ => u32::from(main),
            };
            for _ in 0..times {
                clauses.push(self.clause(tag, source));
            }
        }
        if self.features.switch && (main || self.rng.one_in(3)) {
            clauses.push(Clause::Switch);
        }
        for at in (1..clauses.len()).rev() {
            clauses.swap(at, self.rng.below(at + 1));
        }
        clauses
    }

    fn clause(&mut self, tag: usize, source: Source) -> Clause {
        let control = self.control_of();
        let results = control.results(tag);
        let shape = match tag.checked_sub(FIRST_SIGNAL) {
            Some(signal) => control.signals[signal].payload,
            None => 0,
        };
        Clause::On {
            tag,
            take: self.payload(shape),
            bind: self.items(results),
            // Mostly it is put back.
            slot: match source {
                Source::Slot(slot) if !self.rng.one_in(4) => slot,
                _ => self.slot(),
            },
        }
    }

    fn suspend(&mut self) -> Control {
        let signals = self.control_of().signals.len();
        let tag = self.rng.below(FIRST_SIGNAL + signals);
        match tag.checked_sub(FIRST_SIGNAL) {
            None if tag == YIELD => Control::Yield { take: self.pair() },
            None => {
                debug_assert!(tag < usize::from(TAGS));
                Control::Suspend {
                    tag,
                    give: self.payload(0),
                    take: self.payload(0),
                }
            }
            Some(signal) => {
                let Signal { payload, results } = self.control_of().signals[signal];
                Control::Suspend {
                    tag,
                    give: self.payload(payload),
                    take: self.payload(results),
                }
            }
        }
    }

    /// Takes something to switch to out of its slot, where what is there from an earlier
    /// switch may go.
    fn switch(&mut self) -> Block {
        let peer = self.rng.below(usize::from(PEERS)) as u8;
        let switch = Statement::Control(Control::Switch {
            peer,
            give: self.pair(),
            take: self.pair(),
        });
        match self.rng.one_in(4) {
            true => vec![switch],
            false => vec![self.stash_peer(peer), switch, self.stash_peer(peer)],
        }
    }

    /// Throws, and what is behind is not reached.
    fn throw(&mut self) -> Block {
        if self.rng.one_in(2) {
            let variable = self.exception();
            let load = Control::Shelve {
                variable,
                place: self.rng.range(0, u32::from(SHELVES)) as u8,
                store: false,
            };
            let throw = Control::ThrowRef { variable };
            return vec![Statement::Control(load), Statement::Control(throw)];
        }
        let tag = self.rng.below(self.control_of().exceptions.len());
        let shape = self.control_of().exceptions[tag];
        let give = self.payload(shape);
        vec![Statement::Control(Control::Throw { tag, give })]
    }

    fn catches(&mut self) -> Vec<Catch> {
        let count = self.rng.range(1, 4);
        (0..count).map(|_| self.catch()).collect()
    }

    fn catch(&mut self) -> Catch {
        let reference = self.rng.one_in(2).then(|| self.exception());
        let tag = (!self.rng.one_in(4)).then(|| {
            let tag = self.rng.below(self.control_of().exceptions.len());
            let shape = self.control_of().exceptions[tag];
            (tag, self.payload(shape))
        });
        Catch { tag, reference }
    }

    /// A `try_table` in which something is mostly thrown.
    fn catching(&mut self, depth: u32) -> Option<Block> {
        if depth >= crate::random::generator::DEEPEST {
            return None;
        }
        let mut body = self.block(depth + 1, 1, 4);
        let main = self.function == 0;
        if main || self.rng.one_in(2) {
            body.extend(self.throw());
        }
        let mut clauses = self.catches();
        if main {
            clauses.push(Catch {
                tag: None,
                reference: self.rng.one_in(2).then(|| self.exception()),
            });
        }
        let caught: Vec<u8> = clauses.iter().filter_map(|one| one.reference).collect();
        let mut block = vec![Statement::Control(Control::Try {
            clauses,
            body,
            outcome: self.integer(),
        })];
        // What was caught is kept for others, or thrown again.
        for variable in caught {
            let next = match self.rng.range(0, 2) {
                0 => vec![self.shelved(variable)],
                1 if !main => vec![Statement::Control(Control::ThrowRef { variable })],
                _ => continue,
            };
            block.push(match self.rng.one_in(2) {
                true => self.perhaps(next),
                false => self.shelved(variable),
            });
        }
        Some(block)
    }

    fn shelved(&mut self, variable: u8) -> Statement {
        Statement::Control(Control::Shelve {
            variable,
            place: self.rng.range(0, u32::from(SHELVES)) as u8,
            store: true,
        })
    }

    /// Function variables hold the last function, which calls none: so nothing calls itself.
    fn function_variable(&mut self) -> Control {
        let variable = self.rng.below(usize::from(FUNCTIONS)) as u8;
        if self.function == 0 || self.function + 1 == self.count || self.rng.one_in(2) {
            return Control::Function {
                to: variable,
                function: self.count - 1,
            };
        }
        Control::CallVariable {
            variable,
            give: self.pair(),
            take: self.pair(),
        }
    }

    fn callee(&mut self) -> Option<(By, usize, Payload)> {
        let function = self.later_with(|of| !matches!(of, Signature::Peer { .. }))?;
        let shape = match self.control_of().signature(function) {
            Signature::Wide { shape, .. } => *shape,
            _ => 0,
        };
        let by = *self.rng.pick(&[By::Index, By::Table, By::Reference]);
        Some((by, function, self.payload(shape)))
    }

    fn call(&mut self) -> Option<Control> {
        let (by, function, give) = self.callee()?;
        Some(Control::Call {
            by,
            function,
            give,
            take: self.pair(),
        })
    }

    fn tail(&mut self) -> Option<Statement> {
        let (by, function, give) = self.callee()?;
        let tail = Statement::Control(Control::Tail { by, function, give });
        match self.rng.one_in(3) {
            true => Some(tail),
            false => Some(self.perhaps(vec![tail])),
        }
    }

    /// Some programs end early, and some keep copies of references that are used up.
    pub fn with_faults(&mut self, functions: &mut [Block]) {
        if self.features.copies && self.rng.one_in(8) {
            for _ in 0..3 {
                let copy = Control::CopyTask {
                    slot: self.slot(),
                    variable: self.rng.below(usize::from(CONTINUATIONS)) as u8,
                };
                self.insert(functions, copy);
            }
        }
        if self.features.traps && self.rng.one_in(4) {
            let usable = |fault: &Fault| match fault {
                Fault::SwitchNull | Fault::SwitchConsumed | Fault::SwitchUnhandled => {
                    self.features.switch
                }
                Fault::ThrowIntoNull | Fault::ThrowIntoConsumed => {
                    self.features.resume_throw && self.features.exceptions
                }
                Fault::ThrowNull | Fault::Uncaught => self.features.exceptions,
                _ => true,
            };
            let faults: Vec<Fault> = Fault::ALL.into_iter().filter(usable).collect();
            let fault = *self.rng.pick(&faults);
            self.insert(functions, Control::Stop(fault));
        }
    }

    /// Puts a statement somewhere into a function; into the main one behind what it does first.
    fn insert(&mut self, functions: &mut [Block], control: Control) {
        let body = self.rng.below(functions.len());
        let body = &mut functions[body];
        let at = body.len() / 2 + self.rng.below(body.len() / 2 + 1);
        body.insert(at, Statement::Control(control));
    }
}
