//! Switching, entering, leaving and walking, with the hand-written code of
//! [`super::testing`].

use super::testing::{Code, Site, preserves_registers, record};
use super::{Left, enter, prepare};
use crate::arena::{ArenaConfig, GuardKind, StackArena};
use crate::{StackFrame, frames};
use mangrove_abi::libcall::LibcallFn;
use mangrove_abi::{ContRecord, InstanceContext, LibcallResult, RecordState, StoreContext, reason};
use std::cell::Cell;
use std::ptr;

/// A store with an arena, a host record and the test code.
pub(super) struct World {
    pub(super) ctx: *mut StoreContext,
    pub(super) arena: StackArena,
    pub(super) host: *mut ContRecord,
    pub(super) code: Code,
    records: Vec<*mut ContRecord>,
}

impl World {
    pub(super) fn new(guard: GuardKind) -> Self {
        let ctx = Box::into_raw(StoreContext::new());
        let host = record(RecordState::Host);
        // SAFETY: just made.
        unsafe { (*ctx).host_record = host };
        let config = ArenaConfig {
            stack_size: 64 << 10,
            guard,
            max_stacks: usize::MAX,
            ..ArenaConfig::default()
        };
        let arena = StackArena::new(config);
        Self {
            ctx,
            arena,
            host,
            code: Code::link(),
            records: vec![host],
        }
    }

    /// A fresh continuation of the trampoline at `place`, child of the host.
    pub(super) fn fresh(&mut self, place: Site) -> *mut ContRecord {
        let stack = self.arena.allocate().unwrap();
        let record = record(RecordState::Live);
        self.records.push(record);
        // SAFETY: a record of ours on a stack of its own.
        unsafe {
            (*record).stack_top = stack.top;
            (*record).stack_limit = stack.limit;
            (*record).parent = self.host;
            prepare(record, self.code.at(place));
            assert!((*record).sp + 16 == stack.top && (*record).fp == 0);
            assert_eq!(frames(record).count(), 0, "a fresh one has no frames");
        }
        record
    }

    pub(super) fn enter(&self, target: *mut ContRecord, payload: u64) -> Left {
        // SAFETY: tests enter fresh and suspended continuations only, and the
        // test code always comes back to the host record.
        unsafe {
            (*self.ctx).current = target;
            enter(self.ctx, self.host, target, payload)
        }
    }

    pub(super) fn walk(&self, record: *mut ContRecord) -> Vec<StackFrame> {
        // SAFETY: the record's stack is not running.
        unsafe { frames(record).collect() }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // SAFETY: all of them came from boxes.
        unsafe {
            drop(Box::from_raw(self.ctx));
            self.records
                .iter()
                .for_each(|&record| drop(Box::from_raw(record)));
        }
    }
}

#[test]
fn a_generator_is_entered_resumed_and_finishes() {
    let mut world = World::new(GuardKind::Auto);
    let generator = world.fresh(Site::test_generator);
    let first = world.enter(generator, 40);
    assert_eq!(
        (first.reason, first.payload, first.from),
        (reason::HANDLED, 40, generator)
    );
    let walked = world.walk(generator);
    assert_eq!(walked.len(), 1);
    assert_eq!(
        walked[0].pc,
        world.code.at(Site::test_generator_site) as u64
    );
    // SAFETY: the record is ours.
    unsafe {
        assert_eq!(walked[0].fp, (*generator).fp);
        assert_eq!(
            (*generator).fp,
            (*generator).stack_top - 16,
            "trampoline's frame at the top"
        );
    }
    assert_eq!(world.enter(generator, 2).payload, 42);
    let last = world.enter(generator, 0);
    assert_eq!(
        (last.reason, last.payload, last.from),
        (reason::RETURNED, 42, generator)
    );
}

#[test]
fn one_stack_resumes_another() {
    let mut world = World::new(GuardKind::Auto);
    let generator = world.fresh(Site::test_generator);
    let resumer = world.fresh(Site::test_resumer);
    let done = world.enter(resumer, generator as u64);
    assert_eq!(
        (done.reason, done.payload, done.from),
        (reason::RETURNED, 70, resumer)
    );
}

