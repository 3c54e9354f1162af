//! What `resume` and its kin, `suspend` and `switch` do.

use super::ast::{Clause, Control, Item, SKIPPED, Source, Way, YIELD};
use super::oracle::{innermost, rebind};
use super::state::Value;
use crate::random::ast::{Pair, SUSPENDED, WAS_EMPTY};
use crate::random::oracle::state::{Continuation, Held, Site, held, top};
use crate::random::oracle::{Looks, Machine, Trap};

impl<'p> Machine<'p> {
    pub(super) fn resume_control(
        &mut self,
        control: &'p Control,
        (source, way): (Source, &'p Way),
        take: Pair,
        outcome: u8,
    ) {
        let frame = top(&mut self.running);
        let place = match source {
            Source::Slot(slot) => &mut self.slots[usize::from(slot)],
            Source::Peer(slot) => &mut self.world.peers[usize::from(slot)],
        };
        if let Source::Slot(_) = source {
            frame.it = place.clone();
        }
        let thrown = match way {
            Way::ThrowRef { variable } => frame.more.exceptions[usize::from(*variable)],
            _ => None,
        };
        let stays = match (&place, way) {
            (None, _) => Some(WAS_EMPTY),
            (_, Way::ThrowRef { .. }) if thrown.is_none() => Some(SKIPPED),
            _ => None,
        };
        if let Some(result) = stays {
            frame.integers[usize::from(outcome)] = result;
            return;
        }
        let reference = place.take().expect("something is there");
        let site = Site::of(control, take, outcome);
        match way {
            Way::Values { give } | Way::Bound { give } => {
                let (object, integer) = frame.pair(*give);
                let mut given = vec![Value::Object(object), Value::Number(integer)];
                let mut reference = reference;
                if let Way::Bound { .. } = way {
                    let Some(bound) = rebind(&reference, std::mem::take(&mut given)) else {
                        return self.trap(Trap::ContinuationConsumed);
                    };
                    self.world.tally.count("cont.bind of all");
                    reference = bound;
                }
                if let Source::Peer(_) = source {
                    given.push(Value::Task(None));
                }
                self.look_given(Looks::RESUMPTION, &given, Some(&reference));
                if self.go_on(&reference, site) {
                    self.world.tally.count("resume");
                    self.deliver(given);
                }
            }
            Way::Throw { tag, payload } => {
                let values = frame.give_payload(payload);
                self.look_given(Looks::RESUMPTION, &values, Some(&reference));
                self.look_given(Looks::ALLOCATION, &values, Some(&reference));
                if self.go_on_throwing(&reference, site) {
                    self.world.tally.count("resume_throw");
                    self.throw(Some(*tag), values);
                }
            }
            Way::ThrowRef { .. } => {
                let given = [Value::Exception(thrown)];
                self.look_given(Looks::RESUMPTION, &given, Some(&reference));
                if let (true, Some(thrown)) = (self.go_on_throwing(&reference, site), thrown) {
                    self.world.tally.count("resume_throw_ref");
                    self.raise(thrown);
                }
            }
        }
    }

    /// Puts a chain on top of what runs; a reference that is used up is a trap.
    pub(in crate::random) fn go_on(&mut self, reference: &Held<'p>, site: Site<'p>) -> bool {
        let chain = reference.borrow_mut().take();
        let Some(mut chain) = chain else {
            self.trap(Trap::ContinuationConsumed);
            return false;
        };
        chain[0].site = Some(site);
        self.running.append(&mut chain);
        self.world.switches += 1;
        true
    }

    /// The same for an exception: what was bound is never taken.
    fn go_on_throwing(&mut self, reference: &Held<'p>, site: Site<'p>) -> bool {
        let goes_on = self.go_on(reference, site);
        innermost(&mut self.running).bound.clear();
        goes_on
    }

    /// Gives what runs now, which has waited, what it has bound and these.
    pub(in crate::random) fn deliver(&mut self, values: Vec<Value<'p>>) {
        let mut all = std::mem::take(&mut innermost(&mut self.running).bound);
        all.extend(values);
        top(&mut self.running).deliver(all);
    }

    pub(super) fn suspend_control(
        &mut self,
        tag: usize,
        values: Vec<Value<'p>>,
        (items, pair): (&'p [Item], Pair),
    ) {
        self.look_given(Looks::SUSPENSION, &values, None);
        let frame = top(&mut self.running);
        (frame.awaits, frame.more.awaits, frame.more.peer) = (pair, items, None);
        self.suspend_with(tag, values);
    }

    /// Suspends what runs up to the innermost `resume` with a clause for the tag.
    pub(in crate::random) fn suspend_with(&mut self, tag: usize, values: Vec<Value<'p>>) {
        let handles = |one: &Continuation<'_>| one.site.is_some_and(|site| site.handles(tag));
        let Some(outermost) = self.running.iter().rposition(handles) else {
            return self.trap(Trap::UnhandledTag);
        };
        if self.running.len() - outermost > 1 {
            self.world.tally.count("suspend of a chain");
        }
        self.world.tally.count("suspend");
        self.world.switches += 1;
        let mut chain = self.running.split_off(outermost);
        let site = chain[0].site.take().expect("it has a clause");
        let Some(Control::Resume { clauses, .. }) = site.control else {
            return self.suspend_plain(tag, values, (site, chain));
        };
        let first = clauses.iter().position(|clause| clause.is_on(tag));
        let first = first.expect("it has a clause");
        self.world.tally.count(match first {
            0 => "the first clause",
            1 => "the second clause",
            _ => "a later clause",
        });
        if clauses[..first].contains(&Clause::Switch) && tag == YIELD {
            self.world.tally.count("on behind switch of the same tag");
        }
        if clauses[first + 1..].iter().any(|clause| clause.is_on(tag)) {
            self.world.tally.count("a clause before its duplicate");
        }
        let Clause::On {
            take, bind, slot, ..
        } = &clauses[first]
        else {
            unreachable!("`is_on` says that it is one");
        };
        let frame = top(&mut self.running);
        if tag != YIELD {
            frame.take_payload(take, values);
        }
        let suspended = held(chain);
        let kept = match &bind[..] {
            [] => {
                frame.it = Some(suspended.clone());
                Some(suspended)
            }
            bind => {
                self.world
                    .tally
                    .count("cont.bind of a suspended continuation");
                let values = frame.give_all(bind);
                rebind(&suspended, values)
            }
        };
        frame.integers[usize::from(site.outcome)] = SUSPENDED + tag as i64;
        self.slots[usize::from(*slot)] = kept;
    }

    pub(super) fn switch(&mut self, peer: u8, give: Pair, take: Pair) {
        let frame = top(&mut self.running);
        let Some(reference) = frame.more.peers[usize::from(peer)].take() else {
            return;
        };
        let (object, integer) = frame.pair(give);
        let mut values = vec![Value::Object(object), Value::Number(integer)];
        self.look_given(Looks::SUSPENSION, &values, Some(&reference));
        if reference.borrow().is_none() {
            return self.trap(Trap::ContinuationConsumed);
        }
        let handles = |one: &Continuation<'_>| one.site.is_some_and(Site::switches);
        let Some(outermost) = self.running.iter().rposition(handles) else {
            return self.trap(Trap::UnhandledTag);
        };
        let frame = top(&mut self.running);
        (frame.awaits, frame.more.awaits, frame.more.peer) = (take, &[], Some(peer));
        let mut chain = self.running.split_off(outermost);
        self.world.tally.count(match chain.len() {
            1 => "switch",
            _ => "switch of a chain",
        });
        let site = chain[0].site.take().expect("it has a clause");
        values.push(Value::Task(Some(held(chain))));
        if self.go_on(&reference, site) {
            self.deliver(values);
        }
    }
}
