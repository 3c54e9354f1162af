//! What names stand for.

use mangrove::{
    Config, Engine, Error, Extern, Func, Global, GlobalType, Linker, Memory, MemoryType, Module,
    Store, Val, ValType,
};

fn engine() -> Engine {
    Engine::new(&Config::new()).unwrap()
}

fn module(engine: &Engine, text: &str) -> Module {
    Module::new(engine, text.as_bytes()).unwrap()
}

fn run(linker: &Linker<()>, store: &mut Store<()>, module: &Module) -> Vec<Val> {
    let instance = linker.instantiate(store, module).unwrap();
    let run = instance.func(store, "run").expect("`run` is exported");
    run.call(store, &[]).unwrap()
}

const ONE: &str = r#"(module (import "h" "one" (func $one (result i32)))
    (func (export "run") (result i32) (call $one)))"#;

#[test]
fn a_second_definition_is_an_error_until_shadowing_is_allowed() {
    let engine = engine();
    let one = module(&engine, ONE);
    let mut store = Store::new(&engine, ()).unwrap();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("h", "one", || 1).unwrap();
    let error = linker.func_wrap("h", "one", || 2).unwrap_err();
    assert_eq!(
        error.to_string(),
        "\"h\" \"one\" is defined already; a linker that allows shadowing lets the new \
         definition take the old one's place"
    );
    assert_eq!(run(&linker, &mut store, &one), [Val::I32(1)]);
    linker.allow_shadowing(true);
    linker.func_wrap("h", "one", || 2).unwrap();
    assert_eq!(run(&linker, &mut store, &one), [Val::I32(2)]);
    // It takes the place of all, of whatever type.
    linker.func_wrap("h", "one", || 3i64).unwrap();
    let refused = linker.instantiate(&mut store, &one).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "import \"h\" \"one\": incompatible import type: (func (result i32)) is wanted, \
         (func (result i64)) is given"
    );
    // Tables and memories differ by kind only.
    linker.allow_shadowing(false);
    for (pages, first) in [(1, true), (2, false)] {
        let ty = MemoryType::new(pages, None);
        let memory = Memory::new(&mut store, ty).unwrap();
        let defined = linker.define(&store, "h", "memory", memory).is_ok();
        assert_eq!(defined, first);
    }
}

#[test]
fn one_name_stands_for_several_things_of_different_types() {
    let engine = engine();
    let text = r#"(module
        (import "h" "print" (func $i (param i32) (result i32)))
        (import "h" "print" (func $f (param f64) (result f64)))
        (import "h" "print" (global $g i64))
        (func (export "run") (result i32 f64 i64)
            (call $i (i32.const 1)) (call $f (f64.const 2)) (global.get $g)))"#;
    let text = module(&engine, text);
    let mut store = Store::new(&engine, ()).unwrap();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("h", "print", |n: i32| n + 10).unwrap();
    let error = linker.instantiate(&mut store, &text).unwrap_err();
    assert!(matches!(error, Error::Link { .. }), "{error}");
    linker.func_wrap("h", "print", |n: f64| n + 20.0).unwrap();
    let ty = GlobalType {
        content: ValType::I64,
        mutable: false,
    };
    let global = Global::new(&mut store, ty, Val::I64(30)).unwrap();
    linker.define(&store, "h", "print", global).unwrap();
    let expected = [Val::I32(11), Val::from(22.0), Val::I64(30)];
    assert_eq!(run(&linker, &mut store, &text), expected);
    let ready = linker.instantiate_pre(&text).unwrap();
    let instance = ready.instantiate(&mut store).unwrap();
    let run = instance.func(&store, "run").unwrap();
    assert_eq!(run.call(&mut store, &[]).unwrap(), expected);
    assert_eq!(linker.iter(&mut store).unwrap().count(), 3);
    // An alias is of all of them.
    linker.alias("h", "print", "other", "p").unwrap();
    assert_eq!(linker.iter(&mut store).unwrap().count(), 6);
}

#[test]
fn a_prepared_instance_is_checked_once() {
    let engine = engine();
    let mut store = Store::new(&engine, ()).unwrap();
    let mut linker = Linker::new(&engine);
    let one = module(&engine, ONE);
    let unknown = linker.instantiate_pre(&one).unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "import \"h\" \"one\": unknown import (func (result i32))"
    );
    linker.func_wrap("h", "one", || 1i64).unwrap();
    let refused = linker.instantiate_pre(&one).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "import \"h\" \"one\": incompatible import type: (func (result i32)) is wanted, \
         (func (result i64)) is given"
    );
    linker.func_wrap("h", "one", || 1).unwrap();
    let ready = linker.instantiate_pre(&one).unwrap();
    // What is defined later changes nothing.
    linker
        .allow_shadowing(true)
        .func_wrap("h", "one", || 2)
        .unwrap();
    let instance = ready.instantiate(&mut store).unwrap();
    let f = instance
        .get_typed_func::<(), i32>(&mut store, "run")
        .unwrap();
    assert_eq!(f.call(&mut store, ()).unwrap(), 1);
    // A store of another engine, and something of another store.
    let other_engine = self::engine();
    let mut elsewhere = Store::new(&other_engine, ()).unwrap();
    assert!(matches!(
        ready.instantiate(&mut elsewhere),
        Err(Error::Usage(_))
    ));
    assert!(linker.instantiate_pre(&module(&other_engine, ONE)).is_err());
    let func = Func::wrap(&mut store, || 7).unwrap();
    linker.define(&store, "h", "one", func).unwrap();
    let ready = linker.instantiate_pre(&one).unwrap();
    let mut other = Store::new(&engine, ()).unwrap();
    let foreign = ready.instantiate(&mut other).unwrap_err();
    assert!(matches!(foreign, Error::Usage(_)), "{foreign}");
    ready.instantiate(&mut store).unwrap();
    drop(store);
    assert!(ready.instantiate(&mut other).is_err());
}

