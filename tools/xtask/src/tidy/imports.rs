//! Who may use whom, read from what cargo knows of the packages.

use super::report::Report;
use super::tree::File;
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
    ("mangrove-runtime", 4),
    ("mangrove", 5),
    ("mangrove-wast", 6),
    ("mangrove-stress", 6),
    ("mangrove-inspect", 6),
    ("mangrove-cli", 7),
    ("mangrove-gc-tests", 8),
    ("mangrove-bench", 7),
    ("mangrove-differential", 7),
    ("mangrove-mutants", 7),
    ("mangrove-workers", 5),
    ("mangrove-xtask", 7),
];

/// Packages that know of no other of ours than these, their tests aside.
const KNOWS_ONLY: &[(&str, &[&str])] = &[
    // Compiler and runtime meet in the tables of `abi`.
    ("mangrove-compile", &["mangrove-abi", "mangrove-validate"]),
    // What runs code does not know who made it.
    (
        "mangrove-runtime",
        &[
            "mangrove-abi",
            "mangrove-stack",
            "mangrove-heap",
            "mangrove-validate",
            "mangrove-continuation",
            "mangrove-collector",
        ],
    ),
    // A heap is handed slots; it never sees a stack.
    ("mangrove-heap", &["mangrove-abi"]),
    // A stack knows neither Wasm nor objects.
    ("mangrove-stack", &["mangrove-abi"]),
    // The oracle shares no code with what it judges.
    ("mangrove-stress", &["mangrove", "mangrove-workers"]),
    // Faces know the snapshot, and the capture the API.
    ("mangrove-inspect", &["mangrove"]),
    // The others' checks must not depend on what they check.
    ("mangrove-xtask", &[]),
];

/// Packages whose tests alone use one that is not below.
const UPWARD_IN_TESTS: &[(&str, &str)] = &[
    // Examples in documentation speak the API that users see.
    ("mangrove-runtime", "mangrove"),
];

/// Foreign packages (by prefix) with few users.
const RESERVED: &[(&str, &[&str])] = &[
    ("cranelift", &["mangrove-compile"]),
    // The suite of roots reads the offsets of calls in its own programs.
    (
        "wasmparser",
        &["mangrove-validate", "mangrove-compile", "mangrove-stress"],
    ),
    ("wasmtime", &["mangrove-bench", "mangrove-differential"]),
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
    /// The packages it depends on.
    pub uses: Vec<Use>,
}

/// A dependency.
#[derive(Debug, Deserialize)]
pub struct Use {
    /// The package's name.
    pub name: String,
    /// `dev` if only tests have it, `build` if the build script does.
    pub kind: Option<String>,
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
    dependencies: Vec<Use>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    src_path: String,
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
    let package = |package: MetadataPackage| Package {
        name: package.name,
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
        uses: package.dependencies,
    };
    Ok(metadata.packages.into_iter().map(package).collect())
}

/// The document that shows the levels.
const DESCRIPTION: &str = "docs/ARCHITECTURE.md";

/// Checks that the architecture's table has every package, with its level.
pub fn check_table(files: &[File], report: &mut Report) {
    let text = files.iter().find(|file| file.path == DESCRIPTION);
    let text = text.map_or("", |file| &file.text);
    for (name, level) in LEVELS {
        let row = format!("| {level} | `{name}` |");
        if !text.lines().any(|line| line.starts_with(&row)) {
            report.error(DESCRIPTION, format!("the table of crates has no row {row}"));
        }
    }
}

/// Checks levels, closed circles and reserved foreign packages.
pub fn check(packages: &[Package], report: &mut Report) {
    for package in packages {
        let name = &package.name;
        let Some(level) = level(name) else {
            report.error(name, "has no level: give it one in tools/xtask");
            continue;
        };
        for Use { name: used, kind } in &package.uses {
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
            let outside = circle.is_some_and(|(_, known)| !known.contains(&used.as_str()));
            if outside && kind.as_deref() != Some("dev") {
                report.error(name, format!("must not know {used}"));
            }
            let excused = kind.as_deref() == Some("dev")
                && UPWARD_IN_TESTS.contains(&(name.as_str(), used.as_str()));
            if !excused && self::level(used).is_none_or(|other| other >= level) {
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
    use super::{Package, Report, Use, check};

    fn package(name: &str, uses: &[&str], kind: Option<&str>) -> Package {
        let used = |name: &&str| Use {
            name: (*name).to_owned(),
            kind: kind.map(str::to_owned),
        };
        Package {
            name: name.to_owned(),
            folder: String::new(),
            roots: Vec::new(),
            uses: uses.iter().map(used).collect(),
        }
    }

    fn broken(packages: &[Package]) -> usize {
        let mut report = Report::default();
        check(packages, &mut report);
        report.errors.len()
    }

    #[test]
    fn downward_is_allowed() {
        let packages = [
            package("mangrove-abi", &[], None),
            package("mangrove-stack", &["mangrove-abi", "libc"], None),
            package("mangrove-continuation", &["mangrove-stack"], None),
            package("mangrove-compile", &["mangrove-stack"], Some("dev")),
            package("mangrove-runtime", &["mangrove"], Some("dev")),
            package("mangrove", &["mangrove-runtime"], None),
        ];
        assert_eq!(broken(&packages), 0);
    }

    #[test]
    fn upward_sideways_outward_unknown_and_reserved_are_not() {
        for (user, used) in [
            ("mangrove-abi", "mangrove-heap"),
            ("mangrove-validate", "mangrove-heap"),
            ("mangrove-compile", "mangrove-heap"),
            ("mangrove", "cranelift-codegen"),
        ] {
            let heap = package("mangrove-heap", &[], None);
            assert_eq!(broken(&[heap, package(user, &[used], None)]), 1, "{user}");
        }
        let compile = package("mangrove-compile", &[], None);
        let runtime = package("mangrove-runtime", &["mangrove-compile"], None);
        assert_eq!(broken(&[compile, runtime]), 1);
        let above = package("mangrove", &[], None);
        let runtime = package("mangrove-runtime", &["mangrove"], None);
        assert_eq!(broken(&[above, runtime]), 2, "it is no test's");
        assert_eq!(broken(&[package("mangrove-new", &[], None)]), 1);
    }
}
