//! From bytes or text to a module that can be instantiated.

use crate::code::{LoadedCode, load};
use crate::compiled;
use crate::compiled_error::CompiledError;
use crate::engine::Engine;
use crate::error::Error;
use crate::externs::ExternType;
use crate::source::{SourceLine, SourceMap};
use crate::types::TypeHold;
use mangrove_abi::layout::handler_table_size;
use mangrove_abi::{CodeImage, InstanceLayout, TypeId};
use mangrove_collector::ModuleId;
use mangrove_collector::admission::{self, Policy};
use mangrove_compile as compile;
use mangrove_validate::{EntityIndex, EntityType, MapTypes, TypeRegistry, printable};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

/// A validated, admitted and compiled module. Cheap to clone.
///
/// What it added to the types of its engine stays until the last clone is dropped, and
/// the last store with an instance of it.
#[derive(Clone, Debug)]
pub struct Module {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    engine: Engine,
    id: ModuleId,
    parsed: mangrove_validate::Module,
    types: Vec<TypeId>,
    /// Keeps them.
    #[expect(dead_code, reason = "held, and given back with the module")]
    hold: TypeHold,
    layout: InstanceLayout,
    context_size: u32,
    code: Arc<LoadedCode>,
    /// Source lines; read when the first one is asked for.
    sources: OnceLock<Option<SourceMap>>,
}

impl Module {
    /// A module from its binary or its text, told apart by the first bytes.
    ///
    /// # Errors
    /// The text does not parse, the module does not validate, is not admitted,
    /// or uses something this engine does not have.
    pub fn new(engine: &Engine, bytes: &[u8]) -> Result<Self, Error> {
        if bytes.starts_with(b"\0asm") {
            return Self::from_binary(engine, bytes.to_vec());
        }
        let binary = wat::parse_bytes(bytes).map_err(|error| text_error(&error, None))?;
        Self::from_binary(engine, binary.into_owned())
    }

