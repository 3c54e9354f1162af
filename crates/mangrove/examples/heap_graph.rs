//! What lives in a heap and why: statistics by type, and the graph of objects,
//! continuations and frames in the language of Graphviz. Also a program under a collection
//! schedule of its own.
//!
//! `cargo run -p mangrove --example heap_graph | dot -Tsvg > heap.svg`

use mangrove::{CollectionKind, Config, Engine, Error, Linker, Module, Schedule, Store, Val};

const PROGRAM: &[u8] = br#"(module
    (type $node (struct (field $next (ref null $node)) (field $value i32)))
    (type $f (func (param i32))) (type $g (func)) (type $k (cont $f)) (type $kg (cont $g))
    (tag $pause)
    (global $list (mut (ref null $node)) (ref.null $node))
    (table $sleepers 4 (ref null $kg))
    (elem declare func $sleep)
    (func $sleep (param $value i32) (local $mine (ref $node))
        (local.set $mine (struct.new $node (global.get $list) (local.get $value)))
        (suspend $pause)
        (global.set $list (local.get $mine)))
    (func (export "run") (param $n i32)
        (loop $again
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (global.set $list (struct.new $node (global.get $list) (local.get $n)))
            (table.set $sleepers (local.get $n)
                (block $on (result (ref $kg))
                    (resume $k (on $pause $on) (local.get $n) (cont.new $k (ref.func $sleep)))
                    (unreachable)))
            (br_if $again (local.get $n)))))"#;

fn main() -> Result<(), Error> {
    let engine = Engine::new(&Config::new())?;
    let module = Module::new(&engine, PROGRAM)?;
    let mut store = Store::new(&engine, ())?;
    store.observe_phases(|report| {
        let (number, phase, count) = (report.collection, report.phase, report.count);
        eprintln!("collection {number}: {phase}, {count}");
    });
    // Before the third allocation, and nowhere else.
    store.collection_policy(Schedule::at_allocations([(3, CollectionKind::Full)]).only());
    let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    let run = instance.func(&store, "run").expect("it is exported");
    run.call(&mut store, &[Val::I32(3)])?;
    for known in store.heap_statistics()?.types {
        let (name, live, young) = (known.name, known.live, known.young);
        eprintln!(
            "{name}: {} live, {} of them young",
            live.objects, young.objects
        );
    }
    print!("{}", store.object_graph(10_000)?.to_dot());
    Ok(())
}
