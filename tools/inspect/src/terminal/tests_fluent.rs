//! That nothing in the terminal takes long, however large the store is: by the nodes that its thread looks at.

use super::Saved;
use super::app::App;
use super::asking::{self, Question};
use super::keys::{Key, Keys};
use super::tests::{opened, samples, screen, settle, type_keys};
use crate::Snapshot;
use crate::snapshot::LOOKED_AT;
use crate::snapshot::samples::generators;
use crate::snapshot::{
    About, At, Builder, Field, Kind, ObjectType, SlotValue, Space, Static, Storage, Target,
    TypeKind,
};
use std::time::Duration;

/// A list of so many objects, in a global.
fn chain(len: u32) -> Snapshot {
    let mut builder = Builder::new();
    builder.names().types.push(ObjectType {
        name: "$node".to_owned(),
        kind: TypeKind::Struct,
        fields: vec![Field {
            name: Some("next".to_owned()),
            storage: Storage::Ref,
            offset: 0,
        }],
    });
    let at = |n: u32| 16 * (n + 1);
    let first = SlotValue::Ref(Target::Object(at(0)));
    builder.fixed(Kind::Global, Static::default(), [(0, first)]);
    for n in 0..len {
        let next = (n + 1 < len).then(|| (At::Field(0), Target::Object(at(n + 1))));
        builder.object(at(n), 0, 16, 0, Space::Old, None, &[], next);
    }
    builder.finish(About::default()).unwrap()
}

/// Nodes that one key and the screen after it may look at, whatever the store's size.
const WORK: u64 = 5_000;

/// Presses keys one by one and draws after each, as the terminal does: the thread that does so may look at few nodes
/// only. What takes longer is another thread's.
fn fluent(app: &mut App<'_>, keys: &str) {
    for key in Keys::default().take(keys.as_bytes()) {
        let before = LOOKED_AT.get();
        app.key(key);
        screen(app, 160, 50);
        while app.waits() {
            app.tick();
            std::thread::sleep(Duration::from_millis(1));
        }
        screen(app, 160, 50);
        let work = LOOKED_AT.get() - before;
        assert!(work < WORK, "{key:?} of {keys:?} looks at {work} nodes");
    }
}

/// Everywhere in a store with many continuations, and in one that is deep.
#[test]
fn no_key_is_work_in_proportion_to_the_store() {
    for snapshot in [generators(20_000, 20_000).unwrap(), chain(50_000)] {
        let mut saved = Saved::new(vec![generators(10, 10).unwrap(), snapshot]);
        let mut app = opened(&mut saved);
        // Another moment, and back.
        fluent(&mut app, "npn");
        for keys in [
            "1\rG\x1b[5~\r\r\rwGgdGhhhhhh",
            "2G\rGgwdGw\rhhhhhh",
            "jd\rwGghhhhhh",
            "3\rG\rwG\rd\rhhhhhh",
            "4\rGwdhhhh",
            "4j\rGhh",
            "/node\rG\rhh",
            "/gen\rGhh",
            "/continuation 19000\rwdhh",
            "/nothing is called so\r",
        ] {
            fluent(&mut app, keys);
        }
    }
}

#[test]
fn what_is_asked_is_given_up() {
    let mut saved = samples();
    let mut app = opened(&mut saved);
    for ends in [Key::Escape, Key::Char('2'), Key::Backspace, Key::Char('n')] {
        let (open, gate) = std::sync::mpsc::channel();
        app.ask(Question::Gate(gate));
        assert!(app.waits());
        // A key for what comes waits for it.
        app.key(Key::Down);
        let shown = screen(&mut app, 160, 20);
        assert!(shown.contains("Escape gives it up"), "{shown}");
        app.key(ends);
        assert_eq!(app.asked(), None, "{ends:?}");
        open.send(()).unwrap();
        settle(&mut app);
        assert_eq!(app.panes().len(), 1, "what comes too late is not shown");
        app.key(Key::Char('1'));
    }
    // What is typed ahead is for what is opened, and for what that opens.
    let (open, gate) = std::sync::mpsc::channel();
    app.ask(Question::Gate(gate));
    type_keys_at_once(&mut app, "jw");
    assert_eq!(app.panes().len(), 1);
    open.send(()).unwrap();
    settle(&mut app);
    let title = app.pane().view.title(app.known().unwrap());
    assert_eq!(
        (title.as_str(), app.panes().len()),
        ("why table 0 $pool", 3)
    );
    type_keys(&mut app, "hh");
    // The last question is the one that is answered.
    let (open, gate) = std::sync::mpsc::channel();
    app.ask(Question::Gate(gate));
    type_keys_at_once(&mut app, "/zzz\r/continuation 7\r");
    open.send(()).unwrap();
    settle(&mut app);
    let title = app.pane().view.title(app.known().unwrap());
    assert_eq!(
        (title.as_str(), app.panes().len()),
        ("continuation 7 of $gen", 2)
    );
    assert_eq!(app.message(), "");
}

/// What nobody wants any more is not looked for to its end.
#[test]
fn a_search_that_is_given_up_stops() {
    let snapshot = generators(100_000, 10).unwrap();
    let progress = asking::Progress::default();
    let all = progress.nodes(&snapshot).count();
    assert_eq!(all, snapshot.nodes().len());
    let mut looked_at = 0;
    for node in progress.nodes(&snapshot) {
        looked_at = node.index();
        progress.cancel();
    }
    assert!(looked_at < 10_000, "{looked_at}");
}

fn type_keys_at_once(app: &mut App<'_>, keys: &str) {
    for key in Keys::default().take(keys.as_bytes()) {
        app.key(key);
    }
}
