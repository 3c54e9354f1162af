//! Runs the directives of a script, one after the other.
//!
//! ```text
//!  directive ─▶ run_directive ─┬─ modules   load, instantiate, register, and the
//!                              │            assertions that a module is rejected
//!                              └─ actions   invoke, get, and the assertions on
//!                                           how they end
//! ```
//!
//! All instances of a script live in one store. A module that failed leaves a
//! hole where its instance should be: nothing older takes its place.

mod actions;
mod modules;

use crate::directive::Directive;
use crate::report::{FailedDirective, FailureKind, FileReport};
use crate::script::{self, ScriptError, Tokens};
use crate::spectest::{self, Sink, imports_spectest};
use mangrove::{Engine, Error, Instance, Linker, Module, Store};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use wast::WastDirective;

/// How to run a script.
#[derive(Clone)]
pub struct ScriptOptions {
    /// Takes what `spectest`'s functions print. By default nobody does.
    pub sink: Sink,
    /// Units of fuel of the script's store; for an engine that counts.
    pub fuel: Option<u64>,
    /// Whether the epoch was raised already that is to end the scripts; asked when a script's
    /// store has its deadline, the next one.
    pub over: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl Default for ScriptOptions {
    fn default() -> Self {
        Self {
            sink: Arc::new(|_| ()),
            fuel: None,
            over: Arc::new(|| false),
        }
    }
}

/// Runs a script from a file.
///
/// # Errors
/// If the file cannot be read or is not a script. What its directives do is in
/// the report.
pub fn run_file(
    engine: &Engine,
    path: &Path,
    options: &ScriptOptions,
) -> Result<FileReport, ScriptError> {
    let text = script::read_text(path)?;
    run_source(engine, &script::name_of(path), &text, options)
}

/// Runs a script from a file in a store in which nothing is yet, so that somebody can watch it.
///
/// # Errors
/// As [`run_file`].
///
/// # Examples
/// ```
/// use mangrove::{Config, Engine, Hooks, Store};
/// use mangrove_wast::{ScriptOptions, run_file_in};
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// # let path = std::env::temp_dir().join(format!("mangrove-wast-{}.wast", std::process::id()));
/// # std::fs::write(&path, "(module (func (export \"f\"))) (invoke \"f\") (invoke \"f\")")?;
/// let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
/// let events = Arc::new(AtomicUsize::new(0));
/// let counted = events.clone();
/// store.observe_events(move |_| drop(counted.fetch_add(1, Ordering::Relaxed)));
/// let report = run_file_in(&mut store, &path, &ScriptOptions::default())?;
/// assert_eq!((report.passed, report.failed), (3, 0));
/// assert!(events.load(Ordering::Relaxed) > 0);
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn run_file_in(
    store: &mut Store<()>,
    path: &Path,
    options: &ScriptOptions,
) -> Result<FileReport, ScriptError> {
    let text = script::read_text(path)?;
    run_source_in(store, &script::name_of(path), &text, options)
}

/// Runs a script that is already in memory; `name` is what reports call it.
///
/// # Errors
/// If the text is not a script.
pub fn run_source(
    engine: &Engine,
    name: &str,
    text: &str,
    options: &ScriptOptions,
) -> Result<FileReport, ScriptError> {
    let store = Store::new(engine, ());
    let mut store = store.map_err(|error| set_up(name, error))?;
    run_source_in(&mut store, name, text, options)
}

fn set_up(name: &str, error: Error) -> ScriptError {
    ScriptError::Setup {
        file: name.to_owned(),
        error: Box::new(error),
    }
}

fn run_source_in(
    store: &mut Store<()>,
    name: &str,
    text: &str,
    options: &ScriptOptions,
) -> Result<FileReport, ScriptError> {
    let tokens = Tokens::new(name, text)?;
    let directives = tokens.directives()?;
    let mut report = FileReport::new(name);
    let runner = Runner::new(store, text, options);
    let mut runner = runner.map_err(|error| set_up(name, error))?;
    for directive in directives {
        let (line, column) = directive.span().linecol_in(text);
        let keyword = directive.keyword();
        let failure = runner
            .run_directive(directive)
            .err()
            .map(|problem| FailedDirective {
                line: line + 1,
                column: column + 1,
                directive: keyword,
                kind: problem.kind,
                message: problem.message,
            });
        match failure {
            // What comes later may need what this one would have made.
            Some(failure) if failure.kind == FailureKind::Resource => {
                report.refused = Some(failure);
                break;
            }
            failure => report.add(failure),
        }
    }
    Ok(report)
}

/// Why a directive failed, before its place in the script is added.
#[derive(Debug)]
pub(crate) struct Problem {
    kind: FailureKind,
    message: String,
}

impl Problem {
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    fn assertion(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Assertion, message)
    }

