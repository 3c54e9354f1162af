//! Continuations, exceptions across them, and what observers see.

mod common;

use common::{call, instance, instance_with};
use mangrove::{
    BacktraceEntry, Config, Error, Exception, FuncType, Hooks, Linker, Module, Moment, RootOwner,
    Store, TrapCode, TrapReason, Val, ValType,
};
use std::sync::{Arc, Mutex};

fn code(error: &Error) -> Option<TrapCode> {
    error.as_trap()?.reason.code()
}

/// A generator counts down from `n`; each value it yields is a fresh box, and
/// the one before it is kept on the generator's stack.
const GENERATOR: &str = r#"(module $gens
    (import "mangrove" "gc" (func $gc))
    (import "mangrove" "continuations" (func $live (result i64)))
    (type $f (func (param i64)))
    (type $k (cont $f))
    (type $g (func))
    (type $k0 (cont $g))
    (type $box (struct (field i64)))
    (tag $yield (param (ref $box)))
    (func $gen (param $n i64)
        (local $last (ref null $box))
        (local.set $last (struct.new $box (i64.const 0)))
        (loop $next
            (suspend $yield (struct.new $box (i64.add (local.get $n)
                (struct.get $box 0 (local.get $last)))))
            (local.set $last (struct.new $box (i64.const 0)))
            (local.set $n (i64.sub (local.get $n) (i64.const 1)))
            (br_if $next (i64.gt_s (local.get $n) (i64.const 0)))))
    (elem declare func $gen)
    (func (export "sum") (param $n i64) (param $collect i32) (result i64)
        (local $sum i64) (local $k (ref null $k0)) (local $box (ref null $box))
        (local.set $k (cont.bind $k $k0 (local.get $n) (cont.new $k (ref.func $gen))))
        (block $done (loop $next
            (block $on (result (ref $box) (ref $k0))
                (resume $k0 (on $yield $on) (local.get $k))
                (br $done))
            (local.set $k) (local.set $box)
            (if (local.get $collect) (then (call $gc)))
            (local.set $sum (i64.add (local.get $sum) (struct.get $box 0 (local.get $box))))
            (br $next)))
        (local.get $sum))
    (func (export "drop") (param $n i64) (result i64)
        (block $done (loop $next
            (br_if $done (i64.eqz (local.get $n)))
            (block $on (result (ref $box) (ref $k0))
                (resume $k (on $yield $on) (i64.const 5) (cont.new $k (ref.func $gen)))
                (unreachable))
            drop drop
            (local.set $n (i64.sub (local.get $n) (i64.const 1)))
            (br $next)))
        (call $gc)
        (call $live)))"#;

#[test]
fn a_generator_yields_under_every_zeal() {
    for zeal in [
        "none",
        "alloc",
        "switch",
        "call",
        "alloc:2,switch,call",
        "alloc:2,switch,call,minor",
    ] {
        let mut config = Config::new();
        config.zeal(zeal.parse().unwrap()).verify_heap(true);
        let (mut store, instance) = instance_with(&config, GENERATOR);
        for collect in [0, 1] {
            let args = [Val::I64(20), Val::I32(collect)];
            let sum = call(&mut store, instance, "sum", &args).unwrap();
            assert_eq!(sum, [Val::I64(210)], "{zeal}");
        }
        let report = store.report();
        assert_eq!(
            (report.created, report.live, report.ended.returned),
            (2, 0, 2),
            "{zeal}"
        );
    }
}

#[test]
fn unreachable_continuations_are_collected() {
    let (mut store, instance) = instance(GENERATOR);
    assert_eq!(
        call(&mut store, instance, "drop", &[Val::I64(100)]).unwrap(),
        [Val::I64(0)]
    );
    assert_eq!(store.report().ended.collected, 100);
    assert_eq!(store.heap_bytes(), 0);
}

