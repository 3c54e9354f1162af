//! Functions, sites, types and origins by number, each once; and what they are called,
//! asked when all are known.

use crate::snapshot::{
    Field, Function, FunctionKind, Holds, Line, Module, Names, ObjectType, Origin, Site, Slot,
    Storage, TypeKind,
};
use mangrove::{
    CodeName, Created, FieldStorage, FuncIndex, FunctionId, ModuleId, ObjectKind, Place, RootKind,
    SlotHolds, SourceLine, StoreNames, SurveyedFrame, SurveyedObject, TypeId, WasmLocation,
    WasmOffset,
};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Code, as a store knows it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Code {
    /// Of a module.
    Of(ModuleId, CodeName),
    /// A function of the host.
    Host(FunctionId),
}

/// A type of objects, as faces tell them apart: exceptions by tag, and objects of the host by
/// the type of their value.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct TypeKey {
    id: TypeId,
    kind: ObjectKind,
    tag: Option<u32>,
    host: Option<&'static str>,
}

/// Where frames stand.
struct SiteParts {
    function: u32,
    module: ModuleId,
    code: CodeName,
    offset: Option<WasmOffset>,
    slots: Vec<(RootKind, u32, Vec<SlotHolds>)>,
}

/// What continuations were made from, and where.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct OriginKey {
    function: FunctionId,
    created: Option<Created>,
}

