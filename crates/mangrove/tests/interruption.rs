//! Interruption by epochs and by fuel: programs without an end end, the store works on, fuel
//! is exact, and what was interrupted is a continuation like any other.

mod common;

use common::{call, instance_with, interrupted};
use mangrove::{
    AsStoreMut, BacktraceEntry, Caller, Config, Engine, Error, Exception, Extern, FuncType,
    Instance, Linker, Module, OptLevel, Outcome, ParkPolicy, Store, TrapReason, UpdateDeadline,
    Val,
};
use std::thread;
use std::time::Duration;

/// Programs without an end, each in a way of its own.
const ENDLESS: &str = r#"(module
    (import "host" "again" (func $again (param funcref)))
    (type $f (func)) (type $k (cont $f))
    (rec (type $sf (func (param (ref null $sk)))) (type $sk (cont $sf)))
    (tag $pause) (tag $swap) (tag $oops (param i32))
    (type $box (struct (field i64)))
    (memory 1)
    (elem declare func $pauses $recurses $first $second $nothing $hosted)
    (func (export "works") (result i32) (i32.const 7))
    (func $nothing)

    (func (export "loop") (loop (br 0)))
    ;; With references that live over the head.
    (func (export "objects") (local $kept (ref null $box)) (local $i i64)
        (local.set $kept (struct.new $box (i64.const 5)))
        (loop
            (drop (struct.new $box (local.get $i)))
            (local.set $i (i64.add (local.get $i) (struct.get $box 0 (local.get $kept))))
            (br 0)))
    (func $calls (export "tail calls") (return_call $calls))
    (func $pauses (suspend $pause))
    (func (export "new continuations") (loop
        (block $on (result (ref $k))
            (resume $k (on $pause $on) (cont.new $k (ref.func $pauses)))
            (unreachable))
        (drop) (br 0)))
    ;; Each continuation resumes the next one.
    (func $recurses (resume $k (cont.new $k (ref.func $recurses))))
    (func $yields (loop (suspend $pause) (br 0)))
    (elem declare func $yields)
    (func (export "resumes") (local $k (ref $k))
        (local.set $k (cont.new $k (ref.func $yields)))
        (loop
            (block $on (result (ref $k))
                (resume $k (on $pause $on) (local.get $k)) (unreachable))
            (local.set $k) (br 0)))
    (func $first (type $sf) (param $to (ref null $sk))
        (loop (local.set $to (switch $sk $swap (local.get $to))) (br 0)))
    (func $second (type $sf) (param $to (ref null $sk))
        (loop (local.set $to (switch $sk $swap (local.get $to))) (br 0)))
    (func (export "switches")
        (resume $sk (on $swap switch) (cont.new $sk (ref.func $second))
            (cont.new $sk (ref.func $first))))
    (func $throws (throw $oops (i32.const 3)))
    (func (export "throws")
        (loop
            (block $caught (result i32) (try_table (catch $oops $caught) (call $throws)) (i32.const 0))
            (drop) (br 0)))
    (func (export "fills")
        (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br 0)))
    ;; A host function that calls this in a loop.
    (func $hosted)
    (func (export "host") (call $again (ref.func $hosted)))
    (func (export "recursion of the host") (call $again (ref.func $loops)))
    (func $loops (loop (br 0)))
    (elem declare func $loops))"#;

const WAYS: [&str; 12] = [
    "loop",
    "objects",
    "tail calls",
    "new continuations",
    "resumes",
    "switches",
    "throws",
    "fills",
    "host",
    "recursion of the host",
    "loop",
    "host",
];

fn world(config: &Config, text: &str) -> (Store<()>, Instance) {
    let engine = Engine::new(config).unwrap();
    let module = Module::new(&engine, text.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
    let mut store = Store::new(&engine, ()).unwrap();
    let mut linker = Linker::new(&engine);
    let ty = FuncType {
        params: vec![mangrove::ValType::Ref(mangrove::RefType {
            nullable: true,
            heap: mangrove::HeapType::Abstract(mangrove::AbstractHeap::Func),
        })],
        results: vec![],
    };
    linker
        .func("host", "again", ty, |mut caller, args, _| {
            let Val::Func(Some(func)) = &args[0] else {
                panic!("a function")
            };
            loop {
                func.call(&mut caller, &[])?;
            }
        })
        .unwrap();
    let instance = linker
        .instantiate(&mut store, &module)
        .unwrap_or_else(|e| panic!("{e}"));
    (store, instance)
}

/// Raises the epoch after a moment, however long the program has run by then.
fn ring(engine: &Engine, while_running: impl FnOnce()) {
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(5));
            engine.increment_epoch();
        });
        while_running();
    });
}

