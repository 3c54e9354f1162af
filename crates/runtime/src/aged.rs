//! Entries for objects, by age: a minor collection looks at those for young ones only.

use mangrove_abi::{Requests, make_room};
use mangrove_collector::CollectionKind;

/// Entries by the age of what they are for.
pub struct Aged<T> {
    young: Vec<T>,
    old: Vec<T>,
}

impl<T> Default for Aged<T> {
    fn default() -> Self {
        Self {
            young: Vec::new(),
            old: Vec::new(),
        }
    }
}

impl<T> Aged<T> {
    /// Makes room for one entry more, young or old once all young ones are old. Whether there is
    /// room.
    pub fn reserve_one(&mut self, requests: &Requests) -> bool {
        let grown = self.young.len() + 1;
        make_room(&mut self.young, 1, requests) && make_room(&mut self.old, grown, requests)
    }

    /// Adds an entry, for a young object or for an old one.
    pub fn add(&mut self, entry: T, young: bool) {
        match young {
            true => self.young.push(entry),
            false => self.old.push(entry),
        }
    }

    /// Asks of each entry that a collection of this kind is about whether it stays, the
    /// older ones first. After it nothing is young.
    pub fn sweep(&mut self, kind: CollectionKind, mut stays: impl FnMut(&mut T) -> bool) {
        if kind == CollectionKind::Full {
            self.old.retain_mut(&mut stays);
        }
        self.young.retain_mut(&mut stays);
        self.old.append(&mut self.young);
    }

    /// Drops entries that are of no use any more, of either age.
    pub fn prune(&mut self, stays: impl Fn(&T) -> bool) {
        self.old.retain(&stays);
        self.young.retain(&stays);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.old.len() + self.young.len()
    }

    /// All of them, and whether each is known as one for an old object.
    pub fn all(&self) -> impl Iterator<Item = (&T, bool)> {
        let old = self.old.iter().map(|entry| (entry, true));
        old.chain(self.young.iter().map(|entry| (entry, false)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minor_collection_does_not_look_at_the_old() {
        let mut entries = Aged::default();
        for entry in 0..1000 {
            entries.add(entry, entry % 100 == 0);
        }
        let mut asked = Vec::new();
        entries.sweep(CollectionKind::Minor, |&mut entry| {
            asked.push(entry);
            entry != 300
        });
        assert_eq!(asked.len(), 10);
        assert_eq!(entries.len(), 999);
        let mut asked = 0;
        entries.sweep(CollectionKind::Minor, |_| {
            asked += 1;
            true
        });
        assert_eq!(asked, 0);
        entries.sweep(CollectionKind::Full, |_| {
            asked += 1;
            asked % 2 == 0
        });
        assert_eq!((asked, entries.len()), (999, 499));
    }
}
