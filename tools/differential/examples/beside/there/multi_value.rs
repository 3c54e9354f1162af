//! Functions with several results, in both directions.

use wasmtime::{Engine, Linker, Module, Result, Store, Val};

const SWAP: &str = r#"(module
    (import "host" "next" (func $next (param i32 i64) (result i64 i32)))
    (func (export "swap") (param i32 i64) (result i64 i32)
        (call $next (local.get 0) (local.get 1)))
    (func (export "ten") (result i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
        (i64.const 0) (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4)
        (i64.const 5) (i64.const 6) (i64.const 7) (i64.const 8) (i64.const 9)))"#;

/// Runs the example.
pub fn main() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "next", |a: i32, b: i64| (b + 1, a + 1))?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &Module::new(&engine, SWAP)?)?;
    let swap = instance.get_typed_func::<(i32, i64), (i64, i32)>(&mut store, "swap")?;
    let (a, b) = swap.call(&mut store, (5, 7))?;
    println!("{a} {b}");
    assert_eq!((a, b), (8, 6));
    // As many as are wanted, without their types in Rust.
    let ten = instance
        .get_func(&mut store, "ten")
        .expect("it is exported");
    let mut results = vec![Val::I64(0); ten.ty(&store).results().len()];
    ten.call(&mut store, &[], &mut results)?;
    assert_eq!(results[9].unwrap_i64(), 9);
    Ok(())
}
