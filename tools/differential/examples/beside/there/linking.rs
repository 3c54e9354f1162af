//! Two modules, one of which imports what the other exports, and both their host.

use wasmtime::error::Context;
use wasmtime::{Caller, Engine, Linker, Module, Result, Store};

const LOGGER: &str = r#"(module (import "host" "print" (func $print (param i32 i32)))
    (memory (export "memory") 1) (global $end (mut i32) (i32.const 0))
    (func (export "append") (param $byte i32)
        (i32.store8 (global.get $end) (local.get $byte))
        (global.set $end (i32.add (global.get $end) (i32.const 1))))
    (func (export "flush") (call $print (i32.const 0) (global.get $end))))"#;

const PROGRAM: &str = r#"(module
    (import "logger" "append" (func $append (param i32))) (import "logger" "flush" (func $flush))
    (func (export "run") (call $append (i32.const 72)) (call $append (i32.const 105)) (call $flush)))"#;

/// Runs the example.
pub fn main() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, String::new());
    let mut linker = Linker::new(&engine);
    linker.func_wrap(
        "host",
        "print",
        |mut caller: Caller<'_, String>, at: u32, len: u32| -> Result<()> {
            // The memory of whoever called.
            let memory = caller
                .get_export("memory")
                .and_then(|item| item.into_memory());
            let (bytes, out) = memory.context("no memory")?.data_and_store_mut(&mut caller);
            let end = (at as usize)
                .checked_add(len as usize)
                .context("out of bounds")?;
            let bytes = bytes.get(at as usize..end).context("out of bounds")?;
            out.push_str(&String::from_utf8_lossy(bytes));
            Ok(())
        },
    )?;
    linker.module(&mut store, "logger", &Module::new(&engine, LOGGER)?)?;
    let program = linker.instantiate(&mut store, &Module::new(&engine, PROGRAM)?)?;
    program
        .get_typed_func::<(), ()>(&mut store, "run")?
        .call(&mut store, ())?;
    println!("{}", store.data());
    assert_eq!(store.data(), "Hi");
    Ok(())
}
