//! The host makes a struct, which Wasm changes.

use wasmtime::{Engine, FieldType, Instance, Module, Mutability, Result, Rooted};
use wasmtime::{StorageType, Store, StructRef, StructRefPre, StructType, Val, ValType};

const POINTS: &str = r#"(module
    (type $point (struct (field $x (mut f64)) (field $y (mut f64))))
    (func (export "stretch") (param $point (ref $point)) (param $by f64)
        (struct.set $point $x (local.get $point)
            (f64.mul (local.get $by) (struct.get $point $x (local.get $point))))
        (struct.set $point $y (local.get $point)
            (f64.mul (local.get $by) (struct.get $point $y (local.get $point))))))"#;

/// Runs the example.
pub fn main() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &Module::new(&engine, POINTS)?, &[])?;
    let stretch = instance.get_typed_func::<(Rooted<StructRef>, f64), ()>(&mut store, "stretch")?;

    // Structurally the module's type, and so the same.
    let field = FieldType::new(Mutability::Var, StorageType::ValType(ValType::F64));
    let point = StructType::new(&engine, [field.clone(), field])?;
    let point = StructRefPre::new(&mut store, point);
    let object = StructRef::new(&mut store, &point, &[Val::from(3.0), Val::from(4.0)])?;
    stretch.call(&mut store, (object, 2.0))?;
    // The object has moved meanwhile, and is the same.
    store.gc(None)?;
    let x = object.field(&mut store, 0)?.unwrap_f64();
    let y = object.field(&mut store, 1)?.unwrap_f64();
    println!("({x}, {y})");
    assert_eq!((x, y), (6.0, 8.0));
    Ok(())
}