#[test]
fn the_limit_counts_what_is_live() {
    let mut config = Config::new();
    config.continuations_max(10);
    let (mut store, instance) = instance_with(&config, GENERATOR);
    assert_eq!(
        call(&mut store, instance, "drop", &[Val::I64(100)]).unwrap(),
        [Val::I64(0)]
    );
    let text = r#"(module
        (type $f (func)) (type $k (cont $f))
        (func $nop) (elem declare func $nop)
        (table $t 100 (ref null $k))
        (func (export "fill") (param $n i32)
            (loop $next
                (table.set $t (local.get $n) (cont.new $k (ref.func $nop)))
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (br_if $next (local.get $n)))
            (table.fill $t (i32.const 0) (ref.null $k) (i32.const 100))))"#;
    let (mut store, instance) = instance_with(&config, text);
    call(&mut store, instance, "fill", &[Val::I32(9)]).unwrap();
    let error = call(&mut store, instance, "fill", &[Val::I32(20)]).unwrap_err();
    assert!(error.to_string().contains("the limit of 10"), "{error}");
    assert!(matches!(
        error.as_trap().unwrap().reason,
        TrapReason::Limit(_)
    ));
}

#[test]
fn a_trap_in_a_continuation_shows_the_whole_chain() {
    let text = r#"(module
        (type $f (func (param i32))) (type $k (cont $f))
        (tag $t)
        (func $leaf (param i32) (drop (i32.rem_u (i32.const 1) (local.get 0))))
        (func $inner (param i32)
            (resume $k (i32.sub (local.get 0) (i32.const 1)) (cont.new $k (ref.func $leaf))))
        (elem declare func $leaf $inner)
        (func $outer (export "run") (param i32)
            (resume $k (local.get 0) (cont.new $k (ref.func $inner))))
        (func (export "unhandled") (suspend $t)))"#;
    let (mut store, instance) = instance(text);
    let error = call(&mut store, instance, "run", &[Val::I32(1)]).unwrap_err();
    assert_eq!(code(&error), Some(TrapCode::DivideByZero));
    let entries = &error.as_trap().unwrap().backtrace.entries;
    let names: Vec<_> = entries
        .iter()
        .map(|entry| match entry {
            BacktraceEntry::Frame(frame) => frame.name.clone().unwrap(),
            BacktraceEntry::Resumed { .. } => "--".into(),
            BacktraceEntry::Host(_) => "host".into(),
        })
        .collect();
    assert_eq!(names, ["leaf", "--", "inner", "--", "outer"]);
    call(&mut store, instance, "run", &[Val::I32(2)]).unwrap();
    let error = call(&mut store, instance, "unhandled", &[]).unwrap_err();
    assert_eq!(code(&error), Some(TrapCode::UnhandledTag));
    let report = store.report();
    assert_eq!(
        (report.live, report.ended.trapped, report.ended.returned),
        (0, 2, 2)
    );
}

#[test]
fn a_deep_continuation_overflows_its_own_stack() {
    let text = r#"(module
        (type $f (func (param i64) (result i64))) (type $k (cont $f))
        (func $down (param i64) (result i64)
            (i64.add (call $down (i64.add (local.get 0) (i64.const 1))) (i64.const 1)))
        (elem declare func $down)
        (func (export "run") (result i64)
            (resume $k (i64.const 0) (cont.new $k (ref.func $down)))))"#;
    let (mut store, instance) = instance(text);
    for _ in 0..3 {
        let error = call(&mut store, instance, "run", &[]).unwrap_err();
        assert_eq!(code(&error), Some(TrapCode::StackOverflow));
    }
    assert_eq!(store.report().live, 0);
}

