//! Objects that the host makes, reads and writes, and types of them.

mod common;

use common::{call, instance, instance_with, store_with};
use mangrove::{
    AbstractHeap, ArrayRef, ArrayType, Config, ContinuationsInObjects, Engine, Error, ExternRef,
    FieldType, HeapHandle, HeapType, Module, ObjectError, RefType, StorageType, Store, StructRef,
    StructType, TrapCode, Val, ValType,
};

const ZEALS: [&str; 4] = ["none", "alloc", "minor", "alloc:3"];

fn config(zeal: &str) -> Config {
    let mut config = Config::new();
    config.zeal(zeal.parse().unwrap()).verify_heap(true);
    config
}

fn world(zeal: &str) -> (Engine, Store<()>) {
    let engine = Engine::new(&config(zeal)).unwrap();
    let store = Store::new(&engine, ()).unwrap();
    (engine, store)
}

fn reference(heap: impl Into<HeapType>) -> ValType {
    let heap = heap.into();
    ValType::Ref(RefType {
        nullable: true,
        heap,
    })
}

fn any() -> ValType {
    reference(HeapType::Abstract(AbstractHeap::Any))
}

/// Why a use of an object was refused.
fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> ObjectError {
    match result.unwrap_err() {
        Error::Object(error) => error,
        other => panic!("{other}"),
    }
}

fn is_usage<T: std::fmt::Debug>(result: Result<T, Error>) -> bool {
    matches!(result.unwrap_err(), Error::Usage(_))
}

#[test]
fn every_kind_of_field_goes_in_and_out() {
    for zeal in ZEALS {
        let (engine, mut store) = world(zeal);
        let numbers = [
            (StorageType::I8, Val::I32(-1), Val::I32(0xff)),
            (StorageType::I16, Val::I32(0x1_8001), Val::I32(0x8001)),
            (ValType::I32.into(), Val::I32(-5), Val::I32(-5)),
            (ValType::I64.into(), Val::I64(-6), Val::I64(-6)),
            (
                ValType::F32.into(),
                Val::F32(0x7fa0_0001),
                Val::F32(0x7fa0_0001),
            ),
            (ValType::F64.into(), Val::F64(9), Val::F64(9)),
            (
                ValType::V128.into(),
                Val::V128(1 << 100 | 3),
                Val::V128(1 << 100 | 3),
            ),
            (any().into(), Val::Any(None), Val::Any(None)),
        ];
        let fields = numbers
            .iter()
            .map(|&(storage, ..)| FieldType::variable(storage));
        let ty = StructType::new(&engine, fields).unwrap();
        let values: Vec<_> = numbers.iter().map(|(_, value, _)| value.clone()).collect();
        let expected: Vec<_> = numbers.iter().map(|(.., value)| value.clone()).collect();
        let made = StructRef::new(&mut store, &ty, &values).unwrap();
        assert_eq!(made.fields(&mut store).unwrap(), expected, "{zeal}");
        let zeros: Vec<_> = values.iter().map(zero).collect();
        let later = StructRef::new(&mut store, &ty, &zeros).unwrap();
        for (index, value) in values.iter().enumerate() {
            later.set_field(&mut store, index, value).unwrap();
        }
        store.gc().unwrap();
        assert_eq!(later.fields(&mut store).unwrap(), expected, "{zeal}");
        assert_eq!(made.ty(&store).unwrap(), ty);
    }
}

fn zero(value: &Val) -> Val {
    match value {
        Val::I32(_) => Val::I32(0),
        Val::I64(_) => Val::I64(0),
        Val::F32(_) => Val::F32(0),
        Val::F64(_) => Val::F64(0),
        Val::V128(_) => Val::V128(0),
        other => other.clone(),
    }
}

