//! Where Wasm was when it was left: the frames of all continuations and
//! activations, from the innermost outwards.
//!
//! Each record on the way is stopped at a call: a libcall leaves it so, and a
//! fault has been settled (see [`crate::fault`]). The frame that faulted is told
//! apart: it is the one of the fault's pc.

use crate::host::HostFunc;
use crate::store::StoreInner;
use crate::trap::{Backtrace, BacktraceEntry, Frame};
use mangrove_abi::{ContRecord, FuncIndex, FunctionKind, RecordState, WasmOffset};
use mangrove_collector::{ModuleId, Place};
use mangrove_stack::arch::Fault;
use mangrove_stack::frames;

impl StoreInner {
    /// The frames from the running record on, through all activations.
    ///
    /// # Safety
    /// Every record on the chain is stopped at a call; a fault is settled.
    pub(crate) unsafe fn backtrace(&self, fault: Option<Fault>) -> Backtrace {
        let mut trace = Backtrace::default();
        // SAFETY: the context is ours, and no compiled code runs.
        let mut record = unsafe { self.ctx.as_ref().current };
        if let Some(fault) = fault {
            trace.exhausted = self.registry.exhausted(fault.address);
            // SAFETY: the running record is one of the registry's.
            let id = unsafe { record.as_ref() }.map_or(0, |record| record.id.as_u32());
            if let Some((code, offset, module)) = self.code.find(fault.pc) {
                let frames = code.image.frames_at(offset);
                let frames = frames.map(|(index, offset)| self.frame(module, index, offset, id));
                trace.entries.extend(frames);
            }
        }
        let mut host_func = self.host_func;
        let mut activations = self.activations.iter().rev();
        while !record.is_null() && !trace.truncated {
            // SAFETY: by contract.
            let parent = unsafe {
                self.trace_record(&mut trace, record, host_func);
                (*record).parent
            };
            // SAFETY: a parent is null or one of the registry's records.
            match unsafe { parent.as_ref() } {
                Some(host) if host.state == RecordState::Host as u32 => {
                    // Initial continuations are no more than the call they make.
                    if !host.func.is_null() {
                        // SAFETY: `record` is one of the registry's.
                        trace.entries.push(unsafe { self.resumed(record, None) });
                    }
                    let Some(activation) = activations.next() else {
                        break;
                    };
                    record = host.interrupted;
                    host_func = activation.caller;
                }
                Some(above) => {
                    // SAFETY: `record` is one of the registry's.
                    let entry = unsafe { self.resumed(record, Some(above.id.as_u32())) };
                    trace.entries.push(entry);
                    record = parent;
                }
                None => break,
            }
        }
        trace
    }

    /// The frames of one record. `host` is the host function it called, if it
    /// is the innermost of its activation.
    ///
    /// # Safety
    /// The record is stopped at a call.
    unsafe fn trace_record(
        &self,
        trace: &mut Backtrace,
        record: *const ContRecord,
        host: *const HostFunc,
    ) {
        // SAFETY: by contract.
        let (id, frames) = unsafe { ((*record).id.as_u32(), frames(record)) };
        for frame in frames {
            if trace.entries.len() >= Backtrace::MAX_ENTRIES {
                trace.truncated = true;
                return;
            }
            let Some((code, offset, module)) = self.code.find(frame.pc) else {
                continue;
            };
            let Some(site) = code.image.sites.find(offset) else {
                continue;
            };
            match code.image.functions[site.function as usize].kind {
                FunctionKind::Wasm(_) => {
                    let frames = code.image.frames_of(site);
                    let frames =
                        frames.map(|(index, offset)| self.frame(module, index, offset, id));
                    trace.entries.extend(frames);
                }
                FunctionKind::ToHost(_) => {
                    // SAFETY: host functions live as long as the store.
                    let name = unsafe { host.as_ref() }.map_or("", |host| &host.body.name);
                    trace.entries.push(BacktraceEntry::Host(name.to_string()));
                }
                FunctionKind::Entry(_)
                | FunctionKind::Helper
                | FunctionKind::Search
                | FunctionKind::Stubs
                | FunctionKind::Interrupt => {}
            }
        }
    }

    /// What is said of a continuation below its frames.
    ///
    /// # Safety
    /// `record` is one of the registry's, and live.
    unsafe fn resumed(&self, record: *const ContRecord, parent: Option<u32>) -> BacktraceEntry {
        // SAFETY: by contract; instances live as long as the store.
        let (child, created) = unsafe { ((*record).id.as_u32(), self.created_at(record)) };
        BacktraceEntry::Resumed {
            child,
            parent,
            created,
        }
    }

    fn frame(
        &self,
        module: ModuleId,
        function: FuncIndex,
        offset: Option<WasmOffset>,
        continuation: u32,
    ) -> BacktraceEntry {
        let place = match self.module(module) {
            Some(module) => module.place_in(function, offset),
            None => Place {
                module: None,
                function,
                name: None,
                export: None,
                offset,
                source: None,
            },
        };
        BacktraceEntry::Frame(Frame {
            module: place.module,
            function,
            name: place.name,
            export: place.export,
            offset,
            source: place.source,
            continuation,
        })
    }
}
