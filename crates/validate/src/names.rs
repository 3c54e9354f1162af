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
        self.each_local_name(|of, index, name| {
            if of == function
                && let Some(place) = names.get_mut(index as usize)
            {
                *place = Some(name.to_owned());
            }
        });
        names
    }

    /// Shows the name of each local that has one, parameters included: its function, its
    /// index and the name. They are looked for in the module's bytes each time.
    ///
    /// # Examples
    /// ```
    /// use mangrove_validate::ParsedModule;
    ///
    /// let text = "(module (func (param $x i32) (local i64) (local $y i32)))";
    /// let module = ParsedModule::parse(wat::parse_str(text)?)?;
    /// let mut names = Vec::new();
    /// module.each_local_name(|_, local, name| names.push((local, name.to_owned())));
    /// assert_eq!(names, [(0, "x".to_owned()), (2, "y".to_owned())]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn each_local_name(&self, mut show: impl FnMut(FuncIndex, u32, &str)) {
        self.each_subsection(|subsection| {
            let Name::Local(functions) = subsection else {
                return Ok(());
            };
            for naming in functions {
                let naming = naming?;
                for local in naming.names {
                    let local = local?;
                    show(FuncIndex::new(naming.index), local.index, local.name);
                }
            }
            Ok(())
        });
    }

    /// The names of element segments, as far as the name section has any: each with its
    /// index.
    pub fn segment_names(&self) -> HashMap<u32, String> {
        let mut names = HashMap::new();
        self.each_subsection(|subsection| {
            if let Name::Element(map) = subsection {
                for naming in map {
                    let naming = naming?;
                    names.insert(naming.index, naming.name.to_owned());
                }
            }
            Ok(())
        });
        names
    }

    /// Shows the parts of the name section. What is behind a fault has no names.
    fn each_subsection(&self, mut show: impl FnMut(Name<'_>) -> Result<()>) {
        for payload in Parser::new(0).parse_all(&self.bytes) {
            // Bytes that were parsed before.
            if let Ok(Payload::CustomSection(section)) = payload
                && let KnownCustom::Name(reader) = section.as_known()
            {
                for subsection in reader {
                    if subsection.and_then(&mut show).is_err() {
                        break;
                    }
                }
            }
        }
    }
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
