//! Every way a continuation can end, many times over: the registry counts each
//! one exactly, and neither its memory nor the process's grows.

mod common;
#[path = "common/counting.rs"]
mod counting;

use common::{call, instance_with};
use counting::ALLOCATED;
use mangrove::{
    Config, Ends, Error, Exception, Extern, Instance, Outcome, ParkPolicy, RegistryReport, Store,
    Tag, Val,
};
use std::sync::atomic::Ordering;

/// Each export that takes a number does something that often.
const PROGRAM: &str = r#"(module
    (type $f (func)) (type $k (cont $f))
    (type $g (func (param (ref null $k)))) (type $kg (cont $g))
    (type $box (struct (field i64)))
    (tag $wait (export "wait")) (tag $stop (export "stop"))
    (table $table 64 (ref null $k))
    (global $global (mut (ref null $k)) (ref.null $k))
    (func $run (export "run") (local $box (ref $box))
        (local.set $box (struct.new $box (i64.const 1)))
        (drop (struct.get $box 0 (local.get $box))))
    (func $sleep (export "sleep") (local $box (ref $box))
        (local.set $box (struct.new $box (i64.const 1)))
        (suspend $wait)
        (drop (struct.get $box 0 (local.get $box))))
    (func $throw (throw $stop))
    (func $trap (unreachable))
    (func $over_sleep (export "over_sleep") (resume $k (cont.new $k (ref.func $sleep))))
    (func $over_throw (resume $k (cont.new $k (ref.func $throw))))
    (func $over_trap (resume $k (cont.new $k (ref.func $trap))))
    (func $hold (param $held (ref null $k))
        (suspend $wait)
        (resume $k (local.get $held)))
    (elem declare func $run $sleep $throw $trap $over_sleep $over_throw $over_trap $hold)

    (func $asleep (param $what (ref $f)) (result (ref $k))
        (block $on (result (ref $k))
            (resume $k (on $wait $on) (cont.new $k (local.get $what)))
            (unreachable)))
    (func $holding (param $held (ref null $k)) (result (ref $k))
        (block $on (result (ref $k))
            (resume $kg (on $wait $on) (local.get $held) (cont.new $kg (ref.func $hold)))
            (unreachable)))

    (func $once_returned (resume $k (cont.new $k (ref.func $run))))
    (func $once_returned_later (resume $k (call $asleep (ref.func $sleep))))
    (func $once_returned_chain (resume $k (call $asleep (ref.func $over_sleep))))
    (func $once_thrown (block $on
        (try_table (catch $stop $on) (resume $k (cont.new $k (ref.func $over_throw))))))
    (func $once_thrown_into_fresh (block $on
        (try_table (catch $stop $on) (resume_throw $k $stop (cont.new $k (ref.func $run))))))
    (func $once_thrown_into_chain (block $on
        (try_table (catch $stop $on)
            (resume_throw $k $stop (call $asleep (ref.func $over_sleep))))))
    (func $once_fresh (drop (cont.new $k (ref.func $run))))
    (func $once_suspended (drop (call $asleep (ref.func $sleep))))
    (func $once_chain (drop (call $asleep (ref.func $over_sleep))))
    (func $once_held (drop (call $holding (call $asleep (ref.func $sleep)))))
    (func $once_held_by_held
        (drop (call $holding (call $holding (call $asleep (ref.func $over_sleep))))))
    (func $once_bound (drop
        (cont.bind $kg $k (call $asleep (ref.func $sleep)) (cont.new $kg (ref.func $hold)))))
    (func $once_table (table.set $table (i32.const 7) (call $asleep (ref.func $sleep))))
    (func $once_global (global.set $global (call $asleep (ref.func $over_sleep))))
    (func $once_stale (local $first (ref $k)) (local $second (ref $k))
        ;; Each holds the other, as far as its frame says: the first one's reference is
        ;; used up by the time the second one's is there.
        (local.set $first (call $asleep (ref.func $sleep)))
        (local.set $second (call $holding (local.get $first)))
        (resume $k (local.get $first))
        (drop (call $holding (local.get $second))))

    (table $ways funcref (elem $once_returned $once_returned_later $once_returned_chain
        $once_thrown $once_thrown_into_fresh $once_thrown_into_chain $once_fresh $once_suspended
        $once_chain $once_held $once_held_by_held $once_bound $once_table $once_global $once_stale))
    (func (export "way") (param $way i32) (param $n i32)
        (loop $next
            (call_indirect $ways (type $f) (local.get $way))
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (br_if $next (local.get $n))))
    (func (export "trap") (resume $k (cont.new $k (ref.func $over_trap))))
    (func (export "fill") (local $i i32)
        (loop $next
            (table.set $table (local.get $i) (call $asleep (ref.func $over_sleep)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (i32.const 32))))
        (loop $next
            (table.set $table (local.get $i) (cont.new $k (ref.func $run)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (i32.const 64)))))
    (func (export "clear")
        (table.fill $table (i32.const 0) (ref.null $k) (i32.const 64))
        (global.set $global (ref.null $k))))"#;

