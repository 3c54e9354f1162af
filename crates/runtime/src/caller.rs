//! Who called the host function that runs.
//!
//! ```text
//!  stopped record ─▶ frame 0: the to-host trampoline
//!                    frame 1: who called, at a call of an import or by a reference;
//!                             there the frame keeps its instance
//! ```
//!
//! Nothing is written down for it but that word of the frame: the walk is made when the
//! host function asks. An import's address or a reference may lead to a host function, so
//! such calls keep the instance; which kind of call it is the module's own bytes say.
//!
//! | frame 1 is at | who has called |
//! |-|-|
//! | a call of an import that is the host function which runs | the frame's instance |
//! | a call by a reference | the frame's instance, or one that was called so and left its frame by a tail call |
//! | any other call | one that has left its frame by a tail call |
//!
//! Where it may have been one that left no frame, there is an answer only if it cannot be
//! another: host functions take the caller's memory for the one that it means, so whoever
//! left no frame must not pass for whoever called it.

use crate::instance::InstancePtr;
use crate::store::StoreInner;
use mangrove_abi::{FuncIndex, FunctionKind, InstanceContext, RecordState, WasmOffset};
use mangrove_collector::ModuleId;
use mangrove_stack::frames;
use std::cell::RefMut;
use std::ptr;

/// The opcodes of calls that may reach a host function.
const CALL: u8 = 0x10;
const CALL_INDIRECT: u8 = 0x11;
const CALL_REF: u8 = 0x14;

impl StoreInner {
    /// The number of the instance whose code called the host function that runs; none if
    /// the host did, if the function is that of a continuation, or if the code may have left
    /// its frame by a tail call and it is not certain whose it was.
    pub fn calling_instance(&self) -> Option<u32> {
        // SAFETY: the context is ours, and no compiled code runs.
        let record = unsafe { self.ctx.as_ref().current };
        if self.host_func.is_null() || record.is_null() {
            return None;
        }
        // SAFETY: one of the registry's records. While a host function runs its stack is
        // stopped in the host call.
        let mut frames = unsafe {
            debug_assert_eq!((*record).state, RecordState::Live as u32);
            frames(record)
        };
        let trampoline = self.code.find(frames.next()?.pc)?;
        let is_to_host = |kind| matches!(kind, FunctionKind::ToHost(_));
        let (code, offset, _) = trampoline;
        let site = code.image.sites.find(offset)?;
        if !is_to_host(code.image.functions[site.function as usize].kind) {
            return None;
        }
        let frame = frames.next()?;
        let (code, offset, module) = self.code.find(frame.pc)?;
        let site = code.image.sites.find(offset)?;
        let function = &code.image.functions[site.function as usize];
        if !matches!(function.kind, FunctionKind::Wasm(_)) {
            return None;
        }
        let image = self.module(module)?;
        let how = how_called(image.parsed(), site.wasm_offset?);
        if function.instance_distance != 0 && how != How::Defined {
            let slot = frame.fp - u64::from(function.instance_distance);
            // SAFETY: the frame is stopped at a call that keeps its instance in this word.
            let instance = unsafe {
                let slot = ptr::with_exposed_provenance::<*const InstanceContext>(slot as usize);
                InstancePtr::from_owner((*slot.read()).owner)
            };
            // SAFETY: the function that runs is one of the store's.
            let running = unsafe { &raw const (*self.host_func).func };
            let certain = match how {
                How::Import(index) => instance.func_ref(index).as_ptr().cast_const() == running,
                // Another instance of the module would do what this one does.
                How::Reference => self.tail_callers().are_all_of(module),
                How::Defined => false,
            };
            if certain {
                return Some(instance.index);
            }
            if how == How::Reference {
                return None;
            }
        }
        let left = self.tail_callers();
        let only = left.first.filter(|_| !left.several);
        only.map(|instance| instance.index)
    }

    /// Which instances make tail calls: each is looked at once.
    fn tail_callers(&self) -> RefMut<'_, TailCallers> {
        let mut known = self.tail_callers.borrow_mut();
        known.look(&self.instances);
        known
    }
}

/// Which instances of a store make tail calls, as far as somebody has looked.
#[derive(Default)]
pub(crate) struct TailCallers {
    /// How many instances were looked at.
    looked: usize,
    /// The first that does.
    first: Option<InstancePtr>,
    /// Whether there is another.
    several: bool,
    /// Whether there is another of another module.
    several_modules: bool,
}

impl TailCallers {
    fn look(&mut self, instances: &[InstancePtr]) {
        for &instance in instances.get(self.looked..).unwrap_or_default() {
            if !instance.module.makes_tail_calls() {
                continue;
            }
            match self.first {
                None => self.first = Some(instance),
                Some(first) => {
                    self.several = true;
                    self.several_modules |= first.module.id() != instance.module.id();
                }
            }
        }
        self.looked = instances.len();
    }

    /// Whether none is of another module.
    fn are_all_of(&self, module: ModuleId) -> bool {
        let is_of = |first: InstancePtr| first.module.id() == module;
        self.first.is_none_or(is_of) && !self.several_modules
    }
}

/// What a call goes to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// An import.
    Import(FuncIndex),
    /// Whatever a reference is to.
    Reference,
    /// A function of the module.
    Defined,
}

/// What the call at this offset of a module goes to.
fn how_called(module: &mangrove_validate::ParsedModule, at: WasmOffset) -> How {
    let bytes = module.bytes.get(at.as_u32() as usize..).unwrap_or_default();
    match bytes.split_first() {
        Some((&CALL, index)) => match leb(index) {
            Some(index) if index < module.imported_functions => How::Import(FuncIndex::new(index)),
            _ => How::Defined,
        },
        Some((&(CALL_INDIRECT | CALL_REF), _)) => How::Reference,
        _ => How::Defined,
    }
}

/// A number in LEB128, as the binary format has it.
fn leb(bytes: &[u8]) -> Option<u32> {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        value |= u32::from(byte & 0x7f).checked_shl(7 * index as u32)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::leb;

    #[test]
    fn numbers_are_read_as_the_format_writes_them() {
        assert_eq!(leb(&[5]), Some(5));
        assert_eq!(leb(&[0xe5, 0x8e, 0x26]), Some(624_485));
        assert_eq!(leb(&[0x80, 0x80, 0x80, 0x80, 0x0f, 1]), Some(0xf000_0000));
        assert_eq!(leb(&[0x80]), None);
    }
}
