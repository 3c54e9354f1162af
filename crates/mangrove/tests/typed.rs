//! Typed calls in both directions: values, checks, references under every zeal, and what
//! goes wrong on the way.

use mangrove::{
    AnyRef, Caller, Config, ContHandle, Engine, Error, ExnRef, Extern, ExternRef, Func, FuncType,
    HeapHandle, Instance, Linker, Module, Outcome, Store, TypedFunc, Val, ValType, Zeal,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

fn load<T: 'static>(
    linker: &Linker<T>,
    engine: &Engine,
    text: &str,
    data: T,
) -> (Store<T>, Instance) {
    let module = Module::new(engine, text.as_bytes()).unwrap();
    let mut store = Store::new(engine, data).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance)
}

fn engine() -> Engine {
    Engine::new(&Config::new()).unwrap()
}

/// Settings under which collections come far more often than needed, each in its way.
fn zeals() -> Vec<(&'static str, Config)> {
    let with = |zeal: Zeal| {
        let mut config = Config::new();
        config.zeal(zeal);
        config
    };
    let none = Zeal::NONE;
    let alloc = Some(1);
    vec![
        ("none", with(none)),
        ("alloc", with(Zeal { alloc, ..none })),
        (
            "minor",
            with(Zeal {
                alloc,
                minor: true,
                ..none
            }),
        ),
        ("call", with(Zeal { call: true, ..none })),
        (
            "move",
            with(Zeal {
                moving: true,
                ..none
            }),
        ),
    ]
}

/// Every type of number, through Wasm and a host function and back.
#[test]
fn numbers_of_every_type_go_both_ways() {
    let engine = engine();
    let mut linker = Linker::new(&engine);
    linker
        .func_wrap(
            "h",
            "f",
            |a: i32, b: u32, c: i64, d: u64, e: f32, f: f64, g: u128| (g, f, e, d, c, b, a),
        )
        .unwrap();
    let text = r#"(module
        (type $f (func (param i32 i32 i64 i64 f32 f64 v128) (result v128 f64 f32 i64 i64 i32 i32)))
        (import "h" "f" (func $f (type $f)))
        (func (export "f") (type $f)
            (call $f (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)
                (local.get 5) (local.get 6))))"#;
    let (mut store, instance) = load(&linker, &engine, text, ());
    type Forth = (i32, u32, i64, u64, f32, f64, u128);
    type Back = (u128, f64, f32, u64, i64, u32, i32);
    let f: TypedFunc<Forth, Back> = instance.get_typed_func(&mut store, "f").unwrap();
    let wide = 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210;
    let forth = (
        -1,
        u32::MAX - 1,
        i64::MIN,
        u64::MAX,
        -0.0f32,
        f64::MAX,
        wide,
    );
    let back = f.call(&mut store, forth).unwrap();
    assert_eq!(
        back,
        (wide, f64::MAX, -0.0, u64::MAX, i64::MIN, u32::MAX - 1, -1)
    );
    assert!(back.2.is_sign_negative());
    // A signalling NaN keeps its bits.
    let nan = f32::from_bits(0x7fa0_0001);
    let back = f.call(&mut store, (0, 0, 0, 0, nan, 0.0, 0)).unwrap();
    assert_eq!(back.2.to_bits(), 0x7fa0_0001);
}

/// As many parameters and results as a tuple has, some of which travel on the stack or in
/// the transfer area.
#[test]
fn sixteen_parameters_and_sixteen_results() {
    let engine = engine();
    let mut linker = Linker::new(&engine);
    type All = (
        i32,
        i64,
        i32,
        i64,
        i32,
        i64,
        i32,
        i64,
        i32,
        i64,
        i32,
        i64,
        i32,
        i64,
        i32,
        i64,
    );
    linker
        .func_wrap(
            "h",
            "f",
            |mut caller: Caller<'_, i64>,
             a: i32,
             b: i64,
             c: i32,
             d: i64,
             e: i32,
             f: i64,
             g: i32,
             h: i64,
             i: i32,
             j: i64,
             k: i32,
             l: i64,
             m: i32,
             n: i64,
             o: i32,
             p: i64|
             -> All {
                *caller.data_mut() = b + d + f + h + j + l + n + p;
                (o, p, m, n, k, l, i, j, g, h, e, f, c, d, a, b)
            },
        )
        .unwrap();
    let types = "i32 i64 ".repeat(8);
    let gets: String = (0..16)
        .map(|index| format!("(local.get {index})"))
        .collect();
    let text = format!(
        r#"(module (type $f (func (param {types}) (result {types})))
            (import "h" "f" (func $f (type $f)))
            (func (export "f") (type $f) (call $f {gets})))"#
    );
    let (mut store, instance) = load(&linker, &engine, &text, 0);
    let f = instance
        .get_typed_func::<All, All>(&mut store, "f")
        .unwrap();
    let all = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
    let back = f.call(&mut store, all).unwrap();
    let (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p) = back;
    assert_eq!((a, b, c, d, e, f, g, h), (15, 16, 13, 14, 11, 12, 9, 10));
    assert_eq!((i, j, k, l, m, n, o, p), (7, 8, 5, 6, 3, 4, 1, 2));
    assert_eq!(*store.data(), 72);
}

