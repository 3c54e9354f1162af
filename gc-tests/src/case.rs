//! Finding the cases, and reading the comment each starts with.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its file.
    pub path: PathBuf,
    /// Its folder and name, like `cont/generator`.
    pub name: String,
    /// What is done with it.
    pub kind: Kind,
    /// Options of the command line for all its runs.
    pub options: Vec<String>,
    /// Configurations it is run in; all if there are none.
    pub only: Vec<String>,
}

/// What is done with a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is a script to run.
    Script,
    /// It is a module whose root set is compared; the arguments say at which moment.
    Roots(Vec<String>),
}

/// All cases below a folder, by name.
///
/// # Errors
/// If the folder or a case cannot be read, or a case is not of the form they have.
pub fn cases(folder: &Path) -> io::Result<Vec<Case>> {
    let mut found = Vec::new();
    for group in fs::read_dir(folder)? {
        for file in fs::read_dir(group?.path())? {
            let path = file?.path();
            let text = fs::read_to_string(&path)?;
            let case = Case::parse(folder, &path, &text)
                .map_err(|message| io::Error::other(format!("{}: {message}", path.display())))?;
            found.push(case);
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

impl Case {
    fn parse(folder: &Path, path: &Path, text: &str) -> Result<Self, String> {
        let name = path.strip_prefix(folder).unwrap_or(path).with_extension("");
        let mut case = Self {
            path: path.to_owned(),
            name: name.display().to_string(),
            kind: Kind::Script,
            options: Vec::new(),
            only: Vec::new(),
        };
        let mut idea = false;
        let mut roots = None;
        for line in text.lines().map_while(|line| line.strip_prefix(";;")) {
            let line = line.trim();
            if let Some(options) = line.strip_prefix("config:") {
                case.options = words(options);
            } else if let Some(names) = line.strip_prefix("only:") {
                case.only = words(&names.replace(',', " "));
                case.check_only()?;
            } else if let Some(arguments) = line.strip_prefix("roots ") {
                roots = Some(words(arguments));
            } else {
                idea |= !line.is_empty();
            }
        }
        if !idea {
            return Err("a case starts with a comment that says its idea".to_owned());
        }
        match (path.extension().and_then(|e| e.to_str()), roots) {
            (Some("wast"), None) => Ok(case),
            (Some("wat"), Some(arguments)) => {
                case.kind = Kind::Roots(arguments);
                Ok(case)
            }
            (Some("wat"), None) => Err("there is no line `;; roots …`".to_owned()),
            _ => Err("a case is a .wast, or a .wat with a line `;; roots …`".to_owned()),
        }
    }

    fn check_only(&self) -> Result<(), String> {
        let known = |name: &String| crate::CONFIGURATIONS.iter().any(|(known, _)| known == name);
        match self.only.iter().find(|name| !known(name)) {
            Some(name) => Err(format!("there is no configuration {name:?}")),
            None => Ok(()),
        }
    }

    /// Whether it is run in this configuration.
    pub fn runs_in(&self, configuration: &str) -> bool {
        match self.kind {
            // Slots and offsets in a root set depend on code and collections.
            Kind::Roots(_) => configuration == "default",
            Kind::Script => {
                self.only.is_empty() || self.only.iter().any(|name| name == configuration)
            }
        }
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str, text: &str) -> Result<Case, String> {
        Case::parse(Path::new("cases"), &Path::new("cases").join(name), text)
    }

    #[test]
    fn a_script_with_settings() {
        let text = ";; An idea.\n;; config: --heap-max 1M\n;; only: default, zeal_call\n(module)";
        let case = parse("heap/full.wast", text).unwrap();
        assert_eq!(case.name, "heap/full");
        assert_eq!(case.kind, Kind::Script);
        assert_eq!(case.options, ["--heap-max", "1M"]);
        assert!(case.runs_in("zeal_call") && !case.runs_in("zeal_alloc"));
    }

    #[test]
    fn a_root_set() {
        let case = parse("roots/a.wat", ";; An idea.\n;; roots --at gc:1\n(module)").unwrap();
        assert_eq!(
            case.kind,
            Kind::Roots(vec!["--at".to_owned(), "gc:1".to_owned()])
        );
        assert!(case.runs_in("default") && !case.runs_in("unoptimised"));
    }

    #[test]
    fn cases_have_a_form() {
        assert!(parse("cont/a.wast", "(module)").is_err());
        assert!(parse("cont/a.wast", ";; config: --zeal alloc\n").is_err());
        assert!(parse("cont/a.wast", ";; An idea.\n;; only: defualt\n").is_err());
        assert!(parse("cont/a.wast", ";; An idea.\n;; roots --at end\n").is_err());
        assert!(parse("roots/a.wat", ";; An idea.\n(module)").is_err());
        assert!(parse("roots/a.txt", ";; An idea.\n").is_err());
    }
}
