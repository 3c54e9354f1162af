//! `limits`: every bound of the configuration is reached in the middle of something, again and
//! again, and the program goes on: what it held it still holds, and what it asked for fits
//! once there is room. The program is `programs/limits.wat`.
//!
//! ```text
//!  hold a few workers ─▶ reach a bound, in a continuation, with boxes in its frames
//!       ▲                     └─ a trap or an error that names the bound
//!       └── all that was held is as it was, and the same works in small
//! ```
//!
//! Meant to break: steps that are half done when something is refused, counts that are not
//! taken back, and what a refused request has moved or parked on its way.

use crate::programs::{fold, module_with, value};
use crate::suite::{Figures, Round, RoundResult, Suite};
use crate::world::{Verdict, World, differs, trapped};
use mangrove::{Config, Error, ParkPolicy, TrapCode, TrapReason, Val};
use mangrove_workers::Rng;

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "limits",
    about: "every bound of the configuration reached in the middle, and the program goes on",
    breaks: "steps half done when something is refused, counts that are not taken back",
    least: 3,
    programs: false,
    play,
};

/// Bounds that are small enough to be reached in no time.
const HEAP: u64 = 1 << 20;
const SMALL_HEAP: u64 = 128 << 10;
const STACK: usize = 16 << 10;
const CONTINUATIONS: usize = 60;
const STACKS: u64 = 30;
const NESTING: usize = 20;
const ACTIVATIONS: usize = 12;
const TABLE: u64 = 2_000;
const PAGES: u64 = 4;

/// Workers that are held over everything.
const HELD: i64 = 8;

/// How a bound says that it was reached.
enum Says {
    /// A trap by this.
    Code(TrapCode),
    /// A trap whose reason has these words.
    Words(&'static str),
    /// The instruction gives -1.
    Minus,
}

/// A function of the program that reaches a bound, and what says so.
const WAYS: [(&str, Says); 13] = [
    ("fill_heap", Says::Words("heap exhausted")),
    ("huge_array", Says::Words("heap exhausted")),
    ("absurd_array", Says::Code(TrapCode::AllocationTooLarge)),
    ("recurse", Says::Code(TrapCode::StackOverflow)),
    ("recurse_inside", Says::Code(TrapCode::StackOverflow)),
    ("many_fresh", Says::Words("continuations")),
    ("many_suspended", Says::Words("continuations")),
    ("nest", Says::Words("nesting_max")),
    ("call_out", Says::Words("calls from the host are active")),
    ("grow_table", Says::Minus),
    ("grow_memory", Says::Minus),
    ("nobody", Says::Code(TrapCode::UnhandledTag)),
    ("used_up", Says::Code(TrapCode::ContinuationConsumed)),
];

fn play(of: &Round<'_>, begin: &mut dyn FnMut(&str)) -> RoundResult {
    let mut rng = Rng::new(of.seed);
    // Where each allocation collects, filling a heap takes that many collections.
    let small = of.size.is_small();
    let steps = of.size.of(600, if small { 4 } else { 20 });
    // With a bound on stacks, which parking makes room below; or one on continuations.
    let by_stacks = rng.one_in(2);
    let parameters = format!("steps={steps} stacks bounded: {by_stacks}");
    of.play(begin, &parameters, &mut || {
        let mut limits = Limits::new(of.config, &mut rng, (by_stacks, small))?;
        let problem = limits.run(&mut rng, steps)?.err();
        let figures = Figures::of_steps(&limits.world.store, steps);
        Ok(RoundResult::new(figures, problem))
    })
}

struct Limits {
    world: World<()>,
    salt: i64,
    turns: i64,
    by_stacks: bool,
}

impl Limits {
    fn new(
        config: &Config,
        rng: &mut Rng,
        (by_stacks, small): (bool, bool),
    ) -> Result<Self, Error> {
        let salt = rng.number() as i64;
        let mut config = config.clone();
        config
            .heap_max(if small { SMALL_HEAP } else { HEAP })
            .stack_size(STACK)
            .initial_stack_size(4 * STACK)
            .continuations_max(CONTINUATIONS)
            .nesting_max(NESTING)
            .activations_max(ACTIVATIONS)
            .table_max(TABLE)
            .memory_max(PAGES << 16);
        if by_stacks {
            config
                .stack_bytes_max(STACKS * STACK as u64)
                .park(ParkPolicy {
                    after: 1,
                    keep: 0,
                    most: 16,
                });
        }
        let imports = "(import \"host\" \"again\" (func $again (param i64) (result i64)))";
        let text = module_with(salt, imports, include_str!("../../programs/limits.wat"));
        let mut world = World::new(&config, &text, (), |linker, _| {
            linker.func_wrap(
                "host",
                "again",
                |mut caller: mangrove::Caller<'_, ()>, n: i64| {
                    let out = caller
                        .get_export("call_out")
                        .and_then(mangrove::Extern::into_func);
                    let out =
                        out.ok_or_else(|| Error::Usage("it exports `call_out`".to_owned()))?;
                    match out.call(&mut caller, &[Val::I64(n)])?[..] {
                        [Val::I64(number)] => Ok(number),
                        ref other => Err(Error::Usage(format!("{other:?}"))),
                    }
                },
            )?;
            Ok(())
        })?;
        world.call("hold", &[HELD])?;
        Ok(Self {
            world,
            salt,
            turns: 0,
            by_stacks,
        })
    }