fn reason(result: Result<Vec<Val>, Error>) -> TrapReason {
    match result {
        Err(Error::Trap(trap)) => trap.reason,
        other => panic!("{other:?}"),
    }
}

/// After the deadline was moved, or there is fuel again.
fn works_on(store: &mut Store<()>, instance: Instance) {
    assert_eq!(call(store, instance, "works", &[]).unwrap(), [Val::I32(7)]);
    store.gc().unwrap();
    assert_eq!(store.live_continuations(), 0);
}

const LEVELS: [OptLevel; 4] = [
    OptLevel::Inline,
    OptLevel::Speed,
    OptLevel::None,
    OptLevel::Frame,
];

#[test]
fn every_program_ends_at_its_deadline() {
    for level in LEVELS {
        let mut config = Config::new();
        config.epoch_interruption(true).opt_level(level);
        // Nothing runs before there is a deadline.
        let engine = Engine::new(&config).unwrap();
        let (mut store, instance) = world(&config, ENDLESS);
        let early = reason(call(&mut store, instance, "works", &[]));
        assert_eq!(early, TrapReason::Interrupt);
        drop(engine);
        for way in WAYS {
            store.set_epoch_deadline(1);
            let engine = instance.module(&store).engine().clone();
            ring(&engine, || {
                let ended = reason(call(&mut store, instance, way, &[]));
                assert_eq!(ended, TrapReason::Interrupt, "{way}");
            });
            store.set_epoch_deadline(1);
            works_on(&mut store, instance);
        }
    }
}

#[test]
fn every_program_ends_when_its_fuel_is_used_up() {
    for level in LEVELS {
        let mut config = Config::new();
        config.consume_fuel(true).opt_level(level);
        let (mut store, instance) = world(&config, ENDLESS);
        let early = reason(call(&mut store, instance, "works", &[]));
        assert_eq!(early, TrapReason::OutOfFuel);
        for way in WAYS {
            store.set_fuel(20_000).unwrap();
            let ended = reason(call(&mut store, instance, way, &[]));
            assert_eq!(ended, TrapReason::OutOfFuel, "{way}");
            assert_eq!(store.get_fuel().unwrap(), 0, "{way}");
            store.set_fuel(20_000).unwrap();
            works_on(&mut store, instance);
        }
    }
}

#[test]
fn a_backtrace_goes_through_all_continuations() {
    let text = r#"(module
        (type $f (func)) (type $k (cont $f))
        (func $inner (loop (br 0)))
        (func $outer (resume $k (cont.new $k (ref.func $inner))))
        (elem declare func $inner $outer)
        (func (export "run") (resume $k (cont.new $k (ref.func $outer)))))"#;
    let (mut store, instance) = instance_with(Config::new().epoch_interruption(true), text);
    store.set_epoch_deadline(0);
    // The first check is at the entry of `run`; each of the others is asked for once.
    let mut asked = 0;
    store.epoch_deadline_callback(move |_| {
        asked += 1;
        Ok(match asked {
            4 => UpdateDeadline::Interrupt,
            _ => UpdateDeadline::Continue(0),
        })
    });
    let error = call(&mut store, instance, "run", &[]).unwrap_err();
    let trap = error.as_trap().unwrap();
    assert_eq!(trap.reason, TrapReason::Interrupt);
    let names: Vec<_> = trap
        .backtrace
        .frames()
        .map(|f| f.function.as_u32())
        .collect();
    assert_eq!(names, [0, 1, 2]);
    let resumed = |entry: &&BacktraceEntry| matches!(entry, BacktraceEntry::Resumed { .. });
    assert_eq!(trap.backtrace.entries.iter().filter(resumed).count(), 2);
    // At the loop's head.
    let offset = trap.backtrace.frames().next().unwrap().offset;
    assert!(offset.is_some());
}

