//! Why Wasm execution ended, and where.

use crate::resource::error::ResourceError;
use mangrove_abi::{FuncIndex, TrapCode, WasmOffset};
use mangrove_collector::{Place, SourceLine};
use mangrove_validate::printable;
use std::fmt;

/// A trap.
///
/// # Examples
/// ```
/// use mangrove::{Backtrace, BacktraceEntry, Engine, Error, Frame, HeapRefuser, Linker, Module, Store, Trap, TrapCode, TrapReason};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let engine = Engine::default();
/// let text = "(module (func $inner unreachable) (func (export \"f\") (call $inner)))";
/// let module = Module::new(&engine, text)?;
/// let mut store = Store::new(&engine, ())?;
/// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
/// let f = instance.func(&store, "f").expect("it is exported");
/// let Err(Error::Trap(trap)) = f.call(&mut store, &[]) else { unreachable!() };
/// let Trap { reason, backtrace } = *trap;
/// assert_eq!(reason, TrapReason::Code(TrapCode::Unreachable));
/// match reason {
///     TrapReason::HeapExhausted { refused_by: Some(HeapRefuser::Limiter), .. } => unreachable!(),
///     reason => assert_eq!(reason.to_string(), "unreachable"),
/// }
/// let backtrace: Backtrace = backtrace;
/// assert!(backtrace.entries.len() < Backtrace::MAX_ENTRIES && !backtrace.truncated);
/// assert!(matches!(backtrace.entries[0], BacktraceEntry::Frame(_)));
/// let frames: Vec<&Frame> = backtrace.frames().collect();
/// assert_eq!((frames.len(), frames[0].name.as_deref()), (2, Some("inner")));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Trap {
    /// Why.
    pub reason: TrapReason,
    /// Where, across all continuations and host functions.
    pub backtrace: Backtrace,
}

impl std::error::Error for Trap {}

impl fmt::Display for Trap {
    /// The reason, then the backtrace on lines of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.reason, self.backtrace)
    }
}

/// Why execution trapped.
///
/// # Examples
/// See [`Trap`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrapReason {
    /// An instruction did.
    Code(TrapCode),
    /// A `suspend` or `switch` found no handler.
    UnhandledTag {
        /// The tag, by name, export, import or number, with its type: `$t (param i32)`.
        tag: String,
    },
    /// A `suspend` or `switch` found no handler up to the host function that
    /// had called Wasm: no suspension crosses the host's frames, whatever
    /// handlers there are beyond them.
    UnhandledTagInHostCall {
        /// The tag, as of [`TrapReason::UnhandledTag`]; empty if it is not known.
        tag: String,
        /// The host function's name; empty if it has none.
        function: String,
    },
    /// A limit of the embedder was reached.
    Limit(String),
    /// The system, or a bound on what the engine may take, gave no memory or no
    /// address space.
    Resource(Box<ResourceError>),
    /// The live objects fill the heap.
    HeapExhausted {
        /// Bytes asked for.
        requested: u64,
        /// The limit, in bytes.
        limit: u64,
        /// Who would have had to allow more, if it is not the engine's limit that was
        /// reached.
        refused_by: Option<HeapRefuser>,
    },
    /// A host function failed with this message.
    Host(String),
    /// The engine's epoch reached the store's deadline, and nobody let it go on.
    Interrupt,
    /// The same, and it was to be suspended
    /// ([`UpdateDeadline::Yield`](crate::UpdateDeadline::Yield)), but the host had called
    /// a function, and not resumed a continuation.
    InterruptInCall,
    /// The store's fuel was used up.
    OutOfFuel,
}

/// Who was asked for room in the heap, and gave none.
///
/// # Examples
/// See [`Trap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeapRefuser {
    /// The store's limiter.
    Limiter,
    /// The store's collection policy, which wanted no collection.
    Policy,
}

impl TrapReason {
    /// The code of the trap, if an instruction caused it.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{TrapCode, TrapReason};
    ///
    /// let reason = TrapReason::Code(TrapCode::DivideByZero);
    /// assert_eq!(reason.code(), Some(TrapCode::DivideByZero));
    /// assert_eq!(TrapReason::Host("no more tea".into()).code(), None);
    /// ```
    pub fn code(&self) -> Option<TrapCode> {
        match self {
            Self::Code(code) => Some(*code),
            Self::UnhandledTag { .. } | Self::UnhandledTagInHostCall { .. } => {
                Some(TrapCode::UnhandledTag)
            }
            Self::Limit(_)
            | Self::Resource(_)
            | Self::HeapExhausted { .. }
            | Self::Host(_)
            | Self::Interrupt
            | Self::InterruptInCall
            | Self::OutOfFuel => None,
        }
    }
}

impl fmt::Display for TrapReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "{code}"),
            Self::UnhandledTag { tag } => write!(f, "{} {tag}", TrapCode::UnhandledTag),
            Self::UnhandledTagInHostCall { tag, function } => {
                let space = if tag.is_empty() { "" } else { " " };
                write!(f, "{}{space}{tag}: the frame of ", TrapCode::UnhandledTag)?;
                match function.as_str() {
                    "" => f.write_str("a host function")?,
                    name => write!(f, "host function \"{}\"", printable(name))?,
                }
                f.write_str(" stands between this suspension and the handlers outside")
            }
            Self::Limit(message) | Self::Host(message) => f.write_str(message),
            Self::Resource(error) => write!(f, "{error}"),
            Self::HeapExhausted {
                requested,
                limit,
                refused_by,
            } => {
                write!(
                    f,
                    "heap exhausted: {requested} bytes do not fit under the limit of {limit}"
                )?;
                match refused_by {
                    None => Ok(()),
                    Some(HeapRefuser::Limiter) => f.write_str(", and the limiter refuses more"),
                    Some(HeapRefuser::Policy) => {
                        f.write_str(", and the collection policy refuses a collection")
                    }
                }
            }
            Self::Interrupt => f.write_str("interrupted"),
            Self::InterruptInCall => f.write_str(
                "interrupted, and not suspended: what was called with `call` returns or fails. \
                 `Func::call_with_handlers` can give back what is left of it \
                 (`Outcome::Interrupted`)",
            ),
            Self::OutOfFuel => f.write_str("all fuel is used up"),
        }
    }
}

