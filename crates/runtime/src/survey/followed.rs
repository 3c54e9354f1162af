//! Which object is which, over a run: for who looks more than once.
//!
//! ```text
//!  survey 1   object at 0x1000 ─▶ 17                  serial numbers, by place
//!  collections: who lives moves, and its entry with it; who is dead has none any more
//!  survey 2   object at 0x8040 ─▶ 17                  the same one
//! ```
//!
//! A minor collection goes through the entries of the young only.

use mangrove_abi::HeapRef;
use mangrove_collector::{CollectionKind, Survivors};
use std::hash::{BuildHasher, RandomState};

/// An object: where it is, and its number.
type Entry = (u32, u32);

/// The objects that a survey has shown, as far as they live.
pub(crate) struct Followed {
    run: u64,
    young: Vec<Entry>,
    old: Vec<Entry>,
    /// The last number that was given.
    last: u32,
}

impl Followed {
    /// None yet.
    pub(crate) fn new() -> Self {
        // Random, as far as one process and the next are concerned.
        let run = RandomState::new().hash_one(std::process::id());
        Self {
            run: run.max(1),
            young: Vec::new(),
            old: Vec::new(),
            last: 0,
        }
    }

    /// What tells the run from others; never 0.
    pub(crate) fn run(&self) -> u64 {
        self.run
    }

    /// Follows what was kept; what is dead is forgotten.
    ///
    /// # Safety
    /// As [`Survivors::object`], for the objects that the last survey or collection left.
    pub(crate) unsafe fn sweep(&mut self, survivors: &Survivors<'_, '_>) {
        let stays = |(object, _): &mut Entry| {
            // SAFETY: by contract.
            match unsafe { survivors.object(HeapRef(*object)) } {
                Some(moved) => {
                    *object = moved.0;
                    true
                }
                None => false,
            }
        };
        if survivors.kind() == CollectionKind::Full {
            self.old.retain_mut(stays);
        }
        self.young.retain_mut(stays);
        self.old.append(&mut self.young);
    }

    /// Begins another survey.
    pub(crate) fn begin(&mut self) -> Seen<'_> {
        // Of each kind many lie in order already: those of the last survey, where no full
        // collection came in between.
        self.old.sort_unstable();
        self.young.sort_unstable();
        Seen {
            known: [0; 2],
            young: Vec::new(),
            old: Vec::with_capacity(self.old.len()),
            followed: self,
        }
    }
}

/// The objects that a survey has shown so far, which comes by them in the order of their
/// places.
pub(crate) struct Seen<'f> {
    followed: &'f mut Followed,
    /// How many entries of the young and of the old were passed.
    known: [usize; 2],
    young: Vec<Entry>,
    old: Vec<Entry>,
}

impl Seen<'_> {
    /// The number of the next object; 0 if numbers are used up.
    pub(crate) fn object(&mut self, offset: u32, young: bool) -> u32 {
        let (entries, known, list) = match young {
            true => (&self.followed.young, &mut self.known[0], &mut self.young),
            false => (&self.followed.old, &mut self.known[1], &mut self.old),
        };
        while entries
            .get(*known)
            .is_some_and(|&(place, _)| place < offset)
        {
            *known += 1;
        }
        let serial = match entries.get(*known) {
            Some(&(place, serial)) if place == offset => serial,
            _ => match self.followed.last.checked_add(1) {
                Some(next) => {
                    self.followed.last = next;
                    next
                }
                None => return 0,
            },
        };
        list.push((offset, serial));
        serial
    }

    /// The survey has come by all.
    pub(crate) fn finish(self) {
        self.followed.young = self.young;
        self.followed.old = self.old;
    }
}
