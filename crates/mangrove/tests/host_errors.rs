//! Errors of the embedder's own types, on their way through Wasm.

use mangrove::{
    Caller, Config, Engine, Error, Func, FuncType, I32Exit, Instance, Linker, Module, Store,
};
use std::error::Error as StdError;
use std::fmt;

#[derive(Debug, PartialEq)]
struct Own(i32, &'static str);

impl fmt::Display for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "own {}", self.0)
    }
}

impl StdError for Own {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&I32Exit(1))
    }
}

/// Calls the host from a frame, from a continuation, and from two below each other.
const PROGRAM: &str = r#"(module $program
    (type $f (func (param i32))) (type $k (cont $f))
    (import "h" "fail" (func $fail (type $f)))
    (func $frame (export "frame") (type $f) (call $fail (local.get 0)))
    (func $one (export "one") (type $f)
        (resume $k (local.get 0) (cont.new $k (ref.func $frame))))
    (func (export "two") (type $f)
        (resume $k (local.get 0) (cont.new $k (ref.func $one))))
    (func (export "caught") (type $f)
        (block $out (try_table (catch_all $out) (call $one (local.get 0)))))
    (elem declare func $frame $one))"#;

fn load<T: 'static>(linker: &Linker<T>, engine: &Engine, data: T) -> (Store<T>, Instance) {
    let module = Module::new(engine, PROGRAM.as_bytes()).unwrap();
    let mut store = Store::new(engine, data).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance)
}

#[test]
fn an_error_comes_back_as_it_was_with_a_backtrace() {
    let engine = Engine::new(&Config::new()).unwrap();
    let mut linker = Linker::new(&engine);
    linker
        .func_wrap("h", "fail", |n: i32| {
            if n == 0 { Ok(()) } else { Err(Own(n, "same")) }
        })
        .unwrap();
    let (mut store, instance) = load(&linker, &engine, ());
    for (name, frames) in [("frame", 1), ("one", 2), ("two", 3), ("caught", 3)] {
        let f = instance
            .get_typed_func::<i32, ()>(&mut store, name)
            .unwrap();
        f.call(&mut store, 0).unwrap();
        let error = f.call(&mut store, 7).unwrap_err();
        assert_eq!(error.to_string(), "own 7");
        assert_eq!(error.source().unwrap().to_string(), I32Exit(1).to_string());
        assert!(error.is::<Own>() && !error.is::<I32Exit>());
        let backtrace = error.backtrace().unwrap();
        assert_eq!(backtrace.frames().count(), frames, "{name}: {backtrace}");
        let error = error.downcast::<I32Exit>().unwrap_err();
        assert!(error.backtrace().is_some());
        assert_eq!(error.downcast::<Own>().unwrap(), Own(7, "same"));
        assert_eq!(store.live_continuations(), 0);
    }
}

/// Through a host function in the middle, which hands it on, wraps it or looks at it.
#[test]
fn an_error_crosses_host_functions() {
    let engine = Engine::new(&Config::new()).unwrap();
    let mut linker = Linker::<Option<Func>>::new(&engine);
    linker
        .func_wrap(
            "h",
            "fail",
            |mut caller: Caller<'_, Option<Func>>, n: i32| -> Result<(), Error> {
                let again = caller
                    .data()
                    .expect("it was set")
                    .typed::<i32, ()>(&mut caller)?;
                match n {
                    0 => Err(Error::new(Own(1, "deep"))),
                    100.. => Err(Error::new(Own(2, "wrapped"))),
                    _ => again.call(&mut caller, n - 1),
                }
            },
        )
        .unwrap();
    let (mut store, instance) = load(&linker, &engine, None);
    *store.data_mut() = instance.func(&store, "one");
    let one = instance
        .get_typed_func::<i32, ()>(&mut store, "one")
        .unwrap();
    let error = one.call(&mut store, 3).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Own(1, "deep")));
    // The innermost backtrace, which has the frames of all four activations.
    assert_eq!(error.backtrace().unwrap().frames().count(), 8);
    let error = one.call(&mut store, 100).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Own(2, "wrapped")));
}

/// Anything that becomes a boxed error will do, in typed and untyped functions.
#[test]
fn any_error_type_will_do() {
    let engine = Engine::new(&Config::new()).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let mut error_of = |func: fn(&mut Store<()>) -> Result<Func, Error>| {
        let func = func(&mut store)
            .unwrap()
            .typed::<(), ()>(&mut store)
            .unwrap();
        func.call(&mut store, ()).unwrap_err()
    };
    let error = error_of(|store| Func::wrap(store, || Err::<(), _>("a str")));
    assert_eq!(error.to_string(), "a str");
    let error = error_of(|store| Func::wrap(store, || Err::<(), _>(String::from("a string"))));
    assert!(matches!(error, Error::Custom(_)) && error.to_string() == "a string");
    let error = error_of(|store| {
        Func::wrap(store, || -> Result<(), Box<dyn StdError + Send + Sync>> {
            u8::try_from(300)?;
            Ok(())
        })
    });
    assert!(error.is::<std::num::TryFromIntError>());
    let error = error_of(|store| {
        Func::new(store, FuncType::default(), |_, _, _| {
            Err(Error::new(I32Exit(4)))
        })
    });
    assert_eq!(error.downcast::<I32Exit>().unwrap(), I32Exit(4));
    // The engine's own stay what they are: a message is a trap.
    let error = error_of(|store| Func::wrap(store, || Err::<(), _>(Error::host("tea"))));
    assert!(error.as_trap().is_some() && error.to_string() == "tea");
}

/// Not one that Wasm can catch: it is no exception.
#[test]
fn an_exit_is_not_caught() {
    let engine = Engine::new(&Config::new()).unwrap();
    let text = br#"(module (import "mangrove" "exit" (func $exit (param i32)))
        (func (export "main") (result i32)
            (block $out (try_table (catch_all $out) (call $exit (i32.const -5))))
            (i32.const 0)))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let instance = Linker::new(&engine)
        .define_mangrove()
        .instantiate(&mut store, &module)
        .unwrap();
    let main = instance
        .get_typed_func::<(), i32>(&mut store, "main")
        .unwrap();
    let error = main.call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&I32Exit(-5)));
}
