//! A hundred million random operations on one store, and what the process has resident
//! meanwhile. A process of its own: others in it would be measured too.
//!
//! ```sh
//! cargo test --release -p mangrove-stress --test soak -- --ignored --nocapture
//! MANGROVE_BLESS=1 cargo test --release -p mangrove-stress --test soak -- --ignored  # and draws docs/soak.svg
//! ```

use mangrove::Config;
use mangrove_stress::{Soak, resident};
use std::fmt::Write;

/// Where the picture goes.
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/soak.svg");
/// Samples, each after as many operations.
const SAMPLES: u32 = 100;

fn run(operations: u32) -> Vec<(u64, u64)> {
    let mut soak = Soak::new(1, &Config::new()).unwrap();
    let mut samples = Vec::new();
    for _ in 0..SAMPLES {
        soak.part(operations / SAMPLES).unwrap().unwrap();
        samples.push((soak.operations, resident()));
    }
    samples
}

/// The most of what was resident, after the first tenth and in all.
fn grown(samples: &[(u64, u64)]) -> (u64, u64) {
    let most = |samples: &[(u64, u64)]| samples.iter().map(|sample| sample.1).max().unwrap_or(0);
    (most(&samples[..samples.len() / 10]), most(samples))
}

#[test]
fn a_hundred_thousand_operations() {
    let samples = run(100_000);
    assert_eq!(samples.last().unwrap().0, 100_000);
}

#[test]
#[ignore = "a minute and more: a hundred million operations"]
fn a_hundred_million_operations_stay_flat() {
    let samples = run(100_000_000);
    for (operations, bytes) in samples.iter().step_by(10).chain(samples.last()) {
        println!(
            "{operations:>11} operations: {:.1} MiB resident",
            mib(*bytes)
        );
    }
    let (first, all) = grown(&samples);
    println!(
        "most in the first tenth {:.1} MiB, in all {:.1} MiB",
        mib(first),
        mib(all)
    );
    if std::env::var_os("MANGROVE_BLESS").is_some() {
        std::fs::write(PICTURE, picture(&samples)).unwrap();
    }
    assert!(
        all <= first + (4 << 20),
        "{first} bytes resident became {all}"
    );
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// Resident memory by operations.
fn picture(samples: &[(u64, u64)]) -> String {
    let most = samples
        .iter()
        .map(|sample| sample.1)
        .max()
        .unwrap_or(1)
        .max(1)
        * 5
        / 4;
    let last = samples.last().map_or(1, |sample| sample.0.max(1));
    let (width, height) = (640.0, 220.0);
    let at = |&(operations, bytes): &(u64, u64)| {
        (
            50.0 + (width - 70.0) * operations as f64 / last as f64,
            height - 30.0 - (height - 50.0) * bytes as f64 / most as f64,
        )
    };
    let points = samples.iter().fold(String::new(), |mut text, sample| {
        let (x, y) = at(sample);
        write!(text, "{x:.1},{y:.1} ").unwrap();
        text
    });
    let top = mib(most);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
<path d="M50 20 V{base} H{right}" stroke="black" fill="none"/>
<text x="44" y="26" text-anchor="end">{top:.0}</text>
<text x="44" y="{base}" text-anchor="end">0</text>
<text x="{right}" y="{label}" text-anchor="end">{last} operations</text>
<text x="56" y="16">MiB resident</text>
<polyline points="{points}" stroke="#2060a0" stroke-width="2" fill="none"/>
</svg>
"##,
        base = height - 30.0,
        right = width - 20.0,
        label = height - 12.0,
    )
}