/// A function of another type is refused, with both types in full.
#[test]
fn a_wrong_type_is_refused_with_both_types() {
    let engine = engine();
    let text = r#"(module (type $point (struct (field i32) (field (mut f64))))
        (func (export "f") (param i32 (ref null $point)) (result i64) (i64.const 0)))"#;
    let (mut store, instance) = load(&Linker::new(&engine), &engine, text, ());
    let given = "(func (param i32 (ref null (struct (field i32) (field (mut f64))))) (result i64))";
    let refused = |error: Option<Error>, wanted: &str| {
        let error = error.expect("another type");
        assert_eq!(
            error.to_string(),
            format!("type mismatch: a function of type {given} is used as {wanted}")
        );
    };
    let error = instance.get_typed_func::<(), ()>(&mut store, "f").err();
    refused(error, "(func)");
    let error = instance
        .get_typed_func::<(i32, Option<AnyRef>), i32>(&mut store, "f")
        .err();
    refused(error, "(func (param i32 (ref null any)) (result i32))");
    // Another hierarchy, and too few.
    let error = instance
        .get_typed_func::<(i32, Option<ExternRef>), i64>(&mut store, "f")
        .err();
    refused(error, "(func (param i32 (ref null extern)) (result i64))");
    let error = instance.get_typed_func::<i32, i64>(&mut store, "f").err();
    refused(error, "(func (param i32) (result i64))");
    let missing = instance.get_typed_func::<(), ()>(&mut store, "g\n");
    assert_eq!(
        missing.unwrap_err().to_string(),
        "no function is exported as \"g\\n\"; there are \"f\""
    );
    // What may be null is no value of a type without null.
    let text = r#"(module (func (export "f") (result anyref) (ref.null any)))"#;
    let (mut store, instance) = load(&Linker::new(&engine), &engine, text, ());
    assert!(
        instance
            .get_typed_func::<(), AnyRef>(&mut store, "f")
            .is_err()
    );
    let f = instance
        .get_typed_func::<(), Option<AnyRef>>(&mut store, "f")
        .unwrap();
    assert_eq!(f.call(&mut store, ()).unwrap(), None);
}

/// Where the function takes a narrower reference, each value is looked at.
#[test]
fn a_narrower_parameter_is_checked_at_each_call() {
    let engine = engine();
    let text = r#"(module (type $p (struct (field i32)))
        (func (export "new") (param i32) (result (ref $p)) (struct.new $p (local.get 0)))
        (func (export "get") (param (ref $p)) (result i32) (struct.get $p 0 (local.get 0)))
        (func (export "null") (param (ref null $p)) (result i32) (ref.is_null (local.get 0))))"#;
    let (mut store, instance) = load(&Linker::new(&engine), &engine, text, ());
    let new = instance
        .get_typed_func::<i32, AnyRef>(&mut store, "new")
        .unwrap();
    let get = instance
        .get_typed_func::<Option<AnyRef>, i32>(&mut store, "get")
        .unwrap();
    let null = instance
        .get_typed_func::<Option<AnyRef>, i32>(&mut store, "null")
        .unwrap();
    let seven = new.call(&mut store, 7).unwrap();
    assert_eq!(get.call(&mut store, Some(seven.clone())).unwrap(), 7);
    assert_eq!(null.call(&mut store, Some(seven)).unwrap(), 0);
    assert_eq!(null.call(&mut store, None).unwrap(), 1);
    let error = get.call(&mut store, None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "type mismatch: a null of (ref null any) where (ref (struct (field i32))) is expected"
    );
    let i31 = AnyRef::from(HeapHandle::from_i31(7));
    assert!(matches!(
        get.call(&mut store, Some(i31)),
        Err(Error::Usage(_))
    ));
    // A refused call leaves nothing behind.
    for _ in 0..1_000 {
        get.call(&mut store, None).unwrap_err();
    }
    let eight = new.call(&mut store, 8).unwrap();
    assert_eq!(get.call(&mut store, Some(eight)).unwrap(), 8);
}

