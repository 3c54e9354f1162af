//! The allocator refuses what is large, at each request for it in turn. While a program runs, only
//! what grows with what it does is large, and that must end in an error and not in an abort:
//! docs/LIMITS.md says which allocations these are.

mod common;

use common::{call, instance_with};
use mangrove::{Config, Error, Instance, ParkPolicy, Store, Val};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Bytes from which on an allocation is large. What is bounded stays below.
const LARGE: usize = 64 << 10;

/// Continuations, whose records, references and ids make lists of several times that.
const COUNT: i32 = 20_000;

thread_local! {
    /// How many large allocations are granted before those that are refused, and how many
    /// were asked for. None: all are granted, and nobody counts.
    static LEFT: Cell<Option<u64>> = const { Cell::new(None) };
    static ASKED: Cell<u64> = const { Cell::new(0) };
    static REFUSED: Cell<u64> = const { Cell::new(0) };
    /// How many are refused in a row.
    static TIMES: Cell<u64> = const { Cell::new(0) };
}

/// Whether an allocation may be made.
fn granted(size: usize) -> bool {
    let Some(after) = LEFT.get().filter(|_| size >= LARGE) else {
        return true;
    };
    let number = ASKED.replace(ASKED.get() + 1);
    let refused = number.checked_sub(after).is_some_and(|by| by < TIMES.get());
    REFUSED.set(REFUSED.get() + u64::from(refused));
    !refused
}

struct Refusing;

// SAFETY: the system's allocator, which may refuse.
unsafe impl GlobalAlloc for Refusing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match granted(layout.size()) {
            // SAFETY: by contract.
            true => unsafe { System.alloc(layout) },
            false => std::ptr::null_mut(),
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match granted(layout.size()) {
            // SAFETY: by contract.
            true => unsafe { System.alloc_zeroed(layout) },
            false => std::ptr::null_mut(),
        }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        match size <= layout.size() || granted(size) {
            // SAFETY: by contract.
            true => unsafe { System.realloc(old, layout, size) },
            false => std::ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        // SAFETY: by contract.
        unsafe { System.dealloc(old, layout) };
    }
}

#[global_allocator]
static ALLOCATOR: Refusing = Refusing;

