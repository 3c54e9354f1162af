//! The contexts compiled code runs in: one per store, one per instance, and
//! the cells they point to.
//!
//! ```text
//!  StoreContext                         InstanceContext (header, then arrays: see `layout`)
//!  ┌──────────────────────────┐         ┌───────────────────────┐
//!  │ current record           │◀────────│ store                 │
//!  │ free records             │         │ heap_base (a copy)    │
//!  │ allocation window        │         │ owner (runtime's own) │
//!  │ heap base, descriptors   │         ├───────────────────────┤
//!  │ libcalls, host_sp        │         │ types, functions, …   │
//!  │ fault report             │         └───────────────────────┘
//!  │ transfer area (16 B × n) │
//!  │ epoch, deadline, fuel    │
//!  └──────────────────────────┘
//! ```

use crate::defect::Defect;
use crate::libcall::LibcallFn;
use crate::object::{TypeDescriptor, TypeId};
use crate::record::{ContRecord, HandlerTable};
use core::ptr;
use core::sync::atomic::AtomicU64;

/// How many values the transfer area holds. Wasm allows 1,000 parameters and
/// 1,000 results; one list of them is in flight at a time.
pub const TRANSFER_SLOTS: usize = 1024;

/// One value in transit between two sides of a switch or a host call, or of a call
/// or return with more values than registers.
///
/// 16 bytes, little-endian, low bytes first: an `i32`, `f32` or heap reference
/// uses the low 4, an `i64`, `f64` or function reference the low 8, a `v128`
/// or a continuation reference all of them. Unused bytes are unspecified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, align(16))]
pub struct TransferSlot {
    /// Low, then high half.
    pub words: [u64; 2],
}

impl TransferSlot {
    /// A slot holding `value` in its low 8 bytes.
    pub const fn from_u64(value: u64) -> Self {
        Self { words: [value, 0] }
    }

    /// A slot holding a continuation reference.
    pub fn from_cont(value: ContRef) -> Self {
        Self {
            words: [value.record as u64, value.revision],
        }
    }

    /// The slot read as a continuation reference.
    pub fn as_cont(self) -> ContRef {
        ContRef {
            record: self.words[0] as *mut ContRecord,
            revision: self.words[1],
        }
    }

    /// The slot read as 16 bytes.
    pub const fn as_u128(self) -> u128 {
        self.words[0] as u128 | (self.words[1] as u128) << 64
    }

    /// A slot holding 16 bytes.
    pub const fn from_u128(value: u128) -> Self {
        Self {
            words: [value as u64, (value >> 64) as u64],
        }
    }
}

/// The operands of a switch that a libcall asks for.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Leaving {
    /// The record of the stack that is left, which made the libcall.
    pub from: *mut ContRecord,
    /// The record that is switched to.
    pub target: *mut ContRecord,
    /// Why: see [`crate::reason`].
    pub reason: i64,
    /// Value 0 of what travels, if it fits a register.
    pub payload: u64,
}

impl Default for Leaving {
    /// Nobody's.
    fn default() -> Self {
        Self {
            from: ptr::null_mut(),
            target: ptr::null_mut(),
            reason: 0,
            payload: 0,
        }
    }
}

