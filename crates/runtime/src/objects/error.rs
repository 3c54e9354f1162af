//! What is wrong with a use of an object by the embedder.

/// What is wrong with a use of an object, or of a handle to one. Nothing was changed.
///
/// # Examples
/// ```
/// # use mangrove::{ArrayRef, ArrayType, Config, Engine, Error, FieldType, ObjectError};
/// # use mangrove::{Store, ValType};
/// # fn main() -> Result<(), Error> {
/// # let engine = Engine::new(&Config::new())?;
/// # let mut store = Store::new(&engine, ())?;
/// let ty = ArrayType::new(&engine, FieldType::variable(ValType::I32))?;
/// let array = ArrayRef::from_slice(&mut store, &ty, &[1, 2, 3])?;
/// let error = array.get(&mut store, 3).unwrap_err();
/// assert!(matches!(error, Error::Object(ObjectError::OutOfBounds { end: 4, len: 3 })));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectError {
    /// A handle of a scope that has ended, or of another store's.
    #[error("a reference was used after its scope, or in another store")]
    OutOfScope,
    /// An object of another kind is needed.
    #[error("{expected} is needed, and this is {found}")]
    Kind {
        /// What is needed.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// There is no such field.
    #[error("there is no field {index} in a struct of {fields}")]
    NoField {
        /// Which.
        index: usize,
        /// How many there are.
        fields: usize,
    },
    /// Not as many values as a new object takes.
    #[error("{given} values for an object of {fields}")]
    Count {
        /// How many were given.
        given: usize,
        /// How many it takes.
        fields: usize,
    },
    /// Elements beyond the end of an array.
    #[error("elements up to {end} of an array of {len}")]
    OutOfBounds {
        /// One past the last.
        end: u64,
        /// How many there are.
        len: u32,
    },
    /// A field or element that stays as it was made.
    #[error("an immutable field or element was set")]
    Immutable,
    /// Elements of another type than those that are copied.
    #[error("elements of {given} do not fit an array of others")]
    Element {
        /// What was given, or is to be read.
        given: &'static str,
    },
    /// A type of another engine.
    #[error("a type of another engine was used")]
    Engine,
    /// A type whose objects could hold continuations, where the engine lets none.
    #[error("objects hold no continuations in this engine (continuations-in-objects is reject)")]
    Continuation,
    /// What an array holds is no text of this encoding.
    #[error("not {encoding}: element {at}")]
    Text {
        /// Which encoding.
        encoding: &'static str,
        /// The first element that is wrong.
        at: usize,
    },
    /// What never dies was to be watched.
    #[error("an i31 is no object and never dies")]
    Immortal,
}
