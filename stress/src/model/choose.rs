//! What to do next, at random: mostly what works, so that programs go on and
//! become deep; now and then anything at all, so that everything fails as well.

use super::handlers::{AROUND_SUSPEND, Catch, Clause, GUARDS, SETS, THROWING_SETS};
use super::machine::{Machine, search};
use super::puppet;
use super::state::{Command, Held, Over, State, Step, Wait};
use super::vocabulary::{EXCEPTIONS, Kind, Mishap, Op, SLOTS, SWITCHING, Tag, Throws, Ty, Verb};
use mangrove_workers::Rng;

/// Most members that run at a time.
const DEEPEST: usize = 24;
/// Most command loops in a member.
const FRAMES: usize = 6;
/// Most calls of the host inside each other.
const HOSTS: usize = 3;
/// Steps for which one tag is used more than others.
const HOUR: i64 = 150;
/// One in so many choices is made without looking.
const RECKLESS: u32 = 90;

impl Machine {
    /// The next command.
    pub fn choose(&mut self, rng: &mut Rng) -> Command {
        let mut command = Command {
            step: Step::Return,
            slot: rng.range(0, SLOTS as u32 - 1) as usize,
            arg: rng.range(0, SLOTS as u32 - 1) as usize,
            base: self.next_base(),
        };
        if rng.one_in(RECKLESS) {
            command.step = reckless(rng, self.objects);
            if let Step::Do(Op::ThrowRef) = command.step {
                command.slot %= EXCEPTIONS;
            }
            if let Step::Do(Op::Resume(_, _, Verb::ThrowRef)) = command.step {
                command.arg %= EXCEPTIONS;
            }
            if !self.fits(command.step) {
                command.step = Step::Do(Op::New(*rng.pick(&Kind::ALL)));
            }
            return command;
        }
        for _ in 0..8 {
            if let Some(step) = self.careful(rng, &mut command) {
                command.step = step;
                return command;
            }
        }
        command.step = Step::Do(Op::New(*rng.pick(&Kind::ALL)));
        command
    }

    /// Whether there is room for what the step adds.
    pub fn fits(&self, step: Step) -> bool {
        let hosts = self.running.iter().filter(|member| member.first).count();
        let frames = self.running.last().map_or(0, |top| top.frames.len());
        match step {
            Step::Do(Op::Host) => hosts < HOSTS && self.running.len() < DEEPEST,
            Step::Do(Op::Call | Op::Wide | Op::Guard(_) | Op::Hold(_)) => frames < FRAMES,
            Step::Do(Op::Resume(..)) => self.running.len() < DEEPEST,
            _ => true,
        }
    }

    /// A step that works, or none if this one does not.
    fn careful(&self, rng: &mut Rng, command: &mut Command) -> Option<Step> {
        let step = match rng.range(0, 99) {
            0..10 => Step::Do(Op::New(*rng.pick(&Kind::ALL))),
            10..15 => Step::Do(self.choose_bind(rng, command)?),
            15..18 => Step::Do(Op::Copy(*rng.pick(&Kind::ALL))),
            18 if rng.one_in(2) => {
                command.slot %= EXCEPTIONS;
                Step::Do(Op::Forget)
            }
            18..19 => Step::Do(Op::Drop(*rng.pick(&Kind::ALL))),
            19..47 => Step::Do(self.choose_resume(rng, command)?),
            47..70 => Step::Do(self.choose_suspend(rng, command)?),
            70..80 => Step::Do(self.choose_switch(rng, command)?),
            80..83 => Step::Do(self.choose_throw(rng, command)?),
            83..91 => Step::Do(call(rng)),
            91..93 => Step::Tail,
            93..99 if self.may_return(rng) => Step::Return,
            99 if rng.one_in(12) => Step::Do(mishap(rng)),
            99 if rng.one_in(4) => Step::Do(Op::Host),
            _ => return None,
        };
        self.fits(step).then_some(step)
    }

    /// A slot of this type with a continuation that can be used; half of the
    /// time, of those the longest chain.
    fn usable(&self, rng: &mut Rng, kind: Kind) -> Option<usize> {
        let slots = &self.slots[kind as usize];
        let first = rng.range(0, SLOTS as u32 - 1) as usize;
        let all = (0..SLOTS).map(|n| (first + n) % SLOTS);
        let members = |slot: usize| self.held.get(&slots[slot]?).map(Held::members);
        let mut usable = all.filter(|&slot| members(slot).is_some());
        match rng.one_in(2) {
            true => usable.max_by_key(|&slot| members(slot)),
            false => usable.next(),
        }
    }

    fn choose_bind(&self, rng: &mut Rng, command: &mut Command) -> Option<Op> {
        let kind = *rng.pick(&Kind::ALL);
        command.slot = self.usable(rng, kind)?;
        Some(Op::Bind(
            kind,
            rng.range(0, kind.params().len() as u32) as usize,
        ))
    }

    fn choose_resume(&self, rng: &mut Rng, command: &mut Command) -> Option<Op> {
        let kind = *rng.pick(&Kind::ALL);
        command.slot = self.usable(rng, kind)?;
        let token = self.slots[kind as usize][command.slot]?;
        let held = self.held.get(&token)?;
        if self.running.len() + held.members() > DEEPEST {
            return None;
        }
        let set = rng.range(0, SETS.len() as u32 - 1) as usize;
        if !rng.one_in(8) {
            return Some(Op::Resume(kind, set, Verb::Resume));
        }
        // Thrown into, it should be caught somewhere.
        let set = *rng.pick(&THROWING_SETS);
        let tag = *rng.pick(Throws::thrown(self.objects));
        let inside = match &held.state {
            State::Suspended(members) => members.iter().any(|member| {
                waits_for(&member.wait, tag)
                    || member.frames.iter().any(|frame| guards(&frame.over, tag))
            }),
            State::Fresh(_) => false,
        };
        if !inside && !catches(SETS[set].catches, tag) && !self.catches(tag) {
            return None;
        }
        match self.known_exception(tag) {
            Some(slot) if rng.one_in(2) => {
                command.arg = slot;
                Some(Op::Resume(kind, set, Verb::ThrowRef))
            }
            _ => Some(Op::Resume(kind, set, Verb::Throw(tag.0))),
        }
    }

