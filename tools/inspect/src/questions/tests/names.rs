//! Titles are read back, and conditions mean what they say.

use super::graphs::random;
use crate::Snapshot;
use crate::questions::{Diff, Filter, FilterError, NameError, NodeName};
use crate::snapshot::samples::generators;
use crate::snapshot::{
    About, Builder, Continuation, ContinuationParts, Function, Kind, Module, Node, NodeId,
    ObjectType, Origin, Site, Space, Static,
};

fn find(snapshot: &Snapshot, name: &str) -> Result<NodeId, NameError> {
    name.parse::<NodeName>()?.find(snapshot)
}

#[test]
fn titles_are_names() {
    let snapshots = (0..200)
        .map(random)
        .chain([generators(20, 20).unwrap(), hostile()]);
    for snapshot in snapshots {
        for node in snapshot.nodes().all() {
            let title = snapshot.title(node);
            assert_eq!(find(&snapshot, &title), Ok(node), "{title}");
        }
    }
}

/// Names that look like titles, and what nobody would call a thing.
fn hostile() -> Snapshot {
    let names = [
        "x@0x10",
        "",
        " ",
        "a b ",
        "2",
        "pool of the host",
        "\u{1b}[31m",
        "$$",
        ": @0x20",
        "of instance 1",
    ];
    let mut builder = Builder::new();
    for name in names {
        let ty = ObjectType {
            name: format!("${name}"),
            ..ObjectType::default()
        };
        builder.names().types.push(ty);
    }
    for kind in [Kind::Global, Kind::Table, Kind::Segment] {
        for (index, name) in (0..).zip(names) {
            for instance in [None, Some(0), Some(1)] {
                // The host has no segments.
                if kind != Kind::Segment || instance.is_some() {
                    let row = Static {
                        instance,
                        index,
                        name: Some(name.to_owned()),
                        len: 0,
                    };
                    builder.fixed(kind, row, []);
                }
            }
        }
    }
    for ty in 0..names.len() as u32 {
        builder.object(16 + 16 * ty, ty, 16, 0, Space::Old, None, &[], []);
    }
    builder.finish(About::default()).unwrap()
}

#[test]
fn what_people_write() {
    let snapshot = generators(3, 4).unwrap();
    let nodes = snapshot.nodes();
    let node = nodes.object_at(0x110).unwrap();
    for name in [
        "@0x110",
        "0x110",
        "object 0x110",
        "$node @0x110",
        "node @0x110",
        " @0x110 ",
    ] {
        assert_eq!(find(&snapshot, name), Ok(node), "{name}");
    }
    let continuation = nodes.continuation_numbered(2).unwrap();
    for name in ["2", "continuation 2", "continuation 2 of $gen"] {
        assert_eq!(find(&snapshot, name), Ok(continuation), "{name}");
    }
    let frame = NodeId(continuation.0 + 1);
    assert_eq!(find(&snapshot, "frame 0 of continuation 2"), Ok(frame));
    let table = nodes.of(Kind::Table).next().unwrap();
    for name in ["table 0", "table $pool", "table pool", "table 0 $pool"] {
        assert_eq!(find(&snapshot, name), Ok(table), "{name}");
    }
    let handle = nodes.of(Kind::Handle).next().unwrap();
    assert_eq!(find(&snapshot, "handle 0"), Ok(handle));
    assert_eq!(find(&snapshot, "roots"), Ok(NodeId::ROOTS));
}

