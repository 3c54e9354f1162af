//! x86-64 Linux.

use cranelift_codegen::binemit::Reloc;
use mangrove_abi::CodeOffset;

/// Cranelift's name of a feature, and whether this machine has it.
type Feature = (&'static str, fn() -> bool);

/// Features the code may use where the machine has them.
pub const FEATURES: &[Feature] = &[
    ("has_sse3", || std::is_x86_feature_detected!("sse3")),
    ("has_ssse3", || std::is_x86_feature_detected!("ssse3")),
    ("has_cmpxchg16b", || {
        std::is_x86_feature_detected!("cmpxchg16b")
    }),
    ("has_sse41", || std::is_x86_feature_detected!("sse4.1")),
    ("has_sse42", || std::is_x86_feature_detected!("sse4.2")),
    ("has_popcnt", || std::is_x86_feature_detected!("popcnt")),
    ("has_avx", || std::is_x86_feature_detected!("avx")),
    ("has_avx2", || std::is_x86_feature_detected!("avx2")),
    ("has_fma", || std::is_x86_feature_detected!("fma")),
    ("has_bmi1", || std::is_x86_feature_detected!("bmi1")),
    ("has_bmi2", || std::is_x86_feature_detected!("bmi2")),
    ("has_lzcnt", || std::is_x86_feature_detected!("lzcnt")),
    ("has_avx512bitalg", || {
        std::is_x86_feature_detected!("avx512bitalg")
    }),
    ("has_avx512dq", || std::is_x86_feature_detected!("avx512dq")),
    ("has_avx512f", || std::is_x86_feature_detected!("avx512f")),
    ("has_avx512vl", || std::is_x86_feature_detected!("avx512vl")),
    ("has_avx512vbmi", || {
        std::is_x86_feature_detected!("avx512vbmi")
    }),
];

/// What this machine lacks that code cannot do without: without SSE 4.1 rounding a
/// float would be a call to a library that images do not have.
pub fn missing() -> Option<&'static str> {
    (!std::is_x86_feature_detected!("sse4.1")).then_some("SSE 4.1")
}

/// What code is made for.
///
/// # Panics
/// Never: the name is one of the crate's that reads it.
pub fn triple() -> target_lexicon::Triple {
    "x86_64-unknown-linux-gnu".parse().expect("a triple")
}

/// A cache line: a short function that starts inside of one takes one more, and
/// doubly recursive Fibonacci a sixth longer.
pub const FUNCTION_ALIGN: usize = 64;
/// What the processor fetches at once.
pub const THUNK_ALIGN: usize = 16;
/// What fills gaps: `int3`, an instruction that traps.
pub const FILLER: u8 = 0xcc;
/// Distances are signed 32-bit: half of what an offset can say.
pub const REACH: usize = i32::MAX as usize;

/// `call rel32`.
const CALL_OPCODE: u8 = 0xe8;
/// `jmp rel32`, of the same length.
const JUMP_OPCODE: u8 = 0xe9;
/// Bytes of a distance. It counts from its own end.
const DISTANCE: u32 = 4;

/// The exception register, by its number in the `tail` convention, that a caught
/// exception arrives in: the first one, `rax`. The switch thunk leaves its payload
/// there, and so does the jump to a handler.
pub const EXCEPTION_RESULT: u32 = 0;

/// Whether a relocation is a 32-bit distance from its own field's end.
pub fn is_near(kind: Reloc) -> bool {
    matches!(kind, Reloc::X86CallPCRel4 | Reloc::X86PCRel4)
}

/// What a near reference to `target` with this addend refers to. The addend counts
/// from the field's start, the distance from its end.
pub fn near_target(target: CodeOffset, addend: i64) -> CodeOffset {
    let behind = (addend + i64::from(DISTANCE)) as u32;
    CodeOffset::new(target.as_u32().wrapping_add(behind))
}

/// Writes the distance from the end of the field to `target` into it.
pub fn write_distance(text: &mut [u8], field: CodeOffset, target: CodeOffset) {
    let distance = target.as_u32().wrapping_sub(field.plus(DISTANCE).as_u32());
    text[field.index()..][..DISTANCE as usize].copy_from_slice(&distance.to_le_bytes());
}

/// Makes the near call whose distance is at `field` a jump to `target`. Returns
/// where the call would have returned to.
///
/// # Panics
/// If there is no near call.
pub fn call_into_jump(text: &mut [u8], field: CodeOffset, target: CodeOffset) -> CodeOffset {
    let opcode = &mut text[field.index() - 1];
    assert_eq!(*opcode, CALL_OPCODE, "a switch is a near call");
    *opcode = JUMP_OPCODE;
    write_distance(text, field, target);
    field.plus(DISTANCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_becomes_a_jump_of_its_length() {
        // nop; call +0; nop; and a target in front of it.
        let mut text = [0x90, CALL_OPCODE, 0, 0, 0, 0, 0x90];
        let [start, field, end] = [0, 2, 6].map(CodeOffset::new);
        assert_eq!(call_into_jump(&mut text, field, start), end);
        assert_eq!(text, [0x90, JUMP_OPCODE, 0xfa, 0xff, 0xff, 0xff, 0x90]);
    }

    #[test]
    fn a_reference_to_the_start_has_the_length_of_its_field_as_addend() {
        let [start, behind] = [64, 65].map(CodeOffset::new);
        assert_eq!(near_target(start, -4), start);
        assert_eq!(near_target(start, -3), behind);
    }
}
