//! Files that commands write: none is one that they read, or write for another option. Saved
//! snapshots, and what means nothing beside them.

use crate::common::{Ended, file, mangrove, mangrove_with};
use std::fs;
use std::os::unix::fs::symlink;

const PROGRAM: &str = r#"(module
    (type $s (struct)) (import "mangrove" "gc" (func $gc))
    (table $kept 3 (ref null $s))
    (func (export "main")
        (table.set $kept (i32.const 0) (struct.new $s))
        (call $gc)
        (table.set $kept (i32.const 1) (struct.new $s))
        (call $gc)))"#;

fn path(name: &str) -> String {
    format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"))
}

#[test]
fn what_is_read_is_not_written() {
    let program = file("files-program.wat", PROGRAM);
    let program = program.to_str().unwrap();
    let (link, hard) = (path("files-link.wat"), path("files-hard.wat"));
    for other in [&link, &hard] {
        let _ = fs::remove_file(other);
    }
    symlink(program, &link).unwrap();
    fs::hard_link(program, &hard).unwrap();
    let refused = |arguments: &[&str]| {
        let ended = mangrove_with(arguments);
        ended.is_one_line(2, ["it would be overwritten"]);
        assert_eq!(ended.stdout, "");
        assert_eq!(fs::read_to_string(program).unwrap(), PROGRAM);
        ended
    };
    for to in [program, &link, &hard] {
        refused(&["run", program, "--invoke", "main", "--timeline", to])
            .says(["--timeline ", "is the program itself"]);
        refused(&["compile", program, "--output", to]);
        refused(&["roots", program, "--invoke", "main", "--save", to]);
        refused(&["roots", program, "--invoke", "main", "--out", to]);
    }
    // The one of several that would be.
    let numbered = file("files-moment-2.wat", PROGRAM);
    let (numbered, save) = (numbered.to_str().unwrap(), path("files-moment.wat"));
    let two = [
        "roots", numbered, "--invoke", "main", "--at", "gc:1", "--at", "gc:2", "--save", &save,
    ];
    mangrove_with(&two).is_one_line(2, ["files-moment-2.wat: is the program itself"]);
    assert_eq!(fs::read_to_string(numbered).unwrap(), PROGRAM);
}

#[test]
fn two_options_do_not_write_one_file() {
    let program = file("files-twice.wat", PROGRAM);
    let program = program.to_str().unwrap();
    let (out, link) = (path("files-twice.out"), path("files-twice-link.out"));
    for other in [&out, &link] {
        let _ = fs::remove_file(other);
    }
    // Neither is there yet.
    symlink("files-twice.out", &link).unwrap();
    for save in [&out, &link] {
        let ended = mangrove([
            "roots", program, "--invoke", "main", "--out", &out, "--save", save,
        ]);
        ended.is_one_line(2, ["--save ", "is written by --out"]);
    }
    assert!(!fs::exists(&out).unwrap());
    // What is no file may be written twice.
    let ended = mangrove([
        "roots",
        program,
        "--invoke",
        "main",
        "--out",
        "/dev/null",
        "--save",
        "/dev/null",
    ]);
    ended.prints("");
}

/// Two moments of a run in files, and what was said of them.
fn saved(name: &str) -> (String, String, Ended) {
    let program = file(&format!("files-{name}.wat"), PROGRAM);
    let save = path(&format!("files-{name}.snapshot"));
    let ended = mangrove([
        "roots",
        program.to_str().unwrap(),
        "--invoke",
        "main",
        "--at",
        "gc:1",
        "--at",
        "gc:2",
        "--diff",
        "--save",
        &save,
    ]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let named = |number: u32| path(&format!("files-{name}-{number}.snapshot"));
    (named(1), named(2), ended)
}

#[test]
fn saved_moments_are_told_and_compared() {
    let (first, second, ended) = saved("pair");
    ended.says([
        &format!("note: gc:1 is in {first}\n"),
        &format!("note: gc:2 is in {second}\n"),
    ]);
    for again in [
        mangrove(["roots", &first, &second, "--diff"]),
        mangrove(["roots", &second, "--diff", &first]),
        mangrove(["roots", "--diff", &first, &second]),
    ] {
        again.prints(&ended.stdout);
    }
    // Without a word on what is to be done with two.
    let ended = mangrove(["roots", &first, &second]);
    ended.is_one_line(
        2,
        ["files-pair-1.snapshot ", "files-pair-2.snapshot --diff"],
    );
    let ended = mangrove(["roots", &first, &second, "--diff", &first]);
    ended.is_one_line(2, ["means nothing"]);
    // The earlier one is not overwritten.
    let ended = mangrove(["roots", &second, "--diff", &first, "--save", &first]);
    ended.is_one_line(2, ["is read by --diff"]);
}

#[test]
fn what_is_for_a_run_means_nothing_where_nothing_runs() {
    let (first, ..) = saved("settings");
    for option in [
        &["--zeal", "alloc"][..],
        &["--heap-max=64M"],
        &["--continuations-in-objects", "trace"],
        &["--stub-imports"],
        &["--allow-compiled"],
        &["--at", "gc:1"],
        &["--invoke", "main"],
    ] {
        let name = option[0].split('=').next().unwrap();
        let mut all = vec!["roots", &first];
        all.extend(option);
        let says = format!("is a saved snapshot: nothing runs, so {name} means nothing");
        mangrove_with(&all).is_one_line(2, [&says]);
    }
    let ended = mangrove(["roots", "--attach", "no-such.sock", "--zeal", "alloc"]);
    ended.is_one_line(
        2,
        ["--attach looks at what runs already, so --zeal means nothing"],
    );
    // Arguments are for a function.
    let program = file("files-arguments.wat", PROGRAM);
    for command in ["run", "roots"] {
        let ended = mangrove([command, program.to_str().unwrap(), "5"]);
        ended.is_one_line(2, ["`5` is an argument", "--invoke NAME"]);
    }
}