#[test]
fn functions_and_exceptions_are_kept_in_fields() {
    let text = r#"(module (tag $e (param i32))
        (func (export "f") (result i32) (i32.const 3))
        (func (export "throw") (throw $e (i32.const 7))))"#;
    for zeal in ZEALS {
        let (mut store, instance) = instance_with(&config(zeal), text);
        let engine = instance.module(&store).engine().clone();
        let kinds = [AbstractHeap::Func, AbstractHeap::Exn, AbstractHeap::Extern];
        let fields = kinds.map(|heap| FieldType::variable(reference(HeapType::Abstract(heap))));
        let ty = StructType::new(&engine, fields).unwrap();
        let f = instance.func(&store, "f").unwrap();
        let Err(Error::Exception(thrown)) = call(&mut store, instance, "throw", &[]) else {
            panic!("an exception")
        };
        let value = ExternRef::new(&mut store, "value").unwrap();
        let exception = Val::Exn(Some(thrown.handle.clone()));
        let values = [f.into(), exception.clone(), value.clone().into()];
        let object = StructRef::new(&mut store, &ty, &values).unwrap();
        // Each in the other's place.
        assert!(is_usage(object.set_field(&mut store, 0, &exception)));
        assert!(is_usage(object.set_field(&mut store, 2, &exception)));
        assert!(is_usage(object.set_field(
            &mut store,
            1,
            &value.clone().into()
        )));
        drop((thrown, exception));
        store.gc().unwrap();
        let back = object.fields(&mut store).unwrap();
        let Val::Func(Some(f)) = &back[0] else {
            panic!("a function")
        };
        assert_eq!(f.call(&mut store, &[]).unwrap(), [Val::I32(3)]);
        let (Val::Exn(Some(exception)), Val::Extern(Some(outside))) = (&back[1], &back[2]) else {
            panic!("references")
        };
        assert!(ExternRef::convert_any(&store, exception).is_err());
        assert!(
            outside.same_object(&store, value.handle()).unwrap(),
            "{zeal}"
        );
        object.set_field(&mut store, 0, &Val::Func(None)).unwrap();
        assert!(object.field(&mut store, 0).unwrap().is_null());
    }
}

/// Values that refer to objects move while the object for them is made.
#[test]
fn references_are_right_after_the_collection_that_makes_room() {
    for zeal in ZEALS {
        let (engine, mut store) = world(zeal);
        let cell = StructType::new(&engine, [FieldType::variable(ValType::I64)]).unwrap();
        let pair = [FieldType::variable(any()), FieldType::variable(any())];
        let pair = StructType::new(&engine, pair).unwrap();
        let array = ArrayType::new(&engine, FieldType::variable(any())).unwrap();
        let mut kept = Vec::new();
        for n in 0..200 {
            let one = StructRef::new(&mut store, &cell, &[Val::I64(n)]).unwrap();
            let two = StructRef::new(&mut store, &cell, &[Val::I64(-n)]).unwrap();
            let both = [one.into(), two.into()];
            let pair = StructRef::new(&mut store, &pair, &both).unwrap();
            let fixed = ArrayRef::new_fixed(&mut store, &array, &both).unwrap();
            let filled = ArrayRef::new(&mut store, &array, &both[1], 3).unwrap();
            kept.push((pair, fixed, filled));
        }
        store.gc().unwrap();
        let number = |store: &mut Store<()>, value: Val| {
            let Val::Any(Some(handle)) = value else {
                panic!("a cell")
            };
            let cell = handle.as_struct(store).unwrap().unwrap();
            cell.field(store, 0).unwrap().as_i64().unwrap()
        };
        for (n, (pair, fixed, filled)) in (0..).zip(&kept) {
            for (place, expected) in [(0, n), (1, -n)] {
                let field = pair.field(&mut store, place).unwrap();
                assert_eq!(number(&mut store, field), expected, "{zeal}");
                let element = fixed.get(&mut store, place as u32).unwrap();
                assert_eq!(number(&mut store, element), expected, "{zeal}");
            }
            let last = filled.get(&mut store, 2).unwrap();
            assert_eq!(number(&mut store, last), -n, "{zeal}");
        }
    }
}

