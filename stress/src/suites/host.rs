//! `host`: Wasm calls the host, which calls Wasm, and so on; some of it in continuations that
//! host functions suspend, with collections in between and handles that are held meanwhile.
//! What the host calls returns, traps, throws, or the host panics.
//!
//! ```text
//!  go(0) ─▶ host ─▶ go(3) ─resume─▶ go(4) ─▶ host suspends its caller ─▶ … ─▶ host ─▶ go(9) traps
//! ```
//!
//! A round is a random tree: each node is a call of `go`, each edge a way to make one. What
//! comes of it is told by the same tree, walked in Rust ([`Script::run`]). Meant to break: the border between stacks and
//! the host's (activations inside each other, what is current after each way out), arguments
//! and results on their way, handles and scopes, suspensions out of host functions.

use crate::programs::{fold, module_with, value};
use crate::suite::{Figures, Round, RoundResult, Suite};
use crate::world::{World, number};
use mangrove::{
    AbstractHeap, Caller, Config, Error, Func, FuncType, HeapType, HostAnswer, RefType, RootScope,
    Tag, Val, ValType,
};
use mangrove_workers::Rng;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "host",
    about: "calls of the host inside of calls by the host, which collect, suspend, trap, throw, panic",
    breaks: "the border to the host: what is current after it, values on their way, handles, scopes",
    least: 3,
    programs: false,
    play,
};

/// What a host function panics with.
const ASKED_FOR: &str = "the script asks for a panic";

/// How a node is called by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// By the host, which holds a handle meanwhile.
    Host,
    /// By the host, in a scope of handles.
    Scope,
    /// As a continuation, resumed by Wasm.
    Resume,
    /// Not at all: a host function suspends whoever called it, if a parent handles that.
    Suspend,
    /// By the host, as a continuation of its own.
    HostResumes,
}

/// How a node ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Returns,
    Traps,
    Throws,
    /// By a host function, out of all of it.
    Panics,
}

struct Node {
    calls: Vec<(Way, usize)>,
    end: End,
}

/// What is to happen: node 0 is called first.
struct Script {
    salt: i64,
    nodes: Vec<Node>,
    /// Where a host function collects: at each so many calls.
    every: u64,
}

/// How a node came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    Back(i64),
    Trapped,
    Thrown,
    Panicked,
}

fn play(of: &Round<'_>, begin: &mut dyn FnMut(&str)) -> RoundResult {
    let mut rng = Rng::new(of.seed);
    let scripts = of.size.of(200, 6);
    let parameters = format!("scripts={scripts}");
    of.play(begin, &parameters, &mut || {
        let salt = rng.number() as i64;
        let mut config = of.config.clone();
        // Few objects are made between two collections: what is stale would look right.
        config.verify_heap(true);
        let mut world = world(&config, salt)?;
        let mut steps = 0;
        for script in 0..scripts {
            let nodes = rng.range(3, of.size.of(60, 20));
            let script_made = Script::random(&mut rng, salt, nodes as usize);
            steps += script_made.nodes.len() as u64;
            if let Err(problem) = compare(&mut world, script_made)? {
                let figures = Figures::of_store(&world.store);
                let problem = format!("script {script}: {problem}");
                return Ok(RoundResult::new(figures, Some(problem)));
            }
        }
        Ok(RoundResult::new(
            Figures::of_steps(&world.store, steps),
            None,
        ))
    })
}

impl Script {
    /// A tree: each node but the first is called by one before it.
    fn random(rng: &mut Rng, salt: i64, count: usize) -> Self {
        let mut nodes: Vec<Node> = (0..count)
            .map(|_| Node {
                calls: Vec::new(),
                end: match rng.below(20) {
                    0 => End::Traps,
                    1 => End::Throws,
                    2 if rng.one_in(8) => End::Panics,
                    _ => End::Returns,
                },
            })
            .collect();
        for node in 1..count {
            // Half of them go deeper, the others further.
            let caller = if rng.one_in(2) {
                node - 1
            } else {
                rng.below(node)
            };
            let way = *rng.pick(&[
                Way::Host,
                Way::Host,
                Way::Scope,
                Way::Resume,
                Way::Resume,
                Way::Suspend,
                Way::HostResumes,
            ]);
            nodes[caller].calls.push((way, node));
        }
        Self {
            salt,
            nodes,
            every: 1 + rng.number() % 6,
        }
    }

