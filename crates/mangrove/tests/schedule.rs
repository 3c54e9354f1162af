//! Collection policies: when there is a collection, when there is none, and that a run
//! can be had again.

mod common;

use common::{call, instance_with};
use mangrove::{
    CollectionCause, CollectionDecision, CollectionDue, CollectionKind, CollectionPolicy, Config,
    HeapRefuser, Instance, Moment, NextAsk, Phase, Schedule, Store, TrapReason, Val,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use CollectionKind::{Full, Minor};

/// Objects of many sizes, some of which live on in a table.
const CHURN: &str = r#"(module
    (type $bytes (array (mut i8)))
    (type $cell (struct (field (mut (ref null $bytes))) (field i32)))
    (import "mangrove" "collections" (func $collections (result i64)))
    (table $t 512 (ref null $cell))
    (func (export "churn") (param $n i32) (param $random i32) (result i32)
        (local $sum i32) (local $cell (ref null $cell))
        (loop $again
            (local.set $random (i32.add (i32.mul (local.get $random) (i32.const 1103515245)) (i32.const 12345)))
            (local.set $cell (table.get $t (i32.and (i32.shr_u (local.get $random) (i32.const 8)) (i32.const 511))))
            (if (i32.eqz (ref.is_null (local.get $cell)))
                (then (local.set $sum (i32.add (local.get $sum)
                    (i32.add (struct.get $cell 1 (local.get $cell))
                        (array.len (struct.get $cell 0 (local.get $cell))))))))
            (table.set $t (i32.and (i32.shr_u (local.get $random) (i32.const 8)) (i32.const 511))
                (struct.new $cell
                    (array.new_default $bytes (i32.and (i32.shr_u (local.get $random) (i32.const 12)) (i32.const 4095)))
                    (local.get $n)))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $sum))
    (func (export "cell") (result i64)
        (drop (struct.new $cell (ref.null $bytes) (i32.const 1)))
        (call $collections))
    (func (export "large") (param i32) (result i32)
        (array.len (array.new_default $bytes (local.get 0)))))"#;

fn world(config: &Config) -> (Store<()>, Instance) {
    instance_with(config, CHURN)
}

fn churn(store: &mut Store<()>, instance: Instance, n: i32) -> i32 {
    let args = [Val::I32(n), Val::I32(42)];
    let result = call(store, instance, "churn", &args).unwrap_or_else(|e| panic!("{e}"));
    result[0].as_i32().unwrap()
}

/// Each collection: what was allocated before it, and its kind.
fn record(store: &mut Store<()>) -> Receiver<(u64, CollectionKind)> {
    let (points, all) = channel();
    let mut at = 0;
    store.observe(Box::new(move |view, moment| match moment {
        Moment::Collection(_) => at = view.allocated_bytes(),
        Moment::Collected(report) => points.send((at, report.kind)).unwrap(),
        _ => {}
    }));
    all
}

#[test]
fn a_recorded_run_is_had_again_under_other_settings() {
    let mut config = Config::new();
    config.verify_heap(true).heap_max(64 << 20);
    config.young_min(256 << 10).young_max(512 << 10);
    let (mut store, instance) = world(&config);
    let points = record(&mut store);
    let sum = churn(&mut store, instance, 20_000);
    let recorded: Vec<_> = points.try_iter().collect();
    let total = store.allocated_bytes();
    assert!(
        recorded.len() > 20 && recorded.iter().any(|point| point.1 == Full),
        "{recorded:?}"
    );
    for young in [64 << 10, 4 << 20] {
        let (mut store, instance) = world(config.young_min(young));
        let points = record(&mut store);
        store.collection_policy(Schedule::at_bytes(recorded.clone()).only());
        assert_eq!(churn(&mut store, instance, 20_000), sum);
        assert_eq!(points.try_iter().collect::<Vec<_>>(), recorded);
        assert_eq!(store.allocated_bytes(), total);
    }
}

#[test]
fn every_so_many_bytes() {
    let mut config = Config::new();
    config.verify_heap(true).young_max(1 << 20);
    for (every, kind) in [(10_000, Minor), (100_000, Full), (700, Minor)] {
        let (mut store, instance) = world(&config);
        let points = record(&mut store);
        store.collection_policy(Schedule::every_bytes(every, kind).only());
        churn(&mut store, instance, 2000);
        let points: Vec<_> = points.try_iter().collect();
        let multiples = points.iter().map(|point| point.0 / every);
        let multiples: Vec<_> = multiples.collect();
        // Each multiple is crossed by the allocation after a point; an object may cross
        // several, and is followed by one collection then.
        assert!(multiples.is_sorted(), "{points:?}");
        let least = store.allocated_bytes() / every.max(4200);
        assert!(points.len() as u64 >= least, "{} of {least}", points.len());
        assert!(points.len() as u64 <= store.allocated_bytes() / every + 1);
        assert!(points.iter().all(|point| point.1 == kind));
    }
}