/// Old objects that the host changes are logged: a minor collection finds what is new.
#[test]
fn what_the_host_stores_into_old_objects_survives_a_minor_collection() {
    let (engine, mut store) = world("none");
    let cell = StructType::new(&engine, [FieldType::variable(any())]).unwrap();
    let array = ArrayType::new(&engine, FieldType::variable(any())).unwrap();
    let null = Val::Any(None);
    let old = StructRef::new(&mut store, &cell, std::slice::from_ref(&null)).unwrap();
    // With cards, and large.
    let arrays = [10, 5_000, 50_000].map(|len| {
        let made = ArrayRef::new(&mut store, &array, &null, len).unwrap();
        (made, len)
    });
    store.gc().unwrap();
    let fresh = |store: &mut Store<()>, n: u32| {
        let i31 = Val::Any(Some(HeapHandle::from_i31(n)));
        Val::from(StructRef::new(store, &cell, &[i31]).unwrap())
    };
    for round in 0..20 {
        let value = fresh(&mut store, round);
        old.set_field(&mut store, 0, &value).unwrap();
        for (array, len) in &arrays {
            let value = fresh(&mut store, round);
            array.set(&mut store, round % len, &value).unwrap();
            let value = fresh(&mut store, round + 100);
            array.fill(&mut store, len - 2, &value, 2).unwrap();
        }
        store.gc_minor().unwrap();
        let check = |store: &mut Store<()>, value: Val, n: u32| {
            let Val::Any(Some(handle)) = value else {
                panic!("a cell")
            };
            let cell = handle.as_struct(store).unwrap().unwrap();
            let Val::Any(Some(number)) = cell.field(store, 0).unwrap() else {
                panic!("an i31")
            };
            assert_eq!(number.as_i31(), Some(n));
        };
        let value = old.field(&mut store, 0).unwrap();
        check(&mut store, value, round);
        for (array, len) in &arrays {
            let last = array.get(&mut store, len - 1).unwrap();
            check(&mut store, last, round + 100);
            if round < len - 2 {
                let value = array.get(&mut store, round % len).unwrap();
                check(&mut store, value, round);
            }
        }
    }
}

#[test]
fn numbers_go_in_and_out_in_bulk() {
    macro_rules! check {
        ($store:expr, $engine:expr, $($rust:ty, $storage:expr;)*) => { $({
            let ty = ArrayType::new($engine, FieldType::variable($storage)).unwrap();
            let numbers: Vec<$rust> = (0..1000u32).map(|n| (n % 120) as $rust).collect();
            let array = ArrayRef::from_slice($store, &ty, &numbers).unwrap();
            $store.gc().unwrap();
            assert_eq!(array.to_vec::<$rust>($store).unwrap(), numbers);
            array.copy_from_slice($store, 998, &[7 as $rust, 9 as $rust]).unwrap();
            let mut last = [0 as $rust; 3];
            array.copy_to_slice($store, 997, &mut last).unwrap();
            assert_eq!(last, [numbers[997], 7 as $rust, 9 as $rust]);
            let error = refused(array.copy_to_slice($store, 998, &mut last));
            assert_eq!(error, ObjectError::OutOfBounds { end: 1001, len: 1000 });
            let error = refused(array.copy_from_slice($store, u32::MAX, &last));
            assert_eq!(error, ObjectError::OutOfBounds { end: u64::from(u32::MAX) + 3, len: 1000 });
            array.copy_from_slice::<$rust>($store, 1000, &[]).unwrap();
            let empty = ArrayRef::from_slice::<$rust>($store, &ty, &[]).unwrap();
            assert!(empty.is_empty($store).unwrap());
            assert!(empty.to_vec::<$rust>($store).unwrap().is_empty());
        })* };
    }
    for zeal in ["none", "alloc"] {
        let (engine, mut store) = world(zeal);
        check! { &mut store, &engine,
            i8, StorageType::I8; u8, StorageType::I8; i16, StorageType::I16;
            u16, StorageType::I16; i32, ValType::I32; u32, ValType::I32; i64, ValType::I64;
            u64, ValType::I64; f32, ValType::F32; f64, ValType::F64;
        }
    }
}

