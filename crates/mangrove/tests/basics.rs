//! Calls, results, traps, host functions, instantiation.

mod common;

use common::{call, fails, instance, run, store};
use mangrove::{
    Backtrace, BacktraceEntry, Config, Engine, Error, FuncType, Linker, Module, TrapCode, Val,
    ValType,
};

fn code(error: &Error) -> Option<TrapCode> {
    error.as_trap()?.reason.code()
}

#[test]
fn values_go_in_and_come_out() {
    let text = r#"(module
        (func (export "swap") (param i32 i64 f32 f64 v128)
            (result v128 f64 f32 i64 i32)
            local.get 4 local.get 3 local.get 2 local.get 1 local.get 0)
        (func (export "ten") (param i64) (result i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
            local.get 0 local.get 0 local.get 0 local.get 0 local.get 0
            local.get 0 local.get 0 local.get 0 local.get 0 local.get 0))"#;
    let args = [
        Val::I32(-1),
        Val::I64(i64::MIN),
        Val::from(1.5f32),
        Val::from(-2.5f64),
        Val::V128(7 << 100),
    ];
    let mut expected = args.to_vec();
    expected.reverse();
    assert_eq!(run(text, "swap", &args), expected);
    assert_eq!(run(text, "ten", &[Val::I64(9)]), vec![Val::I64(9); 10]);
}

#[test]
fn traps_say_why_and_where() {
    let text = r#"(module
        (func $inner (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
        (func $outer (export "run") (param i32) (result i32)
            (i32.add (call $inner (local.get 0)) (i32.const 1))))"#;
    let (mut store, instance) = instance(text);
    let error = call(&mut store, instance, "run", &[Val::I32(0)]).unwrap_err();
    assert_eq!(code(&error), Some(TrapCode::DivideByZero));
    let frames: Vec<_> = error
        .as_trap()
        .unwrap()
        .backtrace
        .frames()
        .cloned()
        .collect();
    let names: Vec<_> = frames.iter().map(|f| f.name.clone().unwrap()).collect();
    assert_eq!(names, ["inner", "outer"]);
    assert!(frames.iter().all(|frame| frame.offset.is_some()));
    assert_eq!(
        call(&mut store, instance, "run", &[Val::I32(1)]).unwrap(),
        [Val::I32(2)]
    );
}

#[test]
fn runaway_recursion_is_a_trap() {
    let text = r#"(module (func $f (export "f") (param i64) (result i64)
        (i64.add (call $f (i64.add (local.get 0) (i64.const 1))) (i64.const 1))))"#;
    let (mut store, instance) = instance(text);
    for _ in 0..3 {
        let error = call(&mut store, instance, "f", &[Val::I64(0)]).unwrap_err();
        assert_eq!(code(&error), Some(TrapCode::StackOverflow));
        let trace = &error.as_trap().unwrap().backtrace;
        assert_eq!(trace.entries.len(), Backtrace::MAX_ENTRIES);
        assert!(trace.truncated);
    }
}

#[test]
fn memory_faults_are_traps() {
    let text = r#"(module (memory 1 2)
        (func (export "load") (param i32) (result i32) (i32.load offset=4 (local.get 0)))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#;
    let (mut store, instance) = instance(text);
    assert_eq!(
        call(&mut store, instance, "load", &[Val::I32(65528)]).unwrap(),
        [Val::I32(0)]
    );
    for at in [65529, -1, i32::MIN] {
        let error = call(&mut store, instance, "load", &[Val::I32(at)]).unwrap_err();
        assert_eq!(code(&error), Some(TrapCode::MemoryOutOfBounds));
    }
    assert_eq!(
        call(&mut store, instance, "grow", &[Val::I32(1)]).unwrap(),
        [Val::I32(1)]
    );
    assert_eq!(
        call(&mut store, instance, "grow", &[Val::I32(1)]).unwrap(),
        [Val::I32(-1)]
    );
    assert_eq!(
        call(&mut store, instance, "load", &[Val::I32(65529)]).unwrap(),
        [Val::I32(0)]
    );
}

