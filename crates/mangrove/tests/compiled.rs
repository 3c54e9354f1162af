//! Compiled modules as bytes: what comes back, and what is refused.

mod common;

use common::call;
use mangrove::{CompiledError, Config, Engine, Error, Hooks, Linker, Module, OptLevel, Store, Val};
use std::time::Instant;

/// Something of everything the image describes: traps, calls, handlers of
/// exceptions and of suspensions, live references, a data segment.
const RICH: &str = r#"(module $rich
  (type $s (struct (field i32)))
  (type $f (func))
  (type $k (cont $f))
  (import "mangrove" "gc" (func $gc))
  (tag $pause)
  (tag $oops (param i32))
  (memory 1)
  (table 2 funcref)
  (elem (i32.const 0) $body $throws)
  (data (i32.const 8) "\2a")
  (func $body
    (local $s (ref $s))
    (local.set $s (struct.new $s (i32.const 7)))
    (suspend $pause)
    (call $gc)
    (i32.store (i32.const 0) (struct.get $s 0 (local.get $s))))
  (func $throws (throw $oops (i32.const 3)))
  (func (export "run") (result i32)
    (local $k (ref null $k))
    (block $paused (result (ref $k))
      (resume $k (on $pause $paused) (cont.new $k (ref.func $body)))
      (unreachable))
    (local.set $k)
    (call $gc)
    (resume $k (local.get $k))
    (i32.add (i32.load (i32.const 0)) (i32.load (i32.const 8))))
  (func (export "catch") (result i32)
    (block $caught (result i32)
      (try_table (catch $oops $caught) (call_indirect (type $f) (i32.const 1)))
      (i32.const 0)))
  (func $div (export "div") (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0))))"#;

const SMALL: &str = "(module (func (export \"f\") (result i32) (i32.const 1)))";

fn engine() -> Engine {
    Engine::new(&Config::new()).unwrap()
}

fn compiled(engine: &Engine, text: &str) -> Vec<u8> {
    let module = Module::new(engine, text.as_bytes()).unwrap();
    module.serialize().unwrap()
}

fn load(engine: &Engine, file: &[u8]) -> Result<Module, Error> {
    // SAFETY: what is loaded was made here, by `serialize`; what was changed
    // since is refused, which is what the tests are about.
    unsafe { Module::deserialize(engine, file) }
}

