//! Which continuations of the model can still be resumed.

use super::machine::Machine;
use super::state::{Held, Member, Over, State, Token, Value};
use super::twist::Twist;
use std::collections::HashSet;

impl Machine {
    /// How many continuations are live after a collection: those that run (the
    /// host's calls do not count), and those that a reference leads to that is not used up. What none leads to
    /// is forgotten.
    pub fn collect(&mut self) -> u64 {
        let mut marked = HashSet::new();
        let mut due: Vec<Token> = self
            .slots
            .iter()
            .flatten()
            .filter_map(|slot| *slot)
            .collect();
        due.extend(tokens_of(&self.running));
        let exceptions = self.exceptions.iter().flatten();
        due.extend(exceptions.flat_map(|exception| conts(&exception.values)));
        while let Some(token) = due.pop() {
            let Some(held) = self.held.get(&token) else {
                continue;
            };
            if marked.insert(token) {
                due.extend(conts(&held.bound));
                if let State::Suspended(members) = &held.state {
                    due.extend(tokens_of(members));
                }
            }
        }
        if self.twist != Some(Twist::KeepsGarbage) {
            self.held.retain(|token, _| marked.contains(token));
        }
        let running = self.running.iter().filter(|member| !member.first);
        let held: usize = self.held.values().map(Held::members).sum();
        (running.count() + held) as u64
    }
}

impl Held {
    /// How many continuations it is.
    pub fn members(&self) -> usize {
        match &self.state {
            State::Fresh(_) => 1,
            State::Suspended(members) => members.len(),
        }
    }
}

/// The continuations among these.
fn conts(values: &[Value]) -> impl Iterator<Item = Token> {
    values.iter().filter_map(|value| match value {
        Value::Cont(token) => *token,
        _ => None,
    })
}

/// What the frames of these hold.
fn tokens_of(members: &[Member]) -> impl Iterator<Item = Token> {
    let frames = members.iter().flat_map(|member| &member.frames);
    frames.filter_map(|frame| match frame.over {
        Over::Hold(_, token) => token,
        _ => None,
    })
}
