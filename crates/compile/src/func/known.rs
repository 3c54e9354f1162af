//! What is known of operands ([`Facts`]): noted where they are pushed, and asked for by tests of
//! types and of null.

use super::facts::Facts;
use super::state::Operand;
use super::translator::FuncTranslator;
use cranelift_codegen::ir::Value;
use mangrove_abi::TypeIndex;
use mangrove_validate::{Repr, StorageType, ValType};

impl FuncTranslator<'_, '_> {
    /// What is known of the top operand.
    pub(super) fn facts(&self) -> Facts {
        match self.stack.last() {
            Some(Operand::Value(_, facts)) => *facts,
            _ => Facts::default(),
        }
    }

    /// Pushes a reference to an object that was just made.
    pub(super) fn push_object(&mut self, reference: Value) {
        self.push(reference, Repr::HeapRef);
        self.note_facts(Facts {
            non_null: true,
            object: true,
        });
    }

    /// Notes of the top operand that it has just been pushed with these facts.
    pub(super) fn note_facts(&mut self, known: Facts) {
        if let Some(Operand::Value(_, facts)) = self.stack.last_mut() {
            *facts = known;
        }
    }

    /// The same by its type.
    pub(super) fn note_type(&mut self, ty: ValType<TypeIndex>) {
        self.note_facts(Facts::of(ty));
    }

    /// The same by the type of a field or element.
    pub(super) fn note_storage(&mut self, storage: StorageType<TypeIndex>) {
        if let StorageType::Val(ty) = storage {
            self.note_type(ty);
        }
    }
}
