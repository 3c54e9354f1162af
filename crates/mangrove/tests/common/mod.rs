//! What the tests share.
#![allow(dead_code)]

use mangrove::{
    Config, ContHandle, Engine, Error, Extern, Global, GlobalType, Instance, Linker, Module,
    Outcome, RefType, Store, Tag, Val, ValType,
};

/// What moves and collects at every moment that there is.
pub const ZEAL: [&str; 6] = [
    "none",
    "alloc",
    "switch",
    "move",
    "alloc,switch,call,move",
    "alloc,switch,call,move,minor",
];

/// The same of programs that are interrupted at their checks.
pub const INTERRUPTING: [&str; 4] = [
    "none",
    "alloc,switch,move",
    "interrupt,move,minor",
    "call,move",
];

/// A store of a new engine with these settings.
pub fn store_with(config: &Config) -> Store<()> {
    Store::new(&Engine::new(config).unwrap(), ()).unwrap()
}

pub fn store() -> Store<()> {
    store_with(&Config::new())
}

/// An instance of a module that imports at most `mangrove`.
pub fn instance_with(config: &Config, text: &str) -> (Store<()>, Instance) {
    let engine = Engine::new(config).unwrap();
    let module = Module::new(&engine, text.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
    let mut store = Store::new(&engine, ()).unwrap();
    let mut linker = Linker::new(&engine);
    linker.define_mangrove();
    let instance = linker
        .instantiate(&mut store, &module)
        .unwrap_or_else(|e| panic!("{e}"));
    (store, instance)
}

pub fn instance(text: &str) -> (Store<()>, Instance) {
    instance_with(&Config::new(), text)
}

pub fn call<T>(
    store: &mut Store<T>,
    instance: Instance,
    name: &str,
    args: &[Val],
) -> Result<Vec<Val>, Error> {
    let func = instance.func(store, name).expect("an exported function");
    func.call(store, args)
}

pub fn tag(store: &Store<()>, instance: Instance, name: &str) -> Tag {
    match instance.export(store, name) {
        Some(Extern::Tag(tag)) => tag,
        other => panic!("{name}: {other:?}"),
    }
}

#[track_caller]
pub fn returned(outcome: Outcome) -> Vec<Val> {
    match outcome {
        Outcome::Returned(values) => values,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub fn interrupted(outcome: Outcome) -> ContHandle {
    match outcome {
        Outcome::Interrupted(rest) => rest,
        other => panic!("{other:?}"),
    }
}

pub fn run(text: &str, name: &str, args: &[Val]) -> Vec<Val> {
    let (mut store, instance) = instance(text);
    call(&mut store, instance, name, args).unwrap_or_else(|e| panic!("{e}"))
}

pub fn fails(text: &str, name: &str, args: &[Val]) -> Error {
    let (mut store, instance) = instance(text);
    call(&mut store, instance, name, args).unwrap_err()
}

/// A continuation that returns 42, as the global `k` of the module `host`, in a linker
/// with a store of its own.
pub fn imported_continuation(engine: &Engine) -> (Store<()>, Linker<()>, ContHandle) {
    let text = br#"(module (func (export "f") (result i32) (i32.const 42)))"#;
    let module = Module::new(engine, text).unwrap();
    let mut store = Store::new(engine, ()).unwrap();
    let mut linker = Linker::new(engine);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let k = instance.func(&store, "f").unwrap();
    let k = k.continuation(&mut store).unwrap();
    let reference = RefType {
        nullable: true,
        ..k.ty()
    };
    let ty = GlobalType {
        content: ValType::Ref(reference),
        mutable: false,
    };
    let global = Global::new(&mut store, ty, Val::Cont(Some(k.clone()))).unwrap();
    linker.define(&store, "host", "k", global).unwrap();
    (store, linker, k)
}
