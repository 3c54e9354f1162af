//! The border between host and Wasm, where continuations meet it.

mod common;

use common::call;
use mangrove::{
    BacktraceEntry, Caller, Config, Engine, Error, Exception, Extern, Func, FuncType, Instance,
    Linker, Module, Outcome, Store, Tag, TrapCode, TrapReason, Val, ValType,
};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};

/// What the host function does, besides handing its argument on.
#[derive(Default)]
struct Host {
    inner: Option<Func>,
    tag: Option<Tag>,
}

type Body = fn(Caller<'_, Host>, &[Val], &mut [Val]) -> Result<(), Error>;

/// `deep` calls the host from `depth` continuations below the first; `ask`
/// suspends and hands on what comes back; `handled` runs `ask` under a handler
/// of its own; `guarded` is `deep` under a handler of `$ask`, `catching` under
/// one of the exception `$e`.
const BORDER: &str = r#"(module $border
    (type $f (func (param i32) (result i32))) (type $k (cont $f))
    (import "host" "f" (func $host (type $f)))
    (import "host" "ask" (tag $ask (param i32) (result i32)))
    (import "host" "e" (tag $e (param i32)))
    (global $depth (export "depth") (mut i32) (i32.const 0))
    (func $deep (export "deep") (type $f)
        (if (result i32) (global.get $depth)
            (then
                (global.set $depth (i32.sub (global.get $depth) (i32.const 1)))
                (resume $k (local.get 0) (cont.new $k (ref.func $deep))))
            (else (call $host (local.get 0)))))
    (func $ask (export "ask") (type $f) (suspend $ask (local.get 0)))
    (func (export "handled") (type $f)
        (block $on (result i32 (ref $k))
            (return (resume $k (on $ask $on) (local.get 0) (cont.new $k (ref.func $ask)))))
        (resume $k))
    (func (export "guarded") (type $f)
        (block $on (result i32 (ref $k))
            (return (resume $k (on $ask $on) (local.get 0) (cont.new $k (ref.func $deep)))))
        (drop) (drop) (i32.const -1))
    (func (export "catching") (type $f)
        (block $h (result i32)
            (try_table (result i32) (catch $e $h)
                (resume $k (local.get 0) (cont.new $k (ref.func $deep))))))
    (func (export "throw") (type $f) (throw $e (local.get 0)))
    (func (export "trap") (type $f) (unreachable))
    (elem declare func $deep $ask))"#;

fn unary() -> FuncType {
    FuncType {
        params: vec![ValType::I32],
        results: vec![ValType::I32],
    }
}

struct World {
    store: Store<Host>,
    instance: Instance,
    ask: Tag,
    e: Tag,
}

impl World {
    fn new(body: Body) -> Self {
        Self::with(&Config::new(), body)
    }

    fn with(config: &Config, body: Body) -> Self {
        let engine = Engine::new(config).unwrap();
        let module = Module::new(&engine, BORDER.as_bytes()).unwrap();
        let mut store = Store::new(&engine, Host::default()).unwrap();
        let ask = Tag::new(&mut store, unary()).unwrap();
        let ty = FuncType {
            params: vec![ValType::I32],
            results: vec![],
        };
        let e = Tag::new(&mut store, ty).unwrap();
        let mut linker = Linker::new(&engine);
        linker.define(&store, "host", "ask", ask).unwrap();
        linker.define(&store, "host", "e", e).unwrap();
        linker.func("host", "f", unary(), body).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        store.data_mut().tag = Some(ask);
        Self {
            store,
            instance,
            ask,
            e,
        }
    }

    /// Calls `name` with 1, the host function `depth` continuations deep.
    fn run(&mut self, name: &str, depth: i32) -> Result<Vec<Val>, Error> {
        let Some(Extern::Global(global)) = self.instance.export(&self.store, "depth") else {
            panic!("a global")
        };
        global.set(&mut self.store, Val::I32(depth)).unwrap();
        call(&mut self.store, self.instance, name, &[Val::I32(1)])
    }

    /// The host function is to call this export.
    fn inner(&mut self, name: &str) {
        let func = self.instance.func(&self.store, name);
        self.store.data_mut().inner = func;
    }

    /// Nothing is left behind, and Wasm and the host function work as ever.
    fn is_sound(&mut self) {
        assert_eq!(self.store.report().activations, 0);
        assert_eq!(self.store.live_continuations(), 0);
        let results = call(&mut self.store, self.instance, "handled", &[Val::I32(12)]);
        assert_eq!(results.unwrap(), [Val::I32(12)]);
        self.store.roots().unwrap();
        self.store.gc().unwrap();
        assert_eq!(self.store.report().live, 0);
    }
}

