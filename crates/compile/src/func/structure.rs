//! Structs, and loads from the heap.

use super::regions::{plain, trapping};
use super::state::Extension;
use super::store::{Elements, FieldAddress};
use super::translator::{FuncTranslator, Known};
use crate::signature::clif_type;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value, types};
use mangrove_abi::object::{NULL_GUARD, OBJECT_ALIGN};
use mangrove_abi::{TrapCode, TypeIndex};
use mangrove_validate::{FieldType, Repr, StorageType};
use wasmparser::Operator;

/// Defaults that are stored one by one.
const MOST_STORES: usize = 32;

impl FuncTranslator<'_, '_> {
    pub(super) fn structure(&mut self, operator: &Operator<'_>) -> Known {
        match *operator {
            Operator::StructNew { struct_type_index } => {
                self.struct_new(TypeIndex::new(struct_type_index));
            }
            Operator::StructNewDefault { struct_type_index } => {
                self.struct_new_default(TypeIndex::new(struct_type_index));
            }
            Operator::StructGet {
                struct_type_index,
                field_index,
            } => {
                self.struct_get(
                    TypeIndex::new(struct_type_index),
                    field_index,
                    Extension::None,
                );
            }
            Operator::StructGetS {
                struct_type_index,
                field_index,
            } => {
                self.struct_get(
                    TypeIndex::new(struct_type_index),
                    field_index,
                    Extension::Signed,
                );
            }
            Operator::StructGetU {
                struct_type_index,
                field_index,
            } => {
                self.struct_get(
                    TypeIndex::new(struct_type_index),
                    field_index,
                    Extension::Unsigned,
                );
            }
            Operator::StructSet {
                struct_type_index,
                field_index,
            } => {
                let value = self.pop();
                let object = self.pop();
                let (fields, layout) = self.env.structure(TypeIndex::new(struct_type_index));
                let storage = fields[field_index as usize].storage;
                let offset = layout.offsets[field_index as usize];
                let flags = self.field_flags(object, storage, true, offset);
                let address = self.object(object);
                let field = FieldAddress {
                    address,
                    offset: offset as i32,
                };
                self.assign(object, flags, storage, value, field);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn struct_new(&mut self, type_index: TypeIndex) {
        let (fields, layout) = self.env.structure(type_index);
        let size = self.const_word(u64::from(layout.size));
        let object = self.allocate(type_index, size);
        self.take_each(fields.len(), |this, index, value| {
            let field = FieldAddress {
                address: object.address,
                offset: layout.offsets[index] as i32,
            };
            let FieldType { storage, mutable } = fields[index];
            this.init(&object, storage, mutable, value, field);
        });
        let reference = self.publish(object);
        self.push_object(reference);
    }

    /// The default of every field is zero. A large struct is cleared in a loop:
    /// a type of 10,000 fields takes a byte to name.
    fn struct_new_default(&mut self, type_index: TypeIndex) {
        let (fields, layout) = self.env.structure(type_index);
        if fields.len() <= MOST_STORES {
            for field in fields {
                let zero = self.storage_zero(field.storage);
                self.push_value(zero);
            }
            return self.struct_new(type_index);
        }
        let size = self.const_word(u64::from(layout.size));
        let object = self.allocate(type_index, size);
        // The header is half a word; a field may be the other half.
        let flags = plain(self.regions.heap);
        let zero = self.b.ins().iconst(types::I32, 0);
        self.b.ins().store(flags, zero, object.address, 4);
        let word = self.const_word(OBJECT_ALIGN);
        let first = self.b.ins().iadd(object.address, word);
        let bytes = self.const_word(u64::from(layout.size) - OBJECT_ALIGN);
        self.init_words(&object, Elements { first, bytes });
        let reference = self.publish(object);
        self.push_object(reference);
    }

    fn struct_get(&mut self, type_index: TypeIndex, field: u32, extension: Extension) {
        let object = self.pop();
        let (fields, layout) = self.env.structure(type_index);
        let FieldType { storage, mutable } = fields[field as usize];
        let offset = layout.offsets[field as usize];
        let flags = self.field_flags(object, storage, mutable, offset);
        let address = self.object(object);
        let value = self.heap_load(flags, storage, extension, address, offset as i32);
        let repr = self.storage_repr(storage);
        self.push(value, repr);
        self.note_storage(storage);
    }

    /// Flags of an access to a field of an object that may be null. Near the
    /// start of the heap the access itself faults; further out it is checked. A
    /// continuation reference is written in two halves: both have to fault.
    fn field_flags(
        &mut self,
        object: Value,
        storage: StorageType<TypeIndex>,
        mutable: bool,
        offset: u32,
    ) -> MemFlagsData {
        let region = self.regions.of_field(mutable);
        if offset + self.env.storage_size(storage) <= NULL_GUARD {
            return trapping(region, TrapCode::NullStruct);
        }
        self.trap_if_zero(object, TrapCode::NullStruct);
        plain(region)
    }

    /// What a field's value is on the operand stack.
    pub(super) fn storage_repr(&self, storage: StorageType<TypeIndex>) -> Repr {
        match storage {
            StorageType::I8 | StorageType::I16 => Repr::I32,
            StorageType::Val(ty) => self.env.repr(ty),
        }
    }

    /// The default of a field.
    pub(super) fn storage_zero(&mut self, storage: StorageType<TypeIndex>) -> Value {
        let repr = self.storage_repr(storage);
        self.zero(repr)
    }

    /// Loads a value from the heap.
    pub(super) fn heap_load(
        &mut self,
        flags: MemFlagsData,
        storage: StorageType<TypeIndex>,
        extension: Extension,
        address: Value,
        offset: i32,
    ) -> Value {
        let packed = match storage {
            StorageType::I8 => types::I8,
            StorageType::I16 => types::I16,
            StorageType::Val(ty) => {
                let ty = clif_type(self.env.repr(ty));
                return self.b.ins().load(ty, flags, address, offset);
            }
        };
        let value = self.b.ins().load(packed, flags, address, offset);
        match extension {
            Extension::Signed => self.b.ins().sextend(types::I32, value),
            Extension::None | Extension::Unsigned => self.b.ins().uextend(types::I32, value),
        }
    }
}
