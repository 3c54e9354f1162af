//! The custom `name` section, and custom sections at large.

mod common;

use common::{EVERYTHING, binary, module};
use mangrove_abi::{FuncIndex, TagIndex, TypeIndex};
use mangrove_validate::ParsedModule;

#[test]
fn everything_we_show_to_people_has_its_name() {
    let names = module(EVERYTHING).names;
    assert_eq!(names.module.as_deref(), Some("everything"));
    assert_eq!(names.functions[&FuncIndex::new(0)], "host");
    assert_eq!(names.functions[&FuncIndex::new(4)], "main");
    assert_eq!(names.types[&TypeIndex::new(1)], "longer");
    assert_eq!(names.tags[&TagIndex::new(0)], "imported_tag");
    assert_eq!(names.tags[&TagIndex::new(1)], "yield");
    assert_eq!(names.globals[&1], "counter");
    assert_eq!(names.tables[&2], "externs");
    assert_eq!(names.fields[&(TypeIndex::new(0), 0)], "next");
    assert_eq!(names.fields[&(TypeIndex::new(0), 1)], "value");
    assert_eq!(names.fields[&(TypeIndex::new(1), 2)], "tail");
    assert!(!names.fields.contains_key(&(TypeIndex::new(1), 0)));
}

#[test]
fn things_without_names_are_missing() {
    let names = module("(module (func) (func $b))").names;
    assert_eq!(names.module, None);
    assert_eq!(names.functions.len(), 1);
    assert_eq!(names.functions[&FuncIndex::new(1)], "b");
}

/// A `name` section with these contents, as a custom section's contents.
fn name_section(contents: &[u8]) -> Vec<u8> {
    [b"\x04name".as_slice(), contents].concat()
}

#[test]
fn a_name_section_that_cannot_be_read_says_nothing() {
    let faults: [&[u8]; 7] = [
        // The module's name is longer than its subsection, or not UTF-8.
        b"\x00\x02\x05m",
        b"\x00\x02\x01\xff",
        // A good module name, then functions out of order, or twice the same.
        b"\x00\x02\x01m\x01\x07\x02\x01\x01a\x00\x01b",
        b"\x00\x02\x01m\x01\x07\x02\x01\x01a\x01\x01b",
        // Subsections out of order.
        b"\x01\x04\x01\x00\x01a\x00\x02\x01m",
        // Fewer names than promised; fewer bytes than promised.
        b"\x00\x02\x01m\x01\x04\x02\x00\x01a",
        b"\x00\x02\x01m\x01\x70",
    ];
    for fault in faults {
        let module =
            ParsedModule::parse(binary(&[(0, &name_section(fault))])).expect("still valid");
        assert_eq!(module.names.module, None, "{fault:x?}");
        assert!(module.names.functions.is_empty(), "{fault:x?}");
    }
}

#[test]
fn the_first_readable_name_section_counts() {
    let bad = name_section(b"\x00\x02\x01\xff");
    let good = name_section(b"\x00\x02\x01m");
    let other = name_section(b"\x00\x02\x01n");
    let module = ParsedModule::parse(binary(&[(0, &bad), (0, &good), (0, &other)])).unwrap();
    assert_eq!(module.names.module.as_deref(), Some("m"));
}

#[test]
fn subsections_nobody_knows_and_indices_nobody_has_do_no_harm() {
    let section = name_section(b"\x01\x05\x01\xff\x01\x01a\x63\x01x");
    let module = ParsedModule::parse(binary(&[(0, &section)])).unwrap();
    assert_eq!(module.names.functions[&FuncIndex::new(255)], "a");
}

#[test]
fn other_custom_sections_are_skipped() {
    let module = ParsedModule::parse(binary(&[(0, b"\x07unknown\xff\xff"), (0, b"\x00")])).unwrap();
    assert!(module.names.functions.is_empty());
}
