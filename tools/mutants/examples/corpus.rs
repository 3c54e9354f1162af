//! Writes what a fuzzer can begin with: small modules and scripts of `gc-tests`, choices of random
//! programs, changes of compiled files, and snapshots.
//!
//! ```sh
//! cargo run -p mangrove-mutants --example corpus -- FOLDER
//! ```

use anyhow::{Context, Result, ensure};
use mangrove::{Config, Engine, Linker, Module, Store};
use mangrove_inspect::{Capture, CaptureOptions};
use mangrove_mutants::Corpus;
use mangrove_workers::Rng;
use std::fs;
use std::path::Path;

/// Bytes of an input, at most.
const MOST: usize = 700;

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).context("the folder to write to")?;
    let folder = Path::new(&folder);
    let write = |target: &str, number: usize, bytes: &[u8]| {
        let folder = folder.join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("{target}-{number:03}")), bytes)
    };
    let corpus = Corpus::of_project()?;
    let modules = corpus.modules.iter().filter(|bytes| bytes.len() <= MOST);
    for (number, module) in modules.enumerate() {
        write("run", number, module)?;
        write("validate", number, module)?;
        if number % 8 == 0
            && let Some(contents) = snapshot(module)?
        {
            write("snapshot", number, &contents)?;
        }
    }
    let scripts = corpus.scripts.iter().filter(|text| text.len() <= MOST);
    for (number, script) in scripts.enumerate() {
        write("script", number, script.as_bytes())?;
    }
    for number in 0..24 {
        let mut rng = Rng::new(number as u64);
        let choices = rng.bytes(16 << (number % 5));
        write("program", number, &choices)?;
        write("compiled", number, &rng.bytes(3 * (number + 1)))?;
    }
    Ok(())
}

/// What a snapshot's file holds of a module's store, unpacked: the blocks of the file, one after
/// another. None if the module cannot be instantiated by itself.
fn snapshot(module: &[u8]) -> Result<Option<Vec<u8>>> {
    let engine = Engine::new(Config::new().debug_info(true))?;
    let mut store = Store::new(&engine, ())?;
    let mut linker = Linker::new(&engine);
    linker.define_mangrove();
    let Ok(module) = Module::new(&engine, module) else {
        return Ok(None);
    };
    if linker.instantiate(&mut store, &module).is_err() {
        return Ok(None);
    }
    let mut file = Vec::new();
    store
        .snapshot(&CaptureOptions::default())?
        .write(&mut file)?;
    let mut contents = Vec::new();
    // Behind the mark and the version; a block's head has its length, as it is and packed.
    let mut rest = &file[12..];
    loop {
        let number = |at: usize| -> Result<usize> {
            let bytes = rest.get(at..at + 4).context("a block's head")?;
            Ok(u32::from_le_bytes(bytes.try_into()?) as usize)
        };
        let (raw, packed) = (number(0)?, number(4)?);
        if raw == 0 {
            return Ok(Some(contents));
        }
        let stored = if packed == 0 {
            raw
        } else {
            packed.max(raw.div_ceil(8))
        };
        let data = rest.get(12..12 + stored).context("a block")?;
        let block = match packed {
            0 => data.to_vec(),
            _ => lz4_flex::block::decompress(&data[..packed], raw)?,
        };
        ensure!(block.len() == raw, "a block of another length");
        contents.extend(block);
        rest = &rest[12 + stored..];
    }
}
