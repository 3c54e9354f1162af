//! Which types of which modules are one type, and what is known of it.

mod common;

use common::module;
use mangrove_abi::object::TYPE_FIRST;
use mangrove_abi::{FuncIndex, Kind, TypeId, TypeIndex};
use mangrove_validate::*;
use std::collections::BTreeSet;

/// The ids of a module's types.
/// The number that is given out as the `n`th.
fn number(n: u32) -> TypeId {
    TypeId::new(TYPE_FIRST.as_u32() + n)
}

fn intern(registry: &TypeRegistry, text: &str) -> Vec<TypeId> {
    registry.intern(&module(text)).expect("there is room")
}

fn concrete<T>(nullable: bool, id: T) -> ValType<T> {
    let heap = HeapType::Concrete(id);
    ValType::Ref(RefType { nullable, heap })
}

#[test]
fn numbers_start_behind_the_reserved_ones() {
    let registry = TypeRegistry::new();
    assert!(registry.is_empty());
    let ids = intern(
        &registry,
        "(module (type (func)) (type (struct)) (rec (type (func)) (type (func))))",
    );
    assert_eq!(ids, [0, 1, 2, 3].map(number));
    assert_eq!(registry.len(), 4);
    assert!(registry.contains(number(3)) && !registry.contains(number(4)));
    assert!(!registry.contains(mangrove_abi::object::TYPE_EXN));
}

#[test]
fn equal_groups_are_one_in_and_across_modules() {
    let registry = TypeRegistry::new();
    let a = intern(
        &registry,
        "(module (type (func (param i32))) (type (func (param i32))) (type (func)))",
    );
    assert_eq!(a[0], a[1]);
    assert_ne!(a[0], a[2]);
    let b = intern(
        &registry,
        "(module (type (func)) (type (func (param i32))))",
    );
    assert_eq!(b, [a[2], a[0]]);
    assert_eq!(registry.len(), 2);
}

#[test]
fn recursive_groups_are_compared_by_place() {
    let registry = TypeRegistry::new();
    let a = intern(
        &registry,
        "(module (rec (type $a (struct (field (ref null $b)))) (type $b (array (ref $a)))))",
    );
    // The same at other indices.
    let b = intern(
        &registry,
        "(module (type (func)) (type (struct))
           (rec (type $a (struct (field (ref null $b)))) (type $b (array (ref $a)))))",
    );
    assert_eq!(a, b[2..]);
    // Members in the other order, one more member, a reference to the other place.
    let others = [
        "(module (rec (type $b (array (ref $a))) (type $a (struct (field (ref null $b))))))",
        "(module (rec (type $a (struct (field (ref null $b)))) (type $b (array (ref $a))) (type (func))))",
        "(module (rec (type $a (struct (field (ref null $a)))) (type $b (array (ref $a)))))",
    ];
    let mut seen: BTreeSet<TypeId> = b.into_iter().collect();
    for text in others {
        for id in intern(&registry, text) {
            assert!(seen.insert(id), "{text}");
        }
    }
}

#[test]
fn unrolling_a_group_makes_another_type() {
    let registry = TypeRegistry::new();
    let ids = intern(
        &registry,
        "(module
           (type $self (struct (field (ref null $self))))
           (type $other (struct (field (ref null $self))))
           (rec (type $one (struct (field (ref null $one)))))
           (rec (type $two (struct (field (ref null $two)))) (type $three (struct (field (ref null $two))))))",
    );
    assert_eq!(ids[0], ids[2], "a group of one, with or without `rec`");
    assert_ne!(ids[0], ids[1], "a reference to the outside is another");
    assert!(ids[3] != ids[0] && ids[4] != ids[3]);
}

#[test]
fn references_to_the_outside_count_by_what_they_lead_to() {
    let registry = TypeRegistry::new();
    let a = intern(
        &registry,
        "(module
           (type $a (struct (field i32))) (type $b (struct (field i64)))
           (rec (type $x (func (param (ref $a)) (result (ref $x)))))
           (type $k (cont $x)))",
    );
    let b = intern(
        &registry,
        "(module
           (type $b (struct (field i64))) (type $a (struct (field i32)))
           (rec (type $x (func (param (ref $a)) (result (ref $x)))))
           (rec (type $y (func (param (ref $b)) (result (ref $y)))))
           (type $k (cont $x)) (type $l (cont $y)))",
    );
    assert_eq!((b[2], b[4]), (a[2], a[3]));
    assert!(b[3] != a[2] && b[5] != a[3]);
}

