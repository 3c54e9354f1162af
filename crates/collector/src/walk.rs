//! From a stack to its frames, and from a frame to its slots.
//!
//! ```text
//!  record.sp ─▶ pc ─▶ image ─▶ call site ─▶ slots at fp - distance
//!  record.fp ─▶ fp ─┐
//!                   ├─ fp + 8 ─▶ next pc ─▶ …
//!                   └─ fp     ─▶ next fp ─▶ … until 0
//! ```
//!
//! Every frame is stopped at a call, and every call has an entry: a return
//! address without one is an error that says where. Thousands of continuations
//! are stopped at a handful of places, so what was found for a return address
//! is remembered in a small table in front of the image's.
//!
//! Next on the road of a root: `crates/stack/src/frames.rs`.

use crate::{Code, ModuleId};
use mangrove_abi::{
    CallSite, CodeImage, CodeOffset, ContRecord, FunctionKind, ProgramFrames, RecordId, Slot,
    SlotContent, SlotKind, Slots, WasmOffset,
};
use mangrove_stack::frames;

/// Entries of the table of remembered sites: a power of two. 64 of them take
/// 4 KiB, which leaves the first-level cache to the stacks.
const REMEMBERED: usize = 64;

/// Why a frame could not be understood. Names the pc and whose frame it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WalkError {
    /// The return address lies in no code.
    #[error("frame {frame} of continuation {continuation}: pc {pc:#x} is not in compiled code")]
    NotCode {
        /// The return address.
        pc: u64,
        /// Id of the continuation.
        continuation: u32,
        /// Which frame, 0 for the innermost.
        frame: u32,
    },
    /// The return address has no entry among its module's call sites.
    #[error(
        "frame {frame} of continuation {continuation}: pc {pc:#x}, offset {offset:#x} in the code \
         of module {}, has no entry among the call sites", .module.0
    )]
    NoSite {
        /// The return address.
        pc: u64,
        /// Its offset in the module's text.
        offset: CodeOffset,
        /// The module.
        module: ModuleId,
        /// Id of the continuation.
        continuation: u32,
        /// Which frame, 0 for the innermost.
        frame: u32,
    },
}

/// What is known of a return address.
#[derive(Clone, Copy)]
pub(crate) struct KnownSite<'a> {
    pc: u64,
    pub(crate) module: ModuleId,
    image: &'a CodeImage,
    call: &'a CallSite,
    pub(crate) slots: Slots<'a>,
}

impl<'a> KnownSite<'a> {
    /// The call site.
    pub(crate) fn call(&self) -> &'a CallSite {
        self.call
    }

    /// What of the program is in the slot at this distance, as far as is known.
    pub(crate) fn holds(&self, distance: u32) -> &'a [SlotContent] {
        let CallSite { pc, function, .. } = *self.call;
        self.image.slot_names.at(pc, function, distance)
    }

    /// The code the call is in: of functions that were compiled into each other, the
    /// innermost.
    pub(crate) fn function(&self) -> FunctionKind {
        match self.frames().next() {
            Some((function, _)) => FunctionKind::Wasm(function),
            None => self.image.functions[self.call.function as usize].kind,
        }
    }

    /// The call in the Wasm module; none in a trampoline.
    pub(crate) fn wasm_offset(&self) -> Option<WasmOffset> {
        self.call.wasm_offset
    }

    /// The frames of the program that are one here, innermost first; none in a trampoline.
    pub(crate) fn frames(&self) -> ProgramFrames<'a> {
        self.image.frames_of(self.call)
    }
}

/// A frame with what is known of it.
#[derive(Clone, Copy)]
pub(crate) struct KnownFrame<'a> {
    /// 0 for the innermost.
    pub(crate) index: u32,
    pub(crate) fp: u64,
    pub(crate) site: KnownSite<'a>,
}

impl KnownFrame<'_> {
    /// Address of a slot of this frame.
    pub(crate) fn address(&self, slot: Slot) -> *mut u8 {
        (self.fp - slot.distance() as u64) as *mut u8
    }

    /// The slots of this frame that hold heap references, with their addresses.
    pub(crate) fn heap_refs(&self) -> impl Iterator<Item = (Slot, *mut u32)> {
        let slots = self.site.slots.iter().copied();
        let heap = slots.filter(|slot| slot.kind() == SlotKind::Ref);
        heap.map(|slot| (slot, self.address(slot).cast()))
    }
}

/// Walks stacks.
pub(crate) struct Walker<'a> {
    code: &'a dyn Code,
    remembered: [Option<KnownSite<'a>>; REMEMBERED],
}

impl<'a> Walker<'a> {
    pub(crate) fn new(code: &'a dyn Code) -> Self {
        Self {
            code,
            remembered: [None; REMEMBERED],
        }
    }

    /// Calls `f` with each frame of a stack, innermost first.
    ///
    /// # Safety
    /// As for [`frames`].
    pub(crate) unsafe fn frames(
        &mut self,
        record: *const ContRecord,
        mut f: impl FnMut(KnownFrame<'a>),
    ) -> Result<(), WalkError> {
        // SAFETY: by contract.
        let (id, frames) = unsafe { ((*record).id, frames(record)) };
        for (index, frame) in (0..).zip(frames) {
            let site = self.site(frame.pc, id, index)?;
            f(KnownFrame {
                index,
                fp: frame.fp,
                site,
            });
        }
        Ok(())
    }

    #[inline]
    fn site(
        &mut self,
        pc: u64,
        continuation: RecordId,
        frame: u32,
    ) -> Result<KnownSite<'a>, WalkError> {
        // Return addresses are odd as often as even: fold, do not shift.
        let place = (pc ^ (pc >> 6)) as usize % REMEMBERED;
        match self.remembered[place] {
            Some(site) if site.pc == pc => Ok(site),
            _ => {
                let site = self.look_up(pc, continuation, frame)?;
                self.remembered[place] = Some(site);
                Ok(site)
            }
        }
    }

    fn look_up(&self, pc: u64, id: RecordId, frame: u32) -> Result<KnownSite<'a>, WalkError> {
        let continuation = id.as_u32();
        let (image, offset, module) = self.code.image_at(pc).ok_or(WalkError::NotCode {
            pc,
            continuation,
            frame,
        })?;
        let call = image.sites.find(offset).ok_or(WalkError::NoSite {
            pc,
            offset,
            module,
            continuation,
            frame,
        })?;
        Ok(KnownSite {
            pc,
            module,
            image,
            call,
            slots: image.sites.slots(call),
        })
    }
}
