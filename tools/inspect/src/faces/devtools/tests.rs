//! What the readers of heap snapshots ask of a file, rule by rule. That they do read it is tried with
//! themselves: `tools/inspect/tests/devtools/run`.

use super::{Options, WriteError, write};
use crate::Snapshot;
use crate::snapshot::samples::generators;
use crate::snapshot::{
    About, At, Builder, Continuation, ContinuationParts, Field, FrameParts, Function, FunctionKind,
    Kind, Names, ObjectType, Origin, Plain, Site, Slot, SlotValue, Space, State, Static, Storage,
    Target, TypeKind,
};
use std::collections::{HashMap, HashSet, VecDeque};
use std::io;

/// A name that breaks what does not escape it, or goes by names.
pub(super) const HOSTILE: &str = "\"\\</script>\u{0}\n\u{1b}[2J\u{202e}é\u{1f333}],\"nodes\":[";

/// A file, read in the simplest way.
pub(super) struct File {
    pub(super) text: String,
    pub(super) json: serde_json::Value,
    pub(super) nodes: Vec<Vec<u64>>,
    pub(super) edges: Vec<Vec<u64>>,
    pub(super) strings: Vec<String>,
}

impl File {
    pub(super) fn of(snapshot: &Snapshot, options: &Options) -> Self {
        let mut bytes = Vec::new();
        write(snapshot, options, &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let rows = |name: &str, fields: usize| -> Vec<Vec<u64>> {
            let numbers = json[name].as_array().unwrap();
            let numbers: Vec<u64> = numbers.iter().map(|n| n.as_u64().unwrap()).collect();
            assert_eq!(numbers.len() % fields, 0);
            numbers.chunks(fields).map(<[u64]>::to_vec).collect()
        };
        let strings = json["strings"].as_array().unwrap();
        Self {
            nodes: rows("nodes", 7),
            edges: rows("edges", 3),
            strings: strings
                .iter()
                .map(|s| s.as_str().unwrap().to_owned())
                .collect(),
            text,
            json,
        }
    }

    fn type_of(&self, kind: &str, number: u64) -> &str {
        let types = &self.json["snapshot"]["meta"][kind][0];
        types[number as usize].as_str().unwrap()
    }

    fn node_type(&self, node: usize) -> &str {
        self.type_of("node_types", self.nodes[node][0])
    }

    pub(super) fn name(&self, node: usize) -> &str {
        &self.strings[self.nodes[node][1] as usize]
    }

    /// The edges of a node: type, name or index, target.
    fn edges_of(&self, node: usize) -> Vec<(&str, String, usize)> {
        let before: u64 = self.nodes[..node].iter().map(|node| node[4]).sum();
        let end = before + self.nodes[node][4];
        let edges = &self.edges[before as usize..end as usize];
        let edge = |edge: &Vec<u64>| {
            let ty = self.type_of("edge_types", edge[0]);
            let name = match ty {
                "element" => edge[1].to_string(),
                _ => self.strings[edge[1] as usize].clone(),
            };
            assert_eq!(edge[2] % 7, 0, "to_node is multiplied by the field count");
            (ty, name, (edge[2] / 7) as usize)
        };
        edges.iter().map(edge).collect()
    }

    fn named(&self, name: &str) -> usize {
        let mut found = (0..self.nodes.len()).filter(|&node| self.name(node) == name);
        let node = found
            .next()
            .unwrap_or_else(|| panic!("no {name}: {:?}", self.strings));
        assert_eq!(found.next(), None, "{name} is there once");
        node
    }

    /// By node: how many edges that hold something lead to it from the root.
    fn distances(&self) -> Vec<Option<u32>> {
        let mut distances = vec![None; self.nodes.len()];
        distances[0] = Some(0);
        let mut work = VecDeque::from([0]);
        while let Some(node) = work.pop_front() {
            for (ty, _, to) in self.edges_of(node) {
                if ty != "weak" && distances[to].is_none() {
                    distances[to] = distances[node].map(|distance: u32| distance + 1);
                    work.push_back(to);
                }
            }
        }
        distances
    }

    /// How many there are of each class that has a size.
    pub(super) fn classes(&self) -> HashMap<&str, usize> {
        let mut classes = HashMap::new();
        for node in (0..self.nodes.len()).filter(|&node| self.nodes[node][3] > 0) {
            *classes.entry(self.name(node)).or_default() += 1;
        }
        classes
    }
}

fn hostile_names(names: &mut Names) {
    let field = |name: Option<&str>, storage, offset| Field {
        name: name.map(str::to_owned),
        storage,
        offset,
    };
    let ty = |name: &str, kind, fields| ObjectType {
        name: name.to_owned(),
        kind,
        fields,
    };
    names.types = vec![
        ty(
            "$pair",
            TypeKind::Struct,
            vec![
                field(Some(HOSTILE), Storage::Ref, 0),
                field(None, Storage::Ref, 4),
            ],
        ),
        ty(
            "(array anyref)",
            TypeKind::Array,
            vec![field(None, Storage::Ref, 0)],
        ),
        ty(
            "exception $e",
            TypeKind::Exception,
            vec![field(None, Storage::Ref, 0)],
        ),
        ty("<div id=\"x\">", TypeKind::Host, Vec::new()),
        ty(&format!("${HOSTILE}"), TypeKind::Struct, Vec::new()),
        ty("(synthetic)", TypeKind::Struct, Vec::new()),
    ];
    for (index, name) in [Some("main"), Some(HOSTILE), None].into_iter().enumerate() {
        names.functions.push(Function {
            kind: FunctionKind::Wasm,
            index: index as u32,
            name: name.map(str::to_owned),
            ..Function::default()
        });
        names.sites.push(Site {
            function: index as u32,
            offset: Some(index as u32),
            slots: vec![
                Slot::default(),
                Slot {
                    distance: 8,
                    ..Slot::default()
                },
            ],
            ..Site::default()
        });
        names.origins.push(Origin {
            function: index as u32,
            ..Origin::default()
        });
    }
    names.stacks = vec![vec![1, 0], vec![2]];
}

/// A snapshot with each kind of node and edge, and with names that are not meant well.
pub(crate) fn everything() -> Snapshot {
    let mut builder = Builder::new();
    hostile_names(builder.names());
    let object = |offset| SlotValue::Ref(Target::Object(offset));
    let null = SlotValue::Plain(Plain::Null);
    let named = |name: &str| Static {
        instance: Some(0),
        name: Some(name.to_owned()),
        ..Static::default()
    };
    builder.fixed(Kind::Global, named(HOSTILE), [(0, object(0x10))]);
    builder.fixed(Kind::Global, named("empty"), [(0, null)]);
    let second = SlotValue::Ref(Target::Continuation(2));
    builder.fixed(Kind::Table, named("t"), [(3, second), (9, object(0x10))]);
    builder.fixed(Kind::Segment, Static::default(), [(0, object(0x30))]);
    builder.fixed(Kind::Handle, Static::default(), [(0, object(0x40))]);
    let other = Static {
        index: 1,
        ..Static::default()
    };
    builder.fixed(Kind::Handle, other.clone(), [(0, object(0x50))]);
    builder.fixed(Kind::Weak, Static::default(), [(0, object(0x10))]);
    builder.fixed(Kind::Weak, other, [(0, object(0x70))]);
    let row = |number, state, origin, stack| Continuation {
        number,
        serial: u64::from(number) + 10,
        state,
        origin,
        stack,
        ..Continuation::default()
    };
    fn frame(index: u32, site: u32, slots: &[SlotValue]) -> FrameParts<'_> {
        FrameParts {
            index,
            site,
            bytes: 0,
            slots,
        }
    }
    builder.continuation(ContinuationParts {
        row: row(0, State::Parent, 0, 0),
        bytes: 176,
        ..ContinuationParts::default()
    });
    builder.continuation(ContinuationParts {
        row: row(1, State::Running, 1, 0),
        parent: Some(0),
        bytes: 176,
        frames: &[
            frame(0, 1, &[null, object(0x20)]),
            frame(1, 0, &[object(0x10), object(0x20)]),
        ],
        ..ContinuationParts::default()
    });
    builder.continuation(ContinuationParts {
        row: row(2, State::Fresh, 2, 9),
        bound: &[null, object(0x60)],
        ..ContinuationParts::default()
    });
    builder.continuation(ContinuationParts {
        row: row(3, State::Suspended, 2, 1),
        bytes: 176,
        frames: &[frame(0, 2, &[object(0x10), object(0x70)])],
        ..ContinuationParts::default()
    });
    let to = |at, offset| (at, Target::Object(offset));
    let pair = [to(At::Field(0), 0x20), to(At::Field(1), 0x30)];
    let objects = [
        (0x10, 0, pair.to_vec()),
        (
            0x20,
            1,
            vec![to(At::Element(0), 0x10), to(At::Element(7), 0x10)],
        ),
        (0x30, 2, vec![to(At::Payload(0), 0x30)]),
        (0x40, 3, Vec::new()),
        (0x50, 4, Vec::new()),
        (0x60, 5, vec![to(At::Unknown, 0x60)]),
        (0x70, 0, Vec::new()),
    ];
    for (offset, ty, edges) in objects {
        let bytes = if offset == 0x40 { u32::MAX } else { 16 };
        builder.object(offset, ty, bytes, 8, Space::Old, Some(offset), &[], edges);
    }
    builder.finish(About::default()).unwrap()
}

