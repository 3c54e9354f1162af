//! Where two parts of the embedding API meet: callbacks and host functions that throw, suspend, resume
//! and recur.

mod common;

use common::{INTERRUPTING, call, instance_with, returned, tag};
use mangrove::{
    Caller, Config, Engine, Error, Exception, Extern, ExternRef, Func, FuncType, Handler,
    HostAnswer, Instance, Linker, Module, Outcome, RootScope, Store, Tag, UpdateDeadline, Val,
    ValType, WeakHandle,
};

#[test]
fn who_asks_about_fuel_and_throws_asks_again() {
    let text = r#"(module
        (tag $oops (export "oops"))
        (func (export "run") (param $rounds i32) (result i32) (local $i i32) (local $caught i32)
            (loop $again
                (local.set $i (i32.const 0))
                (block $out
                    (block $handler
                        (try_table (catch_all $handler)
                            (loop $spin
                                (br_if $spin (i32.lt_u
                                    (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                                    (i32.const 1000)))))
                        (br $out))
                    (local.set $caught (i32.add (local.get $caught) (i32.const 1))))
                (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
            (local.get $caught)))"#;
    let (mut store, instance) = instance_with(Config::new().consume_fuel(true), text);
    let oops = tag(&store, instance, "oops");
    store.set_fuel(u64::MAX).unwrap();
    store
        .fuel_callback(100, move |mut caller| {
            let exception = Exception::new(&mut caller, oops, vec![])?;
            Err(Error::Exception(Box::new(exception)))
        })
        .unwrap();
    // Whoever catches one exception is not left alone for the rest.
    let result = call(&mut store, instance, "run", &[Val::I32(20)]);
    match result {
        Ok(values) => assert_eq!(values, [Val::I32(20)]),
        Err(Error::Exception(_)) => {}
        other => panic!("{other:?}"),
    }
    // Neither is what is called after an answer to end it.
    let (mut store, instance) = instance_with(Config::new().consume_fuel(true), text);
    store.set_fuel(u64::MAX).unwrap();
    store
        .fuel_callback(100, |_| Ok(UpdateDeadline::Interrupt))
        .unwrap();
    for _ in 0..3 {
        let result = call(&mut store, instance, "run", &[Val::I32(20)]);
        assert!(matches!(result, Err(Error::Trap(_))), "{result:?}");
    }
}

#[test]
fn what_a_callback_makes_is_no_scope_of_who_called() {
    let text = r#"(module (func (export "run") (param i32)
        (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#;
    for fuel in [false, true] {
        let mut config = Config::new();
        config.epoch_interruption(!fuel).consume_fuel(fuel);
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, text.as_bytes()).unwrap();
        let mut store = Store::new(&engine, Vec::<WeakHandle>::new()).unwrap();
        let instance = Linker::new(&engine)
            .instantiate(&mut store, &module)
            .unwrap();
        let run = instance.func(&store, "run").unwrap();
        let make = |mut caller: Caller<'_, Vec<WeakHandle>>| {
            let object = ExternRef::new(&mut caller, 7)?;
            let weak = WeakHandle::new(&mut caller, object.handle())?;
            caller.data_mut().push(weak);
            Ok(UpdateDeadline::Continue(0))
        };
        match fuel {
            true => {
                store.set_fuel(1_000_000).unwrap();
                store.fuel_callback(1, make).unwrap();
            }
            false => {
                store.set_epoch_deadline(0);
                store.epoch_deadline_callback(make);
            }
        }
        let mut scope = RootScope::new(&mut store);
        run.call(&mut scope, &[Val::I32(50)]).unwrap();
        scope.store().gc().unwrap();
        let weak = scope.store().data().clone();
        assert!(weak.len() > 40);
        let alive = weak
            .iter()
            .filter(|weak| weak.upgrade(&mut scope).unwrap().is_some());
        assert_eq!(alive.count(), 0, "fuel: {fuel}");
    }
}

#[test]
fn callbacks_and_host_functions_resume_within_each_other() {
    let text = r#"(module
        (import "host" "within" (func $within (result i64)))
        (tag $yield (export "yield") (param i64))
        (func (export "count") (param $n i64) (result i64)
            (loop (suspend $yield (local.get $n))
                (br_if 0 (i64.ne (local.tee $n (i64.sub (local.get $n) (i64.const 1))) (i64.const 0))))
            (i64.const 7))
        (func (export "run") (param $n i64) (result i64)
            (loop (br_if 0 (i64.ne (local.tee $n (i64.sub (local.get $n) (i64.const 1))) (i64.const 0))))
            (call $within)))"#;
    for zeal in INTERRUPTING {
        let mut config = Config::new();
        config.epoch_interruption(true).continuation_clone(true);
        config.zeal(zeal.parse().unwrap());
        let engine = Engine::new(&config).unwrap();
        let mut linker = Linker::<Option<(Func, Tag)>>::new(&engine);
        // Resumes a program, gets it back interrupted, and lets it go.
        linker
            .func_wrap(
                "host",
                "within",
                |mut caller: Caller<'_, Option<(Func, Tag)>>| {
                    let (count, tag) = caller.data().expect("it is set");
                    caller.set_epoch_deadline(0);
                    let outcome =
                        count.call_with_handlers(&mut caller, &[Val::I64(3)], &[tag.into()])?;
                    let Outcome::Interrupted(rest) = outcome else {
                        panic!("{outcome:?}")
                    };
                    caller.gc()?;
                    let twin = rest.clone_suspended(&mut caller)?;
                    caller.set_epoch_deadline(1);
                    let mut sum = 0;
                    for rest in [rest, twin] {
                        let mut outcome = rest.resume(&mut caller, &[], &[tag])?;
                        while let Outcome::Suspended {
                            values,
                            continuation,
                            ..
                        } = outcome
                        {
                            sum += values[0].as_i64().unwrap();
                            outcome = continuation.resume(&mut caller, &[], &[tag])?;
                        }
                    }
                    Ok::<_, Error>(sum)
                },
            )
            .unwrap();
        let module = Module::new(&engine, text.as_bytes()).unwrap();
        let mut store = Store::new(&engine, None).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let Some(Extern::Tag(tag)) = instance.export(&store, "yield") else {
            panic!()
        };
        let count = instance.func(&store, "count").unwrap();
        *store.data_mut() = Some((count, tag));
        let mut asked = 0;
        store.set_epoch_deadline(0);
        store.epoch_deadline_callback(move |mut caller| {
            asked += 1;
            if asked % 4 == 0 {
                return Ok(UpdateDeadline::Yield(0));
            }
            caller.set_epoch_deadline(1);
            let outcome = count.call_with_handlers(&mut caller, &[Val::I64(2)], &[tag.into()])?;
            assert!(matches!(outcome, Outcome::Suspended { .. }));
            Ok(match asked {
                // In the host function's program.
                11.. => UpdateDeadline::Yield(0),
                _ => UpdateDeadline::Continue(0),
            })
        });
        let run = instance.func(&store, "run").unwrap();
        let mut outcome = run
            .call_with_handlers(&mut store, &[Val::I64(9)], &[])
            .unwrap();
        while let Outcome::Interrupted(rest) = outcome {
            outcome = rest.resume(&mut store, &[], &[]).unwrap();
        }
        assert_eq!(returned(outcome), [Val::I64(12)], "{zeal}");
        store.gc().unwrap();
        assert_eq!(store.live_continuations(), 0);
    }
}

