//! Which instance a host function was called by.

use mangrove::{Caller, Config, Engine, Error, Func, Instance, Linker, Module, Store, Val, Zeal};

/// What callers said they were, by the global `id` they export.
type Seen = Vec<Option<i32>>;

fn note(mut caller: Caller<'_, Seen>) {
    let id = caller.get_export("id").and_then(|item| item.into_global());
    let id = id.map(|id| id.get(&mut caller).expect("a global of the store"));
    let id = id.map(|id| id.as_i32().expect("an i32"));
    caller.data_mut().push(id);
}

/// Two instances of it share a table, in which each puts the host function it imports.
const PEER: &str = r#"(module
    (type $f (func)) (type $k (cont $f))
    (import "h" "note" (func $note (type $f)))
    (import "h" "id" (global $id i32))
    (import "h" "table" (table 4 funcref))
    (export "id" (global $id))
    (func (export "put") (table.set (global.get $id) (ref.func $note)))
    (func $direct (export "direct") (call $note))
    (func (export "deep") (call $direct))
    (func (export "indirect") (param i32) (call_indirect (type $f) (local.get 0)))
    (func (export "ref") (call_ref $f (ref.func $note)))
    (func (export "in_try")
        (block $out (try_table (catch_all $out) (call $note))))
    (func (export "in_cont") (resume $k (cont.new $k (ref.func $direct))))
    (func (export "is_cont") (resume $k (cont.new $k (ref.func $note))))
    (func $tail (export "tail") (return_call $note))
    (func (export "over_tail") (call $tail))
    (func (export "tail_then") (call $tail) (call $note))
    (func (export "tail_import") (return_call_ref $f (ref.func $note)))
    (elem declare func $note $direct))"#;

struct World {
    store: Store<Seen>,
    peers: Vec<Instance>,
}

impl World {
    /// As many peers as there are ids.
    fn new(config: &Config, ids: &[i32]) -> Self {
        let engine = Engine::new(config).unwrap();
        let module = Module::new(&engine, PEER.as_bytes()).unwrap();
        let shared = br#"(module (table (export "table") 4 funcref))"#;
        let shared = Module::new(&engine, shared).unwrap();
        let mut store = Store::new(&engine, Seen::new()).unwrap();
        let mut linker = Linker::new(&engine);
        linker.func_wrap("h", "note", note).unwrap();
        linker.module(&mut store, "h", &shared).unwrap();
        let mut peers = Vec::new();
        for &id in ids {
            let global = format!(r#"(module (global (export "id") i32 (i32.const {id})))"#);
            let global = Module::new(&engine, global.as_bytes()).unwrap();
            let global = linker.instantiate(&mut store, &global).unwrap();
            let mut linker = linker.clone();
            linker.instance(&store, "h", global).unwrap();
            peers.push(linker.instantiate(&mut store, &module).unwrap());
        }
        Self { store, peers }
    }

    fn run(&mut self, peer: usize, name: &str, args: &[Val]) -> Seen {
        let func = self.peers[peer].func(&self.store, name).expect(name);
        func.call(&mut self.store, args).expect(name);
        std::mem::take(self.store.data_mut())
    }
}

/// However a host function is called, and whichever of two instances of one module does,
/// its caller is the one.
#[test]
fn each_instance_is_its_own_caller() {
    let mut config = Config::new();
    let zeal = Zeal {
        call: true,
        switch: true,
        moving: true,
        ..Zeal::NONE
    };
    for config in [&Config::new(), config.zeal(zeal)] {
        let mut world = World::new(config, &[1, 2]);
        for (peer, id) in [(0, 1), (1, 2), (0, 1)] {
            for name in ["direct", "deep", "ref", "in_try", "in_cont"] {
                assert_eq!(world.run(peer, name, &[]), [Some(id)], "{name} of {id}");
            }
            world.run(peer, "put", &[]);
        }
        // The one that calls counts, not the one whose import was handed on.
        for (peer, id) in [(0, 1), (1, 2)] {
            for from in [1, 2] {
                let seen = world.run(peer, "indirect", &[Val::I32(from)]);
                assert_eq!(seen, [Some(id)], "{id} calls what {from} has put there");
            }
        }
    }
}

/// Where no Wasm code calls there is no caller.
#[test]
fn the_host_and_a_continuation_are_no_callers() {
    let mut world = World::new(&Config::new(), &[1]);
    assert_eq!(world.run(0, "is_cont", &[]), [None]);
    let func = Func::wrap(&mut world.store, note).unwrap();
    func.call(&mut world.store, &[]).unwrap();
    assert_eq!(std::mem::take(world.store.data_mut()), [None]);
    // Nor is the one that has called before, where a host function calls another.
    let linked = Func::wrap(&mut world.store, move |mut caller: Caller<'_, Seen>| {
        func.call(&mut caller, &[])?;
        note(caller);
        Ok::<_, Error>(())
    })
    .unwrap();
    linked.call(&mut world.store, &[]).unwrap();
    assert_eq!(*world.store.data(), [None, None]);
}

