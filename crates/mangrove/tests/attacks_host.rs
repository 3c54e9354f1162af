//! Where two parts of the embedding API meet: a store that is reset, looked at and collected while
//! what is the embedder's panics.

mod common;

use common::{call, instance_with, returned};
use mangrove::{
    AbstractHeap, ArrayRef, ArrayType, Caller, CollectionDecision, CollectionDue, CollectionPolicy,
    Config, DeathQueue, Engine, Error, ExternRef, FieldType, Func, FuncType, Handler, HeapType,
    Hooks, HostAnswer, Linker, Module, Moment, Outcome, RefType, Schedule, Store, StoreLimits,
    StructRef, StructType, Tag, UpdateDeadline, Val, ValType, WeakHandle,
};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Panics when it is dropped.
struct Bomb(Arc<AtomicU32>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
        if !std::thread::panicking() {
            panic!("a bomb");
        }
    }
}

impl CollectionPolicy for Bomb {
    fn due(&mut self, due: &CollectionDue) -> CollectionDecision {
        CollectionDecision::Collect(due.kind)
    }
}

#[test]
fn whatever_panics_when_it_is_dropped_a_store_is_reset() {
    let text = r#"(module
        (import "mangrove" "watch" (func $watch (param anyref i32)))
        (import "mangrove" "next_dead" (func $next (result i32)))
        (import "mangrove" "gc" (func $gc))
        (type $s (struct))
        (func (export "run") (result i32)
            (call $watch (struct.new $s) (i32.const 5)) (call $gc) (call $next)))"#;
    let mut config = Config::new();
    config
        .weak_references(true)
        .epoch_interruption(true)
        .consume_fuel(true);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, text.as_bytes()).unwrap();
    let mut linker = Linker::new(&engine);
    linker.define_mangrove();
    for what in 0..7 {
        let dropped = Arc::new(AtomicU32::new(0));
        let mut store = Store::new(&engine, StoreLimits::default()).unwrap();
        let bomb = Bomb(dropped.clone());
        match what {
            0 => store.observe(Box::new(move |_, _| {
                let _ = &bomb;
            })),
            1 => store.observe_phases(move |_| {
                let _ = &bomb;
            }),
            2 => store.collection_policy(bomb),
            3 => store.limiter(move |limits| {
                let _ = &bomb;
                limits
            }),
            4 => store.epoch_deadline_callback(move |_| {
                let _ = &bomb;
                Ok(UpdateDeadline::Interrupt)
            }),
            5 => store
                .fuel_callback(1 << 40, move |_| {
                    let _ = &bomb;
                    Ok(UpdateDeadline::Interrupt)
                })
                .unwrap(),
            _ => drop(ExternRef::new(&mut store, bomb).unwrap()),
        }
        store.set_epoch_deadline(10);
        store.set_fuel(1_000_000).unwrap();
        if what < 6 {
            let instance = linker.instantiate(&mut store, &module).unwrap();
            assert_eq!(
                call(&mut store, instance, "run", &[]).unwrap(),
                [Val::I32(5)]
            );
        }
        let collections = store.collections();
        let reset = catch_unwind(AssertUnwindSafe(|| store.reset(StoreLimits::default())));
        assert!(reset.is_err(), "{what}");
        assert_eq!(dropped.load(Ordering::Relaxed), 1, "{what}");
        assert_eq!(store.collections(), 0, "{what} after {collections}");
        assert_eq!(store.get_fuel().unwrap(), 0, "{what}");
        store.set_epoch_deadline(10);
        store.set_fuel(1_000_000).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let again = call(&mut store, instance, "run", &[]);
        assert_eq!(
            again.unwrap_or_else(|e| panic!("{what}: {e}")),
            [Val::I32(5)]
        );
    }
}

#[test]
fn a_large_new_array_keeps_young_elements() {
    for minor in [false, true] {
        let engine = Engine::new(Config::new().verify_heap(true)).unwrap();
        let mut store = Store::new(&engine, ()).unwrap();
        let node = StructType::new(&engine, [FieldType::variable(ValType::I32)]).unwrap();
        let any = RefType {
            nullable: true,
            heap: HeapType::Abstract(AbstractHeap::Any),
        };
        let nodes = ArrayType::new(&engine, FieldType::variable(ValType::Ref(any))).unwrap();
        let one = StructRef::new(&mut store, &node, &[Val::I32(41)]).unwrap();
        let array = ArrayRef::new(&mut store, &nodes, &one.clone().into(), 50_000).unwrap();
        drop(one);
        match minor {
            true => store.gc_minor().unwrap(),
            false => store.gc().unwrap(),
        }
        let two = StructRef::new(&mut store, &node, &[Val::I32(42)]).unwrap();
        array.set(&mut store, 49_999, &two.clone().into()).unwrap();
        drop(two);
        store.gc_minor().unwrap();
        store.gc_minor().unwrap();
        for (at, wanted) in [(0, 41), (49_998, 41), (49_999, 42)] {
            let Val::Any(Some(element)) = array.get(&mut store, at).unwrap() else {
                panic!("not null")
            };
            let element = element.as_struct(&store).unwrap().unwrap();
            assert_eq!(element.field(&mut store, 0).unwrap(), Val::I32(wanted));
        }
    }
}

