//! Validation, compilation and instantiation take time and memory in proportion
//! to the module: each shape is done at a size and at twice that size.
//!
//! What is allocated at the most at one time decides, and, where the compiler
//! does not check itself as well, what is allocated altogether. Time is measured
//! too, in a test of its own that is not run unless asked for.

mod shapes;
mod wide;

use mangrove::{Config, Engine, Linker, Module, Store};
use shapes::{SHAPES, Shape};
use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write;
use std::mem::MaybeUninit;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The system's allocator, with what is allocated counted.
struct Counting;

static NOW: AtomicU64 = AtomicU64::new(0);
static PEAK: AtomicU64 = AtomicU64::new(0);
static TOTAL: AtomicU64 = AtomicU64::new(0);

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = layout.size() as u64;
        TOTAL.fetch_add(size, Relaxed);
        PEAK.fetch_max(NOW.fetch_add(size, Relaxed) + size, Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size() as u64, Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(memory, layout) }
    }

    // What grows is counted by what it grows by.
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let (old, new) = (layout.size() as u64, size as u64);
        TOTAL.fetch_add(new.saturating_sub(old), Relaxed);
        let now = NOW.fetch_add(new.wrapping_sub(old), Relaxed);
        PEAK.fetch_max(now.wrapping_add(new.wrapping_sub(old)), Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One test at a time: the counters are the process's.
static COUNTERS: Mutex<()> = Mutex::new(());

/// The most that twice the size may take.
const MOST: f64 = 2.3;

/// The most time that twice the size may take before the test fails: what is in
/// proportion by instructions meets the caches' sizes, what is quadratic takes four times.
const MOST_TIME: f64 = 3.0;

/// What one size of a shape took.
struct Cost {
    /// Nanoseconds of the processor.
    time: u64,
    /// Bytes at the most at one time.
    peak: u64,
    /// Bytes altogether.
    total: u64,
}

/// Compiles and instantiates a module. The engine is a new one, which knows no
/// type, and has one thread, so that nothing depends on who is quicker.
fn cost(bytes: &[u8]) -> Cost {
    let engine = Engine::new(Config::new().threads(1)).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let mut linker = Linker::new(&engine);
    linker.define_mangrove();
    let (now, total, time) = (NOW.load(Relaxed), TOTAL.load(Relaxed), cpu_time());
    PEAK.store(now, Relaxed);
    let module = Module::new(&engine, bytes).unwrap_or_else(|error| panic!("{error}"));
    linker
        .instantiate(&mut store, &module)
        .unwrap_or_else(|error| panic!("{error}"));
    Cost {
        time: cpu_time() - time,
        peak: PEAK.load(Relaxed) - now,
        total: TOTAL.load(Relaxed) - total,
    }
}

fn cpu_time() -> u64 {
    let mut time = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: the kernel writes the time to the place it is given, and this
    // clock is always there.
    let time = unsafe {
        assert_eq!(
            libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, time.as_mut_ptr()),
            0
        );
        time.assume_init()
    };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn ratio(twice: u64, once: u64) -> f64 {
    twice as f64 / once as f64
}

/// What a size and twice that size take: the median of several, by turns, so
/// that what else the machine does is the same for both.
fn both(shape: &Shape, size: usize, times: usize) -> [Cost; 2] {
    let modules = [1, 2].map(|factor| (shape.module)(factor * size));
    let mut costs = [Vec::new(), Vec::new()];
    for _ in 0..times {
        for (bytes, costs) in modules.iter().zip(&mut costs) {
            costs.push(cost(bytes));
        }
    }
    costs.map(|mut costs| {
        costs.sort_by_key(|cost| cost.time);
        costs.swap_remove(times / 2)
    })
}

#[test]
fn twice_the_module_takes_twice_the_memory() {
    let _one = COUNTERS.lock();
    let mut beyond = String::new();
    for shape in SHAPES.iter().chain(wide::SHAPES) {
        let [once, twice] = both(shape, shape.size, 1);
        for (what, once, twice) in [
            ("at one time", once.peak, twice.peak),
            ("altogether", once.total, twice.total),
        ] {
            let ratio = ratio(twice, once);
            println!("{ratio:.2} = {twice} / {once} bytes {what}: {}", shape.name);
            let decides = what == "at one time" || cfg!(not(debug_assertions));
            if decides && ratio > MOST {
                let _ = writeln!(beyond, "{}: {ratio:.2} times the bytes {what}", shape.name);
            }
        }
    }
    assert!(beyond.is_empty(), "of twice the size:\n{beyond}");
}

#[test]
fn an_array_of_a_constant_expression_is_its_only_memory() {
    let _one = COUNTERS.lock();
    for make in [
        "array.new $a (i32.const 7) (i32.const 50000000)",
        "array.new_default $a (i32.const 50000000)",
    ] {
        let text = format!("(module (type $a (array i8)) (global (ref $a) ({make})))");
        let cost = cost(&wat::parse_str(text).unwrap());
        // The heap is mapped memory: the allocator does not see it.
        assert!(
            cost.total < 1 << 20,
            "{make}: {} bytes beside it",
            cost.total
        );
    }
}

#[test]
#[ignore = "measures time"]
fn twice_the_module_takes_twice_the_time() {
    let _one = COUNTERS.lock();
    println!("| shape | N | time of N | of 2 N | ratio | most memory of N | of 2 N | ratio |");
    println!("|-|-|-|-|-|-|-|-|");
    let (mut beyond, mut cached) = (String::new(), String::new());
    let wanted = std::env::var("MANGROVE_SHAPES").unwrap_or_default();
    let wanted = |shape: &&Shape| wanted.split(',').any(|part| shape.name.contains(part));
    for shape in SHAPES.iter().chain(wide::SHAPES).filter(wanted) {
        let [once, twice] = both(shape, shape.size_for_time, 5);
        let (time, peak) = (ratio(twice.time, once.time), ratio(twice.peak, once.peak));
        let milliseconds = |cost: &Cost| cost.time as f64 / 1e6;
        let megabytes = |cost: &Cost| cost.peak as f64 / 1e6;
        println!(
            "| {} | {} | {:.0} ms | {:.0} ms | {time:.2} | {:.1} MB | {:.1} MB | {peak:.2} |",
            shape.name,
            shape.size_for_time,
            milliseconds(&once),
            milliseconds(&twice),
            megabytes(&once),
            megabytes(&twice),
        );
        if time > MOST_TIME || peak > MOST {
            let _ = writeln!(beyond, "{}: {time:.2}, {peak:.2}", shape.name);
        } else if time > MOST {
            let _ = writeln!(cached, "{}: {time:.2}", shape.name);
        }
    }
    println!("\nmore than {MOST} times as long:\n{cached}");
    assert!(beyond.is_empty(), "of twice the size:\n{beyond}");
}
