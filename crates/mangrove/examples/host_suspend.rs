//! Tasks in Wasm that wait for the host: `read` is a host function that suspends whoever
//! called it. The host keeps what is suspended, sees to what was asked for in whatever order
//! it likes, and resumes. Wasm is compiled as ever: it calls a function.
//!
//! Run with `cargo run -p mangrove --example host_suspend`.

use mangrove::{
    Config, ContHandle, Engine, Error, Func, FuncType, Handler, HostAnswer, Instance, Module,
    Outcome, Store, Tag, Val, ValType,
};
use std::collections::VecDeque;

/// Adds up what is read from `count` places, from one of its own on.
const TASK: &[u8] = br#"(module
    (import "host" "read" (func $read (param i32) (result i64)))
    (func (export "task") (param $place i32) (param $count i32) (result i64)
        (local $sum i64)
        (loop $more
            (local.set $sum (i64.add (local.get $sum) (call $read (local.get $place))))
            (local.set $place (i32.add (local.get $place) (i32.const 1)))
            (br_if $more (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
        (local.get $sum)))"#;

fn main() -> Result<(), Error> {
    let engine = Engine::new(&Config::new())?;
    let mut store = Store::new(&engine, ())?;
    let ty = FuncType {
        params: vec![ValType::I32],
        results: vec![ValType::I64],
    };
    let wants = Tag::new(&mut store, ty.clone())?;
    let read = Func::suspending(&mut store, ty, move |_, args, _| {
        Ok(HostAnswer::suspend(wants, args))
    })?;
    let module = Module::new(&engine, TASK)?;
    let instance = Instance::new(&mut store, &module, &[read.into()])?;
    let task = instance.func(&store, "task").expect("it is exported");

    // What each task waits for; each got as far as its first read.
    let mut waiting: VecDeque<(i32, Val, ContHandle)> = VecDeque::new();
    for number in 0..5 {
        let args = [Val::I32(100 * number), Val::I32(number + 1)];
        let outcome = task.call_with_handlers(&mut store, &args, &[Handler::Suspend(wants)])?;
        if let Outcome::Suspended {
            mut values,
            continuation,
            ..
        } = outcome
        {
            waiting.push_back((number, values.remove(0), continuation));
        }
    }
    while let Some((number, place, continuation)) = waiting.pop_front() {
        let place = place.as_i32().expect("an i32");
        let read = Val::I64(i64::from(place) * 10);
        match continuation.resume(&mut store, &[read], &[wants])? {
            Outcome::Returned(values) => println!("task {number}: {:?}", values[0]),
            Outcome::Suspended {
                mut values,
                continuation,
                ..
            } => waiting.push_back((number, values.remove(0), continuation)),
            Outcome::Thrown(exception) => return Err(Error::Exception(Box::new(exception))),
            Outcome::Interrupted(_) => unreachable!("nothing interrupts"),
        }
    }
    Ok(())
}
