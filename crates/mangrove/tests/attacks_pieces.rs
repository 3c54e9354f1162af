//! What the embedder does between two pieces of an operation on many: it makes memories and
//! tables larger, moves arrays, drops segments, calls the same code again.

mod common;

use common::{call, instance_with};
use mangrove::{Config, Error, UpdateDeadline, Val};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// Three pieces and a bit.
const PROGRAM: &str = r#"(module
    (memory $m (export "m") 800 4000) (memory $big (export "big") i64 800 4000)
    (type $refs (array (mut anyref))) (type $bytes (array (mut i8)))
    (table $t (export "t") 3500000 9000000 anyref)
    (elem $some anyref (ref.i31 (i32.const 1)) (ref.i31 (i32.const 2)))
    (data $text "mangrove")
    (global $kept (mut anyref) (ref.null any))
    (func (export "change") (result i32)
        (drop (memory.grow $m (i32.const 1)))
        (drop (memory.grow $big (i64.const 1)))
        (drop (table.grow $t (ref.i31 (i32.const 7)) (i32.const 1)))
        (elem.drop $some) (data.drop $text)
        (global.set $kept (array.new $refs (global.get $kept) (i32.const 9)))
        (memory.fill $m (i32.const 0) (i32.const 0) (i32.const 1))
        (i32.const 1))
    (func (export "memory") (result i32)
        (memory.fill $big (i64.const 1) (i32.const 5) (i64.const 50000000))
        (memory.copy $m $big (i32.const 3) (i64.const 1) (i32.const 50000000))
        (memory.copy $m $m (i32.const 10) (i32.const 3) (i32.const 50000000))
        (memory.copy $big $m (i64.const 1000) (i32.const 10) (i32.const 50000000))
        (i32.add (i32.load8_u $big (i64.const 50000999)) (i32.load8_u $m (i32.const 50000009))))
    (func (export "table") (result i32) (local $a (ref $refs))
        (local.set $a (array.new $refs (ref.null any) (i32.const 1)))
        (table.fill $t (i32.const 1) (local.get $a) (i32.const 3400000))
        (table.copy $t $t (i32.const 9) (i32.const 0) (i32.const 3400000))
        (array.set $refs (local.get $a) (i32.const 0) (ref.i31 (i32.const 20)))
        (i31.get_u (ref.cast (ref i31) (array.get $refs (ref.cast (ref $refs)
            (table.get $t (i32.const 3400007))) (i32.const 0)))))
    (func (export "array") (result i32) (local $a (ref $refs)) (local $b (ref $refs)) (local $v (ref $refs))
        (local.set $v (array.new $refs (ref.i31 (i32.const 30)) (i32.const 1)))
        (local.set $a (array.new $refs (ref.null any) (i32.const 3500000)))
        (local.set $b (array.new $refs (ref.null any) (i32.const 3500000)))
        (array.fill $refs (local.get $a) (i32.const 5) (local.get $v) (i32.const 3400000))
        (array.copy $refs $refs (local.get $b) (i32.const 1) (local.get $a) (i32.const 5) (i32.const 3400000))
        (array.copy $refs $refs (local.get $b) (i32.const 77) (local.get $b) (i32.const 1) (i32.const 3400000))
        (i31.get_u (ref.cast (ref i31) (array.get $refs (ref.cast (ref $refs)
            (array.get $refs (local.get $b) (i32.const 3400076))) (i32.const 0)))))
    (func (export "beyond") (memory.fill $m (i32.const 1) (i32.const 9) (i32.const -1))))"#;

#[test]
fn whatever_grows_and_moves_between_pieces() {
    let mut config = Config::new();
    config.epoch_interruption(true);
    let (mut store, instance) = instance_with(&config, PROGRAM);
    let change = instance.func(&store, "change").unwrap();
    let (inside, asked) = (AtomicBool::new(false), Arc::new(AtomicU32::new(0)));
    let count = asked.clone();
    store.set_epoch_deadline(0);
    store.epoch_deadline_callback(move |mut caller| {
        count.fetch_add(1, Ordering::Relaxed);
        if !inside.swap(true, Ordering::Relaxed) {
            caller.set_epoch_deadline(1);
            let changed = change.call(&mut caller, &[])?;
            assert_eq!(changed, [Val::I32(1)]);
            caller.gc()?;
            inside.store(false, Ordering::Relaxed);
        }
        Ok(UpdateDeadline::Continue(0))
    });
    for (name, result) in [("memory", 10), ("table", 20), ("array", 30)] {
        asked.store(0, Ordering::Relaxed);
        let values = call(&mut store, instance, name, &[]).unwrap();
        assert_eq!(values, [Val::I32(result)], "{name}");
        assert!(asked.load(Ordering::Relaxed) > 8, "{name}");
    }
    let error = call(&mut store, instance, "beyond", &[]).unwrap_err();
    assert!(matches!(error, Error::Trap(_)), "{error}");
}
