//! What the figures were measured on.

use serde::Serialize;
use std::fs;
use std::thread;

/// The machine and the versions compared.
#[derive(Serialize)]
pub struct Machine {
    /// Processor, as the kernel names it.
    pub cpu: String,
    /// Processors this process may use.
    pub threads: usize,
    /// Kernel release.
    pub kernel: String,
    /// Version of this engine.
    pub mangrove: &'static str,
    /// Version of Wasmtime.
    pub wasmtime: &'static str,
}

impl Machine {
    /// This one.
    pub fn here() -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let cpu = cpuinfo
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
            .map_or("unknown", |(_, name)| name.trim());
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Self {
            cpu: cpu.to_owned(),
            threads: thread::available_parallelism().map_or(1, usize::from),
            kernel: kernel.trim().to_owned(),
            mangrove: env!("CARGO_PKG_VERSION"),
            wasmtime: wasmtime_version(include_str!("../Cargo.toml")),
        }
    }
}

/// The version of Wasmtime a manifest asks for, which it does exactly.
fn wasmtime_version(manifest: &'static str) -> &'static str {
    manifest
        .split_once("wasmtime = { version = \"=")
        .and_then(|(_, rest)| rest.split('"').next())
        .unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::Machine;

    #[test]
    fn the_version_of_wasmtime_is_known() {
        assert!(Machine::here().wasmtime.starts_with("48."));
    }
}
