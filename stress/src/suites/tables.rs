//! `tables`: tables of continuations and of objects, which are filled, copied onto
//! themselves and each other, initialized and grown, while what is in them moves, is resumed
//! from one of its places and stale in the others, or dies.
//!
//! Each step is a call; a list in Rust says what each element is. The program is
//! `programs/tables.wat`. Meant to break: the two halves of a reference in a table, elements
//! that moved when it grew, cards of tables, and continuations that a table alone keeps.

use crate::case::Size;
use crate::programs::{fold, module, value};
use crate::suite::{Figures, Round, RoundResult, Suite};
use crate::world::{Verdict, World, differs, trapped};
use mangrove::{Config, Error, TrapCode};
use mangrove_workers::Rng;
use std::collections::BTreeSet;

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "tables",
    about: "tables of continuations and objects, filled, copied, initialized, grown, step by step",
    breaks: "references in tables: halves of them, what moved in growing, cards, what only a table keeps",
    least: 2,
    programs: false,
    play,
};

/// Steps in a round at full size.
const STEPS: u32 = 20_000;
/// Elements at first, and no more than these.
const FIRST: usize = 8;
const MOST: usize = 300;

fn play(of: &Round<'_>, begin: &mut dyn FnMut(&str)) -> RoundResult {
    let steps = of.size.of(STEPS, 60);
    let parameters = format!("steps={steps}");
    of.play(begin, &parameters, &mut || {
        let mut tables = Tables::new(of.seed, of.config)?;
        let problem = tables.run(steps, of.size)?.err();
        let figures = Figures::of_steps(&tables.world.store, steps);
        Ok(RoundResult::new(figures, problem))
    })
}

/// A reference to a worker at one time of its life: its number, and its turns by then.
type Reference = (i64, i64);

struct Tables {
    world: World<()>,
    rng: Rng,
    salt: i64,
    /// Of continuations, two tables.
    workers: [Vec<Option<Reference>>; 2],
    /// Of boxes, two more.
    boxes: [Vec<Option<i64>>; 2],
    /// How many turns each worker has had; none if it is over.
    turns: Vec<Option<i64>>,
    made: i64,
}

impl Tables {
    fn new(seed: u64, config: &Config) -> Result<Self, Error> {
        let mut rng = Rng::new(seed);
        let salt = rng.number() as i64;
        let mut fields = include_str!("../../programs/tables.wat").to_owned();
        for number in 10..13 {
            let value = value(salt, -number).to_string();
            fields = fields.replace(&format!("BOX{number}"), &value);
        }
        let text = module(salt, &fields);
        Ok(Self {
            world: World::new(config, &text, (), |_, _| Ok(()))?,
            rng,
            salt,
            workers: [(); 2].map(|()| vec![None; FIRST]),
            boxes: [(); 2].map(|()| vec![None; FIRST]),
            turns: Vec::new(),
            made: 0,
        })
    }

    fn run(&mut self, steps: u32, size: Size) -> Result<Verdict, Error> {
        let every = size.of(100, 5);
        for step in 1..=steps {
            if let Err(problem) = self.step()? {
                return Ok(Err(format!("step {step}: {problem}")));
            }
            if step.is_multiple_of(every) {
                match self.rng.one_in(3) {
                    true => self.world.store.gc_minor()?,
                    false => self.world.store.gc()?,
                }
                if let Err(problem) = self.look()? {
                    return Ok(Err(format!("after step {step}: {problem}")));
                }
            }
        }
        self.world.store.gc()?;
        self.look()
    }

    /// A range of a table, and how long it may be to fit.
    fn range(&mut self, len: usize) -> (usize, usize) {
        let at = self.rng.below(len + 1);
        (at, self.rng.below(len - at + 1))
    }

    fn step(&mut self) -> Result<Verdict, Error> {
        let table = self.rng.below(2);
        let len = self.workers[table].len();
        let at = self.rng.below(len);
        match self.rng.below(16) {
            0..4 => self.make(table, at),
            4..7 => self.turn(table, at),
            7 => self.finish(table, at),
            8 => self.fill(table),
            9 | 10 => self.copy(table),
            11 => self.init(table),
            12 => self.grow(table),
            13 => self.out_of_bounds(table),
            _ => self.set_box(table),
        }
    }

    /// A new worker, which waits.
    fn make(&mut self, table: usize, at: usize) -> Result<Verdict, Error> {
        let id = self.turns.len() as i64;
        self.world.call("make", &[table as i64, at as i64, id])?;
        self.turns.push(Some(0));
        self.workers[table][at] = Some((id, 0));
        Ok(Ok(()))
    }

    /// One takes a turn, or its reference is stale, or there is none.
    fn turn(&mut self, table: usize, at: usize) -> Result<Verdict, Error> {
        let args = [table as i64, at as i64];
        let Some((id, then)) = self.workers[table][at] else {
            let result = self.world.call("turn", &args);
            return traps(result, TrapCode::NullContinuation);
        };
        if self.turns[id as usize] != Some(then) {
            let result = self.world.call("turn", &args);
            return traps(result, TrapCode::ContinuationConsumed);
        }
        self.turns[id as usize] = Some(then + 1);
        self.workers[table][at] = Some((id, then + 1));
        let wanted = fold(value(self.salt, id), then);
        self.world.expect("turn", &args, wanted)
    }