/// A Wasm frame.
///
/// # Examples
/// See [`Trap`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Name of the module, where it has one.
    pub module: Option<String>,
    /// Index of the function in its module.
    pub function: FuncIndex,
    /// Name of the function, where it has one.
    pub name: Option<String>,
    /// What the function is exported as, where it has no name.
    pub export: Option<String>,
    /// Where the instruction is in the module.
    pub offset: Option<WasmOffset>,
    /// Where that was written, if the module's DWARF, text or source map says so.
    pub source: Option<SourceLine>,
    /// Number of the continuation whose stack the frame is on.
    pub continuation: u32,
}

/// One line of a backtrace.
///
/// # Examples
/// See [`Trap`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BacktraceEntry {
    /// A Wasm frame.
    Frame(Frame),
    /// Above are the frames of continuation `child`; below those of `parent`,
    /// the innermost of which is stopped at the `resume`.
    Resumed {
        /// Number of the continuation that was resumed.
        child: u32,
        /// Number of the one that resumed it; none if the host did.
        parent: Option<u32>,
        /// The `cont.new` that made `child`; none if the host made it.
        created: Option<Place>,
    },
    /// A host function, by name. What is above it ran inside a call it made.
    Host(String),
}

/// Frames from the innermost outwards, across continuations and host functions.
///
/// # Examples
/// See [`Trap`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backtrace {
    /// The lines, innermost first.
    pub entries: Vec<BacktraceEntry>,
    /// Whether more frames follow that are not listed.
    pub truncated: bool,
    /// Usable bytes of the innermost stack, if it had no room for a further frame.
    pub exhausted: Option<usize>,
}

impl Backtrace {
    /// Most entries a backtrace lists.
    pub const MAX_ENTRIES: usize = 256;

    /// The Wasm frames, innermost first.
    pub fn frames(&self) -> impl Iterator<Item = &Frame> {
        self.entries.iter().filter_map(|entry| match entry {
            BacktraceEntry::Frame(frame) => Some(frame),
            _ => None,
        })
    }
}

impl fmt::Display for Backtrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(size) = self.exhausted {
            writeln!(
                f,
                "      -- {size} bytes of stack are used up (stack_size) --"
            )?;
        }
        let mut number = 0;
        for entry in &self.entries {
            match entry {
                BacktraceEntry::Frame(frame) => {
                    writeln!(f, "{number:4}: {frame}")?;
                    number += 1;
                }
                BacktraceEntry::Resumed {
                    child,
                    parent,
                    created,
                } => {
                    write!(f, "      -- continuation {child}, made by ")?;
                    match created {
                        Some(place) => write!(f, "{place}")?,
                        None => f.write_str("the host")?,
                    }
                    match parent {
                        Some(parent) => writeln!(f, ", resumed by {parent} --")?,
                        None => writeln!(f, ", resumed by the host --")?,
                    }
                }
                BacktraceEntry::Host(name) => {
                    writeln!(f, "      -- host function {} --", printable(name))?;
                }
            }
        }
        if self.truncated {
            writeln!(f, "      -- more frames --")?;
        }
        Ok(())
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = Place {
            module: self.module.clone(),
            function: self.function,
            name: self.name.clone(),
            export: self.export.clone(),
            offset: self.offset,
            source: self.source.clone(),
        };
        place.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backtrace_shows_its_borders() {
        let frame = |function, continuation| {
            BacktraceEntry::Frame(Frame {
                module: None,
                function: FuncIndex::new(function),
                name: (function == 1).then(|| "gen".into()),
                export: (function == 0).then(|| "main".into()),
                offset: WasmOffset::new(0x20),
                source: (function == 1).then(|| SourceLine {
                    file: "gen.c".into(),
                    line: 3,
                    column: Some(7),
                }),
                continuation,
            })
        };
        let entries = vec![
            frame(1, 4),
            BacktraceEntry::Resumed {
                child: 4,
                parent: Some(2),
                created: Some(Place {
                    module: Some("gens".into()),
                    function: FuncIndex::new(0),
                    name: None,
                    export: None,
                    offset: WasmOffset::new(0x18),
                    source: None,
                }),
            },
            frame(0, 2),
            BacktraceEntry::Resumed {
                child: 2,
                parent: None,
                created: None,
            },
            BacktraceEntry::Host("spectest print".into()),
        ];
        let text = Backtrace {
            entries,
            truncated: true,
            exhausted: Some(4096),
        }
        .to_string();
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        assert_eq!(
            lines,
            [
                "-- 4096 bytes of stack are used up (stack_size) --",
                "0: func 1 $gen at 0x20 (gen.c:3:7)",
                "-- continuation 4, made by gens func 0 at 0x18, resumed by 2 --",
                "1: func 0 (export \"main\") at 0x20",
                "-- continuation 2, made by the host, resumed by the host --",
                "-- host function spectest print --",
                "-- more frames --",
            ]
        );
    }
}
