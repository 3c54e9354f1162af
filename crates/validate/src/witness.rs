//! What the validator asks of the type system while it looks at an instruction.
//!
//! Its messages say `(ref $type)` of every defined type. Which types it meant is in
//! the last question it asked: whether one is a subtype of the other.

use std::cell::RefCell;
use wasmparser::types::CoreTypeId;
use wasmparser::{
    Error, FuncType, GlobalType, HeapType, MemoryType, RefType, SubType, TableType, ValType,
    ValidatorResources, WasmModuleResources,
};

/// A question: is the first a subtype of the second?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) found: ValType,
    pub(crate) wanted: ValType,
}

/// How questions are answered, and what is kept of them.
#[derive(Debug)]
enum Listening {
    /// As they are. The last question is kept, and whether the answer was yes.
    Truly(Option<(Question, bool)>),
    /// With yes for values of this type, and what was wanted of them is kept.
    Agreeing { of: ValType, wanted: Vec<ValType> },
}

/// A module's types, with someone who listens.
pub(crate) struct Witness<'r> {
    resources: &'r ValidatorResources,
    listening: RefCell<Listening>,
    /// The type of a function that a constant expression is validated as.
    constant: Option<SubType>,
}

impl<'r> Witness<'r> {
    /// Index of that function, and of its type.
    pub(crate) const CONSTANT: u32 = u32::MAX;

    /// Hears every question and its answer.
    pub(crate) fn truly(resources: &'r ValidatorResources) -> Self {
        let listening = RefCell::new(Listening::Truly(None));
        Self {
            resources,
            listening,
            constant: None,
        }
    }

    /// Says yes to whatever is wanted of values of a type, and hears it.
    pub(crate) fn agreeing(resources: &'r ValidatorResources, of: ValType) -> Self {
        let wanted = Vec::new();
        let listening = RefCell::new(Listening::Agreeing { of, wanted });
        Self {
            resources,
            listening,
            constant: None,
        }
    }

    /// The same for a constant expression, as the body of a function of this type.
    pub(crate) fn of_constant(self, ty: SubType) -> Self {
        Self {
            constant: Some(ty),
            ..self
        }
    }

    /// Forgets what was asked so far.
    pub(crate) fn forget(&self) {
        match &mut *self.listening.borrow_mut() {
            Listening::Truly(last) => *last = None,
            Listening::Agreeing { wanted, .. } => wanted.clear(),
        }
    }

    /// The last question, if the answer was no.
    pub(crate) fn refused(&self) -> Option<Question> {
        match *self.listening.borrow() {
            Listening::Truly(Some((question, false))) => Some(question),
            _ => None,
        }
    }

    /// What was wanted, in the order of the questions.
    pub(crate) fn wanted(&self) -> Vec<ValType> {
        match &*self.listening.borrow() {
            Listening::Truly(_) => Vec::new(),
            Listening::Agreeing { wanted, .. } => wanted.clone(),
        }
    }
}

impl WasmModuleResources for Witness<'_> {
    fn is_subtype(&self, found: ValType, wanted: ValType) -> bool {
        let answer = self.resources.is_subtype(found, wanted);
        match &mut *self.listening.borrow_mut() {
            Listening::Truly(last) => {
                *last = Some((Question { found, wanted }, answer));
                answer
            }
            Listening::Agreeing { of, wanted: all } => {
                if found == *of {
                    all.push(wanted);
                }
                answer || found == *of
            }
        }
    }

    fn table_at(&self, at: u32) -> Option<TableType> {
        self.resources.table_at(at)
    }

    fn memory_at(&self, at: u32) -> Option<MemoryType> {
        self.resources.memory_at(at)
    }

    fn tag_at(&self, at: u32) -> Option<&FuncType> {
        self.resources.tag_at(at)
    }

    fn global_at(&self, at: u32) -> Option<GlobalType> {
        self.resources.global_at(at)
    }

    fn sub_type_at(&self, type_index: u32) -> Option<&SubType> {
        match &self.constant {
            Some(ty) if type_index == Self::CONSTANT => Some(ty),
            _ => self.resources.sub_type_at(type_index),
        }
    }

    fn sub_type_at_id(&self, id: CoreTypeId) -> &SubType {
        self.resources.sub_type_at_id(id)
    }

    fn type_id_of_function(&self, func: u32) -> Option<CoreTypeId> {
        self.resources.type_id_of_function(func)
    }

    fn type_index_of_function(&self, func: u32) -> Option<u32> {
        self.resources.type_index_of_function(func)
    }

    fn element_type_at(&self, at: u32) -> Option<RefType> {
        self.resources.element_type_at(at)
    }

    fn is_shared(&self, ty: RefType) -> bool {
        self.resources.is_shared(ty)
    }

    fn check_heap_type(&self, heap_type: &mut HeapType, offset: u64) -> Result<(), Error> {
        self.resources.check_heap_type(heap_type, offset)
    }

    fn top_type(&self, heap_type: &HeapType) -> HeapType {
        self.resources.top_type(heap_type)
    }

    fn element_count(&self) -> u32 {
        self.resources.element_count()
    }

    fn data_count(&self) -> Option<u32> {
        self.resources.data_count()
    }

    fn is_function_referenced(&self, func: u32) -> bool {
        // A constant expression is itself what declares a function.
        self.constant.is_some() || self.resources.is_function_referenced(func)
    }

    fn has_function_exact_type(&self, func: u32) -> bool {
        self.resources.has_function_exact_type(func)
    }
}
