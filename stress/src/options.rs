//! What to run, and how: of a whole run, and of each of its rounds.

use crate::case::Size;
use crate::setting::Setting;
use crate::shard::Shard;
use crate::suite::Suite;
use crate::suites::suites;
use mangrove::{Config, Zeal};
use std::time::Duration;

/// What to run, and how.
#[derive(Clone, Debug)]
pub struct StressOptions {
    /// Names of the suites; empty means all.
    pub suites: Vec<String>,
    /// Of those, only suites whose name one of these fits: a part of the name, or, with `*` and
    /// `?`, all of it. Empty means all.
    pub filters: Vec<String>,
    /// Where randomness starts. Round `n` (from 0) of every suite uses `seed + n`.
    pub seed: u64,
    /// Time for all suites together, in equal shares. Each runs one round at least. A shard
    /// plays its rounds and no others.
    pub time: Duration,
    /// Rounds that each suite runs at least, in place of its own number.
    pub count: Option<u64>,
    /// When to collect beyond need.
    pub zeal: Zeal,
    /// Size of the cases; 1 is full size.
    pub scale: f64,
    /// The embedder's limits and other settings; `zeal` is put in.
    pub config: Config,
    /// The same as it was asked for, as words of a command line: what of it is given there, the
    /// matrix leaves alone.
    pub words: Vec<String>,
    /// Whether each round has settings of its own, from its seed.
    pub matrix: bool,
    /// Failures that end a suite.
    pub max_fail: u64,
    /// Which part of the rounds to play; all if there is none.
    pub shard: Option<Shard>,
}

impl Default for StressOptions {
    fn default() -> Self {
        Self {
            suites: Vec::new(),
            filters: Vec::new(),
            seed: 1,
            time: Duration::ZERO,
            count: None,
            zeal: Zeal::NONE,
            scale: 1.0,
            config: Config::new(),
            words: Vec::new(),
            matrix: false,
            max_fail: 1,
            shard: None,
        }
    }
}

/// No suite can be played.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// A suite was asked for that does not exist.
    #[error("no suite {name:?}; there are {}", known())]
    Unknown {
        /// The name asked for.
        name: String,
    },
    /// None is left.
    #[error("no suite fits {}; there are {}", filters.join(", "), known())]
    NoneFits {
        /// What they would have to fit.
        filters: Vec<String>,
    },
}

fn known() -> String {
    let names: Vec<_> = suites().iter().map(|suite| suite.name).collect();
    names.join(", ")
}

/// The suites of these names, each once; all if there is none.
pub(crate) fn choose(names: &[String]) -> Result<Vec<&'static Suite>, ChoiceError> {
    if names.is_empty() {
        return Ok(suites().iter().collect());
    }
    let mut chosen: Vec<&Suite> = Vec::new();
    for name in names {
        let suite = suites().iter().find(|suite| suite.name == *name);
        let suite = suite.ok_or_else(|| ChoiceError::Unknown { name: name.clone() })?;
        if !chosen.iter().any(|other| other.name == suite.name) {
            chosen.push(suite);
        }
    }
    Ok(chosen)
}

/// What a round is played with.
#[derive(Clone, Debug, PartialEq)]
pub struct RoundOptions {
    /// The engine's settings.
    pub config: Config,
    /// How large it is.
    pub size: Size,
    /// How the engine is set, as words of a command line.
    pub words: Vec<String>,
}

