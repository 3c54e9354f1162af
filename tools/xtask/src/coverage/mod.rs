//! `docs/COVERAGE.md`: which lines of the translation the random suites reach, written anew.
//!
//! ```text
//!  cargo llvm-cov show-env ──▶ a build of the command in which the workspace counts lines
//!                              (dependencies are as they were: the workspace alone is wrapped)
//!  mangrove stress random clones roots, model ──▶ profiles ──llvm-profdata, llvm-cov──▶ lcov
//!  lcov + reasons (docs/coverage.reasons) ──▶ the document
//! ```

mod lcov;
mod reasons;

use lcov::Lines;
use reasons::Reasons;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::{fs, io};

/// The suites whose programs nobody wrote.
const SUITES: [&str; 3] = ["random", "clones", "roots"];
/// Rounds of each. One of `model` has as many steps.
const ROUNDS: &str = "150";
/// Where the lines are.
const SOURCES: &str = "crates/compile/src/func";
/// The document.
const DOCUMENT: &str = "docs/COVERAGE.md";
/// Why lines are not reached.
const REASONS: &str = "docs/coverage.reasons";
/// What translates continuations, exceptions, references and the objects of the collector.
const TRANSLATION: [&str; 17] = [
    "alloc.rs",
    "array.rs",
    "barrier.rs",
    "call.rs",
    "cast.rs",
    "catch.rs",
    "continuation.rs",
    "exception.rs",
    "handler.rs",
    "reference.rs",
    "resume.rs",
    "runtime.rs",
    "store.rs",
    "structure.rs",
    "suspend.rs",
    "switch.rs",
    "table.rs",
];
/// Of a hundred lines of the translation, so many are reached at the least.
const LEAST: f64 = 97.0;

/// Measures, and writes the document. Returns whether enough is reached, and each line that
/// is not has a reason.
///
/// # Errors
/// A program cannot be run, or a file not read or written; the suites fail.
pub fn write(root: &Path) -> io::Result<bool> {
    let profiles = root.join("target/coverage");
    let _ = fs::remove_dir_all(&profiles);
    fs::create_dir_all(&profiles)?;
    let variables = variables(root, &profiles)?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(&cargo);
    build.args(["build", "--package", "mangrove-cli"]);
    run(build.current_dir(root).envs(variables.clone()))?;
    let command = root.join("target/debug/mangrove");
    for (suites, rounds) in [(&SUITES[..], ROUNDS), (&["model"], "1")] {
        let mut stress = Command::new(&command);
        stress.arg("stress").args(suites).args(["--count", rounds]);
        run(stress.current_dir(root).envs(variables.clone()))?;
    }
    let text = lines_reached(root, &profiles, &command)?;
    let lines = Lines::parse(&text, SOURCES);
    let reasons = Reasons::parse(&fs::read_to_string(root.join(REASONS))?)?;
    let (text, enough) = document(root, &lines, &reasons)?;
    fs::write(root.join(DOCUMENT), text)?;
    Ok(enough)
}

/// What the profiles say of the sources, in the format of lcov.
fn lines_reached(root: &Path, profiles: &Path, command: &Path) -> io::Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let libraries = Command::new(rustc)
        .args(["--print", "target-libdir"])
        .output()?;
    let libraries = String::from_utf8_lossy(&libraries.stdout).trim().to_owned();
    let tools = Path::new(&libraries).with_file_name("bin");
    let mut found: Vec<_> = fs::read_dir(profiles)?.collect::<io::Result<Vec<_>>>()?;
    found.retain(|file| file.path().extension().is_some_and(|end| end == "profraw"));
    let merged = profiles.join("all.profdata");
    let mut merge = Command::new(tools.join("llvm-profdata"));
    merge.args(["merge", "-sparse", "-o"]).arg(&merged);
    run(merge.args(found.iter().map(fs::DirEntry::path)))?;
    let mut export = Command::new(tools.join("llvm-cov"));
    export.args(["export", "-format=lcov", "-instr-profile"]);
    export.arg(&merged).arg(command).arg(root.join(SOURCES));
    let output = export.output()?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(io::Error::other(format!("{export:?}: {}", output.status))),
    }
}

/// Runs a program, which has to succeed.
fn run(command: &mut Command) -> io::Result<()> {
    let status = command.status()?;
    match status.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!("{command:?}: {status}"))),
    }
}

