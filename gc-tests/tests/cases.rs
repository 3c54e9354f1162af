//! One test for each case and configuration, named `folder/case/configuration`.

use libtest_mimic::{Arguments, Trial};
use mangrove_gc_tests::{CONFIGURATIONS, cases, run};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let cases = match cases(&folder) {
        Ok(cases) => cases,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let mut trials = Vec::new();
    for case in &cases {
        for (name, options) in CONFIGURATIONS {
            if case.runs_in(name) {
                let case = case.clone();
                let title = format!("{}/{name}", case.name);
                trials.push(Trial::test(title, move || {
                    run(&case, options).map_err(|message| message.into())
                }));
            }
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
