//! `mangrove compile`, and what it writes.

use crate::common::{file, mangrove};
use std::path::{Path, PathBuf};

const MODULE: &str = r#"(module
  (import "spectest" "print_i32" (func $print (param i32)))
  (start $start)
  (func $start (call $print (i32.const 5)))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func $f (export "trap") (unreachable)))"#;

/// Compiles the module with these options; where it went.
fn compile<const N: usize>(name: &str, options: [&str; N]) -> PathBuf {
    let module = file(&format!("{name}.wat"), MODULE);
    let out = module.with_extension("mgv");
    // What an earlier run of the test left must not pass for this one's.
    let _ = std::fs::remove_file(&out);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mangrove"));
    let command = command.arg("compile").arg(&module).args(options);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    out
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_compiled_module_runs() {
    let path = compile("compiled_runs", []);
    let run = ["run", "--allow-compiled", text(&path), "--invoke"];
    let [a, b, c, d] = run;
    mangrove([a, b, c, d, "add", "2", "3"]).prints("5\n5\n");
    let ended = mangrove([a, b, c, d, "trap"]);
    assert_eq!(ended.code, Some(134), "{ended:?}");
    ended.says(["trap: unreachable", "$f at 0x"]);
}

#[test]
fn the_output_can_be_named() {
    let module = file("compiled_named.wat", MODULE);
    let out = module.with_file_name("compiled_named.out");
    let ended = mangrove(["compile", text(&module), "-o", text(&out)]);
    let size = std::fs::metadata(&out).unwrap().len();
    ended.prints(&format!("{}: {size} bytes\n", out.display()));
    mangrove(["run", text(&out), "--allow-compiled"]).prints("5\n");
}

#[test]
fn scripts_may_be_compiled_modules() {
    let path = compile("compiled_script", []);
    let ended = mangrove(["wast", "--allow-compiled", text(&path)]);
    ended.prints(&format!("5\n{}: 1 passed, 0 failed\n", path.display()));
    mangrove(["wast", text(&path)]).is_one_line(2, ["--allow-compiled"]);
}

#[test]
fn machine_code_runs_only_when_it_is_allowed() {
    let path = compile("compiled_asked", []);
    for command in ["run", "roots"] {
        mangrove([command, text(&path)]).is_one_line(2, ["compiled_asked.mgv", "--allow-compiled"]);
    }
}

#[test]
fn what_does_not_fit_is_refused_in_a_line() {
    let path = compile("compiled_refused", ["--opt-level", "none"]);
    let refused = |parts: [&str; 3]| {
        mangrove(["run", "--allow-compiled", text(&path)]).is_one_line(2, parts);
    };
    refused(["compiled_refused.mgv", "opt-level none", "opt-level inline"]);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    refused(["compiled_refused.mgv", "compiled module refused", "bytes"]);
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    std::fs::write(&path, &damaged).unwrap();
    refused(["compiled_refused.mgv", "damaged", "checksum"]);
    std::fs::write(&path, whole).unwrap();
    let again = [
        "run",
        "--allow-compiled",
        "--opt-level",
        "none",
        text(&path),
    ];
    mangrove(again).prints("5\n");
}

#[test]
fn only_modules_can_be_compiled() {
    let path = compile("compiled_twice", []);
    mangrove(["compile", text(&path)]).is_one_line(2, ["compiled_twice.mgv", "compiled already"]);
    mangrove(["compile", "no/such.wat"]).is_one_line(2, ["no/such.wat", "No such file"]);
    let module = file("compiled_nowhere.wat", MODULE);
    mangrove(["compile", text(&module), "-o", "no/such/folder/x.mgv"])
        .is_one_line(2, ["no/such/folder/x.mgv"]);
}
