//! A store takes no more than its limits allow.

use wasmtime::{Engine, Instance, Module, Result, Store, StoreLimits, StoreLimitsBuilder};

const GREEDY: &str = r#"(module
    (memory 1) (table 1 funcref)
    (func (export "memory") (result i32)
        (loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
        (memory.size))
    (func (export "table") (result i32)
        (loop $again (br_if $again
            (i32.ne (table.grow (ref.null func) (i32.const 1)) (i32.const -1))))
        (table.size)))"#;

struct State {
    limits: StoreLimits,
}

/// Runs the example.
pub fn main() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, GREEDY)?;
    let limits = StoreLimitsBuilder::new()
        .memory_size(10 << 16)
        .table_elements(100)
        .instances(1)
        .build();
    let mut store = Store::new(&engine, State { limits });
    store.limiter(|state| &mut state.limits);
    let instance = Instance::new(&mut store, &module, &[])?;
    for (name, most) in [("memory", 10), ("table", 100)] {
        let grow = instance.get_typed_func::<(), u32>(&mut store, name)?;
        let size = grow.call(&mut store, ())?;
        println!("{name}: {size}");
        assert_eq!(size, most);
    }
    assert!(Instance::new(&mut store, &module, &[]).is_err(), "a second");
    Ok(())
}