/// Calls what it is told to call.
fn call_inner(
    mut caller: Caller<'_, Host>,
    args: &[Val],
    results: &mut [Val],
) -> Result<(), Error> {
    let inner = caller.data().inner.expect("something to call");
    let values = inner.call(&mut caller, args)?;
    results.clone_from_slice(&values);
    Ok(())
}

#[test]
fn a_host_function_runs_inside_a_continuation() {
    for zeal in [
        "none",
        "move",
        "alloc,switch,call,move",
        "alloc,switch,call,move,minor",
    ] {
        let mut config = Config::new();
        config.zeal(zeal.parse().unwrap()).verify_heap(true);
        let body: Body = |mut caller, args, results| {
            caller.gc()?;
            let n = args[0].as_i32().expect("an i32");
            results[0] = Val::I32(n + caller.live_continuations() as i32);
            Ok(())
        };
        let mut world = World::with(&config, body);
        assert_eq!(world.run("deep", 0).unwrap(), [Val::I32(1)]);
        assert_eq!(world.run("deep", 3).unwrap(), [Val::I32(4)]);
        world.is_sound();
    }
}

#[test]
fn what_it_calls_may_suspend_to_a_handler_of_its_own() {
    for zeal in [
        "none",
        "move",
        "alloc,switch,call,move",
        "alloc,switch,call,move,minor",
    ] {
        let mut config = Config::new();
        config.zeal(zeal.parse().unwrap()).verify_heap(true);
        let mut world = World::with(&config, call_inner);
        world.inner("handled");
        assert_eq!(world.run("guarded", 2).unwrap(), [Val::I32(1)]);
        world.is_sound();
    }
}

#[test]
fn it_may_handle_suspensions_itself() {
    let body: Body = |mut caller, args, results| {
        let Host { inner, tag } = *caller.data();
        let (inner, tag) = (inner.expect("a function"), tag.expect("a tag"));
        let k = inner.continuation(&mut caller)?;
        let outcome = k.resume(&mut caller, args, &[tag])?;
        let Outcome::Suspended {
            values,
            continuation,
            ..
        } = outcome
        else {
            return Err(Error::host("it should have suspended"));
        };
        caller.gc()?;
        let answer = Val::I32(values[0].as_i32().expect("an i32") + 40);
        match continuation.resume(&mut caller, &[answer], &[])? {
            Outcome::Returned(values) => results.clone_from_slice(&values),
            other => panic!("{other:?}"),
        }
        Ok(())
    };
    let mut world = World::new(body);
    world.inner("ask");
    assert_eq!(world.run("guarded", 2).unwrap(), [Val::I32(41)]);
    world.is_sound();
}

#[test]
fn no_suspension_crosses_a_host_frame() {
    let mut world = World::new(call_inner);
    world.inner("ask");
    for name in ["guarded", "deep"] {
        let error = world.run(name, 1).unwrap_err();
        let trap = error.as_trap().expect("a trap");
        assert_eq!(trap.reason.code(), Some(TrapCode::UnhandledTag));
        assert!(matches!(&trap.reason,
            TrapReason::UnhandledTagInHostCall { function, .. } if function == "host f"));
        let start = "unhandled tag $ask (param i32) (result i32): the frame of host function \
                     \"host f\" stands between";
        assert!(error.to_string().starts_with(start), "{error}");
        let host = |entry: &BacktraceEntry| matches!(entry, BacktraceEntry::Host(_));
        assert!(trap.backtrace.entries.iter().any(host));
        world.is_sound();
    }
    // The handler of a host that resumed is beyond the inner host, too.
    let deep = world.instance.func(&world.store, "deep").unwrap();
    let k = deep.continuation(&mut world.store).unwrap();
    let error = k
        .resume(&mut world.store, &[Val::I32(1)], &[world.ask])
        .unwrap_err();
    assert_eq!(
        error.as_trap().unwrap().reason.code(),
        Some(TrapCode::UnhandledTag)
    );
    world.is_sound();
}

