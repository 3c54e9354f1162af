//! `refusals`: the system or the allocator says no, anywhere.
//!
//! ```text
//!  a case ──once──▶ how many requests of each kind it makes
//!         ──again, the Nth of a kind refused, or some, or all from then on──▶
//!             as the oracle says, or an error that says what was refused
//!         ──nothing is refused any more──▶ the store is sound, lets go of everything, works again
//! ```
//!
//! A case is a random program or, by turns, `programs/refusals.wat`, which has large objects, tables and memories
//! that grow, and bound arguments.

use crate::case::{Case, Told};
use crate::programs::{module, value};
use crate::random;
use crate::round;
use crate::suite::{Figures, Problem, Round, RoundResult, Suite};
use mangrove::{
    Config, Engine, Error, GuardKind, Linker, Module, OptLevel, ParkPolicy, Refusal, Request, Store,
};
use mangrove_workers::Rng;

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "refusals",
    about: "programs whose requests for memory are refused: one, some, or all from one on",
    breaks: "what is half done when there is no memory: lists, records, stacks, collections, growth",
    least: 4,
    programs: false,
    play: play_round,
};

/// Refusals that are tried in a round of full size.
const TRIES: u32 = 24;

fn play_round(of: &Round<'_>, begin: &mut dyn FnMut(&str)) -> RoundResult {
    let mut rng = Rng::new(of.seed);
    let case = match rng.one_in(4) {
        true => fixed(100, 30),
        false => random::small_case(&mut rng),
    };
    let config = setting(&mut rng, of.config);
    let mut result = of.play(begin, &case.parameters, &mut || {
        let mut figures = Figures::default();
        let problem = tries(&case, &config, &mut rng, of.size.of(TRIES, 4), &mut figures).err();
        Ok(RoundResult::new(figures, problem))
    });
    result.with_program(&case);
    result
}

/// The program that has a little of everything.
fn fixed(tasks: i32, depth: i32) -> Case {
    const SALT: i64 = 0x5eed;
    let work = |n: i64| value(SALT, n).wrapping_add(value(SALT, n + 1));
    let worked = (0..tasks.into()).fold(0, |sum: i64, n| sum.wrapping_add(work(n)));
    let nested = value(SALT, 7).wrapping_mul(i64::from(depth) + 1);
    Case {
        parameters: format!("tasks={tasks} depth={depth}"),
        wat: module(SALT, include_str!("../../programs/refusals.wat")),
        arguments: vec![tasks, depth],
        checksum: worked
            .wrapping_add(nested.wrapping_mul(5))
            .wrapping_add(1 + 2 + 3 + 4),
        collections: 2,
        continuations_in_objects: false,
        continuation_clone: false,
        told: Told::default(),
        place: |number| format!("box {number}"),
    }
}

/// How the engine is set.
fn setting(rng: &mut Rng, base: &Config) -> Config {
    let mut config = base.clone();
    config.verify_heap(true).threads(1);
    config.opt_level(*rng.pick(&[OptLevel::None, OptLevel::Inline, OptLevel::Frame]));
    config.guard(*rng.pick(&[GuardKind::Auto, GuardKind::Lightweight, GuardKind::Mprotect]));
    // Small, so that there is more to ask for.
    config.stack_size(32 << 10).heap_max(16 << 20);
    if rng.one_in(2) {
        config.young_min(4 << 10).young_max(16 << 10);
    }
    if rng.one_in(2) {
        config.park(ParkPolicy {
            after: 0,
            keep: 0,
            most: 8,
        });
    }
    config
}

/// Plays a case once as it is, to see what it asks for, and then with this many refusals.
fn tries(
    case: &Case,
    config: &Config,
    rng: &mut Rng,
    count: u32,
    figures: &mut Figures,
) -> Result<(), Problem> {
    let made = asked(case, config, figures)?;
    for _ in 0..count {
        let refusal = refusal(rng, &made);
        let ended = refused(case, config, refusal, figures);
        ended.map_err(|problem| format!("{refusal:?}: {problem}"))?;
    }
    Ok(())
}

/// How many requests of each kind a case makes, in the order of [`Request::ALL`].
fn asked(case: &Case, config: &Config, figures: &mut Figures) -> Result<Vec<u64>, Problem> {
    let mut played = Played::new(case, config).map_err(|error| error.to_string())?;
    match played.once() {
        Ok(None) => {}
        Ok(Some(problem)) => return Err(problem),
        Err(error) => return Err(error.to_string()),
    }
    played.add_to(figures);
    let requests = played.engine.requests();
    Ok(Request::ALL.map(|kind| requests.made(kind)).to_vec())
}

