//! A program holds values of the host without knowing what they are, and the collector
//! drops them when the program has let go of them.

use wasmtime::error::Context;
use wasmtime::{Caller, Engine, ExternRef, Linker, Module, Result, Rooted, Store};

/// Opens a few files and keeps one.
const PROGRAM: &str = r#"(module
    (import "files" "open" (func $open (param i32) (result externref)))
    (import "files" "size" (func $size (param externref) (result i64)))
    (global $kept (mut externref) (ref.null extern))
    (func (export "run") (result i64)
        (global.set $kept (call $open (i32.const 1)))
        (i64.add (call $size (call $open (i32.const 2))) (call $size (global.get $kept)))))"#;

/// What is open as long as somebody has it.
struct File {
    number: i32,
}

impl Drop for File {
    fn drop(&mut self) {
        println!("file {} is closed", self.number);
    }
}

fn open(mut caller: Caller<'_, ()>, number: i32) -> Result<Option<Rooted<ExternRef>>> {
    ExternRef::new(&mut caller, File { number }).map(Some)
}

fn size(caller: Caller<'_, ()>, file: Option<Rooted<ExternRef>>) -> Result<i64> {
    let file = file.context("no file")?;
    let data = file.data(&caller)?;
    let file = data.and_then(|data| data.downcast_ref::<File>());
    let file = file.context("not a file")?;
    Ok(1000 * i64::from(file.number))
}

/// Runs the example.
pub fn main() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("files", "open", open)?;
    linker.func_wrap("files", "size", size)?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &Module::new(&engine, PROGRAM)?)?;
    let run = instance.get_typed_func::<(), i64>(&mut store, "run")?;
    println!("{} bytes", run.call(&mut store, ())?);
    println!("collecting");
    store.gc(None)?;
    println!("the end");
    Ok(())
}
