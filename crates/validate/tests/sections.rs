//! What each section contributes to the module.

mod common;

use common::{EVERYTHING, module};
use mangrove_abi::{FuncIndex, TagIndex, TypeIndex};
use mangrove_validate::*;

const FUNC: HeapType<TypeIndex> = HeapType::Abstract(AbstractHeap::Func);

fn ty(index: u32) -> TypeIndex {
    TypeIndex::new(index)
}

fn ref_func(index: u32) -> ConstOp {
    ConstOp::RefFunc(FuncIndex::new(index))
}

#[test]
fn an_empty_module_has_nothing() {
    let module = module("(module)");
    assert!(module.types.is_empty() && module.functions.is_empty() && module.bodies.is_empty());
    assert_eq!(module.start, None);
    assert_eq!(module.bytes, b"\0asm\x01\0\0\0");
}

#[test]
fn types_keep_indices_groups_and_offsets() {
    let module = module(EVERYTHING);
    let list = RefType {
        nullable: true,
        heap: HeapType::Concrete(ty(0)),
    };
    let fields = vec![
        FieldType {
            storage: StorageType::Val(ValType::Ref(list)),
            mutable: false,
        },
        FieldType {
            storage: StorageType::Val(ValType::I64),
            mutable: true,
        },
    ];
    let mut longer = fields.clone();
    longer.push(FieldType {
        storage: StorageType::I8,
        mutable: false,
    });
    assert_eq!(
        module.types[0],
        SubType {
            is_final: false,
            supertype: None,
            composite: CompositeType::Struct(fields)
        }
    );
    assert_eq!(
        module.types[1],
        SubType {
            is_final: true,
            supertype: Some(ty(0)),
            composite: CompositeType::Struct(longer)
        }
    );
    let CompositeType::Array(element) = &module.types[2].composite else {
        panic!()
    };
    assert_eq!(element.storage, StorageType::Val(ValType::Ref(list)));
    assert!(element.mutable);
    assert_eq!(module.types[5].composite, CompositeType::Cont(ty(4)));
    assert_eq!(module.rec_groups[..3], [0..2, 2..3, 3..4]);
    // The offset is that of the definition's first byte: `sub`, `sub final`
    // and the short forms of `array`, `func` and `cont`.
    let firsts: Vec<u8> = module
        .type_offsets
        .iter()
        .map(|&at| module.bytes[at])
        .collect();
    let written = [0x50, 0x4f, 0x5e, 0x5e, 0x60, 0x5d, 0x60, 0x5d, 0x60];
    assert_eq!(firsts[..9], written);
}

#[test]
fn an_empty_group_defines_nothing() {
    let module = module("(module (rec) (type (func)) (rec))");
    assert_eq!(module.types.len(), 1);
    assert_eq!(module.rec_groups.len(), 1);
    assert_eq!(module.rec_groups[0], 0..1);
}

#[test]
fn every_value_and_heap_type_has_its_word() {
    let module = module(
        "(module (type (func (param i32 i64 f32 f64 v128 anyref eqref i31ref structref arrayref
             nullref funcref nullfuncref externref nullexternref exnref nullexnref
             (ref cont) (ref null nocont) (ref 0)))))",
    );
    use AbstractHeap::*;
    let params = &module.func_type(ty(0)).params;
    assert_eq!(
        params[..5],
        [
            ValType::I32,
            ValType::I64,
            ValType::F32,
            ValType::F64,
            ValType::V128
        ]
    );
    let heaps = [
        Any, Eq, I31, Struct, Array, None, Func, NoFunc, Extern, NoExtern, Exn, NoExn, Cont, NoCont,
    ];
    for (param, heap) in params[5..].iter().zip(heaps) {
        let expected = RefType {
            nullable: heap != Cont,
            heap: HeapType::Abstract(heap),
        };
        assert_eq!(*param, ValType::Ref(expected));
    }
    let itself = RefType {
        nullable: false,
        heap: HeapType::Concrete(ty(0)),
    };
    assert_eq!(params[19], ValType::Ref(itself));
}

