//! The limits on continuations and their stacks, each reached on purpose while
//! one is made, resumed, parked or nested: a trap or an error with the limit's
//! name and value, and a store that goes on.

mod common;

use common::{call, instance_with};
use mangrove::{Config, Error, Instance, Outcome, ParkPolicy, Store, Trap, TrapReason, Val};

/// `fresh n` and `suspend n` fill a table; `finish n` resumes what is there;
/// `deep n` resumes `n` inside each other; `again` suspends `n` inside each
/// other as one and resumes them from `m` others; `catch n i` suspends `n` chains
/// whose outermost continuation catches what `throw n` throws into them, with `i`
/// continuations inside that do not.
const PROGRAM: &str = r#"(module
    (import "mangrove" "gc" (func $gc))
    (type $f (func (param i32))) (type $k (cont $f))
    (type $n (func)) (type $kn (cont $n))
    (tag $wait) (tag $error)
    (table $fresh 100 (ref null $k))
    (table $all 100 (ref null $kn))
    (func $one (export "one") (param $n i32) (suspend $wait))
    (func $deep (export "deep") (param $n i32)
        (if (local.get $n) (then
            (resume $k (i32.sub (local.get $n) (i32.const 1)) (cont.new $k (ref.func $deep))))))
    (func $deep_wait (export "deep_wait") (param $n i32)
        (if (local.get $n)
            (then (resume $k (i32.sub (local.get $n) (i32.const 1))
                (cont.new $k (ref.func $deep_wait))))
            (else (suspend $wait))))
    (func $at_depth (param $n i32)
        (if (local.get $n)
            (then (resume $k (i32.sub (local.get $n) (i32.const 1))
                (cont.new $k (ref.func $at_depth))))
            (else (resume $kn (table.get $all (i32.const 0))))))
    (elem declare func $one $deep $deep_wait $at_depth $catches)
    (func (export "fresh") (param $n i32) (local $i i32)
        (loop $next
            (table.set $fresh (local.get $i) (cont.new $k (ref.func $one)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (local.get $n)))))
    (func $suspend (export "suspend") (param $n i32) (local $i i32)
        (loop $next
            (table.set $all (local.get $i)
                (block $on (result (ref $kn))
                    (resume $k (on $wait $on) (i32.const 0) (cont.new $k (ref.func $one)))
                    (unreachable)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (local.get $n)))))
    (func (export "catch") (param $n i32) (param $inside i32) (local $i i32)
        (loop $next
            (table.set $all (local.get $i)
                (block $on (result (ref $kn))
                    (resume $k (on $wait $on) (local.get $inside) (cont.new $k (ref.func $catches)))
                    (unreachable)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (local.get $n)))))
    (func $catches (param $inside i32)
        (block $out (try_table (catch_all $out)
            (resume $k (local.get $inside) (cont.new $k (ref.func $deep_wait))))))
    (func (export "throw") (param $n i32) (local $i i32)
        (loop $next
            (resume_throw $kn $error (table.get $all (local.get $i)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (local.get $n)))))
    (func (export "inside") (param $n i32)
        (resume $k (local.get $n) (cont.new $k (ref.func $suspend))))
    (func (export "finish") (param $n i32) (local $i i32)
        (loop $next
            (resume $kn (table.get $all (local.get $i)))
            (table.set $all (local.get $i) (ref.null $kn))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (local.get $n)))))
    (func (export "again") (param $n i32) (param $m i32)
        (table.set $all (i32.const 0)
            (block $on (result (ref $kn))
                (resume $k (on $wait $on) (local.get $n) (cont.new $k (ref.func $deep_wait)))
                (unreachable)))
        (call $at_depth (local.get $m)))
    (func (export "clear")
        (table.fill $all (i32.const 0) (ref.null $kn) (i32.const 100))
        (table.fill $fresh (i32.const 0) (ref.null $k) (i32.const 100))))"#;

struct World {
    store: Store<()>,
    instance: Instance,
}

impl World {
    fn new(config: &mut Config) -> Self {
        let (store, instance) = instance_with(config.verify_heap(true), PROGRAM);
        Self { store, instance }
    }

