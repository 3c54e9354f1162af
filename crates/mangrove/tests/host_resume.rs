//! The host makes, resumes, binds and drops continuations.

mod common;

use common::{call, instance, instance_with, returned, tag};
use mangrove::{
    Config, ContHandle, Error, Exception, Extern, Func, FuncType, Instance, Outcome, Store, Tag,
    TrapCode, Val, ValType,
};

fn func(store: &Store<()>, instance: Instance, name: &str) -> Func {
    instance.func(store, name).expect("an exported function")
}

fn code(error: &Error) -> Option<TrapCode> {
    error.as_trap()?.reason.code()
}

#[track_caller]
fn suspended(outcome: Outcome) -> (Tag, Vec<Val>, ContHandle) {
    match outcome {
        Outcome::Suspended {
            tag,
            values,
            continuation,
        } => (tag, values, continuation),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn thrown(outcome: Outcome) -> Exception {
    match outcome {
        Outcome::Thrown(exception) => exception,
        other => panic!("{other:?}"),
    }
}

/// `walk` yields the boxes n, n - 1, … 1 from three continuations deep, each
/// of which keeps a box of its own over the suspension.
const CHAIN: &str = r#"(module
    (type $f (func (param i64) (result i64))) (type $k (cont $f))
    (type $box (struct (field i64)))
    (tag $yield (export "yield") (param (ref $box)))
    (func $leaf (param $n i64) (result i64)
        (local $kept (ref $box)) (local $sum i64)
        (local.set $kept (struct.new $box (i64.const 1000)))
        (loop $next
            (suspend $yield (struct.new $box (local.get $n)))
            (local.set $sum (i64.add (local.get $sum) (local.get $n)))
            (local.set $n (i64.sub (local.get $n) (i64.const 1)))
            (br_if $next (i64.gt_s (local.get $n) (i64.const 0))))
        (i64.add (local.get $sum) (struct.get $box 0 (local.get $kept))))
    (func $middle (param $n i64) (result i64)
        (local $kept (ref $box))
        (local.set $kept (struct.new $box (i64.const 100)))
        (resume $k (local.get $n) (cont.new $k (ref.func $leaf)))
        (i64.add (struct.get $box 0 (local.get $kept))))
    (elem declare func $leaf $middle)
    (func (export "walk") (param $n i64) (result i64)
        (local $kept (ref $box))
        (local.set $kept (struct.new $box (i64.const 10)))
        (resume $k (local.get $n) (cont.new $k (ref.func $middle)))
        (i64.add (struct.get $box 0 (local.get $kept)))))"#;

#[test]
fn a_handle_keeps_a_suspended_chain_over_collections() {
    for zeal in [
        "none",
        "alloc",
        "switch",
        "move",
        "alloc,switch,call,move",
        "alloc,switch,call,move,minor",
    ] {
        let mut config = Config::new();
        config.zeal(zeal.parse().unwrap()).verify_heap(true);
        let (mut store, instance) = instance_with(&config, CHAIN);
        let tag = tag(&store, instance, "yield");
        let walk = func(&store, instance, "walk");
        let fresh = walk.continuation(&mut store).unwrap();
        store.gc().unwrap();
        let mut outcome = fresh.resume(&mut store, &[Val::I64(4)], &[tag]).unwrap();
        for expected in [4, 3, 2, 1] {
            let (by, values, rest) = suspended(outcome);
            assert_eq!(by, tag);
            store.gc().unwrap();
            if expected % 2 == 0 {
                store.park();
                assert_eq!(store.report().parked, 3, "{zeal}");
            }
            let Val::Any(Some(object)) = &values[0] else {
                panic!("a box")
            };
            assert_eq!(
                object.item(&mut store, 0).unwrap(),
                Some(Val::I64(expected))
            );
            assert_eq!(store.live_continuations(), 3, "{zeal}");
            outcome = rest.resume(&mut store, &[], &[tag]).unwrap();
        }
        assert_eq!(returned(outcome), [Val::I64(1120)], "{zeal}");
        let report = store.report();
        assert_eq!(
            (report.created, report.live, report.ended.returned),
            (3, 0, 3)
        );
        assert_eq!((report.calls, report.activations), (0, 0));
    }
}

#[test]
fn a_dropped_handle_lets_the_chain_go() {
    let (mut store, instance) = instance(CHAIN);
    let tag = tag(&store, instance, "yield");
    let walk = func(&store, instance, "walk");
    let mut kept = None;
    for _ in 0..50 {
        let fresh = walk.continuation(&mut store).unwrap();
        let outcome = fresh.resume(&mut store, &[Val::I64(9)], &[tag]).unwrap();
        kept = Some(suspended(outcome).2);
        walk.continuation(&mut store).unwrap();
    }
    store.gc().unwrap();
    assert_eq!(store.live_continuations(), 3);
    assert_eq!(store.report().ended.collected, 49 * 3 + 50);
    assert!(!kept.take().unwrap().is_consumed(&store).unwrap());
    store.gc().unwrap();
    assert_eq!((store.live_continuations(), store.heap_bytes()), (0, 0));
}

#[test]
fn a_handle_can_be_used_once() {
    let (mut store, instance) = instance(CHAIN);
    let tag = tag(&store, instance, "yield");
    let walk = func(&store, instance, "walk");
    let fresh = walk.continuation(&mut store).unwrap();
    let outcome = fresh.resume(&mut store, &[Val::I64(1)], &[tag]).unwrap();
    let (_, _, rest) = suspended(outcome);
    assert!(fresh.is_consumed(&store).unwrap());
    let consumed = |error: Error| {
        assert_eq!(code(&error), Some(TrapCode::ContinuationConsumed));
        assert_eq!(error.to_string(), "continuation already consumed");
    };
    consumed(fresh.resume(&mut store, &[Val::I64(1)], &[]).unwrap_err());
    consumed(fresh.bind(&mut store, &[Val::I64(1)]).unwrap_err());
    returned(rest.resume(&mut store, &[], &[tag]).unwrap());
    // Its record may have another life by now.
    let _other = walk.continuation(&mut store).unwrap();
    consumed(rest.resume(&mut store, &[], &[tag]).unwrap_err());
    let cancel = Tag::new(&mut store, FuncType::default()).unwrap();
    let exception = Exception::new(&mut store, cancel, vec![]).unwrap();
    consumed(rest.resume_throw(&mut store, &exception, &[]).unwrap_err());
}

#[test]
fn every_kind_of_value_crosses_in_every_place() {
    let text = r#"(module
        (type $f (func)) (type $k (cont $f))
        (tag $vector (export "vector")
            (param v128 i32 f32 (ref null $k)) (result f64 v128 i64))
        (tag $cont (export "cont") (param (ref $k) i64) (result (ref null $k) f32))
        (func $nop) (elem declare func $nop)
        (func (export "run") (param v128 f32 i32)
            (result i32 i64 i64 i64 i64 i64 i64 f64 v128 funcref f32)
            (local $d f64) (local $v v128) (local $l i64) (local $s f32)
            (suspend $vector (local.get 0) (local.get 2) (local.get 1)
                (cont.new $k (ref.func $nop)))
            (local.set $l) (local.set $v) (local.set $d)
            (suspend $cont (cont.new $k (ref.func $nop)) (local.get $l))
            (local.set $s)
            (resume $k)
            (i32.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5)
            (i64.const 6) (local.get $l) (local.get $d) (local.get $v)
            (ref.func $nop) (local.get $s)))"#;
    let (mut store, instance) = instance(text);
    let handlers = ["cont", "vector"].map(|name| tag(&store, instance, name));
    let run = func(&store, instance, "run");
    let fresh = run.continuation(&mut store).unwrap();
    let v = 0x0123_4567_89ab_cdef_0011_2233_4455_6677_u128;
    let args = [Val::V128(v), Val::from(1.5_f32), Val::I32(-1)];
    let (by, values, rest) = suspended(fresh.resume(&mut store, &args, &handlers).unwrap());
    assert_eq!(by, handlers[1]);
    let head = [Val::V128(v), Val::I32(-1), Val::from(1.5_f32)];
    assert_eq!(values[..3], head);
    assert!(matches!(values[3], Val::Cont(Some(_))));
    let ty = rest.func_type(&store).unwrap();
    assert_eq!(ty.params, [ValType::F64, ValType::V128, ValType::I64]);
    assert_eq!(ty.results.len(), 11);

    let args = [Val::from(-2.5_f64), Val::V128(!v), Val::I64(i64::MIN)];
    let (by, values, rest) = suspended(rest.resume(&mut store, &args, &handlers).unwrap());
    assert_eq!((by, &values[1]), (handlers[0], &Val::I64(i64::MIN)));
    let args = [values[0].clone(), Val::from(0.25_f32)];
    let results = returned(rest.resume(&mut store, &args, &handlers).unwrap());
    assert_eq!(results[0], Val::I32(1));
    for (index, value) in (2..=6).zip(&results[1..6]) {
        assert_eq!(*value, Val::I64(index));
    }
    assert_eq!(results[6], Val::I64(i64::MIN));
    assert_eq!(results[7], Val::from(-2.5_f64));
    assert_eq!(results[8], Val::V128(!v));
    let Val::Func(Some(nop)) = results[9] else {
        panic!("a function")
    };
    nop.call(&mut store, &[]).unwrap();
    assert_eq!(results[10], Val::from(0.25_f32));
}

