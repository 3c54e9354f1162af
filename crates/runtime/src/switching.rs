//! What is looked at before a switch: how deep continuations nest, and what zeal wants.

use crate::error::Error;
use crate::store::StoreInner;
use mangrove_abi::{ContRecord, ContRef, Defect, RecordState};

impl StoreInner {
    /// Whether a continuation may be resumed by `current` (null for the host), as
    /// far as the limit on their nesting goes. Looks along both chains.
    pub(crate) fn check_nesting(
        &self,
        current: *const ContRecord,
        reference: ContRef,
    ) -> Result<(), Error> {
        let Some(limit) = self.engine.settings().nesting_max else {
            return Ok(());
        };
        // SAFETY: a reference is null or has the address of a record.
        let resumed = unsafe { reference.record.as_ref() };
        if resumed.is_none_or(|record| record.revision != reference.revision) {
            // A trap of its own.
            return Ok(());
        }
        let mut depth = 0;
        for start in [reference.record.cast_const(), current] {
            let mut at = start;
            // SAFETY: records are never freed, and a parent is null or one.
            while let Some(record) = unsafe { at.as_ref() } {
                if record.state == RecordState::Host as u32 {
                    break;
                }
                depth += 1;
                let defect = self.engine.settings().defect;
                let more = usize::from(Defect::LimitNesting.is_in(defect));
                if depth > limit + more {
                    return Err(Error::Limit(format!(
                        "the limit of {limit} continuations that have resumed each other is \
                         reached (nesting_max)"
                    )));
                }
                at = record.parent;
            }
        }
        Ok(())
    }

    /// What zeal does before every switch, the host's own included.
    pub(crate) fn before_switch(&mut self, suspending: bool) -> Result<(), Error> {
        if self.engine.settings().zeal.moving {
            self.move_suspended(suspending)?;
        }
        if self.zeal_moments.at_switch() {
            self.collect_for_zeal()?;
        }
        Ok(())
    }
}
