//! Bounds on address space and memory: what fits, what is refused and how that is
//! told, and memories whose accesses are checked by comparison.

mod common;

use common::{call, instance_with};
use mangrove::{
    BoundSource, Cause, Config, Engine, Error, Linker, MemoryChecks, MemoryLimit, Module,
    ParkPolicy, Store, TrapCode, Val,
};

/// The one cause of an error that must be a refusal.
#[track_caller]
fn cause(error: &Error) -> Cause {
    let refused = error.resource().unwrap_or_else(|| panic!("{error:?}"));
    assert_eq!(error.to_string().lines().count(), 1);
    match refused.causes() {
        [cause] => cause.clone(),
        other => panic!("{other:?} for {error}"),
    }
}

#[track_caller]
fn is_bound(error: &Error, expected: BoundSource) {
    match cause(error) {
        Cause::Bound { bound, .. } => assert_eq!(bound.source, expected, "{error}"),
        other => panic!("{other:?}"),
    }
}

fn instantiate(config: &Config, text: &str) -> Result<Store<()>, Error> {
    let engine = Engine::new(config)?;
    let module = Module::new(&engine, text.as_bytes())?;
    let mut store = Store::new(&engine, ())?;
    Linker::new(&engine).instantiate(&mut store, &module)?;
    Ok(store)
}

#[test]
fn what_was_set_and_does_not_fit_is_refused() {
    let mut space = Config::new();
    space.address_space(64 << 20);
    let mut memory = Config::new();
    memory.memory_limit(MemoryLimit::Bytes(64 << 20));
    for (config, source) in [
        (space, BoundSource::AddressSpace),
        (memory, BoundSource::MemoryLimit),
    ] {
        instantiate(&config, "(module (memory 1) (table 10 funcref))").unwrap();
        let error = instantiate(&config, "(module (memory 1000))").unwrap_err();
        is_bound(&error, source);
        let error = instantiate(config.clone().heap_max(40 << 20), "(module)").unwrap_err();
        is_bound(&error, source);
        let error = instantiate(config.clone().stack_size(40 << 20), "(module)").unwrap_err();
        is_bound(&error, source);
    }
    let mut memory = Config::new();
    memory.memory_limit(MemoryLimit::Bytes(16 << 20));
    let error = instantiate(&memory, "(module (table 4000000 funcref))").unwrap_err();
    is_bound(&error, BoundSource::MemoryLimit);
    let error = Engine::new(Config::new().address_space(4096)).unwrap_err();
    is_bound(&error, BoundSource::AddressSpace);
}

#[test]
fn stores_share_a_bound_and_give_back_what_they_had() {
    let engine = Engine::new(Config::new().address_space(100 << 20)).unwrap();
    for _ in 0..3 {
        let mut stores = Vec::new();
        let error = loop {
            match Store::new(&engine, ()) {
                Ok(store) => stores.push(store),
                Err(error) => break error,
            }
            assert!(stores.len() < 100, "no bound");
        };
        is_bound(&error, BoundSource::AddressSpace);
        assert!(stores.len() >= 2, "{}", stores.len());
    }
}

/// Resumes continuations inside each other, which cannot be parked.
const NEST: &str = r#"(module
    (type $f (func (param i32))) (type $k (cont $f))
    (func $nest (export "nest") (param i32)
        (if (local.get 0)
            (then (resume $k (i32.sub (local.get 0) (i32.const 1))
                (cont.new $k (ref.func $nest))))))
    (elem declare func $nest))"#;

#[test]
fn too_few_stacks_are_a_lack_of_resources_and_the_store_goes_on() {
    for limit in [false, true] {
        let mut config = Config::new();
        match limit {
            true => config.memory_limit(MemoryLimit::Bytes(32 << 20)),
            false => config.address_space(32 << 20),
        };
        let (mut store, instance) = instance_with(&config, NEST);
        call(&mut store, instance, "nest", &[Val::I32(5)]).unwrap();
        let error = call(&mut store, instance, "nest", &[Val::I32(5000)]).unwrap_err();
        assert!(error.as_trap().is_some(), "with a backtrace");
        is_bound(
            &error,
            match limit {
                true => BoundSource::MemoryLimit,
                false => BoundSource::AddressSpace,
            },
        );
        call(&mut store, instance, "nest", &[Val::I32(5)]).unwrap();
        // A limit of the embedder's that is lower is the one that is named.
        config.continuations_max(10);
        let (mut store, instance) = instance_with(&config, NEST);
        let error = call(&mut store, instance, "nest", &[Val::I32(5000)]).unwrap_err();
        assert!(error.resource().is_none(), "{error}");
    }
}

