//! Who may use whom, read from what cargo knows of the packages.

use super::Report;
use serde::Deserialize;
use std::error::Error;
use std::path::Path;
use std::process::Command;

/// Levels: a package uses packages of lower levels only.
const LEVELS: &[(&str, u8)] = &[
    ("mangrove-abi", 0),
    ("mangrove-stack", 1),
    ("mangrove-heap", 1),
    ("mangrove-validate", 1),
    ("mangrove-continuation", 2),
    ("mangrove-compile", 2),
    ("mangrove-collector", 3),
    ("mangrove", 4),
    ("mangrove-wast", 5),
    ("mangrove-stress", 5),
    ("mangrove-cli", 6),
    ("mangrove-gc-tests", 7),
    ("mangrove-bench", 6),
    ("mangrove-xtask", 6),
];

/// Packages that know of no other of ours than these.
const KNOWS_ONLY: &[(&str, &[&str])] = &[
    // Compiler and runtime meet in the tables of `abi`.
    ("mangrove-compile", &["mangrove-abi", "mangrove-validate"]),
    // A heap is handed slots; it never sees a stack.
    ("mangrove-heap", &["mangrove-abi"]),
    // A stack knows neither Wasm nor objects.
    ("mangrove-stack", &["mangrove-abi"]),
    // The oracle shares no code with what it judges.
    ("mangrove-stress", &["mangrove"]),
    // The others' checks must not depend on what they check.
    ("mangrove-xtask", &[]),
];

/// Foreign packages (by prefix) with few users.
const RESERVED: &[(&str, &[&str])] = &[
    ("cranelift", &["mangrove-compile"]),
    ("wasmparser", &["mangrove-validate", "mangrove-compile"]),
    ("wasmtime", &["mangrove-bench"]),
];

/// A package of the workspace.
#[derive(Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder from the root, with a `/` at the end.
    pub folder: String,
    /// Root files of its libraries and binaries, from the root.
    pub roots: Vec<String>,
    /// Names of the packages it depends on, for any purpose.
    pub uses: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<MetadataPackage>,
    workspace_root: String,
}

#[derive(Deserialize)]
struct MetadataPackage {
    name: String,
    manifest_path: String,
    targets: Vec<Target>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    src_path: String,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
}

/// The packages of the workspace at `root`.
pub fn packages(root: &Path) -> Result<Vec<Package>, Box<dyn Error>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .current_dir(root)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
    let inside = |path: &str| {
        let path = path.strip_prefix(&metadata.workspace_root).unwrap_or(path);
        path.trim_start_matches('/').to_owned()
    };
    let package = |package: &MetadataPackage| Package {
        name: package.name.clone(),
        folder: inside(package.manifest_path.trim_end_matches("Cargo.toml")),
        roots: package
            .targets
            .iter()
            .filter(|target| {
                target
                    .kind
                    .iter()
                    .any(|kind| kind == "lib" || kind == "bin")
            })
            .map(|target| inside(&target.src_path))
            .collect(),
        uses: package
            .dependencies
            .iter()
            .map(|dependency| dependency.name.clone())
            .collect(),
    };
    Ok(metadata.packages.iter().map(package).collect())
}

/// Checks levels, closed circles and reserved foreign packages.
pub fn check(packages: &[Package], report: &mut Report) {
    for package in packages {
        let name = &package.name;
        let Some(level) = level(name) else {
            report.error(name, "has no level: give it one in tools/xtask");
            continue;
        };
        for used in &package.uses {
            for (prefix, users) in RESERVED {
                if used.starts_with(prefix) && !users.contains(&name.as_str()) {
                    report.error(
                        name,
                        format!("uses {used}, reserved for {}", users.join(", ")),
                    );
                }
            }
            if !packages.iter().any(|other| other.name == *used) {
                continue;
            }
            let circle = KNOWS_ONLY.iter().find(|(owner, _)| owner == name);
            if circle.is_some_and(|(_, known)| !known.contains(&used.as_str())) {
                report.error(name, format!("must not know {used}"));
            }
            if self::level(used).is_none_or(|other| other >= level) {
                report.error(
                    name,
                    format!("level {level}, uses {used}, which is not below"),
                );
            }
        }
    }
}

fn level(name: &str) -> Option<u8> {
    LEVELS
        .iter()
        .find(|(other, _)| *other == name)
        .map(|&(_, level)| level)
}

#[cfg(test)]
mod tests {
    use super::{Package, Report, check};

    fn broken(pairs: &[(&str, &[&str])]) -> Vec<String> {
        let packages: Vec<Package> = pairs
            .iter()
            .map(|(name, uses)| Package {
                name: (*name).to_owned(),
                folder: String::new(),
                roots: Vec::new(),
                uses: uses.iter().map(|&used| used.to_owned()).collect(),
            })
            .collect();
        let mut report = Report::default();
        check(&packages, &mut report);
        report.errors
    }

    #[test]
    fn downward_is_allowed() {
        let abi: (&str, &[&str]) = ("mangrove-abi", &[]);
        let stack: (&str, &[&str]) = ("mangrove-stack", &["mangrove-abi", "libc"]);
        let continuation: (&str, &[&str]) = ("mangrove-continuation", &["mangrove-stack"]);
        assert_eq!(broken(&[abi, stack, continuation]), [""; 0]);
    }

    #[test]
    fn upward_sideways_unknown_and_reserved_are_not() {
        let heap: (&str, &[&str]) = ("mangrove-heap", &[]);
        assert_eq!(
            broken(&[heap, ("mangrove-abi", &["mangrove-heap"])]).len(),
            1
        );
        assert_eq!(
            broken(&[heap, ("mangrove-validate", &["mangrove-heap"])]).len(),
            1
        );
        assert_eq!(
            broken(&[heap, ("mangrove-compile", &["mangrove-heap"])]).len(),
            1
        );
        assert_eq!(broken(&[("mangrove-new", &[])]).len(), 1);
        assert_eq!(broken(&[("mangrove", &["cranelift-codegen"])]).len(), 1);
    }
}