fn both() -> [File; 3] {
    let options = Options::default();
    [
        File::of(&generators(3, 4).unwrap(), &options),
        File::of(&everything(), &options),
        File::of(&everything(), &Options { forgotten: true }),
    ]
}

#[test]
fn the_text_is_as_v8_writes_it() {
    for file in both() {
        assert!(file.text.is_ascii() && file.text.starts_with("{\"snapshot\":{\"meta\":{"));
        let keys = [
            "snapshot",
            "nodes",
            "edges",
            "trace_function_infos",
            "trace_tree",
            "samples",
            "locations",
            "strings",
        ];
        let places = keys.map(|key| {
            let key = format!("\"{key}\":");
            assert_eq!(file.text.matches(&key).count(), 1, "{key}");
            file.text.find(&key).unwrap()
        });
        assert!(places.is_sorted());
        assert_eq!(file.json.as_object().unwrap().len(), keys.len());
        for key in &keys[3..7] {
            assert_eq!(file.json[key].as_array().unwrap().len(), 0, "{key}");
        }
        // Digits and commas only: readers know no other number, and memlab no blank.
        let numbers = &file.text[places[1]..places[3]];
        let odd = |c: char| !c.is_ascii_digit() && !",[]:\"nodesg\n".contains(c);
        assert!(!numbers.contains(odd));
        let head = &file.json["snapshot"];
        assert_eq!(head["node_count"], file.nodes.len());
        assert_eq!(head["edge_count"], file.edges.len());
        assert_eq!(head["trace_function_count"], 0);
        let meta = &head["meta"];
        for (fields, types, count) in [
            ("node_fields", "node_types", 7),
            ("edge_fields", "edge_types", 3),
        ] {
            assert_eq!(meta[fields].as_array().unwrap().len(), count);
            assert_eq!(meta[types].as_array().unwrap().len(), count);
        }
    }
}

