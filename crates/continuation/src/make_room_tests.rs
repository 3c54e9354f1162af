//! What looking for someone to park costs, in records looked at, for each mix of
//! parents and suspended continuations; and that it finds who can be parked.

use crate::parking_policy::ParkPolicy;
use crate::testing::{World, reference};
use mangrove_abi::{ContRecord, ContRef, StoreContext};
use mangrove_stack::is_parked;

/// Stacks in use before anyone is parked.
const MOST: usize = 64;
/// Bytes of the world's stacks.
const STACK: u64 = 4096;

/// Nothing is switched to in these tests: they unpark themselves.
unsafe extern "sysv64" fn never(_: *mut StoreContext, _: *mut ContRecord) -> bool {
    false
}

struct Mix {
    world: World,
    stacks: u64,
}

impl Mix {
    fn new(max_stacks: u64) -> Self {
        let policy = ParkPolicy {
            most: MOST,
            ..ParkPolicy::NEVER
        };
        let mut world = World::with_stack_bytes(100_000, max_stacks * STACK);
        // SAFETY: nothing switches to a parked record.
        unsafe { world.registry.allow_parking(policy, never) };
        world.enter().unwrap();
        Self { world, stacks: 0 }
    }

    /// What the runtime does before it hands a stack out.
    fn make_room(&mut self) {
        self.world.registry.park_some(&self.world.ctx);
        self.stacks += 1;
    }

    fn new_cont(&mut self) -> ContRef {
        self.make_room();
        self.world.new_by_runtime().unwrap()
    }

    /// Resumes what may be parked.
    fn wake(&mut self, record: *mut ContRecord) {
        // SAFETY: a record of the world's.
        if unsafe { is_parked(record) } {
            self.make_room();
            self.world
                .registry
                .unpark(&mut self.world.ctx, record)
                .unwrap();
        }
        self.world.resume(reference(record));
    }

    fn nest(&mut self, levels: usize) {
        for _ in 0..levels {
            let cont = self.new_cont();
            self.world.resume(cont);
        }
    }

    fn suspended(&mut self, depth: usize) -> *mut ContRecord {
        self.nest(depth);
        self.world.suspend(depth - 1).unwrap().record
    }

    /// Looks for each stack that was handed out.
    fn looks_per_stack(&self) -> f64 {
        let parking = self.world.registry.parking.as_ref().unwrap();
        parking.rounds.looks as f64 / self.stacks as f64
    }

    fn in_use(&self) -> usize {
        self.world.registry.with_stack
    }
}

#[test]
fn parents_alone_are_looked_at_a_bounded_number_of_times() {
    let mut mix = Mix::new(u64::MAX / STACK);
    mix.nest(10_000);
    assert_eq!((mix.in_use(), mix.world.registry.parked()), (10_000, 0));
    assert!(mix.looks_per_stack() < 12.0, "{}", mix.looks_per_stack());
    mix.world.check();
}

#[test]
fn suspended_ones_are_parked_whatever_the_length_of_their_chains() {
    for depth in [1, 3, 20, 50] {
        let mut mix = Mix::new(u64::MAX / STACK);
        for _ in 0..5000 / depth {
            mix.suspended(depth);
        }
        let in_use = mix.in_use();
        assert!(in_use <= MOST + MOST / 4, "{in_use} at depth {depth}");
        let looks = mix.looks_per_stack();
        assert!(looks < 12.0, "{looks} at depth {depth}");
        mix.world.check();
    }
}

#[test]
fn a_few_among_many_parents_do_not_cost_a_round_each() {
    let mut mix = Mix::new(u64::MAX / STACK);
    mix.nest(3000);
    let few: Vec<_> = (0..3).map(|_| mix.suspended(1)).collect();
    for turn in 0..10_000 {
        let record = few[turn % few.len()];
        mix.wake(record);
        mix.world.suspend(0).unwrap();
        // Others come and stay, so that there is reason to look.
        if turn % 4 == 0 {
            mix.suspended(1);
        }
    }
    assert!(mix.world.registry.parked() > 2000);
    assert!(mix.looks_per_stack() < 12.0, "{}", mix.looks_per_stack());
    mix.world.check();
}

#[test]
fn at_the_bound_on_bytes_everyone_is_found_and_turns_are_cheap() {
    let mut mix = Mix::new(3000);
    let first = mix.suspended(1);
    mix.nest(2998);
    let few: Vec<_> = (0..5).map(|_| mix.suspended(1)).collect();
    // SAFETY: a record of the world's.
    assert!(unsafe { is_parked(first) }, "the bound leaves one place");
    let before = mix.looks_per_stack() * mix.stacks as f64;
    for turn in 0..10_000 {
        mix.wake(few[turn % few.len()]);
        mix.world.suspend(0).unwrap();
    }
    let looks = mix.looks_per_stack() * mix.stacks as f64 - before;
    assert!(looks < 12.0 * 10_000.0, "{looks}");
    assert!(mix.in_use() <= 3000);
    mix.world.check();
}
