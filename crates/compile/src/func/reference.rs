//! References of every kind: null, functions, `i31`, equality.

use super::facts::Facts;
use super::translator::{FuncTranslator, Known};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use mangrove_abi::{FuncIndex, TrapCode, TypeIndex};
use mangrove_validate::Repr;
use types::{I32, I128};
use wasmparser::{AbstractHeapType, HeapType, Operator};

impl FuncTranslator<'_, '_> {
    pub(super) fn reference(&mut self, operator: &Operator<'_>) -> Known {
        match *operator {
            Operator::RefNull { hty } => {
                let repr = self.heap_repr(hty);
                let null = self.zero(repr);
                self.push(null, repr);
            }
            Operator::RefFunc { function_index } => {
                let reference = self.ref_func(FuncIndex::new(function_index));
                self.push_value(reference);
            }
            Operator::RefIsNull => {
                let value = self.pop();
                let bit = self.is_null(value);
                let result = self.b.ins().uextend(I32, bit);
                self.push_value(result);
            }
            Operator::RefAsNonNull => {
                let facts = self.facts();
                if !facts.non_null {
                    let value = self.top();
                    let null = self.is_null(value);
                    self.trap_if(null, TrapCode::NullReference);
                    self.note_facts(Facts {
                        non_null: true,
                        ..facts
                    });
                }
            }
            Operator::BrOnNull { relative_depth } => {
                let facts = self.facts();
                let value = self.pop();
                let null = self.is_null(value);
                self.branch_if(null, relative_depth);
                self.push_value(value);
                self.note_facts(Facts {
                    non_null: true,
                    ..facts
                });
            }
            Operator::BrOnNonNull { relative_depth } => {
                let value = self.top();
                let null = self.is_null(value);
                let zero = self.b.ins().iconst(types::I8, 0);
                let some = self.b.ins().icmp(IntCC::Equal, null, zero);
                self.branch_if(some, relative_depth);
                self.pop();
            }
            Operator::RefEq => {
                let (right, left) = (self.pop(), self.pop());
                let bit = self.b.ins().icmp(IntCC::Equal, left, right);
                let result = self.b.ins().uextend(I32, bit);
                self.push_value(result);
            }
            Operator::RefI31 => {
                let value = self.pop();
                let one = self.b.ins().iconst(I32, 1);
                let shifted = self.b.ins().ishl(value, one);
                let tagged = self.b.ins().bor(shifted, one);
                self.push(tagged, Repr::HeapRef);
                self.note_facts(Facts {
                    non_null: true,
                    object: false,
                });
            }
            Operator::I31GetS => self.i31_get(true),
            Operator::I31GetU => self.i31_get(false),
            // One representation serves both hierarchies.
            Operator::AnyConvertExtern | Operator::ExternConvertAny => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// How values of a heap type are represented.
    pub(super) fn heap_repr(&self, ty: HeapType) -> Repr {
        match ty {
            HeapType::Abstract { ty, .. } => match ty {
                AbstractHeapType::Func | AbstractHeapType::NoFunc => Repr::FuncRef,
                AbstractHeapType::Cont | AbstractHeapType::NoCont => Repr::ContRef,
                _ => Repr::HeapRef,
            },
            HeapType::Concrete(index) | HeapType::Exact(index) => {
                let index = index.as_module_index().expect("a module's own index");
                let index = TypeIndex::new(index);
                let heap = mangrove_validate::HeapType::Concrete(index);
                let ty = mangrove_validate::RefType {
                    nullable: true,
                    heap,
                };
                self.env.repr(mangrove_validate::ValType::Ref(ty))
            }
        }
    }

    /// The reference to a function of the module.
    fn ref_func(&mut self, function: FuncIndex) -> Value {
        let imported = self.env.module.imported_functions;
        let Some(defined) = function.as_u32().checked_sub(imported) else {
            return self.instance_word(self.env.layout.imported_func(function));
        };
        let offset = self.const_word(self.env.layout.defined_func(defined) as u64);
        let instance = self.instance();
        self.b.ins().iadd(instance, offset)
    }

    /// Whether a reference of any representation is null.
    pub(super) fn is_null(&mut self, value: Value) -> Value {
        let ty = self.b.func.dfg.value_type(value);
        if ty == I128 {
            let (record, _) = self.b.ins().isplit(value);
            let zero = self.const_word(0);
            return self.b.ins().icmp(IntCC::Equal, record, zero);
        }
        let zero = self.b.ins().iconst(ty, 0);
        self.b.ins().icmp(IntCC::Equal, value, zero)
    }

    fn i31_get(&mut self, signed: bool) {
        let value = self.pop();
        self.trap_if_zero(value, TrapCode::NullI31);
        let one = self.b.ins().iconst(I32, 1);
        let number = if signed {
            self.b.ins().sshr(value, one)
        } else {
            self.b.ins().ushr(value, one)
        };
        self.push_value(number);
    }
}