/// What compiled code knows of its store. One per store, never moved.
///
/// Instances point here, and the assembly stubs read `current` and `host_sp`.
#[derive(Debug)]
#[repr(C)]
pub struct StoreContext {
    /// The record of the continuation whose stack runs Wasm now. Null while no
    /// Wasm is active in this store.
    pub current: *mut ContRecord,
    /// Head of the list of records ready for `cont.new`: each has a stack and
    /// state `Gone`; linked through [`ContRecord::next_free`]. Null: call
    /// [`crate::Libcall::ContAlloc`].
    pub free_records: *mut ContRecord,
    /// Next free byte of the heap, as an offset from `heap_base`. A multiple of 8.
    pub alloc_next: u64,
    /// End of the allocation window, as an offset. `alloc_next + size` beyond
    /// this means: call [`crate::Libcall::GcReserve`] and try again.
    pub alloc_limit: u64,
    /// First byte of the heap reservation. Heap references are offsets from it.
    /// The first page is never mapped, so that a null dereference faults.
    pub heap_base: *mut u8,
    /// Half of the offset where the young space ends, less 1: see [`crate::log`].
    pub young: u64,
    /// One byte for [`crate::object::CARD_SHIFT`] bytes of the heap, from its base on.
    pub cards: *mut u8,
    /// Where the next entry of the log goes (see [`crate::log`]),
    pub log_next: *mut u64,
    /// and its last place. Once `log_next` is there, entries are lost.
    pub log_last: *mut u64,
    /// Descriptors of all canonical types, indexed by [`crate::TypeId`]. Fixed
    /// for the engine's life. An entry is there for as long as somebody holds its type,
    /// as this store does with those of all its objects.
    pub descriptors: *const TypeDescriptor,
    /// The libcall table, indexed by [`crate::Libcall`].
    pub libcalls: *const LibcallFn,
    /// Stack pointer of the host at the innermost entry into Wasm, 16-aligned:
    /// where host calls run. Set by the entry stub, restored by the runtime.
    pub host_sp: u64,
    /// The record that stands for the host at the bottom of the innermost
    /// activation's chain. Traps leave through it.
    pub host_record: *mut ContRecord,
    /// Continuations created so far, but for initial ones.
    pub created: u64,
    /// Continuations that returned so far, initial ones included.
    pub returned: u64,
    /// The table of a `resume` without clauses.
    pub no_handlers: HandlerTable,
    /// Where a thrown exception continues: program counter,
    pub catch_pc: u64,
    /// stack pointer,
    pub catch_sp: u64,
    /// frame pointer,
    pub catch_fp: u64,
    /// and the exception object, for the handler's register.
    pub catch_exn: u64,
    /// What a libcall wants switched: see [`crate::LibcallResult::SWITCH`].
    pub leaving: Leaving,
    /// Program counter of a fault in Wasm code; 0 if there was none. Written by
    /// the signal handler, cleared by the runtime when it reads it.
    pub fault_pc: u64,
    /// Stack pointer at that fault,
    pub fault_sp: u64,
    /// and frame pointer.
    pub fault_fp: u64,
    /// Address whose access faulted.
    pub fault_addr: u64,
    /// The signal's number.
    pub fault_signal: u64,
    /// The runtime's store, opaque to compiled code.
    pub owner: *mut u8,
    /// Values in transit. Never a root: it is written just before a call, a switch, a
    /// host call or a return and read just after, with no safepoint in between.
    pub transfer: [TransferSlot; TRANSFER_SLOTS],
    /// The number of the engine's epoch, which anyone may raise at any time. Behind the
    /// transfer area, as what follows: code that looks at none of these has the
    /// offsets it had without them.
    pub epoch: *const AtomicU64,
    /// From this epoch on, code that looks at epochs calls [`crate::Libcall::Interrupt`].
    pub epoch_deadline: u64,
    /// Units of fuel that are left until code that counts calls the same; what was
    /// used beyond is below 0. See [`crate::libcall::interrupt`].
    pub fuel: i64,
    /// What the collector does wrong, for tests. Compiled code does not know it.
    pub defect: Option<Defect>,
}

impl StoreContext {
    /// Whether a test wants this done wrong; never in builds without the feature
    /// `planted-defects`.
    #[inline(always)]
    pub fn has(&self, defect: Defect) -> bool {
        defect.is_in(self.defect)
    }

    /// A context with every pointer null and every count zero, ready for its
    /// owner to fill.
    pub fn new() -> Box<Self> {
        Box::new(Self {
            current: ptr::null_mut(),
            free_records: ptr::null_mut(),
            alloc_next: 0,
            alloc_limit: 0,
            heap_base: ptr::null_mut(),
            young: 0,
            cards: ptr::null_mut(),
            log_next: ptr::null_mut(),
            log_last: ptr::null_mut(),
            descriptors: ptr::null(),
            libcalls: ptr::null(),
            host_sp: 0,
            host_record: ptr::null_mut(),
            created: 0,
            returned: 0,
            no_handlers: HandlerTable::EMPTY,
            catch_pc: 0,
            catch_sp: 0,
            catch_fp: 0,
            catch_exn: 0,
            leaving: Leaving::default(),
            fault_pc: 0,
            fault_sp: 0,
            fault_fp: 0,
            fault_addr: 0,
            fault_signal: 0,
            owner: ptr::null_mut(),
            transfer: [TransferSlot::default(); TRANSFER_SLOTS],
            epoch: ptr::null(),
            epoch_deadline: u64::MAX,
            fuel: 0,
            defect: None,
        })
    }
}

