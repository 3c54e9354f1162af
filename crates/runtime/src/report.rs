//! The names of functions, types and places that a report on continuations tells.

use crate::engine::EngineCore;
use crate::host::HostFunc;
use crate::instance::InstancePtr;
use crate::module::ModuleImage;
use mangrove_abi::{FuncIndex, TypeId};
use mangrove_collector::{Created, FunctionId, MadeFrom, Names, Place, WasmLocation, Within};
use mangrove_validate::printable;
use std::ptr::NonNull;

/// What in a store knows names.
pub struct Named<'a> {
    pub engine: &'a EngineCore,
    pub instances: &'a [InstancePtr],
    pub host_funcs: &'a [NonNull<HostFunc>],
}

impl Named<'_> {
    fn module_of(&self, function: FunctionId) -> Option<&ModuleImage> {
        self.module(function.instance?)
    }

    fn module(&self, instance: u64) -> Option<&ModuleImage> {
        let instance = self.instances.get(usize::try_from(instance).ok()?)?;
        Some(&instance.module)
    }

    fn host_name(&self, index: u32) -> Option<String> {
        let host = self.host_funcs.get(index as usize)?;
        // SAFETY: host functions live as long as their store.
        let name = unsafe { &host.as_ref().body.name };
        (!name.is_empty()).then(|| name.clone())
    }
}

impl Names for Named<'_> {
    fn made_from(&self, function: FunctionId) -> MadeFrom {
        let FunctionId {
            instance, index, ..
        } = function;
        let module = self.module_of(function);
        let function = FuncIndex::new(index);
        let name = match module {
            Some(module) => module.function_name(function).map(str::to_string),
            None => self.host_name(index),
        };
        let export = module.and_then(|module| module.function_export(function));
        MadeFrom {
            instance,
            module: module.and_then(ModuleImage::name).map(str::to_string),
            index,
            export: export.filter(|_| name.is_none()).map(str::to_string),
            name,
        }
    }

    fn ty(&self, function: FunctionId) -> String {
        match self.engine.func_type(function.type_id) {
            Some(ty) => {
                let module = self.module_of(function);
                format!("(cont {})", ty.text(|id| type_text(id, module)))
            }
            None => "(cont)".to_owned(),
        }
    }

    fn created(&self, created: Created) -> Option<Place> {
        self.module(created.instance)?.place(created.wasm_offset)
    }

    fn stopped(&self, at: WasmLocation) -> Option<Place> {
        let function = at.function;
        let mut modules = self.instances.iter().map(|instance| &instance.module);
        Some(match modules.find(|known| known.id() == at.module) {
            Some(module) => module.place_in(function, at.wasm_offset),
            None => Place {
                module: None,
                function,
                name: None,
                export: None,
                offset: at.wasm_offset,
                source: None,
            },
        })
    }

    fn within(&self, type_id: TypeId, offset: u32) -> Option<Within> {
        let (kind, index) = self.engine.types().part_at(type_id, offset)?;
        Within::of(kind, index)
    }
}

/// A canonical type, as the module calls it: by name, else by index.
pub fn type_text(id: TypeId, module: Option<&ModuleImage>) -> String {
    let known = module.and_then(|module| {
        let index = module.type_index(id)?;
        let name = module.parsed().names.types.get(&index);
        Some(name.map_or_else(|| index.to_string(), |name| format!("${}", printable(name))))
    });
    known.unwrap_or_else(|| format!("canonical {id}"))
}
