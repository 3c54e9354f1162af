//! Where two parts of the embedding API meet: what was interrupted is thrown into, cloned, switched
//! to and reset, under every zeal and level.

mod common;

use common::{INTERRUPTING, call, instance_with, interrupted, returned, tag};
use mangrove::{
    Config, Engine, Error, Exception, ExternRef, Func, Handler, Instance, Module, OptLevel,
    Outcome, RootScope, Store, UpdateDeadline, Val,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Many values in registers over the head of a loop, and a clause around it.
const PRESSURE: &str = r#"(module
    (tag $oops (export "oops") (param i64))
    (type $f (func (param i64) (result i64))) (type $k (cont $f))
    (func $work (export "work") (type $f) (param $n i64) (result i64)
        (local $a i64) (local $b i64) (local $c i64) (local $d i64) (local $e i64) (local $g i64)
        (local $x f64) (local $y f64) (local $v v128) (local $i i64) (local $got i64)
        (local.set $a (i64.add (local.get $n) (i64.const 1)))
        (local.set $b (i64.add (local.get $n) (i64.const 20)))
        (local.set $c (i64.add (local.get $n) (i64.const 300)))
        (local.set $d (i64.add (local.get $n) (i64.const 4000)))
        (local.set $e (i64.add (local.get $n) (i64.const 50000)))
        (local.set $g (i64.add (local.get $n) (i64.const 600000)))
        (local.set $x (f64.convert_i64_s (i64.add (local.get $n) (i64.const 7000000))))
        (local.set $y (f64.convert_i64_s (i64.add (local.get $n) (i64.const 80000000))))
        (local.set $v (i64x2.splat (i64.add (local.get $n) (i64.const 900000000))))
        (local.set $got
            (block $caught (result i64)
                (try_table (catch $oops $caught)
                    (loop
                        (local.set $i (i64.add (local.get $i) (i64.const 1)))
                        (br_if 0 (i64.lt_u (local.get $i) (local.get $n)))))
                (i64.const 0)))
        (i64.add (local.get $got)
        (i64.add (local.get $a) (i64.add (local.get $b) (i64.add (local.get $c)
        (i64.add (local.get $d) (i64.add (local.get $e) (i64.add (local.get $g)
        (i64.add (i64.trunc_f64_s (local.get $x)) (i64.add (i64.trunc_f64_s (local.get $y))
            (i64x2.extract_lane 1 (local.get $v))))))))))))
    (func (export "outer") (type $f) (param i64) (result i64)
        (resume $k (local.get 0) (cont.new $k (ref.func $work))))
    (elem declare func $work))"#;

fn pressed(n: i64, got: i64) -> Vec<Val> {
    vec![Val::I64(got + 9 * n + 987_654_321)]
}

/// Each zeal with each level.
fn settings() -> impl Iterator<Item = (&'static str, OptLevel)> {
    let levels = [OptLevel::Speed, OptLevel::None, OptLevel::Frame];
    levels
        .into_iter()
        .flat_map(|level| INTERRUPTING.map(|zeal| (zeal, level)))
}

#[test]
fn registers_are_as_they_were_where_an_interruption_throws() {
    for (zeal, level) in settings() {
        for name in ["work", "outer"] {
            let mut config = Config::new();
            config.epoch_interruption(true).zeal(zeal.parse().unwrap());
            config.opt_level(level);
            let (mut store, instance) = instance_with(&config, PRESSURE);
            let oops = tag(&store, instance, "oops");
            store.set_epoch_deadline(0);
            let mut asked = 0;
            store.epoch_deadline_callback(move |mut caller| {
                asked += 1;
                if asked < 10 {
                    return Ok(UpdateDeadline::Continue(0));
                }
                caller.set_epoch_deadline(1);
                let exception = Exception::new(&mut caller, oops, vec![Val::I64(5)])?;
                caller.gc()?;
                Err(Error::Exception(Box::new(exception)))
            });
            let result = call(&mut store, instance, name, &[Val::I64(1000)]).unwrap();
            assert_eq!(result, pressed(1000, 5), "{zeal} {name}");
        }
    }
}

