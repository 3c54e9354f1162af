//! References, handles, collections and zeal, seen from the embedder.

mod common;

use common::{call, instance, instance_with};
use mangrove::{AbstractHeap, HeapType};
use mangrove::{
    Config, Error, ExternRef, Global, GlobalType, HandleKind, HeapHandle, RefType, ReportOptions,
    Store, TrapReason, Val, ValType,
};

/// A list of `n` cells is built, then summed; garbage in between.
const LIST: &str = r#"(module
    (import "mangrove" "gc" (func $gc))
    (type $cell (struct (field i64) (field (mut (ref null $cell)))))
    (func $build (export "build") (param $n i64) (result (ref null $cell))
        (local $list (ref null $cell))
        (block $done (loop $next
            (br_if $done (i64.eqz (local.get $n)))
            (drop (struct.new $cell (i64.const -1) (local.get $list)))
            (local.set $list (struct.new $cell (local.get $n) (local.get $list)))
            (local.set $n (i64.sub (local.get $n) (i64.const 1)))
            (br $next)))
        (local.get $list))
    (func $sum (export "sum") (param $list (ref null $cell)) (result i64)
        (local $sum i64)
        (block $done (loop $next
            (br_if $done (ref.is_null (local.get $list)))
            (local.set $sum (i64.add (local.get $sum) (struct.get $cell 0 (local.get $list))))
            (local.set $list (struct.get $cell 1 (local.get $list)))
            (br $next)))
        (local.get $sum))
    (func (export "both") (param i64) (result i64)
        (local $list (ref null $cell))
        (local.set $list (call $build (local.get 0)))
        (call $gc)
        (call $sum (local.get $list))))"#;

#[test]
fn objects_survive_collections() {
    for zeal in ["none", "alloc", "alloc:3", "call", "switch", "minor"] {
        let mut config = Config::new();
        config.zeal(zeal.parse().unwrap()).verify_heap(true);
        let (mut store, instance) = instance_with(&config, LIST);
        let sum = call(&mut store, instance, "both", &[Val::I64(100)]).unwrap();
        assert_eq!(sum, [Val::I64(5050)], "{zeal}");
        let expected = match zeal {
            "alloc" | "minor" => 200,
            "alloc:3" => 66,
            _ => 1,
        };
        assert!(
            store.collections() >= expected,
            "{zeal}: {}",
            store.collections()
        );
    }
}

#[test]
fn a_handle_keeps_and_follows_its_object() {
    let (mut store, instance) = instance(LIST);
    let list = call(&mut store, instance, "build", &[Val::I64(10)]).unwrap();
    let before = store.heap_bytes();
    store.gc().unwrap();
    assert!(store.heap_bytes() < before);
    assert_eq!(store.heap_bytes(), 10 * 16);
    let Val::Any(Some(handle)) = &list[0] else {
        panic!("a reference")
    };
    assert!(matches!(
        handle.kind(&store).unwrap(),
        HandleKind::Struct(_)
    ));
    assert_eq!(handle.item(&mut store, 0).unwrap(), Some(Val::I64(1)));
    assert_eq!(handle.item(&mut store, 2).unwrap(), None);
    assert_eq!(
        call(&mut store, instance, "sum", &list).unwrap(),
        [Val::I64(55)]
    );
    drop(list);
    store.gc().unwrap();
    assert_eq!(store.heap_bytes(), 0);
}