    fn choose_suspend(&self, rng: &mut Rng, command: &Command) -> Option<Op> {
        let mut tag = Tag(rng.range(0, Tag::COUNT as u32 - 1) as usize);
        // Half of the time the tag of the hour: who suspends again and again
        // with one tag finds another handler each time.
        if rng.one_in(2) {
            tag = Tag((command.base / puppet::STRIDE / HOUR) as usize % Tag::COUNT);
        }
        let inner = self.running.len() - 1;
        let handled = search(&self.running, inner, Clause::Label(tag)).is_some();
        // A handler of the other kind is none.
        let other = search(&self.running, inner, Clause::Switch(tag)).is_some();
        (handled || other && rng.one_in(80)).then(|| Op::Suspend(tag, rng.one_in(4)))
    }

    fn choose_switch(&self, rng: &mut Rng, command: &mut Command) -> Option<Op> {
        let kind = *rng.pick(&[Kind::Ks, Kind::Ks, Kind::Kt, Kind::Ku]);
        let tag = *rng.pick(&SWITCHING);
        command.slot = self.usable(rng, kind)?;
        let held = self.held.get(&self.slots[kind as usize][command.slot]?)?;
        let inner = self.running.len() - 1;
        let (at, _) = search(&self.running, inner, Clause::Switch(tag))?;
        (at + held.members() < DEEPEST).then_some(Op::Switch(kind, tag))
    }

    /// The slot of an exception with this tag that can be thrown again.
    fn known_exception(&self, tag: Throws) -> Option<usize> {
        self.exceptions
            .iter()
            .position(|known| known.as_ref().is_some_and(|known| known.tag == tag))
    }

    fn choose_throw(&self, rng: &mut Rng, command: &mut Command) -> Option<Op> {
        let tag = *rng.pick(Throws::thrown(self.objects));
        if !self.catches(tag) {
            return None;
        }
        match self.known_exception(tag) {
            Some(slot) if rng.one_in(2) => {
                command.slot = slot;
                Some(Op::ThrowRef)
            }
            _ => Some(Op::Throw(tag)),
        }
    }

    /// Whether someone would catch this, thrown where the program is.
    fn catches(&self, tag: Throws) -> bool {
        self.running.iter().any(|member| {
            waits_for(&member.wait, tag)
                || member.frames.iter().any(|frame| guards(&frame.over, tag))
        })
    }

    /// Not often at the end of the activation.
    fn may_return(&self, rng: &mut Rng) -> bool {
        let last = self
            .running
            .last()
            .is_some_and(|top| top.first && top.frames.len() == 1);
        !last || self.running.len() > 1 || rng.one_in(20)
    }
}

fn waits_for(wait: &Option<Wait>, tag: Throws) -> bool {
    match wait {
        Some(Wait::Resume { set, .. }) => catches(SETS[*set].catches, tag),
        Some(Wait::Suspend { guarded, .. }) => *guarded && catches(AROUND_SUSPEND, tag),
        _ => false,
    }
}

fn guards(over: &Over, tag: Throws) -> bool {
    matches!(over, Over::Guard(guard, _) if catches(GUARDS[*guard], tag))
}

fn catches(catches: &[Catch], tag: Throws) -> bool {
    let mut tags = catches.iter().map(|catch| catch.tag);
    tags.any(|caught| caught.is_none_or(|caught| caught == tag))
}

fn call(rng: &mut Rng) -> Op {
    match rng.range(0, 7) {
        0..2 => Op::Call,
        2 => Op::Wide,
        3..6 => Op::Guard(rng.range(0, GUARDS.len() as u32 - 1) as usize),
        _ => Op::Hold(*rng.pick(&Kind::ALL)),
    }
}

fn mishap(rng: &mut Rng) -> Op {
    Op::Trap(*rng.pick(&[Mishap::Unreachable, Mishap::Division, Mishap::Null]))
}

/// A step of any kind, allowed or not.
fn reckless(rng: &mut Rng, objects: bool) -> Step {
    let kind = *rng.pick(&Kind::ALL);
    let switchable = *rng.pick(&[Kind::Ks, Kind::Kt, Kind::Ku]);
    let tag = Tag(rng.range(0, Tag::COUNT as u32 - 1) as usize);
    let verb = match rng.range(0, 3) {
        3 => Verb::ThrowRef,
        tag => Verb::Throw(tag as usize),
    };
    let bound = kind
        .params()
        .iter()
        .take_while(|ty| !matches!(ty, Ty::Cont(_)));
    Step::Do(match rng.range(0, 9) {
        0..2 => Op::Bind(kind, bound.count()),
        2..4 => Op::Resume(
            kind,
            rng.range(0, SETS.len() as u32 - 1) as usize,
            Verb::Resume,
        ),
        4 => Op::Resume(kind, *rng.pick(&THROWING_SETS), verb),
        5 => Op::Suspend(tag, rng.one_in(2)),
        6..8 => Op::Switch(switchable, *rng.pick(&SWITCHING)),
        8 => Op::Throw(*rng.pick(Throws::thrown(objects))),
        _ => Op::ThrowRef,
    })
}
