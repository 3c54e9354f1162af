//! Where two parts of the embedding API meet: panics of what is dropped, callbacks that throw,
//! clones of what was interrupted, values that own stores.

mod common;

use common::{call, instance_with};
use mangrove::{
    AbstractHeap, ArrayRef, ArrayType, Caller, CollectionDecision, CollectionDue, CollectionPolicy,
    Config, ContHandle, DeathQueue, Engine, Error, Exception, Extern, ExternRef, FieldType, Func,
    FuncType, Handler, HeapType, Hooks, HostAnswer, Instance, Linker, Module, Moment, OptLevel,
    Outcome, RefType, RootScope, Schedule, Store, StoreLimits, StructRef, StructType, Tag,
    UpdateDeadline, Val, ValType, WeakHandle,
};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Many values in registers over the head of a loop, and a clause around it.
const PRESSURE: &str = r#"(module
    (tag $oops (export "oops") (param i64))
    (type $f (func (param i64) (result i64))) (type $k (cont $f))
    (func $work (export "work") (type $f) (param $n i64) (result i64)
        (local $a i64) (local $b i64) (local $c i64) (local $d i64) (local $e i64) (local $g i64)
        (local $x f64) (local $y f64) (local $v v128) (local $i i64) (local $got i64)
        (local.set $a (i64.add (local.get $n) (i64.const 1)))
        (local.set $b (i64.add (local.get $n) (i64.const 20)))
        (local.set $c (i64.add (local.get $n) (i64.const 300)))
        (local.set $d (i64.add (local.get $n) (i64.const 4000)))
        (local.set $e (i64.add (local.get $n) (i64.const 50000)))
        (local.set $g (i64.add (local.get $n) (i64.const 600000)))
        (local.set $x (f64.convert_i64_s (i64.add (local.get $n) (i64.const 7000000))))
        (local.set $y (f64.convert_i64_s (i64.add (local.get $n) (i64.const 80000000))))
        (local.set $v (i64x2.splat (i64.add (local.get $n) (i64.const 900000000))))
        (local.set $got
            (block $caught (result i64)
                (try_table (catch $oops $caught)
                    (loop
                        (local.set $i (i64.add (local.get $i) (i64.const 1)))
                        (br_if 0 (i64.lt_u (local.get $i) (local.get $n)))))
                (i64.const 0)))
        (i64.add (local.get $got)
        (i64.add (local.get $a) (i64.add (local.get $b) (i64.add (local.get $c)
        (i64.add (local.get $d) (i64.add (local.get $e) (i64.add (local.get $g)
        (i64.add (i64.trunc_f64_s (local.get $x)) (i64.add (i64.trunc_f64_s (local.get $y))
            (i64x2.extract_lane 1 (local.get $v))))))))))))
    (func (export "outer") (type $f) (param i64) (result i64)
        (resume $k (local.get 0) (cont.new $k (ref.func $work))))
    (elem declare func $work))"#;

fn pressed(n: i64, got: i64) -> Vec<Val> {
    vec![Val::I64(got + 9 * n + 987_654_321)]
}

