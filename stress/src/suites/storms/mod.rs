//! `storms`: dozens of handlers inside each other, each with many clauses, and suspensions
//! to whichever of them, which are answered or passed on further out. `instances`: the
//! same with handlers in several instances, whose tags are each other's or only look alike.
//!
//! ```text
//!  level 0 ─resume─▶ level 1 ─resume─▶ … ─▶ level n: suspends with a tag, a number, a box
//!    (on $t2 …) (on $t0 …)  (on $t7 …)         │
//!                             ▲────────────────┘ the innermost clause for the tag has it:
//!      ▲──── suspends again ──┘                    it answers, or passes it on, to another tag too
//! ```
//!
//! Meant to break: the search for a handler and what records remember of earlier ones, which
//! clause of which table is taken, what identity a tag has, chains that are cut off and linked
//! in the middle, and which instance a frame goes on in.
//!
//! What must come of a suspension follows from lists of clauses ([`Storm::answer`]).

mod emit;

use crate::case::Size;
use crate::programs::{fold, value};
use crate::suite::{Figures, Round, RoundEnd, RoundResult, Suite};
use mangrove::{Config, Engine, Error, Extern, Linker, Module, Store, Val};
use mangrove_workers::Rng;

/// The suite of one instance.
pub(crate) const SUITE: Suite = Suite {
    name: "storms",
    about: "dozens of handlers inside each other, suspensions to whichever of them and on",
    breaks: "the search for a handler and its memory, clauses taken for others, chains cut in the middle",
    least: 3,
    programs: false,
    play: |round, begin| play(round, begin, 1),
};

/// The suite of several.
pub(crate) const INSTANCES: Suite = Suite {
    name: "instances",
    about: "handlers and suspensions in several instances, with tags that are equal or look alike",
    breaks: "the identity of tags, and which instance a frame goes on in",
    least: 3,
    programs: false,
    play: |round, begin| play(round, begin, 1 + Rng::new(!round.seed).range(2, 5) as usize),
};

/// Tags that each instance knows by a number of its own.
const TAGS: usize = 10;

/// What a clause does.
#[derive(Clone, Copy, Debug)]
enum Action {
    /// It gives a number back.
    Answer,
    /// It suspends to this tag of its instance, and hands on what that gives.
    Forward(usize),
}

/// A tag of the level's instance, and what is done.
type Clause = (usize, Action);

#[derive(Debug)]
struct Level {
    instance: usize,
    clauses: Vec<Clause>,
}

/// What is chosen by the seed.
#[derive(Debug)]
struct Storm {
    salt: i64,
    /// Which tag it is, by instance and its number there.
    tags: Vec<[usize; TAGS]>,
    /// From the outermost on.
    levels: Vec<Level>,
    /// What the innermost level suspends with in a lap: numbers of tags.
    steps: Vec<usize>,
    laps: i64,
}

impl Storm {
    fn random(rng: &mut Rng, size: Size, instances: usize) -> Self {
        let salt = rng.number() as i64;
        let mut known = 0;
        let mut tags: Vec<[usize; TAGS]> = Vec::new();
        for instance in 0..instances {
            tags.push([(); TAGS].map(|()| {
                // Half of them come from another instance.
                if instance > 0 && rng.one_in(2) {
                    return tags[rng.below(instance)][rng.below(TAGS)];
                }
                known += 1;
                known - 1
            }));
        }
        let count = rng.range(8, size.of(40, 12)) as usize;
        let mut levels = Vec::new();
        for _ in 0..count {
            let level = Self::level(rng, &tags, &levels);
            levels.push(level);
        }
        // The innermost suspends, and handles nothing.
        levels[count - 1].clauses.clear();
        let last = levels[count - 1].instance;
        let handled = |&tag: &usize| handler(&tags, &levels, tags[last][tag]).is_some();
        let all: Vec<usize> = (0..TAGS).filter(handled).collect();
        let steps = match all.is_empty() {
            true => Vec::new(),
            false => (0..rng.range(10, 40)).map(|_| *rng.pick(&all)).collect(),
        };
        Self {
            salt,
            tags,
            levels,
            steps,
            laps: size.of(100, 10).into(),
        }
    }

    /// A level inside of others. One that passes a suspension on has somebody outside who
    /// handles that.
    fn level(rng: &mut Rng, tags: &[[usize; TAGS]], outside: &[Level]) -> Level {
        let instance = rng.below(tags.len());
        let most = if outside.is_empty() { TAGS } else { 8 };
        let clauses = (0..rng.range(1, most as u32)).map(|_| {
            let to = rng.below(TAGS);
            let forwards = rng.one_in(3) && handler(tags, outside, tags[instance][to]).is_some();
            let action = if forwards {
                Action::Forward(to)
            } else {
                Action::Answer
            };
            (rng.below(TAGS), action)
        });
        Level {
            instance,
            clauses: clauses.collect(),
        }
    }