const THROW: &str = r#"(module
    (type $f (func (param i32) (result i32))) (type $k (cont $f))
    (type $g (func (result i32))) (type $k0 (cont $g))
    (type $box (struct (field i32)))
    (tag $e (param i64 (ref null $box) i32))
    (tag $other (param i32))
    (tag $pause)
    (func $throws (param i32) (result i32)
        (throw $e (i64.const 7) (struct.new $box (local.get 0)) (i32.const 3)))
    (func $nested (param i32) (result i32)
        (try_table (result i32) (catch $other 0)
            (resume $k (local.get 0) (cont.new $k (ref.func $throws)))))
    (func $paused (param i32) (result i32)
        (block $h (result i32)
            (try_table (result i32) (catch $other $h)
                (suspend $pause)
                (i32.const -1))))
    (elem declare func $throws $nested $paused)
    (func (export "direct") (param i32) (result i32) (call $throws (local.get 0)))
    (func (export "through") (param i32) (result i32)
        (resume $k (local.get 0) (cont.new $k (ref.func $nested))))
    (func (export "caught") (param i32) (result i32)
        (local $b (ref null $box)) (local $i i32)
        (block $h (result i64 (ref null $box) i32)
            (try_table (result i32) (catch $e $h)
                (resume $k (local.get 0) (cont.new $k (ref.func $nested))))
            (return))
        (local.set $i) (local.set $b) (drop)
        (i32.add (local.get $i) (struct.get $box 0 (local.get $b))))
    (func (export "into") (param $into i32) (result i32)
        (local $k (ref null $k0))
        (block $on (result (ref $k0))
            (return (resume $k (on $pause $on) (i32.const 0) (cont.new $k (ref.func $paused)))))
        (local.set $k)
        (resume_throw $k0 $other (local.get $into) (local.get $k)))
    (func (export "into_fresh") (param i32) (result i32)
        (block $h (result i32)
            (try_table (result i32) (catch $other $h)
                (resume_throw $k $other (local.get 0) (cont.new $k (ref.func $throws)))))))"#;

#[test]
fn exceptions_cross_continuations() {
    for zeal in ["none", "alloc,switch,call", "alloc,switch,call,minor"] {
        let mut config = Config::new();
        config.zeal(zeal.parse().unwrap()).verify_heap(true);
        let (mut store, instance) = instance_with(&config, THROW);
        let caught = call(&mut store, instance, "caught", &[Val::I32(40)]).unwrap();
        assert_eq!(caught, [Val::I32(43)]);
        let into = call(&mut store, instance, "into", &[Val::I32(41)]).unwrap();
        assert_eq!(into, [Val::I32(41)]);
        let fresh = call(&mut store, instance, "into_fresh", &[Val::I32(42)]).unwrap();
        assert_eq!(fresh, [Val::I32(42)]);
        for name in ["direct", "through"] {
            let error = call(&mut store, instance, name, &[Val::I32(1)]).unwrap_err();
            let Error::Exception(exception) = error else {
                panic!("{error}")
            };
            assert_eq!(exception.values[0], Val::I64(7));
            assert_eq!(exception.values[2], Val::I32(3));
            let Val::Any(Some(object)) = &exception.values[1] else {
                panic!("a box")
            };
            assert_eq!(object.item(&mut store, 0).unwrap(), Some(Val::I32(1)));
            assert!(exception.backtrace.frames().next().is_some());
        }
        assert_eq!(store.report().live, 0);
    }
}

