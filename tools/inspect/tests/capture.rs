//! A snapshot says what the store's own root set and walk of the heap say, at each
//! collection of programs that have every kind of root.

use mangrove::{
    Activity, Caller, Config, ContinuationsInObjects, Engine, ExternRef, GraphTarget, HeapSpace,
    Hooks, Instance, Linker, Module, Moment, Root, RootOwner, RootSet, RootValue, Store, StoreView,
    Val, WeakHandle, Within,
};
use mangrove_inspect::snapshot::{At, Kind, Node, NodeId, Plain, Space, Value};
use mangrove_inspect::{Capture, CaptureOptions, Snapshot};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// What is in a place, as both sides can say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    Null,
    I31(u32),
    Object(u32),
    Continuation(u32),
    Used,
}

/// Where a root is: what kind of place, and up to three numbers.
type Where = (&'static str, u64, u64, u64);

fn of_host(instance: Option<u32>) -> u64 {
    instance.map_or(u64::MAX, u64::from)
}

fn place_of(owner: RootOwner) -> Where {
    match owner {
        RootOwner::Global { instance, index } => ("global", of_host(instance), index.into(), 0),
        RootOwner::Table {
            instance,
            index,
            element,
        } => ("table", of_host(instance), index.into(), element),
        RootOwner::Element {
            instance,
            segment,
            index,
        } => ("segment", instance.into(), segment.into(), index.into()),
        RootOwner::Handle { index } => ("handle", 0, index.into(), 0),
        RootOwner::BoundArgument {
            continuation,
            index,
        } => ("bound", continuation.into(), index.into(), 0),
        RootOwner::Frame(frame) => (
            "frame",
            frame.continuation.into(),
            frame.frame.into(),
            frame.distance.into(),
        ),
    }
}

fn held_by(root: &Root) -> Held {
    match root.value {
        RootValue::Null => Held::Null,
        RootValue::I31 { value } => Held::I31(value),
        RootValue::Object { offset, .. } => Held::Object(offset),
        RootValue::Continuation { consumed: true, .. } => Held::Used,
        RootValue::Continuation { id, .. } => Held::Continuation(id),
    }
}

/// The roots as the collector gathers them. Null elements of tables and segments are left
/// out of snapshots.
fn expected(set: &RootSet) -> BTreeMap<Where, Held> {
    let all = set
        .roots
        .iter()
        .map(|root| (place_of(root.owner), held_by(root)));
    all.filter(|&((kind, ..), held)| held != Held::Null || !matches!(kind, "table" | "segment"))
        .collect()
}

fn held(snapshot: &Snapshot, value: Value) -> Option<Held> {
    Some(match value {
        Value::Node(node) => match snapshot.nodes().get(node) {
            Node::Object(row) => Held::Object(row.offset),
            Node::Continuation(row) => Held::Continuation(row.number),
            other => panic!("a reference to {other:?}"),
        },
        Value::Plain(Plain::Null) => Held::Null,
        Value::Plain(Plain::I31(value)) => Held::I31(value as u32 & 0x7fff_ffff),
        Value::Plain(Plain::Used(_)) => Held::Used,
        // No root.
        Value::Plain(_) => return None,
    })
}

/// All places of a node with what is in them.
fn places(snapshot: &Snapshot, node: NodeId) -> Vec<(At, Value)> {
    let edges = snapshot.nodes().edges(node);
    let edges = edges.map(|edge| (edge.at, Value::Node(edge.to)));
    let plain = snapshot.plain(node).iter();
    edges
        .chain(plain.map(|row| (row.at, Value::Plain(row.value))))
        .collect()
}

/// The roots that a snapshot has, but for those of functions, which are none.
fn found(snapshot: &Snapshot) -> BTreeMap<Where, Held> {
    let nodes = snapshot.nodes();
    let mut roots = BTreeMap::new();
    let mut add = |place, value| {
        if let Some(held) = held(snapshot, value) {
            assert_eq!(roots.insert(place, held), None, "{place:?} is there twice");
        }
    };
    for node in nodes.all() {
        for (at, value) in places(snapshot, node) {
            match nodes.get(node) {
                Node::Static(kind, row) => {
                    let instance = of_host(row.instance);
                    let index = u64::from(row.index);
                    match (kind, at) {
                        (Kind::Global, At::Value) => add(("global", instance, index, 0), value),
                        (Kind::Handle, At::Value) => add(("handle", 0, index, 0), value),
                        (Kind::Weak, At::Value) => {}
                        (Kind::Table, At::Item(item)) => {
                            add(("table", instance, index, item.into()), value);
                        }
                        (Kind::Segment, At::Item(item)) => {
                            add(("segment", instance, index, item.into()), value);
                        }
                        other => panic!("{other:?}"),
                    }
                }
                Node::Continuation(row) => {
                    if let At::Bound(index) = at {
                        add(("bound", row.number.into(), index.into(), 0), value);
                    }
                }
                Node::Frame(row) => {
                    let of = nodes.continuation(row.continuation).unwrap().number;
                    let At::Slot(slot) = at else {
                        panic!("{at:?} in a frame")
                    };
                    let site = &snapshot.names().sites[row.site as usize];
                    let distance = site.slots[slot as usize].distance;
                    add(
                        ("frame", of.into(), row.index.into(), distance.into()),
                        value,
                    );
                }
                Node::Roots | Node::Object(_) => {}
            }
        }
    }
    roots
}

type ObjectLine = (u32, u64, u32, bool, Vec<(At, Held)>);

fn objects_found(snapshot: &Snapshot) -> Vec<ObjectLine> {
    let nodes = snapshot.nodes();
    let line = |node| {
        let row = nodes.object(node).unwrap();
        let edges = nodes.edges(node);
        let edges = edges.map(|edge| (edge.at, held(snapshot, Value::Node(edge.to)).unwrap()));
        let young = row.space == Space::Young;
        (
            row.offset,
            nodes.bytes(node),
            row.len,
            young,
            edges.collect(),
        )
    };
    nodes.of(Kind::Object).map(line).collect()
}

fn objects_expected(view: &mut StoreView<'_>) -> Vec<ObjectLine> {
    let walk = view.heap_walk().unwrap();
    let line = |object: mangrove::LiveObject<'_>| {
        let edges = object.references().map(|reference| {
            let at = match reference.within.expect("a sound heap") {
                Within::Field { index } => At::Field(index),
                Within::Element { index } => At::Element(index),
                Within::Payload { index } => At::Payload(index),
            };
            match reference.to {
                GraphTarget::Object(offset) => (at, Held::Object(offset)),
                GraphTarget::Continuation(id) => (at, Held::Continuation(id)),
            }
        });
        let mut edges: Vec<_> = edges.collect();
        edges.sort();
        let young = object.space() == HeapSpace::Young;
        let len = object.array_len().unwrap_or(0);
        (object.offset(), object.bytes(), len, young, edges)
    };
    walk.map(line).collect()
}

