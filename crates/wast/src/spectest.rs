//! The host module that the specification's scripts import: `spectest`.

use crate::values::display;
use mangrove::{
    AbstractHeap, Caller, Error, FuncType, Global, GlobalType, HeapType, Linker, Memory,
    MemoryType, Module, RefType, Store, Table, TableType, Val, ValType,
};
use std::sync::Arc;

/// The module's name.
pub(crate) const MODULE: &str = "spectest";

/// Whether a module imports something of `spectest`.
pub fn imports_spectest(module: &Module) -> bool {
    module.imports().any(|import| import.module() == MODULE)
}

/// Takes what the printing functions print, a line at a time.
pub type Sink = Arc<dyn Fn(&str) + Send + Sync>;

/// Defines the module `spectest`, with the values the specification gives it:
/// printing functions, four globals around 666, two tables of 10 to 20
/// functions and a memory of 1 to 2 pages.
///
/// # Errors
/// If its table or memory cannot be made.
pub fn define_spectest<T: 'static>(
    linker: &mut Linker<T>,
    store: &mut Store<T>,
    sink: &Sink,
) -> Result<(), Error> {
    define_functions(linker, sink)?;
    define_globals(linker, store)?;
    for (name, table64) in [("table", false), ("table64", true)] {
        let element = RefType {
            nullable: true,
            heap: HeapType::Abstract(AbstractHeap::Func),
        };
        let ty = TableType {
            element,
            table64,
            minimum: 10,
            maximum: Some(20),
        };
        let table = Table::new(store, ty, Val::Func(None))?;
        linker.define(store, MODULE, name, table)?;
    }
    let ty = MemoryType::new(1, Some(2));
    let memory = Memory::new(store, ty)?;
    linker.define(store, MODULE, "memory", memory)?;
    Ok(())
}

fn define_functions<T: 'static>(linker: &mut Linker<T>, sink: &Sink) -> Result<(), Error> {
    use ValType::{F32, F64, I32, I64};
    let functions: [(&str, &[ValType]); 7] = [
        ("print", &[]),
        ("print_i32", &[I32]),
        ("print_i64", &[I64]),
        ("print_f32", &[F32]),
        ("print_f64", &[F64]),
        ("print_i32_f32", &[I32, F32]),
        ("print_f64_f64", &[F64, F64]),
    ];
    for (name, params) in functions {
        let sink = Arc::clone(sink);
        let ty = FuncType {
            params: params.to_vec(),
            results: Vec::new(),
        };
        linker.func(
            MODULE,
            name,
            ty,
            move |caller: Caller<'_, T>, args: &[Val], _: &mut [Val]| {
                let shown: Vec<_> = args.iter().map(|arg| display(&caller, arg)).collect();
                sink(&shown.join(" "));
                Ok(())
            },
        )?;
    }
    Ok(())
}

fn define_globals<T: 'static>(linker: &mut Linker<T>, store: &mut Store<T>) -> Result<(), Error> {
    let globals = [
        ("global_i32", ValType::I32, Val::I32(666)),
        ("global_i64", ValType::I64, Val::I64(666)),
        ("global_f32", ValType::F32, Val::F32(666.6f32.to_bits())),
        ("global_f64", ValType::F64, Val::F64(666.6f64.to_bits())),
    ];
    for (name, content, value) in globals {
        let global = Global::new(
            store,
            GlobalType {
                content,
                mutable: false,
            },
            value,
        )?;
        linker.define(store, MODULE, name, global)?;
    }
    Ok(())
}
