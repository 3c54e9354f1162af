//! Type tests and casts.
//!
//! A concrete type is tested by its display: a type's descriptor lists its
//! ancestors by depth, so "is it a subtype of T" is one load and one compare
//! at T's depth.

use super::facts::Facts;
use super::regions::{plain, trapping};
use super::state::block_args;
use super::translator::{FuncTranslator, Known};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, MemFlagsData, Value, types};
use mangrove_abi::object::{INLINE_SUPERS, Kind, TYPE_MASK};
use mangrove_abi::{FuncRef, Libcall, StoreContext, TrapCode, TypeDescriptor, TypeId, TypeIndex};
use std::mem::{offset_of, size_of};
use types::{I8, I32, I64};
use wasmparser::{AbstractHeapType, HeapType, Operator, RefType};

impl FuncTranslator<'_, '_> {
    pub(super) fn cast(&mut self, operator: &Operator<'_>) -> Known {
        match *operator {
            Operator::RefTestNonNull { hty } => self.ref_test(hty, false),
            Operator::RefTestNullable { hty } => self.ref_test(hty, true),
            Operator::RefCastNonNull { hty } => self.ref_cast(hty, false),
            Operator::RefCastNullable { hty } => self.ref_cast(hty, true),
            Operator::BrOnCast {
                relative_depth,
                to_ref_type,
                ..
            } => {
                let is = self.test_top(to_ref_type);
                self.branch_if(is, relative_depth);
            }
            Operator::BrOnCastFail {
                relative_depth,
                to_ref_type,
                ..
            } => {
                let is = self.test_top(to_ref_type);
                let zero = self.b.ins().iconst(I8, 0);
                let fails = self.b.ins().icmp(IntCC::Equal, is, zero);
                let known = self
                    .facts()
                    .and(to_ref_type.heap_type(), to_ref_type.is_nullable());
                self.branch_if(fails, relative_depth);
                self.note_facts(known);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn ref_test(&mut self, ty: HeapType, nullable: bool) {
        let facts = self.facts();
        let value = self.pop();
        let is = self.has_type((value, facts), ty, nullable);
        let result = self.b.ins().uextend(I32, is);
        self.push_value(result);
    }

    fn ref_cast(&mut self, ty: HeapType, nullable: bool) {
        let (value, facts) = (self.top(), self.facts());
        match ty {
            HeapType::Concrete(index) | HeapType::Exact(index)
                if (!nullable || facts.non_null) && self.b.func.dfg.value_type(value) == I32 =>
            {
                let index = index.as_module_index().expect("a module's own index");
                self.cast_object(value, facts, TypeIndex::new(index));
            }
            _ => {
                let is = self.has_type((value, facts), ty, nullable);
                self.trap_if_zero(is, TrapCode::CastFailure);
            }
        }
        self.note_facts(facts.and(ty, nullable));
    }

    /// A cast that null fails: the load of its header faults. An `i31` is told by its bit.
    fn cast_object(&mut self, value: Value, facts: Facts, type_index: TypeIndex) {
        if !facts.object {
            let one = self.b.ins().iconst(I32, 1);
            let bit = self.b.ins().band(value, one);
            self.trap_if(bit, TrapCode::CastFailure);
        }
        let flags = match facts.non_null {
            true => plain(self.regions.shapes),
            false => trapping(self.regions.shapes, TrapCode::CastFailure),
        };
        let actual = self.type_with(value, flags);
        let expected = self.type_id(type_index);
        let is = self.is_subtype(actual, expected, type_index);
        self.trap_if_zero(is, TrapCode::CastFailure);
    }

    fn test_top(&mut self, ty: RefType) -> Value {
        let (value, facts) = (self.top(), self.facts());
        self.has_type((value, facts), ty.heap_type(), ty.is_nullable())
    }

    /// Whether a reference has a type: an `i8`, 0 or 1.
    fn has_type(&mut self, (value, facts): (Value, Facts), ty: HeapType, nullable: bool) -> Value {
        let done = self.b.create_block();
        let result = self.b.append_block_param(done, I8);
        if !facts.non_null {
            let null = self.is_null(value);
            let some = self.b.create_block();
            let for_null = self.b.ins().iconst(I8, i64::from(nullable));
            self.b
                .ins()
                .brif(null, done, &block_args(&[for_null]), some, &[]);
            self.b.seal_block(some);
            self.b.switch_to_block(some);
        }
        let is = match ty {
            HeapType::Abstract { ty, .. } => self.has_abstract_type((value, facts), ty, done),
            HeapType::Concrete(index) | HeapType::Exact(index) => {
                let index = index.as_module_index().expect("a module's own index");
                let index = TypeIndex::new(index);
                self.has_concrete_type((value, facts), index, done)
            }
        };
        self.b.ins().jump(done, &block_args(&[is]));
        self.b.seal_block(done);
        self.b.switch_to_block(done);
        result
    }

    fn has_concrete_type(
        &mut self,
        (value, facts): (Value, Facts),
        type_index: TypeIndex,
        done: Block,
    ) -> Value {
        let actual = if self.b.func.dfg.value_type(value) == I64 {
            let flags = plain(self.regions.context);
            self.b
                .ins()
                .load(I32, flags, value, offset_of!(FuncRef, type_id) as i32)
        } else {
            self.leave_if_i31((value, facts), false, done);
            self.type_of(value)
        };
        let expected = self.type_id(type_index);
        self.is_subtype(actual, expected, type_index)
    }

    /// A non-null value against an abstract type.
    fn has_abstract_type(
        &mut self,
        (value, facts): (Value, Facts),
        ty: AbstractHeapType,
        done: Block,
    ) -> Value {
        use AbstractHeapType as T;
        match ty {
            T::None | T::NoFunc | T::NoExtern | T::NoExn | T::NoCont => self.b.ins().iconst(I8, 0),
            T::I31 => {
                let one = self.b.ins().iconst(I32, 1);
                let bit = self.b.ins().band(value, one);
                self.b.ins().ireduce(I8, bit)
            }
            T::Eq => {
                self.leave_if_i31((value, facts), true, done);
                let kind = self.kind_of(value);
                let structure = self.kind_is(kind, Kind::Struct);
                let array = self.kind_is(kind, Kind::Array);
                self.b.ins().bor(structure, array)
            }
            T::Struct | T::Array => {
                self.leave_if_i31((value, facts), false, done);
                let kind = self.kind_of(value);
                self.kind_is(
                    kind,
                    if ty == T::Struct {
                        Kind::Struct
                    } else {
                        Kind::Array
                    },
                )
            }
            // The tops of their hierarchies hold everything that is not null.
            _ => self.b.ins().iconst(I8, 1),
        }
    }

    /// Ends a test of an `i31`: an object has a header to look at, it has not.
    fn leave_if_i31(&mut self, (value, facts): (Value, Facts), answer: bool, done: Block) {
        if facts.object {
            return;
        }
        let one = self.b.ins().iconst(I32, 1);
        let bit = self.b.ins().band(value, one);
        let object = self.b.create_block();
        let answer = self.b.ins().iconst(I8, i64::from(answer));
        self.b
            .ins()
            .brif(bit, done, &block_args(&[answer]), object, &[]);
        self.b.seal_block(object);
        self.b.switch_to_block(object);
    }

    /// The type id in an object's header.
    fn type_of(&mut self, object: Value) -> Value {
        self.type_with(object, plain(self.regions.shapes))
    }

    fn type_with(&mut self, object: Value, flags: MemFlagsData) -> Value {
        let address = self.object(object);
        let header = self.b.ins().load(I32, flags, address, 0);
        let mask = self.b.ins().iconst(I32, i64::from(TYPE_MASK));
        self.b.ins().band(header, mask)
    }

    fn descriptor(&mut self, type_id: Value) -> Value {
        let store = self.store_context();
        let table = self.context_load(store, offset_of!(StoreContext, descriptors));
        let index = self.extend(type_id);
        let size = self.const_word(size_of::<TypeDescriptor>() as u64);
        let offset = self.b.ins().imul(index, size);
        self.b.ins().iadd(table, offset)
    }

    fn kind_of(&mut self, object: Value) -> Value {
        let id = self.type_of(object);
        let descriptor = self.descriptor(id);
        let flags = plain(self.regions.context);
        self.b.ins().load(
            I8,
            flags,
            descriptor,
            offset_of!(TypeDescriptor, kind) as i32,
        )
    }

    fn kind_is(&mut self, kind: Value, expected: Kind) -> Value {
        let expected = self.b.ins().iconst(I8, expected as i64);
        self.b.ins().icmp(IntCC::Equal, kind, expected)
    }

    /// Whether a value of canonical type `actual` is one of the module's type
    /// `type_index`, whose canonical id is `expected`: an `i8`, 0 or 1.
    pub(super) fn is_subtype(
        &mut self,
        actual: Value,
        expected: Value,
        type_index: TypeIndex,
    ) -> Value {
        let same = self.b.ins().icmp(IntCC::Equal, actual, expected);
        if self.env.sub_type(type_index).is_final {
            return same;
        }
        let depth = self.env.depth(type_index) as usize;
        let done = self.b.create_block();
        let result = self.b.append_block_param(done, I8);
        let differ = self.b.create_block();
        self.b
            .ins()
            .brif(same, done, &block_args(&[same]), differ, &[]);
        self.b.seal_block(differ);
        self.b.switch_to_block(differ);
        let is = if depth < INLINE_SUPERS {
            let descriptor = self.descriptor(actual);
            let flags = plain(self.regions.context);
            let offset = offset_of!(TypeDescriptor, supers) + depth * size_of::<TypeId>();
            let ancestor = self.b.ins().load(I32, flags, descriptor, offset as i32);
            self.b.ins().icmp(IntCC::Equal, ancestor, expected)
        } else {
            let (actual, expected) = (self.extend(actual), self.extend(expected));
            let answer = self.libcall(Libcall::IsSubtype, &[actual, expected]);
            self.b.ins().ireduce(I8, answer)
        };
        self.b.ins().jump(done, &block_args(&[is]));
        self.b.seal_block(done);
        self.b.switch_to_block(done);
        result
    }
}