/// The variables with which the workspace is built so that it counts.
fn variables(root: &Path, profiles: &Path) -> io::Result<Vec<(String, String)>> {
    let output = Command::new("cargo")
        .args(["llvm-cov", "show-env", "--sh"])
        .current_dir(root)
        .output()?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(io::Error::other(format!(
            "cargo llvm-cov: {why}\nit takes `cargo install cargo-llvm-cov` and `rustup component add llvm-tools`"
        )));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut variables = Vec::new();
    for line in text.lines() {
        let assignment = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = assignment.split_once('=') else {
            continue;
        };
        let value = value.trim_matches('\'').to_owned();
        variables.push(match name {
            // It would build each dependency once more.
            "RUSTC_WRAPPER" => ("RUSTC_WORKSPACE_WRAPPER".to_owned(), value),
            "LLVM_PROFILE_FILE" => {
                let file = profiles.join("%p-%2m.profraw");
                (name.to_owned(), file.display().to_string())
            }
            _ => (name.to_owned(), value),
        });
    }
    Ok(variables)
}

/// The document, and whether enough is reached and what is not has a reason.
fn document(root: &Path, lines: &Lines, reasons: &Reasons) -> io::Result<(String, bool)> {
    let (mut table, mut list) = (String::new(), String::new());
    let mut unexplained = 0;
    for name in lines.files() {
        let path = format!("{SOURCES}/{name}");
        let (all, reached) = lines.of(name);
        let counted = TRANSLATION.contains(&name);
        let _ = writeln!(
            table,
            "| `{name}` | {} | {all} | {reached} | {:.1}% |",
            if counted { "yes" } else { "" },
            percent(reached, all)
        );
        if !counted || reached == all {
            continue;
        }
        let source = fs::read_to_string(root.join(&path))?;
        let source: Vec<&str> = source.lines().collect();
        let _ = writeln!(list, "\n### {path}\n");
        for line in lines.missed(name) {
            let text = source.get(line as usize - 1).map_or("", |line| line.trim());
            let reason = reasons.of(name, &source, line);
            unexplained += u32::from(reason.is_none());
            let reason = reason.unwrap_or("**no reason is given**");
            let _ = writeln!(list, "- line {line}, `{text}`: {reason}");
        }
    }
    let (all, reached) = lines.sum(&TRANSLATION);
    let share = percent(reached, all);
    let text = format!(
        "{HEAD}\nOf {all} lines {reached} are reached: **{share:.1}%**.\n\n\
         | file | counted | lines | reached | share |\n|-|-|-|-|-|\n{table}\n\
         ## Lines that are not reached\n{list}"
    );
    println!("{reached} of {all} lines are reached, {share:.1}%; {unexplained} have no reason");
    Ok((text, share >= LEAST && unexplained == 0))
}

fn percent(part: u32, whole: u32) -> f64 {
    match whole {
        0 => 100.0,
        whole => 100.0 * f64::from(part) / f64::from(whole),
    }
}

const HEAD: &str = "\
# What the random suites reach

Written by `cargo run -p mangrove-xtask -- coverage`; do not edit. It says which lines of the translation the programs of `random`,
`clones`, `roots` and `model` reach, without any program that somebody wrote: 150 rounds of the first three and one of the last, from seed 1. The
files that translate continuations, exceptions, references and objects are counted together; the others are there for completeness.
Why a line is not reached is in `docs/coverage.reasons`, and a line without a reason makes the command fail.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_reached_is_named_with_its_reason() {
        let root = std::env::temp_dir().join(format!("coverage-{}", std::process::id()));
        fs::create_dir_all(root.join(SOURCES)).unwrap();
        let source = "fn alloc() {\n    one();\n    two();\n}\n";
        fs::write(root.join(SOURCES).join("alloc.rs"), source).unwrap();
        let lcov = format!("SF:/x/{SOURCES}/alloc.rs\nDA:1,4\nDA:2,4\nDA:3,0\nend_of_record\n");
        let lines = Lines::parse(&lcov, SOURCES);
        let none = Reasons::parse("").unwrap();
        let (text, enough) = document(&root, &lines, &none).unwrap();
        assert!(text.contains("line 3, `two();`: **no reason"), "{text}");
        assert!(!enough);
        let reasons = Reasons::parse("alloc.rs | two(); | it is never called\n").unwrap();
        let (text, enough) = document(&root, &lines, &reasons).unwrap();
        assert!(
            text.contains("line 3, `two();`: it is never called"),
            "{text}"
        );
        assert!(!enough, "two of three lines are too few");
        fs::remove_dir_all(root).unwrap();
    }
}
