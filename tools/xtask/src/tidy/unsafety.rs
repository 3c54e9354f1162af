//! Where unsafe code and assembly may stand, and what must stand above them.

use super::imports::Package;
use super::report::Report;
use super::source::Source;
use super::tree::File;

/// Packages that may use unsafe code; all others forbid it.
const MAY_BE_UNSAFE: &[&str] = &[
    "mangrove-abi",
    "mangrove-stack",
    "mangrove-heap",
    "mangrove-continuation",
    "mangrove-collector",
    "mangrove-runtime",
];

/// Single files of other packages that may, and folders of tests which call what is unsafe
/// for users too; the roots above them deny it.
const UNSAFE_FILES: &[&str] = &[
    "crates/cli/src/trusted.rs",
    "crates/mangrove/src/access.rs",
    "crates/mangrove/src/trusted.rs",
    "crates/mangrove/tests/",
    "tools/mutants/src/damage.rs",
];

/// A workspace of its own, with no more in it than calls of what is in a package.
const APART: &str = "fuzz/";

/// The one folder with assembly.
const ASSEMBLY: &str = "crates/stack/src/arch";

/// How many lines above an unsafe place its argument may begin.
const REACH: usize = 6;

/// Whether this is one of [`UNSAFE_FILES`], or in a folder of them.
fn may_be_unsafe(path: &str) -> bool {
    let names = |file: &&str| path == *file || (file.ends_with('/') && path.starts_with(*file));
    UNSAFE_FILES.iter().any(names)
}

/// Checks SAFETY arguments, the `forbid` of packages without unsafe code, and
/// where assembly stands.
pub fn check(files: &[File], sources: &[Source<'_>], packages: &[Package], report: &mut Report) {
    let mut places = 0;
    for source in sources {
        let path = &source.file.path;
        let lines: Vec<&str> = source.file.text.lines().collect();
        places += source.unsafe_places.len();
        for &line in &source.unsafe_places {
            let above = &lines[line.saturating_sub(REACH + 1)..line];
            if !above.iter().any(|line| line.contains("SAFETY:")) {
                report.error(format!("{path}:{line}"), "unsafe without a SAFETY argument");
            }
        }
        if !path.starts_with(ASSEMBLY) {
            for line in &source.assembly {
                report.error(
                    format!("{path}:{line}"),
                    format!("assembly outside {ASSEMBLY}"),
                );
            }
        }
        if path.starts_with(APART) {
            if source.any_unsafe {
                report.error(path, "unsafe code in what no package has");
            }
            continue;
        }
        let owner = packages
            .iter()
            .find(|package| path.starts_with(&package.folder));
        let Some(owner) = owner else {
            report.error(path, "belongs to no package");
            continue;
        };
        if MAY_BE_UNSAFE.contains(&owner.name.as_str()) {
            continue;
        }
        if source.any_unsafe && !may_be_unsafe(path) {
            report.error(
                path,
                format!("unsafe code, which {} may not use", owner.name),
            );
        }
        // `forbid` could not be lifted for the one file, `deny` can.
        let excused = source.denies_unsafe
            && UNSAFE_FILES
                .iter()
                .any(|file| file.starts_with(&owner.folder));
        if owner.roots.contains(path) && !source.forbids_unsafe && !excused {
            report.error(path, "a root without #![forbid(unsafe_code)]");
        }
    }
    for root in packages.iter().flat_map(|package| &package.roots) {
        if !files.iter().any(|file| file.path == *root) {
            report.error(root, "is named by cargo but not in the tree");
        }
    }
    report.measure(format!("{places} unsafe blocks and impls"));
}
