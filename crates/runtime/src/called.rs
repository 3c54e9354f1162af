//! What things of a store are called: by the name sections of its modules, or else by
//! exports and numbers.

use crate::host::HostFunc;
use crate::instance::InstancePtr;
use crate::module::ModuleImage;
use crate::store::StoreInner;
use hashbrown::HashMap;
use mangrove_abi::{ContRecord, FuncIndex, FuncRef, TagIndex, TypeId, TypeIndex};
use mangrove_collector::Place;
use mangrove_validate::printable;
use std::cell::RefCell;

/// Looks for the names of canonical types in the modules of a store, and remembers what it
/// has found.
pub struct TypeNames<'a> {
    store: &'a StoreInner,
    known: RefCell<HashMap<TypeId, Option<(&'a ModuleImage, TypeIndex)>>>,
}

impl<'a> TypeNames<'a> {
    /// Nothing has been looked for yet.
    pub fn new(store: &'a StoreInner) -> Self {
        let known = RefCell::default();
        Self { store, known }
    }

    /// The type as a module has it: the first that gives it a name, or else the first.
    fn find(&self, id: TypeId) -> Option<(&'a ModuleImage, TypeIndex)> {
        if let Some(&known) = self.known.borrow().get(&id) {
            return known;
        }
        let mut found = None;
        let mut last = None;
        for module in self.store.instances.iter().map(|data| &*data.module) {
            // Instances of one module are often made one after another.
            if last.replace(module.id()) == Some(module.id()) {
                continue;
            }
            if let Some(index) = module.type_index(id) {
                found = found.or(Some((module, index)));
                if module.parsed().names.types.contains_key(&index) {
                    found = Some((module, index));
                    break;
                }
            }
        }
        self.known.borrow_mut().insert(id, found);
        found
    }

    /// `$name`, if the type has one.
    pub fn name(&self, id: TypeId) -> Option<String> {
        let (module, index) = self.find(id)?;
        let name = module.parsed().names.types.get(&index)?;
        Some(format!("${}", printable(name)))
    }

    /// What a type is called: `$name`, its number in a module, or else its number in the
    /// engine.
    pub fn called(&self, id: TypeId) -> String {
        match (self.name(id), self.number(id)) {
            (Some(name), _) => name,
            (None, Some(number)) => number.to_string(),
            (None, None) => format!("type {id}"),
        }
    }

    /// The type's number in a module, if it is a module's.
    pub fn number(&self, id: TypeId) -> Option<TypeIndex> {
        self.find(id).map(|(_, index)| index)
    }

    /// `$name` of a field of a struct type, if it has one.
    pub fn field(&self, id: TypeId, field: u32) -> Option<String> {
        let name = self.plain_field(id, field)?;
        Some(format!("${}", printable(&name)))
    }

    /// The name of a field of a struct type as the module has it, if it has one.
    pub fn plain_field(&self, id: TypeId, field: u32) -> Option<String> {
        let (module, index) = self.find(id)?;
        module.parsed().names.fields.get(&(index, field)).cloned()
    }
}

/// The name of a place's function alone, and where in it.
pub fn brief(place: &Place) -> String {
    let mut text = match (&place.name, &place.export) {
        (Some(name), _) => format!("${}", printable(name)),
        (None, Some(export)) => format!("(export \"{}\")", printable(export)),
        (None, None) => format!("func {}", place.function),
    };
    if let Some(offset) = place.offset {
        text.push_str(&format!(" at {offset:#x}"));
    }
    if let Some(source) = &place.source {
        text.push_str(&format!(" ({source})"));
    }
    text
}

impl StoreInner {
    /// What a tag is called: `$name`, `(export "name")`, `(import "module" "name")` or its
    /// number, by the first instance that has it with a name. None for a tag that no
    /// instance has.
    pub(crate) fn tag_called(&self, tag: u32) -> Option<String> {
        let mut number = None;
        for instance in &self.instances {
            let Some(index) = instance.tags.iter().position(|known| known == tag) else {
                continue;
            };
            let index = TagIndex::new(index as u32);
            match instance.module.tag_name(index) {
                Some(name) => return Some(name),
                None => number = number.or(Some(index)),
            }
        }
        number.map(|index| index.to_string())
    }

    /// What a function is called: `$name`, `"export"` or its number; of the host's, by
    /// their full name.
    ///
    /// # Safety
    /// It is a function of this store.
    pub(crate) unsafe fn function_called(&self, func: *const FuncRef) -> String {
        // SAFETY: by contract; functions and their instances live as long as the store.
        let (instance, index, owner) = unsafe {
            let FuncRef {
                instance, index, ..
            } = *func;
            (instance, FuncIndex::new(index), (*instance).owner)
        };
        if owner == 0 {
            // SAFETY: what stands for a host function's instance leads its `HostFunc`.
            let host = unsafe { &*instance.cast::<HostFunc>() };
            return match host.body.name.as_str() {
                "" => "of the host".to_owned(),
                name => format!("of the host \"{}\"", printable(name)),
            };
        }
        // SAFETY: as above.
        let module = unsafe { InstancePtr::from_owner(owner) }.module.clone();
        match (module.function_name(index), module.function_export(index)) {
            (Some(name), _) => format!("${}", printable(name)),
            (None, Some(export)) => format!("\"{}\"", printable(export)),
            (None, None) => index.to_string(),
        }
    }

    /// Where the innermost Wasm frame of a continuation is stopped.
    ///
    /// # Safety
    /// It is stopped: fresh, suspended or a parent.
    pub(crate) unsafe fn stopped_at(&self, record: *const ContRecord) -> Option<Place> {
        // SAFETY: by contract.
        let at = unsafe { self.stands_at(record)? };
        let module = self.module(at.module)?;
        Some(module.place_in(at.function, at.wasm_offset))
    }

    /// The `cont.new` that made a continuation; none if the host did.
    ///
    /// # Safety
    /// It is a record of this store's.
    pub(crate) unsafe fn created_at(&self, record: *const ContRecord) -> Option<Place> {
        // SAFETY: by contract; instances live as long as the store.
        unsafe {
            let creator = (*record).made_by().as_ref()?;
            let instance = InstancePtr::from_owner(creator.owner);
            instance.module.place((*record).created_at?)
        }
    }
}
