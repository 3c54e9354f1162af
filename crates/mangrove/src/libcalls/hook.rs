//! The places zeal and observers want to see.

use super::{Answer, DONE, Scene};
use crate::pending::Pending;
use mangrove_abi::libcall::hook;

pub fn hook(scene: &mut Scene<'_>, [kind, ..]: [u64; 4]) -> Answer {
    let store = &mut *scene.store;
    let zeal = store.engine.config().zeal;
    let collect = match kind {
        hook::CALL => zeal.call,
        hook::SUSPEND | hook::RESUME => zeal.switch,
        _ => false,
    };
    if kind == hook::SUSPEND {
        store.notify_suspension();
    }
    if zeal.moving && kind != hook::CALL {
        let moved = store.move_suspended(kind == hook::SUSPEND);
        moved.map_err(Pending::from)?;
    }
    if collect {
        store.collect().map_err(Pending::from)?;
    }
    DONE
}