#[test]
fn edges_lie_in_the_order_of_nodes_and_lead_to_nodes() {
    for file in both() {
        let counted: u64 = file.nodes.iter().map(|node| node[4]).sum();
        assert_eq!(counted, file.edges.len() as u64);
        for node in 0..file.nodes.len() {
            assert!(
                file.edges_of(node)
                    .iter()
                    .all(|edge| edge.2 < file.nodes.len())
            );
        }
    }
}

#[test]
fn no_string_is_there_twice() {
    for file in both() {
        let strings: HashSet<&String> = file.strings.iter().collect();
        assert_eq!(strings.len(), file.strings.len());
    }
}

#[test]
fn below_the_root_are_the_roots_of_the_collector_and_groups_only() {
    for file in both() {
        assert_eq!(
            (file.nodes[0][2], file.name(0), file.node_type(0)),
            (1, "", "synthetic")
        );
        assert_eq!(file.edges_of(0), [("element", "1".to_owned(), 1)]);
        assert_eq!((file.nodes[1][2], file.name(1)), (3, "(GC roots)"));
        let groups: Vec<&str> = file
            .edges_of(1)
            .iter()
            .map(|edge| file.name(edge.2))
            .collect();
        let all = [
            "(Continuations)",
            "(Globals)",
            "(Tables)",
            "(Element segments)",
            "(Host handles)",
            "(Weak handles)",
            "(Forgotten)",
        ];
        assert!(groups == all || groups == all[..6]);
        for group in file.edges_of(1) {
            assert_eq!((group.0, file.node_type(group.2)), ("element", "synthetic"));
            assert!(
                file.edges_of(group.2)
                    .iter()
                    .all(|edge| edge.0 == "element")
            );
        }
        assert!(
            file.edges
                .iter()
                .all(|edge| file.type_of("edge_types", edge[0]) != "shortcut")
        );
    }
}

