//! Continuations in heap objects: what the host sees of them, what reports tell, and
//! rings of a million. What programs do with them is in `gc-tests/cases/objects`.

mod common;

use common::{call, imported_continuation, instance_with};
use mangrove::{
    Caller, Config, ContHandle, ContinuationsInObjects, Engine, Error, Exception, Extern, FuncType,
    Held, Instance, Linker, Module, Outcome, Reason, ReportOptions, RootOwner, Store, Tag,
    TrapCode, Val, Within,
};

/// Zeal and none of it.
const ZEALS: [&str; 5] = ["none", "alloc", "switch", "move", "alloc,switch,call,move"];

fn tracing(zeal: &str) -> Config {
    let mut config = Config::new();
    config
        .continuations_in_objects(ContinuationsInObjects::Trace)
        .zeal(zeal.parse().unwrap())
        .verify_heap(true);
    config
}

fn cont(value: &Val) -> ContHandle {
    match value {
        Val::Cont(Some(cont)) => cont.clone(),
        other => panic!("no continuation: {other:?}"),
    }
}

#[track_caller]
fn returns<T>(store: &mut Store<T>, cont: &ContHandle, expected: i32) {
    match cont.resume(store, &[], &[]).unwrap() {
        Outcome::Returned(values) => assert_eq!(values, [Val::I32(expected)]),
        other => panic!("{other:?}"),
    }
}

/// Constant expressions and segments put what a global brings into objects.
#[test]
fn a_continuation_that_is_imported_gets_into_objects() {
    let text = br#"(module
        (type $f (func (result i32))) (type $k (cont $f))
        (import "host" "k" (global $g (ref null $k)))
        (type $box (struct (field i32) (field (mut (ref null $k))) (field (ref null $box))))
        (type $a (array (mut (ref null $k))))
        (elem $e (ref null $k) (ref.null $k) (global.get $g))
        (global $inner (ref $box)
            (struct.new $box (i32.const 1) (global.get $g) (struct.new_default $box)))
        (global $all (ref $a) (array.new $a (global.get $g) (i32.const 3)))
        (global $each (ref $a)
            (array.new_fixed $a 3 (ref.null $k) (global.get $g) (global.get $g)))
        (func (export "struct") (result i32)
            (resume $k (struct.get $box 1 (global.get $inner))))
        (func (export "all") (result i32)
            (resume $k (array.get $a (global.get $all) (i32.const 2))))
        (func (export "each") (result i32)
            (resume $k (array.get $a (global.get $each) (i32.const 2))))
        (func (export "new_elem") (result i32)
            (resume $k (array.get $a (array.new_elem $a $e (i32.const 1) (i32.const 1))
                (i32.const 0))))
        (func (export "init_elem") (result i32)
            (array.init_elem $a $e (global.get $each) (i32.const 0) (i32.const 0) (i32.const 2))
            (elem.drop $e)
            (i32.add (ref.is_null (array.get $a (global.get $each) (i32.const 0)))
                (resume $k (array.get $a (global.get $each) (i32.const 1))))))"#;
    let ways = [
        ("struct", 42),
        ("all", 42),
        ("each", 42),
        ("new_elem", 42),
        ("init_elem", 43),
    ];
    for zeal in ZEALS {
        for (way, result) in ways {
            let engine = Engine::new(&tracing(zeal)).unwrap();
            let (mut store, linker, k) = imported_continuation(&engine);
            let module = Module::new(&engine, text).unwrap();
            let instance = linker.instantiate(&mut store, &module).unwrap();
            store.gc().unwrap();
            let results = call(&mut store, instance, way, &[]).unwrap();
            assert_eq!(results, [Val::I32(result)], "{way}, {zeal}");
            assert!(k.is_consumed(&store).unwrap());
        }
    }
}

