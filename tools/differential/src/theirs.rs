//! Wasmtime's side. Its objects are never freed here: what is compared is the
//! language, and the simplest collector gives the steadiest answers.

use crate::ours::{MEMORY_MAX, STACK, TABLE_MAX};
use crate::trace::{Arg, Call, DEPTH, ELEMENTS, End, State, Trace, Value, digest};
use wasmtime::{
    AnyRef, Collector, Config, Engine, Extern, HeapType, Instance, Module, OptLevel, Ref, Rooted,
    Store, StoreLimits, StoreLimitsBuilder, ThrownException, Trap, Val, ValType,
};
use wasmtime::{ExnRef, I31};

type Limited = Store<StoreLimits>;

/// Compiles a module, or says why not.
pub fn compile(wasm: &[u8]) -> Result<Module, String> {
    let mut config = Config::new();
    config
        .wasm_gc(true)
        .wasm_function_references(true)
        .wasm_exceptions(true)
        .wasm_tail_call(true)
        .wasm_memory64(true)
        .wasm_multi_memory(true)
        .wasm_extended_const(true)
        .collector(Collector::Null)
        .cranelift_opt_level(OptLevel::Speed)
        .parallel_compilation(false)
        .max_wasm_stack(STACK);
    let engine = Engine::new(&config).map_err(|error| format!("{error:#}"))?;
    Module::new(&engine, wasm).map_err(|error| format!("{error:#}"))
}

/// Runs the calls on a new instance.
pub fn run(module: &Module, calls: &[Call]) -> Trace {
    let mut trace = Trace::default();
    let limits = StoreLimitsBuilder::new()
        .memory_size(MEMORY_MAX as usize)
        .table_elements(TABLE_MAX as usize)
        .build();
    let mut store = Store::new(module.engine(), limits);
    store.limiter(|limits| limits);
    let (instance, end) = match Instance::new(&mut store, module, &[]) {
        Ok(instance) => (Some(instance), End::Returned(Vec::new())),
        Err(error) => (None, failure(&mut store, &error)),
    };
    trace.steps.push(("instantiation".to_owned(), end));
    let Some(instance) = instance else {
        return trace;
    };
    for call in calls {
        let end = invoke(&mut store, instance, call);
        trace.steps.push((call.name.clone(), end));
        if trace.is_cut() {
            return trace;
        }
    }
    for export in module.exports() {
        if let Some(item) = instance.get_export(&mut store, export.name())
            && let Some(state) = state(&mut store, item)
        {
            trace.state.push((export.name().to_owned(), state));
        }
    }
    trace
}

fn invoke(store: &mut Limited, instance: Instance, call: &Call) -> End {
    let Some(func) = instance.get_func(&mut *store, &call.name) else {
        return End::Broken(format!("no function {:?}", call.name));
    };
    let ty = func.ty(&*store);
    let args: Vec<Val> = call
        .args
        .iter()
        .zip(ty.params())
        .map(|(arg, ty)| match *arg {
            Arg::I32(value) => Val::I32(value),
            Arg::I64(value) => Val::I64(value),
            Arg::F32(bits) => Val::F32(bits),
            Arg::F64(bits) => Val::F64(bits),
            Arg::V128(value) => Val::V128(value.into()),
            Arg::Null => null(&ty),
            Arg::I31(value) => {
                let value = I31::wrapping_u32(value);
                Val::AnyRef(Some(AnyRef::from_i31(&mut *store, value)))
            }
        })
        .collect();
    let mut results = vec![Val::I32(0); ty.results().len()];
    match func.call(&mut *store, &args, &mut results) {
        Ok(()) => End::Returned(values(store, &results)),
        Err(error) => failure(store, &error),
    }
}

fn null(ty: &ValType) -> Val {
    let heap = ty.as_ref().map_or(HeapType::Any, |ty| ty.heap_type().top());
    Val::null_ref(&heap)
}

fn failure(store: &mut Limited, error: &wasmtime::Error) -> End {
    if error.is::<ThrownException>() {
        return match store.take_pending_exception() {
            Some(exception) => End::Threw(payload(store, exception)),
            None => End::Broken("no pending exception".to_owned()),
        };
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => End::Limit("stack".to_owned()),
        Some(trap) => kind(*trap).map_or_else(|| End::Broken(trap.to_string()), End::Trapped),
        None => End::Limit(format!("{error:#}")),
    }
}

