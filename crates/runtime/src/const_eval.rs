//! Constant expressions: a small stack machine.
//!
//! Its operands lie in the store ([`StoreInner::operands`]), where a collection
//! sees those that are references: making an object may collect.

use crate::error::Error;
use crate::instance::InstancePtr;
use crate::shape::{Door, Shape, write_field};
use crate::store::StoreInner;
use mangrove_abi::object::HeapRef;
use mangrove_abi::{SlotKind, TransferSlot, TypeId};
use mangrove_validate::ConstOp;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

impl StoreInner {
    /// The value of a constant expression. No root: to be stored before the
    /// next collection.
    ///
    /// # Errors
    /// A trap's reason, as an error without a backtrace: no room in the heap,
    /// or an array too large.
    pub(crate) fn evaluate(
        &mut self,
        instance: InstancePtr,
        expression: &[ConstOp],
    ) -> Result<TransferSlot, Error> {
        let bottom = self.operands.len();
        // A collection in between may end in a panic of an observer.
        let result = catch_unwind(AssertUnwindSafe(|| {
            expression.iter().try_for_each(|op| self.step(instance, op))
        }));
        let value = self.operands.pop();
        // After an error there may be more.
        self.operands.truncate(bottom);
        result.unwrap_or_else(|panic| resume_unwind(panic))?;
        value
            .map(|(value, _)| value)
            .ok_or_else(|| Error::internal("a constant expression without a value"))
    }

    fn step(&mut self, instance: InstancePtr, op: &ConstOp) -> Result<(), Error> {
        let number = TransferSlot::from_u64;
        let value = match *op {
            ConstOp::I32(value) => number(value as u32 as u64),
            ConstOp::I64(value) => number(value as u64),
            ConstOp::F32(bits) => number(u64::from(bits)),
            ConstOp::F64(bits) => number(bits),
            ConstOp::V128(value) => TransferSlot::from_u128(value),
            ConstOp::GlobalGet(index) => {
                let global = &self.globals[instance.globals.at(index) as usize];
                let kind = global.kind.slot_kind();
                // SAFETY: the cell is this store's.
                let value = unsafe { global.cell.as_ref().value };
                self.operands.push((value, kind));
                return Ok(());
            }
            ConstOp::RefNull(_) => TransferSlot::default(),
            ConstOp::RefFunc(index) => {
                number(instance.func_ref(index).as_ptr().expose_provenance() as u64)
            }
            ConstOp::I32Add => self.binary(|a, b| (a as u32).wrapping_add(b as u32).into()),
            ConstOp::I32Sub => self.binary(|a, b| (a as u32).wrapping_sub(b as u32).into()),
            ConstOp::I32Mul => self.binary(|a, b| (a as u32).wrapping_mul(b as u32).into()),
            ConstOp::I64Add => self.binary(u64::wrapping_add),
            ConstOp::I64Sub => self.binary(u64::wrapping_sub),
            ConstOp::I64Mul => self.binary(u64::wrapping_mul),
            // A reference is the same on both sides.
            ConstOp::AnyConvertExtern | ConstOp::ExternConvertAny => return Ok(()),
            ConstOp::RefI31
            | ConstOp::StructNew(_)
            | ConstOp::StructNewDefault(_)
            | ConstOp::ArrayNew(_)
            | ConstOp::ArrayNewDefault(_)
            | ConstOp::ArrayNewFixed(..) => return self.make(instance, op),
        };
        self.operands.push((value, None));
        Ok(())
    }

