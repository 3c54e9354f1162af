//! Files for the readers of heap snapshots, with what they must find in each: written by
//! `tools/inspect/tests/devtools/run`, which gives them to Chrome's DevTools, memlab and v8-heapsnapshot.

use super::plan::Plan;
use super::strings::Strings;
use super::tests::everything;
use super::{Options, write};
use crate::Snapshot;
use crate::questions::Dominators;
use crate::snapshot::samples::generators;
use crate::snapshot::{
    About, At, Builder, Continuation, ContinuationParts, FrameParts, Function, Kind, NodeId,
    ObjectType, Origin, Plain, Site, Slot, SlotValue, Space, State, Static, Target, TypeKind,
};
use crate::{Capture, CaptureOptions};
use mangrove::{Config, Engine, Hooks, Linker, Module, Moment, Store};
use serde_json::json;
use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::sync::mpsc::channel;

/// Nodes whose rows are compared one by one. Of larger snapshots a part is.
const MOST_ROWS: usize = 5_000;
/// Up to so many nodes what a node retains is found by its definition, which takes time by the square.
const MOST_REMOVED: usize = 2_000;

#[test]
#[ignore = "writes files for `tools/inspect/tests/devtools/run`, which calls it"]
fn files_for_readers() {
    let folder = std::env::var_os("MANGROVE_DEVTOOLS_FILES").expect("a folder to write to");
    let mut files = Files {
        folder: PathBuf::from(folder),
        names: Vec::new(),
    };
    let options = Options::default();
    files.add("everything", &everything(), &options, &[]);
    files.add(
        "forgotten",
        &everything(),
        &Options { forgotten: true },
        &[],
    );
    for seed in 1..=30 {
        files.add(&format!("random-{seed}"), &random(seed), &options, &[]);
    }
    let sample = generators(20, 30).unwrap();
    files.add("generators", &sample, &options, &known(&sample));
    files.add("earlier", &generators(5, 6).unwrap(), &options, &[]);
    files.add("later", &generators(9, 6).unwrap(), &options, &[]);
    files.add("chain", &generators(0, 1_000_000).unwrap(), &options, &[]);
    files.add("many", &generators(300_000, 10).unwrap(), &options, &[]);
    let [earlier, later] = captured();
    files.add("captured", &earlier, &options, &[]);
    files.add("captured-later", &later, &options, &[]);
    // Four generators more, each with a frame and a node of its own. Of the captured program six, and every
    // object has moved in the meantime.
    let entered = |names: [&str; 3], count: u32| {
        let all = names.map(|name| (name.to_owned(), [count, 0]));
        HashMap::from(all)
    };
    let names = ["$node", "Continuation of $gen", "frame $gen"];
    let comparisons = json!([
        {"earlier": "earlier", "later": "later", "diff": entered(names, 4)},
        {"earlier": "captured", "later": "captured-later", "diff": entered(["$pair", names[1], names[2]], 6)},
    ]);
    let file = File::create(files.folder.join("comparisons.json")).unwrap();
    serde_json::to_writer(file, &comparisons).unwrap();
    let list = File::create(files.folder.join("files.json")).unwrap();
    serde_json::to_writer(list, &files.names).unwrap();
}

/// A program at its third and its ninth suspension, with a collection before each: a generator more each
/// time, which keeps a pair.
fn captured() -> [Snapshot; 2] {
    const PROGRAM: &[u8] = br#"(module
        (import "mangrove" "gc" (func $gc))
        (type $f (func)) (type $c (cont $f)) (tag $yield)
        (type $pair (struct (field $left eqref) (field $right eqref)))
        (table $pool 20 (ref null $c))
        (func $gen (local $mine (ref $pair))
            (local.set $mine (struct.new $pair (ref.i31 (i32.const 1)) (ref.null eq)))
            (call $gc)
            (suspend $yield)
            (drop (struct.get $pair $left (local.get $mine))))
        (elem declare func $gen)
        (func (export "main") (local $i i32)
            (loop $again
                (table.set $pool (local.get $i)
                    (block $on (result (ref $c))
                        (resume $c (on $yield $on) (cont.new $c (ref.func $gen)))
                        (unreachable)))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $again (i32.lt_s (local.get $i) (i32.const 10))))))"#;
    let mut config = Config::new();
    config.hooks(Hooks {
        switches: true,
        ..Hooks::default()
    });
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, PROGRAM).unwrap();
    let mut store = Store::new(&engine, ()).unwrap();
    let (tell, told) = channel();
    store.observe(Box::new(move |view, moment| {
        if let Moment::Suspend(3 | 9) = moment {
            let options = CaptureOptions::default().follow(true);
            tell.send(view.snapshot(&options).unwrap()).unwrap();
        }
    }));
    let mut linker = Linker::new(&engine);
    linker.define_mangrove();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let main = instance.func(&store, "main").unwrap();
    main.call(&mut store, &[]).unwrap();
    [told.recv().unwrap(), told.recv().unwrap()]
}