/// A handle in the clothes of another hierarchy is none of its references.
#[test]
fn an_exception_is_no_external_reference() {
    let engine = engine();
    let text = r#"(module (tag $t (param i32))
        (func (export "make") (result exnref)
            (block $h (result exnref)
                (try_table (catch_all_ref $h) (throw $t (i32.const 5))) (unreachable)))
        (func (export "throw") (param exnref) (throw_ref (local.get 0)))
        (func (export "extern") (param externref))
        (func (export "any") (param anyref)))"#;
    let (mut store, instance) = load(&Linker::new(&engine), &engine, text, ());
    let make = instance
        .get_typed_func::<(), Option<ExnRef>>(&mut store, "make")
        .unwrap();
    let exn = make.call(&mut store, ()).unwrap().unwrap();
    let throw = instance
        .get_typed_func::<Option<ExnRef>, ()>(&mut store, "throw")
        .unwrap();
    let thrown = throw.call(&mut store, Some(exn.clone())).unwrap_err();
    assert!(matches!(thrown, Error::Exception(e) if e.values == [Val::I32(5)]));
    let handle = exn.into_handle();
    let outside = ExternRef::convert_any(&store, &handle);
    assert!(outside.is_err(), "an exception is in neither hierarchy");
    let take = instance
        .get_typed_func::<AnyRef, ()>(&mut store, "any")
        .unwrap();
    assert!(take.call(&mut store, handle.into()).is_err());
    let i31 = HeapHandle::from_i31(1);
    assert!(throw.call(&mut store, Some(i31.into())).is_err());
}

/// References as parameters and results, kept by the host and by Wasm over collections of
/// every kind.
#[test]
fn references_survive_every_zeal() {
    for (name, config) in zeals() {
        let engine = Engine::new(&config).unwrap();
        let mut linker = Linker::<Vec<AnyRef>>::new(&engine);
        linker
            .func_wrap(
                "h",
                "keep",
                |mut caller: Caller<'_, Vec<AnyRef>>,
                 a: Option<AnyRef>,
                 b: Option<ExternRef>,
                 f: Option<Func>| {
                    caller.data_mut().extend(a.clone());
                    // Allocates, and so collects, between taking and giving.
                    let made = ExternRef::new(&mut caller, 99)?;
                    drop(made);
                    Ok::<_, Error>((f, b, a))
                },
            )
            .unwrap();
        let text = r#"(module
            (type $p (struct (field i32)))
            (type $f (func (param anyref externref funcref) (result funcref externref anyref)))
            (import "h" "keep" (func $keep (type $f)))
            (func (export "new") (param i32) (result anyref) (struct.new $p (local.get 0)))
            (func (export "get") (param anyref) (result i32)
                (struct.get $p 0 (ref.cast (ref $p) (local.get 0))))
            (func $deep (export "deep") (type $f)
                (local $mine (ref null $p))
                (local.set $mine (struct.new $p (i32.const 1234)))
                (call $keep (local.get 0) (local.get 1) (local.get 2))
                (if (i32.ne (struct.get $p 0 (local.get $mine)) (i32.const 1234))
                    (then unreachable)))
            (elem declare func $deep))"#;
        let (mut store, instance) = load(&linker, &engine, text, Vec::new());
        let new = instance
            .get_typed_func::<i32, Option<AnyRef>>(&mut store, "new")
            .unwrap();
        let get = instance
            .get_typed_func::<Option<AnyRef>, i32>(&mut store, "get")
            .unwrap();
        type Forth = (Option<AnyRef>, Option<ExternRef>, Option<Func>);
        type Back = (Option<Func>, Option<ExternRef>, Option<AnyRef>);
        let deep = instance
            .get_typed_func::<Forth, Back>(&mut store, "deep")
            .unwrap();
        for round in 0..20 {
            let object = new.call(&mut store, round).unwrap();
            let host = ExternRef::new(&mut store, round + 500).unwrap();
            let forth = (object, Some(host), Some(deep.func()));
            let (func, host, object) = deep.call(&mut store, forth).unwrap();
            assert_eq!(func, Some(deep.func()), "{name}");
            let host = host.unwrap();
            let number = host.data(&store).unwrap().unwrap();
            assert_eq!(number.downcast_ref(), Some(&(round + 500)), "{name}");
            assert_eq!(get.call(&mut store, object).unwrap(), round, "{name}");
        }
        let kept = store.data().clone();
        for (round, object) in (0..).zip(kept) {
            assert_eq!(get.call(&mut store, Some(object)).unwrap(), round, "{name}");
        }
    }
}

