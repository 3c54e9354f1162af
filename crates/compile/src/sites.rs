//! Call sites of a finished function: what is live, and who catches.
//!
//! Cranelift addresses a frame from its stack pointer, the runtime from its
//! frame pointer; the distance between the two is the frame's layout.

use crate::function::{Beside, Buffer, Catch, Site};
use crate::positions::{Position, Positions};
use crate::signature::root_kind;
use cranelift_codegen::ir::StackSlot;
use cranelift_codegen::{
    ExceptionContextLoc, FinalizedMachCallSite, FinalizedMachExceptionHandler,
};
use mangrove_abi::{Defect, NamedSlot, Slot, SlotContent, SlotHolds, SlotKind};

/// Every call site, with its stack map if it has one. Cranelift makes no map
/// where nothing is live; the walk needs an entry all the same. It also lists
/// tail calls, whose "return address" nobody returns to: harmless entries.
///
/// # Errors
/// Code that breaks an assumption of the walk: a defect, said in words.
pub fn sites(
    buffer: &Buffer,
    code: &[(u32, Position)],
    positions: &Positions,
    defect: Option<Defect>,
) -> Result<Vec<Site>, String> {
    let layout = buffer
        .frame_layout()
        .ok_or("a function without a frame layout")?;
    let size = layout.frame_to_fp_offset;
    let mut maps: Vec<_> = buffer.user_stack_maps().iter().collect();
    maps.sort_unstable_by_key(|(offset, ..)| *offset);
    let mut used = 0;
    let mut sites: Vec<Site> = Vec::new();
    for call in buffer.call_sites() {
        let mut slots = Vec::new();
        if let Ok(index) = maps.binary_search_by_key(&call.ret_addr, |(offset, ..)| *offset) {
            used += 1;
            for (ty, offset) in maps[index].2.entries() {
                let distance = distance(size, offset, call.ret_addr)?;
                let kind = root_kind(ty).ok_or_else(|| format!("a root of type {ty}"))?;
                slots.push(Slot::new(kind, distance));
            }
        }
        // The position of the call itself: the byte before its return address.
        let before = code.partition_point(|(start, _)| *start < call.ret_addr);
        let position = before.checked_sub(1).map(|index| code[index].1);
        let position = position.unwrap_or_default();
        let wasm_offset = position.wasm_offset;
        let mut names = Vec::new();
        for (slot, holds) in positions.slots(position) {
            let distance = distance(size, layout.stackslots[*slot].offset, call.ret_addr)?;
            // Optimisation leaves no slot out of a map, but a tail call has no map.
            if slots.iter().any(|slot: &Slot| slot.distance() == distance) {
                let holds = holds.clone();
                names.push(NamedSlot { distance, holds });
            }
        }
        let catch = catch_site(&call, size)?;
        sites.push(Site {
            offset: call.ret_addr,
            wasm_offset,
            slots,
            names,
            catch,
        });
    }
    if used != maps.len() {
        return Err("a stack map without a call site".into());
    }
    sites.sort_unstable_by_key(|site| site.offset);
    sites.dedup();
    plant(&mut sites, defect);
    Ok(sites)
}

/// Makes maps wrong in the way a test wants.
fn plant(sites: &mut [Site], defect: Option<Defect>) {
    let has = |planted: Defect| planted.is_in(defect);
    let mut before = Vec::new();
    for site in sites.iter_mut() {
        let slots = site.slots.clone();
        if has(Defect::MapWithoutCaught) && site.catch.is_some() {
            site.slots.pop();
        }
        if has(Defect::MapSlotTwice)
            && let [first, second, ..] = &mut site.slots[..]
        {
            *second = Slot::new(second.kind(), first.distance());
        }
        if has(Defect::MapOfNeighbour) && slots.is_empty() {
            site.slots = before;
        }
        if has(Defect::MapEmpty) && slots.len() > 2 {
            site.slots.clear();
        }
        if has(Defect::MapMissing) && slots.len() > 2 {
            // No pc is here: where there was one, nothing is found.
            site.offset = site.offset.wrapping_sub(1);
        }
        before = slots;
    }
}

/// Distance of a slot from the frame pointer, given its offset from the stack pointer.
fn distance(frame_size: u32, offset: u32, at: u32) -> Result<u32, String> {
    frame_size
        .checked_sub(offset)
        .ok_or_else(|| format!("a live slot above the frame at {at:#x}"))
}

/// Where an exception goes that leaves this call.
fn catch_site(call: &FinalizedMachCallSite<'_>, size: u32) -> Result<Option<Catch>, String> {
    if call.exception_handlers.is_empty() {
        return Ok(None);
    }
    if call.frame_offset != Some(size) {
        return Err(format!("a frame of two sizes at {:#x}", call.ret_addr));
    }
    let mut instance = None;
    let mut catch_block = None;
    for handler in call.exception_handlers {
        match *handler {
            FinalizedMachExceptionHandler::Tag(scope, pc) => {
                catch_block = Some((scope.as_u32(), pc))
            }
            FinalizedMachExceptionHandler::Context(ExceptionContextLoc::SPOffset(offset)) => {
                instance = Some(distance(size, offset, call.ret_addr)?);
            }
            FinalizedMachExceptionHandler::Default(pc) => {
                return Err(format!("a catch block of no scope at {pc:#x}"));
            }
            FinalizedMachExceptionHandler::Context(ExceptionContextLoc::GPR(register)) => {
                return Err(format!("an instance in register {register} over a call"));
            }
        }
    }
    let (scope, block) = catch_block.ok_or("handlers without a catch block")?;
    Ok(Some(Catch {
        frame_size: size,
        instance_distance: instance.ok_or("handlers without an instance")?,
        block,
        scope,
    }))
}

/// Where the roots lie that are in the frame at every call.
///
/// # Errors
/// As for [`sites`].
pub fn homes(buffer: &Buffer, beside: &Beside) -> Result<Vec<Slot>, String> {
    let layout = buffer
        .frame_layout()
        .ok_or("a function without a frame layout")?;
    let slot = |&(kind, slot, offset): &(SlotKind, StackSlot, u32)| {
        let start = layout.stackslots[slot].offset;
        distance(layout.frame_to_fp_offset, start + offset, 0)
            .map(|distance| Slot::new(kind, distance))
    };
    beside.homes.iter().map(slot).collect()
}

/// What is known of the roots that are in the frame at every call.
///
/// # Errors
/// As for [`sites`].
pub fn home_names(buffer: &Buffer, beside: &Beside) -> Result<Vec<NamedSlot>, String> {
    let layout = buffer
        .frame_layout()
        .ok_or("a function without a frame layout")?;
    let named = |&(slot, offset, holds): &(StackSlot, u32, SlotHolds)| {
        let start = layout.stackslots[slot].offset;
        let distance = distance(layout.frame_to_fp_offset, start + offset, 0)?;
        let holds = vec![SlotContent::innermost(holds)];
        Ok(NamedSlot { distance, holds })
    };
    beside.home_names.iter().map(named).collect()
}

/// Where the frame keeps its instance, if it does: see
/// [`mangrove_abi::FunctionCode::instance_distance`].
///
/// # Errors
/// As for [`sites`].
pub fn instance_distance(buffer: &Buffer, beside: &Beside) -> Result<u32, String> {
    let Some(slot) = beside.instance else {
        return Ok(0);
    };
    let layout = buffer
        .frame_layout()
        .ok_or("a function without a frame layout")?;
    distance(layout.frame_to_fp_offset, layout.stackslots[slot].offset, 0)
}