#[test]
fn host_objects_carry_their_payload() {
    let (mut store, instance) = instance(
        r#"(module
            (import "mangrove" "gc" (func $gc))
            (table $t (export "t") 4 externref)
            (func (export "keep") (param externref) (result externref)
                (table.set $t (i32.const 2) (local.get 0))
                (call $gc)
                (table.get $t (i32.const 2)))
            (func (export "inside") (param externref) (result anyref)
                (any.convert_extern (local.get 0))))"#,
    );
    let value = ExternRef::new(&mut store, 0xdead_beef_0123_u64).unwrap();
    let object = value.handle().clone();
    let given = Val::from(value.clone());
    let back = call(&mut store, instance, "keep", std::slice::from_ref(&given)).unwrap();
    let same = |store: &Store<()>, values: &[Val]| match values {
        [Val::Extern(Some(handle)) | Val::Any(Some(handle))] => {
            // Received apart: handles of their own, for the same object.
            *handle != object && handle.same_object(store, &object).unwrap()
        }
        _ => false,
    };
    assert!(same(&store, &back));
    let inside = call(&mut store, instance, "inside", &[given]).unwrap();
    assert!(same(&store, &inside));
    let another = ExternRef::new(&mut store, 0xdead_beef_0123_u64).unwrap();
    assert!(!same(&store, &[another.into()]));
    drop((inside, back));
    store.gc().unwrap();
    let data = value.data(&store).unwrap().unwrap();
    assert_eq!(data.downcast_ref(), Some(&0xdead_beef_0123_u64));
    let (other, _) = common::instance("(module)");
    assert!(value.data(&other).is_err());
    assert!(object.same_object(&other, &object).is_err());
    assert_eq!(object, object.clone());
    let i31 = HeapHandle::from_i31(u32::MAX);
    assert_eq!(
        (i31.as_i31(), i31.kind(&store).unwrap()),
        (Some(0x7fff_ffff), HandleKind::I31)
    );
}

#[test]
fn everything_outside_of_frames_is_a_root() {
    let text = r#"(module
        (import "mangrove" "gc" (func $gc))
        (type $box (struct (field i32)))
        (type $pair (struct (field (ref $box)) (field (ref null $pair))))
        (type $boxes (array (mut (ref null $box))))
        (global $g (export "g") (ref $pair)
            (struct.new $pair (struct.new $box (i32.const 1))
                (struct.new $pair (struct.new $box (i32.const 2)) (ref.null $pair))))
        (global $a (ref $boxes) (array.new_fixed $boxes 3
            (struct.new $box (i32.const 10)) (ref.null $box) (struct.new $box (i32.const 20))))
        (table $t 3 (ref $box) (struct.new $box (i32.const 100)))
        (elem $e (ref $box) (item (struct.new $box (i32.const 1000)))
            (item (struct.new $box (i32.const 2000))))
        (elem (table $t) (i32.const 1) (ref $box) (item (struct.new $box (i32.const 300))))
        (func $of (param (ref null $box)) (result i32) (struct.get $box 0 (local.get 0)))
        (func (export "sum") (result i32)
            (call $gc)
            (table.init $t $e (i32.const 0) (i32.const 1) (i32.const 1))
            (call $gc)
            (call $of (struct.get $pair 0 (global.get $g)))
            (call $of (struct.get $pair 0 (struct.get $pair 1 (global.get $g))))
            (call $of (array.get $boxes (global.get $a) (i32.const 0)))
            (call $of (array.get $boxes (global.get $a) (i32.const 2)))
            (call $of (table.get $t (i32.const 0)))
            (call $of (table.get $t (i32.const 1)))
            (call $of (table.get $t (i32.const 2)))
            (call $of (array.get $boxes (array.new_elem $boxes $e (i32.const 0) (i32.const 2))
                (i32.const 0)))
            i32.add i32.add i32.add i32.add i32.add i32.add i32.add))"#;
    for zeal in ["none", "alloc", "call", "minor"] {
        let mut config = Config::new();
        config
            .zeal(zeal.parse().unwrap())
            .young_min(64)
            .young_max(64)
            .verify_heap(true);
        let (mut store, instance) = instance_with(&config, text);
        let sum = call(&mut store, instance, "sum", &[]).unwrap();
        assert_eq!(
            sum,
            [Val::I32(1 + 2 + 10 + 20 + 2000 + 300 + 100 + 1000)],
            "{zeal}"
        );
        let Some(mangrove::Extern::Global(g)) = instance.export(&store, "g") else {
            panic!()
        };
        assert!(matches!(g.get(&mut store).unwrap(), Val::Any(Some(_))));
    }
}

#[test]
fn a_full_heap_is_a_trap_and_the_store_goes_on() {
    let mut config = Config::new();
    config.heap_max(1 << 20).young_max(64 << 10);
    let (mut store, instance) = instance_with(&config, LIST);
    for _ in 0..3 {
        let error = call(&mut store, instance, "build", &[Val::I64(1 << 20)]).unwrap_err();
        let reason = &error.as_trap().unwrap().reason;
        assert!(matches!(reason, TrapReason::HeapExhausted { limit, .. } if *limit == 1 << 20));
        assert!(error.to_string().contains("heap exhausted"), "{error}");
    }
    let sum = call(&mut store, instance, "both", &[Val::I64(1000)]).unwrap();
    assert_eq!(sum, [Val::I64(500_500)]);
}

