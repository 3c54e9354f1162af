//! Stores on several threads, and faults that are none of ours.

mod common;

use common::call;
use mangrove::{Config, Engine, Instance, Linker, Module, Store, TrapCode, TrapReason, Val};
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

const TEXT: &str = r#"(module
    (type $f (func (param i32) (result i32))) (type $k (cont $f))
    (type $box (struct (field i32)))
    (memory 1)
    (func $down (param i64) (result i64)
        (i64.add (call $down (i64.add (local.get 0) (i64.const 1))) (i64.const 1)))
    (func (export "deep") (drop (call $down (i64.const 0))))
    (func (export "beyond") (drop (i32.load (i32.const 65536))))
    (func (export "null") (drop (struct.get $box 0 (ref.null $box))))
    (func $div (param i32) (result i32) (i32.div_u (i32.const 6) (local.get 0)))
    (elem declare func $div)
    (func (export "div") (param i32) (result i32)
        (resume $k (local.get 0) (cont.new $k (ref.func $div)))))"#;

fn trap(store: &mut Store<()>, instance: Instance, name: &str) -> TrapCode {
    let error = call(store, instance, name, &[]).unwrap_err();
    match error.as_trap().expect("a trap").reason {
        TrapReason::Code(code) => code,
        ref other => panic!("{other}"),
    }
}

fn exercise(store: &mut Store<()>, instance: Instance) {
    for _ in 0..20 {
        assert_eq!(trap(store, instance, "deep"), TrapCode::StackOverflow);
        assert_eq!(trap(store, instance, "beyond"), TrapCode::MemoryOutOfBounds);
        assert_eq!(trap(store, instance, "null"), TrapCode::NullStruct);
        assert_eq!(
            call(store, instance, "div", &[Val::I32(2)]).unwrap(),
            [Val::I32(3)]
        );
        assert!(call(store, instance, "div", &[Val::I32(0)]).is_err());
    }
}

#[test]
fn stores_run_on_their_threads_and_move_between_them() {
    fn sendable<T: Send>(value: T) -> T {
        value
    }
    let engine = Engine::new(&Config::new()).unwrap();
    let module = Module::new(&engine, TEXT.as_bytes()).unwrap();
    let linker = Linker::new(&engine);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut store = sendable(Store::new(&engine, ()).unwrap());
                let instance = linker.instantiate(&mut store, &module).unwrap();
                exercise(&mut store, instance);
                // From now on another thread's.
                scope.spawn(move || {
                    exercise(&mut store, instance);
                    store.gc().unwrap();
                });
            });
        }
    });
}

/// Runs one test of this program alone, with `MANGROVE_CHILD` set.
fn child(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--nocapture"])
        .env("MANGROVE_CHILD", "1");
    command
}

#[test]
fn a_fault_outside_of_wasm_ends_the_process_as_ever() {
    if let Some(how) = std::env::var_os("MANGROVE_CHILD") {
        let ignores = how == "ignores";
        if ignores {
            // SAFETY: no handler is installed. The alarm ends a fault without end.
            unsafe {
                libc::signal(libc::SIGSEGV, libc::SIG_IGN);
                libc::alarm(60);
            }
        }
        let engine = Engine::new(&Config::new()).unwrap();
        let module = Module::new(&engine, TEXT.as_bytes()).unwrap();
        let mut store = Store::new(&engine, ()).unwrap();
        let instance = Linker::new(&engine)
            .instantiate(&mut store, &module)
            .unwrap();
        exercise(&mut store, instance);
        if ignores {
            // SAFETY: a signal that was sent is ignored, as it was to be.
            unsafe { libc::raise(libc::SIGSEGV) };
        }
        // SAFETY: none: the fault is the point.
        unsafe { std::ptr::without_provenance_mut::<u8>(16).write_volatile(1) };
        return;
    }
    let name = "a_fault_outside_of_wasm_ends_the_process_as_ever";
    for how in ["1", "ignores"] {
        let output = child(name).env("MANGROVE_CHILD", how).output().unwrap();
        assert_eq!(output.status.signal(), Some(libc::SIGSEGV), "{output:?}");
    }
}
