//! wasmparser's types and constant expressions, in our words.
//!
//! What the feature set excludes has no word here: meeting it is an error, not
//! a default.

use crate::error::ValidateError;
use crate::module::{ConstExpr, ConstOp, EntityType, GlobalType, MemoryType, TableType};
use crate::types::{
    AbstractHeap, CompositeType, FieldType, FuncType, HeapType, RefType, StorageType, SubType,
    ValType,
};
use mangrove_abi::{FuncIndex, TypeIndex};
use wasmparser::{AbstractHeapType, CompositeInnerType, Operator, TypeRef, UnpackedIndex};

/// Something the feature set excludes, and so the validator should have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Excluded(&'static str);

impl Excluded {
    /// The error for meeting it at this offset.
    pub(crate) fn at(self, offset: u64) -> ValidateError {
        ValidateError::new(offset as usize, format!("{} not supported", self.0))
    }
}

fn index(index: UnpackedIndex) -> Result<TypeIndex, Excluded> {
    index
        .as_module_index()
        .map(TypeIndex::new)
        .ok_or(Excluded("type references other than by index are"))
}

fn unshared(shared: bool) -> Result<(), Excluded> {
    if shared {
        Err(Excluded("shared types are"))
    } else {
        Ok(())
    }
}

pub(crate) fn heap_type(ty: wasmparser::HeapType) -> Result<HeapType<TypeIndex>, Excluded> {
    Ok(match ty {
        wasmparser::HeapType::Concrete(at) => HeapType::Concrete(index(at)?),
        wasmparser::HeapType::Exact(_) => return Err(Excluded("exact types are")),
        wasmparser::HeapType::Abstract { shared, ty } => {
            unshared(shared)?;
            HeapType::Abstract(match ty {
                AbstractHeapType::Any => AbstractHeap::Any,
                AbstractHeapType::Eq => AbstractHeap::Eq,
                AbstractHeapType::I31 => AbstractHeap::I31,
                AbstractHeapType::Struct => AbstractHeap::Struct,
                AbstractHeapType::Array => AbstractHeap::Array,
                AbstractHeapType::None => AbstractHeap::None,
                AbstractHeapType::Func => AbstractHeap::Func,
                AbstractHeapType::NoFunc => AbstractHeap::NoFunc,
                AbstractHeapType::Extern => AbstractHeap::Extern,
                AbstractHeapType::NoExtern => AbstractHeap::NoExtern,
                AbstractHeapType::Exn => AbstractHeap::Exn,
                AbstractHeapType::NoExn => AbstractHeap::NoExn,
                AbstractHeapType::Cont => AbstractHeap::Cont,
                AbstractHeapType::NoCont => AbstractHeap::NoCont,
            })
        }
    })
}

pub(crate) fn ref_type(ty: wasmparser::RefType) -> Result<RefType<TypeIndex>, Excluded> {
    Ok(RefType {
        nullable: ty.is_nullable(),
        heap: heap_type(ty.heap_type())?,
    })
}

pub(crate) fn val_type(ty: wasmparser::ValType) -> Result<ValType<TypeIndex>, Excluded> {
    Ok(match ty {
        wasmparser::ValType::I32 => ValType::I32,
        wasmparser::ValType::I64 => ValType::I64,
        wasmparser::ValType::F32 => ValType::F32,
        wasmparser::ValType::F64 => ValType::F64,
        wasmparser::ValType::V128 => ValType::V128,
        wasmparser::ValType::Ref(ty) => ValType::Ref(ref_type(ty)?),
    })
}

fn field_type(field: wasmparser::FieldType) -> Result<FieldType<TypeIndex>, Excluded> {
    let storage = match field.element_type {
        wasmparser::StorageType::I8 => StorageType::I8,
        wasmparser::StorageType::I16 => StorageType::I16,
        wasmparser::StorageType::Val(ty) => StorageType::Val(val_type(ty)?),
    };
    Ok(FieldType {
        storage,
        mutable: field.mutable,
    })
}

fn func_type(ty: &wasmparser::FuncType) -> Result<FuncType<TypeIndex>, Excluded> {
    let list = |types: &[wasmparser::ValType]| -> Result<Vec<ValType<TypeIndex>>, Excluded> {
        types.iter().map(|&ty| val_type(ty)).collect()
    };
    Ok(FuncType {
        params: list(ty.params())?,
        results: list(ty.results())?,
    })
}

