//! What becomes of continuations inside of the registry, for who listens: compiled code
//! tells of the rest. Nothing is noted where nobody does.

use crate::noted::Life;
use crate::registry::Registry;

impl Registry {
    /// Notes what happens from now on, until the store is reset. Whoever asks for that takes
    /// the notes now and then.
    pub fn note_lives(&mut self) {
        self.lives.get_or_insert_default();
    }

    /// Whether there are notes to be taken.
    #[inline]
    pub fn has_lives(&self) -> bool {
        self.lives.as_ref().is_some_and(|lives| !lives.is_empty())
    }

    /// What happened since the last time, in order.
    pub fn take_lives(&mut self) -> Vec<Life> {
        self.lives.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Notes one.
    #[inline]
    pub(crate) fn note(&mut self, life: impl FnOnce() -> Life) {
        if let Some(lives) = &mut self.lives {
            lives.push(life());
        }
    }

    /// Bytes that the frames of parked continuations take.
    pub fn parked_bytes(&self) -> u64 {
        let parking = self.parking.as_ref();
        parking.map_or(0, |parking| parking.parked_bytes)
    }

    /// Bytes of all stacks ever made: see
    /// [`RegistryReport::committed_bytes`](crate::RegistryReport::committed_bytes).
    pub fn committed_bytes(&self) -> u64 {
        let arenas = [&self.arena, &self.initial.arena];
        let bytes = arenas.map(|arena| arena.stats().stacks * arena.stack_size());
        bytes.into_iter().sum::<usize>() as u64
    }
}