    fn run(&mut self, rng: &mut Rng, steps: u32) -> Result<Verdict, Error> {
        for step in 0..steps {
            let (name, says) = rng.pick(&WAYS);
            let verdict = match self.reach(name, says)? {
                Ok(()) => self.goes_on(rng)?,
                problem => problem,
            };
            if let Err(problem) = verdict {
                return Ok(Err(format!("step {step}, {name}: {problem}")));
            }
        }
        Ok(Ok(()))
    }

    /// Reaches a bound.
    fn reach(&mut self, name: &str, says: &Says) -> Result<Verdict, Error> {
        // The host calls `call_out` again, so it cannot begin to count.
        let before = self.world.number("reached", &[])?;
        let result = self.world.call(name, &[0]);
        let right = match (says, &result, trapped(&result)) {
            (Says::Code(code), _, Some(reason)) => reason.code() == Some(*code),
            (Says::Words(words), _, Some(reason)) => says_so(reason, words),
            (Says::Minus, Ok(values), _) => values[..] == [Val::I64(-1)],
            _ => false,
        };
        let reached = self.world.number("reached", &[])?;
        Ok(match (right, result) {
            (true, _) => self.at_bound(name, reached, before),
            (false, Err(error)) if error.resource().is_some() => return Err(error),
            (false, result) => Err(format!("{result:?}")),
        })
    }

    /// It was not reached too early, nor too late.
    fn at_bound(&self, name: &str, reached: i64, before: i64) -> Verdict {
        let wanted = match name {
            // The call itself is one.
            "many_fresh" | "many_suspended" if !self.by_stacks => CONTINUATIONS as i64 - HELD - 1,
            "nest" => NESTING as i64,
            "call_out" => before + ACTIVATIONS as i64,
            "grow_table" => TABLE as i64,
            "grow_memory" => PAGES as i64,
            _ => return Ok(()),
        };
        differs("times before the bound", reached, wanted)
    }

    /// All that is held is as it was, and everything works in small.
    fn goes_on(&mut self, rng: &mut Rng) -> Result<Verdict, Error> {
        if rng.one_in(2) {
            self.world.store.gc()?;
        }
        self.turns += 1;
        let turns = self.turns;
        let wanted = (0..HELD).fold(0, |sum, id| fold(sum, fold(value(self.salt, id), turns)));
        if let Err(problem) = self.world.expect("turn_all", &[turns], wanted)? {
            return Ok(Err(problem));
        }
        for name in [
            "fill_heap",
            "recurse",
            "many_fresh",
            "many_suspended",
            "nest",
            "call_out",
        ] {
            // So few that they fit.
            if let Err(problem) = self.world.expect(name, &[5], 5)? {
                return Ok(Err(format!("afterwards, {problem}")));
            }
        }
        self.world.store.gc()?;
        let live = self.world.store.live_continuations() as i64;
        Ok(differs("live continuations", live, HELD))
    }
}

/// Limits name themselves, each in its own words.
fn says_so(reason: &TrapReason, words: &str) -> bool {
    let text = reason.to_string();
    // The bound on stacks may be there before the one on continuations.
    text.contains(words) || words == "continuations" && text.contains("stack_bytes_max")
}
