//! Whom a store asks before it takes more: the embedder's limiter.
//!
//! It is part of the embedder's data, whose type the runtime does not know, so it is
//! reached through a closure that does.

use crate::error::Error;
use crate::trace;
use std::ptr::NonNull;

/// Decides whether a store may take more.
///
/// It is asked where more is taken, which is never on the way of an allocation that fits
/// the window compiled code has, of a `cont.new` for which an ended continuation has left
/// its stack, or of a `resume`. `Ok(false)` is what the program sees anyway when there
/// is no more: `memory.grow` and `table.grow` give -1, the heap is exhausted, there is no
/// room for a continuation. An error ends what asked, as one of a host function would:
/// in Wasm it is a trap. A panic goes on in the embedder's code that had called Wasm.
///
/// It has no access to the store, which is in the middle of something.
///
/// # Examples
/// ```
/// use mangrove::{Config, Engine, Error, Memory, MemoryType, ResourceLimiter, Store};
///
/// struct Pages(usize);
///
/// impl ResourceLimiter for Pages {
///     fn memory_growing(
///         &mut self,
///         _current: usize,
///         desired: usize,
///         _maximum: Option<usize>,
///     ) -> Result<bool, Error> {
///         Ok(desired <= self.0 << 16)
///     }
///
///     fn table_growing(
///         &mut self,
///         _current: usize,
///         _desired: usize,
///         _maximum: Option<usize>,
///     ) -> Result<bool, Error> {
///         Ok(true)
///     }
/// }
///
/// # fn main() -> Result<(), Error> {
/// let mut store = Store::new(&Engine::new(&Config::new())?, Pages(2))?;
/// store.limiter(|pages| pages);
/// let ty = MemoryType::new(1, None);
/// let memory = Memory::new(&mut store, ty)?;
/// assert_eq!(memory.grow(&mut store, 1)?, Some(1));
/// assert_eq!(memory.grow(&mut store, 1)?, None);
/// # Ok(())
/// # }
/// ```
///
/// ```
/// use mangrove::{Engine, Error, ResourceLimiter, Store};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// /// Takes note of everything, and lets each have 1 MiB.
/// #[derive(Default)]
/// struct Notes(Vec<&'static str>);
///
/// impl ResourceLimiter for Notes {
///     fn memory_growing(&mut self, _: usize, to: usize, _: Option<usize>) -> Result<bool, Error> {
///         self.0.push("memory");
///         Ok(to <= 1 << 20)
///     }
///     fn memory_grow_failed(&mut self, _: Error) -> Result<(), Error> {
///         Err(Error::host("out of memory")) // a trap, in place of -1
///     }
///     fn table_growing(&mut self, _: usize, to: usize, _: Option<usize>) -> Result<bool, Error> {
///         Ok(to <= 10_000)
///     }
///     fn table_grow_failed(&mut self, _: Error) -> Result<(), Error> {
///         Ok(())
///     }
///     fn heap_growing(&mut self, _: usize, to: usize, _: usize) -> Result<bool, Error> {
///         Ok(to <= 1 << 20)
///     }
///     fn continuations_growing(&mut self, _: usize, to: usize, _: usize) -> Result<bool, Error> {
///         Ok(to <= 100)
///     }
///     fn stacks_growing(&mut self, _: usize, to: usize, _: usize) -> Result<bool, Error> {
///         Ok(to <= 1 << 20)
///     }
///     fn instances(&self) -> usize {
///         10
///     }
///     fn tables(&self) -> usize {
///         10
///     }
///     fn memories(&self) -> usize {
///         10
///     }
/// }
///
/// let mut store = Store::new(&Engine::default(), Notes::default())?;
/// store.limiter(|notes| notes);
/// # Ok(())
/// # }
/// ```
pub trait ResourceLimiter {
    /// A memory is to have `desired` bytes, and has `current`: 0 if it is being made.
    /// `maximum` is its type's. A `desired` beyond that, or beyond the engine's limit, is
    /// refused afterwards, whatever this says.
    ///
    /// # Errors
    /// What is to end with it.
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, Error>;

    /// A memory that was allowed to grow could not, for this reason.
    ///
    /// # Errors
    /// What is to end with it; otherwise the program gets its -1.
    fn memory_grow_failed(&mut self, error: Error) -> Result<(), Error> {
        tracing::debug!(target: trace::MEMORY, %error, "a memory could not grow");
        Ok(())
    }

    /// A table is to have `desired` elements, and has `current`: 0 if it is being made.
    ///
    /// # Errors
    /// What is to end with it.
    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, Error>;

    /// A table that was allowed to grow could not, for this reason.
    ///
    /// # Errors
    /// What is to end with it; otherwise the program gets its -1.
    fn table_grow_failed(&mut self, error: Error) -> Result<(), Error> {
        tracing::debug!(target: trace::MEMORY, %error, "a table could not grow");
        Ok(())
    }

    /// The objects of the heap are to take up to `desired` bytes, where up to `current`
    /// were allowed, garbage included. The collector asks for what spares collections; if
    /// that is refused, for less and less, and in the end for what the object at hand
    /// needs. Whatever is refused, it then collects. `maximum` is the engine's limit,
    /// which `desired` never exceeds.
    ///
    /// The heap may take twice as much memory while it is collected.
    ///
    /// # Errors
    /// What is to end with it.
    fn heap_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: usize,
    ) -> Result<bool, Error> {
        Ok(true)
    }

    /// There are to be `desired` continuations: one more than live or have left a stack
    /// for the next. If that is refused there is a collection, and where it has ended
    /// none the program traps. Those that calls from the host begin with count, and are
    /// not asked for.
    ///
    /// # Errors
    /// What is to end with it.
    fn continuations_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: usize,
    ) -> Result<bool, Error> {
        Ok(true)
    }

    /// Stacks of continuations and the frames of parked ones are to take `desired` bytes,
    /// each stack counted as a whole. If that is refused another continuation is parked,
    /// where one can be, and this is asked again.
    ///
    /// # Errors
    /// What is to end with it.
    fn stacks_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: usize,
    ) -> Result<bool, Error> {
        Ok(true)
    }

    /// Most instances of the store; 10,000 if nothing is said.
    fn instances(&self) -> usize {
        10_000
    }

    /// Most tables, those the host made included; 10,000 if nothing is said.
    fn tables(&self) -> usize {
        10_000
    }

    /// Most memories, those the host made included; 10,000 if nothing is said.
    fn memories(&self) -> usize {
        10_000
    }
}

/// Shows the limiter in a store's data, which the first parameter points to, to the
/// second.
pub type ErasedLimiter =
    Box<dyn FnMut(NonNull<()>, &mut dyn FnMut(&mut dyn ResourceLimiter)) + Send + Sync>;
