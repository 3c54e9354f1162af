//! Values as people read them: objects with what is in them, to a depth.
//!
//! ```text
//!  Val ─▶ a number            5   1.5   nan:0x1   0x0000…
//!      ─▶ a reference         null   (ref.i31 -1)   (extern 7)   (func $f)
//!      ─▶ an object           (struct $point $x=1 $y=2)   (array "hi!")   (exn $tag 1)
//!      ─▶ a continuation      (cont $k suspended in $gen at 0x45, made in $main at 0x60)
//! ```
//!
//! What is open lies on a list of ours, not on the host's stack, and each step writes
//! something, so neither a deep structure nor a wide one takes more than the text does,
//! which is bounded.

mod text;
mod walk;

use crate::exception::Exception;
use crate::store::{AsStore, StoreInner, inner};
use crate::value::Val;
use std::fmt;
use std::fmt::Write as _;
use walk::{Limits, Walk};

/// What is shown if nothing else is said.
const LIMITS: Limits = Limits {
    depth: 4,
    items: 32,
    bytes: 64 << 10,
};

/// A value to be shown: see [`Val::display`].
pub struct ValDisplay<'a> {
    store: &'a StoreInner,
    value: &'a Val,
    limits: Limits,
}

impl Val {
    /// The value as people read it, with the names that the modules of the store give:
    /// objects with what they hold, four levels deep, 32 fields or elements of each.
    /// Arrays of `i8` or `i16` that hold text are shown as that. An object within
    /// itself is `(cycle N up)`: the one N levels out.
    ///
    /// A handle of another store is shown as that.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, Linker, Module, Store};
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// let text = br#"(module
    ///     (type $name (array i8))
    ///     (type $point (struct (field $x i32) (field $label (ref null $name))))
    ///     (func (export "make") (result anyref)
    ///         (struct.new $point (i32.const 7)
    ///             (array.new_fixed $name 2 (i32.const 0x68) (i32.const 0x69)))))"#;
    /// # let module = Module::new(&engine, text)?;
    /// # let mut store = Store::new(&engine, ())?;
    /// # let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    /// let make = instance.func(&store, "make").expect("it is exported");
    /// let point = &make.call(&mut store, &[])?[0];
    /// let shown = point.display(&store).to_string();
    /// assert_eq!(shown, "(struct $point $x=7 $label=(array $name \"hi\"))");
    /// assert_eq!(point.display(&store).depth(0).to_string(), "(struct $point …)");
    /// # Ok(())
    /// # }
    /// ```
    pub fn display<'a, S: AsStore + ?Sized>(&'a self, store: &'a S) -> ValDisplay<'a> {
        ValDisplay {
            store: inner(store),
            value: self,
            limits: LIMITS,
        }
    }
}

impl ValDisplay<'_> {
    /// Shows what objects hold so many levels deep; with 0, only what the value is.
    pub fn depth(mut self, levels: u32) -> Self {
        self.limits.depth = levels;
        self
    }

    /// Shows so many fields, elements or values of each object.
    pub fn items(mut self, most: u32) -> Self {
        self.limits.items = most;
        self
    }

    /// Ends the text soon after this many bytes: 64 KiB, if nothing is said.
    pub fn bytes(mut self, most: usize) -> Self {
        self.limits.bytes = most;
        self
    }
}

impl fmt::Display for ValDisplay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut walk = Walk::new(self.store, self.limits);
        walk.value(self.value);
        f.write_str(&walk.text)
    }
}

/// An exception to be shown: see [`Exception::display`].
///
/// # Examples
/// ```
/// use mangrove::{Engine, Error, ExceptionDisplay, Linker, Module, Store};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let engine = Engine::default();
/// let text = "(module (tag $oops (param i32)) (func (export \"f\") (throw $oops (i32.const 7))))";
/// let module = Module::new(&engine, text)?;
/// let mut store = Store::new(&engine, ())?;
/// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
/// let f = instance.get_typed_func::<(), ()>(&mut store, "f")?;
/// let Err(Error::Exception(exception)) = f.call(&mut store, ()) else { unreachable!() };
/// let shown: ExceptionDisplay<'_> = exception.display(&store);
/// assert!(shown.to_string().contains("$oops"), "{shown}");
/// # Ok(())
/// # }
/// ```
pub struct ExceptionDisplay<'a> {
    store: &'a StoreInner,
    exception: &'a Exception,
}

impl Exception {
    /// The exception as people read it: its tag by name, export or number, and its
    /// payload, numbers with their types, objects as [`Val::display`] shows them.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, Linker, Module, Store};
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// let text = br#"(module (tag $oops (param i32 externref))
    ///     (func (export "f") (throw $oops (i32.const 7) (ref.null extern))))"#;
    /// # let module = Module::new(&engine, text)?;
    /// # let mut store = Store::new(&engine, ())?;
    /// # let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    /// let f = instance.func(&store, "f").expect("it is exported");
    /// let Err(Error::Exception(thrown)) = f.call(&mut store, &[]) else { unreachable!() };
    /// let shown = thrown.display(&store).to_string();
    /// assert_eq!(shown, "uncaught exception of tag $oops: (i32 7) null");
    /// # Ok(())
    /// # }
    /// ```
    pub fn display<'a, S: AsStore + ?Sized>(&'a self, store: &'a S) -> ExceptionDisplay<'a> {
        ExceptionDisplay {
            store: inner(store),
            exception: self,
        }
    }
}

impl fmt::Display for ExceptionDisplay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Exception { tag, values, .. } = self.exception;
        match self.store.tag_called(tag.index) {
            _ if tag.store != self.store.id => {
                f.write_str("uncaught exception of another store")?
            }
            Some(name) => write!(f, "uncaught exception of tag {name}")?,
            None => f.write_str("uncaught exception of a tag of the host")?,
        }
        let mut walk = Walk::new(self.store, LIMITS);
        for value in values {
            let start = if walk.text.is_empty() { ": " } else { " " };
            walk.text.push_str(start);
            let ty = match value {
                Val::I32(_) => "i32",
                Val::I64(_) => "i64",
                Val::F32(_) => "f32",
                Val::F64(_) => "f64",
                Val::V128(_) => "v128",
                _ => {
                    walk.value(value);
                    continue;
                }
            };
            let _ = write!(walk.text, "({ty} ");
            walk.value(value);
            walk.text.push(')');
        }
        f.write_str(&walk.text)
    }
}