#[test]
fn bound_arguments_come_first() {
    let text = r#"(module
        (type $box (struct (field i32)))
        (tag $ask (export "ask") (param i32) (result (ref $box) i32 i32))
        (tag $other (export "other") (param i32))
        (func $digits (param $b (ref $box)) (param $x i32) (param $y i32) (result i32)
            (i32.add (i32.mul (struct.get $box 0 (local.get $b)) (i32.const 100))
                (i32.add (i32.mul (local.get $x) (i32.const 10)) (local.get $y))))
        (func (export "box") (param i32) (result anyref) (struct.new $box (local.get 0)))
        (func (export "run") (param $b (ref $box)) (param v128) (param $x i32) (result i32)
            (call $digits (suspend $ask
                (call $digits (local.get $b) (i32x4.extract_lane 0 (local.get 1))
                    (local.get $x)))))
        (func (export "caught") (result i32)
            (block $h (result i32)
                (try_table (catch $other $h)
                    (drop (call $digits (suspend $ask (i32.const 0)))))
                (i32.const -1))
            (call $digits (suspend $ask))))"#;
    for zeal in [
        "none",
        "move",
        "alloc,switch,call,move",
        "alloc,switch,call,move,minor",
    ] {
        let mut config = Config::new();
        config.zeal(zeal.parse().unwrap()).verify_heap(true);
        let (mut store, instance) = instance_with(&config, text);
        let (ask, other) = (tag(&store, instance, "ask"), tag(&store, instance, "other"));
        let boxed = |store: &mut Store<()>, value| {
            call(store, instance, "box", &[Val::I32(value)]).unwrap()[0].clone()
        };
        let (three, four) = (boxed(&mut store, 3), boxed(&mut store, 4));

        // A fresh one, in two steps, and none at all in a third.
        let run = func(&store, instance, "run");
        let k = run.continuation(&mut store).unwrap();
        let k = k.bind(&mut store, &[three]).unwrap();
        let k = k.bind(&mut store, &[Val::V128(6)]).unwrap();
        let before = k.clone();
        let k = k.bind(&mut store, &[]).unwrap();
        assert!(before.is_consumed(&store).unwrap());
        assert_eq!(k.func_type(&store).unwrap().params, [ValType::I32]);
        store.gc().unwrap();
        let (_, values, k) = suspended(k.resume(&mut store, &[Val::I32(9)], &[ask]).unwrap());
        assert_eq!(values, [Val::I32(369)]);

        // A suspended one, all arguments.
        let k = k.bind(&mut store, &[four.clone(), Val::I32(5)]).unwrap();
        store.gc().unwrap();
        let results = returned(k.resume(&mut store, &[Val::I32(6)], &[ask]).unwrap());
        assert_eq!(results, [Val::I32(456)]);

        // What is bound is lost where an exception arrives instead.
        let caught = func(&store, instance, "caught");
        let k = caught.continuation(&mut store).unwrap();
        let (_, _, k) = suspended(k.resume(&mut store, &[], &[ask]).unwrap());
        let k = k.bind(&mut store, &[four.clone(), Val::I32(1)]).unwrap();
        let exception = Exception::new(&mut store, other, vec![Val::I32(77)]).unwrap();
        let (_, values, k) = suspended(k.resume_throw(&mut store, &exception, &[ask]).unwrap());
        assert_eq!(values, [Val::I32(77)]);
        let args = [four.clone(), Val::I32(2), Val::I32(1)];
        let results = returned(k.resume(&mut store, &args, &[]).unwrap());
        assert_eq!(results, [Val::I32(421)]);
        store.gc().unwrap();
        assert_eq!(store.report().bound_arguments, 0);
    }
}

