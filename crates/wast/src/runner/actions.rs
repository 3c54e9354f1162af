//! Directives that run code: invoke, get, and the assertions on how it ends.
//!
//! | assertion | holds if the action ends with |
//! |-|-|
//! | `assert_return` | results that match the patterns |
//! | `assert_trap` | a trap other than exhaustion, whose message agrees |
//! | `assert_exhaustion` | a full call stack, or a limit the embedder set |
//! | `assert_suspension` | the trap `unhandled tag` |
//! | `assert_exception` | an uncaught exception |
//!
//! A limit that is reached where none is asserted is a lack of resources: it ends the
//! script, and no directive has failed.

use super::{Problem, Runner};
use crate::messages;
use crate::patterns;
use crate::report::FailureKind;
use crate::values;
use mangrove::{Error, Extern, Instance, Module, TrapCode, TrapReason, Val};
use wast::token::Id;
use wast::{QuoteWat, WastExecute, WastInvoke, WastRet};

/// How an action ended.
enum ActionResult {
    Returned(Vec<Val>),
    Raised(Error),
}

/// An action that an error ended, unless it was for lack of a resource: then it
/// is not known how it would have ended.
fn raised(error: Error) -> Result<ActionResult, Problem> {
    match error.resource() {
        Some(_) => Err(Problem::error(FailureKind::Resource, &error)),
        None => Ok(ActionResult::Raised(error)),
    }
}

/// Whether a full call stack is the reason, or a limit.
fn is_exhaustion(reason: &TrapReason) -> bool {
    matches!(
        reason,
        TrapReason::Code(TrapCode::StackOverflow)
            | TrapReason::Limit(_)
            | TrapReason::HeapExhausted { .. }
    )
}

