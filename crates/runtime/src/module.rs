//! A module whose code is loaded: what instances, frames and reports refer to.

use crate::code::{LoadedCode, load};
use crate::engine::EngineCore;
use crate::error::Error;
use crate::source::{SaidLines, SourceLines, SourceMap, TextLines};
use crate::types::TypeHold;
use hashbrown::HashMap;
use mangrove_abi::layout::handler_table_size;
use mangrove_abi::{CodeImage, FuncIndex, InstanceLayout, TagIndex, TypeId, TypeIndex, WasmOffset};
use mangrove_collector::{ModuleId, Place, SourceLine};
use mangrove_validate::tail_calls::has_tail_calls;
use mangrove_validate::{EntityIndex, EntityType, MapTypes, ParsedModule, TypeRegistry, printable};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

/// A module, its canonical types and its machine code.
#[derive(Debug)]
pub struct ModuleImage {
    engine: EngineCore,
    id: ModuleId,
    parsed: ParsedModule,
    types: Vec<TypeId>,
    /// Keeps them.
    #[expect(dead_code, reason = "held, and given back with the module")]
    hold: TypeHold,
    layout: InstanceLayout,
    context_size: u32,
    code: Arc<LoadedCode>,
    /// Source lines; read when the first one is asked for.
    sources: OnceLock<Option<SourceMap>>,
    /// Those of its text, if somebody wants to know them.
    text_lines: OnceLock<TextLines>,
    /// Those that somebody has said.
    source_lines: OnceLock<SaidLines>,
    /// The first export of each function, made when somebody asks.
    exported: OnceLock<HashMap<FuncIndex, usize>>,
    /// The number of each canonical type, made when somebody asks.
    indices: OnceLock<HashMap<TypeId, TypeIndex>>,
    /// Whether its functions make tail calls; looked for when somebody asks.
    tail_calls: OnceLock<bool>,
}

impl ModuleImage {
    /// Puts together what is known of a module with its code.
    ///
    /// # Errors
    /// There are more types than the engine can hold, or there is no room for code.
    ///
    /// # Safety
    /// - `parsed` is valid, and admitted: none of its heap objects can hold a
    ///   continuation, where the collector would not look.
    /// - `image` is what the compiler made of it, for an engine with these settings: it
    ///   is loaded, and run.
    pub unsafe fn assemble(
        engine: &EngineCore,
        parsed: ParsedModule,
        mut image: CodeImage,
    ) -> Result<Self, Error> {
        let text = std::mem::take(&mut image.text);
        // SAFETY: by contract.
        unsafe { Self::assemble_apart(engine, parsed, image, &text) }
    }

    /// The same with an image whose text is apart.
    ///
    /// # Errors
    /// As [`ModuleImage::assemble`].
    ///
    /// # Safety
    /// As [`ModuleImage::assemble`].
    pub unsafe fn assemble_apart(
        engine: &EngineCore,
        parsed: ParsedModule,
        image: CodeImage,
        text: &[u8],
    ) -> Result<Self, Error> {
        static NEXT_ID: AtomicU32 = AtomicU32::new(0);
        let (types, hold) = engine.engine_types().module(&parsed)?;
        let handlers: u32 = image
            .handler_tables
            .iter()
            .map(|table| handler_table_size(table.len() as u32))
            .sum();
        let layout = InstanceLayout::new(&parsed.instance_counts());
        Ok(Self {
            engine: engine.clone(),
            id: ModuleId(NEXT_ID.fetch_add(1, Ordering::Relaxed)),
            context_size: layout.size(handlers),
            types,
            hold,
            layout,
            code: Arc::new(load(image, text, &engine.plan().addresses)?),
            parsed,
            sources: OnceLock::new(),
            text_lines: OnceLock::new(),
            source_lines: OnceLock::new(),
            exported: OnceLock::new(),
            indices: OnceLock::new(),
            tail_calls: OnceLock::new(),
        })
    }

    /// The engine it was made for.
    pub fn engine(&self) -> &EngineCore {
        &self.engine
    }

    /// Number of this module in its process.
    pub fn id(&self) -> ModuleId {
        self.id
    }

    /// What the validator made of it.
    pub fn parsed(&self) -> &ParsedModule {
        &self.parsed
    }

    /// Whether some of its functions make tail calls.
    pub fn makes_tail_calls(&self) -> bool {
        *self.tail_calls.get_or_init(|| has_tail_calls(&self.parsed))
    }

    /// Its name, from the name section.
    pub fn name(&self) -> Option<&str> {
        self.parsed.names.module.as_deref()
    }

    /// The name of one of its functions, from the name section.
    pub fn function_name(&self, function: FuncIndex) -> Option<&str> {
        self.parsed
            .names
            .functions
            .get(&function)
            .map(String::as_str)
    }

