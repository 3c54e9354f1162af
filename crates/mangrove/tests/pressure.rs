//! A program that allocates nothing and forgets continuations: their number, or
//! the memory of their stacks, makes collections due.

mod common;

use common::{call, instance_with};
use mangrove::{Config, OptLevel, ParkPolicy, ReportOptions, Store, Val};

const PROGRAM: &str = r#"(module
    (type $f (func (param i32))) (type $k (cont $f))
    (type $n (func)) (type $kn (cont $n))
    (tag $wait)
    (table $kept 2000 (ref null $kn))
    (func $sleep (param $depth i32)
        (if (local.get $depth)
            (then (call $sleep (i32.sub (local.get $depth) (i32.const 1))))
            (else (suspend $wait))))
    (elem declare func $sleep)
    (func (export "fresh") (param $n i32)
        (loop $next
            (drop (cont.new $k (ref.func $sleep)))
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (br_if $next (local.get $n))))
    (func (export "forget") (param $n i32) (param $depth i32)
        (loop $next
            (block $on (result (ref $kn))
                (resume $k (on $wait $on) (local.get $depth) (cont.new $k (ref.func $sleep)))
                (unreachable))
            (drop)
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (br_if $next (local.get $n))))
    (func (export "drop")
        (table.fill $kept (i32.const 0) (ref.null $kn) (i32.const 2000)))
    (func (export "keep") (param $n i32) (param $depth i32)
        (loop $next
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (table.set $kept (local.get $n)
                (block $on (result (ref $kn))
                    (resume $k (on $wait $on) (local.get $depth) (cont.new $k (ref.func $sleep)))
                    (unreachable)))
            (br_if $next (local.get $n)))))"#;

fn after(name: &str, args: &[i32]) -> Store<()> {
    let mut config = Config::new();
    // How deep a stack gets is counted in frames as they were written.
    config.opt_level(OptLevel::Speed);
    config.park(ParkPolicy::NEVER).stack_size(512 << 10);
    let (mut store, instance) = instance_with(&config, PROGRAM);
    let args: Vec<_> = args.iter().map(|&n| Val::I32(n)).collect();
    call(&mut store, instance, name, &args).unwrap();
    store
}

#[test]
fn their_number() {
    for (name, args) in [("fresh", vec![100_000]), ("forget", vec![100_000, 0])] {
        let report = after(name, &args).report();
        assert_eq!(report.created, 100_000);
        assert!((5..=7).contains(&report.collections), "{name}: {report:?}");
        assert!(report.live + report.idle <= 17_000, "{name}: {report:?}");
    }
}

#[test]
fn their_stacks() {
    // About 6,000 frames of 48 bytes and more: 300 KiB each, 900 MiB in all.
    let report = after("forget", &[3000, 6000]).report();
    let each = report.deepest_stack;
    assert!(each > 250_000, "{each}");
    assert!(report.collections >= 3, "{report:?}");
    // Never much more in use than makes one due: stacks are used again.
    assert!((report.live + report.idle) * each < 128 << 20, "{report:?}");
}

#[test]
fn what_is_kept_makes_them_rarer() {
    // A thousand live ones of 300 KiB: a collection each time they have doubled.
    let report = after("keep", &[1000, 6000]).report();
    assert_eq!(report.live, 1000);
    assert!((1..=4).contains(&report.collections), "{report:?}");
}

#[test]
fn deep_use_is_given_back() {
    let mut config = Config::new();
    // How deep a stack gets is counted in frames as they were written.
    config.opt_level(OptLevel::Speed);
    config.park(ParkPolicy::NEVER).stack_size(512 << 10);
    let (mut store, instance) = instance_with(&config, PROGRAM);
    let resident = |store: &mut Store<()>| {
        let report = store.continuations(ReportOptions::default()).unwrap();
        report.resident_bytes.unwrap()
    };
    // 200 of 300 KiB at once, then none.
    let args = [Val::I32(200), Val::I32(6000)];
    call(&mut store, instance, "keep", &args).unwrap();
    assert!(resident(&mut store) > 200 * 250_000);
    call(&mut store, instance, "drop", &[]).unwrap();
    for _ in 0..4 {
        store.gc().unwrap();
    }
    let report = store.report();
    assert_eq!((report.live, report.idle), (0, 200));
    let resident = resident(&mut store);
    assert!(resident <= 201 * (16 << 10), "{resident}");
}
