//! Documents that keep their word: every Rust file says what it is for, every
//! path a document names exists, and the README's test command is there to be run.

use super::report::Report;
use super::tree::File;
use std::path::Path;

/// Folders whose paths, named in backticks, must exist.
const FOLDERS: &[&str] = &[
    "crates/",
    "docs/",
    "gc-tests/",
    "stress/",
    "tools/",
    ".ci/",
    ".cargo/",
];

/// Checks module documentation and the paths documents name.
pub fn check(root: &Path, files: &[File], report: &mut Report) {
    for file in files {
        if file.is("rs") && !file.text.starts_with("//! ") {
            report.error(
                &file.path,
                "does not begin by saying what it is for (`//! …`)",
            );
        }
        if file.is("md") {
            let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
            for (index, line) in file.text.lines().enumerate() {
                let links = links(line).map(|link| folder.join(link));
                let paths = paths(line).map(|path| Path::new(path).to_owned());
                for path in links.chain(paths) {
                    if !root.join(&path).exists() {
                        let place = format!("{}:{}", file.path, index + 1);
                        report.error(place, format!("`{}` does not exist", path.display()));
                    }
                }
            }
        }
    }
    match files.iter().find(|file| file.path == "README.md") {
        None => report.error("README.md", "does not exist"),
        Some(readme) if test_command(&readme.text).is_none() => {
            report.error(
                "README.md",
                "names no test command: a `sh` block below `## Test`",
            );
        }
        Some(_) => {}
    }
}

/// The command below the README's heading `## Test`: the first line of its
/// first `sh` block. `.ci/run` reads it in the same way.
fn test_command(readme: &str) -> Option<&str> {
    let mut lines = readme.lines().skip_while(|line| *line != "## Test");
    lines.find(|line| *line == "```sh")?;
    lines
        .next()
        .filter(|line| !line.is_empty() && *line != "```")
}

/// Project paths in backticks. One with a placeholder or a pattern names no file.
fn paths(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2).filter(|word| {
        FOLDERS.iter().any(|folder| word.starts_with(folder))
            && !word.contains(['*', '{', '<', ' ', '…'])
            && !word.contains("NAME")
    })
}

/// Relative targets of links, without their fragments.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let target = rest.split(')').next()?.split('#').next()?;
        (!target.is_empty() && !target.contains("://")).then_some(target)
    })
}

#[cfg(test)]
mod tests {
    use super::{links, paths, test_command};

    #[test]
    fn paths_are_found_in_backticks_and_links() {
        let line = "see `crates/abi/src` and `cargo test`, `crates/{a,b}`, [x](docs/A.md#b) [y](https://z)";
        assert_eq!(paths(line).collect::<Vec<_>>(), ["crates/abi/src"]);
        assert_eq!(links(line).collect::<Vec<_>>(), ["docs/A.md"]);
    }

    #[test]
    fn the_test_command_is_the_first_line_of_the_block() {
        assert_eq!(
            test_command("## Test\n\n```sh\ncargo test\n```\n"),
            Some("cargo test")
        );
        assert_eq!(test_command("## Build\n\n```sh\ncargo test\n```\n"), None);
    }
}
