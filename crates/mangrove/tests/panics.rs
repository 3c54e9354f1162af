//! Panics of the embedder's code, wherever the engine calls it: the store is as
//! after a trap, the panic goes on in the code that called.

mod common;

use common::call;
use mangrove::{
    Caller, Config, ContHandle, Engine, Error, Exception, Extern, FuncType, Hooks, Instance,
    Linker, Module, Moment, Outcome, Store, Tag, Val, ValType, Zeal,
};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::{Arc, Mutex, Once};

/// What our panics carry.
#[derive(Debug, PartialEq)]
struct Mine(u32);

/// `deep` calls the host from as many continuations as its argument says;
/// `gen` suspends once, then calls the host; `cleanup` does so when it is thrown
/// into; `work` goes through every moment there is.
const TEXT: &str = r#"(module
    (type $f (func (param i32) (result i32))) (type $k (cont $f))
    (type $g (func (result i32))) (type $kg (cont $g))
    (type $box (struct (field i32)))
    (import "host" "f" (func $host (param i32) (result i32)))
    (import "mangrove" "gc" (func $gc))
    (tag $ask (export "ask"))
    (tag $e (export "e"))
    (func $deep (export "deep") (type $f)
        (if (result i32) (local.get 0)
            (then (resume $k (i32.sub (local.get 0) (i32.const 1))
                (cont.new $k (ref.func $deep))))
            (else (call $host (i32.const 1)))))
    (func $gen (export "gen") (type $g) (suspend $ask) (call $host (i32.const 2)))
    (func $cleanup (export "cleanup") (type $g)
        (block $h (try_table (catch $e $h) (suspend $ask)))
        (call $host (i32.const 3)))
    (func (export "under") (type $g)
        (block $on (result (ref $kg))
            (return (resume $kg (on $ask $on) (cont.new $kg (ref.func $gen)))))
        (resume $kg))
    (func (export "work") (type $g)
        (local $k (ref null $kg))
        (drop (struct.new $box (i32.const 1)))
        (block $on (result (ref $kg))
            (return (resume $kg (on $ask $on) (cont.new $kg (ref.func $gen)))))
        (local.set $k)
        (call $gc)
        (resume $kg (local.get $k)))
    (func (export "trap") (type $g) (unreachable))
    (elem declare func $deep $gen))"#;

type Body = fn(Caller<'_, bool>, &[Val], &mut [Val]) -> Result<(), Error>;

struct World {
    store: Store<bool>,
    instance: Instance,
}

/// Our own panics say nothing on standard error.
fn be_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if info.payload().downcast_ref::<Mine>().is_none() {
                before(info);
            }
        }));
    });
}

impl World {
    /// The host function panics while the store's data is `true`.
    fn new(config: &Config) -> Self {
        be_quiet();
        let body: Body = |caller, args, results| {
            if *caller.data() {
                panic_any(Mine(args[0].as_i32().unwrap() as u32));
            }
            results[0] = Val::I32(40 + args[0].as_i32().unwrap());
            Ok(())
        };
        let mut config = config.clone();
        config.verify_heap(true);
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, TEXT.as_bytes()).unwrap();
        let mut store = Store::new(&engine, false).unwrap();
        let mut linker = Linker::new(&engine);
        linker.define_mangrove();
        let ty = FuncType {
            params: vec![ValType::I32],
            results: vec![ValType::I32],
        };
        linker.func("host", "f", ty, body).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        Self { store, instance }
    }

    fn tag(&self, name: &str) -> Tag {
        match self.instance.export(&self.store, name) {
            Some(Extern::Tag(tag)) => tag,
            other => panic!("{other:?}"),
        }
    }

    /// Suspended to the tag `ask`.
    fn suspended(&mut self, name: &str) -> ContHandle {
        let ask = self.tag("ask");
        let func = self.instance.func(&self.store, name).unwrap();
        let fresh = func.continuation(&mut self.store).unwrap();
        match fresh.resume(&mut self.store, &[], &[ask]).unwrap() {
            Outcome::Suspended { continuation, .. } => continuation,
            other => panic!("{other:?}"),
        }
    }

    /// The number that the panic of `work` carries.
    fn panic_of<R>(&mut self, work: impl FnOnce(&mut Self) -> R) -> u32 {
        let panic = catch_unwind(AssertUnwindSafe(|| drop(work(self)))).expect_err("no panic");
        panic.downcast_ref::<Mine>().expect("a panic of ours").0
    }

    /// Nothing is left of what was cut short, and everything works.
    fn is_sound(&mut self) {
        assert_eq!(self.store.report().activations, 0);
        self.store.gc().unwrap();
        assert_eq!(self.store.report().live, 0);
        *self.store.data_mut() = false;
        for (name, args, expected) in [
            ("deep", &[Val::I32(3)][..], 41),
            ("under", &[], 42),
            ("work", &[], 42),
        ] {
            let results = call(&mut self.store, self.instance, name, args);
            assert_eq!(results.unwrap(), [Val::I32(expected)]);
        }
        self.store.roots().unwrap();
        self.store.gc().unwrap();
        assert_eq!(self.store.report().live, 0);
    }
}

