//! A store without a compiler: stacks laid out by hand, call sites made up.
//!
//! ```text
//!  stack_top -  8   0                        return address of the first frame
//!  fp 0             0                        and its caller's fp
//!  …                slots of frame 0, and words that only look like references
//!                   return address into frame 0
//!  fp 1             fp 0
//!  …                slots of frame 1
//!                   return address into frame 1
//!  sp ─▶            …
//! ```

use crate::parts::StoreParts;
use crate::{
    Code, CollectError, CollectOptions, CollectionReport, ModuleId, Phases, RootOwner, RootSet,
    RootVisitor, Roots, Survivors, collect, root_set,
};
use mangrove_abi::object::{ARRAY_ELEMENTS, HeapRef, Kind, TYPE_HOST, TypeDescriptor, TypeId};
use mangrove_abi::{
    CodeImage, CodeOffset, ContRecord, ContRef, FuncIndex, FuncRef, FunctionCode, FunctionKind,
    InstanceContext, Logged, RecordState, SiteTableBuilder, Slot, SlotKind, StoreContext,
    TypeIndex, Waking, WasmOffset,
};
use mangrove_continuation::{Registry, RegistryConfig, make_current, wake};
use mangrove_heap::{Heap, HeapConfig};
use mangrove_stack::{ArenaConfig, GuardKind};
use std::ptr;
use std::rc::Rc;

/// A struct: an `i32` at 4, references at 8 and 12; 16 bytes.
pub(crate) const NODE: TypeId = TypeId::new(16);
pub(crate) const ID: u32 = 4;
pub(crate) const LEFT: u32 = 8;
pub(crate) const RIGHT: u32 = 12;

/// A struct: a reference at 4, continuations at 8 and 24; 40 bytes.
pub(crate) const BOX: TypeId = TypeId::new(17);
pub(crate) const NEXT: u32 = 4;
pub(crate) const HELD: [u32; 2] = [8, 24];
/// An array of continuations.
pub(crate) const CONTS: TypeId = TypeId::new(18);

/// Where the made-up code lies. Never executed.
pub(crate) const CODE: u64 = 0x7000_0000_0000;
pub(crate) const MODULE: ModuleId = ModuleId(3);

/// Call sites, by return address in the text.
/// In the entry trampoline: no slots.
pub(crate) const ENTRY: u32 = 0x10;
/// In function 5: references at 8 and 24.
pub(crate) const TWO_REFS: u32 = 0x120;
/// In function 5: nothing live. Has the same place among the remembered sites
/// as `TWO_REFS`.
pub(crate) const NONE: u32 = 0x161;
/// In function 6: a continuation at 32, a reference at 40.
pub(crate) const CONT_REF: u32 = 0x210;
/// In function 6: continuations at 16 and 64.
pub(crate) const TWO_CONTS: u32 = 0x222;
/// In function 6, and not a call site.
pub(crate) const NO_SITE: u32 = 0x233;

/// Bytes of every made-up frame below its frame pointer.
const FRAME: u64 = 96;

fn image() -> CodeImage {
    let mut sites = SiteTableBuilder::default();
    let reference = |distance| Slot::new(SlotKind::Ref, distance);
    let continuation = |distance| Slot::new(SlotKind::Cont, distance);
    let at = CodeOffset::new;
    sites.add(at(ENTRY), 0, None, [], None);
    let two = [reference(8), reference(24)];
    sites.add(at(TWO_REFS), 1, WasmOffset::new(1020), two, None);
    sites.add(at(NONE), 1, WasmOffset::new(1031), [], None);
    let mixed = [reference(40), continuation(32)];
    sites.add(at(CONT_REF), 2, WasmOffset::new(2010), mixed, None);
    let conts = [continuation(16), continuation(64)];
    sites.add(at(TWO_CONTS), 2, WasmOffset::new(2022), conts, None);
    let function = |kind, start| FunctionCode {
        kind,
        start: at(start),
        len: 0x100,
        instance_distance: 0,
    };
    CodeImage {
        text: vec![0; 0x300],
        functions: vec![
            function(FunctionKind::Entry(TypeIndex::new(4)), 0),
            function(FunctionKind::Wasm(FuncIndex::new(5)), 0x100),
            function(FunctionKind::Wasm(FuncIndex::new(6)), 0x200),
        ],
        sites: sites.finish(),
        ..CodeImage::default()
    }
}

pub(crate) struct FakeCode(pub(crate) CodeImage);