/// Continuations have the type that the function says, and can be resumed.
#[test]
fn a_continuation_comes_with_the_type_of_its_place() {
    let engine = engine();
    let text = r#"(module (type $f (func (param i32) (result i32))) (type $k (cont $f))
        (func $inc (type $f) (i32.add (local.get 0) (i32.const 1)))
        (func (export "make") (result (ref $k)) (cont.new $k (ref.func $inc)))
        (func (export "run") (param (ref null $k) i32) (result i32)
            (resume $k (local.get 1) (local.get 0)))
        (elem declare func $inc))"#;
    let (mut store, instance) = load(&Linker::new(&engine), &engine, text, ());
    let make = instance
        .get_typed_func::<(), ContHandle>(&mut store, "make")
        .unwrap();
    let run = instance
        .get_typed_func::<(Option<ContHandle>, i32), i32>(&mut store, "run")
        .unwrap();
    let k = make.call(&mut store, ()).unwrap();
    assert_eq!(run.call(&mut store, (Some(k.clone()), 41)).unwrap(), 42);
    assert!(
        run.call(&mut store, (Some(k), 41)).is_err(),
        "it is used up"
    );
    assert!(run.call(&mut store, (None, 41)).is_err());
    let k = make.call(&mut store, ()).unwrap();
    let outcome = k.resume(&mut store, &[Val::I32(1)], &[]).unwrap();
    assert!(matches!(outcome, Outcome::Returned(values) if values == [Val::I32(2)]));
}

/// A host function calls Wasm that calls it, by typed functions all the way down.
#[test]
fn a_host_function_enters_wasm_again() {
    let engine = engine();
    let mut linker = Linker::<Option<TypedFunc<(i32, i64), i64>>>::new(&engine);
    linker
        .func_wrap(
            "h",
            "f",
            |mut caller: Caller<'_, Option<TypedFunc<(i32, i64), i64>>>, n: i32, sum: i64| {
                let f = caller.data().expect("it was set");
                f.call(&mut caller, (n - 1, sum + i64::from(n)))
            },
        )
        .unwrap();
    let text = r#"(module (type $f (func (param i32 i64) (result i64)))
        (import "h" "f" (func $f (type $f)))
        (func (export "f") (type $f)
            (if (result i64) (local.get 0)
                (then (i64.add (i64.const 1) (call $f (local.get 0) (local.get 1))))
                (else (local.get 1)))))"#;
    let (mut store, instance) = load(&linker, &engine, text, None);
    let f = instance.get_typed_func(&mut store, "f").unwrap();
    *store.data_mut() = Some(f);
    assert_eq!(f.call(&mut store, (100, 0)).unwrap(), 5050 + 100);
    assert_eq!(store.live_continuations(), 0);
    // As deep as activations may be, and then an error; the store works on.
    let error = f.call(&mut store, (1_000_000, 0)).unwrap_err();
    assert!(error.is_limit(), "{error}");
    assert_eq!(f.call(&mut store, (3, 0)).unwrap(), 6 + 3);
}

/// A panic in a closure comes out where Wasm was called, and the store works on.
#[test]
fn a_panic_of_a_closure_goes_on_at_the_caller() {
    let engine = engine();
    let mut linker = Linker::new(&engine);
    linker
        .func_wrap("h", "f", |n: i32| {
            assert!(n != 13, "thirteen");
            n
        })
        .unwrap();
    let text = r#"(module (type $f (func (param i32) (result i32))) (type $k (cont $f))
        (import "h" "f" (func $f (type $f)))
        (func $in (type $f) (call $f (local.get 0)))
        (func (export "f") (type $f) (resume $k (local.get 0) (cont.new $k (ref.func $in))))
        (elem declare func $in))"#;
    let (mut store, instance) = load(&linker, &engine, text, ());
    let f = instance
        .get_typed_func::<i32, i32>(&mut store, "f")
        .unwrap();
    for _ in 0..3 {
        let caught = catch_unwind(AssertUnwindSafe(|| f.call(&mut store, 13))).unwrap_err();
        let message = caught.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| caught.downcast_ref::<&str>().copied());
        assert_eq!(message, Some("thirteen"));
        assert_eq!(f.call(&mut store, 12).unwrap(), 12);
        assert_eq!(store.live_continuations(), 0);
    }
}

