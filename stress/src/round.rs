//! One round: a case, played on an engine of its own.

use crate::case::Case;
use crate::suite::{Figures, RoundEnd, RoundResult};
use mangrove::{
    Config, ContinuationsInObjects, Engine, Error, Event, EventKind, Extern, Hooks, Instance,
    Linker, Module, Store, Val,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Plays a case.
pub fn play(case: &Case, config: &Config) -> RoundResult {
    guarded(|| start(case, config, |_| ()))
}

/// Plays a case, and counts its switches: as the engine tells of them, of which code has hooks.
pub fn play_counted(case: &Case, config: &Config) -> RoundResult {
    let mut config = config.clone();
    config.hooks(Hooks {
        switches: true,
        ..Hooks::default()
    });
    let switches = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&switches);
    let count = move |event: &Event<'_>| {
        if matches!(
            event.kind(),
            EventKind::Resumed { .. } | EventKind::Suspended { .. } | EventKind::Switched { .. }
        ) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    };
    let mut result = guarded(|| start(case, &config, |store| store.observe_events(count)));
    result.figures.switches = switches.load(Ordering::Relaxed);
    result
}

/// Plays something. A panic of the engine is a problem like any other.
pub fn guarded(play: impl FnOnce() -> Result<RoundResult, Error>) -> RoundResult {
    // Nothing outlives the closure that a panic could have left half changed.
    match catch_unwind(AssertUnwindSafe(play)) {
        Ok(Ok(result)) => result,
        Ok(Err(error)) if error.resource().is_some() => RoundResult {
            end: RoundEnd::Refused(error.to_string()),
            ..RoundResult::default()
        },
        Ok(Err(error)) => RoundResult::new(Figures::default(), Some(error.to_string())),
        Err(panic) => {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("without a message");
            let problem = format!("the engine panicked: {text}");
            RoundResult::new(Figures::default(), Some(problem))
        }
    }
}

/// Plays a case in a store that `prepare` has seen first.
fn start(
    case: &Case,
    config: &Config,
    prepare: impl FnOnce(&mut Store<()>),
) -> Result<RoundResult, Error> {
    let engine = Engine::new(&config_of(case, config))?;
    let module = Module::new(&engine, case.wat.as_bytes())?;
    let mut store = Store::new(&engine, ())?;
    prepare(&mut store);
    let mut linker = Linker::new(&engine);
    linker.define_mangrove();
    let instance = linker.instantiate(&mut store, &module)?;
    let problem = judge(case, &mut store, instance)?;
    Ok(RoundResult::new(Figures::of_store(&store), problem))
}

/// Settings that let a case do what it does.
pub fn config_of(case: &Case, config: &Config) -> Config {
    let mut config = config.clone();
    if case.continuations_in_objects {
        config.continuations_in_objects(ContinuationsInObjects::Trace);
    }
    if case.continuation_clone {
        config.continuation_clone(true);
    }
    config
}

/// Calls `run` and compares everything there is to compare.
pub fn judge(
    case: &Case,
    store: &mut Store<()>,
    instance: Instance,
) -> Result<Option<String>, Error> {
    let Some(run) = instance.func(store, "run") else {
        return Ok(Some("the program exports no function `run`".to_owned()));
    };
    let arguments: Vec<Val> = case
        .arguments
        .iter()
        .map(|&value| Val::I32(value))
        .collect();
    let result = run.call(store, &arguments);
    // What the program itself found wrong says more than a trap it led to.
    let faults = global(store, instance, "faults")?;
    if faults != 0 {
        let place = (case.place)(global(store, instance, "where")?);
        let found = global(store, instance, "found")?;
        let end = match &result {
            Ok(_) => String::new(),
            Err(error) => format!("; then: {error}"),
        };
        return Ok(Some(format!(
            "{faults} wrong values, the first in {place}: found {found:#x}{end}"
        )));
    }
    match result?[..] {
        [Val::I64(checksum)] if checksum == case.checksum => {}
        ref other => {
            let expected = case.checksum;
            return Ok(Some(format!(
                "run returned {other:?}, not the checksum {expected}"
            )));
        }
    }
    let (collections, wanted) = (store.collections(), case.collections);
    if collections < wanted {
        return Ok(Some(format!(
            "{collections} collections, not the {wanted} that were wanted"
        )));
    }
    Ok(None)
}

fn global(store: &mut Store<()>, instance: Instance, name: &str) -> Result<i64, Error> {
    let Some(Extern::Global(global)) = instance.export(store, name) else {
        return Err(Error::Usage(format!(
            "the program exports no global `{name}`"
        )));
    };
    match global.get(store)? {
        Val::I64(value) => Ok(value),
        other => Err(Error::Usage(format!(
            "the global `{name}` is {other:?}, not an i64"
        ))),
    }
}
