//! Canonical types live as long as somebody can name them, and no longer.

mod common;

use common::call;
use mangrove::{
    Config, Engine, Error, Exception, Func, FuncType, Global, GlobalType, HeapType, Instance,
    Linker, Module, RefType, Store, Table, TableType, Tag, TypeCounts, Val, ValType,
};

fn engine() -> Engine {
    Engine::new(&Config::new()).unwrap()
}

fn module(engine: &Engine, text: &str) -> Module {
    Module::new(engine, text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

/// A struct type no other number has: fields by the number's bits.
fn struct_type(number: u32) -> String {
    let bits = (0..20).map(|bit| {
        if number >> bit & 1 == 1 {
            " i64"
        } else {
            " i32"
        }
    });
    format!("(struct (field {}))", bits.collect::<String>())
}

/// A module with types of its own: a struct, an array of it, functions, a tag.
fn own_types(number: u32) -> String {
    let own = struct_type(number);
    format!(
        "(module (type $s {own}) (type $a (array (mut (ref null $s))))
           (tag (param (ref $a)))
           (func (export \"f\") (param i32) (result i32)
             (array.len (array.new_default $a (local.get 0)))))"
    )
}

#[test]
fn modules_come_and_go() {
    let engine = engine();
    let before = engine.type_counts();
    let mut most = TypeCounts::default();
    for number in 0..20_000 {
        let run = number % 100 == 0;
        let own = struct_type(number);
        let module = match run {
            true => module(&engine, &own_types(number)),
            false => module(
                &engine,
                &format!("(module (type $s {own}) (type (array (ref $s))))"),
            ),
        };
        let counts = engine.type_counts();
        most.types = most.types.max(counts.types);
        most.numbers = most.numbers.max(counts.numbers);
        most.descriptors = most.descriptors.max(counts.descriptors);
        if run {
            let mut store = Store::new(&engine, ()).unwrap();
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            drop(module);
            let result = call(&mut store, instance, "f", &[Val::I32(7)]).unwrap();
            assert_eq!(result, [Val::I32(7)]);
        }
    }
    assert_eq!(engine.type_counts(), before);
    assert!(most.types <= before.types + 4, "{most:?}");
    assert_eq!(
        most.numbers, most.types,
        "a tag's exceptions come with an instance"
    );
    assert_eq!(most.descriptors, most.numbers);
}

/// A module of `count` struct types, the first of them with `first` fields.
fn many_types(count: u32, first: u32) -> String {
    let mut text = String::from("(module");
    for number in first..first + count {
        text += &format!("(type {})", struct_type(number));
    }
    text + "(func (export \"f\") (param i32) (result i32) (local.get 0)))"
}

#[test]
fn a_module_of_too_many_types_leaves_nothing() {
    let engine = Engine::new(Config::new().address_space(64 << 20)).unwrap();
    let before = engine.type_counts();
    for _ in 0..3 {
        let refused = Module::new(&engine, many_types(40_000, 0).as_bytes());
        let error = refused.expect_err("there is no room for so many");
        assert!(error.resource().is_some(), "{error}");
        assert!(error.to_string().contains("too many types"), "{error}");
        assert_eq!(engine.type_counts(), before);
        let module = module(&engine, &many_types(20_000, 0));
        assert_eq!(engine.type_counts().types, before.types + 20_001);
        assert_eq!(
            engine.type_counts().descriptors,
            before.descriptors + 20_001
        );
        drop(module);
        assert_eq!(engine.type_counts(), before);
    }
}

#[test]
fn exceptions_beyond_the_last_number_are_refused_and_spoil_nothing() {
    let engine = Engine::new(Config::new().address_space(64 << 20)).unwrap();
    // 64 MiB leave the table 2 MiB, and that is 32,768 entries.
    let free = 32_768 - 16 - engine.type_counts().numbers as u32;
    let kept = module(&engine, &many_types(free - 2, 0));
    assert_eq!(engine.type_counts().numbers, 32_768 - 17);
    let text = "(module (type $e (func (param i64))) (tag $e (export \"e\") (type $e)))";
    // The function's type takes the last number, and leaves none for exceptions.
    let tagged = module(&engine, text);
    let full = engine.type_counts();
    assert_eq!(full.numbers, 32_768 - 16);
    let mut store = Store::new(&engine, ()).unwrap();
    let error = Instance::new(&mut store, &tagged, &[]).unwrap_err();
    assert!(error.to_string().contains("too many types"), "{error}");
    assert_eq!(engine.type_counts(), full);
    assert!(Module::new(&engine, many_types(1, free).as_bytes()).is_err());
    assert_eq!(engine.type_counts(), full);
    drop(kept);
    Instance::new(&mut store, &tagged, &[]).unwrap();
    module(&engine, &many_types(1, free));
}

const MAKER: &str = "(module
    (type $s (sub (struct (field i32)))) (type $t (sub $s (struct (field i32 i64))))
    (type $other (sub $s (struct (field i32 f64))))
    (global $kept (mut (ref null $t)) (ref.null $t))
    (func (export \"make\") (param i32) (result (ref $s))
      (global.set $kept (struct.new $t (local.get 0) (i64.const 9)))
      (global.get $kept) (ref.as_non_null)))";

const READER: &str = "(module
    (type $s (sub (struct (field i32)))) (type $t (sub $s (struct (field i32 i64))))
    (type $other (sub $s (struct (field i32 f64))))
    (import \"maker\" \"make\" (func $make (param i32) (result (ref $s))))
    (func (export \"read\") (param i32) (result i32) (local $object (ref $s))
      (local.set $object (call $make (local.get 0)))
      (if (ref.test (ref $other) (local.get $object)) (then (unreachable)))
      (struct.get $t 0 (ref.cast (ref $t) (local.get $object)))))";

/// The reader's answer in a new store, with nothing left of the modules but instances.
fn read_across(store: &mut Store<()>, engine: &Engine) -> Vec<Val> {
    let maker = Instance::new(store, &module(engine, MAKER), &[]).unwrap();
    let make = maker.export(store, "make").unwrap();
    let reader = Instance::new(store, &module(engine, READER), &[make]).unwrap();
    // Numbers that are not held would be these modules' now.
    let _others: Vec<Module> = (0..50).map(|n| module(engine, &own_types(n))).collect();
    let answer = call(store, reader, "read", &[Val::I32(5)]).unwrap();
    store.gc().unwrap();
    answer
}

#[test]
fn a_store_keeps_the_types_of_what_is_in_it() {
    let engine = engine();
    let before = engine.type_counts();
    for _ in 0..3 {
        let mut store = Store::new(&engine, ()).unwrap();
        assert_eq!(read_across(&mut store, &engine), [Val::I32(5)]);
        // Three structs and two functions, in each module, are the same ones.
        assert_eq!(engine.type_counts().types, before.types + 5);
        drop(store);
        let after = engine.type_counts();
        assert_eq!(after, before);
    }
}

fn func(params: Vec<ValType>, results: Vec<ValType>) -> FuncType {
    FuncType { params, results }
}

fn concrete(module: &Module, index: usize) -> RefType {
    RefType {
        nullable: true,
        heap: HeapType::Concrete(module.type_ids()[index]),
    }
}

#[test]
fn what_the_host_makes_is_held_by_its_store_or_linker() {
    let engine = engine();
    let before = engine.type_counts();
    let given = module(
        &engine,
        "(module (type $s (struct)) (type $f (func (param (ref $s)))))",
    );
    let (object, function) = (concrete(&given, 0), concrete(&given, 1));
    let mut store = Store::new(&engine, ()).unwrap();
    let content = ValType::Ref(object);
    let ty = GlobalType {
        content,
        mutable: true,
    };
    let global = Global::new(&mut store, ty, Val::Any(None)).unwrap();
    let ty = TableType {
        element: function,
        table64: false,
        minimum: 1,
        maximum: None,
    };
    let table = Table::new(&mut store, ty, Val::Func(None)).unwrap();
    let tag = Tag::new(&mut store, func(vec![content, ValType::I32], vec![])).unwrap();
    let ty = func(vec![ValType::F32; 3], vec![content]);
    let host = Func::new(&mut store, ty.clone(), |_, _, _| Ok(())).unwrap();
    let continuation = host.continuation(&mut store).unwrap();
    let mut linker = Linker::<()>::new(&engine);
    let wide = func(vec![ValType::Ref(function); 9], vec![]);
    linker.func("host", "f", wide, |_, _, _| Ok(())).unwrap();
    let full = engine.type_counts();
    drop(given);
    assert_eq!(engine.type_counts(), full);
    let _others: Vec<Module> = (0..20).map(|n| module(&engine, &own_types(n))).collect();
    assert_eq!(global.ty(&store).content, content);
    assert_eq!(table.ty(&store).element, function);
    assert_eq!(tag.ty(&store).params[0], content);
    assert_eq!(host.ty(&store), ty);
    assert_eq!(continuation.func_type(&store), Some(ty));
    let exception = Exception::new(&mut store, tag, vec![Val::Any(None), Val::I32(3)]).unwrap();
    store.gc().unwrap();
    assert_eq!(exception.values[1], Val::I32(3));
    drop((_others, exception, continuation, store));
    // The linker's function, and the two types it mentions.
    assert_eq!(engine.type_counts().types, before.types + 3);
    drop(linker);
    assert_eq!(engine.type_counts(), before);
}

#[test]
fn a_number_that_is_given_again_has_nothing_of_the_type_before() {
    let engine = engine();
    let before = engine.type_counts();
    let kinds = [ValType::I32, ValType::F64, ValType::V128, ValType::I64];
    let mut seen = std::collections::BTreeSet::new();
    let mut again = 0;
    for round in 0..40usize {
        let mut store = Store::new(&engine, ()).unwrap();
        // Two at least: the engine keeps the type of functions that take an i32.
        let count = 2 + round % 7;
        let params: Vec<ValType> = (0..count).map(|n| kinds[(n + round) % 4]).collect();
        let args: Vec<Val> = params
            .iter()
            .map(|&ty| engine.default_value(ty).unwrap())
            .collect();
        let expected = args.clone();
        let body = move |_: mangrove::Caller<'_, ()>, args: &[Val], _: &mut [Val]| {
            assert_eq!(args, expected);
            Ok(())
        };
        let host = Func::new(&mut store, func(params.clone(), vec![]), body).unwrap();
        host.call(&mut store, &args).unwrap();
        let tag = Tag::new(&mut store, func(params.clone(), vec![])).unwrap();
        let exception = Exception::new(&mut store, tag, args.clone()).unwrap();
        store.gc().unwrap();
        // Not of a type that the engine keeps.
        let thrown = Func::new(
            &mut store,
            func(vec![], vec![ValType::F32]),
            move |_, _, _| Err(Error::Exception(Box::new(exception.clone()))),
        );
        let thrown = thrown.unwrap().call(&mut store, &[]).unwrap_err();
        let Error::Exception(exception) = thrown else {
            panic!("{thrown}");
        };
        assert_eq!(exception.values, args);
        let ids = module_ids(&engine, round as u32);
        again += ids.into_iter().filter(|&id| !seen.insert(id)).count();
        drop((exception, store));
        assert_eq!(engine.type_counts(), before);
    }
    assert!(again > 50, "numbers are given again: {again}");
}

/// The numbers of a module's own types.
fn module_ids(engine: &Engine, number: u32) -> Vec<mangrove::TypeId> {
    module(engine, &own_types(number)).type_ids().to_vec()
}

#[test]
fn a_number_whose_type_is_gone_is_unknown() {
    let engine = engine();
    let given = module(
        &engine,
        "(module (type $s (struct)) (type $f (func (param (ref $s)))))",
    );
    let (object, function) = (concrete(&given, 0), given.type_ids()[1]);
    assert!(engine.func_type(function).is_some());
    drop(given);
    assert_eq!(engine.func_type(function), None);
    assert_eq!(engine.default_value(ValType::Ref(object)), None);
    let mut store = Store::new(&engine, ()).unwrap();
    let ty = func(vec![ValType::Ref(object)], vec![]);
    let refused = Func::new(&mut store, ty, |_, _, _| Ok(()));
    assert!(matches!(refused, Err(Error::Usage(_))), "{refused:?}");
    let content = ValType::Ref(object);
    let ty = GlobalType {
        content,
        mutable: false,
    };
    let refused = Global::new(&mut store, ty, Val::Any(None));
    assert!(matches!(refused, Err(Error::Usage(_))), "{refused:?}");
    // What was asked for by number stays.
    let ty = func(vec![ValType::F32; 5], vec![]);
    let kept = engine.func_type_id(&ty).unwrap();
    drop(store);
    assert_eq!(engine.func_type(kept), Some(ty));
}

#[test]
fn threads_make_and_drop_types_while_stores_run() {
    const THREADS: u32 = 4;
    let engine = engine();
    let before = engine.type_counts();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let engine = &engine;
            scope.spawn(move || {
                for round in 0..60 {
                    let mut store = Store::new(engine, ()).unwrap();
                    assert_eq!(read_across(&mut store, engine), [Val::I32(5)]);
                    // Some types are all threads' and some one thread's.
                    let kept: Vec<Module> = (0..10)
                        .map(|n| module(engine, &own_types(n * (thread % 2) + round)))
                        .collect();
                    for module in &kept {
                        let instance = Instance::new(&mut store, module, &[]).unwrap();
                        let result = call(&mut store, instance, "f", &[Val::I32(3)]).unwrap();
                        assert_eq!(result, [Val::I32(3)]);
                    }
                    let ty = func(vec![ValType::I64; (round % 5 + 1) as usize], vec![]);
                    Func::new(&mut store, ty, |_, _, _| Ok(())).unwrap();
                }
            });
        }
    });
    assert_eq!(engine.type_counts(), before);
}