#[test]
fn at_allocations_by_their_numbers() {
    let (mut store, instance) = world(&Config::new());
    let at = [3, 4, 10, 200];
    let points = at.map(|number| (number, Minor));
    store.collection_policy(Schedule::at_allocations(points));
    for number in 1..300 {
        let seen = call(&mut store, instance, "cell", &[]).unwrap()[0]
            .as_i64()
            .unwrap();
        assert_eq!(
            seen,
            at.iter().filter(|&&at| at <= number).count() as i64,
            "{number}"
        );
    }
}

#[test]
fn by_a_clock() {
    let run = || {
        let (mut store, instance) = world(&Config::new());
        let points = record(&mut store);
        let mut time = Duration::ZERO;
        let clock = move || {
            time += Duration::from_millis(3);
            time
        };
        let every = Duration::from_millis(10);
        store.collection_policy(Schedule::every(every, 1 << 14, Minor, clock).only());
        churn(&mut store, instance, 3000);
        points.try_iter().map(|point| point.0).collect::<Vec<_>>()
    };
    let points = run();
    assert!(points.len() > 30, "{points:?}");
    assert_eq!(run(), points);
    // Every fourth look is one after 12 ms.
    assert!(
        points
            .windows(2)
            .all(|two| two[1] - two[0] >= 4 * (1 << 14) - 8192),
        "{points:?}"
    );
}

/// Always the same answer; counts the questions.
struct Always(CollectionDecision, Arc<Mutex<Vec<CollectionDue>>>);

impl CollectionPolicy for Always {
    fn due(&mut self, due: &CollectionDue) -> CollectionDecision {
        self.1.lock().unwrap().push(*due);
        self.0
    }
}

fn always(store: &mut Store<()>, decision: CollectionDecision) -> Arc<Mutex<Vec<CollectionDue>>> {
    let asked = Arc::new(Mutex::new(Vec::new()));
    store.collection_policy(Always(decision, asked.clone()));
    asked
}

#[test]
fn a_veto_holds_until_the_heap_is_full() {
    let mut config = Config::new();
    config.heap_max(32 << 20).verify_heap(true);
    let (mut store, instance) = world(&config);
    let asked = always(&mut store, CollectionDecision::NotNow);
    // 24 MiB, far more than the young space ever has.
    churn(&mut store, instance, 11_500);
    assert_eq!(store.collections(), 0);
    assert!(store.heap_bytes() > 20 << 20);
    assert_eq!(store.allocated_bytes(), store.heap_bytes());
    let questions = asked.lock().unwrap().len();
    assert!((1..200).contains(&questions), "{questions}");
    call(&mut store, instance, "large", &[Val::I32(1 << 20)]).unwrap();
    let args = [Val::I32(100_000), Val::I32(42)];
    let error = call(&mut store, instance, "churn", &args).unwrap_err();
    let reason = &error.as_trap().unwrap_or_else(|| panic!("{error}")).reason;
    let by_policy = Some(HeapRefuser::Policy);
    assert!(
        matches!(reason, TrapReason::HeapExhausted { refused_by, .. } if *refused_by == by_policy),
        "{reason:?}"
    );
    assert_eq!(store.collections(), 0);
    // What was made meanwhile is as it must be, in both kinds of collections.
    store.gc_minor().unwrap();
    store.gc().unwrap();
    assert!(store.heap_bytes() < 4 << 20);
    always(&mut store, CollectionDecision::Collect(Full));
    churn(&mut store, instance, 100_000);
}