#[test]
fn host_functions_see_fuel_and_set_it() {
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let text = br#"(module (import "host" "look" (func $look))
        (func (export "run") (drop (i32.const 1)) (call $look) (loop (br 0))))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, 0_u64).unwrap();
    store.set_fuel(1_000).unwrap();
    let mut linker = Linker::new(&engine);
    let ty = FuncType {
        params: vec![],
        results: vec![],
    };
    let look = |mut caller: Caller<'_, u64>, _: &[Val], _: &mut [Val]| {
        *caller.data_mut() = caller.get_fuel()?;
        caller.set_fuel(50)
    };
    linker.func("host", "look", ty, look).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let ended = reason(call(&mut store, instance, "run", &[]));
    assert_eq!(ended, TrapReason::OutOfFuel);
    assert_eq!(*store.data(), 997);
    assert_eq!(store.get_fuel().unwrap(), 0);
    // An engine that does not count says so.
    let mut store = common::store();
    assert!(matches!(store.set_fuel(1), Err(Error::Usage(_))));
    let callback = store.fuel_callback(1, |_| Ok(UpdateDeadline::Interrupt));
    assert!(matches!(callback, Err(Error::Usage(_))));
}

/// A program that sums up, with objects that live over the heads of its loops, in two
/// continuations.
const SUMS: &str = r#"(module
    (type $box (struct (field (mut i64)))) (type $f (func (param i64) (result i64))) (type $k (cont $f))
    (type $rest (func (result i64))) (type $krest (cont $rest))
    (tag $oops (export "oops") (param i64))
    (elem declare func $inner $outer)
    (func $inner (param $n i64) (result i64) (local $sum (ref $box)) (local $i i64) (local $x f64)
        (local.set $sum (struct.new $box (i64.const 0)))
        (block $caught (result i64)
            (try_table (catch $oops $caught)
                (loop
                    (struct.set $box 0 (local.get $sum)
                        (i64.add (struct.get $box 0 (local.get $sum)) (local.get $i)))
                    (local.set $x (f64.add (local.get $x) (f64.const 0.5)))
                    (br_if 0 (i64.lt_u (local.tee $i (i64.add (local.get $i) (i64.const 1))) (local.get $n)))))
            (i64.const 0))
        (i64.add (struct.get $box 0 (local.get $sum)))
        (i64.add (i64.trunc_f64_s (local.get $x))))
    (func $outer (export "outer") (param $n i64) (result i64) (local $kept (ref $box))
        (local.set $kept (struct.new $box (i64.const 1000)))
        (resume $k (local.get $n) (cont.new $k (ref.func $inner)))
        (i64.add (struct.get $box 0 (local.get $kept))))
    (func (export "finish") (param $k (ref $krest)) (result i64) (resume $krest (local.get $k)))
    (func (export "works") (result i32) (i32.const 7)))"#;

/// What `outer` of this many gives.
fn sum(n: i64) -> i64 {
    n * (n - 1) / 2 + n / 2 + 1000
}

fn yielding(config: &mut Config) -> (Store<()>, Instance) {
    let (mut store, instance) = instance_with(config.epoch_interruption(true), SUMS);
    store.set_epoch_deadline(0);
    store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(0)));
    (store, instance)
}

fn begin(store: &mut Store<()>, instance: Instance, n: i64) -> Outcome {
    let outer = instance.func(store, "outer").unwrap();
    let k = outer.continuation(store).unwrap();
    k.resume(store, &[Val::I64(n)], &[]).unwrap()
}

#[test]
fn what_was_interrupted_is_resumed_where_it_was() {
    let parking = ParkPolicy {
        after: 0,
        keep: 0,
        most: 1,
    };
    for zeal in [
        "none",
        "alloc,move",
        "alloc,move,minor",
        "interrupt",
        "interrupt,move,minor",
    ] {
        for level in LEVELS {
            let mut config = Config::new();
            config
                .zeal(zeal.parse().unwrap())
                .opt_level(level)
                .park(parking)
                .verify_heap(true);
            let (mut store, instance) = yielding(&mut config);
            let mut outcome = begin(&mut store, instance, 20);
            let mut times = 0;
            let result = loop {
                match outcome {
                    Outcome::Interrupted(rest) => {
                        times += 1;
                        match times % 3 {
                            0 => store.gc().unwrap(),
                            1 => drop(store.park()),
                            _ => store.gc_minor().unwrap(),
                        }
                        outcome = rest.resume(&mut store, &[], &[]).unwrap();
                    }
                    Outcome::Returned(values) => break values,
                    other => panic!("{other:?}"),
                }
            };
            assert_eq!(result, [Val::I64(sum(20))], "{zeal} {level:?}");
            // Two entries, and the head of the loop each time.
            assert_eq!(times, 22, "{zeal} {level:?}");
            assert_eq!(store.live_continuations(), 0);
        }
    }
}

