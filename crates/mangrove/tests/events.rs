//! What a store tells of: continuations of the host, clones, interruptions, throws, traps,
//! the heap. That switches are told of as they are is in `stress/tests/events.rs`.

mod common;

use common::call;
use mangrove::{
    Caller, Config, End, Engine, Entering, Error, EventKind, FuncType, Hooks, HostAnswer, Instance,
    Linker, Module, Outcome, Store, Tag, UpdateDeadline, Val,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, channel};

/// A text for each event, with names, and numbers only where they say something.
fn text(event: &mangrove::Event<'_>) -> String {
    let place = |at: &Option<mangrove::WasmLocation>| match at.and_then(|at| event.place(at)) {
        Some(place) => format!("${}", place.name.unwrap_or_default()),
        None => "the host".to_owned(),
    };
    let who = |by: &Option<u32>| if by.is_some() { "code" } else { "the host" };
    match event.kind() {
        EventKind::Called { function, .. } => {
            format!(
                "called ${}",
                event.function(*function).name.unwrap_or_default()
            )
        }
        EventKind::Made {
            at,
            by,
            clone_of: None,
            ..
        } => format!("made by {} in {}", who(by), place(at)),
        EventKind::Made { at, by, .. } => format!("cloned by {}, made in {}", who(by), place(at)),
        EventKind::Bound { at, by, .. } => format!("bound by {} in {}", who(by), place(at)),
        EventKind::Resumed {
            by,
            entering,
            at,
            stopped,
            ..
        } => {
            let how = match entering {
                Entering::Resume => "resumed",
                Entering::Throw => "thrown into",
            };
            let fresh = if stopped.is_none() { ", fresh" } else { "" };
            format!("{how} by {} in {}{fresh}", who(by), place(at))
        }
        EventKind::Suspended { to, tag, at, .. } => {
            let tag = tag.map_or("nothing".to_owned(), |tag| event.tag(tag));
            format!("suspended by {tag} in {} to {}", place(at), who(to))
        }
        EventKind::Ended { end, .. } => format!("ended: {end:?}"),
        EventKind::Thrown { tag, at, .. } => format!("thrown {} in {}", event.tag(*tag), place(at)),
        EventKind::Trapped { at, reason, .. } => format!("trapped in {}: {reason}", place(at)),
        EventKind::Deadline { at, .. } => format!("deadline in {}", place(at)),
        EventKind::Parked { .. } => "parked".to_owned(),
        EventKind::Unparked { .. } => "unparked".to_owned(),
        EventKind::Collection { number, kind } => format!("collection {number}: {kind:?}"),
        EventKind::Collected(report) => format!("collected {}", report.reclaimed),
        other => format!("{other:?}"),
    }
}

fn listen<T>(store: &mut Store<T>) -> Receiver<String> {
    let (tell, told) = channel();
    store.observe_events(move |event| {
        if !matches!(event.kind(), EventKind::HeapGrown { .. }) {
            tell.send(text(event)).unwrap();
        }
    });
    told
}

fn switches() -> Config {
    let mut config = Config::new();
    config.hooks(Hooks {
        switches: true,
        ..Hooks::default()
    });
    config
}

#[track_caller]
fn expect(told: &Receiver<String>, lines: &[&str]) {
    let told: Vec<String> = told.try_iter().collect();
    assert_eq!(told, lines);
}

/// A store of an engine whose programs can `stop` by way of a host function.
fn stopping(config: &Config, text: &str) -> (Store<Option<Tag>>, Instance, Tag) {
    let engine = Engine::new(config).unwrap();
    let mut store = Store::new(&engine, None::<Tag>).unwrap();
    let ty = FuncType::default();
    let tag = Tag::new(&mut store, ty.clone()).unwrap();
    *store.data_mut() = Some(tag);
    let mut linker = Linker::new(&engine);
    linker.define_mangrove();
    linker.define(&store, "host", "tag", tag).unwrap();
    let stop = |caller: Caller<'_, Option<Tag>>, _: &[Val], _: &mut [Val]| {
        Ok(HostAnswer::suspend(caller.data().expect("set"), []))
    };
    linker.suspending("host", "stop", ty, stop).unwrap();
    let module = Module::new(&engine, text).unwrap_or_else(|error| panic!("{error}"));
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance, tag)
}