#[test]
fn exceptions_cross_the_host() {
    let engine = mangrove::Engine::new(&Config::new()).unwrap();
    let text = r#"(module
        (import "host" "f" (func $f))
        (import "host" "e" (tag $e (param i32)))
        (func (export "throws") (throw $e (i32.const 9)))
        (func (export "run") (result i32)
            (block $h (result i32)
                (try_table (catch $e $h) (call $f))
                (i32.const -1)))
        (func (export "uncaught") (call $f)))"#;
    let module = Module::new(&engine, text.as_bytes()).unwrap();
    let mut store = Store::new(&engine, None).unwrap();
    let ty = FuncType {
        params: vec![ValType::I32],
        results: vec![],
    };
    let tag = mangrove::Tag::new(&mut store, ty).unwrap();
    let mut linker: Linker<Option<mangrove::Func>> = Linker::new(&engine);
    linker.define(&store, "host", "e", tag).unwrap();
    linker
        .func(
            "host",
            "f",
            FuncType::default(),
            move |mut caller, _, _| match *caller.data() {
                // What Wasm threw goes on where the host function was called.
                Some(func) => func.call(&mut caller, &[]).map(drop),
                None => {
                    let exception = Exception::new(&mut caller, tag, vec![Val::I32(8)])?;
                    Err(Error::Exception(Box::new(exception)))
                }
            },
        )
        .unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    assert_eq!(
        call(&mut store, instance, "run", &[]).unwrap(),
        [Val::I32(8)]
    );
    *store.data_mut() = instance.func(&store, "throws");
    assert_eq!(
        call(&mut store, instance, "run", &[]).unwrap(),
        [Val::I32(9)]
    );
    let error = call(&mut store, instance, "uncaught", &[]).unwrap_err();
    let Error::Exception(exception) = error else {
        panic!("{error}")
    };
    assert_eq!(
        (exception.tag, &exception.values[..]),
        (tag, &[Val::I32(9)][..])
    );
    assert_eq!(store.report().live, 0);
}

#[test]
fn observers_see_roots_at_each_moment() {
    let mut config = Config::new();
    config.hooks(Hooks {
        calls: false,
        switches: true,
    });
    let (mut store, instance) = instance_with(&config, GENERATOR);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let list = seen.clone();
    store.observe(Box::new(move |view, moment| {
        let frames = view
            .roots()
            .unwrap()
            .roots
            .into_iter()
            .filter_map(|root| match root.owner {
                RootOwner::Frame(frame) => Some(frame.continuation),
                _ => None,
            });
        if !matches!(moment, Moment::Collected(_)) {
            list.lock().unwrap().push((moment, frames.count()));
        }
    }));
    call(&mut store, instance, "sum", &[Val::I64(2), Val::I32(1)]).unwrap();
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    let moments: Vec<_> = seen.iter().map(|(moment, _)| *moment).collect();
    let expected = [
        Moment::Resume(1),
        Moment::Suspend(1),
        Moment::Collection(1),
        Moment::Resume(2),
        Moment::Suspend(2),
        Moment::Collection(2),
        Moment::Resume(3),
        Moment::End,
    ];
    assert_eq!(moments, expected);
    for (moment, frames) in &seen[..7] {
        assert!(*frames > 0, "{moment:?}");
    }
    assert_eq!(seen[7].1, 0);
}

#[test]
fn switch_passes_control_sideways() {
    let text = r#"(module
        (rec (type $ft (func (param i32 (ref null $ct)) (result i32))) (type $ct (cont $ft)))
        (tag $sw (result i32))
        (func $even (type $ft) (param $n i32) (param $k (ref null $ct)) (result i32)
            (block $out (loop $next
                (br_if $out (i32.eqz (local.get $n)))
                (switch $ct $sw (i32.sub (local.get $n) (i32.const 1)) (local.get $k))
                (local.set $k) (local.set $n)
                (br $next)))
            (i32.const 1234))
        (func $start (type $ft) (param $n i32) (param $k (ref null $ct)) (result i32)
            (call $even (local.get $n) (cont.new $ct (ref.func $even))))
        (elem declare func $even $start)
        (func (export "run") (param i32) (result i32)
            (resume $ct (on $sw switch) (local.get 0) (ref.null $ct)
                (cont.new $ct (ref.func $start)))))"#;
    for zeal in ["none", "switch", "switch,minor"] {
        let mut config = Config::new();
        config.zeal(zeal.parse().unwrap());
        let (mut store, instance) = instance_with(&config, text);
        for n in [0, 1, 2, 101] {
            let result = call(&mut store, instance, "run", &[Val::I32(n)]).unwrap();
            assert_eq!(result, [Val::I32(1234)]);
        }
        store.gc().unwrap();
        assert_eq!(store.report().live, 0);
    }
}
