//! Little address space, little memory, few threads: the command works with what
//! there is, or ends with exit code 3, and never with a failed check.

use crate::common::{Ended, file, limited, limited_by, mangrove};

/// A thousand continuations suspended at once, a collection, and all resumed.
const CONTINUATIONS: &str = r#"(module
    (import "mangrove" "gc" (func $gc))
    (type $f (func (result i32))) (type $k (cont $f))
    (type $box (struct (field i32)))
    (tag $wait)
    (table $all 1000 (ref null $k))
    (func $inner (result i32) (local $box (ref $box))
        (local.set $box (struct.new $box (i32.const 1)))
        (suspend $wait)
        (struct.get $box 0 (local.get $box)))
    (elem declare func $inner)
    (func (export "run") (result i32) (local $i i32) (local $sum i32)
        (loop $next
            (table.set $all (local.get $i) (block $on (result (ref $k))
                (drop (resume $k (on $wait $on) (cont.new $k (ref.func $inner))))
                (unreachable)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (i32.const 1000))))
        (call $gc)
        (local.set $i (i32.const 0))
        (loop $next
            (local.set $sum (i32.add (local.get $sum)
                (resume $k (table.get $all (local.get $i)))))
            (table.set $all (local.get $i) (ref.null $k))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (i32.const 1000))))
        (local.get $sum)))"#;

/// A memory of 4 MiB, and one that wants 400.
const MEMORY: &str = r#"(module (memory 64)
    (func (export "run") (result i32)
        (i32.store (i32.const 0x3ffffc) (i32.const 7)) (i32.load (i32.const 0x3ffffc)))
    (func (export "beyond") (result i32) (i32.load (i32.const 0x3ffffd))))"#;
const LARGE_MEMORY: &str = "(module (memory 6400))";

/// `ulimit -v`, in KiB: what a batch system may set, and what is too little for
/// anything large.
const SMALL: &str = "ulimit -v 2000000";
const TINY: &str = "ulimit -v 300000";

fn path(name: &str, text: &str) -> String {
    file(name, text).to_str().unwrap().to_owned()
}

/// Asserts exit code 3 and one line that says all this.
#[track_caller]
fn is_refused<const N: usize>(ended: &Ended, parts: [&str; N]) {
    ended.is_one_line(3, parts);
}

