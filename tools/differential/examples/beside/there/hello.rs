//! Wasm calls the host, which says hello.

use wasmtime::{Caller, Engine, Linker, Module, Result, Store};

/// Runs the example.
pub fn main() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (import "" "hello" (func $hello)) (func (export "run") (call $hello)))"#,
    )?;
    let mut linker = Linker::new(&engine);
    linker.func_wrap("", "hello", |mut caller: Caller<'_, u32>| {
        *caller.data_mut() += 1;
        println!("Hello from a host function, called {} times", caller.data());
    })?;
    let mut store = Store::new(&engine, 0);
    let instance = linker.instantiate(&mut store, &module)?;
    let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
    run.call(&mut store, ())?;
    assert_eq!(*store.data(), 1);
    Ok(())
}
