//! What an engine keeps of a module with types of its own that was dropped: nothing.
//! A process of its own, since all that is allocated is counted.

#[path = "common/counting.rs"]
mod counting;

use counting::ALLOCATED;
use mangrove::{Config, Engine, Func, FuncType, Instance, Module, Store, Val, ValType};
use std::sync::atomic::Ordering;

/// A module of three types that no other number has: a struct, an array, a function.
fn text(number: u32) -> String {
    let bits = (0..20).map(|bit| {
        if number >> bit & 1 == 1 {
            " i64"
        } else {
            " i32"
        }
    });
    let fields: String = bits.collect();
    format!(
        "(module (type $s (struct (field {fields}))) (type $a (array (mut (ref null $s))))
           (tag (param (ref $a)))
           (func (export \"f\") (param (ref null $a)) (result (ref $s)) (unreachable)))"
    )
}

fn module(engine: &Engine, number: u32) {
    let module = Module::new(engine, text(number).as_bytes()).unwrap();
    let mut store = Store::new(engine, ()).unwrap();
    Instance::new(&mut store, &module, &[]).unwrap();
}

/// A host function of a type of its own.
fn host_function(engine: &Engine, number: u32) {
    let mut store = Store::new(engine, ()).unwrap();
    let bits = (0..20).map(|bit| match number >> bit & 1 {
        1 => ValType::I64,
        _ => ValType::I32,
    });
    let params: Vec<ValType> = bits.collect();
    let args: Vec<Val> = params
        .iter()
        .map(|&ty| engine.default_value(ty).unwrap())
        .collect();
    let results = vec![];
    let func = Func::new(&mut store, FuncType { params, results }, |_, _, _| Ok(())).unwrap();
    func.call(&mut store, &args).unwrap();
}

/// Bytes that are left, of each of 1,000 when as many were there before.
fn left(what: fn(&Engine, u32)) -> f64 {
    // In this thread: a pool's keep what they need.
    let engine = Engine::new(Config::new().threads(1)).unwrap();
    let run = |numbers: std::ops::Range<u32>| {
        for number in numbers {
            what(&engine, number);
        }
        ALLOCATED.load(Ordering::Relaxed)
    };
    let before = run(0..1_000);
    (run(1_000..2_000) - before) as f64 / 1e3
}

#[test]
fn a_dropped_module_leaves_nothing() {
    for (name, what) in [
        ("module", module as fn(&Engine, u32)),
        ("host function", host_function),
    ] {
        let left = left(what);
        println!("bytes left of a {name}: {left:.0}");
        assert!(left < 8.0, "{left} bytes are left of each {name}");
    }
}
