//! Values and exceptions as text: names, depth, bounds.

mod common;

use mangrove::{
    Config, Engine, Error, Exception, Extern, ExternRef, FuncType, HeapHandle, Instance, Module,
    Outcome, Store, Tag, Val,
};

const MODULE: &str = r#"(module
  (type $node (struct (field $value i32) (field $next (mut (ref null $node)))))
  (type $pair (struct (field (mut anyref)) (field (mut anyref))))
  (type $bytes (array i8)) (type $wide (array (mut i64)))
  (type $f (func (param i32 i32))) (type $k (cont $f))
  (tag $named (export "named") (param i32)) (tag (export "exported")) (tag)
  (func $gen (type $f) (suspend $named (i32.const 1)))
  (func (export "list") (param $n i32) (result anyref) (local $l (ref null $node))
    (loop $l
      (local.set $l (struct.new $node (local.get $n) (local.get $l)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $l))
  (func (export "bush") (param $n i32) (result anyref) (local $l anyref)
    (loop $l
      (local.set $l (struct.new $pair (local.get $l) (local.get $l)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $l))
  (func (export "self") (result anyref) (local $p (ref $pair))
    (local.set $p (struct.new_default $pair))
    (struct.set $pair 0 (local.get $p) (local.get $p))
    (struct.set $pair 1 (local.get $p) (struct.new $pair (local.get $p) (ref.i31 (i32.const 1))))
    (local.get $p))
  (func (export "wide") (param i32) (result anyref) (array.new_default $wide (local.get 0)))
  (func (export "bytes") (param i32 i32) (result anyref)
    (array.new $bytes (local.get 0) (local.get 1)))
  (func (export "gen") (param i32 i32) (call $gen (local.get 0) (local.get 1)))
)"#;

fn made() -> (Store<()>, Instance) {
    common::instance(MODULE)
}

fn call(store: &mut Store<()>, instance: Instance, name: &str, args: &[Val]) -> Val {
    let func = instance.func(store, name).expect("it is exported");
    func.call(store, args).unwrap().remove(0)
}

#[test]
fn a_list_of_a_million_is_bounded_in_text_and_stack() {
    let (mut store, instance) = made();
    let list = call(&mut store, instance, "list", &[Val::I32(1_000_000)]);
    for bytes in [0, 1000, 64 << 10] {
        let text = list
            .display(&store)
            .depth(u32::MAX)
            .bytes(bytes)
            .to_string();
        // What is open when the text ends is closed: a parenthesis for each "(struct".
        assert!(text.len() <= 2 * bytes + 100, "{} for {bytes}", text.len());
        let count = |what: char| text.chars().filter(|&c| c == what).count();
        assert_eq!(count('('), count(')'));
        assert!(text.contains('…'));
    }
    let default = list.display(&store).to_string();
    assert_eq!(default.matches("$value=").count(), 4, "{default}");
}

#[test]
fn shared_objects_do_not_multiply() {
    let (mut store, instance) = made();
    let bush = call(&mut store, instance, "bush", &[Val::I32(1000)]);
    let text = bush.display(&store).depth(u32::MAX).to_string();
    assert!(text.len() < 200 << 10, "{}", text.len());
}

#[test]
fn cycles_are_told_by_their_level() {
    let (mut store, instance) = made();
    let ring = call(&mut store, instance, "self", &[]);
    assert_eq!(
        ring.display(&store).to_string(),
        "(struct $pair (cycle 1 up) (struct $pair (cycle 2 up) (ref.i31 1)))"
    );
}

#[test]
fn wide_arrays_are_cut() {
    let (mut store, instance) = made();
    let wide = call(&mut store, instance, "wide", &[Val::I32(1_000_000)]);
    let text = wide.display(&store).items(2).to_string();
    assert_eq!(text, "(array $wide 0 0 … 999998 more)");
    let text = wide
        .display(&store)
        .items(u32::MAX)
        .bytes(10_000)
        .to_string();
    assert!(text.len() < 10_100, "{}", text.len());
    let bytes = call(
        &mut store,
        instance,
        "bytes",
        &[Val::I32(0x41), Val::I32(10_000_000)],
    );
    assert!(
        bytes
            .display(&store)
            .to_string()
            .ends_with("AAA…\" … 9998976 more)")
    );
    // A control character is no text; a line break is.
    let bell = call(&mut store, instance, "bytes", &[Val::I32(7), Val::I32(2)]);
    assert_eq!(bell.display(&store).to_string(), "(array $bytes 7 7)");
    let line = call(&mut store, instance, "bytes", &[Val::I32(10), Val::I32(2)]);
    assert_eq!(
        line.display(&store).to_string(),
        "(array $bytes \"\\n\\n\")"
    );
}

#[test]
fn a_look_leaves_no_trace() {
    let (mut store, instance) = made();
    let list = call(&mut store, instance, "list", &[Val::I32(1000)]);
    let before = store.roots().unwrap().roots.len();
    list.display(&store).depth(1000).to_string();
    assert_eq!(store.roots().unwrap().roots.len(), before);
}

#[test]
fn continuations_of_the_host() {
    let (mut store, instance) = made();
    let generator = instance.func(&store, "gen").unwrap();
    let fresh = generator.continuation(&mut store).unwrap();
    let shown = |store: &Store<()>, k: &mangrove::ContHandle| {
        Val::Cont(Some(k.clone())).display(store).to_string()
    };
    assert_eq!(
        shown(&store, &fresh),
        "(cont $k fresh, of func \"gen\", made by the host)"
    );
    let bound = fresh.bind(&mut store, &[Val::I32(1)]).unwrap();
    assert_eq!(shown(&store, &fresh), "(cont $k consumed)");
    assert_eq!(
        shown(&store, &bound),
        "(cont fresh, of func \"gen\", 1 argument bound, made by the host)"
    );
    let Some(Extern::Tag(tag)) = instance.export(&store, "named") else {
        panic!("a tag")
    };
    let outcome = bound.resume(&mut store, &[Val::I32(2)], &[tag]).unwrap();
    let Outcome::Suspended { continuation, .. } = outcome else {
        panic!("{outcome:?}")
    };
    let text = shown(&store, &continuation);
    assert!(text.starts_with("(cont suspended in $gen at 0x"), "{text}");
    assert!(text.ends_with(", made by the host)"), "{text}");
}

#[test]
fn functions_tags_and_host_objects() {
    let (mut store, instance) = made();
    let host = HeapHandle::from(ExternRef::new(&mut store, 7u64).unwrap());
    assert_eq!(
        Val::Extern(Some(host.clone())).display(&store).to_string(),
        "(extern 7)"
    );
    assert_eq!(Val::Any(Some(host)).display(&store).to_string(), "(host 7)");
    let unnamed = instance.func(&store, "list").unwrap();
    assert_eq!(
        Val::from(unnamed).display(&store).to_string(),
        "(func \"list\")"
    );
    let own = mangrove::Func::new(&mut store, FuncType::default(), |_, _, _| Ok(())).unwrap();
    assert_eq!(
        Val::from(own).display(&store).to_string(),
        "(func of the host)"
    );
    let tag = Tag::new(&mut store, FuncType::default()).unwrap();
    let exception = Exception::new(&mut store, tag, vec![]).unwrap();
    assert_eq!(
        exception.display(&store).to_string(),
        "uncaught exception of a tag of the host"
    );
    for (name, values, text) in [
        (
            "named",
            vec![Val::I32(5)],
            "uncaught exception of tag $named: (i32 5)",
        ),
        (
            "exported",
            vec![],
            "uncaught exception of tag (export \"exported\")",
        ),
    ] {
        let Some(Extern::Tag(tag)) = instance.export(&store, name) else {
            panic!("a tag")
        };
        let exception = Exception::new(&mut store, tag, values).unwrap();
        assert_eq!(exception.display(&store).to_string(), text);
    }
}

#[test]
fn every_kind_of_part() {
    let text = r#"(module
      (type $f (func)) (type $k (cont $f)) (tag $t) (tag $e (param i64 (ref $k) f32))
      (func $gen (suspend $t))
      (elem declare func $gen)
      (type $all (struct (field i8) (field i16) (field i32) (field i64) (field f32) (field f64)
        (field v128) (field funcref) (field funcref) (field externref) (field anyref)
        (field (ref null $k)) (field contref) (field exnref)))
      (func (export "make") (param externref) (result anyref) (local $e exnref)
        (block $h (result exnref)
          (try_table (catch_all_ref $h)
            (throw $e (i64.const -2) (cont.new $k (ref.func $gen)) (f32.const 0.5)))
          (unreachable))
        (local.set $e)
        (struct.new $all (i32.const 255) (i32.const -1) (i32.const -1) (i64.const -1)
          (f32.const nan) (f64.const -inf) (v128.const i64x2 1 2) (ref.func $gen)
          (ref.null func) (local.get 0) (ref.i31 (i32.const -1)) (cont.new $k (ref.func $gen))
          (ref.null cont) (local.get $e))))"#;
    let mut config = Config::new();
    config.continuations_in_objects(mangrove::ContinuationsInObjects::Trace);
    let (mut store, instance) = common::instance_with(&config, text);
    let host = HeapHandle::from(ExternRef::new(&mut store, 9u64).unwrap());
    let value = call(&mut store, instance, "make", &[Val::Extern(Some(host))]);
    store.gc().unwrap();
    let shown = value.display(&store).to_string();
    let (thrown, kept) = {
        let (first, last) = shown.split_once("(exn").expect("it is the last part");
        let at = |text: &str| text.rsplit_once("0x").expect("a place").1.to_owned();
        (at(last), at(first))
    };
    let digits = |text: &str| text.split(')').next().unwrap().to_owned();
    assert_eq!(
        shown,
        format!(
            "(struct $all 255 65535 -1 -1 nan -inf 0x00000000000000020000000000000001 (func $gen) \
             null (extern 9) (ref.i31 -1) (cont $k fresh, of func $gen, made in (export \"make\") \
             at 0x{}) null (exn $e -2 (cont $k fresh, of func $gen, made in (export \"make\") \
             at 0x{}) 0.5))",
            digits(&kept),
            digits(&thrown)
        )
    );
}

#[test]
fn host_functions_and_observers_can_look() {
    let engine = Engine::new(&Config::new()).unwrap();
    let text = r#"(module (import "host" "look" (func $look (param anyref)))
      (type $s (struct (field i32)))
      (func (export "run") (call $look (struct.new $s (i32.const 4)))))"#;
    let module = Module::new(&engine, text.as_bytes()).unwrap();
    let mut store = Store::new(&engine, Vec::<String>::new()).unwrap();
    let mut linker = mangrove::Linker::new(&engine);
    let reference = mangrove::RefType {
        nullable: true,
        heap: mangrove::HeapType::Abstract(mangrove::AbstractHeap::Any),
    };
    let ty = FuncType {
        params: vec![mangrove::ValType::Ref(reference)],
        results: vec![],
    };
    linker
        .func(
            "host",
            "look",
            ty,
            |mut caller: mangrove::Caller<'_, Vec<String>>, args, _| {
                let shown = args[0].display(&caller).to_string();
                caller.data_mut().push(shown);
                Ok(())
            },
        )
        .unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let kept = HeapHandle::from(ExternRef::new(&mut store, 6u64).unwrap());
    let seen = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let shared = seen.clone();
    store.observe(Box::new(move |view, _| {
        *shared.lock().unwrap() = Val::Extern(Some(kept.clone())).display(view).to_string();
    }));
    instance
        .func(&store, "run")
        .unwrap()
        .call(&mut store, &[])
        .unwrap();
    assert_eq!(store.data(), &["(struct $s 4)"]);
    assert_eq!(*seen.lock().unwrap(), "(extern 6)");
}

