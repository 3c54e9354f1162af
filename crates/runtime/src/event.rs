//! What happens in a store, for who listens: which continuation does what to which, where in
//! the code, and what the heap does.
//!
//! ```text
//!  compiled code, with hooks on switches ─▶ libcalls/hook ─┐
//!  the host calls, resumes, suspends, clones ──────────────┼─▶ emit ─▶ listeners
//!  the registry: ended, parked, unparked (its notes) ──────┘        └▶ the event of a moment
//! ```
//!
//! An event is told where it happens, values in transit or not: a listener sees names and
//! counts, and no roots. A [`Moment`](crate::Moment) is where one may look at everything; the
//! event that it is of is kept meanwhile.

use mangrove_collector::{
    CollectionKind, CollectionReport, FunctionId, MadeFrom, Place, WasmLocation,
};
use mangrove_continuation::End;

/// How a resumption enters what is resumed.
///
/// # Examples
/// See [`Event`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entering {
    /// With values, by `resume`.
    Resume,
    /// With an exception, by `resume_throw` or `resume_throw_ref`.
    Throw,
}

/// What has happened, or is about to. Continuations are the numbers of their records, as in
/// reports: a record is used again when its continuation has ended.
///
/// # Examples
/// See [`Event`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// The host calls a function, on a continuation of its own that runs from now on.
    Called {
        /// That continuation.
        continuation: u32,
        /// The function.
        function: FunctionId,
    },
    /// A continuation is there: fresh, or a clone.
    Made {
        /// It.
        continuation: u32,
        /// The function it was made from.
        function: FunctionId,
        /// Who made it; none if the host did.
        by: Option<u32>,
        /// The `cont.new`, of a clone the first one's; none if the host made it.
        at: Option<WasmLocation>,
        /// What it is a clone of.
        clone_of: Option<u32>,
    },
    /// Arguments were bound to a continuation: references from before are stale, and it is
    /// the same one.
    Bound {
        /// It.
        continuation: u32,
        /// Who did so; none if the host did.
        by: Option<u32>,
        /// The `cont.bind`; none if the host did so.
        at: Option<WasmLocation>,
    },
    /// A continuation is about to run, and all that is suspended as one with it is on the
    /// running chain from now on.
    Resumed {
        /// The innermost of them, which is to run.
        continuation: u32,
        /// The outermost of them, whose parent the resumer becomes.
        outermost: u32,
        /// The resumer; none if the host is.
        by: Option<u32>,
        /// In which way.
        entering: Entering,
        /// The instruction that does so; none if the host does.
        at: Option<WasmLocation>,
        /// Where it goes on; none if it has not begun.
        stopped: Option<WasmLocation>,
        /// The function it was made from.
        function: FunctionId,
    },
    /// The running continuation is about to suspend, and its parents up to the handler with
    /// it.
    Suspended {
        /// It.
        continuation: u32,
        /// Who handles that; none if the host does.
        to: Option<u32>,
        /// The tag's number in the store; none if it was interrupted.
        tag: Option<u32>,
        /// Where; none if it is not known.
        at: Option<WasmLocation>,
    },
    /// The running continuation is about to suspend in the same way, and another one to take
    /// its place.
    Switched {
        /// It.
        from: u32,
        /// The other, the innermost of what is suspended as one with it.
        continuation: u32,
        /// Who handles that, and becomes the other's parent; none if the host does.
        handler: Option<u32>,
        /// The tag's number in the store.
        tag: u32,
        /// Where.
        at: Option<WasmLocation>,
        /// Where the other goes on; none if it has not begun.
        stopped: Option<WasmLocation>,
        /// The function that the other was made from.
        function: FunctionId,
    },
    /// A continuation has ended.
    Ended {
        /// It.
        continuation: u32,
        /// How.
        end: End,
    },
    /// An exception is thrown, by code or by a host function that code has called.
    Thrown {
        /// In this continuation.
        continuation: u32,
        /// The tag's number in the store.
        tag: u32,
        /// Where; none if it is not known.
        at: Option<WasmLocation>,
    },
    /// Execution has trapped. All stacks are still there.
    Trapped {
        /// In this continuation; none if nothing ran.
        continuation: Option<u32>,
        /// Where; none if it is not known.
        at: Option<WasmLocation>,
        /// Why, as messages say it.
        reason: String,
    },
    /// A continuation gave up its stack.
    Parked {
        /// It.
        continuation: u32,
        /// Bytes that its frames take.
        bytes: u64,
    },
    /// A continuation got a stack again.
    Unparked {
        /// It.
        continuation: u32,
        /// Bytes that its frames took.
        bytes: u64,
    },
    /// A collection begins: nothing has moved yet.
    Collection {
        /// The Nth, from 1.
        number: u64,
        /// Of which kind.
        kind: CollectionKind,
    },
    /// A collection is over.
    Collected(CollectionReport),
    /// The heap has taken more memory.
    HeapGrown {
        /// Bytes that it has taken, objects in them or not.
        bytes: u64,
    },
    /// A function is entered that has a hook of its own.
    Entered {
        /// On this continuation.
        continuation: u32,
        /// The function, and where its code begins.
        at: WasmLocation,
    },
    /// An instruction that has a hook of its own is about to be executed.
    Reached {
        /// On this continuation.
        continuation: u32,
        /// It.
        at: WasmLocation,
    },
    /// The store's deadline has come.
    Deadline {
        /// In this continuation.
        continuation: u32,
        /// Where.
        at: Option<WasmLocation>,
    },
}