#[test]
fn what_has_no_meaning_is_an_error_and_changes_nothing() {
    let (engine, mut store) = world("none");
    let fields = [
        FieldType::constant(ValType::I32),
        FieldType::variable(any()),
    ];
    let ty = StructType::new(&engine, fields).unwrap();
    let good = [Val::I32(1), Val::Any(None)];
    let object = StructRef::new(&mut store, &ty, &good).unwrap();
    let count = refused(StructRef::new(&mut store, &ty, &good[..1]));
    assert_eq!(
        count,
        ObjectError::Count {
            given: 1,
            fields: 2
        }
    );
    let bad = [Val::I64(1), Val::Any(None)];
    assert!(is_usage(StructRef::new(&mut store, &ty, &bad)));
    let index = refused(object.field(&mut store, 2));
    assert_eq!(
        index,
        ObjectError::NoField {
            index: 2,
            fields: 2
        }
    );
    assert_eq!(
        refused(object.field(&mut store, usize::MAX)),
        ObjectError::NoField {
            index: usize::MAX,
            fields: 2,
        }
    );
    assert_eq!(
        refused(object.set_field(&mut store, 0, &Val::I32(2))),
        ObjectError::Immutable
    );
    assert!(is_usage(object.set_field(&mut store, 1, &Val::I32(2))));
    assert!(is_usage(object.set_field(
        &mut store,
        1,
        &Val::Extern(None)
    )));
    assert_eq!(object.fields(&mut store).unwrap(), good);

    // Of other stores and engines.
    let mut other = Store::new(&engine, ()).unwrap();
    assert!(is_usage(object.field(&mut other, 0)));
    assert!(is_usage(object.set_field(&mut other, 1, &Val::Any(None))));
    let far = StructRef::new(&mut other, &ty, &good).unwrap();
    assert!(is_usage(object.set_field(&mut store, 1, &far.into())));
    let (elsewhere, mut stranger) = world("none");
    assert_eq!(
        refused(StructRef::new(&mut stranger, &ty, &good)),
        ObjectError::Engine
    );
    let foreign = StructType::extensible(&elsewhere, Some(&ty), fields);
    assert_eq!(refused(foreign), ObjectError::Engine);

    let constant = ArrayType::new(&engine, FieldType::constant(StorageType::I8)).unwrap();
    let bytes = ArrayRef::from_slice(&mut store, &constant, b"abc").unwrap();
    assert_eq!(
        refused(bytes.set(&mut store, 0, &Val::I32(1))),
        ObjectError::Immutable
    );
    assert_eq!(
        refused(bytes.copy_from_slice(&mut store, 0, b"x")),
        ObjectError::Immutable
    );
    let wrong = refused(bytes.to_vec::<u16>(&mut store));
    assert_eq!(wrong, ObjectError::Element { given: "u16" });
    assert!(matches!(
        refused(bytes.get(&mut store, 3)),
        ObjectError::OutOfBounds { .. }
    ));
    assert_eq!(bytes.to_utf8(&mut store).unwrap(), "abc");
}

#[test]
fn objects_that_are_too_large_are_traps() {
    let (engine, mut store) = world("none");
    let wide = ArrayType::new(&engine, FieldType::variable(ValType::V128)).unwrap();
    let references = ArrayType::new(&engine, FieldType::variable(any())).unwrap();
    for len in [u32::MAX, u32::MAX / 16 + 1, 1 << 28] {
        let made = ArrayRef::new(&mut store, &wide, &Val::V128(0), len);
        let error = made.unwrap_err();
        let code = error.as_trap().and_then(|trap| trap.reason.code());
        assert_eq!(code, Some(TrapCode::AllocationTooLarge), "{error}");
    }
    let error = ArrayRef::new(&mut store, &references, &Val::Any(None), u32::MAX).unwrap_err();
    assert!(error.as_trap().is_some());
    // One that an object may be, in a heap that is smaller.
    let mut small = store_with(config("none").heap_max(1 << 20));
    let engine = Engine::new(config("none").heap_max(1 << 20)).unwrap();
    let ty = ArrayType::new(&engine, FieldType::variable(StorageType::I8)).unwrap();
    assert_eq!(
        refused(ArrayRef::from_slice(&mut small, &ty, &[0u8; 9])),
        ObjectError::Engine
    );
    let mut small = Store::new(&engine, ()).unwrap();
    let big = vec![0u8; 2 << 20];
    let error = ArrayRef::from_slice(&mut small, &ty, &big).unwrap_err();
    assert!(error.is_limit(), "{error}");
    ArrayRef::from_slice(&mut small, &ty, &big[..1000]).unwrap();
}