/// What belongs to one store is refused by another.
#[test]
fn functions_and_handles_of_another_store_are_refused() {
    let engine = engine();
    let mut one = Store::new(&engine, ()).unwrap();
    let mut other = Store::new(&engine, ()).unwrap();
    let id = Func::wrap(&mut one, |a: Option<AnyRef>, _: Option<Func>| a).unwrap();
    type Forth = (Option<AnyRef>, Option<Func>);
    let typed = id.typed::<Forth, Option<AnyRef>>(&mut one).unwrap();
    let foreign = |result: Result<(), Error>| {
        let message = result.unwrap_err().to_string();
        assert!(message.ends_with("of another store was used"), "{message}");
    };
    foreign(typed.call(&mut other, (None, None)).map(drop));
    foreign(id.typed::<Forth, Option<AnyRef>>(&mut other).map(drop));
    let object = AnyRef::from(HeapHandle::from(ExternRef::new(&mut other, 1).unwrap()));
    foreign(typed.call(&mut one, (Some(object.clone()), None)).map(drop));
    let func = Func::wrap(&mut other, || ()).unwrap();
    foreign(typed.call(&mut one, (None, Some(func))).map(drop));
    // A host function that gives what is not its store's.
    let gives = Func::wrap(&mut one, move || object.clone()).unwrap();
    let gives = gives.typed::<(), AnyRef>(&mut one).unwrap();
    foreign(gives.call(&mut one, ()).map(drop));
    assert_eq!(typed.call(&mut one, (None, None)).unwrap(), None);
}

/// An exception that a closure returns goes on in Wasm, as from any host function.
#[test]
fn an_exception_from_a_closure_is_caught_in_wasm() {
    let engine = engine();
    let mut linker = Linker::<Option<Func>>::new(&engine);
    linker
        .func_wrap(
            "h",
            "again",
            |mut caller: Caller<'_, Option<Func>>| -> Result<(), Error> {
                let throw = caller.data().expect("it was set");
                throw.typed::<(), ()>(&mut caller)?.call(&mut caller, ())
            },
        )
        .unwrap();
    let text = r#"(module (import "h" "again" (func $again)) (tag $t (param i32))
        (func (export "throw") (throw $t (i32.const 8)))
        (func (export "f") (result i32)
            (block $h (result i32) (try_table (catch $t $h) (call $again)) (i32.const 0))))"#;
    let (mut store, instance) = load(&linker, &engine, text, None);
    *store.data_mut() = instance.func(&store, "throw");
    let f = instance.get_typed_func::<(), i32>(&mut store, "f").unwrap();
    assert_eq!(f.call(&mut store, ()).unwrap(), 8);
}

/// Typed and untyped functions are the same functions.
#[test]
fn a_wrapped_closure_has_the_type_it_says() {
    let engine = engine();
    let mut store = Store::new(&engine, ()).unwrap();
    let func = Func::wrap(&mut store, |a: u32, b: f64| (b, a)).unwrap();
    let ty = FuncType {
        params: vec![ValType::I32, ValType::F64],
        results: vec![ValType::F64, ValType::I32],
    };
    assert_eq!(func.ty(&store), ty);
    let results = func
        .call(&mut store, &[Val::I32(-1), Val::from(0.5)])
        .unwrap();
    assert_eq!(results, [Val::from(0.5), Val::I32(-1)]);
    assert!(func.call(&mut store, &[Val::I32(1)]).is_err());
    // One made from inside a host function.
    let makes = Func::wrap(&mut store, |mut caller: Caller<'_, ()>| {
        Func::wrap(&mut caller, |n: i32| n + 1)
    })
    .unwrap();
    let makes = makes.typed::<(), Func>(&mut store).unwrap();
    let inc = makes.call(&mut store, ()).unwrap();
    let inc = inc.typed::<i32, i32>(&mut store).unwrap();
    assert_eq!(inc.call(&mut store, 4).unwrap(), 5);
    assert!(matches!(Extern::from(func).into_func(), Some(f) if f == func));
}