/// `make` gives a box with a continuation of its number, and an array of three.
const BOXES: &str = r#"(module
    (import "host" "throw" (func $throw))
    (type $f (func (result i32))) (type $k (cont $f))
    (type $g (func (param i32) (result i32))) (type $kg (cont $g))
    (type $box (struct (field $n i32) (field $k (mut (ref null $k)))
        (field $next (mut (ref null $box)))))
    (type $a (array (mut (ref null $k))))
    (tag $pause) (tag $e (export "e") (param i32 (ref $k)))
    (func $body (param $n i32) (result i32) (suspend $pause) (local.get $n))
    (elem declare func $body)
    (func $paused (param $n i32) (result (ref $k))
        (block $on (result (ref $k))
            (resume $kg (on $pause $on) (local.get $n) (cont.new $kg (ref.func $body)))
            (unreachable)))
    (global $held (mut (ref null $box)) (ref.null $box))
    (global $array (mut anyref) (ref.null any))
    (func (export "box") (param $n i32) (result (ref $box))
        (struct.new $box (local.get $n) (call $paused (local.get $n)) (ref.null $box)))
    (func (export "array") (result anyref)
        (array.new_fixed $a 3 (ref.null $k) (call $paused (i32.const 8)) (call $paused (i32.const 9))))
    (func (export "hold") (param $n i32)
        (loop $more
            (global.set $held
                (struct.new $box (local.get $n) (call $paused (local.get $n)) (global.get $held)))
            (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "hold_array") (param anyref) (global.set $array (local.get 0)))
    (func (export "throw") (param i32)
        (throw $e (local.get 0) (call $paused (local.get 0))))
    (func (export "catch") (result i32)
        (block $on (result i32 (ref $k))
            (try_table (catch $e $on) (call $throw))
            (unreachable))
        (resume $k)
        (i32.add))
    (func (export "wait") (result i32)
        (block $on (result i32 (ref $k))
            (try_table (catch $e $on) (suspend $pause))
            (unreachable))
        (resume $k)
        (i32.add))
    (export "pause" (tag $pause)))"#;

/// The host function throws what the store holds.
fn boxes(config: &Config) -> (Store<Option<Exception>>, Instance) {
    let engine = Engine::new(config).unwrap();
    let module = Module::new(&engine, BOXES.as_bytes()).unwrap();
    let mut store = Store::new(&engine, None).unwrap();
    let mut linker = Linker::new(&engine);
    let throw = |mut caller: Caller<'_, Option<Exception>>, _: &[Val], _: &mut [Val]| {
        let exception = caller.data_mut().take().expect("something to throw");
        Err(Error::Exception(Box::new(exception)))
    };
    linker
        .func("host", "throw", FuncType::default(), throw)
        .unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance)
}

