//! Which modules an engine takes: whether heap objects may hold continuations.
//!
//! ```text
//!  (struct (field (ref $k)))       a field in the hierarchy of continuations
//!  (array (ref null cont))         an element
//!  (throw $t), $t : [(ref $k)]     a payload: an exception is a heap object
//! ```
//!
//! Under [`ContinuationsInObjects::Reject`] a module in which one could is turned away
//! before it is compiled. Then continuations come from frames, globals, tables, handles
//! and bound arguments only, and cannot keep each other alive. Under
//! [`ContinuationsInObjects::Trace`] the collector follows them out of objects as well.
//!
//! Tags that are only suspended with may carry continuations: what travels in a
//! suspension is never stored in the heap.

use mangrove_abi::TypeIndex;
use mangrove_validate::{
    AbstractHeap, CompositeType, FieldType, HeapType, ParsedModule, RefType, StorageType, SubType,
    ValType, printable,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Whether heap objects may hold continuations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ContinuationsInObjects {
    /// No: modules in which one could are rejected.
    #[default]
    Reject,
    /// Yes: full collections follow them, and reclaim rings of objects and continuations
    /// that nothing else refers to.
    Trace,
}

impl fmt::Display for ContinuationsInObjects {
    /// As the command line has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reject => "reject",
            Self::Trace => "trace",
        })
    }
}

/// What in a module could hold a continuation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeapHolder {
    /// A field of a struct type.
    Field {
        /// Its index in the struct.
        index: u32,
        /// Its name, where the module gives one.
        name: Option<String>,
    },
    /// The elements of an array type.
    Element,
    /// The payload of a tag that is thrown.
    Payload {
        /// The tag's index.
        tag: u32,
        /// Its name, where the module gives one.
        name: Option<String>,
        /// Which parameter of the tag's type, from 0.
        parameter: u32,
    },
}

/// Why a module is not admitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("offset {offset:#x}: type {}: {holder} is {found}: {reason}", Named(*.type_index, .type_name))]
pub struct AdmissionError {
    /// Byte offset of the type's definition, or of the first instruction that
    /// throws the tag.
    pub offset: usize,
    /// Index of the struct, array or tag's function type.
    pub type_index: u32,
    /// Its name, where the module gives one.
    pub type_name: Option<String>,
    /// What in it could hold a continuation.
    pub holder: HeapHolder,
    /// The type that admits continuations, in text form.
    pub found: String,
    /// Why that is refused.
    pub reason: &'static str,
}

const IN_HEAP: &str = "a continuation cannot be kept in a heap object, because the collector does not follow \
     continuations out of the heap (keep it in a local, a table or a global, or let objects hold \
     it: continuations-in-objects trace)";
const IN_EXCEPTION: &str = "a continuation cannot be thrown, because an exception is a heap object and the collector \
     does not follow continuations out of the heap (suspend with it instead, or let objects hold \
     it: continuations-in-objects trace)";

/// Whether an engine with this policy takes the module.
///
/// # Errors
/// The first type, then the first thrown tag, through which a heap object
/// could hold a continuation.
pub fn check(module: &ParsedModule, policy: ContinuationsInObjects) -> Result<(), AdmissionError> {
    match policy {
        ContinuationsInObjects::Reject => {}
        ContinuationsInObjects::Trace => return Ok(()),
    }
    for (index, ty) in (0..).zip(&module.types) {
        check_type(module, TypeIndex::new(index), ty)?;
    }
    check_tags(module)
}

fn check_type(
    module: &ParsedModule,
    type_index: TypeIndex,
    ty: &SubType<TypeIndex>,
) -> Result<(), AdmissionError> {
    let error = |holder, found| AdmissionError {
        offset: module.type_offsets[type_index.index()],
        type_index: type_index.as_u32(),
        type_name: module.names.types.get(&type_index).cloned(),
        holder,
        found: text(module, found),
        reason: IN_HEAP,
    };
    match &ty.composite {
        CompositeType::Struct(fields) => {
            for (index, field) in (0..).zip(fields) {
                if let Some(found) = continuation_in(module, field) {
                    let name = module.names.fields.get(&(type_index, index)).cloned();
                    return Err(error(HeapHolder::Field { index, name }, found));
                }
            }
            Ok(())
        }
        CompositeType::Array(element) => match continuation_in(module, element) {
            Some(found) => Err(error(HeapHolder::Element, found)),
            None => Ok(()),
        },
        CompositeType::Func(_) | CompositeType::Cont(_) => Ok(()),
    }
}

