//! What the events of switches and of code say: read from the records and frames that are
//! stopped there.

use crate::event::{Counts, Entering, EventKind, Knows};
use crate::report::Named;
use crate::store::StoreInner;
use mangrove_abi::object::{HeapRef, exn_layout};
use mangrove_abi::{ContRecord, ContRef, FuncRef, HandlerTable, RecordState, TagDef};
use mangrove_collector::{FunctionId, MadeFrom, Names, Place, WasmLocation};
use mangrove_continuation::End;
use mangrove_stack::arch::Fault;
use mangrove_stack::frames;
use std::ptr;

/// Frames without an instruction that may lie inside of one with: a trampoline to the host,
/// the stub of an interruption.
const MOST_INSIDE: usize = 3;

impl Knows for StoreInner {
    fn place(&self, at: WasmLocation) -> Option<Place> {
        let module = self.module(at.module)?;
        Some(module.place_in(at.function, at.wasm_offset))
    }

    fn function(&self, function: FunctionId) -> MadeFrom {
        let names = Named {
            engine: &self.engine,
            instances: &self.instances,
            host_funcs: &self.host_funcs,
        };
        names.made_from(function)
    }

    fn tag(&self, tag: u32) -> Option<String> {
        self.tag_called(tag)
    }

    fn counts(&self) -> Counts {
        Self::counts(self)
    }
}

impl StoreInner {
    /// How much there is of everything. Looks at no record.
    pub fn counts(&self) -> Counts {
        Counts {
            heap_bytes: self.heap_bytes(),
            heap_memory: self.heap.committed_bytes(),
            continuations: self.live_continuations(),
            parked: self.registry.parked() as u64,
            parked_bytes: self.registry.parked_bytes(),
            stack_bytes: self.registry.committed_bytes(),
        }
    }

    /// The instruction that a return address is behind, if a module's function is there.
    fn located(&self, pc: u64) -> Option<WasmLocation> {
        let (code, offset, module) = self.code.find(pc)?;
        let site = code.image.sites.find(offset)?;
        let (function, wasm_offset) = code.image.frames_of(site).next()?;
        Some(WasmLocation {
            module,
            function,
            wasm_offset,
        })
    }

    /// Where a record is stopped; none if it is fresh.
    ///
    /// # Safety
    /// It is one of the store's, live, no host record, and does not run compiled code now.
    pub(crate) unsafe fn stands_at(&self, record: *const ContRecord) -> Option<WasmLocation> {
        // SAFETY: by contract.
        let mut inside = unsafe { frames(record) }.take(MOST_INSIDE);
        inside.find_map(|frame| self.located(frame.pc))
    }

    /// Where the running continuation is stopped.
    ///
    /// # Safety
    /// If one runs, it is stopped at a call.
    unsafe fn here(&self) -> Option<WasmLocation> {
        // SAFETY: by contract; the context is ours.
        unsafe {
            let current = self.ctx.as_ref().current;
            (!current.is_null()).then(|| self.stands_at(current))?
        }
    }

    /// The number of the running continuation.
    fn running(&self) -> Option<u32> {
        // SAFETY: the context is ours, and the running record is null or one of the store's.
        unsafe { self.ctx.as_ref().current.as_ref() }.map(|record| record.id.as_u32())
    }

    /// A suspension to a tag, if somebody handles it.
    ///
    /// # Safety
    /// A continuation runs, and is stopped at a call; `tag` is the address of one of the
    /// store's.
    pub(crate) unsafe fn suspension(&mut self, tag: u64) -> Option<EventKind> {
        // SAFETY: by contract.
        unsafe {
            Some(EventKind::Suspended {
                continuation: self.running()?,
                to: self.handler(tag)?,
                tag: Some(number(tag)),
                at: self.here(),
            })
        }
    }

    /// Who handles an entry, if anybody does; none inside of that is the host.
    ///
    /// # Safety
    /// As for [`Self::suspension`].
    unsafe fn handler(&self, entry: u64) -> Option<Option<u32>> {
        // SAFETY: by contract.
        unsafe {
            let found = self.registry.find_handler(self.ctx.as_ref(), entry)?;
            let target = &*found.target;
            let is_host = target.state == RecordState::Host as u32;
            Some((!is_host).then(|| target.id.as_u32()))
        }
    }