pub(crate) fn sub_type(ty: &wasmparser::SubType) -> Result<SubType<TypeIndex>, Excluded> {
    let composite = &ty.composite_type;
    unshared(composite.shared)?;
    if composite.descriptor_idx.is_some() || composite.describes_idx.is_some() {
        return Err(Excluded("type descriptors are"));
    }
    let supertype = match ty.supertype_idxs.as_slice() {
        [] => None,
        [one] => Some(index(one.unpack())?),
        _ => return Err(Excluded("types with several supertypes are")),
    };
    let composite = match &composite.inner {
        CompositeInnerType::Func(ty) => CompositeType::Func(func_type(ty)?),
        CompositeInnerType::Array(ty) => CompositeType::Array(field_type(ty.0)?),
        CompositeInnerType::Struct(ty) => {
            let fields: Result<_, _> = ty.fields.iter().map(|&field| field_type(field)).collect();
            CompositeType::Struct(fields?)
        }
        CompositeInnerType::Cont(ty) => CompositeType::Cont(index(ty.0.unpack())?),
    };
    Ok(SubType {
        is_final: ty.is_final,
        supertype,
        composite,
    })
}

pub(crate) fn table_type(ty: wasmparser::TableType) -> Result<TableType<TypeIndex>, Excluded> {
    unshared(ty.shared)?;
    Ok(TableType {
        element: ref_type(ty.element_type)?,
        table64: ty.table64,
        minimum: ty.initial,
        maximum: ty.maximum,
    })
}

pub(crate) fn memory_type(ty: wasmparser::MemoryType) -> Result<MemoryType, Excluded> {
    unshared(ty.shared)?;
    let page_log2 = match ty.page_size_log2 {
        None => MemoryType::PAGE_LOG2,
        Some(log2 @ (0 | 16)) => log2 as u8,
        Some(_) => return Err(Excluded("pages of other sizes than 1 byte and 64 KiB are")),
    };
    Ok(MemoryType {
        memory64: ty.memory64,
        minimum: ty.initial,
        maximum: ty.maximum,
        page_log2,
    })
}

pub(crate) fn global_type(ty: wasmparser::GlobalType) -> Result<GlobalType<TypeIndex>, Excluded> {
    unshared(ty.shared)?;
    Ok(GlobalType {
        content: val_type(ty.content_type)?,
        mutable: ty.mutable,
    })
}

pub(crate) fn entity_type(ty: TypeRef) -> Result<EntityType<TypeIndex>, Excluded> {
    Ok(match ty {
        TypeRef::Func(index) => EntityType::Func(TypeIndex::new(index)),
        TypeRef::Table(ty) => EntityType::Table(table_type(ty)?),
        TypeRef::Memory(ty) => EntityType::Memory(memory_type(ty)?),
        TypeRef::Global(ty) => EntityType::Global(global_type(ty)?),
        TypeRef::Tag(ty) => EntityType::Tag(TypeIndex::new(ty.func_type_idx)),
        TypeRef::FuncExact(_) => return Err(Excluded("exact function imports are")),
    })
}

/// A constant expression, without its final `end`.
pub(crate) fn const_expr(expr: &wasmparser::ConstExpr<'_>) -> Result<ConstExpr, ValidateError> {
    let mut ops = Vec::new();
    for item in expr.get_operators_reader().into_iter_with_offsets() {
        let (operator, offset) = item?;
        if !matches!(operator, Operator::End) {
            ops.push(const_op(&operator).map_err(|excluded| excluded.at(offset))?);
        }
    }
    Ok(ops)
}

