//! Stores that are reset: nothing of before is left, or can be used.

mod common;

use common::call;
use mangrove::{
    Config, ContHandle, Engine, Error, Extern, ExternRef, FuncType, Instance, Linker, Module,
    RootScope, Store, Tag, TrapCode, Val, WeakHandle, Zeal,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Leaves something everywhere.
const LEAVES: &str = r#"(module $leaves
    (type $node (struct (field $next (mut (ref null $node))) (field i32)))
    (type $nodes (array (mut (ref null $node))))
    (type $f (func (param i32) (result i32))) (type $k (cont $f))
    (type $g (func (result i32))) (type $kg (cont $g))
    (import "host" "number" (func $number (result i32)))
    (tag $pause (export "tag"))
    (memory (export "memory") 2 40)
    (table $t (export "table") 10 (ref null $kg))
    (table $bound 10 (ref null $kg))
    (table $old 10 (ref null $nodes))
    (global $g (export "global") (mut (ref null $node)) (ref.null $node))
    (elem declare func $sleep)
    (data (i32.const 65536) "data")
    (func $sleep (type $f) (local $mine (ref $node))
        (local.set $mine (struct.new $node (global.get $g) (local.get 0)))
        (suspend $pause)
        (struct.get $node 1 (local.get $mine)))
    (func (export "fill") (param $n i32) (result i32) (local $i i32)
        (loop $again
            (global.set $g (struct.new $node (global.get $g) (local.get $i)))
            (table.set $old (i32.rem_u (local.get $i) (i32.const 10))
                (array.new $nodes (global.get $g) (i32.const 3000)))
            (table.set $t (i32.rem_u (local.get $i) (i32.const 10))
                (block $on (result (ref $kg))
                    (drop (resume $k (on $pause $on) (local.get $i) (cont.new $k (ref.func $sleep))))
                    (unreachable)))
            (table.set $bound (i32.rem_u (local.get $i) (i32.const 10))
                (cont.bind $k $kg (local.get $i) (cont.new $k (ref.func $sleep))))
            (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
        (drop (memory.grow (i32.const 30)))
        (local.set $i (i32.const 70000))
        (loop $zero
            (if (i32.load (local.get $i)) (then (unreachable)))
            (br_if $zero (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 2097152))))
        (memory.fill (i32.const 0) (i32.const 255) (i32.const 2097152))
        (call $number))
    (func (export "read") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "object") (result (ref null $node)) (global.get $g))
    (func (export "cont") (result (ref null $kg)) (table.get $t (i32.const 0)))
    (func (export "state") (result i32)
        (i32.add (ref.is_null (global.get $g)) (ref.is_null (table.get $t (i32.const 0))))))"#;

struct World {
    engine: Engine,
    linker: Linker<u32>,
    module: Module,
}

