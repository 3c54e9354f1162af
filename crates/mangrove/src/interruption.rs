//! Interruption: deadlines and fuel of a store, and what becomes of a program then.
//!
//! An engine's code looks for them if it is made with [`Config::epoch_interruption`] or
//! [`Config::consume_fuel`].
//!
//! [`Config::epoch_interruption`]: crate::Config::epoch_interruption
//! [`Config::consume_fuel`]: crate::Config::consume_fuel

use crate::access::{Caller, Store, inner_mut};
use mangrove_runtime::{Error, UpdateDeadline, inner};

impl<T: 'static> Store<T> {
    /// What runs at the deadline traps, with
    /// [`TrapReason::Interrupt`](crate::TrapReason::Interrupt): as it is for a new store. The
    /// store works on, and what is called after that is interrupted at once, until there is
    /// another deadline.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, Store};
    /// # fn main() -> Result<(), Error> {
    /// let engine = Engine::new(Config::new().epoch_interruption(true))?;
    /// let mut store = Store::new(&engine, ())?;
    /// store.epoch_deadline_trap();
    /// store.set_epoch_deadline(1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn epoch_deadline_trap(&mut self) {
        self.ask_at_deadline(None);
    }

    /// Asks `callback` at the deadline what becomes of what runs. It has the store as a host
    /// function has it, and may call Wasm; that has no deadline but the one it sets, and is
    /// trapped then. An exception that it returns ([`Error::Exception`]) is thrown where the
    /// program was interrupted; another error is a trap there.
    ///
    /// # Examples
    /// A program that is stopped when it has been asked about three times:
    /// ```
    /// # use mangrove::{Config, Engine, Error, Linker, Module, Store, UpdateDeadline};
    /// # fn main() -> Result<(), Error> {
    /// let engine = Engine::new(Config::new().epoch_interruption(true))?;
    /// let module = Module::new(&engine, b"(module (func (export \"spin\") (loop (br 0))))")?;
    /// let mut store = Store::new(&engine, 0)?;
    /// store.epoch_deadline_callback(|mut caller| {
    ///     *caller.data_mut() += 1;
    ///     Ok(match caller.data() {
    ///         3 => UpdateDeadline::Interrupt,
    ///         // The epoch stands still here: at the next head of a loop.
    ///         _ => UpdateDeadline::Continue(0),
    ///     })
    /// });
    /// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    /// let spin = instance.func(&store, "spin").expect("it is exported");
    /// assert!(matches!(spin.call(&mut store, &[]), Err(Error::Trap(_))));
    /// assert_eq!(*store.data(), 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn epoch_deadline_callback(
        &mut self,
        callback: impl FnMut(Caller<'_, T>) -> Result<UpdateDeadline, Error> + Send + 'static,
    ) {
        self.ask_at_deadline(Some(Box::new(callback)));
    }

    /// Asks nobody about fuel any more: what runs goes on while there is some.
    ///
    /// # Errors
    /// The engine was made without [`Config::consume_fuel`](crate::Config::consume_fuel).
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, Store};
    /// # fn main() -> Result<(), Error> {
    /// let engine = Engine::new(Config::new().consume_fuel(true))?;
    /// let mut store = Store::new(&engine, ())?;
    /// store.fuel_trap()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn fuel_trap(&mut self) -> Result<(), Error> {
        self.ask_at_fuel(None)
    }

    /// Asks `callback` what becomes of what runs, as [`Store::epoch_deadline_callback`] does,
    /// each time so many units of fuel were used, and when none are left. Its answer says
    /// after how many further units it is asked again: after as many as before, if that is an
    /// error or says that the program ends. If there are none left after it, what runs traps with [`TrapReason::OutOfFuel`](crate::TrapReason::OutOfFuel).
    ///
    /// # Errors
    /// As [`Store::fuel_trap`].
    ///
    /// # Examples
    /// A continuation that gives way each 1000 units:
    /// ```
    /// # use mangrove::{Config, Engine, Error, Linker, Module, Outcome, Store, UpdateDeadline};
    /// # use mangrove::Val;
    /// # fn main() -> Result<(), Error> {
    /// let engine = Engine::new(Config::new().consume_fuel(true))?;
    /// let text = b"(module (func (export \"count\") (param i32) (result i32) (local i32)
    ///     (loop (local.set 1 (i32.add (local.get 1) (i32.const 1)))
    ///           (br_if 0 (i32.lt_u (local.get 1) (local.get 0))))
    ///     (local.get 1)))";
    /// let module = Module::new(&engine, text)?;
    /// let mut store = Store::new(&engine, ())?;
    /// store.set_fuel(1_000_000)?;
    /// store.fuel_callback(1000, |_| Ok(UpdateDeadline::Yield(1000)))?;
    /// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    /// let count = instance.func(&store, "count").expect("it is exported");
    /// let mut slices = 1;
    /// let mut outcome =
    ///     count.continuation(&mut store)?.resume(&mut store, &[Val::I32(1000)], &[])?;
    /// while let Outcome::Interrupted(rest) = outcome {
    ///     slices += 1;
    ///     outcome = rest.resume(&mut store, &[], &[])?;
    /// }
    /// assert!(matches!(outcome, Outcome::Returned(values) if values == [Val::I32(1000)]));
    /// assert_eq!(slices, 8); // eight instructions to the turn
    /// # Ok(())
    /// # }
    /// ```
    pub fn fuel_callback(
        &mut self,
        units: u64,
        callback: impl FnMut(Caller<'_, T>) -> Result<UpdateDeadline, Error> + Send + 'static,
    ) -> Result<(), Error> {
        self.ask_at_fuel(Some((units, Box::new(callback))))
    }
}

