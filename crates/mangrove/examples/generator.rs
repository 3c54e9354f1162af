//! A generator in Wasm, driven by the host: each value it yields is a
//! suspension that comes to the host, and the answer goes back in.
//!
//! Run with `cargo run -p mangrove --example generator`.

use mangrove::{Config, Engine, Error, Extern, Linker, Module, Outcome, Store, Val};

/// Yields the numbers of Collatz from `n` on, until the host says stop or they
/// reach 1. Returns how many it yielded.
const COLLATZ: &[u8] = br#"(module
    (tag $yield (export "yield") (param i64) (result i32))
    (func (export "collatz") (param $n i64) (result i32)
        (local $count i32)
        (block $stop
            (loop $next
                (local.set $count (i32.add (local.get $count) (i32.const 1)))
                (br_if $stop (i32.eqz (suspend $yield (local.get $n))))
                (br_if $stop (i64.eq (local.get $n) (i64.const 1)))
                (local.set $n
                    (if (result i64) (i64.eqz (i64.and (local.get $n) (i64.const 1)))
                        (then (i64.shr_u (local.get $n) (i64.const 1)))
                        (else (i64.add (i64.mul (local.get $n) (i64.const 3)) (i64.const 1)))))
                (br $next)))
        (local.get $count)))"#;

fn main() -> Result<(), Error> {
    let engine = Engine::new(&Config::new())?;
    let module = Module::new(&engine, COLLATZ)?;
    let mut store = Store::new(&engine, ())?;
    let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    let collatz = instance.func(&store, "collatz").expect("it is exported");
    let Some(Extern::Tag(yields)) = instance.export(&store, "yield") else {
        unreachable!("it is exported");
    };

    // The first resumption brings the parameters, each further one the answer.
    let generator = collatz.continuation(&mut store)?;
    let mut outcome = generator.resume(&mut store, &[Val::I64(27)], &[yields])?;
    let mut left = 20;
    let count = loop {
        match outcome {
            Outcome::Suspended {
                values,
                continuation,
                ..
            } => {
                println!("{}", values[0]);
                left -= 1;
                let go_on = Val::I32(i32::from(left > 0));
                outcome = continuation.resume(&mut store, &[go_on], &[yields])?;
            }
            Outcome::Returned(values) => break values[0].as_i32().expect("an i32"),
            Outcome::Thrown(exception) => return Err(Error::Exception(Box::new(exception))),
            Outcome::Interrupted(_) => unreachable!("this engine interrupts nothing"),
        }
    };
    println!("stopped after {count} numbers");

    // One that nobody goes on with is reclaimed by the next collection.
    let abandoned = collatz.continuation(&mut store)?;
    drop(abandoned.resume(&mut store, &[Val::I64(7)], &[yields])?);
    assert_eq!(store.live_continuations(), 1);
    store.gc()?;
    assert_eq!(store.live_continuations(), 0);
    Ok(())
}
