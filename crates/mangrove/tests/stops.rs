//! A run is looked at at each moment that can be written, and code has hooks for that and no
//! others.

mod common;

use mangrove::{
    Config, Engine, Error, HookPlace, Linker, Missed, Module, Moment, OptLevel, PlaceError, StopAt,
    Stops, Store, TrapReason, Val,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;

const GENERATOR: &str = r#"(module
    (type $f (func)) (type $k (cont $f))
    (import "mangrove" "gc" (func $gc))
    (import "mangrove" "minor" (func $minor))
    (tag $yield)
    (func $step (nop))
    (func $gen (export "gen")
        (local $i i32)
        (loop $again
            (call $step)
            (suspend $yield)
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 4)))))
    (elem declare func $gen)
    (func $main (export "main")
        (local $k (ref null $k))
        (local.set $k (cont.new $k (ref.func $gen)))
        (loop $again
            (block $on (result (ref $k))
                (resume $k (on $yield $on) (local.get $k))
                (return))
            (local.set $k)
            (call $minor)
            (call $gc)
            (call $minor)
            (br $again)))
    (func $same) (func $same2) (func (export "3"))
    (func $traps (export "traps") (unreachable) (drop (i32.const 7)))
    (func $forever (export "forever") (loop (br 0))))"#;

/// What a run told: each moment with the function at the top of the running chain's roots.
fn told(stops: &[&str], call: &str) -> (Vec<String>, Vec<Missed>, Result<Vec<Val>, Error>) {
    let parsed = stops.iter().map(|stop| stop.parse().unwrap());
    let mut stops = Stops::new(parsed);
    let mut config = Config::new();
    stops.prepare(&mut config);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, GENERATOR).unwrap();
    stops
        .resolve(&module)
        .unwrap_or_else(|error| panic!("{error}"));
    let mut store = Store::new(&engine, ()).unwrap();
    let (tell, told) = channel();
    let watched = stops.watch(&mut store, move |view, stop| {
        let roots = view.roots().unwrap();
        tell.send(format!("{stop} {} {}", view.collections(), roots.frames))
            .unwrap();
        if matches!(stop, StopAt::After(_)) {
            view.interrupt();
        }
    });
    let watched = watched.unwrap();
    let mut linker = Linker::new(&engine);
    linker.define_mangrove();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let result = common::call(&mut store, instance, call, &[]);
    let missed = watched.finish(&mut store);
    drop((store, watched));
    (told.iter().collect(), missed, result)
}

/// The offset of the Nth instruction with this first byte in the body of a function.
fn offset_in(function: u32, opcode: u8, nth: usize) -> u32 {
    let module = Module::new(&Engine::new(&Config::new()).unwrap(), GENERATOR).unwrap();
    let parsed = module.parsed();
    let body = &parsed.bodies[(function - parsed.imported_functions) as usize];
    let mut offsets = body.range.clone().filter(|&at| parsed.bytes[at] == opcode);
    offsets.nth(nth).unwrap() as u32
}

#[test]
fn each_moment_comes_once_at_its_number() {
    let suspend = offset_in(3, 0xe2, 0);
    let at = format!("at:{suspend:#x}:3");
    let stops = [
        "gc:2",
        "gc-minor:3",
        "gc-full:2",
        "suspend:2",
        "resume:3",
        "enter:$step:2",
        "enter:gen",
        &at,
        "end",
    ];
    let (told, missed, result) = told(&stops, "main");
    assert_eq!(result.unwrap(), []);
    assert_eq!(missed, []);
    // In the order in which they come, with the collections before them.
    let expected = [
        "enter:gen 0",
        "gc:2 1",
        "enter:$step:2 3",
        "suspend:2 3",
        "gc-minor:3 3",
        "gc-full:2 4",
        "resume:3 6",
        "3 6",
        "end 12",
    ];
    let told: Vec<&str> = told
        .iter()
        .map(|line| line.rsplit_once(' ').unwrap().0)
        .collect();
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.ends_with(expected), "{told} {expected}");
    }
    assert_eq!(told.len(), expected.len());
}

