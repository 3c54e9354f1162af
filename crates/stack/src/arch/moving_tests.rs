//! Stacks that go on elsewhere.

use super::testing::Site;
use super::tests::World;
use crate::arena::{GuardKind, Stack};
use crate::{
    copy_frames, copy_parked, discard_parked, fits, is_parked, move_frames, park, poison, unpark,
};
use mangrove_abi::{ContRecord, FuncRef, InstanceContext, StoreContext, reason};
use std::ptr;

/// What the unpark stub looks through for the store.
struct Function {
    instance: InstanceContext,
    func: FuncRef,
}

/// Lets the record be parked: gives it a function of the world's store.
fn belongs(world: &World, record: *mut ContRecord) -> Box<Function> {
    let mut function = Box::new(Function {
        instance: InstanceContext {
            store: world.ctx,
            heap_base: ptr::null_mut(),
            owner: 0,
            index: 0,
        },
        func: FuncRef {
            code: ptr::null(),
            instance: ptr::null_mut(),
            entry: ptr::null(),
            type_id: mangrove_abi::TypeId::new(0),
            index: 0,
        },
    });
    function.func.instance = &raw mut function.instance;
    // SAFETY: a record of the test.
    unsafe { (*record).func = &raw const function.func };
    function
}

/// Unparks on the stack that the context's owner points to.
unsafe extern "sysv64" fn on_owner(ctx: *mut StoreContext, record: *mut ContRecord) -> bool {
    // SAFETY: the tests put a stack there, and its address.
    unsafe {
        let stack = (*ctx).owner.cast::<Stack>();
        if stack.is_null() {
            return false;
        }
        unpark(record, *stack);
    }
    true
}

#[test]
fn a_suspended_stack_goes_on_elsewhere() {
    let mut world = World::new(GuardKind::Auto);
    let generator = world.fresh(Site::test_generator);
    let mut free = world.arena.allocate().unwrap();
    for sum in [7, 9, 11] {
        let payload = if sum == 7 { 7 } else { 2 };
        assert_eq!(world.enter(generator, payload).payload, sum);
        // SAFETY: the generator is suspended, and nobody uses the other stack.
        unsafe {
            let used = (*generator).stack_top - (*generator).sp;
            free = move_frames(generator, free);
            poison(free, used);
            assert!(((*generator).stack_limit..(*generator).stack_top).contains(&(*generator).sp));
            let walked = world.walk(generator);
            assert_eq!(walked.len(), 1);
            assert_eq!(walked[0].fp, (*generator).stack_top - 16);
        }
    }
    let last = world.enter(generator, 0);
    assert_eq!((last.reason, last.payload), (reason::RETURNED, 11));
}

#[test]
fn a_fresh_stack_moves_too() {
    let mut world = World::new(GuardKind::Auto);
    let generator = world.fresh(Site::test_generator);
    let to = world.arena.allocate().unwrap();
    // SAFETY: the generator is fresh, and nobody uses the other stack.
    unsafe {
        poison(move_frames(generator, to), 16);
        assert_eq!(((*generator).sp, (*generator).fp), (to.top - 16, 0));
    }
    assert_eq!(world.enter(generator, 3).payload, 3);
}