/// Compares all there is.
fn agree(view: &mut StoreView<'_>, options: &CaptureOptions) {
    let snapshot = view.snapshot(options).unwrap();
    let set = view.roots().unwrap();
    let about = snapshot.about();
    let count = |name: &str| {
        about
            .counts
            .iter()
            .find(|(known, _)| known == name)
            .unwrap()
            .1
    };
    assert_eq!(count("live_objects"), set.objects);
    assert_eq!(count("live_object_bytes"), set.object_bytes);
    let forgotten = count("forgotten_objects");
    let (expected, found) = (expected(&set), found(&snapshot));
    for (place, held) in &expected {
        assert_eq!(found.get(place), Some(held), "{place:?}");
    }
    // What else a snapshot has is of continuations that nothing reaches, or null functions.
    let nodes = snapshot.nodes();
    let reached: Vec<u32> = {
        let mut reached: Vec<u32> = Vec::new();
        let mut marked = vec![false; nodes.len()];
        let mut work = vec![NodeId::ROOTS];
        while let Some(node) = work.pop() {
            if std::mem::replace(&mut marked[node.index()], true) || nodes.kind(node) == Kind::Weak
            {
                continue;
            }
            if let Some(row) = nodes.continuation(node) {
                reached.push(row.number);
            }
            work.extend(nodes.targets(node));
        }
        let objects = nodes
            .of(Kind::Object)
            .filter(|node| marked[node.index()])
            .count();
        assert_eq!(
            objects as u64, set.objects,
            "objects in reach in the snapshot"
        );
        assert_eq!(
            nodes.of(Kind::Object).count() as u64,
            set.objects + forgotten
        );
        reached
    };
    assert_eq!(reached.len() as u64, set.continuations);
    for (place, held) in &found {
        let forgotten = matches!(place.0, "frame" | "bound")
            && !reached.contains(&u32::try_from(place.1).unwrap());
        let function = *held == Held::Null && matches!(place.0, "global");
        assert!(
            expected.contains_key(place) || forgotten || function,
            "{place:?} holds {held:?}, and is no root"
        );
    }
    if forgotten == 0 {
        assert_eq!(objects_found(&snapshot), objects_expected(view));
    }
    for root in &set.roots {
        if let RootOwner::Frame(frame) = root.owner {
            let node = nodes.continuation_numbered(frame.continuation).unwrap();
            let row = nodes.continuation(node).unwrap();
            let runs = frame.state != Activity::Suspended;
            assert_eq!(nodes.targets(NodeId::ROOTS).contains(&node), runs);
            let bytes: u64 = (1..=row.frames)
                .map(|n| nodes.bytes(NodeId(node.0 + n)))
                .sum();
            assert!(
                bytes <= u64::from(row.stack_bytes),
                "frames within the stack"
            );
        }
    }
}

