//! What a module asks for and nobody has: imports, and exports that are to be called.

use mangrove::{Error, ExternType, Linker, Module, Store, TypeId, TypeIndex, printable};
use mangrove_validate::EntityIndex;
use std::collections::HashSet;

/// Names of exports beyond which a message tells how many more there are.
const MOST_NAMES: usize = 20;

/// An import nobody has defined.
pub struct Missing {
    module: String,
    name: String,
    ty: ExternType,
}

/// The module's imports that the linker does not know, each once.
///
/// # Errors
/// There is no room for a host function's code.
pub fn imports(
    linker: &Linker<()>,
    store: &mut Store<()>,
    module: &Module,
) -> Result<Vec<Missing>, Error> {
    let mut seen = HashSet::new();
    let mut missing = Vec::new();
    for import in module.imports() {
        let (from, name, ty) = (import.module(), import.name(), import.ty());
        if seen.insert((from, name)) && linker.get(store, from, name)?.is_none() {
            missing.push(Missing {
                module: from.to_owned(),
                name: name.to_owned(),
                ty,
            });
        }
    }
    Ok(missing)
}

/// What to say of them: in a line, or one for each.
pub fn message(missing: &[Missing], module: &Module) -> String {
    let functions = missing
        .iter()
        .any(|import| matches!(import.ty, ExternType::Func(_)));
    let hint = match functions {
        true => "; with --stub-imports the program runs until it calls one",
        false => "",
    };
    match missing {
        [one] => format!("unknown import {}{hint}", one.text(module)),
        many => {
            let lines: Vec<_> = many
                .iter()
                .map(|import| format!("  {}", import.text(module)))
                .collect();
            format!("{} unknown imports{hint}\n{}", many.len(), lines.join("\n"))
        }
    }
}

/// Defines functions in place of these, which trap. What is no function is told in a
/// message.
///
/// # Errors
/// There is no room for a function's type.
pub fn stub(
    linker: &mut Linker<()>,
    missing: &[Missing],
    module: &Module,
) -> Result<Option<String>, Error> {
    let mut others = Vec::new();
    for import in missing {
        let ExternType::Func(ty) = &import.ty else {
            others.push(format!("\n  {}", import.text(module)));
            continue;
        };
        let (from, name) = (import.module.as_str(), import.name.as_str());
        let called = format!(
            "unknown import {:?} {:?} was called (--stub-imports)",
            from, name
        );
        linker.func(from, name, ty.clone(), move |_, _, _| {
            Err(Error::host(called.clone()))
        })?;
    }
    Ok((!others.is_empty()).then(|| {
        let others = others.concat();
        format!("unknown imports that are no functions, so that they cannot be stubs:{others}")
    }))
}

impl Missing {
    fn text(&self, module: &Module) -> String {
        let (from, name) = (printable(&self.module), printable(&self.name));
        format!("\"{from}\" \"{name}\" {}", type_text(&self.ty, module))
    }
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