#[test]
fn two_gigabytes_are_enough_to_run() {
    let program = path("resources-conts.wat", CONTINUATIONS);
    limited(
        SMALL,
        ["run", &program, "--invoke", "run", "--heap-max", "64M"],
    )
    .prints("1000\n");
    limited(SMALL, ["run", &program, "--invoke", "run"]).prints("1000\n");
    let program = path("resources-memory.wat", MEMORY);
    limited(SMALL, ["run", &program, "--invoke", "run"]).prints("7\n");
    let ended = limited(SMALL, ["run", &program, "--invoke", "beyond"]);
    assert_eq!(ended.code, Some(134), "{ended:?}");
    ended.says(["out of bounds memory access"]);
    let ended = limited(SMALL, ["roots", &program]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn two_gigabytes_are_enough_to_compile_to_test_and_for_stress() {
    let program = path("resources-compile.wat", MEMORY);
    let compiled = program.replace(".wat", ".mgv");
    let ended = limited(SMALL, ["compile", &program, "-o", &compiled]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let run = ["run", &compiled, "--allow-compiled", "--invoke", "run"];
    limited(SMALL, run).prints("7\n");
    // Made for explicit checks, which an engine with room does not have.
    mangrove(run).is_one_line(2, ["memory checks explicit"]);
    let script = path(
        "resources.wast",
        "(module (import \"spectest\" \"memory\" (memory 1)) (memory $m 1)
            (func (export \"f\") (result i32) (i32.load $m (i32.const 4))))
         (assert_return (invoke \"f\") (i32.const 0))",
    );
    let ended = limited(SMALL, ["wast", &script]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let ended = limited(SMALL, ["stress", "suspended"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn what_does_not_fit_is_refused_and_the_limit_is_named() {
    let small = path("resources-tiny.wat", MEMORY);
    let heap = ["run", &small, "--heap-max", "400M"];
    let limit = "RLIMIT_AS (ulimit -v) is 307200000 bytes";
    is_refused(&limited(TINY, heap), ["resources-tiny.wat", "heap", limit]);
    let large = path("resources-large.wat", LARGE_MEMORY);
    is_refused(&limited(TINY, ["run", &large]), ["419495936 bytes", limit]);
    is_refused(&limited(TINY, ["roots", &large]), [limit]);
    // The system's own answer, where nobody had planned for it.
    let ended = limited(TINY, ["run", &large, "--address-space", "100G"]);
    is_refused(&ended, ["Cannot allocate memory (os error 12)", limit]);
    let ended = limited(TINY, ["compile", &small, "--address-space", "1K"]);
    is_refused(&ended, ["address space", "(address_space)"]);
    // Without checks a memory takes what it takes.
    let ended = limited(TINY, ["run", &small, "--memory-checks", "reservation"]);
    is_refused(&ended, ["memory_checks explicit takes less", limit]);
}

#[test]
fn a_lack_of_resources_is_no_failed_directive() {
    let script = path(
        "resources-refused.wast",
        "(module (func (export \"f\")))
         (assert_return (invoke \"f\"))
         (module (memory 6400) (func (export \"g\")))
         (assert_return (invoke \"g\"))
         (assert_unlinkable (module (import \"no\" \"no\" (func))) \"unknown import\")",
    );
    let ended = limited(TINY, ["wast", &script]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(
        ended
            .stdout
            .contains("refused.wast:3:11: module could not run (resource): cannot reserve")
            && ended.stdout.contains("2 passed, 0 failed, then refused"),
        "{ended:?}"
    );
    ended.says(["error: 1 script could not run to its end"]);
    let ended = limited(TINY, ["wast", &script, "--json"]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let outcome: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&outcome["passed"], &outcome["failed"], &outcome["refused"]),
        (&2.into(), &0.into(), &1.into())
    );
    let refused = &outcome["files"][0]["refused"];
    assert_eq!(
        (&refused["line"], &refused["kind"]),
        (&3.into(), &"resource".into())
    );
    // Assertions on how an action ends know nothing of one that could not run.
    for assertion in [
        "(assert_trap (module (memory 6400)) \"x\")",
        "(assert_exhaustion (invoke \"nest\") \"call stack exhausted\")",
        "(assert_trap (invoke \"nest\") \"x\")",
        "(assert_unlinkable (module (import \"spectest\" \"memory\" (memory 1)) (memory 6400)) \"x\")",
    ] {
        let text = format!(
            "(module (type $f (func)) (type $k (cont $f))
                (func $nest (export \"nest\") (resume $k (cont.new $k (ref.func $nest))))
                (elem declare func $nest))
             {assertion}"
        );
        let script = path("resources-assert.wast", &text);
        let ended = limited(TINY, ["wast", &script]);
        assert_eq!(ended.code, Some(3), "{assertion}: {ended:?}");
    }
}

#[test]
fn a_lack_of_resources_is_no_failure_of_a_suite() {
    for (option, size) in [("--address-space", "16M"), ("--memory-limit", "8M")] {
        let ended = mangrove(["stress", "suspended", "model", option, size]);
        assert_eq!(ended.code, Some(3), "{ended:?}");
        assert!(
            ended.stdout.contains("REFUSED") && !ended.stdout.contains("FAILED"),
            "{ended:?}"
        );
        assert!(!ended.stdout.contains("again:"), "{ended:?}");
        ended.says(["could not run to"]);
    }
}

#[test]
fn a_program_that_wants_too_much_of_a_bound_ends_with_a_backtrace() {
    let text = "(module (type $f (func)) (type $k (cont $f))
        (func $nest (export \"nest\") (resume $k (cont.new $k (ref.func $nest))))
        (elem declare func $nest))";
    let program = path("resources-nest.wat", text);
    let ended = mangrove(["run", &program, "--invoke", "nest", "--memory-limit", "32M"]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    ended.says([
        "no stack for a further continuation",
        "(memory_limit)",
        "0: func 0 $nest",
    ]);
}

#[test]
fn little_of_the_systems_stack_and_of_writable_memory_will_do() {
    let program = path("resources-stack.wat", CONTINUATIONS);
    let run = ["run", &program, "--invoke", "run"];
    limited("ulimit -s 64", run).prints("1000\n");
    limited("ulimit -d 100000", run).prints("1000\n");
    let ended = limited("ulimit -d 1500", run);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    ended.says(["RLIMIT_DATA (ulimit -d) is 1536000 bytes"]);
}

/// An allocation that nobody planned for ends the same way.
#[test]
fn an_allocator_without_memory_is_no_abort() {
    let functions: String = (0..500_000).map(|n| format!("(func $f{n})")).collect();
    let program = path("resources-functions.wat", &format!("(module {functions})"));
    let ended = limited("ulimit -v 80000", ["run", &program]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    ended.says([
        "cannot allocate memory",
        "RLIMIT_AS (ulimit -v) is 81920000 bytes",
    ]);
    // A file that does not fit is read by who can do without.
    let program = path(
        "resources-long.wat",
        &format!("(module){}", " ".repeat(80 << 20)),
    );
    let ended = limited("ulimit -v 80000", ["run", &program]);
    is_refused(
        &ended,
        ["cannot read", "resources-long.wat", "RLIMIT_AS (ulimit -v)"],
    );
    std::fs::remove_file(program).unwrap();
}

#[test]
fn memory_limits_are_sizes_or_the_groups() {
    let program = path("resources-limit.wat", MEMORY);
    for limit in ["cgroup", "64M"] {
        mangrove(["run", &program, "--invoke", "run", "--memory-limit", limit]).prints("7\n");
    }
    let ended = mangrove(["run", &program, "--memory-limit", "group"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
}

/// What is printed goes where no more can be written, and that is said.
#[test]
fn output_that_cannot_be_written_is_a_failure() {
    let program = path("resources-full.wat", MEMORY);
    for arguments in [&["--help"][..], &["run", "--help"], &["--version"]] {
        let ended = limited_by("exec > /dev/full", arguments);
        ended.is_one_line(1, ["standard output: No space left on device"]);
    }
    let ended = limited("exec > /dev/full", ["run", &program, "--invoke", "run"]);
    ended.is_one_line(1, ["standard output: No space left on device"]);
    // Nobody reads on: done all the same.
    let ended = limited("exec > >(true) && sleep 0.2", ["--help"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    // Bad usage is told elsewhere.
    let ended = limited("exec > /dev/full", ["--no-such-option"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    ended.says(["--no-such-option"]);
}

#[test]
fn a_file_that_may_not_grow_is_named_and_so_is_the_limit() {
    let program = path("resources-fsize.wat", MEMORY);
    let compiled = program.replace(".wat", ".mgv");
    let ended = limited("ulimit -f 0", ["compile", &program, "-o", &compiled]);
    is_refused(
        &ended,
        [
            "cannot write",
            "resources-fsize.mgv",
            "RLIMIT_FSIZE (ulimit -f) is 0 bytes",
        ],
    );
    let redirect = format!("exec > {compiled} && ulimit -f 0");
    let ended = limited(&redirect, ["run", &program, "--invoke", "run"]);
    is_refused(
        &ended,
        ["standard output", "RLIMIT_FSIZE (ulimit -f) is 0 bytes"],
    );
    let ended = mangrove(["compile", &program, "-o", "/dev/full"]);
    ended.is_one_line(2, ["/dev/full: No space left on device"]);
}

#[test]
fn a_file_without_an_end_is_not_read_for_ever() {
    let limit = "RLIMIT_AS (ulimit -v) is 307200000 bytes";
    for command in ["run", "compile", "wast", "roots"] {
        let ended = limited(TINY, [command, "/dev/zero"]);
        is_refused(&ended, ["cannot read /dev/zero", limit]);
    }
    // More than is read, and nothing of it on any disk.
    let long = file("resources-endless.wat", "");
    let sparse = std::fs::File::options().write(true).open(&long).unwrap();
    sparse.set_len((1 << 30) + 1).unwrap();
    let ended = mangrove(["run", long.to_str().unwrap()]);
    let message = "longer than 1073741824 bytes, the most that is read of a file";
    ended.is_one_line(2, ["resources-endless.wat", message]);
    std::fs::remove_file(long).unwrap();
}

/// Each limit, reached by a directive that asserts none.
#[test]
fn a_limit_that_is_reached_is_no_failed_directive() {
    let nest = "(module (type $f (func)) (type $k (cont $f))
        (func $nest (export \"nest\") (resume $k (cont.new $k (ref.func $nest))))
        (elem declare func $nest))";
    let fill = "(module (type $list (struct (field (ref null $list))))
        (global $list (mut (ref null $list)) (ref.null $list))
        (func (export \"fill\") (loop $more
            (global.set $list (struct.new $list (global.get $list))) (br $more))))";
    let invoke = |name: &str| format!("(invoke \"{name}\")");
    let returns = |name: &str| format!("(assert_return (invoke \"{name}\"))");
    let traps = |name: &str| format!("(assert_trap (invoke \"{name}\") \"unreachable\")");
    let module = "(module)".to_owned();
    for (option, limit, first, then, named) in [
        (
            "--instances-max",
            "2",
            "(module)(module)",
            module,
            "instances_max",
        ),
        (
            "--memory-max",
            "64K",
            "",
            "(module (memory 2))".to_owned(),
            "memory_max",
        ),
        (
            "--table-max",
            "9",
            "",
            "(module (table 10 funcref))".to_owned(),
            "table_max",
        ),
        (
            "--continuations-max",
            "9",
            nest,
            returns("nest"),
            "continuations",
        ),
        ("--nesting-max", "9", nest, invoke("nest"), "nesting_max"),
        ("--stack-bytes-max", "1M", nest, traps("nest"), "stack"),
        ("--heap-max", "1M", fill, returns("fill"), "heap"),
    ] {
        let script = path(
            "resources-limits.wast",
            &format!("{first}\n{then}\n(module)"),
        );
        let ended = mangrove(["wast", &script, option, limit]);
        assert_eq!(ended.code, Some(3), "{option}: {ended:?}");
        let refused = ended.stdout.contains("0 failed, then refused");
        assert!(
            refused && ended.stdout.contains(named),
            "{option}: {ended:?}"
        );
    }
    // One that is asserted holds.
    let text = format!("{nest} (assert_exhaustion (invoke \"nest\") \"\")");
    let script = path("resources-asserted.wast", &text);
    let ended = mangrove(["wast", &script, "--nesting-max", "9"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}