#[test]
fn the_host_finds_its_registers_again() {
    struct Call {
        world: World,
        target: *mut ContRecord,
        sum: u64,
    }
    unsafe extern "sysv64" fn call(argument: *mut u8) {
        // SAFETY: the pointer made below.
        let call = unsafe { &mut *argument.cast::<Call>() };
        call.sum += call.world.enter(call.target, 3).payload;
    }
    let mut world = World::new(GuardKind::Auto);
    let target = world.fresh(Site::test_generator);
    let mut state = Call {
        world,
        target,
        sum: 0,
    };
    // `call` is compiled code that saves what it uses, and the generator
    // overwrites the rest: only `enter` stands between.
    for sum in [3, 9, 18] {
        // SAFETY: `state` outlives the call.
        assert!(unsafe { preserves_registers(call, (&raw mut state).cast()) });
        assert_eq!(state.sum, sum);
    }
}

/// What the caller trampoline reads.
#[repr(C)]
struct HostCall {
    instance: *mut InstanceContext,
    depth: u64,
    libcall: LibcallFn,
}

thread_local! {
    static WALKED: Cell<Vec<StackFrame>> = const { Cell::new(Vec::new()) };
}

/// Adds its operands, after a look at the stack that called.
pub(super) unsafe extern "C" fn add(
    instance: *mut InstanceContext,
    a: u64,
    b: u64,
    c: u64,
    d: u64,
) -> LibcallResult {
    // SAFETY: the instance of the test, whose current record called.
    let walked = unsafe { frames((*(*instance).store).current).collect() };
    WALKED.set(walked);
    LibcallResult::ok(a + b + c + d)
}

unsafe extern "C" fn leave(
    _: *mut InstanceContext,
    _: u64,
    _: u64,
    _: u64,
    _: u64,
) -> LibcallResult {
    LibcallResult::leave()
}

pub(super) fn call_host(
    world: &mut World,
    depth: u64,
    libcall: LibcallFn,
) -> (Left, *mut ContRecord) {
    call_host_as(world, depth, libcall, 0)
}

/// The same with something for the libcall to find in its instance.
fn call_host_as(
    world: &mut World,
    depth: u64,
    libcall: LibcallFn,
    owner: u64,
) -> (Left, *mut ContRecord) {
    let mut instance = InstanceContext {
        store: world.ctx,
        heap_base: ptr::null_mut(),
        owner,
        index: 0,
    };
    let call = HostCall {
        instance: &raw mut instance,
        depth,
        libcall,
    };
    let caller = world.fresh(Site::test_caller);
    (world.enter(caller, &raw const call as u64), caller)
}

#[test]
fn a_stack_that_calls_the_host_looks_suspended() {
    let mut world = World::new(GuardKind::Auto);
    let (done, caller) = call_host(&mut world, 3, add);
    assert_eq!(
        (done.reason, done.payload, done.from),
        (reason::RETURNED, 4321, caller)
    );
    let at = |place| world.code.at(place) as u64;
    let recursion = at(Site::test_recurse_return);
    let expected = [
        at(Site::test_recurse_host),
        recursion,
        recursion,
        recursion,
        at(Site::test_caller_return),
    ];
    let walked = WALKED.take();
    assert!(
        walked.iter().map(|frame| frame.pc).eq(expected),
        "{walked:x?}"
    );
    assert!(walked.is_sorted_by_key(|frame| frame.fp));
}

#[test]
fn a_libcall_can_leave_wasm() {
    let mut world = World::new(GuardKind::Auto);
    let (left, caller) = call_host(&mut world, 2, leave);
    assert_eq!((left.reason, left.from), (reason::TRAPPED, caller));
    // The stack is intact: its frames are still there to be reported.
    assert_eq!(world.walk(caller).len(), 4);
    // And the world goes on.
    assert_eq!(call_host(&mut world, 0, add).0.payload, 4321);
}