#[test]
fn clones_of_what_was_interrupted_go_on_by_themselves() {
    for (zeal, level) in settings() {
        for name in ["work", "outer"] {
            let mut config = Config::new();
            config.epoch_interruption(true).continuation_clone(true);
            config.opt_level(level);
            config.zeal(zeal.parse().unwrap()).verify_heap(true);
            let (mut store, instance) = instance_with(&config, PRESSURE);
            let oops = tag(&store, instance, "oops");
            store.set_epoch_deadline(0);
            store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(0)));
            let work = instance.func(&store, name).unwrap();
            let mut rest = interrupted(
                work.call_with_handlers(&mut store, &[Val::I64(6)], &[])
                    .unwrap(),
            );
            let mut clones = vec![];
            for turn in 0..4 {
                clones.push(rest.clone_suspended(&mut store).unwrap());
                clones.push(clones[turn].clone_suspended(&mut store).unwrap());
                store.gc().unwrap();
                rest = interrupted(rest.resume(&mut store, &[], &[]).unwrap());
            }
            store.park();
            for (number, clone) in clones.into_iter().enumerate() {
                if number % 3 == 2 {
                    store.set_epoch_deadline(1);
                    let exception = Exception::new(&mut store, oops, vec![Val::I64(77)]).unwrap();
                    let outcome = clone.resume_throw(&mut store, &exception, &[]).unwrap();
                    store.set_epoch_deadline(0);
                    match outcome {
                        // Stopped before the clause.
                        Outcome::Thrown(_) => {}
                        outcome => assert_eq!(returned(outcome), pressed(6, 77), "{zeal} {name}"),
                    }
                    continue;
                }
                let mut outcome = Outcome::Interrupted(clone);
                while let Outcome::Interrupted(rest) = outcome {
                    outcome = rest.resume(&mut store, &[], &[]).unwrap();
                }
                assert_eq!(returned(outcome), pressed(6, 0), "{zeal} {name}");
            }
            drop(rest);
            store.gc().unwrap();
            assert_eq!(store.live_continuations(), 0);
        }
    }
}

#[test]
fn a_callback_throws_what_it_made_under_a_scope() {
    let (mut store, instance) = instance_with(Config::new().epoch_interruption(true), PRESSURE);
    let oops = tag(&store, instance, "oops");
    store.set_epoch_deadline(0);
    store.epoch_deadline_callback(move |mut caller| {
        caller.set_epoch_deadline(1);
        let mut scope = RootScope::new(&mut caller);
        let exception = Exception::new(&mut scope, oops, vec![Val::I64(5)])?;
        Err(Error::Exception(Box::new(exception)))
    });
    let mut scope = RootScope::new(&mut store);
    // At the entry, where nobody catches it.
    let work = instance.func(&scope, "work").unwrap();
    let Err(Error::Exception(thrown)) = work.call(&mut scope, &[Val::I64(5)]) else {
        panic!("it is thrown")
    };
    drop(scope);
    store.gc().unwrap();
    assert_eq!(thrown.values, [Val::I64(5)]);
    assert!(thrown.handle.kind(&store).is_ok());
}

