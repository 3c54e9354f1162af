//! From bytes or text to a module that can be instantiated.

use crate::compiled;
use crate::engine::Engine;
use crate::input::read_file;
use crate::stop::{HookPlace, PlaceError};
use crate::text::{lines_of_text, locate_in_text};
use mangrove_abi::{FuncIndex, TypeId, TypeIndex, WasmOffset};
use mangrove_collector::admission;
use mangrove_collector::{ModuleId, SourceLine};
use mangrove_compile as compile;
use mangrove_runtime::{
    ArrayType, Error, ExternType, InvalidPlace, ModuleImage, SourceLines, StructType, TextLines,
    extern_type,
};
use mangrove_validate::{EntityIndex, EntityType, ParsedModule, printable};
use std::path::Path;
use std::sync::Arc;

/// A validated, admitted and compiled module. Cheap to clone.
///
/// What it added to the types of its engine stays until the last clone is dropped, and
/// the last store with an instance of it.
///
/// # Examples
/// ```
/// use mangrove::{Engine, FuncIndex, Module, WasmOffset};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let engine = Engine::default();
/// let text = "(module $m
///     (type $bytes (array (mut i8)))
///     (func $f (export \"first\"))
///     (func (export \"second\")))";
/// Module::validate(&engine, text.as_bytes())?;
/// let module = Module::new(&engine, text)?;
/// assert!(module.engine().same(&engine));
/// assert_eq!(module.name(), Some("m"));
/// let [first, second] = [0, 1].map(FuncIndex::new);
/// assert_eq!(module.function_name(first), Some("f"));
/// assert_eq!(module.function_export(second), Some("second"));
/// assert_eq!(module.source_line(WasmOffset::new(30).unwrap()), None, "there is no DWARF");
/// module.check_custom_sections()?;
/// // A type has one number in an engine, whichever module says it.
/// let bytes = module.array_type("bytes").expect("a type of this name");
/// assert!(module.type_ids().contains(&bytes.id()));
/// assert_ne!(module.id(), Module::new(&engine, text)?.id());
///
/// // Bytes that are one already are checked for that.
/// let empty = b"\0asm\x01\0\0\0".to_vec();
/// Module::validate_binary(&engine, empty.clone())?;
/// assert_eq!(Module::from_binary(&engine, empty)?.exports().len(), 0);
///
/// // Machine code for later. Whoever takes it back has to trust it.
/// let compiled = module.serialize()?;
/// // SAFETY: it was made just now.
/// let again = unsafe { Module::deserialize(&engine, &compiled)? };
/// assert_eq!(again.exports().len(), 2);
///
/// let error = Module::from_file(&engine, "no/such/file.wat").unwrap_err();
/// assert!(error.to_string().starts_with("no/such/file.wat: "));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Module {
    engine: Engine,
    image: Arc<ModuleImage>,
}

/// What a module imports.
///
/// # Examples
/// ```
/// use mangrove::{Engine, ExternType, ImportType, Module};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let text = "(module (import \"host\" \"log\" (func (param i32))))";
/// let module = Module::new(&Engine::default(), text)?;
/// let import: ImportType<'_> = module.imports().next().expect("an import");
/// assert_eq!((import.module(), import.name()), ("host", "log"));
/// assert!(matches!(import.ty(), ExternType::Func(ty) if ty.results.is_empty()));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ImportType<'m> {
    module: &'m str,
    name: &'m str,
    ty: ExternType,
}

impl<'m> ImportType<'m> {
    /// The module part of its name.
    pub fn module(&self) -> &'m str {
        self.module
    }

    /// Its name.
    pub fn name(&self) -> &'m str {
        self.name
    }

    /// Its type. Canonical types in it are numbers of the engine's.
    pub fn ty(&self) -> ExternType {
        self.ty.clone()
    }
}

