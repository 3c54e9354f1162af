//! What compiled code asks of the runtime.
//!
//! A libcall runs on the host's stack, reached through the host-call stub. It
//! takes the caller's instance and up to four words; values wider than a word
//! go through transfer slot 0. It returns a word and a status, which the stub obeys:
//!
//! - [`LibcallResult::OK`] goes on with the word as the result.
//! - [`LibcallResult::LEAVE`] switches to the innermost host record. The runtime holds
//!   the reason.
//! - [`LibcallResult::CATCH`] jumps to the handler in the `catch_*` fields of the
//!   store's context.
//! - [`LibcallResult::SWITCH`] switches as `leaving` in the store's context says. The call
//!   goes on when something switches back, with the payload as its result.

use crate::context::InstanceContext;

/// What a libcall hands back, in two registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct LibcallResult {
    /// The result, 0 where there is none.
    pub value: u64,
    /// [`Self::OK`], [`Self::LEAVE`], [`Self::CATCH`] or [`Self::SWITCH`].
    pub status: u64,
}

impl LibcallResult {
    /// Go on with the result.
    pub const OK: u64 = 0;
    /// Leave Wasm: what is pending in the store (a trap, an exception that Wasm does not
    /// catch, an error or a panic of the host) says why.
    pub const LEAVE: u64 = 1;
    /// Go on at the exception handler that the store context's `catch_*` fields
    /// describe, on whatever stack it is.
    pub const CATCH: u64 = 2;
    /// Switch away from the stack that made this call. Only to code that keeps no register
    /// over the call, as at a switch: [`crate::HostKind::Suspending`].
    pub const SWITCH: u64 = 3;

    /// A result to go on with.
    pub const fn ok(value: u64) -> Self {
        Self {
            value,
            status: Self::OK,
        }
    }

    /// The answer that leaves Wasm.
    pub const fn leave() -> Self {
        Self {
            value: 0,
            status: Self::LEAVE,
        }
    }
}

/// The type of every libcall, and of what a host function's trampoline calls
/// ([`crate::HostContext`]), for which the words mean nothing.
pub type LibcallFn =
    unsafe extern "C" fn(*mut InstanceContext, u64, u64, u64, u64) -> LibcallResult;

macro_rules! libcalls {
    ($($(#[$doc:meta])* $name:ident($($arg:ident),*),)*) => {
        /// The libcalls, by number. Operands are given in the order compiled
        /// code passes them; `a|b` in a description is two 32-bit values
        /// packed into one word, `a` in the low half.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Libcall { $($(#[$doc])* $name,)* }

        impl Libcall {
            /// All of them, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Names of the operands.
            pub const fn operands(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$(stringify!($arg)),*],)* }
            }
        }
    };
}