/// A refusal of something that is asked for.
fn refusal(rng: &mut Rng, made: &[u64]) -> Refusal {
    let kinds: Vec<_> = Request::ALL
        .into_iter()
        .zip(made)
        .filter(|&(_, &made)| made > 0)
        .collect();
    let times = *rng.pick(&[1, 1, 2, 5, u64::MAX, u64::MAX]);
    let below = |rng: &mut Rng, most: u64| rng.number() % most.max(1);
    match rng.range(0, 9) {
        0 => Refusal::Random {
            seed: rng.number(),
            one_in: rng.range(2, 60).into(),
        },
        1 => Refusal::Any {
            after: below(rng, made.iter().sum()),
            times,
        },
        _ => {
            let &(request, &made) = rng.pick(&kinds);
            let after = below(rng, made);
            Refusal::Of {
                request,
                after,
                times,
            }
        }
    }
}

/// How a case ended whose requests were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// As it does elsewhere.
    Elsewhere,
    /// With an error that says what was refused.
    Refused,
}

/// Plays a case with a refusal, and then without in the same store.
fn refused(
    case: &Case,
    config: &Config,
    refusal: Refusal,
    figures: &mut Figures,
) -> Result<End, Problem> {
    let mut config = config.clone();
    config.refuse(refusal);
    let mut played = match Played::new(case, &config) {
        Ok(played) => played,
        Err(error) if error.resource().is_some() => return Ok(End::Refused),
        Err(error) => return Err(format!("no engine: {error}")),
    };
    let end = match played.once() {
        Ok(None) => End::Elsewhere,
        Ok(Some(problem)) => return Err(problem),
        Err(error) if error.resource().is_some() => End::Refused,
        Err(error) => return Err(format!("no refusal: {error}")),
    };
    played.engine.requests().grant_all();
    let after =
        |what: &str, problem: &dyn std::fmt::Display| format!("after it, {what}: {problem}");
    played
        .let_go()
        .map_err(|problem| after("letting go", &problem))?;
    match played.once() {
        Ok(None) => {}
        Ok(Some(problem)) => return Err(after("again", &problem)),
        Err(error) => return Err(after("again", &error)),
    }
    played
        .let_go()
        .map_err(|problem| after("letting go again", &problem))?;
    played.add_to(figures);
    Ok(end)
}

/// An engine, and what a case has got to in it.
struct Played<'a> {
    case: &'a Case,
    engine: Engine,
    module: Option<Module>,
    store: Option<Store<()>>,
    instances: Vec<mangrove::Instance>,
}

impl<'a> Played<'a> {
    fn new(case: &'a Case, config: &Config) -> Result<Self, Error> {
        Ok(Self {
            case,
            engine: Engine::new(&round::config_of(case, config))?,
            module: None,
            store: None,
            instances: Vec::new(),
        })
    }

    /// Compiles the program if that has not been done, makes an instance in the one store, and
    /// runs it.
    fn once(&mut self) -> Result<Option<Problem>, Error> {
        let module = match self.module.take() {
            Some(module) => module,
            None => Module::new(&self.engine, self.case.wat.as_bytes())?,
        };
        let module = self.module.insert(module);
        let store = match &mut self.store {
            Some(store) => store,
            none => none.insert(Store::new(&self.engine, ())?),
        };
        let mut linker = Linker::new(&self.engine);
        linker.define_mangrove();
        let instance = linker.instantiate(store, module)?;
        self.instances.push(instance);
        round::judge(self.case, store, instance, &mut |store, run, args| {
            run.call(store, args)
        })
    }

    /// The instances let go of all continuations; then none is left, and all are accounted for.
    fn let_go(&mut self) -> Result<(), Problem> {
        let Some(store) = &mut self.store else {
            return Ok(());
        };
        for &instance in &self.instances {
            let func = instance.func(store, "let_go");
            let func = func.ok_or("the program exports no function `let_go`")?;
            func.call(store, &[]).map_err(|error| error.to_string())?;
        }
        store.gc().map_err(|error| error.to_string())?;
        let report = store.report();
        let ended = report.ended;
        let sum = ended.returned + ended.thrown + ended.trapped + ended.collected;
        if report.live != 0 || report.created != sum || report.activations != 0 {
            return Err(format!("continuations are left: {report:?}"));
        }
        Ok(())
    }

    fn add_to(&self, figures: &mut Figures) {
        if let Some(store) = &self.store {
            *figures += Figures::of_store(store);
        }
    }
}

#[cfg(test)]
mod tests;