impl World {
    fn new(config: &Config) -> Self {
        let engine = Engine::new(config).unwrap();
        let mut linker = Linker::new(&engine);
        let ty = FuncType {
            params: vec![],
            results: vec![mangrove::ValType::I32],
        };
        linker
            .func("host", "number", ty, |caller, _, results| {
                results[0] = Val::I32(*caller.data() as i32);
                Ok(())
            })
            .unwrap();
        let module = Module::new(&engine, LEAVES.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
        Self {
            engine,
            linker,
            module,
        }
    }

    /// Runs the program in a store that is as new.
    fn run(&self, store: &mut Store<u32>, n: i32) -> Instance {
        assert_eq!((store.heap_bytes(), store.collections()), (0, 0));
        assert_eq!(
            (store.live_continuations(), store.allocated_bytes()),
            (0, 0)
        );
        let instance = self.linker.instantiate(store, &self.module).unwrap();
        let mut one = |name, args: &[Val]| call(store, instance, name, args);
        assert_eq!(one("state", &[]).unwrap(), [Val::I32(2)]);
        let read = |at| [Val::I32(at)];
        assert_eq!(one("read", &read(0)).unwrap(), [Val::I32(0)]);
        assert_eq!(one("read", &read(100_000)).unwrap(), [Val::I32(0)]);
        assert_eq!(
            one("read", &read(65536)).unwrap(),
            [Val::I32(i32::from_le_bytes(*b"data"))]
        );
        for beyond in [131_072, 700_000, 2_097_148] {
            let error = one("read", &read(beyond)).unwrap_err();
            let trap = error.as_trap().unwrap_or_else(|| panic!("{error}"));
            assert_eq!(trap.reason.code(), Some(TrapCode::MemoryOutOfBounds));
        }
        let data = *store.data() as i32;
        let filled =
            call(store, instance, "fill", &[Val::I32(n)]).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(filled, [Val::I32(data)]);
        store.gc().unwrap();
        assert_eq!(store.live_continuations(), 20);
        instance
    }
}

#[test]
fn a_store_that_was_reset_is_as_a_new_one() {
    for zeal in ["none", "alloc:3", "alloc:2,minor", "switch,move", "call"] {
        let mut config = Config::new();
        config.zeal(zeal.parse::<Zeal>().unwrap());
        let world = World::new(&config);
        let mut store = Store::new(&world.engine, 0).unwrap();
        let rounds = if zeal == "none" { 50 } else { 6 };
        for round in 1..rounds {
            world.run(&mut store, if zeal == "none" { 300 } else { 30 });
            if round % 2 == 0 {
                store.park();
            }
            assert_eq!(store.reset(round).unwrap(), round - 1);
            assert_eq!(*store.data(), round);
            let report = store.report();
            assert_eq!((report.parked, report.live), (0, 0), "{report:?}");
        }
    }
}

#[test]
fn handles_of_before_are_refused() {
    let world = World::new(&Config::new());
    let mut store = Store::new(&world.engine, 0).unwrap();
    let instance = world.run(&mut store, 20);
    let export = |store: &Store<u32>, name| instance.export(store, name).unwrap();
    let (memory, table) = (export(&store, "memory"), export(&store, "table"));
    let (global, tag) = (export(&store, "global"), export(&store, "tag"));
    let func = instance.func(&store, "object").unwrap();
    let object = match func.call(&mut store, &[]).unwrap().remove(0) {
        Val::Any(Some(object)) => object,
        other => panic!("{other:?}"),
    };
    let cont: ContHandle = match call(&mut store, instance, "cont", &[]).unwrap().remove(0) {
        Val::Cont(Some(cont)) => cont,
        other => panic!("{other:?}"),
    };
    let host = ExternRef::new(&mut store, 7).unwrap();
    store.reset(1).unwrap();
    // Others take their places.
    let again = world.run(&mut store, 20);
    assert_ne!(instance, again);
    let usage = |error: Error| assert!(matches!(error, Error::Usage(_)), "{error}");
    usage(func.call(&mut store, &[]).unwrap_err());
    usage(func.continuation(&mut store).unwrap_err());
    usage(object.kind(&store).unwrap_err());
    usage(object.item(&mut store, 0).unwrap_err());
    usage(host.data(&store).unwrap_err());
    usage(cont.resume(&mut store, &[], &[]).unwrap_err());
    let (Extern::Memory(memory), Extern::Table(table)) = (memory, table) else {
        unreachable!()
    };
    let (Extern::Global(global), Extern::Tag(tag)) = (global, tag) else {
        unreachable!()
    };
    usage(memory.read(&store, 0, &mut [0]).unwrap_err());
    usage(memory.grow(&mut store, 1).unwrap_err());
    usage(table.get(&mut store, 0).unwrap_err());
    usage(global.get(&mut store).unwrap_err());
    usage(global.set(&mut store, Val::Any(Some(object))).unwrap_err());
    let new = Tag::new(&mut store, FuncType::default()).unwrap();
    assert_ne!(new, tag);
    let body = again
        .func(&store, "object")
        .unwrap()
        .continuation(&mut store)
        .unwrap();
    usage(body.resume(&mut store, &[], &[tag]).unwrap_err());
    let old_instance = AssertUnwindSafe(|| instance.func(&store, "object"));
    catch_unwind(old_instance).unwrap_err();
}

#[test]
fn what_hangs_on_a_store_goes_with_what_it_was() {
    let world = World::new(&Config::new());
    let before = world.engine.type_counts();
    let kept = Arc::new(());
    let mut store = Store::new(&world.engine, 0).unwrap();
    for round in 0..20 {
        let (in_body, in_observer) = (kept.clone(), kept.clone());
        let (in_phases, in_policy) = (kept.clone(), kept.clone());
        let params = vec![mangrove::ValType::I64; 3 + round];
        let ty = FuncType {
            params,
            results: vec![],
        };
        mangrove::Func::new(&mut store, ty, move |_, _, _| {
            let _ = &in_body;
            Ok(())
        })
        .unwrap();
        store.observe(Box::new(move |_, _| drop(in_observer.clone())));
        store.observe_phases(move |_| drop(in_phases.clone()));
        let clock = move || std::time::Duration::from_secs(Arc::strong_count(&in_policy) as u64);
        let kind = mangrove::CollectionKind::Minor;
        let every = std::time::Duration::from_secs(1);
        store.collection_policy(mangrove::Schedule::every(every, 8, kind, clock));
        let text = format!(
            "(module (type (struct {})))",
            "(field i64) ".repeat(2 + round)
        );
        let module = Module::new(&world.engine, text.as_bytes()).unwrap();
        Instance::new(&mut store, &module, &[]).unwrap();
        let value = ExternRef::new(&mut store, kept.clone()).unwrap();
        let weak = WeakHandle::new(&mut store, value.handle()).unwrap();
        std::mem::forget(RootScope::new(&mut store));
        assert_eq!(Arc::strong_count(&kept), 6);
        drop(module);
        store.reset(0).unwrap();
        assert_eq!(Arc::strong_count(&kept), 1);
        assert_eq!(world.engine.type_counts(), before);
        assert!(matches!(value.data(&store), Err(Error::Usage(_))));
        assert!(matches!(weak.upgrade(&mut store), Err(Error::Usage(_))));
    }
}

#[test]
fn a_panic_of_a_closure_comes_when_all_is_done() {
    struct Panics(Arc<AtomicU32>);
    impl Drop for Panics {
        fn drop(&mut self) {
            if self.0.fetch_add(1, Ordering::Relaxed) == 0 {
                panic!("the first");
            }
        }
    }
    let world = World::new(&Config::new());
    let mut store = Store::new(&world.engine, 0).unwrap();
    let dropped = Arc::new(AtomicU32::new(0));
    for _ in 0..3 {
        let panics = Panics(dropped.clone());
        mangrove::Func::new(&mut store, FuncType::default(), move |_, _, _| {
            let _ = &panics;
            Ok(())
        })
        .unwrap();
    }
    catch_unwind(AssertUnwindSafe(|| store.reset(1))).unwrap_err();
    assert_eq!(dropped.load(Ordering::Relaxed), 3);
    world.run(&mut store, 10);
}

#[test]
fn whatever_a_program_ended_with_is_gone() {
    let text = r#"(module
        (type $node (struct (field (ref null $node))))
        (type $f (func)) (type $k (cont $f))
        (tag $pause) (tag $oops (param (ref null $node)))
        (global $g (mut (ref null $node)) (ref.null $node))
        (elem declare func $traps $throws $deep)
        (func $traps (global.set $g (struct.new $node (global.get $g))) (suspend $pause) (unreachable))
        (func $throws (throw $oops (struct.new $node (global.get $g))))
        (func $deep (resume $k (cont.new $k (ref.func $traps))))
        (func (export "traps")
            (resume $k (block $on (result (ref $k))
                (resume $k (on $pause $on) (cont.new $k (ref.func $traps)))
                (unreachable))))
        (func (export "unhandled") (resume $k (cont.new $k (ref.func $deep))))
        (func (export "throws") (resume $k (cont.new $k (ref.func $throws))))
        (func $endless (export "overflows") (call $endless))
        (func (export "exhausts") (local $list (ref null $node))
            (loop $again (local.set $list (struct.new $node (local.get $list))) (br $again))))"#;
    let mut config = Config::new();
    config.heap_max(1 << 20).verify_heap(true);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, text.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
    let mut store = Store::new(&engine, 0).unwrap();
    let ends = ["traps", "unhandled", "throws", "overflows", "exhausts"];
    for (round, end) in ends.iter().cycle().take(25).enumerate() {
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let error = call(&mut store, instance, end, &[]).unwrap_err();
        if round % 2 == 0 {
            store.gc_minor().unwrap();
        }
        store.reset(0).unwrap();
        // An exception's payload is one of the store that was.
        if let Error::Exception(exception) = error {
            let Some(Val::Any(Some(object))) = exception.values.first() else {
                panic!("{exception:?}")
            };
            assert!(matches!(object.kind(&store), Err(Error::Usage(_))));
        }
        assert_eq!((store.heap_bytes(), store.live_continuations()), (0, 0));
        store.gc().unwrap();
    }
}
