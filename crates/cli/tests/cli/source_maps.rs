//! Source lines from a map beside the module.

use crate::common::{Ended, file, mangrove_with};
use std::fs;
use std::path::{Path, PathBuf};

/// Suspends once, is looked at, and traps.
const PROGRAM: &str = r#"(module
    (type $f (func)) (type $k (cont $f)) (tag $pause)
    (global $kept (mut (ref null $k)) (ref.null $k))
    (func $gen (suspend $pause) (unreachable))
    (elem declare func $gen)
    (func $main (export "main")
        (global.set $kept
            (block $on (result (ref $k))
                (resume $k (on $pause $on) (cont.new $k (ref.func $gen)))
                (return))))
    (func (export "trap") (call $main) (resume $k (global.get $kept)))
    (@custom "sourceMappingURL" "@length@url"))"#;

/// The program as a binary, in a folder of its own, with this map beside it.
fn with_map(folder: &str, map: &str) -> PathBuf {
    let folder = file(folder, "").with_extension("d");
    // An earlier run may have left something.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let url = "http://localhost:8000/app.wasm.map";
    let text = PROGRAM.replace("@length", &format!("\\{:02x}", url.len()));
    let text = text.replace("@url", url);
    let module = folder.join("app.wasm");
    fs::write(&module, wat::parse_str(text).unwrap()).unwrap();
    fs::write(folder.join("app.wasm.map"), map).unwrap();
    module
}

/// Where an instruction is: its bytes are looked for.
fn offset(module: &Path, bytes: &[u8]) -> usize {
    let module = fs::read(module).unwrap();
    let mut at = module.windows(bytes.len());
    at.position(|window| window == bytes).unwrap()
}

/// The digits of a number of at most ten bits.
fn number(number: usize) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let value = number << 1;
    let digit = |value: usize| char::from(DIGITS[value]);
    match value {
        0..32 => digit(value).to_string(),
        _ => format!("{}{}", digit((value & 31) | 32), digit(value >> 5)),
    }
}

/// `suspend` stands in line 7 of gen.ts, what follows in line 8.
fn map(module: &Path) -> String {
    // suspend of tag 0, unreachable
    let at = offset(module, &[0xe2, 0, 0]);
    let mappings = format!("{}AMA,{}ACA", number(at), number(2));
    format!(r#"{{"version":3,"sources":["src/gen.ts"],"names":[],"mappings":"{mappings}"}}"#)
}

fn run(arguments: &[&str], module: &Path) -> Ended {
    let (command, rest) = arguments.split_first().unwrap();
    mangrove_with(&[&[*command, module.to_str().unwrap()], rest].concat())
}

#[test]
fn lines_are_wherever_offsets_are() {
    let module = with_map("source-maps", "");
    fs::write(module.with_extension("wasm.map"), map(&module)).unwrap();
    let ended = run(&["run", "--invoke", "trap"], &module);
    assert_eq!(ended.code, Some(134), "{ended:?}");
    assert!(ended.stderr.contains("(src/gen.ts:8:1)"), "{ended:?}");
    assert!(!ended.stderr.contains("note:"), "{ended:?}");

    let faces = [
        (&["--view", "stacks"][..], "(src/gen.ts:7)"),
        (&["--format", "json", "--view", "stacks"], "\"src/gen.ts\""),
        (&["--format", "html"], "src/gen.ts"),
        (&["--format", "dot"], "(src/gen.ts:7)"),
    ];
    for (arguments, expected) in faces {
        let all = [&["roots", "--invoke", "main"], arguments].concat();
        let ended = run(&all, &module);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(
            ended.stdout.contains(expected),
            "{arguments:?}: {}",
            ended.stdout
        );
    }
    let timeline = module.with_extension("json");
    let name = timeline.to_str().unwrap();
    let ended = run(&["run", "--invoke", "main", "--timeline", name], &module);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let written = fs::read_to_string(timeline).unwrap();
    assert!(written.contains("src/gen.ts:7"), "{written}");
}

#[test]
fn a_map_that_is_none_is_a_note() {
    let module = with_map("source-maps-bad", r#"{"version":3,"mappings":"!"}"#);
    let ended = run(&["run", "--invoke", "trap"], &module);
    assert_eq!(ended.code, Some(134), "{ended:?}");
    let note = "app.wasm: there are no source lines: a damaged source map: no digit of base 64";
    assert_eq!(ended.stderr.matches(note).count(), 1, "{ended:?}");
    // Nobody wants a line.
    let ended = run(&["run", "--invoke", "main"], &module);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));

    // A folder in its place, and none at all.
    let map = module.with_extension("wasm.map");
    fs::remove_file(&map).unwrap();
    let ended = run(&["run", "--invoke", "trap"], &module);
    assert!(!ended.stderr.contains("note:"), "{ended:?}");
    fs::create_dir_all(&map).unwrap();
    let ended = run(&["run", "--invoke", "trap"], &module);
    assert!(
        ended.stderr.contains("app.wasm.map: this is no file"),
        "{ended:?}"
    );
}
