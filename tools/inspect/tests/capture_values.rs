//! What a snapshot tells: contents by type, names, lines, and which object is which in the
//! next one.

use mangrove::{
    Config, ContinuationsInObjects, Engine, Linker, Module, OptLevel, Store, Val, WeakContHandle,
    WeakHandle,
};
use mangrove_inspect::snapshot::{At, Kind, NodeId, Plain, Value};
use mangrove_inspect::{Capture, CaptureOptions, Snapshot};
use std::collections::BTreeMap;

/// A list, a forgotten object, and a continuation that ends; another one in its place.
const FOLLOWED: &str = r#"(module
    (type $s (struct (field $n i32) (field $next (mut (ref null $s)))))
    (type $f (func)) (type $k (cont $f))
    (tag $pause)
    (global $list (mut (ref null $s)) (ref.null $s))
    (table $conts 2 (ref null $k))
    (func $body (suspend $pause))
    (elem declare func $body)
    (func $paused (result (ref $k))
        (block $on (result (ref $k))
            (resume $k (on $pause $on) (cont.new $k (ref.func $body)))
            (unreachable)))
    (func (export "push") (param $n i32)
        (global.set $list (struct.new $s (local.get $n) (global.get $list))))
    (func (export "pop")
        (global.set $list (struct.get $s $next (global.get $list))))
    (func (export "park") (param $i i32) (table.set (local.get $i) (call $paused)))
    (func (export "end") (param $i i32)
        (resume $k (table.get $conts (local.get $i)))))"#;

/// The numbers in the list with what tells the objects apart, and the serials of the
/// continuations by their place in the table.
type Known = (Vec<(i32, u32)>, BTreeMap<u32, u64>);

fn known(snapshot: &Snapshot) -> Known {
    let nodes = snapshot.nodes();
    let mut list = Vec::new();
    for node in nodes.of(Kind::Object) {
        let part = snapshot.contents(node).unwrap().part(0).unwrap();
        let Value::Plain(Plain::I32(n)) = part.value else {
            panic!("{part:?}")
        };
        list.push((n, nodes.identity(node).unwrap()));
    }
    list.sort_unstable();
    let table = nodes.of(Kind::Table).next().unwrap();
    let conts = nodes.edges(table).map(|edge| {
        let At::Item(item) = edge.at else { panic!() };
        (item, nodes.continuation(edge.to).unwrap().serial)
    });
    (list, conts.collect())
}

#[test]
fn objects_and_continuations_are_known_again_in_later_snapshots() {
    let engine = Engine::new(&Config::new()).unwrap();
    let module = Module::new(&engine, FOLLOWED.as_bytes()).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let instance = Linker::new(&engine)
        .instantiate(&mut store, &module)
        .unwrap();
    let call = |store: &mut Store<()>, name: &str, args: &[Val]| {
        instance
            .func(&*store, name)
            .unwrap()
            .call(store, args)
            .unwrap();
    };
    let options = CaptureOptions::default().follow(true);
    for n in 0..3 {
        call(&mut store, "push", &[Val::I32(n)]);
    }
    call(&mut store, "park", &[Val::I32(0)]);
    call(&mut store, "park", &[Val::I32(1)]);
    let first = store.snapshot(&options).unwrap();
    assert_ne!(first.about().run, 0);
    let (list, conts) = known(&first);
    assert_eq!(list, [(0, 1), (1, 2), (2, 3)]);
    assert_eq!(conts, BTreeMap::from([(0, 1), (1, 2)]));

    // Each step moves objects, makes others, and ends a continuation whose record is the
    // next one's.
    for (step, full) in [false, true, false, true, true].into_iter().enumerate() {
        call(&mut store, "pop", &[]);
        call(&mut store, "push", &[Val::I32(100 + step as i32)]);
        call(&mut store, "end", &[Val::I32(1)]);
        call(&mut store, "park", &[Val::I32(1)]);
        match full {
            true => store.gc().unwrap(),
            false => store.gc_minor().unwrap(),
        }
        if full && step > 2 {
            store.park();
        }
        let next = store.snapshot(&options).unwrap();
        assert_eq!(next.about().run, first.about().run);
        let (list, conts) = known(&next);
        let kept: Vec<_> = list.iter().filter(|(n, _)| *n < 2).copied().collect();
        assert_eq!(kept, [(0, 1), (1, 2)], "they are the same ones");
        // What is old and dead is seen until a full collection has found it out.
        let new = list
            .iter()
            .filter(|(n, _)| *n >= 100)
            .map(|&(_, id)| id)
            .max();
        assert_eq!(new, Some(4 + step as u32), "another one each time");
        assert_eq!(conts, BTreeMap::from([(0, 1), (1, 3 + step as u64)]));
    }
    // Whoever follows no more is told nothing; a new run is another one.
    store.unfollow();
    let none = store.snapshot(&CaptureOptions::default()).unwrap();
    assert_eq!(
        (
            none.about().run,
            none.nodes().identity(NodeId(none.nodes().len() as u32 - 1))
        ),
        (0, None)
    );
    assert!(
        none.nodes().of(Kind::Continuation).all(|node| none
            .nodes()
            .continuation(node)
            .unwrap()
            .serial
            == 0)
    );
    let again = store.snapshot(&options).unwrap();
    assert_ne!(again.about().run, first.about().run);
    assert_eq!(known(&again).1, BTreeMap::from([(0, 1), (1, 2)]));
}

