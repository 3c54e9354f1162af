//! Zeal: when to collect beyond need.

use crate::error::Error;
use std::fmt;
use std::str::FromStr;

/// The widest gap between two collections of random zeal, in moments.
const WIDEST: u64 = 64;

/// How often to collect beyond need, and what. Every mode but none also poisons what a
/// collection vacates and verifies the heap after it.
///
/// # Examples
/// ```
/// use mangrove::{Config, Engine, Zeal};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let zeal: Zeal = "alloc:7,move".parse()?;
/// assert_eq!((zeal.alloc, zeal.moving, zeal.call), (Some(7), true, false));
/// assert!(zeal.is_on() && !Zeal::NONE.is_on());
/// let engine = Engine::new(Config::new().zeal(zeal))?;
/// # let _ = engine;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Zeal {
    /// Collect at every this many allocations.
    pub alloc: Option<u64>,
    /// Collect at every `resume`, `suspend` and `switch`.
    pub switch: bool,
    /// Collect at the entry of every function.
    pub call: bool,
    /// Move every stack that was suspended, before anything else is resumed or
    /// suspended, and overwrite its old place.
    pub moving: bool,
    /// Collect wherever code looks whether its deadline has come: at the entry of every
    /// function, and at the head of every loop.
    pub interrupt: bool,
    /// Collect the young space only, but for one time in eight.
    pub minor: bool,
    /// Collect at some allocations, switches and entries of functions: which ones follows
    /// from this number alone.
    pub random: Option<u64>,
}

impl Zeal {
    /// No collection beyond need.
    pub const NONE: Self = Self {
        alloc: None,
        switch: false,
        call: false,
        moving: false,
        interrupt: false,
        minor: false,
        random: None,
    };

    /// Whether any mode is on.
    pub fn is_on(self) -> bool {
        self != Self::NONE
    }

    /// Whether every allocation is to come to the runtime.
    pub(crate) fn looks_at_allocations(self) -> bool {
        self.alloc.is_some() || self.random.is_some()
    }
}

impl FromStr for Zeal {
    type Err = Error;

    /// Reads `none`, or one or more of `alloc`, `alloc:N`, `switch`, `call`, `move`,
    /// `interrupt`, `random:N` and `minor`, joined with commas. The `N` of `alloc` is at least 1;
    /// `alloc` is `alloc:1`. `minor` says what the others collect; with none of them that
    /// collect it is `alloc,minor`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut zeal = Self::NONE;
        let number = |text: &str| text.parse::<u64>().ok();
        for word in text.split(',') {
            match word.split_once(':') {
                None if word == "none" && text == "none" => {}
                None if word == "alloc" => zeal.alloc = Some(1),
                None if word == "switch" => zeal.switch = true,
                None if word == "call" => zeal.call = true,
                None if word == "move" => zeal.moving = true,
                None if word == "interrupt" => zeal.interrupt = true,
                None if word == "minor" => zeal.minor = true,
                Some(("alloc", every)) if number(every).is_some_and(|every| every > 0) => {
                    zeal.alloc = number(every);
                }
                Some(("random", seed)) if number(seed).is_some() => zeal.random = number(seed),
                _ => {
                    return Err(Error::Usage(format!(
                        "zeal {word:?} is none of none, alloc, alloc:N, switch, call, move, \
                         interrupt, random:N, minor"
                    )));
                }
            }
        }
        let collects = zeal.alloc.is_some()
            || zeal.switch
            || zeal.call
            || zeal.interrupt
            || zeal.random.is_some();
        if zeal.minor && !collects {
            zeal.alloc = Some(1);
        }
        Ok(zeal)
    }
}

impl fmt::Display for Zeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alloc = match self.alloc {
            None => String::new(),
            Some(1) => "alloc".into(),
            Some(every) => format!("alloc:{every}"),
        };
        let random = self
            .random
            .map_or(String::new(), |seed| format!("random:{seed}"));
        let words = [
            alloc.as_str(),
            if self.switch { "switch" } else { "" },
            if self.call { "call" } else { "" },
            if self.moving { "move" } else { "" },
            if self.interrupt { "interrupt" } else { "" },
            random.as_str(),
            if self.minor { "minor" } else { "" },
        ];
        let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
        f.write_str(if words.is_empty() { "none" } else { "" })?;
        f.write_str(&words.join(","))
    }
}

