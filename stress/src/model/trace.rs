//! The last things that happened, for whoever has to understand a difference.

use super::event::Event;
use super::state::{Command, Step};
use std::collections::VecDeque;
use std::fmt;

/// How many are kept.
const LENGTH: usize = 60;

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub enum TraceLine {
    /// The step of this number.
    Told(u64, Command),
    /// An event, and the answer.
    Said(i32, [i64; 3], i64),
    /// A collection left so many continuations alive.
    Collected(u64),
}

/// The last lines.
#[derive(Debug, Default)]
pub struct Trace {
    lines: VecDeque<TraceLine>,
}

impl Trace {
    /// Adds one.
    pub fn add(&mut self, line: TraceLine) {
        if self.lines.len() == LENGTH {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            match *line {
                TraceLine::Told(number, command) => {
                    let Command {
                        step,
                        slot,
                        arg,
                        base,
                    } = command;
                    match step {
                        Step::Do(op) => write!(f, "{number:>8} {op:?}")?,
                        step => write!(f, "{number:>8} {step:?}")?,
                    }
                    writeln!(f, " slot {slot} arg {arg} base {base}")?;
                }
                TraceLine::Said(code, [a, b, c], answer) => {
                    let said = Event::describe(code);
                    writeln!(f, "         ◀ {said}: {a} {b} {c} ▶ {answer}")?;
                }
                TraceLine::Collected(live) => writeln!(f, "         collected: {live} live")?,
            }
        }
        Ok(())
    }
}
