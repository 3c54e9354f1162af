//! What the puppet is told and what it tells, compared with the model: the store's data, and the
//! host functions.

use super::machine::Machine;
use super::puppet;
use super::recording::{Recorded, Script};
use super::state::{Ending, Exception, Step, Value};
use super::trace::{Trace, TraceLine};
use super::vocabulary::{Op, RETURN, TAIL, Throws, ops, throws_a_continuation};
use mangrove::{
    AsStoreMut, Caller, Error, Func, FuncType, Linker, ResourceError, Store, Tag, Val, ValType,
};
use mangrove_workers::Rng;
use std::collections::{BTreeSet, HashMap, HashSet};

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
pub struct Host {
    machine: Machine,
    /// Where steps come from.
    pub script: Script,
    /// What is chosen beside the steps: of the last step's choices, so that a step means the
    /// same wherever it is told.
    aside: Rng,
    /// The number of each operation.
    numbers: HashMap<Op, i32>,
    /// The puppets' command loops, and the tags they throw.
    pub run: Vec<Func>,
    pub throws: Vec<Tag>,
    pub steps: u64,
    trace: Trace,
    pub difference: Option<String>,
    /// What was refused, which ends everything.
    pub refused: Option<ResourceError>,
    done: HashSet<i32>,
    told: HashSet<i32>,
    endings: BTreeSet<String>,
    deepest: usize,
}

/// Defines what the puppet imports.
///
/// # Errors
/// None that a linker without these names has.
pub fn define_host(linker: &mut Linker<Host>) -> Result<(), Error> {
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
pub trait Access: AsStoreMut {
    /// Its data.
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
pub fn activate(access: &mut impl Access) -> Result<(Ending, Result<(), Error>), Error> {
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
    /// A host that tells these steps and compares with this model.
    pub fn new(machine: Machine, script: Script, seed: u64) -> Self {
        Self {
            machine,
            script,
            aside: Rng::new(!seed),
            numbers: ops().into_iter().zip(0..).collect(),
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
        }
    }

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

    /// What was met so far.
    pub fn met(&self) -> Met {
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
    pub fn collected(&mut self, live: u64) {
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
