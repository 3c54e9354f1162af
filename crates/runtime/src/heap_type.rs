//! Types of structs and arrays, as the embedder makes and compares them.

use crate::engine::EngineCore;
use crate::error::Error;
use crate::objects::error::ObjectError;
use crate::types::TypeHold;
use mangrove_abi::TypeId;
use mangrove_collector::admission::ContinuationsInObjects;
use mangrove_validate::{
    AbstractHeap, CompositeType, FieldType, HeapType, RefType, StorageType, SubType, ValType,
};
use std::fmt;
use std::sync::Arc;

/// What has the types of an engine: an `Engine`.
///
/// # Examples
/// ```
/// use mangrove::{ArrayType, AsEngine, Engine, Error, FieldType, StorageType};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// /// An engine, or what has one.
/// fn bytes(engine: &impl AsEngine) -> Result<ArrayType, Error> {
///     ArrayType::new(engine, FieldType::variable(StorageType::I8))
/// }
///
/// let engine = Engine::default();
/// let base = ArrayType::extensible(&engine, None, FieldType::constant(StorageType::I16))?;
/// assert!(!base.matches(&bytes(&engine)?));
/// # Ok(())
/// # }
/// ```
pub trait AsEngine {
    #[doc(hidden)]
    fn engine_core(&self) -> &EngineCore;
}

impl AsEngine for EngineCore {
    fn engine_core(&self) -> &EngineCore {
        self
    }
}

/// A type of an engine, which it keeps.
#[derive(Clone)]
struct Kept {
    engine: EngineCore,
    id: TypeId,
    /// Of its group, or of one that mentions it.
    hold: Arc<TypeHold>,
}

impl Kept {
    /// The type of a group of its own.
    fn new(engine: &EngineCore, ty: SubType) -> Result<Self, Error> {
        let fields = match &ty.composite {
            CompositeType::Struct(fields) => fields.as_slice(),
            CompositeType::Array(element) => std::slice::from_ref(element),
            CompositeType::Func(_) | CompositeType::Cont(_) => &[],
        };
        let policy = engine.settings().continuations_in_objects;
        if policy == ContinuationsInObjects::Reject
            && fields.iter().any(|field| holds_continuation(engine, field))
        {
            return Err(ObjectError::Continuation.into());
        }
        let (id, hold) = engine.engine_types().object(ty)?;
        Ok(Self::of(engine, id, hold))
    }

    fn of(engine: &EngineCore, id: TypeId, hold: TypeHold) -> Self {
        Self {
            engine: engine.clone(),
            id,
            hold: Arc::new(hold),
        }
    }

    /// The type with this number, if there is one now.
    fn known(engine: &EngineCore, id: TypeId) -> Result<Self, Error> {
        let hold = engine.engine_types().hold(id)?;
        Ok(Self::of(engine, id, hold))
    }

    fn sub_type(&self) -> Arc<SubType> {
        self.engine.types().get(self.id)
    }

    fn supertype(&self) -> Option<Self> {
        let id = self.sub_type().supertype?;
        let (engine, hold) = (self.engine.clone(), self.hold.clone());
        Some(Self { engine, id, hold })
    }

    fn matches(&self, other: &Self) -> bool {
        self.engine.same(&other.engine) && self.engine.types().is_subtype(self.id, other.id)
    }

    fn reference(&self, nullable: bool) -> RefType {
        let heap = HeapType::Concrete(self.id);
        RefType { nullable, heap }
    }
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.engine.same(&other.engine)
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.id, self.sub_type().composite)
    }
}

/// Whether a field could hold a continuation. What it mentions may not be there: then
/// it is refused for that.
fn holds_continuation(engine: &EngineCore, field: &FieldType) -> bool {
    let StorageType::Val(ValType::Ref(ty)) = field.storage else {
        return false;
    };
    let heap = match ty.heap {
        HeapType::Abstract(heap) => heap,
        HeapType::Concrete(id) => match engine.types().try_get(id) {
            Some(ty) => ty.composite.abstract_heap(),
            None => return false,
        },
    };
    heap.top() == AbstractHeap::Cont
}

