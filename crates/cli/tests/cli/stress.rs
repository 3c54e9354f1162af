//! `mangrove stress`: what is told, who plays, shards and what they are merged to.

use super::common::{Ended, mangrove, mangrove_with};
use super::schema::stress_report;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What takes longer does not come.
const PATIENCE: Duration = Duration::from_secs(300);

/// A folder of the test's own, empty.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn played(arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mangrove"));
    for name in ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"] {
        command.env_remove(name);
    }
    let command = command.arg("stress").args(arguments);
    let output = command.envs(variables.iter().copied()).output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn report(path: impl AsRef<std::path::Path>) -> Value {
    stress_report(&fs::read_to_string(path).unwrap())
}

/// What came of the suites, whatever time it took.
fn outcome(report: &Value) -> Value {
    let mut suites = report["suites"].clone();
    for suite in suites.as_array_mut().unwrap() {
        suite["elapsed_ms"] = Value::Null;
    }
    suites
}

#[test]
fn suites_are_listed_with_what_they_break() {
    let ended = mangrove(["stress", "--list", "--filter", "ch*,rings"]);
    assert_eq!(ended.code, Some(0));
    let names: Vec<&str> = ended
        .stdout
        .lines()
        .step_by(2)
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(names, ["churn", "rings"]);
    assert!(
        ended
            .stdout
            .lines()
            .skip(1)
            .step_by(2)
            .all(|line| line.contains(" breaks: "))
    );
    mangrove(["stress", "--list", "--filter", "x*"]).is_one_line(2, ["no suite fits x*"]);
}

#[test]
fn reports_say_what_standard_output_does() {
    let folder = folder("stress-reports");
    let paths = [1, 2].map(|jobs| {
        let json = folder.join(format!("{jobs}.json"));
        let xml = folder.join(format!("{jobs}.xml"));
        let jobs = jobs.to_string();
        let ended = mangrove_with(&[
            "stress",
            "random",
            "churn",
            "--count",
            "6",
            "--size",
            "0.02",
            "--matrix",
            "--jobs",
            &jobs,
            "--report",
            &format!("json={}", json.display()),
            "--report",
            &format!("junit={}", xml.display()),
        ]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let lines: Vec<&str> = ended.stdout.lines().collect();
        assert_eq!(lines.len(), 3, "{ended:?}");
        assert!(
            lines[2].starts_with("2 suites, 12 rounds, 12 programs, "),
            "{ended:?}"
        );
        (json, xml)
    });
    let [one, two] = paths.each_ref().map(|(json, _)| report(json));
    assert_eq!(outcome(&one), outcome(&two));
    assert_eq!(
        (&one["verdict"], &one["shard"]),
        (&json!("passed"), &Value::Null)
    );
    assert_eq!(one["campaign"]["suites"], json!(["random", "churn"]));
    let commit = one["build"]["commit"].as_str().unwrap();
    assert!(commit == "unknown" || commit.len() >= 40, "{commit}");
    let text = fs::read_to_string(&paths[0].1).unwrap();
    is_junit(&text, [2, 0, 0, 0]);
    assert!(text.contains("<testcase name=\"random\" classname=\"mangrove.stress\" time=\""));
    // Nothing is left of how they were written.
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 4);
}

/// Checks what readers of these files look at: that it is XML, and that it has as many tests,
/// failures, errors and skipped ones as it says, on both levels.
fn is_junit(text: &str, counts: [usize; 4]) {
    let [tests, failures, errors, skipped] = counts;
    let said = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" time=\"");
    assert_eq!(text.matches(&said).count(), 2, "{text}");
    assert_eq!(
        text.matches(&format!("skipped=\"{skipped}\">")).count(),
        1,
        "{text}"
    );
    for (element, count) in [
        ("testcase", tests),
        ("failure", failures),
        ("error", errors),
        ("skipped", skipped),
    ] {
        assert_eq!(
            text.matches(&format!("<{element} ")).count(),
            count,
            "{text}"
        );
    }
    assert!(
        text.chars().all(|c| c == '\n' || !c.is_control()),
        "{text:?}"
    );
    // Elements are closed in their order, and there is no stray `&` or `"`.
    let mut open = Vec::new();
    for part in text.split('<').skip(2) {
        let (tag, content) = part.split_once('>').unwrap();
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        for entity in part.split('&').skip(1) {
            let (name, _) = entity.split_once(';').unwrap();
            assert!(
                ["amp", "lt", "gt", "quot", "#10", "#9"].contains(&name),
                "{name}"
            );
        }
        assert!(!content.contains('"') || open.len() > 3, "{content}");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if tag.ends_with('/') => {}
            None => open.push(tag.split(' ').next().unwrap()),
        }
    }
    assert!(open.is_empty());
}