/// Fuel bounds what clones cost: a chain of a thousand is not copied for the price of a call.
#[test]
fn a_clone_of_many_costs_more_fuel_than_one_of_few() {
    let text = r#"(module (type $f (func (param i32))) (type $k (cont $f))
        (type $g (func)) (type $r (cont $g)) (tag $stop)
        (import "mangrove" "clone_cont" (func $clone (param (ref null $r)) (result (ref $r))))
        (func $deep (type $f)
            (if (local.get 0)
                (then (resume $k (i32.sub (local.get 0) (i32.const 1)) (cont.new $k (ref.func $deep))))
                (else (suspend $stop))))
        (elem declare func $deep)
        (global $kept (mut (ref null $r)) (ref.null $r))
        (func (export "build") (param i32)
            (global.set $kept (block $on (result (ref $r))
                (resume $k (on $stop $on) (local.get 0) (cont.new $k (ref.func $deep))) (unreachable))))
        (func (export "clone") (drop (call $clone (global.get $kept)))))"#;
    let mut config = Config::new();
    config.consume_fuel(true).continuation_clone(true);
    let (mut store, instance) = instance_with(&config, text);
    let mut used = [1, 1000].map(|depth| {
        store.set_fuel(1 << 40).unwrap();
        call(&mut store, instance, "build", &[Val::I32(depth)]).unwrap();
        store.set_fuel(1 << 40).unwrap();
        call(&mut store, instance, "clone", &[]).unwrap();
        (1 << 40) - store.get_fuel().unwrap()
    });
    used.sort_unstable();
    assert!(used[0] > 2 && used[1] > 1000 + used[0], "{used:?}");
    // A program that does nothing else ends.
    store.set_fuel(1000).unwrap();
    call(&mut store, instance, "clone", &[]).unwrap();
    let result = call(&mut store, instance, "clone", &[]);
    assert!(matches!(result, Err(Error::Trap(_))), "{result:?}");
}