    /// A switch, if it can take place.
    ///
    /// # Safety
    /// As for [`Self::suspension`]; the reference is null or to a record of the store.
    pub(crate) unsafe fn switching(&mut self, to: ContRef, tag: u64) -> Option<EventKind> {
        // SAFETY: by contract; a current reference is to a live record that does not run.
        unsafe {
            let record = current(to)?;
            Some(EventKind::Switched {
                from: self.running()?,
                continuation: (*record).id.as_u32(),
                handler: self.handler(tag | HandlerTable::SWITCH)?,
                tag: number(tag),
                at: self.here(),
                stopped: self.stands_at(record),
                function: function_of(record),
            })
        }
    }

    /// A resumption by code, if it can take place.
    ///
    /// # Safety
    /// As for [`Self::switching`], but for the tag.
    pub(crate) unsafe fn resumption(
        &mut self,
        of: ContRef,
        entering: Entering,
    ) -> Option<EventKind> {
        // SAFETY: by contract.
        unsafe {
            let (by, at) = (self.running()?, self.here());
            Some(self.resumption_of(current(of)?, entering, Some(by), at))
        }
    }

    /// A resumption of a continuation that is fresh or suspended.
    ///
    /// # Safety
    /// The record is one of the store's.
    pub(crate) unsafe fn resumption_of(
        &mut self,
        record: *const ContRecord,
        entering: Entering,
        by: Option<u32>,
        at: Option<WasmLocation>,
    ) -> EventKind {
        // SAFETY: by contract; the outermost record of a chain is one of the store's.
        unsafe {
            EventKind::Resumed {
                continuation: (*record).id.as_u32(),
                outermost: (*(*record).outermost).id.as_u32(),
                by,
                entering,
                at,
                stopped: self.stands_at(record),
                function: function_of(record),
            }
        }
    }

    /// A continuation that was made just now.
    ///
    /// # Safety
    /// The record is one of the store's, and live; what runs is stopped at a call.
    pub(crate) unsafe fn made(&mut self, record: *const ContRecord) -> Option<EventKind> {
        // SAFETY: by contract; instances live as long as the store.
        unsafe {
            let clone_of = (*record).cloned_from().map(|first| (*first).id.as_u32());
            Some(EventKind::Made {
                continuation: (*record).id.as_u32(),
                function: function_of(record),
                by: self.running(),
                at: match clone_of {
                    None => self.here().filter(|_| !(*record).creator.is_null()),
                    Some(_) => self.made_at(record),
                },
                clone_of,
            })
        }
    }

    /// Where a record's continuation was made, or what it was cloned from.
    ///
    /// # Safety
    /// The record is one of the store's, and live.
    unsafe fn made_at(&self, record: *const ContRecord) -> Option<WasmLocation> {
        // SAFETY: by contract; instances live as long as the store.
        let (creator, offset) = unsafe { ((*record).made_by().as_ref()?, (*record).created_at?) };
        let instance = self.instances.get(usize::try_from(creator.index).ok()?)?;
        let place = instance.module.place(offset)?;
        Some(WasmLocation {
            module: instance.module.id(),
            function: place.function,
            wasm_offset: Some(offset),
        })
    }

    /// A continuation that arguments were bound to just now.
    ///
    /// # Safety
    /// As for [`Self::made`].
    pub(crate) unsafe fn bound(&mut self, record: *const ContRecord) -> Option<EventKind> {
        // SAFETY: by contract.
        unsafe {
            Some(EventKind::Bound {
                continuation: (*record).id.as_u32(),
                by: self.running(),
                at: self.here(),
            })
        }
    }

    /// A continuation that has returned just now.
    ///
    /// # Safety
    /// The record is one of the store's.
    pub(crate) unsafe fn has_returned(&mut self, record: *const ContRecord) -> Option<EventKind> {
        Some(EventKind::Ended {
            // SAFETY: by contract.
            continuation: unsafe { (*record).id.as_u32() },
            end: End::Returned,
        })
    }

    /// A call from the host that begins.
    ///
    /// # Safety
    /// The record is one of the store's, and live.
    pub(crate) unsafe fn called(&mut self, record: *const ContRecord) -> Option<EventKind> {
        // SAFETY: by contract.
        unsafe {
            Some(EventKind::Called {
                continuation: (*record).id.as_u32(),
                function: function_of(record),
            })
        }
    }