fn check_tags(module: &ParsedModule) -> Result<(), AdmissionError> {
    for thrown in &module.thrown_tags {
        let type_index = module.tags[thrown.tag.index()];
        for (parameter, &ty) in (0..).zip(&module.func_type(type_index).params) {
            let Some(found) = continuation(module, ty) else {
                continue;
            };
            return Err(AdmissionError {
                offset: thrown.offset,
                type_index: type_index.as_u32(),
                type_name: module.names.types.get(&type_index).cloned(),
                holder: HeapHolder::Payload {
                    tag: thrown.tag.as_u32(),
                    name: module.names.tags.get(&thrown.tag).cloned(),
                    parameter,
                },
                found: text(module, found),
                reason: IN_EXCEPTION,
            });
        }
    }
    Ok(())
}

fn continuation_in(
    module: &ParsedModule,
    field: &FieldType<TypeIndex>,
) -> Option<RefType<TypeIndex>> {
    match field.storage {
        StorageType::Val(ty) => continuation(module, ty),
        StorageType::I8 | StorageType::I16 => None,
    }
}

/// The type, if its values can be continuations: if it lies in their
/// hierarchy, which shares no value with the others.
fn continuation(module: &ParsedModule, ty: ValType<TypeIndex>) -> Option<RefType<TypeIndex>> {
    let ValType::Ref(reference) = ty else {
        return None;
    };
    let holds = match reference.heap {
        HeapType::Abstract(heap) => matches!(heap, AbstractHeap::Cont | AbstractHeap::NoCont),
        HeapType::Concrete(index) => {
            matches!(
                module.types[index.index()].composite,
                CompositeType::Cont(_)
            )
        }
    };
    holds.then_some(reference)
}

/// The text form of a type of the continuations' hierarchy.
fn text(module: &ParsedModule, ty: RefType<TypeIndex>) -> String {
    ty.text(|index| match module.names.types.get(&index) {
        Some(name) => format!("${}", printable(name)),
        None => index.to_string(),
    })
}

/// An index, with its name where there is one.
struct Named<'a>(u32, &'a Option<String>);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(name) => write!(f, "{} (${})", self.0, printable(name)),
            None => write!(f, "{}", self.0),
        }
    }
}