#[test]
fn a_suspending_function_by_a_tail_call_is_cloned() {
    let mut config = Config::new();
    config.continuation_clone(true).consume_fuel(true);
    let engine = Engine::new(&config).unwrap();
    let mut store = Store::new(&engine, None::<Tag>).unwrap();
    store.set_fuel(100_000).unwrap();
    let ty = FuncType {
        params: vec![ValType::I64],
        results: vec![ValType::I64],
    };
    let tag = Tag::new(&mut store, ty.clone()).unwrap();
    *store.data_mut() = Some(tag);
    let mut linker = Linker::new(&engine);
    let stop = |mut caller: Caller<'_, Option<Tag>>, args: &[Val], _: &mut [Val]| {
        let fuel = caller.get_fuel()?;
        caller.set_fuel(fuel - 1000)?;
        caller.gc()?;
        // A scope that is forgotten.
        std::mem::forget(RootScope::new(&mut caller));
        Ok(HostAnswer::suspend(caller.data().expect("set"), args))
    };
    linker.suspending("host", "stop", ty, stop).unwrap();
    let text = br#"(module (import "host" "stop" (func $stop (param i64) (result i64)))
        (func $tail (param i64) (result i64) (return_call $stop (local.get 0)))
        (func (export "run") (param i64) (result i64)
            (i64.add (call $tail (local.get 0)) (i64.mul (i64.const 100) (call $tail (i64.const 7))))))"#;
    let module = Module::new(&engine, text).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance.func(&store, "run").unwrap();
    let handlers = [Handler::Suspend(tag)];
    let first = run
        .call_with_handlers(&mut store, &[Val::I64(3)], &handlers)
        .unwrap();
    let Outcome::Suspended {
        values,
        continuation,
        ..
    } = first
    else {
        panic!("{first:?}")
    };
    assert_eq!(values, [Val::I64(3)]);
    assert!(store.get_fuel().unwrap() < 99_000);
    for n in 0..3 {
        let clone = continuation.clone_suspended(&mut store).unwrap();
        let next = clone.resume(&mut store, &[Val::I64(n)], &[tag]).unwrap();
        let Outcome::Suspended {
            values,
            continuation: rest,
            ..
        } = next
        else {
            panic!()
        };
        assert_eq!(values, [Val::I64(7)]);
        let twin = rest.clone_suspended(&mut store).unwrap();
        for rest in [twin, rest] {
            let last = rest.resume(&mut store, &[Val::I64(9)], &[]).unwrap();
            assert_eq!(returned(last), [Val::I64(n + 900)]);
        }
    }
    assert!(store.get_fuel().unwrap() < 96_000);
    store.reset(None).unwrap();
    assert!(continuation.clone_suspended(&mut store).is_err());
    assert!(
        continuation
            .resume(&mut store, &[Val::I64(1)], &[])
            .is_err()
    );
}

#[test]
fn host_functions_that_suspend_recur_to_a_limit_and_not_to_a_fault() {
    let run = || {
        let engine = Engine::new(&Config::new()).unwrap();
        let mut store = Store::new(&engine, None::<Func>).unwrap();
        let ty = FuncType {
            params: vec![],
            results: vec![],
        };
        let mut linker = Linker::new(&engine);
        linker
            .suspending(
                "host",
                "again",
                ty,
                |mut caller: Caller<'_, Option<Func>>, _, _| {
                    let run = caller.data().expect("set");
                    match run.call_with_handlers(&mut caller, &[], &[])? {
                        Outcome::Returned(_) => Ok(HostAnswer::Return),
                        other => panic!("{other:?}"),
                    }
                },
            )
            .unwrap();
        let text = br#"(module (import "host" "again" (func $again))
            (func (export "run") (call $again)))"#;
        let module = Module::new(&engine, text).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let run = instance.func(&store, "run").unwrap();
        *store.data_mut() = Some(run);
        let error = run.call(&mut store, &[]).unwrap_err();
        assert!(error.to_string().contains("activations_max"), "{error}");
    };
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap();
}

/// Whoever calls a host function by a tail call does not pass for whoever called it.
#[test]
fn a_tail_call_does_not_act_in_the_name_of_its_caller() {
    let engine = Engine::new(&Config::new()).unwrap();
    let mut linker = Linker::<Vec<Option<Instance>>>::new(&engine);
    linker
        .func_wrap(
            "h",
            "write",
            |mut caller: Caller<'_, Vec<Option<Instance>>>| {
                let instance = caller.instance();
                caller.data_mut().push(instance);
            },
        )
        .unwrap();
    let other = br#"(module (import "h" "write" (func $write))
        (func (export "other") (return_call $write)))"#;
    let victim = br#"(module (type $f (func)) (import "o" "other" (func $other (type $f)))
        (import "h" "write" (func $write (type $f)))
        (table funcref (elem $other $write))
        (func $inside (return_call $other)) (elem declare func $inside)
        (func (export "import") (call $other))
        (func (export "reference") (call_ref $f (ref.func $other)))
        (func (export "table") (call_indirect (type $f) (i32.const 0)))
        (func (export "tail") (call $inside))
        (func (export "itself") (call $write)))"#;
    let other = Module::new(&engine, other).unwrap();
    let victim = Module::new(&engine, victim).unwrap();
    let mut store = Store::new(&engine, vec![]).unwrap();
    let other = linker.instantiate(&mut store, &other).unwrap();
    linker.instance(&store, "o", other).unwrap();
    let victim = linker.instantiate(&mut store, &victim).unwrap();
    for name in ["import", "reference", "table", "tail", "itself"] {
        let func = victim.get_typed_func::<(), ()>(&mut store, name).unwrap();
        func.call(&mut store, ()).unwrap();
        let seen = store.data_mut().pop().unwrap();
        match name {
            "itself" => assert_eq!(seen, Some(victim)),
            _ => assert_ne!(seen, Some(victim), "{name}"),
        }
    }
}
