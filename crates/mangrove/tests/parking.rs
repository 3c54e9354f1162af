//! Continuations without a stack, and stacks that move.

mod common;

use common::{call, instance_with};
use mangrove::{Config, Instance, OptLevel, ParkPolicy, Store, Val};

/// Suspended continuations in a table, each with an object on its stack. `deep`
/// ones are suspended two at a time: the inner one resumed by the outer.
const PROGRAM: &str = r#"(module
    (import "mangrove" "gc" (func $gc))
    (type $box (struct (field (mut i64))))
    (type $f (func (param i64) (result i64)))
    (type $k (cont $f))
    (type $v (func (result i64)))
    (type $kv (cont $v))
    (tag $wait (result i64))
    (tag $stop (param i64))
    (table $all 64 (ref null $k))
    (func $inner (param $n i64) (result i64) (local $box (ref $box))
        (local.set $box (struct.new $box (local.get $n)))
        (i64.add (suspend $wait) (struct.get $box 0 (local.get $box))))
    (func $outer (param $n i64) (result i64) (local $box (ref $box))
        (local.set $box (struct.new $box (i64.const 1000)))
        (block $caught (result i64)
            (return (i64.add (struct.get $box 0 (local.get $box))
                (try_table (result i64) (catch $stop $caught)
                    (resume $k (local.get $n) (cont.new $k (ref.func $inner))))))
        )
        (i64.mul (struct.get $box 0 (local.get $box))))
    (elem declare func $inner $outer)
    (func (export "suspend") (param $deep i32) (local $i i32)
        (loop $next
            (table.set $all (local.get $i)
                (block $on (result (ref $k))
                    (drop (resume $k (on $wait $on) (i64.extend_i32_u (local.get $i))
                        (if (result (ref $k)) (local.get $deep)
                            (then (cont.new $k (ref.func $outer)))
                            (else (cont.new $k (ref.func $inner))))))
                    (unreachable)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (i32.const 64)))))
    (func $each (param $throw i32) (param $gc i32) (result i64) (local $i i32) (local $sum i64)
        (loop $next
            (if (local.get $gc) (then (call $gc)))
            (local.set $sum (i64.add (local.get $sum)
                (if (result i64) (local.get $throw)
                    (then (resume_throw $k $stop (i64.const 3) (table.get $all (local.get $i))))
                    (else (resume $k (i64.const 7) (table.get $all (local.get $i)))))))
            (table.set $all (local.get $i) (ref.null $k))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (i32.const 64))))
        (local.get $sum))
    (func (export "resume") (result i64) (call $each (i32.const 0) (i32.const 0)))
    (func (export "resume_and_collect") (result i64) (call $each (i32.const 0) (i32.const 1)))
    (func (export "throw") (result i64) (call $each (i32.const 1) (i32.const 0)))
    (func (export "forget") (table.fill $all (i32.const 0) (ref.null $k) (i32.const 64))))"#;

/// 0 + 1 + … + 63, and what each was resumed with.
const SUM: i64 = 63 * 32 + 64 * 7;

fn suspended(config: &Config, deep: i32) -> (Store<()>, Instance) {
    let (mut store, instance) = instance_with(config, PROGRAM);
    call(&mut store, instance, "suspend", &[Val::I32(deep)]).unwrap();
    (store, instance)
}