#[test]
fn a_value_that_owns_a_store_runs_it_when_it_is_dropped() {
    struct Runs(Store<()>, Func, Arc<AtomicU32>);
    impl Drop for Runs {
        fn drop(&mut self) {
            let result = self.1.call(&mut self.0, &[Val::I64(100)]).unwrap();
            assert_eq!(result, pressed(100, 0));
            self.0.gc().unwrap();
            self.2.fetch_add(1, Ordering::Relaxed);
        }
    }
    let text = r#"(module (type $s (struct (field (ref null $s))))
        (func (export "run") (param i32) (result i32) (local $kept (ref null $s)) (local $n i32)
            (loop
                (local.set $kept (struct.new $s (local.get $kept)))
                (br_if 0 (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (local.get 0))))
            (local.set $n (i32.const 0))
            (loop
                (local.set $n (i32.add (local.get $n) (i32.const 1)))
                (local.set $kept (struct.get $s 0 (local.get $kept)))
                (br_if 0 (i32.eqz (ref.is_null (local.get $kept)))))
            (local.get $n)))"#;
    let mut config = Config::new();
    config.zeal("alloc:10,minor".parse().unwrap());
    let (mut store, instance) = instance_with(&config, text);
    let dropped = Arc::new(AtomicU32::new(0));
    for _ in 0..3 {
        let (inner, work) = instance_with(&Config::new(), PRESSURE);
        let work = work.func(&inner, "work").unwrap();
        ExternRef::new(&mut store, Runs(inner, work, dropped.clone())).unwrap();
    }
    let result = call(&mut store, instance, "run", &[Val::I32(200)]).unwrap();
    assert_eq!(result, [Val::I32(200)]);
    assert_eq!(dropped.load(Ordering::Relaxed), 3);
}

/// A function of forty parameters, references among them, and two ways to call it.
fn wide() -> String {
    let kinds = ["i64", "(ref $box)", "f64"];
    let params: String = (0..40).map(|i| format!(" {}", kinds[i % 3])).collect();
    let push = |factor: &str| -> String {
        let one = |i: usize| match i % 3 {
            0 => format!("(i64.mul (i64.const {i}) {factor})"),
            1 => format!("(struct.new $box (i64.mul (i64.const {i}) {factor}))"),
            _ => format!("(f64.convert_i64_s (i64.mul (i64.const {i}) {factor}))"),
        };
        (0..40).map(one).collect()
    };
    let sum: String = (0..40)
        .map(|i| match i % 3 {
            0 => format!("(local.get {i}) i64.add "),
            1 => format!("(struct.get $box 0 (local.get {i})) i64.add "),
            _ => format!("(i64.trunc_f64_s (local.get {i})) i64.add "),
        })
        .collect();
    format!(
        r#"(module (type $box (struct (field i64)))
            (type $w (func (param {params}) (result i64))) (type $kw (cont $w))
            (func $wide (type $w) (i64.const 0) {sum})
            (func (export "call") (param $f i64) (result i64) (call $wide {}))
            (func (export "tail") (param $f i64) (result i64) (return_call $wide {}))
            (func (export "resume") (param $f i64) (result i64)
                (resume $kw {} (cont.new $kw (ref.func $wide))))
            (elem declare func $wide))"#,
        push("(local.get $f)"),
        push("(local.get $f)"),
        push("(local.get $f)"),
    )
}

#[test]
fn parameters_beyond_the_registers_outlive_an_interruption() {
    let text = wide();
    for (zeal, level) in settings() {
        let mut config = Config::new();
        config.epoch_interruption(true).zeal(zeal.parse().unwrap());
        config.opt_level(level);
        let (mut store, instance) = instance_with(&config, &text);
        for name in ["call", "tail", "resume"] {
            let func = instance.func(&store, name).unwrap();
            store.set_epoch_deadline(0);
            store.epoch_deadline_callback(move |mut caller| {
                caller.set_epoch_deadline(1);
                let other = func.call(&mut caller, &[Val::I64(11)])?;
                assert_eq!(other, [Val::I64(780 * 11)]);
                caller.gc()?;
                Ok(UpdateDeadline::Continue(0))
            });
            let result = func.call(&mut store, &[Val::I64(3)]).unwrap();
            assert_eq!(result, [Val::I64(780 * 3)], "{zeal} {level:?} {name}");
            store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(0)));
            let mut outcome = func
                .call_with_handlers(&mut store, &[Val::I64(3)], &[])
                .unwrap();
            let mut times = 0;
            while let Outcome::Interrupted(rest) = outcome {
                times += 1;
                store.set_epoch_deadline(1);
                func.call(&mut store, &[Val::I64(5)]).unwrap();
                store.gc_minor().unwrap();
                store.set_epoch_deadline(0);
                outcome = rest.resume(&mut store, &[], &[]).unwrap();
            }
            assert_eq!(
                returned(outcome),
                [Val::I64(780 * 3)],
                "{zeal} {level:?} {name}"
            );
            assert_eq!(times, 2);
        }
    }
}

