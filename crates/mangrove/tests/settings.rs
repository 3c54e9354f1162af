//! Every number an engine can be given, at both ends: an error or a store that
//! works, and nothing else.

mod common;

use common::call;
use mangrove::{
    Config, Engine, Error, ExternRef, Instance, Linker, MemoryLimit, Module, ParkPolicy, Store,
    Val, Zeal,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

type Setter = fn(&mut Config, u64);

/// Each numeric setting by the name of its field.
const NUMBERS: &[(&str, Setter)] = &[
    ("zeal", |config, n| {
        config.zeal(Zeal {
            alloc: Some(n),
            ..Zeal::NONE
        });
    }),
    ("heap_max", |config, n| {
        config.heap_max(n);
    }),
    ("young_min", |config, n| {
        config.young_min(n);
    }),
    ("young_max", |config, n| {
        config.young_max(n);
    }),
    ("stack_size", |config, n| {
        config.stack_size(n as usize);
    }),
    ("initial_stack_size", |config, n| {
        config.initial_stack_size(n as usize);
    }),
    ("continuations_max", |config, n| {
        config.continuations_max(n as usize);
    }),
    ("stack_bytes_max", |config, n| {
        config.stack_bytes_max(n);
    }),
    ("nesting_max", |config, n| {
        config.nesting_max(n as usize);
    }),
    ("activations_max", |config, n| {
        config.activations_max(n as usize);
    }),
    ("memory_max", |config, n| {
        config.memory_max(n);
    }),
    ("address_space", |config, n| {
        config.address_space(n);
    }),
    ("memory_limit", |config, n| {
        config.memory_limit(MemoryLimit::Bytes(n));
    }),
    ("table_max", |config, n| {
        config.table_max(n);
    }),
    ("instances_max", |config, n| {
        config.instances_max(n as usize);
    }),
    ("threads", |config, n| {
        config.threads(n as usize);
    }),
    ("parking", |config, n| {
        config.park(ParkPolicy {
            after: n as u32,
            keep: n as usize,
            most: n as usize,
        });
    }),
];

/// Settings that are no numbers.
const OTHERS: &[&str] = &[
    "epoch_interruption",
    "consume_fuel",
    "continuations_in_objects",
    "memory_checks",
    "opt_level",
    "guard",
    "hooks",
    "hook_places",
    "canonical_nans",
    "stack_switching",
    "fresh_stacks",
    "verify_heap",
    "verify_clif",
    "refusal",
    "defect",
    "weak_references",
    "debug_info",
    "continuation_clone",
    "signals",
];

/// Objects, a memory, a table, and continuations that are suspended while the
/// heap is collected and the host is called, which calls back.
const TEXT: &str = r#"(module
    (type $f (func (result i32))) (type $k (cont $f))
    (type $list (struct (field (ref null $list)) (field i64)))
    (import "host" "f" (func $host (param i32) (result i32)))
    (import "mangrove" "gc" (func $gc))
    (tag $ask)
    (memory 1 3)
    (table $t 1 10 (ref null $k))
    (global $list (mut (ref null $list)) (ref.null $list))
    (func $gen (type $f)
        (suspend $ask)
        (memory.grow (i32.const 1)) (drop)
        (call $host (i32.const 2)))
    (func (export "leaf") (param i32) (result i32)
        (i32.add (local.get 0) (i32.const 40)))
    (func $fill (param $n i32)
        (loop $next
            (global.set $list (struct.new $list (global.get $list) (i64.const 1)))
            (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "run") (type $f)
        (local $k (ref null $k))
        (call $fill (i32.const 1000))
        (block $on (result (ref $k))
            (return (resume $k (on $ask $on) (cont.new $k (ref.func $gen)))))
        (local.set $k)
        (table.set $t (i32.const 0) (local.get $k))
        (call $gc)
        (drop (table.grow $t (ref.null $k) (i32.const 3)))
        (resume $k (table.get $t (i32.const 0))))
    (elem declare func $gen))"#;

fn world(config: &Config) -> Result<(Store<Option<Instance>>, Instance), Error> {
    let engine = Engine::new(config)?;
    let module = Module::new(&engine, TEXT.as_bytes())?;
    let mut store = Store::new(&engine, None)?;
    let mut linker: Linker<Option<Instance>> = Linker::new(&engine);
    linker.define_mangrove();
    let ty = mangrove::FuncType {
        params: vec![mangrove::ValType::I32],
        results: vec![mangrove::ValType::I32],
    };
    linker.func("host", "f", ty, |mut caller, args, results| {
        let instance = caller.data().expect("the instance");
        let leaf = instance.func(&caller, "leaf").expect("an export");
        results.clone_from_slice(&leaf.call(&mut caller, args)?);
        Ok(())
    })?;
    let instance = linker.instantiate(&mut store, &module)?;
    *store.data_mut() = Some(instance);
    Ok((store, instance))
}

fn live(config: &Config) -> Result<(), Error> {
    let (mut store, instance) = world(config)?;
    for _ in 0..3 {
        assert_eq!(call(&mut store, instance, "run", &[])?, [Val::I32(42)]);
        store.park();
        store.gc()?;
        ExternRef::new(&mut store, 1)?;
    }
    Ok(())
}

#[test]
fn all_numbers_are_here() {
    let text = format!("{:#?}", Config::new());
    let fields = text.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("    ")?.split_once(':')?;
        (!name.starts_with(' ')).then_some(name)
    });
    let mut count = 0;
    for field in fields {
        let known = NUMBERS.iter().any(|(name, _)| *name == field) || OTHERS.contains(&field);
        assert!(known, "{field} is tested at no extreme");
        count += 1;
    }
    assert_eq!(count, NUMBERS.len() + OTHERS.len());
}

