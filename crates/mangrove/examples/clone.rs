//! What a clone of a suspended continuation costs, beside what resuming one costs; and a
//! search that goes all ways by cloning itself at each choice.
//!
//! ```text
//!  clone, resume to the end     k ─clone─▶ k' ─resume─▶ returned         N times
//!  make, suspend, resume        cont.new ─resume─▶ suspended ─resume─▶ returned
//!  keep                         N clones of k in a table: parked, where no stack is idle
//!  queens                       a clone for each column but the last, in each row
//! ```
//!
//! `cargo run --release -p mangrove --example clone`

use mangrove::{Config, Engine, Error, Func, Linker, Module, Store, Val};
use std::time::Instant;

/// Measurements of each; the least and the median are told.
const TURNS: usize = 21;
/// Clones in a measurement, and in the table.
const CLONES: i32 = 10_000;

/// `DEPTH` frames with a reference and a number each, below them one that suspends.
const MODULE: &str = r#"(module
    (type $body (func (param i32) (result i32))) (type $k (cont $body))
    (import "mangrove" "clone_cont" (func $clone (param (ref null $k)) (result (ref $k))))
    (type $box (struct (field $value i32)))
    (tag $stop (param i32) (result i32))
    (global $size (mut i32) (i32.const 0))
    (table $kept 10000 (ref null $k))

    (func $deep (param $left i32) (param $n i32) (result i32) (local $box (ref $box))
        (if (i32.eqz (local.get $left)) (then (return (suspend $stop (i32.const 0)))))
        (local.set $box (struct.new $box (local.get $n)))
        (i32.add
            (call $deep (i32.sub (local.get $left) (i32.const 1)) (local.get $n))
            (struct.get $box $value (local.get $box))))
    (func $body (type $body) (call $deep (i32.const DEPTH) (local.get 0)))
    (func $suspended (result (ref $k)) (local $k (ref null $k))
        (block $stopped (result i32 (ref $k))
            (resume $k (on $stop $stopped) (i32.const 1) (cont.new $k (ref.func $body)))
            (unreachable))
        (local.set $k) (drop)
        (ref.as_non_null (local.get $k)))
    (func (export "clone_and_resume") (param $n i32) (local $k (ref $k))
        (local.set $k (call $suspended))
        (loop $more
            (drop (resume $k (i32.const 1) (call $clone (local.get $k))))
            (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "make_and_resume") (param $n i32)
        (loop $more
            (drop (resume $k (i32.const 1) (call $suspended)))
            (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "keep") (param $n i32) (local $k (ref $k))
        (local.set $k (call $suspended))
        (loop $more
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (table.set $kept (local.get $n) (call $clone (local.get $k)))
            (br_if $more (local.get $n))))
    (func (export "resume_kept") (param $n i32)
        (loop $more
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (drop (resume $k (i32.const 1) (table.get $kept (local.get $n))))
            (br_if $more (local.get $n))))
    ;; Suspends as often as it is told.
    (func $often (type $body)
        (loop $more
            (drop (suspend $stop (local.get 0)))
            (br_if $more (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (i32.const 0))
    (func (export "resume") (param $n i32) (local $k (ref null $k))
        (local.set $k (cont.new $k (ref.func $often)))
        (loop $more
            (block $stopped (result i32 (ref $k))
                (drop (resume $k (on $stop $stopped) (local.get $n) (local.get $k)))
                (return))
            (local.set $k) (drop)
            (br $more)))

    (type $row (struct (field $column i32) (field $below (ref null $row))))
    (func $safe (param $column i32) (param $board (ref null $row)) (result i32)
        (local $distance i32) (local $difference i32)
        (local.set $distance (i32.const 1))
        (loop $next
            (if (ref.is_null (local.get $board)) (then (return (i32.const 1))))
            (local.set $difference
                (i32.sub (local.get $column) (struct.get $row $column (local.get $board))))
            (if (i32.or (i32.eqz (local.get $difference))
                    (i32.or (i32.eq (local.get $difference) (local.get $distance))
                        (i32.eq (i32.add (local.get $difference) (local.get $distance))
                            (i32.const 0))))
                (then (return (i32.const 0))))
            (local.set $board (struct.get $row $below (local.get $board)))
            (local.set $distance (i32.add (local.get $distance) (i32.const 1)))
            (br $next))
        (unreachable))
    (func $place (param $left i32) (param $board (ref null $row)) (result i32)
        (local $column i32)
        (if (i32.eqz (local.get $left)) (then (return (i32.const 1))))
        (local.set $column (suspend $stop (global.get $size)))
        (if (i32.eqz (call $safe (local.get $column) (local.get $board)))
            (then (return (i32.const 0))))
        (call $place (i32.sub (local.get $left) (i32.const 1))
            (struct.new $row (local.get $column) (local.get $board))))
    (func $search (type $body) (call $place (global.get $size) (ref.null $row)))
    (func $all (param $k (ref $k)) (param $choice i32) (result i32)
        (local $count i32) (local $ways i32) (local $next i32)
        (block $choose (result i32 (ref $k))
            (return (resume $k (on $stop $choose) (local.get $choice) (local.get $k))))
        (local.set $k)
        (i32.const 1)
        (local.set $ways (i32.sub))
        (loop $more
            (if (i32.lt_s (local.get $next) (local.get $ways))
                (then
                    (local.set $count (i32.add (local.get $count)
                        (call $all (call $clone (local.get $k)) (local.get $next))))
                    (local.set $next (i32.add (local.get $next) (i32.const 1)))
                    (br $more))))
        (i32.add (local.get $count) (call $all (local.get $k) (local.get $ways))))
    (elem declare func $body $often $search)
    (func (export "queens") (param $size i32) (result i32)
        (global.set $size (local.get $size))
        (call $all (cont.new $k (ref.func $search)) (i32.const 0))))"#;

struct Program {
    store: Store<()>,
    instance: mangrove::Instance,
}

impl Program {
    fn new(depth: i32) -> Result<Self, Error> {
        let engine = Engine::new(Config::new().continuation_clone(true))?;
        let text = MODULE.replace("DEPTH", &depth.to_string());
        let module = Module::new(&engine, text.as_bytes())?;
        let mut store = Store::new(&engine, ())?;
        let mut linker = Linker::new(&engine);
        let instance = linker.define_mangrove().instantiate(&mut store, &module)?;
        Ok(Self { store, instance })
    }

    fn func(&self, name: &str) -> Func {
        self.instance
            .func(&self.store, name)
            .expect("it is exported")
    }

    /// Nanoseconds each of `CLONES`: the least, and the median.
    fn measure(&mut self, name: &str, before: Option<&str>) -> Result<String, Error> {
        let mut times = Vec::with_capacity(TURNS);
        for _ in 0..TURNS {
            if let Some(before) = before {
                let before = self.func(before);
                before.call(&mut self.store, &[Val::I32(CLONES)])?;
            }
            let func = self.func(name);
            let began = Instant::now();
            func.call(&mut self.store, &[Val::I32(CLONES)])?;
            times.push(began.elapsed().as_nanos() as f64 / f64::from(CLONES));
        }
        times.sort_by(f64::total_cmp);
        Ok(format!("{:.1} | {:.1}", times[0], times[TURNS / 2]))
    }
}

fn main() -> Result<(), Error> {
    println!("| frames | what | ns: least | median |");
    println!("|-|-|-|-|");
    for depth in [1, 10, 100] {
        let mut program = Program::new(depth)?;
        for name in ["resume", "make_and_resume", "clone_and_resume"] {
            let time = program.measure(name, None)?;
            println!("| {depth} | {} | {time} |", name.replace('_', " "));
        }
        // Ten thousand at a time: where there is no idle stack, frames lie in buffers.
        let kept = program.measure("keep", None)?;
        println!("| {depth} | clone and keep | {kept} |");
        let resumed = program.measure("resume_kept", Some("keep"))?;
        println!("| {depth} | resume what was kept | {resumed} |");
    }
    for size in [6, 8] {
        let mut program = Program::new(1)?;
        let queens = program.func("queens");
        let began = Instant::now();
        let found = queens.call(&mut program.store, &[Val::I32(size)])?;
        let time = began.elapsed();
        let clones = program.store.report().cloned;
        println!(
            "{size} queens: {:?} ways, {clones} clones, {:.1} ns each, {} collections",
            found[0],
            time.as_nanos() as f64 / clones as f64,
            program.store.collections(),
        );
    }
    Ok(())
}
