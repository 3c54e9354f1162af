//! Puppet and model side by side: the host functions of the puppet ask the
//! model what to do and what to expect.

use super::machine::Machine;
use super::puppet;
use super::recording::{Recorded, Script};
use super::state::{Ending, Exception, Step, Value};
use super::trace::{Trace, TraceLine};
use super::twist::Twist;
use super::vocabulary::{Op, RETURN, TAIL, Throws, ops, throws_a_continuation};
use crate::suite::Figures;
use mangrove::{
    AsStoreMut, Caller, Config, ContinuationsInObjects, Engine, Error, Event, Extern, Func,
    FuncType, Instance, Linker, Module, ResourceError, Store, Tag, Val, ValType,
};
use mangrove_workers::Rng;
use std::collections::{BTreeSet, HashMap, HashSet};

/// What a run came to.
#[derive(Debug, PartialEq, Eq)]
pub struct Run {
    /// Where engine and model differ, if they do, and what came before.
    pub difference: Option<String>,
    /// Steps that were made: a few more than were wanted, to end all activations.
    pub steps: u64,
    /// What was done.
    pub figures: Figures,
    /// What was met.
    pub met: Met,
}

/// What a run has met of all that can happen.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Met {
    /// Operations that were never told to do.
    pub missed: Vec<String>,
    /// Kinds of events.
    pub events: usize,
    /// Ways in which activations ended, by name.
    pub endings: BTreeSet<String>,
    /// Most continuations that ran at a time.
    pub deepest: usize,
}

/// The data of the store.
struct Host {
    machine: Machine,
    /// Where steps come from.
    script: Script,
    /// What is chosen beside the steps: of the last step's choices, so that a step means the
    /// same wherever it is told.
    aside: Rng,
    /// The number of each operation.
    numbers: HashMap<Op, i32>,
    /// The puppets' command loops, and the tags they throw.
    run: Vec<Func>,
    throws: Vec<Tag>,
    steps: u64,
    trace: Trace,
    difference: Option<String>,
    /// What was refused, which ends everything.
    refused: Option<ResourceError>,
    done: HashSet<i32>,
    told: HashSet<i32>,
    endings: BTreeSet<String>,
    deepest: usize,
}

/// Runs so many steps from a seed.
///
/// # Errors
/// What the engine says when it cannot even begin.
pub fn run(seed: u64, steps: u64, config: &Config, twist: Option<Twist>) -> Result<Run, Error> {
    let script = Script::chosen(seed, steps);
    Stage::new(seed, config)?
        .play(script, twist, None)
        .map(|(run, _)| run)
}