#[test]
fn a_panic_of_who_looks_at_the_graph_leaves_the_store_as_it_was() {
    let text = r#"(module (type $s (struct (field (ref null $s)))) (type $f (func)) (type $k (cont $f))
        (tag $t) (func $sleeps (suspend $t)) (elem declare func $sleeps)
        (global $g (mut (ref null $s)) (ref.null $s)) (global $c (mut (ref null $k)) (ref.null $k))
        (func (export "run") (param i32) (result i32)
            (global.set $c (block $on (result (ref $k))
                (resume $k (on $t $on) (cont.new $k (ref.func $sleeps))) (unreachable)))
            (loop (global.set $g (struct.new $s (global.get $g)))
                (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
            (i32.const 1)))"#;
    let (mut store, instance) = instance_with(Config::new().verify_heap(true), text);
    call(&mut store, instance, "run", &[Val::I32(100)]).unwrap();
    for at in [0, 1, 2, 50, 150] {
        let mut seen = 0;
        let looked = catch_unwind(AssertUnwindSafe(|| {
            store.visit_graph(|_| {
                seen += 1;
                assert_ne!(seen, at + 1, "enough");
                ControlFlow::Continue(())
            })
        }));
        assert!(looked.is_err());
        store.gc().unwrap();
        call(&mut store, instance, "run", &[Val::I32(5)]).unwrap();
        store.gc_minor().unwrap();
        store.gc().unwrap();
        assert_eq!(store.live_continuations(), 1);
    }
}

#[test]
fn types_are_made_while_somebody_looks_at_references() {
    let text = r#"(module (type $s (struct (field (ref null $s))))
        (global (export "g") (ref $s) (struct.new $s (struct.new $s (ref.null $s)))))"#;
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let engine = Engine::new(&Config::new()).unwrap();
        let module = Module::new(&engine, text.as_bytes()).unwrap();
        let mut store = Store::new(&engine, ()).unwrap();
        Linker::new(&engine)
            .instantiate(&mut store, &module)
            .unwrap();
        let mut found = 0;
        for object in store.heap_walk().unwrap() {
            for _ in object.references() {
                let fields = [
                    FieldType::constant(ValType::I64),
                    FieldType::constant(ValType::F32),
                ];
                StructType::new(&engine, fields).unwrap();
                found += 1;
            }
        }
        sender.send(found).unwrap();
    });
    let found = receiver.recv_timeout(std::time::Duration::from_secs(20));
    assert_eq!(found, Ok(1));
}

#[test]
fn queues_and_weak_handles_of_before_are_refused() {
    let mut store = common::store();
    let queue = DeathQueue::new(&mut store);
    let object = ExternRef::new(&mut store, 1).unwrap();
    let weak = WeakHandle::new(&mut store, object.handle()).unwrap();
    let func = Func::wrap(&mut store, |a: i32| a + 1).unwrap();
    let typed = func.typed::<i32, i32>(&mut store).unwrap();
    store.reset(()).unwrap();
    DeathQueue::new(&mut store);
    let again = ExternRef::new(&mut store, 2).unwrap();
    assert!(queue.next(&mut store).is_err() && queue.len(&store).is_err());
    assert!(queue.watch(&mut store, again.handle(), 1).is_err());
    assert!(weak.upgrade(&mut store).is_err());
    assert!(object.data(&store).is_err());
    assert!(typed.call(&mut store, 1).is_err());
    assert!(func.typed::<i32, i32>(&mut store).is_err());
    assert!(func.continuation(&mut store).is_err());
}