#[test]
fn what_did_not_come_is_told_with_how_many_there_were() {
    let at = format!("at:{:#x}:9", offset_in(3, 0xe2, 0));
    let stops = [
        "gc:99",
        "gc-minor:99",
        "gc-full:99",
        "suspend:99",
        "resume:99",
        "enter:step:99",
        &at,
        "trap",
        "after:1000",
    ];
    let (told, missed, result) = told(&stops, "main");
    assert_eq!(result.unwrap(), []);
    assert!(told.is_empty());
    let missed: Vec<String> = missed.iter().map(Missed::to_string).collect();
    let expected = [
        "collection 99 never came: the run ended after 12",
        "minor collection 99 never came: the run ended after 8",
        "full collection 99 never came: the run ended after 4",
        "suspension 99 never came: the run ended after 4",
        "resumption 99 never came: the run ended after 5",
        "entry 99 of step never came: the run ended after 4",
        &format!(
            "execution 9 of {:#x} never came: the run ended after 4",
            offset_in(3, 0xe2, 0)
        ),
        "the run ended without a trap",
        "the run ended before 1000 s had passed",
    ];
    assert_eq!(missed, expected);
}

#[test]
fn traps_and_times_are_moments() {
    let (lines, missed, result) = told(&["trap"], "traps");
    assert!(result.is_err() && missed.is_empty() && lines.len() == 1);
    let (lines, missed, result) = told(&["after:0.05"], "forever");
    assert_eq!((lines.len(), missed.len()), (1, 0));
    match result {
        Err(Error::Trap(trap)) => {
            assert_eq!(trap.reason, TrapReason::Interrupt);
            assert!(trap.to_string().contains("$forever"), "{trap}");
        }
        other => panic!("{other:?}"),
    }
    // Two times, of which the first interrupts.
    let (lines, missed, _) = told(&["after:5000", "after:0.05"], "forever");
    assert_eq!((lines.len(), missed.len()), (1, 1));
}

fn module_with(places: &[HookPlace]) -> Module {
    let mut config = Config::new();
    for place in places {
        config.hook_place(place.clone());
    }
    Module::new(&Engine::new(&config).unwrap(), GENERATOR).unwrap()
}

fn error(place: &HookPlace) -> PlaceError {
    module_with(&[]).check_place(place).unwrap_err()
}

fn entry(name: &str) -> HookPlace {
    HookPlace::Entry(name.to_owned())
}

#[test]
fn places_that_are_none_are_refused_by_name_and_by_neighbour() {
    let first = offset_in(3, 0x03, 0);
    // The end of `$gen`, a byte inside of an instruction, the header, the end of all.
    let inside = offset_in(3, 0xe2, 0) + 1;
    let message = error(&HookPlace::Offset(inside)).to_string();
    let (before, behind) = (inside - 1, inside + 1);
    let expected = format!(
        "{inside:#x} is no instruction to stop at; the nearest are at {before:#x} and {behind:#x}"
    );
    assert_eq!(message, expected);
    assert!(matches!(
        error(&HookPlace::Offset(3)),
        PlaceError::NoInstruction {
            before: None,
            behind: Some(_),
            ..
        }
    ));
    assert!(matches!(
        error(&HookPlace::Offset(u32::MAX)),
        PlaceError::NoInstruction {
            before: Some(_),
            behind: None,
            ..
        }
    ));
    assert!(
        module_with(&[])
            .check_place(&HookPlace::Offset(first))
            .is_ok()
    );
    // `else` and `end` do nothing.
    let end = offset_in(3, 0x0b, 0);
    assert!(matches!(
        error(&HookPlace::Offset(end)),
        PlaceError::NoInstruction { .. }
    ));

    let message = error(&entry("nobody")).to_string();
    assert!(message.starts_with("there is no function \"nobody\"; functions: $step, $gen"));
    assert_eq!(
        error(&entry("$gc")).to_string(),
        "function \"$gc\" is imported: its code is not in this module"
    );
    assert!(matches!(error(&entry("99")), PlaceError::NoFunction { .. }));
    let module = module_with(&[]);
    let index = |name: &str| module.check_place(&entry(name)).unwrap().as_u32();
    assert_eq!((index("2"), index("step"), index("$step")), (2, 2, 2));
    // A number is an index, whatever is exported under it.
    assert_eq!(index("3"), 3);
}