/// Everything that grows with what a program does.
const PROGRAM: &str = r#"(module
    (type $f (func (result i32))) (type $k (cont $f))
    (type $box (struct (field i32))) (type $list (array (mut (ref null $box))))
    (type $with (func (param i32 (ref null $box)) (result i32))) (type $bare (cont $with))
    (tag $wait)
    (table $all 0 (ref null $k))
    (global $list (mut (ref null $list)) (ref.null $list))
    (func $waits (type $f) (local $box (ref $box))
        (local.set $box (struct.new $box (i32.const 1)))
        (suspend $wait)
        (struct.get $box 0 (local.get $box)))
    (func $given (type $with) (param $n i32) (param $box (ref null $box)) (result i32)
        (struct.get $box 0 (local.get $box)))
    (elem declare func $waits $given)
    (func $keep (param $k (ref $k)) (local $at i32)
        (local.set $at (table.grow $all (ref.null $k) (i32.const 1)))
        (if (i32.ne (local.get $at) (i32.const -1))
            (then (table.set $all (local.get $at) (local.get $k)))))
    (func (export "suspend") (param $n i32)
        (loop $each
            (call $keep
                (block $on (result (ref $k))
                    (drop (resume $k (on $wait $on) (cont.new $k (ref.func $waits))))
                    (unreachable)))
            (br_if $each (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "bind") (param $n i32)
        (loop $each
            (call $keep
                (cont.bind $bare $k (local.get $n) (struct.new $box (i32.const 1))
                    (cont.new $bare (ref.func $given))))
            (br_if $each (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "objects") (param $n i32)
        (global.set $list (array.new $list (ref.null $box) (local.get $n)))
        (loop $each
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (array.set $list (global.get $list) (local.get $n) (struct.new $box (local.get $n)))
            (br_if $each (local.get $n))))
    (func $deep (export "deep") (param $n i32) (result i32) (local $box (ref $box))
        (local.set $box (struct.new $box (local.get $n)))
        (i32.add (call $deep (i32.add (local.get $n) (i32.const 1)))
            (struct.get $box 0 (local.get $box))))
    (func (export "finish") (local $at i32) (local $k (ref null $k))
        (block $done
            (loop $each
                (br_if $done (i32.ge_u (local.get $at) (table.size $all)))
                (local.set $k (table.get $all (local.get $at)))
                (table.set $all (local.get $at) (ref.null $k))
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (br_if $each (ref.is_null (local.get $k)))
                (block $on (result (ref $k))
                    (drop (resume $k (on $wait $on) (local.get $k)))
                    (br $each))
                (drop)
                (br $each))))
    (func (export "clear")
        (global.set $list (ref.null $list))
        (table.fill $all (i32.const 0) (ref.null $k) (table.size $all))))"#;

fn config() -> Config {
    let mut config = Config::new();
    config.stack_size(4 << 10).park(ParkPolicy {
        after: 0,
        keep: 100,
        most: 5000,
    });
    config
}

/// Whether a step went well; if not, for a lack that the error names.
#[track_caller]
fn lacked<T>(what: &str, result: Result<T, Error>) -> bool {
    match result {
        Ok(_) => false,
        Err(error) if error.resource().is_some() => true,
        // What the program does to itself.
        Err(error) if what == "deep" && error.to_string().contains("exhausted") => false,
        Err(error) => panic!("{what}: {error:?}"),
    }
}

/// Does everything. How many steps lacked something.
fn live(store: &mut Store<()>, instance: Instance) -> usize {
    let n = [Val::I32(COUNT)];
    let mut failed = 0;
    let mut step = |failure: bool| failed += usize::from(failure);
    step(lacked("suspend", call(store, instance, "suspend", &n)));
    step(lacked("gc", store.gc()));
    step(lacked("bind", call(store, instance, "bind", &n)));
    step(lacked("objects", call(store, instance, "objects", &n)));
    step(lacked("minor", store.gc_minor()));
    store.park();
    step(lacked("gc", store.gc()));
    step(lacked("deep", call(store, instance, "deep", &n[..])));
    step(lacked("finish", call(store, instance, "finish", &[])));
    step(lacked("gc", store.gc()));
    failed
}

/// Refuses so many, after so many. How many were asked for, and how many steps failed.
fn refused(after: u64, times: u64) -> (u64, u64, usize) {
    let (mut store, instance) = instance_with(&config(), PROGRAM);
    ASKED.set(0);
    REFUSED.set(0);
    TIMES.set(times);
    LEFT.set(Some(after));
    let failed = live(&mut store, instance);
    LEFT.set(None);
    let counts = (ASKED.get(), REFUSED.get(), failed);
    // Nothing is refused any more: all of it is sound, and works.
    call(&mut store, instance, "clear", &[]).unwrap();
    store.gc().unwrap();
    let report = store.report();
    assert_eq!((report.live, report.activations), (0, 0), "{report:?}");
    assert_eq!(live(&mut store, instance), 0);
    counts
}

#[test]
fn what_grows_with_a_program_ends_in_an_error() {
    let (asked, refused_none, failed) = refused(u64::MAX, 0);
    assert!(
        asked >= 10 && refused_none == 0 && failed == 0,
        "{asked} {failed}"
    );
    let mut errors = 0;
    for after in (0..asked).step_by((asked / 6).max(1) as usize) {
        for times in [1, u64::MAX] {
            let (_, refused, failed) = refused(after, times);
            assert!(refused > 0);
            errors += failed;
        }
    }
    assert!(errors > 10, "{errors}");
}