impl StressOptions {
    /// The suites that are to be played.
    ///
    /// # Errors
    /// A name is no suite's, or none is left.
    pub fn chosen(&self) -> Result<Vec<&'static Suite>, ChoiceError> {
        let mut chosen = choose(&self.suites)?;
        if !self.filters.is_empty() {
            let fits = |suite: &&Suite| self.filters.iter().any(|filter| fits(filter, suite.name));
            chosen.retain(fits);
        }
        if chosen.is_empty() {
            let filters = self.filters.clone();
            return Err(ChoiceError::NoneFits { filters });
        }
        Ok(chosen)
    }

    /// How the round of a seed is played: the same whoever plays it.
    pub fn of_round(&self, seed: u64) -> RoundOptions {
        let setting = match self.matrix {
            true => Setting::of(seed).without(&self.words),
            false => Setting::default(),
        };
        let zeal = setting.zeal().unwrap_or(self.zeal);
        let mut config = self.config.clone();
        setting.apply(&mut config);
        config.zeal(zeal);
        let mut words = self.words.clone();
        if self.zeal.is_on() && !words.iter().any(|word| word == "--zeal") {
            words.extend(["--zeal".to_owned(), self.zeal.to_string()]);
        }
        words.extend(setting.words());
        RoundOptions {
            config,
            size: Size::new(self.scale, zeal),
            words,
        }
    }

    /// The command that plays the round of a seed alone, word by word, without the program's
    /// name: everything that matters for it is in there.
    ///
    /// # Examples
    /// ```
    /// use mangrove_stress::StressOptions;
    ///
    /// let options = StressOptions { scale: 0.5, ..StressOptions::default() };
    /// let words = options.command_of("churn", 7).join(" ");
    /// assert_eq!(words, "stress churn --seed 7 --count 1 --size 0.5");
    /// ```
    pub fn command_of(&self, suite: &str, seed: u64) -> Vec<String> {
        let seed_text = seed.to_string();
        let mut words: Vec<String> = ["stress", suite, "--seed", &seed_text, "--count", "1"]
            .map(str::to_owned)
            .to_vec();
        if self.scale != 1.0 {
            words.extend(["--size".to_owned(), self.scale.to_string()]);
        }
        words.extend(self.of_round(seed).words);
        words
    }
}

/// Whether a name fits: it contains the filter, or, where that has `*` or `?`, is as it says.
fn fits(filter: &str, name: &str) -> bool {
    if !filter.contains(['*', '?']) {
        return name.contains(filter);
    }
    let (filter, name) = (filter.as_bytes(), name.as_bytes());
    let (mut at, mut in_name) = (0, 0);
    // The last star, and up to where it reaches.
    let mut star: Option<(usize, usize)> = None;
    while in_name < name.len() {
        match (filter.get(at), star) {
            (Some(b'*'), _) => {
                star = Some((at, in_name));
                at += 1;
            }
            (Some(&byte), _) if byte == b'?' || byte == name[in_name] => {
                at += 1;
                in_name += 1;
            }
            (_, Some((of, reaches))) => {
                star = Some((of, reaches + 1));
                at = of + 1;
                in_name = reaches + 1;
            }
            (_, None) => return false,
        }
    }
    filter[at..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters() {
        for (filter, fitting) in [
            ("ur", true),
            ("churn", true),
            ("ch*", true),
            ("*n", true),
            ("c?urn", true),
            ("*h*r*", true),
            ("**", true),
            ("h*", false),
            ("c?rn", false),
            ("churn?", false),
            ("Churn", false),
            ("*x", false),
        ] {
            assert_eq!(fits(filter, "churn"), fitting, "{filter}");
        }
        // In time that is not out of proportion.
        let many = "*a".repeat(1_000) + "b";
        assert!(!fits(&many, &"a".repeat(2_000)));
    }

    #[test]
    fn suites_are_chosen_by_name_and_filter() {
        let chosen = |suites: &[&str], filters: &[&str]| {
            let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
            let options = StressOptions {
                suites: owned(suites),
                filters: owned(filters),
                ..StressOptions::default()
            };
            let chosen = options.chosen()?;
            Ok(chosen.iter().map(|suite| suite.name).collect::<Vec<_>>())
        };
        assert_eq!(
            chosen(&["rings", "churn", "rings"], &[]),
            Ok(vec!["rings", "churn"])
        );
        assert_eq!(
            chosen(&["rings", "churn"], &["ch*", "x"]),
            Ok(vec!["churn"])
        );
        let none: Result<Vec<_>, ChoiceError> = chosen(&["rings"], &["churn"]);
        assert!(matches!(none, Err(ChoiceError::NoneFits { .. })));
        assert!(
            none.unwrap_err()
                .to_string()
                .contains("fits churn; there are suspended")
        );
    }
}