#[test]
fn parking_makes_room_within_a_bound() {
    let text = r#"(module
        (type $f (func (result i32))) (type $k (cont $f))
        (tag $wait)
        (table $all 3000 (ref null $k))
        (func $one (result i32) (suspend $wait) (i32.const 1))
        (elem declare func $one)
        (func (export "run") (result i32) (local $i i32) (local $sum i32)
            (loop $next
                (table.set $all (local.get $i) (block $on (result (ref $k))
                    (drop (resume $k (on $wait $on) (cont.new $k (ref.func $one))))
                    (unreachable)))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $next (i32.lt_u (local.get $i) (i32.const 3000))))
            (local.set $i (i32.const 0))
            (loop $next
                (local.set $sum (i32.add (local.get $sum)
                    (resume $k (table.get $all (local.get $i)))))
                (table.set $all (local.get $i) (ref.null $k))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $next (i32.lt_u (local.get $i) (i32.const 3000))))
            (local.get $sum)))"#;
    let mut config = Config::new();
    config.address_space(100 << 20);
    let (mut store, instance) = instance_with(&config, text);
    let sum = call(&mut store, instance, "run", &[]).unwrap();
    assert_eq!(sum, [Val::I32(3000)]);
    assert!(store.report().reserved_bytes < 100 << 20);
    config.park(ParkPolicy::NEVER);
    let (mut store, instance) = instance_with(&config, text);
    let error = call(&mut store, instance, "run", &[]).unwrap_err();
    is_bound(&error, BoundSource::AddressSpace);
}

#[test]
fn a_heap_that_a_bound_made_small_is_a_lack_of_resources() {
    let text = r#"(module (type $b (array i64))
        (global $keep (mut (ref null $b)) (ref.null $b))
        (func (export "run") (param i32)
            (global.set $keep (array.new $b (i64.const 0) (local.get 0)))))"#;
    let large = [Val::I32(2 << 20)];
    let mut config = Config::new();
    config.address_space(64 << 20);
    let (mut store, instance) = instance_with(&config, text);
    call(&mut store, instance, "run", &[Val::I32(1000)]).unwrap();
    let error = call(&mut store, instance, "run", &large).unwrap_err();
    is_bound(&error, BoundSource::AddressSpace);
    // The same heap as the embedder's own limit is a limit of the program's.
    config.heap_max(12 << 20);
    let (mut store, instance) = instance_with(&config, text);
    let error = call(&mut store, instance, "run", &large).unwrap_err();
    assert!(error.resource().is_none(), "{error}");
}

/// Every width, with offsets small and large.
const ACCESSES: &str = r#"(module
    (memory (export "memory") 1 3)
    (func (export "i32") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "i8") (param i32) (result i32) (i32.load8_s (local.get 0)))
    (func (export "i16") (param i32) (result i32) (i32.load16_u offset=7 (local.get 0)))
    (func (export "i64") (param i32) (result i64) (i64.load offset=0x7fffffff (local.get 0)))
    (func (export "far") (param i32) (result i32) (i32.load offset=0xffffffff (local.get 0)))
    (func (export "v128") (param i32) (result i32)
        (i32x4.extract_lane 1 (v128.load offset=3 (local.get 0))))
    (func (export "splat") (param i32) (result i32)
        (i32x4.extract_lane 1 (v128.load32_splat offset=1 (local.get 0))))
    (func (export "lane") (param i32) (result i32)
        (i32x4.extract_lane 1
            (v128.load32_lane offset=1 1 (local.get 0) (v128.const i32x4 1 2 3 4))))
    (func (export "store") (param i32) (result i32)
        (i64.store offset=9 (local.get 0) (i64.const 0x0102030405060708)) (i32.const 0))
    (func (export "store8") (param i32) (result i32)
        (i32.store8 offset=0x80000000 (local.get 0) (i32.const 0x55)) (i32.const 0))
    (func (export "store lane") (param i32) (result i32)
        (v128.store64_lane offset=2 1 (local.get 0) (v128.const i64x2 3 4)) (i32.const 0))
    (func (export "fill") (param i32) (result i32)
        (memory.fill (local.get 0) (i32.const 1) (i32.const 3)) (i32.const 0))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#;

/// What each access does at each address, before and after the memory has grown.
fn outcomes(config: &Config) -> Vec<Result<Val, Option<TrapCode>>> {
    const NAMES: [&str; 12] = [
        "i32",
        "i8",
        "i16",
        "i64",
        "far",
        "v128",
        "splat",
        "lane",
        "store",
        "store8",
        "store lane",
        "fill",
    ];
    let (mut store, instance) = instance_with(config, ACCESSES);
    let mut all = Vec::new();
    for pages in [1u32, 2, 3] {
        let end = pages << 16;
        let near = (end - 24..end + 24).chain(0..8);
        let far = [
            1 << 31,
            (1 << 31) - 24,
            u32::MAX,
            u32::MAX - 8,
            end.wrapping_sub(1 << 31),
        ];
        for at in near.chain(far).chain([0x8000_0000 + end - 1, 0x8000_0001]) {
            for name in NAMES {
                let result = call(&mut store, instance, name, &[Val::I32(at as i32)]);
                all.push(result.map(|values| values[0].clone()).map_err(|error| {
                    let trap = error.as_trap().unwrap_or_else(|| panic!("{error}"));
                    trap.reason.code()
                }));
            }
        }
        let old = call(&mut store, instance, "grow", &[Val::I32(1)]).unwrap();
        let expected = if pages < 3 { pages as i32 } else { -1 };
        assert_eq!(old, [Val::I32(expected)]);
    }
    all
}

