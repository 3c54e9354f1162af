//! `--trace`: each channel has something to tell of a program that does all there is.

use crate::common::{file, mangrove};

const TEXT: &str = r#"(module
    (rec (type $sf (func (param (ref null $sk)))) (type $sk (cont $sf)))
    (type $f (func)) (type $k (cont $f))
    (type $box (struct (field i32)))
    (import "mangrove" "gc" (func $gc))
    (tag $ask) (tag $sw) (tag $e)
    (global $kept (mut (ref null $box)) (ref.null $box))
    (func $gen (suspend $ask))
    (func $other (type $sf) (switch $sk $sw (local.get 0)) (drop))
    (func $first (type $sf) (switch $sk $sw (cont.new $sk (ref.func $other))) (drop))
    (func $boom (unreachable))
    (elem declare func $gen $other $first $boom)
    (func $started (result (ref $k))
        (block $on (result (ref $k))
            (resume $k (on $ask $on) (cont.new $k (ref.func $gen)))
            (unreachable)))
    (func (export "run")
        (global.set $kept (struct.new $box (i32.const 7)))
        (drop (call $started))
        (call $gc)
        (resume $sk (on $sw switch) (ref.null $sk) (cont.new $sk (ref.func $first)))
        (block $h (try_table (catch $e $h) (resume_throw $k $e (call $started))))
        (resume $k (cont.new $k (ref.func $boom)))))"#;

/// What each channel says, and a word of every kind of line that is sure to come.
const CHANNELS: &[(&str, &[&str])] = &[
    ("stack", &["reserved", "made"]),
    (
        "cont",
        &[
            "initial continuation",
            "made",
            "Collected",
            "Thrown",
            "Trapped",
        ],
    ),
    ("switch", &["resume", "suspend", "switch", "resume_throw"]),
    ("gc", &["full collection"]),
    ("roots", &["root set", "root"]),
    ("compile", &["compiled", "loaded"]),
    // These speak where something was refused or stands in the way.
    ("memory", &[]),
    ("resource", &[]),
    ("signals", &[]),
];

#[test]
fn every_channel_speaks() {
    let path = file("trace.wat", TEXT);
    let path = path.to_str().unwrap();
    let silent = mangrove(["run", path, "--invoke", "run"]);
    assert_eq!(silent.code, Some(134), "{silent:?}");
    for (channel, words) in CHANNELS {
        let ended = mangrove(["run", path, "--invoke", "run", "--trace", channel]);
        assert_eq!(ended.code, Some(134), "{ended:?}");
        let target = format!("mangrove::{channel}: ");
        let lines: Vec<_> = ended
            .stderr
            .lines()
            .filter(|line| line.contains(&target))
            .collect();
        for word in *words {
            assert!(
                lines.iter().any(|line| line.contains(word)),
                "{channel} {word}: {ended:?}"
            );
        }
        // What was said without, and a line for each event.
        let others = ended.stderr.lines().count() - lines.len();
        assert_eq!(others, silent.stderr.lines().count(), "{ended:?}");
    }
}

#[test]
fn the_channels_are_all_here() {
    let readme = include_str!("../../../../README.md");
    for (channel, _) in CHANNELS {
        assert!(readme.contains(&format!("| `{channel}` |")), "{channel}");
    }
    let unknown = mangrove(["run", "x.wat", "--trace", "nothing"]);
    assert_eq!(unknown.code, Some(2));
    let possible = unknown.stderr.split_once("possible values: ").unwrap().1;
    let possible = possible.split(']').next().unwrap();
    assert_eq!(possible.split(", ").count(), CHANNELS.len(), "{possible}");
}