#[test]
fn exceptions_are_thrown_into_chains() {
    let text = r#"(module
        (type $f (func (result i32))) (type $k (cont $f))
        (tag $e (export "e") (param i32))
        (tag $pause (export "pause"))
        (func $leaf (result i32) (suspend $pause) (i32.const 1))
        (func $middle (result i32)
            (block $h (result i32)
                (try_table (catch $e $h) (drop (resume $k (cont.new $k (ref.func $leaf)))))
                (i32.const 2))
            (suspend $pause))
        (elem declare func $leaf $middle)
        (func (export "run") (result i32)
            (i32.add (resume $k (cont.new $k (ref.func $middle))) (i32.const 100))))"#;
    let (mut store, instance) = instance(text);
    let (e, pause) = (tag(&store, instance, "e"), tag(&store, instance, "pause"));
    let run = func(&store, instance, "run");
    let exception = Exception::new(&mut store, e, vec![Val::I32(40)]).unwrap();

    let k = run.continuation(&mut store).unwrap();
    let (_, _, k) = suspended(k.resume(&mut store, &[], &[pause]).unwrap());
    assert_eq!(store.live_continuations(), 3);
    assert_eq!(store.park(), 3);
    // The leaf is thrown out of; the middle catches, and suspends once more.
    let (_, _, k) = suspended(k.resume_throw(&mut store, &exception, &[pause]).unwrap());
    assert_eq!(store.live_continuations(), 2);
    let results = returned(k.resume(&mut store, &[], &[pause]).unwrap());
    assert_eq!(results, [Val::I32(140)]);

    let k = run.continuation(&mut store).unwrap();
    let (_, _, k) = suspended(k.resume(&mut store, &[], &[pause]).unwrap());
    let (_, _, k) = suspended(k.resume_throw(&mut store, &exception, &[pause]).unwrap());
    // Nobody catches a second one.
    store.park();
    let left = thrown(k.resume_throw(&mut store, &exception, &[pause]).unwrap());
    assert_eq!((left.tag, &left.values[..]), (e, &[Val::I32(40)][..]));
    let names: Vec<_> = left.backtrace.frames().map(|f| f.name.as_deref()).collect();
    assert_eq!(names, [Some("middle"), None]);

    let fresh = run.continuation(&mut store).unwrap();
    let left = thrown(fresh.resume_throw(&mut store, &exception, &[]).unwrap());
    assert_eq!((left.tag, left.backtrace.frames().count()), (e, 0));
    let report = store.report();
    assert_eq!(
        (report.live, report.ended.returned, report.ended.thrown),
        (0, 2, 5)
    );
}