#[test]
fn explicit_checks_do_what_the_reservation_does() {
    let mut by_reservation = Config::new();
    by_reservation.memory_checks(MemoryChecks::Reservation);
    let expected = outcomes(&by_reservation);
    let out = Err(Some(TrapCode::MemoryOutOfBounds));
    assert!(expected.iter().filter(|outcome| **outcome == out).count() > 500);
    assert!(expected.iter().filter(|outcome| outcome.is_ok()).count() > 500);
    let mut explicit = Config::new();
    explicit.memory_checks(MemoryChecks::Explicit);
    let mut small = Config::new();
    small.address_space(64 << 20);
    for config in [explicit, small] {
        for (index, (found, expected)) in outcomes(&config).iter().zip(&expected).enumerate() {
            assert_eq!(found, expected, "{index}");
        }
    }
}

/// Without the comparison the access would reach what lies behind the memory: the
/// memories made before it, whose bytes are all there.
#[test]
fn an_access_beyond_a_memory_does_not_reach_another() {
    let memories: String = (0..8).map(|n| format!("(memory $m{n} 64 64)")).collect();
    let text = format!(
        r#"(module {memories}
            (func (export "load") (param i32) (result i32) (i32.load8_u $m7 (local.get 0)))
            (func (export "store") (param i32) (i32.store8 $m7 (local.get 0) (i32.const 1)))
            (func (export "copy") (param i32)
                (memory.copy $m7 $m7 (i32.const 0) (local.get 0) (i32.const 1))))"#
    );
    let mut config = Config::new();
    config.address_space(256 << 20);
    let (mut store, instance) = instance_with(&config, &text);
    for page in 60..600u32 {
        for name in ["load", "store", "copy"] {
            let at = [Val::I32((page << 16) as i32)];
            let result = call(&mut store, instance, name, &at);
            assert_eq!(result.is_ok(), page < 64, "{name} at page {page}");
        }
    }
}

#[test]
fn compiled_code_says_how_its_memories_are_checked() {
    let engine = |checks| Engine::new(Config::new().memory_checks(checks)).unwrap();
    let (reserving, explicit) = (
        engine(MemoryChecks::Reservation),
        engine(MemoryChecks::Explicit),
    );
    let text = b"(module (memory 1) (func (export \"f\") (result i32) (i32.load (i32.const 0))))";
    for (from, to, found) in [
        (
            &reserving,
            &explicit,
            "made with opt-level inline, hooks none, interruption none, canonical NaNs off, memory checks by reservation",
        ),
        (
            &explicit,
            &reserving,
            "made with opt-level inline, hooks none, interruption none, canonical NaNs off, memory checks explicit",
        ),
    ] {
        let file = Module::new(from, text).unwrap().serialize().unwrap();
        // SAFETY: made by this crate just now.
        let error = unsafe { Module::deserialize(to, &file) }.unwrap_err();
        assert!(error.to_string().contains(found), "{error}");
        // SAFETY: as above.
        assert!(unsafe { Module::deserialize(from, &file) }.is_ok());
    }
}

#[test]
fn many_memories_without_a_maximum_share_what_there_is() {
    let mut config = Config::new();
    config.address_space(256 << 20);
    let text = r#"(module (memory 1)
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "load") (param i32) (result i32) (i32.load (local.get 0))))"#;
    let (mut store, first) = instance_with(&config, text);
    let grown = call(&mut store, first, "grow", &[Val::I32(9)]).unwrap();
    assert_eq!(grown, [Val::I32(1)]);
    let module = first.module(&store).clone();
    let linker = Linker::new(module.engine());
    let all: Vec<_> = (0..400)
        .map(|_| linker.instantiate(&mut store, &module).unwrap())
        .collect();
    // Each may still grow a little, what was there is there, and what is beyond
    // is not.
    for instance in [first, all[0], all[200], all[399]] {
        let old = call(&mut store, instance, "grow", &[Val::I32(1)]).unwrap();
        let pages = if instance == first { 10 } else { 1 };
        assert_eq!(old, [Val::I32(pages)]);
        let end = (pages + 1) << 16;
        assert!(call(&mut store, instance, "load", &[Val::I32(end - 4)]).is_ok());
        assert!(call(&mut store, instance, "load", &[Val::I32(end - 3)]).is_err());
    }
}

#[test]
fn memories_grow_within_what_is_reserved() {
    // No maximum, no reservation of 8 GiB: half of what is left, and -1 beyond.
    let mut config = Config::new();
    config.address_space(256 << 20);
    let text = "(module (memory 1) (func (export \"grow\") (param i32) (result i32)
        (memory.grow (local.get 0))))";
    let (mut store, instance) = instance_with(&config, text);
    let grow = |store: &mut Store<()>, pages| {
        call(store, instance, "grow", &[Val::I32(pages)]).unwrap()[0].clone()
    };
    assert_eq!(grow(&mut store, 200), Val::I32(1));
    assert_eq!(grow(&mut store, 10_000), Val::I32(-1));
    assert_eq!(grow(&mut store, 1), Val::I32(201));
}
