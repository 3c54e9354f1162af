//! Host functions suspend the Wasm code that called them.

mod common;

use common::{ZEAL, call, returned};
use mangrove::{
    AbstractHeap, Config, ContHandle, Engine, Error, Exception, Extern, FuncType, Handler,
    HeapType, HostAnswer, Instance, Linker, Module, Outcome, RefType, Store, Tag, TrapCode,
    TrapReason, Val, ValType,
};
use std::sync::Mutex;

fn with_zeal(zeal: &str) -> Config {
    let mut config = Config::new();
    config.zeal(zeal.parse().unwrap());
    config.continuation_clone(true);
    config
}

/// A store whose data is what its host functions suspend to.
struct Fixture {
    engine: Engine,
    store: Store<Option<Tag>>,
    linker: Linker<Option<Tag>>,
    tag: Tag,
}

/// A tag of this type, and `host stop`, which suspends its caller to it with its arguments.
fn fixture(config: &Config, params: &[ValType], results: &[ValType]) -> Fixture {
    let engine = Engine::new(config).unwrap();
    let mut store = Store::new(&engine, None).unwrap();
    let ty = FuncType {
        params: params.to_vec(),
        results: results.to_vec(),
    };
    let tag = Tag::new(&mut store, ty.clone()).unwrap();
    *store.data_mut() = Some(tag);
    let mut linker = Linker::new(&engine);
    linker.define_mangrove();
    linker.define(&store, "host", "tag", tag).unwrap();
    let stop = |caller: mangrove::Caller<'_, Option<Tag>>, args: &[Val], _: &mut [Val]| {
        let tag = caller.data().expect("it is set");
        Ok(HostAnswer::suspend(tag, args))
    };
    linker.suspending("host", "stop", ty, stop).unwrap();
    Fixture {
        engine,
        store,
        linker,
        tag,
    }
}

