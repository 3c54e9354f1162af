//! The report: medians, minima and ratios, as text, Markdown or JSON.

use crate::driver::WorkerResult;
use crate::figures::{bytes, figures, median, significant};
use crate::machine::Machine;
use crate::programs::{Operation, Program};
use crate::worker::Measurement;
use serde::Serialize;
use std::fmt::Write;

/// What figures and ratios are of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// The time of a call.
    Time,
    /// The most memory the process has had.
    Memory,
}

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
    #[serde(skip)]
    label: String,
    arg: i32,
    /// What figures count.
    operation: Option<&'static str>,
    engines: Vec<Cell>,
    /// Whether all measurements returned the same.
    checksums_agree: bool,
}

/// One program on one engine.
#[derive(Serialize)]
struct Cell {
    engine: &'static str,
    median_ns: Option<u64>,
    min_ns: Option<u64>,
    median_peak_bytes: Option<u64>,
    per_operation_ns: Option<f64>,
    /// First engine's median over this one's.
    ratio: Option<f64>,
    checksum: Option<i64>,
    failure: Option<String>,
    /// Why it was not run.
    missing: Option<String>,
    #[serde(skip)]
    text: String,
}

impl Row {
    /// Sums up what became of `program`.
    pub fn new(program: &Program, results: Vec<WorkerResult>, quantity: Quantity) -> Self {
        let mut checksums = results
            .iter()
            .flat_map(|result| &result.measurements)
            .map(|m| m.checksum);
        let first = checksums.next();
        let checksums_agree = checksums.all(|checksum| Some(checksum) == first);
        let mut engines: Vec<Cell> = results
            .into_iter()
            .map(|result| Cell::new(result, program.operation, quantity))
            .collect();
        let ours = engines.first().and_then(|cell| cell.median(quantity));
        for cell in engines.iter_mut().skip(1) {
            let medians = ours.zip(cell.median(quantity));
            cell.ratio = medians.map(|(ours, theirs)| ours as f64 / theirs as f64);
        }
        Self {
            program: program.name.clone(),
            label: program.label.clone(),
            arg: program.arg,
            operation: program.operation.map(|operation| operation.name),
            engines,
            checksums_agree,
        }
    }

    /// The last columns.
    fn verdicts(&self) -> impl Iterator<Item = String> {
        self.engines.iter().skip(1).map(|cell| match cell.ratio {
            _ if !self.checksums_agree => "CHECKSUMS DIFFER".to_owned(),
            Some(ratio) => significant(ratio),
            None => String::new(),
        })
    }
}

impl Cell {
    fn new(result: WorkerResult, operation: Option<Operation>, quantity: Quantity) -> Self {
        let sorted = |figure: fn(&Measurement) -> u64| {
            let mut figures: Vec<u64> = result.measurements.iter().map(figure).collect();
            figures.sort_unstable();
            figures
        };
        let nanos = sorted(|m| m.nanos);
        // An engine that failed once has no figures: it did not do the work.
        let complete = result.failure.is_none();
        let peak = median(&sorted(|m| m.peak_bytes)).filter(|_| complete);
        let median = median(&nanos).filter(|_| complete);
        let min = nanos.first().copied().filter(|_| complete);
        let text = match (quantity, median.zip(min), peak, &result.failure) {
            (Quantity::Time, Some((median, min)), ..) => figures(median, min, operation),
            (Quantity::Memory, _, Some(peak), _) => bytes(peak, operation),
            (.., Some(_)) => "fails".to_owned(),
            (.., None) if result.missing.is_some() => "cannot".to_owned(),
            (.., None) => String::new(),
        };
        Self {
            engine: result.engine.name(),
            median_ns: median,
            min_ns: min,
            median_peak_bytes: peak,
            per_operation_ns: median
                .zip(operation)
                .map(|(ns, operation)| ns as f64 / operation.count),
            ratio: None,
            checksum: result.measurements.first().map(|m| m.checksum),
            failure: result.failure,
            missing: result.missing,
            text,
        }
    }

