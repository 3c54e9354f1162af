//! Rounds are played by processes that may die: this test starts itself as a worker, or a shell
//! that behaves as a worker should not.

use mangrove::{Config, Defect};
use mangrove_stress::{
    FailedRound, FailureKind, Quiet, StressOptions, SuiteReport, Verdict, Workers, run,
    run_with_workers, serve_standard,
};
use std::process::Command;
use std::time::Duration;

/// Is set in a worker, to the defect it has.
const ORDER: &str = "MANGROVE_STRESS_WORKER";
/// What every answer has in it that is no failure.
const PASSED: &str = r#"{"Ended":{"figures":{"programs":1,"steps":0,"switches":0,"minor":0,"full":1},"end":"Passed"}}"#;

fn options(suite: &str, count: u64, defect: bool) -> StressOptions {
    let mut config = Config::new();
    if defect {
        config.plant_defect(Defect::KeepUnreached);
    }
    StressOptions {
        suites: vec![suite.to_owned()],
        count: Some(count),
        scale: 0.02,
        max_fail: 100,
        config,
        ..StressOptions::default()
    }
}

/// Does nothing unless the process was started to be a worker.
#[test]
fn the_worker() {
    if let Ok(defect) = std::env::var(ORDER) {
        serve_standard(&options("random", 1, defect == "yes")).unwrap();
    }
}

fn this(defect: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "the_worker", "--nocapture"])
        .env(ORDER, defect);
    command
}

/// A worker that does this with each `$line` it reads.
fn shell(what: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("while read -r line; do {what}; done")]);
    command
}

fn played(
    options: &StressOptions,
    jobs: usize,
    patience: Duration,
    command: &(dyn Fn() -> Command + Sync),
) -> SuiteReport {
    let workers = Workers {
        jobs,
        patience,
        command,
    };
    let mut summary = run_with_workers(options, &workers, &mut Quiet).unwrap();
    summary.suites.remove(0)
}

const LONG: Duration = Duration::from_secs(300);

#[test]
fn who_plays_makes_no_difference() {
    for (suite, defect) in [("random", false), ("random", true), ("rings", false)] {
        let options = options(suite, 12, defect);
        let here = run(&options, &mut Quiet).unwrap().suites.remove(0);
        assert_eq!(here.verdict() == Verdict::Failed, defect, "{here}");
        for jobs in [1, 3] {
            let word = if defect { "yes" } else { "no" };
            let there = played(&options, jobs, LONG, &|| this(word));
            assert_eq!(
                SuiteReport {
                    elapsed_ms: 0,
                    ..there
                },
                SuiteReport {
                    elapsed_ms: 0,
                    ..here.clone()
                }
            );
        }
    }
}

/// One that dies costs itself alone: it is told with its seed, and all others are played.
#[test]
fn a_round_that_kills_its_process_is_a_failure_with_its_seed() {
    let dies = format!(
        r#"case "$line" in *'"seed":4,'*) echo why >&2; kill -SEGV $$;; esac; echo '{PASSED}'"#
    );
    for jobs in [1, 3] {
        let report = played(&options("churn", 9, false), jobs, LONG, &|| shell(&dies));
        assert_eq!((report.rounds, report.figures.full), (9, 8));
        let [
            FailedRound {
                kind,
                seed,
                command,
                message,
                ..
            },
        ] = &report.failures[..]
        else {
            panic!("{report:?}");
        };
        assert_eq!((*kind, *seed), (FailureKind::Crash, 4));
        assert!(
            command.starts_with("mangrove stress churn --seed 4 --count 1 "),
            "{command}"
        );
        assert!(
            message.contains("SIGSEGV") && message.contains("why"),
            "{message}"
        );
    }
}

