//! Programs in the shape of what compilers with stack switching make: OCaml's effects,
//! and coroutines as Kotlin's. Both keep continuations in objects.

mod common;

use common::instance_with;
use mangrove::{Config, ContinuationsInObjects, Error, Func, Instance, Store, TrapCode, Val};

const EFFECTS: &str = include_str!("../examples/producers/effects.wat");
const COROUTINES: &str = include_str!("../examples/producers/coroutines.wat");

/// Every mode, and what they have to do with each other.
const ZEALS: [&str; 11] = [
    "none",
    "alloc",
    "switch",
    "call",
    "move",
    "minor",
    "switch,minor",
    "call,minor",
    "move,minor",
    "alloc,switch,call,move",
    "alloc,switch,call,move,minor",
];

fn world(text: &str, zeal: &str) -> (Store<()>, Instance) {
    let mut config = Config::new();
    config
        .continuations_in_objects(ContinuationsInObjects::Trace)
        .zeal(zeal.parse().unwrap())
        .verify_heap(true);
    instance_with(&config, text)
}

fn answer(store: &mut Store<()>, instance: Instance, name: &str, arg: Val) -> Result<i64, Error> {
    let func: Func = instance.func(store, name).expect("an export");
    match func.call(store, &[arg])?[..] {
        [Val::I64(sum)] => Ok(sum),
        ref other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn effects_and_their_fibers() {
    for zeal in ZEALS {
        let (mut store, instance) = world(EFFECTS, zeal);
        // 0 + 1 + … + 39, and three turns each.
        let sum = answer(&mut store, instance, "run", Val::I32(40)).unwrap();
        assert_eq!(sum, 780 + 120, "{zeal}");
        for (value, expected) in [(0, 107), (5, 5)] {
            let sum = answer(&mut store, instance, "discontinue", Val::I64(value)).unwrap();
            assert_eq!(sum, expected, "{zeal}");
        }
        let error = answer(&mut store, instance, "twice", Val::I64(1)).unwrap_err();
        let code = error.as_trap().and_then(|trap| trap.reason.code());
        assert_eq!(code, Some(TrapCode::NullReference), "{zeal}: {error}");
    }
}

#[test]
fn a_million_fibers_that_only_objects_know() {
    let (mut store, instance) = {
        let mut config = Config::new();
        config.continuations_in_objects(ContinuationsInObjects::Trace);
        instance_with(&config, EFFECTS)
    };
    const FIBERS: i64 = if cfg!(debug_assertions) {
        100_000
    } else {
        1_000_000
    };
    let sum = answer(&mut store, instance, "run", Val::I32(FIBERS as i32)).unwrap();
    assert_eq!(sum, FIBERS * (FIBERS - 1) / 2 + 3 * FIBERS);
    store.gc().unwrap();
    assert_eq!(store.live_continuations(), 0);
}

#[test]
fn coroutines_and_the_state_machines_they_stand_for() {
    for zeal in ZEALS {
        let (mut store, instance) = world(COROUTINES, zeal);
        for (name, count) in [
            ("generator", 100),
            ("depth", 20),
            ("crowd", 30),
            ("cancel", 20),
        ] {
            let mut sum = |name: &str| answer(&mut store, instance, name, Val::I32(count)).unwrap();
            let (coroutines, machine) = (sum(name), sum(&format!("{name}_machine")));
            assert_eq!(coroutines, machine, "{name} with zeal {zeal}");
            assert_ne!(coroutines, 0);
        }
    }
}
