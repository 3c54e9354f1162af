//! `roots --at`: every moment that can be written, and what is said of those that cannot be
//! or never come.

use crate::common::{Ended, file, mangrove};

const PROGRAM: &str = r#"(module
    (type $f (func)) (type $k (cont $f)) (type $s (struct (field i32)))
    (import "mangrove" "minor" (func $minor))
    (tag $yield)
    (func $touch (param (ref $s)) (result i32) (struct.get $s 0 (local.get 0)))
    (func $gen (local $s (ref $s))
        (local.set $s (struct.new $s (i32.const 1)))
        (drop (call $touch (local.get $s)))
        (suspend $yield)
        (drop (call $touch (local.get $s))))
    (elem declare func $gen)
    (func (export "run") (local $k (ref null $k))
        (local.set $k (block $on (result (ref $k))
            (resume $k (on $yield $on) (cont.new $k (ref.func $gen)))
            (return)))
        (call $minor)
        (resume $k (local.get $k)))
    (func $forever (export "forever") (loop (br 0)))
    (func (export "traps") (unreachable) (nop)))"#;

/// Each test has a file of its own: they run beside each other.
fn at(name: &str, moment: &str, function: &str) -> Ended {
    let path = file(name, PROGRAM);
    let path = path.to_str().unwrap();
    mangrove(["roots", path, "--invoke", function, "--at", moment])
}

#[test]
fn the_root_set_at_every_moment() {
    for (moment, part) in [
        ("gc:1", "$gen at "),
        ("gc-minor:1", "$gen at "),
        ("suspend:1", "$gen at "),
        ("resume:2", "$gen at "),
        ("enter:$touch", "$touch at "),
        ("enter:touch:2", "$touch at "),
        ("enter:run", "0 roots, 1 continuation"),
        ("end", "0 roots, 0 continuations"),
    ] {
        let ended = at("moments_every.wat", moment, "run");
        assert_eq!(ended.code, Some(0), "{moment}: {ended:?}");
        assert!(ended.stdout.contains(part), "{moment}: {ended:?}");
    }
    let ended = at("moments_every.wat", "trap", "traps");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    // A program that does not end is ended.
    let ended = at("moments_every.wat", "after:0.1", "forever");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stdout.contains("0 roots, 1 continuation"),
        "{ended:?}"
    );
}

#[test]
fn an_offset_is_taken_from_a_message_and_used() {
    let ended = at("moments_offset.wat", "suspend:1", "run");
    let (_, rest) = ended.stdout.split_once("$gen at ").unwrap();
    let offset = rest
        .split_whitespace()
        .next()
        .unwrap()
        .trim_end_matches([',', ':', ')']);
    let ended = at("moments_offset.wat", &format!("at:{offset}"), "run");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stdout.contains(&format!("$gen at {offset}")),
        "{ended:?}"
    );
    let inside = u32::from_str_radix(&offset[2..], 16).unwrap() + 1;
    let ended = at("moments_offset.wat", &format!("at:{inside}"), "run");
    let said = format!("{inside:#x} is no instruction to stop at; the nearest are at {offset}");
    ended.is_one_line(2, [said.as_str()]);
}

#[test]
fn what_cannot_be_or_never_comes_is_one_line() {
    let cases: [(&str, i32, &str); 7] = [
        (
            "gc-full:1",
            1,
            "full collection 1 never came: the run ended after 0",
        ),
        (
            "resume:3",
            1,
            "resumption 3 never came: the run ended after 2",
        ),
        (
            "enter:touch:3",
            1,
            "entry 3 of touch never came: the run ended after 2",
        ),
        ("after:3600", 1, "the run ended before 3600 s had passed"),
        (
            "enter:$toch",
            2,
            "there is no function \"$toch\"; functions: $touch, $gen",
        ),
        ("enter:$minor", 2, "is imported"),
        (
            "at:3",
            2,
            "0x3 is no instruction to stop at; the nearest is at 0x",
        ),
    ];
    for (moment, code, said) in cases {
        at("moments_never.wat", moment, "run").is_one_line(code, [said]);
    }
    for moment in [
        "",
        "gc",
        "gc:0",
        "suspend:x",
        "trap:1",
        "enter:",
        "at:x",
        "after:-1",
    ] {
        let ended = at("moments_never.wat", moment, "run");
        assert_eq!(ended.code, Some(2), "{moment}: {ended:?}");
        assert!(ended.stderr.contains("expected "), "{moment}: {ended:?}");
    }
}
