//! Which aborts are for lack of memory, in processes that end by them.

use std::hint::black_box;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};

#[global_allocator]
static ALLOCATOR: mangrove::NotingAllocator = mangrove::NotingAllocator;

const CODE: u8 = 3;
const HOW: &str = "MANGROVE_TEST_ABORT";

/// This test's process once more, to end as `how` says.
fn end(how: &str, backtraces: &str) -> Output {
    let this = std::env::current_exe().unwrap();
    Command::new(this)
        .args(["--exact", "the_process_ends", "--nocapture"])
        .env(HOW, how)
        .env("RUST_BACKTRACE", backtraces)
        .output()
        .unwrap()
}

/// A refusal that whoever asked can do without.
fn refused(bytes: usize) {
    let mut list: Vec<u8> = Vec::new();
    assert!(black_box(&mut list).try_reserve_exact(bytes).is_err());
}

/// More than any process has: refused, and nobody copes with it.
fn exhaust(bytes: usize) {
    drop(black_box(Vec::<u8>::with_capacity(black_box(bytes))));
}

const HUGE: usize = 1 << 60;
const LARGE: usize = 1 << 50;

/// Does nothing, but in the processes that [`end`] starts.
#[test]
fn the_process_ends() {
    let Ok(how) = std::env::var(HOW) else { return };
    mangrove::exit_when_exhausted(CODE);
    match how.as_str() {
        "exhausted" => exhaust(LARGE),
        "refused, then aborts" => {
            refused(HUGE);
            drop(black_box(Box::new(1)));
            std::process::abort();
        }
        "refused, then exhausted" => {
            refused(HUGE);
            drop(black_box(Box::new(1)));
            exhaust(LARGE);
        }
        "refused in another thread, then aborts" => {
            std::thread::spawn(|| refused(HUGE)).join().unwrap();
            std::process::abort();
        }
        other => panic!("{other}"),
    }
}

#[track_caller]
fn is_exhausted(how: &str, backtraces: &str) {
    let output = end(how, backtraces);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(CODE.into()), "{message}");
    let expected = format!("error: cannot allocate memory: {LARGE} bytes");
    assert!(message.contains(&expected), "{message}");
}

#[track_caller]
fn aborts(how: &str) {
    let output = end(how, "0");
    let message = String::from_utf8_lossy(&output.stderr);
    // SIGABRT.
    assert_eq!(output.status.signal(), Some(6), "{message}");
    assert!(!message.contains("cannot allocate"), "{message}");
}

#[test]
fn a_refusal_nobody_copes_with_is_told() {
    is_exhausted("exhausted", "0");
    is_exhausted("exhausted", "1");
}

#[test]
fn a_refusal_that_was_coped_with_is_no_reason_of_a_later_end() {
    is_exhausted("refused, then exhausted", "0");
    aborts("refused, then aborts");
    aborts("refused in another thread, then aborts");
}
