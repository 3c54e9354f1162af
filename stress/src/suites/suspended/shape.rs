//! What the program looks like: how many of what, held where.
//!
//! ```text
//!  number of an object:  continuation << 12 | frame << 6 | slot     (| phase << 40)
//!  slots of a frame:     0.. locals   16.. operands   32.. arguments   48 token out   49 token in
//! ```

use crate::case::Size;
use mangrove_workers::Rng;

/// First slot of the operands.
pub const OPERANDS: usize = 16;
/// First slot of the arguments.
pub const ARGUMENTS: usize = 32;
/// The object handed out with a suspension.
pub const TOKEN_OUT: usize = 48;
/// The object handed in with a resumption.
pub const TOKEN_IN: usize = 49;

/// The number of an object, continuation and phase left out.
pub fn slot_number(frame: usize, slot: usize) -> i64 {
    (frame << 6 | slot) as i64
}

/// What a phase adds to the number of an object.
pub fn phase_number(phase: u32) -> i64 {
    i64::from(phase) << 40
}

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A struct with one value.
    Box,
    /// A struct with a value and a reference to a box.
    Pair,
    /// An array of 1 to 8 values.
    Longs,
    /// An `i31`: never moved, never to be changed.
    I31,
    /// Null: never to be changed either.
    Null,
}

const KINDS: &[Kind] = &[
    Kind::Box,
    Kind::Box,
    Kind::Pair,
    Kind::Pair,
    Kind::Longs,
    Kind::I31,
    Kind::Null,
];

/// A reference in a frame.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// What it refers to.
    pub kind: Kind,
    /// Whether its static type is `anyref`, so that reading it is a cast.
    pub loose: bool,
}

/// How a frame calls the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// `call`
    Call,
    /// `call_ref`
    CallRef,
    /// `resume` of a new continuation, without handlers.
    Resume,
}

/// A function whose frames are suspended.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Held in parameters.
    pub arguments: Vec<Held>,
    /// Held in locals.
    pub locals: Vec<Held>,
    /// Held on the operand stack and nowhere else. The first is a box that a
    /// local refers to as well: both must be the same object afterwards.
    pub operands: Vec<Held>,
    /// Whether numbers and vectors live across the suspension too.
    pub scalars: bool,
    /// How it calls the next frame; the innermost calls none.
    pub via: Via,
}

/// A whole program.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Makes the contents of objects differ between programs.
    pub salt: i64,
    /// How many continuations are suspended at a time.
    pub continuations: u32,
    /// How often each is suspended.
    pub phases: u32,
    /// Short-lived objects between two collections.
    pub garbage: u32,
    /// The order of resumption: the continuation after `i` is `i + stride`, around.
    pub stride: u32,
    /// The frames of each, outermost first.
    pub frames: Vec<Frame>,
}

impl Shape {
    /// A random shape.
    pub fn random(rng: &mut Rng, size: Size) -> Self {
        let depth = rng.range(3, 6);
        let continuations = size.of(10_000, 10);
        Self {
            salt: rng.number() as i64,
            continuations,
            phases: rng.range(1, 3),
            garbage: size.of(20_000, 50),
            stride: stride(rng, continuations),
            frames: (0..depth).map(|_| Frame::random(rng)).collect(),
        }
    }

    /// References per continuation, outside of tokens.
    pub fn references(&self) -> usize {
        let held =
            |frame: &Frame| frame.arguments.len() + frame.locals.len() + frame.operands.len() + 1;
        self.frames.iter().map(held).sum()
    }

    /// Continuations in each suspended chain.
    pub fn chain(&self) -> usize {
        let inner = &self.frames[..self.frames.len() - 1];
        1 + inner
            .iter()
            .filter(|frame| frame.via == Via::Resume)
            .count()
    }
}

impl Frame {
    fn random(rng: &mut Rng) -> Self {
        let mut operands = held(rng, 1, 5);
        operands[0].kind = Kind::Box;
        Self {
            arguments: held(rng, 0, 4),
            locals: held(rng, 1, 5),
            operands,
            scalars: rng.one_in(2),
            via: *rng.pick(&[Via::Call, Via::Call, Via::CallRef, Via::Resume]),
        }
    }
}

fn held(rng: &mut Rng, low: u32, high: u32) -> Vec<Held> {
    let count = rng.range(low, high);
    (0..count)
        .map(|_| Held {
            kind: *rng.pick(KINDS),
            loose: rng.one_in(3),
        })
        .collect()
}

/// A step that visits all of `count` before it comes round.
fn stride(rng: &mut Rng, count: u32) -> u32 {
    loop {
        let candidate = rng.range(1, count);
        if greatest_common_divisor(candidate, count) == 1 {
            return candidate;
        }
    }
}

fn greatest_common_divisor(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Says which object a number stands for.
pub fn place(number: i64) -> String {
    if number == i64::MIN {
        return "the number of live continuations".to_owned();
    }
    if number < 0 {
        return format!("{}, its other half", place(!number));
    }
    let (slot, frame) = ((number & 63) as usize, number >> 6 & 63);
    let held = match slot {
        TOKEN_OUT => "payload of suspend".to_owned(),
        TOKEN_IN => "payload of resume".to_owned(),
        ARGUMENTS.. => format!("argument {}", slot - ARGUMENTS),
        OPERANDS.. => format!("operand {}", slot - OPERANDS),
        _ => format!("local {slot}"),
    };
    let (continuation, phase) = (number >> 12 & 0xfff_ffff, number >> 40);
    format!("continuation {continuation}, frame {frame}, {held}, phase {phase}")
}
