//! Continuations that stand alike: a line, and a count, instead of one for each.

use mangrove::ContinuationsReport;
use mangrove_inspect::questions::{Shape, Shapes};
use mangrove_inspect::snapshot::{FunctionKind, Names};
use mangrove_inspect::{Capture, CaptureOptions, Snapshot};
use serde::Serialize;
use std::fmt::{self, Write as _};

/// Lines of a text.
const LINES: usize = 20;

/// All continuations, put together by what they are made from, where they stand, and what
/// kinds of values they hold.
#[derive(Debug, Serialize)]
pub struct Alike {
    /// Those of most first.
    shapes: Vec<Line>,
}

/// Continuations that are alike.
#[derive(Debug, Serialize)]
struct Line {
    count: u64,
    state: &'static str,
    /// How many of them are parked.
    parked: u64,
    /// What they were made from.
    function: Option<String>,
    /// Where their innermost Wasm frame is stopped.
    stopped: Option<String>,
    /// Full collections they have lived through.
    age: Age,
    /// Bytes they use of stacks, all together.
    stack_bytes: u64,
    /// One of them.
    sample: u32,
}

/// How old some are, in full collections.
#[derive(Debug, Serialize)]
struct Age {
    /// The youngest.
    min: u64,
    /// As many are younger as are older.
    median: u64,
    /// The oldest.
    max: u64,
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { min, max, .. } = self;
        match (min, max) {
            (1, 1) => f.write_str("1 full collection old"),
            _ if min == max => write!(f, "{max} full collections old"),
            _ => write!(f, "{min} to {max} full collections old"),
        }
    }
}

/// A report with these lines.
#[derive(Debug, Serialize)]
pub struct WithShapes<'a> {
    #[serde(flatten)]
    report: &'a ContinuationsReport,
    #[serde(flatten)]
    alike: &'a Alike,
}

impl Alike {
    /// Looks at a store.
    pub fn of(store: &mut impl Capture) -> Result<Self, String> {
        // What is in objects makes no difference.
        let options = CaptureOptions::default().contents(0);
        let snapshot = store
            .snapshot(&options)
            .map_err(|error| error.to_string())?;
        let shapes = Shapes::of(&snapshot, None);
        let line = |shape: &Shape| line(&snapshot, shape);
        Ok(Self {
            shapes: shapes.all().iter().map(line).collect(),
        })
    }

    /// The report, and these.
    pub fn with<'a>(&'a self, report: &'a ContinuationsReport) -> WithShapes<'a> {
        WithShapes {
            report,
            alike: self,
        }
    }

    /// As text: a line each.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if self.shapes.is_empty() {
            return text;
        }
        let _ = writeln!(text, "\ncontinuations that stand alike");
        for line in self.shapes.iter().take(LINES) {
            let Line {
                count,
                state,
                parked,
                function,
                stopped,
                age,
                stack_bytes,
                sample,
            } = line;
            let _ = write!(text, "{count:>12} {state}");
            if *parked > 0 {
                let _ = write!(text, ", {parked} parked");
            }
            let or = |text: &Option<String>, other: &str| text.clone().unwrap_or(other.to_owned());
            let _ = writeln!(
                text,
                ", of {}, stopped at {}, {age}, {stack_bytes} bytes of stack, like {sample}",
                or(function, "the host"),
                or(stopped, "its beginning"),
            );
        }
        if self.shapes.len() > LINES {
            let _ = writeln!(text, "{:>12} more kinds", self.shapes.len() - LINES);
        }
        text
    }
}

fn line(snapshot: &Snapshot, shape: &Shape) -> Line {
    let names: &Names = snapshot.names();
    let origin = names.origins.get(shape.origin as usize);
    let stack = names.stacks.get(shape.stack as usize);
    let is_wasm = |site: &&u32| {
        let site = names.sites.get(**site as usize);
        let function = site.and_then(|site| names.functions.get(site.function as usize));
        function.is_some_and(|function| function.kind == FunctionKind::Wasm)
    };
    let innermost = stack.and_then(|stack| stack.iter().find(is_wasm));
    Line {
        count: shape.count,
        state: shape.state.name(),
        parked: shape.parked,
        function: origin.map(|origin| snapshot.function_name(origin.function)),
        stopped: innermost.map(|&site| snapshot.site_text(site)),
        age: Age {
            min: shape.age.min,
            median: shape.age.median,
            max: shape.age.max,
        },
        stack_bytes: shape.stack_bytes.sum,
        sample: snapshot
            .nodes()
            .continuation(shape.sample)
            .map_or(0, |row| row.number),
    }
}
