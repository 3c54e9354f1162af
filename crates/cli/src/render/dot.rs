//! A root set as a graph for Graphviz: a box for each continuation with its
//! frames in it, an arrow from each slot to what it holds.

use super::view::{RootGroup, Value, View};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The whole root set.
pub fn graph(view: &View) -> String {
    let mut dot = String::from(
        "digraph roots {\n  rankdir=LR;\n  node [shape=record, fontname=monospace];\n",
    );
    let mut targets = Targets::default();
    for (index, group) in view.groups.iter().enumerate() {
        cluster(&mut dot, index, group, &mut targets);
    }
    for (node, label) in &targets.nodes {
        let _ = writeln!(
            dot,
            "  {node} [label=\"{}\", style=rounded];",
            escape(label)
        );
    }
    for edge in &targets.edges {
        let _ = writeln!(dot, "  {edge};");
    }
    dot.push_str("}\n");
    dot
}

/// What slots point at, and the arrows.
#[derive(Default)]
struct Targets {
    nodes: BTreeMap<String, String>,
    edges: Vec<String>,
}

fn cluster(dot: &mut String, index: usize, group: &RootGroup, targets: &mut Targets) {
    let _ = writeln!(dot, "  subgraph cluster_{index} {{");
    let _ = writeln!(dot, "    label=\"{}\";", escape(&group.title()));
    for (part_index, part) in group.parts.iter().enumerate() {
        let node = format!("p{index}_{part_index}");
        let mut label = escape(&part.title);
        for (line_index, line) in part.lines.iter().enumerate() {
            let _ = write!(label, "|<s{line_index}> {}", escape(&line.place));
            match &line.value {
                Value::Plain(text) => {
                    let _ = write!(label, " = {}", escape(text));
                }
                Value::Object { offset, ty } => {
                    let target = format!("object_{offset:x}");
                    targets
                        .edges
                        .push(format!("{node}:s{line_index} -> {target}"));
                    targets.nodes.insert(target, format!("{ty} @0x{offset:x}"));
                }
                Value::Continuation(number) => {
                    let target = format!("continuation_{number}");
                    targets
                        .edges
                        .push(format!("{node}:s{line_index} -> {target}"));
                    targets
                        .nodes
                        .insert(target, format!("continuation {number}"));
                }
            }
        }
        let _ = writeln!(dot, "    {node} [label=\"{label}\"];");
    }
    dot.push_str("  }\n");
}

/// Escapes what record labels and strings give a meaning to.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '"' | '\\' | '{' | '}' | '|' | '<' | '>') {
            escaped.push('\\');
        }
        escaped.push(if character.is_control() {
            ' '
        } else {
            character
        });
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn labels_stay_whole() {
        assert_eq!(escape("a|b \"<c>\"\n"), "a\\|b \\\"\\<c\\>\\\" ");
    }
}
