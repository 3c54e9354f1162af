//! A store with limits of its own, and used again and again: what a program may take, what
//! it sees when there is no more, and how long it takes to begin anew.
//!
//! `cargo run --release -p mangrove --example reset`

use mangrove::{
    Config, Engine, Error, Instance, Module, Store, StoreLimits, StoreLimitsBuilder, Val,
};
use std::time::{Duration, Instant};

const GREEDY: &[u8] = br#"(module
    (type $node (struct (field (ref null $node))))
    (memory (export "memory") 1)
    (func (export "grow") (result i32)
        (loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
        (memory.size))
    (func (export "list") (local $list (ref null $node))
        (loop $again
            (local.set $list (struct.new $node (local.get $list)))
            (br $again))))"#;

fn limits() -> StoreLimits {
    StoreLimitsBuilder::new()
        .memory_size(1 << 20)
        .heap_size(1 << 20)
        .build()
}

fn run(store: &mut Store<StoreLimits>, module: &Module, name: &str) -> Result<Vec<Val>, Error> {
    let instance = Instance::new(store, module, &[])?;
    instance
        .func(store, name)
        .expect("it is exported")
        .call(store, &[])
}

/// The median of 500 runs.
fn median(mut run: impl FnMut() -> Result<Duration, Error>) -> Result<Duration, Error> {
    let times: Result<Vec<_>, _> = (0..500).map(|_| run()).collect();
    let mut times = times?;
    times.sort();
    Ok(times[times.len() / 2])
}

fn main() -> Result<(), Error> {
    let engine = Engine::new(&Config::new())?;
    let module = Module::new(&engine, GREEDY)?;
    let mut store = Store::new(&engine, limits())?;
    store.limiter(|limits| limits);
    let pages = run(&mut store, &module, "grow")?;
    println!("pages of memory: {}", pages[0].as_i32().expect("an i32"));
    let error = run(&mut store, &module, "list").expect_err("it has no end");
    println!("{error}");

    // A store, an instance in it, and a function that is called: anew, and again.
    let text = b"(module (memory (export \"m\") 1) (func (export \"run\") (i32.store (i32.const 8) (i32.const 1))))";
    let small = Module::new(&engine, text)?;
    let anew = median(|| {
        let start = Instant::now();
        let mut store = Store::new(&engine, limits())?;
        run(&mut store, &small, "run")?;
        drop(store);
        Ok(start.elapsed())
    })?;
    let again = median(|| {
        let start = Instant::now();
        store.reset(limits())?;
        run(&mut store, &small, "run")?;
        Ok(start.elapsed())
    })?;
    println!("a new store: {anew:?}, a store that is reset: {again:?}");
    store.reset(limits())?;
    let empty = median(|| {
        let start = Instant::now();
        store.reset(limits())?;
        Ok(start.elapsed())
    })?;
    println!("the reset alone: {empty:?}");
    Ok(())
}
