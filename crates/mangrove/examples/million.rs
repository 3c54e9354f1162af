//! Many continuations suspended at once, two frames each, held by a table; then
//! all of them resumed to their ends. Prints what they take and how long parking
//! and resuming take.
//!
//! `cargo run --release -p mangrove --example million [COUNT]`

use mangrove::{Config, Engine, Error, Instance, Linker, Module, ParkPolicy, Store, Val};
use std::fs::read_to_string;
use std::process::Command;
use std::time::Instant;

const PROGRAM: &str = r#"(module
    (type $f (func (param i32) (result i32)))
    (type $k (cont $f))
    (type $back (func (param i32) (result i32)))
    (type $kb (cont $back))
    (tag $wait (param) (result i32))
    (table $all 0 (ref null $kb))
    (func $inner (param $n i32) (result i32)
        (i32.add (local.get $n) (suspend $wait)))
    (func $outer (param $n i32) (result i32)
        (i32.sub (call $inner (i32.add (local.get $n) (i32.const 1))) (i32.const 1)))
    (elem declare func $outer)
    (func (export "suspend") (param $count i32) (local $i i32)
        (drop (table.grow $all (ref.null $kb) (local.get $count)))
        (loop $next
            (table.set $all (local.get $i)
                (block $on (result (ref $kb))
                    (drop (resume $k (on $wait $on) (local.get $i) (cont.new $k (ref.func $outer))))
                    (unreachable)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (local.get $count)))))
    (func (export "resume") (param $count i32) (result i64) (local $i i32) (local $sum i64)
        (loop $next
            (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u
                (resume $kb (i32.const 1) (table.get $all (local.get $i))))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (local.get $count))))
        (local.get $sum)))"#;

const SCENARIOS: [(&str, ParkPolicy, bool); 3] = [
    ("never parked", ParkPolicy::NEVER, false),
    ("all parked, by request", ParkPolicy::NEVER, true),
    ("default policy", ParkPolicy::DEFAULT, false),
];

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let count = arguments.first().and_then(|n| n.parse().ok());
    let count: i32 = count.unwrap_or(1_000_000);
    // Each scenario is a process: what one has used, the next would find there.
    if let Some(index) = arguments.get(1).and_then(|n| n.parse::<usize>().ok()) {
        let (name, policy, park) = SCENARIOS[index];
        return scenario(name, count, policy, park);
    }
    println!("{count} continuations, two frames each");
    for index in 0..SCENARIOS.len() {
        let own = std::env::current_exe().expect("this program");
        let child = Command::new(own)
            .args([count.to_string(), index.to_string()])
            .status();
        assert!(child.expect("a process").success());
    }
    Ok(())
}

fn scenario(name: &str, count: i32, policy: ParkPolicy, park: bool) -> Result<(), Error> {
    let mut config = Config::new();
    config.park(policy).continuations_max(count as usize + 1);
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, PROGRAM.as_bytes())?;
    let mut store = Store::new(&engine, ())?;
    let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    let empty = [kilobytes("VmRSS"), kilobytes("VmPTE")];
    let per = |ns: u128| ns as f64 / f64::from(count);

    println!("{name}:");
    let start = Instant::now();
    call(&mut store, instance, "suspend", count)?;
    println!(
        "  made and suspended   {:>8.1} ns each",
        per(start.elapsed().as_nanos())
    );
    if park {
        let start = Instant::now();
        let parked = store.park();
        println!(
            "  parked               {:>8.1} ns each, {parked} of them",
            per(start.elapsed().as_nanos())
        );
    }
    let report = store.report();
    let [resident, tables] = [kilobytes("VmRSS") - empty[0], kilobytes("VmPTE") - empty[1]];
    let bytes = |kilobytes: i64| kilobytes as f64 * 1024.0 / f64::from(count);
    let maps = read_to_string("/proc/self/maps").map_or(0, |maps| maps.lines().count());
    println!(
        "  suspended, parked    {:>8} {:>8}",
        report.suspended, report.parked
    );
    println!("  resident             {:>8.0} bytes each", bytes(resident));
    println!("  page tables          {:>8.0} bytes each", bytes(tables));
    println!(
        "  most so far, of both {:>8.0} bytes each",
        bytes(kilobytes("VmHWM") - empty[0] + tables)
    );
    println!(
        "  of frames            {:>8.0} bytes each",
        (report.stack_bytes + report.parked_bytes) as f64 / f64::from(count)
    );
    println!("  mappings             {maps:>8}");
    let start = Instant::now();
    let sum = call(&mut store, instance, "resume", count)?;
    println!(
        "  resumed to the end   {:>8.1} ns each",
        per(start.elapsed().as_nanos())
    );
    let expected = i64::from(count) * i64::from(count + 1) / 2;
    assert!(
        matches!(sum[..], [Val::I64(sum)] if sum == expected),
        "{sum:?}"
    );
    Ok(())
}

fn call(
    store: &mut Store<()>,
    instance: Instance,
    name: &str,
    count: i32,
) -> Result<Vec<Val>, Error> {
    let func = instance
        .func(store, name)
        .expect("an export of the program");
    func.call(store, &[Val::I32(count)])
}

/// A line of `/proc/self/status`.
fn kilobytes(field: &str) -> i64 {
    let status = read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}
