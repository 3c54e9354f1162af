//! The programs: those that travel with the tool, in suites, or those of a folder.

mod known;
mod switches;

use crate::modules;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// Programs that belong together, chosen by one name.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Suite {
    /// Numbers and linear memory.
    Compute,
    /// Objects and their collection.
    Collector,
    /// Programs made of continuations.
    Continuations,
    /// What a throw costs.
    Exceptions,
    /// The switch table.
    Switches,
    /// Compile throughput.
    Compile,
}

impl Suite {
    /// What runs when nothing is asked for: one table of programs.
    const USUAL: [Self; 4] = [
        Self::Compute,
        Self::Collector,
        Self::Continuations,
        Self::Exceptions,
    ];

    fn named(name: &str) -> Option<Self> {
        clap::ValueEnum::from_str(name, false).ok()
    }

    fn known(self) -> Vec<Known> {
        match self {
            Self::Compute => known::compute(),
            Self::Collector => known::collector(),
            Self::Continuations => known::continuations(),
            Self::Exceptions => known::exceptions(),
            Self::Switches => switches::table(),
            Self::Compile => Vec::new(),
        }
    }
}

/// A program that travels along.
struct Known {
    name: String,
    source: String,
    arg: i32,
    about: String,
    per: Option<Per>,
}

impl Known {
    fn file(name: &str, source: &str, arg: i32, about: &str, per: Option<Per>) -> Self {
        Self {
            name: name.to_owned(),
            source: source.to_owned(),
            arg,
            about: about.to_owned(),
            per,
        }
    }

    fn named(name: &str) -> Option<Self> {
        let suites = <Suite as clap::ValueEnum>::value_variants().iter();
        let mut all = suites.flat_map(|suite| suite.known());
        all.find(|known| known.name == name)
    }

    fn program(self, arg: i32, label: String) -> Program {
        Program {
            label,
            arg,
            operation: self.per.map(|per| Operation {
                name: per.name,
                count: (per.count)(arg),
                rate: false,
            }),
            about: self.about,
            name: self.name,
            module: None,
        }
    }
}

/// What one of a program's operations is, and how many `run(n)` performs.
#[derive(Clone, Copy)]
struct Per {
    name: &'static str,
    count: fn(i32) -> f64,
}

impl Per {
    /// `run(n)` performs n of them.
    const fn one(name: &'static str) -> Self {
        Self {
            name,
            count: |n| n as f64,
        }
    }
}

/// What a program's figures count.
#[derive(Clone, Copy)]
pub struct Operation {
    /// What it is, for people.
    pub name: &'static str,
    /// How many of them one measurement performs.
    pub count: f64,
    /// Whether the figure is operations per second and not time per operation.
    pub rate: bool,
}

/// A program to measure.
pub struct Program {
    /// Its name: the file's, without `.wat`.
    pub name: String,
    /// What its row is called.
    pub label: String,
    /// What `run` is called with; the number of threads where a module is compiled.
    pub arg: i32,
    /// One line on what it does; empty where unknown.
    pub about: String,
    /// What figures count, if not calls of `run`.
    pub operation: Option<Operation>,
    /// The module whose compilation is measured; none where a program is run.
    pub module: Option<modules::Source>,
}

/// The source of a program, from `dir` or from those that travel along: text or a binary.
pub fn source(name: &str, dir: Option<&Path>) -> Result<Vec<u8>> {
    match dir {
        Some(dir) => {
            let mut path = dir.join(format!("{name}.wat"));
            if !path.exists() {
                path.set_extension("wasm");
            }
            std::fs::read(&path).with_context(|| format!("reading {}", path.display()))
        }
        None => match Known::named(name) {
            Some(known) => Ok(known.source.into_bytes()),
            None => bail!("no program `{name}`; `--list` shows them"),
        },
    }
}

/// Where programs come from, beside their names.
pub struct Choice<'a> {
    /// A folder of `.wat` and `.wasm` files.
    pub dir: Option<&'a Path>,
    /// Argument of the programs that have no usual one.
    pub arg: Option<i32>,
    /// Modules to compile, besides the one that is made.
    pub modules: &'a [PathBuf],
    /// Numbers of threads to compile with.
    pub threads: &'a [u16],
}