/// A tail call leaves the frame below. With one instance of the module there is no doubt
/// whose that is; with two there is, and no guess.
#[test]
fn a_tail_call_leaves_the_frame_below() {
    let mut world = World::new(&Config::new(), &[1]);
    assert_eq!(world.run(0, "over_tail", &[]), [Some(1)]);
    assert_eq!(world.run(0, "tail", &[]), [None], "nothing is below");
    assert_eq!(world.run(0, "tail_import", &[]), [None], "nothing is below");
    assert_eq!(world.run(0, "tail_then", &[]), [Some(1), Some(1)]);
    let mut world = World::new(&Config::new(), &[1, 2]);
    assert_eq!(world.run(1, "over_tail", &[]), [None]);
    assert_eq!(world.run(1, "tail_then", &[]), [None, Some(2)]);
}

/// The caller is known while its instance is being made: also when that fails.
#[test]
fn a_start_function_is_a_caller_also_of_an_instance_that_fails() {
    let engine = Engine::new(&Config::new()).unwrap();
    let mut linker = Linker::<Vec<u8>>::new(&engine);
    linker
        .func_wrap("h", "read", |mut caller: Caller<'_, Vec<u8>>| {
            let memory = caller.get_export("m").and_then(|item| item.into_memory());
            let memory = memory.ok_or("no memory")?;
            let (bytes, seen) = memory.data_and_store_mut(&mut caller);
            seen.push(bytes[0]);
            bytes[0] += 1;
            Ok::<_, &str>(())
        })
        .unwrap();
    let text = br#"(module (import "h" "read" (func $read))
        (memory (export "m") 1) (data (i32.const 0) "a")
        (func $start (call $read) (call $read) (unreachable)) (start $start))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, vec![]).unwrap();
    let error = linker.instantiate(&mut store, &module).unwrap_err();
    assert_eq!(error.to_string(), "unreachable");
    assert_eq!(store.data(), b"ab");
    // A function of an instance whose segments trapped, by way of another's table.
    let shared = br#"(module (table (export "t") 1 funcref)
        (func (export "run") (call_indirect (i32.const 0))))"#;
    let shared = Module::new(&engine, shared).unwrap();
    let shared = linker.instantiate(&mut store, &shared).unwrap();
    linker.instance(&store, "s", shared).unwrap();
    let broken = br#"(module (import "h" "read" (func $read)) (import "s" "t" (table 1 funcref))
        (memory (export "m") 1) (func $f (call $read))
        (elem (i32.const 0) func $f) (data (i32.const 0x20000) "x"))"#;
    let broken = Module::new(&engine, broken).unwrap();
    assert!(linker.instantiate(&mut store, &broken).is_err());
    let run = shared.get_typed_func::<(), ()>(&mut store, "run").unwrap();
    run.call(&mut store, ()).unwrap();
    assert_eq!(store.data(), b"ab\0");
}

/// The same in a function so large that its values live in the frame, and in a compiled
/// module that was loaded.
#[test]
fn the_frame_of_a_large_function_knows_its_instance() {
    let engine = Engine::new(&Config::new()).unwrap();
    let locals = 3_000;
    let sets: String = (0..locals)
        .map(|n| {
            format!(
                "(if (local.get 0) (then (local.set {} (i32.add (local.get {n}) (i32.const 1)))))",
                n + 1
            )
        })
        .collect();
    let text = format!(
        r#"(module (import "h" "note" (func $note)) (import "h" "id" (global $id i32))
            (export "id" (global $id))
            (func (export "f") (param i32) (local {})
                {sets} (call $note) {sets}))"#,
        "i32 ".repeat(locals)
    );
    let module = Module::new(&engine, text.as_bytes()).unwrap();
    let mut store = Store::new(&engine, Seen::new()).unwrap();
    let mut instances = Vec::new();
    for id in [5, 6] {
        let mut linker = Linker::new(&engine);
        linker.func_wrap("h", "note", note).unwrap();
        let global = format!(r#"(module (global (export "id") i32 (i32.const {id})))"#);
        let global = Module::new(&engine, global.as_bytes()).unwrap();
        linker.module(&mut store, "h", &global).unwrap();
        instances.push(linker.instantiate(&mut store, &module).unwrap());
    }
    for instance in instances {
        let f = instance.get_typed_func::<i32, ()>(&mut store, "f").unwrap();
        f.call(&mut store, 1).unwrap();
    }
    assert_eq!(*store.data(), [Some(5), Some(6)]);
}