/// The fixed part of what compiled code knows of its instance; the arrays that
/// follow it in memory are placed by [`crate::InstanceLayout`].
///
/// Every compiled function takes the address of one as its first parameter. A
/// host function's is this header alone.
#[derive(Debug)]
#[repr(C)]
pub struct InstanceContext {
    /// The store's context.
    pub store: *mut StoreContext,
    /// A copy of [`StoreContext::heap_base`], one load closer.
    pub heap_base: *mut u8,
    /// The runtime's own data for this instance, opaque to compiled code; 0 for
    /// a host function.
    pub owner: u64,
    /// Number of the instance within its store (or of the host function).
    pub index: u64,
}

/// What a host function's compiled code takes for an instance.
#[derive(Debug)]
#[repr(C)]
pub struct HostContext {
    /// As every instance has it.
    pub instance: InstanceContext,
    /// What the trampoline calls on the host's stack, with this for an instance:
    /// parameters and results are in the transfer area from slot 0. A safepoint.
    pub call: LibcallFn,
}

/// A function reference points to one of these. They live as long as their store.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct FuncRef {
    /// Compiled entry, `tail` convention: instance context first, then the parameters.
    pub code: *const u8,
    /// What `code` takes as its first argument.
    pub instance: *mut InstanceContext,
    /// The entry trampoline for this function's signature: the first frame of
    /// every stack, which takes the parameters from the transfer area, calls
    /// `code` and finishes the continuation.
    pub entry: *const u8,
    /// Canonical type of the function.
    pub type_id: TypeId,
    /// Index of the function in its module (or of the host function in its store).
    pub index: u32,
}

/// A continuation reference: a record and the revision it was made for.
///
/// Null is a null record. A reference whose revision differs from the record's
/// has been consumed. 16 bytes: what stack maps call a continuation slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, align(16))]
pub struct ContRef {
    /// The record, or null.
    pub record: *mut ContRecord,
    /// The revision this reference was made for.
    pub revision: u64,
}

impl ContRef {
    /// The null reference.
    pub const NULL: Self = Self {
        record: ptr::null_mut(),
        revision: 0,
    };

    /// Whether this is the null reference.
    pub fn is_null(self) -> bool {
        self.record.is_null()
    }
}

/// The storage of a global: one value, in the form of a [`TransferSlot`].
#[derive(Debug, Default)]
#[repr(C, align(16))]
pub struct GlobalCell {
    /// The value.
    pub value: TransferSlot,
    /// Whether the log has an entry of this cell.
    pub listed: u64,
}

/// What compiled code sees of a table.
#[derive(Debug)]
#[repr(C)]
pub struct TableDef {
    /// The elements: 4 bytes each for heap references, 8 for function
    /// references, 16 for continuation references. May move when the table grows.
    pub base: *mut u8,
    /// How many elements.
    pub len: u64,
    /// Of a table of heap references: one byte for [`crate::object::CARD_SHIFT`] bytes
    /// of elements. Set where a minor collection must look; null for other tables.
    pub cards: *mut u8,
    /// Whether any of them is set.
    pub listed: u64,
}

/// What compiled code sees of a linear memory.
#[derive(Debug)]
#[repr(C)]
pub struct MemoryDef {
    /// The first byte. Never moves: the whole address space a memory can ever
    /// use is reserved when it is made.
    pub base: *mut u8,
    /// Current size in bytes.
    pub len: u64,
}

/// A tag's identity is the address of one of these.
///
/// Aligned so that [`crate::HandlerTable::SWITCH`] fits below the address: an entry's bit is
/// found at `bits`, counted from the entry itself.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
pub struct TagDef {
    /// Canonical function type of the tag.
    pub type_id: TypeId,
    /// Type of the exception objects that carry it (see [`crate::object`]).
    pub exn_type: TypeId,
    /// Number of the tag within its store.
    pub index: u32,
    /// What stands for the entries of this tag in a set of 64 bits: those for
    /// `suspend`, and those for `switch`. Several tags share bits when a store has
    /// more than 32.
    pub bits: [u64; 2],
}

impl TagDef {
    /// A tag, with the bits that follow from its number.
    ///
    /// ```
    /// use mangrove_abi::{TagDef, TypeId};
    ///
    /// let [ty, exn] = [20, 21].map(TypeId::new);
    /// assert_eq!(TagDef::new(ty, exn, 3).bits, [1 << 3, 1 << 35]);
    /// assert_eq!(TagDef::new(ty, exn, 33).bits, [1 << 33, 1 << 1]);
    /// ```
    pub const fn new(type_id: TypeId, exn_type: TypeId, index: u32) -> Self {
        let bit: u64 = 1 << (index % u64::BITS);
        Self {
            type_id,
            exn_type,
            index,
            bits: [bit, bit.rotate_left(u64::BITS / 2)],
        }
    }
}
