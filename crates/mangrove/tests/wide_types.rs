//! Function types as wide as they may be, and wider, by every way the host has.

mod common;

use common::call;
use mangrove::{
    Config, Engine, Error, Exception, Extern, Func, FuncType, Global, GlobalType, HeapType, Linker,
    Module, Outcome, RefType, Store, Table, TableType, Tag, TypeId, Val, ValType,
};

/// What validation allows.
const MOST: usize = 1000;

fn ty(params: usize, results: usize) -> FuncType {
    FuncType {
        params: vec![ValType::I64; params],
        results: vec![ValType::I64; results],
    }
}

fn values(count: usize) -> Vec<Val> {
    (0..count as i64).map(Val::I64).collect()
}

#[test]
fn the_widest_travel_every_way() {
    let engine = Engine::new(&Config::new()).unwrap();
    let wide = " i64".repeat(MOST);
    let gets: String = (0..MOST).map(|n| format!("(local.get {n})")).collect();
    let text = format!(
        r#"(module
            (type $f (func (param{wide}) (result{wide})))
            (import "host" "f" (func $host (type $f)))
            (import "host" "ask" (tag $ask (type $f)))
            (func (export "call") (type $f) {gets} (call $host))
            (func (export "ask") (type $f) {gets} (suspend $ask)))"#
    );
    let module = Module::new(&engine, text.as_bytes()).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let ask = Tag::new(&mut store, ty(MOST, MOST)).unwrap();
    let mut linker = Linker::new(&engine);
    linker.define(&store, "host", "ask", ask).unwrap();
    let reverse = linker.func("host", "f", ty(MOST, MOST), |_, args, results| {
        results.clone_from_slice(args);
        results.reverse();
        Ok(())
    });
    reverse.unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let given = values(MOST);
    let reversed: Vec<_> = given.iter().rev().cloned().collect();
    let results = call(&mut store, instance, "call", &given).unwrap();
    assert_eq!(results, reversed);

    // Half of them bound, one by one and in a heap; the others given at the resumption.
    let func = instance.func(&store, "ask").unwrap();
    let mut k = func.continuation(&mut store).unwrap();
    k = k.bind(&mut store, &given[..1]).unwrap();
    k = k.bind(&mut store, &given[1..MOST / 2]).unwrap();
    let outcome = k.resume(&mut store, &given[MOST / 2..], &[ask]).unwrap();
    let Outcome::Suspended {
        values: asked,
        continuation,
        ..
    } = outcome
    else {
        panic!("it suspends")
    };
    assert_eq!(asked, given);
    let bound = continuation.bind(&mut store, &reversed).unwrap();
    let outcome = bound.resume(&mut store, &[], &[]).unwrap();
    assert!(matches!(outcome, Outcome::Returned(results) if results == reversed));

    let thrown = Tag::new(&mut store, ty(MOST, 0)).unwrap();
    let exception = Exception::new(&mut store, thrown, given).unwrap();
    assert_eq!(exception.values.len(), MOST);
}

#[test]
fn wider_ones_are_refused_where_they_are_made() {
    let engine = Engine::new(&Config::new()).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let mut linker = Linker::<()>::new(&engine);
    for (params, results) in [(MOST + 1, 0), (0, MOST + 1), (1025, 1025), (100_000, 0)] {
        let wide = ty(params, results);
        let refused = [
            Func::new(&mut store, wide.clone(), |_, _, _| Ok(())).map(drop),
            Tag::new(&mut store, wide.clone()).map(drop),
            engine.func_type_id(&wide).map(drop),
            linker.func("m", "n", wide, |_, _, _| Ok(())).map(drop),
        ];
        for refused in refused {
            let Err(Error::Limit(message)) = refused else {
                panic!("{params} {results}: {refused:?}")
            };
            assert!(message.ends_with("the limit is 1000"), "{message}");
        }
    }
    let text = format!("(module (type (func (param{}))))", " i32".repeat(MOST + 1));
    assert!(matches!(
        Module::new(&engine, text.as_bytes()),
        Err(Error::Invalid { .. })
    ));
}

#[test]
fn types_the_engine_does_not_have_are_refused() {
    let engine = Engine::new(&Config::new()).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    for id in [0, 5000, u32::MAX].map(TypeId::new) {
        let reference = RefType {
            nullable: true,
            heap: HeapType::Concrete(id),
        };
        let unknown = ValType::Ref(reference);
        let func = FuncType {
            params: vec![],
            results: vec![unknown],
        };
        let global = GlobalType {
            content: unknown,
            mutable: true,
        };
        let table = TableType {
            element: reference,
            table64: false,
            minimum: 1,
            maximum: None,
        };
        let refused = [
            Func::new(&mut store, func.clone(), |_, _, _| Ok(())).map(drop),
            Tag::new(&mut store, func).map(drop),
            Global::new(&mut store, global, Val::Any(None)).map(drop),
            Table::new(&mut store, table, Val::Func(None)).map(drop),
        ];
        for refused in refused {
            assert!(matches!(refused, Err(Error::Usage(_))), "{id}: {refused:?}");
        }
        assert_eq!(engine.default_value(unknown), None);
        assert_eq!(engine.func_type(id), None);
    }
}

#[test]
fn a_maximum_below_the_minimum_is_refused() {
    let mut store = common::store();
    let element = RefType {
        nullable: true,
        heap: HeapType::Abstract(mangrove::AbstractHeap::Func),
    };
    let table = TableType {
        element,
        table64: true,
        minimum: 2,
        maximum: Some(1),
    };
    let refused = Table::new(&mut store, table, Val::Func(None));
    assert!(matches!(refused, Err(Error::Usage(_))), "{refused:?}");
    let memory = mangrove::MemoryType::new(2, Some(1));
    let refused = mangrove::Memory::new(&mut store, memory).map(Extern::from);
    assert!(matches!(refused, Err(Error::Usage(_))), "{refused:?}");
}
