//! What a fuzzer calls: one function of bytes for each kind of input. `fuzz/` hands them what it
//! finds; a test hands them what is kept in `fuzz/corpus`.
//!
//! ```text
//!  bytes ─┬─ validate   as a module, through all of the validator
//!         ├─ run        as a module, compiled, and each of its exports called
//!         ├─ program    as the choices of the random programs' generator, which an oracle judges
//!         ├─ script     as the text of a script
//!         ├─ compiled   as changes of a compiled file, which must be refused
//!         └─ snapshot   as a saved snapshot, which must be refused or answer all questions
//! ```
//!
//! What runs has little fuel and tight limits, so each call ends soon. How the engine is set follows from
//! the bytes.

mod program;
mod snapshot;

use crate::damage;
use crate::judge::{self, Verdict};
use mangrove::{Config, Engine, Error, GuardKind, Module, OptLevel, ParkPolicy};
use mangrove_workers::Rng;
use std::sync::OnceLock;

/// A kind of input.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, also that of its folder in `fuzz/corpus`.
    pub name: &'static str,
    /// Does with the bytes what there is to do.
    pub play: fn(&[u8]) -> Verdict,
}

/// All of them.
pub const TARGETS: [Target; 6] = [
    Target {
        name: "validate",
        play: validate,
    },
    Target {
        name: "run",
        play: run,
    },
    Target {
        name: "program",
        play: program::program,
    },
    Target {
        name: "script",
        play: script,
    },
    Target {
        name: "compiled",
        play: compiled,
    },
    Target {
        name: "snapshot",
        play: snapshot::snapshot,
    },
];

/// Plays what a fuzzer has found, which ends at the first panic.
///
/// # Panics
/// If there is no such target, or something happened that must not.
pub fn fuzz(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    let verdict = (target.expect("a target").play)(bytes);
    if let Some(fault) = verdict.fault {
        panic!("{name}: {fault}");
    }
}

/// Instructions that a module may execute.
const FUEL: u64 = 10_000;

/// A number that depends on every byte (FNV-1a): settings by it leave the bytes what they are.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// Limits under which everything ends soon, and settings of all kinds.
fn config(rng: &mut Rng) -> Config {
    let mut config = judge::limits();
    config
        .memory_max(1 << 20)
        .table_max(2000)
        .heap_max(1 << 20)
        .continuations_max(200)
        .activations_max(10)
        .instances_max(20);
    settings(&mut config, rng);
    config
}

/// How code is compiled, where stacks lie, and when there are collections.
fn settings(config: &mut Config, rng: &mut Rng) {
    const ZEAL: [&str; 8] = [
        "none",
        "none",
        "alloc:3",
        "switch",
        "move",
        "alloc:2,minor",
        "switch,move,minor",
        "call",
    ];
    config.opt_level(*rng.pick(&[OptLevel::None, OptLevel::Speed, OptLevel::Frame]));
    config.guard(*rng.pick(&[GuardKind::Auto, GuardKind::Mprotect]));
    config.fresh_stacks(rng.one_in(8));
    if rng.one_in(2) {
        config.young_min(4 << 10).young_max(4 << 10);
    }
    match rng.below(3) {
        0 => config.park(ParkPolicy::NEVER),
        1 => config.park(ParkPolicy {
            after: 0,
            keep: 0,
            ..ParkPolicy::DEFAULT
        }),
        _ => config.park(ParkPolicy::DEFAULT),
    };
    if let Ok(zeal) = rng.pick(&ZEAL).parse() {
        config.zeal(zeal);
    }
}

/// An engine, or the fault that there is none.
fn engine(config: &Config, verdict: &mut Verdict) -> Option<Engine> {
    match Engine::new(config) {
        Ok(engine) => Some(engine),
        Err(error) => {
            verdict.fault = Some(format!("no engine: {error}"));
            None
        }
    }
}

