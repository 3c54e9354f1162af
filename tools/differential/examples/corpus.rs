//! Runs exported programs (`mangrove stress export`) on Wasmtime: the files named on
//! standard input, one a line, without what comes after the dot.
//!
//! For each it prints `begin NAME`, and then `agrees`, `differs WHAT` or `refuses WHY`, so
//! that who reads it knows at which one it died. `tools/corpus/run wasmtime` starts it.
//!
//! Nothing is ever collected: this version cannot, while a continuation is suspended.

use anyhow::{Context, Result};
use serde_json::Value;
use std::io::{BufRead, Write, stdin, stdout};
use std::path::PathBuf;
use wasmtime::{
    Collector, Config, Engine, Func, Instance, Module, Store, ThrownException, Trap, Val,
};

/// What came of a program.
enum Verdict {
    Agrees,
    Differs(String),
    Refuses(String),
}

fn main() -> Result<()> {
    let mut config = Config::new();
    config.wasm_stack_switching(true);
    config.wasm_function_references(true);
    config.wasm_gc(true);
    config.wasm_exceptions(true);
    config.wasm_tail_call(true);
    config.collector(Collector::Null);
    let engine = Engine::new(&config).map_err(anyhow::Error::msg)?;
    for line in stdin().lock().lines() {
        let name = line?;
        say(&format!("begin {name}"))?;
        match play(&engine, &PathBuf::from(&name))? {
            Verdict::Agrees => say("agrees")?,
            Verdict::Differs(what) => say(&format!("differs {what}"))?,
            Verdict::Refuses(why) => say(&format!("refuses {why}"))?,
        }
    }
    Ok(())
}

/// One line, at once: the next program may be the last.
fn say(line: &str) -> Result<()> {
    let mut stdout = stdout().lock();
    writeln!(stdout, "{}", line.replace('\n', " "))?;
    Ok(stdout.flush()?)
}

fn play(engine: &Engine, path: &std::path::Path) -> Result<Verdict> {
    let wasm = std::fs::read(path.with_added_extension("wasm"))?;
    let facts = std::fs::read_to_string(path.with_added_extension("json"))?;
    let facts: Value = serde_json::from_str(&facts)?;
    let module = match Module::new(engine, &wasm) {
        Ok(module) => module,
        Err(error) => return Ok(Verdict::Refuses(format!("{error:#}"))),
    };
    let mut store = Store::new(engine, ());
    let collect = Func::wrap(&mut store, || {});
    let imports = match module.imports().len() {
        0 => vec![],
        _ => vec![collect.into()],
    };
    let instance = match Instance::new(&mut store, &module, &imports) {
        Ok(instance) => instance,
        Err(error) => return Ok(Verdict::Refuses(format!("{error:#}"))),
    };
    let run = instance.get_func(&mut store, "run").context("no `run`")?;
    let arguments = facts["arguments"].as_array().context("no arguments")?;
    let arguments: Vec<Val> = arguments.iter().map(value).collect::<Result<_>>()?;
    let mut results = [Val::I64(0)];
    let called = run.call(&mut store, &arguments, &mut results);
    if let Some(what) = difference(called, &results[0], &facts["expects"])? {
        return Ok(Verdict::Differs(what));
    }
    for global in facts["globals"].as_array().context("no globals")? {
        let name = global["name"].as_str().context("no name")?;
        let found = instance.get_global(&mut store, name).context("no global")?;
        let (found, wanted) = (found.get(&mut store), value(global)?);
        if found.i64() != wanted.i64() {
            return Ok(Verdict::Differs(format!(
                "{name} is {found:?}, not {wanted:?}"
            )));
        }
    }
    Ok(Verdict::Agrees)
}

/// What is wrong with how a call ended, if anything is.
fn difference(
    called: wasmtime::Result<()>,
    result: &Val,
    expected: &Value,
) -> Result<Option<String>> {
    let ended = match &called {
        Ok(()) => "returns",
        Err(error) if error.is::<ThrownException>() => "throws",
        Err(error) if error.is::<Trap>() => "traps",
        Err(_) => "fails",
    };
    if expected.get(ended).is_none() {
        let how = called.map_or_else(|error| format!("{error:#}"), |()| format!("{result:?}"));
        return Ok(Some(format!("{how}, not {expected}")));
    }
    if ended == "returns" {
        let wanted = value(&expected["returns"][0])?;
        if result.i64() != wanted.i64() {
            return Ok(Some(format!("{result:?}, not {wanted:?}")));
        }
    }
    Ok(None)
}

fn value(value: &Value) -> Result<Val> {
    let text = value["value"].as_str().context("no value")?;
    Ok(match value["type"].as_str() {
        Some("i32") => Val::I32(text.parse()?),
        Some("i64") => Val::I64(text.parse()?),
        other => anyhow::bail!("a value of type {other:?}"),
    })
}
