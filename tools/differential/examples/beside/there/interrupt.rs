//! A loop without an end is ended by another thread.

use std::{thread, time::Duration};
use wasmtime::{Config, Engine, Instance, Module, Result, Store, Trap};

const LOOP: &str = r#"(module (func (export "run") (loop (br 0))) (func (export "works")))"#;

/// Runs the example.
pub fn main() -> Result<()> {
    let engine = Engine::new(Config::new().epoch_interruption(true))?;
    let mut store = Store::new(&engine, ());
    store.set_epoch_deadline(1);
    let instance = Instance::new(&mut store, &Module::new(&engine, LOOP)?, &[])?;
    let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
    let works = instance.get_typed_func::<(), ()>(&mut store, "works")?;

    let timer = thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        engine.increment_epoch();
    });
    println!("a loop begins");
    match run.call(&mut store, ()) {
        Err(error) if error.downcast_ref() == Some(&Trap::Interrupt) => println!("it was ended"),
        other => panic!("it has no end: {other:?}"),
    }
    timer.join().expect("the timer does not panic");
    store.set_epoch_deadline(1);
    works.call(&mut store, ())
}