fn tag(store: &Store<()>, instance: Instance, name: &str) -> Tag {
    match instance.export(store, name) {
        Some(Extern::Tag(tag)) => tag,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn interrupted(outcome: Outcome) -> ContHandle {
    match outcome {
        Outcome::Interrupted(rest) => rest,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn returned(outcome: Outcome) -> Vec<Val> {
    match outcome {
        Outcome::Returned(values) => values,
        other => panic!("{other:?}"),
    }
}

const ZEAL: [&str; 4] = [
    "none",
    "alloc,switch,move",
    "interrupt,move,minor",
    "call,move",
];

/// Each zeal with each level.
fn settings() -> impl Iterator<Item = (&'static str, OptLevel)> {
    let levels = [OptLevel::Speed, OptLevel::None, OptLevel::Frame];
    levels
        .into_iter()
        .flat_map(|level| ZEAL.map(|zeal| (zeal, level)))
}

#[test]
fn registers_are_as_they_were_where_an_interruption_throws() {
    for (zeal, level) in settings() {
        for name in ["work", "outer"] {
            let mut config = Config::new();
            config.epoch_interruption(true).zeal(zeal.parse().unwrap());
            config.opt_level(level);
            let (mut store, instance) = instance_with(&config, PRESSURE);
            let oops = tag(&store, instance, "oops");
            store.set_epoch_deadline(0);
            let mut asked = 0;
            store.epoch_deadline_callback(move |mut caller| {
                asked += 1;
                if asked < 10 {
                    return Ok(UpdateDeadline::Continue(0));
                }
                caller.set_epoch_deadline(1);
                let exception = Exception::new(&mut caller, oops, vec![Val::I64(5)])?;
                caller.gc()?;
                Err(Error::Exception(Box::new(exception)))
            });
            let result = call(&mut store, instance, name, &[Val::I64(1000)]).unwrap();
            assert_eq!(result, pressed(1000, 5), "{zeal} {name}");
        }
    }
}

#[test]
fn clones_of_what_was_interrupted_go_on_by_themselves() {
    for (zeal, level) in settings() {
        for name in ["work", "outer"] {
            let mut config = Config::new();
            config.epoch_interruption(true).continuation_clone(true);
            config.opt_level(level);
            config.zeal(zeal.parse().unwrap()).verify_heap(true);
            let (mut store, instance) = instance_with(&config, PRESSURE);
            let oops = tag(&store, instance, "oops");
            store.set_epoch_deadline(0);
            store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(0)));
            let work = instance.func(&store, name).unwrap();
            let mut rest = interrupted(
                work.call_with_handlers(&mut store, &[Val::I64(6)], &[])
                    .unwrap(),
            );
            let mut clones = vec![];
            for turn in 0..4 {
                clones.push(rest.clone_suspended(&mut store).unwrap());
                clones.push(clones[turn].clone_suspended(&mut store).unwrap());
                store.gc().unwrap();
                rest = interrupted(rest.resume(&mut store, &[], &[]).unwrap());
            }
            store.park();
            for (number, clone) in clones.into_iter().enumerate() {
                if number % 3 == 2 {
                    store.set_epoch_deadline(1);
                    let exception = Exception::new(&mut store, oops, vec![Val::I64(77)]).unwrap();
                    let outcome = clone.resume_throw(&mut store, &exception, &[]).unwrap();
                    store.set_epoch_deadline(0);
                    match outcome {
                        // Stopped before the clause.
                        Outcome::Thrown(_) => {}
                        outcome => assert_eq!(returned(outcome), pressed(6, 77), "{zeal} {name}"),
                    }
                    continue;
                }
                let mut outcome = Outcome::Interrupted(clone);
                while let Outcome::Interrupted(rest) = outcome {
                    outcome = rest.resume(&mut store, &[], &[]).unwrap();
                }
                assert_eq!(returned(outcome), pressed(6, 0), "{zeal} {name}");
            }
            drop(rest);
            store.gc().unwrap();
            assert_eq!(store.live_continuations(), 0);
        }
    }
}

#[test]
fn who_asks_about_fuel_and_throws_asks_again() {
    let text = r#"(module
        (tag $oops (export "oops"))
        (func (export "run") (param $rounds i32) (result i32) (local $i i32) (local $caught i32)
            (loop $again
                (local.set $i (i32.const 0))
                (block $out
                    (block $handler
                        (try_table (catch_all $handler)
                            (loop $spin
                                (br_if $spin (i32.lt_u
                                    (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                                    (i32.const 1000)))))
                        (br $out))
                    (local.set $caught (i32.add (local.get $caught) (i32.const 1))))
                (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
            (local.get $caught)))"#;
    let (mut store, instance) = instance_with(Config::new().consume_fuel(true), text);
    let oops = tag(&store, instance, "oops");
    store.set_fuel(u64::MAX).unwrap();
    store
        .fuel_callback(100, move |mut caller| {
            let exception = Exception::new(&mut caller, oops, vec![])?;
            Err(Error::Exception(Box::new(exception)))
        })
        .unwrap();
    // Whoever catches one exception is not left alone for the rest.
    let result = call(&mut store, instance, "run", &[Val::I32(20)]);
    match result {
        Ok(values) => assert_eq!(values, [Val::I32(20)]),
        Err(Error::Exception(_)) => {}
        other => panic!("{other:?}"),
    }
    // Neither is what is called after an answer to end it.
    let (mut store, instance) = instance_with(Config::new().consume_fuel(true), text);
    store.set_fuel(u64::MAX).unwrap();
    store
        .fuel_callback(100, |_| Ok(UpdateDeadline::Interrupt))
        .unwrap();
    for _ in 0..3 {
        let result = call(&mut store, instance, "run", &[Val::I32(20)]);
        assert!(matches!(result, Err(Error::Trap(_))), "{result:?}");
    }
}

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
fn what_a_callback_makes_is_no_scope_of_who_called() {
    let text = r#"(module (func (export "run") (param i32)
        (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#;
    for fuel in [false, true] {
        let mut config = Config::new();
        config.epoch_interruption(!fuel).consume_fuel(fuel);
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, text.as_bytes()).unwrap();
        let mut store = Store::new(&engine, Vec::<WeakHandle>::new()).unwrap();
        let instance = Linker::new(&engine)
            .instantiate(&mut store, &module)
            .unwrap();
        let run = instance.func(&store, "run").unwrap();
        let make = |mut caller: Caller<'_, Vec<WeakHandle>>| {
            let object = ExternRef::new(&mut caller, 7)?;
            let weak = WeakHandle::new(&mut caller, object.handle())?;
            caller.data_mut().push(weak);
            Ok(UpdateDeadline::Continue(0))
        };
        match fuel {
            true => {
                store.set_fuel(1_000_000).unwrap();
                store.fuel_callback(1, make).unwrap();
            }
            false => {
                store.set_epoch_deadline(0);
                store.epoch_deadline_callback(make);
            }
        }
        let mut scope = RootScope::new(&mut store);
        run.call(&mut scope, &[Val::I32(50)]).unwrap();
        scope.store().gc().unwrap();
        let weak = scope.store().data().clone();
        assert!(weak.len() > 40);
        let alive = weak
            .iter()
            .filter(|weak| weak.upgrade(&mut scope).unwrap().is_some());
        assert_eq!(alive.count(), 0, "fuel: {fuel}");
    }
}

#[test]
fn a_callback_throws_what_it_made_under_a_scope() {
    let (mut store, instance) = instance_with(Config::new().epoch_interruption(true), PRESSURE);
    let oops = tag(&store, instance, "oops");
    store.set_epoch_deadline(0);
    store.epoch_deadline_callback(move |mut caller| {
        caller.set_epoch_deadline(1);
        let mut scope = RootScope::new(&mut caller);
        let exception = Exception::new(&mut scope, oops, vec![Val::I64(5)])?;
        Err(Error::Exception(Box::new(exception)))
    });
    let mut scope = RootScope::new(&mut store);
    // At the entry, where nobody catches it.
    let work = instance.func(&scope, "work").unwrap();
    let Err(Error::Exception(thrown)) = work.call(&mut scope, &[Val::I64(5)]) else {
        panic!("it is thrown")
    };
    drop(scope);
    store.gc().unwrap();
    assert_eq!(thrown.values, [Val::I64(5)]);
    assert!(thrown.handle.kind(&store).is_ok());
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
fn a_value_that_owns_a_store_runs_it_when_it_is_dropped() {
    struct Runs(Store<()>, Func, Arc<AtomicU32>);
    impl Drop for Runs {
        fn drop(&mut self) {
            let result = self.1.call(&mut self.0, &[Val::I64(100)]).unwrap();
            assert_eq!(result, pressed(100, 0));
            self.0.gc().unwrap();
            self.2.fetch_add(1, Ordering::Relaxed);
        }
    }
    let text = r#"(module (type $s (struct (field (ref null $s))))
        (func (export "run") (param i32) (result i32) (local $kept (ref null $s)) (local $n i32)
            (loop
                (local.set $kept (struct.new $s (local.get $kept)))
                (br_if 0 (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (local.get 0))))
            (local.set $n (i32.const 0))
            (loop
                (local.set $n (i32.add (local.get $n) (i32.const 1)))
                (local.set $kept (struct.get $s 0 (local.get $kept)))
                (br_if 0 (i32.eqz (ref.is_null (local.get $kept)))))
            (local.get $n)))"#;
    let mut config = Config::new();
    config.zeal("alloc:10,minor".parse().unwrap());
    let (mut store, instance) = instance_with(&config, text);
    let dropped = Arc::new(AtomicU32::new(0));
    for _ in 0..3 {
        let (inner, work) = instance_with(&Config::new(), PRESSURE);
        let work = work.func(&inner, "work").unwrap();
        ExternRef::new(&mut store, Runs(inner, work, dropped.clone())).unwrap();
    }
    let result = call(&mut store, instance, "run", &[Val::I32(200)]).unwrap();
    assert_eq!(result, [Val::I32(200)]);
    assert_eq!(dropped.load(Ordering::Relaxed), 3);
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
fn a_suspending_function_by_a_tail_call_is_cloned() {
    let mut config = Config::new();
    config.continuation_clone(true).consume_fuel(true);
    let engine = Engine::new(&config).unwrap();
    let mut store = Store::new(&engine, None::<Tag>).unwrap();
    store.set_fuel(100_000).unwrap();
    let ty = FuncType {
        params: vec![ValType::I64],
        results: vec![ValType::I64],
    };
    let tag = Tag::new(&mut store, ty.clone()).unwrap();
    *store.data_mut() = Some(tag);
    let mut linker = Linker::new(&engine);
    let stop = |mut caller: Caller<'_, Option<Tag>>, args: &[Val], _: &mut [Val]| {
        let fuel = caller.get_fuel()?;
        caller.set_fuel(fuel - 1000)?;
        caller.gc()?;
        // A scope that is forgotten.
        std::mem::forget(RootScope::new(&mut caller));
        Ok(HostAnswer::suspend(caller.data().expect("set"), args))
    };
    linker.suspending("host", "stop", ty, stop).unwrap();
    let text = br#"(module (import "host" "stop" (func $stop (param i64) (result i64)))
        (func $tail (param i64) (result i64) (return_call $stop (local.get 0)))
        (func (export "run") (param i64) (result i64)
            (i64.add (call $tail (local.get 0)) (i64.mul (i64.const 100) (call $tail (i64.const 7))))))"#;
    let module = Module::new(&engine, text).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance.func(&store, "run").unwrap();
    let handlers = [Handler::Suspend(tag)];
    let first = run
        .call_with_handlers(&mut store, &[Val::I64(3)], &handlers)
        .unwrap();
    let Outcome::Suspended {
        values,
        continuation,
        ..
    } = first
    else {
        panic!("{first:?}")
    };
    assert_eq!(values, [Val::I64(3)]);
    assert!(store.get_fuel().unwrap() < 99_000);
    for n in 0..3 {
        let clone = continuation.clone_suspended(&mut store).unwrap();
        let next = clone.resume(&mut store, &[Val::I64(n)], &[tag]).unwrap();
        let Outcome::Suspended {
            values,
            continuation: rest,
            ..
        } = next
        else {
            panic!()
        };
        assert_eq!(values, [Val::I64(7)]);
        let twin = rest.clone_suspended(&mut store).unwrap();
        for rest in [twin, rest] {
            let last = rest.resume(&mut store, &[Val::I64(9)], &[]).unwrap();
            assert_eq!(returned(last), [Val::I64(n + 900)]);
        }
    }
    assert!(store.get_fuel().unwrap() < 96_000);
    store.reset(None).unwrap();
    assert!(continuation.clone_suspended(&mut store).is_err());
    assert!(
        continuation
            .resume(&mut store, &[Val::I64(1)], &[])
            .is_err()
    );
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

/// A function of forty parameters, references among them, and two ways to call it.
fn wide() -> String {
    let kinds = ["i64", "(ref $box)", "f64"];
    let params: String = (0..40).map(|i| format!(" {}", kinds[i % 3])).collect();
    let push = |factor: &str| -> String {
        let one = |i: usize| match i % 3 {
            0 => format!("(i64.mul (i64.const {i}) {factor})"),
            1 => format!("(struct.new $box (i64.mul (i64.const {i}) {factor}))"),
            _ => format!("(f64.convert_i64_s (i64.mul (i64.const {i}) {factor}))"),
        };
        (0..40).map(one).collect()
    };
    let sum: String = (0..40)
        .map(|i| match i % 3 {
            0 => format!("(local.get {i}) i64.add "),
            1 => format!("(struct.get $box 0 (local.get {i})) i64.add "),
            _ => format!("(i64.trunc_f64_s (local.get {i})) i64.add "),
        })
        .collect();
    format!(
        r#"(module (type $box (struct (field i64)))
            (type $w (func (param {params}) (result i64))) (type $kw (cont $w))
            (func $wide (type $w) (i64.const 0) {sum})
            (func (export "call") (param $f i64) (result i64) (call $wide {}))
            (func (export "tail") (param $f i64) (result i64) (return_call $wide {}))
            (func (export "resume") (param $f i64) (result i64)
                (resume $kw {} (cont.new $kw (ref.func $wide))))
            (elem declare func $wide))"#,
        push("(local.get $f)"),
        push("(local.get $f)"),
        push("(local.get $f)"),
    )
}

#[test]
fn parameters_beyond_the_registers_outlive_an_interruption() {
    let text = wide();
    for (zeal, level) in settings() {
        let mut config = Config::new();
        config.epoch_interruption(true).zeal(zeal.parse().unwrap());
        config.opt_level(level);
        let (mut store, instance) = instance_with(&config, &text);
        for name in ["call", "tail", "resume"] {
            let func = instance.func(&store, name).unwrap();
            store.set_epoch_deadline(0);
            store.epoch_deadline_callback(move |mut caller| {
                caller.set_epoch_deadline(1);
                let other = func.call(&mut caller, &[Val::I64(11)])?;
                assert_eq!(other, [Val::I64(780 * 11)]);
                caller.gc()?;
                Ok(UpdateDeadline::Continue(0))
            });
            let result = func.call(&mut store, &[Val::I64(3)]).unwrap();
            assert_eq!(result, [Val::I64(780 * 3)], "{zeal} {level:?} {name}");
            store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(0)));
            let mut outcome = func
                .call_with_handlers(&mut store, &[Val::I64(3)], &[])
                .unwrap();
            let mut times = 0;
            while let Outcome::Interrupted(rest) = outcome {
                times += 1;
                store.set_epoch_deadline(1);
                func.call(&mut store, &[Val::I64(5)]).unwrap();
                store.gc_minor().unwrap();
                store.set_epoch_deadline(0);
                outcome = rest.resume(&mut store, &[], &[]).unwrap();
            }
            assert_eq!(
                returned(outcome),
                [Val::I64(780 * 3)],
                "{zeal} {level:?} {name}"
            );
            assert_eq!(times, 2);
        }
    }
}

