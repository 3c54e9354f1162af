//! The specification's suite: one test for each group of scripts and
//! configuration, named `group/configuration`. Only the default configuration
//! is run unless others are asked for with `--ignored`.

use libtest_mimic::{Arguments, Failed, Trial};
use mangrove::{Config, Engine, OptLevel};
use mangrove_gc_tests::specification::{check, groups};
use std::process::ExitCode;

/// Names, zeal and optimisation of the ways to run it.
const CONFIGURATIONS: [(&str, &str, OptLevel); 4] = [
    ("default", "none", OptLevel::Speed),
    ("unoptimised", "none", OptLevel::None),
    ("zeal_alloc", "alloc", OptLevel::Speed),
    ("zeal_call", "call", OptLevel::Speed),
];

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for (name, zeal, level) in CONFIGURATIONS {
        for group in groups() {
            let title = format!("{}/{name}", group.name);
            let trial = Trial::test(title, move || {
                let mut config = Config::new();
                config.zeal(zeal.parse().map_err(failed)?).opt_level(level);
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
