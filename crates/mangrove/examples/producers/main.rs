//! What programs in the shape of Kotlin's coroutines cost beside the state machines that
//! stand for them, and a million fibers in the shape of OCaml's.
//!
//! `cargo run --release -p mangrove --example producers [REPETITIONS]`

use mangrove::{
    Config, ContinuationsInObjects, Engine, Error, Instance, Linker, Module, Store, Val,
};
use std::time::Instant;

/// Each workload, and how often its inner step is done.
const WORKLOADS: [(&str, i32); 6] = [
    ("generator", 10_000_000),
    ("depth", 2_000_000),
    ("many", 1_000_000),
    ("crowd", 10_000),
    ("crowd", 100_000),
    ("cancel", 1_000_000),
];

fn main() -> Result<(), Error> {
    let repetitions = std::env::args().nth(1).map(|text| text.parse());
    let repetitions: usize = repetitions.unwrap_or(Ok(5)).expect("a count");
    println!("workload    times          coroutines, ns each   state machine, ns each   ratio");
    let (mut store, instance) = world(include_str!("coroutines.wat"))?;
    for (name, times) in WORKLOADS {
        let twin = format!("{name}_machine");
        let mut all = [Vec::new(), Vec::new()];
        for _ in 0..repetitions {
            for (name, all) in [name, &twin].into_iter().zip(&mut all) {
                all.push(time(&mut store, instance, name, times)?);
            }
        }
        let [coroutines, machine] = all.map(median);
        println!(
            "{name:11} {times:>10} {coroutines:>20.1} {machine:>24.1} {:>12.2}",
            coroutines / machine
        );
    }
    let (mut store, instance) = world(include_str!("effects.wat"))?;
    let each = time(&mut store, instance, "run", 1_000_000)?;
    println!("effects: 1000000 fibers, held by objects only, three turns each: {each:.0} ns each");
    Ok(())
}

fn world(text: &str) -> Result<(Store<()>, Instance), Error> {
    let mut config = Config::new();
    config.continuations_in_objects(ContinuationsInObjects::Trace);
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, text.as_bytes())?;
    let mut store = Store::new(&engine, ())?;
    let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    Ok((store, instance))
}

/// Nanoseconds for each of `times` steps.
fn time(store: &mut Store<()>, instance: Instance, name: &str, times: i32) -> Result<f64, Error> {
    let func = instance.func(store, name).expect("an export");
    let began = Instant::now();
    func.call(store, &[Val::I32(times)])?;
    Ok(began.elapsed().as_nanos() as f64 / f64::from(times))
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}