/// A memory that has grown is as large as it is, and not as when it was defined.
#[test]
fn a_memory_is_matched_by_its_present_size() {
    let engine = engine();
    let mut store = Store::new(&engine, ()).unwrap();
    let ty = MemoryType::new(1, None);
    let memory = Memory::new(&mut store, ty).unwrap();
    let mut linker = Linker::new(&engine);
    linker.define(&store, "h", "m", memory).unwrap();
    let wants = module(&engine, r#"(module (import "h" "m" (memory 2)))"#);
    assert!(linker.instantiate(&mut store, &wants).is_err());
    memory.grow(&mut store, 1).unwrap();
    linker.instantiate(&mut store, &wants).unwrap();
}

#[test]
fn unknown_imports_are_listed_and_trap_when_called() {
    let engine = engine();
    let text = r#"(module
        (import "a" "f" (func $f (param i32) (result externref)))
        (import "a" "f" (func (param i64)))
        (import "b\n" "g" (func))
        (import "h" "known" (func $known))
        (func (export "known") (call $known))
        (func (export "run") (drop (call $f (i32.const 1)))))"#;
    let text = module(&engine, text);
    let mut linker = Linker::<()>::new(&engine);
    linker.func_wrap("h", "known", || ()).unwrap();
    let unknown = linker.unknown_imports(&text);
    let names: Vec<_> = unknown.iter().map(|u| (&*u.module, &*u.name)).collect();
    assert_eq!(names, [("a", "f"), ("a", "f"), ("b\n", "g")]);
    linker.define_unknown_imports_as_traps(&text).unwrap();
    assert_eq!(linker.unknown_imports(&text), []);
    let mut store = Store::new(&engine, ()).unwrap();
    let instance = linker.instantiate(&mut store, &text).unwrap();
    let call = |store: &mut Store<()>, name: &str| {
        let f = instance.get_typed_func::<(), ()>(store, name).unwrap();
        f.call(store, ())
    };
    call(&mut store, "known").unwrap();
    let error = call(&mut store, "run").unwrap_err();
    assert_eq!(error.to_string(), "unknown import \"a\" \"f\" was called");
    assert!(error.as_trap().is_some());
}

#[test]
fn aliases_and_modules() {
    let engine = engine();
    let mut store = Store::new(&engine, ()).unwrap();
    let mut linker = Linker::<()>::new(&engine);
    linker.func_wrap("a", "one", || 1).unwrap();
    linker.alias("a", "one", "h", "one").unwrap();
    assert_eq!(
        run(&linker, &mut store, &module(&engine, ONE)),
        [Val::I32(1)]
    );
    assert!(linker.alias("a", "two", "h", "two").is_err());
    assert!(linker.alias_module("c", "d").is_err());
    linker.alias_module("a", "b").unwrap();
    let get = |store: &mut Store<()>, module| linker.get(store, module, "one").unwrap();
    assert_eq!(get(&mut store, "b"), get(&mut store, "a"));
    assert_eq!(get(&mut store, "c"), None);
    // A reactor is initialised, and an error of that is the linker's.
    let mut linker = Linker::<()>::new(&engine);
    let broken = module(
        &engine,
        r#"(module (func (export "_initialize") unreachable))"#,
    );
    assert!(linker.module(&mut store, "r", &broken).is_err());
    assert!(matches!(
        linker.get(&mut store, "r", "_initialize"),
        Ok(None)
    ));
    let odd = module(
        &engine,
        r#"(module (func (export "_initialize") (param i32)))"#,
    );
    assert!(linker.module(&mut store, "r", &odd).is_err());
    let command =
        r#"(module (func (export "_start") unreachable) (global (export "g") i32 (i32.const 1)))"#;
    linker
        .module(&mut store, "c", &module(&engine, command))
        .unwrap();
    let global = linker.get(&mut store, "c", "g").unwrap();
    assert!(global.and_then(Extern::into_global).is_some());
    // An instance takes the place of what the name held, or does not.
    let instance = linker
        .instantiate(&mut store, &module(&engine, command))
        .unwrap();
    assert!(linker.instance(&store, "c", instance).is_err());
    linker.define_instance(&store, "c", instance);
    assert_eq!(
        linker.get(&mut store, "c", "g").unwrap(),
        instance.export(&store, "g")
    );
}