const CAMPAIGN: [&str; 9] = [
    "churn", "random", "--matrix", "--count", "11", "--size", "0.02", "--seed", "40",
];

/// Plays a shard of three, as a scheduler calls it. Its report goes into the folder.
fn shard(folder: &std::path::Path, shard: &str, variables: &[(&str, &str)]) {
    let to = format!("json={}/", folder.display());
    let arguments = [&CAMPAIGN[..], &["--shard", shard, "--report", &to]].concat();
    let ended = played(&arguments, variables);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn shards_are_named_by_their_scheduler_and_merge_to_the_whole() {
    let folder = folder("stress-shards");
    let of_array = |index| {
        [
            ("SLURM_ARRAY_TASK_ID", index),
            ("SLURM_ARRAY_JOB_ID", "77"),
            ("SLURM_JOB_ID", "79"),
        ]
    };
    shard(&folder, "auto/3", &of_array("0"));
    shard(&folder, "auto/3", &[("JOB_COMPLETION_INDEX", "1")]);
    shard(&folder, "3/3", &[]);
    let mut names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "stress-2-of-3.json",
            "stress-3-of-3.json",
            "stress-77-0.json"
        ]
    );
    let origin = &report(folder.join("stress-77-0.json"))["origin"];
    assert_eq!(
        *origin,
        json!({"scheduler": "slurm", "job": "77", "index": 0, "restarts": 0})
    );

    let whole = folder.join("whole.xml");
    let merged = folder.join("merged").with_extension("json.out");
    let to = format!("json={}", merged.display());
    let xml = format!("junit={}", whole.display());
    let path = folder.to_str().unwrap();
    let ended = mangrove(["stress", "merge", path, "--report", &to, "--report", &xml]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended
            .stdout
            .contains("3 of 3 shards\n2 suites, 22 rounds, "),
        "{ended:?}"
    );
    let there = folder.join("whole.out");
    let to = format!("json={}", there.display());
    assert_eq!(
        played(&[&CAMPAIGN[..], &["--report", &to]].concat(), &[]).code,
        Some(0)
    );
    assert_eq!(outcome(&report(&merged)), outcome(&report(&there)));
    is_junit(&fs::read_to_string(&whole).unwrap(), [3, 0, 0, 0]);

    // One is missing, and one is there twice.
    let first = folder.join("stress-77-0.json");
    fs::copy(&first, folder.join("copy.json")).unwrap();
    fs::remove_file(folder.join("stress-3-of-3.json")).unwrap();
    let ended = mangrove(["stress", "merge", path, "--report", &xml]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(
        ended.stdout.contains("of 3 shards there is no report of 3"),
        "{ended:?}"
    );
    assert!(
        ended.stdout.contains("shard 1 is in ") && ended.stdout.contains("copy.json"),
        "{ended:?}"
    );
    is_junit(&fs::read_to_string(&whole).unwrap(), [3, 0, 1, 0]);
}

