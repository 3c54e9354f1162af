//! Telling those who watch a store.

use crate::error::Error;
use crate::event::{Event, EventKind, Listener};
use crate::id::StorePtr;
use crate::policy::PhaseObserver;
use crate::store::StoreInner;
use crate::trap::{Trap, TrapReason};
use crate::watch::{Moment, Watch};
use mangrove_continuation::Life;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;

impl StoreInner {
    /// Tells all who watch: a panic of one goes on when the others
    /// have been told. Of several panics the first does.
    #[inline]
    pub(crate) fn notify(&mut self, moment: Moment) {
        if self.watchers.on {
            self.tell(moment, None);
        }
    }

    /// The same of a moment that an event is of. Listeners are told of that before.
    #[inline]
    pub(crate) fn notify_of(
        &mut self,
        moment: Moment,
        event: impl FnOnce(&mut Self) -> Option<EventKind>,
    ) {
        if self.watchers.on {
            let event = event(self);
            self.tell(moment, event);
        }
    }

    #[cold]
    fn tell(&mut self, moment: Moment, event: Option<EventKind>) {
        self.tell_lives();
        if let Some(event) = &event {
            self.listeners_hear(event);
        }
        self.watchers.now = event;
        let mut watchers = std::mem::take(&mut self.watchers.list);
        let store = StorePtr::new(NonNull::from(&mut *self));
        let mut first: Option<Box<dyn Any + Send>> = self.watchers.panic.take();
        for watcher in &mut watchers {
            // What a panic leaves half done is the watcher's own: it cannot
            // change the store.
            // SAFETY: the store is ours alone, and lent to this watcher.
            let told = catch_unwind(AssertUnwindSafe(|| unsafe {
                watcher.moment(store, moment);
            }));
            first = first.or(told.err());
        }
        self.watchers.list = watchers;
        self.watchers.now = None;
        if matches!(moment, Moment::Trap | Moment::End) {
            // What ran is over.
            self.watchers.interrupt = false;
        }
        if let Some(first) = first {
            resume_unwind(first);
        }
    }

    /// Tells all who listen. A panic of one goes on at the next moment.
    #[inline]
    pub(crate) fn emit(&mut self, event: impl FnOnce(&mut Self) -> Option<EventKind>) {
        if self.watchers.on {
            self.emit_now(event);
        }
    }

    /// The same, of something that the registry's notes come after.
    pub(crate) fn emit_before_lives(&mut self, event: impl FnOnce(&mut Self) -> Option<EventKind>) {
        if let Some(event) = event(self) {
            self.listeners_hear(&event);
        }
    }

    #[cold]
    fn emit_now(&mut self, event: impl FnOnce(&mut Self) -> Option<EventKind>) {
        self.tell_lives();
        if self.watchers.listeners.is_empty() {
            return;
        }
        if let Some(event) = event(self) {
            self.listeners_hear(&event);
        }
    }

    /// Tells who listens what the registry has noted.
    pub(crate) fn tell_lives(&mut self) {
        if !self.registry.has_lives() {
            return;
        }
        for life in self.registry.take_lives() {
            self.listeners_hear(&match life {
                Life::Ended { id, end } => EventKind::Ended {
                    continuation: id.as_u32(),
                    end,
                },
                Life::Parked { id, bytes } => EventKind::Parked {
                    continuation: id.as_u32(),
                    bytes,
                },
                Life::Unparked { id, bytes } => EventKind::Unparked {
                    continuation: id.as_u32(),
                    bytes,
                },
            });
        }
    }

    fn listeners_hear(&mut self, event: &EventKind) {
        let mut listeners = std::mem::take(&mut self.watchers.listeners);
        let mut first = self.watchers.panic.take();
        for listener in &mut listeners {
            let event = Event::new(self, event);
            // What a panic leaves half done is the listener's own.
            let told = catch_unwind(AssertUnwindSafe(|| listener(&event)));
            first = first.or(told.err());
        }
        self.watchers.listeners = listeners;
        self.watchers.panic = first;
    }

    /// The event of the moment that is being told of.
    pub fn event(&self) -> Option<Event<'_>> {
        let kind = self.watchers.now.as_ref()?;
        Some(Event::new(self, kind))
    }

    /// What runs is to be interrupted when the moment that is being told of is over, if one
    /// is.
    pub fn interrupt_after_moment(&mut self) {
        self.watchers.interrupt |= self.watchers.now.is_some();
    }

    /// Whether what runs may go on, as far as who watches goes.
    ///
    /// # Errors
    /// The trap that it is interrupted.
    pub(crate) fn uninterrupted(&mut self) -> Result<(), Error> {
        if !std::mem::take(&mut self.watchers.interrupt) || self.activations.last().is_none() {
            return Ok(());
        }
        Err(Error::Trap(Box::new(Trap {
            reason: TrapReason::Interrupt,
            backtrace: Default::default(),
        })))
    }

    /// A suspension or a switch is about to take effect.
    #[inline]
    pub(crate) fn notify_suspension(&mut self, event: impl FnOnce(&mut Self) -> Option<EventKind>) {
        self.watchers.suspensions += 1;
        self.notify_of(Moment::Suspend(self.watchers.suspensions), event);
    }

    /// A resumption by Wasm is about to take effect.
    #[inline]
    pub(crate) fn notify_resumption(&mut self, event: impl FnOnce(&mut Self) -> Option<EventKind>) {
        self.watchers.resumptions += 1;
        self.notify_of(Moment::Resume(self.watchers.resumptions), event);
    }

    /// Adds somebody who is told of the phases of collections, for as long as the store
    /// lives.
    pub fn watch_phases(&mut self, watcher: PhaseObserver) {
        self.phase_watchers.list.push(watcher);
    }

    /// Adds somebody who watches, for as long as the store lives.
    pub fn watch(&mut self, watcher: Box<dyn Watch>) {
        self.watchers.on = true;
        self.watchers.list.push(watcher);
    }

    /// Adds somebody who is told of events, for as long as the store lives.
    pub fn listen(&mut self, listener: Listener) {
        self.watchers.on = true;
        self.watchers.heap = self.heap.committed_bytes();
        self.watchers.listeners.push(listener);
        self.registry.note_lives();
    }
}
