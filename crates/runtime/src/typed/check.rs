//! Whether Rust types and a function's type agree.

use crate::engine::EngineCore;
use crate::error::Error;
use crate::kind::ValueKind;
use mangrove_validate::{FuncType, ValType};

impl EngineCore {
    /// Whether a function of type `actual` can be called with values of `wanted`'s
    /// parameters, and gives values of its results. Says whether some of those values are
    /// none of the function's parameters, which are narrower references then: each call
    /// has to look.
    ///
    /// # Errors
    /// It cannot.
    pub(crate) fn check_typed(
        &self,
        wanted: &FuncType,
        actual: &FuncType,
        name: &str,
    ) -> Result<bool, Error> {
        let mut is_narrower = false;
        let fits = wanted.params.len() == actual.params.len()
            && wanted.results.len() == actual.results.len()
            && wanted
                .params
                .iter()
                .zip(&actual.params)
                .all(|(&given, &taken)| {
                    let exact = self.types().matches_val(given, taken);
                    is_narrower |= !exact;
                    exact || self.same_hierarchy(given, taken)
                })
            && wanted
                .results
                .iter()
                .zip(&actual.results)
                .all(|(&wanted, &given)| self.types().matches_val(given, wanted));
        if fits {
            return Ok(is_narrower);
        }
        Err(Error::usage(format!(
            "type mismatch: {name} of type {} is used as {}",
            self.func_text(actual),
            self.func_text(wanted)
        )))
    }

    /// Whether both are references of one hierarchy.
    fn same_hierarchy(&self, one: ValType, other: ValType) -> bool {
        match (self.kind_of(one), self.kind_of(other)) {
            (ValueKind::Cont(_), ValueKind::Cont(_)) => true,
            (one, other) => {
                one == other
                    && matches!(
                        (one, other),
                        (
                            ValueKind::Func | ValueKind::Any | ValueKind::Extern | ValueKind::Exn,
                            _
                        )
                    )
            }
        }
    }
}
