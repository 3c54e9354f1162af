//! Which continuation is which, over a run: for who looks more than once.
//!
//! Records are used again, and compiled code makes and ends continuations without telling
//! anybody. So a continuation that was given a serial number is marked in a word of its
//! record that whoever makes the next one there writes anew. Nobody who does not follow
//! pays for that.
//!
//! ```text
//!  record 7   creator │ FOLLOWED      serials[7] = 12      it is number 12
//!             creator                                      it is another one than 12
//! ```

use crate::registry::Registry;
use mangrove_abi::{ContRecord, RecordState, StoreContext};

impl Registry {
    /// Gives every live continuation that has none a serial number: see
    /// [`Registry::serial`]. They are given in the order of records.
    pub fn follow(&mut self, ctx: &StoreContext) {
        debug_assert!(self.live(ctx) <= u64::from(self.slab.len()));
        let following = self.following.get_or_insert_default();
        following.serials.resize(self.slab.len() as usize, 0);
        for (record, serial) in self.slab.iter().zip(&mut following.serials) {
            // SAFETY: a record of our slab, which only this thread uses.
            unsafe {
                if (*record).state != RecordState::Live as u32 || (*record).is_followed() {
                    continue;
                }
                (*record).set_followed(true);
            }
            following.last += 1;
            *serial = following.last;
        }
    }

    /// Ends following: numbers that were given mean nothing any more.
    pub fn unfollow(&mut self) {
        if self.following.take().is_none() {
            return;
        }
        for record in self.slab.iter() {
            // SAFETY: as above.
            unsafe { (*record).set_followed(false) };
        }
    }

    /// What tells a continuation from all others there were since [`Registry::follow`] was
    /// first called; 0 if it was not called since this one was made.
    pub fn serial(&self, record: *const ContRecord) -> u64 {
        let Some(following) = &self.following else {
            return 0;
        };
        // SAFETY: a record of our slab, which only this thread uses.
        let (id, followed) = unsafe {
            let record = self.check(record);
            ((*record).id.index(), (*record).is_followed())
        };
        match followed {
            true => following.serials.get(id).copied().unwrap_or(0),
            false => 0,
        }
    }
}
