//! The report: medians, minima and ratios, as text, Markdown or JSON.

use crate::driver::Outcome;
use crate::machine::Machine;
use crate::programs::Program;
use serde::Serialize;
use std::fmt::Write;

/// Everything measured.
#[derive(Serialize)]
pub struct Report {
    machine: Machine,
    repetitions: u32,
    rows: Vec<Row>,
}

/// One program on all engines.
#[derive(Serialize)]
pub struct Row {
    program: String,
    arg: i32,
    /// What `per_operation_ns` counts.
    operation: Option<&'static str>,
    engines: Vec<Cell>,
    /// First engine's median over the second's.
    ratio: Option<f64>,
    /// Whether all measurements returned the same.
    checksums_agree: bool,
}

/// One program on one engine.
#[derive(Serialize)]
struct Cell {
    engine: &'static str,
    median_ns: Option<u64>,
    min_ns: Option<u64>,
    per_operation_ns: Option<f64>,
    checksum: Option<i64>,
    failure: Option<String>,
}

impl Row {
    /// Sums up what became of `program`.
    pub fn new(program: &Program, outcomes: Vec<Outcome>) -> Self {
        let mut checksums = outcomes
            .iter()
            .flat_map(|outcome| &outcome.measurements)
            .map(|m| m.checksum);
        let first = checksums.next();
        let checksums_agree = checksums.all(|checksum| Some(checksum) == first);
        let operations = program
            .operation
            .map(|operation| (operation.count)(program.arg));
        let engines: Vec<Cell> = outcomes
            .into_iter()
            .map(|outcome| Cell::new(outcome, operations))
            .collect();
        let ratio = match &engines[..] {
            [first, second, ..] => first
                .median_ns
                .zip(second.median_ns)
                .map(|(first, second)| first as f64 / second as f64),
            _ => None,
        };
        Self {
            program: program.name.clone(),
            arg: program.arg,
            operation: program.operation.map(|operation| operation.name),
            engines,
            ratio,
            checksums_agree,
        }
    }

    /// The last column.
    fn verdict(&self) -> String {
        match (self.checksums_agree, self.ratio) {
            (false, _) => "CHECKSUMS DIFFER".to_owned(),
            (true, Some(ratio)) => format!("{ratio:.3}"),
            (true, None) => "-".to_owned(),
        }
    }
}

impl Cell {
    fn new(outcome: Outcome, operations: Option<f64>) -> Self {
        let mut nanos: Vec<u64> = outcome.measurements.iter().map(|m| m.nanos).collect();
        nanos.sort_unstable();
        // An engine that failed once has no figures: it did not do the work.
        let complete = outcome.failure.is_none();
        let median = median(&nanos).filter(|_| complete);
        Self {
            engine: outcome.engine.name(),
            median_ns: median,
            min_ns: nanos.first().copied().filter(|_| complete),
            per_operation_ns: median.zip(operations).map(|(ns, count)| ns as f64 / count),
            checksum: outcome.measurements.first().map(|m| m.checksum),
            failure: outcome.failure,
        }
    }

    /// The cell as text: median, minimum and figure per operation, or the failure.
    fn text(&self) -> String {
        let (Some(median), Some(min)) = (self.median_ns, self.min_ns) else {
            return "failed".to_owned();
        };
        let mut text = format!("{} (min {})", milliseconds(median), milliseconds(min));
        if let Some(ns) = self.per_operation_ns {
            let _ = write!(text, ", {ns:.2} ns");
        }
        text
    }
}

impl Report {
    /// A report on `rows`, with this machine in its head.
    pub fn new(repetitions: u32, rows: Vec<Row>) -> Self {
        Self {
            machine: Machine::here(),
            repetitions,
            rows,
        }
    }

    /// Whether no row's checksums differ.
    pub fn checksums_agree(&self) -> bool {
        self.rows.iter().all(|row| row.checksums_agree)
    }