    /// What comes of a node. `handled`: a parent of its continuation, up to the host,
    /// handles suspensions.
    fn run(&self, node: usize, handled: bool) -> Came {
        let mut sum = value(self.salt, node as i64);
        for &(way, child) in &self.nodes[node].calls {
            let came = match way {
                Way::Host | Way::Scope => self.run(child, false),
                Way::Resume | Way::HostResumes => self.run(child, true),
                Way::Suspend if handled => Came::Back(value(self.salt, child as i64)),
                Way::Suspend => Came::Back(-4),
            };
            let got = match (way, came) {
                (_, Came::Panicked) => return Came::Panicked,
                (_, Came::Back(got)) => got,
                // The host gives Wasm a number for what went wrong in a call of its own;
                (Way::Host | Way::Scope | Way::HostResumes, Came::Trapped) => -1,
                (Way::Host | Way::Scope | Way::HostResumes, Came::Thrown) => -2,
                // Wasm catches what is thrown, and nothing catches a trap.
                (_, Came::Trapped) => return Came::Trapped,
                (_, Came::Thrown) => -3,
            };
            sum = fold(sum, got);
        }
        match self.nodes[node].end {
            End::Returns => Came::Back(fold(sum, value(self.salt, node as i64))),
            End::Traps => Came::Trapped,
            End::Throws => Came::Thrown,
            End::Panics => Came::Panicked,
        }
    }
}

/// What host functions work with.
struct State {
    script: Script,
    /// The function that plays a node.
    go: Option<Func>,
    /// The tag that host functions suspend with, and that the host handles.
    waits: Option<Tag>,
    calls: u64,
    /// What they found wrong.
    wrong: Option<String>,
}

type Host<'a> = Caller<'a, State>;

fn world(config: &Config, salt: i64) -> Result<World<State>, Error> {
    let imports = r#"(import "host" "tag" (tag $waits (param i64) (result i64)))
  (import "host" "way" (func $way (param i64 i64) (result i64)))
  (import "host" "end" (func $end (param i64) (result i64)))
  (import "host" "call" (func $call (param i64 i64 anyref) (result i64)))
  (import "host" "wait" (func $wait (param i64) (result i64)))"#;
    let text = module_with(salt, imports, include_str!("../../programs/host.wat"));
    let script = Script {
        salt,
        nodes: Vec::new(),
        every: 1,
    };
    let state = State {
        script,
        go: None,
        waits: None,
        calls: 0,
        wrong: None,
    };
    let mut world = World::new(config, &text, state, |linker, store| {
        let i64s = |params: usize| FuncType {
            params: vec![ValType::I64; params],
            results: vec![ValType::I64],
        };
        let waits = Tag::new(store, i64s(1))?;
        store.data_mut().waits = Some(waits);
        linker.define(store, "host", "tag", waits)?;
        // The way of a call of a node, and whom to call; -1 where there is none.
        linker.func("host", "way", i64s(2), |caller, args, results| {
            let [node, call] = [0, 1].map(|at| args[at].as_i64().unwrap_or(0) as usize);
            let calls = &caller.data().script.nodes[node].calls;
            results[0] = Val::I64(
                calls
                    .get(call)
                    .map_or(-1, |&(way, child)| (child as i64) << 8 | way as i64),
            );
            Ok(())
        })?;
        linker.func("host", "end", i64s(1), |caller, args, results| {
            let node = args[0].as_i64().unwrap_or(0) as usize;
            let end = caller.data().script.nodes[node].end;
            if end == End::Panics {
                // Without a word to the panic hook: it is asked for.
                resume_unwind(Box::new(ASKED_FOR));
            }
            results[0] = Val::I64(end as i64);
            Ok(())
        })?;
        let mut ty = i64s(2);
        ty.params.push(ValType::Ref(RefType {
            nullable: true,
            heap: HeapType::Abstract(AbstractHeap::Any),
        }));
        linker.func("host", "call", ty, call)?;
        linker.suspending("host", "wait", i64s(1), move |mut caller, args, _| {
            collect(&mut caller)?;
            Ok(HostAnswer::suspend(waits, args))
        })?;
        Ok(())
    })?;
    world.store.data_mut().go = Some(world.func("go"));
    Ok(world)
}