fn hooked() -> Config {
    let mut config = Config::new();
    config.hooks(Hooks {
        calls: true,
        switches: true,
    });
    config
}

fn kind(moment: Moment) -> &'static str {
    match moment {
        Moment::Collection(_) => "collection",
        Moment::Collected(_) => "collected",
        Moment::Suspend(_) => "suspend",
        Moment::Resume(_) => "resume",
        Moment::Enter => "enter",
        Moment::Reach => "reach",
        Moment::Deadline => "deadline",
        Moment::Trap => "trap",
        Moment::End => "end",
    }
}

#[test]
fn of_a_host_function_at_every_depth() {
    for config in [Config::new(), hooked()] {
        let mut world = World::new(&config);
        for depth in [0, 1, 2, 7, 100] {
            *world.store.data_mut() = true;
            let args = [Val::I32(depth)];
            let number =
                world.panic_of(|world| call(&mut world.store, world.instance, "deep", &args));
            assert_eq!(number, 1);
            world.is_sound();
        }
    }
}

#[test]
fn of_a_host_function_in_what_the_host_resumed() {
    let mut world = World::new(&hooked());
    for parked in [false, true] {
        let suspended = world.suspended("gen");
        if parked {
            world.store.park();
        }
        *world.store.data_mut() = true;
        let number = world.panic_of(|world| suspended.resume(&mut world.store, &[], &[]));
        assert_eq!(number, 2);
        assert!(suspended.is_consumed(&world.store).unwrap());
        world.is_sound();

        let suspended = world.suspended("cleanup");
        let tag = world.tag("e");
        let exception = Exception::new(&mut world.store, tag, vec![]).unwrap();
        *world.store.data_mut() = true;
        let number =
            world.panic_of(|world| suspended.resume_throw(&mut world.store, &exception, &[]));
        assert_eq!(number, 3);
        world.is_sound();
    }
}

#[test]
fn of_an_observer_at_every_moment() {
    for moment in ["collection", "suspend", "resume", "trap", "end"] {
        for position in 0..3 {
            let mut world = World::new(&hooked());
            let seen = Arc::new(Mutex::new([0_usize; 3]));
            let armed = Arc::new(Mutex::new(true));
            for number in 0..3 {
                let (seen, armed) = (Arc::clone(&seen), Arc::clone(&armed));
                world.store.observe(Box::new(move |view, now| {
                    view.roots().unwrap();
                    seen.lock().unwrap()[number] += 1;
                    if number == position && kind(now) == moment {
                        let mut armed = armed.lock().unwrap();
                        if std::mem::take(&mut *armed) {
                            drop(armed);
                            panic_any(Mine(7));
                        }
                    }
                }));
            }
            let name = if moment == "trap" { "trap" } else { "work" };
            let number = world.panic_of(|world| call(&mut world.store, world.instance, name, &[]));
            assert_eq!(number, 7, "{moment}");
            world.is_sound();
            let seen = seen.lock().unwrap();
            assert!(
                seen[0] > 5 && seen.iter().all(|&n| n == seen[0]),
                "{seen:?}"
            );
        }
    }
}