#[test]
fn what_is_never_executed_or_has_no_hook_is_refused() {
    let dead = HookPlace::Offset(offset_in(8, 0x41, 0));
    let mut stops = Stops::new([StopAt::Offset {
        offset: offset_in(8, 0x41, 0),
        number: 1,
    }]);
    let refused = stops.resolve(&module_with(&[dead]));
    assert!(
        matches!(refused, Err(PlaceError::Unreachable { .. })),
        "{refused:?}"
    );
    let mut stops = Stops::new(["enter:$gen".parse().unwrap()]);
    assert_eq!(
        stops.resolve(&module_with(&[])),
        Err(PlaceError::NotCompiled)
    );
    assert_eq!(
        stops.resolve(&module_with(&[entry("gen")])),
        Err(PlaceError::NotCompiled)
    );
    assert_eq!(stops.resolve(&module_with(&[entry("$gen")])), Ok(()));
}

#[test]
fn code_with_such_hooks_is_not_kept_in_files() {
    let module = module_with(&[entry("$gen")]);
    let error = module.serialize().unwrap_err();
    assert!(
        error.to_string().contains("hooks at places of its own"),
        "{error}"
    );
    let file = module_with(&[]).serialize().unwrap();
    #[allow(unsafe_code)]
    // SAFETY: it was made just now.
    let error = unsafe { Module::deserialize(module.engine(), &file) }.unwrap_err();
    assert!(
        error.to_string().contains("hooks none and at places"),
        "{error}"
    );
}

/// A hook changes nothing of what a program computes or uses of fuel, wherever it is and however the
/// function is compiled.
#[test]
fn a_hook_at_any_instruction_changes_nothing() {
    let text = r#"(module (memory 1)
        (func $f (export "f") (param $n i32) (result i32) (local $sum i32)
            (block $out
                (loop $again
                    (br_if $out (i32.eqz (local.get $n)))
                    (local.set $sum (i32.add (local.get $sum) (i32.load (i32.const 0))))
                    (i32.store (i32.const 0) (local.get $n))
                    (if (i32.and (local.get $n) (i32.const 1))
                        (then (local.set $sum (i32.mul (local.get $sum) (i32.const 3))))
                        (else (local.set $sum (i32.xor (local.get $sum) (i32.const 5)))))
                    (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                    (br $again)))
            (i32.div_s (local.get $sum) (i32.const 7))))"#;
    for level in [OptLevel::Speed, OptLevel::None, OptLevel::Frame] {
        let run = |place: Option<u32>| {
            let mut config = Config::new();
            config.opt_level(level).consume_fuel(true);
            if let Some(offset) = place {
                config.hook_place(HookPlace::Offset(offset));
            }
            let engine = Engine::new(&config).unwrap();
            let module = Module::new(&engine, text).unwrap();
            let mut store = Store::new(&engine, ()).unwrap();
            let reached = Arc::new(AtomicU32::new(0));
            let count = Arc::clone(&reached);
            store.observe(Box::new(move |_, moment| {
                let reaches = u32::from(moment == Moment::Reach);
                count.fetch_add(reaches, Ordering::Relaxed);
            }));
            store.set_fuel(10_000).unwrap();
            let instance = Linker::new(&engine)
                .instantiate(&mut store, &module)
                .unwrap();
            let result = common::call(&mut store, instance, "f", &[Val::I32(9)]).unwrap();
            (
                result,
                store.get_fuel().unwrap(),
                reached.load(Ordering::Relaxed),
            )
        };
        let (result, fuel, _) = run(None);
        let module = Module::new(&Engine::new(&Config::new()).unwrap(), text).unwrap();
        let body = module.parsed().bodies[0].range.clone();
        let mut places = 0;
        for offset in body.start as u32..body.end as u32 {
            if module.check_place(&HookPlace::Offset(offset)).is_err() {
                continue;
            }
            places += 1;
            let hooked = run(Some(offset));
            assert_eq!(
                (&hooked.0, hooked.1),
                (&result, fuel),
                "{offset:#x} {level}"
            );
            assert!((1..=10).contains(&hooked.2), "{offset:#x}: {}", hooked.2);
        }
        assert!(places >= 30, "{places}");
    }
}
