//! Writes pages of samples, to look at: `cargo run -p mangrove-inspect --features samples --example page -- FOLDER`.

use mangrove_inspect::faces::page::{self, PageOptions};
use mangrove_inspect::snapshot::samples::generators;
use std::error::Error;
use std::fs::File;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("which folder?")?;
    let path = |name: &str| Path::new(&folder).join(name);
    let options = PageOptions::default();
    let (before, after) = (generators(8, 20)?, generators(20, 24)?);
    page::write(&[&after], &options, File::create(path("page.html"))?)?;
    page::write(&[&before, &after], &options, File::create(path("two.html"))?)?;
    let many = generators(100_000, 1_000)?;
    page::write(&[&many], &options, File::create(path("many.html"))?)?;
    let deep = generators(10, 1_000_000)?;
    page::write(&[&deep], &options, File::create(path("deep.html"))?)?;
    Ok(())
}
