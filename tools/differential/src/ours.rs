//! Mangrove's side: it also reads the exports and plans the calls.

use crate::generate::Case;
use crate::trace::{Arg, Call, DEPTH, ELEMENTS, End, State, Trace, Value, digest};
use mangrove::{
    AbstractHeap, Config, Engine, Error, Extern, ExternType, HandleKind, HeapHandle, HeapType,
    Instance, Linker, Module, Store, TrapCode, Val, ValType,
};
use mangrove_workers::Rng;

/// Most bytes a memory may grow to, here and there.
pub const MEMORY_MAX: u64 = 8 << 20;
/// Most elements a table may grow to, here and there.
pub const TABLE_MAX: u64 = 10_000;
/// Bytes of stack for Wasm, here and there.
pub const STACK: usize = 1 << 20;

/// Integers worth trying.
const NUMBERS: [u64; 12] = [
    0,
    1,
    2,
    7,
    0x7f,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    u64::MAX,
];

/// Compiles the case's module, or says why not.
pub fn compile(case: &Case) -> Result<Module, Error> {
    let mut config = Config::new();
    config
        .threads(1)
        .opt_level(case.opt_level)
        .zeal(case.zeal.parse()?)
        .memory_max(MEMORY_MAX)
        .table_max(TABLE_MAX)
        .stack_size(STACK)
        .verify_heap(true)
        .verify_clif(true);
    Module::new(&Engine::new(&config)?, &case.wasm)
}

/// Two calls of every exported function that we can make arguments for.
pub fn plan(module: &Module, rng: &mut Rng) -> Vec<Call> {
    let mut calls = Vec::new();
    for _ in 0..2 {
        for export in module.exports() {
            let ExternType::Func(ty) = export.ty() else {
                continue;
            };
            let args: Option<Vec<Arg>> = ty.params.iter().map(|&ty| arg(ty, rng)).collect();
            calls.extend(args.map(|args| Call {
                name: export.name().to_owned(),
                args,
            }));
        }
    }
    calls
}

fn arg(ty: ValType, rng: &mut Rng) -> Option<Arg> {
    use AbstractHeap::{Any, Eq, I31};
    let number = if rng.chance(1, 2) {
        NUMBERS[rng.below(NUMBERS.len())]
    } else {
        rng.number()
    };
    Some(match ty {
        ValType::I32 => Arg::I32(number as i32),
        ValType::I64 => Arg::I64(number as i64),
        ValType::F32 => Arg::F32(float(rng, number).to_bits()),
        ValType::F64 => Arg::F64(f64::from(float(rng, number)).to_bits()),
        ValType::V128 => Arg::V128(u128::from(number) << 64 | u128::from(rng.number())),
        ValType::Ref(ty) => match ty.heap {
            HeapType::Abstract(Any | Eq | I31) if !ty.nullable || rng.chance(1, 2) => {
                Arg::I31(number as u32 & 0x7fff_ffff)
            }
            _ if ty.nullable => Arg::Null,
            _ => return None,
        },
    })
}

/// A number, as bits or as a value.
fn float(rng: &mut Rng, number: u64) -> f32 {
    let bits = f32::from_bits(number as u32);
    if rng.chance(1, 2) && !bits.is_nan() {
        bits
    } else {
        number as i32 as f32
    }
}

/// Runs the calls on a new instance.
pub fn run(module: &Module, calls: &[Call]) -> Trace {
    let mut trace = Trace::default();
    let engine = module.engine();
    let mut store = match Store::new(engine, ()) {
        Ok(store) => store,
        Err(error) => {
            let end = End::Broken(error.to_string());
            trace.steps.push(("store".to_owned(), end));
            return trace;
        }
    };
    let instance = Linker::new(engine).instantiate(&mut store, module);
    let (instance, end) = match instance {
        Ok(instance) => (Some(instance), End::Returned(Vec::new())),
        Err(error) => (None, failure(&mut store, &error)),
    };
    trace.steps.push(("instantiation".to_owned(), end));
    let Some(instance) = instance else {
        return trace;
    };
    for call in calls {
        let end = invoke(&mut store, instance, call);
        trace
            .steps
            .push((format!("{}{:?}", call.name, call.args), end));
        if trace.is_cut() {
            return trace;
        }
    }
    for name in module.exports().map(|export| export.name()) {
        if let Some(item) = instance.export(&store, name)
            && let Some(state) = state(&mut store, item)
        {
            trace.state.push((name.to_owned(), state));
        }
    }
    trace
}

