//! Which files of a package name which, and the circles in that.
//!
//! A name is followed through `use` lines to the file that defines it. The root of
//! a package declares and re-exports all the others and is no part of a circle;
//! neither are tests.

use super::uses::{Named, Path, Uses};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How many `use` lines are followed from a name to where it is defined.
const STEPS: usize = 8;

/// The module of a file, by its path in `src`: empty for a root.
pub fn module(path: &str) -> Path {
    let name = path.strip_suffix(".rs").unwrap_or(path);
    let mut segments: Path = name.split('/').map(str::to_owned).collect();
    let is_root = matches!(segments[0].as_str(), "lib" | "main" | "bin");
    if is_root {
        return Path::new();
    }
    if segments.last().is_some_and(|last| last == "mod") {
        segments.pop();
    }
    segments
}

/// Files that need each other, each with those of them it names.
pub struct Circle(BTreeMap<Path, Vec<Path>>);

impl Circle {
    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (module, named) in &self.0 {
            let named: Vec<String> = named.iter().map(|other| other.join("::")).collect();
            write!(f, "\n    {} names {}", module.join("::"), named.join(", "))?;
        }
        Ok(())
    }
}

/// Who names whom among the modules of a package.
pub struct Graph {
    files: BTreeMap<Path, Uses>,
    /// What a name in a module stands for.
    imports: BTreeMap<(Path, String), Vec<Named>>,
    items: BTreeSet<(Path, String)>,
}

impl Graph {
    /// Of files, by their paths in `src`.
    pub fn new<'a>(files: impl Iterator<Item = (&'a str, Uses)>) -> Self {
        let mut graph = Self {
            files: BTreeMap::new(),
            imports: BTreeMap::new(),
            items: BTreeSet::new(),
        };
        let mut tests = BTreeSet::new();
        for (path, mut uses) in files {
            for import in uses.imports.drain(..) {
                let key = (import.target.within.clone(), import.name);
                graph.imports.entry(key).or_default().push(import.target);
            }
            graph.items.extend(uses.items.drain(..));
            tests.extend(uses.tests.drain(..));
            graph.files.insert(module(path), uses);
        }
        let is_test = |module: &Path| {
            let named = module
                .iter()
                .any(|name| name == "tests" || name == "testing");
            named || (1..=module.len()).any(|len| tests.contains(&module[..len]))
        };
        graph.files.retain(|module, _| !is_test(module));
        graph
    }

    /// The path from the root, or none if it leads out of the package.
    fn absolute(&self, named: &Named, steps: usize) -> Option<Path> {
        let Named { within, path } = named;
        let first = path.first()?;
        let mut from = within.clone();
        let rest = match first.as_str() {
            "crate" => {
                from.clear();
                &path[1..]
            }
            "self" => &path[1..],
            "super" => {
                let up = path.iter().take_while(|word| *word == "super").count();
                from.truncate(from.len().checked_sub(up)?);
                &path[up..]
            }
            _ => {
                from.push(first.clone());
                if !self.files.contains_key(&from) {
                    from.pop();
                    return self.imported(&from, first, &path[1..], steps);
                }
                &path[1..]
            }
        };
        from.extend_from_slice(rest);
        Some(from)
    }

    /// What `name` stands for in a module that imports it, with `rest` behind it.
    fn imported(
        &self,
        module: &[String],
        name: &str,
        rest: &[String],
        steps: usize,
    ) -> Option<Path> {
        let steps = steps.checked_sub(1)?;
        let targets = self.imports.get(&(module.to_vec(), name.to_owned()))?;
        // More than one: a type and a function, say. They come from one place.
        let target = targets.first().filter(|target| target.path[0] != name)?;
        let mut path = self.absolute(target, steps)?;
        path.extend_from_slice(rest);
        Some(path)
    }

    /// The module whose file defines what stands at `path`; none if it comes from
    /// outside of the package.
    fn definition(&self, path: &[String], steps: usize) -> Option<Path> {
        let known = |len: &usize| *len == 0 || self.files.contains_key(&path[..*len]);
        let len = (0..=path.len()).rev().find(known)?;
        let module = path[..len].to_vec();
        let Some(name) = path.get(len) else {
            return Some(module);
        };
        let key = (module, name.clone());
        let Some(fewer) = steps.checked_sub(1).filter(|_| !self.items.contains(&key)) else {
            return Some(key.0);
        };
        if self.imports.contains_key(&key) {
            let target = self.imported(&key.0, name, &path[len + 1..], steps)?;
            return self.definition(&target, fewer);
        }
        let all = (key.0.clone(), "*".to_owned());
        for glob in self.imports.get(&all).into_iter().flatten() {
            if let Some(mut target) = self.absolute(glob, fewer) {
                target.push(name.clone());
                let found = self.definition(&target, fewer);
                if let Some(found) =
                    found.filter(|found| self.items.contains(&(found.clone(), name.clone())))
                {
                    return Some(found);
                }
            }
        }
        Some(key.0)
    }

    /// The other files a file names.
    fn named(&self, module: &Path) -> BTreeSet<Path> {
        let paths = self.files[module].paths.iter();
        let absolute = paths.filter_map(|named| self.absolute(named, STEPS));
        let files = absolute.filter_map(|path| self.definition(&path, STEPS));
        files
            .filter(|file| !file.is_empty() && file != module && self.files.contains_key(file))
            .collect()
    }

    /// All circles, the largest first.
    pub fn circles(&self) -> Vec<Circle> {
        let modules = self.files.keys().filter(|module| !module.is_empty());
        let edges: BTreeMap<&Path, BTreeSet<Path>> =
            modules.map(|module| (module, self.named(module))).collect();
        let reach = |from: &Path| {
            let mut seen = BTreeSet::new();
            let mut worklist = vec![from];
            while let Some(module) = worklist.pop() {
                for next in &edges[module] {
                    if seen.insert(next) {
                        worklist.push(next);
                    }
                }
            }
            seen
        };
        let reached: BTreeMap<&Path, BTreeSet<&Path>> = edges
            .keys()
            .map(|module| (*module, reach(module)))
            .collect();
        let mut done = BTreeSet::new();
        let mut circles = Vec::new();
        for (&module, from_here) in &reached {
            if !from_here.contains(module) || done.contains(module) {
                continue;
            }
            let members: BTreeSet<&Path> = from_here
                .iter()
                .copied()
                .filter(|other| reached[other].contains(module))
                .collect();
            let inside = |module: &Path| {
                let named = edges[module].iter().filter(|other| members.contains(other));
                named.cloned().collect()
            };
            let circle = members
                .iter()
                .map(|&module| (module.clone(), inside(module)));
            circles.push(Circle(circle.collect()));
            done.extend(members);
        }
        circles.sort_by_key(|circle| Reverse(circle.len()));
        circles
    }
}