#[test]
fn what_was_interrupted_can_be_dropped_thrown_into_or_resumed_by_wasm() {
    let (mut store, instance) = yielding(&mut Config::new());
    let mut rest = interrupted(begin(&mut store, instance, 20));
    for _ in 0..5 {
        rest = interrupted(rest.resume(&mut store, &[], &[]).unwrap());
    }
    assert_eq!(store.live_continuations(), 2);
    // Dropped.
    drop(rest);
    store.gc().unwrap();
    assert_eq!(store.live_continuations(), 0);
    // Thrown into, where a clause around the loop catches it.
    let mut rest = interrupted(begin(&mut store, instance, 20));
    for _ in 0..5 {
        rest = interrupted(rest.resume(&mut store, &[], &[]).unwrap());
    }
    store.set_epoch_deadline(1);
    let Some(Extern::Tag(oops)) = instance.export(&store, "oops") else {
        panic!("a tag")
    };
    let exception = Exception::new(&mut store, oops, vec![Val::I64(500)]).unwrap();
    let outcome = rest.resume_throw(&mut store, &exception, &[]).unwrap();
    // Three turns: 0 + 1 + 2, half of 3, 500 and 1000.
    assert!(
        matches!(outcome, Outcome::Returned(values) if values == [Val::I64(3 + 1 + 500 + 1000)])
    );
    // A second time it cannot be resumed.
    assert!(rest.resume(&mut store, &[], &[]).is_err());
    // Resumed by a program, which calls nobody back.
    store.set_epoch_deadline(0);
    let rest = interrupted(begin(&mut store, instance, 20));
    store.set_epoch_deadline(1);
    let result = call(&mut store, instance, "finish", &[Val::Cont(Some(rest))]).unwrap();
    assert_eq!(result, [Val::I64(sum(20))]);
}

#[test]
fn only_what_the_host_resumed_can_be_handed_to_it() {
    let (mut store, instance) = yielding(&mut Config::new());
    let ended = reason(call(&mut store, instance, "outer", &[Val::I64(3)]));
    assert_eq!(ended, TrapReason::InterruptInCall);
    store.set_epoch_deadline(1);
    works_on(&mut store, instance);
}

#[test]
fn a_callback_fails_throws_or_panics_where_the_program_is() {
    let (mut store, instance) = instance_with(Config::new().epoch_interruption(true), SUMS);
    store.epoch_deadline_callback(|_| Err(Error::Host("time for tea".into())));
    let ended = reason(call(&mut store, instance, "outer", &[Val::I64(3)]));
    assert_eq!(ended, TrapReason::Host("time for tea".into()));

    let Some(Extern::Tag(oops)) = instance.export(&store, "oops") else {
        panic!("a tag")
    };
    let mut asked = 0;
    store.epoch_deadline_callback(move |mut caller| {
        asked += 1;
        match asked {
            // Within the loop.
            5 => {
                caller.set_epoch_deadline(1);
                let exception = Exception::new(&mut caller, oops, vec![Val::I64(500)])?;
                Err(Error::Exception(Box::new(exception)))
            }
            _ => Ok(UpdateDeadline::Continue(0)),
        }
    });
    let result = call(&mut store, instance, "outer", &[Val::I64(20)]).unwrap();
    assert_eq!(result, [Val::I64(1 + 1 + 500 + 1000)]);

    store.set_epoch_deadline(0);
    store.epoch_deadline_callback(|_| panic!("oh"));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = call(&mut store, instance, "outer", &[Val::I64(3)]);
    }));
    assert!(panicked.is_err());
    store.epoch_deadline_trap();
    store.set_epoch_deadline(1);
    works_on(&mut store, instance);
}

