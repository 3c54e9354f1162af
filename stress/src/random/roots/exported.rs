//! The suite's programs for every engine, with the root set at each collection.

use super::picture::{EXCEPTIONS, FrameSet, Labels, Picture};
use super::places::Places;
use super::{SUITE, Setting, program_of, text};
use crate::export::{Feature, Moment, Program, RootSet, stand_ins};
use crate::random::ast;
use crate::random::oracle::{self, Kept, Looks};
use std::collections::BTreeSet;

/// The program of a seed as it is exported, for engines that lack these.
///
/// # Errors
/// It cannot be made into a module for other engines.
pub(crate) fn exported(seed: u64, without: &BTreeSet<Feature>) -> Result<Program, String> {
    let setting = Setting::of(seed);
    let program = program_of(seed, setting, setting.features().lacking(without));
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
    let mut exported = exported.ends(verdict.end, verdict.checksum);
    if program.control.as_ref().is_some_and(|of| of.held) {
        exported.uses.insert(Feature::ContinuationsInObjects);
    }
    Ok(Program {
        // How a round compiles and runs it says nothing about the program.
        parameters: format!(
            "functions={} statements={}",
            program.functions.len(),
            program.statements()
        ),
        without: without.clone(),
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

/// Those of a picture to structs: others are known by names that another engine has not.
fn root_set(labels: &Labels, picture: &Picture) -> RootSet {
    let is_struct = |object: &u64| *object < EXCEPTIONS;
    let mut held = labels.triples(picture);
    held.retain(|(_, _, object)| is_struct(object));
    let bound = FrameSet::bound();
    let is_bound = |&(function, offset, _): &(u32, u32, u64)| {
        (function, offset) == (bound.function, bound.offset)
    };
    let (bound, frames): (Vec<_>, Vec<_>) = held.into_iter().partition(is_bound);
    let mut set = RootSet {
        frames,
        bound: bound.into_iter().map(|(_, _, object)| object).collect(),
        globals: picture.globals.clone(),
        tables: picture.tables.clone(),
        segments: picture.segments.clone(),
        reachable: picture.reachable.clone(),
    };
    set.globals.retain(|(_, object)| is_struct(object));
    set.tables.retain(|(_, _, object)| is_struct(object));
    set.segments.retain(|(_, _, object)| is_struct(object));
    set.reachable.retain(is_struct);
    set
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::roots::engine::Ask;
    use mangrove::{
        Caller, Config, ContinuationsInObjects, Engine, Linker, Module, OptLevel, Store,
    };
    use std::sync::{Arc, Mutex};

    /// What this engine holds each time the program asks for a collection.
    fn held(wasm: &[u8], level: OptLevel) -> Vec<RootSet> {
        let mut config = Config::new();
        config.opt_level(level);
        config.continuations_in_objects(ContinuationsInObjects::Trace);
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, wasm).unwrap();
        let mut store = Store::new(&engine, ()).unwrap();
        let mut linker = Linker::new(&engine);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let into = seen.clone();
        let collect = move |mut caller: Caller<'_, ()>| {
            let mut labels = Labels::default();
            let picture = caller.ask()?.picture(&mut labels).unwrap();
            into.lock().unwrap().push(root_set(&labels, &picture));
            caller.gc()
        };
        linker.func_wrap("gc", "collect", collect).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let run = instance.func(&store, "run").unwrap();
        // It may have to trap: that is judged elsewhere.
        let _ = run.call(&mut store, &[]);
        let seen = seen.lock().unwrap();
        seen.clone()
    }

    #[test]
    fn root_sets_are_what_this_engine_holds() {
        let mut frames = 0;
        for seed in 0..64 {
            let program = exported(seed, &BTreeSet::new()).unwrap();
            let moments = program.roots.unwrap();
            let sets = |of: fn(&Moment) -> &RootSet| moments.iter().map(of).cloned().collect();
            let needed: Vec<RootSet> = sets(|moment| &moment.needed);
            let most: Vec<RootSet> = sets(|moment| &moment.most);
            assert_eq!(held(&program.wasm, OptLevel::Speed), needed, "{seed}");
            // Elsewhere homes keep what an exception passes by until something else lies there.
            if Setting::of(seed).level == OptLevel::Frame {
                assert_eq!(held(&program.wasm, OptLevel::Frame), most, "{seed}");
            }
            frames += needed.iter().map(|set| set.frames.len()).sum::<usize>();
        }
        assert!(frames > 500, "{frames}");
    }
}
