//! What a snapshot of very many continuations takes, in time and memory.
//!
//!     cargo run --release -p mangrove-inspect --example capture [CONTINUATIONS] [FOLLOW]
//!
//! Each continuation is parked, has two frames, and holds three objects: one in a slot of
//! each frame, and one that the first of those refers to.

use mangrove::{Config, Engine, Linker, Module, ParkPolicy, Store, Val};
use mangrove_inspect::{Capture, CaptureOptions};
use std::error::Error;
use std::fs;
use std::time::Instant;

const PROGRAM: &str = r#"(module
    (type $s (struct (field i64) (field (ref null $s))))
    (type $f (func)) (type $k (cont $f))
    (tag $pause)
    (table $all 0 (ref null $k))
    (func $inner (local $s (ref $s))
        (local.set $s (struct.new $s (i64.const 1) (struct.new $s (i64.const 2) (ref.null $s))))
        (suspend $pause)
        (drop (struct.get $s 1 (local.get $s))))
    (func $outer (local $s (ref $s))
        (local.set $s (struct.new $s (i64.const 3) (ref.null $s)))
        (call $inner)
        (drop (struct.get $s 1 (local.get $s))))
    (elem declare func $outer)
    (func (export "fill") (param $n i32) (local $i i32)
        (drop (table.grow $all (ref.null $k) (local.get $n)))
        (loop $more
            (table.set $all (local.get $i)
                (block $on (result (ref $k))
                    (resume $k (on $pause $on) (cont.new $k (ref.func $outer)))
                    (unreachable)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $more (i32.lt_u (local.get $i) (local.get $n))))))"#;

/// A line of what the kernel says of this process, in bytes.
fn status(key: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(key));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// Seconds of processor time that this process has taken: on a busy machine it says more than
/// the clock does.
fn processor() -> f64 {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name may hold anything, in brackets.
    let fields = text
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    let ticks = fields
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok());
    ticks.sum::<u64>() as f64 / 100.0
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: i32 = arguments
        .next()
        .map_or(Ok(1_000_000), |text| text.parse())?;
    let follow = arguments.next().is_some();
    let mut config = Config::new();
    config.continuations_max(count as usize + 16);
    config.park(ParkPolicy {
        most: 10_000,
        ..ParkPolicy::default()
    });
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, PROGRAM.as_bytes())?;
    let mut store = Store::new(&engine, ())?;
    let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    let fill = instance.func(&store, "fill").ok_or("no function")?;
    fill.call(&mut store, &[Val::I32(count)])?;
    store.gc()?;
    store.park();
    let report = store.report();
    let (heap, frames) = (store.heap_bytes(), report.parked_bytes + report.stack_bytes);
    println!(
        "{count} continuations: heap {:.0} MiB, frames {:.0} MiB, records {:.0} MiB, {:.0} MiB in memory",
        mib(heap),
        mib(frames),
        mib(report.record_bytes),
        mib(status("VmRSS"))
    );
    let options = CaptureOptions::default().follow(follow);
    for round in 1..=5 {
        let before = status("VmRSS");
        let (began, busy) = (Instant::now(), processor());
        let snapshot = store.snapshot(&options)?;
        let (time, busy) = (began.elapsed(), processor() - busy);
        let (after, nodes) = (status("VmRSS"), snapshot.nodes());
        println!(
            "snapshot {round}: {:.2} s ({busy:.2} s of a processor), {} nodes, {} edges, {:.0} MiB more in memory: {:.2} of heap and frames; peak {:.0} MiB",
            time.as_secs_f64(),
            nodes.len(),
            nodes.edge_count(),
            mib(after.saturating_sub(before)),
            after.saturating_sub(before) as f64 / (heap + frames) as f64,
            mib(status("VmHWM"))
        );
        let began = Instant::now();
        drop(snapshot);
        println!("  dropped in {:.2} s", began.elapsed().as_secs_f64());
    }
    Ok(())
}
