//! What the numbers that a survey shows are called.

use super::FixedPlace;
use super::object::HEADER;
pub use super::shapes::FieldStorage;
use super::shapes::Shape;
use crate::called::TypeNames;
use crate::instance::InstancePtr;
use crate::module::ModuleImage;
use crate::report::Named;
use crate::store::StoreInner;
use crate::walk::ObjectKind;
use hashbrown::HashMap;
use mangrove_abi::object::{ARRAY_ELEMENTS, TYPE_HOST};
use mangrove_abi::{FuncIndex, TypeId};
use mangrove_collector::{Created, FunctionId, MadeFrom, ModuleId, Names, Place, WasmLocation};
use mangrove_validate::{EntityIndex, ParsedModule};
use std::cell::RefCell;
use std::rc::Rc;

/// A type of objects.
///
/// # Examples
/// See [`SurveyedObject`](super::SurveyedObject).
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
///
/// # Examples
/// See [`SurveyedObject`](super::SurveyedObject).
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
///
/// # Examples
/// ```
/// use mangrove::{CodeName, Config, Engine, FixedPlace, Linker, Module, Store, StoreNames, SurveyItem, SurveyOptions, WasmLocation};
/// use std::ops::ControlFlow;
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let engine = Engine::default();
/// let text = "(module $demo
///     (type $f (func)) (type $k (cont $f)) (type $box (struct (field $item anyref)))
///     (tag $pause)
///     (global $kept (mut (ref null $k)) (ref.null $k))
///     (elem declare func $waits)
///     (func $waits (local $b (ref $box))
///         (local.set $b (struct.new $box (struct.new $box (ref.i31 (i32.const 5)))))
///         (suspend $pause)
///         (drop (struct.get $box 0 (local.get $b))))
///     (func $run (export \"run\")
///         (block $on (result (ref $k))
///             (resume $k (on $pause $on) (cont.new $k (ref.func $waits))) (return))
///         (global.set $kept)))";
/// let module = Module::new(&engine, text)?;
/// let mut store = Store::new(&engine, ())?;
/// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
/// instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
///
/// // Numbers first, as a survey shows them; then what those are called.
/// let mut continuation = None;
/// let mut innermost = None;
/// store.survey(SurveyOptions::default(), &mut |item| {
///     match item {
///         SurveyItem::Continuation(shown) => continuation = Some(*shown),
///         SurveyItem::Frame(frame) if frame.index == 0 => {
///             innermost = Some((frame.module(), frame.function(), frame.wasm_offset()));
///         }
///         _ => {}
///     }
///     ControlFlow::Continue(())
/// })?;
/// let continuation = continuation.expect("the suspended one");
/// let names: StoreNames<'_> = store.names();
/// assert_eq!(names.function(continuation.function).name.as_deref(), Some("waits"));
/// assert_eq!(names.continuation_type(continuation.function), "(cont (func))");
/// let made = continuation.created.and_then(|created| names.created(created));
/// assert_eq!(made.expect("by code").name.as_deref(), Some("run"));
///
/// let (module, code, wasm_offset) = innermost.expect("where it is suspended");
/// assert_eq!(names.modules_of_instances(), [module]);
/// assert_eq!(names.module(module), Some("demo"));
/// let CodeName::Wasm(function) = code else { unreachable!() };
/// let place = names.place(WasmLocation { module, function, wasm_offset }).expect("it is known");
/// assert_eq!(place.name.as_deref(), Some("waits"));
/// assert_eq!(names.local(module, function, 0).as_deref(), Some("b"));
/// let global = FixedPlace::Global { instance: Some(0), index: 0 };
/// assert_eq!(names.fixed(global).as_deref(), Some("kept"));
/// # Ok(())
/// # }
/// ```
///
/// See [`SurveyedObject`](super::SurveyedObject) for the types of objects.
pub struct StoreNames<'a> {
    store: &'a StoreInner,
    types: TypeNames<'a>,
    modules: RefCell<HashMap<ModuleId, Rc<ModuleNames>>>,
}

/// Names of a module that are not kept with it.
#[derive(Default)]
struct ModuleNames {
    locals: HashMap<(FuncIndex, u32), String>,
    segments: std::collections::HashMap<u32, String>,
    /// By what it is of: number of the first export.
    exports: HashMap<EntityIndex, usize>,
}

impl ModuleNames {
    fn of(parsed: &ParsedModule) -> Self {
        let mut names = Self {
            segments: parsed.segment_names(),
            ..Self::default()
        };
        parsed.each_local_name(|function, local, name| {
            names.locals.insert((function, local), name.to_owned());
        });
        for (number, export) in parsed.exports.iter().enumerate() {
            names.exports.entry(export.index).or_insert(number);
        }
        names
    }
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
            modules: RefCell::default(),
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

    /// Which module each instance is of, by number.
    pub fn modules_of_instances(&self) -> Vec<ModuleId> {
        let instances = self.store.instances.iter();
        instances.map(|instance| instance.module.id()).collect()
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
        let names = self.module_names(self.store.module(module)?);
        names.locals.get(&(function, local)).cloned()
    }

    /// Names of a module, looked for once.
    fn module_names(&self, module: &ModuleImage) -> Rc<ModuleNames> {
        let mut known = self.modules.borrow_mut();
        let names = known.entry(module.id());
        let names = names.or_insert_with(|| Rc::new(ModuleNames::of(module.parsed())));
        names.clone()
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
                let names = self.module_names(&instance.module);
                return names.segments.get(&segment).cloned();
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
        if name.is_some() {
            return name.cloned();
        }
        let names = self.module_names(&instance.module);
        let export = parsed.exports.get(*names.exports.get(&index)?)?;
        Some(export.name.clone())
    }
}