#[test]
fn arguments_are_checked() {
    let text = r#"(module (func (export "f") (param i32 (ref func))))"#;
    let (mut store, instance) = instance(text);
    for args in [
        vec![],
        vec![Val::I32(1)],
        vec![Val::I64(1), Val::Func(None)],
        vec![Val::I32(1), Val::Func(None)],
        vec![Val::I32(1), Val::Any(None)],
    ] {
        let error = call(&mut store, instance, "f", &args).unwrap_err();
        assert!(matches!(error, Error::Usage(_)), "{error}");
    }
    let func = instance.func(&store, "f").unwrap();
    call(&mut store, instance, "f", &[Val::I32(1), func.into()]).unwrap();
}

#[test]
fn a_handle_of_another_store_is_refused() {
    let text = r#"(module (func (export "f") (param funcref)))"#;
    let (mut store, instance) = instance(text);
    let (other, foreign) = common::instance(text);
    let func = foreign.func(&other, "f").unwrap();
    assert!(matches!(
        func.call(&mut store, &[Val::Func(None)]),
        Err(Error::Usage(_))
    ));
    let error = call(&mut store, instance, "f", &[func.into()]).unwrap_err();
    assert!(matches!(error, Error::Usage(_)), "{error}");
}

fn unary(param: ValType, result: ValType) -> FuncType {
    FuncType {
        params: vec![param],
        results: vec![result],
    }
}

#[test]
fn the_host_is_called_and_calls_back() {
    let engine = Engine::new(&Config::new()).unwrap();
    let text = r#"(module $m
        (import "host" "twice" (func $twice (param i32) (result i32)))
        (func $leaf (export "leaf") (param i32) (result i32)
            (i32.div_s (i32.const 100) (local.get 0)))
        (func $run (export "run") (param i32) (result i32) (call $twice (local.get 0))))"#;
    let module = Module::new(&engine, text.as_bytes()).unwrap();
    let mut store = mangrove::Store::new(&engine, Vec::<i32>::new()).unwrap();
    let mut linker: Linker<Vec<i32>> = Linker::new(&engine);
    let slot = std::sync::Arc::new(std::sync::OnceLock::<mangrove::Instance>::new());
    let known = slot.clone();
    linker
        .func(
            "host",
            "twice",
            unary(ValType::I32, ValType::I32),
            move |mut caller, args, results| {
                let leaf = known.get().unwrap().func(&caller, "leaf").unwrap();
                let value = leaf.call(&mut caller, args)?[0].as_i32().unwrap();
                caller.data_mut().push(value);
                results[0] = Val::I32(2 * value);
                Ok(())
            },
        )
        .unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    slot.set(instance).unwrap();
    assert_eq!(
        call(&mut store, instance, "run", &[Val::I32(4)]).unwrap(),
        [Val::I32(50)]
    );
    assert_eq!(*store.data(), [25]);

    let error = call(&mut store, instance, "run", &[Val::I32(0)]).unwrap_err();
    assert_eq!(code(&error), Some(TrapCode::DivideByZero));
    let entries = &error.as_trap().unwrap().backtrace.entries;
    let text: Vec<String> = entries
        .iter()
        .map(|entry| match entry {
            BacktraceEntry::Frame(frame) => frame.name.clone().unwrap(),
            BacktraceEntry::Host(name) => format!("({name})"),
            BacktraceEntry::Resumed { .. } => "--".into(),
        })
        .collect();
    assert_eq!(text, ["leaf", "(host twice)", "run"]);
    assert_eq!(
        call(&mut store, instance, "run", &[Val::I32(5)]).unwrap(),
        [Val::I32(40)]
    );
}

#[test]
fn an_error_of_the_host_is_a_trap_and_a_panic_goes_on() {
    let engine = Engine::new(&Config::new()).unwrap();
    let text = r#"(module
        (import "host" "f" (func $f (param i32)))
        (func (export "run") (param i32) (call $f (local.get 0))))"#;
    let module = Module::new(&engine, text.as_bytes()).unwrap();
    let mut store = mangrove::Store::new(&engine, ()).unwrap();
    let mut linker = Linker::new(&engine);
    let ty = FuncType {
        params: vec![ValType::I32],
        results: vec![],
    };
    linker
        .func("host", "f", ty, |_, args, _| match args[0] {
            Val::I32(0) => Ok(()),
            Val::I32(1) => Err(Error::host("no")),
            _ => panic!("as asked"),
        })
        .unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    for round in 0..3 {
        call(&mut store, instance, "run", &[Val::I32(0)]).unwrap();
        let error = call(&mut store, instance, "run", &[Val::I32(1)]).unwrap_err();
        assert_eq!(error.to_string(), "no", "{round}");
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            call(&mut store, instance, "run", &[Val::I32(2)])
        }));
        assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"as asked"));
    }
}

