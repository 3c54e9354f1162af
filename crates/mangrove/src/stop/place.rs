//! Places of a module that are given hooks of their own: by name or number, and what they
//! are in one module.

use crate::Config;
use mangrove_abi::FuncIndex;
use mangrove_compile::Places;
use mangrove_validate::{EntityIndex, ParsedModule, printable};
use std::fmt;

/// Names and numbers beyond which a message tells how many more there are.
const MOST_NAMES: usize = 8;

/// A place in code that is to have a hook: see [`Config::hook_place`].
///
/// # Examples
/// See [`PlaceError`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HookPlace {
    /// The entry of a function: its index, what it is exported as, or its name in the name
    /// section. Behind a `$` it is that name, whatever else it might be.
    Entry(String),
    /// The instruction at this byte offset of the module, before it is executed. Any of a
    /// function's body but `else` and `end`, which do nothing. Before a `loop` is before the
    /// first turn only; each turn begins with the instruction behind it.
    Offset(u32),
}

/// Why a module has no such place.
///
/// # Examples
/// ```
/// use mangrove::{Engine, HookPlace, Module, PlaceError};
///
/// let module = Module::new(&Engine::default(), "(module (func $f) (func))")?;
/// let check = |name: &str| module.check_place(&HookPlace::Entry(name.to_owned()));
/// assert_eq!(check("f").map(|function| function.as_u32()), Ok(0));
/// assert_eq!(check("1").map(|function| function.as_u32()), Ok(1));
/// let error = check("h").unwrap_err();
/// assert!(matches!(&error, PlaceError::NoFunction { name, .. } if name == "h"));
/// assert!(error.to_string().starts_with("there is no function"));
/// # Ok::<(), mangrove::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// No function has the name or number.
    #[error("there is no function {:?}{}", printable(.name), Listed("; functions: ", .known))]
    NoFunction {
        /// What was asked for.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// Several functions have the name.
    #[error(
        "{} functions are called {:?}: give the index of one{}",
        .found.len(), printable(.name), Listed(": ", .found)
    )]
    Ambiguous {
        /// The name.
        name: String,
        /// Their indices.
        found: Vec<String>,
    },
    /// The function is imported: its code is elsewhere.
    #[error("function {:?} is imported: its code is not in this module", printable(.name))]
    Imported {
        /// What was asked for.
        name: String,
    },
    /// No instruction that can be stopped at begins there.
    #[error("{offset:#x} is no instruction to stop at{}", Nearest(.before, .behind))]
    NoInstruction {
        /// What was asked for.
        offset: u32,
        /// The last one before.
        before: Option<u32>,
        /// The first one behind.
        behind: Option<u32>,
    },
    /// The instruction can never be reached: it is behind a branch, a trap or a return.
    #[error("the instruction at {offset:#x} is never executed{}", Nearest(.before, .behind))]
    Unreachable {
        /// What was asked for.
        offset: u32,
        /// The last instruction before, reached or not.
        before: Option<u32>,
        /// The first one behind, likewise.
        behind: Option<u32>,
    },
    /// The module was compiled without hooks there.
    #[error("the module was compiled without a hook there")]
    NotCompiled,
}

struct Listed<'a>(&'a str, &'a [String]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(before, names) = self;
        if names.is_empty() {
            return Ok(());
        }
        let shown: Vec<_> = names
            .iter()
            .take(MOST_NAMES)
            .map(|n| printable(n))
            .collect();
        write!(f, "{before}{}", shown.join(", "))?;
        match names.len().saturating_sub(MOST_NAMES) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

struct Nearest<'a>(&'a Option<u32>, &'a Option<u32>);

impl fmt::Display for Nearest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.1) {
            (Some(before), Some(behind)) => {
                write!(f, "; the nearest are at {before:#x} and {behind:#x}")
            }
            (Some(one), None) | (None, Some(one)) => write!(f, "; the nearest is at {one:#x}"),
            (None, None) => f.write_str("; the module has none"),
        }
    }
}

