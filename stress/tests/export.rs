//! Programs for other engines: they do here what they say they must, and the files of a
//! program agree.

use mangrove::{
    Config, ContinuationsInObjects, Engine, Error, Extern, Linker, Module, Store, Val, Zeal,
};
use mangrove_stress::export::{
    Ending, ExportError, ExportOptions, Feature, Form, Program, export, program_of,
};
use mangrove_stress::suites;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Small, and the programs of most suites end at once.
const SCALE: f64 = 0.02;

/// A new folder for a test. The name is the test's own.
fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    path
}

fn write(options: &ExportOptions, folder: &Path) -> Result<u64, ExportError> {
    let exported = export(options, folder, &mut |_, _| {})?;
    Ok(exported.iter().map(|of| of.written).sum())
}

fn small() -> ExportOptions {
    ExportOptions {
        seeds: 0..3,
        scale: SCALE,
        forms: [Form::Wat, Form::Wasm, Form::Wast, Form::BinWast].into(),
        ..ExportOptions::default()
    }
}

/// Runs a program as another engine would, with a collection for each that it asks for.
fn play(program: &Program, config: &Config) -> (u64, Result<Vec<Val>, Error>, Vec<i64>) {
    let engine = Engine::new(config).unwrap();
    let module = Module::new(&engine, &program.wasm).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let mut linker = Linker::new(&engine);
    let asked = Arc::new(AtomicU64::new(0));
    let count = asked.clone();
    let collect = move |mut caller: mangrove::Caller<'_, ()>| {
        count.fetch_add(1, Ordering::Relaxed);
        caller.gc()
    };
    linker.func_wrap("gc", "collect", collect).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance.func(&store, "run").unwrap();
    let arguments: Vec<Val> = program.arguments.iter().map(|&of| Val::I32(of)).collect();
    let result = run.call(&mut store, &arguments);
    let global = |store: &mut Store<()>, name: &str| match instance.export(store, name) {
        Some(Extern::Global(global)) => match global.get(store).unwrap() {
            Val::I64(value) => value,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let globals = program
        .globals
        .iter()
        .map(|&(name, _)| global(&mut store, name));
    let globals = globals.collect();
    (asked.load(Ordering::Relaxed), result, globals)
}

#[test]
fn programs_of_every_suite_that_has_some_do_what_they_must() {
    let mut with_programs = Vec::new();
    for suite in suites() {
        for seed in [3, 4] {
            let program = match program_of(suite.name, seed, SCALE, &[].into()) {
                Ok(program) => program,
                Err(ExportError::NotForOthers { .. }) => break,
                Err(error) => panic!("{}: {error}", suite.name),
            };
            let mut config = Config::new();
            config.zeal(Zeal {
                // Others are too large for a collection at each switch.
                switch: seed == 4 && matches!(suite.name, "random" | "roots"),
                ..Zeal::NONE
            });
            config.continuations_in_objects(ContinuationsInObjects::Trace);
            let name = program.name();
            let (asked, result, globals) = play(&program, &config);
            match (&program.ending, result) {
                (Ending::Returns(wanted), Ok(values)) => {
                    assert!(
                        matches!(values[..], [Val::I64(is)] if is == *wanted),
                        "{name}: {values:?}"
                    );
                }
                (Ending::Traps(reason), Err(Error::Trap(trap))) => {
                    assert!(
                        trap.reason.to_string().starts_with(reason),
                        "{name}: {trap}"
                    );
                }
                (Ending::Throws, Err(Error::Exception(_))) => {}
                (_, other) => panic!("{name}: {other:?}, not {:?}", program.ending),
            }
            let wanted: Vec<i64> = program.globals.iter().map(|&(_, value)| value).collect();
            assert_eq!(globals, wanted, "{name}");
            assert!(asked >= program.collections, "{name}: {asked}");
            with_programs.push(suite.name);
        }
    }
    for name in [
        "random",
        "roots",
        "churn",
        "rings",
        "pipeline",
        "generators",
        "suspended",
    ] {
        assert!(with_programs.contains(&name), "{name} of {with_programs:?}");
    }
}

#[test]
fn what_only_this_engine_has_is_refused() {
    let why = |suite| {
        program_of(suite, 1, SCALE, &[].into())
            .unwrap_err()
            .to_string()
    };
    assert!(
        why("clones").contains("mangrove.clone_cont"),
        "{}",
        why("clones")
    );
    assert!(why("model").contains("not programs"), "{}", why("model"));
    assert!(
        why("overflow").contains("not programs"),
        "{}",
        why("overflow")
    );
    assert!(matches!(
        program_of("none", 1, SCALE, &[].into()),
        Err(ExportError::Suite(_))
    ));
}

#[test]
fn the_files_of_a_program_agree_and_a_seed_gives_the_same_again() {
    let (one, two) = (folder("export-one"), folder("export-two"));
    let options = ExportOptions {
        suites: vec!["random".to_owned(), "roots".to_owned()],
        ..small()
    };
    assert_eq!(write(&options, &one).unwrap(), 6);
    assert_eq!(write(&options, &two).unwrap(), 6);
    let read = |folder: &Path, name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(read(&one, "MANIFEST"), read(&two, "MANIFEST"));
    assert_eq!(read(&one, "MANIFEST").lines().count(), 1 + 6 * 5);
    let mut returned = 0;
    for name in [
        "random-0", "random-1", "random-2", "roots-0", "roots-1", "roots-2",
    ] {
        let wat = read(&one, &format!("{name}.wat"));
        let wasm = fs::read(one.join(format!("{name}.wasm"))).unwrap();
        assert_eq!(wat::parse_str(&wat).unwrap(), wasm);
        let script = read(&one, &format!("{name}.wast"));
        assert!(script.contains(&wat));
        let facts: serde_json::Value =
            serde_json::from_str(&read(&one, &format!("{name}.json"))).unwrap();
        assert_eq!(facts["roots"].is_array(), name.starts_with("roots"));
        // Some end otherwise.
        let Some(value) = facts["expects"]["returns"][0]["value"].as_str() else {
            continue;
        };
        returned += 1;
        let asserted = format!("(assert_return (invoke \"run\") (i64.const {value}))");
        assert!(script.contains(&asserted), "{asserted}");
        let binary = read(&one, &format!("{name}.bin.wast"));
        assert!(binary.contains(&asserted));
        assert!(binary.contains("(module binary\n  \"\\00\\61\\73\\6d"));
    }
    assert!(returned > 1, "{returned}");
}

#[test]
fn only_files_of_an_export_are_written_over() {
    let folder = folder("export-over");
    let options = small();
    write(&options, &folder).unwrap();
    let manifest = fs::read_to_string(folder.join("MANIFEST")).unwrap();
    // The same again, and others beside them.
    fs::write(folder.join("random-0.wat"), "changed").unwrap();
    write(&options, &folder).unwrap();
    assert_eq!(
        fs::read_to_string(folder.join("MANIFEST")).unwrap(),
        manifest
    );
    assert_ne!(
        fs::read_to_string(folder.join("random-0.wat")).unwrap(),
        "changed"
    );
    let more = ExportOptions {
        seeds: 3..4,
        ..small()
    };
    write(&more, &folder).unwrap();
    let both = fs::read_to_string(folder.join("MANIFEST")).unwrap();
    assert!(both.starts_with(&manifest) && both.contains("random-3.wasm"));
    // A file of somebody else.
    fs::write(folder.join("random-5.wasm"), "mine").unwrap();
    let in_the_way = ExportOptions {
        seeds: 4..7,
        ..small()
    };
    let refused = write(&in_the_way, &folder).unwrap_err();
    assert!(matches!(&refused, ExportError::InTheWay { path } if path.ends_with("random-5.wasm")));
    assert_eq!(fs::read(folder.join("random-5.wasm")).unwrap(), b"mine");
    // What was written before that is known, and is done again.
    fs::remove_file(folder.join("random-5.wasm")).unwrap();
    assert_eq!(write(&in_the_way, &folder).unwrap(), 3);
    assert!(!folder.join("MANIFEST.part").exists());
}

#[test]
fn a_link_in_place_of_a_file_is_not_followed() {
    let folder = folder("export-link");
    write(&small(), &folder).unwrap();
    let target = folder.join("mine");
    fs::write(&target, "mine").unwrap();
    fs::remove_file(folder.join("random-1.json")).unwrap();
    std::os::unix::fs::symlink(&target, folder.join("random-1.json")).unwrap();
    write(&small(), &folder).unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"mine");
}

