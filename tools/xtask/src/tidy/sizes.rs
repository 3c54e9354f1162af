//! Lengths of files and functions.

use super::report::Report;
use super::source::Source;
use super::tree::File;

/// A file longer than this is worth a look.
const FILE_WANTED: usize = 300;
/// A file may not be longer than this.
const FILE_LIMIT: usize = 600;
/// A function longer than this is worth a look.
const FUNCTION_WANTED: usize = 70;
/// A function may not be longer than this.
const FUNCTION_LIMIT: usize = 120;
/// Functions that may be: file and name. Assembly only, where a routine cannot
/// be cut.
const ASSEMBLY_FUNCTIONS: &[(&str, &str)] = &[];

/// Checks the limits; reports what is longer than wanted, and the totals.
pub fn check(files: &[File], sources: &[Source<'_>], report: &mut Report) {
    let mut total = 0;
    for file in files.iter().filter(|file| file.is("rs")) {
        let lines = file.text.lines().count();
        total += lines;
        if lines > FILE_LIMIT {
            report.error(&file.path, format!("{lines} lines, more than {FILE_LIMIT}"));
        } else if lines > FILE_WANTED {
            report.measure(format!("{}: {lines} lines", file.path));
        }
    }
    let mut functions = 0;
    let mut long = 0;
    for source in sources {
        let path = &source.file.path;
        functions += source.functions.len();
        for function in &source.functions {
            let place = format!("{path}:{} {}", function.line, function.name);
            let excused = ASSEMBLY_FUNCTIONS.contains(&(path.as_str(), function.name.as_str()));
            if function.len > FUNCTION_LIMIT && !excused {
                report.error(
                    place,
                    format!("{} lines, more than {FUNCTION_LIMIT}", function.len),
                );
            } else if function.len > FUNCTION_WANTED {
                long += 1;
                report.measure(format!("{place}: {} lines", function.len));
            }
        }
    }
    report.measure(format!(
        "{} Rust files, {total} lines; {functions} functions, {long} of them over {FUNCTION_WANTED} lines",
        sources.len()
    ));
}