/// How a program is run.
#[derive(Clone, Copy)]
struct How {
    zeal: &'static str,
    trace: bool,
    park: bool,
}

fn config(how: How) -> Config {
    let mut config = Config::new();
    config.zeal(how.zeal.parse().unwrap());
    config.hooks(Hooks {
        switches: true,
        ..Hooks::default()
    });
    if how.trace {
        config.continuations_in_objects(ContinuationsInObjects::Trace);
    }
    config
}

/// Runs a program, and compares at each collection and switch. How often that was.
fn run(text: &str, how: How) -> u32 {
    let engine = Engine::new(&config(how)).unwrap();
    let module = Module::new(&engine, text.as_bytes()).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let seen = Arc::new(AtomicU32::new(0));
    let count = seen.clone();
    store.observe(Box::new(move |view, moment| {
        if !matches!(moment, Moment::Trap | Moment::End) {
            agree(view, &CaptureOptions::default().follow(true));
            count.fetch_add(1, Ordering::Relaxed);
        }
    }));
    let mut linker = Linker::new(&engine);
    linker.define_mangrove();
    let park = move |mut caller: Caller<'_, ()>| {
        if how.park {
            caller.park();
        }
    };
    linker.func_wrap("host", "park", park).unwrap();
    let instance: Instance = linker.instantiate(&mut store, &module).unwrap();
    let kept = ExternRef::new(&mut store, 7u8).unwrap();
    let weak = WeakHandle::new(&mut store, kept.handle()).unwrap();
    let run = instance.func(&store, "run").unwrap();
    let results = run.call(&mut store, &[]).unwrap();
    assert_eq!(results, [Val::I32(0)], "with zeal {}", how.zeal);
    store.gc_minor().unwrap();
    drop(kept);
    store.gc().unwrap();
    store.gc().unwrap();
    assert!(weak.upgrade(&mut store).unwrap().is_none());
    seen.load(Ordering::Relaxed)
}

