//! `few`: minor collections with few awake among many asleep. Each step is a way in which
//! something old comes to refer to something young, or in which a stack comes to run again:
//! a box of 42 is put there and nowhere else, the young space is used up several times, and
//! the box must still say 42. In the end all sleepers are asked for their boxes. The steps
//! are in `programs/few.wat` and `programs.rs`.
//!
//! Meant to break: whatever is noted for minor collections, in each of its places, and whatever
//! they look at. `stress/tests/planted_defects` has a table of which steps need what.

mod programs;

use crate::case::Size;
use crate::suite::{Figures, Round, RoundResult, Suite};
use mangrove::{Config, Error};
use mangrove_workers::Rng;
use programs::Steps;

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "few",
    about: "minor collections with few awake among many asleep, and every way to wake or to write",
    breaks: "what is noted for minor collections: stores into the old, stacks that run again, what is new",
    least: 4,
    programs: false,
    play: play_round,
};

/// Steps in a round: some of all there are, in any order.
const STEPS: u32 = 40;
/// Sleepers at full size.
const SLEEPERS: u32 = 20_000;
/// Bytes of the young space: garbage of a step is several of these.
const YOUNG: u64 = 64 << 10;

/// Every step.
pub const ALL: [&str; 57] = [
    "field",
    "element",
    "card",
    "first_card",
    "last_card",
    "fill",
    "fill_carded",
    "global_set",
    "table_set",
    "init_elem",
    "copy",
    "copy_carded",
    "host_global",
    "table_fill",
    "table_grow",
    "table_init",
    "active_segment",
    "host_table_set",
    "host_table_grow",
    "table_copy",
    "fresh",
    "resumed",
    "switched",
    "switched_back",
    "suspended",
    "returned",
    "caught",
    "thrown_into",
    "thrown_into_a_chain",
    "host_throws_into_a_chain",
    "entered",
    "host_resumes",
    "left",
    "bound",
    "bound_after_it_was_clean",
    "host_binds",
    "cloned",
    "cloned_when_bound",
    "host_clones",
    "collected",
    "born",
    "born_twice",
    "handle",
    "scope",
    "weak",
    "segment",
    "kept_by_a_sleeper",
    "field_after_a_minor",
    "field_of_two",
    "element_again",
    "card_again",
    "global_again",
    "table_set_again",
    "resumed_again",
    "suspended_again",
    "extern_value",
    "exception_kept",
];

/// A step alone: what its box says in the end.
///
/// # Errors
/// The engine's.
///
/// # Panics
/// If there is no such step.
#[doc(hidden)]
pub fn step(config: &Config, name: &str) -> Result<i32, Error> {
    Steps::new(config, 30_000)?.run(name)
}

fn play_round(of: &Round<'_>, begin: &mut dyn FnMut(&str)) -> RoundResult {
    let mut rng = Rng::new(of.seed);
    let count = of.size.of(STEPS, 6) as usize;
    let mut names: Vec<&str> = ALL.to_vec();
    let chosen: Vec<&str> = (0..count.min(ALL.len()))
        .map(|_| names.swap_remove(rng.below(names.len())))
        .collect();
    let sleepers = of.size.of(SLEEPERS, 20);
    let parameters = format!("sleepers={sleepers} steps={}", chosen.join(","));
    of.play(begin, &parameters, &mut || {
        play(of.config, of.size, sleepers, &chosen)
    })
}

fn play(config: &Config, size: Size, sleepers: u32, chosen: &[&str]) -> Result<RoundResult, Error> {
    let mut config = config.clone();
    config.young_min(YOUNG).young_max(YOUNG);
    config.continuation_clone(true);
    // Where there are collections at every few steps, little garbage is enough.
    let garbage = if size.is_small() { 50 } else { 30_000 };
    let mut steps = Steps::new(&config, garbage)?;
    steps.sleep(sleepers as i32)?;
    let mut problem = None;
    for name in chosen {
        let found = steps.run(name)?;
        if found != 42 {
            problem = Some(format!("{name}: the box says {found}, not 42"));
            break;
        }
    }
    // Each has a box of its number.
    let wanted = (0..sleepers as i32).fold(0, i32::wrapping_add);
    if problem.is_none() {
        let found = steps.wake_all(sleepers as i32)?;
        if found != wanted {
            problem = Some(format!("the sleepers have {found} in all, not {wanted}"));
        }
    }
    let mut figures = Figures::of_store(steps.store());
    figures.steps = chosen.len() as u64;
    Ok(RoundResult::new(figures, problem))
}