/// What one time makes of continuations: returned, thrown, trapped, collected.
type Outcomes = [u64; 4];

/// The ways of the program, in the order of its table.
const WAYS: [(&str, Outcomes); 15] = [
    ("returned", [1, 0, 0, 0]),
    ("returned after a suspension", [1, 0, 0, 0]),
    ("returned, a chain of two", [2, 0, 0, 0]),
    ("thrown out of two", [0, 2, 0, 0]),
    ("thrown into a fresh one", [0, 1, 0, 0]),
    ("thrown into a chain", [0, 2, 0, 0]),
    ("forgotten while fresh", [0, 0, 0, 1]),
    ("forgotten while suspended", [0, 0, 0, 1]),
    ("a forgotten chain", [0, 0, 0, 2]),
    ("held by the frame of a forgotten one", [0, 0, 0, 2]),
    ("held by one that is held by one", [0, 0, 0, 4]),
    ("bound to a forgotten one", [0, 0, 0, 2]),
    ("replaced in a table", [0, 0, 0, 1]),
    ("replaced in a global", [0, 0, 0, 2]),
    ("in a ring of used references", [1, 0, 0, 2]),
];

/// What must not grow.
#[derive(Debug)]
struct Taken {
    allocated: isize,
    registry: [u64; 4],
    resident: isize,
}

fn taken(report: &RegistryReport) -> Taken {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: isize = pages.split(' ').nth(1).unwrap().parse().unwrap();
    Taken {
        allocated: ALLOCATED.load(Ordering::Relaxed),
        registry: [
            report.record_bytes,
            report.reserved_bytes,
            report.committed_bytes,
            report.parked_bytes,
        ],
        resident: pages * 4096,
    }
}

struct World {
    store: Store<()>,
    instance: Instance,
    wait: Tag,
    stop: Tag,
}

impl World {
    fn new() -> Self {
        let mut config = Config::new();
        config.park(ParkPolicy::NEVER);
        let (store, instance) = instance_with(&config, PROGRAM);
        let tag = |name| match instance.export(&store, name) {
            Some(Extern::Tag(tag)) => tag,
            other => panic!("{other:?}"),
        };
        let (wait, stop) = (tag("wait"), tag("stop"));
        Self {
            store,
            instance,
            wait,
            stop,
        }
    }

    fn call(&mut self, name: &str, args: &[Val]) -> Result<Vec<Val>, Error> {
        call(&mut self.store, self.instance, name, args)
    }

    fn made(&mut self, name: &str) -> mangrove::ContHandle {
        let func = self.instance.func(&self.store, name).unwrap();
        func.continuation(&mut self.store).unwrap()
    }