#[test]
fn a_trap_ends_the_chain() {
    let text = r#"(module
        (type $f (func)) (type $k (cont $f))
        (tag $pause (export "pause"))
        (func $inner (suspend $pause) (unreachable)) (elem declare func $inner)
        (func $outer (export "run") (resume $k (cont.new $k (ref.func $inner)))))"#;
    let (mut store, instance) = instance(text);
    let pause = tag(&store, instance, "pause");
    let run = func(&store, instance, "run");
    let k = run.continuation(&mut store).unwrap();
    let (_, _, k) = suspended(k.resume(&mut store, &[], &[pause]).unwrap());
    let error = k.resume(&mut store, &[], &[pause]).unwrap_err();
    assert_eq!(code(&error), Some(TrapCode::Unreachable));
    let trace = error.as_trap().unwrap().backtrace.to_string();
    let lines: Vec<_> = trace.lines().map(str::trim).collect();
    assert_eq!(lines.len(), 4, "{trace}");
    assert!(lines[0].contains("$inner"), "{trace}");
    assert!(
        lines[1].contains(", made by func 1 $outer at 0x"),
        "{trace}"
    );
    assert!(lines[1].contains(", resumed by "), "{trace}");
    assert!(lines[2].contains("$outer"), "{trace}");
    assert!(
        lines[3].ends_with("made by the host, resumed by the host --"),
        "{trace}"
    );
    // Not handled by the host: the same as in Wasm.
    let k = run.continuation(&mut store).unwrap();
    let error = k.resume(&mut store, &[], &[]).unwrap_err();
    assert_eq!(code(&error), Some(TrapCode::UnhandledTag));
    assert_eq!(error.to_string(), "unhandled tag $pause");
    let report = store.report();
    assert_eq!((report.live, report.ended.trapped), (0, 4));
}