/// Two that switch to each other, and count.
const RING: &str = r#"(module
    (rec (type $f (func (param (ref null $k)) (result i32))) (type $k (cont $f)))
    (tag $swap (export "swap") (result i32))
    (global $n (mut i32) (i32.const 0))
    (func $second (type $f) (param $to (ref null $k)) (result i32)
        (loop $again
            (global.set $n (i32.add (global.get $n) (i32.const 1)))
            (if (i32.gt_u (global.get $n) (i32.const 20)) (then (return (global.get $n))))
            (local.set $to (switch $k $swap (local.get $to)))
            (br $again))
        (unreachable))
    (elem declare func $second)
    (func (export "first") (type $f) (param $to (ref null $k)) (result i32)
        (local.set $to (cont.new $k (ref.func $second)))
        (loop $again
            (local.set $to (switch $k $swap (local.get $to)))
            (br $again))
        (unreachable)))"#;

#[test]
fn what_was_switched_to_is_interrupted_and_cloned() {
    for (zeal, level) in settings() {
        let mut config = Config::new();
        config.epoch_interruption(true).continuation_clone(true);
        config
            .zeal(zeal.parse().unwrap())
            .opt_level(level)
            .verify_heap(true);
        let (mut store, instance) = instance_with(&config, RING);
        let swap = tag(&store, instance, "swap");
        let handlers = [Handler::Switch(swap)];
        store.set_epoch_deadline(0);
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(0)));
        let first = instance.func(&store, "first").unwrap();
        let mut outcome = first
            .call_with_handlers(&mut store, &[Val::Cont(None)], &handlers)
            .unwrap();
        let mut times = 0;
        while let Outcome::Interrupted(rest) = outcome {
            times += 1;
            let rest = match times % 2 {
                0 => rest,
                _ => rest.clone_suspended(&mut store).unwrap(),
            };
            store.gc().unwrap();
            outcome = rest.resume_with(&mut store, &[], &handlers).unwrap();
        }
        assert_eq!(returned(outcome), [Val::I32(21)], "{zeal} {level:?}");
        assert!(times > 20);
        store.gc().unwrap();
        assert_eq!(store.live_continuations(), 0);
    }
}

#[test]
fn a_store_is_reset_with_clones_of_what_was_interrupted() {
    let mut config = Config::new();
    config.epoch_interruption(true).continuation_clone(true);
    config.verify_heap(true);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, PRESSURE.as_bytes()).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    for round in 0..10 {
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        store.set_epoch_deadline(0);
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(0)));
        let outer = instance.func(&store, "outer").unwrap();
        let fresh = outer.continuation(&mut store).unwrap();
        let bound = fresh.bind(&mut store, &[Val::I64(6)]).unwrap();
        let other = bound.clone_suspended(&mut store).unwrap();
        let mut handles = vec![];
        for k in [bound, other] {
            let mut rest = interrupted(k.resume(&mut store, &[], &[]).unwrap());
            for _ in 0..round % 5 {
                handles.push(rest.clone_suspended(&mut store).unwrap());
                rest = interrupted(rest.resume(&mut store, &[], &[]).unwrap());
            }
            handles.push(rest);
        }
        let waiting = outer.continuation(&mut store).unwrap();
        handles.push(waiting.bind(&mut store, &[Val::I64(9)]).unwrap());
        handles.push(handles[0].clone_suspended(&mut store).unwrap());
        if round % 2 == 0 {
            store.park();
        }
        if round % 3 == 0 {
            store.gc().unwrap();
        }
        store.reset(()).unwrap();
        assert_eq!(store.live_continuations(), 0);
        for handle in handles {
            assert!(handle.clone_suspended(&mut store).is_err());
        }
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        // Without another deadline the first check is one.
        assert!(call(&mut store, instance, "outer", &[Val::I64(5)]).is_err());
        store.set_epoch_deadline(1);
        let result = call(&mut store, instance, "outer", &[Val::I64(5)]).unwrap();
        assert_eq!(result, pressed(5, 0));
        store.gc().unwrap();
    }
}