#[test]
fn of_an_observer_while_the_host_collects() {
    let mut world = World::new(&Config::new());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let list = Arc::clone(&seen);
    world.store.observe(Box::new(|_, moment| {
        if moment == Moment::Collection(1) {
            panic_any(Mine(1));
        }
    }));
    world.store.observe(Box::new(move |_, moment| {
        list.lock().unwrap().push(moment);
        panic_any(Mine(2));
    }));
    // The first of two panics goes on; nothing was collected.
    assert_eq!(world.panic_of(|world| world.store.gc()), 1);
    assert_eq!(world.store.collections(), 0);
    assert_eq!(world.panic_of(|world| world.store.gc()), 1);
    assert_eq!(*seen.lock().unwrap(), [Moment::Collection(1); 2]);
}

#[test]
fn of_an_observer_while_a_module_is_instantiated() {
    let mut config = Config::new();
    config.zeal(Zeal {
        alloc: Some(1),
        ..Zeal::NONE
    });
    let mut world = World::new(&config);
    let left = Arc::new(Mutex::new(3));
    let counter = Arc::clone(&left);
    world.store.observe(Box::new(move |_, _| {
        let mut left = counter.lock().unwrap();
        *left -= 1;
        if *left == 0 {
            drop(left);
            panic_any(Mine(8));
        }
    }));
    let text = br#"(module
        (type $box (struct (field i32))) (type $pair (struct (field (ref $box) (ref $box) (ref $box))))
        (global (ref $pair) (struct.new $pair
            (struct.new $box (i32.const 1)) (struct.new $box (i32.const 2))
            (struct.new $box (i32.const 3)))))"#;
    let engine = world.instance.module(&world.store).engine().clone();
    let module = Module::new(&engine, text).unwrap();
    let linker = Linker::new(&engine);
    let number = world.panic_of(|world| linker.instantiate(&mut world.store, &module));
    assert_eq!(number, 8);
    // Operands of the expression are roots no more.
    assert_eq!(world.store.roots().unwrap().roots.len(), 0);
    linker.instantiate(&mut world.store, &module).unwrap();
    world.is_sound();
}

/// Says that it was dropped, and panics if it is to.
struct Dropped(Arc<Mutex<Vec<u32>>>, u32, bool);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(self.1);
        if self.2 {
            panic_any(Mine(self.1));
        }
    }
}

/// What a store owns is dropped, whatever panics meanwhile, and its types are let go.
#[test]
fn of_what_a_host_function_owns_when_its_store_goes() {
    be_quiet();
    let engine = Engine::new(&Config::new()).unwrap();
    let counts = engine.type_counts();
    let log = Arc::new(Mutex::new(Vec::new()));
    let data = Dropped(log.clone(), 9, false);
    let mut store = Store::new(&engine, data).unwrap();
    for (number, params) in [(1, 1), (2, 2), (3, 3)] {
        let owned = Dropped(log.clone(), number, number != 3);
        let ty = FuncType {
            params: vec![ValType::I64; params],
            results: vec![ValType::F32; 7],
        };
        mangrove::Func::new(&mut store, ty, move |_, _, _| {
            let _ = &owned;
            Ok(())
        })
        .unwrap();
    }
    let caught = catch_unwind(AssertUnwindSafe(|| drop(store))).unwrap_err();
    assert_eq!(caught.downcast_ref(), Some(&Mine(1)), "the first of them");
    assert_eq!(*log.lock().unwrap(), [1, 2, 3, 9]);
    assert_eq!(engine.type_counts(), counts);
}