// SAFETY: the frames that worlds make are of this code.
unsafe impl Code for FakeCode {
    fn image_at(&self, pc: u64) -> Option<(&CodeImage, CodeOffset, ModuleId)> {
        let offset = pc
            .checked_sub(CODE)
            .filter(|&at| at < self.0.text.len() as u64)?;
        Some((&self.0, CodeOffset::new(offset as u32), MODULE))
    }
}

/// What is outside of frames: globals, of both kinds.
#[derive(Default)]
pub(crate) struct Outside {
    pub(crate) refs: Vec<HeapRef>,
    pub(crate) conts: Vec<ContRef>,
}

// SAFETY: everything a world has outside of its frames is in these lists.
unsafe impl Roots for Outside {
    fn visit(&mut self, visitor: &mut dyn RootVisitor) {
        for (index, slot) in (0..).zip(&mut self.refs) {
            let owner = RootOwner::Global {
                instance: Some(0),
                index,
            };
            // SAFETY: the list's.
            unsafe { visitor.heap_ref(owner, &raw mut slot.0) };
        }
        for (element, slot) in (0..).zip(&mut self.conts) {
            let owner = RootOwner::Table {
                instance: Some(0),
                index: 0,
                element,
            };
            // SAFETY: the list's.
            unsafe { visitor.cont_ref(owner, slot) };
        }
    }

    fn visit_young(&mut self, _: &[Logged], visitor: &mut dyn RootVisitor) {
        // All of them are written to without anybody noting it.
        self.visit(visitor);
    }

    fn clean(&mut self, _: Option<&[Logged]>) {}

    fn sweep_weak(&mut self, _: &Survivors<'_, '_>) {}
}

/// One frame to lay: where it is stopped, and what is in which slot.
#[derive(Clone, Default)]
pub(crate) struct Spec {
    pub(crate) pc: u32,
    pub(crate) refs: Vec<(u32, HeapRef)>,
    pub(crate) conts: Vec<(u32, ContRef)>,
}

pub(crate) fn frame(pc: u32) -> Spec {
    Spec {
        pc,
        ..Spec::default()
    }
}

impl Spec {
    pub(crate) fn reference(mut self, distance: u32, value: HeapRef) -> Self {
        self.refs.push((distance, value));
        self
    }

    pub(crate) fn cont(mut self, distance: u32, value: ContRef) -> Self {
        self.conts.push((distance, value));
        self
    }
}

pub(crate) struct World {
    pub(crate) heap: Heap,
    pub(crate) registry: Registry,
    pub(crate) ctx: Box<StoreContext>,
    pub(crate) code: FakeCode,
    pub(crate) outside: Outside,
    // Counted, and not boxed: a box that moves would take the records' pointers along.
    pub(crate) func: Rc<FuncRef>,
    _instance: Rc<InstanceContext>,
    _descriptors: Vec<TypeDescriptor>,
}

static NODE_FIELDS: [u32; 2] = [LEFT, RIGHT];
/// Heap references, then continuations.
static BOX_FIELDS: [u32; 3] = [NEXT, HELD[0], HELD[1]];

fn descriptors() -> Vec<TypeDescriptor> {
    let mut table = vec![TypeDescriptor::UNUSED; CONTS.index() + 1];
    table[TYPE_HOST.index()].kind = Kind::Host as u8;
    table[NODE.index()] = TypeDescriptor {
        kind: Kind::Struct as u8,
        size: 16,
        refs: NODE_FIELDS.as_ptr(),
        ref_count: 2,
        ..TypeDescriptor::UNUSED
    };
    table[BOX.index()] = TypeDescriptor {
        kind: Kind::Struct as u8,
        size: 40,
        refs: BOX_FIELDS.as_ptr(),
        ref_count: 1,
        cont_count: 2,
        ..TypeDescriptor::UNUSED
    };
    table[CONTS.index()] = TypeDescriptor {
        kind: Kind::Array as u8,
        size: 16,
        cont_count: 1,
        ..TypeDescriptor::UNUSED
    };
    table
}

impl World {
    /// Objects hold no continuations.
    pub(crate) fn new() -> Self {
        Self::with(HeapConfig::default())
    }

    /// Objects may hold continuations.
    pub(crate) fn tracing() -> Self {
        Self::with(HeapConfig {
            continuations: true,
            max_bytes: 64 << 20,
            ..HeapConfig::default()
        })
    }