/// What can be set of a store's deadline and fuel, by whoever may change it.
macro_rules! interruption {
    ($([$($header:tt)*];)*) => { $(
        $($header)* {
            /// Sets the deadline: what runs is interrupted when the engine's epoch has
            /// been raised so many times from now on
            /// ([`Engine::increment_epoch`](crate::Engine::increment_epoch)); with 0, at the
            /// next entry of a function or head of a loop. Does nothing for code without
            /// [`Config::epoch_interruption`](crate::Config::epoch_interruption).
            ///
            /// Collections, host functions and the making of a large array are not
            /// interrupted: what takes long is looked at when it is done.
            ///
            /// # Examples
            /// ```
            /// # use mangrove::{Config, Engine, Error, Store};
            /// # fn main() -> Result<(), Error> {
            /// let engine = Engine::new(Config::new().epoch_interruption(true))?;
            /// let mut store = Store::new(&engine, ())?;
            /// store.set_epoch_deadline(10);
            /// # Ok(())
            /// # }
            /// ```
            pub fn set_epoch_deadline(&mut self, ticks: u64) {
                inner_mut(self).set_epoch_deadline(ticks);
            }

            /// Sets how much fuel there is. From within a host function too: code goes on
            /// with this much.
            ///
            /// # Errors
            /// The engine was made without
            /// [`Config::consume_fuel`](crate::Config::consume_fuel).
            ///
            /// # Examples
            /// ```
            /// # use mangrove::{Config, Engine, Error, Store};
            /// # fn main() -> Result<(), Error> {
            /// let engine = Engine::new(Config::new().consume_fuel(true))?;
            /// let mut store = Store::new(&engine, ())?;
            /// store.set_fuel(1_000)?;
            /// assert_eq!(store.get_fuel()?, 1_000);
            /// # Ok(())
            /// # }
            /// ```
            pub fn set_fuel(&mut self, units: u64) -> Result<(), Error> {
                inner_mut(self).set_fuel(units)
            }

            /// How much fuel is left: exactly, in a host function and after a call,
            /// a trap, an exception and a suspension; 0 where a little more was used than
            /// there was.
            ///
            /// # Errors
            /// As `set_fuel`.
            ///
            /// # Examples
            /// ```
            /// # use mangrove::{Config, Engine, Error, Store};
            /// # fn main() -> Result<(), Error> {
            /// let store = Store::new(&Engine::new(&Config::new())?, ())?;
            /// assert!(matches!(store.get_fuel(), Err(Error::Usage(_))));
            /// # Ok(())
            /// # }
            /// ```
            pub fn get_fuel(&self) -> Result<u64, Error> {
                inner(self).fuel()
            }
        }
    )* };
}

interruption! {
    [impl<T> Store<T>];
    [impl<T> Caller<'_, T>];
}