impl Config {
    /// Has each module that has this place compiled with a hook there, and nowhere else: for
    /// [`Moment::Enter`](crate::Moment::Enter) and [`Moment::Reach`](crate::Moment::Reach). Code
    /// with such a hook is not written to files.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, HookPlace, Module};
    ///
    /// let place = HookPlace::Entry("$f".to_owned());
    /// let engine = Engine::new(Config::new().hook_place(place.clone()))?;
    /// let module = Module::new(&engine, b"(module (func) (func $f))")?;
    /// assert_eq!(module.check_place(&place).unwrap().as_u32(), 1);
    /// # Ok::<(), mangrove::Error>(())
    /// ```
    pub fn hook_place(&mut self, place: HookPlace) -> &mut Self {
        if !self.hook_places.contains(&place) {
            self.hook_places.push(place);
        }
        self
    }
}

impl HookPlace {
    /// The function in which it is.
    ///
    /// # Errors
    /// The module has no such place.
    pub(crate) fn find(&self, module: &ParsedModule) -> Result<FuncIndex, PlaceError> {
        match self {
            Self::Entry(name) => find_function(module, name),
            Self::Offset(offset) => {
                let around = module.instruction_around(*offset).unwrap_or_default();
                around.exactly.ok_or(PlaceError::NoInstruction {
                    offset: *offset,
                    before: around.before,
                    behind: around.behind,
                })
            }
        }
    }
}

/// Those of the places that a module has.
pub fn places_in(module: &ParsedModule, places: &[HookPlace]) -> Places {
    let mut found = Places::default();
    for place in places {
        match (place, place.find(module)) {
            (_, Err(_)) => {}
            (HookPlace::Entry(_), Ok(function)) => {
                found.entries.insert(function);
            }
            (HookPlace::Offset(offset), Ok(_)) => {
                found.offsets.insert(*offset as usize);
            }
        }
    }
    found
}

fn find_function(module: &ParsedModule, name: &str) -> Result<FuncIndex, PlaceError> {
    let exported = || {
        let export = module.exports.iter().find(|export| export.name == name)?;
        match export.index {
            EntityIndex::Func(index) => Some(index),
            _ => None,
        }
    };
    let number = || {
        name.parse()
            .ok()
            .filter(|&n: &u32| (n as usize) < module.functions.len())
    };
    let found = match name.strip_prefix('$') {
        Some(bare) => named(module, name, bare)?,
        None => match number().map(FuncIndex::new).or_else(exported) {
            Some(index) => Some(index),
            None => named(module, name, name)?,
        },
    };
    let Some(index) = found else {
        return Err(PlaceError::NoFunction {
            name: name.to_owned(),
            known: known(module),
        });
    };
    match index.as_u32() < module.imported_functions {
        true => Err(PlaceError::Imported {
            name: name.to_owned(),
        }),
        false => Ok(index),
    }
}

/// The function of this name in the name section.
fn named(module: &ParsedModule, asked: &str, name: &str) -> Result<Option<FuncIndex>, PlaceError> {
    let functions = module.names.functions.iter();
    let mut found: Vec<FuncIndex> = functions
        .filter_map(|(&index, known)| (known == name).then_some(index))
        .collect();
    found.sort_unstable();
    match found[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(PlaceError::Ambiguous {
            name: asked.to_owned(),
            found: found.iter().map(|index| index.to_string()).collect(),
        }),
    }
}

/// What the functions whose code is in the module are called, in their order.
fn known(module: &ParsedModule) -> Vec<String> {
    let exported = |index| {
        let mut exports = module.exports.iter();
        exports.find(|export| export.index == EntityIndex::Func(index))
    };
    let defined = module.imported_functions..module.functions.len() as u32;
    let called = |index: u32| {
        let index = FuncIndex::new(index);
        match (module.names.functions.get(&index), exported(index)) {
            (Some(name), _) => format!("${name}"),
            (None, Some(export)) => export.name.clone(),
            (None, None) => index.to_string(),
        }
    };
    // What is listed and counted is enough.
    let mut names: Vec<String> = defined.clone().take(MOST_NAMES).map(called).collect();
    names.resize(defined.len(), String::new());
    names
}