/// The kind of a trap, in our words.
fn kind(trap: Trap) -> Option<&'static str> {
    Some(match trap {
        Trap::MemoryOutOfBounds => "out of bounds memory access",
        Trap::TableOutOfBounds => "table out of bounds",
        Trap::ArrayOutOfBounds => "out of bounds array access",
        Trap::IndirectCallToNull => "uninitialized element",
        Trap::BadSignature => "indirect call type mismatch",
        Trap::IntegerOverflow => "integer overflow",
        Trap::IntegerDivisionByZero => "integer divide by zero",
        Trap::BadConversionToInteger => "invalid conversion to integer",
        Trap::UnreachableCodeReached => "unreachable",
        Trap::NullReference => "null reference",
        Trap::AllocationTooLarge => "allocation size too large",
        Trap::CastFailure => "cast failure",
        _ => return None,
    })
}

fn payload(store: &mut Limited, exception: Rooted<ExnRef>) -> Vec<Value> {
    let fields: Vec<Val> = match exception.fields(&mut *store) {
        Ok(fields) => fields.collect(),
        Err(_) => return vec![Value::Opaque("an exception that cannot be read")],
    };
    values(store, &fields)
}

fn state(store: &mut Limited, item: Extern) -> Option<State> {
    Some(match item {
        Extern::Global(global) => {
            let value = global.get(&mut *store);
            State::Global(look(store, &value, DEPTH))
        }
        Extern::Memory(memory) => {
            let bytes = memory.data(&*store);
            State::Memory(bytes.len() as u64, digest(bytes))
        }
        Extern::Table(table) => {
            let mut elements = Vec::new();
            for index in 0..table.size(&*store) {
                let value = match table.get(&mut *store, index)? {
                    Ref::Func(func) => Val::FuncRef(func),
                    Ref::Extern(value) => Val::ExternRef(value),
                    Ref::Any(value) => Val::AnyRef(value),
                    Ref::Exn(value) => Val::ExnRef(value),
                };
                elements.push(look(store, &value, 1));
            }
            State::Table(elements)
        }
        _ => return None,
    })
}

fn values(store: &mut Limited, values: &[Val]) -> Vec<Value> {
    values
        .iter()
        .map(|value| look(store, value, DEPTH))
        .collect()
}

/// A value, with what it refers to.
fn look(store: &mut Limited, value: &Val, depth: u32) -> Value {
    match value {
        Val::I32(value) => Value::I32(*value),
        Val::I64(value) => Value::I64(*value),
        Val::F32(bits) => Value::F32(*bits),
        Val::F64(bits) => Value::F64(*bits),
        Val::V128(value) => Value::V128(value.as_u128()),
        Val::FuncRef(Some(_)) => Value::Opaque("func"),
        Val::ExnRef(Some(_)) => Value::Opaque("exn"),
        Val::ContRef(Some(_)) => Value::Opaque("cont"),
        Val::ExternRef(Some(_)) => Value::Opaque("extern"),
        Val::AnyRef(Some(value)) => {
            look_into(store, *value, depth).unwrap_or(Value::Opaque("unreadable"))
        }
        _ => Value::Null,
    }
}

fn look_into(
    store: &mut Limited,
    value: Rooted<AnyRef>,
    depth: u32,
) -> Result<Value, wasmtime::Error> {
    if let Some(value) = value.as_i31(&*store)? {
        return Ok(Value::I31(value.get_u32()));
    }
    if let Some(object) = value.as_struct(&*store)? {
        let mut fields = Vec::new();
        if depth > 0 {
            let values: Vec<Val> = object.fields(&mut *store)?.collect();
            fields.extend(values.iter().map(|value| look(store, value, depth - 1)));
        }
        return Ok(Value::Struct(fields));
    }
    if let Some(array) = value.as_array(&*store)? {
        let len = array.len(&*store)?;
        let mut elements = Vec::new();
        if depth > 0 {
            for index in 0..len.min(ELEMENTS) {
                let value = array.get(&mut *store, index)?;
                elements.push(look(store, &value, depth - 1));
            }
        }
        return Ok(Value::Array(len, elements));
    }
    Ok(Value::Opaque("other"))
}
