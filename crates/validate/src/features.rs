//! Which WebAssembly this is.

use wasmparser::WasmFeatures;

/// The languages a module can be validated as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// Wasm 3.0 without threads.
    Wasm3,
    /// The same with stack switching, and with three proposals more: wide arithmetic, compact
    /// import sections and custom page sizes.
    #[default]
    StackSwitching,
}

impl Language {
    /// As wasmparser knows it.
    ///
    /// Built from the standard's own set, so that a proposal wasmparser merely
    /// knows, or switches on by default, stays off until it is named here.
    pub const fn features(self) -> WasmFeatures {
        let wasm3 = WasmFeatures::WASM3.difference(WasmFeatures::THREADS);
        match self {
            Self::Wasm3 => wasm3,
            Self::StackSwitching => wasm3
                .union(WasmFeatures::STACK_SWITCHING)
                .union(WasmFeatures::WIDE_ARITHMETIC)
                .union(WasmFeatures::COMPACT_IMPORTS)
                .union(WasmFeatures::CUSTOM_PAGE_SIZES),
        }
    }
}