#[test]
fn every_detail_of_a_type_counts() {
    let registry = TypeRegistry::new();
    let texts = [
        "(type (struct (field i32)))",
        "(type (struct (field (mut i32))))",
        "(type (struct (field i8)))",
        "(type (struct (field i16)))",
        "(type (array i32))",
        "(type (array (mut i32)))",
        "(type (sub (struct (field i32))))",
        "(type (func (param i32)))",
        "(type (func (result i32)))",
        "(type (func (param anyref)))",
        "(type (func (param (ref any))))",
        "(type (func (param i32 i32)))",
        "(type (func (param i32) (result i32)))",
    ];
    let ids: BTreeSet<_> = texts
        .iter()
        .map(|text| intern(&registry, &format!("(module {text})"))[0])
        .collect();
    assert_eq!(ids.len(), texts.len());
    // The supertype counts as well.
    let ids = intern(
        &registry,
        "(module (type $a (sub (struct))) (type $b (sub (struct (field i32))))
           (type (sub $a (struct (field i32)))) (type (sub $b (struct (field i32))))
           (type (sub final $a (struct (field i32)))))",
    );
    let distinct: BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len());
}

#[test]
fn canonical_types_refer_to_canonical_types() {
    let registry = TypeRegistry::new();
    intern(
        &registry,
        "(module (type (func)) (type (func (param i64))))",
    );
    let ids = intern(
        &registry,
        "(module (type $f (func (param i64)))
           (rec (type $a (sub (array (ref $f)))) (type $b (struct (field (ref null $a) (ref $f)))))
           (type $c (sub $a (array (ref $f))))
           (type $k (cont $f)))",
    );
    let CompositeType::Array(element) = registry.get(ids[1]).composite else {
        panic!()
    };
    assert_eq!(element.storage, StorageType::Val(concrete(false, ids[0])));
    let CompositeType::Struct(fields) = registry.get(ids[2]).composite.clone() else {
        panic!()
    };
    let storages: Vec<_> = fields.iter().map(|field| field.storage).collect();
    assert_eq!(
        storages,
        [concrete(true, ids[1]), concrete(false, ids[0])].map(StorageType::Val)
    );
    assert_eq!(registry.get(ids[3]).supertype, Some(ids[1]));
    assert_eq!(registry.get(ids[4]).composite, CompositeType::Cont(ids[0]));
    // And so do those that the caller turns.
    let index = TypeIndex::new;
    let given = FuncType {
        params: vec![concrete(true, index(1)), ValType::I32],
        results: vec![concrete(false, index(0))],
    };
    let wanted = FuncType {
        params: vec![concrete(true, ids[1]), ValType::I32],
        results: vec![concrete(false, ids[0])],
    };
    assert_eq!(TypeRegistry::canonicalize(&ids, given), wanted);
    let heap = TypeRegistry::canonicalize(&ids, HeapType::Concrete(index(4)));
    assert_eq!(heap, HeapType::Concrete(ids[4]));
}

#[test]
fn subtyping_goes_by_display_across_modules() {
    let registry = TypeRegistry::new();
    let a = intern(
        &registry,
        "(module (type $a (sub (struct))) (type $b (sub $a (struct (field i32))))
           (type $c (sub $b (struct (field i32 i64)))) (type $other (sub $a (struct (field i64)))))",
    );
    let b = intern(
        &registry,
        "(module (type $other (sub (struct (field f32))))
           (type $a (sub (struct))) (type $b (sub $a (struct (field i32))))
           (type $d (sub final $b (struct (field i32 f64)))))",
    );
    assert_eq!(b[1..3], a[0..2]);
    let d = b[3];
    for (sub, sup) in [(d, d), (d, a[1]), (d, a[0]), (a[2], a[0])] {
        assert!(registry.is_subtype(sub, sup), "{sub} {sup}");
    }
    for (sub, sup) in [(d, a[2]), (a[0], d), (a[3], a[1]), (a[1], a[3]), (d, b[0])] {
        assert!(!registry.is_subtype(sub, sup), "{sub} {sup}");
    }
    assert_eq!(registry.depth(d), 2);
    assert_eq!(registry.supers(d)[..], [a[0], a[1], d]);
}

