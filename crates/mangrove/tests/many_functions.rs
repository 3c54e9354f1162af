//! Very many host functions in one store: none is looked for among the others.

mod common;

use mangrove::{Config, Engine, Func, FuncType, Linker, Module, Store, Val, ValType};

#[test]
fn many_are_made_one_after_the_other() {
    let engine = Engine::new(&Config::new()).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let ty = || FuncType {
        params: vec![],
        results: vec![ValType::I64],
    };
    let mut last = None;
    // Where each is compared with all before it, this takes minutes.
    for number in 0..200_000 {
        let func = Func::new(&mut store, ty(), move |_, _, results| {
            results[0] = Val::I64(number);
            Ok(())
        });
        last = Some(func.unwrap());
    }
    let results = last.unwrap().call(&mut store, &[]).unwrap();
    assert_eq!(results, [Val::I64(199_999)]);
}

#[test]
fn a_linkers_function_is_one_in_each_store() {
    let engine = Engine::new(&Config::new()).unwrap();
    let text = br#"(module (import "h" "f" (func $f)) (export "f" (func $f)))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut linker = Linker::new(&engine);
    for name in ["f", "g"] {
        linker
            .func("h", name, FuncType::default(), |_, _, _| Ok(()))
            .unwrap();
    }
    let copy = linker.clone();
    let mut store = Store::new(&engine, ()).unwrap();
    let mut func = |linker: &Linker<()>| {
        let instance = linker.instantiate(&mut store, &module).unwrap();
        instance.func(&store, "f").unwrap()
    };
    let (first, second) = (func(&linker), func(&copy));
    assert_eq!(first, second);
    let mut other = Store::new(&engine, ()).unwrap();
    let instance = linker.instantiate(&mut other, &module).unwrap();
    assert_ne!(instance.func(&other, "f").unwrap(), first);
    let g = linker.get(&mut store, "h", "g").unwrap().unwrap();
    assert_ne!(g, first.into());
}
