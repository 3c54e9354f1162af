//! A moment of a run, as it is written.

use super::place::HookPlace;
use crate::Config;
use mangrove_collector::CollectionKind;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A moment of a run at which it is to be looked at. Numbers count from 1.
///
/// # Examples
/// ```
/// use mangrove::{CollectionKind, StopAt};
///
/// # fn main() -> Result<(), mangrove::ParseStopError> {
/// let third = StopAt::Collection { kind: Some(CollectionKind::Minor), number: 3 };
/// assert_eq!("gc-minor:3".parse::<StopAt>()?, third);
/// for text in ["gc:1", "suspend:5", "resume:2", "trap", "enter:$gen", "enter:$gen:2",
///     "at:0x1a4", "at:0x1a4:7", "after:2.5", "end"]
/// {
///     assert_eq!(text.parse::<StopAt>()?.to_string(), text);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopAt {
    /// Just before the Nth collection: `gc:N`, `gc-minor:N`, `gc-full:N`.
    Collection {
        /// Of which kind; none for either.
        kind: Option<CollectionKind>,
        /// The N.
        number: u64,
    },
    /// Just before the Nth suspension, a `switch` counts as one: `suspend:N`.
    Suspend(u64),
    /// Just before the Nth `resume` or `resume_throw` by code: `resume:N`.
    Resume(u64),
    /// At a trap: `trap`.
    Trap,
    /// At the Nth entry of a function: `enter:NAME` or `enter:NAME:N`.
    Enter {
        /// The function: see [`HookPlace::Entry`].
        function: String,
        /// The N.
        number: u64,
    },
    /// When the instruction at a byte offset is about to be executed for the Nth time:
    /// `at:OFFSET` or `at:OFFSET:N`, the offset in decimal or behind `0x`.
    Offset {
        /// The offset: see [`HookPlace::Offset`].
        offset: u32,
        /// The N.
        number: u64,
    },
    /// When so much time has passed, at the next place where code looks at its deadline:
    /// `after:SECONDS`.
    After(Duration),
    /// When the run is over: `end`.
    End,
}

impl StopAt {
    /// Has an engine compile what this needs.
    pub(crate) fn prepare(&self, config: &mut Config) {
        match self {
            Self::Suspend(_) | Self::Resume(_) => config.hooks.switches = true,
            Self::After(_) => {
                config.epoch_interruption(true);
            }
            Self::Collection { .. } | Self::Trap | Self::End => {}
            Self::Enter { .. } | Self::Offset { .. } => {
                if let Some(place) = self.place() {
                    config.hook_place(place);
                }
            }
        }
    }

    /// The place that needs a hook of its own.
    pub(crate) fn place(&self) -> Option<HookPlace> {
        match self {
            Self::Enter { function, .. } => Some(HookPlace::Entry(function.clone())),
            Self::Offset { offset, .. } => Some(HookPlace::Offset(*offset)),
            _ => None,
        }
    }
}

impl fmt::Display for StopAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Collection { kind, number } => match kind {
                None => write!(f, "gc:{number}"),
                Some(CollectionKind::Minor) => write!(f, "gc-minor:{number}"),
                Some(CollectionKind::Full) => write!(f, "gc-full:{number}"),
            },
            Self::Suspend(number) => write!(f, "suspend:{number}"),
            Self::Resume(number) => write!(f, "resume:{number}"),
            Self::Trap => f.write_str("trap"),
            // What looks like a number at the end is one.
            Self::Enter { function, number } => match number {
                1 if counted(function).1.is_none() => write!(f, "enter:{function}"),
                _ => write!(f, "enter:{function}:{number}"),
            },
            Self::Offset { offset, number: 1 } => write!(f, "at:{offset:#x}"),
            Self::Offset { offset, number } => write!(f, "at:{offset:#x}:{number}"),
            Self::After(time) => write!(f, "after:{}", time.as_secs_f64()),
            Self::End => f.write_str("end"),
        }
    }
}

/// Why a text describes no moment.
///
/// # Examples
/// ```
/// use mangrove::{ParseStopError, StopAt};
///
/// let parsed = |text: &str| text.parse::<StopAt>();
/// assert_eq!(parsed("start"), Err(ParseStopError::Kind));
/// let error = parsed("gc:0").unwrap_err();
/// assert_eq!(error, ParseStopError::Number("gc:"));
/// assert_eq!(error.to_string(), "expected gc: and a number from 1 on behind it");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseStopError {
    /// It begins with no word that is known.
    #[error(
        "expected gc:N, gc-minor:N, gc-full:N, suspend:N, resume:N, trap, enter:NAME[:N], \
         at:OFFSET[:N], after:SECONDS or end"
    )]
    Kind,
    /// What stands for a number is none, or is 0.
    #[error("expected {0} and a number from 1 on behind it")]
    Number(&'static str),
    /// No function is named.
    #[error("expected enter: and the name of a function behind it")]
    Function,
    /// What stands for an offset is none.
    #[error("expected at: and a byte offset behind it, like 0x1a4")]
    Offset,
    /// What stands for a time is none.
    #[error("expected after: and seconds behind it, like 2.5")]
    Time,
}

