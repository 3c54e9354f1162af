//! The steps: those of `programs/few.wat`, and what takes a host or a second module.

use mangrove::{
    Config, ContHandle, Engine, Error, Extern, ExternRef, Func, FuncType, Instance, Linker, Module,
    Outcome, RootScope, Store, Tag, Val, WeakHandle,
};

/// What the first module's host function calls.
type Churn = Option<Func>;

/// A store in which steps are taken.
pub struct Steps {
    engine: Engine,
    linker: Linker<Churn>,
    store: Store<Churn>,
    first: Instance,
}

impl Steps {
    /// With this many objects of garbage between one moment of a step and the next.
    pub fn new(config: &Config, garbage: i32) -> Result<Self, Error> {
        let engine = Engine::new(config)?;
        let text = include_str!("../../../programs/few.wat");
        let text = text.replace("GARBAGE", &garbage.to_string());
        let module = Module::new(&engine, text.as_bytes())?;
        let mut store = Store::new(&engine, None)?;
        let mut linker = Linker::<Churn>::new(&engine);
        linker.define_mangrove();
        let ty = FuncType {
            params: vec![],
            results: vec![],
        };
        linker.func("host", "churn", ty, |mut caller, _, _| {
            let churn = caller.data().expect("set below");
            churn.call(&mut caller, &[]).map(drop)
        })?;
        let first = linker.instantiate(&mut store, &module)?;
        *store.data_mut() = first.func(&store, "churn");
        linker.define_instance(&store, "first", first);
        Ok(Self {
            engine,
            linker,
            store,
            first,
        })
    }

    /// The store.
    pub fn store(&self) -> &Store<Churn> {
        &self.store
    }

    /// So many continuations sleep from now on, each with a box in its frame.
    pub fn sleep(&mut self, count: i32) -> Result<(), Error> {
        self.call("sleep", &[Val::I32(count)])?;
        self.store.gc()
    }

    /// All of them end: what their boxes say together.
    pub fn wake_all(&mut self, count: i32) -> Result<i32, Error> {
        self.number("wake_all", &[Val::I32(count)])
    }