/// Now and then.
fn collect(caller: &mut Host<'_>) -> Result<(), Error> {
    let state = caller.data_mut();
    state.calls += 1;
    match state.calls % state.script.every {
        0 if state.calls.is_multiple_of(3) => caller.gc_minor(),
        0 if state.calls.is_multiple_of(5) => {
            caller.park();
            Ok(())
        }
        0 => caller.gc(),
        _ => Ok(()),
    }
}

/// Calls a node in some way, with a handle on the caller's box held meanwhile.
fn call(mut caller: Host<'_>, args: &[Val], results: &mut [Val]) -> Result<(), Error> {
    collect(&mut caller)?;
    let [way, child] = [0, 1].map(|at| args[at].as_i64().unwrap_or(0));
    let (Some(go), Some(waits)) = (caller.data().go, caller.data().waits) else {
        return Err(Error::Usage("the world was made".to_owned()));
    };
    let handled = i32::from(way == Way::HostResumes as i64);
    let args_of_go = [Val::I64(child), Val::I32(handled)];
    let result = match way {
        way if way == Way::Scope as i64 => {
            let mut scope = RootScope::new(&mut caller);
            go.call(&mut scope, &args_of_go)
        }
        way if way == Way::HostResumes as i64 => resume(&mut caller, go, waits, &args_of_go),
        _ => go.call(&mut caller, &args_of_go),
    };
    let got = match result {
        Ok(values) => number(&values)?,
        Err(Error::Trap(_)) => -1,
        Err(Error::Exception(_)) => -2,
        Err(error) => return Err(error),
    };
    collect(&mut caller)?;
    // The handle still leads to the box it was given.
    if let Val::Any(Some(handle)) = &args[2] {
        let salt = caller.data().script.salt;
        let field = handle.item(&mut caller, 0)?;
        let known = handle
            .item(&mut caller, 1)?
            .and_then(|value| value.as_i64());
        let wanted = known.map(|id| Val::I64(value(salt, id)));
        if field != wanted {
            caller.data_mut().wrong =
                Some(format!("a handle's box says {field:?}, not {wanted:?}"));
        }
    }
    results[0] = Val::I64(got);
    Ok(())
}

/// Resumes a continuation of the host's until it is over: what it waits for is its number.
fn resume(caller: &mut Host<'_>, go: Func, waits: Tag, args: &[Val]) -> Result<Vec<Val>, Error> {
    use mangrove::Outcome::{Interrupted, Returned, Suspended, Thrown};
    let salt = caller.data().script.salt;
    let mut outcome = go.call_with_handlers(caller, args, &[waits.into()])?;
    loop {
        match outcome {
            Returned(values) => return Ok(values),
            Thrown(exception) => return Err(Error::Exception(Box::new(exception))),
            Interrupted(rest) => outcome = rest.resume(caller, &[], &[waits])?,
            Suspended {
                values,
                continuation,
                ..
            } => {
                collect(caller)?;
                let answer = value(salt, number(&values)?);
                outcome = continuation.resume(caller, &[Val::I64(answer)], &[waits])?;
            }
        }
    }
}

/// Plays a script, and compares.
fn compare(world: &mut World<State>, script: Script) -> Result<Result<(), String>, Error> {
    let wanted = script.run(0, false);
    world.store.data_mut().script = script;
    // A panic leaves the store as usable as an error does.
    let result = catch_unwind(AssertUnwindSafe(|| {
        let go = world.func("go");
        go.call(&mut world.store, &[Val::I64(0), Val::I32(0)])
    }));
    let found = match result {
        Err(panic) => {
            // Any other is a fault.
            if panic.downcast_ref::<&str>() != Some(&ASKED_FOR) {
                resume_unwind(panic);
            }
            Came::Panicked
        }
        Ok(Ok(values)) => Came::Back(number(&values)?),
        Ok(Err(Error::Trap(_))) => Came::Trapped,
        Ok(Err(Error::Exception(_))) => Came::Thrown,
        Ok(Err(error)) => return Err(error),
    };
    if let Some(wrong) = world.store.data_mut().wrong.take() {
        return Ok(Err(wrong));
    }
    if found != wanted {
        return Ok(Err(format!("{found:?}, not {wanted:?}")));
    }
    let faults = world.number("fault_count", &[])?;
    if faults != 0 {
        return Ok(Err(format!("{faults} wrong values")));
    }
    world.store.gc()?;
    let live = world.store.live_continuations();
    Ok(match live {
        0 => Ok(()),
        _ => Err(format!("{live} continuations are left")),
    })
}
