//! What a program uses that an engine may lack: found in its binary, so that it holds
//! whatever the program was made by.

use std::collections::BTreeSet;
use std::fmt;
use wasmparser::{BinaryReaderError, Operator, Parser, Payload};

/// What an engine may lack, beside what every program uses: garbage collection, typed
/// function references, `cont.new`, `suspend` and `resume`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// `switch`, and handlers of it.
    Switch,
    /// `resume_throw`.
    ResumeThrow,
    /// `resume_throw_ref`.
    ResumeThrowRef,
    /// `cont.bind`.
    ContBind,
    /// `try_table`, `throw` and `throw_ref`.
    Exceptions,
    /// `return_call` and its kin.
    TailCalls,
    /// Vectors.
    Simd,
    /// Continuations in fields of structs and arrays.
    ContinuationsInObjects,
    /// A limit of the engine itself, which the specification does not set. Such programs are
    /// never exported.
    Limits,
}

impl Feature {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Switch,
        Self::ResumeThrow,
        Self::ResumeThrowRef,
        Self::ContBind,
        Self::Exceptions,
        Self::TailCalls,
        Self::Simd,
        Self::ContinuationsInObjects,
        Self::Limits,
    ];

    /// Its name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Switch => "switch",
            Self::ResumeThrow => "resume_throw",
            Self::ResumeThrowRef => "resume_throw_ref",
            Self::ContBind => "cont_bind",
            Self::Exceptions => "exceptions",
            Self::TailCalls => "tail_calls",
            Self::Simd => "simd",
            Self::ContinuationsInObjects => "continuations_in_objects",
            Self::Limits => "limits",
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a module uses. Of what comes last in [`Feature::ALL`] nothing is seen here.
pub(super) fn uses(wasm: &[u8]) -> Result<BTreeSet<Feature>, BinaryReaderError> {
    let mut found = BTreeSet::new();
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CodeSectionEntry(body) = payload? {
            for operator in body.get_operators_reader()? {
                found.extend(used_by(&operator?));
            }
        }
    }
    Ok(found)
}

fn used_by(operator: &Operator<'_>) -> Option<Feature> {
    match operator {
        Operator::Switch { .. } => Some(Feature::Switch),
        Operator::Resume { resume_table, .. } => {
            let switches = |handle: &_| matches!(handle, wasmparser::Handle::OnSwitch { .. });
            let any = resume_table.handlers.iter().any(switches);
            any.then_some(Feature::Switch)
        }
        Operator::ResumeThrow { .. } => Some(Feature::ResumeThrow),
        Operator::ResumeThrowRef { .. } => Some(Feature::ResumeThrowRef),
        Operator::ContBind { .. } => Some(Feature::ContBind),
        Operator::TryTable { .. } | Operator::Throw { .. } | Operator::ThrowRef => {
            Some(Feature::Exceptions)
        }
        Operator::ReturnCall { .. }
        | Operator::ReturnCallRef { .. }
        | Operator::ReturnCallIndirect { .. } => Some(Feature::TailCalls),
        // One of them is enough to tell: a program that computes with vectors makes some.
        Operator::V128Const { .. }
        | Operator::I8x16Splat
        | Operator::I16x8Splat
        | Operator::I32x4Splat
        | Operator::I64x2Splat
        | Operator::F32x4Splat
        | Operator::F64x2Splat
        | Operator::V128Load { .. } => Some(Feature::Simd),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Feature, uses};

    #[test]
    fn each_is_found() {
        let used = |fields: &str, code: &str| {
            let text = format!(
                "(module (type $f (func)) (type $c (cont $f)) (type $t (func (param (ref null $c))))
                 (type $ct (cont $t)) (tag $e) (tag $s) {fields} (func {code}))"
            );
            let found = uses(&wat::parse_str(text).unwrap()).unwrap();
            found
                .into_iter()
                .map(Feature::name)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(used("", "nop"), "");
        assert_eq!(used("", "(resume $c (ref.null $c))"), "");
        assert_eq!(
            used("", "(resume $c (on $s switch) (ref.null $c))"),
            "switch"
        );
        assert_eq!(used("", "(switch $ct $s (ref.null $ct)) drop"), "switch");
        assert_eq!(
            used("", "(resume_throw $c $e (ref.null $c))"),
            "resume_throw"
        );
        let with_reference = "(resume_throw_ref $c (ref.null exn) (ref.null $c))";
        assert_eq!(used("", with_reference), "resume_throw_ref");
        assert_eq!(
            used("", "(cont.bind $c $c (ref.null $c)) drop"),
            "cont_bind"
        );
        assert_eq!(
            used("", "(block $l (try_table (catch $e $l)))"),
            "exceptions"
        );
        assert_eq!(used("(func $g)", "return_call $g"), "tail_calls");
        assert_eq!(used("", "(i64x2.splat (i64.const 1)) drop"), "simd");
    }
}
