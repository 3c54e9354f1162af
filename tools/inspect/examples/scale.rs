//! What each question takes on a snapshot of a million continuations and three million objects:
//!
//! ```sh
//! cargo run --release -p mangrove-inspect --features samples --example scale -- 1000000 3000000
//! ```
//!
//! Memory is the largest the process had during a step, beyond what it had before it.

use mangrove_inspect::Snapshot;
use mangrove_inspect::faces::devtools;
use mangrove_inspect::faces::text::{self, Look};
use mangrove_inspect::faces::{Asked, View};
use mangrove_inspect::questions::{
    Diff, Dominators, Dropped, Retainers, Shapes, Statistics, Suspects, ways,
};
use mangrove_inspect::snapshot::{Kind, samples};
use std::error::Error;
use std::io;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u32>());
    let parked = arguments.next().unwrap_or(Ok(1_000_000))?;
    let objects = arguments.next().unwrap_or(Ok(3_000_000))?;
    let length = objects.saturating_sub(parked);
    let snapshot = step("build", || samples::generators(parked, length))?;
    let nodes = snapshot.nodes();
    println!("{} nodes, {} edges", nodes.len(), nodes.edge_count());
    let last = nodes
        .of(Kind::Object)
        .nth(length as usize)
        .unwrap_or_default();

    let mut file = Vec::new();
    step("check", || snapshot.check())?;
    step("write", || snapshot.write(&mut file))?;
    println!("{} bytes in the file", file.len());
    let read = step("read", || Snapshot::read(&file[..]))?;
    println!("equal: {}", read == snapshot);
    drop(file);
    step("heap snapshot", || {
        devtools::write(&snapshot, &devtools::Options::default(), std::io::sink())
    })?;

    let retainers = step("retainers", || Retainers::of(&snapshot));
    let why = step("ways", || ways(&snapshot, &retainers, last, 5));
    println!(
        "{} links",
        why.ways.first().map_or(0, |way| way.links.len())
    );
    let dominators = step("dominators", || Dominators::of(&snapshot));
    step("statistics", || {
        Statistics::of(&snapshot, Some(&dominators))
    });
    let shapes = step("shapes", || Shapes::of(&snapshot, Some(&dominators)));
    println!("{} shapes", shapes.all().len());
    let table = nodes.of(Kind::Table).next().unwrap_or_default();
    let dropped = step("what if", || Dropped::of(&snapshot, &[table.into()]));
    println!("{} continuations die", dropped.continuations.len());
    let diff = step("diff", || Diff::of(&read, &snapshot));
    let suspects = step("suspects", || {
        let earlier = Some((&read, &diff));
        Suspects::of(&snapshot, &retainers, &dominators, &shapes, earlier)
    });
    drop((retainers, dominators, shapes, diff));
    step("first page", || {
        let asked = Asked::new(&snapshot);
        text::write(&asked, &View::Summary, Look::default(), &mut io::stdout())
    })?;
    for suspect in &suspects.all {
        println!("  {}", suspect.sentence(&snapshot));
    }
    Ok(())
}

fn step<T>(name: &str, work: impl FnOnce() -> T) -> T {
    // The largest so far becomes what it is now.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = memory("VmRSS:");
    let (start, busy) = (Instant::now(), processor_seconds());
    let result = work();
    let (seconds, busy) = (start.elapsed().as_secs_f64(), processor_seconds() - busy);
    let most = memory("VmHWM:").saturating_sub(before);
    println!("{name:12} {seconds:7.2} s ({busy:5.2} busy) {most:6} MB more, {before} before");
    result
}

/// What the process had of processors: the clock's time tells little on a machine with other work.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = text.split_whitespace().next();
    nanoseconds
        .and_then(|text| text.parse::<f64>().ok())
        .unwrap_or(0.0)
        / 1e9
}

/// Megabytes of the process, by the kernel's name for them; 0 where there is no such thing.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1000
}