/// Arrays and segments of references, with a check before each operation on many.
const BULK: &str = r#"(module
    (type $box (struct (field (mut i64)))) (type $boxes (array (mut (ref null $box))))
    (table $t 40 (ref null $box))
    (elem $e (ref null $box) (struct.new $box (i64.const 1)) (struct.new $box (i64.const 2)))
    (func $sum (param $from (ref $boxes)) (result i64) (local $i i32) (local $sum i64)
        (loop
            (local.set $sum (i64.add (local.get $sum)
                (struct.get $box 0 (array.get $boxes (local.get $from) (local.get $i)))))
            (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                (array.len (local.get $from)))))
        (local.get $sum))
    (func (export "run") (param $n i64) (result i64) (local $a (ref null $boxes))
        (local.set $a (array.new $boxes (struct.new $box (local.get $n)) (i32.const 10)))
        (array.fill $boxes (local.get $a) (i32.const 2) (struct.new $box (i64.const 100)) (i32.const 3))
        (array.copy $boxes $boxes (array.new $boxes (struct.new $box (i64.const 0)) (i32.const 10)) (i32.const 0)
            (local.get $a) (i32.const 0) (i32.const 10))
        (array.init_elem $boxes $e (local.get $a) (i32.const 8) (i32.const 0) (i32.const 2))
        (table.fill $t (i32.const 0) (struct.new $box (i64.const 1000)) (i32.const 40))
        (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 2))
        (drop (table.grow $t (struct.new $box (i64.const 5)) (i32.const 3)))
        (i64.add (call $sum (ref.as_non_null (local.get $a)))
            (i64.add (call $sum (array.new_elem $boxes $e (i32.const 0) (i32.const 2)))
                (i64.add (struct.get $box 0 (table.get $t (i32.const 1)))
                    (i64.add (struct.get $box 0 (table.get $t (i32.const 39)))
                        (struct.get $box 0 (table.get $t (i32.const 42)))))))))"#;

#[test]
fn operations_on_many_keep_their_operands_over_an_interruption() {
    for (zeal, level) in settings() {
        for fuel in [false, true] {
            let mut config = Config::new();
            config
                .epoch_interruption(!fuel)
                .consume_fuel(fuel)
                .verify_heap(true);
            config.zeal(zeal.parse().unwrap()).opt_level(level);
            let (mut store, instance) = instance_with(&config, BULK);
            let run = instance.func(&store, "run").unwrap();
            if fuel {
                store.set_fuel(1_000_000).unwrap();
                store
                    .fuel_callback(1, |_| Ok(UpdateDeadline::Yield(1)))
                    .unwrap();
            } else {
                store.set_epoch_deadline(0);
                store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(0)));
            }
            let mut outcome = run
                .call_with_handlers(&mut store, &[Val::I64(7)], &[])
                .unwrap();
            let mut times = 0;
            while let Outcome::Interrupted(rest) = outcome {
                times += 1;
                match times % 2 {
                    0 => store.gc().unwrap(),
                    _ => store.gc_minor().unwrap(),
                }
                outcome = rest.resume(&mut store, &[], &[]).unwrap();
            }
            // 5 × 7, 3 × 100, 1, 2; 1, 2; 2, 1000, 5.
            assert_eq!(
                returned(outcome),
                [Val::I64(338 + 3 + 1007)],
                "{zeal} {level:?} {fuel}"
            );
            assert!(times > 20, "{times}");
        }
    }
}
