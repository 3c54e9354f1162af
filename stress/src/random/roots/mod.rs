//! `roots`: the collector's root set against one that is derived from the program's text.
//!
//! ```text
//!  Program ──emit──▶ WebAssembly ──engine──▶ the slots it finds ────────────▶ Picture
//!      │                                                                         ‖ ?
//!      └── lifetimes (a backward analysis) ── oracle, which knows the values ─▶ Picture
//! ```
//!
//! At each collection that the program asks for, and by settings at each suspension,
//! resumption and allocation, what every frame of every stack holds must be what the
//! oracle says, object by object: nothing that is needed later is missing, and nothing
//! else is there.
//!
//! Where a function's values are in homes ([`OptLevel::Frame`]), frames keep more, and it is
//! known what: everything that a variable holds, until it is set.

mod engine;
mod exported;
mod judge;
mod names;
pub mod picture;
pub mod places;

use super::ast::{Block, Program, Statement};
use super::control::features::Features;
use super::emit::{self, Form};
use super::oracle::{self, Kept, Looks};
use super::{generator, shrink};
use crate::case::{Size, Told};
use crate::round;
use crate::suite::{Round, RoundEnd, RoundResult, Suite};
pub(crate) use exported::exported;
use judge::Judge;
use mangrove::{
    Config, ContinuationsInObjects, Engine, Error, Hooks, Linker, Module, OptLevel, ParkPolicy,
    Store, Zeal,
};
use mangrove_workers::Rng;
use places::Places;
use std::fmt;

/// How many moments of a program are looked at.
const MOST: usize = 500;

/// Bytes from which on an object may be a large one.
const LARGE: usize = 30_000;

/// Programs of full size run for minutes under a look at everything at each step.
const SCALE: f64 = 0.02;

/// How a program is compiled and run: each seed has its own.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    level: OptLevel,
    looks: Looks,
    clones: bool,
    parked: bool,
    minor: bool,
}

impl Setting {
    /// The setting of a seed.
    pub fn of(seed: u64) -> Self {
        let collections = Looks::COLLECTION;
        let switches = Looks::SUSPENSION.and(Looks::RESUMPTION).and(collections);
        let (level, looks, clones) = match seed % 8 {
            0 => (OptLevel::Speed, collections, false),
            1 => (OptLevel::Speed, switches, false),
            2 => (OptLevel::None, collections, false),
            3 => (OptLevel::Frame, collections, false),
            4 => (OptLevel::Speed, collections, true),
            5 => (OptLevel::Speed, Looks::ALLOCATION.and(collections), false),
            6 => (OptLevel::None, switches, true),
            _ => (OptLevel::Frame, switches, false),
        };
        Self {
            level,
            looks,
            clones,
            parked: seed / 8 % 2 == 1,
            minor: seed / 16 % 2 == 1,
        }
    }

    fn config(self, base: &Config) -> Config {
        let mut config = base.clone();
        config.opt_level(self.level);
        config.continuation_clone(self.clones);
        config.hooks(Hooks {
            switches: self.looks.has(Looks::SUSPENSION),
            ..Hooks::default()
        });
        // Other collections come where nobody expects them, and may take place.
        if self.looks.has(Looks::ALLOCATION) {
            config.zeal(Zeal {
                alloc: Some(1),
                ..Zeal::NONE
            });
        }
        if self.parked {
            config.park(ParkPolicy {
                after: 0,
                keep: 0,
                ..ParkPolicy::DEFAULT
            });
        }
        config
    }

    fn features(self) -> Features {
        Features {
            copies: !self.clones,
            // Homes keep the operands that an exception passes by until others lie there.
            escapes: self.level != OptLevel::Frame,
            ..Features::ALL
        }
    }

    fn kept(self) -> Kept {
        match self.level {
            OptLevel::Frame => Kept::Set,
            OptLevel::None | OptLevel::Speed | OptLevel::Inline => Kept::Needed,
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "level={}", self.level)?;
        let words = [
            (self.looks.has(Looks::SUSPENSION), " switches"),
            (self.looks.has(Looks::ALLOCATION), " allocations"),
            (self.clones, " clones"),
            (self.parked, " parked"),
            (self.minor, " minor"),
        ];
        words
            .iter()
            .filter(|(is, _)| *is)
            .try_for_each(|(_, word)| f.write_str(word))
    }
}

/// The program of a seed.
pub fn program(seed: u64, setting: Setting) -> Program {
    program_of(seed, setting, setting.features())
}

/// The program of a seed that uses no more than these features.
fn program_of(seed: u64, setting: Setting, features: Features) -> Program {
    let size = Size::new(SCALE, Zeal::NONE);
    let mut program = generator::program(&mut Rng::new(seed), size, features);
    if setting.looks.has(Looks::ALLOCATION) {
        // What the helper makes is none of the program's objects.
        program.functions.iter_mut().for_each(without_litter);
    }
    program
}

/// Without what is allocated where it is not one object by one instruction: large arrays are
/// asked for twice.
fn without_litter(block: &mut Block) {
    block.retain(|statement| match statement {
        Statement::Litter { .. } => false,
        Statement::Heap(heap) => heap.bytes() < LARGE,
        _ => true,
    });
    let inner = block.iter_mut().flat_map(Statement::blocks_mut);
    inner.for_each(without_litter);
}

