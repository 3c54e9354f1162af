//! The host reads, writes and grows a linear memory.
//!
//! Run with `cargo run -p mangrove --example memory`.

use mangrove::{Config, Engine, Error, Instance, Module, Store};

const MEMORY: &str = r#"(module (memory (export "memory") 2 3)
    (data (i32.const 0x1000) "\01\02\03\04")
    (func (export "load") (param i32) (result i32) (i32.load8_s (local.get 0)))
    (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1))))"#;

/// Runs the example.
pub fn main() -> Result<(), Error> {
    let engine = Engine::new(&Config::new())?;
    let mut store = Store::new(&engine, ())?;
    let instance = Instance::new(&mut store, &Module::new(&engine, MEMORY)?, &[])?;
    let memory = instance
        .get_memory(&store, "memory")
        .expect("it is exported");
    let load = instance.get_typed_func::<u32, i32>(&mut store, "load")?;
    let store_byte = instance.get_typed_func::<(u32, i32), ()>(&mut store, "store")?;

    // A slice borrows the store: nothing can grow or run meanwhile.
    assert_eq!(memory.data(&store)[0x1000..0x1004], [1, 2, 3, 4]);
    memory.data_mut(&mut store)[0x1003] = 5;
    assert_eq!(load.call(&mut store, 0x1003)?, 5);
    store_byte.call(&mut store, (0x1002, 6))?;
    assert_eq!(memory.data(&store)[0x1002], 6);

    // Beyond the end is a trap, until the memory grows.
    assert!(load.call(&mut store, 0x2_0000).is_err());
    assert_eq!(memory.grow(&mut store, 1)?, Some(2));
    assert_eq!(load.call(&mut store, 0x2_0000)?, 0);
    assert_eq!(memory.grow(&mut store, 1)?, None, "3 pages are the most");
    println!("{} bytes", memory.data(&store).len());
    Ok(())
}
