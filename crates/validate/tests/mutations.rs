//! Bytes from anywhere: an error or a sound module, never a panic.

mod common;

use common::{EVERYTHING, check};
use mangrove_validate::{ParsedModule, TypeRegistry};
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::OnceLock;

/// The module the others are made from.
fn original() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| wat::parse_str(EVERYTHING).expect("the text is well-formed"))
}

/// Reads bytes that may be anything; says whether they were a module.
fn read(bytes: Vec<u8>) -> bool {
    let len = bytes.len();
    match ParsedModule::parse(bytes) {
        Ok(module) => {
            check(&module);
            let registry = TypeRegistry::new();
            let ids = registry.intern(&module).expect("there is room");
            assert_eq!(ids.len(), module.types.len());
            let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
            assert_eq!(registry.infos(&ids).len(), ids.len());
            assert_eq!(distinct.len(), registry.len());
            for import in &module.imports {
                let ty = TypeRegistry::canonicalize(&ids, import.ty.clone());
                assert!(registry.matches_extern(&ty, &ty));
            }
            true
        }
        Err(error) => {
            assert!(error.offset <= len, "{error} in {len} bytes");
            assert!(!error.message.is_empty());
            false
        }
    }
}

#[test]
fn the_original_is_valid() {
    assert!(read(original().to_vec()));
}

#[test]
fn every_beginning_of_a_module() {
    let bytes = original();
    let accepted = (0..bytes.len())
        .filter(|&len| read(bytes[..len].to_vec()))
        .count();
    // Only those that end behind a section before the functions.
    assert!(accepted < 8, "{accepted}");
}

#[test]
fn every_byte_changed_alone() {
    let bytes = original();
    let mut accepted = 0;
    for at in 0..bytes.len() {
        for change in [0x01, 0x80, 0xff, bytes[at]] {
            let mut bytes = bytes.to_vec();
            bytes[at] ^= change;
            accepted += usize::from(read(bytes));
        }
    }
    // Some of both, or the test looks at nothing.
    assert!(accepted > bytes.len() / 10 && accepted < 3 * bytes.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn some_bytes_changed(changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = original().to_vec();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        read(bytes);
    }

    #[test]
    fn a_stretch_moved_elsewhere(from in any::<prop::sample::Index>(), len in 1usize..40, to in any::<prop::sample::Index>()) {
        let mut bytes = original().to_vec();
        let from = from.index(bytes.len());
        let end = bytes.len().min(from + len);
        let stretch: Vec<u8> = bytes.drain(from..end).collect();
        let to = to.index(bytes.len());
        bytes.splice(to..to, stretch);
        read(bytes);
    }

    #[test]
    fn noise_behind_a_header(noise in vec(any::<u8>(), 0..200)) {
        read([b"\0asm\x01\0\0\0".as_slice(), &noise].concat());
    }
}
