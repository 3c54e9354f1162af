//! Modules as values: what is asked of them, and what they are loaded from; and which
//! types go to other threads.

use mangrove::{
    CompiledError, Config, ContHandle, Engine, Error, Extern, ExternType, Func, Global, HeapHandle,
    Instance, Linker, Memory, Module, ObjectGraph, Outcome, Store, StoreLimits, Table, Tag, Trap,
    Val, ValType,
};
use std::path::PathBuf;

fn engine() -> Engine {
    Engine::new(&Config::new()).unwrap()
}

/// A file that is gone when the test is over.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let name = format!("mangrove-modules-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn load(engine: &Engine, path: &std::path::Path) -> Result<Module, Error> {
    // SAFETY: what is loaded was made here, by `serialize`, and nobody writes to the file;
    // what was changed before is refused, which is what the tests are about.
    unsafe { Module::deserialize_file(engine, path) }
}

#[test]
fn validation_neither_compiles_nor_keeps() {
    let engine = engine();
    let before = engine.type_counts();
    let text = "(module (type (struct (field i64 i64 f32))) (func (result i32) (i32.const 1)))";
    Module::validate(&engine, text.as_bytes()).unwrap();
    let binary = wat::parse_str(text).unwrap();
    Module::validate(&engine, &binary).unwrap();
    assert_eq!(engine.type_counts(), before);
    let error = |bytes: &[u8]| Module::validate(&engine, bytes).unwrap_err();
    assert!(matches!(
        error(b"(module (func (result i32)))"),
        Error::Invalid { .. }
    ));
    assert!(matches!(error(b"(module"), Error::Text(_)));
    assert!(matches!(
        error(&binary[..binary.len() - 1]),
        Error::Invalid { .. }
    ));
    let boxed = b"(module (type $f (func)) (type $k (cont $f))
        (type (struct (field (ref null $k)))))";
    assert!(matches!(error(boxed), Error::Admission(_)));
    let mut config = Config::new();
    config.stack_switching(false);
    let old = Engine::new(&config).unwrap();
    let switching = b"(module (type $f (func)) (type $k (cont $f)))";
    assert!(matches!(
        Module::validate(&old, switching),
        Err(Error::Invalid { .. })
    ));
}

#[test]
fn a_file_is_loaded_as_its_bytes_are() {
    let engine = engine();
    let text = "(module (func (export \"f\") (param i32) (result i32)
        (i32.div_u (i32.const 84) (local.get 0))))";
    let bytes = engine.precompile_module(text.as_bytes()).unwrap();
    assert!(Engine::detect_precompiled(&bytes));
    let file = Scratch::new("good", &bytes);
    let module = load(&engine, &file.0).unwrap();
    // The file may be gone, and written to, by now.
    std::fs::write(&file.0, vec![0xcc; bytes.len()]).unwrap();
    drop(file);
    let mut store = Store::new(&engine, ()).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let f = instance.func(&store, "f").unwrap();
    assert_eq!(f.call(&mut store, &[Val::I32(2)]).unwrap(), [Val::I32(42)]);
    assert!(
        f.call(&mut store, &[Val::I32(0)])
            .unwrap_err()
            .as_trap()
            .is_some()
    );
    assert_eq!(module.serialize().unwrap(), bytes);
}

#[test]
fn files_that_are_none_are_refused() {
    let engine = engine();
    let bytes = engine.precompile_module(b"(module)").unwrap();
    let refused = |name, bytes: &[u8]| {
        let file = Scratch::new(name, bytes);
        match load(&engine, &file.0).unwrap_err() {
            Error::Compiled(error) => error,
            other => panic!("{other}"),
        }
    };
    assert_eq!(refused("empty", b""), CompiledError::NotCompiled);
    assert_eq!(
        refused("wasm", b"\0asm\x01\0\0\0"),
        CompiledError::NotCompiled
    );
    let cut = refused("cut", &bytes[..bytes.len() - 1]);
    assert!(matches!(cut, CompiledError::Length { .. }));
    let mut damaged = bytes.clone();
    *damaged.last_mut().unwrap() ^= 1;
    assert_eq!(refused("damaged", &damaged), CompiledError::Checksum);
    let missing = load(&engine, std::path::Path::new("/no/such")).unwrap_err();
    assert!(matches!(missing, Error::Io { .. }), "{missing}");
    assert!(matches!(
        load(&engine, &std::env::temp_dir()),
        Err(Error::Io { .. })
    ));
}

#[test]
fn a_module_tells_what_is_in_it() {
    let engine = engine();
    let text = r#"(module $m
        (@custom "note" (before first) "one") (@custom "other" "x") (@custom "note" (after func) "two")
        (import "a" "f" (func (param i32)))
        (import "a" "f" (func (param i64)))
        (import "b" "g" (global i32))
        (func (export "run") (result f64) (f64.const 1))
        (memory (export "memory") 1 2)
        (tag (export "tag")))"#;
    let module = Module::new(&engine, text.as_bytes()).unwrap();
    assert_eq!(module.name(), Some("m"));
    let notes: Vec<_> = module.custom_sections("note").collect();
    assert_eq!(notes, [b"one".as_slice(), b"two"]);
    assert_eq!(module.custom_sections("none").count(), 0);
    let imports = module.imports();
    assert_eq!(imports.len(), 3);
    let imports: Vec<_> = imports.map(|i| (i.module(), i.name(), i.ty())).collect();
    let param = |nth: usize| match &imports[nth].2 {
        ExternType::Func(ty) => ty.params.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        [param(0), param(1)],
        [vec![ValType::I32], vec![ValType::I64]]
    );
    assert!(matches!(&imports[2], ("b", "g", ExternType::Global(_))));
    let names: Vec<_> = module.exports().map(|export| export.name()).collect();
    assert_eq!(names, ["run", "memory", "tag"]);
    assert!(
        matches!(module.get_export("memory"), Some(ExternType::Memory(ty)) if ty.maximum == Some(2))
    );
    assert!(module.get_export("f").is_none());
    // Loaded modules have them too.
    let file = Scratch::new("custom", &module.serialize().unwrap());
    let loaded = load(&engine, &file.0).unwrap();
    assert_eq!(loaded.custom_sections("note").collect::<Vec<_>>(), notes);
}

#[test]
fn types_go_to_the_threads_they_are_said_to() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    shared::<Engine>();
    shared::<Config>();
    shared::<Module>();
    shared::<Linker<u32>>();
    shared::<Instance>();
    shared::<Func>();
    shared::<Global>();
    shared::<Table>();
    shared::<Memory>();
    shared::<Tag>();
    shared::<Extern>();
    shared::<HeapHandle>();
    shared::<ContHandle>();
    shared::<Val>();
    shared::<Outcome>();
    shared::<Trap>();
    shared::<StoreLimits>();
    shared::<ObjectGraph>();
    sent::<Store<u32>>();
    sent::<Error>();
    sent::<mangrove::Schedule>();
}
