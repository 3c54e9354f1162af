//! What matches what, and what may be linked to what.

mod common;

use common::module;
use mangrove_abi::TypeId;
use mangrove_validate::*;

/// A registry with the types `$func`, `$base`, `$sub` (of `$base`), `$array`,
/// `$cont`, and their ids.
fn registry() -> (TypeRegistry, [TypeId; 5]) {
    let registry = TypeRegistry::new();
    let module = module(
        "(module (type $func (func)) (type $base (sub (struct))) (type $sub (sub $base (struct)))
           (type $array (array i8)) (type $cont (cont $func)))",
    );
    let ids = registry.intern(&module).unwrap();
    (registry, ids.try_into().unwrap())
}

fn reference(nullable: bool, heap: HeapType) -> RefType {
    RefType { nullable, heap }
}

#[test]
fn concrete_and_abstract_heap_types() {
    use AbstractHeap::*;
    use HeapType::{Abstract, Concrete};
    let (registry, [func, base, sub, array, cont]) = registry();
    let yes = [
        (Concrete(sub), Concrete(base)),
        (Concrete(sub), Abstract(Struct)),
        (Concrete(sub), Abstract(Eq)),
        (Concrete(array), Abstract(Array)),
        (Concrete(array), Abstract(Any)),
        (Concrete(func), Abstract(Func)),
        (Concrete(cont), Abstract(Cont)),
        (Abstract(None), Concrete(sub)),
        (Abstract(None), Concrete(array)),
        (Abstract(NoFunc), Concrete(func)),
        (Abstract(NoCont), Concrete(cont)),
        (Abstract(I31), Abstract(Eq)),
        (Abstract(NoExn), Abstract(Exn)),
    ];
    for (given, wanted) in yes {
        assert!(registry.matches_heap(given, wanted), "{given:?} {wanted:?}");
        assert!(
            !registry.matches_heap(wanted, given),
            "{wanted:?} {given:?}"
        );
    }
    let no = [
        (Concrete(sub), Abstract(Array)),
        (Concrete(func), Abstract(Any)),
        (Concrete(cont), Abstract(Func)),
        (Concrete(array), Concrete(base)),
        (Abstract(NoFunc), Concrete(cont)),
        (Abstract(Struct), Concrete(base)),
        (Abstract(None), Concrete(func)),
        (Abstract(Extern), Abstract(Any)),
    ];
    for (given, wanted) in no {
        assert!(
            !registry.matches_heap(given, wanted),
            "{given:?} {wanted:?}"
        );
    }
}

#[test]
fn null_goes_where_null_may_be() {
    let (registry, [_, base, sub, ..]) = registry();
    let (base, sub) = (HeapType::Concrete(base), HeapType::Concrete(sub));
    assert!(registry.matches_ref(reference(false, sub), reference(true, base)));
    assert!(registry.matches_ref(reference(true, sub), reference(true, base)));
    assert!(!registry.matches_ref(reference(true, sub), reference(false, base)));
    assert!(!registry.matches_ref(reference(true, base), reference(true, sub)));
    let value = |ty| ValType::Ref(ty);
    assert!(registry.matches_val(value(reference(false, sub)), value(reference(false, base))));
    assert!(!registry.matches_val(value(reference(false, sub)), ValType::I32));
    assert!(registry.matches_val(ValType::V128, ValType::V128));
    assert!(!registry.matches_val(ValType::I32, ValType::I64));
}

