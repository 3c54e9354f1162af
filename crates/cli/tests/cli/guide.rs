//! The guide in `docs/guide` is true: each page's files are written, each of its commands
//! is run, in order, and prints what the page says.
//!
//! ```text
//!  ```wat file=NAME       the block is that file's contents
//!  ```console             lines that begin with "$ " are run by a shell, and the lines up to
//!                         the next of them are what it prints; "…" stands for anything,
//!                         alone on a line for any number of lines
//! ```

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A fenced block: what follows the fence, and the lines within.
struct Block<'a> {
    info: &'a str,
    lines: Vec<&'a str>,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(info), None) => {
                let lines = Vec::new();
                open = Some(Block { info, lines });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => block.lines.push(line),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// Whether a line is as the page says.
fn line_matches(expected: &str, line: &str) -> bool {
    let mut parts = expected.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
        last = Some(part);
    }
    match last {
        None => rest.is_empty(),
        Some(part) => rest.is_empty() || part.is_empty() || line.ends_with(part),
    }
}

/// Whether what was printed is as the page says.
fn matches(expected: &[&str], printed: &[&str]) -> bool {
    match (expected.split_first(), printed.split_first()) {
        (None, None) => true,
        (Some((&"…", rest)), _) => {
            (0..=printed.len()).any(|skipped| matches(rest, &printed[skipped..]))
        }
        (Some((expected, rest)), Some((line, others))) => {
            line_matches(expected, line) && matches(rest, others)
        }
        _ => false,
    }
}

/// Runs a line of the page as its reader would, in the folder with the page's files.
fn run(command: &str, folder: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_mangrove"));
    let programs = program.parent().expect("a program is in a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("bash")
        .args(["-c", &format!("exec 2>&1; {command}")])
        .env("PATH", format!("{}:{path}", programs.display()))
        .current_dir(folder)
        .output()
        .expect("bash runs");
    String::from_utf8(output.stdout).expect("what is printed is text")
}

fn console(page: &str, lines: &[&str], folder: &Path) {
    let mut lines = lines.iter().peekable();
    while let Some(line) = lines.next() {
        let command = line.strip_prefix("$ ");
        let command = command.unwrap_or_else(|| panic!("{page}: {line:?} comes before a command"));
        let mut expected = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
            expected.push(line.trim_end());
        }
        let printed = run(command, folder);
        let printed: Vec<&str> = printed.trim_end().lines().map(str::trim_end).collect();
        assert!(
            matches(&expected, &printed),
            "{page}: `{command}` printed\n{}\nand the page says\n{}",
            printed.join("\n"),
            expected.join("\n"),
        );
    }
}

/// Whether the page had a command.
fn check(path: &Path) -> bool {
    let page = path.file_stem().expect("a page has a name");
    let page = page.to_str().expect("in ASCII");
    let text = fs::read_to_string(path).expect("a page can be read");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("guide-{page}"));
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).expect("there is room for the page's files");
    let blocks = blocks(&text);
    for block in &blocks {
        if let Some((_, name)) = block.info.split_once(" file=") {
            let contents = block.lines.join("\n") + "\n";
            fs::write(folder.join(name), contents).expect("there is room for the file");
        }
    }
    let consoles = blocks.iter().filter(|block| block.info == "console");
    consoles
        .map(|block| console(page, &block.lines, &folder))
        .count()
        > 0
}

#[test]
fn every_command_of_the_guide_prints_what_it_says() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide");
    let pages = fs::read_dir(guide).expect("there is a guide");
    let mut pages: Vec<_> = pages
        .map(|page| page.expect("it can be read").path())
        .collect();
    pages.sort();
    let with_commands = pages.iter().filter(|page| check(page)).count();
    assert!(
        with_commands >= 4,
        "only {with_commands} pages have commands"
    );
}

#[test]
fn what_differs_is_seen() {
    assert!(matches(&["a", "…", "d"], &["a", "b", "c", "d"]));
    assert!(matches(&["func … $f"], &["func 7 $f"]));
    assert!(matches(&["…"], &[]));
    assert!(!matches(&["a", "…", "d"], &["a", "b", "c"]));
    assert!(!matches(&["func … $f"], &["func 7 $g"]));
    assert!(!matches(&["a"], &["a", "b"]));
    assert!(!matches(&["a … c"], &["a b c d"]));
}
