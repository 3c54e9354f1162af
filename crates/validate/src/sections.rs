//! One function for each section: what it adds to the [`ParsedModule`].
//!
//! A section arrives here after the validator has accepted it, so indices are
//! in range and counts agree.

use crate::bodies::BodyFacts;
use crate::convert;
use crate::error::ValidateError;
use crate::module::{
    ConstExpr, ConstOp, DataSegment, ElementSegment, EntityIndex, EntityType, Export, FunctionBody,
    GlobalDefinition, Import, ParsedModule, SegmentMode, TableDefinition,
};
use crate::names;
use crate::types::{AbstractHeap, HeapType, RefType};
use mangrove_abi::{FuncIndex, TagIndex, TypeIndex};
use std::ops::Range;
use wasmparser::{
    DataKind, DataSectionReader, ElementItems, ElementKind, ElementSectionReader,
    ExportSectionReader, ExternalKind, GlobalSectionReader, ImportSectionReader, KnownCustom,
    Payload, TableInit, TableSectionReader, TypeSectionReader,
};

/// The module as far as it is known, and what it refers to.
#[derive(Default)]
pub(crate) struct Sections {
    module: ParsedModule,
    /// Functions that escape, in no order and some perhaps more than once.
    escaping: Vec<FuncIndex>,
    named: bool,
}

