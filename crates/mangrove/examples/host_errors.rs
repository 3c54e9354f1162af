//! An error of a type of one's own crosses Wasm and its continuations.
//!
//! Run with `cargo run -p mangrove --example host_errors`.

use mangrove::{Config, Engine, Error, I32Exit, Linker, Module, Store};
use std::num::TryFromIntError;

const PROGRAM: &[u8] = br#"(module (type $f (func)) (type $k (cont $f))
    (import "host" "narrow" (func $narrow (param i32) (result i32)))
    (import "mangrove" "exit" (func $exit (param i32)))
    (func $work (drop (call $narrow (i32.const 300))))
    (func (export "run") (resume $k (cont.new $k (ref.func $work))))
    (func (export "leave") (call $exit (i32.const 3)))
    (elem declare func $work))"#;

/// Runs the example.
pub fn main() -> Result<(), Error> {
    let engine = Engine::new(&Config::new())?;
    let mut linker = Linker::new(&engine);
    linker
        .define_mangrove()
        .func_wrap("host", "narrow", |wide: i32| {
            Ok::<_, TryFromIntError>(i32::from(u8::try_from(wide)?))
        })?;
    let mut store = Store::new(&engine, ())?;
    let instance = linker.instantiate(&mut store, &Module::new(&engine, PROGRAM)?)?;
    let mut fail = |name| {
        let func = instance.get_typed_func::<(), ()>(&mut store, name)?;
        Ok::<_, Error>(func.call(&mut store, ()).expect_err("it fails"))
    };
    let error = fail("run")?;
    assert!(error.is::<TryFromIntError>());
    println!("{error}\n{}", error.backtrace().expect("it crossed Wasm"));
    let I32Exit(code) = fail("leave")?.downcast()?;
    println!("exit code {code}");
    assert_eq!(code, 3);
    Ok(())
}
