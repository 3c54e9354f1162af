//! The specification's suite: one test for each group of scripts and
//! configuration, named `group/configuration`. Only the default configuration
//! is run unless others are asked for with `--ignored`.

use libtest_mimic::{Arguments, Failed, Trial};
use mangrove::{Config, Engine, OptLevel};
use mangrove_gc_tests::specification::{check, groups};
use std::process::ExitCode;

/// Names, zeal, optimisation and bytes of stack of the ways to run it.
const CONFIGURATIONS: [(&str, &str, OptLevel, usize); 4] = [
    ("default", "none", OptLevel::Speed, 512 << 10),
    ("unoptimised", "none", OptLevel::None, 512 << 10),
    ("zeal_alloc", "alloc", OptLevel::Speed, 512 << 10),
    // Each call walks the frames below it, and some scripts recurse until the
    // stack is full: the time they take is the square of its size.
    ("zeal_call", "call", OptLevel::Speed, 64 << 10),
];

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for (name, zeal, level, stack) in CONFIGURATIONS {
        for group in groups() {
            let title = format!("{}/{name}", group.name);
            let trial = Trial::test(title, move || {
                let mut config = Config::new();
                config
                    .zeal(zeal.parse().map_err(failed)?)
                    .opt_level(level)
                    .stack_size(stack);
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
