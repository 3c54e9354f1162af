//! The short examples run, and what they assert holds.

#[path = "../examples/fuel.rs"]
mod fuel;
#[path = "../examples/gcd.rs"]
mod gcd;
#[path = "../examples/hello.rs"]
mod hello;
#[path = "../examples/host_errors.rs"]
mod host_errors;
#[path = "../examples/interrupt.rs"]
mod interrupt;
#[path = "../examples/limits.rs"]
mod limits;
#[path = "../examples/linking.rs"]
mod linking;
#[path = "../examples/memory.rs"]
mod memory;
#[path = "../examples/multi_value.rs"]
mod multi_value;

use mangrove::Error;

type Example = (&'static str, fn() -> Result<(), Error>);

#[test]
fn the_short_examples_run() {
    let examples: [Example; 9] = [
        ("fuel", fuel::main),
        ("gcd", gcd::main),
        ("hello", hello::main),
        ("host_errors", host_errors::main),
        ("interrupt", interrupt::main),
        ("limits", limits::main),
        ("linking", linking::main),
        ("memory", memory::main),
        ("multi_value", multi_value::main),
    ];
    for (name, run) in examples {
        run().unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
