//! The host calls Wasm for the greatest common divisor.

use wasmtime::{Engine, Instance, Module, Result, Store};

const GCD: &str = r#"(module (func (export "gcd") (param $a i32) (param $b i32) (result i32)
    (local $rest i32)
    (loop $again
        (if (local.get $b) (then
            (local.set $rest (i32.rem_u (local.get $a) (local.get $b)))
            (local.set $a (local.get $b))
            (local.set $b (local.get $rest))
            (br $again))))
    (local.get $a)))"#;

/// Runs the example.
pub fn main() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &Module::new(&engine, GCD)?, &[])?;
    let gcd = instance.get_typed_func::<(u32, u32), u32>(&mut store, "gcd")?;
    let divisor = gcd.call(&mut store, (6, 27))?;
    println!("gcd(6, 27) = {divisor}");
    assert_eq!(divisor, 3);
    Ok(())
}
