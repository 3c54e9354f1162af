//! Random programs for engines that lack something.

use super::control::features::Features;
use super::{Case, Size, generator, make};
use crate::export::Feature;
use mangrove_workers::Rng;
use std::collections::BTreeSet;

impl Features {
    /// Those of these that an engine has which lacks some.
    pub(in crate::random) fn lacking(mut self, without: &BTreeSet<Feature>) -> Self {
        for feature in without {
            match feature {
                Feature::Switch => self.switch = false,
                Feature::ResumeThrow => self.resume_throw = false,
                Feature::ResumeThrowRef => self.resume_throw_ref = false,
                Feature::ContBind => self.control = false,
                Feature::Exceptions => self.exceptions = false,
                Feature::TailCalls => self.tail_calls = false,
                Feature::ContinuationsInObjects => self.held = false,
                // Programs that use them are left out.
                Feature::Simd | Feature::Limits => {}
            }
        }
        self
    }
}

/// A case for a random program that does not use these.
pub(crate) fn case_without(rng: &mut Rng, size: Size, without: &BTreeSet<Feature>) -> Case {
    let program = generator::program(rng, size, Features::ALL.lacking(without));
    make(&program, false)
}
