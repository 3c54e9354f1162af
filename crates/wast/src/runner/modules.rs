//! Directives on modules: load, instantiate, register, and the assertions that
//! a module is rejected, each at its own stage.
//!
//! ```text
//!  text ──encode──▶ bytes ──load──▶ module ──instantiate──▶ instance
//!        malformed         malformed,        unlinkable,
//!                          invalid           trap (an action: see there)
//! ```
//!
//! Which message a rejection has is left to the engine. A rejection at another
//! stage than the asserted one fails the assertion, with one exception: what
//! binary decoding and validation reject is not told apart.
//!
//! Admission is a stage of Mangrove's own. `assert_invalid` with an expected text
//! that starts with `not admitted` asserts that a module is rejected there, and
//! that what follows a colon in the text is part of the message.

use super::{Problem, Runner};
use crate::directive::OnInstance;
use crate::report::FailureKind;
use crate::script;
use crate::spectest;
use mangrove::{Error, Instance, Module};
use wast::token::Id;
use wast::{QuoteWat, Wat};

/// Starts the expected text of a module that is rejected by admission.
const NOT_ADMITTED: &str = "not admitted";

impl Runner<'_> {
    /// `(module $name …)`: loads and instantiates.
    pub(super) fn module(&mut self, mut module: QuoteWat<'_>) -> Result<(), Problem> {
        let name = module.name();
        let loaded = self.load(&mut module);
        self.define(name, loaded.as_ref().ok());
        let instance = loaded.and_then(|module| self.instantiate(&module));
        self.keep_instance(name, instance)
    }

    /// `(module definition $name …)`: loads.
    pub(super) fn definition(&mut self, mut module: QuoteWat<'_>) -> Result<(), Problem> {
        let name = module.name();
        let loaded = self.load(&mut module);
        self.define(name, loaded.as_ref().ok());
        loaded.map(drop)
    }

    /// `(module instance $instance $module)`.
    pub(super) fn instance_of(
        &mut self,
        instance: Option<Id<'_>>,
        module: Option<Id<'_>>,
    ) -> Result<(), Problem> {
        let definition = self.definition_of(module);
        let made = definition.and_then(|module| self.instantiate(&module));
        self.keep_instance(instance, made)
    }

    /// The module of that name, or the one loaded last.
    fn definition_of(&self, module: Option<Id<'_>>) -> Result<Module, Problem> {
        let definition = match module {
            Some(id) => self.definitions.get(id.name()),
            None => self.last_definition.as_ref(),
        };
        let missing = || Problem::missing(format!("there is no module {}", named(module)));
        definition.cloned().ok_or_else(missing)
    }

    /// `assert_unlinkable` or `assert_trap` of `(module instance …)`.
    pub(super) fn assert_on_instance(&mut self, assertion: &OnInstance<'_>) -> Result<(), Problem> {
        let module = self.definition_of(assertion.module)?;
        match assertion.is_trap {
            true => self.assert_start_traps(&module, assertion.message),
            false => self.assert_no_link(&module),
        }
    }

    /// `(register "name" $instance)`.
    pub(super) fn register(&mut self, name: &str, id: Option<Id<'_>>) -> Result<(), Problem> {
        let instance = self.instance(id)?;
        self.linker.define_instance(&*self.store, name, instance);
        self.has_spectest |= name == spectest::MODULE;
        Ok(())
    }

    /// The instance of that name, or the latest one.
    pub(super) fn instance(&self, id: Option<Id<'_>>) -> Result<Instance, Problem> {
        match id {
            Some(id) => self.instances.get(id.name()).copied(),
            None => self.current,
        }
        .ok_or_else(|| Problem::missing(format!("there is no instance {}", named(id))))
    }

    /// `assert_malformed`: the text format rejects it, or the engine does.
    pub(super) fn assert_malformed(&mut self, mut module: QuoteWat<'_>) -> Result<(), Problem> {
        match script::encode(&mut module) {
            Err(_) => Ok(()),
            Ok(bytes) => self.assert_rejected(bytes, "malformed"),
        }
    }

    /// `assert_invalid`: the text format accepts it and the engine does not.
    pub(super) fn assert_invalid(
        &mut self,
        mut module: QuoteWat<'_>,
        message: &str,
    ) -> Result<(), Problem> {
        let bytes = script::encode(&mut module).map_err(|message| {
            Problem::assertion(format!(
                "expected an invalid module, got malformed text: {message}"
            ))
        })?;
        match message.strip_prefix(NOT_ADMITTED) {
            Some(reason) => self.assert_not_admitted(bytes, reason),
            None => self.assert_rejected(bytes, "invalid"),
        }
    }

    /// `assert_invalid_custom`: valid, but one of its custom sections is not as
    /// the standard for it has it.
    pub(super) fn assert_invalid_custom(
        &mut self,
        mut module: QuoteWat<'_>,
    ) -> Result<(), Problem> {
        let module = self.load(&mut module)?;
        match module.check_custom_sections() {
            Err(Error::Invalid { .. }) => Ok(()),
            other => Err(unexpected("a custom section that is invalid", other)),
        }
    }

    fn assert_rejected(&self, bytes: Vec<u8>, how: &str) -> Result<(), Problem> {
        match Module::from_binary(&self.engine, bytes) {
            Err(Error::Invalid { .. }) => Ok(()),
            Err(error @ Error::Admission(_)) => {
                Err(Problem::new(FailureKind::Admission, error.to_string()))
            }
            other => Err(unexpected(&format!("a module that is {how}"), other)),
        }
    }

    fn assert_not_admitted(&self, bytes: Vec<u8>, reason: &str) -> Result<(), Problem> {
        let reason = reason.trim_start_matches([':', ' ']);
        match Module::from_binary(&self.engine, bytes) {
            Err(error @ Error::Admission(_)) if error.to_string().contains(reason) => Ok(()),
            other => {
                let expected = format!("a module that is not admitted ({reason})");
                Err(unexpected(&expected, other))
            }
        }
    }

    /// `assert_unlinkable`: valid, but its imports are not there or do not fit.
    pub(super) fn assert_unlinkable(&mut self, module: Wat<'_>) -> Result<(), Problem> {
        let module = self.load(&mut QuoteWat::Wat(module))?;
        self.assert_no_link(&module)
    }

    fn assert_no_link(&mut self, module: &Module) -> Result<(), Problem> {
        match self.link(module) {
            Err(Error::Link { .. }) => Ok(()),
            other => Err(unexpected("a failure to link", other)),
        }
    }

    /// A module that has to be valid.
    pub(super) fn load(&self, module: &mut QuoteWat<'_>) -> Result<Module, Problem> {
        let bytes =
            script::encode(module).map_err(|message| Problem::new(FailureKind::Module, message))?;
        Module::from_binary(&self.engine, bytes).map_err(|error| {
            let find = |place: &_| mangrove::position_in_script(module, self.text, place);
            Problem::module(&mangrove::locate(error, find))
        })
    }

    fn instantiate(&mut self, module: &Module) -> Result<Instance, Problem> {
        self.link(module).map_err(|error| Problem::module(&error))
    }

    fn define(&mut self, name: Option<Id<'_>>, module: Option<&Module>) {
        self.last_definition = module.cloned();
        if let Some(id) = name {
            match module {
                Some(module) => self
                    .definitions
                    .insert(id.name().to_owned(), module.clone()),
                None => self.definitions.remove(id.name()),
            };
        }
    }

    /// Makes the instance the current one, or leaves a hole.
    fn keep_instance(
        &mut self,
        name: Option<Id<'_>>,
        instance: Result<Instance, Problem>,
    ) -> Result<(), Problem> {
        self.current = instance.as_ref().ok().copied();
        if let Some(id) = name {
            match self.current {
                Some(instance) => self.instances.insert(id.name().to_owned(), instance),
                None => self.instances.remove(id.name()),
            };
        }
        instance.map(drop)
    }
}

fn unexpected<T>(expected: &str, actual: Result<T, Error>) -> Problem {
    match actual {
        Ok(_) => Problem::assertion(format!("expected {expected}, but there is nothing wrong")),
        Err(error) => {
            let message = format!("expected {expected}, got: {error}");
            Problem::saying(FailureKind::Assertion, &error, message)
        }
    }
}

fn named(id: Option<Id<'_>>) -> String {
    id.map_or_else(|| "yet".to_owned(), |id| format!("${}", id.name()))
}