    fn with(heap: HeapConfig) -> Self {
        let descriptors = descriptors();
        // SAFETY: the table is complete and lives in the world, beside the heap.
        let heap = unsafe { Heap::new(heap, descriptors.as_ptr(), descriptors.len() as u32) };
        let heap = heap.expect("address space");
        let stacks = ArenaConfig {
            stack_size: 8192,
            guard: GuardKind::Auto,
            max_stacks: 4096,
            ..ArenaConfig::default()
        };
        let registry = Registry::new(RegistryConfig {
            stacks,
            initial_stack_size: 8192,
            max_initial_stacks: 4096,
            max_continuations: 4096,
            max_stack_bytes: u64::MAX,
        });
        let mut ctx = StoreContext::new();
        heap.attach(&mut ctx);
        let instance = Rc::new(InstanceContext {
            store: &raw mut *ctx,
            heap_base: heap.base(),
            owner: 1,
            index: 9,
        });
        let func = Rc::new(FuncRef {
            code: ptr::null(),
            instance: Rc::as_ptr(&instance).cast_mut(),
            entry: CODE as *const u8,
            type_id: TypeId::new(0),
            index: 77,
        });
        Self {
            heap,
            registry,
            ctx,
            code: FakeCode(image()),
            outside: Outside::default(),
            func,
            _instance: instance,
            _descriptors: descriptors,
        }
    }

    pub(crate) fn node(&mut self, id: u32) -> HeapRef {
        self.pair(id, HeapRef::NULL, HeapRef::NULL)
    }

    pub(crate) fn pair(&mut self, id: u32, left: HeapRef, right: HeapRef) -> HeapRef {
        // SAFETY: nodes have 16 bytes, and all their parts are written here.
        unsafe {
            let node = self.heap.allocate(&mut self.ctx, NODE, 16).expect("room");
            self.heap.write(node, ID, id);
            self.heap.init_ref(node, LEFT, left);
            self.heap.init_ref(node, RIGHT, right);
            node
        }
    }

    /// A box.
    pub(crate) fn boxed(&mut self, next: HeapRef, held: [ContRef; 2]) -> HeapRef {
        // SAFETY: boxes have 40 bytes, and all their parts are written here.
        unsafe {
            let object = self.heap.allocate(&mut self.ctx, BOX, 40).expect("room");
            self.heap.init_ref(object, NEXT, next);
            for (offset, value) in HELD.into_iter().zip(held) {
                self.heap.write_cont(object, offset, value);
            }
            object
        }
    }

    /// An array of continuations.
    pub(crate) fn conts(&mut self, held: &[ContRef]) -> HeapRef {
        let len = held.len() as u32;
        // SAFETY: these are arrays of such elements.
        unsafe {
            let array = self.heap.allocate_array(&mut self.ctx, CONTS, 16, len);
            let array = array.expect("room");
            for (index, &value) in (0..).zip(held) {
                let offset = ARRAY_ELEMENTS + 16 * index;
                self.heap.write_cont(array, offset, value);
            }
            array
        }
    }

    /// The `i32` of a node.
    pub(crate) fn id(&self, node: HeapRef) -> u32 {
        assert!(node.is_object());
        // SAFETY: tests pass nodes that a verified collection has left alive.
        unsafe {
            assert_eq!(self.heap.type_of(node), NODE);
            self.heap.read(node, ID)
        }
    }

    /// A continuation that never ran.
    pub(crate) fn fresh(&mut self) -> ContRef {
        let record = self.registry.take(&mut self.ctx).expect("a stack");
        // SAFETY: just taken; the function lives as long as the world.
        unsafe {
            self.registry
                .make_fresh(&mut self.ctx, record, Rc::as_ptr(&self.func))
        }
    }

    /// A continuation stopped in these frames, outermost first, and not linked
    /// to anything.
    pub(crate) fn stopped(&mut self, frames: &[Spec]) -> ContRef {
        let fresh = self.fresh();
        // SAFETY: a record with a stack of its own that nothing runs on.
        unsafe {
            lay(fresh.record, frames);
            wake(&mut self.ctx, fresh.record, Waking::Resumed);
            (*fresh.record).revision += 1;
            ContRef {
                revision: (*fresh.record).revision,
                ..fresh
            }
        }
    }

    /// Makes `chain` (innermost first) the running chain, on top of what runs.
    pub(crate) fn run(&mut self, chain: &[ContRef]) -> *mut ContRecord {
        let host = self.registry.new_host_record().unwrap();
        // SAFETY: records of the registry.
        unsafe {
            (*host).interrupted = self.ctx.current;
            // The host has resumed a continuation of the program.
            (*host).func = (*chain[chain.len() - 1].record).func;
            (*host).handlers = &raw const self.ctx.no_handlers;
            for (index, cont) in chain.iter().enumerate() {
                (*cont.record).parent = chain.get(index + 1).map_or(host, |next| next.record);
                (*cont.record).handlers = &raw const self.ctx.no_handlers;
                // Resuming has consumed the reference.
                (*cont.record).revision += 1;
            }
        }
        self.ctx.host_record = host;
        // SAFETY: one of the registry's records.
        unsafe { make_current(&mut self.ctx, chain[0].record, Waking::Entered) };
        host
    }