/// Somebody who is told of the store's events.
type Listener = Box<dyn FnMut(&Event<'_>) + Send>;

/// The same, and somebody is told of the store's events.
///
/// # Errors
/// As [`run`].
pub fn run_told(
    seed: u64,
    steps: u64,
    config: &Config,
    listener: impl FnMut(&Event<'_>) + Send + 'static,
) -> Result<Run, Error> {
    let script = Script::chosen(seed, steps);
    let stage = Stage::new(seed, config)?;
    stage
        .play(script, None, Some(Box::new(listener)))
        .map(|(run, _)| run)
}

/// An engine and the compiled puppet, for as many runs as are wanted.
pub struct Stage {
    seed: u64,
    /// By turns tables hold continuations, and objects do.
    objects: bool,
    engine: Engine,
    shared: Module,
    puppet: Module,
}

impl Stage {
    /// For runs of this seed.
    ///
    /// # Errors
    /// As [`run`].
    pub fn new(seed: u64, config: &Config) -> Result<Self, Error> {
        let objects = !seed.is_multiple_of(2);
        let mut config = config.clone();
        if objects {
            config.continuations_in_objects(ContinuationsInObjects::Trace);
        }
        let engine = Engine::new(&config)?;
        Ok(Self {
            seed,
            objects,
            shared: Module::new(&engine, puppet::shared(objects).as_bytes())?,
            puppet: Module::new(&engine, puppet::puppet(objects).as_bytes())?,
            engine,
        })
    }

    /// So many steps, and the steps themselves.
    ///
    /// # Errors
    /// As [`run`].
    pub fn recorded(
        &self,
        steps: u64,
        twist: Option<Twist>,
    ) -> Result<(Run, Vec<Recorded>), Error> {
        let script = Script::chosen(self.seed, steps).recorded();
        self.play(script, twist, None)
    }

    /// Tells these steps, as far as there is room for each.
    ///
    /// # Errors
    /// As [`run`].
    pub fn again(&self, steps: &[Recorded], twist: Option<Twist>) -> Result<Run, Error> {
        let script = Script::given(steps);
        self.play(script, twist, None).map(|(run, _)| run)
    }

    fn play(
        &self,
        script: Script,
        twist: Option<Twist>,
        listener: Option<Listener>,
    ) -> Result<(Run, Vec<Recorded>), Error> {
        let numbers = ops().into_iter().zip(0..).collect();
        let host = Host {
            machine: Machine::new(self.seed, twist, self.objects),
            script,
            aside: Rng::new(!self.seed),
            numbers,
            run: Vec::new(),
            throws: Vec::new(),
            steps: 0,
            trace: Trace::default(),
            difference: None,
            refused: None,
            done: HashSet::new(),
            told: HashSet::new(),
            endings: BTreeSet::new(),
            deepest: 0,
        };
        let mut store = Store::new(&self.engine, host)?;
        if let Some(listener) = listener {
            store.observe_events(listener);
        }
        self.prepare(&mut store)?;
        while !store.data().script.is_over() && activate(&mut store).is_ok() {}
        if store.data().difference.is_none() {
            if let Some(refused) = store.data_mut().refused.take() {
                return Err(refused.into());
            }
            store.gc()?;
            let live = store.live_continuations();
            store.data_mut().collected(live);
        }
        let figures = Figures::of_store(&store);
        let host = store.data_mut();
        let run = Run {
            figures: Figures {
                programs: 2,
                steps: host.steps,
                ..figures
            },
            steps: host.steps,
            difference: host.difference.take(),
            met: host.met(),
        };
        Ok((run, host.script.take_record()))
    }

    /// Makes two puppets that share tags and tables.
    fn prepare(&self, store: &mut Store<Host>) -> Result<(), Error> {
        let mut linker = Linker::new(&self.engine);
        define_host(&mut linker)?;
        let shared = linker.instantiate(store, &self.shared)?;
        linker.define_instance(store, "shared", shared);
        linker.allow_shadowing(true);
        for number in 0..2 {
            let offset = number * ops().len() as i32;
            let offset = mangrove::Global::new(store, number_global(), Val::I32(offset))?;
            linker.define(store, "host", "offset", offset)?;
            let puppet = linker.instantiate(store, &self.puppet)?;
            let run = puppet.func(store, "run");
            let run = run.ok_or_else(|| Error::Usage("the puppet cannot run".to_owned()))?;
            store.data_mut().run.push(run);
        }
        for tag in Throws::ALL {
            let tag = tag_of(store, shared, &format!("e{}", tag.0))?;
            store.data_mut().throws.push(tag);
        }
        Ok(())
    }
}

fn number_global() -> mangrove::GlobalType {
    mangrove::GlobalType {
        content: ValType::I32,
        mutable: false,
    }
}

fn tag_of(store: &Store<Host>, shared: Instance, name: &str) -> Result<Tag, Error> {
    match shared.export(store, name) {
        Some(Extern::Tag(tag)) => Ok(tag),
        _ => Err(Error::Usage(format!("there is no tag {name}"))),
    }
}

fn define_host(linker: &mut Linker<Host>) -> Result<(), Error> {
    use ValType::{I32, I64};
    let ty = |params: &[ValType], results: &[ValType]| FuncType {
        params: params.to_vec(),
        results: results.to_vec(),
    };
    linker.func("host", "next", ty(&[], &[I32, I32, I32, I64]), next)?;
    let event = |mut caller: Caller<'_, Host>, args: &[Val], results: &mut [Val]| {
        let [Val::I32(code), Val::I64(a), Val::I64(b), Val::I64(c)] = *args else {
            return Err(Error::host("an event has other values"));
        };
        results[0] = Val::I64(caller.data_mut().said(code, [a, b, c])?);
        Ok(())
    };
    linker.func("host", "event", ty(&[I32, I64, I64, I64], &[I64]), event)?;
    linker.func("host", "call", ty(&[I64], &[]), |mut caller, _, _| {
        call_back(&mut caller)
    })?;
    Ok(())
}

/// The puppet asks what to do.
fn next(mut caller: Caller<'_, Host>, _: &[Val], results: &mut [Val]) -> Result<(), Error> {
    let step = caller.data_mut().upcoming()?;
    if let Some(parked) = step.collect {
        if parked {
            caller.park();
        }
        caller.gc()?;
        let live = caller.live_continuations();
        caller.data_mut().collected(live);
    }
    let (op, slot, arg, base) = caller.data_mut().next(&step)?;
    results[0] = Val::I32(op);
    results[1] = Val::I32(slot);
    results[2] = Val::I32(arg);
    results[3] = Val::I64(base);
    Ok(())
}

/// The puppet calls the host, which calls a puppet.
fn call_back(caller: &mut Caller<'_, Host>) -> Result<(), Error> {
    let (ending, result) = activate(caller)?;
    let host = caller.data_mut();
    let swallow = host.aside.one_in(2);
    host.machine.host_goes_on(ending, swallow);
    match result {
        Err(error) if !swallow => Err(error),
        _ => Ok(()),
    }
}

/// What a store and a caller have in common.
trait Access: AsStoreMut {
    fn host(&mut self) -> &mut Host;
}

impl Access for Store<Host> {
    fn host(&mut self) -> &mut Host {
        self.data_mut()
    }
}

impl Access for Caller<'_, Host> {
    fn host(&mut self) -> &mut Host {
        self.data_mut()
    }
}

