//! What is looked for: a node by its name, or all whose function, type or own name has the text in it.

use super::asking::Progress;
use crate::Snapshot;
use crate::questions::NodeName;
use crate::snapshot::{Node, NodeId};

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The node that is called so.
    One(NodeId),
    /// Those whose names have the text in them.
    Many(Vec<NodeId>),
}

/// Looks for a text. Names are compared once each, not once for each node, so that a million nodes take no
/// longer than a few comparisons of numbers each. What is found is worth nothing once it is not wanted any more.
pub fn search(snapshot: &Snapshot, text: &str, progress: &Progress) -> Found {
    let text = text.trim();
    if text.is_empty() {
        return Found::Many(Vec::new());
    }
    if let Ok(node) = text
        .parse::<NodeName>()
        .and_then(|name| name.find(snapshot))
    {
        return Found::One(node);
    }
    let text = text.to_lowercase();
    let has = |name: &str| name.to_lowercase().contains(&text);
    let names = snapshot.names();
    let numbers = |len: usize| 0..len as u32;
    let of = |found: &[bool], index: u32| found.get(index as usize).copied().unwrap_or(false);
    let types = numbers(names.types.len()).map(|ty| has(&snapshot.type_name(ty)));
    let types: Vec<bool> = types.collect();
    let functions = numbers(names.functions.len());
    let functions: Vec<bool> = functions.map(|f| has(&snapshot.function_name(f))).collect();
    let sites = numbers(names.sites.len()).map(|site| has(&snapshot.site_text(site)));
    let sites: Vec<bool> = sites.collect();
    let origins = names
        .origins
        .iter()
        .map(|origin| of(&functions, origin.function));
    let origins: Vec<bool> = origins.collect();
    let nodes = snapshot.nodes();
    let found = progress
        .nodes(snapshot)
        .filter(|&node| match nodes.get(node) {
            Node::Roots => false,
            Node::Static(..) => has(&snapshot.title(node)),
            Node::Continuation(row) => of(&origins, row.origin),
            Node::Frame(row) => of(&sites, row.site),
            Node::Object(row) => of(&types, row.ty),
        });
    Found::Many(found.collect())
}