    /// Suspends `chain` (innermost first) as one; the reference to it.
    pub(crate) fn suspend(&mut self, chain: &[ContRef]) -> ContRef {
        let outermost = chain[chain.len() - 1].record;
        for pair in chain.windows(2) {
            // SAFETY: records of the registry.
            unsafe {
                (*pair[0].record).parent = pair[1].record;
                (*pair[1].record).handlers = &raw const self.ctx.no_handlers;
            }
        }
        // SAFETY: as above.
        unsafe { (*chain[0].record).outermost = outermost };
        chain[0]
    }

    pub(crate) fn try_collect(
        &mut self,
        options: CollectOptions,
    ) -> Result<CollectionReport, CollectError> {
        let Self {
            heap,
            registry,
            ctx,
            code,
            outside,
            ..
        } = self;
        // SAFETY: all belongs together, nothing runs, and the stacks are laid
        // as the call sites say, unless a test wants it otherwise: then only
        // words within the stacks are taken for what they are not.
        unsafe {
            collect(
                heap,
                registry,
                ctx,
                code,
                outside,
                options,
                &mut Phases::default(),
            )
        }
    }

    pub(crate) fn collect(&mut self) -> CollectionReport {
        let options = CollectOptions {
            verify: true,
            ..CollectOptions::default()
        };
        self.try_collect(options).expect("a sound store")
    }

    pub(crate) fn roots(&mut self) -> Result<RootSet, CollectError> {
        let Self {
            heap,
            registry,
            ctx,
            code,
            outside,
            ..
        } = self;
        let parts = StoreParts {
            heap,
            registry,
            ctx,
            code,
        };
        // SAFETY: as for `try_collect`.
        unsafe { root_set(parts, outside) }
    }
}

/// Frame pointer of a frame of a stack laid by [`lay`], 0 for the outermost.
pub(crate) fn frame_pointer(record: *const ContRecord, nth: usize) -> u64 {
    // SAFETY: a record of the registry.
    let top = unsafe { (*record).stack_top };
    top - 16 - nth as u64 * (FRAME + 16)
}

fn place<T>(record: *const ContRecord, nth: usize, distance: u32) -> *mut T {
    (frame_pointer(record, nth) - distance as u64) as *mut T
}

/// The reference in a slot of a frame, 0 for the outermost.
pub(crate) fn slot(cont: ContRef, nth: usize, distance: u32) -> HeapRef {
    // SAFETY: within the frame `lay` has written.
    HeapRef(unsafe { place::<u32>(cont.record, nth, distance).read() })
}

/// Writes frames, outermost first, to a record's stack. What is no slot is
/// filled with a word that could be taken for a reference to the first object.
///
/// # Safety
/// The record has a stack that nothing runs on.
unsafe fn lay(record: *mut ContRecord, frames: &[Spec]) {
    const LOOKALIKE: u64 = 0x0000_1000_0000_1000;
    // SAFETY: the frames fit the stack, by the size of the tests.
    unsafe {
        let mut caller = (0, 0);
        for (nth, spec) in frames.iter().enumerate() {
            let fp = frame_pointer(record, nth);
            assert!(fp - FRAME - 8 > (*record).stack_limit);
            (fp as *mut [u64; 2]).write([caller.0, caller.1]);
            for word in 1..=FRAME / 8 {
                ((fp - 8 * word) as *mut u64).write(LOOKALIKE);
            }
            for &(distance, value) in &spec.refs {
                place::<u32>(record, nth, distance).write(value.0);
            }
            for &(distance, value) in &spec.conts {
                place::<ContRef>(record, nth, distance).write_unaligned(value);
            }
            let pc = CODE + spec.pc as u64;
            ((fp - FRAME - 8) as *mut u64).write(pc);
            caller = (fp, pc);
            (*record).fp = fp;
            (*record).sp = fp - FRAME - 8;
        }
        assert_eq!((*record).state, RecordState::Live as u32);
    }
}

/// Words of a frame that are no slots still hold what [`lay`] put there.
pub(crate) fn lookalike(cont: ContRef, nth: usize, distance: u32) -> bool {
    slot(cont, nth, distance) == HeapRef(0x1000)
}