    /// The first name one of its functions is exported under.
    pub fn function_export(&self, function: FuncIndex) -> Option<&str> {
        let exports = &self.parsed.exports;
        let known = self.exported.get_or_init(|| {
            let mut known = HashMap::new();
            for (number, export) in (0..).zip(exports) {
                if let EntityIndex::Func(index) = export.index {
                    known.entry(index).or_insert(number);
                }
            }
            known
        });
        let &number = known.get(&function)?;
        exports.get(number).map(|export| export.name.as_str())
    }

    /// The number of a canonical type in the module, if it has the type: of several the
    /// first, or the first that has a name.
    pub fn type_index(&self, id: TypeId) -> Option<TypeIndex> {
        let names = &self.parsed.names.types;
        let known = self.indices.get_or_init(|| {
            let mut known: HashMap<TypeId, TypeIndex> = HashMap::with_capacity(self.types.len());
            for (&id, index) in self.types.iter().zip(0..) {
                let index = TypeIndex::new(index);
                let first = known.entry(id).or_insert(index);
                if !names.contains_key(first) && names.contains_key(&index) {
                    *first = index;
                }
            }
            known
        });
        known.get(&id).copied()
    }

    /// What a tag of the module is called: `$name`, `(export "name")` or
    /// `(import "module" "name")`.
    pub fn tag_name(&self, tag: TagIndex) -> Option<String> {
        if let Some(name) = self.parsed.names.tags.get(&tag) {
            return Some(format!("${}", printable(name)));
        }
        let mut exports = self.parsed.exports.iter();
        if let Some(export) = exports.find(|export| export.index == EntityIndex::Tag(tag)) {
            return Some(format!("(export \"{}\")", printable(&export.name)));
        }
        let imports = self.parsed.imports.iter();
        let mut tags = imports.filter(|import| matches!(import.ty, EntityType::Tag(_)));
        let import = tags.nth(tag.index())?;
        let (module, name) = (printable(&import.module), printable(&import.name));
        Some(format!("(import \"{module}\" \"{name}\")"))
    }

    /// An instruction of a function of the module.
    pub fn place_in(&self, function: FuncIndex, offset: Option<WasmOffset>) -> Place {
        let name = self.function_name(function);
        let export = self.function_export(function).filter(|_| name.is_none());
        Place {
            module: self.name().map(str::to_string),
            function,
            name: name.map(str::to_string),
            export: export.map(str::to_string),
            offset,
            source: offset.and_then(|offset| self.source_line(offset)),
        }
    }

    /// Says where the instructions of the module stand in the text that it was given in. The
    /// first time counts.
    pub fn set_text_lines(&self, lines: TextLines) {
        let _ = self.text_lines.set(lines);
    }

    /// Says where the instructions of the module were written. The first time counts.
    pub fn set_source_lines(&self, lines: impl FnOnce() -> SourceLines + Send + 'static) {
        let _ = self.source_lines.set(SaidLines::new(lines));
    }

    /// Where the instruction at this byte offset of the module was written, if its text is
    /// known, or its `.debug_*` sections or its source map say so.
    pub fn source_line(&self, offset: WasmOffset) -> Option<SourceLine> {
        if let Some(lines) = self.text_lines.get() {
            return lines.find(offset);
        }
        let sources = self.sources.get_or_init(|| SourceMap::new(&self.parsed));
        let known = sources.as_ref().and_then(|sources| sources.find(offset));
        known.or_else(|| self.source_lines.get()?.find(&self.parsed, offset))
    }

    /// The instruction at a byte offset of the module, in the body that is there.
    pub fn place(&self, offset: WasmOffset) -> Option<Place> {
        let (bodies, at) = (&self.parsed.bodies, offset.as_u32() as usize);
        let defined = bodies.partition_point(|body| body.range.start <= at);
        let index = self.parsed.imported_functions + defined.checked_sub(1)? as u32;
        Some(self.place_in(FuncIndex::new(index), Some(offset)))
    }

    /// The canonical type of a type of the module.
    ///
    /// # Panics
    /// If the module has no such type.
    pub fn type_id(&self, index: TypeIndex) -> TypeId {
        self.types[index.index()]
    }

    /// The canonical type of each type of the module.
    pub fn type_ids(&self) -> &[TypeId] {
        &self.types
    }

    /// A type of this module in canonical form.
    pub fn canonical<T: MapTypes<TypeIndex, TypeId>>(&self, ty: T) -> T::Mapped {
        TypeRegistry::canonicalize(&self.types, ty)
    }

    /// Its machine code.
    pub fn code(&self) -> &Arc<LoadedCode> {
        &self.code
    }

    /// Where things lie in the context of an instance.
    pub(crate) fn layout(&self) -> &InstanceLayout {
        &self.layout
    }

    /// Bytes of the context of an instance.
    pub(crate) fn context_size(&self) -> u32 {
        self.context_size
    }
}
