//! Types of objects that the host makes: what validation checks of a module's is
//! checked here.

use super::entries::Entries;
use super::{RegistryError, TypeRegistry};
use crate::types::{CompositeType, FieldType, HeapType, StorageType, SubType, ValType};
use mangrove_abi::TypeId;

/// Most fields of a struct, as validation has it.
pub const MOST_FIELDS: usize = 10_000;
/// Most ancestors of a type, as validation has it.
const DEEPEST: usize = 63;

impl TypeRegistry {
    /// The number of a struct or array type made by the host, whose concrete types are
    /// canonical: the same as that of a module's type that is alone in its group. The
    /// caller holds it then.
    ///
    /// # Errors
    /// [`RegistryError::Full`]; [`RegistryError::TooManyFields`];
    /// [`RegistryError::Unknown`] if it refers to a type that is not in this registry;
    /// [`RegistryError::NoSubtype`] if it cannot be below the supertype it declares.
    ///
    /// # Panics
    /// If it is neither a struct's nor an array's.
    pub fn intern_object(&self, ty: SubType) -> Result<TypeId, RegistryError> {
        let fields = match &ty.composite {
            CompositeType::Struct(fields) => fields.as_slice(),
            CompositeType::Array(element) => std::slice::from_ref(element),
            CompositeType::Func(_) | CompositeType::Cont(_) => panic!("a struct or an array"),
        };
        let count = fields.len();
        if count > MOST_FIELDS {
            return Err(RegistryError::TooManyFields { count });
        }
        let mut entries = self.write();
        let mentioned = fields.iter().filter_map(mentioned);
        for id in mentioned.chain(ty.supertype) {
            if !entries.contains(id) {
                return Err(RegistryError::Unknown { id });
            }
        }
        if let Some(supertype) = ty.supertype {
            let refuse = |why| RegistryError::NoSubtype { supertype, why };
            entries.check_below(&ty, supertype).map_err(refuse)?;
        }
        entries.intern_one(ty)
    }
}

/// The type a field refers to by its number.
fn mentioned(field: &FieldType) -> Option<TypeId> {
    match field.storage {
        StorageType::Val(ValType::Ref(ty)) => match ty.heap {
            HeapType::Concrete(id) => Some(id),
            HeapType::Abstract(_) => None,
        },
        _ => None,
    }
}

impl Entries {
    /// Whether a type may declare this supertype; if not, why.
    fn check_below(&self, ty: &SubType, supertype: TypeId) -> Result<(), &'static str> {
        let above = self.get(supertype);
        if above.ty.is_final {
            return Err("it is final");
        }
        if above.supers.len() > DEEPEST {
            return Err("it has as many ancestors as there may be");
        }
        match (&ty.composite, &above.ty.composite) {
            (CompositeType::Struct(below), CompositeType::Struct(above)) => {
                if below.len() < above.len() {
                    return Err("it has more fields");
                }
                let mut pairs = below.iter().zip(above);
                match pairs.all(|(below, above)| self.field_matches(below, above)) {
                    true => Ok(()),
                    false => Err("a field is of another type"),
                }
            }
            (CompositeType::Array(below), CompositeType::Array(above)) => {
                match self.field_matches(below, above) {
                    true => Ok(()),
                    false => Err("its elements are of another type"),
                }
            }
            _ => Err("one is a struct and the other an array"),
        }
    }

    /// Who may assign and who may read see the same field: a mutable one has one type.
    fn field_matches(&self, below: &FieldType, above: &FieldType) -> bool {
        if below.mutable || above.mutable {
            return below == above;
        }
        match (below.storage, above.storage) {
            (StorageType::Val(below), StorageType::Val(above)) => self.val_matches(below, above),
            (below, above) => below == above,
        }
    }
}