    /// The operations that make a heap reference.
    fn make(&mut self, instance: InstancePtr, op: &ConstOp) -> Result<(), Error> {
        let type_of = |index| instance.module.type_id(index);
        let object = match *op {
            ConstOp::RefI31 => HeapRef::from_i31(self.pop().words[0] as u32),
            ConstOp::StructNew(ty) => self.make_struct(type_of(ty), true)?,
            ConstOp::StructNewDefault(ty) => self.make_struct(type_of(ty), false)?,
            ConstOp::ArrayNew(ty) => {
                let len = self.pop().words[0] as u32;
                self.make_array(type_of(ty), len, Fill::Same)?
            }
            ConstOp::ArrayNewDefault(ty) => {
                let len = self.pop().words[0] as u32;
                self.make_array(type_of(ty), len, Fill::Zero)?
            }
            ConstOp::ArrayNewFixed(ty, len) => self.make_array(type_of(ty), len, Fill::Each)?,
            _ => return Err(Error::internal("not an operation that makes a reference")),
        };
        self.operands.push((
            TransferSlot::from_u64(u64::from(object.0)),
            Some(SlotKind::Ref),
        ));
        Ok(())
    }

    fn pop(&mut self) -> TransferSlot {
        self.operands
            .pop()
            .expect("a valid constant expression has its operands")
            .0
    }

    fn binary(&mut self, apply: impl FnOnce(u64, u64) -> u64) -> TransferSlot {
        let b = self.pop().words[0];
        let a = self.pop().words[0];
        TransferSlot::from_u64(apply(a, b))
    }

    /// Takes `count` operands off, in the order they were pushed.
    fn take(&mut self, count: usize) -> Vec<TransferSlot> {
        let from = self.operands.len() - count;
        self.operands
            .drain(from..)
            .map(|(value, _)| value)
            .collect()
    }

    fn make_struct(&mut self, type_id: TypeId, with_fields: bool) -> Result<HeapRef, Error> {
        let Shape::Struct { fields, layout } = Shape::of(&self.engine, type_id) else {
            return Err(Error::internal(format!("type {type_id} is not a struct")));
        };
        // The operands stay where they are, as roots, until the object is there.
        // SAFETY: the layout is that of the type, a struct's.
        let object = unsafe { self.new_object(type_id, u64::from(layout.size))? };
        if with_fields {
            let values = self.take(fields.len());
            for ((value, field), &offset) in values.into_iter().zip(&fields).zip(&layout.offsets) {
                let storage = (
                    field.storage,
                    self.engine.types().storage_size(field.storage),
                );
                // SAFETY: the object was just made with this layout.
                unsafe {
                    let ctx = self.ctx.as_mut();
                    write_field(
                        &mut self.heap,
                        ctx,
                        object,
                        offset,
                        storage,
                        value,
                        Door::Init,
                    );
                }
            }
        }
        Ok(object)
    }

    fn make_array(&mut self, type_id: TypeId, len: u32, fill: Fill) -> Result<HeapRef, Error> {
        let Shape::Array { element, size } = Shape::of(&self.engine, type_id) else {
            return Err(Error::internal(format!("type {type_id} is not an array")));
        };
        // SAFETY: the type is an array's, of elements of that size.
        let array = unsafe { self.new_array(type_id, size, len)? };
        let from = match fill {
            Fill::Zero => return Ok(array),
            Fill::Same => self.operands.len() - 1,
            Fill::Each => self.operands.len() - len as usize,
        };
        for index in 0..len {
            // The operands stay where they are: no copy for each element.
            let operand = match fill {
                Fill::Each => from + index as usize,
                Fill::Same | Fill::Zero => from,
            };
            let value = self.operands[operand].0;
            let offset = mangrove_abi::object::ARRAY_ELEMENTS + index * size;
            // SAFETY: the array was just made with `len` elements of that size.
            unsafe {
                let storage = (element.storage, size);
                let ctx = self.ctx.as_mut();
                write_field(
                    &mut self.heap,
                    ctx,
                    array,
                    offset,
                    storage,
                    value,
                    Door::Init,
                )
            };
        }
        self.operands.truncate(from);
        Ok(array)
    }
}

/// What an array is filled with.
enum Fill {
    Zero,
    /// One operand, everywhere.
    Same,
    /// An operand for each element.
    Each,
}
