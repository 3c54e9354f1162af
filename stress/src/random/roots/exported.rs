//! The suite's programs for every engine, with the root set at each collection.

use super::picture::{Labels, Picture};
use super::places::Places;
use super::{SUITE, Setting, program, text};
use crate::export::{Ending, Moment, Program, RootSet, stand_ins};
use crate::random::ast;
use crate::random::oracle::{self, Kept, Looks};

/// The program of a seed as it is exported.
///
/// # Errors
/// It cannot be made into a module for other engines.
pub(crate) fn exported(seed: u64) -> Result<Program, String> {
    let setting = Setting::of(seed);
    let program = program(seed, setting);
    let setting = Setting {
        clones: false,
        looks: Looks::COLLECTION,
        ..setting
    };
    let wat = stand_ins::stand_in(&text(&program, setting), stand_ins::OF_ROOTS)?;
    let exported = Program::new(SUITE.name, seed, wat)?;
    let places = Places::find(&program, &exported.wasm).map_err(|error| error.to_string())?;
    let (verdict, needed) = root_sets(&program, &places, Kept::Needed);
    let (_, most) = root_sets(&program, &places, Kept::Set);
    let pairs = needed.into_iter().zip(most);
    let moments: Vec<Moment> = pairs
        .map(|(needed, most)| Moment { needed, most })
        .collect();
    Ok(Program {
        // How a round compiles and runs it says nothing about the program.
        parameters: format!(
            "functions={} statements={}",
            program.functions.len(),
            program.statements()
        ),
        ending: Ending::Returns(verdict.checksum),
        globals: vec![("faults", 0)],
        collections: moments.len() as u64,
        roots: Some(moments),
        ..exported
    })
}

fn root_sets(
    program: &ast::Program,
    places: &Places,
    kept: Kept,
) -> (oracle::Verdict, Vec<RootSet>) {
    let (verdict, labels, seen) =
        oracle::moments(program, places, Looks::COLLECTION, kept, usize::MAX);
    let sets = seen.iter().map(|(_, picture)| root_set(&labels, picture));
    (verdict, sets.collect())
}

fn root_set(labels: &Labels, picture: &Picture) -> RootSet {
    RootSet {
        frames: labels.triples(picture),
        globals: picture.globals.clone(),
        reachable: picture.reachable.clone(),
    }
}