    fn call(&mut self, name: &str, numbers: &[i32]) -> Result<Vec<Val>, Error> {
        let args: Vec<_> = numbers.iter().map(|&n| Val::I32(n)).collect();
        call(&mut self.store, self.instance, name, &args)
    }

    /// It traps for this reason; the store goes on, and holds what it held.
    #[track_caller]
    fn reaches(&mut self, name: &str, numbers: &[i32], message: &str) -> Box<Trap> {
        let error = self.call(name, numbers).unwrap_err();
        let Error::Trap(trap) = error else {
            panic!("{name}: {error:?}");
        };
        assert_eq!(trap.reason, TrapReason::Limit(message.into()), "{name}");
        self.store.gc().unwrap();
        trap
    }

    fn clear(&mut self) {
        self.call("clear", &[]).unwrap();
        self.store.gc().unwrap();
        assert_eq!(self.store.report().live, 0);
    }
}

#[test]
fn live_continuations() {
    let message = "the limit of 10 live continuations is reached (continuations_max)";
    let mut world = World::new(Config::new().continuations_max(10));
    for _ in 0..3 {
        // Fresh ones, suspended ones, and ones that run inside each other.
        for name in ["fresh", "suspend", "deep"] {
            world.reaches(name, &[10], message);
            world.clear();
            world.call(name, &[9]).unwrap();
            world.clear();
        }
        // The host's count too, and parked ones as well.
        let one = world.instance.func(&world.store, "one").unwrap();
        let held: Vec<_> = (0..10)
            .map(|_| one.continuation(&mut world.store).unwrap())
            .collect();
        world.store.park();
        let error = one.continuation(&mut world.store).unwrap_err();
        assert!(
            matches!(&error, Error::Limit(text) if text == message),
            "{error:?}"
        );
        let error = world.call("clear", &[]).unwrap_err();
        assert!(
            matches!(&error, Error::Limit(text) if text == message),
            "{error:?}"
        );
        drop(held);
        world.clear();
    }
}

#[test]
fn idle_stacks_are_no_live_continuations() {
    let message = "the limit of 10 live continuations is reached (continuations_max)";
    let mut world = World::new(Config::new().continuations_max(10));
    for parked in [false, true] {
        let one = world.instance.func(&world.store, "one").unwrap();
        let held: Vec<_> = (0..10)
            .map(|_| one.continuation(&mut world.store).unwrap())
            .collect();
        if parked {
            world.store.park();
        }
        drop(held);
        world.store.gc().unwrap();
        // Ten idle stacks, and nothing lives: a call can begin, and ten can live
        // with its initial continuation among them.
        assert_eq!(world.store.report().live, 0);
        world.call("deep", &[9]).unwrap();
        world.clear();
        world.reaches("deep", &[10], message);
        world.clear();
        world.store.gc().unwrap();
    }
}

#[test]
fn bytes_of_stacks() {
    // The call's own stack is not one of them.
    const BYTES: i32 = 10 * 32768;
    let message = "the limit of 327680 bytes of stacks is reached, 10 are in use (stack_bytes_max)";
    let mut config = Config::new();
    config.stack_size(32768).stack_bytes_max(BYTES as u64);
    let mut never = config.clone();
    let mut world = World::new(never.park(ParkPolicy::NEVER));
    for _ in 0..3 {
        for name in ["fresh", "suspend", "deep"] {
            world.reaches(name, &[11], message);
            world.clear();
            world.call(name, &[10]).unwrap();
            world.clear();
        }
    }
    // What is parked uses no stack; who is resumed wants one again.
    world.call("suspend", &[10]).unwrap();
    assert_eq!(world.store.park(), 10);
    world.call("fresh", &[10]).unwrap();
    let before = world.store.report().ended.trapped;
    let trap = world.reaches("finish", &[10], message);
    assert!(trap.backtrace.frames().next().is_some());
    assert_eq!(world.store.report().ended.trapped, before + 1);
    world.clear();
    world.call("suspend", &[10]).unwrap();
    world.call("finish", &[10]).unwrap();

    // A policy that parks makes room instead: not for what runs.
    let mut world = World::new(&mut config);
    world.call("fresh", &[99]).unwrap();
    world.call("suspend", &[99]).unwrap();
    assert!(world.store.report().stack_bytes < BYTES as u64);
    world.call("finish", &[99]).unwrap();
    world.reaches("deep", &[11], message);
    world.call("deep", &[10]).unwrap();
    world.clear();
}

