//! The custom `name` section.

use crate::module::Names;
use std::collections::HashMap;
use wasmparser::{Name, NameMap, NameSectionReader, Result};

/// Everything the section says that we keep, or its first fault.
pub(crate) fn read(section: NameSectionReader<'_>) -> Result<Names> {
    let mut names = Names::default();
    for subsection in section {
        match subsection? {
            Name::Module { name, .. } => names.module = Some(name.to_owned()),
            Name::Function(map) => names.functions = read_map(map)?,
            Name::Type(map) => names.types = read_map(map)?,
            Name::Table(map) => names.tables = read_map(map)?,
            Name::Global(map) => names.globals = read_map(map)?,
            Name::Tag(map) => names.tags = read_map(map)?,
            Name::Field(types) => {
                for ty in types {
                    let ty = ty?;
                    for field in ty.names {
                        let field = field?;
                        names
                            .fields
                            .insert((ty.index, field.index), field.name.to_owned());
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

fn read_map(map: NameMap<'_>) -> Result<HashMap<u32, String>> {
    map.map(|naming| naming.map(|naming| (naming.index, naming.name.to_owned())))
        .collect()
}