impl Fixture {
    fn instance(&mut self, text: &str) -> Instance {
        let module = Module::new(&self.engine, text.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
        self.linker.instantiate(&mut self.store, &module).unwrap()
    }

    fn start(&mut self, instance: Instance, name: &str, args: &[Val]) -> Outcome {
        let func = instance.func(&self.store, name).expect("it is exported");
        let handlers = [Handler::Suspend(self.tag)];
        func.call_with_handlers(&mut self.store, args, &handlers)
            .unwrap_or_else(|error| panic!("{error}"))
    }

    fn resume(&mut self, k: &ContHandle, args: &[Val]) -> Outcome {
        k.resume(&mut self.store, args, &[self.tag])
            .unwrap_or_else(|error| panic!("{error}"))
    }
}

#[track_caller]
fn suspended(outcome: Outcome) -> (Vec<Val>, ContHandle) {
    match outcome {
        Outcome::Suspended {
            values,
            continuation,
            ..
        } => (values, continuation),
        other => panic!("{other:?}"),
    }
}

fn code(error: &Error) -> Option<TrapCode> {
    error.as_trap()?.reason.code()
}

const ANYREF: ValType = ValType::Ref(RefType {
    nullable: true,
    heap: HeapType::Abstract(AbstractHeap::Any),
});

/// Values of every number type, so many, each different.
fn numbers(count: usize, from: i64) -> (Vec<ValType>, Vec<Val>) {
    let types = [
        ValType::I32,
        ValType::I64,
        ValType::F32,
        ValType::F64,
        ValType::V128,
    ];
    (0..count)
        .map(|index| {
            let number = from + index as i64;
            let ty = types[(index + from as usize) % types.len()];
            let value = match ty {
                ValType::I32 => Val::I32(number as i32),
                ValType::I64 => Val::I64(number << 33 | number),
                ValType::F32 => Val::F32((number as f32).to_bits()),
                ValType::F64 => Val::F64((number as f64).to_bits()),
                _ => Val::V128((number as u128) << 90 | number as u128),
            };
            (ty, value)
        })
        .unzip()
}

/// What a tag hands out and takes back, of any number and kind: in the payload register, in
/// other registers, and in the transfer area.
#[test]
fn values_of_every_number_and_kind_travel() {
    for count in [0, 1, 2, 5, 17, 40] {
        for first in 0..5 {
            let (params, args) = numbers(count, first);
            let (results, answer) = numbers(count, first + 3);
            let text = |types: &[ValType]| {
                let names = types.iter().map(|ty| match ty {
                    ValType::I32 => "i32 ",
                    ValType::I64 => "i64 ",
                    ValType::F32 => "f32 ",
                    ValType::F64 => "f64 ",
                    _ => "v128 ",
                });
                names.collect::<String>()
            };
            let (given, taken) = (text(&params), text(&results));
            let mut f = fixture(&with_zeal("none"), &params, &results);
            let gets: String = (0..count).map(|i| format!("(local.get {i}) ")).collect();
            let instance = f.instance(&format!(
                "(module (import \"host\" \"stop\" (func $stop (param {given}) (result {taken})))
                   (func (export \"run\") (param {given}) (result {taken}) (call $stop {gets})))"
            ));
            let (values, k) = suspended(f.start(instance, "run", &args));
            assert_eq!(values, args);
            assert_eq!(returned(f.resume(&k, &answer)), answer);
        }
    }
}

/// More values are live over the call than there are registers; between that and the host
/// function lies a function that has none, and meanwhile others use all registers.
#[test]
fn no_register_is_lost() {
    for zeal in ZEAL {
        let mut f = fixture(&with_zeal(zeal), &[], &[ValType::I64]);
        let set: String = (1..=24)
            .map(|i| format!("(local.set {i} (i64.mul (local.get $n) (i64.const {i})))"))
            .collect();
        let sum: String = (1..=24)
            .map(|i| format!("(i64.add (local.get {i}))"))
            .collect();
        let locals = "i64 ".repeat(24);
        let instance = f.instance(&format!(
            "(module (import \"host\" \"stop\" (func $stop (result i64)))
               (func $between (result i64) (i64.add (call $stop) (i64.const 1)))
               (func (export \"run\") (param $n i64) (result i64) (local {locals})
                 {set} (call $between) {sum}))"
        ));
        let held: Vec<(i64, ContHandle)> = (1..20)
            .map(|n| (n, suspended(f.start(instance, "run", &[Val::I64(n)])).1))
            .collect();
        f.store.park();
        let factor: i64 = (1..=24).sum();
        for (n, k) in held {
            assert_eq!(
                returned(f.resume(&k, &[Val::I64(n)])),
                [Val::I64(n + 1 + factor * n)],
                "{zeal}"
            );
        }
    }
}

const HANDLED: &str = r#"(module
    (import "mangrove" "gc" (func $gc))
    (type $f (func (result i32))) (type $k (cont $f))
    (type $g (func (param i32) (result i32))) (type $kg (cont $g))
    (type $box (struct (field $value (mut i32))))
    (import "host" "tag" (tag $stop (param i32) (result i32)))
    (import "host" "stop" (func $stop (param i32) (result i32)))
    (tag $other (param i32) (result i32))
    (func $body (type $f) (local $box (ref $box))
        (local.set $box (struct.new $box (i32.const 1000)))
        (i32.add (call $stop (i32.const 3))
            (i32.add (call $stop (i32.const 4)) (struct.get $box $value (local.get $box)))))
    ;; Handles another tag: what it resumes suspends past it.
    (func $between (type $f)
        (block $other (result i32 (ref $kg))
            (return (resume $k (on $other $other) (cont.new $k (ref.func $body)))))
        (unreachable))
    (func $deep (type $g) (local $k (ref $k))
        (if (result i32) (local.get 0)
            (then (resume $kg (i32.sub (local.get 0) (i32.const 1))
                (cont.new $kg (ref.func $deep))))
            (else (call $body))))
    (elem declare func $body $between $deep)
    (func $handle (param $k (ref $kg)) (param $value i32) (result i32)
        (loop $on
            (block $stopped (result i32 (ref $kg))
                (return (resume $kg (on $stop $stopped) (local.get $value) (local.get $k))))
            (local.set $k)
            (local.set $value (i32.mul (i32.const 10)))
            (call $gc)
            (br $on))
        (unreachable))
    (func $ignore (param i32) (param $k (ref $k)) (result i32) (resume $k (local.get $k)))
    (func (export "at_once") (result i32)
        (block $stopped (result i32 (ref $kg))
            (return (resume $k (on $stop $stopped) (cont.new $k (ref.func $body)))))
        (call $swap))
    (func (export "past_another") (result i32)
        (block $stopped (result i32 (ref $kg))
            (return (resume $k (on $stop $stopped) (cont.new $k (ref.func $between)))))
        (call $swap))
    (func (export "deep") (param i32) (result i32)
        (call $handle (cont.new $kg (ref.func $deep)) (local.get 0)))
    (func $swap (param $value i32) (param $k (ref $kg)) (result i32)
        (call $gc)
        (call $handle (local.get $k) (i32.mul (local.get $value) (i32.const 10))))
    (func (export "unhandled") (result i32) (call $body)))"#;

#[test]
fn a_handler_in_wasm_gets_it() {
    for zeal in ZEAL {
        let mut f = fixture(&with_zeal(zeal), &[ValType::I32], &[ValType::I32]);
        let instance = f.instance(HANDLED);
        for name in ["at_once", "past_another"] {
            let results = call(&mut f.store, instance, name, &[]).unwrap();
            assert_eq!(results, [Val::I32(1070)], "{zeal} {name}");
        }
        for depth in [1, 2, 50] {
            let results = call(&mut f.store, instance, "deep", &[Val::I32(depth)]).unwrap();
            assert_eq!(results, [Val::I32(1070)], "{zeal} {depth}");
        }
        assert_eq!(f.store.live_continuations(), 0);
    }
}

#[test]
fn unhandled_it_is_the_trap_of_a_suspend() {
    let mut f = fixture(&with_zeal("none"), &[ValType::I32], &[ValType::I32]);
    let instance = f.instance(HANDLED);
    let error = call(&mut f.store, instance, "unhandled", &[]).unwrap_err();
    assert_eq!(code(&error), Some(TrapCode::UnhandledTag));
    let trace = error.as_trap().unwrap().backtrace.to_string();
    assert!(trace.contains("host stop"), "{trace}");
    // A call of the host's is a border, and says so.
    let func = instance.func(&f.store, "unhandled").unwrap();
    let ty = FuncType {
        params: vec![],
        results: vec![ValType::I32],
    };
    let again =
        move |mut caller: mangrove::Caller<'_, Option<Tag>>, _: &[Val], results: &mut [Val]| {
            results[0] = func.call(&mut caller, &[])?.remove(0);
            Ok(())
        };
    f.linker.func("host", "again", ty, again).unwrap();
    let outer = f.instance(
        "(module (import \"host\" \"again\" (func $again (result i32)))
           (func (export \"run\") (result i32) (call $again)))",
    );
    let run = outer.func(&f.store, "run").unwrap();
    let error = run.call_with_handlers(&mut f.store, &[], &[Handler::Suspend(f.tag)]);
    let error = error.unwrap_err();
    assert!(matches!(
        &error.as_trap().unwrap().reason,
        TrapReason::UnhandledTagInHostCall { function, .. } if function == "host again"
    ));
    // The store works on.
    let results = call(&mut f.store, instance, "at_once", &[]).unwrap();
    assert_eq!(results, [Val::I32(1070)]);
}

/// A body that answers with `answer`, as `host odd`, called by `run`.
fn odd(
    f: &mut Fixture,
    results: Vec<ValType>,
    answer: impl Fn(Tag) -> Result<HostAnswer, Error> + Send + Sync + 'static,
) -> Instance {
    let ty = FuncType {
        params: vec![],
        results,
    };
    let name = if ty.results.is_empty() {
        ""
    } else {
        "(result i32)"
    };
    let body = move |caller: mangrove::Caller<'_, Option<Tag>>, _: &[Val], _: &mut [Val]| {
        answer(caller.data().expect("it is set"))
    };
    f.linker.suspending("host", "odd", ty, body).unwrap();
    f.instance(&format!(
        "(module (import \"host\" \"odd\" (func $odd {name}))
           (tag $caught (export \"caught\") (param i32))
           (func (export \"run\") {name} (call $odd)))"
    ))
}

#[test]
fn what_does_not_fit_is_an_error() {
    let config = with_zeal("none");
    let i32s = [ValType::I32];
    let run = |f: &mut Fixture, instance| call(&mut f.store, instance, "run", &[]).unwrap_err();

    // Other results than the tag's.
    let mut f = fixture(&config, &i32s, &i32s);
    let instance = odd(&mut f, vec![], |tag| {
        Ok(HostAnswer::suspend(tag, [Val::I32(1)]))
    });
    let error = run(&mut f, instance);
    assert!(matches!(&error, Error::Usage(message) if message.contains("other results")));
    // Values that are not the tag's: of another type, too few.
    for values in [vec![Val::I64(1)], vec![]] {
        let mut f = fixture(&config, &i32s, &i32s);
        let instance = odd(&mut f, vec![ValType::I32], move |tag| {
            Ok(HostAnswer::suspend(tag, values.clone()))
        });
        let outcome = instance.func(&f.store, "run").unwrap().call_with_handlers(
            &mut f.store,
            &[],
            &[Handler::Suspend(f.tag)],
        );
        assert!(matches!(outcome, Err(Error::Usage(_))), "{outcome:?}");
        assert_eq!(f.store.live_continuations(), 0);
    }
    // A tag of another store.
    let foreign = fixture(&config, &i32s, &i32s).tag;
    let mut f = fixture(&config, &i32s, &i32s);
    let instance = odd(&mut f, vec![ValType::I32], move |_| {
        Ok(HostAnswer::suspend(foreign, [Val::I32(1)]))
    });
    assert!(matches!(run(&mut f, instance), Error::Usage(_)));
}

#[test]
fn it_can_return_fail_throw_and_panic_as_others() {
    let config = with_zeal("none");
    let run = |f: &mut Fixture, instance| call(&mut f.store, instance, "run", &[]);
    let mut f = fixture(&config, &[], &[]);
    let instance = odd(&mut f, vec![ValType::I32], |_| Ok(HostAnswer::Return));
    assert_eq!(run(&mut f, instance).unwrap(), [Val::I32(0)]);

    let mut f = fixture(&config, &[], &[]);
    let instance = odd(&mut f, vec![], |_| Err(Error::host("no more tea")));
    let error = run(&mut f, instance).unwrap_err();
    assert!(matches!(&error.as_trap().unwrap().reason, TrapReason::Host(m) if m == "no more tea"));

    let mut f = fixture(&config, &[], &[]);
    let instance = odd(&mut f, vec![], |_| panic!("on purpose"));
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(&mut f, instance)));
    assert!(panic.is_err());
    assert_eq!(f.store.live_continuations(), 0);

    let mut f = fixture(&config, &[], &[]);
    let thrown: &'static Mutex<Option<Exception>> = Box::leak(Box::new(Mutex::new(None)));
    let instance = odd(&mut f, vec![], |_| {
        let exception = thrown.lock().unwrap().take().expect("it is set");
        Err(Error::Exception(Box::new(exception)))
    });
    let Some(Extern::Tag(caught)) = instance.export(&f.store, "caught") else {
        unreachable!()
    };
    let exception = Exception::new(&mut f.store, caught, vec![Val::I32(5)]).unwrap();
    *thrown.lock().unwrap() = Some(exception);
    assert!(matches!(run(&mut f, instance), Err(Error::Exception(_))));
}

const KEEPS: &str = r#"(module
    (import "mangrove" "gc" (func $gc))
    (type $box (struct (field $value (mut i32))))
    (import "host" "stop" (func $stop (param anyref) (result anyref)))
    (tag $thrown (export "thrown") (param i32))
    (func (export "box") (param i32) (result anyref) (struct.new $box (local.get 0)))
    (func (export "unbox") (param anyref) (result i32)
        (struct.get $box $value (ref.cast (ref $box) (local.get 0))))
    (func $between (param anyref) (result anyref)
        (call $stop (local.get 0)))
    (func (export "run") (param i32) (result i32)
        (local $kept (ref $box)) (local $got (ref null $box))
        (local.set $kept (struct.new $box (local.get 0)))
        (block $caught (result i32)
            (try_table (catch $thrown $caught)
                (local.set $got (ref.cast (ref $box)
                    (call $between (struct.new $box (i32.const 7))))))
            (call $gc)
            (return (i32.add (struct.get $box $value (local.get $kept))
                (struct.get $box $value (local.get $got)))))
        (i32.add (struct.get $box $value (local.get $kept)))))"#;

/// The objects that frames keep, and those handed out and in, are right over collections
/// and moves; so is what is parked, thrown into, cloned, and forgotten.
#[test]
fn what_waits_for_the_host_is_a_continuation_like_any_other() {
    for zeal in ZEAL {
        let any = ANYREF;
        let mut f = fixture(&with_zeal(zeal), &[any], &[any]);
        let instance = f.instance(KEEPS);
        let unbox = |f: &mut Fixture, value: &Val| {
            call(&mut f.store, instance, "unbox", std::slice::from_ref(value)).unwrap()
        };
        let boxed = |f: &mut Fixture, n| {
            call(&mut f.store, instance, "box", &[Val::I32(n)])
                .unwrap()
                .remove(0)
        };
        let start = |f: &mut Fixture, n| suspended(f.start(instance, "run", &[Val::I32(n)]));

        let (values, k) = start(&mut f, 100);
        f.store.gc().unwrap();
        assert_eq!(unbox(&mut f, &values[0]), [Val::I32(7)], "{zeal}");
        f.store.park();
        f.store.gc().unwrap();
        let value = boxed(&mut f, 20);
        assert_eq!(returned(f.resume(&k, &[value])), [Val::I32(120)], "{zeal}");

        let (_, k) = start(&mut f, 200);
        let Some(Extern::Tag(tag)) = instance.export(&f.store, "thrown") else {
            unreachable!()
        };
        let exception = Exception::new(&mut f.store, tag, vec![Val::I32(3)]).unwrap();
        f.store.park();
        let outcome = k.resume_throw(&mut f.store, &exception, &[]).unwrap();
        assert_eq!(returned(outcome), [Val::I32(203)], "{zeal}");

        let (_, k) = start(&mut f, 300);
        let clone = k.clone_suspended(&mut f.store).unwrap();
        f.store.gc().unwrap();
        for (k, n) in [(clone, 4), (k, 5)] {
            let value = boxed(&mut f, n);
            assert_eq!(
                returned(f.resume(&k, &[value])),
                [Val::I32(300 + n)],
                "{zeal}"
            );
        }

        drop(start(&mut f, 400));
        f.store.gc().unwrap();
        assert_eq!(f.store.live_continuations(), 0, "{zeal}");
    }
}

/// Thousands wait for the host at a time, and go on in another order.
#[test]
fn many_wait_at_once() {
    let any = ANYREF;
    let mut f = fixture(&with_zeal("none"), &[any], &[any]);
    let instance = f.instance(KEEPS);
    let mut waiting: Vec<(i32, Val, ContHandle)> = (0..3000)
        .map(|n| {
            let (mut values, k) = suspended(f.start(instance, "run", &[Val::I32(n)]));
            (n, values.remove(0), k)
        })
        .collect();
    f.store.park();
    f.store.gc().unwrap();
    waiting.reverse();
    for (n, value, k) in waiting {
        assert_eq!(returned(f.resume(&k, &[value])), [Val::I32(n + 7)]);
    }
}

/// Called by the host itself, it has nobody to suspend but the call that the host made.
#[test]
fn called_by_the_host_it_suspends_the_call() {
    let mut f = fixture(&with_zeal("none"), &[ValType::I32], &[ValType::I32]);
    let Some(Extern::Func(stop)) = f.linker.get(&mut f.store, "host", "stop").unwrap() else {
        unreachable!()
    };
    let error = stop.call(&mut f.store, &[Val::I32(1)]).unwrap_err();
    assert_eq!(code(&error), Some(TrapCode::UnhandledTag));
    let handlers = [Handler::Suspend(f.tag)];
    let outcome = stop.call_with_handlers(&mut f.store, &[Val::I32(1)], &handlers);
    let (values, k) = suspended(outcome.unwrap());
    assert_eq!(values, [Val::I32(1)]);
    assert_eq!(returned(f.resume(&k, &[Val::I32(9)])), [Val::I32(9)]);
}
