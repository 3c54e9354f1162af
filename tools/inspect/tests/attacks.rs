//! Snapshots where a store is least expected to be looked at, and those who look and panic.

use mangrove::{
    Caller, Config, Engine, Error, EventKind, Hooks, Instance, Linker, Module, Store, Val,
};
use mangrove_inspect::snapshot::Kind;
use mangrove_inspect::{Capture, CaptureOptions, Snapshot};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// How a program is run.
const ZEAL: [&str; 4] = [
    "none",
    "alloc,switch,call,move",
    "minor,move,alloc",
    "interrupt,move",
];

fn config(zeal: &str) -> Config {
    let mut config = Config::new();
    config
        .zeal(zeal.parse().unwrap())
        .debug_info(true)
        .verify_heap(true)
        .continuation_clone(true)
        .epoch_interruption(zeal.contains("interrupt"));
    config.hooks(Hooks {
        switches: true,
        ..Hooks::default()
    });
    config
}

/// A snapshot that is well made.
fn look(store: &mut impl Capture) -> Snapshot {
    let snapshot = store
        .snapshot(&CaptureOptions::default().follow(true))
        .unwrap();
    assert_eq!(snapshot.check(), Ok(()));
    for node in snapshot.nodes().of(Kind::Object) {
        snapshot.contents(node).unwrap().parts().take(9).count();
    }
    let mut file = Vec::new();
    snapshot.write(&mut file).unwrap();
    assert_eq!(Snapshot::read(&file[..]).unwrap(), snapshot);
    snapshot
}

/// Payloads of the same length whose words mean other things; addresses in objects; traps at
/// depth; forgotten continuations.
const PROGRAM: &str = r#"(module
    (import "mangrove" "gc" (func $gc)) (import "mangrove" "minor" (func $minor))
    (import "host" "look" (func $look)) (import "host" "fail" (func $fail (param i32)))
    (type $f (func)) (type $k (cont $f))
    (type $s (struct (field (mut i64)) (field (mut funcref)) (field (mut anyref))))
    (type $fs (array (mut funcref))) (type $packed (array (mut i16)))
    (tag $numbers (param i64 i64)) (tag $funcs (param funcref funcref)) (tag $mixed (param i32 anyref v128 funcref))
    (tag $pause)
    (memory 1)
    (global $kept (mut anyref) (ref.null any)) (global $e1 (mut exnref) (ref.null exn))
    (global $e2 (mut exnref) (ref.null exn)) (global $e3 (mut exnref) (ref.null exn))
    (table $ks 4 (ref null $k))
    (func $deep (param $n i32) (local $s (ref $s))
        (local.set $s (struct.new $s (i64.const -1) (ref.func $deep) (global.get $kept)))
        (if (local.get $n)
            (then (resume $k (on $pause switch-none) (cont.new $k (ref.func $leaf)))
                  (call $deep (i32.sub (local.get $n) (i32.const 1)))))
        (struct.set $s 0 (local.get $s) (i64.const 5)))
    (func $leaf (call $look))
    (func $waits (local $s (ref $s))
        (local.set $s (struct.new $s (i64.const -1) (ref.func $leaf) (ref.i31 (i32.const 3))))
        (suspend $pause)
        (struct.set $s 0 (local.get $s) (i64.const 5)))
    (elem declare func $deep $leaf $waits $trap-inside $throw-inside $fail-inside)
    (func $paused (result (ref $k))
        (block $on (result (ref $k))
            (resume $k (on $pause $on) (cont.new $k (ref.func $waits))) (unreachable)))
    (func (export "exceptions")
        (block $a (result i64 i64 exnref)
            (try_table (catch_ref $numbers $a) (throw $numbers (i64.const 0x4141414141414141) (i64.const -1))) (unreachable))
        (global.set $e1) (drop) (drop) (call $look)
        (block $b (result funcref funcref exnref)
            (try_table (catch_ref $funcs $b) (throw $funcs (ref.func $leaf) (ref.null func))) (unreachable))
        (global.set $e2) (drop) (drop) (call $look)
        (block $c (result i32 anyref v128 funcref exnref)
            (try_table (catch_ref $mixed $c)
                (throw $mixed (i32.const 1) (ref.i31 (i32.const 9)) (v128.const i64x2 0x4141414141414141 -1) (ref.func $deep)))
            (unreachable))
        (global.set $e3) (drop) (drop) (drop) (drop) (call $look) (call $minor) (call $look))
    (func (export "deep") (call $deep (i32.const 5)))
    (func (export "forget") (local $i i32)
        (loop $more
            (table.set $ks (i32.rem_u (local.get $i) (i32.const 4)) (call $paused))
            (global.set $kept (array.new $fs (ref.func $leaf) (i32.const 9)))
            (global.set $kept (array.new_default $packed (i32.const 5)))
            (if (i32.eqz (i32.rem_u (local.get $i) (i32.const 3))) (then (call $minor)))
            (call $look)
            (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20)))))
    (func $recurse (param anyref) (call $recurse (struct.new $s (i64.const 1) (ref.null func) (local.get 0))))
    (func $trap-inside (local $s (ref $s))
        (local.set $s (struct.new $s (i64.const 1) (ref.null func) (ref.null any)))
        (drop (i64.load (i32.const -1)))
        (struct.set $s 0 (local.get $s) (i64.const 5)))
    (func $throw-inside (throw $numbers (i64.const 1) (i64.const 2)))
    (func $fail-inside (call $fail (i32.const 0)))
    (func (export "trap") (drop (call $paused)) (resume $k (cont.new $k (ref.func $trap-inside))))
    (func (export "throw") (resume $k (cont.new $k (ref.func $throw-inside))))
    (func (export "fail") (resume $k (cont.new $k (ref.func $fail-inside))))
    (func (export "panic") (call $fail (i32.const 1)))
    (func (export "overflow") (call $recurse (ref.null any))))"#;

