//! What the tests share.
#![allow(dead_code)]

use mangrove::{Config, Engine, Error, Instance, Linker, Module, Store, Val};

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

pub fn run(text: &str, name: &str, args: &[Val]) -> Vec<Val> {
    let (mut store, instance) = instance(text);
    call(&mut store, instance, name, args).unwrap_or_else(|e| panic!("{e}"))
}

pub fn fails(text: &str, name: &str, args: &[Val]) -> Error {
    let (mut store, instance) = instance(text);
    call(&mut store, instance, name, args).unwrap_err()
}