fn sum(store: &mut Store<()>, instance: Instance, name: &str) -> i64 {
    match call(store, instance, name, &[]).unwrap()[..] {
        [Val::I64(sum)] => sum,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn parked_by_request_collected_and_resumed() {
    for (deep, parked, expected) in [(0, 64, SUM), (1, 128, SUM + 64 * 1000)] {
        let (mut store, instance) = suspended(&Config::new(), deep);
        assert_eq!(store.park(), parked);
        assert_eq!(store.park(), 0, "nobody is parked twice");
        store.gc().unwrap();
        let report = store.report();
        assert_eq!((report.suspended, report.parked), (parked, parked));
        assert!(report.parked_bytes < 400 * parked);
        assert_eq!(sum(&mut store, instance, "resume_and_collect"), expected);
        assert_eq!((store.report().parked, store.live_continuations()), (0, 0));
    }
}

#[test]
fn an_exception_goes_into_and_through_parked_ones() {
    // Each outer one catches what is thrown into its inner one.
    let (mut store, instance) = suspended(&Config::new(), 1);
    assert_eq!(store.park(), 128);
    assert_eq!(sum(&mut store, instance, "throw"), 64 * 3000);
    // Nobody catches: the first of them ends, and so does the activation.
    let (mut store, instance) = suspended(&Config::new(), 0);
    store.park();
    call(&mut store, instance, "throw", &[]).unwrap_err();
    assert_eq!(store.live_continuations(), 63);
    assert_eq!(store.report().ended.thrown, 1);
}

#[test]
fn a_parked_one_that_nobody_refers_to_is_collected() {
    let (mut store, instance) = suspended(&Config::new(), 1);
    store.park();
    call(&mut store, instance, "forget", &[]).unwrap();
    store.gc().unwrap();
    let report = store.report();
    assert_eq!((report.parked, report.ended.collected), (0, 128));
}

#[test]
fn collections_park_who_was_left_alone() {
    let mut config = Config::new();
    config.verify_heap(true).park(ParkPolicy {
        after: 2,
        keep: 0,
        most: usize::MAX,
    });
    let (mut store, instance) = suspended(&config, 0);
    for parked in [0, 0, 64, 64] {
        store.gc().unwrap();
        assert_eq!(store.report().parked, parked);
    }
    assert_eq!(sum(&mut store, instance, "resume_and_collect"), SUM);
}

#[test]
fn a_bound_on_stacks_parks_the_others() {
    let mut config = Config::new();
    config.verify_heap(true).park(ParkPolicy {
        most: 16,
        ..ParkPolicy::NEVER
    });
    let (mut store, instance) = suspended(&config, 1);
    let report = store.report();
    assert_eq!(report.suspended, 128);
    assert!(report.parked >= 128 - 17, "{report:?}");
    assert_eq!(
        sum(&mut store, instance, "resume_and_collect"),
        SUM + 64 * 1000
    );
}

#[test]
fn the_limit_on_continuations_counts_parked_ones() {
    let mut config = Config::new();
    config.continuations_max(70);
    let (mut store, instance) = suspended(&config, 0);
    store.park();
    let error = call(&mut store, instance, "suspend", &[Val::I32(1)]).unwrap_err();
    assert!(error.to_string().contains("70"), "{error}");
}

#[test]
fn whatever_moves_goes_on_as_before() {
    for zeal in ["move", "move,switch", "move,alloc:3", "move,switch,minor"] {
        let mut config = Config::new();
        config.zeal(zeal.parse().unwrap());
        for (deep, expected) in [(0, SUM), (1, SUM + 64 * 1000)] {
            let (mut store, instance) = suspended(&config, deep);
            let parked = store.report().parked;
            assert!((31..=65).contains(&parked), "every other one: {parked}");
            assert_eq!(
                sum(&mut store, instance, "resume_and_collect"),
                expected,
                "{zeal}"
            );
        }
        let (mut store, instance) = suspended(&config, 1);
        assert_eq!(sum(&mut store, instance, "throw"), 64 * 3000, "{zeal}");
    }
}

/// Stacks have some room beyond their size, not all the same: what has grown into
/// it goes on where it is, and everything else fits on any stack.
#[test]
fn frames_in_the_last_bytes_of_a_stack_go_on() {
    let text = r#"(module
        (type $f (func (param i32))) (type $k (cont $f)) (type $n (func)) (type $kn (cont $n))
        (tag $wait)
        (table $all 64 (ref null $kn))
        (func $deep (param $n i32)
            (if (local.get $n)
                (then (call $deep (i32.sub (local.get $n) (i32.const 1))))
                (else (suspend $wait))))
        (elem declare func $deep)
        (func (export "suspend") (param $i i32) (param $n i32)
            (table.set $all (local.get $i)
                (block $on (result (ref $kn))
                    (resume $k (on $wait $on) (local.get $n) (cont.new $k (ref.func $deep)))
                    (unreachable))))
        (func (export "resume") (param $i i32) (resume $kn (table.get $all (local.get $i)))))"#;
    let mut config = Config::new();
    // Each call is a frame, so that tops differ by less than a frame.
    config.opt_level(OptLevel::Speed);
    config.stack_size(16384).verify_heap(true);
    let mut most = Vec::new();
    for round in 0..4 {
        let (mut store, instance) = instance_with(&config, text);
        let mut suspended = 0;
        // The deepest that fits on each of 64 stacks; their tops differ.
        for i in 0..64 {
            let deepest = (100..400).rev().find(|&depth| {
                let args = [Val::I32(i), Val::I32(depth)];
                call(&mut store, instance, "suspend", &args).is_ok()
            });
            most.push(deepest.expect("16 KiB of frames"));
            suspended += 1;
        }
        assert_eq!(store.report().live, suspended);
        for i in (0..64).rev() {
            if round % 2 == 0 || i % 3 == 0 {
                store.park();
            }
            call(&mut store, instance, "resume", &[Val::I32(i)]).unwrap();
            store.gc().unwrap();
        }
        assert_eq!(store.report().live, 0);
    }
    most.sort_unstable();
    assert!(
        most[0] < most[most.len() - 1],
        "all stacks have the same room"
    );
}