#[test]
fn observers_panic_where_a_host_function_suspends() {
    let mut config = Config::new();
    config.hooks(Hooks {
        switches: true,
        ..Hooks::default()
    });
    let engine = Engine::new(&config).unwrap();
    let mut store = Store::new(&engine, None::<Tag>).unwrap();
    let ty = FuncType {
        params: vec![],
        results: vec![],
    };
    let tag = Tag::new(&mut store, ty.clone()).unwrap();
    *store.data_mut() = Some(tag);
    let mut linker = Linker::new(&engine);
    linker
        .suspending(
            "host",
            "stop",
            ty,
            |caller: Caller<'_, Option<Tag>>, _, _| {
                Ok(HostAnswer::suspend(caller.data().expect("set"), []))
            },
        )
        .unwrap();
    let text = br#"(module (import "host" "stop" (func $stop))
        (func (export "run") (result i32) (call $stop) (call $stop) (i32.const 5)))"#;
    let module = Module::new(&engine, text).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance.func(&store, "run").unwrap();
    let (at, count) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let seen = (at.clone(), count.clone());
    store.observe(Box::new(move |view, moment| {
        view.heap_walk().unwrap();
        view.roots().unwrap();
        let is_one = matches!(moment, Moment::Suspend(_) | Moment::Trap | Moment::End);
        if is_one && seen.1.fetch_add(1, Ordering::Relaxed) + 1 == seen.0.load(Ordering::Relaxed) {
            panic!("an observer");
        }
    }));
    let handlers = [Handler::Suspend(tag)];
    for stop_at in 1..8 {
        at.store(stop_at, Ordering::Relaxed);
        count.store(0, Ordering::Relaxed);
        let done = catch_unwind(AssertUnwindSafe(|| {
            let mut outcome = run.call_with_handlers(&mut store, &[], &handlers)?;
            while let Outcome::Suspended { continuation, .. } = outcome {
                outcome = continuation.resume(&mut store, &[], &[tag])?;
            }
            Ok::<_, Error>(returned(outcome))
        }));
        match done {
            Ok(result) => assert_eq!(result.unwrap(), [Val::I32(5)]),
            Err(_) => assert!(stop_at < 6, "{stop_at}"),
        }
        store.gc().unwrap();
        assert_eq!(store.live_continuations(), 0);
    }
}

/// Whatever is asked of a heap whose policy wants no collections, from inside and out.
#[test]
fn a_heap_without_collections_is_looked_at_collected_held_and_reset() {
    let text = r#"(module
        (import "host" "look" (func $look (param i32)))
        (type $node (struct (field (ref null $node)) (field i64)))
        (type $nodes (array (mut (ref null $node))))
        (global $list (mut (ref null $node)) (ref.null $node))
        (global $array (mut (ref null $nodes)) (ref.null $nodes))
        (func (export "run") (param $n i32) (result i64) (local $i i32) (local $sum i64) (local $at (ref null $node))
            (global.set $list (ref.null $node))
            (loop
                (global.set $list (struct.new $node (global.get $list) (i64.const 1)))
                (drop (struct.new $node (ref.null $node) (i64.const 3)))
                (if (i32.eqz (i32.rem_u (local.get $i) (i32.const 500)))
                    (then
                        (global.set $array (array.new $nodes (global.get $list) (i32.const 20000)))
                        (call $look (local.get $i))
                        (array.set $nodes (global.get $array) (i32.const 7)
                            (struct.new $node (global.get $list) (i64.const 5)))))
                (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
            (local.set $at (array.get $nodes (global.get $array) (i32.const 7)))
            (loop
                (local.set $sum (i64.add (local.get $sum) (struct.get $node 1 (local.get $at))))
                (local.set $at (struct.get $node 0 (local.get $at)))
                (br_if 0 (i32.eqz (ref.is_null (local.get $at)))))
            (local.get $sum)))"#;
    for what in 0..6 {
        let mut config = Config::new();
        config
            .young_min(32 << 10)
            .young_max(64 << 10)
            .heap_max(64 << 20);
        config.verify_heap(true);
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, text.as_bytes()).unwrap();
        let mut linker = Linker::<StoreLimits>::new(&engine);
        linker
            .func_wrap(
                "host",
                "look",
                move |mut caller: Caller<'_, StoreLimits>, n: i32| {
                    match what {
                        0 => drop(caller.heap_statistics()?),
                        1 => caller.gc_minor()?,
                        2 => caller.gc()?,
                        3 => {
                            let walk = caller.heap_walk()?;
                            let (objects, bytes) = (walk.objects(), walk.bytes());
                            let seen: Vec<_> = walk.map(|object| object.bytes()).collect();
                            assert_eq!(seen.len() as u64, objects);
                            assert_eq!(seen.iter().sum::<u64>(), bytes);
                            assert!(objects > n as u64);
                        }
                        4 => {
                            let one = ExternRef::new(&mut caller, n)?;
                            let weak = WeakHandle::new(&mut caller, one.handle())?;
                            drop(one);
                            caller.gc_minor()?;
                            caller.gc()?;
                            assert!(weak.upgrade(&mut caller)?.is_none());
                        }
                        _ => drop(caller.object_graph(1 << 20)?),
                    }
                    Ok::<_, Error>(())
                },
            )
            .unwrap();
        let mut store = Store::new(&engine, StoreLimits::default()).unwrap();
        for round in 0..3 {
            store.collection_policy(Schedule::at_bytes([]).only());
            if round == 1 {
                store.limiter(|limits| limits);
            }
            let instance = linker.instantiate(&mut store, &module).unwrap();
            let run = instance
                .get_typed_func::<i32, i64>(&mut store, "run")
                .unwrap();
            for n in [3_001, 7_001] {
                assert_eq!(run.call(&mut store, n).unwrap(), i64::from(n) + 5, "{what}");
                // In the middle of a window.
                store.limiter(|limits| limits);
                store.collection_policy(Schedule::at_bytes([]).only());
            }
            if round == 1 {
                store.gc().unwrap();
            }
            store.reset(StoreLimits::default()).unwrap();
        }
    }
}
