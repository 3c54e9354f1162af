//! Mangrove, with its default settings.

use super::Run;
use anyhow::{Context, Result, bail};
use mangrove::{Config, Engine, Linker, Module, Store, Val};
use std::time::{Duration, Instant};

/// Compiles and instantiates `wat`.
pub fn load(wat: &str) -> Result<Run> {
    let engine = Engine::new(&Config::new())?;
    let module = Module::new(&engine, wat.as_bytes())?;
    let mut store = Store::new(&engine, ())?;
    let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    let run = instance
        .func(&store, "run")
        .context("the program exports no function `run`")?;
    Ok(Box::new(move |arg| {
        match run.call(&mut store, &[Val::I32(arg)])?[..] {
            [Val::I64(checksum)] => Ok(checksum),
            ref other => bail!("`run` returned {other:?}, not one i64"),
        }
    }))
}

/// Makes a module of `wasm`.
pub fn compile(wasm: &[u8], threads: usize) -> Result<(Duration, usize)> {
    let engine = Engine::new(Config::new().threads(threads))?;
    let start = Instant::now();
    let module = Module::new(&engine, wasm)?;
    Ok((start.elapsed(), module.exports().count()))
}
