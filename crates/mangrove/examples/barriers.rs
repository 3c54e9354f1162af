//! What the write barrier costs where it costs most: in loops that do nothing but store
//! references into old objects, arrays, globals and tables. Each loop has a twin that
//! stores null, which has no barrier; both run by turns in one process. Prints
//! nanoseconds a store of each, and their ratio.
//!
//! ```text
//!  old objects, after a collection    each turn: a collection, then  store × N   timed
//!  ┌────────┐ ┌────────┐ ┌────────┐                                  null  × N   timed
//!  │ struct │ │ array  │ │ carded │ …
//!  └────────┘ └────────┘ └────────┘
//! ```
//!
//! `cargo run --release -p mangrove --example barriers`

use mangrove::{Config, Engine, Error, Func, Linker, Module, Store, Val};
use std::time::Instant;

/// Stores in a measurement: a few milliseconds, so that many of them are not interrupted.
const STORES: i32 = 2_000_000;
/// Measurements of each loop.
const TURNS: usize = 41;
/// Objects that one loop stores into. A power of two.
const OBJECTS: i32 = 1024;
/// Objects that are stored into once each: what the log takes.
const FIRST: i32 = 100_000;

/// What is stored.
#[derive(Clone, Copy, PartialEq)]
enum Value {
    Young,
    Old,
    Null,
}

/// Where a loop stores: its name, and the instruction, which takes `VALUE`, with `N` the
/// local that counts.
const PLACES: [(&str, &str); 9] = [
    (
        "the same struct",
        "(struct.set $node $ref (local.get $struct) VALUE)",
    ),
    (
        "another struct each time",
        "(struct.set $node $ref (array.get $nodes (local.get $nodes) NUMBER) VALUE)",
    ),
    (
        "a young struct",
        "(struct.set $node $ref (local.get $young) VALUE)",
    ),
    (
        "the same small array",
        "(array.set $refs (local.get $small) (i32.and (local.get $n) (i32.const 7)) VALUE)",
    ),
    (
        "another small array each time",
        "(array.set $refs (array.get $arrays (local.get $arrays) NUMBER) (i32.const 3) VALUE)",
    ),
    (
        "the same element of an array of 8 KiB",
        "(array.set $refs (local.get $carded) (i32.const 3) VALUE)",
    ),
    (
        "another element each time",
        "(array.set $refs (local.get $carded) NUMBER VALUE)",
    ),
    ("a global", "(global.set $global VALUE)"),
    (
        "another element of a table each time",
        "(table.set $table NUMBER VALUE)",
    ),
];

fn main() -> Result<(), Error> {
    let mut loops = Loops::new()?;
    println!("| {STORES} stores into | of | ns a store | of null | ratio |");
    println!("|-|-|-|-|-|");
    for (index, (place, _)) in PLACES.iter().enumerate() {
        for (value, name) in [(Value::Young, "a young object"), (Value::Old, "an old one")] {
            loops.compare(
                place,
                name,
                &function(index, value),
                &function(index, Value::Null),
                STORES,
            )?;
        }
    }
    loops.compare(
        "each of 100,000 old structs, the first time",
        "a young object",
        "first",
        "first_null",
        FIRST,
    )
}

/// A store with all loops.
struct Loops {
    store: Store<()>,
    instance: mangrove::Instance,
}

impl Loops {
    fn new() -> Result<Self, Error> {
        let engine = Engine::new(&Config::new())?;
        let module = Module::new(&engine, program().as_bytes())?;
        let mut store = Store::new(&engine, ())?;
        let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
        let mut loops = Self { store, instance };
        let count = [Val::I32(OBJECTS), Val::I32(FIRST)];
        loops.func("make").call(&mut loops.store, &count)?;
        Ok(loops)
    }

    fn func(&self, name: &str) -> Func {
        self.instance.func(&self.store, name).expect("an export")
    }

