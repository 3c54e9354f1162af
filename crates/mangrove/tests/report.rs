//! The report on continuations: what each is, and why it is alive.

mod common;

use common::{call, instance_with};
use mangrove::{
    Config, ContinuationReport, ContinuationsReport, FrameOwner, Hooks, Instance, Moment, Reason,
    ReportOptions, RootOwner, SortBy, State, Store,
};
use std::sync::{Arc, Mutex};

const PROGRAM: &str = r#"(module $lives
    (type $f (func)) (type $k (cont $f))
    (type $g (func (param (ref null $k)) (param i64))) (type $kg (cont $g))
    (type $h (func (param i64))) (type $kh (cont $h))
    (tag $wait)
    (table $kept 8 (ref null $k))
    (global $only (mut (ref null $k)) (ref.null $k))
    (global $bound (mut (ref null $kh)) (ref.null $kh))
    (func $sleep (suspend $wait))
    (func $over (resume $k (cont.new $k (ref.func $sleep))))
    (func $hold (param $held (ref null $k)) (param i64)
        (suspend $wait)
        (resume $k (local.get $held)))
    (elem declare func $sleep $over $hold)
    (func $asleep (param $what (ref $f)) (result (ref $k))
        (block $on (result (ref $k))
            (resume $k (on $wait $on) (cont.new $k (local.get $what)))
            (unreachable)))
    (func (export "keep")
        ;; Two, suspended as one, in a table.
        (table.set $kept (i32.const 3) (call $asleep (ref.func $over)))
        ;; Held by the frame of another, which a global holds.
        (global.set $only (block $on (result (ref $k))
            (resume $kg (on $wait $on) (call $asleep (ref.func $sleep)) (i64.const 1)
                (cont.new $kg (ref.func $hold)))
            (unreachable)))
        ;; Bound to a fresh one.
        (global.set $bound (cont.bind $kg $kh (call $asleep (ref.func $sleep))
            (cont.new $kg (ref.func $hold))))
        ;; Held by nothing.
        (drop (call $asleep (ref.func $sleep))))
    (func $look (export "look") (suspend $wait))
    (func $inner (call $asleep (ref.func $look)) (drop))
    (elem declare func $look $inner)
    (func (export "nested") (resume $k (cont.new $k (ref.func $inner)))))"#;

fn world(config: &Config) -> (Store<()>, Instance) {
    instance_with(config, PROGRAM)
}

fn all(store: &mut Store<()>) -> ContinuationsReport {
    let options = ReportOptions {
        top: usize::MAX,
        ..ReportOptions::default()
    };
    store.continuations(options).unwrap()
}

/// Those that were made from this function.
fn named<'r>(report: &'r ContinuationsReport, name: &str) -> Vec<&'r ContinuationReport> {
    let is = |one: &&ContinuationReport| one.function.name.as_deref() == Some(name);
    report.continuations.iter().filter(is).collect()
}

fn holder(one: &ContinuationReport) -> &Reason {
    &one.why.as_ref().unwrap().links.last().unwrap().by
}

#[test]
fn each_is_told_with_its_names_and_its_reason() {
    for park in [false, true] {
        let (mut store, instance) = world(&Config::new());
        call(&mut store, instance, "keep", &[]).unwrap();
        if park {
            assert_eq!(store.park(), 7);
        }
        let report = all(&mut store);
        let counts = &report.registry;
        assert_eq!((counts.live, counts.suspended, counts.fresh), (7, 6, 1));
        assert_eq!((report.continuations.len(), report.omitted), (7, 0));

        let [over] = named(&report, "over")[..] else {
            panic!()
        };
        let Reason::Chain { inner } = *holder(over) else {
            panic!()
        };
        let inner = &report
            .continuations
            .iter()
            .find(|one| one.id == inner)
            .unwrap();
        let table = RootOwner::Table {
            instance: Some(0),
            index: 0,
            element: 3,
        };
        assert_eq!(*holder(inner), Reason::Slot { owner: table });
        assert_eq!((inner.parent, over.parent), (Some(over.id), None));
        assert_eq!(over.why.as_ref().unwrap().links.len(), 2);

        let holds = named(&report, "hold");
        let held = |by: u32| {
            let by_it = |one: &&ContinuationReport| {
                let reason = one.why.as_ref().map(|_| holder(one));
                matches!(reason, Some(Reason::Slot {
                    owner: RootOwner::Frame(FrameOwner { continuation, .. })
                        | RootOwner::BoundArgument { continuation, .. },
                }) if *continuation == by)
            };
            report.continuations.iter().filter(by_it).count()
        };
        for hold in &holds {
            let Reason::Slot { owner } = *holder(hold) else {
                panic!()
            };
            let fresh = hold.state == State::Fresh;
            let index = if fresh { 1 } else { 0 };
            let instance = Some(0);
            assert_eq!(owner, RootOwner::Global { instance, index });
            assert_eq!(held(hold.id), 1);
            let ty = "(cont (func (param (ref null $k) i64)))";
            assert_eq!(hold.ty, ty);
            assert_eq!(hold.function.module.as_deref(), Some("lives"));
            let made = hold.created.as_ref().unwrap();
            assert_eq!(made.module.as_deref(), Some("lives"));
            assert!(made.offset.is_some());
            match &hold.stopped {
                Some(place) => assert_eq!(place.name.as_deref(), Some("hold")),
                None => assert!(fresh),
            }
            assert_eq!(hold.parked, park);
            assert_eq!((hold.frames == 0, hold.roots == 0), (fresh, fresh));
        }
        assert_eq!(holds.len(), 2);

        let lost = report.continuations.iter().filter(|one| one.why.is_none());
        let lost: Vec<_> = lost.map(|one| one.id).collect();
        store.gc().unwrap();
        let after = all(&mut store);
        assert_eq!((lost.len(), after.registry.live), (1, 6));
        assert!(
            after
                .continuations
                .iter()
                .all(|one| one.age == 1 && !lost.contains(&one.id))
        );
        store.gc().unwrap();
        assert!(all(&mut store).continuations.iter().all(|one| one.age == 2));
    }
}

