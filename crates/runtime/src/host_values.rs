//! Values of the embedder that objects stand for.
//!
//! ```text
//!  externref ─▶ host object { payload: 3 }    in the heap: moves, and dies like any other
//!                              │    ▲
//!                              ▼    │ object, without keeping it
//!  values     │ … │ … │ … │ 3: value, object │      the Rust value, until the object is dead
//! ```
//!
//! A minor collection looks at the values whose objects were made since the last one; a
//! full one at all.

use crate::aged::Aged;
use mangrove_abi::HeapRef;
use mangrove_collector::CollectionKind;
use std::any::Any;
use std::mem;

/// A value of the embedder's.
pub type HostValue = Box<dyn Any + Send>;

struct Held {
    object: HeapRef,
    value: HostValue,
    /// What the embedder calls its type.
    type_name: &'static str,
}

/// All of a store.
#[derive(Default)]
pub struct HostValues {
    slots: Vec<Option<Held>>,
    free: Vec<u32>,
    /// Places that are taken, by the age of their object.
    taken: Aged<u32>,
    /// What is to be dropped when the collection is over.
    dead: Vec<HostValue>,
}

impl HostValues {
    /// Takes the value of an object; the payload of that.
    pub fn add(
        &mut self,
        object: HeapRef,
        young: bool,
        value: HostValue,
        type_name: &'static str,
    ) -> u32 {
        let held = Some(Held {
            object,
            value,
            type_name,
        });
        let index = match self.free.pop() {
            Some(index) => {
                self.slots[index as usize] = held;
                index
            }
            None => {
                // Objects of 16 bytes in a heap of at most 4 GiB.
                let index = u32::try_from(self.slots.len()).expect("fewer values than objects");
                self.slots.push(held);
                index
            }
        };
        self.taken.add(index, young);
        index
    }

    /// What the embedder calls the type of the value behind a payload.
    pub fn type_name(&self, payload: u64) -> Option<&'static str> {
        let index = usize::try_from(payload).ok()?;
        Some(self.slots.get(index)?.as_ref()?.type_name)
    }

    /// The value behind a payload.
    pub fn get(&self, payload: u64) -> Option<&(dyn Any + Send)> {
        let index = usize::try_from(payload).ok()?;
        let held = self.slots.get(index)?.as_ref()?;
        Some(&*held.value)
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, payload: u64) -> Option<&mut (dyn Any + Send)> {
        let index = usize::try_from(payload).ok()?;
        let held = self.slots.get_mut(index)?.as_mut()?;
        Some(&mut *held.value)
    }

    /// Asks of each object that a collection of this kind can have moved where it is now.
    pub fn sweep(&mut self, kind: CollectionKind, now: impl Fn(HeapRef) -> Option<HeapRef>) {
        let Self {
            slots,
            free,
            taken,
            dead,
        } = self;
        taken.sweep(kind, |&mut index| {
            let slot = &mut slots[index as usize];
            let held = slot.as_mut().expect("a place that is taken");
            if let Some(object) = now(held.object) {
                held.object = object;
                return true;
            }
            dead.extend(slot.take().map(|held| held.value));
            free.push(index);
            false
        });
        if kind == CollectionKind::Full {
            self.shrink();
        }
    }

    /// Gives up the places behind the last that is taken: others have their numbers in
    /// objects.
    fn shrink(&mut self) {
        let len = self.slots.iter().rposition(Option::is_some);
        let len = len.map_or(0, |last| last + 1);
        if len < self.slots.len() / 2 {
            self.slots.truncate(len);
            self.slots.shrink_to_fit();
            self.free.retain(|&index| (index as usize) < len);
            self.free.shrink_to_fit();
        }
    }

    /// What the last collection found dead.
    pub fn take_dead(&mut self) -> Vec<HostValue> {
        mem::take(&mut self.dead)
    }

    /// Everything, with the store.
    pub fn take_all(&mut self) -> impl Iterator<Item = HostValue> {
        let held = mem::take(&mut self.slots).into_iter().flatten();
        held.map(|held| held.value).chain(self.take_dead())
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Each object and its payload, and whether it is known as an old one.
    pub fn objects(&self) -> impl Iterator<Item = (HeapRef, u64, bool)> {
        self.taken.all().map(|(&index, old)| {
            let held = self.slots[index as usize].as_ref();
            let object = held.map_or(HeapRef::NULL, |held| held.object);
            (object, u64::from(index), old)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_used_again_and_given_up_at_the_end() {
        let mut values = HostValues::default();
        let object = |n: u32| HeapRef(8 * (n + 1));
        for n in 0..1000 {
            assert_eq!(values.add(object(n), n % 2 == 0, Box::new(n), "u32"), n);
        }
        // Of the young, every other dies.
        let now =
            |kept: fn(u32) -> bool| move |object: HeapRef| kept(object.0 / 8 - 1).then_some(object);
        values.sweep(CollectionKind::Minor, now(|n| n % 4 == 0));
        assert_eq!((values.len(), values.take_dead().len()), (750, 250));
        assert!(values.get(2).is_none() && values.get(1).is_some());
        let again = values.add(object(5000), true, Box::new(5000u32), "u32");
        assert!(again < 1000 && again % 4 == 2);
        values.sweep(CollectionKind::Full, now(|n| n < 10));
        assert_eq!((values.len(), values.slots.len()), (8, 10));
        assert!(values.free.iter().all(|&index| index < 10));
        let data = values
            .get_mut(9)
            .and_then(|data| data.downcast_mut::<u32>());
        assert_eq!(data, Some(&mut 9));
        assert!(values.get(u64::MAX).is_none() && values.get(500).is_none());
        assert_eq!(values.take_all().count(), 8 + 743);
    }
}