/// Two that switch to each other, and count.
const RING: &str = r#"(module
    (rec (type $f (func (param (ref null $k)) (result i32))) (type $k (cont $f)))
    (tag $swap (export "swap") (result i32))
    (global $n (mut i32) (i32.const 0))
    (func $second (type $f) (param $to (ref null $k)) (result i32)
        (loop $again
            (global.set $n (i32.add (global.get $n) (i32.const 1)))
            (if (i32.gt_u (global.get $n) (i32.const 20)) (then (return (global.get $n))))
            (local.set $to (switch $k $swap (local.get $to)))
            (br $again))
        (unreachable))
    (elem declare func $second)
    (func (export "first") (type $f) (param $to (ref null $k)) (result i32)
        (local.set $to (cont.new $k (ref.func $second)))
        (loop $again
            (local.set $to (switch $k $swap (local.get $to)))
            (br $again))
        (unreachable)))"#;

#[test]
fn what_was_switched_to_is_interrupted_and_cloned() {
    for (zeal, level) in settings() {
        let mut config = Config::new();
        config.epoch_interruption(true).continuation_clone(true);
        config
            .zeal(zeal.parse().unwrap())
            .opt_level(level)
            .verify_heap(true);
        let (mut store, instance) = instance_with(&config, RING);
        let swap = tag(&store, instance, "swap");
        let handlers = [Handler::Switch(swap)];
        store.set_epoch_deadline(0);
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(0)));
        let first = instance.func(&store, "first").unwrap();
        let mut outcome = first
            .call_with_handlers(&mut store, &[Val::Cont(None)], &handlers)
            .unwrap();
        let mut times = 0;
        while let Outcome::Interrupted(rest) = outcome {
            times += 1;
            let rest = match times % 2 {
                0 => rest,
                _ => rest.clone_suspended(&mut store).unwrap(),
            };
            store.gc().unwrap();
            outcome = rest.resume_with(&mut store, &[], &handlers).unwrap();
        }
        assert_eq!(returned(outcome), [Val::I32(21)], "{zeal} {level:?}");
        assert!(times > 20);
        store.gc().unwrap();
        assert_eq!(store.live_continuations(), 0);
    }
}