    /// What the innermost of the outer levels gives for a tag.
    fn answer(&self, outside: usize, tag: usize, number: i64) -> i64 {
        let (level, clause) = handler(&self.tags, &self.levels[..outside], tag)
            .expect("only what is handled was chosen");
        match self.levels[level].clauses[clause].1 {
            Action::Answer => fold(value(self.salt, number), (64 * level + clause) as i64),
            Action::Forward(to) => {
                let to = self.tags[self.levels[level].instance][to];
                fold(self.answer(level, to, number), level as i64)
            }
        }
    }

    fn checksum(&self) -> i64 {
        let count = self.levels.len();
        let innermost = self.tags[self.levels[count - 1].instance];
        let mut sum = 0;
        for lap in 0..self.laps {
            for (step, &tag) in self.steps.iter().enumerate() {
                let number = (lap << 8) + step as i64;
                sum = fold(sum, self.answer(count, innermost[tag], number));
            }
        }
        (0..count as i64)
            .rev()
            .fold(sum, |sum, level| fold(sum, value(self.salt, level << 40)))
    }
}

/// The innermost level with a clause for a tag, and the number of its first such clause.
fn handler(tags: &[[usize; TAGS]], levels: &[Level], tag: usize) -> Option<(usize, usize)> {
    let clause = |level: &Level| {
        let is = |&(known, _): &Clause| tags[level.instance][known] == tag;
        level.clauses.iter().position(is)
    };
    let found = |(at, level)| clause(level).map(|clause| (at, clause));
    levels.iter().enumerate().rev().find_map(found)
}

fn play(of: &Round<'_>, begin: &mut dyn FnMut(&str), instances: usize) -> RoundResult {
    let storm = Storm::random(&mut Rng::new(of.seed), of.size, instances);
    let parameters = format!(
        "instances={instances} levels={} steps={} laps={}",
        storm.levels.len(),
        storm.steps.len(),
        storm.laps
    );
    let programs: Vec<String> = (0..instances).map(|at| emit::program(&storm, at)).collect();
    let mut result = of.play(begin, &parameters, &mut || {
        run(of.config, &storm, &programs)
    });
    if let RoundEnd::Failed(failure) = &mut result.end {
        failure.program = programs.join("\n");
    }
    result
}

fn run(config: &Config, storm: &Storm, programs: &[String]) -> Result<RoundResult, Error> {
    let engine = Engine::new(config)?;
    let mut store = Store::new(&engine, ())?;
    let mut linker = Linker::new(&engine);
    linker.define_mangrove();
    let mut instances = Vec::new();
    for (at, text) in programs.iter().enumerate() {
        let module = Module::new(&engine, text.as_bytes())?;
        let instance = linker.instantiate(&mut store, &module)?;
        linker.define_instance(&store, &format!("i{at}"), instance);
        instances.push(instance);
    }
    if let Err(problem) = imports_go_by_type(&engine, &linker, &mut store)? {
        return Ok(RoundResult::new(Figures::of_store(&store), Some(problem)));
    }
    let run = instances[0].func(&store, "run").expect("it is exported");
    let result = run.call(&mut store, &[]);
    let mut problem = None;
    for (at, instance) in instances.iter().enumerate() {
        if let Some(Extern::Global(faults)) = instance.export(&store, "faults")
            && faults.get(&mut store)? != Val::I64(0)
        {
            problem = Some(format!("instance {at} found wrong values; then {result:?}"));
        }
    }
    if problem.is_none() {
        let wanted = storm.checksum();
        let found = result?;
        if found != [Val::I64(wanted)] {
            problem = Some(format!("run returned {found:?}, not {wanted}"));
        }
    }
    let mut figures = Figures::of_store(&store);
    figures.programs = programs.len() as u64;
    figures.steps = storm.laps as u64 * storm.steps.len() as u64;
    Ok(RoundResult::new(figures, problem))
}

/// A tag that looks like another by its name is refused where its type is not the one that is wanted.
fn imports_go_by_type(
    engine: &Engine,
    linker: &Linker<()>,
    store: &mut Store<()>,
) -> Result<Result<(), String>, Error> {
    let text = r#"(module (import "i0" "t0" (tag (param i32) (result i64))))"#;
    let module = Module::new(engine, text.as_bytes())?;
    Ok(match linker.instantiate(store, &module) {
        Err(error) if error.resource().is_some() => return Err(error),
        Err(_) => Ok(()),
        Ok(_) => Err("a tag was imported with another type than it has".to_owned()),
    })
}
