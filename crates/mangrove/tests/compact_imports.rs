//! Import sections that name a module once for several imports, in both encodings.

use mangrove::{Config, Engine, Error, Linker, Module, Store};
use std::borrow::Cow;
use wasm_encoder::{
    CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportCompact,
    ImportSection, Imports, Module as Encoded, TypeSection, ValType,
};

/// `sum` adds what `a`, `b` and `c` of module `m` and `d` of module `n` return.
fn module(compact: Imports<'_>) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], [ValType::I32]);
    let mut imports = ImportSection::new();
    imports.imports(compact);
    imports.import("n", "d", EntityType::Function(0));
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut exports = ExportSection::new();
    exports.export("sum", ExportKind::Func, 4);
    let mut sum = Function::new([]);
    let mut body = sum.instructions();
    body.call(0);
    for index in 1..4 {
        body.call(index).i32_add();
    }
    body.end();
    let mut code = CodeSection::new();
    code.function(&sum);
    let mut module = Encoded::new();
    module.section(&types).section(&imports).section(&functions);
    module.section(&exports).section(&code);
    module.finish()
}

fn sum(wasm: &[u8]) -> Result<i32, Error> {
    let engine = Engine::new(&Config::new())?;
    let module = Module::new(&engine, wasm)?;
    let names: Vec<String> = module
        .imports()
        .map(|import| format!("{}.{}", import.module(), import.name()))
        .collect();
    assert_eq!(names, ["m.a", "m.b", "m.c", "n.d"]);
    let mut linker = Linker::new(&engine);
    for (from, name, value) in [
        ("m", "a", 1),
        ("m", "b", 10),
        ("m", "c", 100),
        ("n", "d", 1000),
    ] {
        linker.func_wrap(from, name, move || value)?;
    }
    let mut store = Store::new(&engine, ())?;
    let instance = linker.instantiate(&mut store, &module)?;
    let sum = instance.get_typed_func::<(), i32>(&mut store, "sum")?;
    sum.call(&mut store, ())
}

#[test]
fn one_module_for_several_imports() -> Result<(), Error> {
    let item = |name| ImportCompact {
        name,
        ty: EntityType::Function(0),
    };
    let items = Cow::Owned(["a", "b", "c"].map(item).to_vec());
    assert_eq!(
        sum(&module(Imports::Compact1 { module: "m", items }))?,
        1111
    );
    Ok(())
}

#[test]
fn one_module_and_one_type_for_several_imports() -> Result<(), Error> {
    let compact = Imports::Compact2 {
        module: "m",
        ty: EntityType::Function(0),
        names: Cow::Borrowed(&["a", "b", "c"]),
    };
    assert_eq!(sum(&module(compact))?, 1111);
    Ok(())
}
