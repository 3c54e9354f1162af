//! Which continuations are in reach.

use super::state::Value;
use crate::random::oracle::Machine;
use crate::random::oracle::state::{Frame, Held};
use std::collections::HashSet;
use std::rc::Rc;

/// What was met so far.
#[derive(Default)]
struct Met<'p> {
    references: HashSet<*const ()>,
    exceptions: HashSet<usize>,
    /// Not looked into yet.
    next: Vec<Value<'p>>,
    count: usize,
}

impl<'p> Met<'p> {
    fn task(&mut self, held: &Option<Held<'p>>) {
        self.next.push(Value::Task(held.clone()));
    }

    fn frame(&mut self, frame: &Frame<'p>) {
        frame.continuations.iter().for_each(|held| self.task(held));
        frame.more.peers.iter().for_each(|held| self.task(held));
        self.next.extend(frame.more.pinned.iter().cloned());
        let exceptions = frame.more.exceptions;
        self.next.extend(exceptions.map(Value::Exception));
        for cursor in &frame.cursors {
            self.task(&cursor.half);
            cursor
                .continuations
                .iter()
                .for_each(|(_, held)| self.task(held));
        }
    }
}

impl Machine<'_> {
    /// How many can be reached from tables and globals, at the most.
    pub(in crate::random) fn continuations_in_reach(&self) -> usize {
        let mut met = Met::default();
        self.slots.iter().for_each(|held| met.task(held));
        self.world.peers.iter().for_each(|held| met.task(held));
        met.next.extend(self.world.shelves.map(Value::Exception));
        while let Some(value) = met.next.pop() {
            match value {
                Value::Exception(Some(index)) if met.exceptions.insert(index) => {
                    let values = &self.world.exceptions[index].values;
                    met.next.extend(values.iter().cloned());
                }
                Value::Task(Some(held)) if met.references.insert(Rc::as_ptr(&held).cast()) => {
                    for one in held.borrow().iter().flatten() {
                        met.count += 1;
                        met.next.extend(one.bound.iter().cloned());
                        one.frames.iter().for_each(|frame| met.frame(frame));
                    }
                }
                _ => {}
            }
        }
        met.count
    }
}
