//! A root set as text, grouped by continuation, then frame.
//!
//! ```text
//! 2 roots, 2 continuations, 3 frames; 5 objects reachable, 96 bytes
//!
//! continuation 1, suspended
//!   frame 0: func 3 $gen at 0x5c
//!     fp-24   ref   type 0 $node @0x1040
//!     fp-112  cont  continuation 7
//! ```

use super::view::View;
use std::fmt::Write as _;

/// The whole root set.
pub fn page(view: &View) -> String {
    let mut text = format!("{}\n", view.summary());
    for group in &view.groups {
        let _ = writeln!(text, "\n{}", group.title());
        for part in &group.parts {
            let _ = writeln!(text, "  {}", part.title);
            let places = part.lines.iter().map(|line| line.place.chars().count());
            let width = places.max().unwrap_or(0);
            for line in &part.lines {
                let (place, kind, value) = (&line.place, line.kind, line.value.text());
                let _ = writeln!(text, "    {place:<width$}  {kind:<4}  {value}");
            }
        }
    }
    text
}