#[test]
fn a_display_may_be_longer_than_a_descriptor_holds() {
    let registry = TypeRegistry::new();
    let mut text = "(type (sub (struct)))".to_owned();
    for above in 0..20 {
        text += &format!("(type (sub {above} (struct)))");
    }
    let ids = intern(&registry, &format!("(module (rec {text}))"));
    assert_eq!(registry.depth(ids[20]), 20);
    assert_eq!(registry.supers(ids[20])[..], ids);
    for (depth, &id) in ids.iter().enumerate() {
        assert!(registry.is_subtype(ids[20], id));
        assert_eq!(registry.is_subtype(id, ids[10]), depth >= 10);
    }
}

#[test]
fn a_host_function_type_is_that_of_a_module() {
    let registry = TypeRegistry::new();
    let ids = intern(
        &registry,
        "(module (type $s (struct)) (type (func (param (ref $s)) (result i32)))
           (type (sub (func))))",
    );
    let ty = FuncType {
        params: vec![concrete(false, ids[0])],
        results: vec![ValType::I32],
    };
    assert_eq!(registry.intern_func(ty), Ok(ids[1]));
    let open = registry.intern_func(FuncType::default()).unwrap();
    assert_ne!(open, ids[2], "a host's type is final");
    assert_eq!(intern(&registry, "(module (type (func)))"), [open]);
    let unknown = FuncType {
        params: vec![concrete(false, number(1000))],
        results: vec![],
    };
    assert_eq!(
        registry.intern_func(unknown),
        Err(RegistryError::Unknown { id: number(1000) })
    );
}

#[test]
fn descriptors_say_where_the_references_are() {
    let registry = TypeRegistry::new();
    let ids = intern(
        &registry,
        "(module
           (type $f (func)) (type $k (cont $f))
           (rec (type $s (sub (struct (field i8) (field funcref) (field (ref null $s)) (field externref)
                       (field i64) (field i31ref) (field (ref null $k)) (field (ref null $f)))))
                (type $t (sub $s (struct (field i8) (field funcref) (field (ref null $s)) (field externref)
                       (field i64) (field i31ref) (field (ref null $k)) (field (ref null $f))
                       (field (ref $a))))) 
                (type $a (array (mut (ref null $s)))))
           (type $bytes (array i16)) (type $funcs (array funcref)) (type $exns (array exnref))
           (type $conts (array (ref null $k))))",
    );
    let layout = registry.struct_layout(ids[2]);
    assert_eq!(layout.offsets, [4, 8, 16, 20, 24, 32, 40, 56]);
    let infos = registry.infos(&ids);
    let listed: Vec<_> = infos.iter().map(|info| info.id).collect();
    assert_eq!(listed, ids);
    let kinds: Vec<_> = infos.iter().map(|info| info.kind).collect();
    use Kind::*;
    assert_eq!(
        kinds,
        [
            Func, Cont, Struct, Struct, Array, Array, Array, Array, Array
        ]
    );
    assert_eq!(registry.kind(ids[4]), Array);
    assert_eq!(infos[2].refs, [16, 20, 32]);
    assert_eq!(infos[2].size, layout.size);
    assert_eq!(infos[3].refs, [16, 20, 32, 36]);
    assert_eq!(
        (&infos[2].conts[..], &infos[3].conts[..]),
        (&[40][..], &[40][..])
    );
    assert_eq!(infos[3].supers[..], [ids[2], ids[3]]);
    let arrays = infos[4..].iter();
    let arrays: Vec<_> = arrays
        .map(|i| (i.size, i.elem_refs, i.elem_conts))
        .collect();
    assert_eq!(
        arrays,
        [
            (4, true, false),
            (2, false, false),
            (8, false, false),
            (4, true, false),
            (16, false, true)
        ]
    );
    assert_eq!((infos[0].size, infos[1].refs.len()), (0, 0));
}

#[test]
fn representations() {
    let registry = TypeRegistry::new();
    let text = "(module (type $f (func)) (type $k (cont $f)) (type $s (struct)) (type $a (array i8))
        (func (param i32 i64 f32 f64 v128 (ref $f) (ref $k) (ref $s) (ref $a)
                     funcref nullfuncref (ref cont) (ref nocont) anyref i31ref nullref externref exnref)))";
    let module = module(text);
    let ids = registry.intern(&module).unwrap();
    use Repr::*;
    let expected = [
        I32, I64, F32, F64, V128, FuncRef, ContRef, HeapRef, HeapRef, FuncRef, FuncRef, ContRef,
        ContRef, HeapRef, HeapRef, HeapRef, HeapRef, HeapRef,
    ];
    for (&ty, repr) in module
        .function_type(FuncIndex::new(0))
        .params
        .iter()
        .zip(expected)
    {
        assert_eq!(ty.repr(&module.types), repr, "{ty:?}");
        let canonical = TypeRegistry::canonicalize(&ids, ty);
        assert_eq!(registry.repr(canonical), repr, "{ty:?}");
        assert_eq!(StorageType::Val(ty).size(&module.types), repr.size());
        assert_eq!(
            registry.storage_size(StorageType::Val(canonical)),
            repr.size()
        );
    }
    assert_eq!(StorageType::I8.size(&[]), 1);
    assert_eq!(StorageType::I16.size(&[]), 2);
    let byte: StorageType = StorageType::I8;
    assert_eq!(byte.unpacked(), ValType::I32);
}

