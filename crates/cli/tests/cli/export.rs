//! `mangrove stress export`: the scripts it writes pass here, and what it refuses.

use crate::common::{mangrove, mangrove_with};
use std::fs;
use std::path::PathBuf;

fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    path
}

#[test]
fn exported_scripts_pass() {
    let folder = folder("export-scripts");
    let at = folder.to_str().unwrap();
    let suites = "random,roots,churn,rings,pipeline,generators,suspended";
    let ended = mangrove([
        "stress",
        "export",
        at,
        "--suite",
        suites,
        "--seeds",
        "5..8",
        "--scale",
        "0.02",
        "--form",
        "wast,bin.wast",
    ]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stdout.starts_with("random: 3 programs\n"),
        "{ended:?}"
    );
    let mut scripts: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .filter(|path| path.ends_with(".wast"))
        .collect();
    scripts.sort_unstable();
    assert_eq!(scripts.len(), 7 * 3 * 2);
    let mut words = vec!["wast", "--continuations-in-objects", "trace"];
    words.extend(scripts.iter().map(String::as_str));
    let ended = mangrove_with(&words);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    // Two modules, a name, the call and a global of each at the least; and of some a sum.
    let total = ended.stdout.lines().last().unwrap_or_default();
    let passed = total
        .strip_prefix("total: ")
        .and_then(|rest| rest.strip_suffix(" passed, 0 failed"));
    let passed: usize = passed.expect(total).parse().unwrap();
    assert!(passed >= 5 * scripts.len(), "{ended:?}");
}

#[test]
fn bad_requests_are_refused() {
    let folder = folder("export-refused");
    let at = folder.to_str().unwrap();
    for (words, says) in [
        (&["--seeds", "5..5"][..], "there is no seed between these"),
        (&["--seeds", "0..2", "--suite", "none"], "no suite \"none\""),
        (
            &["--seeds", "0..2", "--suite", "clones"],
            "mangrove.clone_cont",
        ),
        (
            &["--seeds", "0..2", "--without", "everything"],
            "invalid value",
        ),
        (&["--seeds", "0..2", "--form", "exe"], "invalid value"),
        (&["--seeds", "0..2", "--scale", "0"], "a number over 0"),
        (&[], "--seeds"),
    ] {
        let ended = mangrove_with(&[&["stress", "export", at], words].concat());
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(says), "{says}: {ended:?}");
    }
    assert!(!folder.exists());
    fs::write(&folder, "a file").unwrap();
    let ended = mangrove(["stress", "export", at, "--seeds", "1"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert_eq!(fs::read_to_string(&folder).unwrap(), "a file");
    fs::remove_file(folder).unwrap();
}