#[test]
fn one_kind_only() {
    for kind in [Minor, Full] {
        let mut config = Config::new();
        config.heap_max(8 << 20).verify_heap(true);
        let (mut store, instance) = world(&config);
        let points = record(&mut store);
        let asked = always(&mut store, CollectionDecision::Collect(kind));
        let args = [Val::I32(20_000), Val::I32(42)];
        let result = call(&mut store, instance, "churn", &args);
        let kinds: Vec<_> = points.try_iter().map(|point| point.1).collect();
        assert!(
            kinds.len() > 3 && kinds.iter().all(|&known| known == kind),
            "{kinds:?}"
        );
        match kind {
            // Without a full one the old space fills up with what died in it.
            Minor => assert!(
                result
                    .unwrap_err()
                    .to_string()
                    .starts_with("heap exhausted")
            ),
            Full => drop(result.unwrap()),
        }
        let asked = asked.lock().unwrap();
        assert!(
            asked
                .iter()
                .all(|due| matches!(due.cause, CollectionCause::Room { .. }))
        );
        store.gc().unwrap();
    }
}

#[test]
fn continuations_ask_too() {
    let text = r#"(module
        (type $f (func)) (type $k (cont $f))
        (tag $pause)
        (elem declare func $sleep)
        (func $sleep (suspend $pause))
        (func (export "doze") (param $n i32)
            (loop $again
                (drop (block $on (result (ref $k))
                    (resume $k (on $pause $on) (cont.new $k (ref.func $sleep)))
                    (unreachable)))
                (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#;
    let mut config = Config::new();
    config.continuations_max(100);
    let (mut store, instance) = instance_with(&config, text);
    let asked = always(&mut store, CollectionDecision::NotNow);
    call(&mut store, instance, "doze", &[Val::I32(1000)]).unwrap_err();
    assert_eq!(store.collections(), 0);
    assert!(
        asked
            .lock()
            .unwrap()
            .iter()
            .all(|due| due.cause == CollectionCause::Continuations)
    );
    always(&mut store, CollectionDecision::Collect(Full));
    call(&mut store, instance, "doze", &[Val::I32(1000)]).unwrap();
}

#[test]
fn panics_of_policies_and_of_those_who_watch_phases() {
    struct Panics;
    impl CollectionPolicy for Panics {
        fn due(&mut self, _: &CollectionDue) -> CollectionDecision {
            panic!("undecided")
        }

        fn next(&mut self, _: u64) -> NextAsk {
            NextAsk::AtBytes(0)
        }
    }
    let (mut store, instance) = world(&Config::new());
    store.collection_policy(Panics);
    let cell = AssertUnwindSafe(|| call(&mut store, instance, "cell", &[]));
    let panic = catch_unwind(cell).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"undecided"));
    store.collection_policy(Schedule::at_bytes([]));
    call(&mut store, instance, "cell", &[]).unwrap();

    let armed = Arc::new(Mutex::new(true));
    let is_armed = armed.clone();
    store.observe_phases(move |report| {
        if report.phase == Phase::Copy && *is_armed.lock().unwrap_or_else(|e| e.into_inner()) {
            panic!("in the middle");
        }
    });
    catch_unwind(AssertUnwindSafe(|| store.gc())).unwrap_err();
    *armed.lock().unwrap_or_else(|e| e.into_inner()) = false;
    assert_eq!(store.collections(), 1, "it was not left in the middle");
    store.gc().unwrap();
    churn(&mut store, instance, 100);
}

#[test]
fn phases_are_told_in_order_and_add_up() {
    let mut config = Config::new();
    config.verify_heap(true);
    let (mut store, instance) = world(&config);
    churn(&mut store, instance, 300);
    let (reports, all) = channel();
    store.observe_phases(move |report| reports.send(*report).unwrap());
    let (done, collected) = channel();
    store.observe(Box::new(move |_, moment| {
        if let Moment::Collected(report) = moment {
            done.send(report).unwrap();
        }
    }));
    for kind in [Minor, Full] {
        match kind {
            Minor => store.gc_minor().unwrap(),
            Full => store.gc().unwrap(),
        }
        let phases: Vec<_> = all.try_iter().collect();
        let report = collected.recv().unwrap();
        let names: Vec<_> = phases.iter().map(|report| report.phase).collect();
        let middle: &[Phase] = match kind {
            Minor => &[Phase::Remembered, Phase::Roots],
            Full => &[Phase::Chain, Phase::Roots, Phase::Continuations],
        };
        let mut expected = vec![Phase::VerifyBefore, Phase::Begin];
        expected.extend(middle);
        expected.extend([Phase::Copy, Phase::Weak, Phase::Flip, Phase::Clean]);
        expected.extend((kind == Full).then_some(Phase::Reclaim));
        expected.push(Phase::VerifyAfter);
        assert_eq!(names, expected);
        let of = |phase| phases.iter().find(|report| report.phase == phase).unwrap();
        assert_eq!(of(Phase::Copy).count, report.objects_copied);
        assert_eq!(of(Phase::Flip).count, report.bytes_after);
        assert!(
            phases
                .iter()
                .all(|p| p.collection == report.number && p.kind == report.kind)
        );
    }
}

/// Cells that are linked at random, young to old and old to young, and large arrays of them.
const WEB: &str = r#"(module
    (type $cell (struct (field $next (mut (ref null $cell))) (field $id i32)))
    (type $cells (array (mut (ref null $cell))))
    (table $t 256 (ref null $cell))
    (global $large (mut (ref null $cells)) (ref.null $cells))
    (func $pick (param $random i32) (param $shift i32) (result i32)
        (i32.and (i32.shr_u (local.get $random) (local.get $shift)) (i32.const 255)))
    (func (export "weave") (param $n i32) (param $random i32) (result i32)
        (local $sum i32) (local $cell (ref null $cell)) (local $old (ref null $cell)) (local $hops i32)
        (global.set $large (array.new_default $cells (i32.const 20000)))
        (loop $again
            (local.set $random (i32.add (i32.mul (local.get $random) (i32.const 1103515245)) (i32.const 12345)))
            (local.set $cell (struct.new $cell
                (table.get $t (call $pick (local.get $random) (i32.const 8))) (local.get $n)))
            (local.set $old (table.get $t (call $pick (local.get $random) (i32.const 16))))
            (if (i32.eqz (ref.is_null (local.get $old)))
                (then (struct.set $cell $next (local.get $old) (local.get $cell))))
            (table.set $t (call $pick (local.get $random) (i32.const 12)) (local.get $cell))
            (array.set $cells (global.get $large)
                (i32.rem_u (i32.shr_u (local.get $random) (i32.const 4)) (i32.const 20000)) (local.get $cell))
            (if (i32.eqz (i32.and (local.get $n) (i32.const 8191)))
                (then (global.set $large (array.new $cells (local.get $cell) (i32.const 20000)))))
            (local.set $old (array.get $cells (global.get $large)
                (i32.rem_u (i32.shr_u (local.get $random) (i32.const 7)) (i32.const 20000))))
            (local.set $hops (i32.const 6))
            (block $end (loop $follow
                (br_if $end (ref.is_null (local.get $old)))
                (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31))
                    (struct.get $cell $id (local.get $old))))
                (local.set $old (struct.get $cell $next (local.get $old)))
                (br_if $follow (local.tee $hops (i32.sub (local.get $hops) (i32.const 1))))))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $sum)))"#;

