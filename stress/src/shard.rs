//! A part of a campaign: a campaign is rounds of some seeds, and a shard is a range of them.
//!
//! Which one a process is, schedulers say in variables. Slurm counts an array's tasks as its
//! list has them, and says of the list no more than its ends, its step and its length; so the
//! place of a task in a list with holes is known only to who knows the list.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// One of so many parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// Which one, from 1.
    pub number: u64,
    /// Of how many.
    pub of: u64,
}

/// A shard that is none, or cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// It is not written as one.
    #[error("a shard is I/N, with I from 1 to N, not {0:?}")]
    Malformed(String),
    /// No scheduler has said anything.
    #[error(
        "no scheduler says which shard this is: there is neither SLURM_ARRAY_TASK_ID nor \
         JOB_COMPLETION_INDEX"
    )]
    NoScheduler,
    /// A variable is not as a scheduler sets it.
    #[error("{name} is {value:?}, which is no number")]
    Variable {
        /// Its name.
        name: &'static str,
        /// What it says.
        value: String,
    },
    /// There is a number, but not of how many.
    #[error("{0} does not say how many shards there are: say --shard auto/N")]
    HowMany(&'static str),
    /// The place of a task in the array is not to be seen.
    #[error(
        "the tasks {first} to {last} of the array are {count}, so some are left out: say --shard \
         auto/N, with task 0 for the first of N shards"
    )]
    Holes {
        /// The least index.
        first: u64,
        /// The greatest.
        last: u64,
        /// How many tasks there are.
        count: u64,
    },
    /// The index is beyond the number of shards.
    #[error("index {index} is none of {of} shards, which are counted from 0 here")]
    Beyond {
        /// What the scheduler says.
        index: u64,
        /// How many there are to be.
        of: u64,
    },
}

/// A process of a campaign, as its scheduler names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// `slurm` or `kubernetes`.
    pub scheduler: String,
    /// The array's id, where the scheduler says it.
    pub job: Option<String>,
    /// The index in it.
    pub index: u64,
    /// How often it was started again, where the scheduler says it.
    pub restarts: Option<u64>,
}

impl Shard {
    /// This one of so many.
    ///
    /// # Errors
    /// There is no such one.
    pub fn new(number: u64, of: u64) -> Result<Self, ShardError> {
        match (1..=of).contains(&number) {
            true => Ok(Self { number, of }),
            false => Err(ShardError::Malformed(format!("{number}/{of}"))),
        }
    }

    /// Which of so many rounds it has: shards have ranges that follow each other, and sizes that
    /// differ by one at most.
    ///
    /// # Examples
    /// ```
    /// use mangrove_stress::Shard;
    ///
    /// let parts: Vec<_> = (1..=3).map(|n| Shard::new(n, 3).unwrap().part(10)).collect();
    /// assert_eq!(parts, [0..3, 3..6, 6..10]);
    /// ```
    pub fn part(self, rounds: u64) -> Range<u64> {
        let end = |number: u64| {
            let end = u128::from(rounds) * u128::from(number) / u128::from(self.of);
            u64::try_from(end).unwrap_or(rounds)
        };
        end(self.number - 1)..end(self.number)
    }

    /// The one that a scheduler has named in the environment, and how it calls it. `of` says how
    /// many there are; index 0 is the first of them then. Without, they are the tasks of a Slurm
    /// array that has no holes.
    ///
    /// # Errors
    /// Nothing says which one it is, or what does contradicts itself.
    ///
    /// # Examples
    /// ```
    /// use mangrove_stress::Shard;
    ///
    /// let variable = |name: &str| (name == "JOB_COMPLETION_INDEX").then(|| "2".to_owned());
    /// let (shard, origin) = Shard::of_scheduler(Some(8), &variable)?;
    /// assert_eq!((shard.to_string().as_str(), origin.index), ("3/8", 2));
    /// # Ok::<(), mangrove_stress::ShardError>(())
    /// ```
    pub fn of_scheduler(
        of: Option<u64>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(Self, Origin), ShardError> {
        let number = |name: &'static str| {
            let value = variable(name);
            let parsed = value.map(|value| {
                let number = value.parse();
                number.map_err(|_| ShardError::Variable { name, value })
            });
            parsed.transpose()
        };
        if let Some(index) = number("SLURM_ARRAY_TASK_ID")? {
            let origin = Origin {
                scheduler: "slurm".to_owned(),
                // Not the job's id, which the last task shares with the array.
                job: variable("SLURM_ARRAY_JOB_ID"),
                index,
                restarts: Some(number("SLURM_RESTART_COUNT")?.unwrap_or(0)),
            };
            let shard = match of {
                Some(of) => Self::counted(index, of)?,
                None => Self::of_array(index, &number)?,
            };
            return Ok((shard, origin));
        }
        let Some(index) = number("JOB_COMPLETION_INDEX")? else {
            return Err(ShardError::NoScheduler);
        };
        let origin = Origin {
            scheduler: "kubernetes".to_owned(),
            job: variable("JOB_NAME"),
            index,
            restarts: None,
        };
        let of = of.ok_or(ShardError::HowMany("JOB_COMPLETION_INDEX"))?;
        Ok((Self::counted(index, of)?, origin))
    }