/// The programs asked for as `SUITE`, `NAME` or `NAME=ARG`, or the usual ones.
/// Programs of a folder that bear a known name have its usual argument; others
/// need one, their own or `arg`.
pub fn select(requests: &[String], choice: &Choice<'_>) -> Result<Vec<Program>> {
    if let Some(dir) = choice.dir {
        return in_folder(requests, dir, choice.arg);
    }
    if requests.is_empty() {
        return Ok(Suite::USUAL.into_iter().flat_map(whole).collect());
    }
    let mut programs = Vec::new();
    for request in requests {
        match Suite::named(request) {
            Some(Suite::Compile) => programs.extend(compilations(choice)?),
            Some(suite) => programs.extend(whole(suite)),
            None => {
                let (name, own) = parse(request)?;
                let known = Known::named(name)
                    .with_context(|| format!("no program `{name}`; `--list` shows them"))?;
                let arg = own.unwrap_or(known.arg);
                programs.push(known.program(arg, format!("{name} {}", grouped(arg))));
            }
        }
    }
    Ok(programs)
}

/// All programs of a suite, each with its usual argument.
pub fn whole(suite: Suite) -> Vec<Program> {
    let program = |known: Known| {
        let (arg, label) = match suite {
            Suite::Switches => (known.arg, known.about.clone()),
            _ => (known.arg, format!("{} {}", known.name, grouped(known.arg))),
        };
        known.program(arg, label)
    };
    suite.known().into_iter().map(program).collect()
}

fn compilations(choice: &Choice<'_>) -> Result<Vec<Program>> {
    let mut sources = vec![modules::Source::Made];
    sources.extend(choice.modules.iter().cloned().map(modules::Source::File));
    let mut programs = Vec::new();
    for source in sources {
        let mib = source.wasm()?.len() as f64 / f64::from(1 << 20);
        for &threads in choice.threads {
            let plural = if threads == 1 { "" } else { "s" };
            programs.push(Program {
                name: source.name(),
                label: format!("{}, {mib:.1} MiB, {threads} thread{plural}", source.name()),
                arg: threads.into(),
                about: String::new(),
                operation: Some(Operation {
                    name: "MiB",
                    count: mib,
                    rate: true,
                }),
                module: Some(source.clone()),
            });
        }
    }
    Ok(programs)
}

fn in_folder(requests: &[String], dir: &Path, arg: Option<i32>) -> Result<Vec<Program>> {
    let available = names_in(dir)?;
    let requests = if requests.is_empty() {
        &available
    } else {
        requests
    };
    let mut programs = Vec::new();
    for request in requests {
        let (name, own) = parse(request)?;
        if !available.iter().any(|other| other == name) {
            bail!("no program `{name}`; there are {}", available.join(", "));
        }
        let known = Known::named(name);
        let usual = known.as_ref().map(|known| known.arg);
        // A whole program takes none.
        let whole = dir.join(format!("{name}.wasm")).exists().then_some(1);
        let Some(arg) = own.or(usual).or(arg).or(whole) else {
            bail!("`{name}` has no usual argument: give `{name}=N` or `--arg N`");
        };
        let known = known.unwrap_or_else(|| Known::file(name, "", arg, "", None));
        programs.push(known.program(arg, format!("{name} {}", grouped(arg))));
    }
    Ok(programs)
}

/// The name of a request, and its own argument if it has one.
fn parse(request: &str) -> Result<(&str, Option<i32>)> {
    let Some((name, text)) = request.split_once('=') else {
        return Ok((request, None));
    };
    let arg = text.parse::<i32>();
    let arg = arg.with_context(|| format!("`{request}`: `{text}` is no i32"))?;
    Ok((name, Some(arg)))
}

fn names_in(dir: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let extension = path.extension();
        if extension.is_some_and(|extension| extension == "wat" || extension == "wasm")
            && let Some(stem) = path.file_stem()
        {
            names.push(stem.to_string_lossy().into_owned());
        }
    }
    if names.is_empty() {
        bail!("no .wat or .wasm files in {}", dir.display());
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// A number with its digits in groups of three.
fn grouped(number: i32) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::{Known, Suite, grouped};
    use clap::ValueEnum;
    use std::collections::HashSet;

    fn all() -> Vec<Known> {
        let suites = Suite::value_variants().iter();
        suites.flat_map(|suite| suite.known()).collect()
    }

    #[test]
    fn names_are_distinct_and_no_suite_has_one() {
        let mut seen = HashSet::new();
        for known in all() {
            assert!(Suite::named(&known.name).is_none(), "{}", known.name);
            assert!(seen.insert(known.name.clone()), "{} twice", known.name);
        }
    }

    #[test]
    fn every_program_compiles_here() {
        let engine = mangrove::Engine::new(&mangrove::Config::new()).expect("an engine");
        for known in all() {
            if let Err(error) = mangrove::Module::new(&engine, known.source.as_bytes()) {
                panic!("{}: {error}", known.name);
            }
        }
    }

    #[test]
    fn digits_in_groups_of_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(-1_234), "-1,234");
        assert_eq!(grouped(10_000_000), "10,000,000");
    }
}