/// What is chosen for a program, for people.
pub fn parameters(program: &Program, setting: Setting) -> String {
    let (functions, statements) = (program.functions.len(), program.statements());
    format!("functions={functions} statements={statements} {setting}")
}

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "roots",
    about: "what each frame of random programs holds, against a second derivation of it",
    breaks: "root sets: what is held though nothing needs it, and what is needed though nothing holds it",
    least: 50,
    programs: false,
    play: round,
};

/// Runs the program of a seed; one for which something is wrong is made smaller.
fn round(of: &Round<'_>, begin: &mut dyn FnMut(&str)) -> RoundResult {
    let (seed, config) = (of.seed, of.config);
    let setting = Setting::of(seed);
    let program = program(seed, setting);
    begin(&parameters(&program, setting));
    let play = |program: &Program| round::guarded(|| play(program, setting, config));
    let mut result = of.first(&mut || play(&program));
    if let RoundEnd::Failed(failure) = &mut result.end {
        let smallest = shrink::shrink(program, &mut |candidate| of.fails(&mut || play(candidate)));
        if let Some(smaller) = of.last(&mut || play(&smallest)) {
            *failure = smaller;
        }
        failure.seed = seed;
        failure.parameters = parameters(&smallest, setting);
        failure.program = text(&smallest, setting);
    }
    result
}

/// The module that a program is made into. How many continuations live at its end is
/// compared here.
fn text(program: &Program, setting: Setting) -> String {
    let form = Form {
        clones: setting.clones,
        numbers: true,
    };
    emit::module(program, i64::MAX as usize, form)
}

fn play(program: &Program, setting: Setting, config: &Config) -> Result<RoundResult, Error> {
    let binary = wat::parse_str(text(program, setting));
    let binary = binary.map_err(|error| Error::Usage(error.to_string()))?;
    let places = Places::find(program, &binary)?;
    let (verdict, labels, expected) =
        oracle::moments(program, &places, setting.looks, setting.kept(), MOST);
    let more = expected.len() == MOST;
    let judge = Judge::new(labels, expected, more);

    let mut config = setting.config(config);
    if program.control.as_ref().is_some_and(|of| of.held) {
        config.continuations_in_objects(ContinuationsInObjects::Trace);
    }
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, &binary)?;
    let mut store = Store::new(&engine, ())?;
    let mut linker = Linker::new(&engine);
    linker.define_mangrove();
    let (collects, minor) = (judge.clone(), setting.minor);
    linker.func_wrap("oracle", "gc", move |caller: mangrove::Caller<'_, ()>| {
        collects.collect(caller, minor)
    })?;
    let instance = linker.instantiate(&mut store, &module)?;
    let (observer, looks) = (judge.clone(), setting.looks);
    store.observe(Box::new(move |view, moment| {
        observer.observe(looks, view, moment);
    }));
    let run = instance.func(&store, "run");
    let run = run.ok_or_else(|| Error::Usage("the program exports no `run`".to_owned()))?;
    let result = run.call(&mut store, &[]);
    let told = Told {
        end: verdict.end,
        steps: verdict.steps,
        switches: verdict.switches,
    };
    let problem = match judge.verdict().0 {
        Some(problem) => Some(problem),
        None => round::judge_end(&mut store, instance, result, (told, verdict.checksum))?,
    };
    Ok(RoundResult::new(told.figures(&store), problem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::roots::picture::Labels;

    /// What the frames of a program hold at each moment, as (moment, function, offset, object).
    fn held(program: &Program, setting: Setting) -> Vec<(usize, (u32, u32, u64))> {
        let binary = wat::parse_str(text(program, setting)).unwrap();
        let places = Places::find(program, &binary).unwrap();
        let (_, labels, seen) =
            oracle::moments(program, &places, setting.looks, setting.kept(), MOST);
        let of = |labels: &Labels, (number, (_, seen)): (usize, &(Looks, _))| {
            // Exceptions are numbered as they are met: who holds more meets them earlier.
            let objects = labels.triples(seen).into_iter();
            let objects =
                objects.filter(|(_, _, object)| !(picture::EXCEPTIONS..1 << 63).contains(object));
            objects.map(|triple| (number, triple)).collect::<Vec<_>>()
        };
        let moments = seen.iter().enumerate();
        moments.flat_map(|moment| of(&labels, moment)).collect()
    }

    #[test]
    fn there_is_much_to_compare_and_homes_keep_more() {
        let (mut needed, mut kept) = (0, 0);
        for seed in 0..100 {
            let setting = Setting {
                level: OptLevel::Speed,
                ..Setting::of(8 * seed + 1)
            };
            let homes = Setting {
                level: OptLevel::Frame,
                ..setting
            };
            let program = program(8 * seed + 1, setting);
            let (least, most) = (held(&program, setting), held(&program, homes));
            let missing = least.iter().find(|one| most.binary_search(one).is_err());
            assert_eq!(missing, None, "seed {seed}");
            needed += least.len();
            kept += most.len();
        }
        assert!(
            needed > 5_000 && kept > needed * 5 / 4,
            "{needed} and {kept}"
        );
    }
}
