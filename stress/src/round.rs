//! One round: a case, played on an engine of its own.

use crate::case::{Case, Told};
use crate::random::End;
use crate::suite::{Figures, RoundEnd, RoundResult};
use mangrove::{
    Config, ContinuationsInObjects, Engine, Error, Event, EventKind, Extern, Func, Hooks, Instance,
    Linker, Module, Store, Val,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Calls a case's `run`.
pub type Call<'a> = &'a mut dyn FnMut(&mut Store<()>, Func, &[Val]) -> Result<Vec<Val>, Error>;

/// Plays a case.
pub fn play(case: &Case, config: &Config) -> RoundResult {
    play_by(case, config, &mut |store, run, args| run.call(store, args))
}

/// Plays a case whose `run` is called in this way.
pub fn play_by(case: &Case, config: &Config, call: Call<'_>) -> RoundResult {
    guarded(|| start(case, config, call))
}

/// Plays a case, and counts its switches: as the engine tells of them, of which code has hooks.
pub fn play_counted(case: &Case, config: &Config) -> RoundResult {
    let mut config = config.clone();
    config.hooks(Hooks {
        switches: true,
        ..Hooks::default()
    });
    let switches = Arc::new(AtomicU64::new(0));
    let mut result = play_by(case, &config, &mut |store, run, args| {
        let counter = Arc::clone(&switches);
        store.observe_events(move |event: &Event<'_>| {
            if matches!(
                event.kind(),
                EventKind::Resumed { .. }
                    | EventKind::Suspended { .. }
                    | EventKind::Switched { .. }
            ) {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        });
        run.call(store, args)
    });
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

/// What this gives, if it comes to an end without an error.
pub fn caught<T>(make: impl FnOnce() -> Result<T, Error>) -> Option<T> {
    // As above.
    catch_unwind(AssertUnwindSafe(make)).ok()?.ok()
}

fn start(case: &Case, config: &Config, call: Call<'_>) -> Result<RoundResult, Error> {
    let engine = Engine::new(&config_of(case, config))?;
    let module = Module::new(&engine, case.wat.as_bytes())?;
    let mut store = Store::new(&engine, ())?;
    let mut linker = Linker::new(&engine);
    linker.define_mangrove();
    let instance = linker.instantiate(&mut store, &module)?;
    let problem = judge(case, &mut store, instance, call)?;
    Ok(RoundResult::new(case.told.figures(&store), problem))
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
    call: Call<'_>,
) -> Result<Option<String>, Error> {
    let Some(run) = instance.func(store, "run") else {
        return Ok(Some("the program exports no function `run`".to_owned()));
    };
    let arguments: Vec<Val> = case
        .arguments
        .iter()
        .map(|&value| Val::I32(value))
        .collect();
    let result = call(store, run, &arguments);
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
    if let Some(problem) = judge_end(store, instance, result, (case.told, case.checksum))? {
        return Ok(Some(problem));
    }
    let (collections, wanted) = (store.collections(), case.collections);
    if collections < wanted {
        return Ok(Some(format!(
            "{collections} collections, not the {wanted} that were wanted"
        )));
    }
    Ok(None)
}

/// Compares how a program ended, and its checksum then, with what must be.
pub fn judge_end(
    store: &mut Store<()>,
    instance: Instance,
    result: Result<Vec<Val>, Error>,
    (told, checksum): (Told, i64),
) -> Result<Option<String>, Error> {
    let ended = match (&result, told.end) {
        (Ok(values), End::Returned) => {
            let same = matches!(values[..], [Val::I64(is)] if is == checksum);
            let problem = format!("run returned {values:?}, not the checksum {checksum}");
            return Ok((!same).then_some(problem));
        }
        (Err(Error::Trap(trap)), End::Trapped(wanted)) => {
            trap.reason.to_string().starts_with(wanted.name())
        }
        (Err(Error::Exception(_)), End::Thrown) => true,
        _ => false,
    };
    if !ended {
        let found = match result {
            Ok(values) => format!("run returned {values:?}"),
            // What was not expected to end so is as wrong as before.
            Err(error) if told.end == End::Returned => return Err(error),
            // Nothing is known of what would have been.
            Err(error) if error.resource().is_some() => return Err(error),
            Err(error) => format!("run ended with: {error}"),
        };
        return Ok(Some(format!("{found}; it must have ended: {:?}", told.end)));
    }
    let sum = global(store, instance, "sum")?;
    let problem = format!("the checksum was {sum} when it ended, not {checksum}");
    Ok((sum != checksum).then_some(problem))
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