fn refused(engine: &Engine, file: &[u8]) -> CompiledError {
    match load(engine, file) {
        Err(Error::Compiled(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_module_comes_back_whole() {
    for settings in [Config::new(), {
        let mut config = Config::new();
        let zeal = "alloc,switch,call".parse().unwrap();
        config.opt_level(OptLevel::None).zeal(zeal);
        config
    }] {
        let file = compiled(&Engine::new(&settings).unwrap(), RICH);
        // As another process would: nothing is left of the engine that compiled.
        let engine = Engine::new(&settings).unwrap();
        let module = load(&engine, &file).unwrap();
        assert_eq!(module.name(), Some("rich"));
        let mut store = Store::new(&engine, ()).unwrap();
        let mut linker = Linker::new(&engine);
        linker.define_mangrove();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let results = call(&mut store, instance, "run", &[]).unwrap();
        assert_eq!(results, [Val::I32(49)]);
        let results = call(&mut store, instance, "catch", &[]).unwrap();
        assert_eq!(results, [Val::I32(3)]);
        let error = call(&mut store, instance, "div", &[Val::I32(0)]).unwrap_err();
        let trap = error.as_trap().unwrap();
        assert_eq!(trap.reason.to_string(), "integer divide by zero");
        let frame = trap.backtrace.frames().next().unwrap();
        assert_eq!(frame.name.as_deref(), Some("div"));
        assert!(frame.offset.is_some());
        // And once more, to the same bytes.
        assert!(module.serialize().unwrap() == file);
    }
}

#[test]
fn every_changed_byte_is_noticed() {
    let engine = engine();
    let mut file = compiled(&engine, SMALL);
    for at in 0..file.len() {
        for flip in [1, 0x80, 0xff] {
            file[at] ^= flip;
            refused(&engine, &file);
            file[at] ^= flip;
        }
    }
    load(&engine, &file).unwrap();
}

#[test]
fn every_missing_or_added_byte_is_noticed() {
    let engine = engine();
    let file = compiled(&engine, SMALL);
    for len in 0..file.len() {
        let error = refused(&engine, &file[..len]);
        let expected = if len < 8 {
            error == CompiledError::NotCompiled
        } else {
            matches!(error, CompiledError::Length { .. })
        };
        assert!(expected, "{len} bytes: {error}");
    }
    let longer = [file.as_slice(), b"x"].concat();
    assert!(matches!(
        refused(&engine, &longer),
        CompiledError::Length { .. }
    ));
}

#[test]
fn other_files_are_no_compiled_modules() {
    let engine = engine();
    for other in [
        b"".as_slice(),
        b"\0asm\x01\0\0\0",
        b"(module)",
        &[0xff; 100],
    ] {
        assert_eq!(refused(&engine, other), CompiledError::NotCompiled);
    }
    // And a compiled module is no Wasm.
    let file = compiled(&engine, SMALL);
    assert!(matches!(
        Module::from_binary(&engine, file),
        Err(Error::Invalid { .. })
    ));
}

#[test]
fn an_engine_of_other_settings_refuses() {
    let file = compiled(&engine(), SMALL);
    let mut configs = vec![Config::new(); 7];
    configs[0].opt_level(OptLevel::None);
    configs[1].canonical_nans(true);
    configs[2].zeal("call".parse().unwrap());
    configs[3].hooks(Hooks {
        calls: false,
        switches: true,
    });
    configs[4].stack_switching(false);
    configs[5].opt_level(OptLevel::Frame);
    configs[6].address_space(1 << 30);
    let differs = [
        ["opt-level inline", "opt-level none"],
        ["canonical NaNs off", "canonical NaNs on"],
        ["hooks none", "hooks calls"],
        ["hooks none", "hooks switches"],
        ["stack switching on", "stack switching off"],
        ["opt-level inline", "opt-level frame"],
        ["memory checks by reservation", "memory checks explicit"],
    ];
    for (config, [made, wanted]) in configs.into_iter().zip(differs) {
        let engine = Engine::new(&config).unwrap();
        let error = refused(&engine, &file);
        let CompiledError::Settings { found, expected } = &error else {
            panic!("{config:?}: {error}")
        };
        assert!(found.contains(made) && expected.contains(wanted), "{error}");
        assert!(error.to_string().contains(wanted), "{error}");
    }
    // What does not change the code does not matter.
    let mut config = Config::new();
    config.heap_max(1 << 20).stack_size(8 << 10).threads(1);
    load(&Engine::new(&config).unwrap(), &file).unwrap();
}

#[test]
fn a_file_of_another_format_is_refused_by_its_number() {
    let engine = engine();
    let mut file = compiled(&engine, SMALL);
    let format = u32::from_le_bytes(file[8..12].try_into().unwrap());
    for other in [format - 1, format + 1] {
        file[8..12].copy_from_slice(&other.to_le_bytes());
        let error = refused(&engine, &file);
        let expected = CompiledError::Format {
            found: other,
            expected: format,
        };
        assert_eq!(error, expected);
        let said = format!("format version {other}, this engine reads version {format}");
        assert_eq!(error.to_string(), said);
    }
}

#[test]
fn loading_is_much_faster_than_compiling() {
    let engine = engine();
    let body = "(local.set 0 (i32.mul (i32.add (local.get 0) (i32.const 7)) (local.get 0)))";
    let function = format!(
        "(func (param i32) (result i32) {} (local.get 0))",
        body.repeat(50)
    );
    let text = format!("(module {})", function.repeat(200));
    let binary = wat::parse_str(&text).unwrap();
    let start = Instant::now();
    let module = Module::from_binary(&engine, binary).unwrap();
    let compiling = start.elapsed();
    let file = module.serialize().unwrap();
    // The best of some, for the machine may be busy.
    let loading = (0..5).map(|_| {
        let start = Instant::now();
        load(&engine, &file).unwrap();
        start.elapsed()
    });
    let loading = loading.min().unwrap();
    assert!(loading * 5 < compiling, "{loading:?} and {compiling:?}");
}