#[test]
fn a_store_is_reset_with_clones_of_what_was_interrupted() {
    let mut config = Config::new();
    config.epoch_interruption(true).continuation_clone(true);
    config.verify_heap(true);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, PRESSURE.as_bytes()).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    for round in 0..10 {
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        store.set_epoch_deadline(0);
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(0)));
        let outer = instance.func(&store, "outer").unwrap();
        let fresh = outer.continuation(&mut store).unwrap();
        let bound = fresh.bind(&mut store, &[Val::I64(6)]).unwrap();
        let other = bound.clone_suspended(&mut store).unwrap();
        let mut handles = vec![];
        for k in [bound, other] {
            let mut rest = interrupted(k.resume(&mut store, &[], &[]).unwrap());
            for _ in 0..round % 5 {
                handles.push(rest.clone_suspended(&mut store).unwrap());
                rest = interrupted(rest.resume(&mut store, &[], &[]).unwrap());
            }
            handles.push(rest);
        }
        let waiting = outer.continuation(&mut store).unwrap();
        handles.push(waiting.bind(&mut store, &[Val::I64(9)]).unwrap());
        handles.push(handles[0].clone_suspended(&mut store).unwrap());
        if round % 2 == 0 {
            store.park();
        }
        if round % 3 == 0 {
            store.gc().unwrap();
        }
        store.reset(()).unwrap();
        assert_eq!(store.live_continuations(), 0);
        for handle in handles {
            assert!(handle.clone_suspended(&mut store).is_err());
        }
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        // Without another deadline the first check is one.
        assert!(call(&mut store, instance, "outer", &[Val::I64(5)]).is_err());
        store.set_epoch_deadline(1);
        let result = call(&mut store, instance, "outer", &[Val::I64(5)]).unwrap();
        assert_eq!(result, pressed(5, 0));
        store.gc().unwrap();
    }
}

