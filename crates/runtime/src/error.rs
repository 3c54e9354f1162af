//! What can go wrong, in one type.

use crate::compiled_error::CompiledError;
use crate::custom_error::CustomError;
use crate::exception::Exception;
use crate::objects::error::ObjectError;
use crate::resource::error::ResourceError;
use crate::trap::{Backtrace, Trap, TrapReason};
use mangrove_abi::FuncIndex;
use mangrove_collector::admission::AdmissionError;
use mangrove_validate::printable;
use std::fmt;
use std::path::PathBuf;

/// Anything that goes wrong in an embedding. Its message is one line; `Debug` adds the kind
/// and the backtrace, which is what a `main` that returns it prints.
///
/// # Examples
/// ```
/// use mangrove::{Config, Engine, Instance, Module, Store};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let engine = Engine::new(&Config::new())?;
/// let text = r#"(module (func $main (export "main") (unreachable)))"#;
/// let mut store = Store::new(&engine, ())?;
/// let instance = Instance::new(&mut store, &Module::new(&engine, text)?, &[])?;
/// let main = instance.get_typed_func::<(), ()>(&mut store, "main")?;
/// let error = main.call(&mut store, ()).unwrap_err();
/// assert_eq!(error.to_string(), "unreachable");
/// assert!(format!("{error:?}").starts_with("Trap: unreachable\n   0: func 0 $main at 0x"));
/// # Ok(())
/// # }
/// ```
#[derive(thiserror::Error)]
pub enum Error {
    /// Wasm execution ended in a trap.
    #[error("{}", .0.reason)]
    Trap(Box<Trap>),
    /// An exception left the outermost function.
    #[error("{0}")]
    Exception(Box<Exception>),
    /// The module is not valid.
    #[error("invalid module at offset {offset:#x}{}: {message}", InPlace(.place))]
    Invalid {
        /// Byte offset in the binary.
        offset: usize,
        /// Why.
        message: String,
        /// In which function; none if it is in none.
        place: Option<Box<InvalidPlace>>,
    },
    /// The module is valid, but its continuations could reach places this
    /// engine's collector does not follow them to.
    #[error("module not admitted: {0}")]
    Admission(#[from] AdmissionError),
    /// Bytes that should hold a compiled module were refused.
    #[error("compiled module refused: {0}")]
    Compiled(#[from] CompiledError),
    /// The text could not be parsed.
    #[error("{0}")]
    Text(String),
    /// A file could not be read.
    #[error("{path}: {source}", path = printable(&.path.to_string_lossy()))]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The module uses something this engine does not have, or exceeds what it can hold.
    #[error("{0}")]
    Unsupported(String),
    /// An import is missing or of another type.
    #[error("import {module:?} {name:?}: {message}")]
    Link {
        /// Module part of the import.
        module: String,
        /// Name part of the import.
        name: String,
        /// Why.
        message: String,
    },
    /// A limit of the embedder was reached outside of Wasm.
    #[error("{0}")]
    Limit(String),
    /// The system, or a bound on what the engine may take, gave no memory, no
    /// address space or no thread. Says nothing about the program.
    #[error("{0}")]
    Resource(Box<ResourceError>),
    /// What a host function gave as its reason to fail. Once it has crossed
    /// Wasm it is a [`Error::Trap`] with that reason.
    #[error("{0}")]
    Host(String),
    /// A value of an error type of the embedder's, which a host function returned: see
    /// [`Error::downcast`]. It crosses Wasm as it is.
    #[error(transparent)]
    Custom(Box<CustomError>),
    /// An object, a type of objects or a handle was not used as it is.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The embedder asked for something that has no meaning.
    #[error("{0}")]
    Usage(String),
    /// A defect of this crate, found by one of its checks.
    #[error("internal error: {0}")]
    Internal(String),
}

/// The instruction at which a module is not valid.
///
/// # Examples
/// ```
/// use mangrove::{Engine, Error, InvalidPlace, Module, TextPosition};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let text = "(module\n  (func $f (result i32)\n    i64.const 1))";
/// let Err(Error::Invalid { place: Some(place), .. }) = Module::new(&Engine::default(), text) else {
///     unreachable!()
/// };
/// let InvalidPlace { name, position, .. } = *place;
/// assert_eq!(name.as_deref(), Some("$f"));
/// assert!(matches!(position, Some(TextPosition { line: 2 | 3, .. })));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPlace {
    /// Index of its function.
    pub function: FuncIndex,
    /// The function's name in text form: `$name`, or else `(export "name")`.
    pub name: Option<String>,
    /// Number of the function's body among those of the module.
    pub body: u32,
    /// Number of the instruction in the body, its last `end` included; none if the fault
    /// is in the locals.
    pub instruction: Option<u32>,
    /// Where the instruction stands in the module's text, if it was made from one.
    pub position: Option<TextPosition>,
}

impl fmt::Display for InvalidPlace {
    /// The function: `func 3 $name`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "func {}", self.function)?;
        match &self.name {
            Some(name) => write!(f, " {name}"),
            None => Ok(()),
        }
    }
}

