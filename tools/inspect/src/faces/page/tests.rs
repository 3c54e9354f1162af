//! What a page promises, without a browser: its data parses and says what the snapshot says,
//! names are no markup, nothing comes from elsewhere, and its size is bounded.

use super::{PageError, PageOptions, SCRIPTS, STYLES, write};
use crate::Snapshot;
use crate::questions::{Dominators, Retainers};
use crate::snapshot::samples::generators;
use crate::snapshot::{
    About, Builder, ContinuationParts, Function, Kind, Module, NodeId, ObjectType, Origin,
    SlotValue, Space, Static, Target,
};
use serde_json::Value;

const DATA: &str = "<script type=\"application/json\" id=\"data\">";

fn page(snapshots: &[&Snapshot], options: &PageOptions) -> String {
    let mut html = Vec::new();
    write(snapshots, options, &mut html).unwrap();
    String::from_utf8(html).unwrap()
}

fn data(html: &str) -> Value {
    let (_, behind) = html.split_once(DATA).unwrap();
    let (data, _) = behind.split_once("</script>").unwrap();
    serde_json::from_str(data).unwrap()
}

fn everything() -> PageOptions {
    PageOptions {
        continuations: usize::MAX,
        nodes: usize::MAX,
        ..PageOptions::default()
    }
}

fn bounded(continuations: usize, nodes: usize) -> PageOptions {
    PageOptions {
        continuations,
        nodes,
        ..PageOptions::default()
    }
}

fn numbers(value: &Value) -> Vec<i64> {
    let all = value.as_array().unwrap().iter();
    all.map(|number| number.as_i64().unwrap()).collect()
}

/// The numbers of the nodes in a page, and of each the nodes of the page it refers to.
fn graph(columns: &Value) -> (Vec<u32>, Vec<Vec<u32>>) {
    let mut last = 0;
    let mut ids = Vec::new();
    for step in numbers(&columns["ids"]) {
        last += step;
        ids.push(last as u32);
    }
    let mut targets = numbers(&columns["targets"]).into_iter();
    let mut edges = Vec::new();
    for (place, count) in (0..).zip(numbers(&columns["edges"])) {
        let coded: Vec<i64> = targets.by_ref().take(count as usize).collect();
        let inside = coded.into_iter().filter(|coded| coded % 2 == 0);
        let place_of = |coded: i64| place + (unfold(coded / 2));
        let known = |coded| ids[place_of(coded) as usize];
        edges.push(inside.map(known).collect());
    }
    assert_eq!(targets.next(), None);
    (ids, edges)
}

fn unfold(number: i64) -> i64 {
    (number >> 1) ^ -(number & 1)
}

#[test]
fn the_data_says_what_the_snapshot_says() {
    let snapshot = generators(30, 40).unwrap();
    let nodes = snapshot.nodes();
    let data = data(&page(&[&snapshot], &everything()));
    let columns = &data["moments"][0]["nodes"];
    let (ids, edges) = graph(columns);
    assert_eq!(ids.len(), nodes.len());
    for (node, edges) in nodes.all().zip(edges) {
        let wanted: Vec<u32> = nodes.targets(node).iter().map(|to| to.0).collect();
        assert_eq!(edges, wanted, "{}", snapshot.title(node));
    }
    let (dominators, retainers) = (Dominators::of(&snapshot), Retainers::of(&snapshot));
    let (back, depths) = (numbers(&columns["dominators"]), numbers(&columns["depths"]));
    let more = numbers(&columns["retained"]);
    for node in nodes.all() {
        let at = node.index();
        let dominator = (back[at] > 0).then(|| NodeId((at as i64 - back[at]) as u32));
        assert_eq!(dominator, dominators.dominator(node));
        let depth = retainers.depth(node).map_or(-1, i64::from);
        assert_eq!(depths[at], depth);
        let retained = nodes.bytes(node) + more[at] as u64;
        assert_eq!(retained, dominators.retained(node));
    }
}

#[test]
fn what_is_left_out_is_left_out_everywhere() {
    let snapshot = generators(2_000, 500).unwrap();
    for (continuations, most) in [(10, 100), (1_000, 2_500), (0, 1), (5, 0)] {
        let data = data(&page(&[&snapshot], &bounded(continuations, most)));
        let columns = &data["moments"][0]["nodes"];
        let (ids, edges) = graph(columns);
        assert!(ids.len() <= most.max(1), "{} of {most}", ids.len());
        assert_eq!(ids[0], 0);
        assert!(ids.is_sorted());
        for (&id, edges) in ids.iter().zip(edges) {
            let targets = snapshot.nodes().targets(NodeId(id));
            for to in edges {
                assert!(targets.contains(&NodeId(to)));
            }
        }
        // The nearest dominator that is in the page, where that of the snapshot is not.
        let dominators = Dominators::of(&snapshot);
        for (at, &back) in numbers(&columns["dominators"]).iter().enumerate() {
            let mut wanted = dominators.dominator(NodeId(ids[at]));
            while let Some(node) = wanted.filter(|node| !ids.contains(&node.0)) {
                wanted = dominators.dominator(node);
            }
            let found = (back > 0).then(|| NodeId(ids[at - back as usize]));
            assert_eq!(found, wanted);
        }
        // Totals are of everything.
        let shapes = data["moments"][0]["shapes"].as_array().unwrap();
        let count: u64 = shapes
            .iter()
            .map(|shape| shape["count"].as_u64().unwrap())
            .sum();
        assert_eq!(count, 2_002);
    }
}

