//! What a collection costs with many continuations suspended, two frames each:
//! for 1,000 up to a million of them, parked and not, the time of a collection
//! by frame. Prints a table, and with a path writes the figures as a plot.
//!
//! `cargo run --release -p mangrove --example collections [SVG]`

use mangrove::{Config, Engine, Error, Linker, Module, ParkPolicy, Store, Val};
use std::time::Instant;

/// Each outer frame holds one object and each inner frame two.
const PROGRAM: &str = r#"(module
    (type $object (struct (field i32)))
    (type $f (func (param i32)))
    (type $k (cont $f))
    (type $back (func))
    (type $kb (cont $back))
    (tag $wait)
    (table $all 0 (ref null $kb))
    (func $make (param $n i32) (result (ref $object)) (struct.new $object (local.get $n)))
    (func $inner (param $a (ref $object)) (result i32)
        (local $b (ref $object))
        (local.set $b (call $make (i32.const 7)))
        (suspend $wait)
        (i32.add (struct.get $object 0 (local.get $a)) (struct.get $object 0 (local.get $b))))
    (func $outer (param $n i32)
        (local $own (ref $object))
        (local.set $own (call $make (local.get $n)))
        (drop (i32.add (call $inner (call $make (local.get $n))) (struct.get $object 0 (local.get $own)))))
    (elem declare func $outer)
    (func (export "suspend") (param $count i32) (local $i i32)
        (drop (table.grow $all (ref.null $kb) (local.get $count)))
        (loop $next
            (table.set $all (local.get $i)
                (block $on (result (ref $kb))
                    (resume $k (on $wait $on) (local.get $i) (cont.new $k (ref.func $outer)))
                    (unreachable)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (local.get $count))))))"#;

const BARE: &str = r#"(module
    (type $f (func (param i32) (result i32)))
    (type $k (cont $f))
    (type $back (func (result i32)))
    (type $kb (cont $back))
    (tag $wait)
    (table $all 0 (ref null $kb))
    (func $inner (param $n i32) (result i32)
        (suspend $wait) (local.get $n))
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
            (br_if $next (i32.lt_u (local.get $i) (local.get $count))))))"#;

fn main() -> Result<(), Error> {
    for parked in [true, false] {
        for program in [PROGRAM, BARE] {
            for count in [1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000] {
                let mut config = Config::new();
                config.park(ParkPolicy::NEVER).continuations_max(count + 1);
                let engine = Engine::new(&config)?;
                let module = Module::new(&engine, program.as_bytes())?;
                let mut store = Store::new(&engine, ())?;
                let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
                let suspend = instance.func(&store, "suspend").expect("exported");
                suspend.call(&mut store, &[Val::I32(count as i32)])?;
                if parked {
                    store.park();
                }
                let frames = 3.0 * count as f64;
                let mut times: Vec<f64> = (0..(3_000_000 / count).clamp(15, 300))
                    .map(|_| {
                        let start = Instant::now();
                        store.gc().expect("a sound store");
                        start.elapsed().as_nanos() as f64 / frames
                    })
                    .collect();
                times.sort_by(f64::total_cmp);
                let at = |part: f64| times[(part * (times.len() - 1) as f64) as usize];
                println!(
                    "{parked} {:>5} {count:>8}: min {:.1} p25 {:.1} median {:.1} p90 {:.1} max {:.1} ns per frame",
                    program.len(),
                    at(0.0),
                    at(0.25),
                    at(0.5),
                    at(0.9),
                    at(1.0)
                );
            }
        }
    }
    Ok(())
}