#[test]
fn callbacks_and_host_functions_resume_within_each_other() {
    let text = r#"(module
        (import "host" "within" (func $within (result i64)))
        (tag $yield (export "yield") (param i64))
        (func (export "count") (param $n i64) (result i64)
            (loop (suspend $yield (local.get $n))
                (br_if 0 (i64.ne (local.tee $n (i64.sub (local.get $n) (i64.const 1))) (i64.const 0))))
            (i64.const 7))
        (func (export "run") (param $n i64) (result i64)
            (loop (br_if 0 (i64.ne (local.tee $n (i64.sub (local.get $n) (i64.const 1))) (i64.const 0))))
            (call $within)))"#;
    for zeal in ZEAL {
        let mut config = Config::new();
        config.epoch_interruption(true).continuation_clone(true);
        config.zeal(zeal.parse().unwrap());
        let engine = Engine::new(&config).unwrap();
        let mut linker = Linker::<Option<(Func, Tag)>>::new(&engine);
        // Resumes a program, gets it back interrupted, and lets it go.
        linker
            .func_wrap(
                "host",
                "within",
                |mut caller: Caller<'_, Option<(Func, Tag)>>| {
                    let (count, tag) = caller.data().expect("it is set");
                    caller.set_epoch_deadline(0);
                    let outcome =
                        count.call_with_handlers(&mut caller, &[Val::I64(3)], &[tag.into()])?;
                    let Outcome::Interrupted(rest) = outcome else {
                        panic!("{outcome:?}")
                    };
                    caller.gc()?;
                    let twin = rest.clone_suspended(&mut caller)?;
                    caller.set_epoch_deadline(1);
                    let mut sum = 0;
                    for rest in [rest, twin] {
                        let mut outcome = rest.resume(&mut caller, &[], &[tag])?;
                        while let Outcome::Suspended {
                            values,
                            continuation,
                            ..
                        } = outcome
                        {
                            sum += values[0].as_i64().unwrap();
                            outcome = continuation.resume(&mut caller, &[], &[tag])?;
                        }
                    }
                    Ok::<_, Error>(sum)
                },
            )
            .unwrap();
        let module = Module::new(&engine, text.as_bytes()).unwrap();
        let mut store = Store::new(&engine, None).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let Some(Extern::Tag(tag)) = instance.export(&store, "yield") else {
            panic!()
        };
        let count = instance.func(&store, "count").unwrap();
        *store.data_mut() = Some((count, tag));
        let mut asked = 0;
        store.set_epoch_deadline(0);
        store.epoch_deadline_callback(move |mut caller| {
            asked += 1;
            if asked % 4 == 0 {
                return Ok(UpdateDeadline::Yield(0));
            }
            caller.set_epoch_deadline(1);
            let outcome = count.call_with_handlers(&mut caller, &[Val::I64(2)], &[tag.into()])?;
            assert!(matches!(outcome, Outcome::Suspended { .. }));
            Ok(match asked {
                // In the host function's program.
                11.. => UpdateDeadline::Yield(0),
                _ => UpdateDeadline::Continue(0),
            })
        });
        let run = instance.func(&store, "run").unwrap();
        let mut outcome = run
            .call_with_handlers(&mut store, &[Val::I64(9)], &[])
            .unwrap();
        while let Outcome::Interrupted(rest) = outcome {
            outcome = rest.resume(&mut store, &[], &[]).unwrap();
        }
        assert_eq!(returned(outcome), [Val::I64(12)], "{zeal}");
        store.gc().unwrap();
        assert_eq!(store.live_continuations(), 0);
    }
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

