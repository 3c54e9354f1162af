//! Writes pages into a folder, to look at and for the test in a browser:
//!
//! ```sh
//! cargo run -p mangrove-inspect --features samples --example page -- FOLDER
//! cargo run --release -p mangrove-inspect --features samples --example page -- FOLDER 1000000 2000000
//! cargo run -p mangrove-inspect --features samples --example page -- FOLDER SAVED…
//! ```
//!
//! The second writes one page, `large.html`, of so many parked continuations and a list of so many
//! objects, the third `saved.html` of snapshots that were saved.
//!
//! | page | of |
//! |-|-|
//! | `server.html` | a server that forgets to give up its retries |
//! | `titles.json` | no page: what the nodes of `server.html` are called |
//! | `two.html` | the same at two moments |
//! | `hostile.html` | names that try to be markup |
//! | `many.html` | 100,000 continuations, the page bounded as by default |
//! | `all.html` | 100,000 continuations, all of them in the page |
//! | `deep.html` | a list of 1,000,000 objects, the page bounded as by default |
//! | `chain.html` | a list of 1,000,000 objects, all of them in the page |

mod names;
mod server;

use mangrove_inspect::Snapshot;
use mangrove_inspect::faces::page::{self, PageOptions};
use mangrove_inspect::snapshot::samples::generators;
use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("into which folder?")?;
    let write = |name: &str, snapshots: &[&Snapshot], options: &PageOptions| {
        let path = Path::new(&folder).join(format!("{name}.html"));
        let begin = Instant::now();
        page::write(snapshots, options, File::create(&path)?)?;
        let bytes = path.metadata()?.len();
        println!("{name}.html: {bytes} bytes, {:?}", begin.elapsed());
        Ok::<(), Box<dyn Error>>(())
    };
    let bounded = PageOptions::default();
    let more: Vec<String> = std::env::args().skip(2).collect();
    let numbers: Vec<u32> = more.iter().flat_map(|text| text.parse()).collect();
    if let [parked, length] = numbers[..] {
        let snapshot = generators(parked, length)?;
        return write("large", &[&snapshot], &bounded);
    }
    if !more.is_empty() {
        let open = |path: &String| Ok(Snapshot::read(File::open(path)?)?);
        let saved = more.iter().map(open);
        let saved = saved.collect::<Result<Vec<Snapshot>, Box<dyn Error>>>()?;
        return write("saved", &saved.iter().collect::<Vec<_>>(), &bounded);
    }
    let mut everything = PageOptions::default();
    everything.continuations = usize::MAX;
    everything.nodes = usize::MAX;
    let before = server::snapshot("gc:3", 40, 60, &names::NAMES)?;
    let after = server::snapshot("gc:9", 180, 64, &names::NAMES)?;
    write("server", &[&after], &bounded)?;
    let titles: Vec<String> = after.nodes().all().map(|node| after.title(node)).collect();
    let file = File::create(Path::new(&folder).join("titles.json"))?;
    serde_json::to_writer(file, &titles)?;
    write("two", &[&before, &after], &bounded)?;
    write(
        "hostile",
        &[&server::snapshot("</title>", 5, 5, &names::HOSTILE)?],
        &bounded,
    )?;
    let many = generators(100_000, 1_000)?;
    write("many", &[&many], &bounded)?;
    write("all", &[&many], &everything)?;
    let deep = generators(10, 1_000_000)?;
    write("deep", &[&deep], &bounded)?;
    write("chain", &[&deep], &everything)
}