/// Who is thrown into gets a stack as who is resumed does: somebody else gives one
/// up. Those inside that do not catch need none.
#[test]
fn bytes_of_stacks_when_a_parked_continuation_is_thrown_into() {
    const BYTES: u64 = 10 * 32768;
    let mut config = Config::new();
    config.stack_size(32768).stack_bytes_max(BYTES);
    let mut world = World::new(&mut config);
    world.call("catch", &[20, 2]).unwrap();
    world.call("throw", &[20]).unwrap();
    world.clear();

    // Nobody parks for it: it ends as trapped, whole, and the store goes on.
    let mut world = World::new(config.park(ParkPolicy::NEVER));
    world.call("catch", &[2, 2]).unwrap();
    assert_eq!(world.store.park(), 8);
    world.call("fresh", &[10]).unwrap();
    let message = "the limit of 327680 bytes of stacks is reached, 10 are in use (stack_bytes_max)";
    world.reaches("throw", &[2], message);
    world.clear();
    world.call("catch", &[3, 1]).unwrap();
    world.call("throw", &[3]).unwrap();
    world.clear();
}

#[test]
fn nesting() {
    let message =
        "the limit of 5 continuations that have resumed each other is reached (nesting_max)";
    for park in [false, true] {
        let mut world = World::new(Config::new().nesting_max(5));
        for _ in 0..3 {
            // The initial one is the first.
            let trap = world.reaches("deep", &[5], message);
            let deep: Vec<_> = trap.backtrace.frames().map(|f| f.continuation).collect();
            assert_eq!(deep.len(), 5, "{trap}");
            world.call("deep", &[4]).unwrap();
            // Three suspended as one, resumed from the second or the third.
            world.call("again", &[2, 1]).unwrap();
            world.reaches("again", &[2, 2], message);
            world.clear();
            // Those that do not run do not count.
            world.call("fresh", &[50]).unwrap();
            world.call("inside", &[50]).unwrap();
            if park {
                assert_eq!(world.store.park(), 100);
            }
            world.call("finish", &[50]).unwrap();
            world.clear();
        }
        // The host resumes: a chain of its own.
        let deep = world.instance.func(&world.store, "deep").unwrap();
        for (n, room) in [(4, true), (5, false)] {
            let continuation = deep.continuation(&mut world.store).unwrap();
            match continuation.resume(&mut world.store, &[Val::I32(n)], &[]) {
                Ok(Outcome::Returned(_)) => assert!(room),
                Err(error) => assert!(!room && error.to_string() == message, "{error:?}"),
                other => panic!("{other:?}"),
            }
        }
        world.clear();
    }
}

#[test]
fn a_chain_longer_than_the_limit_is_not_resumed_by_the_host() {
    let mut config = Config::new();
    config.nesting_max(3);
    let text = r#"(module
        (type $f (func (param i32))) (type $k (cont $f))
        (tag $wait (export "wait"))
        (func $deep (export "deep") (param $n i32)
            (if (local.get $n)
                (then (resume $k (i32.sub (local.get $n) (i32.const 1))
                    (cont.new $k (ref.func $deep))))
                (else (suspend $wait)))))"#;
    let (mut store, instance) = instance_with(&config, text);
    let Some(mangrove::Extern::Tag(wait)) = instance.export(&store, "wait") else {
        panic!("a tag");
    };
    let deep = instance.func(&store, "deep").unwrap();
    let made = deep.continuation(&mut store).unwrap();
    let outcome = made.resume(&mut store, &[Val::I32(2)], &[wait]).unwrap();
    let Outcome::Suspended { continuation, .. } = outcome else {
        panic!("{outcome:?}");
    };
    let outcome = continuation.resume(&mut store, &[], &[wait]).unwrap();
    assert!(matches!(outcome, Outcome::Returned(_)));
    assert_eq!(store.report().live, 0);
}