#[test]
fn a_panic_reaches_the_embedder_from_three_deep() {
    struct Mine(u32);
    let body: Body = |_, _, _| panic_any(Mine(7));
    let mut world = World::new(body);
    std::panic::set_hook(Box::new(|_| {}));
    for round in 0..4 {
        let panic = if round % 2 == 0 {
            catch_unwind(AssertUnwindSafe(|| world.run("guarded", 2).map(drop)))
        } else {
            // The same, through a continuation that the host resumed.
            let deep = world.instance.func(&world.store, "guarded").unwrap();
            let k = deep.continuation(&mut world.store).unwrap();
            catch_unwind(AssertUnwindSafe(|| {
                let ask = world.ask;
                k.resume(&mut world.store, &[Val::I32(1)], &[ask]).map(drop)
            }))
        };
        let Err(panic) = panic else {
            panic!("no panic")
        };
        assert_eq!(panic.downcast_ref::<Mine>().map(|mine| mine.0), Some(7));
        world.is_sound();
    }
}

#[test]
fn a_panic_crosses_several_activations() {
    let body: Body = |mut caller, args, results| match caller.data_mut().inner.take() {
        Some(inner) => {
            results.clone_from_slice(&inner.call(&mut caller, args)?);
            Ok(())
        }
        None => panic_any("innermost"),
    };
    let mut world = World::new(body);
    std::panic::set_hook(Box::new(|_| {}));
    world.inner("guarded");
    let panic = catch_unwind(AssertUnwindSafe(|| world.run("guarded", 1).map(drop)));
    assert_eq!(
        panic.unwrap_err().downcast_ref::<&str>(),
        Some(&"innermost")
    );
    world.is_sound();
}

#[test]
fn a_host_error_is_a_trap_of_the_whole_chain() {
    let body: Body = |_, _, _| Err(Error::host("no more tea"));
    let mut world = World::new(body);
    let error = world.run("guarded", 2).unwrap_err();
    assert_eq!(error.to_string(), "no more tea");
    let trap = error.as_trap().expect("a trap");
    assert_eq!(trap.reason, TrapReason::Host("no more tea".into()));
    assert_eq!(trap.backtrace.frames().count(), 4);
    assert_eq!(world.store.report().ended.trapped, 3);
    world.is_sound();
}

#[test]
fn exceptions_cross_continuations_and_the_host() {
    // Thrown by the host itself, then by what it called.
    let body: Body = |mut caller, args, results| match caller.data().inner {
        Some(inner) => {
            results.clone_from_slice(&inner.call(&mut caller, args)?);
            Ok(())
        }
        None => {
            let Some(tag) = caller.data().tag else {
                return Err(Error::host("no tag"));
            };
            let exception = Exception::new(&mut caller, tag, vec![Val::I32(30)])?;
            Err(Error::Exception(Box::new(exception)))
        }
    };
    let mut world = World::new(body);
    world.store.data_mut().tag = Some(world.e);
    assert_eq!(world.run("catching", 2).unwrap(), [Val::I32(30)]);
    world.is_sound();
    let Err(Error::Exception(left)) = world.run("guarded", 2) else {
        panic!("nobody catches it")
    };
    assert_eq!(left.tag, world.e);
    world.is_sound();

    world.inner("throw");
    assert_eq!(world.run("catching", 2).unwrap(), [Val::I32(1)]);
    world.is_sound();
    let guarded = world.instance.func(&world.store, "guarded").unwrap();
    let k = guarded.continuation(&mut world.store).unwrap();
    let outcome = k.resume(&mut world.store, &[Val::I32(5)], &[world.ask]);
    let Ok(Outcome::Thrown(left)) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!((left.tag, &left.values[..]), (world.e, &[Val::I32(5)][..]));
    world.is_sound();
}

#[test]
fn one_trap_has_one_backtrace_over_everything() {
    let mut world = World::new(call_inner);
    world.inner("trap");
    let error = world.run("guarded", 2).unwrap_err();
    let trap = error.as_trap().expect("a trap");
    assert_eq!(trap.reason, TrapReason::Code(TrapCode::Unreachable));
    let mut parents = Vec::new();
    let shape: Vec<_> = trap
        .backtrace
        .entries
        .iter()
        .map(|entry| match entry {
            BacktraceEntry::Frame(frame) => {
                assert_eq!(frame.module.as_deref(), Some("border"));
                assert!(frame.offset.is_some());
                format!("{}", frame.function)
            }
            BacktraceEntry::Host(name) => name.clone(),
            BacktraceEntry::Resumed {
                child,
                parent,
                created,
            } => {
                parents.push((*child, parent.expect("Wasm resumed it")));
                let place = created.as_ref().expect("Wasm made it");
                assert!(place.offset.is_some());
                format!("made by {}", place.function)
            }
        })
        .collect();
    // 0 is the host function, 1 $deep, 4 guarded, 7 trap.
    let expected = [
        "7",
        "host f",
        "1",
        "made by 1",
        "1",
        "made by 1",
        "1",
        "made by 4",
        "4",
    ];
    assert_eq!(shape, expected);
    for pair in parents.windows(2) {
        assert_eq!(pair[0].1, pair[1].0, "each is resumed by the next");
    }
    world.is_sound();

    // The offset is that of the `cont.new`, and lies before the `resume`.
    let entries = &trap.backtrace.entries;
    let [
        BacktraceEntry::Resumed {
            created: Some(made),
            ..
        },
        BacktraceEntry::Frame(resumed),
    ] = &entries[7..]
    else {
        panic!("{entries:?}")
    };
    assert!(made.offset < resumed.offset && made.function == resumed.function);
}

