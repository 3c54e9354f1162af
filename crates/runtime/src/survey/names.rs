//! What the numbers that a survey shows are called.

use super::FixedPlace;
use super::object::HEADER;
pub use super::shapes::FieldStorage;
use super::shapes::Shape;
use crate::called::TypeNames;
use crate::instance::InstancePtr;
use crate::report::Named;
use crate::store::StoreInner;
use crate::walk::ObjectKind;
use hashbrown::HashMap;
use mangrove_abi::object::{ARRAY_ELEMENTS, TYPE_HOST};
use mangrove_abi::{FuncIndex, TypeId};
use mangrove_collector::{
    Created, FunctionId, MadeFrom, ModuleId, Names, Place, WasmLocation,
};
use mangrove_validate::EntityIndex;
use std::cell::RefCell;

/// A type of objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectTypeInfo {
    /// `$name` of the first module that names it; else its number in a module, or in the
    /// engine.
    pub name: String,
    /// What its objects are.
    pub kind: ObjectKind,
    /// The fields of a struct, the values of a payload; of an array one, for each element.
    pub fields: Vec<FieldInfo>,
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldInfo {
    /// Its name, without `$`.
    pub name: Option<String>,
    /// What is in it.
    pub storage: FieldStorage,
    /// Where in the contents, as [`SurveyedObject::contents`] gives them; of an array, where
    /// element 0 is.
    ///
    /// [`SurveyedObject::contents`]: super::SurveyedObject::contents
    pub offset: u32,
}

/// Looks for the names of what a store has.
pub struct StoreNames<'a> {
    store: &'a StoreInner,
    types: TypeNames<'a>,
    /// The names of the locals of functions that were asked for.
    locals: RefCell<HashMap<(ModuleId, FuncIndex), HashMap<u32, String>>>,
}

impl std::fmt::Debug for StoreNames<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreNames").finish_non_exhaustive()
    }
}

impl StoreInner {
    /// Looks for names.
    pub fn names(&self) -> StoreNames<'_> {
        StoreNames {
            store: self,
            types: TypeNames::new(self),
            locals: RefCell::default(),
        }
    }
}

impl<'a> StoreNames<'a> {
    fn named(&self) -> Named<'a> {
        Named {
            engine: &self.store.engine,
            instances: &self.store.instances,
            host_funcs: &self.store.host_funcs,
        }
    }

    fn instance(&self, index: u32) -> Option<InstancePtr> {
        self.store.instances.get(index as usize).copied()
    }

    /// A module's name; none if it has none, or no instance in the store.
    pub fn module(&self, module: ModuleId) -> Option<&'a str> {
        self.store.module(module)?.name()
    }

    /// Which module an instance is of.
    pub fn module_of(&self, instance: u32) -> Option<ModuleId> {
        self.instance(instance).map(|instance| instance.module.id())
    }

    /// A place in a function of a module.
    pub fn place(&self, at: WasmLocation) -> Option<Place> {
        self.named().stopped(at)
    }

    /// The function that a continuation was made from, or that is in a place.
    pub fn function(&self, function: FunctionId) -> MadeFrom {
        self.named().made_from(function)
    }

    /// The type of continuations made from a function, in text form.
    pub fn continuation_type(&self, function: FunctionId) -> String {
        self.named().ty(function)
    }

    /// A `cont.new` that was executed.
    pub fn created(&self, created: Created) -> Option<Place> {
        self.named().created(created)
    }

    /// The name of a local of a function, parameters included.
    pub fn local(&self, module: ModuleId, function: FuncIndex, local: u32) -> Option<String> {
        let mut known = self.locals.borrow_mut();
        let names = known.entry((module, function)).or_insert_with(|| {
            let module = self.store.module(module);
            let names = module.map(|module| module.parsed().local_names(function));
            names.unwrap_or_default().into_iter().collect()
        });
        names.get(&local).cloned()
    }

    /// What a value of the embedder's is, by the payload of its object.
    pub fn host_type(&self, payload: u64) -> Option<&'static str> {
        self.store.host_values.type_name(payload)
    }

    /// A type of objects; of exceptions, with the number of their tag. None if there is no
    /// such type.
    pub fn object_type(
        &self,
        id: TypeId,
        kind: ObjectKind,
        tag: Option<u32>,
    ) -> Option<ObjectTypeInfo> {
        let engine = &self.store.engine;
        let (name, shape, from) = match kind {
            ObjectKind::Host => ("host".to_owned(), Shape::default(), HEADER),
            ObjectKind::Exception => {
                let tag = tag?;
                let entry = self.store.tags.get(tag as usize)?;
                // SAFETY: the tags of a store live as long as it does.
                let tag_type = unsafe { entry.def.as_ref().type_id };
                let name = match self.store.tag_called(tag) {
                    Some(name) => format!("exception {name}"),
                    None => "exception of the host".to_owned(),
                };
                (name, Shape::of_payload(engine, tag_type), HEADER)
            }
            ObjectKind::Struct => (self.types.called(id), Shape::of(engine, id), HEADER),
            ObjectKind::Array => (self.types.called(id), Shape::of(engine, id), ARRAY_ELEMENTS),
        };
        if kind != ObjectKind::Exception && id != TYPE_HOST && !engine.types().contains(id) {
            return None;
        }
        let fields = shape.parts.iter().zip(0..).map(|(part, index)| FieldInfo {
            name: match kind {
                ObjectKind::Struct => self.types.plain_field(id, index),
                _ => None,
            },
            storage: part.storage,
            offset: part.offset - from,
        });
        Some(ObjectTypeInfo {
            name,
            kind,
            fields: fields.collect(),
        })
    }

    /// What a place outside of stacks and objects is called: its name in the module that
    /// defines it, else what it is exported as. Handles, and what the host made, have none.
    pub fn fixed(&self, place: FixedPlace) -> Option<String> {
        let (instance, index) = match place {
            FixedPlace::Global { instance, index } => (instance?, EntityIndex::Global(index)),
            FixedPlace::Table {
                instance, index, ..
            } => (instance?, EntityIndex::Table(index)),
            FixedPlace::Segment {
                instance, segment, ..
            } => {
                let instance = self.instance(instance)?;
                let names = instance.module.parsed().segment_names();
                return names.into_iter().find(|(index, _)| *index == segment).map(|found| found.1);
            }
            FixedPlace::Handle { .. } | FixedPlace::Weak { .. } => return None,
        };
        let instance = self.instance(instance)?;
        let parsed = instance.module.parsed();
        let name = match index {
            EntityIndex::Global(index) => parsed.names.globals.get(&index),
            EntityIndex::Table(index) => parsed.names.tables.get(&index),
            _ => None,
        };
        let mut exports = parsed.exports.iter();
        let export = || exports.find(|export| export.index == index).map(|export| &export.name);
        name.or_else(export).cloned()
    }
}