/// Where a store is among the moments that zeal counts.
#[derive(Clone, Debug)]
pub(crate) struct Moments {
    zeal: Zeal,
    /// Allocations until the next collection for `alloc`.
    allocations: u64,
    /// Where the numbers for `random` are, and moments until its next collection.
    state: u64,
    left: u64,
}

impl Moments {
    /// At the beginning of a store.
    pub(crate) fn new(zeal: Zeal) -> Self {
        let mut moments = Self {
            zeal,
            allocations: zeal.alloc.unwrap_or(0),
            state: zeal.random.unwrap_or(0),
            left: 0,
        };
        moments.left = moments.gap();
        moments
    }

    /// Whether to collect at this allocation.
    pub(crate) fn at_allocation(&mut self) -> bool {
        let mut due = self.is_chosen();
        if let Some(every) = self.zeal.alloc {
            self.allocations -= 1;
            if self.allocations == 0 {
                self.allocations = every;
                due = true;
            }
        }
        due
    }

    /// Whether to collect at this switch.
    pub(crate) fn at_switch(&mut self) -> bool {
        // One after the other: which moments are chosen depends on no other mode.
        self.is_chosen() | self.zeal.switch
    }

    /// Whether to collect at this entry of a function.
    pub(crate) fn at_call(&mut self) -> bool {
        self.is_chosen() | self.zeal.call
    }

    /// Whether `random` has chosen this moment.
    fn is_chosen(&mut self) -> bool {
        if self.zeal.random.is_none() {
            return false;
        }
        self.left -= 1;
        if self.left == 0 {
            self.left = self.gap();
            return true;
        }
        false
    }

    /// From one chosen moment to the next: a counter, stirred (SplitMix64).
    fn gap(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        1 + (mixed ^ (mixed >> 31)) % WIDEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeal_reads_back_what_it_prints() {
        for text in [
            "none",
            "alloc",
            "alloc:7",
            "switch",
            "alloc,switch,call",
            "alloc:2,move",
            "alloc,minor",
            "alloc,switch,call,move,interrupt,minor",
            "interrupt",
            "interrupt,minor",
            "random:0",
            "switch,random:77,minor",
        ] {
            assert_eq!(text.parse::<Zeal>().unwrap().to_string(), text);
        }
        // With nothing that collects, at each allocation.
        for (text, meant) in [("minor", "alloc,minor"), ("move,minor", "alloc,move,minor")] {
            assert_eq!(text.parse::<Zeal>().unwrap().to_string(), meant);
        }
        for text in [
            "",
            "none,alloc",
            "alloc:0",
            "alloc:x",
            "gc",
            "alloc,,call",
            "random",
            "random:",
            "random:x",
            "switch:1",
        ] {
            assert!(text.parse::<Zeal>().is_err(), "{text}");
        }
    }

    /// The moments of 10,000 at which there is a collection.
    fn chosen(zeal: &str) -> Vec<usize> {
        let mut moments = Moments::new(zeal.parse().unwrap());
        let due = |number: &usize| match number % 3 {
            0 => moments.at_allocation(),
            1 => moments.at_switch(),
            _ => moments.at_call(),
        };
        (0..10_000).filter(due).collect()
    }

    #[test]
    fn random_moments_follow_from_the_number_and_are_of_every_kind() {
        let first = chosen("random:1");
        assert_eq!(first, chosen("random:1"));
        assert_ne!(first, chosen("random:2"));
        assert!((200..500).contains(&first.len()), "{}", first.len());
        for kind in 0..3 {
            let of_kind = first.iter().filter(|&number| number % 3 == kind);
            assert!(of_kind.count() > 50);
        }
        // Another mode takes none of them away, and moves none.
        let with_switches = chosen("switch,random:1");
        assert!(first.iter().all(|number| with_switches.contains(number)));
        assert_eq!(chosen("none"), [0; 0]);
        assert_eq!(chosen("alloc:2")[..3], [3, 9, 15]);
    }
}