fn tag<T>(store: &Store<T>, instance: Instance, name: &str) -> Tag {
    match instance.export(store, name) {
        Some(Extern::Tag(tag)) => tag,
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn the_host_reads_fields_and_elements() {
    for zeal in ZEALS {
        let (mut store, instance) = boxes(&tracing(zeal));
        let results = call(&mut store, instance, "box", &[Val::I32(7)]).unwrap();
        let Val::Any(Some(object)) = &results[0] else {
            panic!("a box")
        };
        store.gc().unwrap();
        assert_eq!(store.live_continuations(), 1, "{zeal}");
        assert_eq!(object.item(&mut store, 0).unwrap(), Some(Val::I32(7)));
        let held = cont(&object.item(&mut store, 1).unwrap().unwrap());
        returns(&mut store, &held, 7);
        // The field still has the reference, which is used up.
        let stale = cont(&object.item(&mut store, 1).unwrap().unwrap());
        let error = stale.resume(&mut store, &[], &[]).unwrap_err();
        let code = error.as_trap().and_then(|trap| trap.reason.code());
        assert_eq!(code, Some(TrapCode::ContinuationConsumed));

        let results = call(&mut store, instance, "array", &[]).unwrap();
        let Val::Any(Some(array)) = &results[0] else {
            panic!("an array")
        };
        store.gc().unwrap();
        assert_eq!(array.item(&mut store, 0).unwrap(), Some(Val::Cont(None)));
        let last = cont(&array.item(&mut store, 2).unwrap().unwrap());
        returns(&mut store, &last, 9);
        assert_eq!(array.item(&mut store, 3).unwrap(), None);
    }
}

/// Payloads go both ways: out of Wasm, into it through a host function, and into a
/// continuation.
#[test]
fn exceptions_bring_continuations_to_the_host_and_back() {
    for zeal in ZEALS {
        let (mut store, instance) = boxes(&tracing(zeal));
        let e = tag(&store, instance, "e");
        let left = |store: &mut Store<_>, number| {
            let thrown = call(store, instance, "throw", &[Val::I32(number)]);
            let Err(Error::Exception(exception)) = thrown else {
                panic!("an exception")
            };
            assert_eq!(
                (exception.tag, &exception.values[0]),
                (e, &Val::I32(number))
            );
            *exception
        };
        let exception = left(&mut store, 5);
        store.gc().unwrap();
        returns(&mut store, &cont(&exception.values[1]), 5);

        // As it is, by its handle.
        let exception = left(&mut store, 6);
        *store.data_mut() = Some(exception);
        let results = call(&mut store, instance, "catch", &[]).unwrap();
        assert_eq!(results, [Val::I32(12)], "{zeal}");

        // A new one.
        let inside = left(&mut store, 9).values.remove(1);
        let exception = Exception::new(&mut store, e, vec![Val::I32(100), inside]).unwrap();
        store.gc().unwrap();
        assert_eq!(store.live_continuations(), 1, "the exception holds it");
        *store.data_mut() = Some(exception);
        let results = call(&mut store, instance, "catch", &[]).unwrap();
        assert_eq!(results, [Val::I32(109)], "{zeal}");

        // Into a continuation.
        let wait = instance.func(&store, "wait").unwrap();
        let wait = wait.continuation(&mut store).unwrap();
        let pause = tag(&store, instance, "pause");
        let Outcome::Suspended { continuation, .. } =
            wait.resume(&mut store, &[], &[pause]).unwrap()
        else {
            panic!("it suspends")
        };
        let inside = left(&mut store, 3).values.remove(1);
        let exception = Exception::new(&mut store, e, vec![Val::I32(20), inside]).unwrap();
        store.gc().unwrap();
        match continuation
            .resume_throw(&mut store, &exception, &[])
            .unwrap()
        {
            Outcome::Returned(values) => assert_eq!(values, [Val::I32(23)]),
            other => panic!("{other:?}"),
        }
        drop(exception);
        store.gc().unwrap();
        assert_eq!(store.live_continuations(), 0, "{zeal}");
    }
}

#[test]
fn the_host_throws_none_where_objects_hold_none() {
    let engine = Engine::new(&Config::new()).unwrap();
    let text = br#"(module
        (type $f (func (result i32))) (type $k (cont $f))
        (tag $only_suspended (export "t") (param (ref $k)))
        (func (export "f") (result i32) (i32.const 1)))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let instance = Linker::new(&engine)
        .instantiate(&mut store, &module)
        .unwrap();
    let f = instance.func(&store, "f").unwrap();
    let k = Val::Cont(Some(f.continuation(&mut store).unwrap()));
    let tag = tag(&store, instance, "t");
    let error = Exception::new(&mut store, tag, vec![k]).unwrap_err();
    let expected = "a continuation cannot be thrown, because objects hold none \
                    (continuations-in-objects is reject)";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn reports_tell_the_way_through_objects() {
    let (mut store, instance) = boxes(&tracing("none"));
    call(&mut store, instance, "hold", &[Val::I32(3)]).unwrap();
    let array = call(&mut store, instance, "array", &[]).unwrap();
    call(&mut store, instance, "hold_array", &array).unwrap();
    drop(array);
    for age in [0, 1] {
        let report = store.continuations(ReportOptions::default()).unwrap();
        // The last of three boxes holds the first that was made.
        let first = &report.continuations[0];
        assert_eq!(first.age, age);
        let why = first.why.as_ref().unwrap();
        let within: Vec<_> = why
            .links
            .iter()
            .map(|link| match link.by {
                Reason::Object { within, .. } => within,
                Reason::Slot {
                    owner: RootOwner::Global { index: 0, .. },
                } => None,
                other => panic!("{other:?}"),
            })
            .collect();
        let field = |index| Some(Within::Field { index });
        assert_eq!(within, [None, field(2), field(2), field(1)]);
        let objects = why.links.iter();
        let objects = objects.filter(|link| matches!(link.held, Held::Object { .. }));
        assert_eq!(objects.count(), 3);
        let last = report.continuations.last().unwrap().why.as_ref().unwrap();
        let by = last.links.last().unwrap().by;
        let element = Some(Within::Element { index: 2 });
        assert!(matches!(by, Reason::Object { within, .. } if within == element));
        assert_eq!(report.continuations.len(), 5);
        store.gc().unwrap();
    }
    // Verification, and the collection after a report, find the same.
    assert_eq!(store.live_continuations(), 5);
}

/// A ring: each continuation's frame holds a node, which holds the next continuation.
const RING: &str = r#"(module
    (import "mangrove" "gc" (func $gc))
    (type $g (func)) (type $k (cont $g))
    (type $node (struct (field $k (mut (ref null $k)))))
    (type $f (func (param (ref $node)))) (type $kf (cont $f))
    (tag $pause)
    (global $g (mut (ref null $node)) (ref.null $node))
    (func $body (type $f)
        (suspend $pause)
        (drop (struct.get $node $k (local.get 0))))
    (elem declare func $body)
    (func $paused (param $node (ref $node)) (result (ref $k))
        (block $on (result (ref $k))
            (resume $kf (on $pause $on) (local.get $node) (cont.new $kf (ref.func $body)))
            (unreachable)))
    (func (export "make") (param $count i32)
        (local $first (ref $node)) (local $node (ref $node))
        (local.set $first (struct.new_default $node))
        (local.set $node (local.get $first))
        (loop $more
            (local.set $node (struct.new $node (call $paused (local.get $node))))
            (br_if $more (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
        (struct.set $node $k (local.get $first) (struct.get $node $k (local.get $node)))
        (global.set $g (local.get $first)))
    (func (export "drop") (global.set $g (ref.null $node))))"#;

/// A ring of as many continuations lives while it is held; let go, one collection
/// reclaims it, records, stacks and objects.
fn ring(count: u32) {
    let mut config = tracing("none");
    config.verify_heap(false);
    let (mut store, instance) = instance_with(&config, RING);
    let args = [Val::I32(count as i32)];
    call(&mut store, instance, "make", &args).unwrap();
    store.gc().unwrap();
    assert_eq!(store.live_continuations(), u64::from(count));
    let options = ReportOptions {
        top: 1,
        resident: false,
        ..ReportOptions::default()
    };
    let report = store.continuations(options).unwrap();
    let why = report.continuations[0].why.as_ref().unwrap();
    // The first that was made is the last of the ring.
    assert_eq!(why.links.len() as u32 + why.omitted, 2 * count);
    assert_eq!(store.roots().unwrap().continuations, u64::from(count));
    call(&mut store, instance, "drop", &[]).unwrap();
    store.gc().unwrap();
    assert_eq!((store.live_continuations(), store.heap_bytes()), (0, 0));
    assert_eq!(store.report().ended.collected, u64::from(count));
    assert_eq!(store.report().parked, 0);
}

#[test]
fn a_long_ring_is_reclaimed_at_once() {
    ring(20_000);
}

#[test]
#[ignore = "takes seconds and hundreds of megabytes"]
fn a_ring_of_a_million_is_reclaimed_at_once() {
    ring(1_000_000);
}
