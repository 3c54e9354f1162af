//! Feeds `compiled` of `mangrove_mutants::targets`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mangrove_mutants::targets::fuzz("compiled", bytes));
