//! What functions, sites, types and origins are called: asked when all are known.

use super::interned::{Code, Interned, OriginKey, SiteParts, TypeKey};
use crate::snapshot::{
    Field, Function, FunctionKind, Holds, InlinedFrame, Line, Module, Names, ObjectType, Origin,
    Site, Slot,
};
use mangrove::{
    CodeName, FuncIndex, ModuleId, ObjectKind, Place, RootKind, SlotContent, SlotHolds, SourceLine,
    StoreNames, WasmLocation, WasmOffset,
};

impl Interned {
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
        inlined,
        slots,
    } = parts;
    let of_function = match code {
        CodeName::Wasm(function) => Some(function),
        _ => None,
    };
    let found = of_function.and_then(|function| place(look_up, module, function, offset));
    let name = |function, index| look_up.local(module, function, index);
    let holds = |held: SlotContent| match (held.frame.checked_sub(1), held.what) {
        (None, SlotHolds::Local(index)) => Holds::Local {
            index,
            name: of_function.and_then(|function| name(function, index)),
        },
        (None, SlotHolds::Operand(depth)) => Holds::Operand { depth },
        (Some(frame), SlotHolds::Local(index)) => Holds::OuterLocal {
            frame,
            index,
            name: inlined
                .get(frame as usize)
                .and_then(|&(_, function, _)| name(function, index)),
        },
        (Some(frame), SlotHolds::Operand(depth)) => Holds::OuterOperand { frame, depth },
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
        inlined: inlined
            .iter()
            .map(|&(number, function, offset)| InlinedFrame {
                function: number,
                offset: offset.map(WasmOffset::as_u32),
                line: place(look_up, module, function, offset)
                    .and_then(|place| place.source)
                    .map(line),
            })
            .collect(),
        slots: slots.collect(),
    }
}

fn named_type(key: &TypeKey, look_up: &StoreNames<'_>) -> ObjectType {
    let kind = key.kind;
    let Some(known) = look_up.object_type(key.id, key.kind, key.tag) else {
        return ObjectType {
            name: match key.kind {
                ObjectKind::Exception => "exception".to_owned(),
                _ => format!("type {}", key.id),
            },
            kind,
            fields: Vec::new(),
        };
    };
    let fields = known.fields.into_iter().map(|field| Field {
        name: field.name,
        storage: field.storage,
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
