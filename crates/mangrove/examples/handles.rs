//! What handles cost: of their own, and of a scope.
//!
//! Run with `cargo run --release -p mangrove --example handles`.

use mangrove::{
    AbstractHeap, Config, Engine, Error, ExternRef, FuncType, HeapHandle, HeapType, Linker, Module,
    RefType, RootScope, Store, StructRef, StructType, Val, ValType, WeakHandle,
};
use std::time::Instant;

/// How often each is done in a round, and how many rounds there are: the best counts.
const TIMES: u32 = 200_000;
const ROUNDS: u32 = 15;
/// How many handles of a scope there are before it ends.
const IN_SCOPE: u32 = 100;

/// The least of some rounds, in nanoseconds each.
fn measure(what: &str, mut round: impl FnMut() -> Result<(), Error>) -> Result<(), Error> {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        round()?;
        best = best.min(began.elapsed().as_nanos() as f64 / f64::from(TIMES));
    }
    println!("{what:<52} {best:7.1} ns");
    Ok(())
}

/// In scopes of [`IN_SCOPE`] each.
fn scoped(
    store: &mut Store<()>,
    mut each: impl FnMut(&mut RootScope<'_, Store<()>>) -> Result<(), Error>,
) -> Result<(), Error> {
    for _ in 0..TIMES / IN_SCOPE {
        let mut scope = RootScope::new(store);
        for _ in 0..IN_SCOPE {
            each(&mut scope)?;
        }
    }
    Ok(())
}

const ANY: ValType = ValType::Ref(RefType {
    nullable: true,
    heap: HeapType::Abstract(AbstractHeap::Any),
});

fn main() -> Result<(), Error> {
    let engine = Engine::new(&Config::new())?;
    let mut store = Store::new(&engine, ())?;
    let ty = StructType::new(&engine, [mangrove::FieldType::variable(ANY)])?;
    let empty = StructRef::new(&mut store, &ty, &[Val::Any(None)])?;
    let full = StructRef::new(&mut store, &ty, &[empty.clone().into()])?;
    let handle: HeapHandle = empty.into();
    store.gc()?;

    measure("a handle of its own, made and dropped", || {
        (0..TIMES).try_for_each(|_| handle.owned(&mut store).map(drop))
    })?;
    measure("a handle of a scope of 100, made and dropped", || {
        scoped(&mut store, |scope| handle.rooted(scope).map(drop))
    })?;
    measure("a field that is a reference, read; of its own", || {
        (0..TIMES).try_for_each(|_| full.field(&mut store, 0).map(drop))
    })?;
    measure("the same in a scope of 100", || {
        scoped(&mut store, |scope| full.field(scope, 0).map(drop))
    })?;
    let value = Val::Any(Some(handle.clone()));
    measure("a field that is a reference, set", || {
        (0..TIMES).try_for_each(|_| full.set_field(&mut store, 0, &value))
    })?;
    measure("a struct, made; its handle of its own", || {
        (0..TIMES).try_for_each(|_| {
            StructRef::new(&mut store, &ty, std::slice::from_ref(&value)).map(drop)
        })
    })?;
    measure("the same in a scope of 100", || {
        scoped(&mut store, |scope| {
            StructRef::new(scope, &ty, std::slice::from_ref(&value)).map(drop)
        })
    })?;
    measure("an externref with a number, made; of its own", || {
        (0..TIMES).try_for_each(|_| ExternRef::new(&mut store, 7u64).map(drop))
    })?;
    measure("a weak handle, made and dropped", || {
        (0..TIMES).try_for_each(|_| WeakHandle::new(&mut store, &handle).map(drop))
    })?;
    calls(&engine, &mut store, &value)
}

/// What references cost that go to host functions.
fn calls(engine: &Engine, store: &mut Store<()>, value: &Val) -> Result<(), Error> {
    let text = br#"(module
        (import "host" "none" (func $none))
        (import "host" "one" (func $one (param anyref)))
        (import "host" "three" (func $three (param anyref anyref anyref)))
        (func (export "none") (param $n i32) (param $o anyref)
            (loop $next (call $none)
                (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
        (func (export "one") (param $n i32) (param $o anyref)
            (loop $next (call $one (local.get $o))
                (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
        (func (export "three") (param $n i32) (param $o anyref)
            (loop $next (call $three (local.get $o) (local.get $o) (local.get $o))
                (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#;
    let module = Module::new(engine, text)?;
    let mut linker = Linker::new(engine);
    for (name, many) in [("none", 0), ("one", 1), ("three", 3)] {
        let ty = FuncType {
            params: vec![ANY; many],
            results: Vec::new(),
        };
        linker.func("host", name, ty, |_, _, _| Ok(()))?;
    }
    let instance = linker.instantiate(store, &module)?;
    for name in ["none", "one", "three"] {
        let func = instance.func(store, name).expect("it is exported");
        measure(
            &format!("a host function with {name} of references, called"),
            || {
                func.call(store, &[Val::I32(TIMES as i32), value.clone()])
                    .map(drop)
            },
        )?;
    }
    Ok(())
}