#[test]
fn continuations_go_to_wasm_and_come_back() {
    let text = r#"(module
        (type $f (func (param i32) (result i32))) (type $k (cont $f))
        (tag $yield (export "yield") (param i32) (result i32))
        (global $g (export "g") (mut (ref null $k)) (ref.null $k))
        (func (export "gen") (type $f)
            (i32.add (suspend $yield (local.get 0)) (i32.const 1)))
        (func (export "step") (param $k (ref $k)) (param $x i32) (result i32)
            (block $on (result i32 (ref $k))
                (return (resume $k (on $yield $on) (local.get $x) (local.get $k))))
            (global.set $g))
        (func (export "opaque") (param $k (ref $k)) (result contref) (local.get $k)))"#;
    let (mut store, instance) = instance(text);
    let yields = tag(&store, instance, "yield");
    let Some(Extern::Global(global)) = instance.export(&store, "g") else {
        panic!("a global")
    };
    let k = func(&store, instance, "gen")
        .continuation(&mut store)
        .unwrap();
    let args = [Val::Cont(Some(k)), Val::I32(5)];
    let five = call(&mut store, instance, "step", &args).unwrap();
    assert_eq!(five, [Val::I32(5)]);
    store.gc().unwrap();
    let Val::Cont(Some(k)) = global.get(&mut store).unwrap() else {
        panic!("a continuation")
    };
    let results = returned(k.resume(&mut store, &[Val::I32(8)], &[yields]).unwrap());
    assert_eq!(results, [Val::I32(9)]);

    let k = func(&store, instance, "gen")
        .continuation(&mut store)
        .unwrap();
    let (_, _, k) = suspended(k.resume(&mut store, &[Val::I32(1)], &[yields]).unwrap());
    let args = [Val::Cont(Some(k.clone())), Val::I32(20)];
    let results = call(&mut store, instance, "step", &args).unwrap();
    assert_eq!(results, [Val::I32(21)]);

    let k = func(&store, instance, "gen")
        .continuation(&mut store)
        .unwrap();
    let opaque = call(&mut store, instance, "opaque", &[Val::Cont(Some(k))]).unwrap();
    let [Val::Cont(Some(opaque))] = &opaque[..] else {
        panic!("a continuation")
    };
    assert_eq!(opaque.func_type(&store), None);
    let error = opaque.resume(&mut store, &[Val::I32(1)], &[]).unwrap_err();
    assert!(matches!(error, Error::Usage(_)), "{error}");
}