#[test]
fn imports_come_first_in_every_index_space() {
    let module = module(EVERYTHING);
    let names: Vec<_> = module
        .imports
        .iter()
        .map(|import| (import.module.as_str(), import.name.as_str()))
        .collect();
    assert_eq!(
        names,
        ["host", "table", "memory", "base", "tag"].map(|name| ("env", name))
    );
    assert_eq!(module.imports[0].ty, EntityType::Func(ty(4)));
    let EntityType::Table(table) = module.imports[1].ty else {
        panic!()
    };
    assert_eq!(
        (table.minimum, table.maximum, table.table64),
        (1, Some(10), false)
    );
    assert_eq!(module.tables[0], table);
    let EntityType::Memory(memory) = module.imports[2].ty else {
        panic!()
    };
    assert_eq!(memory, module.memories[0]);
    assert!(matches!(module.imports[3].ty, EntityType::Global(ty) if !ty.mutable));
    assert!(matches!(module.imports[4].ty, EntityType::Tag(ty) if ty == module.tags[0]));
    let imported = (
        module.imported_functions,
        module.imported_memories,
        module.imported_tags,
    );
    assert_eq!(imported, (1, 1, 1));
    assert_eq!(
        module.function_type(FuncIndex::new(0)).params,
        [ValType::I32]
    );
}

#[test]
fn tables_memories_globals_and_tags_are_defined() {
    let module = module(EVERYTHING);
    assert_eq!(module.tables.len(), 3);
    let [table, externs] = &module.defined_tables[..] else {
        panic!()
    };
    assert!(table.ty.table64 && table.ty.element.heap == HeapType::Concrete(ty(4)));
    assert_eq!((table.ty.minimum, table.ty.maximum), (2, Some(4)));
    assert_eq!(table.init, Some(vec![ref_func(1)]));
    assert_eq!((externs.ty.minimum, &externs.init), (3, &None));
    let memory = MemoryType {
        memory64: true,
        ..MemoryType::new(1, Some(3))
    };
    assert_eq!(module.memories[1], memory);
    assert_eq!(module.globals.len(), 4);
    let inits: Vec<_> = module
        .defined_globals
        .iter()
        .map(|global| global.init.clone())
        .collect();
    let null = RefType {
        nullable: true,
        heap: HeapType::Concrete(ty(0)),
    };
    assert_eq!(
        inits,
        [
            vec![ConstOp::GlobalGet(0), ConstOp::I32(7), ConstOp::I32Add],
            vec![
                ConstOp::RefNull(null),
                ConstOp::I64(3),
                ConstOp::StructNew(ty(0))
            ],
            vec![ConstOp::I32(5), ConstOp::RefI31],
        ]
    );
    assert!(module.defined_globals[0].ty.mutable);
    assert_eq!(module.func_type(module.tags[1]).results, [ValType::I32]);
    assert_eq!(module.func_type(module.tags[2]).params, [ValType::I64]);
}

#[test]
fn every_constant_instruction_has_its_word() {
    let module = module(
        r#"(module
          (type $s (struct (field i32) (field f32)))
          (type $a (array i64))
          (import "" "e" (global $e externref))
          (global i64 (i64.mul (i64.sub (i64.add (i64.const -1) (i64.const 2)) (i64.const 3)) (i64.const 4)))
          (global i32 (i32.mul (i32.sub (i32.const 1) (i32.const 2)) (i32.const 3)))
          (global f32 (f32.const -0))
          (global f64 (f64.const nan:0x8000000000001))
          (global v128 (v128.const i64x2 1 2))
          (global structref (struct.new_default $s))
          (global arrayref (array.new $a (i64.const 9) (i32.const 2)))
          (global arrayref (array.new_default $a (i32.const 2)))
          (global arrayref (array.new_fixed $a 2 (i64.const 9) (i64.const 8)))
          (global anyref (any.convert_extern (global.get $e)))
          (global externref (extern.convert_any (ref.null any))))"#,
    );
    use ConstOp::*;
    let any = mangrove_validate::RefType {
        nullable: true,
        heap: HeapType::Abstract(AbstractHeap::Any),
    };
    let inits: Vec<_> = module
        .defined_globals
        .iter()
        .map(|global| global.init.clone())
        .collect();
    assert_eq!(
        inits,
        [
            vec![I64(-1), I64(2), I64Add, I64(3), I64Sub, I64(4), I64Mul],
            vec![I32(1), I32(2), I32Sub, I32(3), I32Mul],
            vec![F32(0x8000_0000)],
            vec![F64(0x7ff8_0000_0000_0001)],
            vec![V128(2 << 64 | 1)],
            vec![StructNewDefault(ty(0))],
            vec![I64(9), I32(2), ArrayNew(ty(1))],
            vec![I32(2), ArrayNewDefault(ty(1))],
            vec![I64(9), I64(8), ArrayNewFixed(ty(1), 2)],
            vec![GlobalGet(0), AnyConvertExtern],
            vec![RefNull(any), ExternConvertAny],
        ]
    );
}

