//! Every limit, reached on purpose: an error or a trap that names it, and a
//! store that goes on.

mod common;

use common::{call, instance_with};
use mangrove::{Config, Engine, Error, Linker, Module, PAGE, Store, TrapCode, TrapReason, Val};

/// The message of a limit that instantiation reaches.
fn refusal(config: &Config, text: &str) -> String {
    let engine = Engine::new(config).unwrap();
    let module = Module::new(&engine, text.as_bytes()).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let linker = Linker::new(&engine);
    let error = linker.instantiate(&mut store, &module).unwrap_err();
    assert!(matches!(error, Error::Limit(_)), "{error:?}");
    // The store is as good as new.
    let module = Module::new(&engine, b"(module (memory 1) (table 1 funcref))").unwrap();
    linker.instantiate(&mut store, &module).unwrap();
    error.to_string()
}

#[test]
fn memories() {
    let mut config = Config::new();
    config.memory_max(3 * PAGE);
    for memory in [
        "(memory 4)",
        "(memory i64 4)",
        "(memory i64 0x1000000000000)",
    ] {
        let message = refusal(&config, &format!("(module {memory})"));
        assert!(
            message.contains("limit of 196608 (memory_max)"),
            "{message}"
        );
    }
    for (kind, ty) in [("", "i32"), ("i64", "i64")] {
        let text = format!(
            r#"(module (memory {kind} 1)
            (func (export "grow") (param {ty}) (result {ty}) (memory.grow (local.get 0))))"#
        );
        let (mut store, instance) = instance_with(&config, &text);
        let val = |n: i64| match ty {
            "i32" => Val::I32(n as i32),
            _ => Val::I64(n),
        };
        let mut grow = |by| call(&mut store, instance, "grow", &[val(by)]).unwrap();
        assert_eq!(grow(3), [val(-1)]);
        assert_eq!(grow(-1), [val(-1)]);
        assert_eq!(grow(2), [val(1)], "up to the limit");
        assert_eq!(grow(1), [val(-1)]);
        assert_eq!(grow(0), [val(3)]);
    }
}

#[test]
fn tables() {
    let mut config = Config::new();
    config.table_max(5);
    for table in ["(table 6 funcref)", "(table i64 0x100000000 externref)"] {
        let message = refusal(&config, &format!("(module {table})"));
        assert!(message.contains("limit of 5 (table_max)"), "{message}");
    }
    let text = r#"(module (table $t 1 externref)
        (func (export "grow") (param i32) (result i32)
            (table.grow $t (ref.null extern) (local.get 0))))"#;
    let grow = |config: &Config, by: &[i32]| -> Vec<i32> {
        let (mut store, instance) = instance_with(config, text);
        let mut results = Vec::new();
        for &by in by {
            let old = call(&mut store, instance, "grow", &[Val::I32(by)]).unwrap();
            let [Val::I32(old)] = old[..] else { panic!() };
            results.push(old);
        }
        results
    };
    assert_eq!(grow(&config, &[5, -1, 4, 1, 0]), [-1, -1, 1, -1, 5]);
}

#[test]
fn a_limit_beyond_the_machine_is_no_abort() {
    let mut config = Config::new();
    config.memory_max(u64::MAX).table_max(u64::MAX);
    let text = r#"(module (table $t i64 0 funcref) (memory 0)
        (func (export "table") (result i64)
            (table.grow $t (ref.null func) (i64.const 0x1000000000000000))))"#;
    let (mut store, instance) = instance_with(&config, text);
    let old = call(&mut store, instance, "table", &[]).unwrap();
    assert_eq!(old, [Val::I64(-1)]);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, b"(module (memory i64 1))").unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let error = Linker::new(&engine).instantiate(&mut store, &module);
    let message = error.unwrap_err().to_string();
    assert!(message.contains("cannot reserve"), "{message}");
}

#[test]
fn the_heap() {
    let mut config = Config::new();
    config.heap_max(64 << 10);
    let text = r#"(module
        (type $bytes (array (mut i8)))
        (func (export "array") (param i32) (result i32)
            (array.len (array.new_default $bytes (local.get 0)))))"#;
    let (mut store, instance) = instance_with(&config, text);
    let error = call(&mut store, instance, "array", &[Val::I32(1 << 20)]).unwrap_err();
    let limit = match error.as_trap().unwrap().reason {
        TrapReason::HeapExhausted { limit, .. } => limit,
        ref other => panic!("{other}"),
    };
    assert_eq!(limit, 64 << 10);
    let message = error.to_string();
    assert!(message.starts_with("heap exhausted"), "{message}");
    assert!(message.contains("limit of 65536"), "{message}");
    let result = call(&mut store, instance, "array", &[Val::I32(1 << 10)]).unwrap();
    assert_eq!(result, [Val::I32(1 << 10)]);
}

#[test]
fn a_stack() {
    let mut config = Config::new();
    config.stack_size(16 << 10);
    let text = r#"(module (func $f (export "f") (param i32) (result i32)
        (if (result i32) (local.get 0)
            (then (i32.add (call $f (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
            (else (i32.const 0)))))"#;
    let (mut store, instance) = instance_with(&config, text);
    for _ in 0..3 {
        let error = call(&mut store, instance, "f", &[Val::I32(1 << 20)]).unwrap_err();
        let trap = error.as_trap().unwrap();
        assert_eq!(trap.reason, TrapReason::Code(TrapCode::StackOverflow));
        assert_eq!(trap.backtrace.exhausted, Some(16 << 10));
        let text = trap.to_string();
        assert!(text.contains("call stack exhausted"), "{text}");
        assert!(text.contains("16384 bytes of stack are used up"), "{text}");
        let result = call(&mut store, instance, "f", &[Val::I32(50)]).unwrap();
        assert_eq!(result, [Val::I32(50)]);
    }
}

#[test]
fn instances() {
    let mut config = Config::new();
    config.instances_max(3);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, b"(module (func (export \"f\")))").unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let linker = Linker::new(&engine);
    let mut last = None;
    for _ in 0..3 {
        last = Some(linker.instantiate(&mut store, &module).unwrap());
    }
    let error = linker.instantiate(&mut store, &module).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the limit of 3 instances in a store is reached (instances_max)"
    );
    call(&mut store, last.unwrap(), "f", &[]).unwrap();
    let mut other = Store::new(&engine, ()).unwrap();
    linker.instantiate(&mut other, &module).unwrap();
}
