//! The programs that are files, by suite.
//!
//! Arguments are chosen so that one call takes about 0.1 to 1 s on the slower
//! engine, where that one can run them at all. `cont_new_run` stays below the
//! number of continuations Wasmtime can make in one store, warm-up included.

use super::{Known, Per};

/// Numbers and linear memory: no collector, no continuations.
pub fn compute() -> Vec<Known> {
    vec![
        Known::file(
            "fib",
            include_str!("../../programs/fib.wat"),
            37,
            "doubly recursive Fibonacci: calls",
            None,
        ),
        Known::file(
            "matmul",
            include_str!("../../programs/matmul.wat"),
            512,
            "product of n x n matrices of f64",
            Some(Per {
                name: "step",
                count: |n| f64::from(n).powi(3),
            }),
        ),
        Known::file(
            "nbody",
            include_str!("../../programs/nbody.wat"),
            5_000_000,
            "n steps of five bodies: f64 and square roots",
            Some(Per::one("step")),
        ),
        Known::file(
            "sha256",
            include_str!("../../programs/sha256.wat"),
            50_000,
            "SHA-256 of n KiB: rotations and loads",
            Some(Per::one("KiB")),
        ),
        Known::file(
            "hash_table",
            include_str!("../../programs/hash_table.wat"),
            2_000_000,
            "n keys into a table of open addressing, n looked up",
            Some(Per {
                name: "key",
                count: |n| 2.0 * f64::from(n),
            }),
        ),
        Known::file(
            "quicksort",
            include_str!("../../programs/quicksort.wat"),
            3_000_000,
            "n i32 in linear memory, sorted",
            Some(Per::one("element")),
        ),
    ]
}

/// Objects, and their collection.
pub fn collector() -> Vec<Known> {
    vec![
        Known::file(
            "gc_alloc",
            include_str!("../../programs/gc_alloc.wat"),
            50_000_000,
            "n short-lived structs",
            Some(Per::one("struct")),
        ),
        Known::file(
            "binary_trees",
            include_str!("../../programs/binary_trees.wat"),
            16,
            "complete trees up to depth n + 1",
            None,
        ),
        Known::file(
            "gc_in_conts",
            include_str!("../../programs/gc_in_conts.wat"),
            10_000,
            "5,000,000 structs while n continuations hold 8 references each",
            None,
        ),
        Known::file(
            "parked",
            include_str!("../../programs/parked.wat"),
            10_000,
            "50,000,000 structs while n continuations sleep, which were made before",
            Some(Per {
                name: "struct",
                count: |_| 5e7,
            }),
        ),
        Known::file(
            "array_sort",
            include_str!("../../programs/array_sort.wat"),
            2_000_000,
            "quicksort of n i32 in a garbage-collected array",
            Some(Per::one("element")),
        ),
    ]
}

/// Programs made of continuations.
pub fn continuations() -> Vec<Known> {
    vec![
        Known::file(
            "suspend_resume",
            include_str!("../../programs/suspend_resume.wat"),
            10_000_000,
            "one generator, n suspend/resume pairs",
            Some(Per::one("pair")),
        ),
        Known::file(
            "cont_new_run",
            include_str!("../../programs/cont_new_run.wat"),
            15_000,
            "n continuations made and run to their ends",
            Some(Per::one("continuation")),
        ),
        Known::file(
            "sieve",
            include_str!("../../programs/sieve.wat"),
            2_000,
            "n primes by a chain of n generators",
            None,
        ),
        Known::file(
            "hold",
            include_str!("../../programs/hold.wat"),
            15_000,
            "n continuations suspended at once, then finished",
            Some(Per::one("continuation")),
        ),
        Known::file(
            "skynet",
            include_str!("../../programs/skynet.wat"),
            6,
            "a tree of continuations, ten below each, n levels",
            Some(Per {
                name: "continuation",
                count: |n| (10_f64.powi(n + 1) - 1.0) / 9.0,
            }),
        ),
        Known::file(
            "forget",
            include_str!("../../programs/forget.wat"),
            1_000_000,
            "n continuations suspended and forgotten",
            Some(Per::one("continuation")),
        ),
    ]
}

/// What a `throw` costs.
pub fn exceptions() -> Vec<Known> {
    [(1, 1_000_000), (100, 100_000)]
        .into_iter()
        .map(|(frames, arg)| Known {
            name: format!("throw_{frames}"),
            source: throw(frames),
            arg,
            about: format!("n exceptions, each caught by caller number {frames}"),
            per: Some(Per::one("throw")),
        })
        .collect()
}

/// The program as it stands throws one frame below its handler.
fn throw(frames: u32) -> String {
    let source = include_str!("../../programs/throw.wat");
    let between = format!("(i32.const {})", frames - 1);
    source.replace("(i32.const (;frames;) 0)", &between)
}