macro_rules! heap_type {
    ($(#[$doc:meta])* $name:ident, $composite:ident, $what:literal) => {
        $(#[$doc])*
        ///
        /// It keeps the type: its number stands for it as long as this lives. Types are
        /// equal when they are of one engine and Wasm has them for the same, whoever
        /// made them.
        #[derive(Clone, PartialEq)]
        pub struct $name(Kept);

        impl Eq for $name {}

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), self.0)
            }
        }

        impl $name {
            #[doc = concat!("The type of ", $what, " with this canonical number, which some type of")]
            /// a function, a global or a field mentions.
            ///
            /// # Errors
            /// The engine has none with this number; [`ObjectError::Kind`] if it is of
            /// another kind.
            ///
            /// # Examples
            /// ```
            /// # use mangrove::{ArrayType, Config, Engine, Error, FieldType, StructType, ValType};
            /// # fn main() -> Result<(), Error> {
            /// # let engine = Engine::new(&Config::new())?;
            /// let array = ArrayType::new(&engine, FieldType::constant(ValType::I32))?;
            /// assert_eq!(ArrayType::of(&engine, array.id())?, array);
            /// assert!(StructType::of(&engine, array.id()).is_err());
            /// # Ok(())
            /// # }
            /// ```
            pub fn of(engine: &impl AsEngine, id: TypeId) -> Result<Self, Error> {
                let kept = Kept::known(engine.engine_core(), id)?;
                match kept.sub_type().composite {
                    CompositeType::$composite(_) => Ok(Self(kept)),
                    _ => Err(ObjectError::Kind {
                        expected: concat!("a type of ", $what),
                        found: "one of something else",
                    }
                    .into()),
                }
            }

            /// Its canonical number.
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Engine, FieldType, StructType, ValType};
            ///
            /// # fn main() -> Result<(), mangrove::Error> {
            /// let engine = Engine::default();
            /// let field = FieldType::variable(ValType::I32);
            /// let base = StructType::extensible(&engine, None, [field])?;
            /// let again = StructType::extensible(&engine, None, [field])?;
            /// assert_eq!(base.id(), again.id(), "it is the same type");
            /// # Ok(())
            /// # }
            /// ```
            pub fn id(&self) -> TypeId {
                self.0.id
            }

            /// The type of references to it.
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Engine, FieldType, HeapType, StructType, ValType};
            ///
            /// # fn main() -> Result<(), mangrove::Error> {
            /// let engine = Engine::default();
            /// let field = FieldType::variable(ValType::I32);
            /// let base = StructType::extensible(&engine, None, [field])?;
            /// let reference = base.reference(true);
            /// assert!(reference.nullable && reference.heap == HeapType::Concrete(base.id()));
            /// # Ok(())
            /// # }
            /// ```
            pub fn reference(&self, nullable: bool) -> RefType {
                self.0.reference(nullable)
            }

            /// Its supertype, if it declares one.
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Engine, FieldType, StructType, ValType};
            ///
            /// # fn main() -> Result<(), mangrove::Error> {
            /// let engine = Engine::default();
            /// let field = FieldType::variable(ValType::I32);
            /// let base = StructType::extensible(&engine, None, [field])?;
            /// let sub = StructType::extensible(&engine, Some(&base), [field, field])?;
            /// assert_eq!(sub.supertype(), Some(base));
            /// # Ok(())
            /// # }
            /// ```
            pub fn supertype(&self) -> Option<Self> {
                self.0.supertype().map(Self)
            }

            /// Whether it can have no subtypes.
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Engine, FieldType, StructType, ValType};
            ///
            /// # fn main() -> Result<(), mangrove::Error> {
            /// let engine = Engine::default();
            /// let field = FieldType::variable(ValType::I32);
            /// let base = StructType::extensible(&engine, None, [field])?;
            /// assert!(!base.is_final() && StructType::new(&engine, [field])?.is_final());
            /// # Ok(())
            /// # }
            /// ```
            pub fn is_final(&self) -> bool {
                self.0.sub_type().is_final
            }

            /// Whether it is the other, or below it.
            ///
            /// # Examples
            /// ```
            /// use mangrove::{Engine, FieldType, StructType, ValType};
            ///
            /// # fn main() -> Result<(), mangrove::Error> {
            /// let engine = Engine::default();
            /// let field = FieldType::variable(ValType::I32);
            /// let base = StructType::extensible(&engine, None, [field])?;
            /// let sub = StructType::extensible(&engine, Some(&base), [field, field])?;
            /// assert!(sub.matches(&base) && !base.matches(&sub));
            /// # Ok(())
            /// # }
            /// ```
            pub fn matches(&self, other: &Self) -> bool {
                self.0.matches(&other.0)
            }

            /// Its number, if it is a type of this engine.
            pub(crate) fn id_in(&self, engine: &EngineCore) -> Result<TypeId, Error> {
                match self.0.engine.same(engine) {
                    true => Ok(self.id()),
                    false => Err(ObjectError::Engine.into()),
                }
            }
        }

        impl From<$name> for HeapType {
            fn from(ty: $name) -> Self {
                Self::Concrete(ty.id())
            }
        }
    };
}