#[test]
fn host_functions_that_suspend_recur_to_a_limit_and_not_to_a_fault() {
    let run = || {
        let engine = Engine::new(&Config::new()).unwrap();
        let mut store = Store::new(&engine, None::<Func>).unwrap();
        let ty = FuncType {
            params: vec![],
            results: vec![],
        };
        let mut linker = Linker::new(&engine);
        linker
            .suspending(
                "host",
                "again",
                ty,
                |mut caller: Caller<'_, Option<Func>>, _, _| {
                    let run = caller.data().expect("set");
                    match run.call_with_handlers(&mut caller, &[], &[])? {
                        Outcome::Returned(_) => Ok(HostAnswer::Return),
                        other => panic!("{other:?}"),
                    }
                },
            )
            .unwrap();
        let text = br#"(module (import "host" "again" (func $again))
            (func (export "run") (call $again)))"#;
        let module = Module::new(&engine, text).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let run = instance.func(&store, "run").unwrap();
        *store.data_mut() = Some(run);
        let error = run.call(&mut store, &[]).unwrap_err();
        assert!(error.to_string().contains("activations_max"), "{error}");
    };
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap();
}

/// Whoever calls a host function by a tail call does not pass for whoever called it.
#[test]
fn a_tail_call_does_not_act_in_the_name_of_its_caller() {
    let engine = Engine::new(&Config::new()).unwrap();
    let mut linker = Linker::<Vec<Option<Instance>>>::new(&engine);
    linker
        .func_wrap(
            "h",
            "write",
            |mut caller: Caller<'_, Vec<Option<Instance>>>| {
                let instance = caller.instance();
                caller.data_mut().push(instance);
            },
        )
        .unwrap();
    let other = br#"(module (import "h" "write" (func $write))
        (func (export "other") (return_call $write)))"#;
    let victim = br#"(module (type $f (func)) (import "o" "other" (func $other (type $f)))
        (import "h" "write" (func $write (type $f)))
        (table funcref (elem $other $write))
        (func $inside (return_call $other)) (elem declare func $inside)
        (func (export "import") (call $other))
        (func (export "reference") (call_ref $f (ref.func $other)))
        (func (export "table") (call_indirect (type $f) (i32.const 0)))
        (func (export "tail") (call $inside))
        (func (export "itself") (call $write)))"#;
    let other = Module::new(&engine, other).unwrap();
    let victim = Module::new(&engine, victim).unwrap();
    let mut store = Store::new(&engine, vec![]).unwrap();
    let other = linker.instantiate(&mut store, &other).unwrap();
    linker.instance(&store, "o", other).unwrap();
    let victim = linker.instantiate(&mut store, &victim).unwrap();
    for name in ["import", "reference", "table", "tail", "itself"] {
        let func = victim.get_typed_func::<(), ()>(&mut store, name).unwrap();
        func.call(&mut store, ()).unwrap();
        let seen = store.data_mut().pop().unwrap();
        match name {
            "itself" => assert_eq!(seen, Some(victim)),
            _ => assert_ne!(seen, Some(victim), "{name}"),
        }
    }
}

