//! Epochs: programs without an end, and how soon after their deadline they have ended.
//!
//!     cargo run --release -p mangrove --example epochs [TIMES]
//!
//! A thread raises the engine's epoch while a program runs; the call comes back with a trap, and
//! the store is used again. Then what is not interrupted: operations on many bytes or
//! elements, which end by themselves.

use mangrove::{
    AbstractHeap, Config, Engine, Error, FuncType, HeapType, Instance, Linker, Module, RefType,
    Store, TrapReason, Val, ValType,
};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

const PROGRAMS: &str = r#"(module
    (import "host" "again" (func $again (param funcref)))
    (type $f (func)) (type $k (cont $f))
    (rec (type $sf (func (param (ref null $sk)))) (type $sk (cont $sf)))
    (type $bytes (array (mut i8)))
    (tag $pause) (tag $swap) (tag $oops)
    (memory $m 1 65536) (table $t 10000000 externref)
    (elem declare func $yields $recurses $swaps $works)
    (func $works (export "works"))
    (func (export "a loop") (loop (br 0)))
    (func $calls (export "tail calls") (return_call $calls))
    (func $yields (loop (suspend $pause) (br 0)))
    (func (export "resumes") (local $k (ref $k))
        (local.set $k (cont.new $k (ref.func $yields)))
        (loop
            (block $on (result (ref $k))
                (resume $k (on $pause $on) (local.get $k)) (unreachable))
            (local.set $k) (br 0)))
    (func $recurses (resume $k (cont.new $k (ref.func $recurses))))
    (func (export "resumes in resumes") (loop
        (block $caught (try_table (catch_all $caught) (call $recurses))) (br 0)))
    (func $swaps (type $sf) (param $to (ref null $sk))
        (loop (local.set $to (switch $sk $swap (local.get $to))) (br 0)))
    (func (export "switches")
        (resume $sk (on $swap switch) (cont.new $sk (ref.func $swaps)) (cont.new $sk (ref.func $swaps))))
    (func $throws (throw $oops))
    (func (export "throws") (loop (block $caught (try_table (catch $oops $caught) (call $throws))) (br 0)))
    (func (export "calls by the host") (call $again (ref.func $works)))
    (func (export "allocation") (loop (drop (array.new_default $bytes (i32.const 100))) (br 0)))

    (func (export "grow") (drop (memory.grow (i32.const 65535))))
    (func (export "memory.fill of 4 GiB") (memory.fill (i32.const 0) (i32.const 1) (i32.const -1)))
    (func (export "memory.copy of 2 GiB")
        (memory.copy (i32.const 0) (i32.const 0x7fffffff) (i32.const 0x7fffffff)))
    (func (export "array.new of 500 M") (drop (array.new $bytes (i32.const 7) (i32.const 500000000))))
    (func (export "table.copy of 10 M") (table.copy (i32.const 0) (i32.const 1) (i32.const 9999999))))"#;

const ENDLESS: [&str; 8] = [
    "a loop",
    "tail calls",
    "resumes",
    "resumes in resumes",
    "switches",
    "throws",
    "calls by the host",
    "allocation",
];

const LONG: [&str; 4] = [
    "memory.fill of 4 GiB",
    "memory.copy of 2 GiB",
    "array.new of 500 M",
    "table.copy of 10 M",
];

fn world() -> Result<(Engine, Store<()>, Instance), Error> {
    let engine = Engine::new(Config::new().epoch_interruption(true))?;
    let module = Module::new(&engine, PROGRAMS.as_bytes())?;
    let mut store = Store::new(&engine, ())?;
    store.set_epoch_deadline(1);
    let mut linker = Linker::new(&engine);
    let function = ValType::Ref(RefType {
        nullable: true,
        heap: HeapType::Abstract(AbstractHeap::Func),
    });
    let ty = FuncType {
        params: vec![function],
        results: vec![],
    };
    linker.func("host", "again", ty, |mut caller, args, _| {
        let Val::Func(Some(func)) = &args[0] else {
            return Err(Error::Host("no function".into()));
        };
        loop {
            func.call(&mut caller, &[])?;
        }
    })?;
    let instance = linker.instantiate(&mut store, &module)?;
    Ok((engine, store, instance))
}

/// How long after its deadline a program ended.
fn interrupt(
    (engine, store, instance): (&Engine, &mut Store<()>, Instance),
    name: &str,
) -> Result<Duration, Error> {
    store.set_epoch_deadline(1);
    let program = instance.func(store, name).expect("it is exported");
    let (rung, when) = channel();
    let ended = thread::scope(|scope| {
        scope.spawn(move || {
            thread::sleep(Duration::from_millis(20));
            // Nobody waits for it where the program has failed.
            let _ = rung.send(Instant::now());
            engine.increment_epoch();
        });
        program.call(store, &[])
    });
    let now = Instant::now();
    match ended {
        Err(Error::Trap(trap)) if trap.reason == TrapReason::Interrupt => {}
        other => panic!("{name}: {other:?}"),
    }
    let late = now.duration_since(when.recv().expect("the thread has rung"));
    store.set_epoch_deadline(1);
    let works = instance.func(store, "works").expect("it is exported");
    works.call(store, &[])?;
    Ok(late)
}

fn main() -> Result<(), Error> {
    let times = std::env::args()
        .nth(1)
        .map_or(Ok(20), |arg| arg.parse::<usize>());
    let times = times.expect("how many times").max(1);
    let (engine, mut store, instance) = world()?;
    println!("after the deadline, of {times} times, ms: median, most");
    for name in ENDLESS {
        let mut late = Vec::new();
        for _ in 0..times {
            late.push(interrupt((&engine, &mut store, instance), name)?);
        }
        late.sort_unstable();
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        println!(
            "{name:24} {:8.3} {:8.3}",
            ms(late[times / 2]),
            ms(late[times - 1])
        );
    }
    println!("not interrupted, ms");
    store.set_epoch_deadline(u64::MAX);
    instance
        .func(&store, "grow")
        .expect("it is exported")
        .call(&mut store, &[])?;
    for name in LONG {
        let long = instance.func(&store, name).expect("it is exported");
        let began = Instant::now();
        let result = long.call(&mut store, &[]);
        let took = began.elapsed().as_secs_f64() * 1e3;
        match result {
            Ok(_) => println!("{name:24} {took:8.1}"),
            Err(error) => println!(
                "{name:24} {}",
                error.to_string().lines().next().unwrap_or("")
            ),
        }
    }
    Ok(())
}
