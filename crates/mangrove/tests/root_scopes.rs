//! Scopes of handles: what they keep, and how they end.

mod common;

use common::instance_with;
use mangrove::{
    AbstractHeap, Config, Engine, Error, ExternRef, FieldType, HeapHandle, HeapType, Module,
    ObjectError, RefType, RootScope, Store, StructRef, StructType, Val, ValType,
};

const ZEALS: [&str; 4] = ["none", "alloc", "minor", "alloc:3"];

fn config(zeal: &str) -> Config {
    let mut config = Config::new();
    config.zeal(zeal.parse().unwrap()).verify_heap(true);
    config
}

fn world(zeal: &str) -> (Engine, Store<()>) {
    let engine = Engine::new(&config(zeal)).unwrap();
    let store = Store::new(&engine, ()).unwrap();
    (engine, store)
}

fn any() -> ValType {
    ValType::Ref(RefType {
        nullable: true,
        heap: HeapType::Abstract(AbstractHeap::Any),
    })
}

/// Why a use of an object was refused.
fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> ObjectError {
    match result.unwrap_err() {
        Error::Object(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn a_scope_ends_its_handles_and_no_others() {
    for zeal in ZEALS {
        let (engine, mut store) = world(zeal);
        let cell = StructType::new(&engine, [FieldType::variable(any())]).unwrap();
        let null = [Val::Any(None)];
        let outside = StructRef::new(&mut store, &cell, &null).unwrap();
        let (mut escaped, kept) = {
            let mut scope = RootScope::new(&mut store);
            let mut all = Vec::new();
            for n in 0..100 {
                let i31 = Val::Any(Some(HeapHandle::from_i31(n)));
                all.push(StructRef::new(&mut scope, &cell, &[i31]).unwrap());
            }
            let first = all[0].clone();
            {
                let mut inner = RootScope::new(&mut scope);
                let made = StructRef::new(&mut inner, &cell, &null).unwrap();
                all[1]
                    .set_field(&mut inner, 0, &made.clone().into())
                    .unwrap();
                inner.store().store().gc_minor().unwrap();
                assert!(made.field(&mut inner, 0).unwrap().is_null());
                all.push(made);
            }
            // The place of what is gone has another handle now.
            let again = StructRef::new(&mut scope, &cell, &null).unwrap();
            let gone = all.pop().unwrap();
            assert_ne!(gone, again);
            assert_eq!(refused(gone.field(&mut scope, 0)), ObjectError::OutOfScope);
            let as_value = outside.set_field(&mut scope, 0, &gone.into());
            assert_eq!(refused(as_value), ObjectError::OutOfScope);
            scope.store().gc().unwrap();
            for (n, object) in all.iter().enumerate().skip(2) {
                let Val::Any(Some(number)) = object.field(&mut scope, 0).unwrap() else {
                    panic!("an i31")
                };
                assert_eq!(number.as_i31(), Some(n as u32), "{zeal}");
            }
            let Val::Any(Some(inside)) = all[1].field(&mut scope, 0).unwrap() else {
                panic!("an object")
            };
            assert!(inside.is_a(&scope, cell.clone()).unwrap());
            outside
                .set_field(&mut scope, 0, &all[5].clone().into())
                .unwrap();
            (
                vec![first, all[99].clone()],
                all[7].owned(&mut scope).unwrap(),
            )
        };
        for handle in escaped.drain(..) {
            assert_eq!(
                refused(handle.field(&mut store, 0)),
                ObjectError::OutOfScope
            );
        }
        // What the scope kept is gone.
        store.gc().unwrap();
        assert_eq!(
            store.heap_bytes(),
            3 * 8,
            "{zeal}: outside, what is in it, and kept"
        );
        assert!(!kept.field(&mut store, 0).unwrap().is_null());
        assert!(!outside.field(&mut store, 0).unwrap().is_null());
        // A scoped handle means nothing in another store.
        let mut scope = RootScope::new(&mut store);
        let here = StructRef::new(&mut scope, &cell, &null).unwrap();
        let (_, mut other) = world(zeal);
        let mut there = RootScope::new(&mut other);
        ExternRef::new(&mut there, 1).unwrap();
        assert_eq!(refused(here.handle().kind(&there)), ObjectError::OutOfScope);
    }
}

#[test]
fn a_scope_that_is_forgotten_ends_with_what_is_around_it() {
    let (engine, mut store) = world("none");
    let cell = StructType::new(&engine, [FieldType::variable(any())]).unwrap();
    let null = [Val::Any(None)];
    let mut outer = RootScope::new(&mut store);
    let mut forgotten = RootScope::new(&mut outer);
    let object = StructRef::new(&mut forgotten, &cell, &null).unwrap();
    std::mem::forget(forgotten);
    assert!(object.field(&mut outer, 0).is_ok());
    drop(outer);
    assert_eq!(
        refused(object.field(&mut store, 0)),
        ObjectError::OutOfScope
    );
    store.gc().unwrap();
    assert_eq!(store.heap_bytes(), 0);
}

/// A host function's arguments, and what it makes, are its own, whatever scope the host
/// that called Wasm has open; and its scopes end with it.
#[test]
fn host_functions_have_scopes_of_their_own() {
    use mangrove::{FuncType, Linker};
    let engine = Engine::new(&config("alloc")).unwrap();
    let text = br#"(module
        (import "host" "take" (func $take (param anyref) (result anyref)))
        (type $cell (struct (field i32)))
        (func (export "run") (param i32) (result anyref)
            (call $take (struct.new $cell (local.get 0)))))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut linker: Linker<Vec<HeapHandle>> = Linker::new(&engine);
    let ty = FuncType {
        params: vec![any()],
        results: vec![any()],
    };
    linker
        .func("host", "take", ty, |mut caller, args, results| {
            let Val::Any(Some(handle)) = &args[0] else {
                return Err(Error::host("a reference"));
            };
            caller.data_mut().push(handle.clone());
            let mut scope = RootScope::new(&mut caller);
            let inside = handle.rooted(&mut scope)?;
            results[0] = Val::Any(Some(inside));
            // Its result is still to be handed over.
            std::mem::forget(scope);
            Ok(())
        })
        .unwrap();
    let mut store = Store::new(&engine, Vec::new()).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance.func(&store, "run").unwrap();
    {
        let mut scope = RootScope::new(&mut store);
        for n in 0..10 {
            let back = run.call(&mut scope, &[Val::I32(n)]).unwrap();
            assert!(!back[0].is_null());
        }
    }
    store.gc().unwrap();
    let handles = std::mem::take(store.data_mut());
    for (n, handle) in (0..).zip(&handles) {
        assert_eq!(handle.item(&mut store, 0).unwrap(), Some(Val::I32(n)));
    }
    assert_eq!(handles.len(), 10);
    drop(handles);
    store.gc().unwrap();
    assert_eq!(store.heap_bytes(), 0);
}

#[test]
fn exceptions_leave_scopes() {
    let text = r#"(module
        (tag $e (param (ref null any)))
        (type $cell (struct (field i32)))
        (func (export "throw") (throw $e (struct.new $cell (i32.const 5)))))"#;
    for zeal in ZEALS {
        let (mut store, instance) = instance_with(&config(zeal), text);
        let throw = instance.func(&store, "throw").unwrap();
        let thrown = {
            let mut scope = RootScope::new(&mut store);
            throw.call(&mut scope, &[]).unwrap_err()
        };
        let Error::Exception(exception) = thrown else {
            panic!("{thrown}")
        };
        store.gc().unwrap();
        let Val::Any(Some(cell)) = &exception.values[0] else {
            panic!("a cell")
        };
        assert_eq!(
            cell.item(&mut store, 0).unwrap(),
            Some(Val::I32(5)),
            "{zeal}"
        );
    }
}
