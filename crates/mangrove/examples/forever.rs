//! Continuations made and forgotten without end: memory must stay where it is.
//! Each way is gone through `COUNT` times, in ten parts; prints what each time
//! takes and what is resident after each part.
//!
//! `cargo run --release -p mangrove --example forever [COUNT]`

use mangrove::{Config, Engine, Error, Linker, Module, ParkPolicy, Store, Val};
use std::fs::read_to_string;
use std::time::Instant;

const PROGRAM: &str = r#"(module
    (type $f (func (param i32))) (type $k (cont $f))
    (type $n (func)) (type $kn (cont $n))
    (tag $wait)
    (func $run (param $n i32))
    (func $sleep (param $n i32)
        (if (local.get $n)
            (then (call $sleep (i32.sub (local.get $n) (i32.const 1))))
            (else (suspend $wait))))
    (elem declare func $run $sleep)
    (func (export "returned") (param $count i32)
        (loop $next
            (resume $k (i32.const 0) (cont.new $k (ref.func $run)))
            (local.set $count (i32.sub (local.get $count) (i32.const 1)))
            (br_if $next (local.get $count))))
    (func $forgotten (param $count i32) (param $depth i32)
        (loop $next
            (block $on (result (ref $kn))
                (resume $k (on $wait $on) (local.get $depth) (cont.new $k (ref.func $sleep)))
                (unreachable))
            (drop)
            (local.set $count (i32.sub (local.get $count) (i32.const 1)))
            (br_if $next (local.get $count))))
    (func (export "forgotten") (param $count i32)
        (call $forgotten (local.get $count) (i32.const 0)))
    (func (export "deep") (param $count i32)
        (call $forgotten (local.get $count) (i32.const 1000)))
    (func (export "fresh") (param $count i32)
        (loop $next
            (drop (cont.new $k (ref.func $run)))
            (local.set $count (i32.sub (local.get $count) (i32.const 1)))
            (br_if $next (local.get $count)))))"#;

/// How often memory is looked at.
const PARTS: u32 = 10;
/// What may be added to it after the first part.
const SLACK: i64 = 16 << 10;

fn main() -> Result<(), Error> {
    let count = std::env::args().nth(1).map(|text| text.parse());
    let count: u32 = count.unwrap_or(Ok(100_000_000)).expect("a count");
    println!("way                     parked        ns each   resident, KiB, after each tenth");
    for (name, share, what) in [
        ("returned", 1, "made, run to the end"),
        ("forgotten", 1, "made, suspended"),
        ("fresh", 1, "made, never run"),
        // A thousand frames take a thousand times as long.
        ("deep", 100, "suspended 1000 deep"),
    ] {
        many(name, what, ParkPolicy::default(), count / share)?;
    }
    let often = ParkPolicy {
        after: 0,
        keep: 0,
        most: 1000,
    };
    many("forgotten", "made, suspended", often, count / 100)
}

/// Goes one way `count` times.
fn many(name: &str, what: &str, policy: ParkPolicy, count: u32) -> Result<(), Error> {
    let engine = Engine::new(Config::new().park(policy))?;
    let module = Module::new(&engine, PROGRAM.as_bytes())?;
    let mut store = Store::new(&engine, ())?;
    let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    let func = instance.func(&store, name).expect("an export");
    let part = (count / PARTS).max(1);
    let mut resident = Vec::new();
    let start = Instant::now();
    for _ in 0..PARTS {
        func.call(&mut store, &[Val::I32(part as i32)])?;
        resident.push(kilobytes("VmRSS"));
    }
    let each = start.elapsed().as_nanos() as f64 / f64::from(part * PARTS);
    let parks = store.report().parks;
    println!("{what:<22}{parks:>8}{each:>15.1}   {resident:?}");
    store.gc()?;
    let report = store.report();
    assert_eq!(report.created, u64::from(part * PARTS));
    assert_eq!(report.live, 0);
    let grown = resident[PARTS as usize - 1] - resident[0];
    assert!(grown < SLACK, "{grown} KiB more than after the first part");
    Ok(())
}

/// A line of `/proc/self/status`.
fn kilobytes(field: &str) -> i64 {
    let status = read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}
