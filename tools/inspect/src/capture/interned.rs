//! Functions, sites, types and origins by number, each once.

use mangrove::{
    CodeName, Created, FuncIndex, FunctionId, ModuleId, ObjectKind, RootKind, SlotContent,
    SurveyedFrame, SurveyedObject, TypeId, WasmOffset,
};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Code, as a store knows it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Code {
    /// Of a module.
    Of(ModuleId, CodeName),
    /// A function of the host.
    Host(FunctionId),
}

/// A type of objects, as faces tell them apart: exceptions by tag, and objects of the host by
/// the type of their value.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TypeKey {
    pub(super) id: TypeId,
    pub(super) kind: ObjectKind,
    pub(super) tag: Option<u32>,
    pub(super) host: Option<&'static str>,
}

/// Where frames stand.
pub(super) struct SiteParts {
    pub(super) function: u32,
    pub(super) module: ModuleId,
    pub(super) code: CodeName,
    pub(super) offset: Option<WasmOffset>,
    /// The functions it was inlined into: as a number, in the module, and the call.
    pub(super) inlined: Vec<(u32, FuncIndex, Option<WasmOffset>)>,
    pub(super) slots: Vec<(RootKind, u32, Vec<SlotContent>)>,
}

/// What continuations were made from, and where.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct OriginKey {
    pub(super) function: FunctionId,
    pub(super) created: Option<Created>,
}

/// Values with numbers.
pub(super) struct Numbered<K> {
    pub(super) numbers: HashMap<K, u32>,
    pub(super) all: Vec<K>,
}

impl<K> Default for Numbered<K> {
    fn default() -> Self {
        Self {
            numbers: HashMap::new(),
            all: Vec::new(),
        }
    }
}

impl<K: Copy + Eq + std::hash::Hash> Numbered<K> {
    /// The number of one of them.
    pub(super) fn number(&mut self, key: K) -> u32 {
        let next = self.all.len() as u32;
        let number = *self.numbers.entry(key).or_insert(next);
        if number == next {
            self.all.push(key);
        }
        number
    }
}

/// How many sites are remembered in front of the table of all: a power of two.
const REMEMBERED: usize = 64;

/// What was met so far.
pub(super) struct Interned {
    /// By instance.
    pub(super) modules_of: Vec<ModuleId>,
    pub(super) modules: Numbered<ModuleId>,
    pub(super) functions: Numbered<Code>,
    pub(super) types: Numbered<TypeKey>,
    pub(super) origins: Numbered<OriginKey>,
    pub(super) sites: HashMap<(ModuleId, u32), u32>,
    pub(super) site_parts: Vec<SiteParts>,
    pub(super) remembered: [Option<((ModuleId, u32), u32)>; REMEMBERED],
    pub(super) stacks: HashMap<Box<[u32]>, u32>,
    /// The object's type that was met last, and its number.
    pub(super) last_type: Option<(TypeKey, u32)>,
    pub(super) last_origin: Option<(OriginKey, u32)>,
}

impl Interned {
    pub(super) fn new(modules_of: Vec<ModuleId>) -> Self {
        Self {
            modules_of,
            modules: Numbered::default(),
            functions: Numbered::default(),
            types: Numbered::default(),
            origins: Numbered::default(),
            sites: HashMap::new(),
            site_parts: Vec::new(),
            remembered: [None; REMEMBERED],
            stacks: HashMap::new(),
            last_type: None,
            last_origin: None,
        }
    }

    /// A function's number.
    pub(super) fn function(&mut self, function: FunctionId) -> u32 {
        let instance = function
            .instance
            .and_then(|instance| usize::try_from(instance).ok());
        let module = instance.and_then(|instance| self.modules_of.get(instance));
        let code = match module {
            Some(&module) => Code::Of(module, CodeName::Wasm(FuncIndex::new(function.index))),
            None => Code::Host(function),
        };
        self.functions.number(code)
    }

    /// The number of a type of objects.
    pub(super) fn ty(&mut self, object: &SurveyedObject<'_>) -> u32 {
        let key = TypeKey {
            id: object.type_id(),
            kind: object.kind(),
            tag: object.tag(),
            host: object.host_type(),
        };
        match self.last_type {
            Some((known, number)) if known == key => number,
            _ => {
                let number = self.types.number(key);
                self.last_type = Some((key, number));
                number
            }
        }
    }

    /// The number of the type of what is dead: of exceptions the tag is not known, and of the
    /// host's objects not the type of the value.
    pub(super) fn dead_type(&mut self, id: TypeId, kind: ObjectKind) -> u32 {
        self.types.number(TypeKey {
            id,
            kind,
            tag: None,
            host: None,
        })
    }

    /// The number of what a continuation was made from.
    pub(super) fn origin(&mut self, function: FunctionId, created: Option<Created>) -> u32 {
        let key = OriginKey { function, created };
        match self.last_origin {
            Some((known, number)) if known == key => number,
            _ => {
                let number = self.origins.number(key);
                self.last_origin = Some((key, number));
                number
            }
        }
    }

    /// The number of the place where a frame stands.
    pub(super) fn site(&mut self, frame: &SurveyedFrame<'_>) -> u32 {
        let key = (frame.module(), frame.pc().as_u32());
        let at = (key.1 ^ (key.1 >> 6)) as usize % REMEMBERED;
        if let Some((known, number)) = self.remembered[at]
            && known == key
        {
            return number;
        }
        let number = match self.sites.entry(key) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => {
                let number = self.site_parts.len() as u32;
                place.insert(number);
                let code = Code::Of(frame.module(), frame.function());
                let slots = frame
                    .slots()
                    .map(|(kind, distance)| (kind, distance, frame.holds(distance).to_vec()));
                let inlined = frame.inlined_into().map(|(function, offset)| {
                    let code = Code::Of(frame.module(), CodeName::Wasm(function));
                    (self.functions.number(code), function, offset)
                });
                let inlined = inlined.collect();
                let parts = SiteParts {
                    inlined,
                    function: self.functions.number(code),
                    module: frame.module(),
                    code: frame.function(),
                    offset: frame.wasm_offset(),
                    slots: slots.collect(),
                };
                self.site_parts.push(parts);
                number
            }
        };
        self.remembered[at] = Some((key, number));
        number
    }

    /// The number of a list of sites.
    pub(super) fn stack(&mut self, sites: &[u32]) -> u32 {
        if let Some(&known) = self.stacks.get(sites) {
            return known;
        }
        let number = self.stacks.len() as u32;
        self.stacks.insert(sites.into(), number);
        number
    }
}
