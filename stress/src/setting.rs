//! The matrix: how the engine is set in a round, from the round's seed.
//!
//! Each choice can be said on a command line and be made in a `Config`; what of it was asked for
//! there is not chosen. So what is printed of a round plays it again, and a choice can be left
//! out or changed by hand, to see which of them matter.

use mangrove::{
    Config, ContinuationsInObjects, GuardKind, MemoryChecks, OptLevel, ParkPolicy, Zeal,
};
use mangrove_workers::Rng;

/// The levels of optimisation. A further way to compile, as with inlining, is a further value.
const LEVELS: [OptLevel; 4] = [
    OptLevel::None,
    OptLevel::Speed,
    OptLevel::Inline,
    OptLevel::Frame,
];
/// Bytes of the young space, at least and at most.
const YOUNG: [(u64, u64); 3] = [
    (64 << 10, 64 << 10),
    (64 << 10, 1 << 20),
    (4 << 20, 16 << 20),
];
/// Bytes of each stack.
const STACKS: [usize; 3] = [64 << 10, 128 << 10, 1 << 20];
/// Bytes of address space where there is little.
const SMALL_SPACE: u64 = 6 << 30;
/// Makes the numbers of a setting others than those of the case with the same seed.
const STIR: u64 = 0x6d61_7472_6978;

/// One setting that differs from the default.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Choice {
    Zeal(Zeal),
    Level(OptLevel),
    Guard(GuardKind),
    SmallSpace,
    Park(ParkPolicy),
    /// Objects may hold continuations.
    InObjects,
    Young(u64, u64),
    StackSize(usize),
    FreshStacks,
}

/// How the engine is set in a round.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Setting {
    choices: Vec<Choice>,
}

impl Setting {
    /// The setting of a seed.
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ STIR);
        let mut choices = vec![
            Choice::Zeal(zeal(&mut rng)),
            Choice::Level(*rng.pick(&LEVELS)),
        ];
        if rng.one_in(2) {
            choices.push(Choice::Guard(GuardKind::Mprotect));
        }
        if rng.one_in(4) {
            choices.push(Choice::SmallSpace);
        }
        choices.extend(park(&mut rng).map(Choice::Park));
        if rng.one_in(2) {
            choices.push(Choice::InObjects);
        }
        if rng.one_in(2) {
            let &(least, most) = rng.pick(&YOUNG);
            choices.push(Choice::Young(least, most));
        }
        if rng.one_in(2) {
            choices.push(Choice::StackSize(*rng.pick(&STACKS)));
        }
        if rng.one_in(8) {
            choices.push(Choice::FreshStacks);
        }
        Self { choices }
    }

    /// Without what these words of a command line set.
    pub fn without(mut self, given: &[String]) -> Self {
        self.choices.retain(|choice| {
            !choice
                .decides()
                .iter()
                .any(|name| given.iter().any(|word| word == name))
        });
        self
    }

    /// When to collect beyond need, if that is chosen.
    pub fn zeal(&self) -> Option<Zeal> {
        self.choices.iter().find_map(|choice| match choice {
            Choice::Zeal(zeal) => Some(*zeal),
            _ => None,
        })
    }

    /// Makes the choices.
    pub fn apply(&self, config: &mut Config) {
        for choice in &self.choices {
            match *choice {
                Choice::Zeal(zeal) => config.zeal(zeal),
                Choice::Level(level) => config.opt_level(level),
                Choice::Guard(kind) => config.guard(kind),
                Choice::SmallSpace => config
                    .address_space(SMALL_SPACE)
                    .memory_checks(MemoryChecks::Explicit),
                Choice::Park(policy) => config.park(policy),
                Choice::InObjects => config.continuations_in_objects(ContinuationsInObjects::Trace),
                Choice::Young(least, most) => config.young_min(least).young_max(most),
                Choice::StackSize(bytes) => config.stack_size(bytes),
                Choice::FreshStacks => config.fresh_stacks(true),
            };
        }
    }

    /// The choices as words of a command line.
    pub fn words(&self) -> Vec<String> {
        self.choices.iter().flat_map(Choice::words).collect()
    }
}

