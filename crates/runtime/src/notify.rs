//! Telling those who watch a store.

use crate::id::StorePtr;
use crate::policy::PhaseObserver;
use crate::store::StoreInner;
use crate::watch::{Moment, Watch};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;

impl StoreInner {
    /// Tells all who watch: a panic of one goes on when the others
    /// have been told. Of several panics the first does.
    #[inline]
    pub(crate) fn notify(&mut self, moment: Moment) {
        if !self.watchers.list.is_empty() {
            self.tell(moment);
        }
    }

    #[cold]
    fn tell(&mut self, moment: Moment) {
        let mut watchers = std::mem::take(&mut self.watchers.list);
        let store = StorePtr::new(NonNull::from(&mut *self));
        let mut panics: Vec<Box<dyn Any + Send>> = Vec::new();
        for watcher in &mut watchers {
            // What a panic leaves half done is the watcher's own: it cannot
            // change the store.
            // SAFETY: the store is ours alone, and lent to this watcher.
            let told = catch_unwind(AssertUnwindSafe(|| unsafe {
                watcher.moment(store, moment);
            }));
            panics.extend(told.err());
        }
        self.watchers.list = watchers;
        if let Some(first) = panics.into_iter().next() {
            resume_unwind(first);
        }
    }

    /// A suspension is about to take effect.
    pub(crate) fn notify_suspension(&mut self) {
        self.watchers.suspensions += 1;
        self.notify(Moment::Suspend(self.watchers.suspensions));
    }

    /// A resumption by Wasm is about to take effect.
    pub(crate) fn notify_resumption(&mut self) {
        self.watchers.resumptions += 1;
        self.notify(Moment::Resume(self.watchers.resumptions));
    }

    /// Adds somebody who is told of the phases of collections, for as long as the store
    /// lives.
    pub fn watch_phases(&mut self, watcher: PhaseObserver) {
        self.phase_watchers.list.push(watcher);
    }

    /// Adds somebody who watches, for as long as the store lives.
    pub fn watch(&mut self, watcher: Box<dyn Watch>) {
        self.watchers.list.push(watcher);
    }
}
