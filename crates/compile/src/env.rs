//! What the translation of every function of a module shares, read-only.

use crate::candidates::Candidates;
use crate::prescan::{Clauses, Prescan, clauses, prescan};
use crate::signature::WasmSignature;
use crate::{CompileError, OptLevel, Options, Places};
use mangrove_abi::{FuncIndex, InstanceLayout, StructLayout, TypeIndex};
use mangrove_validate::{
    CompositeType, FieldType, ParsedModule, Repr, StorageType, SubType, ValType,
};
use std::ops::Range;
use wasmparser::{BinaryReader, FunctionBody, ResumeTable};

/// The module, where its things lie, and what was settled before translation.
pub struct ModuleEnv<'a> {
    /// The module.
    pub module: &'a ParsedModule,
    /// Offsets in its instances.
    pub layout: InstanceLayout,
    /// Whether anything searches for a handler.
    pub uses_suspend: bool,
    /// See [`Prescan::switches`].
    pub switches: Vec<bool>,
    /// Whether accesses to 32-bit memories compare with the memory's size.
    pub checked_memories: bool,
    /// Places with hooks of their own.
    pub places: &'a Places,
    /// Functions that may be inlined; none where nothing is.
    pub candidates: Candidates,
    prescan: Prescan,
    structs: Vec<Option<StructLayout>>,
    depths: Vec<u32>,
}

impl<'a> ModuleEnv<'a> {
    /// Looks at the whole module once.
    pub fn new(
        module: &'a ParsedModule,
        options: &Options,
        places: &'a Places,
    ) -> Result<Self, CompileError> {
        let layout = InstanceLayout::new(&module.instance_counts());
        let mut prescan = prescan(module)?;
        // A hook tells of a function, or of an instruction, in a frame of its own.
        let candidates = match options.opt_level == OptLevel::Inline && places.is_empty() {
            true => Candidates::find(module)?,
            false => Candidates::default(),
        };
        let mut depths: Vec<u32> = Vec::with_capacity(module.types.len());
        for ty in &module.types {
            // A supertype is always defined before its subtypes.
            depths.push(ty.supertype.map_or(0, |parent| depths[parent.index()] + 1));
        }
        let structs = module
            .types
            .iter()
            .map(|ty| match &ty.composite {
                CompositeType::Struct(fields) => {
                    let sizes = fields
                        .iter()
                        .map(|f| storage_size(&module.types, f.storage));
                    Some(StructLayout::new(sizes))
                }
                _ => None,
            })
            .collect();
        Ok(Self {
            module,
            layout,
            uses_suspend: prescan.uses_suspend,
            switches: std::mem::take(&mut prescan.switches),
            checked_memories: options.checked_memories,
            places,
            candidates,
            prescan,
            structs,
            depths,
        })
    }

    /// The body of a function that the module defines, and where it lies.
    pub fn body(&self, function: FuncIndex) -> (Range<usize>, FunctionBody<'a>) {
        let defined = (function.as_u32() - self.module.imported_functions) as usize;
        let range = self.module.bodies[defined].range.clone();
        let reader = BinaryReader::new(&self.module.bytes[range.clone()], range.start as u64);
        (range, FunctionBody::new(reader))
    }

    /// The representation of a type.
    pub fn repr(&self, ty: ValType<TypeIndex>) -> Repr {
        ty.repr(&self.module.types)
    }

    /// The representations of a list of types.
    pub fn reprs(&self, types: &[ValType<TypeIndex>]) -> Vec<Repr> {
        types.iter().map(|&ty| self.repr(ty)).collect()
    }

    /// The signature of a function type.
    pub fn signature(&self, type_index: TypeIndex) -> WasmSignature {
        let ty = self.module.func_type(type_index);
        WasmSignature::new(&self.reprs(&ty.params), &self.reprs(&ty.results))
    }

    /// The function type of a continuation type.
    ///
    /// # Panics
    /// If the type is not a continuation type.
    pub fn cont_function(&self, type_index: TypeIndex) -> TypeIndex {
        match self.module.types[type_index.index()].composite {
            CompositeType::Cont(function) => function,
            ref other => panic!("type {type_index} is not a continuation type: {other:?}"),
        }
    }

    /// A struct type's fields and layout.
    ///
    /// # Panics
    /// If the type is not a struct type.
    pub fn structure(&self, type_index: TypeIndex) -> (&[FieldType<TypeIndex>], &StructLayout) {
        match (
            &self.sub_type(type_index).composite,
            &self.structs[type_index.index()],
        ) {
            (CompositeType::Struct(fields), Some(layout)) => (fields, layout),
            _ => panic!("type {type_index} is not a struct type"),
        }
    }

    /// An array type's element.
    ///
    /// # Panics
    /// If the type is not an array type.
    pub fn array_element(&self, type_index: TypeIndex) -> FieldType<TypeIndex> {
        match self.sub_type(type_index).composite {
            CompositeType::Array(element) => element,
            ref other => panic!("type {type_index} is not an array type: {other:?}"),
        }
    }

    /// A type of the module.
    pub fn sub_type(&self, type_index: TypeIndex) -> &SubType<TypeIndex> {
        &self.module.types[type_index.index()]
    }

    /// How many supertypes a type has.
    pub fn depth(&self, type_index: TypeIndex) -> u32 {
        self.depths[type_index.index()]
    }

    /// Bytes a field or element takes.
    pub fn storage_size(&self, storage: StorageType<TypeIndex>) -> u32 {
        storage_size(&self.module.types, storage)
    }

    /// Where the handler table of a `resume` lies in an instance; none for the
    /// empty one.
    ///
    /// # Panics
    /// If no body has such a `resume`.
    pub fn handler_table(&self, table: &ResumeTable) -> Option<i32> {
        let clauses = clauses(table);
        if clauses.is_empty() {
            return None;
        }
        Some(self.layout.handlers() + self.prescan.offsets[&clauses] as i32)
    }

    /// Types of functions that need an entry trampoline.
    pub fn escaping_types(&self) -> Vec<TypeIndex> {
        let first_defined = self.module.imported_functions;
        let mut types: Vec<TypeIndex> = self
            .module
            .escaping
            .iter()
            .filter(|function| function.as_u32() >= first_defined)
            .map(|&function| self.module.functions[function.index()])
            .collect();
        types.sort_unstable();
        types.dedup();
        types
    }

    /// The handler tables, for the image.
    pub fn into_handler_tables(self) -> Vec<Clauses> {
        self.prescan.tables
    }
}

fn storage_size(types: &[SubType<TypeIndex>], storage: StorageType<TypeIndex>) -> u32 {
    match storage {
        StorageType::I8 => 1,
        StorageType::I16 => 2,
        StorageType::Val(ty) => ty.repr(types).size(),
    }
}