fn const_op(operator: &Operator<'_>) -> Result<ConstOp, Excluded> {
    Ok(match *operator {
        Operator::I32Const { value } => ConstOp::I32(value),
        Operator::I64Const { value } => ConstOp::I64(value),
        Operator::F32Const { value } => ConstOp::F32(value.bits()),
        Operator::F64Const { value } => ConstOp::F64(value.bits()),
        Operator::V128Const { value } => ConstOp::V128(u128::from_le_bytes(*value.bytes())),
        Operator::GlobalGet { global_index } => ConstOp::GlobalGet(global_index),
        Operator::RefNull { hty } => ConstOp::RefNull(RefType {
            nullable: true,
            heap: heap_type(hty)?,
        }),
        Operator::RefFunc { function_index } => ConstOp::RefFunc(FuncIndex::new(function_index)),
        Operator::RefI31 => ConstOp::RefI31,
        Operator::StructNew { struct_type_index } => {
            ConstOp::StructNew(TypeIndex::new(struct_type_index))
        }
        Operator::StructNewDefault { struct_type_index } => {
            ConstOp::StructNewDefault(TypeIndex::new(struct_type_index))
        }
        Operator::ArrayNew { array_type_index } => {
            ConstOp::ArrayNew(TypeIndex::new(array_type_index))
        }
        Operator::ArrayNewDefault { array_type_index } => {
            ConstOp::ArrayNewDefault(TypeIndex::new(array_type_index))
        }
        Operator::ArrayNewFixed {
            array_type_index,
            array_size,
        } => ConstOp::ArrayNewFixed(TypeIndex::new(array_type_index), array_size),
        Operator::I32Add => ConstOp::I32Add,
        Operator::I32Sub => ConstOp::I32Sub,
        Operator::I32Mul => ConstOp::I32Mul,
        Operator::I64Add => ConstOp::I64Add,
        Operator::I64Sub => ConstOp::I64Sub,
        Operator::I64Mul => ConstOp::I64Mul,
        Operator::AnyConvertExtern => ConstOp::AnyConvertExtern,
        Operator::ExternConvertAny => ConstOp::ExternConvertAny,
        _ => return Err(Excluded("this instruction in a constant expression is")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmparser::{BinaryReader, PackedIndex};

    #[test]
    fn what_the_features_exclude_is_an_error() {
        let ty = AbstractHeapType::Any;
        let shared = wasmparser::HeapType::Abstract { shared: true, ty };
        assert!(heap_type(shared).is_err());
        let at = UnpackedIndex::Module(0);
        assert!(heap_type(wasmparser::HeapType::Exact(at)).is_err());
        let at = UnpackedIndex::RecGroup(0);
        assert!(heap_type(wasmparser::HeapType::Concrete(at)).is_err());
        assert!(entity_type(TypeRef::FuncExact(0)).is_err());
        let error = const_op(&Operator::Nop).unwrap_err().at(7);
        assert_eq!(error.offset, 7);
    }

    #[test]
    fn shared_entities_and_other_page_sizes_are_errors() {
        let mut memory = wasmparser::MemoryType {
            memory64: false,
            shared: false,
            initial: 1,
            maximum: None,
            page_size_log2: None,
        };
        assert!(memory_type(memory).is_ok());
        memory.page_size_log2 = Some(0);
        assert_eq!(memory_type(memory).unwrap().page_log2, 0);
        memory.page_size_log2 = Some(12);
        assert!(memory_type(memory).is_err());
        memory.page_size_log2 = None;
        memory.shared = true;
        assert!(memory_type(memory).is_err());
        let global = wasmparser::GlobalType {
            content_type: wasmparser::ValType::I32,
            mutable: false,
            shared: true,
        };
        assert!(global_type(global).is_err());
        let table = wasmparser::TableType {
            element_type: wasmparser::RefType::FUNCREF,
            table64: false,
            initial: 0,
            maximum: None,
            shared: true,
        };
        assert!(table_type(table).is_err());
    }

    #[test]
    fn shared_types_descriptors_and_many_supertypes_are_errors() {
        let empty = wasmparser::FuncType::new([], []);
        let plain = wasmparser::SubType::func(empty.clone(), false);
        assert!(sub_type(&plain).is_ok());
        assert!(sub_type(&wasmparser::SubType::func(empty, true)).is_err());
        let index = PackedIndex::from_module_index(0).unwrap();
        let mut described = plain.clone();
        described.composite_type.descriptor_idx = Some(index);
        assert!(sub_type(&described).is_err());
        let mut many = plain;
        many.supertype_idxs = vec![index, index];
        assert!(sub_type(&many).is_err());
    }

    #[test]
    fn a_constant_expression_cut_short_is_an_error() {
        // i32.const without its operand.
        let expr = wasmparser::ConstExpr::new(BinaryReader::new(&[0x41], 5));
        assert_eq!(const_expr(&expr).unwrap_err().offset, 6);
    }
}
