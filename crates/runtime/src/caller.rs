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
//! such calls keep the instance; which kind of call it is the module's own bytes say. At
//! any other call the callee has left its frame by a tail call, and the frame that is left
//! has its module only.

use crate::instance::InstancePtr;
use crate::store::StoreInner;
use mangrove_abi::{FunctionKind, InstanceContext, RecordState, WasmOffset};
use mangrove_stack::frames;
use std::ptr;

/// The opcodes of calls that may reach a host function.
const CALL: u8 = 0x10;
const CALL_INDIRECT: u8 = 0x11;
const CALL_REF: u8 = 0x14;

impl StoreInner {
    /// The number of the instance whose code called the host function that runs; none if
    /// the host did, if the function is that of a continuation, or if the code is of a
    /// module with several instances and left its frame by a tail call.
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
        if function.instance_distance != 0 && calls_anybody(image.parsed(), site.wasm_offset?) {
            let slot = frame.fp - u64::from(function.instance_distance);
            // SAFETY: the frame is stopped at a call that keeps its instance in this word.
            let instance = unsafe {
                let slot = ptr::with_exposed_provenance::<*const InstanceContext>(slot as usize);
                InstancePtr::from_owner((*slot.read()).owner)
            };
            return Some(instance.index);
        }
        let mut of_module = self.instances.iter().filter(|i| i.module.id() == module);
        match (of_module.next(), of_module.next()) {
            (Some(only), None) => Some(only.index),
            _ => None,
        }
    }
}

/// Whether the call at this offset of a module goes to an import or through a reference.
fn calls_anybody(module: &mangrove_validate::ParsedModule, at: WasmOffset) -> bool {
    let bytes = module.bytes.get(at.as_u32() as usize..).unwrap_or_default();
    match bytes.split_first() {
        Some((&CALL, index)) => leb(index).is_some_and(|index| index < module.imported_functions),
        Some((&(CALL_INDIRECT | CALL_REF), _)) => true,
        _ => false,
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