#[cfg(test)]
mod tests {
    use super::{Circle, Graph, Uses, module};

    fn sizes(files: &[(&str, &str)]) -> Vec<usize> {
        let files = files
            .iter()
            .map(|&(path, text)| (path, Uses::of(&module(path), text.parse().unwrap())));
        Graph::new(files)
            .circles()
            .iter()
            .map(Circle::len)
            .collect()
    }

    #[test]
    fn a_ring_of_three_files_is_a_circle() {
        let ring = [
            ("lib.rs", "mod a; mod b; mod c; mod d; pub use a::A;"),
            ("a.rs", "use crate::b::B; pub struct A(B, crate::d::D);"),
            ("b.rs", "pub struct B; fn f() { super::c::g(); }"),
            ("c/mod.rs", "pub fn g() -> Option<crate::A> { None }"),
            ("d.rs", "pub struct D;"),
        ];
        assert_eq!(sizes(&ring), [3]);
        assert_eq!(sizes(&ring[..3]), [0; 0]);
    }

    #[test]
    fn a_reexport_is_followed_to_its_file() {
        let ring = [
            ("f/mod.rs", "mod x; mod y; pub use x::X; pub use y::*;"),
            ("f/x.rs", "pub struct X(super::Y);"),
            ("f/y.rs", "use crate::f; pub struct Y; fn g(_: f::X) {}"),
        ];
        // `y` names `f` itself as well, which names both.
        assert_eq!(sizes(&ring), [3]);
        let ring = [
            ring[0],
            ring[1],
            ("f/y.rs", "pub struct Y(Option<Box<super::X>>);"),
        ];
        assert_eq!(sizes(&ring), [2], "`f` is needed by neither");
    }

    #[test]
    fn the_root_and_tests_close_no_circle() {
        let files = [
            ("lib.rs", "mod a; mod b; mod c; pub struct R(a::A);"),
            (
                "a.rs",
                "pub struct A; #[cfg(test)] mod tests { use crate::b::B; } #[cfg(test)] mod more;",
            ),
            ("b.rs", "use crate::{R, a::A}; pub struct B(A, R);"),
            ("a/more.rs", "use super::A; use crate::b::B;"),
            ("b/tests.rs", "use super::B;"),
        ];
        assert_eq!(sizes(&files), [0; 0]);
    }

    #[test]
    fn a_child_that_names_its_parent_is_in_a_circle_with_it() {
        let files = [
            ("a.rs", "mod b; pub struct A; fn f() { b::g() }"),
            ("a/b.rs", "use super::A; pub fn g() {}"),
        ];
        assert_eq!(sizes(&files), [2]);
        let foreign = [
            ("a.rs", "mod b; use std::rc::Rc; fn f() { b::g() }"),
            ("a/b.rs", "use super::Rc; pub fn g() {}"),
        ];
        assert_eq!(sizes(&foreign), [0; 0], "the name is not the parent's");
    }
}