#[test]
fn types_are_wasms_and_are_kept() {
    let (mut store, instance) = instance(
        r#"(module
            (rec (type $node (sub (struct (field i32) (field (mut (ref null $node)))))))
            (type $point (struct (field f64) (field f64)))
            (func (export "sum") (param (ref $point)) (result f64)
                (f64.add (struct.get $point 0 (local.get 0)) (struct.get $point 1 (local.get 0))))
            (func (export "next") (param (ref null $node)) (result (ref null $node))
                (struct.new $node (i32.const 5) (local.get 0))))"#,
    );
    let engine = instance.module(&store).engine().clone();
    let before = engine.type_counts();
    let fields = [ValType::F64; 2].map(FieldType::constant);
    let point = StructType::new(&engine, fields).unwrap();
    assert_eq!(engine.type_counts(), before, "the module has it already");
    let named = instance.module(&store).struct_type("point").unwrap();
    assert_eq!(named, point);
    let made = StructRef::new(&mut store, &point, &[1.5.into(), 2.0.into()]).unwrap();
    let sum = call(&mut store, instance, "sum", &[made.into()]).unwrap();
    assert_eq!(sum, [Val::from(3.5)]);

    // One that refers to itself comes from the module.
    let node = instance.module(&store).struct_type("node").unwrap();
    let next = node.fields()[1];
    assert_eq!(next, FieldType::variable(reference(node.clone())));
    let func = instance.func(&store, "next").unwrap();
    let ValType::Ref(RefType {
        heap: HeapType::Concrete(id),
        ..
    }) = func.ty(&store).params[0]
    else {
        panic!("a concrete type")
    };
    assert_eq!(StructType::of(&engine, id).unwrap(), node);
    assert!(matches!(
        refused(ArrayType::of(&engine, id)),
        ObjectError::Kind { .. }
    ));
    let first = StructRef::new(&mut store, &node, &[Val::I32(4), Val::Any(None)]).unwrap();
    let chain = func.call(&mut store, &[first.clone().into()]).unwrap();
    let Val::Any(Some(second)) = &chain[0] else {
        panic!("a node")
    };
    assert!(second.is_a(&store, node.clone()).unwrap());
    assert!(!second.is_a(&store, point.clone()).unwrap());
    first.set_field(&mut store, 1, &chain[0]).unwrap();

    // Below it.
    let more = [
        node.fields()[0],
        node.fields()[1],
        FieldType::variable(ValType::I64),
    ];
    let below = StructType::extensible(&engine, Some(&node), more).unwrap();
    let values = [Val::I32(9), first.into(), Val::I64(10)];
    let third = StructRef::new(&mut store, &below, &values).unwrap();
    assert!(third.handle().is_a(&store, node.clone()).unwrap());
    let taken = func.call(&mut store, &[third.clone().into()]).unwrap();
    assert!(!taken[0].is_null());
    assert!(is_usage(StructType::extensible(
        &engine,
        Some(&node),
        [more[0]]
    )));
    assert!(
        is_usage(StructType::extensible(&engine, Some(&point), fields)),
        "final"
    );
    let other = [
        node.fields()[0],
        FieldType::constant(node.fields()[1].storage),
    ];
    assert!(is_usage(StructType::extensible(
        &engine,
        Some(&node),
        other
    )));

    // A type lives as long as who has it, and what is made of it.
    let id = below.id();
    drop((below, node, named, point));
    store.gc().unwrap();
    assert_eq!(third.ty(&store).unwrap().id(), id);
    assert_eq!(third.field(&mut store, 2).unwrap(), Val::I64(10));
    drop(store);
    drop(third);
    let unknown = FieldType::variable(reference(HeapType::Concrete(id)));
    assert!(is_usage(StructType::new(&engine, [unknown])), "it is gone");
    assert!(is_usage(StructType::of(&engine, id)));
    assert_eq!(engine.type_counts(), {
        // Nothing is left but what every engine has.
        Engine::new(&Config::new()).unwrap().type_counts()
    });
}

#[test]
fn there_are_limits_to_types() {
    let (engine, _) = world("none");
    let many = |n| std::iter::repeat_n(FieldType::constant(StorageType::I8), n);
    StructType::new(&engine, many(10_000)).unwrap();
    assert!(
        StructType::new(&engine, many(10_001))
            .unwrap_err()
            .is_limit()
    );
    let mut deepest = StructType::extensible(&engine, None, []).unwrap();
    let mut depth = 0;
    let error = loop {
        match StructType::extensible(&engine, Some(&deepest), []) {
            Ok(below) => deepest = below,
            Err(error) => break error,
        }
        depth += 1;
    };
    assert!(matches!(error, Error::Usage(_)), "{error}");
    assert_eq!(depth, 63);
    // As validation has it.
    let chain = |n: usize| {
        let types = (0..n).map(|n| match n {
            0 => "(type (sub (struct)))".to_owned(),
            n => format!("(type (sub {} (struct)))", n - 1),
        });
        format!("(module {})", types.collect::<String>())
    };
    Module::new(&engine, chain(64).as_bytes()).unwrap();
    assert!(Module::new(&engine, chain(65).as_bytes()).is_err());
}