/// Decides at random, and wants to be asked at random.
struct Random(u64);

impl Random {
    fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 8
    }
}

impl CollectionPolicy for Random {
    fn due(&mut self, _: &CollectionDue) -> CollectionDecision {
        match self.number() % 5 {
            0 => CollectionDecision::Collect(Full),
            1 | 2 => CollectionDecision::Collect(Minor),
            _ => CollectionDecision::NotNow,
        }
    }

    fn next(&mut self, allocated: u64) -> NextAsk {
        match self.number() % 8 {
            0 => NextAsk::AtBytes(allocated + self.number() % 2_000),
            1 | 2 => NextAsk::AtBytes(allocated + self.number() % 60_000),
            _ => NextAsk::WhenDue,
        }
    }
}

#[test]
fn no_decision_changes_what_a_program_computes() {
    let run = |seed: u64| {
        let mut config = Config::new();
        config.heap_max(16 << 20).verify_heap(true);
        config.young_min(32 << 10).young_max(128 << 10);
        let (mut store, instance) = instance_with(&config, WEB);
        let points = record(&mut store);
        if seed > 0 {
            store.collection_policy(Random(seed));
        }
        let args = [Val::I32(20_000), Val::I32(7)];
        let sum = call(&mut store, instance, "weave", &args).unwrap_or_else(|e| panic!("{e}"));
        store.gc_minor().unwrap();
        store.gc().unwrap();
        let kinds = points.try_iter().map(|point| point.1);
        let minor = kinds.filter(|&kind| kind == Minor).count();
        (sum, store.heap_bytes(), minor)
    };
    let (sum, bytes, _) = run(0);
    for seed in 1..12_u64 {
        let (again, left, minor) = run(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        assert_eq!((&again, left), (&sum, bytes), "{seed}");
        assert!(minor > 1, "{seed}: {minor} minor collections");
    }
}
