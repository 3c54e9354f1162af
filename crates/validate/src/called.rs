//! What a refused module's types are called in messages, by the validator's names for
//! them.

use crate::module::{NameSection, ParsedModule};
use crate::types::{HeapType, RefType, ValType};
use crate::{convert, printable};
use mangrove_abi::TypeIndex;
use std::collections::HashMap;
use wasmparser::types::CoreTypeId;
use wasmparser::{UnpackedIndex, ValidatorResources, WasmModuleResources};

/// The module's types by what the validator calls them.
pub(crate) struct Types<'a> {
    module: &'a ParsedModule,
    names: &'a NameSection,
    /// Equal types are one to it: the first of them, with a name if one has it.
    indices: HashMap<CoreTypeId, TypeIndex>,
}

impl<'a> Types<'a> {
    /// Those of this module, as far as it was read.
    pub(crate) fn new(
        module: &'a ParsedModule,
        names: &'a NameSection,
        resources: &ValidatorResources,
    ) -> Self {
        let mut indices: HashMap<CoreTypeId, TypeIndex> = HashMap::new();
        for index in (0..module.types.len() as u32).map(TypeIndex::new) {
            let at = UnpackedIndex::Module(index.as_u32());
            let mut heap = wasmparser::HeapType::Concrete(at);
            if resources.check_heap_type(&mut heap, 0).is_ok()
                && let wasmparser::HeapType::Concrete(UnpackedIndex::Id(id)) = heap
            {
                let known = *indices.entry(id).or_insert(index);
                if !names.types.contains_key(&known) && names.types.contains_key(&index) {
                    indices.insert(id, index);
                }
            }
        }
        Self {
            module,
            names,
            indices,
        }
    }

    fn convert(&self, ty: wasmparser::ValType) -> Option<ValType<TypeIndex>> {
        let wasmparser::ValType::Ref(reference) = ty else {
            return convert::val_type(ty).ok();
        };
        let heap = match reference.heap_type() {
            wasmparser::HeapType::Concrete(UnpackedIndex::Id(id)) => {
                HeapType::Concrete(*self.indices.get(&id)?)
            }
            other => convert::heap_type(other).ok()?,
        };
        Some(ValType::Ref(RefType {
            nullable: reference.is_nullable(),
            heap,
        }))
    }

    /// A type in text form.
    pub(crate) fn text(&self, ty: wasmparser::ValType) -> Option<String> {
        Some(self.convert(ty)?.text(|index| self.called(index)))
    }

    /// What a type is called: by its name, and by its number where another type has the
    /// same one.
    fn called(&self, index: TypeIndex) -> String {
        let names = &self.names.types;
        match names.get(&index) {
            Some(name) if names.values().filter(|other| *other == name).count() == 1 => {
                format!("${}", printable(name))
            }
            _ => index.to_string(),
        }
    }

    /// What the defined types among these are, each once.
    pub(crate) fn note(&self, types: &[wasmparser::ValType]) -> Option<String> {
        let mut defined = Vec::new();
        for &ty in types {
            if let ValType::Ref(ty) = self.convert(ty)?
                && let HeapType::Concrete(index) = ty.heap
                && !defined.contains(&index)
            {
                defined.push(index);
            }
        }
        let notes = defined.into_iter().map(|index| {
            let ty = self.module.types.get(index.index());
            let ty = ty.map_or_else(String::new, |ty| ty.text(|index| self.called(index)));
            let name = self.names.types.get(&index);
            let name = name.map_or_else(String::new, |name| format!(" ${}", printable(name)));
            let within = |group: &&std::ops::Range<u32>| group.contains(&index.as_u32());
            let group = match self.module.rec_groups.iter().find(within) {
                Some(group) if group.len() > 1 => {
                    format!(", in a recursion group of {}", group.len())
                }
                _ => String::new(),
            };
            format!("; type {index}{name} is {ty}{group}")
        });
        Some(notes.collect())
    }
}