/// Every kind of place, and every kind of thing in it.
const PLACES: &str = r#"(module
    (import "mangrove" "gc" (func $gc)) (import "mangrove" "minor" (func $minor))
    (import "host" "park" (func $park))
    (type $s (struct (field $a i32) (field $next (mut (ref null $s)))))
    (type $bytes (array i8)) (type $refs (array (mut anyref)))
    (type $f (func (result i32))) (type $k (cont $f))
    (type $g (func (param i32 (ref null $s) (ref null $k)) (result i32))) (type $kg (cont $g))
    (type $g2 (func (param (ref null $s) (ref null $k)) (result i32))) (type $kg2 (cont $g2))
    (tag $pause) (tag $e (param i32 (ref null $s)))
    (global $number i64 (i64.const -5)) (global $float f32 (f32.const 1.5))
    (global $func (mut funcref) (ref.null func)) (global $small anyref (ref.i31 (i32.const -3)))
    (global $s (mut (ref null $s)) (struct.new $s (i32.const 1) (ref.null $s)))
    (global $k (mut (ref null $k)) (ref.null $k)) (global $used (mut (ref null $k)) (ref.null $k))
    (global $caught (mut exnref) (ref.null exn))
    (table $conts 4 (ref null $k)) (table $any 5 anyref) (table $funcs 3 funcref)
    (table $bound 2 (ref null $kg2))
    (elem $segment (ref null $s) (ref.null $s) (struct.new $s (i32.const 9) (ref.null $s)))
    (func $body (result i32) (local $s (ref $s))
        (local.set $s (struct.new $s (i32.const 40) (global.get $s)))
        (suspend $pause)
        (struct.get $s $a (local.get $s)))
    (func $nested (result i32) (local $mine (ref $s))
        (local.set $mine (struct.new $s (i32.const 2) (ref.null $s)))
        (i32.add (resume $k (cont.new $k (ref.func $body))) (struct.get $s $a (local.get $mine))))
    (func $takes (param $n i32) (param $s (ref null $s)) (param $k (ref null $k)) (result i32)
        (i32.add (local.get $n) (struct.get $s $a (local.get $s))))
    (func $throws (param $s (ref null $s)) (throw $e (i32.const 6) (local.get $s)))
    (elem declare func $body $nested $takes $throws)
    (func $paused (param $f (ref $f)) (result (ref $k))
        (block $on (result (ref $k))
            (drop (resume $k (on $pause $on) (cont.new $k (local.get $f))))
            (unreachable)))
    (func $operands (result i32)
        (struct.get $s $a (struct.new $s (i32.const 3) (ref.null $s)))
        (struct.new $s (i32.const 4) (ref.null $s))
        (call $gc)
        (struct.get $s $a)
        (i32.add))
    (func $tail (param $s (ref $s)) (param $n i32) (result i32)
        (if (result i32) (local.get $n)
            (then (return_call $tail
                (struct.new $s (local.get $n) (local.get $s)) (i32.sub (local.get $n) (i32.const 1))))
            (else (call $gc) (struct.get $s $a (local.get $s)))))
    (func $catch (local $held exnref) (local $s (ref $s))
        (local.set $s (struct.new $s (i32.const 8) (ref.null $s)))
        (block $on (result i32 (ref null $s) exnref)
            (try_table (catch_ref $e $on) (call $throws (local.get $s)))
            (unreachable))
        (local.set $held) (drop) (drop)
        (call $gc)
        (global.set $caught (local.get $held))
        (call $minor))
    (func (export "run") (result i32) (local $k (ref null $k)) (local $list (ref null $s)) (local $n i32)
        (global.set $func (ref.func $body))
        (table.set $funcs (i32.const 1) (ref.func $takes))
        (table.set $any (i32.const 0) (array.new_fixed $bytes 3 (i32.const 1) (i32.const 2) (i32.const 3)))
        (table.set $any (i32.const 1) (array.new_fixed $refs 3
            (ref.null any) (ref.i31 (i32.const 5)) (global.get $s)))
        (table.set $any (i32.const 3) (array.new_default $refs (i32.const 20000)))
        (loop $more
            (local.set $list (struct.new $s (local.get $n) (local.get $list)))
            (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 20))))
        (global.set $s (local.get $list))
        (global.set $k (call $paused (ref.func $nested)))
        (table.set $conts (i32.const 2) (call $paused (ref.func $body)))
        (table.set $conts (i32.const 3) (cont.new $k (ref.func $nested)))
        (table.set $bound (i32.const 1) (cont.bind $kg $kg2 (i32.const 2)
            (cont.new $kg (ref.func $takes))))
        (drop (call $paused (ref.func $nested)))
        (call $minor) (call $park) (call $gc)
        (drop (call $operands))
        (drop (call $tail (struct.new $s (i32.const 1) (ref.null $s)) (i32.const 3)))
        (call $catch)
        (local.set $k (global.get $k)) (global.set $used (local.get $k))
        (if (i32.ne (resume $k (local.get $k)) (i32.const 42)) (then (return (i32.const 1))))
        (call $gc)
        (drop (resume $kg2 (local.get $list) (table.get $conts (i32.const 2))
            (table.get $bound (i32.const 1))))
        (call $park) (call $minor)
        (elem.drop $segment)
        (call $gc)
        (i32.const 0)))"#;