    /// Does something `times` over, twice: what it did is counted exactly, and
    /// the second time takes no memory that the first did not.
    fn repeat(
        &mut self,
        what: &str,
        times: u64,
        [returned, thrown, trapped, collected]: Outcomes,
        mut act: impl FnMut(&mut Self),
    ) {
        let mut before = None;
        for _ in 0..2 {
            let start = self.store.report();
            assert_eq!(start.live, 0, "{what}");
            act(self);
            self.call("clear", &[]).unwrap();
            self.store.gc().unwrap();
            let end = self.store.report();
            let expected = Ends {
                returned: start.ended.returned + times * returned,
                thrown: start.ended.thrown + times * thrown,
                trapped: start.ended.trapped + times * trapped,
                collected: start.ended.collected + times * collected,
            };
            assert_eq!(end.ended, expected, "{what}");
            let created = times * (returned + thrown + trapped + collected);
            assert_eq!(end.created, start.created + created, "{what}");
            let counts = [
                end.live,
                end.fresh,
                end.suspended,
                end.parked,
                end.bound_arguments,
            ];
            assert_eq!(counts, [0; 5], "{what}");
            let now = taken(&end);
            if let Some(before) = before.replace(now) {
                let now = taken(&end);
                assert_eq!(now.registry, before.registry, "{what}");
                let grown = now.allocated - before.allocated;
                assert!(grown <= 0, "{what}: {grown} bytes more are allocated");
                let grown = now.resident - before.resident;
                assert!(grown < 8 << 20, "{what}: {grown} bytes more are resident");
            }
        }
    }
}

/// The ways that need a host.
fn host_ways(times: u64) {
    World::new().repeat("a trap ends its chain", times, [0, 0, 2, 0], |world| {
        for _ in 0..times {
            world.call("trap", &[]).unwrap_err();
        }
    });
    World::new().repeat("a handle dropped, fresh", times, [0, 0, 0, 1], |world| {
        for _ in 0..times {
            world.made("run");
        }
    });
    World::new().repeat(
        "a handle dropped, suspended",
        times,
        [0, 0, 0, 2],
        |world| {
            for _ in 0..times {
                let made = world.made("over_sleep");
                let outcome = made.resume(&mut world.store, &[], &[world.wait]).unwrap();
                assert!(matches!(outcome, Outcome::Suspended { .. }));
            }
        },
    );
    World::new().repeat("resumed by the host", times, [1, 0, 0, 0], |world| {
        for _ in 0..times {
            let made = world.made("run");
            let outcome = made.resume(&mut world.store, &[], &[]).unwrap();
            assert!(matches!(outcome, Outcome::Returned(_)));
        }
    });
    World::new().repeat("thrown into by the host", times, [0, 1, 0, 0], |world| {
        let exception = Exception::new(&mut world.store, world.stop, vec![]).unwrap();
        for _ in 0..times {
            let made = world.made("run");
            let outcome = made
                .resume_throw(&mut world.store, &exception, &[])
                .unwrap();
            assert!(matches!(outcome, Outcome::Thrown(_)));
        }
    });
    // Tables of 32 chains of two and 32 fresh ones.
    let tables = times.div_ceil(64);
    for (what, park) in [
        ("forgotten in a table", false),
        ("forgotten while parked", true),
    ] {
        World::new().repeat(what, tables, [0, 0, 0, 96], |world| {
            for _ in 0..tables {
                world.call("fill", &[]).unwrap();
                let parked = if park { world.store.park() } else { 0 };
                assert_eq!(parked, if park { 96 } else { 0 });
                world.call("clear", &[]).unwrap();
                world.store.gc().unwrap();
            }
        });
    }
}

fn every_way(times: u64) {
    for (way, (what, outcomes)) in (0..).zip(WAYS) {
        World::new().repeat(what, times, outcomes, |world| {
            let args = [Val::I32(way), Val::I32(times as i32)];
            world.call("way", &args).unwrap();
        });
    }
    host_ways(times);
    // A store that is dropped takes everything with it.
    let mut before = isize::MAX;
    for _ in 0..2 {
        for _ in 0..times.div_ceil(1000) {
            let mut world = World::new();
            world.call("fill", &[]).unwrap();
            world.store.park();
            world.call("fill", &[]).unwrap();
            let _held = world.made("over_sleep");
        }
        let now = ALLOCATED.load(Ordering::Relaxed);
        assert!(now <= before, "{} bytes are left", now - before);
        before = now;
    }
}

#[test]
fn nothing_is_left_behind() {
    every_way(2000);
}

#[test]
#[ignore = "takes a minute, optimised"]
fn nothing_is_left_behind_by_a_million() {
    every_way(1_000_000);
}
