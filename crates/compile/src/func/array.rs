//! Instructions of arrays: what makes them, single elements, and many at once.

use super::alloc::Allocation;
use super::regions::{plain, trapping};
use super::state::Extension;
use super::store::{Elements, FieldAddress};
use super::translator::{FuncTranslator, Known};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use mangrove_abi::libcall::pieces;
use mangrove_abi::object::{ARRAY_ELEMENTS, ARRAY_LENGTH, LARGE_OBJECT, MAX_OBJECT, OBJECT_ALIGN};
use mangrove_abi::{Libcall, TrapCode, TypeIndex};
use mangrove_validate::StorageType;
use types::I32;
use wasmparser::Operator;

impl FuncTranslator<'_, '_> {
    pub(super) fn array(&mut self, operator: &Operator<'_>) -> Known {
        Ok(self.array_make(operator) || self.array_access(operator) || self.array_bulk(operator))
    }

    fn array_make(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::ArrayNew { array_type_index } => {
                let len = self.pop();
                let value = self.pop();
                self.array_new(TypeIndex::new(array_type_index), value, len);
            }
            Operator::ArrayNewDefault { array_type_index } => {
                let len = self.pop();
                self.array_new_default(TypeIndex::new(array_type_index), len);
            }
            Operator::ArrayNewFixed {
                array_type_index,
                array_size,
            } => {
                self.array_new_fixed(TypeIndex::new(array_type_index), array_size);
            }
            Operator::ArrayNewData {
                array_type_index,
                array_data_index,
            } => {
                self.array_new_segment(
                    Libcall::ArrayNewData,
                    TypeIndex::new(array_type_index),
                    array_data_index,
                );
            }
            Operator::ArrayNewElem {
                array_type_index,
                array_elem_index,
            } => {
                self.array_new_segment(
                    Libcall::ArrayNewElem,
                    TypeIndex::new(array_type_index),
                    array_elem_index,
                );
            }
            _ => return false,
        }
        true
    }

    fn array_access(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::ArrayGet { array_type_index } => {
                self.array_get(TypeIndex::new(array_type_index), Extension::None);
            }
            Operator::ArrayGetS { array_type_index } => {
                self.array_get(TypeIndex::new(array_type_index), Extension::Signed);
            }
            Operator::ArrayGetU { array_type_index } => {
                self.array_get(TypeIndex::new(array_type_index), Extension::Unsigned);
            }
            Operator::ArraySet { array_type_index } => {
                let value = self.pop();
                let index = self.pop();
                let array = self.pop();
                let storage = self
                    .env
                    .array_element(TypeIndex::new(array_type_index))
                    .storage;
                let address = self.element_address(array, index, storage);
                let element = FieldAddress {
                    address,
                    offset: ARRAY_ELEMENTS as i32,
                };
                self.assign_element(array, storage, value, element);
            }
            Operator::ArrayLen => {
                let array = self.pop();
                let address = self.object(array);
                let len = self.array_len(address);
                self.push_value(len);
            }
            _ => return false,
        }
        true
    }

    fn array_bulk(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::ArrayFill { array_type_index } => {
                self.array_fill(TypeIndex::new(array_type_index))
            }
            Operator::ArrayCopy { .. } => {
                let operands = self.pop_n(5);
                self.trap_if_zero(operands[0], TrapCode::NullArray);
                self.trap_if_zero(operands[2], TrapCode::NullArray);
                let [to, from, len] =
                    [operands[1], operands[3], operands[4]].map(|value| self.extend(value));
                self.in_pieces(&[to, from], len, true, |this, at, len| {
                    // Each time: they may have moved.
                    let (to, from) = (this.extend(operands[0]), this.extend(operands[2]));
                    let shift = this.b.ins().iconst(I32, 32);
                    let high = this.b.ins().ishl(from, shift);
                    let arrays = this.b.ins().bor(to, high);
                    this.libcall(Libcall::ArrayCopy, &[arrays, at[0], at[1], len])
                });
            }
            Operator::ArrayInitData {
                array_data_index, ..
            } => {
                self.array_init(Libcall::ArrayInitData, array_data_index);
            }
            Operator::ArrayInitElem {
                array_elem_index, ..
            } => {
                self.array_init(Libcall::ArrayInitElem, array_elem_index);
            }
            _ => return false,
        }
        true
    }

    /// Bytes of `len` elements, as a word; traps when no heap can hold them.
    fn element_bytes(&mut self, storage: StorageType<TypeIndex>, len: Value) -> Value {
        let len = self.extend(len);
        let size = self.const_word(u64::from(self.env.storage_size(storage)));
        let bytes = self.b.ins().imul(len, size);
        let most = self.const_word(MAX_OBJECT - u64::from(ARRAY_ELEMENTS));
        let beyond = self.b.ins().icmp(IntCC::UnsignedGreaterThan, bytes, most);
        self.trap_if(beyond, TrapCode::AllocationTooLarge);
        bytes
    }

    /// Finds room for an array whose elements take `bytes`; its elements are not
    /// initialised. `most` is how many bytes those may be, as far as is known here.
    /// Returns the address of element 0 beside it.
    fn array_allocate(
        &mut self,
        type_index: TypeIndex,
        len: Value,
        bytes: Value,
        most: u64,
    ) -> (Allocation, Value) {
        let round = self.const_word(u64::from(ARRAY_ELEMENTS) + OBJECT_ALIGN - 1);
        let size = self.b.ins().iadd(bytes, round);
        let mask = self.const_word(!(OBJECT_ALIGN - 1));
        let size = self.b.ins().band(size, mask);
        let array = match most < LARGE_OBJECT / 2 {
            true => self.allocate(type_index, size),
            false => self.allocate_array(type_index, size),
        };
        let flags = plain(self.regions.shapes);
        self.b
            .ins()
            .store(flags, len, array.address, ARRAY_LENGTH as i32);
        let elements = self.const_word(u64::from(ARRAY_ELEMENTS));
        let first = self.b.ins().iadd(array.address, elements);
        (array, first)
    }

    fn array_new(&mut self, type_index: TypeIndex, value: Value, len: Value) {
        let storage = self.env.array_element(type_index).storage;
        let bytes = self.element_bytes(storage, len);
        let (array, first) = self.array_allocate(type_index, len, bytes, u64::MAX);
        self.init_elements(&array, storage, value, Elements { first, bytes });
        let reference = self.publish(array);
        self.push_object(reference);
    }

    fn array_new_default(&mut self, type_index: TypeIndex, len: Value) {
        let storage = self.env.array_element(type_index).storage;
        let bytes = self.element_bytes(storage, len);
        let (array, first) = self.array_allocate(type_index, len, bytes, u64::MAX);
        // The object is padded to whole words: clear it word by word.
        let round = self.const_word(OBJECT_ALIGN - 1);
        let mask = self.const_word(!(OBJECT_ALIGN - 1));
        let padded = self.b.ins().iadd(bytes, round);
        let padded = self.b.ins().band(padded, mask);
        let words = Elements {
            first,
            bytes: padded,
        };
        self.init_words(&array, words);
        let reference = self.publish(array);
        self.push_object(reference);
    }

    fn array_new_fixed(&mut self, type_index: TypeIndex, len: u32) {
        let storage = self.env.array_element(type_index).storage;
        let count = len as usize;
        let size = self.env.storage_size(storage);
        let most = u64::from(size) * u64::from(len);
        let bytes = self.const_word(most);
        let len = self.b.ins().iconst(I32, i64::from(len));
        let (array, first) = self.array_allocate(type_index, len, bytes, most);
        self.take_each(count, |this, index, value| {
            let field = FieldAddress {
                address: first,
                offset: (index as u32 * size) as i32,
            };
            this.init(&array, storage, true, value, field);
        });
        let reference = self.publish(array);
        self.push_object(reference);
    }

    fn array_new_segment(&mut self, libcall: Libcall, type_index: TypeIndex, segment: u32) {
        let len = self.pop();
        let from = self.pop();
        let what = self.const_word(u64::from(type_index.as_u32()) | u64::from(segment) << 32);
        let (from, len) = (self.extend(from), self.extend(len));
        let word = self.libcall(libcall, &[what, from, len]);
        let reference = self.b.ins().ireduce(I32, word);
        self.push_object(reference);
    }

    fn array_init(&mut self, libcall: Libcall, segment: u32) {
        let operands = self.pop_n(4);
        self.trap_if_zero(operands[0], TrapCode::NullArray);
        let [to, from, len] =
            [operands[1], operands[2], operands[3]].map(|value| self.extend(value));
        self.in_pieces(&[to, from], len, false, |this, at, len| {
            // Each time: it may have moved.
            let what = this.pack(operands[0], segment);
            this.libcall(libcall, &[what, at[0], at[1], len])
        });
    }

    /// The length of an array at this address; a null one traps.
    fn array_len(&mut self, address: Value) -> Value {
        let flags = trapping(self.regions.shapes, TrapCode::NullArray);
        self.b.ins().load(I32, flags, address, ARRAY_LENGTH as i32)
    }

    /// The address [`ARRAY_ELEMENTS`] below an element, after the bounds check.
    fn element_address(
        &mut self,
        array: Value,
        index: Value,
        storage: StorageType<TypeIndex>,
    ) -> Value {
        let address = self.object(array);
        let len = self.array_len(address);
        let beyond = self
            .b
            .ins()
            .icmp(IntCC::UnsignedGreaterThanOrEqual, index, len);
        self.trap_if(beyond, TrapCode::ArrayOutOfBounds);
        let index = self.extend(index);
        let size = self.const_word(u64::from(self.env.storage_size(storage)));
        let offset = self.b.ins().imul(index, size);
        self.b.ins().iadd(address, offset)
    }

    fn array_get(&mut self, type_index: TypeIndex, extension: Extension) {
        let index = self.pop();
        let array = self.pop();
        let storage = self.env.array_element(type_index).storage;
        let address = self.element_address(array, index, storage);
        let flags = plain(self.regions.heap);
        let value = self.heap_load(flags, storage, extension, address, ARRAY_ELEMENTS as i32);
        let repr = self.storage_repr(storage);
        self.push(value, repr);
        self.note_storage(storage);
    }

    fn array_fill(&mut self, type_index: TypeIndex) {
        let operands = self.pop_n(4);
        let (array, at, value, count) = (operands[0], operands[1], operands[2], operands[3]);
        let storage = self.env.array_element(type_index).storage;
        let address = self.object(array);
        let len = self.array_len(address);
        let (len, at, count) = (self.extend(len), self.extend(at), self.extend(count));
        let end = self.b.ins().iadd(at, count);
        let beyond = self.b.ins().icmp(IntCC::UnsignedGreaterThan, end, len);
        self.trap_if(beyond, TrapCode::ArrayOutOfBounds);
        let interruptible = self.interruption.epochs;
        self.in_pieces(&[at], count, false, |this, at, count| {
            let (address, piece) = match interruptible {
                false => (address, count),
                // Each time: it may have moved.
                true => {
                    let most = this.const_word(pieces::ELEMENTS);
                    (this.object(array), this.b.ins().umin(count, most))
                }
            };
            let size = this.const_word(u64::from(this.env.storage_size(storage)));
            let offset = this.b.ins().imul(at[0], size);
            let bytes = this.b.ins().imul(piece, size);
            let first = this.b.ins().iadd(address, offset);
            let elements = this.const_word(u64::from(ARRAY_ELEMENTS));
            let first = this.b.ins().iadd(first, elements);
            this.assign_elements(array, storage, value, Elements { first, bytes });
            match interruptible {
                false => count,
                true => this.b.ins().isub(count, piece),
            }
        });
    }
}
