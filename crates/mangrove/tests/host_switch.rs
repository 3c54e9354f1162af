//! Host functions switch for the Wasm code that called them, the host handles switches, and
//! takes continuations for those of a module's types.

mod common;

use common::{ZEAL, call, returned};
use mangrove::{
    Config, Engine, Error, Extern, ExternType, Func, FuncType, Handler, HostAnswer, Linker, Module,
    Store, Tag, TrapCode, Val, ValType,
};

fn with_zeal(zeal: &str) -> Config {
    let mut config = Config::new();
    config.zeal(zeal.parse().unwrap());
    config
}

fn code(error: &Error) -> Option<TrapCode> {
    error.as_trap()?.reason.code()
}

const TASKS: &str = r#"(module
    (import "mangrove" "gc" (func $gc))
    (rec (type $f (func (param (ref null $k)) (result i32))) (type $k (cont $f)))
    (type $box (struct (field $value (mut i32))))
    (import "host" "next" (tag $next (result i32)))
    (import "host" "hop" (func $hop (param (ref null $k)) (result (ref null $k))))
    (global $log (export "log") (mut i32) (i32.const 0))
    (func $note (param (ref $box))
        (global.set $log (i32.add (i32.mul (global.get $log) (i32.const 10))
            (struct.get $box $value (local.get 0)))))
    (func $second (export "second") (type $f) (local $box (ref $box))
        (local.set $box (struct.new $box (i32.const 2)))
        (call $gc)
        (call $note (local.get $box))
        (local.set 0 (call $hop (local.get 0)))
        (struct.set $box $value (local.get $box) (i32.const 4))
        (call $note (local.get $box))
        (i32.const 40))
    (func $first (export "first") (type $f) (local $box (ref $box))
        (local.set $box (struct.new $box (i32.const 1)))
        (call $note (local.get $box))
        (local.set 0 (call $hop (cont.new $k (ref.func $second))))
        (call $gc)
        (struct.set $box $value (local.get $box) (i32.const 3))
        (call $note (local.get $box))
        (drop (switch $k $next (local.get 0)))
        (unreachable))
    (elem declare func $first $second)
    (func (export "in_wasm") (result i32)
        (resume $k (on $next switch) (ref.null $k) (cont.new $k (ref.func $first)))))"#;

/// `host hop` switches to its argument.
#[test]
fn a_host_function_switches_for_its_caller() {
    for zeal in ZEAL {
        let engine = Engine::new(&with_zeal(zeal)).unwrap();
        let module = Module::new(&engine, TASKS.as_bytes()).unwrap();
        let mut store = Store::new(&engine, ()).unwrap();
        let ty = |params, results| FuncType { params, results };
        let next = Tag::new(&mut store, ty(vec![], vec![ValType::I32])).unwrap();
        let hop = module
            .imports()
            .find(|import| import.name() == "hop")
            .unwrap();
        let ExternType::Func(hop) = hop.ty() else {
            unreachable!()
        };
        let hop = Func::suspending(&mut store, hop, move |_, args, _| {
            let Val::Cont(Some(k)) = &args[0] else {
                return Err(Error::host("nobody to switch to"));
            };
            Ok(HostAnswer::Switch {
                tag: next,
                continuation: k.clone(),
                values: vec![],
            })
        })
        .unwrap();
        let mut linker = Linker::new(&engine);
        linker.define_mangrove();
        linker.define(&store, "host", "next", next).unwrap();
        linker.define(&store, "host", "hop", hop).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let log = |store: &mut Store<()>| {
            let Some(Extern::Global(log)) = instance.export(store, "log") else {
                unreachable!()
            };
            let value = log.get(store).unwrap();
            log.set(store, Val::I32(0)).unwrap();
            value
        };
        assert_eq!(
            call(&mut store, instance, "in_wasm", &[]).unwrap(),
            [Val::I32(40)],
            "{zeal}"
        );
        assert_eq!(log(&mut store), Val::I32(1234), "{zeal}");
        // The same with the host for a handler.
        let first = instance.func(&store, "first").unwrap();
        let handlers = [Handler::Switch(next)];
        let outcome = first.call_with_handlers(&mut store, &[Val::Cont(None)], &handlers);
        assert_eq!(returned(outcome.unwrap()), [Val::I32(40)], "{zeal}");
        assert_eq!(log(&mut store), Val::I32(1234), "{zeal}");
        // Nobody handles it; and a continuation that was used up.
        let outcome = first.call_with_handlers(&mut store, &[Val::Cont(None)], &[]);
        assert_eq!(code(&outcome.unwrap_err()), Some(TrapCode::UnhandledTag));
        store.gc().unwrap();
        assert_eq!(store.live_continuations(), 0, "{zeal}");
    }
}