#[test]
fn at_their_ends() {
    let edges = [
        0,
        1,
        2,
        u32::MAX.into(),
        i64::MAX as u64,
        u64::MAX - 1,
        u64::MAX,
    ];
    let mut worked = 0;
    for (name, set) in NUMBERS {
        for number in edges {
            let mut config = Config::new();
            set(&mut config, number);
            let lived = catch_unwind(AssertUnwindSafe(|| live(&config)));
            let lived = lived.unwrap_or_else(|_| panic!("{name}({number}) panics"));
            match lived {
                Ok(()) => worked += 1,
                Err(Error::Usage(message) | Error::Limit(message)) => {
                    assert!(!message.is_empty(), "{name}({number})");
                }
                Err(Error::Resource(refused)) => {
                    assert!(!refused.to_string().is_empty(), "{name}({number})");
                }
                Err(Error::Trap(trap)) => {
                    let text = trap.reason.to_string();
                    assert!(
                        text.contains("_max") || text.contains("exhausted"),
                        "{text}"
                    );
                }
                Err(other) => panic!("{name}({number}): {other:?}"),
            }
        }
    }
    assert!(worked > NUMBERS.len(), "{worked}");
}

#[test]
fn a_young_space_beyond_the_heap_is_a_quarter_of_it() {
    let mut config = Config::new();
    config
        .heap_max(64 << 10)
        .young_min(u64::MAX)
        .young_max(u64::MAX);
    let (mut store, instance) = world(&config).unwrap();
    assert_eq!(
        call(&mut store, instance, "run", &[]).unwrap(),
        [Val::I32(42)]
    );
}

#[test]
fn a_heap_that_cannot_be_had_is_refused_with_the_largest_that_can() {
    for asked in [2 << 30, 3 << 30, 1 << 40] {
        let error = Engine::new(Config::new().heap_max(asked)).unwrap_err();
        let message = error.to_string();
        assert!(matches!(error, Error::Usage(_)), "{error:?}");
        assert!(message.contains(&asked.to_string()), "{message}");
        let largest = message.split_once("65536 and ").unwrap().1;
        let largest = largest.split(' ').next().unwrap().parse().unwrap();
        assert!(((2 << 30) - (65 << 20)..2 << 30).contains(&largest));
        live(Config::new().heap_max(largest)).unwrap();
    }
}
