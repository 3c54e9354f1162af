//! The one place where compiled code writes what the collector follows. The runtime's
//! places are listed in docs/COLLECTOR.md.
//!
//! | function | writes | notes, if the value is young (`barrier`) |
//! |-|-|-|
//! | [`init`] | a field of an object that is being made | nothing: it is young, or looked at because it is new |
//! | [`assign`] | a field of an object | the object, or the element's card |
//! | [`init_elements`], [`assign_elements`] | elements from one on | nothing; the array, once |
//! | [`assign_global`] | the cell of a global | the cell |
//! | [`assign_table`] | an element of a table | the element's card |
//!
//! Continuation references need no more than to be written whole: a collection of the
//! young alone ends no continuation, and finds what their frames hold without them.
//! Numbers are written here as well; the storage type says which is which. Headers,
//! lengths and tags are no references and are written where the object is made. What
//! lies in frames and transfer slots is written freely: what ran is looked at. A
//! reference to a continuation is never noted: no continuation is young.
//!
//! [`init`]: FuncTranslator::init
//! [`assign`]: FuncTranslator::assign_part
//! [`init_elements`]: FuncTranslator::init_elements
//! [`assign_elements`]: FuncTranslator::assign_elements
//! [`assign_global`]: FuncTranslator::assign_global
//! [`assign_table`]: FuncTranslator::assign_table

use super::alloc::Allocation;
use super::regions::plain;
use super::state::block_args;
use super::translator::FuncTranslator;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value, types};
use mangrove_abi::TypeIndex;
use mangrove_validate::{Repr, StorageType, ValType};
use types::{I32, I64};

/// Where a field or an element lies.
#[derive(Clone, Copy)]
pub struct FieldAddress {
    /// An address in the object.
    pub address: Value,
    /// Bytes from there.
    pub offset: i32,
}

/// Elements that lie side by side.
#[derive(Clone, Copy)]
pub struct Elements {
    /// The address of the first.
    pub first: Value,
    /// How many bytes they take.
    pub bytes: Value,
}

impl FuncTranslator<'_, '_> {
    /// Writes a field of an object that is being made: [`Self::publish`] takes the
    /// allocation away. `mutable`: whether it can be changed later.
    pub(super) fn init(
        &mut self,
        _: &Allocation,
        storage: StorageType<TypeIndex>,
        mutable: bool,
        value: Value,
        field: FieldAddress,
    ) {
        let flags = plain(self.regions.of_field(mutable));
        self.heap_store(flags, storage, value, field);
    }

    /// Writes a field of the struct `object`, a reference. A fault is what `flags` say.
    pub(super) fn assign(
        &mut self,
        object: Value,
        flags: MemFlagsData,
        storage: StorageType<TypeIndex>,
        value: Value,
        field: FieldAddress,
    ) {
        self.assign_part(object, flags, storage, value, field, false);
    }

    /// Writes an element of the array `object`, a reference.
    pub(super) fn assign_element(
        &mut self,
        object: Value,
        storage: StorageType<TypeIndex>,
        value: Value,
        element: FieldAddress,
    ) {
        let flags = plain(self.regions.heap);
        self.assign_part(object, flags, storage, value, element, true);
    }

    fn assign_part(
        &mut self,
        object: Value,
        flags: MemFlagsData,
        storage: StorageType<TypeIndex>,
        value: Value,
        field: FieldAddress,
        is_array: bool,
    ) {
        debug_assert_eq!(self.b.func.dfg.value_type(object), I32, "a reference");
        self.store_whole(self.storage_repr(storage));
        self.heap_store(flags, storage, value, field);
        if self.is_reference(storage) {
            self.note_field(object, value, field, is_array);
        }
    }

    /// Whether the collector follows a field of this type into the heap.
    fn is_reference(&self, storage: StorageType<TypeIndex>) -> bool {
        self.storage_repr(storage) == Repr::HeapRef
    }

    /// Writes `value` to all elements of an array that is being made.
    pub(super) fn init_elements(
        &mut self,
        _: &Allocation,
        storage: StorageType<TypeIndex>,
        value: Value,
        elements: Elements,
    ) {
        self.fill(storage, value, elements);
    }

    /// Writes zero to all words of an object that is being made.
    pub(super) fn init_words(&mut self, object: &Allocation, words: Elements) {
        let zero = self.const_word(0);
        self.init_elements(object, StorageType::Val(ValType::I64), zero, words);
    }

    /// Writes `value` to elements of `object`, a reference.
    pub(super) fn assign_elements(
        &mut self,
        object: Value,
        storage: StorageType<TypeIndex>,
        value: Value,
        elements: Elements,
    ) {
        debug_assert_eq!(self.b.func.dfg.value_type(object), I32, "a reference");
        self.store_whole(self.storage_repr(storage));
        self.fill(storage, value, elements);
        if self.is_reference(storage) {
            self.note_elements(object, value);
        }
    }

    /// Writes the global at `cell`.
    pub(super) fn assign_global(&mut self, cell: Value, repr: Repr, value: Value) {
        self.store_whole(repr);
        let flags = plain(self.regions.globals);
        self.b.ins().store(flags, value, cell, 0);
        if repr == Repr::HeapRef {
            self.note_global(cell, value);
        }
    }

    /// Writes the element at `address` of the table with this definition.
    pub(super) fn assign_table(
        &mut self,
        definition: Value,
        address: Value,
        repr: Repr,
        value: Value,
    ) {
        self.store_whole(repr);
        let flags = plain(self.regions.tables);
        self.b.ins().store(flags, value, address, 0);
        if repr == Repr::HeapRef {
            self.note_element(definition, address, value);
        }
    }

    /// Promises that a store of such a value, where others find it, is done as a
    /// whole: half a continuation reference would be another one.
    fn store_whole(&mut self, repr: Repr) {
        if repr == Repr::ContRef {
            self.no_overflow();
        }
    }

    fn heap_store(
        &mut self,
        flags: MemFlagsData,
        storage: StorageType<TypeIndex>,
        value: Value,
        FieldAddress { address, offset }: FieldAddress,
    ) {
        match storage {
            StorageType::I8 => self.b.ins().istore8(flags, value, address, offset),
            StorageType::I16 => self.b.ins().istore16(flags, value, address, offset),
            StorageType::Val(_) => self.b.ins().store(flags, value, address, offset),
        };
    }

    /// Stores `value` over the elements, one by one.
    fn fill(&mut self, storage: StorageType<TypeIndex>, value: Value, elements: Elements) {
        let Elements { first, bytes } = elements;
        let end = self.b.ins().iadd(first, bytes);
        let head = self.b.create_block();
        let body = self.b.create_block();
        let done = self.b.create_block();
        let at = self.b.append_block_param(head, I64);
        self.b.ins().jump(head, &block_args(&[first]));

        self.b.switch_to_block(head);
        let more = self.b.ins().icmp(IntCC::UnsignedLessThan, at, end);
        self.b.ins().brif(more, body, &[], done, &[]);
        self.b.seal_block(body);
        self.b.seal_block(done);

        self.b.switch_to_block(body);
        let flags = plain(self.regions.heap);
        let field = FieldAddress {
            address: at,
            offset: 0,
        };
        self.heap_store(flags, storage, value, field);
        let size = self.const_word(u64::from(self.env.storage_size(storage)));
        let next = self.b.ins().iadd(at, size);
        self.b.ins().jump(head, &block_args(&[next]));
        self.b.seal_block(head);

        self.b.switch_to_block(done);
    }
}
