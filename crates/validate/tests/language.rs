//! What a module may use, and what its custom sections may say.

mod common;

use common::{binary, parse};
use mangrove_validate::{Language, ParsedModule};

#[test]
fn without_stack_switching_none_of_it_is_valid() {
    let texts = [
        "(module (type $f (func)) (type (cont $f)))",
        "(module (tag (result i32)))",
        "(module (tag $t) (func (suspend $t)))",
        "(module (table 1 (ref null cont)))",
        "(module (func (param (ref null nocont))))",
    ];
    for text in texts {
        let bytes = wat::parse_str(text).unwrap();
        assert!(
            ParsedModule::parse_as(bytes.clone(), Language::StackSwitching).is_ok(),
            "{text}"
        );
        assert!(
            ParsedModule::parse_as(bytes, Language::Wasm3).is_err(),
            "{text}"
        );
    }
    let text = "(module (tag $t (param i32)) (func (throw $t (i32.const 1))))";
    let bytes = wat::parse_str(text).unwrap();
    assert!(ParsedModule::parse_as(bytes, Language::Wasm3).is_ok());
}

#[test]
fn branch_hints_are_for_branches() {
    let module = |hinted: &str| {
        parse(&format!(
            "(module (func (import \"\" \"\")) (func (param i32) (block {hinted})))"
        ))
        .unwrap()
    };
    let hint = "(@metadata.code.branch_hint \"\\01\")";
    for good in [
        format!("(local.get 0) {hint} (br_if 0)"),
        format!("(local.get 0) {hint} if else end"),
        "(drop (local.get 0))".to_owned(),
    ] {
        module(&good).check_custom_sections().unwrap();
    }
    for bad in [
        format!("{hint} (drop (local.get 0))"),
        format!("(local.get 0) {hint} (br_table 0 0)"),
        format!("{hint} (br 0)"),
    ] {
        let error = module(&bad).check_custom_sections().unwrap_err();
        assert!(
            error.message.contains("no `if` or `br_if`"),
            "{bad}: {error}"
        );
    }
}

/// A module of three functions, the first imported, and this section of hints.
fn hinted(hints: &[u8]) -> ParsedModule {
    let mut section = b"\x19metadata.code.branch_hint".to_vec();
    section.extend(hints);
    // Each body: local.get 0, if, end, end; the `if` is at offset 3.
    let body = b"\x07\0\x20\0\x04\x40\x0b\x0b";
    let code = [b"\x02".as_slice(), body, body].concat();
    ParsedModule::parse(binary(&[
        (1, b"\x01\x60\x01\x7f\0"),
        (2, b"\x01\x01m\x01f\0\0"),
        (3, b"\x02\0\0"),
        (0, &section),
        (10, &code),
    ]))
    .unwrap()
}

#[test]
fn branch_hints_have_an_order_and_a_form() {
    let fault = |hints: &[u8]| match hinted(hints).check_custom_sections() {
        Ok(()) => String::new(),
        Err(error) => error.message,
    };
    assert_eq!(fault(b"\x02\x01\x01\x03\x01\0\x02\x01\x03\x01\x01"), "");
    assert!(fault(b"\x01\0\x01\x03\x01\0").contains("function 0, which has no body"));
    assert!(fault(b"\x01\x03\x01\x03\x01\0").contains("function 3, which has no body"));
    let twice = b"\x02\x01\x01\x03\x01\0\x01\x01\x03\x01\x01";
    assert!(fault(twice).contains("function 1 out of order"));
    let again = b"\x01\x01\x02\x03\x01\0\x03\x01\x01";
    assert!(fault(again).contains("offset 3 out of order"));
    assert!(fault(b"\x01\x01\x01\x03\x01\x02").contains("taken byte"));
    assert!(fault(b"\x01\x01\x01\x03\x02\x01\0").contains("hint byte"));
    assert!(fault(b"\x01\x01").contains("end"));
}
