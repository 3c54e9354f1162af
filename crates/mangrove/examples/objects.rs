//! The host makes objects of a module's types, calls Wasm with them, and reads what
//! comes back: structs, arrays of numbers and strings.
//!
//! Run with `cargo run -p mangrove --example objects`.

use mangrove::{ArrayRef, Config, Engine, Error, Linker, Module, RootScope, Store, StructRef, Val};

/// A shop: prices by name.
const SHOP: &[u8] = br#"(module
    (type $text (array i8))
    (type $item (struct (field $name (ref $text)) (field $price (mut f64))))
    (type $items (array (ref $item)))
    (func (export "raise") (param $items (ref $items)) (param $by f64)
        (local $i i32)
        (loop $next
            (struct.set $item $price (array.get $items (local.get $items) (local.get $i))
                (f64.mul (local.get $by)
                    (struct.get $item $price (array.get $items (local.get $items) (local.get $i)))))
            (br_if $next (i32.lt_u
                (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                (array.len (local.get $items)))))))"#;

/// Runs the example.
///
/// # Errors
/// None is expected.
pub fn main() -> Result<(), Error> {
    let engine = Engine::new(&Config::new())?;
    let module = Module::new(&engine, SHOP)?;
    let mut store = Store::new(&engine, ())?;
    let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    let raise = instance.func(&store, "raise").expect("it is exported");
    let text = module.array_type("text").expect("the module has it");
    let item = module.struct_type("item").expect("the module has it");
    let items = module.array_type("items").expect("the module has it");

    // Handles of a scope cost next to nothing, and go with it.
    let mut scope = RootScope::new(&mut store);
    let mut all = Vec::new();
    for (name, price) in [("mangue", 2.5), ("açaí", 4.0)] {
        let name = ArrayRef::from_utf8(&mut scope, &text, name)?;
        let fields = [name.into(), Val::from(price)];
        all.push(StructRef::new(&mut scope, &item, &fields)?.into());
    }
    let list = ArrayRef::new_fixed(&mut scope, &items, &all)?;
    raise.call(&mut scope, &[list.clone().into(), Val::from(1.5)])?;

    for index in 0..list.len(&scope)? {
        let Val::Any(Some(item)) = list.get(&mut scope, index)? else {
            unreachable!("items are not null");
        };
        let item = item.as_struct(&scope)?.expect("an item is a struct");
        let Val::Any(Some(name)) = item.field(&mut scope, 0)? else {
            unreachable!("names are not null");
        };
        let name = name.as_array(&scope)?.expect("a name is an array");
        let price = item.field(&mut scope, 1)?.as_f64().expect("a price");
        println!("{}: {price}", name.to_utf8(&mut scope)?);
    }
    Ok(())
}
