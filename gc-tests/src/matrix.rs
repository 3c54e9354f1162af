//! Every combination of the settings that decide where frames lie and when
//! they move.
//!
//! ```text
//!  zeal × stacks used again or new × guard × optimisation × parking
//! ```

use crate::case::{Case, Kind};

/// A value of a setting: its name, options of the command line.
type Choice = (&'static str, &'static [&'static str]);

/// Zeal, with the configurations a case must be run in for each.
const ZEAL: [(&str, &[&str], &[&str]); 9] = [
    ("", &[], &["default"]),
    ("zeal alloc", &["--zeal", "alloc"], &["zeal_alloc"]),
    ("zeal switch", &["--zeal", "switch"], &["zeal_switch"]),
    ("zeal call", &["--zeal", "call"], &["zeal_call"]),
    ("zeal move", &["--zeal", "move"], &["zeal_move"]),
    (
        "zeal interrupt",
        &["--zeal", "interrupt"],
        &["zeal_interrupt"],
    ),
    (
        "zeal all",
        &["--zeal", "alloc,switch,call,move"],
        &["zeal_alloc", "zeal_switch", "zeal_call", "zeal_move"],
    ),
    // Each kind of zeal by itself is minor in the configurations.
    (
        "zeal minor",
        &["--zeal", "alloc,minor"],
        &["zeal_alloc_minor"],
    ),
    (
        "zeal all minor",
        &["--zeal", "alloc,switch,call,move,minor"],
        &["zeal_all_minor"],
    ),
];
const STACKS: [Choice; 2] = [("used stacks", &[]), ("new stacks", &["--fresh-stacks"])];
const GUARDS: [Choice; 2] = [
    ("lightweight", &["--guard", "auto"]),
    ("mprotect", &["--guard", "mprotect"]),
];
const LEVELS: [Choice; 2] = [
    ("speed", &["--opt-level", "speed"]),
    ("none", &["--opt-level", "none"]),
];
const PARKING: [Choice; 3] = [
    ("default parking", &[]),
    ("no parking", &["--no-park"]),
    (
        "all parked",
        &["--park-after", "0", "--park-keep", "0", "--park-most", "8"],
    ),
];

/// One combination.
#[derive(Clone, Debug)]
pub struct Combination {
    /// Its name, for people.
    pub name: String,
    /// Options of the command line.
    pub options: Vec<&'static str>,
    /// Configurations a case must be run in for it to take part.
    needs: &'static [&'static str],
}

impl Combination {
    /// Whether a case takes part: root sets depend on all of this, and what takes
    /// too long in a configuration does so here.
    pub fn has(&self, case: &Case) -> bool {
        case.kind == Kind::Script && self.needs.iter().all(|name| case.runs_in(name))
    }
}

/// All combinations.
pub fn combinations() -> Vec<Combination> {
    let mut all = Vec::new();
    for (zeal, options, needs) in ZEAL {
        let mut some = vec![Combination {
            name: zeal.to_owned(),
            options: options.to_vec(),
            needs,
        }];
        for choices in [&STACKS[..], &GUARDS, &LEVELS, &PARKING] {
            let with = |combination: &Combination, (name, options): &Choice| {
                let mut with = combination.clone();
                let between = if with.name.is_empty() { "" } else { ", " };
                with.name += &format!("{between}{name}");
                with.options.extend(*options);
                with
            };
            some = some
                .iter()
                .flat_map(|combination| choices.iter().map(move |choice| with(combination, choice)))
                .collect();
        }
        all.extend(some);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_combination_is_there_once() {
        let all = combinations();
        assert_eq!(all.len(), 9 * 2 * 2 * 2 * 3);
        let names: HashSet<_> = all.iter().map(|combination| &combination.name).collect();
        assert_eq!(names.len(), all.len());
        let options: HashSet<_> = all.iter().map(|combination| &combination.options).collect();
        assert_eq!(options.len(), all.len());
    }
}
