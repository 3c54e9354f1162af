//! What collections cost while many continuations sleep: pauses of minor collections with
//! none of them to a million parked, two frames and an object in each; the same when 1,000
//! were woken since the last one; how long 50,000,000 short-lived structs take; and
//! pauses of full collections. Numbers of sleepers take turns, so that the machine's
//! mood meets all of them.
//!
//! ```text
//!  store 0      │ 0 parked         │   each turn, in each store:
//!  store 1      │ 10,000 parked    │     garbage until the young space is used up ─▶ pause
//!  store 2      │ 100,000 parked   │     wake 1,000, garbage …                    ─▶ pause
//!  store 3      │ 1,000,000 parked │     50,000,000 structs                       ─▶ time
//! ```
//!
//! With a path to Node, 26 at least, V8 does the same with as many as it holds.
//!
//! `cargo run --release -p mangrove --example generations [NODE]`

use mangrove::{CollectionKind, CollectionReport, Config, Engine, Error, Func, Linker, Module};
use mangrove::{Moment, Store, Val};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

const COUNTS: [i32; 4] = [0, 10_000, 100_000, 1_000_000];
/// Woken between two collections.
const WOKEN: i32 = 1_000;
/// Structs of 16 bytes allocated between two looks: less than a young space of 1 MiB has.
const CHUNK: i32 = 20_000;
/// Structs of the measurement of time, and of what is timed at once: some 15 collections,
/// and too short to be interrupted often on a machine that others use too.
const STRUCTS: i32 = 50_000_000;
const SLICE: i32 = 1_000_000;
/// Turns, and in each the pauses of either kind, of every number.
const TURNS: usize = 9;
const PAUSES: usize = 220;
const FULL: usize = 3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut sleepers = Vec::new();
    for count in COUNTS {
        sleepers.push(Sleepers::new(count)?);
    }
    for _ in 0..TURNS {
        for each in &mut sleepers {
            each.turn()?;
        }
    }
    println!("| minor collections, parked | pause, µs: least | median | p99 | most | to none |");
    println!("|-|-|-|-|-|-|");
    let none = sleepers[0].quiet.clone();
    for each in &sleepers {
        each.quiet.print(&each.count.to_string(), &none);
    }
    println!(
        "\n| of them 1,000 woken | pause, µs: least | median | p99 | most | ns each, median |"
    );
    println!("|-|-|-|-|-|-|");
    for each in sleepers.iter().filter(|each| each.count > 0) {
        each.print_woken();
    }
    println!("\n| full collections, parked | pause, µs: least | median | p99 | most | ns each |");
    println!("|-|-|-|-|-|-|");
    for each in &sleepers {
        let [least, median, p99, most] = each.full.figures();
        let own = median * 1e3 / f64::from(each.count.max(1));
        println!(
            "| {} | {least:.1} | {median:.1} | {p99:.1} | {most:.1} | {own:.1} |",
            each.count
        );
    }
    println!(
        "\n| 50,000,000 structs, parked | ns a struct: least | median | mean | to none: median | mean |"
    );
    println!("|-|-|-|-|-|-|");
    let none = sleepers[0].structs.clone();
    for each in &sleepers {
        let of = |figures: &Figures| [figures.at(0.0), figures.at(0.5), figures.mean()];
        let [[least, median, mean], none] = [of(&each.structs), of(&none)];
        println!(
            "| {} | {least:.3} | {median:.3} | {mean:.3} | {:.3} | {:.3} |",
            each.count,
            median / none[1],
            mean / none[2],
        );
    }
    if let Some(node) = std::env::args().nth(1) {
        println!();
        v8(&node)?;
    }
    Ok(())
}

/// Figures in the order they were taken.
#[derive(Clone, Default)]
struct Figures(Vec<f64>);

impl Figures {
    fn at(&self, part: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[(part * (sorted.len() - 1) as f64).round() as usize]
    }

    fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.0.len() as f64
    }

    fn figures(&self) -> [f64; 4] {
        [0.0, 0.5, 0.99, 1.0].map(|part| self.at(part))
    }

    fn print(&self, name: &str, none: &Self) {
        let [least, median, p99, most] = self.figures();
        let ratio = median / none.at(0.5);
        println!("| {name} | {least:.1} | {median:.1} | {p99:.1} | {most:.1} | {ratio:.2} |");
    }
}

/// A store with so many continuations parked.
struct Sleepers {
    count: i32,
    store: Store<()>,
    /// Reports of collections not looked at yet.
    reports: Receiver<CollectionReport>,
    wake: Func,
    garbage: Func,
    /// The next to be woken.
    next: i32,
    /// Pauses in microseconds: nothing else ran; some were woken; full collections.
    quiet: Figures,
    woken: Figures,
    full: Figures,
    /// Nanoseconds a struct.
    structs: Figures,
}

impl Sleepers {
    fn new(count: i32) -> Result<Self, Error> {
        let engine = Engine::new(Config::new().continuations_max(count as usize + 1))?;
        let module = Module::new(&engine, PROGRAM.as_bytes())?;
        let mut store = Store::new(&engine, ())?;
        let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
        let [make, wake, garbage] =
            ["make", "wake", "garbage"].map(|name| instance.func(&store, name).expect("an export"));
        let (sender, reports) = channel();
        store.observe(Box::new(move |_, moment| {
            if let Moment::Collected(report) = moment {
                sender.send(report).expect("someone who listens");
            }
        }));
        make.call(&mut store, &[Val::I32(count)])?;
        store.park();
        for _ in 0..FULL {
            store.gc()?;
        }
        Ok(Self {
            count,
            store,
            reports,
            wake,
            garbage,
            next: 0,
            quiet: Figures::default(),
            woken: Figures::default(),
            full: Figures::default(),
            structs: Figures::default(),
        })
    }

    fn turn(&mut self) -> Result<(), Error> {
        for _ in 0..PAUSES {
            let report = self.collection()?;
            if report.kind == CollectionKind::Minor {
                assert!(report.continuations <= 1, "only what ran is looked at");
                self.quiet.0.push(report.pause_ns as f64 / 1e3);
            }
        }
        for _ in 0..PAUSES / 2 {
            if self.count == 0 {
                break;
            }
            let numbers = [self.next, WOKEN].map(Val::I32);
            self.wake.call(&mut self.store, &numbers)?;
            self.next = (self.next + WOKEN) % self.count;
            let report = self.collection()?;
            if report.kind == CollectionKind::Minor {
                let looked_at = WOKEN as u64..=WOKEN as u64 + 1;
                assert!(looked_at.contains(&report.continuations), "what was woken");
                self.woken.0.push(report.pause_ns as f64 / 1e3);
            }
        }
        // Those that were woken go to sleep again.
        self.store.park();
        self.store.gc()?;
        for _ in 0..FULL {
            self.store.gc()?;
            let report = self.reports.try_iter().last().expect("it was observed");
            self.full.0.push(report.pause_ns as f64 / 1e3);
        }
        for _ in 0..STRUCTS / SLICE {
            let start = Instant::now();
            self.garbage.call(&mut self.store, &[Val::I32(SLICE)])?;
            let nanoseconds = start.elapsed().as_nanos() as f64;
            self.structs.0.push(nanoseconds / f64::from(SLICE));
        }
        Ok(())
    }

    /// Allocates until there has been a collection.
    fn collection(&mut self) -> Result<CollectionReport, Error> {
        self.reports.try_iter().for_each(drop);
        loop {
            self.garbage.call(&mut self.store, &[Val::I32(CHUNK)])?;
            if let Some(report) = self.reports.try_iter().last() {
                return Ok(report);
            }
        }
    }