    fn finish(&mut self, table: usize, at: usize) -> Result<Verdict, Error> {
        let Some((id, then)) = self.workers[table][at] else {
            return Ok(Ok(()));
        };
        if self.turns[id as usize] != Some(then) {
            return Ok(Ok(()));
        }
        self.turns[id as usize] = None;
        let wanted = fold(value(self.salt, id), -1);
        self.world
            .expect("finish", &[table as i64, at as i64], wanted)
    }

    fn fill(&mut self, table: usize) -> Result<Verdict, Error> {
        let (at, count) = self.range(self.workers[table].len());
        let from = self.rng.below(self.workers[table].len());
        let args = [table, from, at, count].map(|n| n as i64);
        if self.rng.one_in(2) {
            self.world.call("fill", &args)?;
            let what = self.workers[table][from];
            self.workers[table][at..at + count].fill(what);
        } else {
            self.world.call("fill_boxes", &args)?;
            let what = self.boxes[table][from];
            self.boxes[table][at..at + count].fill(what);
        }
        Ok(Ok(()))
    }

    fn copy(&mut self, table: usize) -> Result<Verdict, Error> {
        let from = self.rng.below(2);
        let most = self.workers[table].len().min(self.workers[from].len());
        let (at, _) = self.range(most);
        let (source, _) = self.range(most);
        let count = self.rng.below(most - at.max(source) + 1);
        let args = [table, from, at, source, count].map(|n| n as i64);
        let of_boxes = self.rng.one_in(2);
        let name = if of_boxes { "copy_boxes" } else { "copy" };
        self.world.call(name, &args)?;
        if of_boxes {
            let what = self.boxes[from][source..source + count].to_vec();
            self.boxes[table][at..at + count].copy_from_slice(&what);
        } else {
            let what = self.workers[from][source..source + count].to_vec();
            self.workers[table][at..at + count].copy_from_slice(&what);
        }
        Ok(Ok(()))
    }

    /// From segments: of three boxes, and of four nulls.
    fn init(&mut self, table: usize) -> Result<Verdict, Error> {
        let at = self.rng.below(FIRST - 4);
        self.world.call("init", &[table as i64, at as i64])?;
        self.workers[table][at..at + 4].fill(None);
        for (number, item) in (0..).zip(&mut self.boxes[table][at..at + 3]) {
            *item = Some(-10 - number);
        }
        Ok(Ok(()))
    }

    /// Both tables of a number grow, by copies of what is at a place.
    fn grow(&mut self, table: usize) -> Result<Verdict, Error> {
        let len = self.workers[table].len();
        let (from, count) = (self.rng.below(len), self.rng.below(40));
        if len + count > MOST {
            return Ok(Ok(()));
        }
        let args = [table, from, count].map(|n| n as i64);
        let (worker, it) = (self.workers[table][from], self.boxes[table][from]);
        self.workers[table].resize(len + count, worker);
        self.boxes[table].resize(len + count, it);
        self.world.expect("grow", &args, len as i64)
    }

    /// Nothing is done of what does not fit.
    fn out_of_bounds(&mut self, table: usize) -> Result<Verdict, Error> {
        let len = self.workers[table].len();
        let at = self.rng.below(len);
        let args = [table, 0, at, len - at + 1].map(|n| n as i64);
        let result = self.world.call("fill", &args);
        traps(result, TrapCode::TableOutOfBounds)
    }

    fn set_box(&mut self, table: usize) -> Result<Verdict, Error> {
        let at = self.rng.below(self.boxes[table].len());
        self.made += 1;
        self.world
            .call("set_box", &[table as i64, at as i64, self.made])?;
        self.boxes[table][at] = Some(self.made);
        Ok(Ok(()))
    }

    /// Every box is where it must be, and as many continuations live as have a reference.
    fn look(&mut self) -> Result<Verdict, Error> {
        for table in 0..2 {
            let sum = self.boxes[table].iter().fold(0, |sum, it| {
                fold(sum, it.map_or(0, |id| value(self.salt, id)))
            });
            if let Err(problem) = self.world.expect("boxes", &[table as i64], sum)? {
                return Ok(Err(problem));
            }
        }
        // A minor collection reclaims none.
        self.world.store.gc()?;
        let current = |&&(id, turns): &&Reference| self.turns[id as usize] == Some(turns);
        let all = self.workers.iter().flatten().flatten();
        let live: BTreeSet<i64> = all.filter(current).map(|&(id, _)| id).collect();
        let found = self.world.store.live_continuations() as i64;
        Ok(differs("live continuations", found, live.len() as i64))
    }
}

/// It must have trapped so.
pub(super) fn traps<V: std::fmt::Debug>(
    result: Result<V, Error>,
    code: TrapCode,
) -> Result<Verdict, Error> {
    match trapped(&result).map(mangrove::TrapReason::code) {
        Some(Some(found)) if found == code => Ok(Ok(())),
        _ => Ok(Err(format!("{result:?}, not a trap by {code}"))),
    }
}
