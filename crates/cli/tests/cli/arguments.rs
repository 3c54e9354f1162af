//! What `--invoke` takes, and how it says that it does not.

use crate::common::{fed, run, run_with};

const IDENTITY: &str = "(module
  (type $s (struct))
  (func (export \"id\") (param $n i32) (param i64 f32 f64 v128 i31ref externref anyref)
    (result i32 i64 f32 f64 v128 i31ref externref anyref)
    (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5)
    (local.get 6) (local.get 7))
  (func (export \"one\") (param $n i32))
  (func (export \"float\") (param $f f32))
  (func (export \"small\") (param i31ref))
  (func (export \"struct\") (param $s (ref null $s)))
  (func (export \"some\") (param (ref $s))))";

#[test]
fn what_is_printed_is_taken() {
    let given = [
        "0xff",
        "-1",
        "-nan:0x1",
        "-0x1.8p3",
        "0x0000000000000000000000000000002a",
        "-5",
        "(extern 9)",
        "(host 3)",
    ];
    let first = run_with(
        "identity.wat",
        IDENTITY,
        &[&["--invoke", "id"], &given[..]].concat(),
    );
    assert_eq!(first.code, Some(0), "{first:?}");
    let printed: Vec<_> = first.stdout.lines().collect();
    assert_eq!(
        printed,
        [
            "255",
            "-1",
            "-nan:0x1",
            "-12.0",
            "0x0000000000000000000000000000002a",
            "(ref.i31 -5)",
            "(extern 9)",
            "(host 3)"
        ]
    );
    let again = run_with(
        "identity2.wat",
        IDENTITY,
        &[&["--invoke", "id"], &printed[..]].concat(),
    );
    again.prints(&first.stdout);
}

#[test]
fn a_bad_argument_names_the_parameter() {
    for (function, text, why) in [
        (
            "one",
            "4294967296",
            "($n i32): \"4294967296\" is out of range: -2147483648 to 4294967295",
        ),
        ("one", "1.5", "($n i32): \"1.5\" is no integer"),
        ("one", "", "($n i32): \"\" is no integer"),
        ("float", "one", "($f f32): \"one\" is no float"),
        (
            "small",
            "3000000000",
            "((ref null i31)): \"3000000000\" is neither null nor an i31",
        ),
        ("struct", "5", "($s (ref null $s)): \"5\" is not null"),
        (
            "some",
            "null",
            "((ref $s)): \"null\" is no value of a type without null",
        ),
        (
            "some",
            "5",
            "((ref $s)): \"5\" is no value: none of this type has a text",
        ),
    ] {
        run("bad_argument.wat", IDENTITY, ["--invoke", function, text])
            .is_one_line(2, ["bad_argument.wat: argument 1 ", why]);
    }
}

#[test]
fn a_wrong_number_of_arguments() {
    run("none.wat", IDENTITY, ["--invoke", "one"])
        .is_one_line(2, ["takes 1 argument, 0 were given: (func (param i32))"]);
    run("two.wat", IDENTITY, ["--invoke", "one", "1", "2"])
        .is_one_line(2, ["takes 1 argument, 2 were given"]);
}

#[test]
fn a_dash_is_standard_input() {
    let module = "(module (func (export \"f\") (result i32) (i32.const 5)))";
    fed(module, &["run", "-", "--invoke", "f"]).prints("5\n");
    fed(module, &["validate", "-"]).prints("standard input: valid\n");
    fed("(module (func (drop)))", &["run", "-"])
        .is_one_line(2, ["standard input:1:16: invalid module at offset 0x"]);
    fed(module, &["compile", "-"]).is_one_line(2, ["standard input has no name", "--output"]);
    let script = "(module (func (export \"f\")))\n(assert_return (invoke \"f\"))";
    fed(script, &["wast", "-"]).prints("standard input: 2 passed, 0 failed\n");
    fed("(module) (", &["wast", "-"]).is_one_line(2, ["standard input:1:"]);
}
