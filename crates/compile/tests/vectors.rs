//! Relaxed vector instructions compute what their strict counterparts compute.

use mangrove_compile::{Hooks, OptLevel, Options, compile};
use mangrove_validate::ParsedModule;

/// The machine code of a function of three vectors that does this.
fn code(body: &str) -> Vec<u8> {
    let text = format!("(module (func (param v128 v128 v128) (result v128) {body}))");
    let module = ParsedModule::parse(wat::parse_str(text).unwrap()).unwrap();
    let options = Options {
        opt_level: OptLevel::Speed,
        hooks: Hooks::default(),
        interruption: mangrove_compile::Interruption::default(),
        canonical_nans: false,
        slot_names: false,
        checked_memories: false,
        verify_clif: true,
        defect: None,
        stubs: mangrove_stack::arch::stub_image(),
    };
    compile(&module, &options).unwrap().text
}

fn applied(instruction: &str, operands: usize) -> String {
    let operands: String = (0..operands)
        .map(|index| format!("local.get {index} "))
        .collect();
    format!("{operands} {instruction}")
}

#[test]
fn a_relaxed_instruction_is_its_strict_one() {
    let pairs = [
        ("i8x16.relaxed_swizzle", "i8x16.swizzle", 2),
        ("i32x4.relaxed_trunc_f32x4_s", "i32x4.trunc_sat_f32x4_s", 1),
        ("i32x4.relaxed_trunc_f32x4_u", "i32x4.trunc_sat_f32x4_u", 1),
        (
            "i32x4.relaxed_trunc_f64x2_s_zero",
            "i32x4.trunc_sat_f64x2_s_zero",
            1,
        ),
        (
            "i32x4.relaxed_trunc_f64x2_u_zero",
            "i32x4.trunc_sat_f64x2_u_zero",
            1,
        ),
        ("i8x16.relaxed_laneselect", "v128.bitselect", 3),
        ("i16x8.relaxed_laneselect", "v128.bitselect", 3),
        ("i32x4.relaxed_laneselect", "v128.bitselect", 3),
        ("i64x2.relaxed_laneselect", "v128.bitselect", 3),
        ("f32x4.relaxed_min", "f32x4.min", 2),
        ("f32x4.relaxed_max", "f32x4.max", 2),
        ("f64x2.relaxed_min", "f64x2.min", 2),
        ("f64x2.relaxed_max", "f64x2.max", 2),
        ("i16x8.relaxed_q15mulr_s", "i16x8.q15mulr_sat_s", 2),
    ];
    for (relaxed, strict, operands) in pairs {
        assert_eq!(
            code(&applied(relaxed, operands)),
            code(&applied(strict, operands)),
            "{relaxed}"
        );
    }
}

#[test]
fn a_multiply_add_rounds_twice() {
    for lanes in ["f32x4", "f64x2"] {
        let fused = code(&applied(&format!("{lanes}.relaxed_madd"), 3));
        let apart = code(&format!(
            "local.get 0 local.get 1 {lanes}.mul local.get 2 {lanes}.add"
        ));
        assert_eq!(fused, apart, "{lanes}");
        let fused = code(&applied(&format!("{lanes}.relaxed_nmadd"), 3));
        let apart = code(&format!(
            "local.get 0 {lanes}.neg local.get 1 {lanes}.mul local.get 2 {lanes}.add"
        ));
        assert_eq!(fused, apart, "{lanes}");
    }
}

#[test]
fn a_dot_is_added_to_in_wider_lanes() {
    let relaxed = code(&applied("i32x4.relaxed_dot_i8x16_i7x16_add_s", 3));
    let apart = code(
        "local.get 0 local.get 1 i16x8.relaxed_dot_i8x16_i7x16_s
         i32x4.extadd_pairwise_i16x8_s local.get 2 i32x4.add",
    );
    assert_eq!(relaxed, apart);
}