#[test]
fn instances_of_a_store_share_tags() {
    let handler = r#"(module
        (type $f (func (param i32) (result i32))) (type $k (cont $f))
        (import "a" "ask" (func $ask (type $f)))
        (import "host" "ask" (tag $t (param i32) (result i32)))
        (elem declare func $ask)
        (func (export "run") (type $f)
            (block $on (result i32 (ref $k))
                (return (resume $k (on $t $on) (local.get 0) (cont.new $k (ref.func $ask)))))
            (resume $k))
        (func (export "suspend") (type $f) (suspend $t (local.get 0))))"#;
    let mut world = World::new(call_inner);
    let engine = Engine::clone(world.instance.module(&world.store).engine());
    let module = Module::new(&engine, handler.as_bytes()).unwrap();
    let mut linker = Linker::new(&engine);
    linker
        .define(&world.store, "host", "ask", world.ask)
        .unwrap();
    let ask = world.instance.func(&world.store, "ask").unwrap();
    linker.define(&world.store, "a", "ask", ask).unwrap();
    let second = linker.instantiate(&mut world.store, &module).unwrap();
    // One instance suspends, another handles.
    let results = call(&mut world.store, second, "run", &[Val::I32(3)]).unwrap();
    assert_eq!(results, [Val::I32(3)]);
    // Another instance suspends, the host handles; a tag alike is another one.
    let suspend = second.func(&world.store, "suspend").unwrap();
    let alike = Tag::new(&mut world.store, unary()).unwrap();
    let k = suspend.continuation(&mut world.store).unwrap();
    let outcome = k
        .resume(&mut world.store, &[Val::I32(4)], &[alike, world.ask])
        .unwrap();
    assert!(matches!(outcome, Outcome::Suspended { tag, .. } if tag == world.ask));
}

#[test]
fn what_is_of_another_store_is_refused() {
    let mut world = World::new(call_inner);
    let mut other = World::new(call_inner);
    let says = |error: Error, what: &str| assert_eq!(error.to_string(), what);
    let foreign = other.instance.func(&other.store, "ask").unwrap();
    let error = foreign.call(&mut world.store, &[Val::I32(1)]).unwrap_err();
    says(error, "a function of another store was used");
    let error = Exception::new(&mut world.store, other.e, vec![Val::I32(1)]).unwrap_err();
    says(error, "a tag of another store was used");

    // As results of a host function, too.
    let ty = FuncType {
        params: vec![],
        results: vec![ValType::Ref(mangrove::RefType {
            nullable: true,
            heap: mangrove::HeapType::Abstract(mangrove::AbstractHeap::Func),
        })],
    };
    let host = Func::new(&mut world.store, ty, move |_, _, results| {
        results[0] = Val::Func(Some(foreign));
        Ok(())
    })
    .unwrap();
    let error = host.call(&mut world.store, &[]).unwrap_err();
    says(error, "a function of another store was used");
    let k = foreign.continuation(&mut other.store).unwrap();
    let error = k.resume(&mut world.store, &[Val::I32(1)], &[]).unwrap_err();
    says(error, "a continuation of another store was used");

    // An exception of another store does not get out of a host function.
    let exception = Exception::new(&mut other.store, other.e, vec![Val::I32(1)]).unwrap();
    let host = Func::new(
        &mut world.store,
        FuncType::default(),
        move |_: Caller<'_, Host>, _, _| Err(Error::Exception(Box::new(exception.clone()))),
    )
    .unwrap();
    let error = host.call(&mut world.store, &[]).unwrap_err();
    says(error, "a reference of another store was used");
    world.is_sound();
}
