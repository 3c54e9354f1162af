#!/usr/bin/env bash
# wat 1.263.0 (wast 263.0.0): legacy exception handling in text.
#
# A guess: a text parser that has `try`, `catch`, `catch_all`, `delegate` and `rethrow` reads them
# in both forms, as it reads every other block: flat (`try … catch … end`) and folded
# (`(try (do …) (catch …))`). The scripts of the proposal itself are written folded.
# What happens: the flat form is read, and encoded with the legacy opcodes. Of the folded form the
# parser takes `(try` for an instruction with operands and stops at `(do` with "unknown operator
# or unexpected token", so that the proposal's scripts cannot be read at all; `(try_table …)` of
# the standard is read in both.
#
# Needs cargo. Installs into a temporary folder; fails if either form is read otherwise.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/src"
cat > "$work/Cargo.toml" <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"
[dependencies]
wat = "=1.263.0"
wast = "=263.0.0"
TOML
cat > "$work/src/main.rs" <<'RUST'
/// The module's bytes, or the first line of the message.
fn parse(body: &str) -> Result<Vec<u8>, String> {
    let text = format!("(module (tag $e) (func {body}))");
    wat::parse_str(text).map_err(|error| error.to_string().lines().next().unwrap_or("").to_owned())
}

/// Whether there is a legacy `try` without results in it.
fn legacy(wasm: &[u8]) -> bool {
    wasm.windows(2).any(|bytes| bytes == [0x06, 0x40])
}

fn main() {
    let flat = parse("try throw $e catch $e end");
    let rethrow = parse("try throw $e catch $e rethrow 0 end");
    let delegate = parse("try nop delegate 0");
    let folded = parse("(try (do (throw $e)) (catch $e))");
    let standard = parse("(block $l (try_table (catch $e $l) (throw $e)))");
    for (form, result) in [
        ("flat try catch", &flat),
        ("flat rethrow", &rethrow),
        ("flat delegate", &delegate),
        ("folded try catch", &folded),
        ("folded try_table", &standard),
    ] {
        match result {
            Ok(wasm) => println!("{form}: {} bytes, legacy `try`: {}", wasm.len(), legacy(wasm)),
            Err(message) => println!("{form}: {message}"),
        }
    }
    for wasm in [flat, rethrow, delegate] {
        assert!(wasm.is_ok_and(|wasm| legacy(&wasm)), "the flat form, by its opcode");
    }
    assert!(standard.is_ok_and(|wasm| !legacy(&wasm)));
    assert!(folded.is_err_and(|message| message.contains("unknown operator")));
}
RUST
cd "$work"
cargo run --quiet
# Seen:
#   flat try catch: 49 bytes, legacy `try`: true
#   flat rethrow: 51 bytes, legacy `try`: true
#   flat delegate: 47 bytes, legacy `try`: true
#   folded try catch: unknown operator or unexpected token
#   folded try_table: 62 bytes, legacy `try`: false
