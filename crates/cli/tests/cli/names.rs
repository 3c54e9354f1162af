//! Names from outside reach the terminal as text to look at: whatever they are, no
//! control character and no mark of direction, and no line that is not ours.

use crate::common::{Ended, file, mangrove, run};

/// In names below: a line break, an escape sequence, its one-byte form, a mark of
/// direction, what is not seen (two tags, a soft hyphen, a filler), and what has a meaning in
/// pages and graphs.
const NASTY: &str =
    r#"\nerror: forged\1b[31m\c2\9b2J\e2\80\ae\f3\a0\80\81\f3\a0\81\81\c2\ad\e3\85\a4<b>&\"|{}"#;

/// Every kind of name there is, in a program that suspends, traps, and holds
/// objects everywhere.
fn module() -> String {
    r#"(module $"mod@"
        (type $"ty@" (struct (field $"fi@" i32) (field (mut anyref))))
        (type $f (func)) (type $k (cont $f))
        (tag $"tag@")
        (func $"fn@" (local $"lo@" anyref)
            (local.set $"lo@" (struct.new $"ty@" (i32.const 1) (ref.null any)))
            (suspend $"tag@") (drop (local.get $"lo@")))
        (elem declare func $"fn@" $"boom@")
        (global $"glo@" (mut (ref null $k)) (ref.null $k))
        (global $"obj@" (mut anyref) (ref.null any))
        (table $"tab@" 1 anyref)
        (func (export "main") (export "ex@")
            (block $h (result (ref $k))
                (resume $k (on $"tag@" $h) (cont.new $k (ref.func $"fn@")))
                (return))
            (global.set $"glo@")
            (table.set $"tab@" (i32.const 0) (struct.new $"ty@" (i32.const 1) (ref.null any)))
            (global.set $"obj@" (struct.new $"ty@" (i32.const 1) (ref.null any))))
        (func $"boom@" (unreachable))
        (func (export "trap") (resume $k (cont.new $k (ref.func $"boom@"))))
        (func (export "unhandled") (suspend $"tag@")))"#
        .replace('@', NASTY)
}

/// Asserts that both outputs are lines of text, and that the names are in them.
#[track_caller]
fn is_clean(ended: &Ended, named: bool) {
    let text = format!("{}{}", ended.stdout, ended.stderr);
    for character in text.chars() {
        let bad = (character.is_control() && character != '\n')
            || matches!(character, '\u{202a}'..='\u{202e}' | '\u{ad}' | '\u{3164}' | '\u{e0000}'..='\u{e0fff}');
        assert!(!bad, "{character:?} in {text}");
    }
    assert!(
        !text.lines().any(|line| line.starts_with("error: forged")),
        "{text}"
    );
    assert_eq!(text.contains("forged"), named, "{text}");
}

#[test]
fn in_backtraces_and_reports() {
    for name in ["trap", "unhandled"] {
        let ended = run("names.wat", module(), ["--invoke", name]);
        assert_eq!(ended.code, Some(134), "{ended:?}");
        is_clean(&ended, true);
    }
    for json in [
        &["--report", "continuations"][..],
        &["--report", "continuations", "--json"],
    ] {
        let mut arguments = vec!["--invoke", "main"];
        arguments.extend(json);
        let arguments: [&str; 5] = match arguments[..] {
            [a, b, c, d] => [a, b, c, d, "--top=5"],
            [a, b, c, d, e] => [a, b, c, d, e],
            _ => unreachable!(),
        };
        let ended = run("names.wat", module(), arguments);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        is_clean(&ended, true);
    }
}

#[test]
fn in_root_sets_of_every_format() {
    let path = file("names-roots.wat", module());
    let path = path.to_str().unwrap();
    for format in ["text", "json", "dot", "html", "heapsnapshot"] {
        let ended = mangrove(["roots", path, "--invoke", "main", "--format", format]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        is_clean(&ended, true);
    }
    for view in ["roots", "stacks", "shapes", "types", "suspects"] {
        for format in ["text", "json"] {
            let arguments = ["roots", path, "--invoke", "main", "--view", view];
            let [a, b, c, d, e, f] = arguments;
            let ended = mangrove([a, b, c, d, e, f, "--format", format]);
            assert_eq!(ended.code, Some(0), "{ended:?}");
            // In a store so small nothing is suspected.
            is_clean(&ended, view != "suspects");
        }
    }
    for question in ["--why", "--open", "--what-if-drop"] {
        let ended = mangrove(["roots", path, "--invoke", "main", question, "table 0"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        is_clean(&ended, true);
    }
    let nobody = format!("$nobody{}", "\u{1b}[31m");
    let ended = mangrove(["roots", path, "--invoke", "main", "--why", &nobody]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    is_clean(&ended, false);
}

#[test]
fn in_messages_about_modules() {
    is_clean(
        &run("names-export.wat", module(), ["--invoke", "nobody"]),
        true,
    );
    let import = r#"(module (import "m@" "n@" (func)))"#.replace('@', NASTY);
    is_clean(&run("names-import.wat", import, []), true);
    let twice = r#"(module (func (export "e@")) (func (export "e@")))"#.replace('@', NASTY);
    let ended = run("names-twice.wat", twice, []);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    is_clean(&ended, true);
    let admission = r#"(module (type $f (func)) (type $k (cont $f))
        (type $"s@" (struct (field $"f@" (ref null $k)))))"#
        .replace('@', NASTY);
    let ended = run("names-admission.wat", admission, []);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    is_clean(&ended, true);
    let unknown = r#"(module (func (call $"f@")))"#.replace('@', NASTY);
    is_clean(&run("names-unknown.wat", unknown, []), true);
}

#[test]
fn in_scripts() {
    let script = r#"(module (func (export "f") (result i32) (i32.const 1)))
        (assert_return (invoke "f@") (i32.const 1))
        (assert_return (invoke $"i@" "f") (i32.const 1))
        (assert_trap (invoke "f") "nothing@")
        (assert_invalid (module) "@")"#
        .replace('@', NASTY);
    let path = file("names.wast", script);
    let path = path.to_str().unwrap();
    for json in [
        ["wast", path, "--opt-level", "none"],
        ["wast", path, "--json", "--no-park"],
    ] {
        let ended = mangrove(json);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        is_clean(&ended, true);
    }
}

#[test]
fn in_names_of_files() {
    let name = "forged\u{1b}[31m\n\u{9b}error: forged.wat";
    let path = file(name, "(module (func (export \"f\") unreachable))");
    let path = path.to_str().unwrap();
    let compiled = format!("{path}.mgv");
    for arguments in [
        ["run", path, "--invoke", "f"],
        ["run", path, "--invoke", "g"],
        ["run", "no/forged\u{1b}[31m\nerror: forged", "--invoke", "g"],
        ["wast", path, "--opt-level", "none"],
        ["compile", path, "-o", &compiled],
    ] {
        is_clean(&mangrove(arguments), true);
    }
}