    fn print_woken(&self) {
        let [least, median, p99, most] = self.woken.figures();
        let each = (median - self.quiet.at(0.5)) * 1e3 / f64::from(WOKEN);
        let count = self.count;
        println!("| {count} | {least:.1} | {median:.1} | {p99:.1} | {most:.1} | {each:.0} |");
    }
}

/// Runs the program in Node, a process for each number, which prints its row.
fn v8(node: &str) -> Result<(), Box<dyn std::error::Error>> {
    println!(
        "| V8, suspended | minor pause, µs: least | median | p99 | most | of how many | 1,000 woken: least | median | p99 | most | of how many | ns a struct |"
    );
    println!("|-|-|-|-|-|-|-|-|-|-|-|-|");
    for count in [0, 1_000, 10_000, 30_000] {
        v8_with(node, count)?;
    }
    Ok(())
}

fn v8_with(node: &str, count: i32) -> Result<(), Box<dyn std::error::Error>> {
    let mut child = Command::new(node)
        .args(["--experimental-wasm-wasmfx", "--input-type=module"])
        .args([
            "--eval",
            include_str!("generations.mjs"),
            &count.to_string(),
        ])
        .stdin(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().ok_or("its stdin")?;
    stdin.write_all(&wat::parse_str(PROGRAM)?)?;
    drop(stdin);
    if !child.wait()?.success() {
        return Err("node failed".into());
    }
    Ok(())
}

/// `make(count)` suspends so many; `wake(from, count)` resumes those, and each makes
/// a fresh object and suspends again; `garbage(n)` makes
/// n structs, of which at most 64 live.
const PROGRAM: &str = r#"(module
    (type $box (struct (field $v (mut i64)) (field $n (mut (ref null $box)))))
    (type $start (func (param i32) (result i64)))
    (type $fresh (cont $start))
    (type $rest (func (result i64)))
    (type $suspended (cont $rest))
    (tag $pause)
    (table $held 0 (ref null $suspended))
    (elem declare func $outer)
    (func $new (param $x i32) (result (ref $box))
        (struct.new $box (i64.extend_i32_u (local.get $x)) (ref.null $box)))
    (func $inner (param $x i32) (result i64)
        (local $own (ref $box)) (local $sum i64)
        (loop $again
            (local.set $own (call $new (local.get $x)))
            (suspend $pause)
            (local.set $sum (i64.add (local.get $sum) (struct.get $box $v (local.get $own))))
            (br_if $again (i64.ge_s (local.get $sum) (i64.const 0))))
        (local.get $sum))
    (func $outer (param $x i32) (result i64)
        (local $own (ref $box))
        (local.set $own (call $new (local.get $x)))
        (i64.add (call $inner (local.get $x)) (struct.get $box $v (local.get $own))))
    (func (export "make") (param $count i32) (local $i i32)
        (drop (table.grow $held (ref.null $suspended) (local.get $count)))
        (block $done
            (loop $next
                (br_if $done (i32.eq (local.get $i) (local.get $count)))
                (table.set $held (local.get $i)
                    (block $paused (result (ref $suspended))
                        (drop (resume $fresh (on $pause $paused)
                            (local.get $i) (cont.new $fresh (ref.func $outer))))
                        (unreachable)))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br $next))))
    (func (export "wake") (param $i i32) (param $count i32)
        (loop $next
            (table.set $held (local.get $i)
                (block $paused (result (ref $suspended))
                    (drop (resume $suspended (on $pause $paused)
                        (table.get $held (local.get $i))))
                    (unreachable)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))
    (func (export "garbage") (param $n i32) (result i64)
        (local $sum i64) (local $list (ref null $box))
        (loop $again
            (if (i32.eqz (i32.and (local.get $n) (i32.const 63)))
                (then (local.set $list (ref.null $box))))
            (local.set $list
                (struct.new $box (i64.extend_i32_u (local.get $n)) (local.get $list)))
            (local.set $sum (i64.add (local.get $sum) (struct.get $box $v (local.get $list))))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $sum)))"#;
