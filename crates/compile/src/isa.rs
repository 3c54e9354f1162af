//! The machine code is made for, and the settings it is made with.

use crate::arch::{self, FEATURES};
use crate::{CompileError, OptLevel, Options};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};

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

/// Whether this machine can run what the compiler makes.
///
/// # Errors
/// The name of what is missing.
pub fn check() -> Result<(), CompileError> {
    match arch::missing() {
        None => Ok(()),
        Some(feature) => Err(CompileError::Machine(feature)),
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
            OptLevel::Speed | OptLevel::Inline => "speed",
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
        cranelift_codegen::isa::lookup(arch::triple()).expect("built into this Cranelift");
    for (name, present) in FEATURES {
        if present() {
            isa.enable(name)
                .expect("a feature of this Cranelift version");
        }
    }
    isa.finish(settings::Flags::new(flags))
        .expect("settings that fit together")
}
