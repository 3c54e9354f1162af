//! Fuel is exact wherever code stops, at every level of optimisation.

mod common;

use common::{call, instance_with};
use mangrove::{Config, Extern, OptLevel, Val};

const LEVELS: [OptLevel; 4] = [
    OptLevel::Inline,
    OptLevel::Speed,
    OptLevel::None,
    OptLevel::Frame,
];

/// Units that a call uses, at every level the same.
fn used(text: &str, name: &str, args: &[Val]) -> u64 {
    let mut all = Vec::new();
    for level in LEVELS {
        let mut config = Config::new();
        config.consume_fuel(true).opt_level(level);
        let (mut store, instance) = instance_with(&config, text);
        store.set_fuel(100_000).unwrap();
        let _ = call(&mut store, instance, name, args);
        all.push(100_000 - store.get_fuel().unwrap());
    }
    assert!(all.iter().all(|&used| used == all[0]), "{name}: {all:?}");
    all[0]
}

#[test]
fn fuel_is_exact_where_code_stops() {
    let text = r#"(module
        (type $s (struct (field i32))) (type $f (func)) (type $k (cont $f))
        (type $a (array (mut i32)))
        (memory 1) (tag $t) (tag $p) (table 4 funcref)
        (func $leaf (nop) (drop (i32.const 1)))
        (func (export "straight") (drop (i32.add (i32.const 1) (i32.const 2))))
        (func (export "branch") (param i32)
            (if (local.get 0) (then (nop) (drop (i32.const 1))) (else (drop (i32.add (i32.const 1) (i32.const 1))))))
        (func (export "turns") (param i32)
            (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
        (func (export "calls") (call $leaf) (call $leaf) (drop (i32.const 0)))
        (func (export "divides") (drop (i32.const 3)) (drop (i32.div_u (i32.const 1) (i32.const 0))) (drop (i32.const 4)))
        (func (export "loads") (param i32) (drop (i32.const 3)) (drop (i32.load (i32.const 0)))
            (drop (i32.load (local.get 0))) (drop (i32.const 1)) (drop (i32.const 1)))
        (func (export "null") (drop (i32.const 3)) (drop (struct.get $s 0 (ref.null $s))))
        (func (export "unreachable") (drop (i32.const 3)) (unreachable))
        (func (export "never called") (unreachable) (call $leaf))
        (func $never (unreachable))
        (func (export "never back") (drop (i32.const 3)) (call $never) (drop (i32.const 4)))
        (func $thrower (drop (i32.const 1)) (throw $t))
        (func (export "catches") (block $b (try_table (catch $t $b) (call $thrower) (drop (i32.const 1)))) (drop (i32.const 1)))
        (func (export "uncaught") (drop (i32.const 1)) (call $thrower))
        (func $pauses (drop (i32.const 1)) (suspend $p) (drop (i32.const 1)))
        (elem declare func $pauses)
        (func (export "suspends") (local $k (ref null $k))
            (block $on (result (ref $k)) (resume $k (on $p $on) (cont.new $k (ref.func $pauses))) (unreachable))
            (local.set $k) (drop (i32.const 1)) (resume $k (local.get $k)) (drop (i32.const 1)))
        (func (export "unhandled") (drop (i32.const 1)) (suspend $p))
        (func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))
        (func (export "deep") (drop (call $deep (i32.const 0))))
        (func (export "fill") (param i32) (memory.fill (i32.const 0) (i32.const 0) (local.get 0)))
        (func (export "array") (param i32) (drop (array.new $a (i32.const 0) (local.get 0))))
        (func (export "copy") (param i32) (table.copy (i32.const 0) (i32.const 0) (local.get 0))))"#;
    for (name, args, expected) in [
        ("straight", &[][..], 4),
        ("branch", &[Val::I32(1)], 4),
        ("branch", &[Val::I32(0)], 6),
        ("turns", &[Val::I32(10)], 51),
        ("calls", &[], 8),
        ("divides", &[], 5),
        ("loads", &[Val::I32(-1)], 6),
        ("loads", &[Val::I32(0)], 8),
        ("null", &[], 4),
        ("unreachable", &[], 2),
        ("never called", &[], 1),
        ("never back", &[], 4),
        ("catches", &[], 7),
        ("uncaught", &[], 6),
        // 3 to the first switch, 2 in there, 4 to the second, 1 and 1, and one for each
        // function, as everywhere.
        ("suspends", &[], 13),
        ("unhandled", &[], 3),
        ("fill", &[Val::I32(65536)], 5 + 65536),
        // Whether it can be done or not.
        ("fill", &[Val::I32(65537 + 64)], 5 + 65601),
        ("array", &[Val::I32(800)], 4 + 800),
        ("copy", &[Val::I32(4)], 5 + 4),
    ] {
        assert_eq!(used(text, name, args), expected, "{name}");
    }
}

#[test]
fn fuel_is_exact_where_the_stack_ends() {
    // How deep it comes depends on the code; what is used does not, for that depth.
    let text = r#"(module (global $depth (export "depth") (mut i32) (i32.const 0))
        (func $f (param i64 i64 i64) (result i64)
            (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
            (i64.add (i64.mul (local.get 0) (local.get 1))
                (call $f (local.get 2) (local.get 0) (local.get 1))))
        (func (export "run") (drop (call $f (i64.const 1) (i64.const 2) (i64.const 3)))))"#;
    for level in LEVELS {
        let mut config = Config::new();
        config
            .consume_fuel(true)
            .opt_level(level)
            .stack_size(64 << 10);
        let (mut store, instance) = instance_with(&config, text);
        store.set_fuel(1_000_000).unwrap();
        call(&mut store, instance, "run", &[]).unwrap_err();
        let Some(Extern::Global(depth)) = instance.export(&store, "depth") else {
            panic!("a global")
        };
        let depth = depth.get(&mut store).unwrap().as_i32().unwrap() as u64;
        assert!(depth > 100);
        // 5 up to the first call, 12 in each of the others.
        let used = 1_000_000 - store.get_fuel().unwrap();
        assert_eq!(used, 5 + 12 * depth, "{level:?}");
    }
}