const STOPS: &str = r#"(module
    (import "host" "tag" (tag $tag))
    (import "host" "stop" (func $stop))
    (func $twice (export "twice") (call $stop) (suspend $tag)))"#;

#[test]
fn what_the_host_does_is_told_of() {
    let mut config = switches();
    config.continuation_clone(true);
    let (mut store, instance, tag) = stopping(&config, STOPS);
    let told = listen(&mut store);
    let twice = instance.func(&store, "twice").unwrap();
    let fresh = twice.continuation(&mut store).unwrap();
    let fresh = fresh.bind(&mut store, &[]).unwrap();
    expect(
        &told,
        &[
            "made by the host in the host",
            "bound by the host in the host",
        ],
    );

    let outcome = fresh.resume(&mut store, &[], &[tag]).unwrap();
    let Outcome::Suspended { continuation, .. } = outcome else {
        panic!("{outcome:?}")
    };
    expect(
        &told,
        &[
            "resumed by the host in the host, fresh",
            "suspended by $tag in $twice to the host",
        ],
    );

    let clone = continuation.clone_suspended(&mut store).unwrap();
    expect(&told, &["cloned by the host, made in the host", "parked"]);
    store.park();
    expect(&told, &["parked"]);

    let outcome = clone.resume(&mut store, &[], &[tag]).unwrap();
    let Outcome::Suspended { continuation, .. } = outcome else {
        panic!("{outcome:?}")
    };
    let exception = mangrove::Exception::new(&mut store, tag, vec![]).unwrap();
    let outcome = continuation
        .resume_throw(&mut store, &exception, &[])
        .unwrap();
    assert!(matches!(outcome, Outcome::Thrown(_)));
    expect(
        &told,
        &[
            "resumed by the host in the host",
            "unparked",
            "suspended by $tag in $twice to the host",
            "thrown into by the host in the host",
            "ended: Thrown",
        ],
    );
    drop((continuation, fresh));
    store.gc().unwrap();
    drop(clone);
    expect(&told, &["collection 1: Full", "collected 0"]);
}

const ENDS: &str = r#"(module
    (type $f (func)) (type $k (cont $f))
    (tag $oops)
    (import "mangrove" "gc" (func $gc))
    (func $throws (throw $oops))
    (func $traps (unreachable))
    (func $returns)
    (elem declare func $throws $traps $returns)
    (func $thrown (export "thrown")
        (block $h (try_table (catch $oops $h) (resume $k (cont.new $k (ref.func $throws))))))
    (func $trapped (export "trapped") (resume $k (cont.new $k (ref.func $traps))))
    (func $forgotten (export "forgotten") (drop (cont.new $k (ref.func $returns))) (call $gc))
    (func $forever (export "forever") (loop (br 0))))"#;

fn ends(config: &Config) -> (Store<()>, Instance) {
    common::instance_with(config, ENDS)
}

#[test]
fn every_end_is_told_of() {
    let (mut store, instance) = ends(&switches());
    let told = listen(&mut store);
    call(&mut store, instance, "thrown", &[]).unwrap();
    expect(
        &told,
        &[
            "called $thrown",
            "made by code in $thrown",
            "resumed by code in $thrown, fresh",
            "thrown $oops in $throws",
            "ended: Thrown",
            "ended: Returned",
        ],
    );
    call(&mut store, instance, "trapped", &[]).unwrap_err();
    expect(
        &told,
        &[
            "called $trapped",
            "made by code in $trapped",
            "resumed by code in $trapped, fresh",
            "trapped in $traps: unreachable",
            "ended: Trapped",
            "ended: Trapped",
        ],
    );
    call(&mut store, instance, "forgotten", &[]).unwrap();
    expect(
        &told,
        &[
            "called $forgotten",
            "made by code in $forgotten",
            "collection 1: Full",
            "ended: Collected",
            "collected 1",
            "ended: Returned",
        ],
    );
}

