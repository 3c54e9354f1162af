//! The places zeal and observers want to see.

use super::{Answer, DONE, Scene};
use crate::error::Error;
use crate::pending::Pending;
use crate::store::StoreInner;
use mangrove_abi::libcall::hook;

pub fn hook(scene: &mut Scene<'_>, [kind, ..]: [u64; 4]) -> Answer {
    let store = &mut *scene.store;
    let done = match kind {
        hook::CALL if store.engine.config().zeal.call => store.collect(),
        hook::SUSPEND => {
            store.notify_suspension();
            store.before_switch(true)
        }
        hook::RESUME => store.before_switch(false),
        _ => Ok(()),
    };
    done.map_err(Pending::from)?;
    DONE
}

impl StoreInner {
    /// What zeal does before every switch, the host's own included.
    pub(crate) fn before_switch(&mut self, suspending: bool) -> Result<(), Error> {
        let zeal = self.engine.config().zeal;
        if zeal.moving {
            self.move_suspended(suspending)?;
        }
        if zeal.switch {
            self.collect()?;
        }
        Ok(())
    }
}