/// Values with numbers.
struct Numbered<K> {
    numbers: HashMap<K, u32>,
    all: Vec<K>,
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
    fn number(&mut self, key: K) -> u32 {
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
    modules_of: Vec<ModuleId>,
    modules: Numbered<ModuleId>,
    functions: Numbered<Code>,
    types: Numbered<TypeKey>,
    origins: Numbered<OriginKey>,
    sites: HashMap<(ModuleId, u32), u32>,
    site_parts: Vec<SiteParts>,
    remembered: [Option<((ModuleId, u32), u32)>; REMEMBERED],
    stacks: HashMap<Box<[u32]>, u32>,
    /// The object's type that was met last, and its number.
    last_type: Option<(TypeKey, u32)>,
    last_origin: Option<(OriginKey, u32)>,
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
                let parts = SiteParts {
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

    /// Writes down what all of it is called.
    pub(super) fn name_all(mut self, look_up: &StoreNames<'_>, names: &mut Names) {
        let mut stacks = vec![Vec::new(); self.stacks.len()];
        for (sites, number) in std::mem::take(&mut self.stacks) {
            stacks[number as usize] = sites.into();
        }
        names.stacks = stacks;
        let parts = std::mem::take(&mut self.site_parts);
        names.sites = parts
            .into_iter()
            .map(|parts| named_site(parts, look_up))
            .collect();
        let keys = std::mem::take(&mut self.origins.all);
        let origins = keys.into_iter().map(|key| self.named_origin(key, look_up));
        names.origins = origins.collect();
        let types = self.types.all.iter();
        names.types = types.map(|key| named_type(key, look_up)).collect();
        // Functions last: origins name some that no frame is in.
        let codes = std::mem::take(&mut self.functions.all);
        let functions = codes
            .into_iter()
            .map(|code| self.named_function(code, look_up));
        names.functions = functions.collect();
        let modules = self.modules.all.iter().map(|&module| Module {
            name: look_up.module(module).unwrap_or_default().to_owned(),
        });
        names.modules = modules.collect();
    }

    fn named_origin(&mut self, key: OriginKey, look_up: &StoreNames<'_>) -> Origin {
        let place = key.created.and_then(|created| look_up.created(created));
        let maker = key
            .created
            .zip(place.as_ref())
            .and_then(|(created, place)| {
                let instance = usize::try_from(created.instance).ok()?;
                let module = *self.modules_of.get(instance)?;
                Some(
                    self.functions
                        .number(Code::Of(module, CodeName::Wasm(place.function))),
                )
            });
        Origin {
            function: self.function(key.function),
            ty: look_up.continuation_type(key.function),
            maker,
            offset: key.created.map(|created| created.wasm_offset.as_u32()),
            line: place.and_then(|place| place.source).map(line),
        }
    }

    fn named_function(&mut self, code: Code, look_up: &StoreNames<'_>) -> Function {
        let (module, code) = match code {
            Code::Host(function) => {
                let known = look_up.function(function);
                return Function {
                    module: None,
                    kind: FunctionKind::Host,
                    index: function.index,
                    name: known.name,
                    export: known.export,
                };
            }
            Code::Of(module, code) => (module, code),
        };
        let (kind, index) = match code {
            CodeName::Wasm(index) => (FunctionKind::Wasm, index.as_u32()),
            CodeName::Entry(ty) => (FunctionKind::Entry, ty.as_u32()),
            CodeName::ToHost(ty) => (FunctionKind::ToHost, ty.as_u32()),
            CodeName::Helper | CodeName::Stubs => (FunctionKind::Helper, 0),
        };
        let place = match code {
            CodeName::Wasm(function) => place(look_up, module, function, None),
            _ => None,
        };
        // Trampolines of host functions are of no module.
        let known = self.modules_of.contains(&module);
        let (name, export) = place.map_or((None, None), |place| (place.name, place.export));
        Function {
            module: known.then(|| self.modules.number(module)),
            kind,
            index,
            name,
            export,
        }
    }
}

fn place(
    look_up: &StoreNames<'_>,
    module: ModuleId,
    function: FuncIndex,
    wasm_offset: Option<WasmOffset>,
) -> Option<Place> {
    look_up.place(WasmLocation {
        module,
        function,
        wasm_offset,
    })
}

fn line(source: SourceLine) -> Line {
    Line {
        file: source.file,
        line: source.line,
        column: source.column.unwrap_or(0),
    }
}

fn named_site(parts: SiteParts, look_up: &StoreNames<'_>) -> Site {
    let SiteParts {
        function,
        module,
        code,
        offset,
        slots,
    } = parts;
    let of_function = match code {
        CodeName::Wasm(function) => Some(function),
        _ => None,
    };
    let found = of_function.and_then(|function| place(look_up, module, function, offset));
    let holds = |holds: SlotHolds| match holds {
        SlotHolds::Local(index) => Holds::Local {
            index,
            name: of_function.and_then(|function| look_up.local(module, function, index)),
        },
        SlotHolds::Operand(depth) => Holds::Operand { depth },
    };
    let slots = slots.into_iter().map(|(kind, distance, what)| Slot {
        continuation: kind == RootKind::Cont,
        distance,
        holds: what.into_iter().map(holds).collect(),
    });
    Site {
        function,
        offset: offset.map(WasmOffset::as_u32),
        line: found.and_then(|place| place.source).map(line),
        inlined: Vec::new(),
        slots: slots.collect(),
    }
}

fn named_type(key: &TypeKey, look_up: &StoreNames<'_>) -> ObjectType {
    let kind = match key.kind {
        ObjectKind::Struct => TypeKind::Struct,
        ObjectKind::Array => TypeKind::Array,
        ObjectKind::Exception => TypeKind::Exception,
        ObjectKind::Host => TypeKind::Host,
    };
    let Some(known) = look_up.object_type(key.id, key.kind, key.tag) else {
        return ObjectType {
            name: format!("type {}", key.id),
            kind,
            fields: Vec::new(),
        };
    };
    let fields = known.fields.into_iter().map(|field| Field {
        name: field.name,
        storage: storage(field.storage),
        offset: field.offset,
    });
    ObjectType {
        name: match key.host {
            Some(host) => format!("{} {host}", known.name),
            None => known.name,
        },
        kind,
        fields: fields.collect(),
    }
}

fn storage(storage: FieldStorage) -> Storage {
    match storage {
        FieldStorage::I8 => Storage::I8,
        FieldStorage::I16 => Storage::I16,
        FieldStorage::I32 => Storage::I32,
        FieldStorage::I64 => Storage::I64,
        FieldStorage::F32 => Storage::F32,
        FieldStorage::F64 => Storage::F64,
        FieldStorage::V128 => Storage::V128,
        FieldStorage::Ref => Storage::Ref,
        FieldStorage::Func => Storage::Func,
        FieldStorage::Cont => Storage::Cont,
    }
}