    fn median(&self, quantity: Quantity) -> Option<u64> {
        match quantity {
            Quantity::Time => self.median_ns,
            Quantity::Memory => self.median_peak_bytes,
        }
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
                    .map(|line| line[column].chars().count())
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
            "Mangrove {mangrove}, Wasmtime {wasmtime}; {} repetitions, medians, the best in \
             parentheses; {cpu}, {threads} threads, Linux {kernel}.\n",
            self.repetitions
        )
    }

    fn titles(&self) -> Vec<String> {
        let mut titles = vec!["program".to_owned(), "per".to_owned()];
        let engines = self.rows.first().map_or(&[][..], |row| &row.engines);
        titles.extend(engines.iter().map(|cell| cell.engine.to_owned()));
        match engines {
            [] | [_] => {}
            [_, _] => titles.push("ratio".to_owned()),
            [_, others @ ..] => {
                titles.extend(others.iter().map(|cell| format!("to {}", cell.engine)));
            }
        }
        titles
    }

    fn columns(row: &Row) -> Vec<String> {
        let operation = row.operation.unwrap_or_default();
        let mut columns = vec![row.label.clone(), operation.to_owned()];
        columns.extend(row.engines.iter().map(|cell| cell.text.clone()));
        columns.extend(row.verdicts());
        columns
    }

    fn failures(&self, bullet: &str) -> String {
        let mut text = String::new();
        for row in &self.rows {
            for cell in &row.engines {
                if let Some(failure) = &cell.failure {
                    let _ = writeln!(text, "{bullet}{} on {}: {failure}", row.label, cell.engine);
                }
                if let Some(missing) = &cell.missing {
                    let _ = writeln!(text, "{bullet}{} was not run: {missing}", row.label);
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

#[cfg(test)]
mod tests {
    use super::{Quantity, Report, Row};
    use crate::driver::WorkerResult;
    use crate::engines::EngineKind;
    use crate::programs::Program;
    use crate::worker::Measurement;

    fn row(results: Vec<WorkerResult>) -> Row {
        let program = Program {
            name: "p".to_owned(),
            label: "p 1".to_owned(),
            arg: 1,
            about: String::new(),
            operation: None,
            module: None,
        };
        Row::new(&program, results, Quantity::Time)
    }

    fn result(engine: EngineKind, figures: &[(u64, i64)], failure: Option<&str>) -> WorkerResult {
        let measurements = figures
            .iter()
            .map(|&(nanos, checksum)| Measurement {
                nanos,
                checksum,
                peak_bytes: 0,
            })
            .collect();
        WorkerResult {
            engine,
            measurements,
            failure: failure.map(str::to_owned),
            missing: None,
        }
    }

    fn verdicts(row: &Row) -> Vec<String> {
        row.verdicts().collect()
    }

    #[test]
    fn the_ratio_is_of_medians() {
        let row = row(vec![
            result(EngineKind::Mangrove, &[(10, 3), (30, 3), (20, 3)], None),
            result(EngineKind::Wasmtime, &[(40, 3)], None),
        ]);
        assert_eq!(verdicts(&row), ["0.50"]);
    }

    #[test]
    fn a_failed_engine_has_no_figures_and_no_ratio() {
        let row = row(vec![
            result(EngineKind::Mangrove, &[(10, 3)], None),
            result(EngineKind::Wasmtime, &[(40, 3)], Some("signal 11")),
        ]);
        assert_eq!(verdicts(&row), [""]);
        assert_eq!(row.engines[1].text, "fails");
    }

    #[test]
    fn what_is_missing_is_told_in_place_of_figures() {
        let wasmtime = WorkerResult {
            missing: Some("Wasmtime 1 has no such thing".to_owned()),
            ..result(EngineKind::Wasmtime, &[], None)
        };
        let row = row(vec![
            result(EngineKind::Mangrove, &[(10, 3)], None),
            wasmtime,
        ]);
        assert_eq!(verdicts(&row), [""]);
        assert_eq!(row.engines[1].text, "cannot");
        let text = Report::new(1, vec![row]).text();
        assert!(
            text.contains("p 1 was not run: Wasmtime 1 has no such thing"),
            "{text}"
        );
    }

    #[test]
    fn differing_checksums_are_told_apart() {
        let row = row(vec![
            result(EngineKind::Mangrove, &[(10, 3), (10, 4)], None),
            result(EngineKind::Wasmtime, &[(40, 3)], None),
        ]);
        assert!(!row.checksums_agree);
        assert_eq!(verdicts(&row), ["CHECKSUMS DIFFER"]);
    }

    #[test]
    fn a_program_without_a_meaning_there_leaves_its_place_empty() {
        let row = row(vec![
            result(EngineKind::Mangrove, &[(10, 3)], None),
            result(EngineKind::Wasmtime, &[(40, 3)], None),
            result(EngineKind::Corosensei, &[], None),
        ]);
        assert_eq!(verdicts(&row), ["0.25", ""]);
        assert_eq!(row.engines[2].text, "");
        assert!(row.checksums_agree);
    }
}
