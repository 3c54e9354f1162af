//! A program's own end.

use std::error::Error;
use std::fmt;

/// A program ended itself with this exit code: an error that a host function returns to
/// leave Wasm, and that whoever called Wasm gets back by [`Error::downcast`].
///
/// The function `exit` of the module `mangrove` returns it
/// ([`Linker::define_mangrove`](crate::Linker::define_mangrove)).
///
/// [`Error::downcast`]: crate::Error::downcast
///
/// # Examples
/// ```
/// use mangrove::{Config, Engine, I32Exit, Linker, Module, Store};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let engine = Engine::new(&Config::new())?;
/// let text = br#"(module (import "mangrove" "exit" (func $exit (param i32)))
///     (func (export "main") (call $exit (i32.const 3))))"#;
/// let module = Module::new(&engine, text)?;
/// let mut store = Store::new(&engine, ())?;
/// let instance = Linker::new(&engine).define_mangrove().instantiate(&mut store, &module)?;
/// let main = instance.get_typed_func::<(), ()>(&mut store, "main")?;
/// let error = main.call(&mut store, ()).unwrap_err();
/// assert_eq!(error.downcast_ref(), Some(&I32Exit(3)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct I32Exit(pub i32);

impl fmt::Display for I32Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the program ended with exit code {}", self.0)
    }
}

impl Error for I32Exit {}