fn invoke(store: &mut Store<()>, instance: Instance, call: &Call) -> End {
    let Some(func) = instance.func(&*store, &call.name) else {
        return End::Broken(format!("no function {:?}", call.name));
    };
    let ty = func.ty(&*store);
    let engine = instance.module(&*store).engine().clone();
    let args: Option<Vec<Val>> = call
        .args
        .iter()
        .zip(&ty.params)
        .map(|(arg, &ty)| {
            Some(match *arg {
                Arg::I32(value) => Val::I32(value),
                Arg::I64(value) => Val::I64(value),
                Arg::F32(bits) => Val::F32(bits),
                Arg::F64(bits) => Val::F64(bits),
                Arg::V128(value) => Val::V128(value),
                Arg::Null => engine.default_value(ty)?,
                Arg::I31(value) => Val::Any(Some(HeapHandle::from_i31(value))),
            })
        })
        .collect();
    let Some(args) = args else {
        return End::Broken("a nullable type without a null".to_owned());
    };
    match func.call(store, &args) {
        Ok(results) => End::Returned(values(store, &results)),
        Err(error) => failure(store, &error),
    }
}

fn failure(store: &mut Store<()>, error: &Error) -> End {
    match error {
        Error::Trap(trap) => match trap.reason.code() {
            Some(TrapCode::StackOverflow) => End::Limit("stack".to_owned()),
            Some(code) => End::Trapped(kind(code)),
            None => End::Limit(trap.reason.to_string()),
        },
        Error::Exception(exception) => End::Threw(values(store, &exception.values)),
        Error::Limit(message) => End::Limit(message.clone()),
        Error::Resource(refused) => End::Limit(refused.to_string()),
        other => End::Broken(other.to_string()),
    }
}

/// The kind of a trap, as coarse as the coarser engine has it.
fn kind(code: TrapCode) -> &'static str {
    match code {
        TrapCode::TableOutOfBounds | TrapCode::UndefinedElement => "table out of bounds",
        TrapCode::NullReference
        | TrapCode::NullFunction
        | TrapCode::NullStruct
        | TrapCode::NullArray
        | TrapCode::NullI31
        | TrapCode::NullException
        | TrapCode::NullContinuation => "null reference",
        other => other.message(),
    }
}

fn state(store: &mut Store<()>, item: Extern) -> Option<State> {
    Some(match item {
        Extern::Global(global) => {
            let value = global.get(store).ok()?;
            State::Global(look(store, &value, DEPTH))
        }
        Extern::Memory(memory) => {
            let len = memory.size(&*store) * mangrove::PAGE;
            let mut bytes = vec![0; usize::try_from(len).ok()?];
            memory.read(&*store, 0, &mut bytes).ok()?;
            State::Memory(len, digest(&bytes))
        }
        Extern::Table(table) => {
            let mut elements = Vec::new();
            for index in 0..table.size(&*store) {
                let value = table.get(store, index).ok()??;
                elements.push(look(store, &value, 1));
            }
            State::Table(elements)
        }
        Extern::Func(_) | Extern::Tag(_) => return None,
    })
}

fn values(store: &mut Store<()>, values: &[Val]) -> Vec<Value> {
    values
        .iter()
        .map(|value| look(store, value, DEPTH))
        .collect()
}

/// A value, with what it refers to.
fn look(store: &mut Store<()>, value: &Val, depth: u32) -> Value {
    match value {
        Val::I32(value) => Value::I32(*value),
        Val::I64(value) => Value::I64(*value),
        Val::F32(bits) => Value::F32(*bits),
        Val::F64(bits) => Value::F64(*bits),
        Val::V128(value) => Value::V128(*value),
        Val::Func(Some(_)) => Value::Opaque("func"),
        Val::Exn(Some(_)) => Value::Opaque("exn"),
        Val::Cont(Some(_)) => Value::Opaque("cont"),
        Val::Extern(Some(_)) => Value::Opaque("extern"),
        Val::Any(Some(handle)) => look_into(store, handle, depth),
        _ => Value::Null,
    }
}

fn look_into(store: &mut Store<()>, handle: &HeapHandle, depth: u32) -> Value {
    if let Some(value) = handle.as_i31() {
        return Value::I31(value);
    }
    let bound = match depth {
        0 => 0,
        _ => u32::MAX,
    };
    match handle.kind(&*store) {
        Ok(HandleKind::Struct(_)) => Value::Struct(items(store, handle, bound, depth)),
        Ok(HandleKind::Array(_)) => {
            let len = handle.array_len(&*store).unwrap_or(0);
            let elements = items(store, handle, bound.min(ELEMENTS), depth);
            Value::Array(len, elements)
        }
        _ => Value::Opaque("other"),
    }
}

fn items(store: &mut Store<()>, handle: &HeapHandle, bound: u32, depth: u32) -> Vec<Value> {
    let mut items = Vec::new();
    for index in 0..bound {
        match handle.item(store, index) {
            Ok(Some(value)) => items.push(look(store, &value, depth - 1)),
            _ => break,
        }
    }
    items
}