#[test]
fn what_does_not_fit_is_refused_and_nothing_happens() {
    let (mut store, inst) = instance(CHAIN);
    let yields = tag(&store, inst, "yield");
    let walk = func(&store, inst, "walk");
    let (mut other, other_instance) = instance(CHAIN);
    let foreign_tag = tag(&other, other_instance, "yield");
    let foreign_walk = func(&other, other_instance, "walk");
    let foreign = foreign_walk.continuation(&mut other).unwrap();
    let says = |error: Error, what: &str| {
        assert!(matches!(error, Error::Usage(_)), "{error}");
        assert!(error.to_string().contains(what), "{error}");
    };
    let k = walk.continuation(&mut store).unwrap();
    let n = [Val::I64(1)];
    says(k.resume(&mut store, &[], &[]).unwrap_err(), "0 arguments");
    says(
        k.resume(&mut store, &[Val::I32(1)], &[]).unwrap_err(),
        "type mismatch",
    );
    says(
        k.bind(&mut store, &[Val::I64(1), Val::I64(2)]).unwrap_err(),
        "2 arguments",
    );
    says(
        k.resume(&mut store, &n, &[yields, foreign_tag])
            .unwrap_err(),
        "a tag of another store",
    );
    says(
        foreign.resume(&mut store, &n, &[]).unwrap_err(),
        "a continuation of another store",
    );
    says(
        foreign.bind(&mut store, &n).unwrap_err(),
        "a continuation of another store",
    );
    says(
        foreign.is_consumed(&store).unwrap_err(),
        "a continuation of another store",
    );
    says(
        foreign_walk.continuation(&mut store).unwrap_err(),
        "a function of another store",
    );
    let cancel = Tag::new(&mut other, FuncType::default()).unwrap();
    let exception = Exception::new(&mut other, cancel, vec![]).unwrap();
    says(
        k.resume_throw(&mut store, &exception, &[]).unwrap_err(),
        "a reference of another store",
    );
    // What is refused has not begun: nothing is left of it.
    assert_eq!(store.report().activations, 0);
    // A handle that is no exception does not get in by the field of one.
    let (_, values, k) = suspended(k.resume(&mut store, &n, &[yields]).unwrap());
    let Val::Any(Some(handle)) = values[0].clone() else {
        panic!("a box")
    };
    let forged = Exception {
        handle,
        ..exception
    };
    says(
        k.resume_throw(&mut store, &forged, &[]).unwrap_err(),
        "no exception",
    );
    assert_eq!(store.report().activations, 0);
    returned(k.resume(&mut store, &[], &[]).unwrap());
}

#[test]
fn the_limit_holds_for_the_host() {
    let mut config = Config::new();
    config.continuations_max(10);
    let (mut store, instance) = instance_with(&config, CHAIN);
    let walk = func(&store, instance, "walk");
    let mut held: Vec<_> = (0..10)
        .map(|_| walk.continuation(&mut store).unwrap())
        .collect();
    let error = walk.continuation(&mut store).unwrap_err();
    assert!(matches!(error, Error::Limit(_)), "{error}");
    held.truncate(5);
    // The dropped ones are found when the limit is reached.
    held.push(walk.continuation(&mut store).unwrap());
    assert_eq!(store.live_continuations(), 6);
}

#[test]
fn a_host_function_can_be_a_continuation() {
    let (mut store, instance) = instance(CHAIN);
    let yields = tag(&store, instance, "yield");
    let walk = func(&store, instance, "walk");
    let ty = FuncType {
        params: vec![ValType::I64],
        results: vec![ValType::I64],
    };
    let host = Func::new(&mut store, ty, move |mut caller, args, results| {
        let k = walk.continuation(&mut caller)?;
        let mut outcome = k.resume(&mut caller, args, &[yields])?;
        let mut count = 0;
        while let Outcome::Suspended { continuation, .. } = outcome {
            count += 1;
            caller.gc()?;
            outcome = continuation.resume(&mut caller, &[], &[yields])?;
        }
        results[0] = Val::I64(count);
        Ok(())
    })
    .unwrap();
    let k = host.continuation(&mut store).unwrap();
    let results = returned(k.resume(&mut store, &[Val::I64(7)], &[yields]).unwrap());
    assert_eq!(results, [Val::I64(7)]);
    assert_eq!(store.report().live, 0);
}
