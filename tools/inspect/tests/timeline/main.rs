//! Timelines, read by a reader of their own: every slice ends, arrows come from somewhere, time
//! goes on, tracks are known before they are used, counters show what there is.

mod programs;
mod reader;

use mangrove::{Config, Engine, Error, Hooks, Linker, Module, ParkPolicy, Store, Val};
use mangrove_inspect::timeline::{Timeline, TimelineForm, TimelineOptions, TimelineSummary};
use reader::{Kind, chrome, perfetto};
use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

/// What a run left.
struct Ran {
    bytes: Vec<u8>,
    summary: TimelineSummary,
    result: Result<Vec<Val>, Error>,
    counts: mangrove::Counts,
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn switches() -> Config {
    let mut config = Config::new();
    config.hooks(Hooks {
        switches: true,
        ..Hooks::default()
    });
    config.park(ParkPolicy {
        most: 16,
        ..ParkPolicy::default()
    });
    config
}

fn run_with(name: &str, config: &Config, text: &str, options: &TimelineOptions) -> Ran {
    let engine = Engine::new(config).unwrap();
    let module = Module::new(&engine, text).unwrap_or_else(|error| panic!("{error}"));
    let mut store = Store::new(&engine, ()).unwrap();
    let path = file(name);
    let timeline = Timeline::start(&mut store, File::create(&path).unwrap(), options);
    let mut linker = Linker::new(&engine);
    linker.define_mangrove();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let main = instance.func(&store, "main").unwrap();
    let result = main.call(&mut store, &[]);
    let counts = store.counts();
    let summary = timeline.finish(&mut store).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(bytes.len() as u64, summary.bytes);
    Ran {
        bytes,
        summary,
        result,
        counts,
    }
}

fn run(name: &str, text: &str) -> Ran {
    run_with(name, &switches(), text, &TimelineOptions::default())
}

#[test]
fn a_generator_is_a_slice_for_each_turn() {
    let ran = run("generator", programs::GENERATOR);
    assert!(ran.result.is_ok());
    let timeline = perfetto(&ran.bytes, true);
    let on = |track: &str| -> Vec<(Kind, &str, &str)> {
        let points = timeline.points.iter().filter(|point| point.track == track);
        let points = points.map(|point| (point.kind.clone(), &*point.name, &*point.note));
        points.collect()
    };
    let at = |note: &str, function: &str| assert!(note.starts_with(&format!("{function} at 0x")));
    let track = timeline.tracks.iter().find(|name| name.ends_with(" $gen"));
    let turns = on(track.expect("a track of the generator"));
    assert_eq!(turns.len(), 3 * 3 + 2);
    for turn in turns[..9].chunks(3) {
        assert_eq!((&turn[0].0, turn[0].1), (&Kind::Begin, "$gen"));
        assert_eq!((&turn[1].0, turn[1].1), (&Kind::Instant, "suspend $yield"));
        at(turn[1].2, "$gen");
        assert_eq!(turn[2].0, Kind::End);
    }
    let calls = on("calls 1");
    assert_eq!((&calls[0].0, calls[0].1), (&Kind::Begin, "$main"));
    assert_eq!((&calls[1].0, calls[1].1), (&Kind::Instant, "new $gen"));
    assert_eq!((&calls[2].0, calls[2].1), (&Kind::Begin, "resume $gen"));
    at(calls[2].2, "$main");
    assert_eq!(calls.len(), 3 + 2 * 4);
}

/// Each arrow goes from a `resume` by what it resumed to where that suspends; and one from
/// where a continuation is made to where it runs first.
#[test]
fn arrows_go_from_resumptions_to_suspensions() {
    let timeline = perfetto(&run("arrows", programs::GENERATOR).bytes, true);
    let mut ways: std::collections::BTreeMap<u64, Vec<&str>> = Default::default();
    for point in &timeline.points {
        for &flow in point.flows.iter().chain(&point.ends) {
            ways.entry(flow).or_default().push(&point.name);
        }
    }
    let ways: Vec<_> = ways.into_values().collect();
    let turn = vec!["resume $gen", "$gen", "suspend $yield"];
    // The last turn returns.
    let last = vec!["resume $gen", "$gen"];
    let expected = [
        vec!["new $gen", "$gen"],
        turn.clone(),
        turn.clone(),
        turn,
        last,
    ];
    assert_eq!(ways, expected);
}

#[test]
fn collections_have_phases_and_counters_show_what_there_is() {
    let ran = run("collections", programs::COLLECTIONS);
    assert!(ran.result.is_ok());
    let timeline = perfetto(&ran.bytes, true);
    let mut slices = timeline
        .points
        .iter()
        .filter(|point| point.track == "collections");
    let names: Vec<&str> = slices
        .by_ref()
        .filter(|point| point.kind == Kind::Begin)
        .map(|point| point.name.as_str())
        .collect();
    let minor = [
        "minor collection",
        "begin",
        "remembered",
        "roots",
        "copy",
        "weak",
        "flip",
        "clean",
    ];
    let full = [
        "full collection",
        "begin",
        "chain",
        "roots",
        "continuations",
        "copy",
        "weak",
        "flip",
        "clean",
        "reclaim",
    ];
    assert_eq!(names, [&minor[..], &full[..]].concat());
    let counts = ran.counts;
    assert!(counts.continuations > 0 && counts.heap_bytes > 0 && counts.parked > 0);
    for (track, value) in [
        ("heap: objects", counts.heap_bytes),
        ("heap: memory", counts.heap_memory),
        ("continuations", counts.continuations),
        ("parked continuations", counts.parked),
        ("parked frames", counts.parked_bytes),
        ("stacks", counts.stack_bytes),
    ] {
        assert_eq!(timeline.counter(track), Some(value), "{track}");
    }
}

#[test]
fn every_program_keeps_the_rules_in_both_forms() {
    for (name, text, ends_well) in programs::ALL {
        for form in [TimelineForm::Perfetto, TimelineForm::Chrome] {
            // With room for all, for one track, and for none.
            for tracks in [100, 1, 0] {
                let options = TimelineOptions {
                    form,
                    tracks,
                    ..TimelineOptions::default()
                };
                let ran = run_with(
                    &format!("{name} {form:?} {tracks}"),
                    &switches(),
                    text,
                    &options,
                );
                assert_eq!(ran.result.is_ok(), *ends_well, "{name}: {:?}", ran.result);
                let timeline = match form {
                    TimelineForm::Perfetto => perfetto(&ran.bytes, true),
                    TimelineForm::Chrome => chrome(str::from_utf8(&ran.bytes).unwrap(), true),
                };
                assert_eq!(timeline.points.len() as u64, ran.summary.points, "{name}");
                let own = timeline
                    .tracks
                    .iter()
                    .filter(|track| track.starts_with(char::is_numeric));
                assert!(own.count() as u64 <= tracks);
            }
        }
    }
}

#[test]
fn what_ends_a_continuation_is_on_its_track() {
    for (program, name) in [
        (programs::THROWS, "throw $oops"),
        (programs::THROWS, "thrown out of"),
        (programs::TRAPS, "trap: unreachable"),
        (programs::TRAPS, "ended by a trap"),
        (programs::RING, "switch $swap"),
        (programs::COLLECTIONS, "parked"),
        (programs::FORGETS, "collected"),
    ] {
        let timeline = perfetto(
            &run(&name.replace([' ', ':', '$'], "_"), program).bytes,
            true,
        );
        let instants = timeline.named(&Kind::Instant);
        assert!(
            instants.iter().any(|known| known == name),
            "{name}: {instants:?}"
        );
    }
}

#[test]
fn a_long_run_ends_at_the_limit_and_says_so() {
    for form in [TimelineForm::Perfetto, TimelineForm::Chrome] {
        let options = TimelineOptions {
            form,
            limit: 200_000,
            ..TimelineOptions::default()
        };
        let text = programs::turns(100_000);
        let ran = run_with(&format!("limit {form:?}"), &switches(), &text, &options);
        assert!(ran.result.is_ok() && ran.summary.truncated);
        assert!(ran.bytes.len() < 210_000);
        let timeline = match form {
            TimelineForm::Perfetto => perfetto(&ran.bytes, true),
            TimelineForm::Chrome => chrome(str::from_utf8(&ran.bytes).unwrap(), true),
        };
        let last = timeline.points.last().unwrap();
        assert_eq!(last.name, "the timeline ends here: its limit is reached");
    }
}

/// A chain that is suspended and resumed as one again and again costs by what is drawn of it.
#[test]
fn long_chains_are_drawn_in_part() {
    let depths = [10, 400].map(|depth| {
        let ran = run(&format!("chain {depth}"), &programs::chain(depth, 200));
        ran.result.unwrap();
        let timeline = perfetto(&ran.bytes, true);
        timeline.points.len()
    });
    assert!(depths[1] < 6 * depths[0], "{depths:?}");
}

/// Whatever a module calls its things, the file can be read.
#[test]
fn names_of_any_kind_are_written() {
    for form in [TimelineForm::Perfetto, TimelineForm::Chrome] {
        let options = TimelineOptions {
            form,
            title: "\"</script>\u{1}\\\n".to_owned(),
            ..TimelineOptions::default()
        };
        let ran = run_with(
            &format!("names {form:?}"),
            &switches(),
            &programs::odd_names(),
            &options,
        );
        ran.result.unwrap();
        match form {
            TimelineForm::Perfetto => perfetto(&ran.bytes, true),
            TimelineForm::Chrome => chrome(str::from_utf8(&ran.bytes).unwrap(), true),
        };
    }
}

/// A file that was begun and not finished, since the process is gone: what is there is whole.
#[test]
fn what_was_written_so_far_can_be_read() {
    for form in [TimelineForm::Perfetto, TimelineForm::Chrome] {
        let engine = Engine::new(&switches()).unwrap();
        let module = Module::new(&engine, programs::GENERATOR).unwrap();
        let mut store = Store::new(&engine, ()).unwrap();
        let path = file(&format!("begun {form:?}"));
        let options = TimelineOptions {
            form,
            ..TimelineOptions::default()
        };
        let timeline = Timeline::start(&mut store, File::create(&path).unwrap(), &options);
        let instance = Linker::new(&engine)
            .instantiate(&mut store, &module)
            .unwrap();
        let main = instance.func(&store, "main").unwrap();
        let read = || match (form, std::fs::read(&path).unwrap()) {
            (TimelineForm::Perfetto, bytes) => perfetto(&bytes, false).points.len(),
            (TimelineForm::Chrome, bytes) => {
                chrome(str::from_utf8(&bytes).unwrap(), false).points.len()
            }
        };
        let mut before = read();
        for _ in 0..3 {
            main.call(&mut store, &[]).unwrap();
            // It is written within a moment, though nothing more happens.
            while read() == before {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            before = read();
        }
        // It is finished when it is dropped, too.
        drop(timeline);
        main.call(&mut store, &[]).unwrap();
        assert_eq!(read(), before);
    }
}

#[test]
fn a_full_disk_is_an_error_at_the_end_and_the_program_runs() {
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        return;
    };
    let engine = Engine::new(&switches()).unwrap();
    let module = Module::new(&engine, programs::GENERATOR).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let timeline = Timeline::start(&mut store, full, &TimelineOptions::default());
    let instance = Linker::new(&engine)
        .instantiate(&mut store, &module)
        .unwrap();
    let main = instance.func(&store, "main").unwrap();
    main.call(&mut store, &[]).unwrap();
    assert!(timeline.finish(&mut store).is_err());
}

/// Perfetto's own protos read what was written. Makes an environment of Python with them in
/// a temporary folder, from the package index.
#[test]
#[ignore = "needs Python and its package index"]
fn perfettos_own_protos() {
    let folder = file("perfetto-protos");
    let python = folder.join("bin/python");
    let done = |command: &mut Command| assert!(command.status().unwrap().success(), "{command:?}");
    if !python.exists() {
        done(Command::new("python3").args(["-m", "venv"]).arg(&folder));
        let install = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "perfetto==0.59.1",
            "protobuf",
        ];
        done(Command::new(&python).args(install));
    }
    let mut files = Vec::new();
    for (name, text, _) in programs::ALL {
        for tracks in [100, 0] {
            let name = format!("protos {name} {tracks}");
            let options = TimelineOptions {
                tracks,
                ..TimelineOptions::default()
            };
            run_with(&name, &switches(), text, &options);
            files.push(file(&name));
        }
    }
    run_with(
        "protos odd",
        &switches(),
        &programs::odd_names(),
        &TimelineOptions::default(),
    );
    let limited = TimelineOptions {
        limit: 100_000,
        ..TimelineOptions::default()
    };
    run_with(
        "protos limit",
        &switches(),
        &programs::turns(100_000),
        &limited,
    );
    files.extend([file("protos odd"), file("protos limit")]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/timeline/protos.py");
    done(Command::new(&python).arg(script).args(files));
}
