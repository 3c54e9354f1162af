//! What somebody new to the crate runs into is told in words that lead on, and items are
//! found under the names that `wasmtime` gives them.

use mangrove::{
    Config, Engine, Error, Func, Instance, Linker, Module, RefType, Store, Table, TableType, Val,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

fn load(text: &str) -> (Store<()>, Instance) {
    let engine = Engine::new(&Config::new()).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let module = Module::new(&engine, text).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    (store, instance)
}

#[test]
fn a_function_that_is_not_exported_is_told_from_those_that_are() {
    let (mut store, instance) = load(
        r#"(module (memory (export "m") 1) (func (export "f")) (func (export "g\n"))
            (func (export "1")) (func (export "2")) (func (export "3")) (func (export "4"))
            (func (export "5")) (func (export "6")) (func (export "7")))"#,
    );
    let mut message = |name| {
        let found = instance.get_typed_func::<(), ()>(&mut store, name);
        found.unwrap_err().to_string()
    };
    assert_eq!(
        message("run"),
        r#"no function is exported as "run"; there are "f", "g\n", "1", "2", "3", "4", "5", "6" and 1 more"#
    );
    assert_eq!(message("m"), r#"what is exported as "m" is no function"#);
    let (mut store, nothing) = load("(module)");
    let found = nothing.get_typed_func::<(), ()>(&mut store, "run");
    let message = found.unwrap_err().to_string();
    assert_eq!(message, r#"no function is exported as "run""#);
}

#[test]
fn exports_of_other_kinds_are_not_found() {
    let (store, instance) = load(
        r#"(module (func (export "f")) (memory (export "m") 1) (global (export "g") i32 (i32.const 1))
            (table (export "t") 1 funcref) (tag (export "e")))"#,
    );
    let found = |name| {
        [
            instance.get_func(&store, name).is_some(),
            instance.get_memory(&store, name).is_some(),
            instance.get_global(&store, name).is_some(),
            instance.get_table(&store, name).is_some(),
            instance.get_tag(&store, name).is_some(),
        ]
    };
    for (place, name) in ["f", "m", "g", "t", "e"].into_iter().enumerate() {
        let mut expected = [false; 5];
        expected[place] = true;
        assert_eq!(found(name), expected, "{name}");
    }
    assert_eq!(found("none"), [false; 5]);
}

#[test]
fn an_unknown_import_is_told_with_its_type() {
    let engine = Engine::new(&Config::new()).unwrap();
    let text = r#"(module (type $t (struct)) (import "host" "f" (func (param i32 (ref $t)))))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let error = Linker::new(&engine).instantiate(&mut store, &module);
    assert_eq!(
        error.unwrap_err().to_string(),
        r#"import "host" "f": unknown import (func (param i32 (ref $t)))"#
    );
}

/// What `unwrap` and a `main` that returns an error print.
#[test]
fn debug_shows_kind_message_and_backtrace() {
    let (mut store, instance) = load(
        r#"(module (tag $e) (func $inner (unreachable)) (func $outer (export "trap") (call $inner))
            (func $thrower (export "throw") (throw $e)))"#,
    );
    let mut shown = |name| {
        let func = instance.get_func(&store, name).unwrap();
        format!("{:?}", func.call(&mut store, &[]).unwrap_err())
    };
    let trap = shown("trap");
    let lines: Vec<_> = trap.lines().map(|line| line.split(" at ").next()).collect();
    let expected = [
        "Trap: unreachable",
        "   0: func 0 $inner",
        "   1: func 1 $outer",
    ];
    assert_eq!(lines, expected.map(Some), "{trap}");
    let exception = shown("throw");
    assert!(
        exception.starts_with("Exception: uncaught exception"),
        "{exception}"
    );
    assert!(
        exception.contains("\n   0: func 2 $thrower at "),
        "{exception}"
    );
    assert_eq!(format!("{:?}", Error::usage("why")), "Usage: why");
}

#[test]
fn tables_are_copied_and_filled_where_types_and_bounds_allow_it() {
    let (mut store, instance) = load(
        r#"(module (type $f (func)) (type $g (func (param i32)))
            (table (export "narrow") 2 (ref null $f)) (table (export "other") 2 (ref null $g)))"#,
    );
    let [narrow, other] = ["narrow", "other"].map(|name| instance.get_table(&store, name).unwrap());
    let wide = TableType::new(RefType::FUNCREF, 4, None);
    let wide = Table::new(&mut store, wide, Val::Func(None)).unwrap();
    let func = Val::from(Func::wrap(&mut store, || ()).unwrap());

    narrow.fill(&mut store, 0, func.clone(), 2).unwrap();
    Table::copy(&mut store, &wide, 1, &narrow, 0, 2).unwrap();
    // Within one table, and overlapping.
    Table::copy(&mut store, &wide, 2, &wide, 1, 2).unwrap();
    let elements = |store: &mut Store<()>, table: Table| {
        let all = 0..table.size(&*store);
        all.map(|at| table.get(store, at).unwrap().unwrap().is_null())
            .collect::<Vec<_>>()
    };
    assert_eq!(elements(&mut store, wide), [true, false, false, false]);

    let refused = |result: Result<(), Error>| result.unwrap_err().to_string();
    let error = refused(Table::copy(&mut store, &narrow, 0, &wide, 0, 0));
    let types = "elements of (ref null func) were copied to a table of (ref null (func))";
    assert_eq!(error, format!("type mismatch: {types}"));
    let error = refused(Table::copy(&mut store, &wide, 0, &narrow, 1, u64::MAX));
    let most = u64::MAX;
    assert_eq!(
        error,
        format!("{most} elements at 1 of a table of 2 were copied to 0 of one of 4")
    );
    let error = refused(wide.fill(&mut store, 3, func.clone(), 2));
    assert_eq!(error, "2 elements at 3 of a table of 4 were filled");
    assert!(other.fill(&mut store, 0, func, 1).is_err(), "another type");
    assert_eq!(elements(&mut store, wide), [true, false, false, false]);

    let mut foreign = Store::new(&Engine::new(&Config::new()).unwrap(), ()).unwrap();
    assert!(Table::copy(&mut foreign, &wide, 0, &narrow, 0, 1).is_err());
}

/// The data outlives what is dropped with the store, and is dropped once.
#[test]
fn data_leaves_its_store() {
    struct Counts(Arc<AtomicU32>);
    impl Drop for Counts {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let [data, closure] = [(); 2].map(|()| Arc::new(AtomicU32::new(0)));
    let engine = Engine::new(&Config::new()).unwrap();
    let mut store = Store::new(&engine, Counts(data.clone())).unwrap();
    let kept = Counts(closure.clone());
    Func::wrap(&mut store, move || kept.0.load(Ordering::Relaxed)).unwrap();
    let counts = |data: &AtomicU32| data.load(Ordering::Relaxed);
    let left = store.into_data();
    assert_eq!((counts(&data), counts(&closure)), (0, 1));
    drop(left);
    assert_eq!(counts(&data), 1);
}