/// Generators that switch among themselves, deep in calls.
const RING: &str = r#"(module
    (import "mangrove" "gc" (func $gc)) (import "mangrove" "minor" (func $minor))
    (import "host" "park" (func $park))
    (type $s (struct (field i32) (field (ref null $s))))
    (rec (type $f (func (param (ref null $k)))) (type $k (cont $f)))
    (tag $next)
    (table $ring 8 (ref null $k)) (global $at (mut i32) (i32.const 0))
    (global $left (mut i32) (i32.const 30))
    (func $turn (param $s (ref null $s)) (local $k (ref null $k)) (local $mine (ref null $s)) (local $i i32)
        (local.set $mine (struct.new $s (global.get $at) (local.get $s)))
        (global.set $left (i32.sub (global.get $left) (i32.const 1)))
        (local.set $i (global.get $at))
        (global.set $at (i32.rem_u (i32.add (global.get $at) (i32.const 3)) (i32.const 8)))
        (local.set $k (table.get $ring (global.get $at)))
        (table.set $ring (global.get $at) (ref.null $k))
        (if (i32.eqz (i32.rem_u (global.get $left) (i32.const 7))) (then (call $gc)))
        (if (i32.eqz (i32.rem_u (global.get $left) (i32.const 5))) (then (call $minor)))
        (if (ref.is_null (local.get $k)) (then (return)))
        (local.set $k (switch $k $next (local.get $k)))
        (if (ref.is_null (local.get $k)) (then (return)))
        (table.set $ring (local.get $i) (local.get $k))
        (drop (struct.get $s 0 (local.get $mine))))
    (func $body (type $f) (param $from (ref null $k)) (local $s (ref null $s))
        (local.set $s (struct.new $s (i32.const 7) (ref.null $s)))
        (if (i32.eqz (ref.is_null (local.get $from)))
            (then (table.set $ring (i32.const 7) (local.get $from))))
        (loop $more
            (call $turn (local.get $s))
            (br_if $more (i32.gt_s (global.get $left) (i32.const 0)))))
    (elem declare func $body)
    (func (export "run") (result i32) (local $i i32)
        (loop $fill
            (table.set $ring (local.get $i) (cont.new $k (ref.func $body)))
            (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 7))))
        (call $park)
        (resume $k (on $next switch) (ref.null $k) (cont.new $k (ref.func $body)))
        (call $gc)
        (i32.const 0)))"#;

/// Objects that hold continuations, and a ring of both that is forgotten.
const TRACED: &str = r#"(module
    (import "mangrove" "gc" (func $gc)) (import "mangrove" "minor" (func $minor))
    (import "host" "park" (func $park))
    (type $f (func (result i32))) (type $k (cont $f))
    (type $box (struct (field $n i32) (field $k (mut (ref null $k))) (field $next (ref null $box))))
    (type $all (array (mut (ref null $k))))
    (tag $pause) (tag $e (param (ref null $k) i32))
    (global $box (mut (ref null $box)) (ref.null $box))
    (global $all (mut (ref null $all)) (ref.null $all))
    (global $exn (mut exnref) (ref.null exn))
    (func $body (result i32) (local $box (ref $box))
        (local.set $box (struct.new $box (i32.const 3) (ref.null $k) (global.get $box)))
        (suspend $pause)
        (struct.get $box $n (local.get $box)))
    (elem declare func $body)
    (func $paused (result (ref $k))
        (block $on (result (ref $k))
            (drop (resume $k (on $pause $on) (cont.new $k (ref.func $body))))
            (unreachable)))
    (func (export "run") (result i32) (local $i i32)
        (loop $more
            (global.set $box (struct.new $box (local.get $i) (call $paused) (global.get $box)))
            (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10))))
        (global.set $all (array.new $all (ref.null $k) (i32.const 40)))
        (array.set $all (global.get $all) (i32.const 5) (call $paused))
        (array.set $all (global.get $all) (i32.const 39) (struct.get $box $k (global.get $box)))
        (call $minor) (call $park) (call $gc)
        (block $on (result exnref)
            (try_table (catch_all_ref $on) (throw $e (call $paused) (i32.const 1)))
            (unreachable))
        (global.set $exn)
        (call $gc)
        (drop (resume $k (struct.get $box $k (global.get $box))))
        (call $minor)
        ;; The box's own continuation holds the box.
        (struct.set $box $k (global.get $box) (call $paused))
        (global.set $box (ref.null $box))
        (array.set $all (global.get $all) (i32.const 39) (ref.null $k))
        (call $minor) (call $gc)
        (i32.const 0)))"#;

/// Ways to run a program.
fn ways(trace: bool) -> impl Iterator<Item = How> {
    let ways = [
        ("none", false),
        ("none", true),
        ("alloc", false),
        ("switch", true),
        ("move", false),
        ("alloc,switch,move,minor", true),
    ];
    let how = move |(zeal, park)| How { zeal, trace, park };
    ways.into_iter().map(how)
}

#[test]
fn every_kind_of_place_is_as_the_store_says() {
    for how in ways(false) {
        assert!(run(PLACES, how) >= 20);
    }
}

#[test]
fn rings_of_switches_are_as_the_store_says() {
    for how in ways(false) {
        assert!(run(RING, how) >= 20);
    }
}

#[test]
fn continuations_in_objects_are_as_the_store_says() {
    for how in ways(true) {
        assert!(run(TRACED, how) >= 20);
    }
}
