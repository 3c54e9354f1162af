//! One shape across the end of one stack.

use super::{STACK_SIZE, Setting, Shape, StackPosition, Swept};
use crate::suite::Figures;
use mangrove::{
    Config, ContinuationsInObjects, Engine, Error, Extern, Func, FuncType, Instance, Linker,
    Module, ParkPolicy, Store, TrapCode, Val, ValType, Zeal,
};

/// Runs in a row that end as elsewhere before a sweep is over.
const SETTLED: u32 = 12;
/// Bytes of a level of padding: a return address and a frame pointer. Code that is
/// not optimised may take more, and then a sweep is coarser.
const LEVEL: usize = 16;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    Overflow,
    Returned,
    /// A trap that is none of the stack's.
    Trap(String),
}

/// A program ready to be run at any depth.
pub struct Sweep<'a> {
    shape: &'a Shape,
    setting: &'a Setting,
    /// Its data is what the host function calls back.
    store: Store<Option<Func>>,
    instance: Instance,
    found: Swept,
}

impl<'a> Sweep<'a> {
    pub fn new(shape: &'a Shape, setting: &'a Setting, config: &Config) -> Result<Self, Error> {
        let mut config = config.clone();
        config
            .continuations_in_objects(ContinuationsInObjects::Trace)
            .stack_size(STACK_SIZE)
            .guard(setting.guard)
            .opt_level(setting.opt_level)
            .park(ParkPolicy {
                // By request only, and whenever a stack is wanted that is not there.
                after: u32::MAX,
                keep: usize::MAX,
                most: 64,
            })
            .verify_heap(true)
            .zeal(Zeal::NONE);
        let engine = Engine::new(&config)?;
        let module = Module::new(&engine, program(shape, setting).as_bytes())?;
        let mut store = Store::new(&engine, None)?;
        let mut linker: Linker<Option<Func>> = Linker::new(&engine);
        let ty = FuncType {
            params: vec![ValType::I32],
            results: vec![],
        };
        linker.func("host", "f", ty, |mut caller, args, _| {
            match (args, *caller.data()) {
                ([Val::I32(1)], Some(again)) => again.call(&mut caller, &[]).map(|_| ()),
                _ => Ok(()),
            }
        })?;
        let instance = linker.instantiate(&mut store, &module)?;
        *store.data_mut() = instance.func(&store, "again");
        Ok(Self {
            shape,
            setting,
            store,
            instance,
            found: Swept::default(),
        })
    }

    /// From the deepest run that still reaches the site to where the depth makes
    /// no difference any more.
    pub fn run(mut self) -> Result<Swept, Error> {
        // A stack may have some room beyond its size.
        let (mut reached, mut beyond) = (0, (2 * STACK_SIZE / LEVEL) as i32);
        let usual = self.at(0)?;
        if usual == End::Overflow {
            return self.wrong("it overflows at no depth at all");
        }
        while beyond - reached > 1 {
            let middle = (reached + beyond) / 2;
            self.at(middle)?;
            match self.reached_site()? {
                true => reached = middle,
                false => beyond = middle,
            }
        }
        let mut settled = 0;
        for depth in (0..=reached).rev() {
            let end = self.at(depth)?;
            if end == usual {
                settled += 1;
                self.found.completed += 1;
            } else if end == End::Overflow {
                settled = 0;
                self.found.overflows += 1;
            } else {
                return self.wrong(&format!("{end:?} at depth {depth}, not {usual:?}"));
            }
            if let Some(problem) = self.check(&usual)? {
                return self.wrong(&format!("after {end:?} at depth {depth}: {problem}"));
            }
            if settled == SETTLED {
                break;
            }
        }
        self.found.figures = Figures::of_store(&self.store);
        Ok(self.found)
    }

    /// Runs the site below so many levels.
    fn at(&mut self, depth: i32) -> Result<End, Error> {
        self.call("setup", &[])?;
        if self.setting.parked {
            self.store.park();
        }
        let name = match self.setting.position {
            StackPosition::Initial => "initial",
            StackPosition::Continuation => "continuation",
            StackPosition::Nested => "nested",
        };
        match self.call(name, &[Val::I32(depth)]) {
            Ok(_) => Ok(End::Returned),
            Err(Error::Trap(trap)) if trap.reason.code() == Some(TrapCode::StackOverflow) => {
                Ok(End::Overflow)
            }
            Err(Error::Trap(trap)) if trap.reason.code().is_some() => {
                Ok(End::Trap(trap.reason.to_string()))
            }
            Err(error) => Err(error),
        }
    }

    /// What is wrong now: nothing may be left, and everything must work.
    fn check(&mut self, usual: &End) -> Result<Option<String>, Error> {
        self.call("clear", &[])?;
        self.store.gc()?;
        let live = self.store.live_continuations();
        if live != 0 {
            return Ok(Some(format!("{live} continuations are left")));
        }
        let end = self.at(0)?;
        Ok((end != *usual).then(|| format!("{end:?} far above the guard, not {usual:?}")))
    }

    fn reached_site(&mut self) -> Result<bool, Error> {
        let global = self.instance.export(&self.store, "at_site");
        let Some(Extern::Global(global)) = global else {
            return Err(Error::Usage("the program exports `at_site`".into()));
        };
        Ok(global.get(&mut self.store)? == Val::I32(1))
    }

    fn call(&mut self, name: &str, args: &[Val]) -> Result<Vec<Val>, Error> {
        let func: Option<Func> = self.instance.func(&self.store, name);
        let func = func.ok_or_else(|| Error::Usage(format!("the program exports `{name}`")))?;
        func.call(&mut self.store, args)
    }

    fn wrong(mut self, what: &str) -> Result<Swept, Error> {
        self.found.problem = Some(format!("{} ({}): {what}", self.shape.name, self.setting));
        Ok(self.found)
    }
}

/// The program of a shape.
fn program(shape: &Shape, setting: &Setting) -> String {
    // As much on the stack as a call can have, and arguments beyond those.
    let args = format!(
        "{}{}",
        " (v128.const i64x2 4702111234474983744 1)".repeat(16),
        " (i64.const 4702111234474983744)".repeat(464)
    );
    let bottom = match setting.bottom {
        0 => String::new(),
        words => format!(
            "(if (global.get $never) (then {} (call $small) {} i64.store))",
            (0..words).fold(String::from("(i32.const 0)"), |text, word| {
                text + &format!("(i64.load offset={} (i32.const 0))", 8 * word)
            }),
            "i64.xor ".repeat(words - 1)
        ),
    };
    let text = include_str!("../../programs/overflow.wat")
        .replace(
            "WIDE",
            &format!("(param{}{})", " v128".repeat(16), " i64".repeat(464)),
        )
        .replace("BOTTOM", &bottom)
        .replace("SITE", shape.site)
        .replace("SETUP", shape.setup)
        .replace("ARGS", &args);
    format!("(module\n{text})\n")
}
