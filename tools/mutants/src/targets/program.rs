//! Random programs whose choices are the bytes.

use super::settings;
use crate::judge::{self, Verdict};
use mangrove_stress::play_choices;
use mangrove_workers::Rng;

/// Bytes that choose how the engine is set; the others choose the program.
const SETTING: usize = 8;

/// A program, judged by the oracle of the suite `random`: each is valid, and ends.
pub(super) fn program(bytes: &[u8]) -> Verdict {
    let (setting, choices) = bytes.split_at(bytes.len().min(SETTING));
    let mut config = judge::limits();
    settings(&mut config, &mut Rng::of_bytes(setting));
    let mut verdict = Verdict::default();
    match play_choices(choices, &config) {
        Ok(figures) => {
            verdict.add("program: passed");
            verdict.collections = figures.collections();
            verdict.switches = figures.switches;
        }
        Err(failure) => {
            verdict.fault = Some(format!("{}\n{}", failure.message, failure.program));
        }
    }
    verdict
}