#[test]
fn a_handle_of_the_host_is_a_reason() {
    let (mut store, instance) = world(&Config::new());
    let look = instance.func(&store, "look").unwrap();
    let held = look.continuation(&mut store).unwrap();
    let report = all(&mut store);
    let [one] = &report.continuations[..] else {
        panic!()
    };
    assert_eq!(
        (one.state, &one.created, one.frames),
        (State::Fresh, &None, 0)
    );
    let owner = RootOwner::Handle { index: 0 };
    assert_eq!(*holder(one), Reason::Slot { owner });
    drop(held);
    assert_eq!(all(&mut store).continuations[0].why, None);
}

#[test]
fn what_runs_is_told_from_a_moment_of_it() {
    let mut config = Config::new();
    config.hooks(Hooks {
        calls: false,
        switches: true,
    });
    let (mut store, instance) = world(&config);
    let seen = Arc::new(Mutex::new(None));
    let list = Arc::clone(&seen);
    store.observe(Box::new(move |view, moment| {
        if moment == Moment::Suspend(1) {
            let options = ReportOptions {
                sort: SortBy::Depth,
                ..ReportOptions::default()
            };
            *list.lock().unwrap() = Some(view.continuations(options).unwrap());
        }
    }));
    call(&mut store, instance, "nested", &[]).unwrap();
    let report = seen.lock().unwrap().take().unwrap();
    let counts = &report.registry;
    assert_eq!(
        (counts.running, counts.parents, counts.activations),
        (1, 2, 1)
    );
    // The initial one of the call, the one it resumed, and the one that runs.
    let by_name = |name| named(&report, name)[0];
    let (inner, look) = (by_name("inner"), by_name("look"));
    assert_eq!((look.state, look.parent), (State::Running, Some(inner.id)));
    assert_eq!(inner.state, State::Parent);
    for one in &report.continuations {
        assert_eq!(*holder(one), Reason::Running);
        assert!(one.stopped.as_ref().unwrap().offset.is_some());
    }
    let depths: Vec<_> = report.continuations.iter().map(|one| one.frames).collect();
    assert!(depths.is_sorted_by(|a, b| a >= b), "{depths:?}");
}

#[test]
fn a_long_list_is_cut() {
    let (mut store, instance) = world(&Config::new());
    let look = instance.func(&store, "look").unwrap();
    let held: Vec<_> = (0..30)
        .map(|_| look.continuation(&mut store).unwrap())
        .collect();
    let options = |top| ReportOptions {
        top,
        ..ReportOptions::default()
    };
    for top in [0, 1, 29, 30, 31] {
        let report = store.continuations(options(top)).unwrap();
        assert_eq!(report.continuations.len(), top.min(30));
        assert_eq!(report.omitted as usize, 30 - top.min(30));
        assert!(report.continuations.is_sorted_by_key(|one| one.id));
    }
    drop(held);
}

#[test]
fn bytes_are_what_they_say() {
    let mut config = Config::new();
    config.stack_size(64 << 10);
    let (mut store, instance) = world(&config);
    call(&mut store, instance, "keep", &[]).unwrap();
    let report = all(&mut store);
    let counts = &report.registry;
    assert_eq!(counts.record_size, 128);
    // And the one of the call.
    let stacks = counts.live + counts.idle + counts.pool + 1;
    assert_eq!(counts.committed_bytes, stacks * (64 << 10));
    assert!(counts.reserved_bytes > counts.committed_bytes);
    // Each stack that ran has touched its topmost page, and none much more.
    let resident = report.resident_bytes.unwrap();
    assert!(
        (stacks * 4096..=stacks * 3 * 4096).contains(&resident),
        "{resident} {stacks}"
    );
    let deepest = report.continuations.iter().map(|one| one.stack_bytes).max();
    assert_eq!(deepest, Some(counts.deepest_stack));
    let sum: u64 = report.continuations.iter().map(|one| one.stack_bytes).sum();
    assert_eq!(sum, counts.stack_bytes);
    assert_eq!((counts.parks, counts.unparks), (0, 0));
    store.park();
    let parked = all(&mut store).registry;
    assert_eq!((parked.parks, parked.pool, parked.stack_bytes), (7, 7, 0));
    assert_eq!(parked.unparks, 0);
}