/// A place in a text.
///
/// # Examples
/// See [`InvalidPlace`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextPosition {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

/// What stands before a message: line and column, and the function.
struct InPlace<'a>(&'a Option<Box<InvalidPlace>>);

impl fmt::Display for InPlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(place) = self.0 else {
            return Ok(());
        };
        if let Some(TextPosition { line, column }) = place.position {
            write!(f, ", line {line}, column {column}")?;
        }
        write!(f, ", in {place}")
    }
}

impl Error {
    /// An error for a host function to return, with this message.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Error};
    ///
    /// assert_eq!(Error::host("no such file").to_string(), "no such file");
    /// ```
    pub fn host(message: impl Into<String>) -> Self {
        Self::Host(message.into())
    }

    /// An error that keeps `error`, whatever its type: what a host function returns, and
    /// whoever called Wasm gets back. An [`Error`] stays what it is.
    ///
    /// # Examples
    /// ```
    /// use mangrove::Error;
    ///
    /// let error = Error::new(std::fmt::Error);
    /// assert!(error.is::<std::fmt::Error>());
    /// assert!(matches!(Error::new(Error::host("no more tea")), Error::Host(_)));
    /// ```
    pub fn new(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        match error.into().downcast::<Self>() {
            Ok(own) => *own,
            Err(other) => Self::Custom(Box::new(CustomError::new(other))),
        }
    }

