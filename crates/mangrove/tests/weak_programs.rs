//! Weak references of programs: what the option lets them import, and what they do wrong.

mod common;

use common::{call, instance_with};
use mangrove::{Config, DeathQueue, Engine, Error, ExternRef, HeapHandle, Store, Val};

const PROGRAM: &str = r#"(module
    (import "mangrove" "weak_new" (func $weak (param anyref) (result externref)))
    (import "mangrove" "weak_get" (func $get (param externref) (result anyref)))
    (import "mangrove" "watch" (func $watch (param anyref i32)))
    (import "mangrove" "next_dead" (func $next (result i32)))
    (export "weak" (func $weak)) (export "get" (func $get))
    (export "watch" (func $watch)) (export "next" (func $next))
    (func (export "of_null") (result i32) (i32.and
        (ref.is_null (call $weak (ref.null any)))
        (ref.is_null (call $get (ref.null extern))))))"#;

#[test]
fn what_programs_do_wrong_with_weak_references_traps() {
    let mut config = Config::new();
    config.weak_references(true);
    let (mut store, instance) = instance_with(&config, PROGRAM);
    assert_eq!(
        call(&mut store, instance, "of_null", &[]).unwrap(),
        [Val::I32(1)]
    );
    assert_eq!(
        call(&mut store, instance, "next", &[]).unwrap(),
        [Val::I32(-1)]
    );
    let number = ExternRef::new(&mut store, 1).unwrap();
    let i31 = Val::Any(Some(HeapHandle::from_i31(3)));
    let cases = [
        ("get", vec![number.clone().into()]),
        ("get", vec![Val::Extern(Some(HeapHandle::from_i31(3)))]),
        ("watch", vec![Val::Any(None), Val::I32(1)]),
        ("watch", vec![i31.clone(), Val::I32(1)]),
        (
            "watch",
            vec![Val::Any(Some(number.clone().into())), Val::I32(-1)],
        ),
    ];
    for (name, args) in cases {
        let error = call(&mut store, instance, name, &args).unwrap_err();
        assert!(error.as_trap().is_some(), "{name}: {error}");
    }
    // An i31 is always there.
    let weak = call(&mut store, instance, "weak", &[i31]).unwrap();
    store.gc().unwrap();
    let Val::Any(Some(back)) = &call(&mut store, instance, "get", &weak).unwrap()[0] else {
        panic!("an i31")
    };
    assert_eq!(back.as_i31(), Some(3));
    // The host's queues are not the program's.
    let queue = DeathQueue::new(&mut store);
    queue.watch(&mut store, number.handle(), 5).unwrap();
    let args = [Val::Any(Some(number.clone().into())), Val::I32(6)];
    call(&mut store, instance, "watch", &args).unwrap();
    drop((number, args));
    store.gc().unwrap();
    assert_eq!(queue.next(&mut store).unwrap(), Some(5));
    assert_eq!(
        call(&mut store, instance, "next", &[]).unwrap(),
        [Val::I32(6)]
    );
    assert_eq!(
        call(&mut store, instance, "next", &[]).unwrap(),
        [Val::I32(-1)]
    );
}

/// A program that watches for ever reaches a limit, and the store works on.
#[test]
fn watches_and_tokens_are_limited() {
    let mut config = Config::new();
    config.weak_references(true).heap_max(1 << 20);
    let text = r#"(module
        (import "mangrove" "watch" (func $watch (param anyref i32)))
        (import "mangrove" "next_dead" (func $next (result i32)))
        (type $s (struct))
        (func (export "run") (local $s anyref)
            (local.set $s (struct.new $s))
            (loop $again (call $watch (local.get $s) (i32.const 1)) (br $again)))
        (func (export "told") (result i32)
            (local $n i32)
            (block $done (loop $again
                (br_if $done (i32.lt_s (call $next) (i32.const 0)))
                (local.set $n (i32.add (local.get $n) (i32.const 1)))
                (br $again)))
            (local.get $n)))"#;
    let (mut store, instance) = instance_with(&config, text);
    for round in 0..2 {
        let error = call(&mut store, instance, "run", &[]).unwrap_err();
        assert!(error.is_limit(), "{error}");
        store.gc().unwrap();
        if round == 0 {
            // Tokens that nobody took count.
            let error = call(&mut store, instance, "run", &[]).unwrap_err();
            assert!(error.is_limit(), "{error}");
        }
        let told = call(&mut store, instance, "told", &[]).unwrap();
        assert_eq!(told, [Val::I32(1 << 17)]);
    }
}

#[test]
fn without_the_option_there_is_nothing_to_import() {
    use mangrove::{Linker, Module};
    let engine = Engine::new(&Config::new()).unwrap();
    let module = Module::new(&engine, PROGRAM.as_bytes()).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let mut linker = Linker::new(&engine);
    linker.define_mangrove();
    let refused = linker.instantiate(&mut store, &module);
    assert!(matches!(refused, Err(Error::Link { .. })));
}