#[test]
fn functions_match_by_subtyping_and_tags_by_equality() {
    let registry = TypeRegistry::new();
    let module = module(
        "(module (type $a (sub (func))) (type $b (sub $a (func)))
           (import \"\" \"f\" (func (type $a))) (import \"\" \"g\" (func (type $b)))
           (import \"\" \"t\" (tag (type $a))) (import \"\" \"u\" (tag (type $b))))",
    );
    let ids = registry.intern(&module).unwrap();
    let entities: Vec<_> = module
        .imports
        .iter()
        .map(|import| TypeRegistry::canonicalize(&ids, import.ty.clone()))
        .collect();
    let [f, g, t, u] = &entities[..] else {
        panic!()
    };
    assert_eq!(*g, EntityType::Func(ids[1]));
    assert_eq!(*u, EntityType::Tag(ids[1]));
    assert!(registry.matches_extern(g, f) && registry.matches_extern(g, g));
    assert!(!registry.matches_extern(f, g));
    assert!(registry.matches_extern(t, t));
    assert!(!registry.matches_extern(u, t) && !registry.matches_extern(t, u));
    assert!(!registry.matches_extern(f, t) && !registry.matches_extern(t, f));
}

/// A minimum and a maximum.
type Limits = (u64, Option<u64>);

/// Limits given and wanted, and whether they match.
const LIMITS: [(Limits, Limits, bool); 7] = [
    ((1, None), (1, None), true),
    ((2, None), (1, None), true),
    ((0, None), (1, None), false),
    ((1, Some(2)), (1, Some(3)), true),
    ((1, Some(3)), (1, Some(2)), false),
    ((1, Some(2)), (1, None), true),
    ((1, None), (1, Some(2)), false),
];

#[test]
fn memories_match_by_limits() {
    let registry = TypeRegistry::new();
    let memory = |(minimum, maximum), memory64| {
        EntityType::Memory(MemoryType {
            memory64,
            ..MemoryType::new(minimum, maximum)
        })
    };
    for (given, wanted, expected) in LIMITS {
        let (given, wanted) = (memory(given, false), memory(wanted, false));
        assert_eq!(
            registry.matches_extern(&given, &wanted),
            expected,
            "{given:?} {wanted:?}"
        );
    }
    let (narrow, wide) = (memory((1, None), false), memory((1, None), true));
    assert!(!registry.matches_extern(&narrow, &wide) && registry.matches_extern(&wide, &wide));
}

#[test]
fn tables_match_by_limits_and_equal_elements() {
    let (registry, [_, base, sub, ..]) = registry();
    let table = |(minimum, maximum), id, table64| {
        let element = reference(true, HeapType::Concrete(id));
        EntityType::Table(TableType {
            element,
            table64,
            minimum,
            maximum,
        })
    };
    for (given, wanted, expected) in LIMITS {
        let (given, wanted) = (table(given, base, true), table(wanted, base, true));
        assert_eq!(
            registry.matches_extern(&given, &wanted),
            expected,
            "{given:?} {wanted:?}"
        );
    }
    let plain = table((1, None), base, false);
    assert!(registry.matches_extern(&plain, &plain));
    assert!(!registry.matches_extern(&table((1, None), sub, false), &plain));
    assert!(!registry.matches_extern(&plain, &table((1, None), sub, false)));
    assert!(!registry.matches_extern(&table((1, None), base, true), &plain));
}

#[test]
fn globals_match_by_subtyping_unless_they_can_be_assigned() {
    let (registry, [_, base, sub, ..]) = registry();
    let global = |id, mutable| {
        let content = ValType::Ref(reference(false, HeapType::Concrete(id)));
        EntityType::Global(GlobalType { content, mutable })
    };
    assert!(registry.matches_extern(&global(sub, false), &global(base, false)));
    assert!(!registry.matches_extern(&global(base, false), &global(sub, false)));
    assert!(registry.matches_extern(&global(sub, true), &global(sub, true)));
    assert!(!registry.matches_extern(&global(sub, true), &global(base, true)));
    assert!(!registry.matches_extern(&global(sub, true), &global(sub, false)));
    assert!(!registry.matches_extern(&global(sub, false), &global(sub, true)));
}

#[test]
fn things_of_different_kinds_never_match() {
    let (registry, [func, ..]) = registry();
    let kinds = [
        EntityType::Func(func),
        EntityType::Tag(func),
        EntityType::Memory(MemoryType::new(1, None)),
        EntityType::Table(TableType {
            element: reference(true, HeapType::Concrete(func)),
            table64: false,
            minimum: 1,
            maximum: None,
        }),
        EntityType::Global(GlobalType {
            content: ValType::I32,
            mutable: false,
        }),
    ];
    for (n, given) in kinds.iter().enumerate() {
        for (m, wanted) in kinds.iter().enumerate() {
            assert_eq!(registry.matches_extern(given, wanted), n == m);
        }
    }
}