    /// The entry of a function with a hook of its own.
    ///
    /// # Safety
    /// What runs is stopped at that hook.
    pub(crate) unsafe fn entered(&mut self) -> Option<EventKind> {
        Some(EventKind::Entered {
            continuation: self.running()?,
            // SAFETY: by contract.
            at: unsafe { self.here()? },
        })
    }

    /// An instruction with a hook of its own.
    ///
    /// # Safety
    /// What runs is stopped at that hook.
    pub(crate) unsafe fn reached(&mut self) -> Option<EventKind> {
        Some(EventKind::Reached {
            continuation: self.running()?,
            // SAFETY: by contract.
            at: unsafe { self.here()? },
        })
    }

    /// The deadline.
    ///
    /// # Safety
    /// What runs is stopped at the call that was made because of it.
    pub(crate) unsafe fn deadline(&mut self) -> Option<EventKind> {
        Some(EventKind::Deadline {
            continuation: self.running()?,
            // SAFETY: by contract.
            at: unsafe { self.here() },
        })
    }

    /// What runs was interrupted, and is the host's now.
    ///
    /// # Safety
    /// It is stopped at a call.
    pub(crate) unsafe fn cut_short(&mut self) -> Option<EventKind> {
        Some(EventKind::Suspended {
            continuation: self.running()?,
            to: None,
            tag: None,
            // SAFETY: by contract.
            at: unsafe { self.here() },
        })
    }

    /// A throw.
    ///
    /// # Safety
    /// What runs is stopped at a call, and `exn` is an exception of the store.
    pub(crate) unsafe fn throws(&mut self, exn: HeapRef) -> Option<EventKind> {
        // SAFETY: every exception has its tag's address first, and tags live as long as the
        // store.
        unsafe {
            let tag: u64 = self.heap.read(exn, exn_layout([]).offsets[0]);
            Some(EventKind::Thrown {
                continuation: self.running()?,
                tag: number(tag),
                at: self.here(),
            })
        }
    }

    /// A trap, by this instruction if it faulted.
    ///
    /// # Safety
    /// What ran is stopped at a call, and the fault is settled.
    pub(crate) unsafe fn trapped(&mut self, fault: Option<Fault>, reason: String) -> EventKind {
        let at = match fault {
            Some(fault) => self.faulted(fault),
            // SAFETY: by contract.
            None => unsafe { self.here() },
        };
        EventKind::Trapped {
            continuation: self.running(),
            at,
            reason,
        }
    }

    fn faulted(&self, fault: Fault) -> Option<WasmLocation> {
        let (code, offset, module) = self.code.find(fault.pc)?;
        let Some((function, wasm_offset)) = code.image.frames_at(offset).next() else {
            // SAFETY: the fault is settled, so what ran is stopped at a call.
            return unsafe { self.here() };
        };
        Some(WasmLocation {
            module,
            function,
            wasm_offset,
        })
    }

    /// The heap, if it has taken more memory since that was told last.
    pub(crate) fn heap_growth(&mut self) -> Option<EventKind> {
        let bytes = self.heap.committed_bytes();
        let before = std::mem::replace(&mut self.watchers.heap, bytes);
        (bytes > before).then_some(EventKind::HeapGrown { bytes })
    }
}

/// The record of a reference that is current.
///
/// # Safety
/// It is null or has the address of a record.
unsafe fn current(reference: ContRef) -> Option<*const ContRecord> {
    // SAFETY: by contract.
    let record = unsafe { reference.record.as_ref()? };
    (record.revision == reference.revision).then_some(ptr::from_ref(record))
}

/// The function that a continuation was made from.
///
/// # Safety
/// The record is live, so its function and instance are there.
unsafe fn function_of(record: *const ContRecord) -> FunctionId {
    // SAFETY: by contract.
    unsafe {
        let FuncRef {
            instance,
            index,
            type_id,
            ..
        } = *(*record).func;
        FunctionId {
            instance: ((*instance).owner != 0).then_some((*instance).index),
            index,
            type_id,
        }
    }
}

/// The number of the tag at an address.
///
/// # Safety
/// It is one of the store's.
unsafe fn number(tag: u64) -> u32 {
    // SAFETY: by contract.
    unsafe { (*ptr::with_exposed_provenance::<TagDef>(tag as usize)).index }
}