#[test]
fn what_is_no_name_says_so() {
    let snapshot = generators(3, 4).unwrap();
    for (name, message) in [
        ("", "`` is no name of a node: write"),
        ("global", "`global` is no name of a node: write"),
        ("0x", "`0x` is no name of a node: write"),
        ("0x+10", "`0x+10` is no name of a node: write"),
        ("99999999999", "`99999999999` is no name of a node: write"),
        ("frame 0", "`frame 0` is no name of a node: write"),
        ("a\u{1b}b", "`a\\u{1b}b` is no name of a node: write"),
        (
            "@0x114",
            "there is no `@0x114`; did you mean `$node @0x110`?",
        ),
        ("@0x8", "there is no `@0x8`"),
        (
            "$point @0x110",
            "`$point @0x110` is `$node @0x110` in this snapshot",
        ),
        ("77", "there is no `77`"),
        (
            "continuation 2 of $main",
            "`continuation 2 of $main` is `continuation 2 of $gen` in",
        ),
        (
            "frame 3 of continuation 2",
            "there is no `frame 3 of continuation 2`; did you mean",
        ),
        (
            "table $poool",
            "there is no `table $poool`; did you mean `table 0 $pool`?",
        ),
        (
            "table 0 $list",
            "`table 0 $list` is `table 0 $pool` in this snapshot",
        ),
        ("global 5", "there is no `global 5`"),
    ] {
        let error = find(&snapshot, name).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
    let error = find(&hostile(), "global 4").unwrap_err().to_string();
    assert_eq!(
        error,
        "`global 4` is global 4 $2 of the host and global 4 $2 and global 4 $2 of instance 1: \
         which of them?"
    );
}

#[test]
fn conditions_mean_what_they_say() {
    let snapshot = generators(10, 5).unwrap();
    let nodes = snapshot.nodes();
    let count = |filter: &str| {
        let filter: Filter = filter.parse().unwrap();
        filter.on(&snapshot).unwrap().nodes().count()
    };
    assert_eq!(count("bytes>=0"), nodes.len());
    assert_eq!(
        (
            count("type=$node"),
            count("type=node"),
            count("type!=$node")
        ),
        (16, 16, 1)
    );
    assert_eq!(
        (count("type=(array i8)"), count("type=\"(array i8)\"")),
        (1, 1)
    );
    // Continuations and their frames.
    assert_eq!((count("function=$gen"), count("function=$main")), (22, 2));
    assert_eq!(
        (
            count("function=gen kind=frame"),
            count("module=generators.wat")
        ),
        (11, 24)
    );
    assert_eq!(
        (count("continuation=7"), count("continuation=7,kind=frame")),
        (2, 1)
    );
    assert_eq!((count("state=running"), count("state!=running")), (2, 22));
    assert_eq!(
        (count("parked=yes kind=continuation"), count("parked=no")),
        (11, 2)
    );
    let old = |node: NodeId| match nodes.get(node) {
        Node::Continuation(row) => row.age >= 3,
        _ => false,
    };
    let slow = nodes.all().filter(|&node| old(node)).count();
    assert_eq!(count("age>=3 kind=continuation"), slow);
    assert_eq!(count("age>2, kind=continuation"), slow);
    assert_eq!(count("age<=4 kind=object"), 0);
    assert_eq!((count("space=old bytes>16"), count("space=young")), (1, 0));
    assert_eq!(count("bytes<24 bytes>=16 kind!=object"), 0);
}

#[test]
fn what_is_no_condition_says_so() {
    let snapshot = generators(3, 4).unwrap();
    let none = "a filter has a condition at least, like `type=$node` or `age>=3`: there are kind, \
                type, space, function, module, continuation, state, parked, age, bytes";
    for (filter, message) in [
        ("", none),
        (" , \"\"", none),
        (
            "type",
            "`type` is no condition: write `type=$node` or `age>=3`",
        ),
        ("age!3", "`age!3` is no condition"),
        ("age>=", "`age>=` is no condition"),
        (
            "fuction=$gen",
            "there is no condition `fuction`; did you mean `function`?",
        ),
        (
            "zzz=1",
            "there is no condition `zzz`: they are kind, type, space, function, module, \
             continuation, state, parked, age, bytes",
        ),
        ("age>=x", "`x` is no value of `age`: it takes a number"),
        (
            "state=suspend",
            "`suspend` is no value of `state`: it takes fresh, running, parent or \
          suspended; did you mean `suspended`?",
        ),
        ("type>=$node", "`type` takes `=` and `!=` only"),
        (
            "type=(array",
            "a quote or a parenthesis is not closed in `type=(array`",
        ),
        (
            "type=$nod",
            "there is no type `$nod`; did you mean `$node`?",
        ),
        (
            "function=\u{202e}gen",
            "there is no function `\\u{202e}gen`",
        ),
        ("continuation=99", "there is no continuation `99`"),
        ("module=y", "there is no module `y`"),
    ] {
        let found: Result<usize, FilterError> = filter
            .parse::<Filter>()
            .and_then(|filter| Ok(filter.on(&snapshot)?.nodes().count()));
        let error = found.unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}

/// A file may let any number of continuations stand at one stack of any depth, and give a module
/// a name of any length: neither is looked at again for each continuation, or each function.
#[test]
fn a_stack_that_all_share_is_looked_at_once() {
    const MANY: u32 = 200_000;
    let mut builder = Builder::new();
    let names = builder.names();
    for name in ["other".to_owned(), "m".repeat(1 << 20)] {
        names.modules.push(Module { name });
    }
    for index in 0..MANY {
        names.functions.push(Function {
            name: Some(format!("f{index}")),
            module: Some(1),
            ..Function::default()
        });
    }
    names.sites.push(Site::default());
    names.origins.push(Origin::default());
    names.stacks.push(vec![0; MANY as usize]);
    for number in 0..MANY {
        builder.continuation(ContinuationParts {
            row: Continuation {
                number,
                ..Continuation::default()
            },
            ..ContinuationParts::default()
        });
    }
    let snapshot = builder.finish(About::default()).unwrap();
    // The last function: no site is in it.
    let filter: Filter = format!("function!=$f{}", MANY - 1).parse().unwrap();
    assert_eq!(
        filter.on(&snapshot).map(|meant| meant.nodes().count()),
        Ok(MANY as usize)
    );
    assert!(snapshot.function_name(0).starts_with(&"m".repeat(200)));
    assert!(snapshot.function_name(0).len() < 300);
    let diff = Diff::of(&snapshot, &snapshot);
    assert_eq!(diff.stacks, []);
}