    /// Counted from 0.
    fn counted(index: u64, of: u64) -> Result<Self, ShardError> {
        match index < of {
            true => Ok(Self {
                number: index + 1,
                of,
            }),
            false => Err(ShardError::Beyond { index, of }),
        }
    }

    /// A task of an array, by its place.
    fn of_array(
        index: u64,
        number: &dyn Fn(&'static str) -> Result<Option<u64>, ShardError>,
    ) -> Result<Self, ShardError> {
        let wanted = |name| number(name)?.ok_or(ShardError::HowMany(name));
        let first = wanted("SLURM_ARRAY_TASK_MIN")?;
        let last = wanted("SLURM_ARRAY_TASK_MAX")?;
        let step = wanted("SLURM_ARRAY_TASK_STEP")?.max(1);
        let count = wanted("SLURM_ARRAY_TASK_COUNT")?;
        let whole = last.checked_sub(first).map(|range| range / step + 1);
        let in_step = index.checked_sub(first).filter(|from| from % step == 0);
        match in_step {
            Some(from) if whole == Some(count) && index <= last => {
                Self::counted(from / step, count)
            }
            _ => Err(ShardError::Holes { first, last, count }),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    /// Reads `I/N`.
    fn from_str(text: &str) -> Result<Self, ShardError> {
        let numbers = text.split_once('/');
        let numbers = numbers.and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        let malformed = || ShardError::Malformed(text.to_owned());
        let (number, of) = numbers.ok_or_else(malformed)?;
        Self::new(number, of).map_err(|_| malformed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_all_and_nothing_twice() {
        for (rounds, of) in [(0, 3), (1, 3), (7, 3), (1_000_003, 64), (u64::MAX, 7)] {
            let mut next = 0;
            for number in 1..=of {
                let part = Shard::new(number, of).unwrap().part(rounds);
                assert_eq!(part.start, next);
                assert!(part.end - part.start <= rounds / of + 1);
                next = part.end;
            }
            assert_eq!(next, rounds);
        }
    }

    #[test]
    fn shards_are_read_as_they_are_written() {
        assert_eq!("3/8".parse::<Shard>().unwrap().to_string(), "3/8");
        for text in [
            "", "3", "0/8", "9/8", "0/0", "1/0", "-1/8", "1/8/2", "a/b", "1/",
        ] {
            assert_eq!(
                text.parse::<Shard>(),
                Err(ShardError::Malformed(text.into())),
            );
        }
    }

    fn slurm(of: Option<u64>, [id, count, min, max, step]: [&str; 5]) -> Result<Shard, ShardError> {
        let variable = |name: &str| {
            let value = match name {
                "SLURM_ARRAY_TASK_ID" => id,
                "SLURM_ARRAY_TASK_COUNT" => count,
                "SLURM_ARRAY_TASK_MIN" => min,
                "SLURM_ARRAY_TASK_MAX" => max,
                "SLURM_ARRAY_TASK_STEP" => step,
                "SLURM_ARRAY_JOB_ID" => "77",
                "SLURM_RESTART_COUNT" => "1",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let (shard, origin) = Shard::of_scheduler(of, &variable)?;
        assert_eq!(
            (origin.job.as_deref(), origin.restarts),
            (Some("77"), Some(1))
        );
        Ok(shard)
    }

    #[test]
    fn tasks_of_slurm() {
        let shard = |number, of| Ok(Shard { number, of });
        assert_eq!(slurm(None, ["0", "8", "0", "7", "1"]), shard(1, 8));
        assert_eq!(slurm(None, ["15", "4", "3", "15", "4"]), shard(4, 4));
        // Of the list 1,3,7: nothing says where 3 is in it.
        let holes = ShardError::Holes {
            first: 1,
            last: 7,
            count: 3,
        };
        assert_eq!(slurm(None, ["3", "3", "1", "7", "1"]), Err(holes));
        // One of eight again.
        assert_eq!(slurm(Some(8), ["3", "1", "3", "3", "1"]), shard(4, 8));
        let beyond = ShardError::Beyond { index: 8, of: 8 };
        assert_eq!(slurm(Some(8), ["8", "1", "8", "8", "1"]), Err(beyond));
        assert!(matches!(
            slurm(None, ["x", "1", "8", "8", "1"]),
            Err(ShardError::Variable {
                name: "SLURM_ARRAY_TASK_ID",
                ..
            })
        ));
    }

    #[test]
    fn others() {
        let none = |_: &str| None;
        assert_eq!(
            Shard::of_scheduler(None, &none),
            Err(ShardError::NoScheduler)
        );
        let index = |name: &str| (name == "JOB_COMPLETION_INDEX").then(|| "0".to_owned());
        let how_many = ShardError::HowMany("JOB_COMPLETION_INDEX");
        assert_eq!(Shard::of_scheduler(None, &index), Err(how_many));
    }
}