libcalls! {
    /// Make room for `size` bytes in the allocation window, collecting if need
    /// be. A safepoint. Traps when there is no room.
    GcReserve(size),
    /// A record with a stack, state `Gone`, not in the free list. Result: its address. A safepoint.
    ContAlloc(),
    /// `memory.grow`: result, the old size in pages, or -1.
    MemoryGrow(memory, pages),
    /// `memory.fill`. Result, as of each of the operations below that has none of its own: how
    /// many are left to do, and 0 where code does not look at epochs. See [`pieces`].
    MemoryFill(memory, at, value, len),
    /// `memory.copy`: `to|from` memories.
    MemoryCopy(memories, to, from, len),
    /// `memory.init`: `memory|data`.
    MemoryInit(memory_data, to, from, len),
    /// `data.drop`.
    DataDrop(data),
    /// `table.grow` with the value in transfer slot 0: the old size, or -1.
    TableGrow(table, len),
    /// `table.fill` with the value in transfer slot 0.
    TableFill(table, at, len),
    /// `table.copy`: `to|from` tables.
    TableCopy(tables, to, from, len),
    /// `table.init`: `table|elem`.
    TableInit(table_elem, to, from, len),
    /// `elem.drop`.
    ElemDrop(elem),
    /// `array.new_data`: `module type|data`; result, the reference. A safepoint.
    ArrayNewData(type_data, from, len),
    /// `array.new_elem`: `module type|elem`; result, the reference. A safepoint.
    ArrayNewElem(type_elem, from, len),
    /// `array.copy`: `to|from` references, neither null.
    ArrayCopy(arrays, to, from, len),
    /// `array.init_data`: `array|data`, the array not null.
    ArrayInitData(array_data, to, from, len),
    /// `array.init_elem`: `array|elem`, the array not null.
    ArrayInitElem(array_elem, to, from, len),
    /// Whether a value of canonical type `actual` is one of `expected`; both
    /// differ and `expected` is deeper than the inline display. Result 0 or 1.
    IsSubtype(actual, expected),
    /// Throws an exception object that is not null: finds its handler, up the
    /// frames and the parents. Does not come back: it goes on at a handler, or leaves.
    Throw(exn),
    /// For `resume_throw`: `record` was consumed and linked to its parent like
    /// by a `resume`. Finds the handler inside its chain, makes that record
    /// continue there when it is switched to, and gives the records inside it
    /// back. Result: the record to switch to. Without a handler it throws in
    /// the caller.
    PrepareThrow(record, exn),
    /// For `cont.bind`: appends the first `count` transfer slots to the bound
    /// arguments of `record`; they have the types of the parameters, from the
    /// first on, of continuation type `type` of the caller's module. Result:
    /// nothing; the record's revision is the caller's business.
    ContBind(record, type_, count),
    /// For a `resume` of a record that is not ready: logs it, moves the first
    /// `count` transfer slots up and puts the arguments it has bound in front of them.
    /// Result: what is in the first slot then.
    ContReady(record, count),
    /// A place zeal, an observer or a limit wants to see: see [`hook`], which says what
    /// `record`, `revision` and `tag` are; they are 0 where it says nothing. A safepoint.
    Hook(kind, record, revision, tag),
    /// The store's deadline has come, or its fuel is used up: see [`interrupt`]. A
    /// safepoint, at the entry of a function, at the head of a loop, or before an
    /// operation on many elements, by way of [`crate::StubImage::interrupt`]. The continuation
    /// can be left here and resumed like a suspended one.
    Interrupt(kind),
}

/// Operations on many bytes or elements, in code that looks at epochs: it calls them again,
/// for what is left, and looks between two pieces whether its time is over. The first call
/// checks the whole range.
pub mod pieces {
    /// Most bytes of a memory at a time: 10 ms, where the kernel gives the memory only now.
    pub const BYTES: u64 = 16 << 20;
    /// Most elements of a table or an array at a time.
    pub const ELEMENTS: u64 = 1 << 20;

    /// Whether a copy begins with the last piece: what is read later must not have been
    /// written. Code goes by the same rule when it says what is left. It holds between
    /// different memories too, where either order would do.
    pub const fn from_the_end(to: u64, from: u64) -> bool {
        to > from
    }
}

/// Why [`Libcall::Interrupt`] is called.
pub mod interrupt {
    /// The engine's epoch has reached the store's deadline.
    pub const EPOCH: u64 = 0;
    /// The store's fuel is not above 0. It is written to the context before the call,
    /// and read again after it.
    pub const FUEL: u64 = 1;
}

/// The places [`Libcall::Hook`] is called from, when the module was compiled
/// with hooks.
pub mod hook {
    /// Entry of a function, wherever all have hooks.
    pub const CALL: u64 = 0;
    /// Just before a `suspend` takes effect: the address of its tag.
    pub const SUSPEND: u64 = 1;
    /// Just before a `resume` takes effect: the reference that is about to be used, null
    /// and consumed ones included.
    pub const RESUME: u64 = 2;
    /// Just before a `switch` takes effect: the reference, as for [`RESUME`], and the
    /// address of the tag.
    pub const SWITCH: u64 = 3;
    /// Just before a `resume_throw` or `resume_throw_ref` takes effect: the reference, as
    /// for [`RESUME`].
    pub const RESUME_THROW: u64 = 4;
    /// A `cont.new` has taken effect: the reference that it made.
    pub const NEW: u64 = 5;
    /// A `cont.bind` has taken effect: the reference that it made.
    pub const BIND: u64 = 6;
    /// A `resume`, of either kind, goes on because what it resumed has returned: the record
    /// that did.
    pub const RETURNED: u64 = 7;
    /// Entry of a function that an observer named.
    pub const ENTER: u64 = 8;
    /// An instruction that an observer named is about to be executed.
    pub const REACH: u64 = 9;
}