#[test]
fn threads_agree() {
    let registry = TypeRegistry::new();
    let texts: Vec<_> = (0..20)
        .map(|n| {
            let params = "i32 ".repeat(n);
            module(&format!(
                "(module (type $f (func (param {params}))) (rec (type $a (array (ref null $b)))
                   (type $b (struct (field (ref $f) (ref $a))))))"
            ))
        })
        .collect();
    let all: Vec<Vec<_>> = std::thread::scope(|scope| {
        let work = || -> Vec<_> { texts.iter().map(|m| registry.intern(m).unwrap()).collect() };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert!(all.iter().all(|ids| *ids == all[0]));
    assert_eq!(registry.len(), 60);
}

#[test]
#[should_panic(expected = "is not a struct")]
fn only_structs_have_a_layout() {
    let registry = TypeRegistry::new();
    let ids = intern(&registry, "(module (type (func)))");
    registry.struct_layout(ids[0]);
}

#[test]
#[should_panic(expected = "is not in this registry")]
fn reserved_numbers_are_no_types() {
    TypeRegistry::new().get(mangrove_abi::object::TYPE_HOST);
}

#[test]
fn a_continuation_type_of_the_host_is_that_of_a_module() {
    let registry = TypeRegistry::new();
    let ids = intern(
        &registry,
        "(module (type $f (func (param i32))) (type $k (cont $f)) (type (sub (cont $f))))",
    );
    assert_eq!(registry.intern_cont(ids[0]), Ok(ids[1]));
    let func = registry.intern_func(FuncType::default()).unwrap();
    let cont = registry.intern_cont(func).unwrap();
    assert_eq!(registry.get(cont).composite, CompositeType::Cont(func));
    let unknown = TypeId::new(cont.as_u32() + 1);
    assert_eq!(
        registry.intern_cont(unknown),
        Err(RegistryError::Unknown { id: unknown })
    );
}

/// What the host makes is what a module makes, and obeys the same rules.
#[test]
fn types_of_objects_that_the_host_makes() {
    let types = TypeRegistry::new();
    let module = module("(module (type (sub (struct (field i8) (field (mut i64))))))");
    let ids = types.intern(&module).unwrap();
    let fields = |fields: &[FieldType]| CompositeType::Struct(fields.to_vec());
    let (byte, long) = (
        FieldType::constant(StorageType::I8),
        FieldType::variable(ValType::I64),
    );
    let open = |supertype, composite| SubType {
        is_final: false,
        supertype,
        composite,
    };
    let same = types.intern_object(open(None, fields(&[byte, long])));
    assert_eq!(same, Ok(ids[0]));
    let below = open(Some(ids[0]), fields(&[byte, long, byte]));
    let below = types.intern_object(below).unwrap();
    assert!(types.is_subtype(below, ids[0]));
    let refused = |composite| {
        let refused = types.intern_object(open(Some(ids[0]), composite));
        matches!(refused, Err(RegistryError::NoSubtype { .. }))
    };
    assert!(refused(fields(&[byte])));
    assert!(refused(fields(&[byte, FieldType::constant(ValType::I64)])));
    assert!(refused(fields(&[
        FieldType::variable(StorageType::I8),
        long
    ])));
    assert!(refused(CompositeType::Array(byte)));
    let many = open(None, fields(&vec![byte; 10_001]));
    assert_eq!(
        types.intern_object(many),
        Err(RegistryError::TooManyFields { count: 10_001 })
    );
    assert_eq!(types.release([below, ids[0], ids[0]]), [below, ids[0]]);
    let gone = open(Some(ids[0]), fields(&[byte, long]));
    assert_eq!(
        types.intern_object(gone),
        Err(RegistryError::Unknown { id: ids[0] })
    );
}
