//! Limiters: what they are asked, and what becomes of their answers.

mod common;

use common::call;
use mangrove::{
    Config, Engine, Error, Extern, HeapRefuser, Instance, Linker, Memory, MemoryType, Module,
    Outcome, ResourceLimiter, Store, StoreLimits, StoreLimitsBuilder, TrapReason, Val, Zeal,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Grows, allocates and suspends.
const ALL: &str = r#"(module
    (type $node (struct (field $next (ref null $node)) (field i64)))
    (type $f (func)) (type $k (cont $f))
    (tag $pause (export "pause"))
    (memory (export "memory") 1 8)
    (table $t 1 8 funcref)
    (table $sleepers 1000 (ref null $k))
    (global $list (mut (ref null $node)) (ref.null $node))
    (elem declare func $sleep)
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "table") (param i32) (result i32)
        (table.grow $t (ref.null func) (local.get 0)))
    (func (export "keep") (param $n i32)
        (loop $again
            (global.set $list (struct.new $node (global.get $list) (i64.const 1)))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "forget") (global.set $list (ref.null $node)))
    (func (export "waste") (param $n i32)
        (loop $again
            (drop (struct.new $node (ref.null $node) (i64.const 1)))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func $sleep (export "snore") (suspend $pause))
    (func $asleep (result (ref $k))
        (block $on (result (ref $k))
            (resume $k (on $pause $on) (cont.new $k (ref.func $sleep)))
            (unreachable)))
    (func (export "sleep") (param $n i32)
        (loop $again
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (table.set $sleepers (local.get $n) (call $asleep))
            (br_if $again (local.get $n))))
    (func (export "wake") (param $n i32)
        (loop $again
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (resume $k (table.get $sleepers (local.get $n)))
            (table.set $sleepers (local.get $n) (ref.null $k))
            (br_if $again (local.get $n))))
    (func (export "doze") (param $n i32)
        (loop $again
            (drop (call $asleep))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#;

fn store_of<L: ResourceLimiter + Send + 'static>(
    config: &Config,
    limits: L,
) -> (Store<L>, Instance) {
    let engine = Engine::new(config).unwrap();
    let module = Module::new(&engine, ALL.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
    let mut store = Store::new(&engine, limits).unwrap();
    store.limiter(|limits| limits);
    let instance = Linker::new(&engine)
        .instantiate(&mut store, &module)
        .unwrap();
    (store, instance)
}

fn limited(limits: StoreLimitsBuilder) -> (Store<StoreLimits>, Instance) {
    store_of(&Config::new(), limits.build())
}

fn i32s(result: Result<Vec<Val>, Error>) -> i32 {
    result.unwrap_or_else(|e| panic!("{e}"))[0]
        .as_i32()
        .unwrap()
}

#[test]
fn memories_and_tables_grow_as_far_as_they_may() {
    let limits = StoreLimitsBuilder::new()
        .memory_size(3 << 16)
        .table_elements(1000);
    let (mut store, instance) = limited(limits);
    let mut grow = |name, by| i32s(call(&mut store, instance, name, &[Val::I32(by)]));
    assert_eq!(
        [
            grow("grow", 1),
            grow("grow", 2),
            grow("grow", 1),
            grow("grow", 1)
        ],
        [1, -1, 2, -1]
    );
    assert_eq!(grow("grow", 0), 3);
    // The type's own maximum.
    assert_eq!([grow("table", 7), grow("table", 1)], [1, -1]);
    let ty = |minimum| MemoryType::new(minimum, None);
    let refused = Memory::new(&mut store, ty(4)).unwrap_err();
    assert!(matches!(&refused, Error::Limit(_)), "{refused}");
    assert!(
        refused
            .to_string()
            .contains("limiter refuses a memory of 262144 bytes"),
        "{refused}"
    );
    Memory::new(&mut store, ty(3)).unwrap();
}

#[test]
fn a_failure_to_grow_is_a_trap_for_who_wants_it() {
    let limits = StoreLimitsBuilder::new()
        .memory_size(3 << 16)
        .trap_on_grow_failure(true);
    let (mut store, instance) = limited(limits);
    let error = call(&mut store, instance, "grow", &[Val::I32(3)]).unwrap_err();
    let trap = error.as_trap().unwrap_or_else(|| panic!("{error}"));
    assert!(matches!(trap.reason, TrapReason::Limit(_)), "{error}");
    assert_eq!(i32s(call(&mut store, instance, "grow", &[Val::I32(2)])), 1);
}

/// Allows everything, and remembers what it was asked.
#[derive(Default)]
struct Asked {
    memory: Vec<(usize, usize, Option<usize>)>,
    failed: Vec<String>,
    heap: Vec<(usize, usize, usize)>,
    continuations: Vec<(usize, usize)>,
    stacks: Vec<(usize, usize)>,
    panics: bool,
}

impl ResourceLimiter for Asked {
    fn memory_growing(
        &mut self,
        now: usize,
        to: usize,
        most: Option<usize>,
    ) -> Result<bool, Error> {
        assert!(!self.panics, "no memory");
        self.memory.push((now, to, most));
        Ok(true)
    }

    fn memory_grow_failed(&mut self, error: Error) -> Result<(), Error> {
        self.failed.push(error.to_string());
        Ok(())
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
        Ok(true)
    }

    fn heap_growing(&mut self, now: usize, to: usize, most: usize) -> Result<bool, Error> {
        assert!(!self.panics, "no heap");
        self.heap.push((now, to, most));
        Ok(true)
    }

    fn continuations_growing(&mut self, now: usize, to: usize, _: usize) -> Result<bool, Error> {
        assert!(!self.panics, "no continuation");
        self.continuations.push((now, to));
        Ok(true)
    }

    fn stacks_growing(&mut self, now: usize, to: usize, _: usize) -> Result<bool, Error> {
        assert!(!self.panics, "no stack");
        self.stacks.push((now, to));
        Ok(true)
    }
}

#[test]
fn they_are_asked_where_more_is_taken_and_nowhere_else() {
    let (mut store, instance) = store_of(Config::new().memory_max(4 << 16), Asked::default());
    assert_eq!(i32s(call(&mut store, instance, "grow", &[Val::I32(2)])), 1);
    assert_eq!(i32s(call(&mut store, instance, "grow", &[Val::I32(3)])), -1);
    let pages = |n: usize| n << 16;
    let maximum = Some(pages(8));
    assert_eq!(
        store.data().memory,
        [
            (0, pages(1), maximum),
            (pages(1), pages(3), maximum),
            (pages(3), pages(6), maximum)
        ]
    );
    assert_eq!(store.data().failed.len(), 1, "the engine's limit");

    call(&mut store, instance, "waste", &[Val::I32(3_000_000)]).unwrap();
    assert!(store.collections() > 30, "72 MB were allocated");
    let heap = &store.data().heap;
    assert!((1..5).contains(&heap.len()), "{heap:?}");
    assert!(
        heap.iter().all(|&(now, to, most)| now < to && to <= most),
        "{heap:?}"
    );

    call(&mut store, instance, "sleep", &[Val::I32(10)]).unwrap();
    let (asked, stacks) = (store.data().continuations.len(), store.data().stacks.len());
    assert_eq!((asked, stacks), (10, 10));
    call(&mut store, instance, "wake", &[Val::I32(10)]).unwrap();
    // Their stacks are there.
    call(&mut store, instance, "sleep", &[Val::I32(10)]).unwrap();
    assert_eq!(store.data().continuations.len(), asked);
    assert_eq!(store.data().stacks.len(), stacks);
}

#[test]
fn panics_go_on_with_the_embedder() {
    let (mut store, instance) = store_of(&Config::new(), Asked::default());
    call(&mut store, instance, "sleep", &[Val::I32(3)]).unwrap();
    store.park();
    store.data_mut().panics = true;
    for (name, says) in [
        ("grow", "no memory"),
        ("keep", "no heap"),
        ("doze", "no continuation"),
        ("wake", "no stack"),
    ] {
        let panics = || drop(call(&mut store, instance, name, &[Val::I32(3)]));
        let panic = catch_unwind(AssertUnwindSafe(panics)).expect_err(name);
        assert_eq!(panic.downcast_ref::<&str>(), Some(&says));
    }
    store.data_mut().panics = false;
    call(&mut store, instance, "keep", &[Val::I32(1000)]).unwrap();
    call(&mut store, instance, "wake", &[Val::I32(2)]).unwrap();
    store.gc().unwrap();
}

#[test]
fn the_heap_stays_below_what_it_may_have() {
    for zeal in ["none", "alloc:10000", "alloc:2000,minor"] {
        let mut config = Config::new();
        config.zeal(zeal.parse::<Zeal>().unwrap());
        let limit = 1 << 20;
        let limits = StoreLimitsBuilder::new().heap_size(limit).build();
        let (mut store, instance) = store_of(&config, limits);
        // 24 bytes each: garbage without an end, and half of what fits live.
        call(&mut store, instance, "waste", &[Val::I32(200_000)]).unwrap();
        let half = Val::I32(limit as i32 / 24 / 2);
        call(&mut store, instance, "keep", std::slice::from_ref(&half)).unwrap();
        call(&mut store, instance, "waste", &[Val::I32(200_000)]).unwrap();
        assert!(store.heap_bytes() <= limit as u64);
        let error = call(&mut store, instance, "keep", &[Val::I32(50_000)]).unwrap_err();
        let reason = &error.as_trap().unwrap_or_else(|| panic!("{error}")).reason;
        let by_limiter = Some(HeapRefuser::Limiter);
        assert!(
            matches!(reason, TrapReason::HeapExhausted { limit: at, refused_by, .. }
                if *at <= limit as u64 && *at > limit as u64 * 9 / 10 && *refused_by == by_limiter),
            "{reason:?}"
        );
        assert!(
            error.to_string().ends_with("and the limiter refuses more"),
            "{error}"
        );
        call(&mut store, instance, "forget", &[]).unwrap();
        call(&mut store, instance, "keep", std::slice::from_ref(&half)).unwrap();
        if zeal == "none" {
            let collections = store.collections();
            assert!(
                collections < 60,
                "{collections} collections, the limit being near"
            );
        }
        // More than the limit, garbage included, was never there.
        assert!(store.heap_bytes() <= limit as u64);
    }
}

#[test]
fn continuations_are_as_many_as_may_be() {
    let (mut store, instance) = limited(StoreLimitsBuilder::new().continuations(100));
    // Forgotten ones are collected.
    call(&mut store, instance, "doze", &[Val::I32(1000)]).unwrap();
    assert!(store.collections() >= 9);
    // The call itself begins with one.
    call(&mut store, instance, "sleep", &[Val::I32(98)]).unwrap();
    let error = call(&mut store, instance, "sleep", &[Val::I32(500)]).unwrap_err();
    let reason = &error.as_trap().unwrap_or_else(|| panic!("{error}")).reason;
    assert!(
        matches!(reason, TrapReason::Limit(why) if why.contains("limiter refuses")),
        "{reason}"
    );
    call(&mut store, instance, "wake", &[Val::I32(90)]).unwrap();
    store.gc().unwrap();
}

/// A clone is a continuation more, and so is each that its chain has.
#[test]
fn clones_are_continuations() {
    let mut config = Config::new();
    config.continuation_clone(true);
    let limits = StoreLimitsBuilder::new().continuations(20).build();
    let (mut store, instance) = store_of(&config, limits);
    let Some(Extern::Tag(pause)) = instance.export(&store, "pause") else {
        unreachable!("it is exported")
    };
    let sleep = instance.func(&store, "snore").expect("it is exported");
    let k = sleep.continuation(&mut store).unwrap();
    let Outcome::Suspended { continuation, .. } = k.resume(&mut store, &[], &[pause]).unwrap()
    else {
        unreachable!("it suspends")
    };
    // One that nobody has is collected.
    for _ in 0..100 {
        drop(continuation.clone_suspended(&mut store).unwrap());
    }
    let mut clones = Vec::new();
    let error = loop {
        match continuation.clone_suspended(&mut store) {
            Ok(clone) => clones.push(clone),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("limiter refuses"), "{error}");
    assert!((10..20).contains(&clones.len()), "{}", clones.len());
    for clone in clones.drain(..) {
        let outcome = clone.resume(&mut store, &[], &[pause]).unwrap();
        assert!(matches!(outcome, Outcome::Returned(_)));
    }
}

#[test]
fn stacks_are_made_room_for_by_parking() {
    let mut config = Config::new();
    config.stack_size(16 << 10);
    let stacks = 12 * (16 << 10);
    let limits = StoreLimitsBuilder::new().stack_bytes(stacks).build();
    let (mut store, instance) = store_of(&config, limits);
    // With the frames of 300 more, parked.
    call(&mut store, instance, "sleep", &[Val::I32(300)]).unwrap();
    let parked = store.report().parked;
    assert!(parked >= 280, "{parked}");
    call(&mut store, instance, "wake", &[Val::I32(300)]).unwrap();
    assert_eq!(store.live_continuations(), 0);
    // Parked ones take room, too: in the end there is none.
    let limits = StoreLimitsBuilder::new()
        .stack_bytes(2 * (16 << 10))
        .build();
    let (mut store, instance) = store_of(&config, limits);
    let error = call(&mut store, instance, "sleep", &[Val::I32(1000)]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("limiter refuses a further continuation"),
        "{error}"
    );
}

#[test]
fn a_limiter_is_set_at_any_time() {
    let engine = Engine::new(&Config::new()).unwrap();
    let module = Module::new(&engine, ALL.as_bytes()).unwrap();
    let limits = StoreLimitsBuilder::new()
        .heap_size(1 << 20)
        .memory_size(0)
        .build();
    let mut store = Store::new(&engine, limits).unwrap();
    let instance = Linker::new(&engine)
        .instantiate(&mut store, &module)
        .unwrap();
    call(&mut store, instance, "keep", &[Val::I32(100_000)]).unwrap();
    store.limiter(|limits| limits);
    assert_eq!(i32s(call(&mut store, instance, "grow", &[Val::I32(1)])), -1);
    call(&mut store, instance, "keep", &[Val::I32(10)]).unwrap_err();
    call(&mut store, instance, "forget", &[]).unwrap();
    call(&mut store, instance, "keep", &[Val::I32(20_000)]).unwrap();
}
