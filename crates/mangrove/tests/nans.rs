//! Canonical NaNs, asked for and not.

mod common;

use common::{call, instance_with};
use mangrove::{Config, OptLevel, Val};

const TEXT: &str = r#"(module
    (func (export "add") (param f32 f32) (result f32) (f32.add (local.get 0) (local.get 1)))
    (func (export "sqrt") (param f64) (result f64) (f64.sqrt (local.get 0)))
    (func (export "promote") (param f32) (result f64) (f64.promote_f32 (local.get 0)))
    (func (export "neg") (param f32) (result f32) (f32.neg (local.get 0)))
    (func (export "lanes") (param f32) (result i32)
        (i32x4.extract_lane 2
            (f32x4.mul (f32x4.splat (local.get 0)) (f32x4.splat (f32.const 2))))))"#;

/// A quiet NaN with a payload.
const PAYLOAD_32: u32 = 0x7fe0_0001;
const CANONICAL_32: u32 = 0x7fc0_0000;
const CANONICAL_64: u64 = 0x7ff8_0000_0000_0000;

#[test]
fn arithmetic_gives_the_canonical_nan_when_asked_to() {
    for level in [OptLevel::None, OptLevel::Speed] {
        let results = |canonical| {
            let mut config = Config::new();
            config.canonical_nans(canonical).opt_level(level);
            let (mut store, instance) = instance_with(&config, TEXT);
            let mut run = |name: &str, args: &[Val]| {
                call(&mut store, instance, name, args).unwrap()[0].clone()
            };
            let nan = Val::F32(PAYLOAD_32);
            // Not arithmetic: it changes the sign and nothing else.
            let negated = run("neg", std::slice::from_ref(&nan));
            assert_eq!(negated, Val::F32(PAYLOAD_32 | 1 << 31));
            assert_eq!(
                run("add", &[Val::F32(1f32.to_bits()), Val::F32(2f32.to_bits())]),
                Val::F32(3f32.to_bits())
            );
            [
                run("add", &[nan.clone(), Val::F32(1f32.to_bits())]),
                run("sqrt", &[Val::F64((-1f64).to_bits())]),
                run("promote", std::slice::from_ref(&nan)),
                run("lanes", &[nan]),
            ]
        };
        let expected = [
            Val::F32(CANONICAL_32),
            Val::F64(CANONICAL_64),
            Val::F64(CANONICAL_64),
            Val::I32(CANONICAL_32 as i32),
        ];
        assert_eq!(results(true), expected);
        for (plain, canonical) in results(false).iter().zip(&expected) {
            assert_ne!(plain, canonical, "the machine keeps payloads or signs");
        }
    }
}
