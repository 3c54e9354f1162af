//! The custom `name` section.

use crate::module::{NameSection, ParsedModule};
use mangrove_abi::{FuncIndex, TagIndex, TypeIndex};
use std::collections::HashMap;
use std::hash::Hash;
use wasmparser::{KnownCustom, Name, NameMap, NameSectionReader, Parser, Payload, Result};

impl ParsedModule {
    /// The names of a function's parameters, from the name section; none where one has
    /// none. They are looked for in the module's bytes each time.
    ///
    /// # Examples
    /// ```
    /// use mangrove_abi::FuncIndex;
    /// use mangrove_validate::ParsedModule;
    ///
    /// let text = "(module (func) (func (param $x i32) (param i64) (local $y i32)))";
    /// let module = ParsedModule::parse(wat::parse_str(text)?)?;
    /// let names = module.parameter_names(FuncIndex::new(1));
    /// assert_eq!(names, [Some("x".to_owned()), None]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    /// If the module has no such function.
    pub fn parameter_names(&self, function: FuncIndex) -> Vec<Option<String>> {
        let mut names = vec![None; self.function_type(function).params.len()];
        for payload in Parser::new(0).parse_all(&self.bytes) {
            // Bytes that were parsed before; a name section with a fault has no names.
            if let Ok(Payload::CustomSection(section)) = payload
                && let KnownCustom::Name(reader) = section.as_known()
            {
                let _ = read_locals(reader, function, &mut names);
            }
        }
        names
    }
}

/// Adds the names of those locals of a function that there is a place for.
fn read_locals(
    section: NameSectionReader<'_>,
    function: FuncIndex,
    names: &mut [Option<String>],
) -> Result<()> {
    for subsection in section {
        let Name::Local(functions) = subsection? else {
            continue;
        };
        for naming in functions {
            let naming = naming?;
            if naming.index != function.as_u32() {
                continue;
            }
            for local in naming.names {
                let local = local?;
                if let Some(place) = names.get_mut(local.index as usize) {
                    *place = Some(local.name.to_owned());
                }
            }
        }
    }
    Ok(())
}

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