#[test]
fn globals_take_values_of_their_type_only() {
    let (mut store, _) = instance("(module)");
    let heap = HeapType::Abstract(AbstractHeap::I31);
    let ty = GlobalType {
        content: ValType::Ref(RefType {
            nullable: true,
            heap,
        }),
        mutable: true,
    };
    let global = Global::new(&mut store, ty, Val::Any(None)).unwrap();
    let i31 = Val::Any(Some(HeapHandle::from_i31(5)));
    global.set(&mut store, i31.clone()).unwrap();
    assert_eq!(global.get(&mut store).unwrap(), i31);
    let object = HeapHandle::from(ExternRef::new(&mut store, 1).unwrap());
    for wrong in [Val::Any(Some(object)), Val::Func(None), Val::I32(1)] {
        assert!(matches!(
            global.set(&mut store, wrong),
            Err(Error::Usage(_))
        ));
    }
}

#[test]
fn long_chains_of_bound_continuations_take_no_stack_of_the_hosts() {
    let mut config = Config::new();
    config.stack_size(4 << 10);
    // Each of 64 chains: a continuation bound to one bound to one …
    let (mut store, instance) = instance_with(
        &config,
        r#"(module
            (type $f0 (func)) (type $k0 (cont $f0))
            (type $f1 (func (param (ref null $k0)))) (type $k1 (cont $f1))
            (table $t 64 (ref null $k0))
            (func $g (type $f1))
            (elem declare func $g)
            (func (export "chains") (param $n i32)
                (local $i i32) (local $at i32)
                (loop $next
                    (local.set $at (i32.and (local.get $i) (i32.const 63)))
                    (table.set $t (local.get $at)
                        (cont.bind $k1 $k0 (table.get $t (local.get $at))
                            (cont.new $k1 (ref.func $g))))
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br_if $next (i32.lt_u (local.get $i) (local.get $n))))))"#,
    );
    call(&mut store, instance, "chains", &[Val::I32(100_000)]).unwrap();
    store.gc().unwrap();
    assert_eq!(store.live_continuations(), 100_000);
    store.continuations(ReportOptions::default()).unwrap();
}

#[test]
fn many_handles_do_not_pile_up() {
    let (mut store, instance) =
        instance(r#"(module (func (export "id") (param anyref) (result anyref) (local.get 0)))"#);
    let object = HeapHandle::from(ExternRef::new(&mut store, 1).unwrap());
    for _ in 0..10_000 {
        let given = Val::Any(Some(object.clone()));
        let back = call(&mut store, instance, "id", &[given]).unwrap();
        assert!(
            matches!(&back[..], [Val::Any(Some(back))] if back.same_object(&store, &object).unwrap())
        );
    }
    let handles = |set: mangrove::RootSet| {
        let mut owners = set.roots.into_iter().map(|root| root.owner);
        owners
            .by_ref()
            .filter(|o| matches!(o, mangrove::RootOwner::Handle { .. }))
            .count()
    };
    assert_eq!(handles(store.roots().unwrap()), 1);
}

/// An exception is in no hierarchy but its own, whatever the embedder says.
#[test]
fn an_exception_is_no_external_reference() {
    let text = r#"(module (tag $e)
        (func (export "throw") (throw $e))
        (func (export "any") (param externref) (result i32)
            (ref.is_null (any.convert_extern (local.get 0)))))"#;
    let (mut store, instance) = instance(text);
    let Err(Error::Exception(exception)) = call(&mut store, instance, "throw", &[]) else {
        panic!("nothing was thrown");
    };
    for wrong in [Val::Extern, Val::Any] {
        let value = wrong(Some(exception.handle.clone()));
        let refused = call(&mut store, instance, "any", &[value]);
        assert!(matches!(refused, Err(Error::Usage(_))), "{refused:?}");
    }
    let object = HeapHandle::from(ExternRef::new(&mut store, 1).unwrap());
    let taken = call(&mut store, instance, "any", &[Val::Extern(Some(object))]);
    assert_eq!(taken.unwrap(), [Val::I32(0)]);
}