    fn missing(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Missing, message)
    }

    fn unsupported(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Unsupported, message)
    }

    /// A module that should have loaded, linked and started.
    fn module(error: &Error) -> Self {
        let kind = match error {
            Error::Admission(_) => FailureKind::Admission,
            _ => FailureKind::Module,
        };
        Self::error(kind, error)
    }

    /// A problem of this kind, unless the error says that there was no resource.
    fn error(kind: FailureKind, error: &Error) -> Self {
        Self::saying(kind, error, error.to_string())
    }

    /// The same with a message that says more. Without a resource, or beyond a limit, it
    /// is not known what would have been.
    fn saying(kind: FailureKind, error: &Error, message: String) -> Self {
        let kind = match error.resource().is_some() || error.is_limit() {
            true => FailureKind::Resource,
            false => kind,
        };
        Self::new(kind, message)
    }
}

/// The state of a script.
struct Runner<'e> {
    engine: Engine,
    /// The script, in which modules have their lines.
    text: &'e str,
    store: &'e mut Store<()>,
    linker: Linker<()>,
    sink: Sink,
    /// Whether the linker has a module `spectest`.
    has_spectest: bool,
    /// Loaded by `module definition`, by name.
    definitions: HashMap<String, Module>,
    /// The module loaded last.
    last_definition: Option<Module>,
    /// Instances by name.
    instances: HashMap<String, Instance>,
    /// The instance made last.
    current: Option<Instance>,
}

impl<'e> Runner<'e> {
    fn new(
        store: &'e mut Store<()>,
        text: &'e str,
        options: &ScriptOptions,
    ) -> Result<Self, Error> {
        let engine = store.engine().clone();
        // Who raises the epoch wants it to end.
        store.set_epoch_deadline(1);
        if (options.over)() {
            store.set_epoch_deadline(0);
        }
        if let Some(units) = options.fuel {
            store.set_fuel(units)?;
        }
        let mut linker = Linker::new(&engine);
        linker.define_mangrove();
        Ok(Self {
            engine,
            text,
            store,
            linker,
            sink: options.sink.clone(),
            has_spectest: false,
            definitions: HashMap::new(),
            last_definition: None,
            instances: HashMap::new(),
            current: None,
        })
    }

    /// Links a module and makes an instance of it. `spectest` is made when the
    /// first module asks for it: its memory reserves address space.
    fn link(&mut self, module: &Module) -> Result<Instance, Error> {
        if !self.has_spectest && imports_spectest(module) {
            spectest::define_spectest(&mut self.linker, self.store, &self.sink)?;
            self.has_spectest = true;
        }
        self.linker.instantiate(&mut *self.store, module)
    }

    fn run_directive(&mut self, directive: Directive<'_>) -> Result<(), Problem> {
        let directive = match directive {
            Directive::Known(directive) => directive,
            Directive::OnInstance(assertion) => return self.assert_on_instance(&assertion),
        };
        match directive {
            WastDirective::Module(module) => self.module(module),
            WastDirective::ModuleDefinition(module) => self.definition(module),
            WastDirective::ModuleInstance {
                instance, module, ..
            } => self.instance_of(instance, module),
            WastDirective::Register { name, module, .. } => self.register(name, module),
            WastDirective::AssertMalformed { module, .. }
            | WastDirective::AssertMalformedCustom { module, .. } => self.assert_malformed(module),
            WastDirective::AssertInvalid {
                module, message, ..
            } => self.assert_invalid(module, message),
            WastDirective::AssertInvalidCustom { module, .. } => self.assert_invalid_custom(module),
            WastDirective::AssertUnlinkable { module, .. } => self.assert_unlinkable(module),
            WastDirective::Invoke(invoke) => self.invoke(&invoke),
            WastDirective::AssertReturn { exec, results, .. } => self.assert_return(exec, &results),
            WastDirective::AssertTrap { exec, message, .. } => self.assert_trap(exec, message),
            WastDirective::AssertExhaustion { call, message, .. } => {
                self.assert_exhaustion(call, message)
            }
            WastDirective::AssertException { exec, .. } => self.assert_exception(exec),
            WastDirective::AssertSuspension { exec, message, .. } => {
                self.assert_suspension(exec, message)
            }
            WastDirective::Thread(_) | WastDirective::Wait { .. } => {
                Err(Problem::unsupported("Mangrove has no threads"))
            }
        }
    }
}