    /// Whether this keeps an error of type `E`.
    ///
    /// # Examples
    /// See [`CustomError`].
    pub fn is<E: std::error::Error + Send + Sync + 'static>(&self) -> bool {
        self.downcast_ref::<E>().is_some()
    }

    /// The error of type `E` that this keeps, if it keeps one: what a host function gave, or
    /// a [`Trap`].
    ///
    /// # Examples
    /// See [`Error::downcast`].
    pub fn downcast_ref<E: std::error::Error + Send + Sync + 'static>(&self) -> Option<&E> {
        match self {
            Self::Custom(custom) => custom.error().downcast_ref(),
            Self::Trap(trap) => (&**trap as &dyn std::error::Error).downcast_ref(),
            _ => None,
        }
    }

    /// The error of type `E` that this keeps.
    ///
    /// # Errors
    /// This error, if it keeps none of that type.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Linker, Module, Store, Trap, TrapCode};
    ///
    /// #[derive(Debug, PartialEq)]
    /// struct OutOfTea(u32);
    ///
    /// impl std::fmt::Display for OutOfTea {
    ///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    ///         write!(f, "{} cups are missing", self.0)
    ///     }
    /// }
    ///
    /// impl std::error::Error for OutOfTea {}
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let engine = Engine::new(&Config::new())?;
    /// let text = br#"(module (import "tea" "pour" (func $pour (param i32)))
    ///     (func (export "party") (call $pour (i32.const 12))))"#;
    /// let module = Module::new(&engine, text)?;
    /// let mut linker = Linker::new(&engine);
    /// linker.func_wrap("tea", "pour", |cups: u32| Err::<(), _>(OutOfTea(cups)))?;
    /// let mut store = Store::new(&engine, ())?;
    /// let instance = linker.instantiate(&mut store, &module)?;
    /// let party = instance.get_typed_func::<(), ()>(&mut store, "party")?;
    ///
    /// let error = party.call(&mut store, ()).unwrap_err();
    /// assert_eq!(error.downcast_ref(), Some(&OutOfTea(12)));
    /// assert_eq!(error.backtrace().expect("it crossed Wasm").frames().count(), 1);
    /// assert_eq!(error.downcast::<OutOfTea>().unwrap(), OutOfTea(12));
    ///
    /// let module = Module::new(&engine, "(module (func (export \"f\") unreachable))")?;
    /// let instance = linker.instantiate(&mut store, &module)?;
    /// let f = instance.get_typed_func::<(), ()>(&mut store, "f")?;
    /// let error = f.call(&mut store, ()).unwrap_err();
    /// assert!(error.is::<Trap>() && !error.is::<OutOfTea>());
    /// let trap: Trap = error.downcast().unwrap();
    /// assert_eq!(trap.reason.code(), Some(TrapCode::Unreachable));
    /// # Ok(())
    /// # }
    /// ```
    pub fn downcast<E: std::error::Error + Send + Sync + 'static>(self) -> Result<E, Self> {
        match self {
            Self::Custom(custom) => custom
                .downcast()
                .map_err(|custom| Self::Custom(Box::new(custom))),
            Self::Trap(trap) if (&*trap as &dyn std::error::Error).is::<E>() => {
                let trap: Box<dyn std::error::Error + Send + Sync> = trap;
                // It was just asked.
                Ok(*trap.downcast().expect("a trap"))
            }
            other => Err(other),
        }
    }

    /// Where Wasm was: of a trap, an exception, and an error of the embedder's type that has
    /// crossed Wasm.
    ///
    /// # Examples
    /// See [`Error::downcast`].
    pub fn backtrace(&self) -> Option<&Backtrace> {
        match self {
            Self::Trap(trap) => Some(&trap.backtrace),
            Self::Exception(exception) => Some(&exception.backtrace),
            Self::Custom(custom) => custom.backtrace(),
            _ => None,
        }
    }

    /// The trap, if this is one.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Engine, Error, Linker, Module, Store, TrapCode};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let engine = Engine::default();
    /// let module = Module::new(&engine, "(module (func (export \"f\") unreachable))")?;
    /// let mut store = Store::new(&engine, ())?;
    /// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    /// let error = instance.func(&store, "f").unwrap().call(&mut store, &[]).unwrap_err();
    /// let trap = error.as_trap().expect("a trap");
    /// assert_eq!(trap.reason.code(), Some(TrapCode::Unreachable));
    /// assert!(Error::host("another").as_trap().is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn as_trap(&self) -> Option<&Trap> {
        match self {
            Self::Trap(trap) => Some(trap),
            _ => None,
        }
    }

    /// What was refused, if that is the reason: outside of Wasm, or as a trap.
    ///
    /// # Examples
    /// ```
    /// assert!(mangrove::Error::host("no more tea").resource().is_none());
    /// ```
    pub fn resource(&self) -> Option<&ResourceError> {
        match self {
            Self::Resource(error) => Some(error),
            Self::Trap(trap) => match &trap.reason {
                TrapReason::Resource(error) => Some(error),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether a limit that the embedder set, or left as it was, is the reason: outside
    /// of Wasm, or as a trap. Like a lack of resources ([`Error::resource`]) it says
    /// nothing of how a program would have gone on.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Instance, Module, Store};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let engine = Engine::new(Config::new().instances_max(1))?;
    /// let module = Module::new(&engine, b"(module)")?;
    /// let mut store = Store::new(&engine, ())?;
    /// Instance::new(&mut store, &module, &[])?;
    /// let error = Instance::new(&mut store, &module, &[]).unwrap_err();
    /// assert!(error.is_limit() && error.resource().is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_limit(&self) -> bool {
        match self {
            Self::Limit(_) => true,
            Self::Trap(trap) => matches!(
                trap.reason,
                TrapReason::Limit(_) | TrapReason::HeapExhausted { .. }
            ),
            _ => false,
        }
    }

    /// An error of the embedder's.
    #[doc(hidden)]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// An error of this project's.
    #[doc(hidden)]
    pub fn internal(message: impl std::fmt::Display) -> Self {
        Self::Internal(message.to_string())
    }

    /// The error for what is of another store.
    #[cold]
    pub(crate) fn foreign(what: &str) -> Self {
        Self::usage(format!("a {what} of another store was used"))
    }

    /// A trap outside of Wasm code: nothing is on any stack.
    pub(crate) fn trap(reason: TrapReason) -> Self {
        Self::Trap(Box::new(Trap {
            reason,
            backtrace: Backtrace::default(),
        }))
    }
}