#[test]
fn everything_has_a_distance() {
    for file in both() {
        let distances = file.distances();
        // Weak handles are below their group, so nothing is held by weak edges alone.
        assert!(distances.iter().all(Option::is_some));
        for (node, distance) in distances.into_iter().enumerate() {
            let distance = distance.unwrap();
            match file.node_type(node) {
                "synthetic" => assert!(distance < 4 && file.nodes[node][3] == 0),
                "object" => assert!(distance >= 3 && file.nodes[node][3] > 0),
                other => panic!("{other} is merged or hidden"),
            }
            assert_eq!(file.nodes[node][5..], [0, 0]);
        }
    }
}

#[test]
fn classes_are_counted_by_constant_names() {
    let [file, every, forgotten] = both();
    let expected = HashMap::from([
        ("Continuation of $main", 1),
        ("Continuation of $gen", 3),
        ("frame $main", 1),
        ("frame $gen", 3),
        ("$node", 7),
        ("(array i8)", 1),
    ]);
    assert_eq!(file.classes(), expected);
    for file in [&every, &forgotten] {
        for (name, count) in file.classes() {
            let bad = ["<", "Detached <", "Object(", "(synthetic)"];
            assert!(
                !bad.iter().any(|begin| name.starts_with(begin)),
                "{name}: {count}"
            );
        }
    }
    assert_eq!(every.classes()["object <div id=\"x\">"], 1);
    assert_eq!(
        (every.classes()["$pair"], forgotten.classes()["$pair"]),
        (1, 2)
    );
    assert_eq!(every.classes().get("frame func 2"), None);
}

