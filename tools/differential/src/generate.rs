//! From a seed to a case: a module that ends, and how our engine is to run it.
//!
//! Each seed switches features on and off (a module with everything exercises
//! nothing in depth), and sizes vary. Left out are proposals one side does not
//! have, and relaxed SIMD, whose results engines may choose.

use arbitrary::Unstructured;
use mangrove::OptLevel;
use mangrove_workers::Rng;
use wasm_smith::{Config, Module};

/// How often a module's functions and loops may be entered, and how many
/// elements they may write in bulk, all calls together.
const FUEL: u32 = 4000;

/// A case.
pub struct Case {
    /// The module's binary.
    pub wasm: Vec<u8>,
    /// Zeal of our engine.
    pub zeal: &'static str,
    /// Optimisation of our engine; the other one always optimises.
    pub opt_level: OptLevel,
    /// What chooses arguments.
    pub rng: Rng,
}

impl Case {
    /// The case of a seed; none if the bytes of this seed make no module.
    pub fn new(seed: u64) -> Option<Self> {
        let mut rng = Rng::new(seed);
        let config = config(&mut rng);
        let size = 1 << (11 + rng.below(6));
        let bytes = rng.bytes(size);
        let mut module = Module::new(config, &mut Unstructured::new(&bytes)).ok()?;
        module.ensure_termination(FUEL).ok()?;
        let zeal = match rng.below(8) {
            0 => "alloc",
            1 => "alloc:7",
            2 => "call",
            3 => "alloc:7,minor",
            _ => "none",
        };
        let opt_level = if rng.chance(1, 3) {
            OptLevel::None
        } else {
            OptLevel::Speed
        };
        Some(Self {
            wasm: module.to_bytes(),
            zeal,
            opt_level,
            rng,
        })
    }
}

fn config(rng: &mut Rng) -> Config {
    let mut config = Config {
        canonicalize_nans: true,
        compact_imports_enabled: false,
        custom_page_sizes_enabled: false,
        export_everything: true,
        limit_arrays_in_const_exprs: true,
        max_imports: 0,
        max_memory32_bytes: 16 << 16,
        max_memory64_bytes: 16 << 16,
        max_table_elements: 1000,
        relaxed_simd_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        ..Config::default()
    };
    // The least is what counts: beyond it, more is ever less likely.
    config.min_funcs = 2 + rng.below(10);
    config.min_types = 2 + rng.below(25);
    config.min_globals = rng.below(8);
    config.min_memories = rng.below(3) as u32;
    config.max_memories = 3;
    config.min_tables = rng.below(3) as u32;
    config.max_tables = 3;
    config.min_tags = rng.below(4);
    config.min_data_segments = rng.below(4);
    config.min_element_segments = rng.below(4);
    config.max_instructions = 20 << rng.below(6);
    config.gc_enabled = rng.chance(2, 3);
    config.exceptions_enabled = rng.chance(1, 2);
    config.simd_enabled = rng.chance(1, 2);
    config.tail_call_enabled = rng.chance(1, 2);
    config.memory64_enabled = rng.chance(1, 3);
    config.allow_floats = rng.chance(3, 4);
    config.disallow_traps = rng.chance(1, 2);
    config
}
