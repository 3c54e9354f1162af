//! A small part of what `mangrove-mutants` is for, with every test run.

use std::process::Command;

#[test]
fn no_input_of_a_few_hundred_is_a_fault() {
    let output = Command::new(env!("CARGO_BIN_EXE_mangrove-mutants"))
        .args(["--seeds", "0..400"])
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    // The inputs are what they should be: some are still run, many are refused.
    for kind in [
        "module: instantiated",
        "call: returned",
        "module: rejected, invalid",
    ] {
        assert!(said.contains(kind), "no {kind}: {said}");
    }
    for kind in ["compiled: Checksum", "script: rejected"] {
        assert!(said.contains(kind), "no {kind}: {said}");
    }
}