#[test]
fn continuations_in_objects_of_the_host_follow_the_policy() {
    let cont = reference(HeapType::Abstract(AbstractHeap::Cont));
    let (engine, _) = world("none");
    let field = FieldType::variable(cont);
    assert_eq!(
        refused(StructType::new(&engine, [field])),
        ObjectError::Continuation
    );
    assert_eq!(
        refused(ArrayType::new(&engine, field)),
        ObjectError::Continuation
    );
    for zeal in ZEALS {
        let mut config = config(zeal);
        config.continuations_in_objects(ContinuationsInObjects::Trace);
        let text = r#"(module (func (export "f") (result i32) (i32.const 42)))"#;
        let (mut store, instance) = instance_with(&config, text);
        let engine = instance.module(&store).engine().clone();
        let f = instance.func(&store, "f").unwrap();
        let k = f.continuation(&mut store).unwrap();
        let exact = FieldType::variable(ValType::Ref(RefType {
            nullable: true,
            ..k.ty()
        }));
        let ty = StructType::new(&engine, [exact]).unwrap();
        let object = StructRef::new(&mut store, &ty, &[Val::Cont(Some(k))]).unwrap();
        let list = ArrayType::new(&engine, exact).unwrap();
        let list = ArrayRef::new(&mut store, &list, &Val::Cont(None), 20).unwrap();
        let k = f.continuation(&mut store).unwrap();
        list.fill(&mut store, 3, &Val::Cont(Some(k)), 17).unwrap();
        store.gc().unwrap();
        assert_eq!(store.live_continuations(), 2, "{zeal}");
        let Val::Cont(Some(k)) = object.field(&mut store, 0).unwrap() else {
            panic!("a continuation")
        };
        k.resume(&mut store, &[], &[]).unwrap();
        drop((k, object, list));
        store.gc().unwrap();
        assert_eq!(store.live_continuations(), 0, "{zeal}");
    }
}

#[test]
fn text_of_every_length_and_kind() {
    let (engine, mut store) = world("none");
    let utf8 = ArrayType::new(&engine, FieldType::variable(StorageType::I8)).unwrap();
    let utf16 = ArrayType::new(&engine, FieldType::constant(StorageType::I16)).unwrap();
    for text in ["", "a", "mangué", "🌱", "\0", &"ab🌱".repeat(50_000)] {
        let bytes = ArrayRef::from_utf8(&mut store, &utf8, text).unwrap();
        assert_eq!(bytes.to_utf8(&mut store).unwrap(), text);
        assert_eq!(bytes.to_utf8_lossy(&mut store).unwrap(), text);
        let units = ArrayRef::from_utf16(&mut store, &utf16, text).unwrap();
        assert_eq!(units.to_utf16(&mut store).unwrap(), text);
        assert_eq!(units.to_utf16_lossy(&mut store).unwrap(), text);
    }
    for (bytes, at, lossy) in [
        (&b"\xff"[..], 0, "\u{fffd}"),
        (b"ab\xc3", 2, "ab\u{fffd}"),
        (b"\xed\xa0\xbc\xed\xbc\xb1", 0, "\u{fffd}\u{fffd}"),
        (b"x\xed\xa0", 1, "x\u{fffd}\u{fffd}"),
    ] {
        let array = ArrayRef::from_slice(&mut store, &utf8, bytes).unwrap();
        let error = refused(array.to_utf8(&mut store));
        assert_eq!(
            error,
            ObjectError::Text {
                encoding: "UTF-8",
                at
            }
        );
        assert_eq!(array.to_utf8_lossy(&mut store).unwrap(), lossy);
    }
    let half = ArrayRef::from_slice(&mut store, &utf16, &[0x61u16, 0xd83c, 0xdf31, 0xdf31]);
    let half = half.unwrap();
    let error = refused(half.to_utf16(&mut store));
    assert_eq!(
        error,
        ObjectError::Text {
            encoding: "UTF-16",
            at: 3
        }
    );
    assert_eq!(half.to_utf16_lossy(&mut store).unwrap(), "a🌱\u{fffd}");
    assert!(matches!(
        refused(half.to_utf8(&mut store)),
        ObjectError::Element { .. }
    ));
}
