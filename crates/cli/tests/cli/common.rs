//! Starts the command and looks at how it ends.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// Writes a file for a test. The name is the test's own.
pub fn file(name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, contents).unwrap();
    path
}

/// How the command ended.
#[derive(Debug)]
pub struct Ended {
    /// Exit code; none if a signal ended it, which nothing may do.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Runs `mangrove` with these arguments.
pub fn mangrove<const N: usize>(arguments: [&str; N]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_mangrove"))
        .args(arguments)
        .output()
        .unwrap();
    ended(output)
}

/// The same with any number of arguments.
pub fn mangrove_with(arguments: &[&str]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_mangrove"))
        .args(arguments)
        .output()
        .unwrap();
    ended(output)
}

/// Runs `mangrove` with these arguments in a shell that has first done this, like
/// `ulimit -v 100000`.
pub fn limited<const N: usize>(limit: &str, arguments: [&str; N]) -> Ended {
    limited_by(limit, &arguments)
}

/// The same with any number of arguments.
pub fn limited_by(limit: &str, arguments: &[&str]) -> Ended {
    let output = Command::new("bash")
        .args(["-c", &format!("{limit} && exec \"$0\" \"$@\"")])
        .arg(env!("CARGO_BIN_EXE_mangrove"))
        .args(arguments)
        .output()
        .unwrap();
    ended(output)
}

/// Runs `mangrove run` on a module with further arguments.
pub fn run<const N: usize>(name: &str, contents: impl AsRef<[u8]>, arguments: [&str; N]) -> Ended {
    run_with(name, contents, &arguments)
}

/// Runs `mangrove` with these arguments and this on standard input.
pub fn fed(input: &str, arguments: &[&str]) -> Ended {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mangrove"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that does not read its input ends all the same.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    ended(child.wait_with_output().unwrap())
}

/// The same as [`run`] with any number of arguments.
pub fn run_with(name: &str, contents: impl AsRef<[u8]>, arguments: &[&str]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_mangrove"))
        .arg("run")
        .arg(file(name, contents))
        .args(arguments)
        .output()
        .unwrap();
    ended(output)
}

fn ended(output: Output) -> Ended {
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Ended {
    /// Asserts the exit code and that standard error is one line with all of these.
    #[track_caller]
    pub fn is_one_line<const N: usize>(&self, code: i32, parts: [&str; N]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        self.says(parts);
    }

    /// Asserts that standard error has all of these.
    #[track_caller]
    pub fn says<const N: usize>(&self, parts: [&str; N]) {
        for part in parts {
            assert!(self.stderr.contains(part), "no {part:?} in {self:?}");
        }
        assert!(!self.stderr.contains("panicked"), "{self:?}");
    }

    /// Asserts success and what was printed.
    #[track_caller]
    pub fn prints(&self, stdout: &str) {
        assert_eq!(
            (self.code, self.stdout.as_str()),
            (Some(0), stdout),
            "{self:?}"
        );
    }
}
