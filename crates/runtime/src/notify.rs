//! TODO

use crate::access::StoreView;
use crate::id::StorePtr;
use crate::store::StoreInner;
use crate::watch::Moment;
use std::any::Any;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;

impl StoreInner {
    /// Tells the observers, all of them: a panic of one goes on when the others
    /// have been told. Of several panics the first does.
    pub(crate) fn notify(&mut self, moment: Moment) {
        if self.observers.list.is_empty() {
            return;
        }
        let mut observers = std::mem::take(&mut self.observers.list);
        let mut view = StoreView {
            store: StorePtr::new(NonNull::from(&mut *self)),
            borrow: PhantomData,
        };
        let mut panics: Vec<Box<dyn Any + Send>> = Vec::new();
        for observer in &mut observers {
            // What a panic leaves half done is the observer's own: it cannot
            // change the store.
            let told = catch_unwind(AssertUnwindSafe(|| observer(&mut view, moment)));
            panics.extend(told.err());
        }
        self.observers.list = observers;
        if let Some(first) = panics.into_iter().next() {
            resume_unwind(first);
        }
    }

    /// A suspension is about to take effect.
    pub(crate) fn notify_suspension(&mut self) {
        self.observers.suspensions += 1;
        self.notify(Moment::Suspend(self.observers.suspensions));
    }

    /// A resumption by Wasm is about to take effect.
    pub(crate) fn notify_resumption(&mut self) {
        self.observers.resumptions += 1;
        self.notify(Moment::Resume(self.observers.resumptions));
    }
}

impl StoreInner {
    /// Each call has one initial continuation on its chain, and only those are
    /// on a chain for good.
    pub(crate) fn live_continuations(&self) -> u64 {
        let calls = self.activations.iter().filter(|a| a.is_call).count();
        self.live_records() - calls as u64
    }
}