impl fmt::Display for HeapHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field { index, name } => write!(f, "field {}", Named(*index, name)),
            Self::Element => f.write_str("the element type"),
            Self::Payload {
                tag,
                name,
                parameter,
            } => {
                write!(
                    f,
                    "parameter {parameter} of tag {}, which is thrown,",
                    Named(*tag, name)
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mangrove_abi::TagIndex;
    use mangrove_validate::{FuncType, ThrownTag};

    fn concrete(index: u32) -> HeapType<TypeIndex> {
        HeapType::Concrete(TypeIndex::new(index))
    }

    fn reference(nullable: bool, heap: HeapType<TypeIndex>) -> ValType<TypeIndex> {
        ValType::Ref(RefType { nullable, heap })
    }

    fn field(ty: ValType<TypeIndex>) -> FieldType<TypeIndex> {
        FieldType {
            storage: StorageType::Val(ty),
            mutable: true,
        }
    }

    /// Types 0 (func) and 1 (cont 0), then these; type n at offset 100 + n.
    fn module(types: Vec<CompositeType<TypeIndex>>) -> ParsedModule {
        let mut all = vec![
            CompositeType::Func(FuncType::default()),
            CompositeType::Cont(TypeIndex::new(0)),
        ];
        all.extend(types);
        let sub = |composite| SubType {
            is_final: true,
            supertype: None,
            composite,
        };
        ParsedModule {
            type_offsets: (100..100 + all.len()).collect(),
            types: all.into_iter().map(sub).collect(),
            ..ParsedModule::default()
        }
    }

    #[test]
    fn fields_and_elements_of_the_hierarchy_are_rejected() {
        let heaps = [
            (concrete(1), "1"),
            (HeapType::Abstract(AbstractHeap::Cont), "cont"),
            (HeapType::Abstract(AbstractHeap::NoCont), "nocont"),
        ];
        for (heap, name) in heaps {
            let plain = field(ValType::I64);
            let bad = field(reference(true, heap));
            let error = check(
                &module(vec![CompositeType::Struct(vec![plain, bad])]),
                ContinuationsInObjects::Reject,
            )
            .unwrap_err();
            assert_eq!((error.offset, error.type_index), (102, 2));
            assert_eq!(
                error.holder,
                HeapHolder::Field {
                    index: 1,
                    name: None
                }
            );
            assert_eq!(error.found, format!("(ref null {name})"));
            let array = module(vec![CompositeType::Array(bad)]);
            let error = check(&array, ContinuationsInObjects::Reject).unwrap_err();
            assert_eq!(error.holder, HeapHolder::Element);
            assert!(error.to_string().contains("continuations-in-objects trace"));
            assert_eq!(check(&array, ContinuationsInObjects::Trace), Ok(()));
        }
    }

    #[test]
    fn names_and_offsets_are_in_the_message() {
        let bad = field(reference(false, concrete(1)));
        let mut module = module(vec![CompositeType::Struct(vec![bad])]);
        module.names.types.insert(TypeIndex::new(2), "task".into());
        module.names.types.insert(TypeIndex::new(1), "k".into());
        module
            .names
            .fields
            .insert((TypeIndex::new(2), 0), "rest".into());
        let message = check(&module, ContinuationsInObjects::Reject)
            .unwrap_err()
            .to_string();
        let start = "offset 0x66: type 2 ($task): field 0 ($rest) is (ref $k): a continuation";
        assert!(message.starts_with(start), "{message}");
    }

    #[test]
    fn other_references_are_admitted() {
        let fields = [
            AbstractHeap::Any,
            AbstractHeap::Func,
            AbstractHeap::Extern,
            AbstractHeap::Exn,
            AbstractHeap::None,
        ];
        let mut fields: Vec<_> = fields
            .map(|heap| field(reference(true, HeapType::Abstract(heap))))
            .into();
        fields.push(field(reference(true, concrete(0))));
        fields.push(FieldType {
            storage: StorageType::I8,
            mutable: false,
        });
        let module = module(vec![CompositeType::Struct(fields)]);
        assert_eq!(check(&module, ContinuationsInObjects::Reject), Ok(()));
    }

    #[test]
    fn tags_matter_only_when_thrown() {
        let k = reference(false, concrete(1));
        let params = vec![ValType::I32, k];
        let mut module = module(vec![CompositeType::Func(FuncType {
            params,
            results: vec![],
        })]);
        module.tags = [0, 2].map(TypeIndex::new).into();
        module.thrown_tags = vec![ThrownTag {
            tag: TagIndex::new(0),
            offset: 700,
        }];
        assert_eq!(check(&module, ContinuationsInObjects::Reject), Ok(()));
        module.thrown_tags.push(ThrownTag {
            tag: TagIndex::new(1),
            offset: 777,
        });
        let error = check(&module, ContinuationsInObjects::Reject).unwrap_err();
        assert_eq!((error.offset, error.type_index), (777, 2));
        assert!(error.to_string().contains("continuations-in-objects trace"));
        assert_eq!(check(&module, ContinuationsInObjects::Trace), Ok(()));
        assert_eq!(
            error.holder,
            HeapHolder::Payload {
                tag: 1,
                name: None,
                parameter: 1
            }
        );
        assert!(
            error
                .to_string()
                .contains("parameter 1 of tag 1, which is thrown, is (ref 1)")
        );
    }
}