/// Arrays and segments of references, with a check before each operation on many.
const BULK: &str = r#"(module
    (type $box (struct (field (mut i64)))) (type $boxes (array (mut (ref null $box))))
    (table $t 40 (ref null $box))
    (elem $e (ref null $box) (struct.new $box (i64.const 1)) (struct.new $box (i64.const 2)))
    (func $sum (param $from (ref $boxes)) (result i64) (local $i i32) (local $sum i64)
        (loop
            (local.set $sum (i64.add (local.get $sum)
                (struct.get $box 0 (array.get $boxes (local.get $from) (local.get $i)))))
            (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                (array.len (local.get $from)))))
        (local.get $sum))
    (func (export "run") (param $n i64) (result i64) (local $a (ref null $boxes))
        (local.set $a (array.new $boxes (struct.new $box (local.get $n)) (i32.const 10)))
        (array.fill $boxes (local.get $a) (i32.const 2) (struct.new $box (i64.const 100)) (i32.const 3))
        (array.copy $boxes $boxes (array.new $boxes (struct.new $box (i64.const 0)) (i32.const 10)) (i32.const 0)
            (local.get $a) (i32.const 0) (i32.const 10))
        (array.init_elem $boxes $e (local.get $a) (i32.const 8) (i32.const 0) (i32.const 2))
        (table.fill $t (i32.const 0) (struct.new $box (i64.const 1000)) (i32.const 40))
        (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 2))
        (drop (table.grow $t (struct.new $box (i64.const 5)) (i32.const 3)))
        (i64.add (call $sum (ref.as_non_null (local.get $a)))
            (i64.add (call $sum (array.new_elem $boxes $e (i32.const 0) (i32.const 2)))
                (i64.add (struct.get $box 0 (table.get $t (i32.const 1)))
                    (i64.add (struct.get $box 0 (table.get $t (i32.const 39)))
                        (struct.get $box 0 (table.get $t (i32.const 42)))))))))"#;

