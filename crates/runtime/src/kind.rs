//! How values of a type are handed over: between `Val`s and transfer slots.

use crate::value::Val;
use mangrove_abi::SlotKind;
use mangrove_validate::{
    AbstractHeap, CompositeType, HeapType, RefType, Repr, TypeRegistry, ValType,
};

/// The form a value of some type takes: its representation, and which `Val` it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// [`Val::I32`]
    I32,
    /// [`Val::I64`]
    I64,
    /// [`Val::F32`]
    F32,
    /// [`Val::F64`]
    F64,
    /// [`Val::V128`]
    V128,
    /// [`Val::Func`]
    Func,
    /// [`Val::Any`]
    Any,
    /// [`Val::Extern`]
    Extern,
    /// [`Val::Exn`]
    Exn,
    /// [`Val::Cont`], of this type: a continuation itself does not know it.
    Cont(RefType),
}

impl ValueKind {
    /// The kind of a type that is no reference.
    ///
    /// # Panics
    /// If it is one.
    pub fn of_number(ty: ValType) -> Self {
        match ty {
            ValType::I32 => Self::I32,
            ValType::I64 => Self::I64,
            ValType::F32 => Self::F32,
            ValType::F64 => Self::F64,
            ValType::V128 => Self::V128,
            ValType::Ref(_) => unreachable!("a reference type"),
        }
    }

    /// The kind of `reference`, whose heap type is this abstract one.
    pub fn of_hierarchy(heap: AbstractHeap, reference: RefType) -> Self {
        match heap {
            AbstractHeap::Func | AbstractHeap::NoFunc => Self::Func,
            AbstractHeap::Extern | AbstractHeap::NoExtern => Self::Extern,
            AbstractHeap::Exn | AbstractHeap::NoExn => Self::Exn,
            AbstractHeap::Cont | AbstractHeap::NoCont => Self::Cont(reference),
            AbstractHeap::Any
            | AbstractHeap::Eq
            | AbstractHeap::I31
            | AbstractHeap::Struct
            | AbstractHeap::Array
            | AbstractHeap::None => Self::Any,
        }
    }

    /// How compiled code holds it.
    pub fn repr(self) -> Repr {
        match self {
            Self::I32 => Repr::I32,
            Self::I64 => Repr::I64,
            Self::F32 => Repr::F32,
            Self::F64 => Repr::F64,
            Self::V128 => Repr::V128,
            Self::Func => Repr::FuncRef,
            Self::Any | Self::Extern | Self::Exn => Repr::HeapRef,
            Self::Cont(_) => Repr::ContRef,
        }
    }

    /// What the collector has to follow in such a value; none in a number or a function.
    pub fn slot_kind(self) -> Option<SlotKind> {
        self.repr().slot_kind()
    }

    /// Zero or null; none for a type without null.
    pub fn default_value(self, ty: ValType) -> Option<Val> {
        if matches!(
            ty,
            ValType::Ref(RefType {
                nullable: false,
                ..
            })
        ) {
            return None;
        }
        Some(self.zero())
    }

    /// Zero or null, whether the type has it or not.
    pub fn zero(self) -> Val {
        match self {
            Self::I32 => Val::I32(0),
            Self::I64 => Val::I64(0),
            Self::F32 => Val::F32(0),
            Self::F64 => Val::F64(0),
            Self::V128 => Val::V128(0),
            Self::Func => Val::Func(None),
            Self::Any => Val::Any(None),
            Self::Extern => Val::Extern(None),
            Self::Exn => Val::Exn(None),
            Self::Cont(_) => Val::Cont(None),
        }
    }
}

/// How values of a canonical type are handed over; none if there is no such type.
pub fn kind_of(types: &TypeRegistry, ty: ValType) -> Option<ValueKind> {
    let ValType::Ref(reference) = ty else {
        return Some(ValueKind::of_number(ty));
    };
    Some(match reference.heap {
        HeapType::Abstract(heap) => ValueKind::of_hierarchy(heap, reference),
        HeapType::Concrete(id) => match types.try_get(id)?.composite {
            CompositeType::Func(_) => ValueKind::Func,
            CompositeType::Struct(_) | CompositeType::Array(_) => ValueKind::Any,
            CompositeType::Cont(_) => ValueKind::Cont(reference),
        },
    })
}
