//! Random statements that resume, suspend and switch.

use crate::random::ast::{Block, Statement, TAGS};
use crate::random::control::ast::{
    Clause, Control, FIRST_SIGNAL, PEER_SLOTS, PEERS, Signal, Signature, Source, Way, YIELD,
};
use crate::random::generator::Generator;

impl Generator<'_> {
    pub(super) fn spawn_peer(&mut self) -> Option<Control> {
        let function = self.later_with(|of| matches!(of, Signature::Peer { .. }))?;
        Some(Control::SpawnPeer {
            slot: self.rng.below(usize::from(PEER_SLOTS)) as u8,
            function,
        })
    }

    /// What is in a slot is resumed, and nothing gets through.
    pub(in crate::random) fn resume_slot(&mut self, source: Source) -> Statement {
        let resume = Statement::Control(self.resume_from(source));
        match self.features.exceptions {
            true => self.caught_anyhow(vec![resume]),
            false => resume,
        }
    }

    /// A `resume` of any kind. What the main function resumes finds a clause for every tag,
    /// and mostly nothing thrown gets through it.
    pub(in crate::random) fn resume_any(&mut self, depth: u32) -> Statement {
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
    pub(in crate::random) fn resume_from(&mut self, source: Source) -> Control {
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
    pub(super) fn clauses(&mut self, source: Source) -> Vec<Clause> {
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

    pub(super) fn clause(&mut self, tag: usize, source: Source) -> Clause {
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

    pub(super) fn suspend(&mut self) -> Control {
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
    pub(super) fn switch(&mut self) -> Block {
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
}