/// Calls a puppet. How that ended, as the model has it and as the engine has it.
///
/// # Errors
/// They differ, or did so before.
fn activate(access: &mut impl Access) -> Result<(Ending, Result<(), Error>), Error> {
    let host = access.host();
    let base = host.machine.begin();
    let run = *host.aside.pick(&host.run);
    let result = run.call(access, &[Val::I64(base)]).map(drop);
    if let Some(refused) = result.as_ref().err().and_then(Error::resource) {
        // The model knows nothing of the machine it runs on.
        access.host().refused = Some(refused.clone());
        return Err(refused.clone().into());
    }
    let ended = Ended::of(access, &result);
    let ending = access.host().ended(&ended)?;
    Ok((ending, result))
}

/// How an activation ended, as far as the model can tell.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    As(Ending),
    Otherwise(String),
}

impl Ended {
    fn of(access: &mut impl Access, result: &Result<(), Error>) -> Self {
        let error = match result {
            Ok(()) => return Self::As(Ending::Returned),
            Err(error) => error,
        };
        if let Error::Trap(trap) = error
            && let Some(code) = trap.reason.code()
        {
            return Self::As(Ending::Trap(code));
        }
        if let Error::Exception(exception) = error {
            let mut tags = access.host().throws.iter();
            if let Some(tag) = tags.position(|tag| *tag == exception.tag) {
                let values = exception.values.iter();
                return Self::As(Ending::Exception(Exception {
                    tag: Throws(tag),
                    values: values.map(|value| value_of(access, value)).collect(),
                }));
            }
        }
        Self::Otherwise(error.to_string())
    }
}

/// A value of an exception: a number, a box, which has to be whole, or a continuation,
/// of which only that it is one can be told.
fn value_of(access: &mut impl Access, value: &Val) -> Value {
    let handle = match value {
        Val::I64(number) => return Value::Number(*number),
        Val::Any(Some(handle)) => handle,
        Val::Cont(_) => return Value::Cont(None),
        _ => return Value::Object(puppet::NO_BOX),
    };
    let mut field = |index| match handle.item(access, index) {
        Ok(Some(Val::I64(number))) => Some(number),
        _ => None,
    };
    match (field(0), field(1)) {
        (Some(number), Some(check)) if check == puppet::check(number) => Value::Object(number),
        _ => Value::Object(puppet::BROKEN_BOX),
    }
}

