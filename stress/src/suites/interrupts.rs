//! `interrupts`: the program of another suite, interrupted at random places, handed to the
//! host as a continuation and resumed. `parked`: the same, and all that does not run is parked
//! each time; besides, the policy parks early and often.
//!
//! ```text
//!  run ─…─▶ out of fuel, or the epoch's deadline ─▶ the host: collects, parks ─▶ resume ─▶ …
//! ```
//!
//! What a program computes may not depend on it: the oracle is that of the other suite. Meant to
//! break: references at the places where code is interrupted, which are no calls; chains that
//! are cut off below the host and linked again; frames that were moved into a buffer and back
//! at any moment.

use crate::round::play_by;
use crate::suite::{Make, Round, RoundEnd, RoundResult, Suite};
use crate::suites::{
    arguments, churn, deep, effects, generators, pipeline, rings, suspended, wide,
};
use mangrove::{Error, Func, Outcome, ParkPolicy, Store, UpdateDeadline, Val};
use mangrove_workers::Rng;

/// The suite of interruptions.
pub(crate) const SUITE: Suite = Suite {
    name: "interrupts",
    about: "programs of other suites, interrupted by fuel and epochs at random places and resumed",
    breaks: "references where code is interrupted, chains cut off below the host and linked again",
    least: 4,
    programs: false,
    play: |round, begin| play(round, begin, false),
};

/// The suite of parking.
pub(crate) const PARKED: Suite = Suite {
    name: "parked",
    about: "programs of other suites, parked at random places and early by the policy",
    breaks: "frames in buffers: their walk, their way back to a stack, what is thrown into them",
    least: 4,
    programs: false,
    play: |round, begin| play(round, begin, true),
};

const PROGRAMS: [(&str, Make); 9] = [
    ("churn", churn::case),
    ("effects", effects::case),
    ("deep", deep::case),
    ("rings", rings::case),
    ("generators", generators::case),
    ("arguments", arguments::case),
    ("pipeline", pipeline::case),
    ("suspended", suspended::case),
    ("wide", wide::case),
];

fn play(of: &Round<'_>, begin: &mut dyn FnMut(&str), parked: bool) -> RoundResult {
    let mut rng = Rng::new(of.seed);
    // In turn, so that few rounds have had all of them.
    let (name, make) = PROGRAMS[(of.seed % PROGRAMS.len() as u64) as usize];
    let case = make(&mut rng, of.size.scaled(0.05));
    let by_fuel = rng.one_in(2);
    // How far it gets between two interruptions at the most.
    let most = u64::from(of.size.of(20_000, 500));
    let mut config = of.config.clone();
    config.consume_fuel(by_fuel).epoch_interruption(!by_fuel);
    if parked {
        config.park(ParkPolicy {
            after: rng.range(0, 2),
            keep: 0,
            most: 8,
        });
    }
    let how = if by_fuel { "fuel" } else { "epochs" };
    let parameters = format!("{name} by {how}: {}", case.parameters);
    begin(&parameters);
    let mut interrupted = 0;
    let mut result = play_by(&case, &config, &mut |store, run, args| {
        let pace = Pace {
            rng: rng.clone(),
            most,
        };
        pace.install(store, by_fuel)?;
        drive(store, run, args, &mut rng, parked, &mut interrupted)
    });
    result.figures.steps = interrupted;
    if let RoundEnd::Failed(failure) = &mut result.end {
        failure.program = case.wat;
        failure.arguments = case.arguments;
    }
    result.of_seed(of.seed, &parameters)
}

/// When the next interruption comes.
struct Pace {
    rng: Rng,
    most: u64,
}

impl Pace {
    fn next(&mut self) -> u64 {
        // Most of them far apart, some right behind each other.
        let most = if self.rng.one_in(4) { 20 } else { self.most };
        1 + self.rng.number() % most
    }

    fn install(mut self, store: &mut Store<()>, by_fuel: bool) -> Result<(), Error> {
        let first = self.next();
        if by_fuel {
            store.set_fuel(u64::MAX >> 2)?;
            return store.fuel_callback(first, move |_| Ok(UpdateDeadline::Yield(self.next())));
        }
        // A deadline that has always come: what is counted is how often it is looked at.
        let mut left = first / 8;
        store.set_epoch_deadline(0);
        store.epoch_deadline_callback(move |_| {
            if left > 0 {
                left -= 1;
                return Ok(UpdateDeadline::Continue(0));
            }
            left = self.next() / 8;
            Ok(UpdateDeadline::Yield(0))
        });
        Ok(())
    }
}

/// Calls it, and resumes it for as long as it is interrupted.
fn drive(
    store: &mut Store<()>,
    run: Func,
    args: &[Val],
    rng: &mut Rng,
    parked: bool,
    interrupted: &mut u64,
) -> Result<Vec<Val>, Error> {
    let mut outcome = run.call_with_handlers(store, args, &[])?;
    loop {
        match outcome {
            Outcome::Returned(values) => return Ok(values),
            Outcome::Thrown(exception) => return Err(Error::Exception(Box::new(exception))),
            Outcome::Suspended { .. } => {
                return Err(Error::Usage("no tag was to be handled".to_owned()));
            }
            Outcome::Interrupted(rest) => {
                *interrupted += 1;
                match rng.below(8) {
                    0 => store.gc()?,
                    1 | 2 => store.gc_minor()?,
                    _ => {}
                }
                if parked && rng.one_in(2) {
                    store.park();
                }
                outcome = rest.resume(store, &[], &[])?;
            }
        }
    }
}