    /// Aligned columns, then the failures.
    pub fn text(&self) -> String {
        let mut lines = vec![self.titles()];
        lines.extend(self.rows.iter().map(Self::columns));
        let widths: Vec<usize> = (0..lines[0].len())
            .map(|column| {
                lines
                    .iter()
                    .map(|line| line[column].len())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let mut text = self.head();
        text.push('\n');
        for line in &lines {
            let mut row = String::new();
            for (cell, width) in line.iter().zip(&widths) {
                let _ = write!(row, "{cell:width$}  ");
            }
            text.push_str(row.trim_end());
            text.push('\n');
        }
        text + &self.failures("")
    }

    /// A table, then the failures as a list.
    pub fn markdown(&self) -> String {
        let titles = self.titles();
        let mut text = format!(
            "{}\n| {} |\n|{}\n",
            self.head(),
            titles.join(" | "),
            "-|".repeat(titles.len())
        );
        for row in &self.rows {
            let _ = writeln!(text, "| {} |", Self::columns(row).join(" | "));
        }
        text + &self.failures("- ")
    }

    fn head(&self) -> String {
        let Machine {
            cpu,
            threads,
            kernel,
            mangrove,
            wasmtime,
        } = &self.machine;
        format!(
            "Mangrove {mangrove}, Wasmtime {wasmtime}; {} repetitions, medians; \
             {cpu}, {threads} threads, Linux {kernel}.\n",
            self.repetitions
        )
    }

    fn titles(&self) -> Vec<String> {
        let mut titles = vec!["program".to_owned(), "per".to_owned()];
        if let Some(row) = self.rows.first() {
            titles.extend(row.engines.iter().map(|cell| cell.engine.to_owned()));
        }
        titles.push("ratio".to_owned());
        titles
    }

    fn columns(row: &Row) -> Vec<String> {
        let mut columns = vec![
            format!("{} {}", row.program, row.arg),
            row.operation.unwrap_or("-").to_owned(),
        ];
        columns.extend(row.engines.iter().map(Cell::text));
        columns.push(row.verdict());
        columns
    }

    fn failures(&self, bullet: &str) -> String {
        let mut text = String::new();
        for row in &self.rows {
            for cell in &row.engines {
                if let Some(failure) = &cell.failure {
                    let _ = writeln!(
                        text,
                        "{bullet}{} on {}: {failure}",
                        row.program, cell.engine
                    );
                }
            }
        }
        if text.is_empty() {
            text
        } else {
            format!("\n{text}")
        }
    }
}

/// The middle of sorted figures; the mean of the middle two where they are even in number.
fn median(sorted: &[u64]) -> Option<u64> {
    let middle = sorted.len() / 2;
    match sorted {
        [] => None,
        _ if sorted.len() % 2 == 1 => Some(sorted[middle]),
        _ => Some(sorted[middle - 1].midpoint(sorted[middle])),
    }
}

fn milliseconds(nanos: u64) -> String {
    format!("{:.3} ms", nanos as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::{Row, median};
    use crate::driver::Outcome;
    use crate::engines::EngineKind;
    use crate::programs::Program;
    use crate::worker::Measurement;

    fn row(outcomes: Vec<Outcome>) -> Row {
        let program = Program {
            name: "p".to_owned(),
            arg: 1,
            about: "",
            operation: None,
        };
        Row::new(&program, outcomes)
    }

    fn outcome(engine: EngineKind, figures: &[(u64, i64)], failure: Option<&str>) -> Outcome {
        let measurements = figures
            .iter()
            .map(|&(nanos, checksum)| Measurement { nanos, checksum })
            .collect();
        Outcome {
            engine,
            measurements,
            failure: failure.map(str::to_owned),
        }
    }

    #[test]
    fn medians_of_odd_and_even_numbers() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[1, 5, 100]), Some(5));
        assert_eq!(median(&[1, 5, 7, 100]), Some(6));
    }

    #[test]
    fn the_ratio_is_of_medians() {
        let row = row(vec![
            outcome(EngineKind::Mangrove, &[(10, 3), (30, 3), (20, 3)], None),
            outcome(EngineKind::Wasmtime, &[(40, 3)], None),
        ]);
        assert_eq!(row.verdict(), "0.500");
    }

    #[test]
    fn a_failed_engine_has_no_figures_and_no_ratio() {
        let row = row(vec![
            outcome(EngineKind::Mangrove, &[(10, 3)], None),
            outcome(EngineKind::Wasmtime, &[(40, 3)], Some("signal 11")),
        ]);
        assert_eq!(row.verdict(), "-");
        assert_eq!(row.engines[1].text(), "failed");
    }

    #[test]
    fn differing_checksums_are_told_apart() {
        let row = row(vec![
            outcome(EngineKind::Mangrove, &[(10, 3), (10, 4)], None),
            outcome(EngineKind::Wasmtime, &[(40, 3)], None),
        ]);
        assert!(!row.checksums_agree);
        assert_eq!(row.verdict(), "CHECKSUMS DIFFER");
    }
}
