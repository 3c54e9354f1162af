//! Random calls, also in place of returning, and random ends before the end.

use crate::random::ast::{Block, CONTINUATIONS, Statement};
use crate::random::control::ast::{By, Control, FUNCTIONS, Fault, Payload, Signature};
use crate::random::generator::Generator;

impl Generator<'_> {
    /// Function variables hold the last function, which calls none: so nothing calls itself.
    pub(super) fn function_variable(&mut self) -> Control {
        let variable = self.rng.below(usize::from(FUNCTIONS)) as u8;
        if self.function == 0 || self.function + 1 == self.count || self.rng.one_in(2) {
            return Control::Function {
                to: variable,
                function: self.count - 1,
            };
        }
        Control::CallVariable {
            variable,
            give: self.pair(),
            take: self.pair(),
        }
    }

    pub(super) fn callee(&mut self) -> Option<(By, usize, Payload)> {
        let function = self.later_with(|of| !matches!(of, Signature::Peer { .. }))?;
        let shape = match self.control_of().signature(function) {
            Signature::Wide { shape, .. } => *shape,
            _ => 0,
        };
        let by = *self.rng.pick(&[By::Index, By::Table, By::Reference]);
        Some((by, function, self.payload(shape)))
    }

    pub(super) fn call(&mut self) -> Option<Control> {
        let (by, function, give) = self.callee()?;
        Some(Control::Call {
            by,
            function,
            give,
            take: self.pair(),
        })
    }

    pub(super) fn tail(&mut self) -> Option<Statement> {
        let (by, function, give) = self.callee()?;
        let tail = Statement::Control(Control::Tail { by, function, give });
        match self.rng.one_in(3) {
            true => Some(tail),
            false => Some(self.perhaps(vec![tail])),
        }
    }

    /// Some programs end early, and some keep copies of references that are used up.
    pub(in crate::random) fn with_faults(&mut self, functions: &mut [Block]) {
        if self.features.copies && self.rng.one_in(8) {
            for _ in 0..3 {
                let copy = Control::CopyTask {
                    slot: self.slot(),
                    variable: self.rng.below(usize::from(CONTINUATIONS)) as u8,
                };
                self.insert(functions, copy);
            }
        }
        if self.features.traps && self.rng.one_in(4) {
            let usable = |fault: &Fault| match fault {
                Fault::SwitchNull | Fault::SwitchConsumed | Fault::SwitchUnhandled => {
                    self.features.switch
                }
                Fault::ThrowIntoNull | Fault::ThrowIntoConsumed => {
                    self.features.resume_throw && self.features.exceptions
                }
                Fault::ThrowNull | Fault::Uncaught => self.features.exceptions,
                _ => true,
            };
            let faults: Vec<Fault> = Fault::ALL.into_iter().filter(usable).collect();
            let fault = *self.rng.pick(&faults);
            self.insert(functions, Control::Stop(fault));
        }
    }

    /// Puts a statement somewhere into a function; into the main one behind what it does first.
    pub(super) fn insert(&mut self, functions: &mut [Block], control: Control) {
        let body = self.rng.below(functions.len());
        let body = &mut functions[body];
        let at = body.len() / 2 + self.rng.below(body.len() / 2 + 1);
        body.insert(at, Statement::Control(control));
    }
}
