//! What a call costs between host and Wasm, in both directions, on both engines by
//! turns in one process.
//!
//! ```sh
//! cargo run --release -p mangrove-bench --example host_calls [TURNS [PART-OF-A-NAME]]
//! ```

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Calls of a turn.
const CALLS: u32 = 200_000;

const PROGRAM: &str = r#"(module
    (import "host" "none" (func $none))
    (import "host" "add" (func $add (param i64 i64) (result i64)))
    (import "host" "eight" (func $eight (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "host" "count" (func $count (param i32)))
    (func (export "none"))
    (func (export "add") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
    (func (export "eight") (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
        (i32.add (local.get 0) (local.get 7)))
    (func (export "call_none") (param $n i32)
        (loop $l (call $none)
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "call_add") (param $n i32)
        (local $sum i64)
        (loop $l (local.set $sum (call $add (local.get $sum) (i64.const 3)))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "call_eight") (param $n i32)
        (loop $l
            (drop (call $eight (local.get $n) (i32.const 1) (i32.const 2) (i32.const 3)
                (i32.const 4) (i32.const 5) (i32.const 6) (i32.const 7)))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "call_count") (param $n i32)
        (loop $l (call $count (local.get $n))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#;

/// One thing to measure: its name, and a turn of [`CALLS`] calls.
type Row = (&'static str, Box<dyn FnMut()>);

fn main() {
    let mut arguments = std::env::args().skip(1);
    let turns = arguments.next();
    let turns = turns.map_or(31, |turns| turns.parse().expect("a number"));
    let wanted = arguments.next().unwrap_or_default();
    let mut engines = [ours::rows(), theirs::rows()];
    let names: Vec<_> = engines[0].iter().map(|(name, _)| *name).collect();
    println!("| call | mangrove, ns | wasmtime, ns | ratio |\n|-|-|-|-|");
    for (row, name) in names.into_iter().enumerate() {
        if !name.contains(&wanted) {
            continue;
        }
        let mut times = [vec![], vec![]];
        for turn in 0..=turns {
            for (engine, times) in engines.iter_mut().zip(&mut times) {
                let start = Instant::now();
                (engine[row].1)();
                // The first one warms up.
                if turn > 0 {
                    times.push(start.elapsed());
                }
            }
        }
        let [ours, theirs] = times.map(summary);
        println!(
            "| {name} | {:.2} ({:.2}) | {:.2} ({:.2}) | {:.2} |",
            ours[0],
            ours[1],
            theirs[0],
            theirs[1],
            ours[0] / theirs[0]
        );
    }
}

#[expect(clippy::too_many_arguments, reason = "many are what is measured")]
fn eight(a: i32, _: i32, _: i32, _: i32, _: i32, _: i32, _: i32, h: i32) -> i32 {
    a.wrapping_add(h)
}

/// Median and least, in nanoseconds a call.
fn summary(mut times: Vec<Duration>) -> [f64; 2] {
    times.sort_unstable();
    [times[times.len() / 2], times[0]].map(|time| time.as_nanos() as f64 / f64::from(CALLS))
}

/// Values by way of `Val`s, and the same in each engine's typed form.
macro_rules! rows {
    ($typed:ident, $untyped:ident, $loops:ident) => {{
        let mut rows: Vec<Row> = Vec::new();
        $typed!(rows, "host to Wasm: nothing", "none", (), (), ());
        $typed!(
            rows,
            "host to Wasm: i64 i64 to i64",
            "add",
            (i64, i64),
            i64,
            (1, 2)
        );
        $typed!(
            rows,
            "host to Wasm: eight i32 to i32",
            "eight",
            (i32, i32, i32, i32, i32, i32, i32, i32),
            i32,
            (1, 2, 3, 4, 5, 6, 7, 8)
        );
        $untyped!(rows, "host to Wasm: i64 i64 to i64, untyped", "add");
        $loops!(rows, "Wasm to host: nothing", "call_none", false);
        $loops!(rows, "Wasm to host: i64 i64 to i64", "call_add", false);
        $loops!(rows, "Wasm to host: eight i32 to i32", "call_eight", false);
        $loops!(
            rows,
            "Wasm to host: i32, and the caller's data",
            "call_count",
            false
        );
        $loops!(
            rows,
            "Wasm to host: i64 i64 to i64, untyped",
            "call_add",
            true
        );
        rows
    }};
}

mod ours {
    use super::*;
    use mangrove::{
        Caller, Config, Engine, FuncType, Instance, Linker, Module, Store, Val, ValType,
    };
    use std::cell::RefCell;
    use std::rc::Rc;

    fn load(untyped: bool) -> (Rc<RefCell<Store<u64>>>, Instance) {
        let engine = Engine::new(&Config::new()).expect("an engine");
        let module = Module::new(&engine, PROGRAM.as_bytes()).expect("a module");
        let mut linker = Linker::<u64>::new(&engine);
        linker.func_wrap("host", "none", || ()).unwrap();
        if untyped {
            let ty = FuncType {
                params: vec![ValType::I64; 2],
                results: vec![ValType::I64],
            };
            linker
                .func("host", "add", ty, |_, args, results| {
                    let [a, b] = [0, 1].map(|index| args[index].as_i64().unwrap());
                    results[0] = Val::I64(a.wrapping_add(b));
                    Ok(())
                })
                .unwrap();
        } else {
            linker
                .func_wrap("host", "add", |a: i64, b: i64| a.wrapping_add(b))
                .unwrap();
        }
        linker.func_wrap("host", "eight", eight).unwrap();
        linker
            .func_wrap("host", "count", |mut caller: Caller<'_, u64>, by: i32| {
                *caller.data_mut() += by as u64;
            })
            .unwrap();
        let mut store = Store::new(&engine, 0).expect("a store");
        let instance = linker
            .instantiate(&mut store, &module)
            .expect("an instance");
        (Rc::new(RefCell::new(store)), instance)
    }

    pub fn rows() -> Vec<Row> {
        let (store, instance) = load(false);
        macro_rules! typed {
            ($rows:ident, $name:expr, $export:expr, $params:ty, $results:ty, $args:expr) => {
                let func = instance
                    .get_typed_func::<$params, $results>(&mut *store.borrow_mut(), $export)
                    .unwrap();
                let store = store.clone();
                $rows.push((
                    $name,
                    Box::new(move || {
                        let mut store = store.borrow_mut();
                        for _ in 0..CALLS {
                            black_box(func.call(&mut *store, black_box($args)).unwrap());
                        }
                    }),
                ));
            };
        }
        macro_rules! untyped {
            ($rows:ident, $name:expr, $export:expr) => {
                let func = instance.func(&*store.borrow(), $export).unwrap();
                let store = store.clone();
                let args = [Val::I64(1), Val::I64(2)];
                $rows.push((
                    $name,
                    Box::new(move || {
                        let mut store = store.borrow_mut();
                        for _ in 0..CALLS {
                            black_box(func.call(&mut *store, black_box(&args)).unwrap());
                        }
                    }),
                ));
            };
        }
        macro_rules! loops {
            ($rows:ident, $name:expr, $export:expr, $untyped:expr) => {
                let (store, instance) = load($untyped);
                let func = instance
                    .get_typed_func::<i32, ()>(&mut *store.borrow_mut(), $export)
                    .unwrap();
                $rows.push((
                    $name,
                    Box::new(move || func.call(&mut *store.borrow_mut(), CALLS as i32).unwrap()),
                ));
            };
        }
        rows!(typed, untyped, loops)
    }
}

mod theirs {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;
    use wasmtime::{Caller, Engine, FuncType, Instance, Linker, Module, Store, Val, ValType};

    fn load(untyped: bool) -> (Rc<RefCell<Store<u64>>>, Instance) {
        let engine = Engine::default();
        let module = Module::new(&engine, PROGRAM).expect("a module");
        let mut linker = Linker::<u64>::new(&engine);
        linker.func_wrap("host", "none", || ()).unwrap();
        if untyped {
            let ty = FuncType::new(&engine, [ValType::I64, ValType::I64], [ValType::I64]);
            linker
                .func_new("host", "add", ty, |_, args, results| {
                    results[0] = Val::I64(args[0].unwrap_i64().wrapping_add(args[1].unwrap_i64()));
                    Ok(())
                })
                .unwrap();
        } else {
            linker
                .func_wrap("host", "add", |a: i64, b: i64| a.wrapping_add(b))
                .unwrap();
        }
        linker.func_wrap("host", "eight", eight).unwrap();
        linker
            .func_wrap("host", "count", |mut caller: Caller<'_, u64>, by: i32| {
                *caller.data_mut() += by as u64;
            })
            .unwrap();
        let mut store = Store::new(&engine, 0);
        let instance = linker
            .instantiate(&mut store, &module)
            .expect("an instance");
        (Rc::new(RefCell::new(store)), instance)
    }

    pub fn rows() -> Vec<Row> {
        let (store, instance) = load(false);
        macro_rules! typed {
            ($rows:ident, $name:expr, $export:expr, $params:ty, $results:ty, $args:expr) => {
                let func = instance
                    .get_typed_func::<$params, $results>(&mut *store.borrow_mut(), $export)
                    .unwrap();
                let store = store.clone();
                $rows.push((
                    $name,
                    Box::new(move || {
                        let mut store = store.borrow_mut();
                        for _ in 0..CALLS {
                            black_box(func.call(&mut *store, black_box($args)).unwrap());
                        }
                    }),
                ));
            };
        }
        macro_rules! untyped {
            ($rows:ident, $name:expr, $export:expr) => {
                let func = instance
                    .get_func(&mut *store.borrow_mut(), $export)
                    .unwrap();
                let store = store.clone();
                let args = [Val::I64(1), Val::I64(2)];
                $rows.push((
                    $name,
                    Box::new(move || {
                        let mut store = store.borrow_mut();
                        let mut results = [Val::I64(0)];
                        for _ in 0..CALLS {
                            func.call(&mut *store, black_box(&args), &mut results)
                                .unwrap();
                            black_box(&results);
                        }
                    }),
                ));
            };
        }
        macro_rules! loops {
            ($rows:ident, $name:expr, $export:expr, $untyped:expr) => {
                let (store, instance) = load($untyped);
                let func = instance
                    .get_typed_func::<i32, ()>(&mut *store.borrow_mut(), $export)
                    .unwrap();
                $rows.push((
                    $name,
                    Box::new(move || func.call(&mut *store.borrow_mut(), CALLS as i32).unwrap()),
                ));
            };
        }
        rows!(typed, untyped, loops)
    }
}