/// A module that is validated and not compiled, with and without stack switching.
fn validate(bytes: &[u8]) -> Verdict {
    static ENGINES: OnceLock<[Result<Engine, Error>; 2]> = OnceLock::new();
    let engines = ENGINES.get_or_init(|| {
        [true, false].map(|switching| Engine::new(judge::limits().stack_switching(switching)))
    });
    let mut verdict = Verdict::default();
    for engine in engines {
        match engine {
            Err(error) => verdict.fault = Some(format!("no engine: {error}")),
            Ok(engine) => match Module::validate(engine, bytes) {
                Ok(()) => verdict.add("module: valid"),
                Err(error) => verdict.error("module", &error),
            },
        }
    }
    verdict
}

/// A module that is compiled, and each of whose exports is called.
fn run(bytes: &[u8]) -> Verdict {
    let mut verdict = Verdict::default();
    let mut rng = Rng::new(digest(bytes));
    let mut config = config(&mut rng);
    config.consume_fuel(true);
    if let Some(engine) = engine(&config, &mut verdict) {
        let (binary, fuel) = (bytes.to_vec(), Some(FUEL));
        judge::module(&engine, binary, fuel, &mut rng, &mut |_| (), &mut verdict);
    }
    verdict
}

/// A script.
fn script(bytes: &[u8]) -> Verdict {
    let mut verdict = Verdict::default();
    let mut config = config(&mut Rng::new(digest(bytes)));
    config.consume_fuel(true);
    if let Some(engine) = engine(&config, &mut verdict) {
        let text = String::from_utf8_lossy(bytes);
        judge::script(&engine, &text, Some(FUEL), &mut verdict);
    }
    verdict
}

/// Something of each part of a compiled file.
const COMPILED: &str = r#"(module
    (type $f (func (result i32))) (type $k (cont $f)) (type $pair (struct (field i32) (field anyref)))
    (import "mangrove" "gc" (func $gc))
    (tag $wait (param (ref $pair)))
    (memory 1) (data (i32.const 8) "data") (table 2 funcref) (elem (i32.const 0) $inner)
    (global $last (mut (ref null $pair)) (ref.null $pair))
    (func $inner (type $f)
        (suspend $wait (struct.new $pair (i32.const 1) (ref.i31 (i32.const 2)))) (call $gc)
        (struct.get $pair 0 (ref.as_non_null (global.get $last))))
    (func (export "run") (result i32) (local $k (ref null $k))
        (block $on (result (ref $pair) (ref $k))
            (return (resume $k (on $wait $on) (cont.new $k (ref.func $inner)))))
        (local.set $k) (global.set $last)
        (resume $k (local.get $k))))"#;

/// A compiled file, and the engine that wrote it.
fn compiled_file() -> Result<(Engine, Vec<u8>), Error> {
    let engine = Engine::new(&judge::limits())?;
    let module = Module::new(&engine, COMPILED)?;
    let file = module.serialize()?;
    Ok((engine, file))
}

/// Changes of a compiled file: first how many bytes are cut off, then places and what is written
/// there. Or, if they begin as a compiled file does, they are one.
fn compiled(bytes: &[u8]) -> Verdict {
    static FILE: OnceLock<Result<(Engine, Vec<u8>), Error>> = OnceLock::new();
    let mut verdict = Verdict::default();
    match FILE.get_or_init(compiled_file) {
        Err(error) => verdict.fault = Some(format!("no compiled file: {error}")),
        Ok((engine, file)) if bytes.get(..8) == file.get(..8) => {
            damage::refused(engine, file, bytes, &mut verdict);
        }
        Ok((engine, file)) => {
            let mut rng = Rng::of_bytes(bytes);
            let mut damaged = file.clone();
            if rng.one_in(4) {
                damaged.truncate(rng.below(file.len()));
            }
            for _ in 0..bytes.len() / 3 {
                let at = rng.below(damaged.len());
                let byte = rng.below(256) as u8;
                if let Some(place) = damaged.get_mut(at) {
                    *place = byte;
                }
            }
            damage::refused(engine, file, &damaged, &mut verdict);
        }
    }
    verdict
}