#[test]
fn exports_and_start() {
    let module = module(EVERYTHING);
    let exports: Vec<_> = module
        .exports
        .iter()
        .map(|export| (export.name.as_str(), export.index))
        .collect();
    assert_eq!(
        exports,
        [
            ("inc", EntityIndex::Func(FuncIndex::new(1))),
            ("memory", EntityIndex::Memory(1)),
            ("table", EntityIndex::Table(1)),
            ("counter", EntityIndex::Global(1)),
            ("yield", EntityIndex::Tag(TagIndex::new(1))),
        ]
    );
    assert_eq!(module.start, Some(FuncIndex::new(4)));
}

#[test]
fn element_segments_are_expressions() {
    let module = module(EVERYTHING);
    let [active, passive, declared] = &module.elements[..] else {
        panic!()
    };
    let SegmentMode::Active(0, offset) = &active.mode else {
        panic!()
    };
    assert_eq!(offset, &[ConstOp::GlobalGet(0)]);
    assert_eq!(active.items, [vec![ref_func(4)], vec![ref_func(2)]]);
    assert_eq!(
        active.ty,
        RefType {
            nullable: false,
            heap: FUNC
        }
    );
    assert!(matches!(passive.mode, SegmentMode::Passive));
    let nullable = RefType {
        nullable: true,
        heap: FUNC,
    };
    assert_eq!(passive.ty, nullable);
    assert_eq!(
        passive.items,
        [vec![ref_func(1)], vec![ConstOp::RefNull(nullable)]]
    );
    assert!(matches!(declared.mode, SegmentMode::Declared));
    assert_eq!(declared.items, [vec![ref_func(3)]]);
}

#[test]
fn data_segments_point_at_their_bytes() {
    let module = module(EVERYTHING);
    let [hello, world] = &module.data[..] else {
        panic!()
    };
    let SegmentMode::Active(1, offset) = &hello.mode else {
        panic!()
    };
    assert_eq!(offset, &[ConstOp::I64(8)]);
    assert_eq!(&module.bytes[hello.bytes.clone()], b"hello");
    assert!(matches!(world.mode, SegmentMode::Passive));
    assert_eq!(&module.bytes[world.bytes.clone()], b"world!");
}

#[test]
fn a_body_is_its_locals_and_instructions() {
    let module = module("(module (func (local i64) nop))");
    let range = module.bodies[0].range.clone();
    assert_eq!(
        module.bytes[range],
        [0x01, 0x01, 0x7e, /* nop, end */ 0x01, 0x0b]
    );
}

#[test]
fn functions_escape_by_every_way_there_is() {
    let module = module(
        r#"(module
          (import "" "a" (func $imported_exported))
          (import "" "b" (func $imported_called))
          (import "" "c" (func $imported_referred))
          (func $3_called)
          (func $4_exported (export "f"))
          (func $5_started)
          (func $6_in_global)
          (func $7_in_table)
          (func $8_in_element)
          (func $9_in_expression)
          (func $10_in_body)
          (func $11_declared)
          (func $12_calls
            (call $imported_called) (call $3_called)
            (drop (ref.func $10_in_body)) (drop (ref.func $imported_referred)))
          (export "i" (func $imported_exported))
          (start $5_started)
          (global funcref (ref.func $6_in_global))
          (table 1 funcref (ref.func $7_in_table))
          (elem func $8_in_element)
          (elem funcref (ref.func $9_in_expression))
          (elem declare func $10_in_body $11_declared $imported_referred))"#,
    );
    let escaping = [0, 2, 4, 5, 6, 7, 8, 9, 10, 11].map(FuncIndex::new);
    assert_eq!(module.escaping, escaping);
}

#[test]
fn thrown_tags_have_their_first_places() {
    let module = module(
        r#"(module
          (type $f (func)) (type $c (cont $f))
          (tag $a) (tag $b) (tag $caught) (tag $suspended)
          (func (param (ref null $c)) (nop) (resume_throw $c $b (local.get 0)))
          (func (throw $a))
          (func (throw $b))
          (func (param exnref) (throw_ref (local.get 0)))
          (func (param (ref null $c)) (param exnref)
            (resume_throw_ref $c (local.get 1) (local.get 0)))
          (func (suspend $suspended)
            (block $l (try_table (catch $caught $l)))))"#,
    );
    let thrown: Vec<_> = module.thrown_tags.iter().map(|thrown| thrown.tag).collect();
    assert_eq!(thrown, [1, 0].map(TagIndex::new));
    let opcodes: Vec<_> = module
        .thrown_tags
        .iter()
        .map(|thrown| module.bytes[thrown.offset])
        .collect();
    assert_eq!(opcodes, [0xe4, 0x08], "resume_throw, throw");
    assert!(
        module.bodies[0]
            .range
            .contains(&module.thrown_tags[0].offset)
    );
}