/// What a module exports.
///
/// # Examples
/// ```
/// use mangrove::{Engine, ExportType, ExternType, Module};
///
/// # fn main() -> Result<(), mangrove::Error> {
/// let module = Module::new(&Engine::default(), "(module (memory (export \"memory\") 2))")?;
/// let export: ExportType<'_> = module.exports().next().expect("an export");
/// assert_eq!(export.name(), "memory");
/// assert!(matches!(export.ty(), ExternType::Memory(ty) if ty.minimum == 2));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ExportType<'m> {
    name: &'m str,
    ty: ExternType,
}

impl<'m> ExportType<'m> {
    /// Its name.
    pub fn name(&self) -> &'m str {
        self.name
    }

    /// Its type. Canonical types in it are numbers of the engine's.
    pub fn ty(&self) -> ExternType {
        self.ty.clone()
    }
}

impl Module {
    /// A module from its binary or its text, told apart by the first bytes.
    ///
    /// # Errors
    /// The text does not parse, the module does not validate, is not admitted,
    /// or uses something this engine does not have.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, Module};
    /// # fn main() -> Result<(), mangrove::Error> {
    /// # let engine = Engine::new(&Config::new())?;
    /// Module::new(&engine, "(module)")?;
    /// Module::new(&engine, b"\0asm\x01\0\0\0")?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Self, Error> {
        let bytes = bytes.as_ref();
        if bytes.starts_with(b"\0asm") {
            return Self::from_binary(engine, bytes.to_vec());
        }
        let binary = wat::parse_bytes(bytes).map_err(|error| text_error(&error, None))?;
        Self::from_encoded(engine, binary.into_owned(), bytes, None)
    }

    /// A module from its binary, which was encoded from this text.
    #[doc(hidden)]
    pub fn from_encoded(
        engine: &Engine,
        binary: Vec<u8>,
        text: &[u8],
        path: Option<&Path>,
    ) -> Result<Self, Error> {
        let text = str::from_utf8(text).ok();
        let made = Self::from_binary(engine, binary);
        let module = made.map_err(|error| match text {
            Some(text) => locate_in_text(error, text),
            None => error,
        })?;
        if engine.config().debug_info
            && let Some(text) = text
            && let Some(positions) = lines_of_text(module.image.parsed(), text)
        {
            let file = path.map_or("text".into(), |path| path.to_string_lossy());
            let lines = TextLines::new(file.into_owned(), positions);
            module.image.set_text_lines(lines);
        }
        Ok(module)
    }

    /// A module from a file, binary or text.
    ///
    /// # Errors
    /// As [`Module::new`], and those of [`read_file`]. Messages about text name the
    /// file.
    pub fn from_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let bytes = read_file(path)?;
        if bytes.starts_with(b"\0asm") {
            return Self::from_binary(engine, bytes);
        }
        let binary = wat::parse_bytes(&bytes).map_err(|error| text_error(&error, Some(path)))?;
        Self::from_encoded(engine, binary.into_owned(), &bytes, Some(path))
    }

    /// A module from its binary.
    ///
    /// # Errors
    /// As [`Module::new`], without those of text.
    pub fn from_binary(engine: &Engine, bytes: Vec<u8>) -> Result<Self, Error> {
        engine.with_threads(|| Self::build(engine, bytes))
    }

    /// Whether these bytes, binary or text, are a module that this engine takes: valid
    /// in its language, and admitted. Nothing is compiled.
    ///
    /// # Errors
    /// As [`Module::new`].
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Module};
    ///
    /// # fn main() -> Result<(), mangrove::Error> {
    /// let engine = Engine::new(&Config::new())?;
    /// Module::validate(&engine, b"(module (func (result i32) (i32.const 1)))")?;
    /// let error = Module::validate(&engine, b"(module (func $f (result i32)))").unwrap_err();
    /// assert!(error.to_string().contains("in func 0 $f: type mismatch"), "{error}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn validate(engine: &Engine, bytes: &[u8]) -> Result<(), Error> {
        if bytes.starts_with(b"\0asm") {
            return Self::validate_binary(engine, bytes.to_vec());
        }
        let binary = wat::parse_bytes(bytes).map_err(|error| text_error(&error, None))?;
        let valid = Self::validate_binary(engine, binary.into_owned());
        valid.map_err(|error| match str::from_utf8(bytes) {
            Ok(text) => locate_in_text(error, text),
            Err(_) => error,
        })
    }

    /// As [`Module::validate`], of a binary.
    ///
    /// # Errors
    /// As [`Module::validate`], without those of text.
    pub fn validate_binary(engine: &Engine, bytes: Vec<u8>) -> Result<(), Error> {
        engine.with_threads(|| Self::admitted(engine, bytes).map(drop))
    }

    /// The module as bytes, its machine code included, for
    /// [`Module::deserialize`] to load later without compiling anything.
    ///
    /// # Errors
    /// Only a defect of this crate makes it fail.
    pub fn serialize(&self) -> Result<Vec<u8>, Error> {
        compiled::write(self.engine(), &self.parsed().bytes, self.image.code())
    }

    fn build(engine: &Engine, bytes: Vec<u8>) -> Result<Self, Error> {
        Self::compile(engine, Self::admitted(engine, bytes)?)
    }

    /// The module, validated and admitted.
    fn admitted(engine: &Engine, bytes: Vec<u8>) -> Result<ParsedModule, Error> {
        let parsed = ParsedModule::parse_as(bytes, engine.language()).map_err(invalid)?;
        admission::check(&parsed, engine.config().settings.continuations_in_objects)?;
        Ok(parsed)
    }

    /// The module with this image, which was made for this engine.
    pub(crate) fn of(engine: &Engine, image: ModuleImage) -> Self {
        Self {
            engine: engine.clone(),
            image: Arc::new(image),
        }
    }

    /// What of it the runtime knows.
    pub(crate) fn image(&self) -> &Arc<ModuleImage> {
        &self.image
    }

    /// The engine it was made for.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Its name, from the name section.
    pub fn name(&self) -> Option<&str> {
        self.image.name()
    }

    /// The name of one of its functions, from the name section.
    pub fn function_name(&self, function: FuncIndex) -> Option<&str> {
        self.image.function_name(function)
    }

    /// The first name one of its functions is exported under.
    pub fn function_export(&self, function: FuncIndex) -> Option<&str> {
        self.image.function_export(function)
    }

    /// Where the instruction at this byte offset of the module was written, if
    /// the module's `.debug_*` sections say so. They are read at the first call;
    /// what is malformed in them is passed over. Of a module in text the line of that, if
    /// [`Config::debug_info`](crate::Config::debug_info) is on.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Module, WasmOffset};
    ///
    /// let engine = Engine::new(Config::new().debug_info(true))?;
    /// let module = Module::new(&engine, "(module\n  (func nop))")?;
    /// let mut offsets = (1..64).filter_map(WasmOffset::new);
    /// let first = offsets.find_map(|offset| module.source_line(offset)).expect("it has a line");
    /// assert_eq!((first.file.as_str(), first.line, first.column), ("text", 2, Some(9)));
    /// # Ok::<(), mangrove::Error>(())
    /// ```
    pub fn source_line(&self, offset: WasmOffset) -> Option<SourceLine> {
        self.image.source_line(offset)
    }

    /// Says where its instructions were written: what a source map has. They are looked at where
    /// neither the module's text nor its `.debug_*` sections know a line, and made when the first
    /// one is wanted: perhaps in the middle of a trap, so if that panics there are none. Only the
    /// first call counts, for all clones.
    ///
    /// `mangrove_inspect::source_map` reads the maps that compilers write.
    ///
    /// # Examples
    /// See [`MappedLine`](crate::MappedLine).
    pub fn set_source_lines(&self, lines: impl FnOnce() -> SourceLines + Send + 'static) {
        self.image.set_source_lines(lines);
    }

    /// What it imports, in order.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, ExternType, Module};
    ///
    /// let engine = Engine::new(&Config::new())?;
    /// let module = Module::new(&engine, b"(module (import \"a\" \"f\" (func (param i32))))")?;
    /// let import = module.imports().next().expect("it has one");
    /// assert_eq!((import.module(), import.name()), ("a", "f"));
    /// assert!(matches!(import.ty(), ExternType::Func(ty) if ty.params.len() == 1));
    /// # Ok::<(), mangrove::Error>(())
    /// ```
    pub fn imports(&self) -> impl ExactSizeIterator<Item = ImportType<'_>> {
        self.parsed().imports.iter().map(|import| {
            let ty = self.image.canonical(import.ty.clone());
            ImportType {
                module: &import.module,
                name: &import.name,
                ty: extern_type(self.engine.core(), ty),
            }
        })
    }

    /// What it exports, in order.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Module};
    ///
    /// let engine = Engine::new(&Config::new())?;
    /// let module = Module::new(&engine, b"(module (memory (export \"m\") 1))")?;
    /// let names: Vec<_> = module.exports().map(|export| export.name().to_owned()).collect();
    /// assert_eq!(names, ["m"]);
    /// # Ok::<(), mangrove::Error>(())
    /// ```
    pub fn exports(&self) -> impl ExactSizeIterator<Item = ExportType<'_>> {
        self.parsed().exports.iter().map(|export| ExportType {
            name: &export.name,
            ty: self.export_type(export.index),
        })
    }

    /// The type of what it exports under a name.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, ExternType, Module};
    ///
    /// let engine = Engine::new(&Config::new())?;
    /// let module = Module::new(&engine, b"(module (func (export \"f\")))")?;
    /// assert!(matches!(module.get_export("f"), Some(ExternType::Func(_))));
    /// assert!(module.get_export("g").is_none());
    /// # Ok::<(), mangrove::Error>(())
    /// ```
    pub fn get_export(&self, name: &str) -> Option<ExternType> {
        let export = self.parsed().export(name)?;
        Some(self.export_type(export.index))
    }

    fn export_type(&self, index: EntityIndex) -> ExternType {
        extern_type(self.engine.core(), self.image.canonical(self.entity(index)))
    }

    /// The contents of its custom sections of this name, in order.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Module};
    ///
    /// let engine = Engine::new(&Config::new())?;
    /// let module = Module::new(&engine, b"(module (@custom \"note\" \"read me\"))")?;
    /// assert!(module.custom_sections("note").eq([b"read me"]));
    /// # Ok::<(), mangrove::Error>(())
    /// ```
    pub fn custom_sections(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let sections = self.parsed().custom_sections();
        sections.filter_map(move |(known, data)| (known == name).then_some(data))
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
    #[doc(hidden)]
    pub fn parsed(&self) -> &ParsedModule {
        self.image.parsed()
    }

    /// The canonical type of each type of the module. The numbers are good for as long
    /// as the module, or a store with an instance of it.
    pub fn type_ids(&self) -> &[TypeId] {
        self.image.type_ids()
    }

    /// Its type of structs with this name, from the name section; of several the first.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, FieldType, Module, ValType};
    /// # let engine = Engine::new(&Config::new())?;
    /// let module = Module::new(&engine, b"(module (type $point (struct (field f64))))")?;
    /// let point = module.struct_type("point").expect("it has one");
    /// assert_eq!(point.fields(), [FieldType::constant(ValType::F64)]);
    /// assert!(module.array_type("point").is_none());
    /// # Ok::<(), mangrove::Error>(())
    /// ```
    pub fn struct_type(&self, name: &str) -> Option<StructType> {
        let mut named = self.types_named(name);
        named.find_map(|id| StructType::of(&self.engine, id).ok())
    }

    /// Its type of arrays with this name, likewise.
    pub fn array_type(&self, name: &str) -> Option<ArrayType> {
        let mut named = self.types_named(name);
        named.find_map(|id| ArrayType::of(&self.engine, id).ok())
    }

    /// The canonical types of this name, in the module's order.
    fn types_named(&self, name: &str) -> impl Iterator<Item = TypeId> {
        let names = &self.parsed().names.types;
        let has_name = move |index: u32| {
            let known = names.get(&TypeIndex::new(index));
            known.is_some_and(|known| known == name)
        };
        let types = (0..).zip(self.type_ids());
        types.filter_map(move |(index, &id)| has_name(index).then_some(id))
    }

    /// The function that a place is in.
    ///
    /// # Errors
    /// The module has no such function; or there begins no instruction at that offset that
    /// can be stopped at, and the nearest ones are told.
    ///
    /// # Examples
    /// ```
    /// # use mangrove::{Config, Engine, HookPlace, Module};
    /// # let engine = Engine::new(&Config::new())?;
    /// let module = Module::new(&engine, b"(module (func $f (drop (i32.const 1000))))")?;
    /// let named = HookPlace::Entry("f".to_owned());
    /// assert_eq!(module.check_place(&named).unwrap().as_u32(), 0);
    /// let error = module.check_place(&HookPlace::Offset(1)).unwrap_err();
    /// assert!(error.to_string().starts_with("0x1 is no instruction to stop at; the nearest is"));
    /// # Ok::<(), mangrove::Error>(())
    /// ```
    pub fn check_place(&self, place: &HookPlace) -> Result<FuncIndex, PlaceError> {
        place.find(self.parsed())
    }

    /// The function that a place is in, if the module was compiled with a hook there.
    ///
    /// # Errors
    /// There is no such place, it is never reached, or it has no hook.
    pub(crate) fn hooked_place(&self, place: &HookPlace) -> Result<FuncIndex, PlaceError> {
        let function = self.check_place(place)?;
        if !self.engine.config().hook_places.contains(place) {
            return Err(PlaceError::NotCompiled);
        }
        let HookPlace::Offset(offset) = *place else {
            return Ok(function);
        };
        let sites = self.image.code().image.sites.sites();
        if sites
            .iter()
            .any(|site| site.wasm_offset == WasmOffset::new(offset))
        {
            return Ok(function);
        }
        let around = self.parsed().instruction_around(offset).unwrap_or_default();
        Err(PlaceError::Unreachable {
            offset,
            before: around.before,
            behind: around.behind,
        })
    }

    /// Number of this module in its process: what root sets and reports call it.
    pub fn id(&self) -> ModuleId {
        self.image.id()
    }

    /// The type of something in its index spaces, in the module's own numbers.
    fn entity(&self, index: EntityIndex) -> EntityType<TypeIndex> {
        let parsed = self.parsed();
        match index {
            EntityIndex::Func(index) => EntityType::Func(parsed.functions[index.index()]),
            EntityIndex::Table(index) => EntityType::Table(parsed.tables[index as usize]),
            EntityIndex::Memory(index) => EntityType::Memory(parsed.memories[index as usize]),
            EntityIndex::Global(index) => EntityType::Global(parsed.globals[index as usize]),
            EntityIndex::Tag(index) => EntityType::Tag(parsed.tags[index.index()]),
        }
    }
}

/// The error for a module that is not valid.
pub fn invalid(error: mangrove_validate::ValidateError) -> Error {
    let place = error.function.map(|function| {
        Box::new(InvalidPlace {
            function: function.index,
            name: function.name,
            body: function.body,
            instruction: function.instruction,
            position: None,
        })
    });
    Error::Invalid {
        offset: error.offset,
        message: error.message,
        place,
    }
}

/// The error for a module that cannot be compiled.
pub fn compile_error(error: compile::CompileError) -> Error {
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