#[test]
fn size_is_in_proportion_to_what_is_chosen() {
    let empty = page(&[&generators(0, 0).unwrap()], &PageOptions::default()).len();
    let many = generators(100_000, 0).unwrap();
    let default = page(&[&many], &PageOptions::default()).len() - empty;
    assert!(default < 1_000_000, "{default} bytes for 1,000 of 100,000");
    let chain = generators(0, 100_000).unwrap();
    let all = page(&[&chain], &everything()).len() - empty;
    assert!(all < 60 * 100_000, "{all} bytes for 100,000 objects");
    let default = page(&[&chain], &PageOptions::default()).len() - empty;
    assert!(default < 60 * 40_000, "{default} bytes for 40,000 nodes");
}

#[test]
fn names_are_no_markup() {
    const NAME: &str = "</script></title><script>alert(\"'&{{data}}\u{202e}\u{0}<!--";
    let mut builder = Builder::new();
    let names = builder.names();
    let name = || NAME.to_owned();
    names.modules.push(Module { name: name() });
    names.functions.push(Function {
        name: Some(name()),
        ..Function::default()
    });
    names.origins.push(Origin {
        ty: name(),
        ..Origin::default()
    });
    names.types.push(ObjectType {
        name: name(),
        ..ObjectType::default()
    });
    names.stacks.push(Vec::new());
    let row = Static {
        name: Some(name()),
        ..Static::default()
    };
    let to = SlotValue::Ref(Target::Object(16));
    builder.fixed(Kind::Global, row, [(0, to)]);
    builder.continuation(ContinuationParts::default());
    builder.object(16, 0, 16, 0, Space::Old, None, b"</script>", []);
    let about = About {
        moment: name(),
        program: name(),
        version: name(),
        counts: vec![(name(), 1)],
        ..About::default()
    };
    let snapshot = builder.finish(about).unwrap();
    let options = PageOptions {
        title: Some(name()),
        ..PageOptions::default()
    };
    for options in [options, PageOptions::default()] {
        let html = page(&[&snapshot, &snapshot], &options);
        assert_eq!(html.matches("<script").count(), 2);
        assert_eq!(html.matches("</script").count(), 2);
        assert_eq!(html.matches("</title").count(), 1);
        assert!(!html.contains(['\0', '\u{202e}']));
        let counts = &data(&html)["moments"][1]["about"]["counts"];
        assert_eq!(counts[0][0], NAME);
    }
}

#[test]
fn nothing_comes_from_elsewhere() {
    let html = page(&[&generators(1, 1).unwrap()], &PageOptions::default());
    let (_, policy) = html
        .split_once("Content-Security-Policy\" content=\"")
        .unwrap();
    let (policy, _) = policy.split_once('"').unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(
        !policy.contains("unsafe") && !policy.contains("http"),
        "{policy}"
    );
    for word in [
        " src=",
        "@import",
        "url(",
        " onclick=",
        " onload=",
        " style=",
    ] {
        let (head, _) = html.split_once(DATA).unwrap();
        assert!(!head.contains(word), "{word}");
    }
    // Texts become texts: nothing makes elements of them, runs them, or sends them.
    let script = SCRIPTS.concat();
    for word in [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "DOMParser",
        "fetch(",
        "XMLHttpRequest",
        "WebSocket",
        "import(",
        "srcdoc",
        "sendBeacon",
    ] {
        assert!(!script.contains(word), "{word}");
    }
    // What stands between the tags may not end them.
    assert!(!script.contains("</script") && !script.contains("<!--"));
    assert!(!STYLES.concat().contains("</style"));
}

#[test]
fn what_makes_no_page_is_an_error() {
    let error = write(&[], &PageOptions::default(), Vec::new()).unwrap_err();
    assert!(matches!(error, PageError::NoSnapshot), "{error}");
    let snapshot = generators(1, 1).unwrap();
    let error = write(&[&Snapshot::default()], &PageOptions::default(), Vec::new()).unwrap_err();
    assert!(matches!(error, PageError::Empty), "{error}");
    let many = [&snapshot; 17];
    let error = write(&many, &PageOptions::default(), Vec::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a page is of 16 snapshots at most, not of 17"
    );
    let mut small = [0; 100];
    let error = write(&[&snapshot], &PageOptions::default(), &mut small[..]).unwrap_err();
    assert!(matches!(error, PageError::Write(_)), "{error}");
}

#[test]
fn two_moments_tell_what_changed() {
    let (before, after) = (generators(3, 5).unwrap(), generators(9, 5).unwrap());
    let data = data(&page(&[&before, &after], &PageOptions::default()));
    let changes = &data["changes"][0];
    assert_eq!(changes["continuations"][0][0], 5);
    assert_eq!(changes["continuations"][1][0], 11);
    let entered = &changes["entered"];
    assert_eq!(entered["count"], 6);
    assert_eq!(entered["nodes"].as_array().unwrap().len(), 6);
    let identities = &data["moments"][1]["nodes"]["objects"]["identity"];
    assert_eq!(identities.as_array().unwrap().len(), 16);
}
