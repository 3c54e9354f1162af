//! Which slot of which frame of which continuation keeps which object alive:
//! the root set of a store with suspended continuations in it.
//!
//! Run with `cargo run -p mangrove --example roots`.

use mangrove::{
    CodeName, Config, Engine, Error, Extern, Linker, Module, Outcome, Root, RootOwner, RootValue,
    Store, Val, WasmOffset,
};

/// A worker keeps a pair over its suspension, and has a helper suspended inside
/// it that keeps another.
const WORKERS: &[u8] = br#"(module
    (type $pair (struct (field i32) (field i32)))
    (type $f (func (param i32))) (type $k (cont $f))
    (tag $rest (export "rest"))
    (global $spare (ref $pair) (struct.new $pair (i32.const 0) (i32.const 0)))
    (func $helper (param $n i32)
        (local $mine (ref $pair))
        (local.set $mine (struct.new $pair (local.get $n) (i32.const 2)))
        (suspend $rest)
        (drop (struct.get $pair 0 (local.get $mine))))
    (elem declare func $helper)
    (func $worker (export "worker") (param $n i32)
        (local $mine (ref $pair))
        (local.set $mine (struct.new $pair (local.get $n) (i32.const 1)))
        (resume $k (local.get $n) (cont.new $k (ref.func $helper)))
        (drop (struct.get $pair 0 (local.get $mine)))))"#;

fn main() -> Result<(), Error> {
    let engine = Engine::new(&Config::new())?;
    let module = Module::new(&engine, WORKERS)?;
    let mut store = Store::new(&engine, ())?;
    let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    let worker = instance.func(&store, "worker").expect("it is exported");
    let Some(Extern::Tag(rest)) = instance.export(&store, "rest") else {
        unreachable!("it is exported");
    };

    let mut resting = Vec::new();
    for n in 0..2 {
        let fresh = worker.continuation(&mut store)?;
        match fresh.resume(&mut store, &[Val::I32(n)], &[rest])? {
            Outcome::Suspended { continuation, .. } => resting.push(continuation),
            other => unreachable!("{other:?}"),
        }
    }
    show(&mut store, &module)?;

    // Without its handle a worker is reachable from nowhere, and its helper and
    // the pairs of both go with it.
    resting.pop();
    store.gc()?;
    println!("after dropping one handle:");
    show(&mut store, &module)
}

fn show(store: &mut Store<()>, module: &Module) -> Result<(), Error> {
    let set = store.roots()?;
    println!(
        "{} continuations with {} frames",
        set.continuations, set.frames
    );
    for root in set.roots.iter().filter(|root| keeps_something(root)) {
        println!("  {} keeps {}", owner(&root.owner, module), value(root));
    }
    Ok(())
}

fn keeps_something(root: &Root) -> bool {
    match root.value {
        RootValue::Object { .. } => true,
        RootValue::Continuation { consumed, .. } => !consumed,
        RootValue::Null | RootValue::I31 { .. } => false,
    }
}

fn owner(owner: &RootOwner, module: &Module) -> String {
    match owner {
        RootOwner::Frame(frame) => {
            let name = match frame.function {
                CodeName::Wasm(index) => module.function_name(index).unwrap_or("?"),
                _ => "a trampoline",
            };
            let at = frame.wasm_offset.map_or(0, WasmOffset::as_u32);
            format!(
                "continuation {}, frame {} (${name} at {at:#x})",
                frame.continuation, frame.frame
            )
        }
        RootOwner::Handle { index } => format!("handle {index} of the host"),
        RootOwner::Global { index, .. } => format!("global {index}"),
        other => format!("{other:?}"),
    }
}

fn value(root: &Root) -> String {
    match root.value {
        RootValue::Object { offset, .. } => format!("the object at {offset:#x}"),
        RootValue::Continuation { id, .. } => format!("continuation {id}"),
        other => format!("{other:?}"),
    }
}
