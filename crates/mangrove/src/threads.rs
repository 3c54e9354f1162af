//! The threads that validate and compile.
//!
//! How many there are is a matter of speed alone. Where the system gives fewer
//! than wanted, there are fewer; where it gives none, a thread works alone.

use mangrove_runtime::ResourceError;
use mangrove_runtime::trace;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::OnceLock;
use std::{io, thread};

/// A pool of `count` threads, or of as many as there are to be had.
pub fn pool(count: usize) -> Option<ThreadPool> {
    as_many_as_possible(count, ThreadPoolBuilder::new)
}

fn as_many_as_possible(count: usize, builder: fn() -> ThreadPoolBuilder) -> Option<ThreadPool> {
    let mut wanted = count;
    while wanted > 0 {
        match builder().num_threads(wanted).build() {
            Ok(pool) => return Some(pool),
            Err(error) => {
                let source = std::error::Error::source(&error);
                let source = source.and_then(|source| source.downcast_ref::<io::Error>());
                let unknown = io::Error::other("no thread");
                let what = format!("start {wanted} threads to compile with");
                let refused = ResourceError::thread(what, source.unwrap_or(&unknown));
                tracing::warn!(target: trace::RESOURCE, %refused, "compiling with fewer threads");
                wanted /= 2;
            }
        }
    }
    None
}

/// Runs `work` on the threads of the process: as many as the machine has, but at
/// most `most`, which only the first to ask decides. On a pool of the
/// embedder's, it stays there.
pub fn shared<R: Send>(most: Option<usize>, work: impl FnOnce() -> R + Send) -> R {
    static SHARED: OnceLock<Option<ThreadPool>> = OnceLock::new();
    if rayon::current_thread_index().is_some() {
        return work();
    }
    let shared = SHARED.get_or_init(|| match most {
        // As many as the machine, or the embedder's environment, has it.
        None => ThreadPoolBuilder::new()
            .build()
            .ok()
            .or_else(|| pool(cores())),
        Some(most) => pool(cores().min(most)),
    });
    match shared {
        Some(pool) => pool.install(work),
        None => alone(work),
    }
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Runs `work` without another thread: parallel loops in it are loops.
pub fn alone<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    if rayon::current_thread_index().is_none() {
        // This thread becomes the one worker of a pool, until it ends: loops that
        // ask for the pool of their thread find that one, and not the one of the
        // process, which nobody could start.
        let one = ThreadPoolBuilder::new().num_threads(1).use_current_thread();
        match one.build() {
            Ok(pool) => return pool.install(work),
            Err(error) => {
                tracing::error!(target: trace::RESOURCE, %error, "this thread cannot work alone")
            }
        }
    }
    work()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;

    #[test]
    fn alone_is_on_this_thread_again_and_again() {
        let here = thread::spawn(|| {
            let here = thread::current().id();
            (0..3).all(|_| {
                alone(|| {
                    let threads: Vec<_> = (0..100)
                        .into_par_iter()
                        .map(|_| thread::current().id())
                        .collect();
                    threads.iter().all(|&id| id == here)
                })
            })
        });
        assert!(here.join().unwrap());
    }

    #[test]
    fn threads_that_are_not_to_be_had_are_done_without() {
        assert_eq!(pool(2).unwrap().current_num_threads(), 2);
        // No system has stacks of this size.
        let none = as_many_as_possible(4, || ThreadPoolBuilder::new().stack_size(1 << 50));
        assert!(none.is_none());
        let sum: u32 = shared(Some(1), || (0..1000u32).into_par_iter().sum());
        assert_eq!(sum, 499_500);
    }
}