    /// Nanoseconds of a store: the median and the least of both loops, by turns.
    fn compare(
        &mut self,
        place: &str,
        value: &str,
        with: &str,
        without: &str,
        stores: i32,
    ) -> Result<(), Error> {
        let loops = [with, without].map(|name| self.func(name));
        let mut times = [const { Vec::new() }; 2];
        for _ in 0..TURNS {
            for (run, times) in loops.iter().zip(&mut times) {
                // What it leaves is old, and watched.
                self.store.gc()?;
                let start = Instant::now();
                run.call(&mut self.store, &[Val::I32(stores)])?;
                times.push(start.elapsed().as_nanos() as f64 / f64::from(stores));
            }
        }
        let [with, without] = times.map(|mut times| {
            times.sort_by(f64::total_cmp);
            (times[TURNS / 2], times[0])
        });
        println!(
            "| {place} | {value} | {:.2} ({:.2}) | {:.2} ({:.2}) | {:.2} ({:.2}) |",
            with.0,
            with.1,
            without.0,
            without.1,
            with.0 / without.0,
            with.1 / without.1,
        );
        Ok(())
    }
}

fn function(place: usize, value: Value) -> String {
    let value = match value {
        Value::Young => "young",
        Value::Old => "old",
        Value::Null => "null",
    };
    format!("{value}_{place}")
}

/// One loop: `value_place(n)` stores n times.
fn store_loop(place: usize, value: Value) -> String {
    let stored = match value {
        Value::Young => "(local.get $young)",
        Value::Old => "(local.get $struct)",
        Value::Null => "(ref.null none)",
    };
    let (_, store) = PLACES[place];
    let number = format!("(i32.and (local.get $n) (i32.const {}))", OBJECTS - 1);
    let store = store.replace("VALUE", stored).replace("NUMBER", &number);
    format!(
        r#"(func (export "{}") (param $n i32)
        (local $nodes (ref $nodes)) (local $arrays (ref $arrays)) (local $struct (ref $node))
        (local $small (ref $refs)) (local $carded (ref $refs)) (local $young (ref $node))
        (local.set $nodes (ref.as_non_null (global.get $nodes)))
        (local.set $arrays (ref.as_non_null (global.get $arrays)))
        (local.set $struct (ref.as_non_null (array.get $nodes (local.get $nodes) (i32.const 0))))
        (local.set $small (ref.as_non_null (array.get $arrays (local.get $arrays) (i32.const 0))))
        (local.set $carded (ref.as_non_null (global.get $carded)))
        (local.set $young (struct.new_default $node))
        (loop $again
            {store}
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
        "#,
        function(place, value)
    )
}

fn program() -> String {
    let mut loops = String::new();
    for place in 0..PLACES.len() {
        for value in [Value::Young, Value::Old, Value::Null] {
            loops += &store_loop(place, value);
        }
    }
    for (name, value) in [
        ("first", "(local.get $young)"),
        ("first_null", "(ref.null none)"),
    ] {
        loops += &format!(
            r#"(func (export "{name}") (param $n i32) (local $at (ref null $node)) (local $young (ref $node))
        (local.set $young (struct.new_default $node))
        (local.set $at (global.get $list))
        (loop $again
            (struct.set $node $ref (local.get $at) {value})
            (local.set $at (struct.get $node $next (local.get $at)))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
        "#
        );
    }
    format!(
        r#"(module
    (type $node (struct (field $ref (mut (ref null any))) (field $next (mut (ref null $node)))))
    (type $refs (array (mut (ref null any))))
    (type $nodes (array (mut (ref null $node))))
    (type $arrays (array (mut (ref null $refs))))
    (global $nodes (mut (ref null $nodes)) (ref.null $nodes))
    (global $arrays (mut (ref null $arrays)) (ref.null $arrays))
    (global $carded (mut (ref null $refs)) (ref.null $refs))
    (global $list (mut (ref null $node)) (ref.null $node))
    (global $global (mut (ref null any)) (ref.null any))
    (table $table {OBJECTS} (ref null any))
    (func (export "make") (param $objects i32) (param $list i32)
        (global.set $nodes (array.new_default $nodes (local.get $objects)))
        (global.set $arrays (array.new_default $arrays (local.get $objects)))
        (global.set $carded (array.new_default $refs (i32.const 2048)))
        (loop $next
            (local.set $objects (i32.sub (local.get $objects) (i32.const 1)))
            (array.set $nodes (global.get $nodes) (local.get $objects)
                (struct.new_default $node))
            (array.set $arrays (global.get $arrays) (local.get $objects)
                (array.new_default $refs (i32.const 8)))
            (br_if $next (local.get $objects)))
        (loop $next
            (global.set $list (struct.new $node (ref.null any) (global.get $list)))
            (br_if $next (local.tee $list (i32.sub (local.get $list) (i32.const 1))))))
    {loops})"#
    )
}