#[test]
fn a_switch_that_does_not_fit_is_an_error() {
    let engine = Engine::new(&with_zeal("none")).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let ty = |params: &[ValType], results: &[ValType]| FuncType {
        params: params.to_vec(),
        results: results.to_vec(),
    };
    let good = Tag::new(&mut store, ty(&[], &[ValType::I32])).unwrap();
    let with_params = Tag::new(&mut store, ty(&[ValType::I32], &[ValType::I32])).unwrap();
    let of_another = Tag::new(&mut store, ty(&[], &[ValType::I64])).unwrap();
    let text = "(module
        (rec (type $f (func (param i32 (ref null $k)) (result i32))) (type $k (cont $f)))
        (func (export \"takes_one\") (type $f) (i32.const 1))
        (func (export \"takes_none\") (param i32) (result i32) (i32.const 1)))";
    let module = Module::new(&engine, text.as_bytes()).unwrap();
    let instance = Linker::new(&engine)
        .instantiate(&mut store, &module)
        .unwrap();
    let cont = |store: &mut Store<()>, name: &str| {
        let func = instance.func(store, name).unwrap();
        func.continuation(store).unwrap()
    };
    let one = Val::I32(1);
    for (tag, to, results, values) in [
        (with_params, "takes_one", vec![], vec![one.clone()]),
        (of_another, "takes_one", vec![], vec![one.clone()]),
        (good, "takes_none", vec![], vec![]),
        (good, "takes_one", vec![ValType::I64], vec![one.clone()]),
        (good, "takes_one", vec![], vec![]),
        (good, "takes_one", vec![], vec![Val::I64(1)]),
    ] {
        let k = cont(&mut store, to);
        let kept = k.clone();
        let answer = move |_: mangrove::Caller<'_, ()>, _: &[Val], _: &mut [Val]| {
            Ok(HostAnswer::Switch {
                tag,
                continuation: k.clone(),
                values: values.clone(),
            })
        };
        let func = Func::suspending(&mut store, ty(&[], &results), answer).unwrap();
        let outcome = func.call_with_handlers(&mut store, &[], &[]);
        assert!(matches!(outcome, Err(Error::Usage(_))), "{to}: {outcome:?}");
        assert!(!kept.is_consumed(&store).unwrap());
    }
    // The clause of the host: a tag with parameters, and one with other results.
    for tag in [with_params, of_another] {
        let k = cont(&mut store, "takes_none");
        let outcome = k.resume_with(
            &mut store,
            std::slice::from_ref(&one),
            &[Handler::Switch(tag)],
        );
        assert!(matches!(outcome, Err(Error::Usage(_))));
        assert!(!k.is_consumed(&store).unwrap());
    }
}

#[test]
fn a_continuation_is_taken_for_one_of_a_type_in_a_group() {
    let engine = Engine::new(&Config::new()).unwrap();
    let text = "(module
        (rec (type $f (func (param i32) (result i32))) (type $k (cont $f)))
        (type $g (func (param i64) (result i32))) (type $kg (cont $g))
        (func (export \"double\") (type $f) (i32.mul (local.get 0) (i32.const 2)))
        (func (export \"run\") (param (ref $k)) (result i32)
            (resume $k (i32.const 21) (local.get 0))))";
    let module = Module::new(&engine, text.as_bytes()).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let instance = Linker::new(&engine)
        .instantiate(&mut store, &module)
        .unwrap();
    let double = instance.func(&store, "double").unwrap();
    let k = double.continuation(&mut store).unwrap();
    let ids = module.type_ids();
    let (function, wanted, other) = (ids[0], ids[1], ids[3]);
    for wrong in [function, other, mangrove::TypeId::new(1 << 20)] {
        assert!(matches!(
            k.with_type(&mut store, wrong),
            Err(Error::Usage(_))
        ));
    }
    let typed = k.with_type(&mut store, wanted).unwrap();
    assert_eq!(typed, k, "the same continuation");
    let results = call(&mut store, instance, "run", &[Val::Cont(Some(typed))]);
    assert_eq!(results.unwrap(), [Val::I32(42)]);
    assert!(k.is_consumed(&store).unwrap());
}
