//! What a store knows of its interruption: the deadline, the fuel, and who is asked.
//!
//! ```text
//!  left                      units the store has, when code was last granted some
//!   ├─ granted               what the context's word was then: what is left of that, or how far
//!   │                        it is below 0, is the context's
//!   └─ until                 units to the next call of the embedder
//! ```

use crate::error::Error;
use crate::id::StorePtr;
use std::ptr::NonNull;

/// What becomes of a program whose deadline has come: the answer of the function that an
/// embedder is asked by.
///
/// # Examples
/// A program gives way at each check, by `Yield`, and goes on from there:
/// ```
/// # use mangrove::{
/// #     Config, Engine, Error, Linker, Module, Outcome, Store, TrapReason, UpdateDeadline,
/// # };
/// # fn main() -> Result<(), Error> {
/// let engine = Engine::new(Config::new().epoch_interruption(true))?;
/// let text = b"(module (func (export \"run\") (local i32)
///     (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1)))
///                              (i32.const 3))))))";
/// let module = Module::new(&engine, text)?;
/// let mut store = Store::new(&engine, ())?;
/// // The deadline has come, and does so again at once.
/// store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(0)));
/// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
/// let run = instance.func(&store, "run").expect("it is exported");
/// let mut times = 0;
/// let mut outcome = run.call_with_handlers(&mut store, &[], &[])?;
/// while let Outcome::Interrupted(rest) = outcome {
///     times += 1;
///     outcome = rest.resume(&mut store, &[], &[])?;
/// }
/// assert!(matches!(outcome, Outcome::Returned(_)));
/// assert_eq!(times, 1 + 3, "the entry, and each turn of the loop");
/// // A plain call has no way to give back what is left.
/// let error = run.call(&mut store, &[]).unwrap_err();
/// assert_eq!(error.as_trap().unwrap().reason, TrapReason::InterruptInCall);
/// assert!(error.to_string().contains("`Func::call_with_handlers`"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateDeadline {
    /// It traps, with [`TrapReason::Interrupt`](crate::TrapReason::Interrupt).
    Interrupt,
    /// It goes on, and the next deadline comes after so many further epochs, or units of
    /// fuel.
    Continue(u64),
    /// All of it, from the running continuation to the one that the host resumed, is
    /// suspended and handed to the host as [`Outcome::Interrupted`](crate::Outcome::Interrupted);
    /// the next deadline comes after so many.
    ///
    /// For that the host resumes a continuation, or calls a function by
    /// [`Func::call_with_handlers`](crate::Func::call_with_handlers), which makes one. What runs
    /// in a plain call ([`Func::call`](crate::Func::call),
    /// [`TypedFunc::call`](crate::TypedFunc::call)), which has no way to give it back, traps
    /// with [`TrapReason::InterruptInCall`](crate::TrapReason::InterruptInCall).
    Yield(u64),
}

/// The function that an embedder is asked by, which has forgotten the type of the data it
/// is called with.
pub type Callback = Box<dyn FnMut(StorePtr, NonNull<()>) -> Result<UpdateDeadline, Error> + Send>;

/// Of one store.
pub struct Deadlines {
    /// The epoch to be interrupted at. The context's is 0 if every check is to call.
    pub deadline: u64,
    /// Who is asked then; nobody while that one runs.
    pub at_deadline: Option<Callback>,
    /// Who is asked about fuel.
    pub at_fuel: Option<Callback>,
    pub fuel: Fuel,
}

impl Deadlines {
    /// Of a new store. Without a deadline it never comes.
    pub fn new(deadline: Option<u64>) -> Self {
        Self {
            deadline: deadline.unwrap_or(u64::MAX),
            at_deadline: None,
            at_fuel: None,
            fuel: Fuel {
                left: 0,
                granted: 0,
                until: u64::MAX,
                every: u64::MAX,
            },
        }
    }
}

/// The fuel of a store.
#[derive(Clone, Copy, Debug)]
pub struct Fuel {
    left: u64,
    granted: i64,
    until: u64,
    /// What `until` was set to last: for who gives no other number.
    every: u64,
}

impl Fuel {
    /// Takes off what was used of what was granted. `word` is the context's.
    pub fn settle(&mut self, word: &mut i64) {
        let used = u64::try_from(i128::from(self.granted) - i128::from(*word)).unwrap_or(0);
        self.left = self.left.saturating_sub(used);
        self.until = self.until.saturating_sub(used);
        self.granted = 0;
        *word = 0;
    }

    /// Grants as much as there is, up to the next call of the embedder. Everything is
    /// settled.
    pub fn grant(&mut self, word: &mut i64) {
        debug_assert_eq!((self.granted, *word), (0, 0));
        self.granted = i64::try_from(self.left.min(self.until)).unwrap_or(i64::MAX);
        *word = self.granted;
    }

    /// What is left; 0 if more was used than there was.
    pub fn left(&self, word: i64) -> u64 {
        let mut settled = *self;
        settled.settle(&mut { word });
        settled.left
    }

    /// Sets what is left.
    pub fn set(&mut self, word: &mut i64, units: u64) {
        self.settle(word);
        self.left = units;
        self.grant(word);
    }

    /// Sets when the embedder is asked: after so many units.
    pub fn ask_after(&mut self, word: &mut i64, units: u64) {
        self.every = units;
        self.ask_again(word);
    }

    /// The embedder is asked after as many units as the last time.
    pub fn ask_again(&mut self, word: &mut i64) {
        self.ask_in(word, self.every);
    }

    /// The embedder is not asked until one of the others is called.
    pub fn ask_never(&mut self, word: &mut i64) {
        self.ask_in(word, u64::MAX);
    }

    fn ask_in(&mut self, word: &mut i64, units: u64) {
        self.settle(word);
        self.until = units;
        self.grant(word);
    }

    /// Whether the embedder is to be asked. Everything is settled.
    pub fn is_due(&self) -> bool {
        self.until == 0 || self.left == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_is_taken_off_once() {
        let mut word = 0;
        let mut fuel = Deadlines::new(None).fuel;
        fuel.set(&mut word, 100);
        assert_eq!(word, 100);
        word -= 30;
        assert_eq!(fuel.left(word), 70);
        fuel.ask_after(&mut word, 20);
        assert_eq!((word, fuel.left(word)), (20, 70));
        // More than was granted: it is taken from the rest.
        word = -5;
        assert_eq!(fuel.left(word), 45);
        fuel.settle(&mut word);
        assert!(fuel.is_due());
        fuel.ask_never(&mut word);
        assert_eq!(word, 45);
        fuel.ask_again(&mut word);
        assert_eq!(word, 20);
        fuel.ask_never(&mut word);
        word = -1;
        assert_eq!(fuel.left(word), 0);
    }

    #[test]
    fn more_than_a_word_holds_is_granted_by_and_by() {
        let mut word = 0;
        let mut fuel = Deadlines::new(None).fuel;
        fuel.set(&mut word, u64::MAX);
        assert_eq!(word, i64::MAX);
        word = i64::MIN;
        assert_eq!(fuel.left(word), 0);
        word = 0;
        fuel.settle(&mut word);
        fuel.grant(&mut word);
        assert_eq!((word, fuel.left(0)), (i64::MAX, 1));
    }
}
