//! What a module asks for and nobody has: imports, and exports that are to be called.

use mangrove::{ExternType, Linker, Module, TypeId, TypeIndex, UnknownImport, printable};
use mangrove_validate::EntityIndex;
use std::collections::HashSet;

/// Names of exports beyond which a message tells how many more there are.
const MOST_NAMES: usize = 20;

/// The module's imports that the linker does not know, each once.
pub fn imports(linker: &Linker<()>, module: &Module) -> Vec<UnknownImport> {
    let mut imports = linker.unknown_imports(module);
    let mut seen = HashSet::new();
    imports.retain(|import| seen.insert(text(import, module)));
    imports
}

/// What to say of them: in a line, or one for each.
pub fn message(missing: &[UnknownImport], module: &Module) -> String {
    let hint = match missing.iter().any(is_function) {
        true => "; with --stub-imports the program runs until it calls one",
        false => "",
    };
    match missing {
        [one] => format!("unknown import {}{hint}", text(one, module)),
        many => {
            let lines = indented(many.iter(), module);
            format!("{} unknown imports{hint}{lines}", many.len())
        }
    }
}

/// What to say of those that no stub can stand for, if there are any.
pub fn no_stubs(missing: &[UnknownImport], module: &Module) -> Option<String> {
    let others = indented(missing.iter().filter(|import| !is_function(import)), module);
    let message = "unknown imports that are no functions, so that they cannot be stubs:";
    (!others.is_empty()).then(|| format!("{message}{others}"))
}

fn is_function(import: &UnknownImport) -> bool {
    matches!(import.ty, ExternType::Func(_))
}

/// A line for each, which a line feed is before.
fn indented<'i>(imports: impl Iterator<Item = &'i UnknownImport>, module: &Module) -> String {
    imports
        .map(|import| format!("\n  {}", text(import, module)))
        .collect()
}

fn text(import: &UnknownImport, module: &Module) -> String {
    let (from, name) = (printable(&import.module), printable(&import.name));
    format!("\"{from}\" \"{name}\" {}", type_text(&import.ty, module))
}

/// What a module calls a canonical type: by name, else by number.
pub fn type_called(module: &Module, id: TypeId) -> String {
    let index = module.type_ids().iter().position(|&known| known == id);
    let names = &module.parsed().names.types;
    match index.map(|index| TypeIndex::new(index as u32)) {
        Some(index) => match names.get(&index) {
            Some(name) => format!("${}", printable(name)),
            None => index.to_string(),
        },
        None => format!("type {id}"),
    }
}

/// A type in text form, as the module calls what is in it.
fn type_text(ty: &ExternType, module: &Module) -> String {
    let called = |id| type_called(module, id);
    match ty {
        ExternType::Func(ty) => ty.text(called),
        ExternType::Table(ty) => ty.text(called),
        ExternType::Memory(ty) => ty.to_string(),
        ExternType::Global(ty) => ty.text(called),
        ExternType::Tag(ty) => format!("(tag{})", ty.signature(called)),
    }
}

/// What to say of a module of which nothing was called, though it exports functions.
pub fn nothing_called(module: &Module) -> Option<String> {
    let functions = functions(module);
    if module.parsed().start.is_some() || functions.is_empty() {
        return None;
    }
    let list = list(&functions);
    Some(format!("nothing was called; --invoke calls one of: {list}"))
}

/// The names of the functions a module exports.
fn functions(module: &Module) -> Vec<&str> {
    let exports = module.parsed().exports.iter();
    let functions = exports.filter(|export| matches!(export.index, EntityIndex::Func(_)));
    functions.map(|export| export.name.as_str()).collect()
}

/// The names as a list; of many, the first.
fn list(names: &[&str]) -> String {
    let shown: Vec<_> = names
        .iter()
        .take(MOST_NAMES)
        .map(|name| printable(name))
        .collect();
    let more = match names.len().saturating_sub(MOST_NAMES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", shown.join(", "))
}

/// What to say of a function that is not exported: the name that is meant, if one is
/// near, or those there are.
pub fn export(module: &Module, name: &str) -> String {
    let functions = functions(module);
    if functions.is_empty() {
        return format!("there is no export {name:?}; no function is exported");
    }
    let near = functions
        .iter()
        .map(|known| (strsim::damerau_levenshtein(known, name), *known))
        .filter(|&(distance, known)| distance <= 1 + known.len().min(name.len()) / 4)
        .min_by_key(|&(distance, _)| distance);
    let meant = match near {
        Some((_, known)) => format!(" (did you mean {known:?}?)"),
        None => String::new(),
    };
    let list = list(&functions);
    format!("there is no export {name:?}{meant}; functions: {list}")
}