impl Sections {
    /// Adds one section.
    pub(crate) fn read(&mut self, payload: Payload<'_>) -> Result<(), ValidateError> {
        match payload {
            Payload::TypeSection(section) => self.types(section)?,
            Payload::ImportSection(section) => self.imports(section)?,
            Payload::FunctionSection(section) => {
                for ty in section {
                    self.module.functions.push(TypeIndex::new(ty?));
                }
            }
            Payload::TableSection(section) => self.tables(section)?,
            Payload::MemorySection(section) => {
                for item in section.into_iter_with_offsets() {
                    let (offset, ty) = item?;
                    let ty = convert::memory_type(ty).map_err(|error| error.at(offset))?;
                    self.module.memories.push(ty);
                }
            }
            Payload::TagSection(section) => {
                for ty in section {
                    let ty = TypeIndex::new(ty?.func_type_idx);
                    self.module.tags.push(ty);
                }
            }
            Payload::GlobalSection(section) => self.globals(section)?,
            Payload::ExportSection(section) => self.exports(section)?,
            Payload::StartSection { func, .. } => {
                let func = FuncIndex::new(func);
                self.module.start = Some(func);
                self.escaping.push(func);
            }
            Payload::ElementSection(section) => self.elements(section)?,
            Payload::DataSection(section) => self.data(section)?,
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(reader) = section.as_known() {
                    self.names(reader);
                } else if section.name().starts_with(".debug_") {
                    let range = in_memory(section.data_range());
                    let debug = &mut self.module.debug_sections;
                    debug.push((section.name().to_owned(), range));
                }
            }
            Payload::CodeSectionStart {
                unchecked_range, ..
            } => self.module.code_offset = in_memory(unchecked_range).start,
            // The header, counts the validator has compared, and the end.
            Payload::Version { .. } | Payload::DataCountSection { .. } | Payload::End(_) => {}
            // Components and unknown sections: the validator lets none through.
            other => {
                let range = other.as_section().map_or(0..0, |(_, range)| range);
                let offset = range.start as usize;
                return Err(ValidateError::new(offset, "unexpected section"));
            }
        }
        Ok(())
    }

    /// Adds a function body.
    pub(crate) fn body(&mut self, body: &wasmparser::FunctionBody<'_>) {
        self.module.bodies.push(FunctionBody {
            range: in_memory(body.range()),
        });
    }

    /// The module as far as it is known.
    pub(crate) fn so_far(&self) -> &ParsedModule {
        &self.module
    }

    /// The whole module, given what was found in its bodies.
    pub(crate) fn finish(mut self, mut facts: BodyFacts) -> ParsedModule {
        let exports = &self.module.exports;
        let mut order: Vec<u32> = (0..exports.len() as u32).collect();
        order.sort_unstable_by_key(|&index| exports[index as usize].name.as_str());
        self.module.exports_by_name = order;
        self.module.thrown_tags = facts.thrown_tags();
        self.escaping.append(&mut facts.referred);
        self.escaping.sort_unstable();
        self.escaping.dedup();
        self.module.escaping = self.escaping;
        self.module
    }

    fn types(&mut self, section: TypeSectionReader<'_>) -> Result<(), ValidateError> {
        let module = &mut self.module;
        for group in section {
            let first = module.types.len() as u32;
            for (offset, ty) in group?.into_types_and_offsets() {
                module
                    .types
                    .push(convert::sub_type(&ty).map_err(|error| error.at(offset))?);
                module.type_offsets.push(offset as usize);
            }
            let end = module.types.len() as u32;
            // `(rec)` defines nothing.
            if end > first {
                module.rec_groups.push(first..end);
            }
        }
        Ok(())
    }

    fn imports(&mut self, section: ImportSectionReader<'_>) -> Result<(), ValidateError> {
        let module = &mut self.module;
        for item in section.into_imports_with_offsets() {
            let (offset, import) = item?;
            let ty = convert::entity_type(import.ty).map_err(|error| error.at(offset))?;
            match &ty {
                EntityType::Func(index) => {
                    module.functions.push(*index);
                    module.imported_functions += 1;
                }
                EntityType::Table(ty) => module.tables.push(*ty),
                EntityType::Memory(ty) => {
                    module.memories.push(*ty);
                    module.imported_memories += 1;
                }
                EntityType::Global(ty) => module.globals.push(*ty),
                EntityType::Tag(index) => {
                    module.tags.push(*index);
                    module.imported_tags += 1;
                }
            }
            let (name, from) = (import.name.to_owned(), import.module.to_owned());
            module.imports.push(Import {
                module: from,
                name,
                ty,
            });
        }
        Ok(())
    }

    fn tables(&mut self, section: TableSectionReader<'_>) -> Result<(), ValidateError> {
        for item in section.into_iter_with_offsets() {
            let (offset, table) = item?;
            let ty = convert::table_type(table.ty).map_err(|error| error.at(offset))?;
            let init = match table.init {
                TableInit::RefNull => None,
                TableInit::Expr(expr) => Some(self.const_expr(&expr)?),
            };
            self.module.tables.push(ty);
            self.module
                .defined_tables
                .push(TableDefinition { ty, init });
        }
        Ok(())
    }

    fn globals(&mut self, section: GlobalSectionReader<'_>) -> Result<(), ValidateError> {
        for item in section.into_iter_with_offsets() {
            let (offset, global) = item?;
            let ty = convert::global_type(global.ty).map_err(|error| error.at(offset))?;
            let init = self.const_expr(&global.init_expr)?;
            self.module.globals.push(ty);
            self.module
                .defined_globals
                .push(GlobalDefinition { ty, init });
        }
        Ok(())
    }

    fn exports(&mut self, section: ExportSectionReader<'_>) -> Result<(), ValidateError> {
        for export in section {
            let export = export?;
            let index = match export.kind {
                // An exact kind cannot be exported: the reader says so itself.
                ExternalKind::Func | ExternalKind::FuncExact => {
                    let function = FuncIndex::new(export.index);
                    self.escaping.push(function);
                    EntityIndex::Func(function)
                }
                ExternalKind::Table => EntityIndex::Table(export.index),
                ExternalKind::Memory => EntityIndex::Memory(export.index),
                ExternalKind::Global => EntityIndex::Global(export.index),
                ExternalKind::Tag => EntityIndex::Tag(TagIndex::new(export.index)),
            };
            self.module.exports.push(Export {
                name: export.name.to_owned(),
                index,
            });
        }
        Ok(())
    }

    fn elements(&mut self, section: ElementSectionReader<'_>) -> Result<(), ValidateError> {
        for element in section {
            let element = element?;
            let mode = match element.kind {
                ElementKind::Passive => SegmentMode::Passive,
                ElementKind::Declared => SegmentMode::Declared,
                ElementKind::Active {
                    table_index,
                    offset_expr,
                } => SegmentMode::Active(table_index.unwrap_or(0), self.const_expr(&offset_expr)?),
            };
            let (ty, items) = match element.items {
                ElementItems::Functions(functions) => {
                    let ty = RefType {
                        nullable: false,
                        heap: HeapType::Abstract(AbstractHeap::Func),
                    };
                    let mut items = Vec::new();
                    for function in functions {
                        let function = FuncIndex::new(function?);
                        self.escaping.push(function);
                        items.push(vec![ConstOp::RefFunc(function)]);
                    }
                    (ty, items)
                }
                ElementItems::Expressions(ty, expressions) => {
                    let at = element.range.start;
                    let ty = convert::ref_type(ty).map_err(|error| error.at(at))?;
                    let mut items = Vec::new();
                    for expr in expressions {
                        items.push(self.const_expr(&expr?)?);
                    }
                    (ty, items)
                }
            };
            self.module
                .elements
                .push(ElementSegment { ty, mode, items });
        }
        Ok(())
    }

    fn data(&mut self, section: DataSectionReader<'_>) -> Result<(), ValidateError> {
        for data in section {
            let data = data?;
            let mode = match data.kind {
                DataKind::Passive => SegmentMode::Passive,
                DataKind::Active {
                    memory_index,
                    offset_expr,
                } => SegmentMode::Active(memory_index, self.const_expr(&offset_expr)?),
            };
            // The bytes are the last thing in a segment.
            let end = data.range.end as usize;
            let bytes = end - data.data.len()..end;
            self.module.data.push(DataSegment { mode, bytes });
        }
        Ok(())
    }

    fn names(&mut self, reader: wasmparser::NameSectionReader<'_>) {
        // A custom section never makes a module invalid: one that cannot be
        // read says nothing, and of several the first that can be read counts.
        if !self.named
            && let Ok(names) = names::read(reader)
        {
            self.module.names = names;
            self.named = true;
        }
    }

    fn const_expr(&mut self, expr: &wasmparser::ConstExpr<'_>) -> Result<ConstExpr, ValidateError> {
        let ops = convert::const_expr(expr)?;
        self.escaping.extend(ops.iter().filter_map(|op| match op {
            ConstOp::RefFunc(function) => Some(*function),
            _ => None,
        }));
        Ok(ops)
    }
}

/// A range of the module's bytes, which are all in memory.
fn in_memory(range: Range<u64>) -> Range<usize> {
    range.start as usize..range.end as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_the_validator_should_have_refused_is_an_error() {
        let payload = Payload::UnknownSection {
            id: 99,
            contents: &[],
            range: 8..9,
        };
        let error = Sections::default().read(payload).unwrap_err();
        assert_eq!(error.offset, 8);
    }
}
