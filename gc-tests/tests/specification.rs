//! The specification's suite: one test for each group of scripts and
//! configuration, named `group/configuration`. Only the default configuration
//! is run unless others are asked for with `--ignored`.

use libtest_mimic::{Arguments, Failed, Trial};
use mangrove::{Config, Engine, GuardKind, OptLevel, ParkPolicy};
use mangrove_gc_tests::specification::{check, groups};
use std::process::ExitCode;

/// A way to run it: its name, and what is special to it.
type Way = (&'static str, fn(&mut Config));

const WAYS: [Way; 17] = [
    ("default", |_| {}),
    ("unoptimised", |config| {
        config.opt_level(OptLevel::None);
    }),
    ("in_frames", |config| {
        config.opt_level(OptLevel::Frame);
    }),
    ("in_frames_zeal_alloc", |config| {
        config.opt_level(OptLevel::Frame);
        zeal(config, "alloc");
    }),
    ("mprotect", |config| {
        config.guard(GuardKind::Mprotect);
    }),
    // Memories are checked explicitly, and everything has to fit.
    ("small_space", |config| {
        config.address_space(1 << 30);
    }),
    ("parked", |config| {
        config.park(ParkPolicy {
            after: 0,
            keep: 0,
            most: 8,
        });
    }),
    ("zeal_alloc", |config| zeal(config, "alloc")),
    ("zeal_switch", |config| zeal(config, "switch")),
    ("zeal_move", |config| zeal(config, "move")),
    ("zeal_minor", |config| zeal(config, "alloc,minor")),
    ("zeal_switch_minor", |config| zeal(config, "switch,minor")),
    ("zeal_move_minor", |config| zeal(config, "move,minor")),
    // Each call walks the frames below it, and some scripts recurse until the
    // stack is full: the time they take is the square of its size.
    ("zeal_call", |config| {
        zeal(config, "call");
        config.stack_size(16 << 10);
    }),
    ("zeal_call_minor", |config| {
        zeal(config, "call,minor");
        config.stack_size(16 << 10);
    }),
    ("zeal_all", |config| {
        zeal(config, "alloc,switch,call,move");
        config.stack_size(16 << 10);
    }),
    ("zeal_all_minor", |config| {
        zeal(config, "alloc,switch,call,move,minor");
        config.stack_size(16 << 10);
    }),
];

fn zeal(config: &mut Config, modes: &str) {
    config.zeal(modes.parse().expect("modes that there are"));
}

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for (name, set) in WAYS {
        for group in groups() {
            let title = format!("{}/{name}", group.name);
            let trial = Trial::test(title, move || {
                let mut config = Config::new();
                group.language.set(&mut config);
                set(&mut config);
                let engine = Engine::new(&config).map_err(failed)?;
                match check(&engine, &group)? {
                    0 => Err("nothing was run".into()),
                    _ => Ok(()),
                }
            });
            trials.push(trial.with_ignored_flag(name != "default"));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn failed(error: mangrove::Error) -> Failed {
    error.to_string().into()
}