#[test]
fn calls_from_the_host_nest_only_so_deep() {
    let engine = Engine::new(Config::new().activations_max(20)).unwrap();
    let text = r#"(module
        (import "host" "again" (func $again))
        (func (export "run") (call $again)))"#;
    let module = Module::new(&engine, text.as_bytes()).unwrap();
    let mut store = mangrove::Store::new(&engine, None::<mangrove::Func>).unwrap();
    let mut linker: Linker<Option<mangrove::Func>> = Linker::new(&engine);
    linker
        .func("host", "again", FuncType::default(), |mut caller, _, _| {
            let run = caller.data().unwrap();
            run.call(&mut caller, &[]).map(drop)
        })
        .unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    *store.data_mut() = instance.func(&store, "run");
    for _ in 0..3 {
        let error = call(&mut store, instance, "run", &[]).unwrap_err();
        let message = "call stack exhausted: 20 calls from the host are active inside each other \
                       (activations_max)";
        assert_eq!(error.to_string(), message);
        assert_eq!(store.report().activations, 0);
    }
}

#[test]
fn imports_must_be_there_and_match() {
    let text = r#"(module (import "a" "b" (func (param i32))))"#;
    let (mut store, other) = instance(r#"(module (func (export "b") (param i64)))"#);
    let engine = other.module(&store).engine().clone();
    let module = Module::new(&engine, text.as_bytes()).unwrap();
    let mut linker = Linker::new(&engine);
    let error = linker.instantiate(&mut store, &module).unwrap_err();
    assert!(error.to_string().contains("unknown import"), "{error}");
    linker.define_instance(&store, "a", other);
    let error = linker.instantiate(&mut store, &module).unwrap_err();
    assert!(
        error.to_string().contains("incompatible import type"),
        "{error}"
    );
}

#[test]
fn a_segment_that_traps_leaves_the_ones_before_in_place() {
    let (mut store, owner) = instance(
        r#"(module (memory (export "m") 1) (table (export "t") 2 funcref)
            (func (export "get") (param i32) (result i32) (i32.load8_u (local.get 0)))
            (func (export "call") (param i32) (result i32)
                (call_indirect (result i32) (local.get 0))))"#,
    );
    let engine = owner.module(&store).engine().clone();
    let text = r#"(module
        (import "o" "m" (memory 1)) (import "o" "t" (table 1 funcref))
        (func $f (result i32) (i32.const 77))
        (elem (i32.const 0) func $f)
        (data (i32.const 3) "x")
        (data (i32.const 65535) "yz"))"#;
    let module = Module::new(&engine, text.as_bytes()).unwrap();
    let mut linker = Linker::new(&engine);
    linker.define_instance(&store, "o", owner);
    let error = linker.instantiate(&mut store, &module).unwrap_err();
    assert_eq!(code(&error), Some(TrapCode::MemoryOutOfBounds));
    assert_eq!(
        call(&mut store, owner, "get", &[Val::I32(3)]).unwrap(),
        [Val::I32(120)]
    );
    assert_eq!(
        call(&mut store, owner, "call", &[Val::I32(0)]).unwrap(),
        [Val::I32(77)]
    );
}

#[test]
fn bad_input_is_one_line() {
    let engine = Engine::new(&Config::new()).unwrap();
    for text in [
        "(module",
        "(module (func (result i32)))",
        "(module (func unknown))",
    ] {
        let error = Module::new(&engine, text.as_bytes())
            .unwrap_err()
            .to_string();
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    let error = Module::new(&engine, b"\0asm\x01\0\0\0\xff").unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error}");
    assert_eq!(
        fails("(module (func (export \"f\") unreachable))", "f", &[]).to_string(),
        "unreachable"
    );
    drop(store());
}
