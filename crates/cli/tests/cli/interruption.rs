//! Programs without an end are ended: by the time, by fuel, by Ctrl-C.

use crate::common::{file, mangrove, run};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

/// Prints a number, and then runs for ever in a continuation.
const ENDLESS: &str = r#"(module
    (import "spectest" "print_i32" (func $print (param i32)))
    (type $f (func)) (type $k (cont $f))
    (func $spin (loop (br 0)))
    (elem declare func $spin)
    (func (export "run") (call $print (i32.const 1)) (resume $k (cont.new $k (ref.func $spin)))))"#;

#[test]
fn the_time_is_over() {
    let ended = run(
        "timeout.wat",
        ENDLESS,
        ["--invoke", "run", "--timeout", "0.05"],
    );
    // Where it is by then depends on the machine.
    assert_eq!(ended.code, Some(134), "{ended:?}");
    ended.says(["timeout.wat: trap: interrupted: the time is over (--timeout)"]);
    // One that ends earlier does not wait.
    let module = "(module (func (export \"run\") (result i32) (i32.const 5)))";
    run(
        "in_time.wat",
        module,
        ["--invoke", "run", "--timeout", "1000"],
    )
    .prints("5\n");
}

#[test]
fn the_fuel_is_used_up() {
    let ended = run("fuel.wat", ENDLESS, ["--invoke", "run", "--fuel", "1M"]);
    assert_eq!(ended.code, Some(134), "{ended:?}");
    ended.says([
        "fuel.wat: trap: all fuel is used up (--fuel)",
        "func 1 $spin",
        "-- continuation",
    ]);
    let module = "(module (func (export \"run\") (result i32) (i32.const 5)))";
    run("enough.wat", module, ["--invoke", "run", "--fuel", "1"]).prints("5\n");
}

#[test]
fn compiled_code_says_what_it_looks_at() {
    let source = file("compiled_endless.wat", ENDLESS);
    let [source, compiled] = [source.clone(), source.with_extension("mgv")];
    let (source, compiled) = (source.to_str().unwrap(), compiled.to_str().unwrap());
    let timed = [
        "run",
        compiled,
        "--allow-compiled",
        "--invoke",
        "run",
        "--timeout",
        "0.05",
    ];
    assert_eq!(mangrove(["compile", source]).code, Some(0));
    mangrove(timed).is_one_line(2, ["interruption none", "interruption epochs"]);
    assert_eq!(
        mangrove(["compile", source, "--interruptible"]).code,
        Some(0)
    );
    assert_eq!(mangrove(timed).code, Some(134));
    assert_eq!(mangrove(["compile", source, "--metered"]).code, Some(0));
    let metered = [
        "run",
        compiled,
        "--allow-compiled",
        "--invoke",
        "run",
        "--fuel",
        "1000",
    ];
    assert_eq!(mangrove(metered).code, Some(134));
}

#[test]
fn a_script_ends_as_well() {
    let script = format!("{ENDLESS} (invoke \"run\")");
    let script = file("endless.wast", script);
    let ended = mangrove(["wast", script.to_str().unwrap(), "--timeout", "0.05"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("interrupted"), "{ended:?}");
    let ended = mangrove(["wast", script.to_str().unwrap(), "--fuel", "100000"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("fuel is used up"), "{ended:?}");
}

/// Starts a run and waits until the program has begun.
fn started(name: &str, text: &str, option: &str) -> (Child, BufReader<impl Read + use<>>) {
    // Whoever starts the tests may ignore the signal, and what is ignored stays so.
    let mut child = Command::new("env")
        .args([
            "--default-signal=INT",
            env!("CARGO_BIN_EXE_mangrove"),
            "run",
        ])
        .arg(file(name, text))
        .args(["--invoke", "run", option])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "1\n");
    (child, stdout)
}

fn ctrl_c(child: &Child) {
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

#[test]
fn ctrl_c_ends_a_program_with_a_backtrace() {
    let (child, _stdout) = started("ctrl_c.wat", ENDLESS, "--interruptible");
    ctrl_c(&child);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(134), "{stderr}");
    for part in [
        "trap: interrupted by Ctrl-C",
        "func 1 $spin",
        "-- continuation",
        "func 2",
    ] {
        assert!(stderr.contains(part), "{stderr}");
    }
}

#[test]
fn a_second_ctrl_c_ends_the_process() {
    use std::os::unix::process::ExitStatusExt;
    const SIGINT: i32 = 2;
    let (mut child, _stdout) = started("ctrl_c_twice.wat", ENDLESS, "--interruptible");
    ctrl_c(&child);
    ctrl_c(&child);
    // Whichever came first: the trap of the first one, or the end by the second.
    let status = child.wait().unwrap();
    let ended = status.code() == Some(134) || status.signal() == Some(SIGINT);
    assert!(ended, "{status:?}");
}

#[test]
fn without_an_option_ctrl_c_ends_the_process_as_always() {
    use std::os::unix::process::ExitStatusExt;
    const SIGINT: i32 = 2;
    let (mut child, _stdout) = started("ctrl_c_plain.wat", ENDLESS, "--heap-max=1M");
    ctrl_c(&child);
    assert_eq!(child.wait().unwrap().signal(), Some(SIGINT));
}