    /// Takes a step: what its box says at the end.
    pub fn run(&mut self, program: &str) -> Result<i32, Error> {
        let world = self;
        match program {
            "init_elem" => {
                world.call("make_array", &[])?;
                world.second(
                    "(func $start (array.init_elem $array $s (global.get $array)
                    (i32.const 1) (i32.const 0) (i32.const 1)) (elem.drop $s))
                 (start $start)",
                )?;
                world.after_churn("array_value", &[])
            }
            "table_init" => {
                world.call("churn", &[])?;
                world.second(
                    "(func $start (table.init $t $s (i32.const 600) (i32.const 0) (i32.const 1))
                    (elem.drop $s))
                 (start $start)",
                )?;
                world.after_churn("table_value", &[Val::I32(600)])
            }
            "active_segment" => {
                world.call("churn", &[])?;
                world.second(
                    "(elem (table $t) (i32.const 601) (ref null $box)
                    (item (struct.new $box (i32.const 42))))",
                )?;
                world.after_churn("table_value", &[Val::I32(601)])
            }
            "segment" => world.segment(),
            "handle" => {
                let young = world.young()?;
                world.after_churn("value", &[young])
            }
            "scope" => {
                let Self { store, first, .. } = world;
                let func = |store: &Store<Churn>, name| first.func(store, name).expect(name);
                let [young, churn, value] =
                    ["young", "churn", "value"].map(|name| func(store, name));
                let mut scope = RootScope::new(store);
                let young = young.call(&mut scope, &[])?;
                churn.call(&mut scope, &[])?;
                Ok(only_number(&value.call(&mut scope, &young)?))
            }
            "weak" => {
                let young = world.young()?;
                let Val::Any(Some(handle)) = &young else {
                    panic!("a box");
                };
                let weak = WeakHandle::new(&mut world.store, handle)?;
                world.call("churn", &[])?;
                let found = weak.upgrade(&mut world.store)?;
                world.number("value", &[Val::Any(found)])
            }
            "host_global" => {
                world.call("churn", &[])?;
                let young = world.young()?;
                let Some(Extern::Global(global)) = world.first.export(&world.store, "global")
                else {
                    panic!("a global");
                };
                global.set(&mut world.store, young)?;
                world.call("churn", &[])?;
                let value = global.get(&mut world.store)?;
                world.number("value", &[value])
            }
            "host_table_set" | "host_table_grow" => world.table(program == "host_table_set"),
            "host_binds" => {
                let fresh = world.func("value").continuation(&mut world.store)?;
                world.call("churn", &[])?;
                let young = world.young()?;
                let bound = fresh.bind(&mut world.store, &[young])?;
                world.call("churn", &[])?;
                number(bound.resume(&mut world.store, &[], &[])?)
            }
            "host_clones" => {
                world.call("churn", &[])?;
                let paused = world.paused("pausing_with_a_box")?;
                // The first ones take records that stood for the host, which are in the log.
                let mut clones = Vec::new();
                for _ in 0..4 {
                    clones.push(paused.clone_suspended(&mut world.store)?);
                }
                drop(paused);
                world.call("churn", &[])?;
                number(clones[3].resume(&mut world.store, &[], &[])?)
            }
            "host_resumes" => {
                let paused = world.paused("pausing")?;
                world.call("churn", &[])?;
                number(paused.resume(&mut world.store, &[], &[])?)
            }
            "host_throws_into_a_chain" => {
                let Err(Error::Exception(exception)) = world.call("throws", &[]) else {
                    panic!("an exception");
                };
                let paused = world.paused("outer")?;
                world.call("churn", &[])?;
                number(paused.resume_throw(&mut world.store, &exception, &[])?)
            }
            "kept_by_a_sleeper" => {
                let paused = world.paused("pausing_with_a_box")?;
                world.store.gc()?;
                world.call("churn", &[])?;
                number(paused.resume(&mut world.store, &[], &[])?)
            }
            "extern_value" => world.extern_value(),
            program => world.number(program, &[]),
        }
    }

    /// An instance of a second module, with a box in its segment.
    fn second(&mut self, body: &str) -> Result<Instance, Error> {
        let text = format!(
            r#"(module
            (type $box (struct (field i32)))
            (type $array (array (mut (ref null $box))))
            (import "first" "array" (global $array (mut (ref null $array))))
            (import "first" "table" (table $t 1000 5000 (ref null $box)))
            (elem $s (ref null $box) (item (struct.new $box (i32.const 42))))
            {body})"#
        );
        let module = Module::new(&self.engine, text.as_bytes())?;
        self.linker.instantiate(&mut self.store, &module)
    }

    fn func(&self, name: &str) -> Func {
        self.first.func(&self.store, name).expect(name)
    }

    fn call(&mut self, name: &str, args: &[Val]) -> Result<Vec<Val>, Error> {
        self.func(name).call(&mut self.store, args)
    }

    fn number(&mut self, name: &str, args: &[Val]) -> Result<i32, Error> {
        Ok(only_number(&self.call(name, args)?))
    }

    fn after_churn(&mut self, name: &str, args: &[Val]) -> Result<i32, Error> {
        self.call("churn", &[])?;
        self.number(name, args)
    }

    /// A young box.
    fn young(&mut self) -> Result<Val, Error> {
        Ok(self.call("young", &[])?.remove(0))
    }

    fn segment(&mut self) -> Result<i32, Error> {
        let second = self.second(
            r#"(func (export "segment") (result i32) (struct.get $box 0 (array.get $array
                (array.new_elem $array $s (i32.const 0) (i32.const 1)) (i32.const 0))))"#,
        )?;
        self.call("churn", &[])?;
        let segment = second.func(&self.store, "segment").expect("an export");
        Ok(only_number(&segment.call(&mut self.store, &[])?))
    }

    fn table(&mut self, is_set: bool) -> Result<i32, Error> {
        self.call("churn", &[])?;
        let young = self.young()?;
        let Some(Extern::Table(table)) = self.first.export(&self.store, "table") else {
            panic!("a table");
        };
        let at = match is_set {
            true => 300,
            false => table.size(&self.store),
        };
        match is_set {
            true => table.set(&mut self.store, at, young)?,
            false => assert!(table.grow(&mut self.store, 1, young)?.is_some()),
        }
        self.after_churn("table_value", &[Val::I32(at as i32)])
    }

    /// A value of the host that an old object alone refers to, and that dies with it.
    fn extern_value(&mut self) -> Result<i32, Error> {
        let value = ExternRef::new(&mut self.store, 42_i32)?;
        let value = Val::Extern(Some(value.handle().clone()));
        self.call("keep_extern", std::slice::from_ref(&value))?;
        drop(value);
        self.call("churn", &[])?;
        let found = self.call("kept_extern", &[])?.remove(0);
        let Val::Extern(Some(handle)) = found else {
            return Ok(0);
        };
        let value = ExternRef::convert_any(&self.store, &handle)?;
        let data = value.data(&self.store)?;
        Ok(data
            .and_then(|data| data.downcast_ref())
            .copied()
            .unwrap_or(0))
    }

    /// A continuation of this function, which pauses.
    fn paused(&mut self, name: &str) -> Result<ContHandle, Error> {
        let fresh = self.func(name).continuation(&mut self.store)?;
        let pause: Tag = match self.first.export(&self.store, "pause") {
            Some(Extern::Tag(tag)) => tag,
            _ => panic!("a tag"),
        };
        match fresh.resume(&mut self.store, &[], &[pause])? {
            Outcome::Suspended { continuation, .. } => Ok(continuation),
            other => panic!("{other:?}"),
        }
    }
}

fn number(outcome: Outcome) -> Result<i32, Error> {
    match outcome {
        Outcome::Returned(values) => Ok(only_number(&values)),
        other => panic!("{other:?}"),
    }
}

fn only_number(values: &[Val]) -> i32 {
    match values {
        [Val::I32(number)] => *number,
        other => panic!("{other:?}"),
    }
}