#[test]
fn an_argument_of_another_type_is_told_with_both() {
    let (mut store, instance) = common::instance(
        "(module (type $s (struct (field i32))) (type $t (struct (field i64)))
          (func (export \"take\") (param (ref $s)))
          (func (export \"make\") (result (ref $t)) (struct.new $t (i64.const 1))))",
    );
    let take = instance.func(&store, "take").unwrap();
    let other = call(&mut store, instance, "make", &[]);
    for (value, found) in [
        (other, "a (ref $t)"),
        (Val::I32(1), "an i32"),
        (Val::Any(None), "null"),
        (Val::from(take), "a function"),
    ] {
        let error = take.call(&mut store, &[value]).unwrap_err();
        let text = format!("type mismatch: {found} where (ref $s) is expected");
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn names_are_looked_for_in_all_modules() {
    let engine = Engine::new(&Config::new()).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let linker = mangrove::Linker::new(&engine);
    let mut instantiate = |text: &str| {
        let module = Module::new(&engine, text.as_bytes()).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        instance.func(&store, "make")
    };
    let make = instantiate(
        "(module (type (struct (field i32))) (func (export \"make\") (result anyref)
           (struct.new 0 (i32.const 1))))",
    )
    .expect("it is exported");
    instantiate("(module (type $other (array i8)))");
    instantiate("(module (type (array i8)) (type $named (struct (field $f i32))))");
    let value = make.call(&mut store, &[]).unwrap().remove(0);
    assert_eq!(value.display(&store).to_string(), "(struct $named $f=1)");
}

#[test]
fn what_is_of_another_store_is_told_as_that() {
    let (mut store, instance) = made();
    let (other, _) = made();
    let list = call(&mut store, instance, "list", &[Val::I32(1)]);
    let func = Val::from(instance.func(&store, "list").unwrap());
    for value in [list, func] {
        assert_eq!(value.display(&other).to_string(), "(of another store)");
    }
}

#[test]
fn text_that_is_not_valid_has_a_line() {
    let engine = Engine::new(&Config::new()).unwrap();
    let text = "(module\n  (func $f (result i32)\n    (i32.eqz (i64.const 1))))";
    let error = Module::new(&engine, text.as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid module at offset 0x1a, line 3, column 6, in func 0 $f: \
         type mismatch: expected i32, found i64"
    );
    let Error::Invalid {
        place: Some(place), ..
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!((place.function.as_u32(), place.instruction), (0, Some(1)));
    let same = Module::validate(&engine, text.as_bytes()).unwrap_err();
    assert!(same.to_string().contains("line 3, column 6"), "{same}");
}
