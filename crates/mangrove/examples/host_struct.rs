//! The host makes a struct, which Wasm changes.
//!
//! Run with `cargo run -p mangrove --example host_struct`. More of objects: `objects`.

use mangrove::{Config, Engine, Error, FieldType, Instance, Module, Store};
use mangrove::{StructRef, StructType, ValType};

const POINTS: &str = r#"(module
    (type $point (struct (field $x (mut f64)) (field $y (mut f64))))
    (func (export "stretch") (param $point (ref $point)) (param $by f64)
        (struct.set $point $x (local.get $point)
            (f64.mul (local.get $by) (struct.get $point $x (local.get $point))))
        (struct.set $point $y (local.get $point)
            (f64.mul (local.get $by) (struct.get $point $y (local.get $point))))))"#;

/// Runs the example.
pub fn main() -> Result<(), Error> {
    let engine = Engine::new(&Config::new())?;
    let mut store = Store::new(&engine, ())?;
    let instance = Instance::new(&mut store, &Module::new(&engine, POINTS)?, &[])?;
    let stretch = instance.get_typed_func::<(StructRef, f64), ()>(&mut store, "stretch")?;

    // Structurally the module's type, and so the same.
    let point = StructType::new(&engine, [FieldType::variable(ValType::F64); 2])?;
    let object = StructRef::new(&mut store, &point, &[3.0.into(), 4.0.into()])?;
    stretch.call(&mut store, (object.clone(), 2.0))?;
    // The object has moved meanwhile, and is the same.
    store.gc()?;
    let x = object.field(&mut store, 0)?.unwrap_f64();
    let y = object.field(&mut store, 1)?.unwrap_f64();
    println!("({x}, {y})");
    assert_eq!((x, y), (6.0, 8.0));
    Ok(())
}
