//! What the program must return, computed from its shape alone.

use super::shape::{
    ARGUMENTS, Held, Kind, OPERANDS, Shape, TOKEN_IN, TOKEN_OUT, phase_number, slot_number,
};
use crate::programs::{fold, longs, value};

/// The checksum of `run`: what each suspension handed out and each
/// continuation returned, in the order in which they did.
pub fn checksum(shape: &Shape) -> i64 {
    let mut sum = 0;
    for continuation in 0..shape.continuations {
        sum = fold(sum, token(shape, continuation, TOKEN_OUT, 0));
    }
    for phase in 1..shape.phases {
        for continuation in order(shape) {
            sum = fold(sum, token(shape, continuation, TOKEN_OUT, phase));
        }
    }
    for continuation in order(shape) {
        sum = fold(sum, returned(shape, continuation, 0));
    }
    sum
}

/// The continuations in the order in which they are resumed.
fn order(shape: &Shape) -> impl Iterator<Item = u32> {
    let (count, stride) = (shape.continuations, shape.stride);
    let step =
        move |at: &u32| Some(((u64::from(*at) + u64::from(stride)) % u64::from(count)) as u32);
    std::iter::successors(Some(0), step).take(count as usize)
}

/// What a frame of a continuation returns.
fn returned(shape: &Shape, continuation: u32, frame: usize) -> i64 {
    let held = &shape.frames[frame];
    let read = |held: &[Held], first: usize, phase: u32, mut sum: i64| {
        for (index, held) in held.iter().enumerate() {
            let number = number(continuation, frame, first + index) + phase_number(phase);
            sum = fold(sum, contents(shape.salt, held.kind, number));
        }
        sum
    };
    let mut sum = if frame + 1 < shape.frames.len() {
        let sum = read(&held.operands, OPERANDS, 0, 0);
        fold(sum, returned(shape, continuation, frame + 1))
    } else {
        (0..shape.phases).fold(0, |sum, phase| {
            let held = read(&held.operands, OPERANDS, phase, 0);
            fold(sum, fold(held, token(shape, continuation, TOKEN_IN, phase)))
        })
    };
    sum = read(&held.arguments, ARGUMENTS, 0, sum);
    read(&held.locals, 0, 0, sum)
}

/// What a token, a box, holds. Tokens belong to the innermost frame.
fn token(shape: &Shape, continuation: u32, slot: usize, phase: u32) -> i64 {
    let number = number(continuation, shape.frames.len() - 1, slot) + phase_number(phase);
    contents(shape.salt, Kind::Box, number)
}

fn number(continuation: u32, frame: usize, slot: usize) -> i64 {
    i64::from(continuation) << 12 | slot_number(frame, slot)
}

/// What reading an object of that number adds to a sum.
fn contents(salt: i64, kind: Kind, number: i64) -> i64 {
    let first = value(salt, number);
    match kind {
        Kind::Box => first,
        Kind::Pair => first.wrapping_add(value(salt, !number)),
        Kind::Longs => longs(salt, number),
        Kind::I31 => first & 0x7fff_ffff,
        Kind::Null => 0,
    }
}
