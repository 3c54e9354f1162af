//! Runs: an engine with two puppets, and the steps that they are told.

use super::host::{Host, Met, activate, define_host};
use super::machine::Machine;
use super::puppet;
use super::recording::{Recorded, Script};
use super::twist::Twist;
use super::vocabulary::{Throws, ops};
use crate::suite::Figures;
use mangrove::{
    Config, ContinuationsInObjects, Engine, Error, Event, Extern, Instance, Linker, Module, Store,
    Tag, Val, ValType,
};

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
        let machine = Machine::new(self.seed, twist, self.objects);
        let host = Host::new(machine, script, self.seed);
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
