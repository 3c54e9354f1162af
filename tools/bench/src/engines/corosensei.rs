//! The floor: the same switches between coroutines of the crate `corosensei`,
//! written in Rust. No WebAssembly, no collector, no search for a handler.

use super::Run;
use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};

/// Bytes of a stack.
const STACK: usize = 64 << 10;

/// The program of this name, where it has a meaning here.
pub fn load(name: &str) -> Option<Run> {
    Some(match name {
        "pair-v0-d1" => pair::<0>(),
        "pair-v1-d1" => pair::<1>(),
        "pair-v4-d1" => pair::<4>(),
        "pair-in-call" => summed(|yielder, n| {
            for left in (1..=n.into()).rev() {
                emit(yielder, left);
            }
        }),
        "pair-deep100" => summed(|yielder, n| {
            descend(yielder, 100, n.into());
        }),
        "generators-1024" => generators(1024),
        "generators-8192" => generators(8192),
        "create-run-15000" | "create-run-1000000" => create_pooled(false),
        "create-suspend-15000" | "create-suspend-1000000" => create_pooled(true),
        "create-run-fresh" => Box::new(|n| {
            let mut sum = 0;
            for value in 1..=n.into() {
                sum += one(DefaultStack::new(STACK)?, value, false).0;
            }
            Ok(sum)
        }),
        _ => return None,
    })
}

fn pair<const VALUES: usize>() -> Run {
    Box::new(|n| {
        let mut generator = Coroutine::new(move |yielder: &Yielder<(), [i64; VALUES]>, ()| {
            for left in (1..=n.into()).rev() {
                yielder.suspend([left; VALUES]);
            }
        });
        let mut sum = 0_i64;
        while let CoroutineResult::Yield(values) = generator.resume(()) {
            sum = values.iter().fold(sum + 1, |sum, value| sum + value);
        }
        Ok(sum)
    })
}

/// A generator whose values are summed up, and one for each suspension.
fn summed(generate: fn(&Yielder<(), i64>, i32)) -> Run {
    Box::new(move |n| {
        let mut generator =
            Coroutine::new(move |yielder: &Yielder<(), i64>, ()| generate(yielder, n));
        let mut sum = 0_i64;
        while let CoroutineResult::Yield(value) = generator.resume(()) {
            sum += 1 + value;
        }
        Ok(sum)
    })
}

#[inline(never)]
fn emit(yielder: &Yielder<(), i64>, value: i64) {
    yielder.suspend(value);
}

/// Suspends n times below `frames` calls; returns how often, so that the calls
/// are no tail calls.
#[inline(never)]
fn descend(yielder: &Yielder<(), i64>, frames: u32, n: i64) -> i64 {
    if frames > 0 {
        return 1 + descend(yielder, frames - 1, n);
    }
    for left in (1..=n).rev() {
        yielder.suspend(left);
    }
    n
}

/// Endless generators in turn; made by the first call.
fn generators(count: usize) -> Run {
    let mut all = Vec::new();
    Box::new(move |n| {
        while all.len() < count {
            all.push(Coroutine::with_stack(
                DefaultStack::new(STACK)?,
                |yielder: &Yielder<(), i64>, ()| {
                    for value in 0.. {
                        yielder.suspend(value);
                    }
                },
            ));
        }
        let mut sum = 0_i64;
        for turn in 0..n as usize {
            if let CoroutineResult::Yield(value) = all[turn & (count - 1)].resume(()) {
                sum += value;
            }
        }
        Ok(sum)
    })
}

/// Coroutines made and run on one stack after the other.
fn create_pooled(suspend: bool) -> Run {
    let mut pool = None;
    Box::new(move |n| {
        let mut sum = 0;
        for value in 1..=n.into() {
            let stack = match pool.take() {
                Some(stack) => stack,
                None => DefaultStack::new(STACK)?,
            };
            let (result, stack) = one(stack, value, suspend);
            sum += result;
            pool = Some(stack);
        }
        Ok(sum)
    })
}

/// A coroutine from its making to its end, and its stack back.
fn one(stack: DefaultStack, value: i64, suspend: bool) -> (i64, DefaultStack) {
    let mut coroutine = Coroutine::with_stack(stack, move |yielder: &Yielder<(), ()>, ()| {
        if suspend {
            yielder.suspend(());
        }
        value + 1
    });
    loop {
        if let CoroutineResult::Return(result) = coroutine.resume(()) {
            return (result, coroutine.into_stack());
        }
    }
}