impl Host {
    /// Remembers the first difference, and is the error that ends everything.
    fn differ(&mut self, message: String) -> Error {
        let steps = self.steps;
        let trace = &self.trace;
        self.difference
            .get_or_insert_with(|| format!("step {steps}: {message}; before it:\n{trace}"));
        Error::host("engine and model differ")
    }

    /// What must be true whenever the puppet asks for more, or ends.
    fn settled(&mut self) -> Result<(), Error> {
        match self.machine.events.front() {
            _ if self.difference.is_some() => Err(Error::host("engine and model differ")),
            Some(expected) => Err(self.differ(format!("nothing was told of {expected:?}"))),
            None => Ok(()),
        }
    }

    /// The step that comes now.
    fn upcoming(&mut self) -> Result<Recorded, Error> {
        self.settled()?;
        if let Some(ending) = &self.machine.ending {
            return Err(self.differ(format!("the activation goes on, it should end: {ending:?}")));
        }
        Ok(self.script.next(&mut self.machine))
    }

    fn next(&mut self, step: &Recorded) -> Result<(i32, i32, i32, i64), Error> {
        // The collection before it may have found a difference.
        self.settled()?;
        let command = step.command;
        self.machine.reseed(step.seed);
        self.aside = Rng::new(!step.seed);
        self.steps += 1;
        self.trace.add(TraceLine::Told(self.steps, command));
        self.machine.perform(&command);
        self.deepest = self.deepest.max(self.machine.running.len());
        let op = match command.step {
            Step::Return => RETURN,
            Step::Tail => TAIL,
            Step::Do(op) => {
                let number = self.numbers[&op];
                self.done.insert(number);
                number + step.puppet * self.numbers.len() as i32
            }
        };
        Ok((op, command.slot as i32, command.arg as i32, command.base))
    }

    fn said(&mut self, code: i32, values: [i64; 3]) -> Result<i64, Error> {
        if self.difference.is_some() {
            return self.settled().map(|()| 0);
        }
        let expected = self.machine.events.pop_front();
        let answer = expected.as_ref().map_or(0, |expected| expected.answer);
        self.trace.add(TraceLine::Said(code, values, answer));
        match expected {
            Some(expected) if expected.event.code() == code && expected.values == values => {
                self.told.insert(code);
                Ok(answer)
            }
            Some(expected) => Err(self.differ(format!("this was told of, not {expected:?}"))),
            None => {
                let ending = &self.machine.ending;
                Err(self.differ(format!(
                    "this was told of, but nothing is to tell ({ending:?})"
                )))
            }
        }
    }

    fn met(&self) -> Met {
        let objects = self.machine.objects;
        let missed = ops()
            .into_iter()
            .filter(|&op| objects || !throws_a_continuation(op))
            .filter(|op| !self.done.contains(&self.numbers[op]));
        Met {
            missed: missed.map(|op| format!("{op:?}")).collect(),
            events: self.told.len(),
            endings: self.endings.clone(),
            deepest: self.deepest,
        }
    }

    /// A collection has just been; so many continuations are live.
    fn collected(&mut self, live: u64) {
        let expected = self.machine.collect();
        self.trace.add(TraceLine::Collected(live));
        if live != expected {
            self.differ(format!("{live} continuations are live, not {expected}"));
        }
    }

    /// An activation has ended.
    fn ended(&mut self, ended: &Ended) -> Result<Ending, Error> {
        self.settled()?;
        match (self.machine.ending.take(), ended) {
            (Some(ending), Ended::As(end)) if ending.as_seen() == *end => {
                self.endings.insert(ending.name());
                Ok(ending)
            }
            (ending, ended) => {
                Err(self.differ(format!("the activation ended: {ended:?}, not {ending:?}")))
            }
        }
    }
}