const EXPORTS: [&str; 8] = [
    "exceptions",
    "deep",
    "forget",
    "trap",
    "throw",
    "fail",
    "panic",
    "overflow",
];

fn program() -> String {
    PROGRAM.replace("(on $pause switch-none)", "")
}

fn world(config: &Config) -> (Store<()>, Instance) {
    let engine = Engine::new(config).unwrap();
    let module = Module::new(&engine, program()).unwrap_or_else(|e| panic!("{e}"));
    let mut store = Store::new(&engine, ()).unwrap();
    store.set_epoch_deadline(1 << 40);
    let instance = instantiate(&mut store, &engine, &module);
    (store, instance)
}

fn instantiate(store: &mut Store<()>, engine: &Engine, module: &Module) -> Instance {
    let mut linker = Linker::new(engine);
    linker.define_mangrove();
    let inside = |mut caller: Caller<'_, ()>| {
        look(&mut caller);
        caller.park();
        look(&mut caller);
    };
    linker.func_wrap("host", "look", inside).unwrap();
    let fail = |mut caller: Caller<'_, ()>, panics: i32| -> Result<(), Error> {
        look(&mut caller);
        assert_eq!(panics, 0, "a panic of the host's");
        Err(Error::usage("the host fails"))
    };
    linker.func_wrap("host", "fail", fail).unwrap();
    linker.instantiate(store, module).unwrap()
}

/// Calls, and says whether it panicked.
fn run(store: &mut Store<()>, instance: Instance, name: &str) -> bool {
    let func = instance.func(&*store, name).unwrap();
    catch_unwind(AssertUnwindSafe(|| {
        let _ = func.call(store, &[]);
    }))
    .is_err()
}

fn works(store: &mut Store<()>, instance: Instance) {
    let func = instance.func(&*store, "exceptions").unwrap();
    assert_eq!(func.call(&mut *store, &[]).unwrap(), Vec::<Val>::new());
    store.gc().unwrap();
    look(store);
}

#[test]
fn a_store_is_looked_at_wherever_it_stands() {
    for zeal in ZEAL {
        let (mut store, instance) = world(&config(zeal));
        store.observe(Box::new(|view, _| {
            look(view);
        }));
        for name in EXPORTS {
            if zeal != "none" && name == "overflow" {
                continue;
            }
            assert_eq!(run(&mut store, instance, name), name == "panic", "{name}");
            look(&mut store);
            store.gc_minor().unwrap();
            look(&mut store);
        }
        works(&mut store, instance);
    }
}

/// Panics at the nth time that something happens, until it does not any more.
fn at_each(count: usize, mut each: impl FnMut(Arc<AtomicU32>, Arc<AtomicBool>) -> bool) {
    for at in 0..count {
        let left = Arc::new(AtomicU32::new(at as u32));
        let panicked = Arc::new(AtomicBool::new(false));
        if !each(left, panicked) {
            return;
        }
    }
}

fn bang(left: &AtomicU32, panicked: &AtomicBool) {
    if panicked.load(Ordering::SeqCst) {
        return;
    }
    match left.load(Ordering::SeqCst) {
        0 => {
            panicked.store(true, Ordering::SeqCst);
            panic!("of who looks");
        }
        more => left.store(more - 1, Ordering::SeqCst),
    }
}

#[test]
fn who_looks_may_panic_at_any_time() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |what| {
        let text = what.payload_as_str().unwrap_or_default();
        if text != "of who looks" && !text.contains("a panic of the host's") {
            usual(what);
        }
    }));
    for (zeal, listens) in [
        ("none", true),
        ("none", false),
        ("alloc,switch,move", false),
        ("minor,move", true),
    ] {
        for name in EXPORTS {
            let engine = Engine::new(&config(zeal)).unwrap();
            let module = Module::new(&engine, program()).unwrap();
            let mut store = Store::new(&engine, ()).unwrap();
            at_each(25, |left, panicked| {
                store.reset(()).unwrap();
                store.set_epoch_deadline(1 << 40);
                let instance = instantiate(&mut store, &engine, &module);
                let flag = panicked.clone();
                match listens {
                    true => store.observe_events(move |event| {
                        if !matches!(event.kind(), EventKind::HeapGrown { .. }) {
                            bang(&left, &flag);
                        }
                    }),
                    false => store.observe(Box::new(move |view, _| {
                        if left.load(Ordering::SeqCst) % 4 == 0 {
                            look(view);
                        }
                        bang(&left, &flag);
                    })),
                }
                let panics = run(&mut store, instance, name);
                let came = panicked.load(Ordering::SeqCst);
                assert_eq!(panics, came || name == "panic", "{zeal} {name}");
                panicked.store(true, Ordering::SeqCst);
                works(&mut store, instance);
                came
            });
        }
    }
    let _ = std::panic::take_hook();
}