#[test]
fn an_exception_goes_on_at_its_handler() {
    /// Lands in the trampoline, `owner` frames of recursion further out.
    unsafe extern "C" fn throw(
        instance: *mut InstanceContext,
        _: u64,
        _: u64,
        _: u64,
        _: u64,
    ) -> LibcallResult {
        // SAFETY: the instance of the test and its store.
        unsafe {
            let ctx = (*instance).store;
            let trampoline = frames((*ctx).current).last().unwrap();
            (*ctx).catch_pc = (*instance).owner;
            (*ctx).catch_sp = trampoline.fp - 16;
            (*ctx).catch_fp = trampoline.fp;
            (*ctx).catch_exn = 555;
            LibcallResult {
                value: 0,
                status: LibcallResult::CATCH,
            }
        }
    }
    let mut world = World::new(GuardKind::Auto);
    let owner = world.code.at(Site::test_caller_catch) as u64;
    let (done, caller) = call_host_as(&mut world, 3, throw, owner);
    assert_eq!(
        (done.reason, done.payload, done.from),
        (reason::RETURNED, 555, caller)
    );
}

#[test]
fn an_exception_is_thrown_into_a_suspended_stack() {
    let mut world = World::new(GuardKind::Auto);
    let generator = world.fresh(Site::test_generator);
    world.enter(generator, 1);
    let handler = world.code.at(Site::test_generator_throw) as u64;
    // SAFETY: the generator is suspended in its only frame, whose handler this is.
    unsafe { ptr::with_exposed_provenance_mut::<u64>((*generator).sp as usize).write(handler) };
    // Another stack's thunk does the switch: the one of the host leaves rax alone.
    let resumer = world.fresh(Site::test_resumer);
    let done = world.enter(resumer, generator as u64);
    assert_eq!(
        (done.reason, done.payload, done.from),
        (reason::RETURNED, 5, resumer)
    );
}

#[test]
fn host_calls_and_entries_nest() {
    /// The activation a host call makes.
    struct Inner {
        host: *mut ContRecord,
        caller: *mut ContRecord,
        call: HostCall,
    }
    unsafe extern "C" fn again(
        instance: *mut InstanceContext,
        _: u64,
        _: u64,
        _: u64,
        _: u64,
    ) -> LibcallResult {
        // SAFETY: the instance of the test, its store, and as owner the inner
        // activation, whose caller is fresh.
        unsafe {
            let ctx = (*instance).store;
            let inner = (*instance).owner as *const Inner;
            let (outer, outer_sp) = ((*ctx).current, (*ctx).host_sp);
            (*ctx).current = (*inner).caller;
            let payload = &raw const (*inner).call as u64;
            let done = enter(ctx, (*inner).host, (*inner).caller, payload);
            (*ctx).current = outer;
            (*ctx).host_sp = outer_sp;
            LibcallResult::ok(done.payload + 1)
        }
    }
    let mut world = World::new(GuardKind::Auto);
    let host = record(RecordState::Host);
    world.records.push(host);
    let caller = world.fresh(Site::test_caller);
    let mut instance = InstanceContext {
        store: world.ctx,
        heap_base: ptr::null_mut(),
        owner: 0,
        index: 0,
    };
    let call = HostCall {
        instance: &raw mut instance,
        depth: 5,
        libcall: add,
    };
    // SAFETY: a fresh record of ours.
    unsafe { (*caller).parent = host };
    let inner = Inner { host, caller, call };
    let done = call_host_as(&mut world, 2, again, &raw const inner as u64).0;
    assert_eq!((done.reason, done.payload), (reason::RETURNED, 4322));
}

fn ten_thousand(guard: GuardKind) {
    const COUNT: u64 = 10_000;
    let mut world = World::new(guard);
    let all: Vec<_> = (0..COUNT)
        .map(|_| world.fresh(Site::test_generator))
        .collect();
    for (n, &generator) in (0..).zip(&all) {
        assert_eq!(world.enter(generator, n).payload, n);
    }
    for (n, &generator) in (0..).zip(&all) {
        assert_eq!(world.walk(generator).len(), 1);
        assert_eq!(world.enter(generator, 1).payload, n + 1);
    }
    for (n, &generator) in (0..).zip(&all) {
        let last = world.enter(generator, 0);
        assert_eq!((last.reason, last.payload), (reason::RETURNED, n + 1));
    }
    let stats = world.arena.stats();
    assert_eq!((stats.stacks, stats.idle), (COUNT as usize, 0));
}

#[test]
fn ten_thousand_stacks() {
    ten_thousand(GuardKind::Auto);
}

#[test]
fn ten_thousand_stacks_guarded_by_mprotect() {
    ten_thousand(GuardKind::Mprotect);
}
