//! Which WebAssembly this is.

use wasmparser::WasmFeatures;

/// Wasm 3.0 without threads, and with stack switching.
///
/// Built from the standard's own set, so that a proposal wasmparser merely
/// knows, or switches on by default, stays off until it is named here.
pub const FEATURES: WasmFeatures = WasmFeatures::WASM3
    .difference(WasmFeatures::THREADS)
    .union(WasmFeatures::STACK_SWITCHING);