#[test]
fn what_objects_hold_is_told_by_type_and_means_something_elsewhere() {
    let text = r#"(module
        (type $f (func (result i32))) (type $k (cont $f))
        (type $inner (struct (field $n i32)))
        (type $all (struct (field $i8 i8) (field $i16 i16) (field $i32 i32) (field $i64 i64)
            (field $f32 f32) (field $f64 f64) (field $v v128) (field $r anyref)
            (field $small anyref) (field $null anyref) (field $func funcref)
            (field $nofunc funcref) (field $k (ref null $k)) (field $used (ref null $k))))
        (type $funcs (array funcref)) (type $text (array i8))
        (tag $oops (param i32 (ref null $inner)))
        (global $all (mut (ref null $all)) (ref.null $all))
        (global $funcs (mut (ref null $funcs)) (ref.null $funcs))
        (global $text (ref $text) (array.new_fixed $text 2 (i32.const 104) (i32.const 105)))
        (global $exn (mut exnref) (ref.null exn))
        (func $one (result i32) (i32.const 1))
        (elem declare func $one)
        (func (export "run") (local $used (ref $k))
            (local.set $used (cont.new $k (ref.func $one)))
            (drop (resume $k (local.get $used)))
            (global.set $all (struct.new $all (i32.const -1) (i32.const -2) (i32.const -3)
                (i64.const -4) (f32.const 1.5) (f64.const -2.5)
                (v128.const i32x4 1 2 3 4) (struct.new $inner (i32.const 9))
                (ref.i31 (i32.const -7)) (ref.null any) (ref.func $one) (ref.null func)
                (cont.new $k (ref.func $one)) (local.get $used)))
            (global.set $funcs (array.new_fixed $funcs 2 (ref.null func) (ref.func $one)))
            (block $on (result exnref)
                (try_table (catch_all_ref $on)
                    (throw $oops (i32.const 8) (struct.new $inner (i32.const 10))))
                (unreachable))
            (global.set $exn)))"#;
    let mut config = Config::new();
    config.continuations_in_objects(ContinuationsInObjects::Trace);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, text.as_bytes()).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let instance = Linker::new(&engine)
        .instantiate(&mut store, &module)
        .unwrap();
    instance
        .func(&store, "run")
        .unwrap()
        .call(&mut store, &[])
        .unwrap();
    let snapshot = store.snapshot(&CaptureOptions::default()).unwrap();
    let nodes = snapshot.nodes();
    let global = |name: &str| {
        let mut globals = nodes.of(Kind::Global);
        let found = globals
            .find(|&node| snapshot.title(node).ends_with(name))
            .unwrap();
        nodes.edges(found).next().unwrap().to
    };
    let told = |node| {
        let parts = snapshot.contents(node).unwrap().parts().map(|part| {
            (
                snapshot.place_name(node, part.at),
                snapshot.value_text(&part.value),
            )
        });
        parts.collect::<Vec<_>>()
    };
    let text_of = |parts: Vec<(String, String)>| {
        let lines = parts
            .iter()
            .map(|(place, value)| format!("{place} = {value}\n"));
        lines.collect::<String>()
    };
    let all = global("$all");
    let inner = nodes.edges(all).next().unwrap().to;
    let expected = format!(
        "field 0 $i8 = -1\nfield 1 $i16 = -2\nfield 2 $i32 = -3\nfield 3 $i64 = -4\n\
         field 4 $f32 = 1.5\nfield 5 $f64 = -2.5\n\
         field 6 $v = 0x00000004000000030000000200000001\n\
         field 7 $r = {}\nfield 8 $small = i31 -7\nfield 9 $null = null\n\
         field 10 $func = $one\nfield 11 $nofunc = null\n\
         field 12 $k = continuation 2 of $one\nfield 13 $used = continuation 2, consumed\n",
        snapshot.title(inner)
    );
    assert_eq!(text_of(told(all)), expected);
    assert_eq!(text_of(told(global("$funcs"))), "[0] = null\n[1] = $one\n");
    assert_eq!(text_of(told(global("$text"))), "[0] = 104\n[1] = 105\n");
    let exn = global("$exn");
    assert_eq!(
        snapshot.type_name(nodes.object(exn).unwrap().ty),
        "exception $oops"
    );
    let payload = told(exn);
    assert_eq!(
        (payload[0].0.as_str(), payload[0].1.as_str()),
        ("payload 0", "8")
    );
    assert!(payload[1].1.starts_with("$inner @"));

    // Not all of it has to be kept.
    let none = store
        .snapshot(&CaptureOptions::default().contents(0))
        .unwrap();
    let parts = none.contents(all).unwrap().parts();
    assert!(
        parts
            .take(7)
            .all(|part| part.value == Value::Plain(Plain::Omitted))
    );
    let again = store.snapshot(&CaptureOptions::default().contents(0));
    assert_eq!(again.unwrap(), none, "looking changes nothing");
}

