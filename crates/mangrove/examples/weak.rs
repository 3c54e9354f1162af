//! Weak handles and a queue of what died: a host keeps a note on each object of a
//! program, for as long as the program has the object and no longer.
//!
//! Run with `cargo run -p mangrove --example weak`.

use mangrove::{
    Config, DeathQueue, Engine, Error, HeapHandle, Linker, Module, Store, Val, WeakHandle,
};
use std::collections::HashMap;

/// Keeps the last of the objects it makes.
const PROGRAM: &[u8] = br#"(module
    (type $node (struct (field i32)))
    (global $last (mut (ref null $node)) (ref.null $node))
    (func (export "make") (param i32) (result (ref $node))
        (global.set $last (struct.new $node (local.get 0)))
        (ref.as_non_null (global.get $last))))"#;

/// Notes on objects, by number.
struct Notes {
    dead: DeathQueue,
    notes: HashMap<u64, (WeakHandle, String)>,
    next: u64,
}

impl Notes {
    fn add(&mut self, store: &mut Store<()>, object: &HeapHandle, note: &str) -> Result<(), Error> {
        let weak = WeakHandle::new(store, object)?;
        self.dead.watch(store, object, self.next)?;
        self.notes.insert(self.next, (weak, note.to_owned()));
        self.next += 1;
        Ok(())
    }

    /// Forgets the notes on what died.
    fn sweep(&mut self, store: &mut Store<()>) -> Result<(), Error> {
        while let Some(number) = self.dead.next(store)? {
            let (weak, note) = self.notes.remove(&number).expect("told once");
            assert!(weak.upgrade(store)?.is_none(), "nothing comes back");
            println!("forgotten: {note}");
        }
        Ok(())
    }
}

/// Runs the example.
///
/// # Errors
/// None is expected.
pub fn main() -> Result<(), Error> {
    let engine = Engine::new(&Config::new())?;
    let module = Module::new(&engine, PROGRAM)?;
    let mut store = Store::new(&engine, ())?;
    let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    let make = instance.func(&store, "make").expect("it is exported");
    let mut notes = Notes {
        dead: DeathQueue::new(&mut store),
        notes: HashMap::new(),
        next: 0,
    };
    for (number, note) in [(1, "the first"), (2, "the second"), (3, "the third")] {
        let made = make.call(&mut store, &[Val::I32(number)])?;
        let Val::Any(Some(object)) = &made[0] else {
            unreachable!("it is never null");
        };
        notes.add(&mut store, object, note)?;
    }

    // All three are young: a minor collection finds those that nothing keeps.
    store.gc_minor()?;
    notes.sweep(&mut store)?;
    for (weak, note) in notes.notes.values() {
        let object = weak.upgrade(&mut store)?.expect("the program keeps it");
        let object = object.as_struct(&store)?.expect("it is a struct");
        println!("{note}: {}", object.field(&mut store, 0)?);
    }
    Ok(())
}
