//! The switch table: programs that do nothing but move between stacks, made
//! from templates so that their rows differ in one thing at a time.
//!
//! ```text
//!  depth 1            depth 3
//!
//!  run ─ on $yield    run ─ on $yield               what is suspended or switched
//!   └─ generator       └─ resume ─ on $other        away from is the whole chain
//!                          └─ resume ─ on $other    below the handler of `run`
//!                              └─ generator
//! ```

mod exchange;
mod pairs;

use super::{Known, Per, grouped};

/// A handler that is never reached is what each enclosing `resume` has.
const DEPTHS: [u32; 3] = [1, 4, 16];
const VALUES: [u32; 3] = [0, 1, 4];

/// Pairs and switches in a row: a tenth of a second or so on the faster engine.
const TURNS: i32 = 10_000_000;
/// Continuations in a row that Wasmtime, which frees none, can make twice.
const FEW: i32 = 15_000;
const MANY: i32 = 1_000_000;

const PAIR: Per = Per::one("pair");
const SWITCH: Per = Per::one("switch");
const CONTINUATION: Per = Per::one("continuation");

/// All rows, in the order of the table.
pub fn table() -> Vec<Known> {
    let mut rows = Vec::new();
    for depth in DEPTHS {
        for values in VALUES {
            rows.push(pairs::pair(values, depth));
        }
    }
    // Depth 11 is past ten handlers that do not match.
    rows.extend([pairs::pair(0, 11), pairs::in_call(), pairs::deep(100)]);
    rows.extend([pairs::generators(1024), pairs::generators(8192)]);
    for depth in DEPTHS {
        for values in VALUES {
            rows.push(exchange::switch(values, depth));
        }
    }
    for count in [FEW, MANY] {
        rows.extend([create_run(count), create_suspend(count)]);
    }
    rows.push(create_run_fresh());
    rows
}

fn row(name: String, about: String, arg: i32, per: Per, source: String) -> Known {
    Known {
        name,
        source,
        arg,
        about,
        per: Some(per),
    }
}

fn counted(values: u32) -> String {
    format!("{values} {}", if values == 1 { "value" } else { "values" })
}

/// `text` for each value, with its number for `#`.
fn each(values: u32, text: &str) -> String {
    (0..values)
        .map(|value| text.replace('#', &value.to_string()))
        .collect()
}

fn create_run(count: i32) -> Known {
    row(
        format!("create-run-{count}"),
        format!("create, run to the end, {} times", grouped(count)),
        count,
        CONTINUATION,
        include_str!("../../../programs/cont_new_run.wat").to_owned(),
    )
}

/// The same program: it is corosensei that takes a new stack each time.
fn create_run_fresh() -> Known {
    Known {
        name: "create-run-fresh".to_owned(),
        about: "create, run to the end, corosensei on new stacks".to_owned(),
        ..create_run(FEW)
    }
}

fn create_suspend(count: i32) -> Known {
    row(
        format!("create-suspend-{count}"),
        format!("create, suspend once, finish, {} times", grouped(count)),
        count,
        CONTINUATION,
        include_str!("../../../programs/cont_suspend_once.wat").to_owned(),
    )
}
