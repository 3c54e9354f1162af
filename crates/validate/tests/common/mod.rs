//! What the tests share.
#![allow(dead_code)]

use mangrove_validate::{ParsedModule, ValidateError};

/// Parses a module of the text format.
pub fn parse(text: &str) -> Result<ParsedModule, ValidateError> {
    ParsedModule::parse(wat::parse_str(text).expect("the text is well-formed"))
}

/// Parses a module that must be valid.
pub fn module(text: &str) -> ParsedModule {
    let module = parse(text).expect("the module is valid");
    check(&module);
    module
}

/// What holds of every module that was accepted.
pub fn check(module: &ParsedModule) {
    let functions = module.functions.len();
    assert_eq!(module.types.len(), module.type_offsets.len());
    let mut next = 0;
    for group in &module.rec_groups {
        assert_eq!(group.start, next);
        assert!(group.start < group.end);
        next = group.end;
    }
    assert_eq!(next as usize, module.types.len());
    assert_eq!(
        functions,
        module.imported_functions as usize + module.bodies.len()
    );
    for &ty in &module.functions {
        module.func_type(ty);
    }
    assert!(module.escaping.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(module.escaping.iter().all(|&f| f.index() < functions));
    assert!(
        module
            .thrown_tags
            .windows(2)
            .all(|pair| pair[0].offset < pair[1].offset)
    );
    for thrown in &module.thrown_tags {
        assert!(thrown.tag.index() < module.tags.len());
        let inside = |body: &mangrove_validate::FunctionBody| body.range.contains(&thrown.offset);
        assert!(module.bodies.iter().any(inside));
    }
    for body in &module.bodies {
        // The last instruction is an `end`.
        assert_eq!(module.bytes[body.range.clone()].last(), Some(&0x0b));
    }
    for data in &module.data {
        assert!(data.bytes.start <= data.bytes.end && data.bytes.end <= module.bytes.len());
    }
}

/// A module of the binary format, from its sections' ids and contents.
pub fn binary(sections: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    for (id, contents) in sections {
        assert!(contents.len() < 128, "one byte for the length");
        bytes.push(*id);
        bytes.push(contents.len() as u8);
        bytes.extend_from_slice(contents);
    }
    bytes
}

/// One module with something of everything.
pub const EVERYTHING: &str = r#"
(module $everything
  (rec
    (type $list (sub (struct (field $next (ref null $list)) (field $value (mut i64)))))
    (type $longer (sub final $list
      (struct (field (ref null $list)) (field (mut i64)) (field $tail i8)))))
  (type $array (array (mut (ref null $list))))
  (type $bytes (array (mut i8)))
  (type $f (func (param i32) (result i32)))
  (type $c (cont $f))
  (type $g (func (result i32)))
  (type $d (cont $g))
  (type $unit (func))
  (import "env" "host" (func $host (type $f)))
  (import "env" "table" (table $imported_table 1 10 funcref))
  (import "env" "memory" (memory $imported_memory 1 2))
  (import "env" "base" (global $base i32))
  (import "env" "tag" (tag $imported_tag (param i32)))
  (table $table i64 2 4 (ref null $f) (ref.func $inc))
  (table $externs 3 externref)
  (memory $memory i64 1 3)
  (tag $yield (param i32) (result i32))
  (tag $oops (param i64))
  (global $counter (mut i32) (i32.add (global.get $base) (i32.const 7)))
  (global $node (ref $list) (struct.new $list (ref.null $list) (i64.const 3)))
  (global $any anyref (ref.i31 (i32.const 5)))
  (export "inc" (func $inc))
  (export "memory" (memory $memory))
  (export "table" (table $table))
  (export "counter" (global $counter))
  (export "yield" (tag $yield))
  (start $main)
  (elem $active (table $imported_table) (offset (global.get $base)) func $main $quiet)
  (elem $passive funcref (ref.func $inc) (ref.null func))
  (elem $declared declare func $gen)
  (data $hello (memory $memory) (offset (i64.const 8)) "hello")
  (data $bytes_passive "world!")
  (func $inc (type $f) (i32.add (local.get 0) (i32.const 1)))
  (func $quiet (type $unit))
  (func $gen (type $f) (suspend $yield (local.get 0)))
  (func $main (type $unit)
    (local $k (ref null $c))
    (local.set $k (cont.new $c (ref.func $gen)))
    (block $handled (result i32 (ref null $c))
      (resume $c (on $yield $handled) (i32.const 1) (local.get $k))
      (drop) (return))
    (drop) (drop))
  (func $throws (param $l (ref null $list)) (result i32)
    (try_table (result i32) (catch $imported_tag 0) (throw $oops (i64.const 1))))
  (func $again (param (ref null $d)) (result i32)
    (resume_throw $d $imported_tag (i32.const 2) (local.get 0)))
  (func $plain_call (result i32) (call $host (i32.const 1)))
  (func $gc (result i32)
    (array.len (array.new_data $bytes $bytes_passive (i32.const 0) (i32.const 6))))
  (func $vector (result i32)
    (i32x4.extract_lane 1 (v128.const i32x4 1 2 3 4))))
"#;
