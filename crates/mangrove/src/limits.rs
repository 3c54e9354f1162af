//! A ready-made limiter.

use mangrove_runtime::{Error, ResourceLimiter};

/// Most that a store may take of each kind; no limits by default but those of counts.
/// To be kept in a store's data, and shown by [`Store::limiter`](crate::Store::limiter).
///
/// # Examples
/// ```
/// use mangrove::{Config, Engine, Instance, Module, Store, StoreLimits, StoreLimitsBuilder};
///
/// struct State {
///     limits: StoreLimits,
/// }
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let limits = StoreLimitsBuilder::new().memory_size(1 << 20).instances(1).build();
/// let engine = Engine::new(&Config::new())?;
/// let mut store = Store::new(&engine, State { limits })?;
/// store.limiter(|state| &mut state.limits);
///
/// let module = Module::new(&engine, b"(module (memory 16))")?;
/// Instance::new(&mut store, &module, &[])?;
/// let refused = Instance::new(&mut store, &module, &[]).unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "the store's limiter refuses 2 instances in a store, 1 at the most",
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct StoreLimits {
    memory_size: Option<usize>,
    table_elements: Option<usize>,
    heap_size: Option<usize>,
    continuations: Option<usize>,
    stack_bytes: Option<usize>,
    instances: usize,
    tables: usize,
    memories: usize,
    trap_on_grow_failure: bool,
}

impl Default for StoreLimits {
    fn default() -> Self {
        Self {
            memory_size: None,
            table_elements: None,
            heap_size: None,
            continuations: None,
            stack_bytes: None,
            instances: 10_000,
            tables: 10_000,
            memories: 10_000,
            trap_on_grow_failure: false,
        }
    }
}

/// Makes [`StoreLimits`].
///
/// # Examples
/// ```
/// let limits = mangrove::StoreLimitsBuilder::new()
///     .memory_size(64 << 20)
///     .heap_size(16 << 20)
///     .continuations(10_000)
///     .build();
/// ```
///
/// ```
/// use mangrove::{StoreLimits, StoreLimitsBuilder};
///
/// let limits: StoreLimits = StoreLimitsBuilder::new()
///     .memory_size(64 << 20)
///     .table_elements(10_000)
///     .heap_size(16 << 20)
///     .continuations(1_000)
///     .stack_bytes(64 << 20)
///     .instances(10)
///     .tables(10)
///     .memories(10)
///     .trap_on_grow_failure(true)
///     .build();
/// # let _ = limits;
/// ```
#[derive(Clone, Debug, Default)]
pub struct StoreLimitsBuilder(StoreLimits);

impl StoreLimitsBuilder {
    /// No limits yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Most bytes of each memory.
    pub fn memory_size(mut self, bytes: usize) -> Self {
        self.0.memory_size = Some(bytes);
        self
    }

    /// Most elements of each table.
    pub fn table_elements(mut self, elements: usize) -> Self {
        self.0.table_elements = Some(elements);
        self
    }

    /// Most bytes of objects, garbage included. While it is collected the heap may take
    /// twice as much memory.
    pub fn heap_size(mut self, bytes: usize) -> Self {
        self.0.heap_size = Some(bytes);
        self
    }

    /// Most continuations that live or have left a stack for the next.
    pub fn continuations(mut self, count: usize) -> Self {
        self.0.continuations = Some(count);
        self
    }

    /// Most bytes of stacks of continuations, each counted as a whole, and of the frames
    /// of parked ones. Beyond it continuations are parked, as far as that makes room.
    pub fn stack_bytes(mut self, bytes: usize) -> Self {
        self.0.stack_bytes = Some(bytes);
        self
    }

    /// Most instances; 10,000 by default.
    pub fn instances(mut self, count: usize) -> Self {
        self.0.instances = count;
        self
    }

    /// Most tables; 10,000 by default.
    pub fn tables(mut self, count: usize) -> Self {
        self.0.tables = count;
        self
    }

    /// Most memories; 10,000 by default.
    pub fn memories(mut self, count: usize) -> Self {
        self.0.memories = count;
        self
    }

    /// Whether a `memory.grow` or `table.grow` that fails is a trap, instead of -1. For
    /// the heap and continuations there is no -1, and this says nothing.
    pub fn trap_on_grow_failure(mut self, trap: bool) -> Self {
        self.0.trap_on_grow_failure = trap;
        self
    }

    /// The limits.
    pub fn build(self) -> StoreLimits {
        self.0
    }
}

impl StoreLimits {
    /// Whether growing so far is allowed.
    fn grow(
        &self,
        what: &str,
        desired: usize,
        most: Option<usize>,
        maximum: Option<usize>,
    ) -> Result<bool, Error> {
        let Some(limit) = most.into_iter().chain(maximum).min() else {
            return Ok(true);
        };
        if desired > limit && self.trap_on_grow_failure {
            return Err(Error::Limit(format!(
                "a {what} of {desired} is beyond the limit of {limit}"
            )));
        }
        Ok(desired <= limit)
    }
}

impl ResourceLimiter for StoreLimits {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, Error> {
        self.grow("memory", desired, self.memory_size, maximum)
    }

    fn memory_grow_failed(&mut self, error: Error) -> Result<(), Error> {
        match self.trap_on_grow_failure {
            true => Err(error),
            false => Ok(()),
        }
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, Error> {
        self.grow("table", desired, self.table_elements, maximum)
    }

    fn table_grow_failed(&mut self, error: Error) -> Result<(), Error> {
        self.memory_grow_failed(error)
    }

    fn heap_growing(&mut self, _: usize, desired: usize, _: usize) -> Result<bool, Error> {
        Ok(self.heap_size.is_none_or(|most| desired <= most))
    }

    fn continuations_growing(&mut self, _: usize, desired: usize, _: usize) -> Result<bool, Error> {
        Ok(self.continuations.is_none_or(|most| desired <= most))
    }

    fn stacks_growing(&mut self, _: usize, desired: usize, _: usize) -> Result<bool, Error> {
        Ok(self.stack_bytes.is_none_or(|most| desired <= most))
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        self.tables
    }

    fn memories(&self) -> usize {
        self.memories
    }
}
