//! Enough stack for the command, whatever the process was given.
//!
//! The main thread's stack ends where `ulimit -s` says, which may be too soon for
//! the parser of text modules or for host functions that call Wasm that calls
//! host functions. A thread's stack is as large as it is asked to be.

use crate::errors::Failure;
use mangrove::ResourceError;
use rustix::process::{Resource, getrlimit};
use std::panic::resume_unwind;
use std::thread;

/// Bytes of stack that are enough: what systems give a process as a rule.
const STACK: usize = 8 << 20;
/// With this much, the main thread will do.
const ENOUGH: u64 = 4 << 20;

/// Runs `work` on a stack that is large enough.
///
/// # Errors
/// The main thread has too little, and the system gives no other.
pub fn with_stack<R: Send>(work: impl FnOnce() -> R + Send) -> Result<R, Failure> {
    match getrlimit(Resource::Stack).current {
        Some(limit) if limit < ENOUGH => on_a_thread(work),
        _ => Ok(work()),
    }
}

fn on_a_thread<R: Send>(work: impl FnOnce() -> R + Send) -> Result<R, Failure> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK);
        let thread = thread.spawn_scoped(scope, work).map_err(|error| {
            let what = format!("start a thread with a stack of {STACK} bytes (ulimit -s)");
            Failure::settings(ResourceError::thread(what, &error).into())
        })?;
        // A panic goes on as if it had happened here.
        Ok(thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_has_room() {
        fn deep(level: u32) -> u32 {
            let room = std::hint::black_box([level; 1024]);
            if level == 0 {
                room[0]
            } else {
                deep(level - 1) + room[1] - level + 1
            }
        }
        // More than the 2 MiB that other threads have.
        assert_eq!(on_a_thread(|| deep(600)).unwrap(), 600);
    }
}