#[test]
fn one_that_dies_only_after_others_says_so() {
    // The first process dies of its third round, and no other does.
    let marker = std::env::temp_dir().join(format!("mangrove-stress-{}", std::process::id()));
    let dies = format!(
        r#"case "$line" in *'"seed":3,'*) if mkdir {} 2>/dev/null; then kill -ABRT $$; fi;; esac; echo '{PASSED}'"#,
        marker.display()
    );
    let report = played(&options("churn", 5, false), 1, LONG, &|| shell(&dies));
    std::fs::remove_dir(&marker).unwrap();
    let message = &report.failures[0].message;
    assert!(
        message.ends_with("played once more, alone, it did not do so"),
        "{message}"
    );
}

#[test]
fn one_that_is_silent_is_told_and_ended() {
    let sleeps =
        format!(r#"case "$line" in *'"seed":2,'*) exec sleep 1000;; esac; echo '{PASSED}'"#);
    let report = played(
        &options("churn", 3, false),
        1,
        Duration::from_secs(2),
        &|| shell(&sleeps),
    );
    assert_eq!((report.rounds, report.failures.len()), (3, 1));
    assert_eq!(
        (report.failures[0].kind, report.failures[0].seed),
        (FailureKind::Hang, 2)
    );
}

/// A lack of resources, and whatever ends a process from outside, is no failure.
#[test]
fn one_that_is_refused_something_or_killed_from_outside_is_no_failure() {
    for (what, says) in [
        ("echo no memory >&2; exit 3", "no memory"),
        ("kill -KILL $$", "SIGKILL"),
        ("kill -TERM $$", "SIGTERM"),
    ] {
        let report = played(&options("churn", 3, false), 1, LONG, &|| shell(what));
        assert_eq!(report.verdict(), Verdict::Refused, "{report:?}");
        assert!(
            report.refused.as_ref().unwrap().contains(says),
            "{report:?}"
        );
    }
    let nowhere = || Command::new("/nowhere/mangrove");
    let report = played(&options("churn", 3, false), 2, LONG, &nowhere);
    assert!(report.refused.unwrap().contains("cannot start a worker"));
}

/// How a failure was known before it was made smaller is what is told if that kills.
#[test]
fn a_failure_is_known_before_it_is_made_smaller() {
    let failing = r#"{"Failing":{"kind":"wrong","seed":0,"engine":[],"command":"","parameters":"p","message":"wrong","program":"","arguments":[]}}"#;
    let report = played(&options("churn", 1, false), 1, LONG, &|| {
        shell(&format!("echo '{failing}'; kill -SEGV $$"))
    });
    let failure = &report.failures[0];
    assert_eq!(
        (failure.kind, failure.message.as_str(), failure.seed),
        (FailureKind::Wrong, "wrong", 1)
    );
}

/// A program that kills its process is made smaller by processes that it may kill. Here
/// whatever fails does kill: a shell listens to a worker, and dies at the word.
#[test]
fn a_program_that_kills_is_made_smaller() {
    let defect = options("random", 40, true);
    let here = run(
        &StressOptions {
            max_fail: 1,
            ..defect.clone()
        },
        &mut Quiet,
    )
    .unwrap();
    let smallest = &here.suites[0].failures[0];
    let one = StressOptions {
        seed: smallest.seed,
        count: Some(1),
        ..defect
    };
    let exe = std::env::current_exe().unwrap();
    let report = played(&one, 1, LONG, &|| {
        let mut command = Command::new("sh");
        let dies = r#"case "$line" in '{"Failing"'*|'{"Answer":true}') kill -SEGV $$; exit;; esac"#;
        command.args([
            "-c",
            &format!(
                r#"'{}' --exact the_worker --nocapture | while read -r line; do {dies}; printf '%s\n' "$line"; done"#,
                exe.display()
            ),
        ]);
        command.env(ORDER, "yes");
        command
    });
    let failure = &report.failures[0];
    assert_eq!(failure.kind, FailureKind::Crash, "{failure}");
    assert!(failure.program.starts_with("(module"), "{failure}");
    let lines = |failure: &FailedRound| failure.program.lines().count();
    // Fewer processes are tried than programs would be here.
    assert!(
        lines(failure) <= lines(smallest) * 2,
        "{failure}\n{smallest}"
    );
    println!(
        "{} lines, and {} where nothing dies",
        lines(failure),
        lines(smallest)
    );
}