    /// A module from a file, binary or text.
    ///
    /// # Errors
    /// As [`Module::new`], and if the file cannot be read. Messages about text
    /// name the file.
    pub fn from_file(engine: &Engine, path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|source| Error::Io {
            path: path.to_path_buf(),
            source,
        })?;
        if bytes.starts_with(b"\0asm") {
            return Self::from_binary(engine, bytes);
        }
        let binary = wat::parse_bytes(&bytes).map_err(|error| text_error(&error, Some(path)))?;
        Self::from_binary(engine, binary.into_owned())
    }

    /// A module from its binary.
    ///
    /// # Errors
    /// As [`Module::new`], without those of text.
    pub fn from_binary(engine: &Engine, bytes: Vec<u8>) -> Result<Self, Error> {
        engine.with_threads(|| Self::build(engine, bytes))
    }

    /// The module as bytes, its machine code included, for
    /// [`Module::deserialize`] to load later without compiling anything.
    ///
    /// # Errors
    /// Only a defect of this crate makes it fail.
    pub fn serialize(&self) -> Result<Vec<u8>, Error> {
        compiled::write(self.engine(), &self.parsed().bytes, self.code())
    }

    /// A module from what [`Module::serialize`] gave, in this process or an
    /// earlier one, for an engine that would compile the same code. Function
    /// bodies are neither validated nor compiled.
    ///
    /// # Safety
    /// The bytes hold machine code, which will run with all rights of this
    /// process. A checksum finds damage, but it is no signature: the caller
    /// vouches that the bytes come from [`Module::serialize`] of this version of
    /// the crate and that nobody had an opportunity to put others in their place.
    ///
    /// # Errors
    /// The bytes are damaged, cut off, of another version or build, for another
    /// configuration or another machine, or no compiled module at all.
    pub unsafe fn deserialize(engine: &Engine, bytes: &[u8]) -> Result<Self, Error> {
        let (wasm, image) = compiled::read(engine, bytes)?;
        let parsed =
            mangrove_validate::Module::parse_sections(wasm, engine.language()).map_err(invalid)?;
        if image.defined.len() != parsed.bodies.len() || image.entries.len() != parsed.types.len() {
            return Err(CompiledError::Malformed.into());
        }
        Self::assemble(engine, parsed, image)
    }

    fn build(engine: &Engine, bytes: Vec<u8>) -> Result<Self, Error> {
        let parsed =
            mangrove_validate::Module::parse_as(bytes, engine.language()).map_err(invalid)?;
        admission::check(&parsed, Policy::Reject)?;
        let image = compile::compile(&parsed, &engine.compile_options()).map_err(compile_error)?;
        Self::assemble(engine, parsed, image)
    }

    /// Puts together what is known of a module with its code.
    fn assemble(
        engine: &Engine,
        parsed: mangrove_validate::Module,
        image: CodeImage,
    ) -> Result<Self, Error> {
        static NEXT_ID: AtomicU32 = AtomicU32::new(0);
        let (types, hold) = engine.engine_types().module(&parsed)?;
        let handlers: u32 = image
            .handler_tables
            .iter()
            .map(|table| handler_table_size(table.len() as u32))
            .sum();
        let layout = InstanceLayout::new(&parsed.instance_counts());
        let inner = Inner {
            engine: engine.clone(),
            id: ModuleId(NEXT_ID.fetch_add(1, Ordering::Relaxed)),
            context_size: layout.size(handlers),
            types,
            hold,
            layout,
            code: Arc::new(load(image, &engine.plan().addresses)?),
            parsed,
            sources: OnceLock::new(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The engine it was made for.
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// Its name, from the name section.
    pub fn name(&self) -> Option<&str> {
        self.parsed().names.module.as_deref()
    }

    /// The name of one of its functions, from the name section.
    pub fn function_name(&self, function: u32) -> Option<&str> {
        self.parsed()
            .names
            .functions
            .get(&function)
            .map(String::as_str)
    }

    /// Where the instruction at this byte offset of the module was written, if
    /// the module's `.debug_*` sections say so. They are read at the first call;
    /// what is malformed in them is passed over.
    pub fn source_line(&self, offset: u32) -> Option<SourceLine> {
        let sources = &self.inner.sources;
        let sources = sources.get_or_init(|| SourceMap::new(self.parsed()));
        sources.as_ref()?.find(offset)
    }

    /// What it imports, in order: module, name, type.
    pub fn imports(&self) -> impl Iterator<Item = (&str, &str, ExternType)> {
        self.parsed().imports.iter().map(|import| {
            let ty = self.canonical(import.ty.clone());
            (
                import.module.as_str(),
                import.name.as_str(),
                ExternType::from_entity(self.engine(), ty),
            )
        })
    }

    /// What it exports, in order: name, type.
    pub fn exports(&self) -> impl Iterator<Item = (&str, ExternType)> {
        self.parsed().exports.iter().map(|export| {
            let ty = self.canonical(self.entity(export.index));
            (
                export.name.as_str(),
                ExternType::from_entity(self.engine(), ty),
            )
        })
    }

    /// Whether custom sections that have a meaning of their own are as the
    /// standard for them has it: at present, branch hints. They are not used, and
    /// what is wrong with them makes no module invalid.
    ///
    /// # Errors
    /// The first fault, as an [`Error::Invalid`].
    pub fn check_custom_sections(&self) -> Result<(), Error> {
        self.parsed().check_custom_sections().map_err(invalid)
    }

    /// What the validator made of it. Concrete types in it are the module's own
    /// indices; [`Module::type_ids`] translates them.
    pub fn parsed(&self) -> &mangrove_validate::Module {
        &self.inner.parsed
    }

    /// The canonical type of each type of the module. The numbers are good for as long
    /// as the module, or a store with an instance of it.
    pub fn type_ids(&self) -> &[TypeId] {
        &self.inner.types
    }

    /// Number of this module in its process: what root sets and reports call it.
    pub fn id(&self) -> ModuleId {
        self.inner.id
    }

    /// A type of this module in canonical form.
    pub(crate) fn canonical<T: MapTypes>(&self, ty: T) -> T {
        TypeRegistry::canonicalize(&self.inner.types, ty)
    }

    /// The type of something in its index spaces, in the module's own numbers.
    fn entity(&self, index: EntityIndex) -> EntityType {
        let parsed = self.parsed();
        match index {
            EntityIndex::Func(index) => EntityType::Func(parsed.functions[index as usize]),
            EntityIndex::Table(index) => EntityType::Table(parsed.tables[index as usize]),
            EntityIndex::Memory(index) => EntityType::Memory(parsed.memories[index as usize]),
            EntityIndex::Global(index) => EntityType::Global(parsed.globals[index as usize]),
            EntityIndex::Tag(index) => EntityType::Tag(parsed.tags[index as usize]),
        }
    }

    pub(crate) fn layout(&self) -> &InstanceLayout {
        &self.inner.layout
    }

    /// Bytes of an instance context.
    pub(crate) fn context_size(&self) -> u32 {
        self.inner.context_size
    }

    pub(crate) fn code(&self) -> &Arc<LoadedCode> {
        &self.inner.code
    }
}

fn invalid(error: mangrove_validate::ValidateError) -> Error {
    Error::Invalid {
        offset: error.offset,
        message: error.message,
    }
}

fn compile_error(error: compile::CompileError) -> Error {
    match error {
        compile::CompileError::Unsupported { .. }
        | compile::CompileError::Machine(_)
        | compile::CompileError::TooLarge(_) => Error::Unsupported(error.to_string()),
        compile::CompileError::Codegen { .. } | compile::CompileError::Malformed(_) => {
            Error::internal(error)
        }
    }
}

/// One line from a parser's message with a picture of the source:
/// `FILE:LINE:COLUMN: what`.
fn text_error(error: &wat::Error, path: Option<&Path>) -> Error {
    let full = error.to_string();
    let message = printable(full.lines().next().unwrap_or_default());
    let place = full
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("--> <anon>:"));
    let file = path.map_or("text".into(), |path| path.to_string_lossy());
    let file = printable(&file);
    Error::Text(match place {
        Some(place) => format!("{file}:{place}: {message}"),
        None => format!("{file}: {message}"),
    })
}
