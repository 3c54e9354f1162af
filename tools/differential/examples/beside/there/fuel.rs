//! A program gets fuel for so many instructions, and is ended when there is none left.

use wasmtime::{Config, Engine, Instance, Module, Result, Store, Trap};

/// Takes longer the greater its argument.
const FIBONACCI: &str = r#"(module
    (func $fib (export "fib") (param $n i32) (result i32)
        (if (i32.lt_u (local.get $n) (i32.const 2)) (then (return (local.get $n))))
        (i32.add
            (call $fib (i32.sub (local.get $n) (i32.const 1)))
            (call $fib (i32.sub (local.get $n) (i32.const 2))))))"#;

/// Runs the example.
pub fn main() -> Result<()> {
    let engine = Engine::new(Config::new().consume_fuel(true))?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &Module::new(&engine, FIBONACCI)?, &[])?;
    let fib = instance.get_typed_func::<u32, u32>(&mut store, "fib")?;
    for n in 1.. {
        store.set_fuel(10_000)?;
        match fib.call(&mut store, n) {
            Ok(value) => println!("fib({n}) = {value}"),
            Err(error) if error.downcast_ref() == Some(&Trap::OutOfFuel) => {
                println!("fib({n}) takes too long");
                break;
            }
            Err(error) => return Err(error),
        }
    }
    // The store works on.
    store.set_fuel(10_000)?;
    assert_eq!(fib.call(&mut store, 10)?, 55);
    assert!(store.get_fuel()? < 10_000);
    Ok(())
}