#[test]
fn another_manifest_is_left_alone() {
    for (name, text) in [
        ("export-foreign", "some other project's\n"),
        (
            "export-version",
            "# mangrove stress export, form 0, version 0.0.1\n",
        ),
        ("export-damaged", ""),
    ] {
        let folder = folder(name);
        write(&small(), &folder).unwrap();
        let manifest = folder.join("MANIFEST");
        let text = match text {
            "" => format!("{}not a line\n", fs::read_to_string(&manifest).unwrap()),
            text => text.to_owned(),
        };
        fs::write(&manifest, &text).unwrap();
        let refused = write(&small(), &folder).unwrap_err();
        assert!(matches!(refused, ExportError::Manifest { .. }), "{refused}");
        assert_eq!(fs::read_to_string(&manifest).unwrap(), text);
    }
}

#[test]
fn programs_that_use_what_an_engine_lacks_are_left_out() {
    let folder = folder("export-without");
    let options = ExportOptions {
        suites: vec!["rings".to_owned()],
        without: [Feature::ContinuationsInObjects].into(),
        ..small()
    };
    let exported = export(&options, &folder, &mut |_, _| {}).unwrap();
    assert_eq!((exported[0].written, exported[0].left_out), (0, 3));
}

#[test]
fn random_programs_are_made_without_what_an_engine_lacks() {
    let all = |suite, without: &[Feature]| {
        let without: BTreeSet<Feature> = without.iter().copied().collect();
        let seeds = (0..20).map(|seed| program_of(suite, seed, SCALE, &without).unwrap());
        seeds.collect::<Vec<_>>()
    };
    for suite in ["random", "roots"] {
        let uses = |programs: &[Program], feature| {
            programs
                .iter()
                .filter(|one| one.uses.contains(&feature))
                .count()
        };
        let whole = all(suite, &[]);
        assert_eq!(whole[3].name(), format!("{suite}-3"));
        for feature in Feature::ALL {
            if matches!(feature, Feature::Simd | Feature::Limits) {
                continue;
            }
            assert!(uses(&whole, feature) > 0, "{suite} {feature}");
            let without = all(suite, &[feature]);
            assert_eq!(uses(&without, feature), 0, "{suite} {feature}");
            assert_eq!(without[3].name(), format!("{suite}-3-without-{feature}"));
            assert!(
                without[3]
                    .json()
                    .contains(&format!("\"without\":[\"{feature}\"]"))
            );
        }
    }
}