/// How many there are, and what they take, at an event.
///
/// # Examples
/// See [`Event`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Bytes objects take, those not collected yet included.
    pub heap_bytes: u64,
    /// Bytes of memory that the heap has taken, objects in them or not.
    pub heap_memory: u64,
    /// Continuations of the program that live.
    pub continuations: u64,
    /// Of these, those without a stack.
    pub parked: u64,
    /// Bytes that their frames take.
    pub parked_bytes: u64,
    /// Bytes of all stacks ever made.
    pub stack_bytes: u64,
}

/// An event, with the names behind its numbers.
///
/// # Examples
/// ```
/// use mangrove::{Config, Counts, End, Engine, Entering, Event, EventKind, Hooks, Linker, Module, Store};
/// use std::sync::mpsc::channel;
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let mut config = Config::new();
/// config.hooks(Hooks { switches: true, ..Hooks::default() });
/// let engine = Engine::new(&config)?;
/// let module = Module::new(&engine, "(module
///     (type $f (func)) (type $k (cont $f)) (tag $stop)
///     (func $body (suspend $stop)) (elem declare func $body)
///     (func $main (export \"main\")
///         (block $on (result (ref $k))
///             (resume $k (on $stop $on) (cont.new $k (ref.func $body))) (return))
///         (resume $k)))")?;
/// let mut store = Store::new(&engine, ())?;
/// let (tell, told) = channel();
/// store.observe_events(move |event: &Event<'_>| {
///     let text = match event.kind() {
///         EventKind::Called { function, .. } => {
///             format!("called {}", event.function(*function).name.unwrap_or_default())
///         }
///         EventKind::Resumed { entering: Entering::Resume, at: Some(at), .. } => {
///             let place = event.place(*at).expect("a module of the store");
///             format!("resumed in {}", place.name.unwrap_or_default())
///         }
///         EventKind::Suspended { tag: Some(tag), .. } => format!("suspended by {}", event.tag(*tag)),
///         EventKind::Ended { end: End::Returned, .. } => "returned".to_owned(),
///         _ => return,
///     };
///     let counts: Counts = event.counts();
///     tell.send((text, counts.continuations)).unwrap();
/// });
/// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
/// instance.get_typed_func::<(), ()>(&mut store, "main")?.call(&mut store, ())?;
/// let (texts, counts): (Vec<_>, Vec<_>) = told.try_iter().unzip();
/// let ran = ["called main", "resumed in main", "suspended by $stop", "resumed in main"];
/// assert_eq!(texts[..4], ran);
/// assert_eq!(texts[4..], ["returned", "returned"], "of $body and of the call");
/// assert_eq!(counts[..4], [0, 1, 1, 1]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct Event<'s> {
    store: &'s dyn Knows,
    kind: &'s EventKind,
}

/// What knows the names behind numbers, and counts: the store.
pub(crate) trait Knows {
    /// The names of a place in code; none if its module is not known.
    fn place(&self, at: WasmLocation) -> Option<Place>;
    /// The names of a function.
    fn function(&self, function: FunctionId) -> MadeFrom;
    /// What a tag is called; none if no instance has it.
    fn tag(&self, tag: u32) -> Option<String>;
    /// How much there is of everything.
    fn counts(&self) -> Counts;
}

/// Somebody who is told of events. He sees names and counts, and no store.
pub type Listener = Box<dyn FnMut(&Event<'_>) + Send>;

impl<'s> Event<'s> {
    pub(crate) fn new(store: &'s dyn Knows, kind: &'s EventKind) -> Self {
        Self { store, kind }
    }

    /// What it is.
    pub fn kind(&self) -> &'s EventKind {
        self.kind
    }

    /// The names of a place in code; none if its module is not known.
    pub fn place(&self, at: WasmLocation) -> Option<Place> {
        self.store.place(at)
    }

    /// The names of a function.
    pub fn function(&self, function: FunctionId) -> MadeFrom {
        self.store.function(function)
    }

    /// What a tag of the store is called: as the first module that has a name for it calls
    /// it, else by its number.
    pub fn tag(&self, tag: u32) -> String {
        let called = self.store.tag(tag);
        called.unwrap_or_else(|| format!("tag {tag}"))
    }

    /// How much there is of everything.
    pub fn counts(&self) -> Counts {
        self.store.counts()
    }
}

impl std::fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.kind.fmt(f)
    }
}
