//! `moments`: a collection at each moment of a program that has every instruction that
//! switches, one moment at a time. Between any two instructions of `programs/moments.wat`
//! stands a call of the host; in run `n` the `n`th of them collects, then the same with each
//! allocation. What lies on the operand stack, in payloads, in bound arguments and in
//! exceptions at that moment is met again afterwards.
//!
//! ```text
//!  run 1:  cont.new ● cont.bind   resume   …      ● one collection, of either kind, or all is parked too
//!  run 2:  cont.new   cont.bind ● resume   …
//! ```
//!
//! Meant to break: the map of a single safepoint. A collection at all of them at once, as
//! zeal has it, would move an object again before anybody looks at it.

use crate::programs::{fold, module_with, value};
use crate::suite::{Figures, Round, RoundResult, Suite};
use crate::world::World;
use mangrove::{
    CollectionKind, Config, Error, FuncType, GuardKind, OptLevel, ParkPolicy, Schedule, Val,
    ValType,
};
use mangrove_workers::Rng;

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "moments",
    about: "one collection at each moment of every switching instruction, one moment at a time",
    breaks: "the map of a single safepoint: slots missed, or taken for others, beside one instruction",
    least: 2,
    programs: false,
    play,
};

/// What is done at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Full,
    Minor,
    /// Parks what does not run, and collects.
    Park,
}

/// Where the host function is, and what it is to do.
#[derive(Default)]
struct Clock {
    at: u64,
    wanted: Option<(u64, Deed)>,
}

fn play(of: &Round<'_>, begin: &mut dyn FnMut(&str)) -> RoundResult {
    let mut rng = Rng::new(of.seed);
    let salt = rng.number() as i64;
    let opt_level = *rng.pick(&[OptLevel::Speed, OptLevel::None, OptLevel::Frame]);
    let guard = *rng.pick(&[GuardKind::Auto, GuardKind::Mprotect]);
    let parameters = format!("{opt_level:?}, {guard:?} guard");
    let mut config = of.config.clone();
    // What was missed at one collection is still there to be read until the next: verification
    // does not wait for that.
    config.opt_level(opt_level).guard(guard).verify_heap(true);
    // By request only.
    config.park(ParkPolicy::NEVER);
    // Where collections are frequent anyway, one more tells little.
    let stride = if of.size.is_small() { 9 } else { 1 };
    of.play(begin, &parameters, &mut || sweep(&config, salt, stride))
}

fn sweep(config: &Config, salt: i64, stride: usize) -> Result<RoundResult, Error> {
    let imports = "(import \"host\" \"at\" (func $at))";
    let text = module_with(salt, imports, include_str!("../../programs/moments.wat"));
    let ty = FuncType {
        params: Vec::<ValType>::new(),
        results: vec![],
    };
    let mut world = World::new(config, &text, Clock::default(), |linker, _| {
        linker.func("host", "at", ty, |mut caller, _, _| {
            let clock = caller.data_mut();
            clock.at += 1;
            match clock.wanted {
                Some((at, deed)) if at == clock.at => match deed {
                    Deed::Full => caller.gc(),
                    Deed::Minor => caller.gc_minor(),
                    Deed::Park => {
                        caller.park();
                        caller.gc()
                    }
                },
                _ => Ok(()),
            }
        })?;
        Ok(())
    })?;
    let mut steps = 0;
    let problem = moments(&mut world, salt, stride, &mut steps)?;
    Ok(RoundResult::new(
        Figures::of_steps(&world.store, steps),
        problem,
    ))
}

/// Sweeps over all moments; what is wrong in the first run that is.
fn moments(
    world: &mut World<Clock>,
    salt: i64,
    stride: usize,
    steps: &mut u64,
) -> Result<Option<String>, Error> {
    let wanted = MET
        .iter()
        .fold(0, |sum, &number| fold(sum, value(salt, number)));
    let mut run = |world: &mut World<Clock>, what: &dyn std::fmt::Debug| {
        *steps += 1;
        world.store.data_mut().at = 0;
        let found = world.call("run", &[]);
        let faults = world.number("fault_count", &[])?;
        world.store.gc()?;
        let live = world.store.live_continuations();
        Ok::<_, Error>(match found {
            Ok(values) if values == [Val::I64(wanted)] && faults == 0 && live == 0 => None,
            found => Some(format!(
                "with {what:?}: {found:?}, not {wanted}; {faults} wrong values, {live} continuations left"
            )),
        })
    };
    if let Some(problem) = run(world, &"nothing")? {
        return Ok(Some(problem));
    }
    let count = world.store.data().at;
    for deed in [Deed::Full, Deed::Minor, Deed::Park] {
        for at in (1..=count).step_by(stride) {
            world.store.data_mut().wanted = Some((at, deed));
            if let Some(problem) = run(world, &(deed, at))? {
                return Ok(Some(problem));
            }
        }
    }
    world.store.data_mut().wanted = None;
    for kind in [CollectionKind::Full, CollectionKind::Minor] {
        // A run makes fewer objects than this; one collection at most falls on each.
        for at in (1..=ALLOCATIONS).step_by(stride) {
            let policy = Schedule::at_allocations([(at, kind)]);
            world.store.collection_policy(policy);
            if let Some(problem) = run(world, &(kind, "at allocation", at))? {
                return Ok(Some(problem));
            }
        }
    }
    Ok(None)
}

/// The boxes that a run meets, in this order.
const MET: [i64; 23] = [
    1, 2, 3, 4, 5, 6, 7, // bound and resumed
    8, 9, 10, 11, 12, // switched
    13, 14, 15, // thrown into
    16, 17, 16, 18, // thrown, kept, thrown again
    19, 21, 22, 20, // suspended as one
];
/// Objects that a run allocates, at most.
const ALLOCATIONS: u64 = 60;