impl FromStr for StopAt {
    type Err = ParseStopError;

    fn from_str(text: &str) -> Result<Self, ParseStopError> {
        let (word, rest) = match text.split_once(':') {
            Some((word, rest)) => (word, Some(rest)),
            None => (text, None),
        };
        let number = |what| {
            let number = rest.and_then(positive);
            number.ok_or(ParseStopError::Number(what))
        };
        let collection = |kind, what| number(what).map(|number| Self::Collection { kind, number });
        match word {
            "trap" if rest.is_none() => Ok(Self::Trap),
            "end" if rest.is_none() => Ok(Self::End),
            "gc" => collection(None, "gc:"),
            "gc-minor" => collection(Some(CollectionKind::Minor), "gc-minor:"),
            "gc-full" => collection(Some(CollectionKind::Full), "gc-full:"),
            "suspend" => number("suspend:").map(Self::Suspend),
            "resume" => number("resume:").map(Self::Resume),
            "enter" => enter(rest.unwrap_or_default()),
            "at" => offset(rest.unwrap_or_default()),
            "after" => after(rest.unwrap_or_default()),
            _ => Err(ParseStopError::Kind),
        }
    }
}

fn positive(text: &str) -> Option<u64> {
    text.parse().ok().filter(|&number| number > 0)
}

/// A text, and the number that it ends with behind a colon, if it does.
fn counted(text: &str) -> (&str, Option<&str>) {
    let digits = |number: &str| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    match text.rsplit_once(':') {
        Some((before, number)) if digits(number) && !before.is_empty() => (before, Some(number)),
        _ => (text, None),
    }
}

fn enter(text: &str) -> Result<StopAt, ParseStopError> {
    let (function, number) = counted(text);
    if function.is_empty() {
        return Err(ParseStopError::Function);
    }
    Ok(StopAt::Enter {
        function: function.to_owned(),
        number: count(number, "enter:NAME:")?,
    })
}

fn offset(text: &str) -> Result<StopAt, ParseStopError> {
    let (offset, number) = match text.split_once(':') {
        Some((offset, number)) => (offset, Some(number)),
        None => (text, None),
    };
    let parsed = match offset.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => offset.parse(),
    };
    Ok(StopAt::Offset {
        offset: parsed.map_err(|_| ParseStopError::Offset)?,
        number: count(number, "at:OFFSET:")?,
    })
}

/// The number, or the first.
fn count(number: Option<&str>, what: &'static str) -> Result<u64, ParseStopError> {
    match number {
        None => Ok(1),
        Some(number) => positive(number).ok_or(ParseStopError::Number(what)),
    }
}

fn after(text: &str) -> Result<StopAt, ParseStopError> {
    let seconds = text.parse().map_err(|_| ParseStopError::Time)?;
    let time = Duration::try_from_secs_f64(seconds).map_err(|_| ParseStopError::Time)?;
    Ok(StopAt::After(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<StopAt, ParseStopError> {
        text.parse()
    }

    #[test]
    fn what_is_no_moment_is_told_by_what_is_missing() {
        let n = ParseStopError::Number;
        let cases = [
            ("", ParseStopError::Kind),
            ("start", ParseStopError::Kind),
            ("trap:1", ParseStopError::Kind),
            ("end:", ParseStopError::Kind),
            ("gc", n("gc:")),
            ("gc:0", n("gc:")),
            ("gc:x", n("gc:")),
            ("gc:-1", n("gc:")),
            ("gc-full:", n("gc-full:")),
            ("suspend:99999999999999999999", n("suspend:")),
            ("enter", ParseStopError::Function),
            ("enter:", ParseStopError::Function),
            ("enter:f:0", n("enter:NAME:")),
            ("at", ParseStopError::Offset),
            ("at:0x", ParseStopError::Offset),
            ("at:0x100000000", ParseStopError::Offset),
            ("at:$f", ParseStopError::Offset),
            ("at:1:0", n("at:OFFSET:")),
            ("after", ParseStopError::Time),
            ("after:-1", ParseStopError::Time),
            ("after:nan", ParseStopError::Time),
            ("after:1e30", ParseStopError::Time),
        ];
        for (text, error) in cases {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_function_may_be_called_anything() {
        for (text, function, number) in [
            ("enter:12", "12", 1),
            ("enter:a:b", "a:b", 1),
            ("enter:a:3", "a", 3),
            ("enter:a:3:1", "a:3", 1),
            ("enter::1", ":1", 1),
            ("enter:a:", "a:", 1),
        ] {
            let function = function.to_owned();
            let stop = StopAt::Enter { function, number };
            assert_eq!(parse(text), Ok(stop.clone()), "{text}");
            assert_eq!(parse(&stop.to_string()), Ok(stop));
        }
    }
}