heap_type! {
    /// A type of structs.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Error, FieldType, StorageType, StructType, ValType};
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// let fields = [FieldType::variable(ValType::F64), FieldType::constant(StorageType::I8)];
    /// let point = StructType::extensible(&engine, None, fields)?;
    /// let more = [fields[0], fields[1], FieldType::variable(ValType::I64)];
    /// let below = StructType::extensible(&engine, Some(&point), more)?;
    /// assert!(below.matches(&point) && !point.matches(&below));
    /// assert_eq!(below.supertype(), Some(point));
    /// # Ok(())
    /// # }
    /// ```
    StructType, Struct, "structs"
}

heap_type! {
    /// A type of arrays.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{ArrayType, Config, Engine, Error, FieldType, StorageType};
    /// # fn main() -> Result<(), Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// let bytes = ArrayType::new(&engine, FieldType::variable(StorageType::I8))?;
    /// let of_bytes = FieldType::variable(mangrove::ValType::Ref(bytes.reference(true)));
    /// let matrix = ArrayType::new(&engine, of_bytes)?;
    /// assert_eq!(matrix.element(), of_bytes);
    /// # Ok(())
    /// # }
    /// ```
    ArrayType, Array, "arrays"
}

impl StructType {
    /// The final type of structs with these fields: what a module's
    /// `(type (struct …))` is. Types that refer to themselves come from modules.
    ///
    /// # Errors
    /// [`Error::Limit`] for more than 10,000 fields, or more types than an engine can
    /// hold; [`Error::Usage`] if a field mentions a type the engine does not have;
    /// [`ObjectError::Continuation`].
    pub fn new(
        engine: &impl AsEngine,
        fields: impl IntoIterator<Item = FieldType>,
    ) -> Result<Self, Error> {
        Self::make(engine, true, None, fields)
    }

    /// A type that can have subtypes, below another if one is given: what a module's
    /// `(type (sub $super (struct …)))` is. The supertype's fields come first.
    ///
    /// # Errors
    /// As [`StructType::new`]; [`Error::Usage`] if it does not fit the supertype, or that
    /// is final; [`ObjectError::Engine`].
    pub fn extensible(
        engine: &impl AsEngine,
        supertype: Option<&Self>,
        fields: impl IntoIterator<Item = FieldType>,
    ) -> Result<Self, Error> {
        Self::make(engine, false, supertype, fields)
    }

    fn make(
        engine: &impl AsEngine,
        is_final: bool,
        supertype: Option<&Self>,
        fields: impl IntoIterator<Item = FieldType>,
    ) -> Result<Self, Error> {
        let engine = engine.engine_core();
        let supertype = supertype.map(|ty| ty.id_in(engine));
        let ty = SubType {
            is_final,
            supertype: supertype.transpose()?,
            composite: CompositeType::Struct(fields.into_iter().collect()),
        };
        Kept::new(engine, ty).map(Self)
    }

    /// Its fields, those of its supertype first.
    pub fn fields(&self) -> Vec<FieldType> {
        match &self.0.sub_type().composite {
            CompositeType::Struct(fields) => fields.clone(),
            _ => unreachable!("a struct type"),
        }
    }
}

impl ArrayType {
    /// The final type of arrays of this element: what a module's `(type (array …))` is.
    ///
    /// # Errors
    /// As [`StructType::new`].
    pub fn new(engine: &impl AsEngine, element: FieldType) -> Result<Self, Error> {
        Self::make(engine, true, None, element)
    }

    /// A type that can have subtypes, below another if one is given.
    ///
    /// # Errors
    /// As [`StructType::extensible`].
    ///
    /// # Examples
    /// See [`AsEngine`].
    pub fn extensible(
        engine: &impl AsEngine,
        supertype: Option<&Self>,
        element: FieldType,
    ) -> Result<Self, Error> {
        Self::make(engine, false, supertype, element)
    }

    fn make(
        engine: &impl AsEngine,
        is_final: bool,
        supertype: Option<&Self>,
        element: FieldType,
    ) -> Result<Self, Error> {
        let engine = engine.engine_core();
        let supertype = supertype.map(|ty| ty.id_in(engine));
        let ty = SubType {
            is_final,
            supertype: supertype.transpose()?,
            composite: CompositeType::Array(element),
        };
        Kept::new(engine, ty).map(Self)
    }

    /// What its elements are.
    pub fn element(&self) -> FieldType {
        match self.0.sub_type().composite {
            CompositeType::Array(element) => element,
            _ => unreachable!("an array type"),
        }
    }
}