/// Whose references to a node are known: type and name of each, and whose it is.
type Known = (NodeId, Vec<(&'static str, NodeId)>);

fn known(sample: &Snapshot) -> [Known; 3] {
    let nodes = sample.nodes();
    let first = |kind| nodes.of(kind).next().unwrap();
    let running = first(Kind::Continuation);
    let parked = nodes.continuation_numbered(7).unwrap();
    let top = |continuation| nodes.targets(continuation)[0];
    let head = nodes.object_at(0x100).unwrap();
    [
        (
            head,
            vec![
                ("internal fp-16 (local 0 $head)", top(running)),
                ("internal value", first(Kind::Global)),
            ],
        ),
        (parked, vec![("element 6", first(Kind::Table))]),
        (top(parked), vec![("internal top", parked)]),
    ]
}

struct Files {
    folder: PathBuf,
    names: Vec<String>,
}

impl Files {
    /// Writes a snapshot, and what is in it by the snapshot itself.
    fn add(&mut self, name: &str, snapshot: &Snapshot, options: &Options, known: &[Known]) {
        let file = File::create(self.folder.join(format!("{name}.heapsnapshot"))).unwrap();
        write(snapshot, options, BufWriter::new(file)).unwrap();
        let plan = Plan::new(snapshot, options).unwrap();
        let mut strings = Strings::new(snapshot);
        let mut classes: HashMap<u32, u64> = HashMap::new();
        let mut written = HashMap::new();
        for ordinal in plan.ordinals() {
            let row = plan.node(&mut strings, ordinal);
            if row.size > 0 {
                *classes.entry(row.name).or_default() += 1;
            }
            if let Some((_, node)) = plan.written(ordinal) {
                written.insert(node, row);
            }
        }
        let names: Vec<&str> = strings.all().collect();
        let classes: HashMap<&str, u64> = classes
            .into_iter()
            .map(|(name, count)| (names[name as usize], count))
            .collect();
        let all: Vec<NodeId> = snapshot.nodes().all().collect();
        let all: Vec<NodeId> = all
            .into_iter()
            .filter(|node| written.contains_key(node))
            .collect();
        let roots = roots(snapshot, options);
        let distances = distances(snapshot, &roots, None);
        let dominators = (all.len() > MOST_REMOVED).then(|| Dominators::of(snapshot));
        let step = all.len().div_ceil(MOST_ROWS);
        let rows = all.iter().step_by(step).map(|node| {
            let row = &written[node];
            let retained = match &dominators {
                Some(dominators) => dominators.retained(*node),
                None => {
                    let without = self::distances(snapshot, &roots, Some(*node));
                    let gone = all.iter().filter(|node| without[node.index()].is_none());
                    gone.map(|node| u64::from(written[node].size)).sum()
                }
            };
            json!({
                "id": row.id, "name": names[row.name as usize], "size": row.size,
                "retained": retained, "distance": distances[node.index()],
            })
        });
        let known = known.iter().map(|(node, references)| {
            let lines = references
                .iter()
                .map(|(line, of)| format!("{line} {}", written[of].id));
            json!({"id": written[node].id, "retainers": lines.collect::<Vec<_>>()})
        });
        let expected = json!({
            "nodes": plan.node_count(),
            "edges": plan.edge_count(),
            "classes": classes,
            "rows": rows.collect::<Vec<_>>(),
            "known": known.collect::<Vec<_>>(),
        });
        let file = File::create(self.folder.join(format!("{name}.json"))).unwrap();
        serde_json::to_writer(BufWriter::new(file), &expected).unwrap();
        self.names.push(name.to_owned());
    }
}

/// What is below a group.
fn roots(snapshot: &Snapshot, options: &Options) -> Vec<NodeId> {
    let nodes = snapshot.nodes();
    let mut roots = nodes.targets(NodeId::ROOTS).to_vec();
    roots.extend(nodes.of(Kind::Weak));
    if options.forgotten {
        let reached = distances(snapshot, &roots, None);
        let continuations = nodes.of(Kind::Continuation);
        roots.extend(continuations.filter(|node| reached[node.index()].is_none()));
    }
    roots
}

/// By node: how far it is from the root, over `(GC roots)` and a group, if one node is not there.
fn distances(snapshot: &Snapshot, roots: &[NodeId], without: Option<NodeId>) -> Vec<Option<u32>> {
    let nodes = snapshot.nodes();
    let mut distances = vec![None; nodes.len()];
    let mut work = VecDeque::new();
    for &root in roots.iter().filter(|root| Some(**root) != without) {
        distances[root.index()] = Some(3);
        work.push_back(root);
    }
    while let Some(node) = work.pop_front() {
        let targets = nodes.targets(node).iter();
        for &to in targets.filter(|to| nodes.kind(node) != Kind::Weak && Some(**to) != without) {
            if distances[to.index()].is_none() {
                distances[to.index()] = distances[node.index()].map(|distance: u32| distance + 1);
                work.push_back(to);
            }
        }
    }
    distances
}

/// A snapshot without a plan: references lead anywhere.
fn random(seed: u32) -> Snapshot {
    let mut state = u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    // Marsaglia's xorshift, with his shifts of 13, 7 and 17.
    let mut below = move |bound: u32| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as u32 % bound
    };
    let mut builder = Builder::new();
    let (objects, continuations) = (20 + below(100), 3 + below(12));
    let names = builder.names();
    for index in 0..4 {
        names.types.push(ObjectType {
            name: format!("$t{index}"),
            kind: TypeKind::Array,
            fields: Vec::new(),
        });
        names.functions.push(Function {
            index,
            ..Function::default()
        });
        names.sites.push(Site {
            function: index,
            slots: (0..3)
                .map(|slot| Slot {
                    distance: 8 * slot,
                    ..Slot::default()
                })
                .collect(),
            ..Site::default()
        });
        names.origins.push(Origin {
            function: index,
            ..Origin::default()
        });
    }
    let mut value = |sparse: u32| {
        let object = SlotValue::Ref(Target::Object(16 * below(objects)));
        let continuation = SlotValue::Ref(Target::Continuation(below(continuations)));
        match below(sparse) {
            0 => continuation,
            1..=3 => object,
            _ => SlotValue::Plain(Plain::Null),
        }
    };
    for kind in [Kind::Global, Kind::Handle, Kind::Weak] {
        for index in 0..3 {
            let row = Static {
                index,
                ..Static::default()
            };
            builder.fixed(kind, row, [(0, value(9))]);
        }
    }
    for number in 0..continuations {
        let slots: Vec<SlotValue> = (0..9).map(|_| value(12)).collect();
        let frames = [0, 1, 2].map(|index| FrameParts {
            index,
            site: (number + index) % 4,
            bytes: 32 + index,
            slots: &slots[3 * index as usize..3 * index as usize + 3],
        });
        builder.continuation(ContinuationParts {
            row: Continuation {
                number,
                serial: number.into(),
                state: if number == 0 {
                    State::Running
                } else {
                    State::Suspended
                },
                origin: number % 4,
                stack: u32::MAX,
                ..Continuation::default()
            },
            bytes: 176,
            bound: &[value(9)],
            frames: &frames[..number as usize % 4],
            ..ContinuationParts::default()
        });
    }
    for index in 0..objects {
        let edges: Vec<(At, Target)> = (0..4)
            .filter_map(|element| match value(9) {
                SlotValue::Ref(to) => Some((At::Element(element), to)),
                SlotValue::Plain(_) => None,
            })
            .collect();
        builder.object(
            16 * index,
            index % 4,
            16 + index,
            4,
            Space::Old,
            Some(index + 1),
            &[],
            edges,
        );
    }
    builder.finish(About::default()).unwrap()
}