/// A failure in a report, with everything hostile in it.
#[test]
fn a_merge_tells_failures_and_trusts_no_report() {
    let folder = folder("stress-hostile");
    shard(&folder, "1/1", &[]);
    let path = folder.join("stress-1-of-1.json");
    let mut one = report(&path);
    one["suites"][0]["failures"] = json!([{
        "kind": "crash", "seed": 43, "engine": ["--zeal", "call"], "command": "mangrove stress churn --seed 43",
        "parameters": "]]>\u{1b}[31m", "message": "<b>\"&'\u{0}\nsecond", "program": "(module)\n", "arguments": [1],
    }]);
    one["suites"][1]["refused"] = json!("no \u{7} memory");
    one["suites"][1]["figures"]["full"] = json!(u64::MAX);
    one["suites"][0]["figures"]["full"] = json!(u64::MAX);
    fs::write(&path, one.to_string()).unwrap();
    let xml = folder.join("merged.xml");
    let to = format!("junit={}", xml.display());
    let ended = mangrove(["stress", "merge", path.to_str().unwrap(), "--report", &to]);
    ended.is_one_line(1, ["1 suite failed"]);
    assert!(
        ended
            .stdout
            .contains("    again: mangrove stress churn --seed 43\n"),
        "{ended:?}"
    );
    assert!(ended.stdout.contains("commit "), "{ended:?}");
    assert!(
        ended.stdout.chars().all(|c| c == '\n' || !c.is_control()),
        "{ended:?}"
    );
    is_junit(&fs::read_to_string(&xml).unwrap(), [3, 1, 0, 1]);
    let text = fs::read_to_string(&xml).unwrap();
    assert!(
        text.contains("message=\"seed 43: &lt;b&gt;&quot;&amp;'\\u{0}\" type=\"crash\""),
        "{text}"
    );

    let refused = |contents: &str, says: &str| {
        let path = folder.join("other.json");
        fs::write(&path, contents).unwrap();
        let ended = mangrove(["stress", "merge", path.to_str().unwrap()]);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        ended.says([says]);
    };
    refused("", "no report of a stress run");
    refused("[1]", "no report of a stress run");
    refused(
        r#"{"format": "mangrove-roots", "version": 2}"#,
        "but \"mangrove-roots\"",
    );
    refused(
        r#"{"format": "mangrove-stress", "version": 9}"#,
        "a report of version 9",
    );
    refused(&"[".repeat(100_000), "no report of a stress run");
    one["shard"] = Value::Null;
    refused(&one.to_string(), "is no report of a shard");
    one["shard"] = json!({"number": 5, "of": 1});
    refused(&one.to_string(), "is a shard of 1");
    one["shard"] = json!({"number": 1, "of": 1});
    one["campaign"]["seed"] = json!(7);
    fs::write(folder.join("other.json"), one.to_string()).unwrap();
    let ended = mangrove(["stress", "merge", folder.to_str().unwrap()]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    ended.says(["not of the same campaign", "seed: \"7\", \"40\""]);
    mangrove(["stress", "merge", "/nowhere.json"]).is_one_line(2, ["/nowhere.json"]);
}

#[test]
fn what_cannot_be_is_said_before_anything_is_played() {
    let ended = played(&["churn", "--shard", "auto"], &[]);
    ended.is_one_line(2, ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"]);
    let ended = played(
        &["churn", "--shard", "auto"],
        &[("JOB_COMPLETION_INDEX", "3")],
    );
    ended.is_one_line(2, ["--shard auto/N"]);
    let ended = played(
        &["churn", "--shard", "auto/3"],
        &[("JOB_COMPLETION_INDEX", "3")],
    );
    ended.is_one_line(2, ["index 3 is none of 3 shards"]);
    played(&["--report", "json=/nowhere/a.json"], &[]).is_one_line(2, ["/nowhere"]);
    played(&["churm"], &[]).is_one_line(2, ["churm"]);
}

/// The processes that this one has started.
fn children(parent: &Child) -> Vec<u32> {
    let path = format!("/proc/{0}/task/{0}/children", parent.id());
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace()
        .map(|number| number.parse().unwrap())
        .collect()
}

fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what} never came");
        sleep(Duration::from_millis(20));
    }
}

fn signal(name: &str, process: u32) {
    let status = Command::new("kill")
        .args([name, &process.to_string()])
        .status();
    assert!(status.unwrap().success());
}

/// Starts a run that takes long, and waits for its worker.
fn started() -> (Child, u32) {
    let command = ["stress", "suspended", "--size", "20", "--opt-level", "none"];
    let child = Command::new(env!("CARGO_BIN_EXE_mangrove"))
        .args(command)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let worker = until("a worker", || children(&child).first().copied());
    (child, worker)
}

/// A worker that dies is a failure, with a command that plays its round; one that is killed
/// from outside is none.
#[test]
fn workers_that_die_and_workers_that_are_killed() {
    for (name, code, word) in [("-TRAP", 1, "FAILED"), ("-KILL", 3, "REFUSED")] {
        let (child, mut worker) = started();
        signal(name, worker);
        if code == 1 {
            // The round is played once more.
            worker = until("another worker", || {
                children(&child).into_iter().find(|&one| one != worker)
            });
            signal(name, worker);
            // Nothing smaller is known of this suite.
        }
        let output = child.wait_with_output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(code), "{stdout}");
        assert!(stdout.contains(word), "{stdout}");
        let again =
            "again: mangrove stress suspended --seed 1 --count 1 --size 20 --opt-level none";
        assert_eq!(stdout.contains(again), code == 1, "{stdout}");
    }
}

/// Nothing is left of a run that was killed.
#[test]
fn workers_end_with_who_started_them() {
    let (mut child, worker) = started();
    child.kill().unwrap();
    child.wait().unwrap();
    let state = || fs::read_to_string(format!("/proc/{worker}/stat")).unwrap_or_default();
    until("the worker's end", || {
        let state = state();
        // One that nobody waits for is a zombie.
        (state.is_empty() || state.contains(") Z ")).then_some(())
    });
}