#[test]
fn each_kind_of_edge_has_its_type() {
    let file = File::of(&everything(), &Options::default());
    let edges = |node: usize| -> Vec<String> {
        let text = |(ty, name, to): (&str, String, usize)| format!("{ty} {name} {}", file.name(to));
        file.edges_of(node).into_iter().map(text).collect()
    };
    let running = file.edges_of(file.named("(Continuations)"))[1].2;
    let name = file.name(running).replace("Continuation of ", "");
    assert_eq!(
        edges(running),
        [
            "internal resumed by Continuation of $main".to_owned(),
            format!("internal top frame {name}"),
            "element 1 frame $main".to_owned(),
        ]
    );
    let top = file.edges_of(running)[1].2;
    assert_eq!(
        edges(top),
        [
            "internal fp-8 (array anyref)",
            "internal caller frame $main"
        ]
    );
    assert_eq!(
        edges(file.named("table 0 $t")),
        ["element 3 Continuation of func 2", "element 9 $pair"]
    );
    assert_eq!(
        edges(file.named("Continuation of func 2")),
        ["internal bound argument 1 object (synthetic)"]
    );
    let pair = edges(file.named("$pair"));
    assert!(
        pair[0].starts_with("property $\"\\</script>\\u{0}"),
        "{pair:?}"
    );
    assert_eq!(pair[1], "property 1 object exception $e");
    assert_eq!(
        edges(file.named("(array anyref)")),
        ["element 0 $pair", "element 7 $pair"]
    );
    let weak = file.edges_of(file.named("(Weak handles)"));
    assert_eq!(edges(weak[0].2), ["weak value $pair"]);
    // What it refers to is not reachable.
    assert_eq!(edges(weak[1].2), [""; 0]);
    // Neither a weak handle nor what nothing holds is held by them.
    assert_eq!(file.edges.iter().filter(|edge| edge[0] == 6).count(), 1);
}

#[test]
fn ids_are_odd_unique_and_kept() {
    for file in both() {
        let ids: HashSet<u64> = file.nodes.iter().map(|node| node[2]).collect();
        assert_eq!(ids.len(), file.nodes.len());
        assert!(
            ids.iter()
                .all(|id| id % 2 == 1 && *id <= u64::from(u32::MAX))
        );
    }
    let [before, after] = [2, 5].map(|parked| {
        let file = File::of(&generators(parked, 3).unwrap(), &Options::default());
        let row = |node: usize| (file.nodes[node][2], file.name(node).to_owned());
        (0..file.nodes.len()).map(row).collect::<HashSet<_>>()
    });
    // Three continuations, each with a frame and a node, entered, and nothing left.
    assert_eq!(before.difference(&after).count(), 0);
    let mut entered: Vec<&str> = after
        .difference(&before)
        .map(|row| row.1.as_str())
        .collect();
    entered.sort_unstable();
    let expected = ["$node", "Continuation of $gen", "frame $gen"];
    assert_eq!(entered, expected.map(|name| [name; 3]).concat());
}

#[test]
fn sizes_fit_32_bits_and_are_those_of_the_snapshot() {
    let file = File::of(&everything(), &Options::default());
    assert_eq!(
        file.nodes[file.named("object <div id=\"x\">")][3],
        u64::from(u32::MAX)
    );
    let generators = generators(3, 4).unwrap();
    let file = File::of(&generators, &Options::default());
    let nodes = generators.nodes();
    let all: u64 = nodes.all().map(|node| nodes.bytes(node)).sum();
    // The last continuation, its frame and its node are left out.
    let written: u64 = file.nodes.iter().map(|node| node[3]).sum();
    assert_eq!(written, all - (176 + 88 + 16));
}

/// Fails after so many bytes.
struct Full(usize);

impl io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.min(bytes.len()) {
            0 => Err(io::ErrorKind::BrokenPipe.into()),
            count => {
                self.0 -= count;
                Ok(count)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_is_an_error() {
    let snapshot = generators(20_000, 4).unwrap();
    for room in [0, 100, 70_000, 1_000_000] {
        let error = write(&snapshot, &Options::default(), Full(room)).unwrap_err();
        assert!(
            matches!(error, WriteError::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
        );
    }
}

#[test]
fn an_empty_snapshot_is_written_too() {
    let file = File::of(&Snapshot::default(), &Options::default());
    assert_eq!((file.nodes.len(), file.edges.len()), (8, 7));
}

#[test]
fn long_chains_do_not_recurse() {
    let file = File::of(&generators(0, 200_000).unwrap(), &Options::default());
    assert_eq!(file.classes()["$node"], 200_000);
}