impl Runner<'_> {
    /// `(invoke …)` on its own: has to return.
    pub(super) fn invoke(&mut self, invoke: &WastInvoke<'_>) -> Result<(), Problem> {
        match self.call(invoke)? {
            ActionResult::Returned(_) => Ok(()),
            ActionResult::Raised(error) => {
                let message = self.said(&error);
                Err(Problem::saying(FailureKind::Assertion, &error, message))
            }
        }
    }

    pub(super) fn assert_return(
        &mut self,
        action: WastExecute<'_>,
        expected: &[WastRet<'_>],
    ) -> Result<(), Problem> {
        let results = match self.execute(action)? {
            ActionResult::Returned(results) => results,
            ActionResult::Raised(error) => {
                let message = format!("expected to return, got: {}", self.said(&error));
                return Err(Problem::saying(FailureKind::Assertion, &error, message));
            }
        };
        if patterns::all_match(&*self.store, &results, expected)? {
            return Ok(());
        }
        let actual = values::display_all(&*self.store, &results);
        Err(Problem::assertion(format!(
            "expected {}, got {actual}",
            patterns::display(expected)
        )))
    }

    pub(super) fn assert_trap(
        &mut self,
        action: WastExecute<'_>,
        message: &str,
    ) -> Result<(), Problem> {
        let ended = self.execute(action)?;
        self.assert_trapped(ended, message)
    }

    /// `assert_trap` of an instantiation.
    pub(super) fn assert_start_traps(
        &mut self,
        module: &Module,
        message: &str,
    ) -> Result<(), Problem> {
        let ended = self.started(module)?;
        self.assert_trapped(ended, message)
    }

    fn assert_trapped(&self, ended: ActionResult, message: &str) -> Result<(), Problem> {
        let exhausted = matches!(&ended, ActionResult::Raised(Error::Trap(trap))
            if is_exhaustion(&trap.reason));
        let asserted = self.assert_reason(ended, message, "a trap", |reason| {
            !matches!(reason, TrapReason::Code(TrapCode::StackOverflow))
        });
        asserted.map_err(|mut problem| {
            if exhausted {
                problem
                    .message
                    .push_str(" (which is no trap: say `assert_exhaustion`)");
            }
            problem
        })
    }

    /// What instantiating a module comes to. The instance is reachable through its
    /// imports only: nobody names it.
    fn started(&mut self, module: &Module) -> Result<ActionResult, Problem> {
        match self.link(module) {
            Ok(_) => Ok(ActionResult::Returned(Vec::new())),
            Err(error) => raised(error),
        }
    }

    pub(super) fn assert_exhaustion(
        &mut self,
        call: WastInvoke<'_>,
        message: &str,
    ) -> Result<(), Problem> {
        let ended = self.call(&call)?;
        self.assert_reason(ended, message, "exhaustion", is_exhaustion)
    }

    pub(super) fn assert_suspension(
        &mut self,
        action: WastExecute<'_>,
        message: &str,
    ) -> Result<(), Problem> {
        let ended = self.execute(action)?;
        self.assert_reason(ended, message, "an unhandled suspension", |reason| {
            reason.code() == Some(TrapCode::UnhandledTag)
        })
    }

    pub(super) fn assert_exception(&mut self, action: WastExecute<'_>) -> Result<(), Problem> {
        match self.execute(action)? {
            ActionResult::Raised(Error::Exception(_)) => Ok(()),
            ended => Err(self.unexpected("an uncaught exception", &ended)),
        }
    }

    /// Whether the action ended with a trap of the right sort and message.
    fn assert_reason(
        &self,
        ended: ActionResult,
        message: &str,
        what: &str,
        is_right_sort: fn(&TrapReason) -> bool,
    ) -> Result<(), Problem> {
        if let ActionResult::Raised(Error::Trap(trap)) = &ended
            && is_right_sort(&trap.reason)
            && messages::agrees(&trap.reason.to_string(), message)
        {
            return Ok(());
        }
        Err(self.unexpected(&format!("{what} \"{message}\""), &ended))
    }

    fn unexpected(&self, expected: &str, ended: &ActionResult) -> Problem {
        match ended {
            ActionResult::Returned(results) => {
                let results = values::display_all(&*self.store, results);
                Problem::assertion(format!("expected {expected}, it returned {results}"))
            }
            ActionResult::Raised(error) => {
                let message = format!("expected {expected}, got: {}", self.said(error));
                Problem::saying(FailureKind::Assertion, error, message)
            }
        }
    }

    /// An error as text: of an exception, its tag and what it carries.
    fn said(&self, error: &Error) -> String {
        match error {
            Error::Exception(exception) => exception.display(&*self.store).to_string(),
            other => other.to_string(),
        }
    }

    fn execute(&mut self, action: WastExecute<'_>) -> Result<ActionResult, Problem> {
        match action {
            WastExecute::Invoke(invoke) => self.call(&invoke),
            WastExecute::Get { module, global, .. } => self.get(module, global),
            WastExecute::Wat(module) => {
                let module = self.load(&mut QuoteWat::Wat(module))?;
                self.started(&module)
            }
        }
    }

    fn call(&mut self, invoke: &WastInvoke<'_>) -> Result<ActionResult, Problem> {
        let instance = self.instance(invoke.module)?;
        let Extern::Func(func) = self.export(instance, invoke.name)? else {
            return Err(Problem::missing(format!(
                "export \"{}\" is no function",
                invoke.name
            )));
        };
        let mut args = Vec::with_capacity(invoke.args.len());
        for arg in &invoke.args {
            args.push(values::argument(&mut *self.store, arg)?);
        }
        match func.call(&mut *self.store, &args) {
            Ok(results) => Ok(ActionResult::Returned(results)),
            Err(error) => raised(error),
        }
    }

    fn get(&mut self, id: Option<Id<'_>>, name: &str) -> Result<ActionResult, Problem> {
        let instance = self.instance(id)?;
        let Extern::Global(global) = self.export(instance, name)? else {
            return Err(Problem::missing(format!("export \"{name}\" is no global")));
        };
        global
            .get(&mut *self.store)
            .map(|value| ActionResult::Returned(vec![value]))
            .map_err(|error| Problem::error(FailureKind::Assertion, &error))
    }

    fn export(&self, instance: Instance, name: &str) -> Result<Extern, Problem> {
        instance
            .export(&*self.store, name)
            .ok_or_else(|| Problem::missing(format!("there is no export \"{name}\"")))
    }
}
