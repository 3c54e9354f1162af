//! How long the programs are that are written for two engines: the table of `docs/API.md`.
//! That they print the same is checked by the example `beside` of `mangrove-differential`.

use std::fs;
use std::io::{Error, Result};
use std::path::Path;

/// Programs for this engine, by name.
const HERE: &str = "crates/mangrove/examples";
/// The same programs for Wasmtime.
const THERE: &str = "tools/differential/examples/beside/there";
/// Where the table is.
const DOCUMENT: &str = "docs/API.md";
const HEAD: &str = "| program | lines here | lines on wasmtime |\n|-|-|-|\n";

/// The table: lines of each program without comments and blank ones.
///
/// # Errors
/// A file cannot be read, or the modules of a pair differ.
pub fn table(root: &Path) -> Result<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root.join(THERE))? {
        names.push(entry?.file_name());
    }
    names.sort();
    let (mut rows, mut sums) = (String::new(), [0, 0]);
    for name in &names {
        let [here, there] = [HERE, THERE].map(|folder| {
            let path = root.join(folder).join(name);
            fs::read_to_string(&path)
                .map_err(|error| Error::new(error.kind(), format!("{}: {error}", path.display())))
        });
        let (here, there) = (here?, there?);
        let name = Path::new(name).file_stem().unwrap_or(name).display();
        if !modules(&here).eq(modules(&there)) {
            return Err(Error::other(format!("{name}: the modules differ")));
        }
        let [here, there] = [lines(&here), lines(&there)];
        rows += &format!("| `{name}` | {here} | {there} |\n");
        sums = [sums[0] + here, sums[1] + there];
    }
    Ok(format!("{HEAD}{rows}| all | {} | {} |\n", sums[0], sums[1]))
}

/// The document, and the same with the table as it is now.
///
/// # Errors
/// As [`table`]; the document cannot be read, or has no table.
pub fn document(root: &Path) -> Result<(String, String)> {
    let old = fs::read_to_string(root.join(DOCUMENT))?;
    let start = old.find(HEAD);
    let start =
        start.ok_or_else(|| Error::other(format!("{DOCUMENT} has no table of programs")))?;
    let rest = &old[start..];
    let end = rest.find("\n\n").map_or(rest.len(), |end| end + 1);
    let new = format!("{}{}{}", &old[..start], table(root)?, &rest[end..]);
    Ok((old, new))
}

/// Prints the table, and writes it into the document.
///
/// # Errors
/// As [`document`], and where it cannot be written.
pub fn write(root: &Path) -> Result<()> {
    print!("{}", table(root)?);
    fs::write(root.join(DOCUMENT), document(root)?.1)
}

/// Lines that are neither blank nor comments, of Rust or of the text format.
fn lines(text: &str) -> usize {
    let code = |line: &&str| !line.is_empty() && !line.starts_with("//") && !line.starts_with(";;");
    text.lines().map(str::trim).filter(code).count()
}

/// The modules in it, which are raw strings.
fn modules(text: &str) -> impl Iterator<Item = &str> {
    let strings = text.split("r#\"").skip(1);
    strings.map(|rest| rest.split("\"#").next().unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blank_lines_are_not_counted() {
        let text = "//! A program.\n\nfn main() {\n    // Nothing.\n}\n    ;; wat\n";
        assert_eq!(lines(text), 2);
    }

    #[test]
    fn modules_are_raw_strings() {
        let text = "r#\"(module)\"#, \"x\", br#\"(module $m)\"#";
        assert!(modules(text).eq(["(module)", "(module $m)"]));
    }
}
