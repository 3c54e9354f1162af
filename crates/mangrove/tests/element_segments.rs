//! Element segments whose items are references that a module imports.

mod common;

use common::{call, imported_continuation};
use mangrove::{Config, ContHandle, Engine, Instance, Module, RootKind, RootOwner, Store, Val};

/// A continuation of a function that returns 42 comes as a global. An active
/// segment puts it into a table, a passive one keeps it for `init`.
const CONTINUATIONS: &str = r#"(module
    (type $f (func (result i32))) (type $k (cont $f))
    (import "host" "k" (global $g (ref null $k)))
    (table $t (export "t") 4 (ref null $k))
    (elem (table $t) (i32.const 1) (ref null $k)
        (item (ref.null $k)) (item (global.get $g)))
    (elem $later (ref null $k) (item (global.get $g)) (item (ref.null $k)))
    (func (export "init") (table.init $t $later (i32.const 0) (i32.const 0) (i32.const 2)))
    (func (export "drop") (elem.drop $later))
    (func (export "null") (param i32) (result i32)
        (ref.is_null (table.get $t (local.get 0))))
    (func (export "run") (param i32) (result i32)
        (resume $k (table.get $t (local.get 0)))))"#;

fn world() -> (Store<()>, Instance, ContHandle) {
    let mut config = Config::new();
    config.verify_heap(true);
    let engine = Engine::new(&config).unwrap();
    let (mut store, linker, k) = imported_continuation(&engine);
    let module = Module::new(&engine, CONTINUATIONS.as_bytes()).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance, k)
}

fn nulls(store: &mut Store<()>, instance: Instance) -> Vec<bool> {
    let null = |index| call(store, instance, "null", &[Val::I32(index)]).unwrap();
    (0..4).map(null).map(|v| v == [Val::I32(1)]).collect()
}

#[test]
fn an_active_segment_of_continuations() {
    let (mut store, instance, _) = world();
    assert_eq!(nulls(&mut store, instance), [true, true, false, true]);
    store.gc().unwrap();
    let result = call(&mut store, instance, "run", &[Val::I32(2)]).unwrap();
    assert_eq!(result, [Val::I32(42)]);
}

#[test]
fn a_passive_segment_of_continuations_is_a_root() {
    let (mut store, instance, k) = world();
    let segments = |store: &mut Store<()>| {
        let roots = store.roots().unwrap().roots;
        let own = |root: &mangrove::Root| matches!(root.owner, RootOwner::Element { .. });
        let found: Vec<_> = roots.into_iter().filter(own).collect();
        assert!(found.iter().all(|root| root.kind == RootKind::Cont));
        found.len()
    };
    assert_eq!(segments(&mut store), 2);
    store.gc().unwrap();
    call(&mut store, instance, "init", &[]).unwrap();
    assert_eq!(nulls(&mut store, instance), [false, true, false, true]);
    let result = call(&mut store, instance, "run", &[Val::I32(0)]).unwrap();
    assert_eq!(result, [Val::I32(42)]);
    // The other references are to the same one, and it is used up.
    assert!(k.is_consumed(&store).unwrap());
    assert!(call(&mut store, instance, "run", &[Val::I32(2)]).is_err());
    call(&mut store, instance, "drop", &[]).unwrap();
    assert_eq!(segments(&mut store), 0);
    assert!(call(&mut store, instance, "init", &[]).is_err());
}
