//! Turns: two continuations of one program take turns of a thousand instructions each, until
//! there is none left.
//!
//!     cargo run -p mangrove --example turns

use mangrove::{
    Config, ContHandle, Engine, Error, Linker, Module, Outcome, Store, UpdateDeadline, Val,
};

/// Counts up to its argument. It knows nothing of turns.
const COUNTER: &str = r#"(module
    (func (export "count") (param $to i32) (result i32) (local $n i32)
        (loop
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get $n) (local.get $to))))
        (local.get $n)))"#;

fn main() -> Result<(), Error> {
    let engine = Engine::new(Config::new().consume_fuel(true))?;
    let module = Module::new(&engine, COUNTER.as_bytes())?;
    let mut store = Store::new(&engine, ())?;
    let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    let count = instance.func(&store, "count").expect("it is exported");

    store.set_fuel(20_000)?;
    store.fuel_callback(1_000, |_| Ok(UpdateDeadline::Yield(1_000)))?;
    // Who waits for a turn, and with which arguments.
    let mut waiting: Vec<(&str, ContHandle, Vec<Val>)> = vec![
        (
            "short",
            count.continuation(&mut store)?,
            vec![Val::I32(500)],
        ),
        (
            "long",
            count.continuation(&mut store)?,
            vec![Val::I32(1_000_000)],
        ),
    ];
    while !waiting.is_empty() {
        let (name, k, args) = waiting.remove(0);
        match k.resume(&mut store, &args, &[]) {
            Ok(Outcome::Interrupted(rest)) => waiting.push((name, rest, Vec::new())),
            Ok(Outcome::Returned(values)) => println!("{name} has counted to {}", values[0]),
            Ok(other) => unreachable!("it throws nothing, and no tag is handled: {other:?}"),
            Err(Error::Trap(trap)) => println!("{name} was ended: {}", trap.reason),
            Err(error) => return Err(error),
        }
        println!("  {} units are left", store.get_fuel()?);
    }
    Ok(())
}