#[test]
fn frames_are_told_by_lines_of_text_and_slots_by_locals() {
    let text = r#"(module
        (type $s (struct (field i32)))
        (type $f (func)) (type $k (cont $f))
        (tag $pause)
        (global $g (mut (ref null $k)) (ref.null $k))
        (func $use (param (ref null $s)))
        (func $body (local $kept (ref null $s))
            (local.set $kept (struct.new $s (i32.const 1)))
            (struct.new $s (i32.const 2))
            (suspend $pause)
            (call $use)
            (call $use (local.get $kept)))
        (elem declare func $body)
        (func (export "run")
            (global.set $g
                (block $on (result (ref $k))
                    (resume $k (on $pause $on)
                        (cont.new $k (ref.func $body)))
                    (unreachable)))))"#;
    for debug_info in [true, false] {
        let mut config = Config::new();
        // The functions that use what is live do nothing: inlined they would use nothing.
        config.debug_info(debug_info).opt_level(OptLevel::Speed);
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, text).unwrap();
        let mut store = Store::new(&engine, ()).unwrap();
        let instance = Linker::new(&engine)
            .instantiate(&mut store, &module)
            .unwrap();
        instance
            .func(&store, "run")
            .unwrap()
            .call(&mut store, &[])
            .unwrap();
        let snapshot = store.snapshot(&CaptureOptions::default()).unwrap();
        let nodes = snapshot.nodes();
        let frame = nodes.of(Kind::Frame).next().unwrap();
        let site = &snapshot.names().sites[nodes.frame(frame).unwrap().site as usize];
        let line = site
            .line
            .as_ref()
            .map(|line| (line.file.as_str(), line.line, line.column));
        let mut slots: Vec<String> = nodes
            .edges(frame)
            .map(|edge| {
                let name = snapshot.place_name(frame, edge.at);
                name.split_once(' ')
                    .map_or(String::new(), |(_, holds)| holds.to_owned())
            })
            .collect();
        slots.sort();
        let origin = &snapshot.names().origins;
        let origin = origin
            .iter()
            .find(|origin| origin.offset.is_some())
            .unwrap();
        let made = origin.line.as_ref().map(|line| line.line);
        assert_eq!(snapshot.function_name(origin.function), "$body");
        assert_eq!(
            snapshot.function_name(origin.maker.unwrap()),
            "func 2 (export \"run\")"
        );
        if debug_info {
            assert_eq!(line, Some(("text", 10, 14)));
            assert_eq!(slots, ["(local 0 $kept)", "(operand 0)"]);
            assert_eq!(made, Some(18));
        } else {
            assert_eq!((line, made), (None, None));
            assert_eq!(slots, ["", ""]);
        }
    }
}

#[test]
fn what_a_weak_handle_was_to_is_told() {
    let text = r#"(module
        (type $node (struct (field i32))) (type $f (func)) (type $k (cont $f))
        (func $gen) (elem declare func $gen) (tag $e)
        (func (export "node") (result (ref $node)) (struct.new $node (i32.const 1)))
        (func (export "cont") (result (ref $k)) (cont.new $k (ref.func $gen))))"#;
    let engine = Engine::new(&Config::new()).unwrap();
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let instance = Linker::new(&engine)
        .instantiate(&mut store, &module)
        .unwrap();
    let mut make = |name: &str| {
        let results = instance.func(&store, name).unwrap();
        results.call(&mut store, &[]).unwrap().remove(0)
    };
    let (Val::Any(Some(node)), Val::Cont(Some(cont))) = (make("node"), make("cont")) else {
        panic!("an object and a continuation");
    };
    let weak_node = WeakHandle::new(&mut store, &node).unwrap();
    let weak_cont = WeakContHandle::new(&mut store, &cont).unwrap();
    let told = |store: &mut Store<()>| {
        let snapshot = store.snapshot(&CaptureOptions::default()).unwrap();
        let mut file = Vec::new();
        snapshot.write(&mut file).unwrap();
        let snapshot = Snapshot::read(&file[..]).unwrap();
        let weak: Vec<NodeId> = snapshot.nodes().of(Kind::Weak).collect();
        let held = weak.iter().map(|&weak| match snapshot.plain(weak) {
            [row] => snapshot.plain_text(row.value),
            _ => "alive".to_owned(),
        });
        held.collect::<Vec<_>>()
    };
    assert_eq!(told(&mut store), ["alive", "alive"]);
    drop((node, cont));
    let dead = ["dead, was $node", "dead, was continuation 2"];
    // The object is dead already; a continuation that nobody reaches is a node still.
    assert_eq!(told(&mut store), [dead[0], "alive"]);
    store.gc().unwrap();
    assert_eq!(told(&mut store), dead);
    store.gc().unwrap();
    drop(weak_cont);
    assert_eq!(told(&mut store), [dead[0]]);
    drop(weak_node);
    assert!(told(&mut store).is_empty());
}
