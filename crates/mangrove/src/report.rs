//! The report on continuations, with the names their modules give.

use mangrove_abi::TypeId;
use mangrove_collector::{
    CodeName, ContinuationInfo, Created, FunctionName, ReportOptions, WasmLocation, Why,
};
use mangrove_continuation::{RegistryReport, State};
use mangrove_runtime::{Error, ModuleImage, Place, StoreInner};
use mangrove_validate::{AbstractHeap, FuncType, HeapType, RefType, ValType, printable};
use serde::Serialize;
use std::fmt::Write as _;

/// The registry's counts, and live continuations one by one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContinuationsReport {
    /// Counts and bytes.
    #[serde(flatten)]
    pub registry: RegistryReport,
    /// Bytes of memory behind the stacks, if asked for: what the kernel says of
    /// each page of each stack (`mincore`). Guards and page tables are not in it.
    pub resident_bytes: Option<u64>,
    /// Live ones, sorted as asked.
    pub continuations: Vec<ContinuationReport>,
    /// How many more live.
    pub omitted: u64,
}

/// A live continuation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContinuationReport {
    /// Its number. Numbers are used again: unique among the live.
    pub id: u32,
    /// Fresh, running, parent or suspended.
    pub state: State,
    /// Whether it is parked: fresh or suspended, without a stack.
    pub parked: bool,
    /// The function it was made from.
    pub function: MadeFrom,
    /// Its type, in text form, with the names of that function's module.
    pub ty: String,
    /// The `cont.new` that made it; none if the host did.
    pub created: Option<Place>,
    /// Where its innermost Wasm frame is stopped; none if it has none.
    pub stopped: Option<Place>,
    /// The continuation that resumed it, or holds the chain it is suspended in;
    /// none if there is none, or it is the host.
    pub parent: Option<u32>,
    /// Its frames, trampolines included.
    pub frames: u32,
    /// Bytes it uses of its stack.
    pub stack_bytes: u64,
    /// Slots in its frames that hold references, null or not.
    pub roots: u32,
    /// Collections that have found it alive.
    pub age: u32,
    /// Why it is alive: the way from a root to it. None if nothing reaches it
    /// any more: the next collection ends it.
    pub why: Option<Why>,
}

/// The function a continuation was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MadeFrom {
    /// The instance's number; none for a host function.
    pub instance: Option<u64>,
    /// The module's name, if it has one.
    pub module: Option<String>,
    /// The function's index in its module, or a host function's number.
    pub index: u32,
    /// Its name, if it has one.
    pub name: Option<String>,
}

/// The report, with names.
///
/// # Errors
/// [`Error::Internal`] if a frame is not as it must be.
pub fn continuations(
    store: &mut StoreInner,
    options: ReportOptions,
) -> Result<ContinuationsReport, Error> {
    let found = store.found_continuations(options)?;
    let continuations = found.continuations.into_iter();
    Ok(ContinuationsReport {
        registry: found.registry,
        resident_bytes: found.resident_bytes,
        continuations: continuations.map(|info| named(store, info)).collect(),
        omitted: found.omitted,
    })
}

fn named(store: &StoreInner, info: ContinuationInfo) -> ContinuationReport {
    let instance = info.function.instance;
    let module = instance.and_then(|number| store.module_of(number));
    let module = module.map(|module| &**module);
    ContinuationReport {
        id: info.id,
        state: info.state,
        parked: info.parked,
        function: made_from(store, info.function, module),
        ty: continuation_text(store, info.function.type_id, module),
        created: info.created.and_then(|at| created(store, at)),
        stopped: info.stopped.and_then(|at| stopped(store, at)),
        parent: info.parent,
        frames: info.frames,
        stack_bytes: info.stack_bytes,
        roots: info.roots,
        age: info.age,
        why: info.why,
    }
}

fn made_from(store: &StoreInner, function: FunctionName, module: Option<&ModuleImage>) -> MadeFrom {
    let FunctionName {
        instance, index, ..
    } = function;
    let name = match module {
        Some(module) => module.function_name(index),
        None => store.host_name(index),
    };
    MadeFrom {
        instance,
        module: module.and_then(ModuleImage::name).map(str::to_string),
        index,
        name: name.map(str::to_string),
    }
}

fn created(store: &StoreInner, created: Created) -> Option<Place> {
    store
        .module_of(created.instance)?
        .place(created.wasm_offset)
}

fn stopped(store: &StoreInner, at: WasmLocation) -> Option<Place> {
    let CodeName::Wasm(function) = at.function else {
        return None;
    };
    let module = store.module(at.module);
    let offset = (at.wasm_offset != 0).then_some(at.wasm_offset);
    let name = module.and_then(|module| module.function_name(function));
    Some(Place {
        module: module.and_then(|m| m.name()).map(str::to_string),
        function,
        name: name.map(str::to_string),
        offset,
        source: module
            .zip(offset)
            .and_then(|(module, offset)| module.source_line(offset)),
    })
}

fn continuation_text(store: &StoreInner, ty: TypeId, module: Option<&ModuleImage>) -> String {
    match store.engine().func_type(ty) {
        Some(ty) => format!("(cont {})", func_text(&ty, module)),
        None => "(cont)".to_owned(),
    }
}

/// The text form of a function type whose concrete types are canonical ids.
fn func_text(ty: &FuncType, module: Option<&ModuleImage>) -> String {
    let mut text = "(func".to_owned();
    for (word, types) in [("param", &ty.params), ("result", &ty.results)] {
        if types.is_empty() {
            continue;
        }
        let _ = write!(text, " ({word}");
        for &ty in types {
            let _ = write!(text, " {}", value_text(ty, module));
        }
        text.push(')');
    }
    text.push(')');
    text
}

fn value_text(ty: ValType, module: Option<&ModuleImage>) -> String {
    let RefType { nullable, heap } = match ty {
        ValType::I32 => return "i32".into(),
        ValType::I64 => return "i64".into(),
        ValType::F32 => return "f32".into(),
        ValType::F64 => return "f64".into(),
        ValType::V128 => return "v128".into(),
        ValType::Ref(reference) => reference,
    };
    let heap = match heap {
        HeapType::Abstract(heap) => heap_text(heap).to_owned(),
        HeapType::Concrete(id) => type_text(id, module),
    };
    format!("(ref {}{heap})", if nullable { "null " } else { "" })
}

/// A canonical type, as the module calls it: by name, else by index.
fn type_text(id: u32, module: Option<&ModuleImage>) -> String {
    let known = module.and_then(|module| {
        let index = module.type_ids().iter().position(|&known| known == id)? as u32;
        let name = module.parsed().names.types.get(&index);
        Some(name.map_or_else(|| index.to_string(), |name| format!("${}", printable(name))))
    });
    known.unwrap_or_else(|| format!("canonical {id}"))
}

fn heap_text(heap: AbstractHeap) -> &'static str {
    match heap {
        AbstractHeap::Any => "any",
        AbstractHeap::Eq => "eq",
        AbstractHeap::I31 => "i31",
        AbstractHeap::Struct => "struct",
        AbstractHeap::Array => "array",
        AbstractHeap::None => "none",
        AbstractHeap::Func => "func",
        AbstractHeap::NoFunc => "nofunc",
        AbstractHeap::Extern => "extern",
        AbstractHeap::NoExtern => "noextern",
        AbstractHeap::Exn => "exn",
        AbstractHeap::NoExn => "noexn",
        AbstractHeap::Cont => "cont",
        AbstractHeap::NoCont => "nocont",
    }
}
