//! What lies outside of stacks and objects: shown place by place, with all that is in it,
//! references or not.

use super::{Content, Dead, FixedPlace, SurveyItem, Visit};
use crate::elements::ElementValues;
use crate::id::Origin;
use crate::instance::InstancePtr;
use crate::kind::ValueKind;
use crate::store::{GlobalEntry, StoreInner};
use crate::table::entry::TableEntry;
use crate::walk::ObjectKind;
use mangrove_abi::object::TYPE_HOST;
use mangrove_abi::{HeapRef, SlotKind, TransferSlot, TypeId};
use mangrove_collector::{SlotValue, SurveyMarks};
use mangrove_validate::CompositeType;
use std::ops::ControlFlow;

impl StoreInner {
    /// Shows what is in no stack and no object.
    pub(super) fn fixed(&self, found: &SurveyMarks, visit: &mut Visit<'_>) -> ControlFlow<()> {
        self.globals
            .iter()
            .try_for_each(|global| show_global(global, visit))?;
        self.tables
            .iter()
            .try_for_each(|table| show_table(table, visit))?;
        self.instances
            .iter()
            .try_for_each(|instance| segments(*instance, visit))?;
        self.show_handles(visit)?;
        self.show_weak(found, visit)
    }

    /// Weak handles: what lives, and what is dead, collected or not.
    fn show_weak(&self, found: &SurveyMarks, visit: &mut Visit<'_>) -> ControlFlow<()> {
        let mut index = 0;
        let mut show = |content: Content| {
            visit(SurveyItem::Fixed(FixedPlace::Weak { index }))?;
            index += 1;
            value(content, visit)
        };
        for (object, type_id) in self.weak.objects() {
            show(match object.is_object() && found.contains(object) {
                true => SlotValue::of_ref(object).into(),
                false => Content::Dead(Dead::Object {
                    type_id,
                    kind: self.object_kind(type_id),
                }),
            })?;
        }
        for (reference, is_dead) in self.weak.continuations() {
            // SAFETY: a weak handle of this store is to one of its records, which never die.
            let of = unsafe { SlotValue::of_cont(reference) };
            show(match of {
                SlotValue::Continuation(id) | SlotValue::Used(id) if is_dead => {
                    Content::Dead(Dead::Continuation(id))
                }
                of => of.into(),
            })?;
        }
        ControlFlow::Continue(())
    }

    /// What objects with this type in their header are.
    fn object_kind(&self, type_id: TypeId) -> ObjectKind {
        match self.engine.types().try_get(type_id) {
            _ if type_id == TYPE_HOST => ObjectKind::Host,
            Some(ty) => match ty.composite {
                CompositeType::Array(_) => ObjectKind::Array,
                _ => ObjectKind::Struct,
            },
            // Those of exceptions are no types of modules.
            None => ObjectKind::Exception,
        }
    }

    /// Handles have the numbers that root sets give them.
    fn show_handles(&self, visit: &mut Visit<'_>) -> ControlFlow<()> {
        let mut index = 0;
        let mut show = |content: Content| {
            visit(SurveyItem::Fixed(FixedPlace::Handle { index }))?;
            index += 1;
            value(content, visit)
        };
        for slot in &self.handles.heap {
            // SAFETY: a handle's slot, which only those with access to the store read.
            let reference = HeapRef(unsafe { slot.address().read() });
            show(SlotValue::of_ref(reference).into())?;
        }
        for slot in &self.handles.conts {
            // SAFETY: a handle of this store is to one of its records.
            show(unsafe { SlotValue::of_cont(slot.get()) }.into())?;
        }
        for slot in &self.handles.scopes.slots {
            show(SlotValue::of_ref(HeapRef(slot.offset)).into())?;
        }
        for (slot, kind) in &self.operands {
            let content = match kind {
                Some(SlotKind::Ref) => SlotValue::of_ref(HeapRef(slot.words[0] as u32)),
                // SAFETY: the operand is a continuation reference of this store.
                Some(SlotKind::Cont) => unsafe { SlotValue::of_cont(slot.as_cont()) },
                None => {
                    show(Content::Unknown)?;
                    continue;
                }
            };
            show(content.into())?;
        }
        ControlFlow::Continue(())
    }
}

fn value(value: Content, visit: &mut Visit<'_>) -> ControlFlow<()> {
    visit(SurveyItem::Value { index: 0, value })
}

fn show_global(global: &GlobalEntry, visit: &mut Visit<'_>) -> ControlFlow<()> {
    let Origin { instance, index } = global.origin;
    visit(SurveyItem::Fixed(FixedPlace::Global { instance, index }))?;
    // SAFETY: the cell is this store's and holds a value of its kind.
    let content = unsafe { Content::of(global.cell.as_ref().value, global.kind) };
    value(content, visit)
}

fn show_table(table: &TableEntry, visit: &mut Visit<'_>) -> ControlFlow<()> {
    let Origin { instance, index } = table.origin();
    let len = table.len();
    let place = FixedPlace::Table {
        instance,
        index,
        len,
    };
    visit(SurveyItem::Fixed(place))?;
    for index in 0..len {
        let slot = table.get(index).unwrap_or_default();
        // SAFETY: an element is of the table's kind.
        element(index, unsafe { Content::of(slot, table.kind()) }, visit)?;
    }
    ControlFlow::Continue(())
}

fn segments(instance: InstancePtr, visit: &mut Visit<'_>) -> ControlFlow<()> {
    for (segment, values) in (0..).zip(&*instance.elements.borrow()) {
        let len = values.len();
        if len == 0 {
            continue;
        }
        let place = FixedPlace::Segment {
            instance: instance.index,
            segment,
            len,
        };
        visit(SurveyItem::Fixed(place))?;
        for index in 0..len {
            let slot = values.get(index as usize);
            let content = match values {
                ElementValues::Heap(_) => SlotValue::of_ref(HeapRef(slot.words[0] as u32)).into(),
                // SAFETY: the segment's items are this store's functions, or references to
                // its continuations.
                ElementValues::Func(_) => unsafe { Content::of(slot, ValueKind::Func) },
                // SAFETY: as above.
                ElementValues::Cont(_) => unsafe { of_cont(slot) },
            };
            element(index, content, visit)?;
        }
    }
    ControlFlow::Continue(())
}

/// # Safety
/// It is a continuation reference of a store that lives.
unsafe fn of_cont(slot: TransferSlot) -> Content {
    // SAFETY: by contract.
    unsafe { SlotValue::of_cont(slot.as_cont()) }.into()
}

fn element(index: u64, value: Content, visit: &mut Visit<'_>) -> ControlFlow<()> {
    match value {
        Content::Null => ControlFlow::Continue(()),
        value => visit(SurveyItem::Value { index, value }),
    }
}
