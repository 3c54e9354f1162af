//! The custom `name` section.

use crate::module::NameSection;
use mangrove_abi::{FuncIndex, TagIndex, TypeIndex};
use std::collections::HashMap;
use std::hash::Hash;
use wasmparser::{Name, NameMap, NameSectionReader, Result};

/// Everything the section says that we keep, or its first fault.
pub(crate) fn read(section: NameSectionReader<'_>) -> Result<NameSection> {
    let mut names = NameSection::default();
    for subsection in section {
        match subsection? {
            Name::Module { name, .. } => names.module = Some(name.to_owned()),
            Name::Function(map) => names.functions = read_map(map, FuncIndex::new)?,
            Name::Type(map) => names.types = read_map(map, TypeIndex::new)?,
            Name::Table(map) => names.tables = read_map(map, |index| index)?,
            Name::Global(map) => names.globals = read_map(map, |index| index)?,
            Name::Tag(map) => names.tags = read_map(map, TagIndex::new)?,
            Name::Field(types) => {
                for ty in types {
                    let ty = ty?;
                    for field in ty.names {
                        let field = field?;
                        names.fields.insert(
                            (TypeIndex::new(ty.index), field.index),
                            field.name.to_owned(),
                        );
                    }
                }
            }
            // Nobody asks for the others.
            Name::Local(_)
            | Name::Label(_)
            | Name::Memory(_)
            | Name::Element(_)
            | Name::Data(_)
            | Name::Parameter(_)
            | Name::TagParameter(_)
            | Name::Unknown { .. } => {}
        }
    }
    Ok(names)
}

fn read_map<K: Eq + Hash>(map: NameMap<'_>, key: impl Fn(u32) -> K) -> Result<HashMap<K, String>> {
    map.map(|naming| naming.map(|naming| (key(naming.index), naming.name.to_owned())))
        .collect()
}
