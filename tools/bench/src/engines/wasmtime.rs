//! Wasmtime, with the proposals switched on and everything else as it comes.

use super::{FAR_DEADLINE, Interrupted, MUCH_FUEL, PRINT, Run, START, printed};
use anyhow::Result;
use std::time::{Duration, Instant};
use wasmtime::{Caller, Collector, Config, Engine, Instance, Linker, Module, Store, TypedFunc};

/// Bytes of stack for Wasm on the worker's thread: twice the default, half of
/// what the thread has at least.
const STACK: usize = 1 << 20;

/// Compiles and instantiates a program.
pub fn load(program: &[u8], collector: Collector, by: Interrupted) -> Result<Run> {
    let engine = engine(collector, by)?;
    let module = Module::new(&engine, program).map_err(plain)?;
    if module.get_export(START).is_some() {
        return Ok(Box::new(move |_| start(&engine, &module).map_err(plain)));
    }
    let (mut store, run) = instantiate(&engine, &module, by)?;
    Ok(Box::new(move |arg| {
        run.call(&mut store, arg).map_err(plain)
    }))
}

/// Starts a new instance of a whole program.
fn start(engine: &Engine, module: &Module) -> wasmtime::Result<i64> {
    let mut store = Store::new(engine, 0);
    let mut linker = Linker::new(engine);
    linker.func_wrap(
        PRINT.0,
        PRINT.1,
        |mut caller: Caller<'_, i64>, character: i32| {
            let text = caller.data_mut();
            *text = printed(*text, character);
        },
    )?;
    let instance = linker.instantiate(&mut store, module)?;
    let start = instance.get_typed_func::<(), ()>(&mut store, START)?;
    start.call(&mut store, ())?;
    Ok(*store.data())
}

/// Units of fuel that `run(arg)` uses.
#[cfg(test)]
pub fn fuel(wat: &str, arg: i32) -> Result<u64> {
    let engine = engine(Collector::Copying, Interrupted::Fuel)?;
    let module = Module::new(&engine, wat).map_err(plain)?;
    let (mut store, run) = instantiate(&engine, &module, Interrupted::Fuel)?;
    let before = store.get_fuel().map_err(plain)?;
    run.call(&mut store, arg).map_err(plain)?;
    Ok(before - store.get_fuel().map_err(plain)?)
}

fn engine(collector: Collector, by: Interrupted) -> Result<Engine> {
    let mut config = config(collector);
    config
        .epoch_interruption(by == Interrupted::Epochs)
        .consume_fuel(by == Interrupted::Fuel);
    Engine::new(&config).map_err(plain)
}

fn instantiate(
    engine: &Engine,
    module: &Module,
    by: Interrupted,
) -> Result<(Store<()>, TypedFunc<i32, i64>)> {
    let mut store = Store::new(engine, ());
    match by {
        Interrupted::Never => {}
        Interrupted::Epochs => store.set_epoch_deadline(FAR_DEADLINE),
        Interrupted::Fuel => store.set_fuel(MUCH_FUEL).map_err(plain)?,
    }
    let instance = Instance::new(&mut store, module, &[]).map_err(plain)?;
    let run = instance
        .get_typed_func::<i32, i64>(&mut store, "run")
        .map_err(plain)?;
    Ok((store, run))
}

/// Makes a module of `wasm`. Wasmtime compiles on the rayon pool that calls it.
pub fn compile(wasm: &[u8], threads: usize, collector: Collector) -> Result<(Duration, usize)> {
    let mut config = config(collector);
    config.parallel_compilation(threads > 1);
    let engine = Engine::new(&config).map_err(plain)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build()?.install(|| {
        let start = Instant::now();
        let module = Module::new(&engine, wasm).map_err(plain)?;
        Ok((start.elapsed(), module.exports().len()))
    })
}

fn config(collector: Collector) -> Config {
    let mut config = Config::new();
    config
        .wasm_gc(true)
        .wasm_function_references(true)
        .wasm_exceptions(true)
        .wasm_stack_switching(true)
        .wasm_tail_call(true)
        .max_wasm_stack(STACK)
        .collector(collector);
    config
}

/// The cause of Wasmtime's error, without the Wasm backtrace in front of it.
fn plain(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{}", error.root_cause())
}