impl Choice {
    /// The options that it is made by, and those that make another of the same kind.
    fn decides(&self) -> &'static [&'static str] {
        match self {
            Self::Zeal(_) => &["--zeal"],
            Self::Level(_) => &["--opt-level"],
            Self::Guard(_) => &["--guard"],
            Self::SmallSpace => &["--address-space", "--memory-checks"],
            Self::Park(_) => &["--no-park", "--park-after", "--park-keep", "--park-most"],
            Self::InObjects => &["--continuations-in-objects"],
            Self::Young(..) => &["--young-min", "--young-max"],
            Self::StackSize(_) => &["--stack-size"],
            Self::FreshStacks => &["--fresh-stacks"],
        }
    }

    fn words(&self) -> Vec<String> {
        let values: Vec<String> = match *self {
            Self::Zeal(zeal) => vec![zeal.to_string()],
            Self::Level(level) => vec![level.to_string()],
            Self::Guard(GuardKind::Mprotect) => vec!["mprotect".into()],
            Self::Guard(GuardKind::Lightweight) => vec!["lightweight".into()],
            Self::Guard(GuardKind::Auto) => vec!["auto".into()],
            Self::SmallSpace => vec![SMALL_SPACE.to_string(), "explicit".into()],
            Self::Park(ParkPolicy::NEVER) => return vec!["--no-park".into()],
            Self::Park(ParkPolicy { after, keep, most }) => {
                let values = [after.to_string(), keep.to_string(), most.to_string()];
                let names = &self.decides()[1..];
                return named(names, values);
            }
            Self::InObjects => vec!["trace".into()],
            Self::Young(least, most) => vec![least.to_string(), most.to_string()],
            Self::StackSize(bytes) => vec![bytes.to_string()],
            Self::FreshStacks => return vec!["--fresh-stacks".into()],
        };
        named(self.decides(), values)
    }
}

fn named(names: &[&str], values: impl IntoIterator<Item = String>) -> Vec<String> {
    let pairs = names.iter().zip(values);
    pairs
        .flat_map(|(name, value)| [(*name).to_owned(), value])
        .collect()
}

/// Any of the modes, alone or with others; in a quarter of the cases none.
fn zeal(rng: &mut Rng) -> Zeal {
    let every = |rng: &mut Rng| Some(rng.range(1, 16).into());
    let mut zeal = Zeal::NONE;
    match rng.below(8) {
        0 | 1 => return zeal,
        2 => zeal.alloc = every(rng),
        3 => zeal.switch = true,
        4 => zeal.call = true,
        5 => zeal.interrupt = true,
        6 => zeal.random = Some(rng.below(1 << 20) as u64),
        _ => (zeal.alloc, zeal.switch) = (every(rng), true),
    }
    zeal.minor = rng.one_in(2);
    zeal.moving = rng.one_in(4);
    zeal
}

/// When to park, where it is not as usual.
fn park(rng: &mut Rng) -> Option<ParkPolicy> {
    match rng.below(5) {
        0 => Some(ParkPolicy::NEVER),
        // Whatever a collection finds, and whatever does not run.
        1 => Some(ParkPolicy {
            after: 0,
            keep: 0,
            ..ParkPolicy::default()
        }),
        // Whenever a stack is wanted, as there are few.
        2 => Some(ParkPolicy {
            after: 2,
            keep: 4,
            most: 8,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_seed_has_one_setting_and_many_have_all_values() {
        assert_eq!(Setting::of(7), Setting::of(7));
        let words = (0..2_000).flat_map(|seed| {
            let words = Setting::of(seed).words();
            let joined = words.join(" ");
            words.into_iter().chain([joined])
        });
        let seen: HashSet<String> = words.collect();
        for word in [
            "none",
            "speed",
            "frame",
            "mprotect",
            "trace",
            "explicit",
            "--no-park",
            "call,minor",
            "switch,move",
            "interrupt",
            "--fresh-stacks",
            "65536",
            "1048576",
            "alloc:5,switch,move,minor",
        ] {
            assert!(seen.contains(word), "{word}");
        }
        assert!(seen.iter().any(|word| word.starts_with("random:")));
    }

    #[test]
    fn what_was_asked_for_is_not_chosen() {
        let given = ["--zeal", "none", "--park-keep", "3", "--fresh-stacks"].map(str::to_owned);
        for seed in 0..500 {
            let setting = Setting::of(seed).without(&given);
            assert_eq!(setting.zeal(), None);
            let words = setting.words();
            assert!(
                !words
                    .iter()
                    .any(|word| word.contains("park") || word == "--fresh-stacks")
            );
        }
    }
}