/// A call's own continuation counts at no event, that of its end included.
#[test]
fn counts_hold_at_every_event() {
    let (mut store, instance) = ends(&switches());
    let (tell, told) = channel();
    store.observe_events(move |event| {
        if !matches!(event.kind(), EventKind::HeapGrown { .. }) {
            tell.send(event.counts().continuations).unwrap();
        }
    });
    // As in `every_end_is_told_of`, event by event.
    for (name, counts) in [
        ("thrown", &[0, 1, 1, 1, 0, 0][..]),
        ("forgotten", &[0, 1, 1, 0, 0, 0]),
    ] {
        call(&mut store, instance, name, &[]).unwrap();
        let told: Vec<u64> = told.try_iter().collect();
        assert_eq!(told, counts, "{name}");
    }
    call(&mut store, instance, "trapped", &[]).unwrap_err();
    let told: Vec<u64> = told.try_iter().collect();
    assert_eq!(told, [0, 1, 1, 1, 0, 0]);
}

#[test]
fn a_deadline_and_what_it_cuts_short_are_told_of() {
    let mut config = switches();
    config.epoch_interruption(true);
    let (mut store, instance) = ends(&config);
    let told = listen(&mut store);
    store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(u64::MAX)));
    let forever = instance.func(&store, "forever").unwrap();
    let forever = forever.continuation(&mut store).unwrap();
    let outcome = forever.resume(&mut store, &[], &[]).unwrap();
    assert!(matches!(outcome, Outcome::Interrupted(_)));
    expect(
        &told,
        &[
            "made by the host in the host",
            "resumed by the host in the host, fresh",
            "deadline in $forever",
            "suspended by nothing in $forever to the host",
        ],
    );
}

#[test]
fn the_heap_tells_when_it_takes_more() {
    let text = r#"(module
        (type $a (array (mut i32)))
        (func (export "fill") (param $n i32)
            (local $kept (ref null $a))
            (local.set $kept (array.new_default $a (local.get $n)))
            (drop (array.len (local.get $kept)))))"#;
    let (mut store, instance) = common::instance(text);
    let (tell, told) = channel();
    store.observe_events(move |event| {
        if let EventKind::HeapGrown { bytes } = event.kind() {
            assert!(*bytes >= event.counts().heap_bytes);
            tell.send(*bytes).unwrap();
        }
    });
    for elements in [1000, 1_000_000, 1000, 4_000_000] {
        call(&mut store, instance, "fill", &[Val::I32(elements)]).unwrap();
    }
    let told: Vec<u64> = told.try_iter().collect();
    assert!(
        told.len() >= 2 && told.is_sorted_by(|a, b| a < b),
        "{told:?}"
    );
    assert!(*told.last().unwrap() >= 16_000_000, "{told:?}");
}

#[test]
fn a_panic_of_a_listener_goes_on_and_the_others_hear_all() {
    let (mut store, instance) = ends(&switches());
    store.observe_events(|event| {
        if let EventKind::Ended {
            end: End::Thrown, ..
        } = event.kind()
        {
            panic!("a listener");
        }
    });
    let told = listen(&mut store);
    let done = catch_unwind(AssertUnwindSafe(|| {
        call(&mut store, instance, "thrown", &[])
    }));
    let panic = done.unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"a listener"));
    assert_eq!(told.try_iter().last().as_deref(), Some("ended: Returned"));
    // The store works on.
    let result: Result<_, Error> = call(&mut store, instance, "forgotten", &[]);
    result.unwrap();
    assert_eq!(store.live_continuations(), 0);
}
