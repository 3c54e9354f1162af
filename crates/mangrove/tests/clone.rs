//! Clones of continuations, by the host and by programs.

mod common;

use common::{ZEAL, call, instance_with};
use mangrove::{
    Config, ContHandle, Error, Extern, Instance, Linker, Module, Outcome, Refusal, ReportOptions,
    Request, State, Store, Tag, TrapCode, Val, Why,
};

fn config(zeal: &str) -> Config {
    let mut config = Config::new();
    config.continuation_clone(true).zeal(zeal.parse().unwrap());
    config
}

fn tag(store: &Store<()>, instance: Instance) -> Tag {
    match instance.export(store, "ask") {
        Some(Extern::Tag(tag)) => tag,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn suspended(outcome: Outcome) -> ContHandle {
    match outcome {
        Outcome::Suspended { continuation, .. } => continuation,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn returned(outcome: Outcome) -> i32 {
    match outcome {
        Outcome::Returned(values) => values[0].as_i32().unwrap(),
        other => panic!("{other:?}"),
    }
}

/// `run` asks twice, from two continuations deep, and keeps boxes meanwhile.
const ASKS: &str = r#"(module
    (type $f (func (param i32) (result i32))) (type $k (cont $f))
    (type $box (struct (field $value (mut i32))))
    (tag $ask (export "ask") (result i32))
    (func $inner (type $f) (local $box (ref $box))
        (local.set $box (struct.new $box (local.get 0)))
        (i32.add (i32.mul (suspend $ask) (i32.const 10))
            (i32.add (suspend $ask)
                (i32.mul (struct.get $box $value (local.get $box)) (i32.const 100)))))
    (elem declare func $inner)
    (func (export "run") (type $f) (local $box (ref $box))
        (local.set $box (struct.new $box (i32.const 1000)))
        (i32.add (resume $k (local.get 0) (cont.new $k (ref.func $inner)))
            (struct.get $box $value (local.get $box)))))"#;

/// Runs `run` up to where it asks first.
fn start(store: &mut Store<()>, instance: Instance, n: i32) -> ContHandle {
    let run = instance.func(store, "run").unwrap();
    let ask = tag(store, instance);
    let k = run.continuation(store).unwrap();
    suspended(k.resume(store, &[Val::I32(n)], &[ask]).unwrap())
}

/// All ways through, each answer from 0 to 2, in the order of the answers.
fn all_ways(store: &mut Store<()>, ask: Tag, k: &ContHandle) -> Vec<i32> {
    let mut ways = Vec::new();
    for answer in 0..3 {
        let other = k.clone_suspended(store).unwrap();
        match other.resume(store, &[Val::I32(answer)], &[ask]).unwrap() {
            Outcome::Returned(values) => ways.extend(values[0].as_i32()),
            Outcome::Suspended { continuation, .. } => {
                ways.extend(all_ways(store, ask, &continuation));
            }
            other => panic!("{other:?}"),
        }
    }
    ways
}

#[test]
fn a_continuation_goes_on_as_often_as_it_is_cloned() {
    for zeal in ZEAL {
        let (mut store, instance) = instance_with(&config(zeal), ASKS);
        let ask = tag(&store, instance);
        let k = start(&mut store, instance, 7);
        store.park();
        let ways = all_ways(&mut store, ask, &k);
        let expected: Vec<i32> = (0..9).map(|way| 1700 + way / 3 * 10 + way % 3).collect();
        assert_eq!(ways, expected, "{zeal}");
        // What was cloned is as it was.
        let k = suspended(k.resume(&mut store, &[Val::I32(4)], &[ask]).unwrap());
        let outcome = k.resume(&mut store, &[Val::I32(5)], &[ask]).unwrap();
        assert_eq!(returned(outcome), 1745, "{zeal}");
        store.gc().unwrap();
        assert_eq!(store.live_continuations(), 0, "{zeal}");
        let report = store.report();
        // Twelve chains of two records.
        assert_eq!((report.cloned, report.created), (24, 26), "{zeal}");
    }
}

#[test]
fn a_fresh_and_a_bound_one_are_cloned() {
    for zeal in ZEAL {
        let (mut store, instance) = instance_with(&config(zeal), ASKS);
        let ask = tag(&store, instance);
        let fresh = instance.func(&store, "run").unwrap();
        let fresh = fresh.continuation(&mut store).unwrap();
        let other = fresh.clone_suspended(&mut store).unwrap();
        let bound = other.bind(&mut store, &[Val::I32(3)]).unwrap();
        let both = [bound.clone_suspended(&mut store).unwrap(), bound];
        store.gc().unwrap();
        for (k, args, base) in [
            (&fresh, vec![Val::I32(2)], 1200),
            (&both[0], vec![], 1300),
            (&both[1], vec![], 1300),
        ] {
            let k = suspended(k.resume(&mut store, &args, &[ask]).unwrap());
            let k = suspended(k.resume(&mut store, &[Val::I32(1)], &[ask]).unwrap());
            let outcome = k.resume(&mut store, &[Val::I32(1)], &[ask]).unwrap();
            assert_eq!(returned(outcome), base + 11, "{zeal}");
        }
    }
}

#[test]
fn what_cannot_be_cloned_is_an_error() {
    // Not allowed.
    let (mut store, instance) = instance_with(&Config::new(), ASKS);
    let k = start(&mut store, instance, 1);
    assert!(matches!(
        k.clone_suspended(&mut store),
        Err(Error::Usage(message)) if message.contains("continuation_clone")
    ));
    assert!(!k.is_consumed(&store).unwrap());
    // Of another store.
    let (mut other, _) = instance_with(&config("none"), ASKS);
    assert!(matches!(
        k.clone_suspended(&mut other),
        Err(Error::Usage(_))
    ));
    // Used up, by being resumed and by being bound.
    let (mut store, instance) = instance_with(&config("none"), ASKS);
    let ask = tag(&store, instance);
    let k = start(&mut store, instance, 1);
    suspended(k.resume(&mut store, &[Val::I32(1)], &[ask]).unwrap());
    let error = k.clone_suspended(&mut store).unwrap_err();
    let reason = &error.as_trap().unwrap().reason;
    assert_eq!(reason.code(), Some(TrapCode::ContinuationConsumed));
    assert_eq!(store.report().cloned, 0);
}

#[test]
fn a_clone_keeps_its_type_and_equals_nothing() {
    let (mut store, instance) = instance_with(&config("none"), ASKS);
    let k = start(&mut store, instance, 1);
    let clone = k.clone_suspended(&mut store).unwrap();
    assert_ne!(clone, k);
    assert_eq!(clone.ty(), k.ty());
    assert_eq!(clone.func_type(&store), k.func_type(&store));
}

#[test]
fn at_the_limit_nothing_of_a_chain_is_left_behind() {
    let mut config = config("none");
    // A chain of two, and three more.
    config.continuations_max(5).verify_heap(true);
    let (mut store, instance) = instance_with(&config, ASKS);
    let ask = tag(&store, instance);
    let k = start(&mut store, instance, 1);
    let clone = k.clone_suspended(&mut store).unwrap();
    for _ in 0..3 {
        assert!(matches!(
            k.clone_suspended(&mut store),
            Err(Error::Limit(message)) if message.contains("continuations_max")
        ));
        assert_eq!(store.live_continuations(), 4);
        store.gc().unwrap();
    }
    // Forgotten, it makes room for as many as one likes, one after the other.
    drop(clone);
    for _ in 0..1000 {
        k.clone_suspended(&mut store).unwrap();
    }
    assert_eq!(all_ways_of_one(&mut store, ask, k), 1100);
}

fn all_ways_of_one(store: &mut Store<()>, ask: Tag, k: ContHandle) -> i32 {
    let k = suspended(k.resume(store, &[Val::I32(0)], &[ask]).unwrap());
    returned(k.resume(store, &[Val::I32(0)], &[ask]).unwrap())
}

/// A clone takes no stack before it runs, so a limit on stacks is one on those that do.
#[test]
fn clones_make_no_stacks() {
    let mut config = config("none");
    config.stack_size(64 << 10).stack_bytes_max(256 << 10);
    let (mut store, instance) = instance_with(&config, ASKS);
    let ask = tag(&store, instance);
    let k = start(&mut store, instance, 1);
    let clones: Vec<_> = (0..1000)
        .map(|_| k.clone_suspended(&mut store).unwrap())
        .collect();
    assert!(store.report().parked >= 1990);
    store.gc().unwrap();
    for clone in clones {
        assert_eq!(all_ways_of_one(&mut store, ask, clone), 1100);
    }
    assert_eq!(store.report().parked, 0);
}

/// Frames that have grown into what only their stack has in addition fit on no other: then
/// there is no clone, and the continuation goes on.
#[test]
fn a_stack_that_is_full_to_the_brim_is_not_cloned() {
    let text = r#"(module
        (tag $ask (export "ask") (result i32))
        (func $deep (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
                (else (suspend $ask))))
        (func (export "run") (param i32) (result i32) (call $deep (local.get 0))))"#;
    let mut config = config("none");
    config.stack_size(16 << 10);
    let (mut store, instance) = instance_with(&config, text);
    let ask = tag(&store, instance);
    let run = instance.func(&store, "run").unwrap();
    let (mut cloned, mut full) = (0, 0);
    for depth in 0.. {
        let k = run.continuation(&mut store).unwrap();
        let outcome = match k.resume(&mut store, &[Val::I32(depth)], &[ask]) {
            Ok(outcome) => outcome,
            Err(error) => {
                let reason = &error.as_trap().unwrap().reason;
                assert_eq!(reason.code(), Some(TrapCode::StackOverflow));
                break;
            }
        };
        let k = suspended(outcome);
        match k.clone_suspended(&mut store) {
            Ok(clone) => {
                cloned += 1;
                let outcome = clone.resume(&mut store, &[Val::I32(1)], &[ask]).unwrap();
                assert_eq!(returned(outcome), depth + 1);
            }
            Err(Error::Limit(message)) => {
                full += 1;
                assert!(message.contains("stack_size"), "{message}");
            }
            Err(error) => panic!("{error}"),
        }
        let outcome = k.resume(&mut store, &[Val::I32(2)], &[ask]).unwrap();
        assert_eq!(returned(outcome), depth + 2);
    }
    assert!(cloned > 100 && full > 0, "{cloned} {full}");
    store.gc().unwrap();
    assert_eq!(store.live_continuations(), 0);
}

#[test]
fn reports_tell_what_a_clone_is_of() {
    let (mut store, instance) = instance_with(&config("none"), ASKS);
    let k = start(&mut store, instance, 1);
    let clone = k.clone_suspended(&mut store).unwrap();
    let report = store.continuations(ReportOptions::default()).unwrap();
    let told = &report.continuations;
    assert_eq!(told.len(), 4);
    let first: Vec<_> = told.iter().filter(|k| k.clone_of.is_none()).collect();
    for second in told.iter().filter(|k| k.clone_of.is_some()) {
        let first = first.iter().find(|k| Some(k.id) == second.clone_of);
        let first = first.expect("what it was cloned from is there");
        assert_eq!(second.state, State::Suspended);
        assert_eq!((second.age, &second.ty), (0, &first.ty));
        assert_eq!(second.function, first.function);
        assert_eq!(second.created, first.created);
        assert_eq!(second.stopped, first.stopped);
        assert_eq!((second.frames, second.roots), (first.frames, first.roots));
        // Each is alive by its own handle, or the one suspended inside of it.
        let (Some(Why { links: a, .. }), Some(Why { links: b, .. })) = (&second.why, &first.why)
        else {
            panic!("both are alive")
        };
        assert_eq!(a.len(), b.len());
        assert_ne!(a, b);
    }
    // One of them ends: the other is alive, and a root of what its frames hold.
    drop(k);
    store.gc().unwrap();
    assert_eq!(store.live_continuations(), 2);
    let roots = store.roots().unwrap();
    assert!(roots.roots.len() >= 2);
    // A record that was a clone's and is used again is none.
    drop(clone);
    store.gc().unwrap();
    let again: Vec<_> = (0..4).map(|n| start(&mut store, instance, n)).collect();
    let report = store.continuations(ReportOptions::default()).unwrap();
    assert!(report.continuations.iter().all(|k| k.clone_of.is_none()));
    drop(again);
}

/// Clones that a program makes and forgets are found by collections that they make due.
#[test]
fn forgotten_clones_take_no_memory() {
    let text = r#"(module
        (type $f (func)) (type $k (cont $f))
        (import "mangrove" "clone_cont" (func $clone (param (ref $k)) (result (ref $k))))
        (tag $stop)
        (func $body (type $f) (suspend $stop))
        (elem declare func $body)
        (func (export "run") (param $count i32) (local $k (ref $k))
            (block $stopped (result (ref $k))
                (resume $k (on $stop $stopped) (cont.new $k (ref.func $body)))
                (unreachable))
            (local.set $k)
            (loop $more
                (drop (call $clone (local.get $k)))
                (br_if $more
                    (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))"#;
    let (mut store, instance) = instance_with(&config("none"), text);
    call(&mut store, instance, "run", &[Val::I32(200_000)]).unwrap();
    let report = store.report();
    assert_eq!(report.cloned, 200_000);
    assert!(report.live < 40_000, "{}", report.live);
    assert!(report.record_bytes < 16 << 20, "{}", report.record_bytes);
}

#[test]
fn without_the_option_nobody_can_import_it() {
    let text = r#"(module (type $f (func)) (type $k (cont $f))
        (import "mangrove" "clone_cont" (func (param (ref $k)) (result (ref $k)))))"#;
    let engine = mangrove::Engine::new(&Config::new()).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let module = Module::new(&engine, text.as_bytes()).unwrap();
    let mut linker = Linker::new(&engine);
    let error = linker.define_mangrove().instantiate(&mut store, &module);
    assert!(matches!(
        error,
        Err(Error::Link { message, .. }) if message.contains("--continuation-clone")
    ));
}

/// Memory for frames and for records is refused at each request in turn: a clone is made
/// whole, after a collection where that helps, or nothing of it is.
#[test]
fn what_is_refused_leaves_nothing_behind() {
    for (request, words) in [
        (Request::Buffer, "no memory for the frames"),
        (Request::Records, "no memory for the record"),
    ] {
        for times in [1, 2, 5, u64::MAX] {
            let mut failed = 0;
            for after in 0..24 {
                let mut config = config("none");
                config.verify_heap(true).refuse(Refusal::Of {
                    request,
                    after,
                    times,
                });
                let (mut store, instance) = instance_with(&config, ASKS);
                let ask = tag(&store, instance);
                let run = instance.func(&store, "run").unwrap();
                // Without a record there is nothing to clone.
                let Ok(fresh) = run.continuation(&mut store) else {
                    continue;
                };
                let Ok(outcome) = fresh.resume(&mut store, &[Val::I32(1)], &[ask]) else {
                    continue;
                };
                let k = suspended(outcome);
                let mut kept = Vec::new();
                for _ in 0..80 {
                    match k.clone_suspended(&mut store) {
                        Ok(clone) => kept.push(clone),
                        Err(error) => {
                            assert!(error.resource().is_some(), "{error:?}");
                            assert!(error.to_string().contains(words), "{error}");
                            failed += 1;
                        }
                    }
                    let live = 2 + 2 * kept.len() as u64;
                    assert_eq!(store.live_continuations(), live);
                }
                // The host takes a record too, to resume.
                kept.truncate(20);
                store.gc().unwrap();
                kept.push(k);
                for k in kept {
                    assert_eq!(all_ways_of_one(&mut store, ask, k), 1100);
                }
                store.gc().unwrap();
                assert_eq!(store.live_continuations(), 0);
            }
            assert_eq!(failed > 0, times > 1, "{request:?} {times}");
        }
    }
}