#[test]
fn a_callback_may_call_wasm_and_collect() {
    let (mut store, instance) = instance_with(Config::new().epoch_interruption(true), SUMS);
    let works = instance.func(&store, "works").unwrap();
    let outer = instance.func(&store, "outer").unwrap();
    fn use_store(store: &mut impl AsStoreMut, works: mangrove::Func) -> Result<(), Error> {
        assert_eq!(works.call(store, &[])?, [Val::I32(7)]);
        Ok(())
    }
    store.epoch_deadline_callback(move |mut caller| {
        // Nobody is asked about what a callback calls.
        let nested = works.call(&mut caller, &[]);
        assert!(matches!(nested, Err(Error::Trap(trap)) if trap.reason == TrapReason::Interrupt));
        caller.set_epoch_deadline(1);
        use_store(&mut caller, works)?;
        assert_eq!(outer.call(&mut caller, &[Val::I64(9)])?, [Val::I64(sum(9))]);
        caller.gc()?;
        Ok(UpdateDeadline::Continue(0))
    });
    let result = call(&mut store, instance, "outer", &[Val::I64(20)]).unwrap();
    assert_eq!(result, [Val::I64(sum(20))]);
}

#[test]
fn fuel_that_is_used_up_can_be_filled_up() {
    let (mut store, instance) = instance_with(Config::new().consume_fuel(true), SUMS);
    store.set_fuel(10).unwrap();
    store
        .fuel_callback(u64::MAX, |mut caller| {
            caller.set_fuel(10)?;
            Ok(UpdateDeadline::Continue(u64::MAX))
        })
        .unwrap();
    let result = call(&mut store, instance, "outer", &[Val::I64(20)]).unwrap();
    assert_eq!(result, [Val::I64(sum(20))]);
    // Without that it ends.
    store
        .fuel_callback(5, |_| Ok(UpdateDeadline::Continue(5)))
        .unwrap();
    let ended = reason(call(&mut store, instance, "outer", &[Val::I64(20)]));
    assert_eq!(ended, TrapReason::OutOfFuel);
}

/// With `interrupt` zeal every entry calls the runtime, through a stub that takes hundreds of
/// bytes of stack: so it is in there that the guard is hit, at whatever depth the frames come
/// to it.
#[test]
fn the_guard_may_be_hit_where_code_asks() {
    for locals in 0..24 {
        // What is in the locals is needed after the call.
        let declared = "i64 ".repeat(locals);
        let fill: String = (1..=locals)
            .map(|n| format!("(local.set {n} (i64.add (local.get 0) (i64.const {n})))"))
            .collect();
        let sum = "(i64.add ".repeat(locals)
            + "(call $f (i64.add (local.get 0) (i64.const 1)))"
            + &(1..=locals)
                .map(|n| format!("(local.get {n}))"))
                .collect::<String>();
        let text = format!(
            r#"(module (type $box (struct (field i64)))
            (func $f (param i64) (result i64) (local {declared}) {fill} {sum})
            (func (export "run") (result i64) (call $f (i64.const 0)))
            (func (export "works") (result i32) (i32.const 7)))"#
        );
        for fuel in [false, true] {
            let mut config = Config::new();
            config
                .zeal("interrupt".parse().unwrap())
                .consume_fuel(fuel)
                .stack_size(8 << 10);
            let (mut store, instance) = instance_with(&config, &text);
            if fuel {
                store.set_fuel(1 << 30).unwrap();
            }
            let error = call(&mut store, instance, "run", &[]).unwrap_err();
            let trap = error.as_trap().unwrap();
            assert_eq!(trap.reason.code(), Some(mangrove::TrapCode::StackOverflow));
            let frames: Vec<_> = trap
                .backtrace
                .frames()
                .map(|f| f.function.as_u32())
                .collect();
            let (outer, inner) = frames.split_last().expect("frames");
            assert!(*outer == 1 || trap.backtrace.truncated, "{frames:?}");
            assert!(
                inner.len() > 5 && inner.iter().all(|&f| f == 0),
                "{frames:?}"
            );
            works_on(&mut store, instance);
        }
    }
}
