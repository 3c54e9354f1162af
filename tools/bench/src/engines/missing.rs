//! What engines are known not to have: a program that needs it is not run there.
//!
//! An engine that aborts is no measurement, and running it again shows nothing
//! new. When the version of an engine changes, so must this.

use super::EngineKind;
use crate::programs::Program;

/// The version of Wasmtime that all of this is about, as the manifest has it.
const WASMTIME: &str = "Wasmtime 48.0.8";
/// The version of V8.
const V8: &str = "V8 14.6 (Node 26)";
/// Continuations that a store of Wasmtime's can make, whether or not they are over.
const WASMTIME_EVER: f64 = 32_710.0;
/// Continuations that V8 can have at once.
const V8_AT_ONCE: f64 = 30_000.0;
/// How often a worker calls a program.
const CALLS: f64 = 2.0;

/// What the engine does not have that the program needs, with its version.
pub fn missing(engine: EngineKind, program: &Program) -> Option<String> {
    let parks = program.name == "parked";
    let made = match program.operation {
        // By the first call.
        _ if parks => f64::from(program.arg) / CALLS,
        Some(operation) if operation.name == "continuation" => operation.count,
        _ => 0.0,
    };
    // Those that are not run to their end before the next is made.
    let held = matches!(program.name.as_str(), "hold" | "forget" | "parked");
    let at_once = match parks {
        true => f64::from(program.arg),
        false => made,
    };
    let (version, what) = match engine {
        EngineKind::Wasmtime | EngineKind::WasmtimeEpochs | EngineKind::WasmtimeFuel
            if program.name == "gc_in_conts" || parks =>
        {
            (WASMTIME, "no collections while continuations are suspended")
        }
        EngineKind::Wasmtime
        | EngineKind::WasmtimeEpochs
        | EngineKind::WasmtimeFuel
        | EngineKind::WasmtimeNull
            if CALLS * made > WASMTIME_EVER =>
        {
            (
                WASMTIME,
                "no way to free a continuation, and room for 32,710 in a store",
            )
        }
        EngineKind::Node if program.name.starts_with("switch-") => (V8, "no `switch`"),
        EngineKind::Node if held && at_once > V8_AT_ONCE => {
            (V8, "no more than 30,000 to 32,000 continuations at once")
        }
        _ => return None,
    };
    Some(format!("{version} has {what}"))
}

#[cfg(test)]
mod tests {
    use super::{WASMTIME, missing};
    use crate::engines::EngineKind;
    use crate::programs::{Choice, select};

    fn is_missing(engine: EngineKind, request: &str) -> bool {
        let choice = Choice {
            dir: None,
            arg: None,
            modules: &[],
            threads: &[],
        };
        let programs = select(&[request.to_owned()], &choice).expect("a program");
        missing(engine, &programs[0]).is_some()
    }

    #[test]
    fn it_is_about_the_version_that_is_built() {
        let manifest = include_str!("../../Cargo.toml");
        let version = WASMTIME.strip_prefix("Wasmtime ").expect("a name");
        assert!(manifest.contains(&format!("wasmtime = {{ version = \"={version}\"")));
    }

    #[test]
    fn what_is_missing_depends_on_the_program_and_its_argument() {
        use EngineKind::{Mangrove, Node, Wasmtime, WasmtimeNull};
        for (engine, program, expected) in [
            (Wasmtime, "gc_in_conts", true),
            (WasmtimeNull, "gc_in_conts", false),
            (Wasmtime, "parked", true),
            (Node, "parked=30000", false),
            (Node, "parked=100000", true),
            (WasmtimeNull, "parked=30000", false),
            (WasmtimeNull, "parked=100000", true),
            (Wasmtime, "skynet=6", true),
            (Wasmtime, "skynet=3", false),
            (Wasmtime, "hold=16000", false),
            (Wasmtime, "hold=17000", true),
            (Node, "hold=17000", false),
            (Node, "hold=100000", true),
            (Node, "cont_new_run=1000000", false),
            (Node, "forget", true),
            (Mangrove, "forget", false),
            (Mangrove, "skynet=6", false),
        ] {
            assert_eq!(
                is_missing(engine, program),
                expected,
                "{engine:?} {program}"
            );
        }
        let switches = crate::programs::whole(crate::programs::Suite::Switches);
        let without = switches
            .iter()
            .filter(|program| missing(Node, program).is_some());
        assert!(without.count() >= 9, "the rows about `switch`");
    }
}
