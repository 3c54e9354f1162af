//! A function type, as calls need it.

use crate::kind::ValueKind;
use mangrove_abi::TypeId;
use mangrove_validate::{FuncType, Repr, ValType};

/// A function type with the kinds of its values.
#[derive(Debug)]
pub struct Signature {
    /// Its canonical id.
    pub id: TypeId,
    /// The type.
    pub ty: FuncType,
    /// Kinds of the parameters.
    pub params: Box<[ValueKind]>,
    /// Kinds of the results.
    pub results: Box<[ValueKind]>,
}

impl Signature {
    /// The signature of a canonical function type, given the kinds of values.
    pub fn new(id: TypeId, ty: FuncType, kind_of: impl Fn(ValType) -> ValueKind) -> Self {
        let kinds = |types: &[ValType]| types.iter().map(|&ty| kind_of(ty)).collect();
        Self {
            id,
            params: kinds(&ty.params),
            results: kinds(&ty.results),
            ty,
        }
    }

    /// Representations of the parameters.
    pub fn param_reprs(&self) -> Vec<Repr> {
        self.params.iter().map(|kind| kind.repr()).collect()
    }

    /// Representations of the results.
    pub fn result_reprs(&self) -> Vec<Repr> {
        self.results.iter().map(|kind| kind.repr()).collect()
    }
}
