//! Wasmtime, with the proposals switched on and everything else as it comes.

use super::Run;
use anyhow::Result;
use std::time::{Duration, Instant};
use wasmtime::{Collector, Config, Engine, Instance, Module, Store};

/// Bytes of stack for Wasm on the worker's thread: twice the default, half of
/// what the thread has at least.
const STACK: usize = 1 << 20;

/// Compiles and instantiates `wat`.
pub fn load(wat: &str, collector: Collector) -> Result<Run> {
    let engine = Engine::new(&config(collector)).map_err(plain)?;
    let module = Module::new(&engine, wat).map_err(plain)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).map_err(plain)?;
    let run = instance
        .get_typed_func::<i32, i64>(&mut store, "run")
        .map_err(plain)?;
    Ok(Box::new(move |arg| {
        run.call(&mut store, arg).map_err(plain)
    }))
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
