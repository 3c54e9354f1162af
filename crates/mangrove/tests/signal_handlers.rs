//! Handlers of the process beside ours. A process of its own, and one test: what is
//! installed is everybody's.

mod common;

use common::{call, instance_with};
use mangrove::{Config, Engine, Error, SignalPolicy, SignalProblem, TrapCode, TrapReason, Val};
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

static CAME: AtomicU64 = AtomicU64::new(0);

extern "C" fn count(_: libc::c_int) {
    CAME.fetch_add(1, Ordering::Relaxed);
}

fn handle(signal: i32, flags: i32) {
    // SAFETY: the handler touches an atomic only.
    let result = unsafe {
        let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
        action.sa_sigaction = count as *const () as usize;
        action.sa_flags = flags;
        libc::sigaction(signal, &action, std::ptr::null_mut())
    };
    assert_eq!(result, 0);
}

/// Recursion to the end of small stacks, in continuations, while signals come.
fn run_under_fire(config: &Config) {
    let text = r#"(module
        (type $f (func (param i32) (result i32))) (type $k (cont $f))
        (func $down (type $f)
            (if (result i32) (local.get 0)
                (then (i32.add (i32.const 1)
                    (call $down (i32.sub (local.get 0) (i32.const 1)))))
                (else (i32.const 0))))
        (elem declare func $down)
        (func (export "run") (type $f)
            (resume $k (local.get 0) (cont.new $k (ref.func $down)))))"#;
    let (mut store, instance) = instance_with(config, text);
    let stop = AtomicBool::new(false);
    // SAFETY: asks for this thread's own handle.
    let here = unsafe { libc::pthread_self() };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                // SAFETY: the thread lives until the scope ends.
                unsafe { libc::pthread_kill(here, libc::SIGUSR1) };
                std::thread::yield_now();
            }
        });
        for round in 0.. {
            let result = call(&mut store, instance, "run", &[Val::I32(40)]);
            assert_eq!(result.unwrap(), [Val::I32(40)]);
            let error = call(&mut store, instance, "run", &[Val::I32(100_000)]).unwrap_err();
            let reason = &error.as_trap().expect("a trap").reason;
            assert_eq!(*reason, TrapReason::Code(TrapCode::StackOverflow));
            if round > 200 && CAME.load(Ordering::Relaxed) > 200 {
                break;
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn handlers_beside_ours() {
    let mut strict = Config::new();
    strict.signals(SignalPolicy::Refuse).stack_size(4 << 10);
    let engine = Engine::new(&strict).unwrap();
    assert_eq!(engine.signal_problems(), []);

    handle(libc::SIGUSR1, libc::SA_ONSTACK | libc::SA_RESTART);
    assert_eq!(engine.signal_problems(), []);
    run_under_fire(&strict);

    let signal = libc::SIGUSR2;
    handle(signal, libc::SA_RESTART);
    let problem = SignalProblem::NoAlternateStack { signal };
    assert_eq!(engine.signal_problems(), [problem]);
    let Err(Error::Usage(message)) = Engine::new(&strict) else {
        panic!("an engine beside such a handler")
    };
    assert!(message.contains(&format!("signal {signal} ")), "{message}");
    assert!(message.contains("SA_ONSTACK"), "{message}");
    // By default it is a warning.
    Engine::new(&Config::new()).unwrap();
    handle(signal, libc::SA_ONSTACK);

    handle(libc::SIGFPE, libc::SA_ONSTACK);
    let replaced = SignalProblem::Replaced {
        signal: libc::SIGFPE,
    };
    assert_eq!(engine.signal_problems(), [replaced]);
    assert!(Engine::new(&strict).is_err());
}