#[test]
fn operations_on_many_keep_their_operands_over_an_interruption() {
    for (zeal, level) in settings() {
        for fuel in [false, true] {
            let mut config = Config::new();
            config
                .epoch_interruption(!fuel)
                .consume_fuel(fuel)
                .verify_heap(true);
            config.zeal(zeal.parse().unwrap()).opt_level(level);
            let (mut store, instance) = instance_with(&config, BULK);
            let run = instance.func(&store, "run").unwrap();
            if fuel {
                store.set_fuel(1_000_000).unwrap();
                store
                    .fuel_callback(1, |_| Ok(UpdateDeadline::Yield(1)))
                    .unwrap();
            } else {
                store.set_epoch_deadline(0);
                store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(0)));
            }
            let mut outcome = run
                .call_with_handlers(&mut store, &[Val::I64(7)], &[])
                .unwrap();
            let mut times = 0;
            while let Outcome::Interrupted(rest) = outcome {
                times += 1;
                match times % 2 {
                    0 => store.gc().unwrap(),
                    _ => store.gc_minor().unwrap(),
                }
                outcome = rest.resume(&mut store, &[], &[]).unwrap();
            }
            // 5 × 7, 3 × 100, 1, 2; 1, 2; 2, 1000, 5.
            assert_eq!(
                returned(outcome),
                [Val::I64(338 + 3 + 1007)],
                "{zeal} {level:?} {fuel}"
            );
            assert!(times > 20, "{times}");
        }
    }
}

/// Fuel bounds what clones cost: a chain of a thousand is not copied for the price of a call.
#[test]
fn a_clone_of_many_costs_more_fuel_than_one_of_few() {
    let text = r#"(module (type $f (func (param i32))) (type $k (cont $f))
        (type $g (func)) (type $r (cont $g)) (tag $stop)
        (import "mangrove" "clone_cont" (func $clone (param (ref null $r)) (result (ref $r))))
        (func $deep (type $f)
            (if (local.get 0)
                (then (resume $k (i32.sub (local.get 0) (i32.const 1)) (cont.new $k (ref.func $deep))))
                (else (suspend $stop))))
        (elem declare func $deep)
        (global $kept (mut (ref null $r)) (ref.null $r))
        (func (export "build") (param i32)
            (global.set $kept (block $on (result (ref $r))
                (resume $k (on $stop $on) (local.get 0) (cont.new $k (ref.func $deep))) (unreachable))))
        (func (export "clone") (drop (call $clone (global.get $kept)))))"#;
    let mut config = Config::new();
    config.consume_fuel(true).continuation_clone(true);
    let (mut store, instance) = instance_with(&config, text);
    let mut used = [1, 1000].map(|depth| {
        store.set_fuel(1 << 40).unwrap();
        call(&mut store, instance, "build", &[Val::I32(depth)]).unwrap();
        store.set_fuel(1 << 40).unwrap();
        call(&mut store, instance, "clone", &[]).unwrap();
        (1 << 40) - store.get_fuel().unwrap()
    });
    used.sort_unstable();
    assert!(used[0] > 2 && used[1] > 1000 + used[0], "{used:?}");
    // A program that does nothing else ends.
    store.set_fuel(1000).unwrap();
    call(&mut store, instance, "clone", &[]).unwrap();
    let result = call(&mut store, instance, "clone", &[]);
    assert!(matches!(result, Err(Error::Trap(_))), "{result:?}");
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
