//! The machine code is made for, and the settings it is made with.

use crate::{CompileError, OptLevel, Options};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};

/// Cranelift's name of a feature, and whether this machine has it.
type Feature = (&'static str, fn() -> bool);

/// Features the code may use where the machine has them.
const FEATURES: &[Feature] = &[
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

/// The features of this machine that code made here uses, by Cranelift's names.
pub fn used_features() -> Vec<&'static str> {
    let present = FEATURES.iter().filter(|(_, present)| present());
    present.map(|&(name, _)| name).collect()
}

/// Whether this machine has a feature that code uses, by Cranelift's name.
pub fn host_has(feature: &str) -> bool {
    FEATURES
        .iter()
        .any(|(name, present)| *name == feature && present())
}

/// Whether this machine can run what the compiler makes: without SSE 4.1
/// rounding a float would be a call to a library that images do not have.
///
/// # Errors
/// The name of what is missing.
pub fn check() -> Result<(), CompileError> {
    if std::is_x86_feature_detected!("sse4.1") {
        Ok(())
    } else {
        Err(CompileError::Machine("SSE 4.1"))
    }
}

/// The instruction set of this machine with the settings every function needs.
///
/// # Panics
/// Never: names and values are Cranelift's own.
pub fn host(options: &Options) -> OwnedTargetIsa {
    let mut flags = settings::builder();
    let mut set = |name: &str, value: &str| {
        flags
            .set(name, value)
            .expect("a setting of this Cranelift version");
    };
    // The walk follows frame pointers, and every frame has one.
    set("preserve_frame_pointers", "true");
    // Images are linked into one region: near calls, no indirection table.
    set("is_pic", "false");
    // Frames larger than the guard touch their pages in order.
    set("enable_probestack", "true");
    set("probestack_strategy", "inline");
    set(
        "enable_verifier",
        if options.verify_clif { "true" } else { "false" },
    );
    set(
        "opt_level",
        match options.opt_level {
            OptLevel::Frame | OptLevel::None => "none",
            OptLevel::Speed => "speed",
        },
    );
    set(
        "enable_nan_canonicalization",
        if options.canonical_nans {
            "true"
        } else {
            "false"
        },
    );
    // No unwinder reads this code; backtraces follow frame pointers.
    set("unwind_info", "false");
    let mut isa =
        cranelift_codegen::isa::lookup(target()).expect("x86-64 is built into this Cranelift");
    for (name, present) in FEATURES {
        if present() {
            isa.enable(name)
                .expect("a feature of this Cranelift version");
        }
    }
    isa.finish(settings::Flags::new(flags))
        .expect("settings that fit together")
}

fn target() -> target_lexicon::Triple {
    "x86_64-unknown-linux-gnu".parse().expect("a triple")
}