/// A copy goes on by itself, and so does what it was copied from: fresh and suspended, from
/// stack to stack, into a buffer, and from there.
#[test]
fn a_copy_goes_on_and_so_does_the_first() {
    let mut world = World::new(GuardKind::Auto);
    let first = world.fresh(Site::test_generator);
    let _function = belongs(&world, first);
    for sum in [7, 14] {
        let other = world.fresh(Site::test_generator);
        let _other = belongs(&world, other);
        // SAFETY: both do not run; the other's stack is its own, with nothing on it.
        unsafe {
            let to = Stack {
                top: (*other).stack_top,
                limit: (*other).stack_limit,
            };
            let before = (world.walk(first), (*first).sp);
            copy_frames(first, other, to);
            assert_eq!((world.walk(first), (*first).sp), before);
            assert_eq!(world.walk(other).len(), before.0.len());
            assert_eq!((*other).stack_top - (*other).sp, to.top - (*other).sp);
        }
        assert_eq!(world.enter(other, 5).payload, sum - 7 + 5);
        assert_eq!(world.enter(first, 7).payload, sum);
        let last = world.enter(other, 0);
        assert_eq!((last.reason, last.payload), (reason::RETURNED, sum - 7 + 5));
    }
    // In a buffer, and a copy of that on a stack again.
    let other = world.fresh(Site::test_generator);
    let _other = belongs(&world, other);
    let third = world.fresh(Site::test_generator);
    // SAFETY: as above; the other gives up its stack first, which is the third's then.
    unsafe {
        let to = Stack {
            top: (*other).stack_top,
            limit: (*other).stack_limit,
        };
        ((*other).stack_top, (*other).stack_limit, (*other).sp) = (0, 0, 0);
        assert!(copy_parked(first, other, on_owner));
        assert!(is_parked(other) && world.walk(other).len() == 1);
        assert!(fits(other, (*first).stack_top - (*first).sp + 24));
        copy_frames(other, third, to);
        assert!(!is_parked(third));
        assert_eq!(world.enter(third, 1).payload, 15);
        discard_parked(other);
    }
    assert_eq!(world.enter(first, 2).payload, 16);
}

#[test]
fn a_parked_record_is_resumed_like_any_other() {
    let mut world = World::new(GuardKind::Auto);
    let generator = world.fresh(Site::test_generator);
    let _function = belongs(&world, generator);
    // The stack that is free, for `on_owner` to find.
    let free = Box::into_raw(Box::new(world.arena.allocate().unwrap()));
    // SAFETY: the context is the world's.
    unsafe { (*world.ctx).owner = free.cast() };
    // Fresh, then suspended; resumed by the host.
    for sum in [0, 3, 6] {
        // SAFETY: the generator is not running; what it leaves is swapped in.
        unsafe {
            let used = (*generator).stack_top - (*generator).sp;
            let left = park(generator, on_owner).unwrap();
            poison(left, used);
            assert!(is_parked(generator));
            let frames = world.walk(generator);
            assert_eq!(frames.len(), usize::from(sum != 0));
            for frame in frames {
                assert_eq!(frame.pc, world.code.at(Site::test_generator_site) as u64);
            }
            assert_eq!(world.enter(generator, 3).payload, sum + 3);
            assert!(!is_parked(generator));
            assert_eq!((*generator).stack_top, (*free).top);
            *free = left;
        }
    }
    // And by another stack, with all that a switch hands over.
    // SAFETY: as above.
    unsafe { park(generator, on_owner) }.unwrap();
    let resumer = world.fresh(Site::test_resumer);
    let done = world.enter(resumer, generator as u64);
    assert_eq!((done.reason, done.from), (reason::RETURNED, resumer));
    assert_eq!(done.payload, 14 + 18 + 21 + 23 + 24 + 24);
    // SAFETY: made from a box above.
    drop(unsafe { Box::from_raw(free) });
}

#[test]
fn without_a_stack_wasm_is_left() {
    let mut world = World::new(GuardKind::Auto);
    let generator = world.fresh(Site::test_generator);
    let _function = belongs(&world, generator);
    world.enter(generator, 3);
    // SAFETY: the generator is suspended.
    unsafe { park(generator, on_owner) }.unwrap();
    let left = world.enter(generator, 1);
    assert_eq!((left.reason, left.from), (reason::TRAPPED, generator));
    assert_eq!(world.walk(generator).len(), 1, "its frames are still there");
    // SAFETY: nobody resumes it any more.
    unsafe {
        discard_parked(generator);
        assert!(!is_parked(generator));
    }
}
