//! Screens, drawn into memory, and keys as a script.
//!
//! `MANGROVE_BLESS=1` writes the expected screens.

use super::app::{App, Mode};
use super::draw::draw;
use super::keys::{Key, Keys};
use super::live::Live;
use super::{Progress, Saved, Source, Until};
use crate::snapshot::samples::generators;
use crate::snapshot::{Kind, NodeId};
use crate::{CaptureOptions, Snapshot};
use mangrove::{Config, Engine, Error, Hooks, Linker, Module, Store};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// Waits until nothing more comes.
pub(super) fn settle(app: &mut App<'_>) {
    while app.waits() {
        app.tick();
        std::thread::sleep(Duration::from_millis(1));
    }
}

pub(super) fn type_keys(app: &mut App<'_>, keys: &str) {
    for key in Keys::default().take(keys.as_bytes()) {
        app.key(key);
        settle(app);
    }
}

/// The screen as lines, without the blanks at their ends.
pub(super) fn screen(app: &mut App<'_>, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, app)).unwrap();
    let buffer = terminal.backend().buffer();
    let line = |y| {
        (0..width)
            .map(|x| buffer[(x, y)].symbol())
            .collect::<String>()
    };
    (0..height)
        .map(|y| line(y).trim_end().to_owned() + "\n")
        .collect()
}

pub(super) fn opened(source: &mut Saved) -> App<'_> {
    let mut app = App::new(source, u64::MAX);
    app.go(Until::Collection);
    settle(&mut app);
    app
}

pub(super) fn samples() -> Saved {
    Saved::new(vec![generators(30, 5).unwrap(), generators(40, 3).unwrap()])
}

/// Compares a screen with the one that is written down.
fn golden(app: &mut App<'_>, name: &str, width: u16, height: u16) {
    let found = screen(app, width, height);
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/terminal/golden/{name}.txt"));
    if std::env::var_os("MANGROVE_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        found, expected,
        "{name}: if this is right, MANGROVE_BLESS=1 writes it down"
    );
}

#[test]
fn screens_are_as_they_were() {
    let mut saved = samples();
    let mut app = opened(&mut saved);
    golden(&mut app, "stacks", 120, 16);
    type_keys(&mut app, "\r");
    golden(&mut app, "alike", 120, 16);
    type_keys(&mut app, "jj\r");
    golden(&mut app, "continuation", 120, 16);
    type_keys(&mut app, "\r");
    golden(&mut app, "frame", 120, 16);
    type_keys(&mut app, "\r");
    golden(&mut app, "object", 120, 16);
    type_keys(&mut app, "w");
    golden(&mut app, "why", 120, 16);
    type_keys(&mut app, "2");
    golden(&mut app, "roots", 120, 16);
    type_keys(&mut app, "jd");
    golden(&mut app, "retained", 120, 16);
    type_keys(&mut app, "3");
    golden(&mut app, "types", 120, 16);
    type_keys(&mut app, "?");
    golden(&mut app, "help", 120, 20);
    type_keys(&mut app, " 1n/$no");
    golden(&mut app, "search", 80, 10);
}

#[test]
fn what_leaks_is_shown() {
    let mut saved = samples();
    let mut app = opened(&mut saved);
    type_keys(&mut app, "n4");
    golden(&mut app, "suspects", 120, 16);
    type_keys(&mut app, "\r");
    assert!(app.panes().len() == 2, "{}", screen(&mut app, 120, 16));
}

#[test]
fn keys_go_in_and_out_again() {
    let mut saved = samples();
    let mut app = opened(&mut saved);
    // From the shape to its members, one of them, its frame, its object, and back.
    type_keys(&mut app, "\rG\r\r\r");
    assert_eq!(app.panes().len(), 5);
    let snapshot = Arc::clone(app.snapshot().unwrap());
    let own = snapshot.nodes().object_at(0x100 + 16 * 35).unwrap();
    assert!(screen(&mut app, 100, 20).contains(&snapshot.title(own)));
    type_keys(&mut app, "hhhhhh");
    assert_eq!(app.panes().len(), 1);
    // Each tab keeps where one is.
    type_keys(&mut app, "\rjj2jj1");
    assert_eq!(
        (app.tab(), app.panes().len(), app.pane().selected),
        (0, 2, 2)
    );
    type_keys(&mut app, "\t");
    assert_eq!((app.tab(), app.pane().selected), (1, 2));
    type_keys(&mut app, "\x1b[Z\x1b[Z");
    assert_eq!(app.tab(), 3);
    for ends in ["q", "\x03"] {
        let mut saved = samples();
        let mut app = opened(&mut saved);
        assert!(!app.quits());
        type_keys(&mut app, ends);
        assert!(app.quits());
    }
}

#[test]
fn moments_come_and_are_gone_back_to() {
    let mut saved = samples();
    let mut app = opened(&mut saved);
    let count = |app: &App<'_>| {
        app.snapshot()
            .unwrap()
            .nodes()
            .of(Kind::Continuation)
            .count()
    };
    assert_eq!((app.history().place(), count(&app)), ((1, 1), 32));
    type_keys(&mut app, "p");
    assert_eq!(app.message(), "this is the first moment");
    type_keys(&mut app, "\rn");
    assert_eq!((app.history().place(), count(&app)), ((2, 2), 42));
    assert_eq!(app.panes().len(), 1);
    type_keys(&mut app, "p");
    assert_eq!((app.history().place(), count(&app)), ((1, 2), 32));
    type_keys(&mut app, "s");
    assert_eq!((app.history().place(), count(&app)), ((2, 2), 42));
    type_keys(&mut app, "c");
    assert_eq!(app.message(), "no later moment was saved");
    assert_eq!((app.history().place(), count(&app)), ((2, 2), 42));
}

#[test]
fn a_search_finds_names_and_numbers() {
    let mut saved = samples();
    let mut app = opened(&mut saved);
    let after = |app: &mut App<'_>, keys: &str| {
        type_keys(app, keys);
        app.pane().view.title(app.known().unwrap())
    };
    assert_eq!(
        after(&mut app, "/continuation 7\r"),
        "continuation 7 of $gen"
    );
    assert_eq!(after(&mut app, "/@0x100\r"), "$node @0x100");
    assert_eq!(after(&mut app, "/NODE\r"), "called NODE (36)");
    assert_eq!(after(&mut app, "/pool\r"), "table 0 $pool");
    let depth = app.panes().len();
    assert_eq!(after(&mut app, "/nothing like this\r"), "table 0 $pool");
    assert_eq!(app.message(), "nothing is called nothing like this");
    // Left, and emptied.
    type_keys(&mut app, "/abc\x7f\x7f\x7f\x7f");
    assert_eq!(*app.mode(), Mode::Browse);
    app.key(Key::Char('/'));
    app.key(Key::Escape);
    assert_eq!((app.mode(), app.panes().len()), (&Mode::Browse, depth));
}

#[test]
fn windows_of_all_sizes_are_drawn() {
    let mut saved = samples();
    let mut app = opened(&mut saved);
    for keys in [
        "", "\r", "G\r", "\r", "w", "d", "?", "/x", "\x1b", "2", "3", "4",
    ] {
        type_keys(&mut app, keys);
        for width in [1, 2, 7, 20, 60, 89, 90, 200] {
            for height in 1..24 {
                assert_eq!(
                    screen(&mut app, width, height).lines().count(),
                    usize::from(height)
                );
            }
        }
    }
}

#[test]
fn the_selected_line_stays_visible_when_the_window_changes() {
    let mut saved = samples();
    let mut app = opened(&mut saved);
    type_keys(&mut app, "\r");
    screen(&mut app, 80, 40);
    type_keys(&mut app, &"j".repeat(25));
    for height in [40, 12, 5, 2, 1, 24] {
        let found = screen(&mut app, 80, height);
        assert!(found.contains("continuation 26 "), "{height}: {found}");
    }
    type_keys(&mut app, "gG");
    assert!(screen(&mut app, 80, 10).contains("continuation 31 "));
    type_keys(&mut app, "\x1b[5~");
    let found = screen(&mut app, 80, 10);
    assert!(found.contains("continuation 27 "), "{found}");
}

#[test]
fn lines_are_made_for_what_is_visible_only() {
    let mut saved = Saved::new(vec![generators(200_000, 5).unwrap()]);
    let mut app = opened(&mut saved);
    type_keys(&mut app, "\rG");
    assert!(screen(&mut app, 120, 30).contains("continuation 200001 "));
    let pane = app.pane();
    assert_eq!(
        (app.len(), pane.selected, pane.top),
        (Some(200_001), 200_000, 200_000 - 24)
    );
}

#[test]
fn names_do_not_reach_the_terminal_unescaped() {
    let hostile = crate::faces::devtools::tests::everything();
    let mut saved = Saved::new(vec![hostile]);
    let mut app = opened(&mut saved);
    for keys in [
        "",
        "\r",
        "2",
        "\r",
        "w",
        "d",
        "3",
        "\r",
        "4",
        "/\u{202e}\u{9b}x",
        "\r",
    ] {
        type_keys(&mut app, keys);
        let shown = screen(&mut app, 160, 30);
        let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!shown.contains(bad), "{shown:?}");
    }
}

/// Tells what it is asked.
struct Slow {
    asked: Rc<RefCell<Vec<Until>>>,
    comes: Rc<RefCell<Option<Progress>>>,
}

impl Source for Slow {
    fn go(&mut self, until: Until) {
        self.asked.borrow_mut().push(until);
    }

    fn poll(&mut self) -> Progress {
        self.comes.borrow_mut().take().unwrap_or(Progress::Running)
    }
}

#[test]
fn what_was_seen_can_be_looked_at_while_the_program_runs() {
    let (asked, comes) = (Rc::default(), Rc::default());
    let mut slow = Slow {
        asked: Rc::clone(&asked),
        comes: Rc::clone(&comes),
    };
    let mut app = App::new(&mut slow, u64::MAX);
    app.go(Until::Collection);
    assert!(!app.tick());
    assert!(screen(&mut app, 80, 10).contains("the program runs to the next collection"));
    let came: Rc<RefCell<Option<Progress>>> = comes;
    *came.borrow_mut() = Some(Progress::Stopped(Arc::new(generators(3, 3).unwrap())));
    assert!(app.tick());
    settle(&mut app);
    app.key(Key::Char('c'));
    app.key(Key::Enter);
    assert_eq!(app.panes().len(), 2);
    assert!(screen(&mut app, 80, 10).contains("the program runs to the end"));
    // It can be stopped earlier.
    app.key(Key::Char('s'));
    let all = [Until::Collection, Until::End, Until::Switch];
    assert_eq!(*asked.borrow(), all);
    *came.borrow_mut() = Some(Progress::Over("the program returned 7".to_owned()));
    assert!(app.tick());
    assert!(screen(&mut app, 80, 10).contains("the program returned 7"));
    app.key(Key::Char('n'));
    assert_eq!(asked.borrow().len(), 3);
}

#[test]
fn what_is_asked_too_early_is_answered_when_it_can_be() {
    let mut saved = samples();
    let mut app = App::new(&mut saved, u64::MAX);
    app.go(Until::Collection);
    app.tick();
    app.key(Key::Char('2'));
    app.key(Key::Char('w'));
    settle(&mut app);
    let title = app.pane().view.title(app.known().unwrap());
    assert_eq!(title, "why global 0 $list");
}

/// Two generators, resumed in turn.
const PROGRAM: &str = r#"(module
    (type $f (func)) (type $c (cont $f)) (tag $yield)
    (type $pair (struct (field $left eqref) (field $right eqref)))
    (table $pool 2 (ref null $c))
    (func $gen (local $mine (ref $pair))
        (local.set $mine (struct.new $pair (ref.i31 (i32.const 1)) (ref.null eq)))
        (loop $again
            (suspend $yield)
            (local.set $mine (struct.new $pair (local.get $mine) (ref.null eq)))
            (br $again)))
    (func $step (param $i i32)
        (table.set $pool (local.get $i)
            (block $on (result (ref $c))
                (resume $c (on $yield $on) (ref.as_non_null (table.get $pool (local.get $i))))
                (unreachable))))
    (elem declare func $gen)
    (func (export "main") (param $steps i32)
        (table.set $pool (i32.const 0) (cont.new $c (ref.func $gen)))
        (table.set $pool (i32.const 1) (cont.new $c (ref.func $gen)))
        (loop $again
            (call $step (i32.and (local.get $steps) (i32.const 1)))
            (br_if $again (local.tee $steps (i32.sub (local.get $steps) (i32.const 1)))))))"#;

fn live(steps: i32) -> Live {
    Live::start(CaptureOptions::default().follow(true), move |stopper| {
        let run = || -> Result<(), Error> {
            let mut config = Config::new();
            config.hooks(Hooks {
                switches: true,
                ..Hooks::default()
            });
            let engine = Engine::new(&config)?;
            let module = Module::new(&engine, PROGRAM.as_bytes())?;
            let mut store = Store::new(&engine, ())?;
            store.observe(stopper.observer());
            let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
            let main = instance.get_typed_func::<i32, ()>(&mut store, "main")?;
            main.call(&mut store, steps)
        };
        match run() {
            Ok(()) => "the program returned".to_owned(),
            Err(error) => error.to_string(),
        }
    })
    .unwrap()
}

fn come(source: &mut dyn Source, until: Until) -> Progress {
    source.go(until);
    loop {
        match source.poll() {
            Progress::Running => std::thread::sleep(Duration::from_millis(1)),
            other => return other,
        }
    }
}

fn moment(progress: Progress) -> (String, Arc<Snapshot>) {
    match progress {
        Progress::Stopped(snapshot) => (snapshot.about().moment.clone(), snapshot),
        Progress::Over(text) => panic!("{text}"),
        Progress::Running => unreachable!("it is waited for"),
    }
}

#[test]
fn a_program_stops_where_it_is_told() {
    let mut live = live(5);
    let mut names = Vec::new();
    for _ in 0..4 {
        names.push(moment(come(&mut live, Until::Switch)).0);
    }
    assert_eq!(names, ["resume:1", "suspend:1", "resume:2", "suspend:2"]);
    let (name, last) = moment(come(&mut live, Until::Collection));
    assert_eq!(
        (name.as_str(), last.nodes().of(Kind::Object).count() >= 2),
        ("end", true)
    );
    let Progress::Over(text) = come(&mut live, Until::End) else {
        panic!("it has ended");
    };
    assert_eq!(text, "the program returned");
}

#[test]
fn the_same_is_seen_through_the_terminal() {
    let mut live = live(3);
    let mut app = App::new(&mut live, u64::MAX);
    app.go(Until::Switch);
    settle(&mut app);
    type_keys(&mut app, "s/$gen\r");
    let shown = screen(&mut app, 120, 20);
    assert!(
        shown.contains("suspend:1 (2 of 2)") && shown.contains("called $gen"),
        "{shown}"
    );
    type_keys(&mut app, "p");
    assert!(screen(&mut app, 120, 20).contains("resume:1 (1 of 2)"));
    type_keys(&mut app, "cc");
    assert!(screen(&mut app, 120, 20).contains("end (3 of 3)"));
}

#[test]
fn a_program_that_nobody_looks_at_any_more_ends() {
    struct Told(std::sync::mpsc::Sender<()>);
    impl Drop for Told {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    let (tell, told) = std::sync::mpsc::channel();
    let told_at_end = Told(tell);
    let mut forever = live(i32::MAX);
    let first = moment(come(&mut forever, Until::Switch));
    assert_eq!(first.0, "resume:1");
    drop(forever);
    // The same with something of the program's own, which is dropped when its thread ends.
    let mut waits = Live::start(CaptureOptions::default(), move |stopper| {
        let _told_at_end = told_at_end;
        let engine = Engine::new(&Config::new()).unwrap();
        let module = Module::new(&engine, b"(module (func $start) (start $start))").unwrap();
        let mut store = Store::new(&engine, ()).unwrap();
        store.observe(stopper.observer());
        let instance = Linker::new(&engine).instantiate(&mut store, &module);
        instance.map_or_else(|error| error.to_string(), |_| String::new())
    })
    .unwrap();
    assert_eq!(moment(come(&mut waits, Until::End)).0, "end");
    drop(waits);
    told.recv_timeout(Duration::from_secs(60))
        .expect("the thread ends");
}

#[test]
fn a_panic_of_the_program_is_told() {
    let mut live = Live::start(CaptureOptions::default(), |_| panic!("out of words")).unwrap();
    let Progress::Over(text) = come(&mut live, Until::End) else {
        panic!("there is nothing to see");
    };
    assert_eq!(text, "the program panicked: out of words");
}

#[test]
fn nodes_without_places_are_empty() {
    let mut saved = Saved::new(vec![Snapshot::default()]);
    let mut app = opened(&mut saved);
    assert!(app.snapshot().unwrap().nodes().is_empty());
    for keys in ["", "\r", "w", "d", "2\r", "3\r", "4\r", "/x\r"] {
        type_keys(&mut app, keys);
        screen(&mut app, 80, 24);
    }
    assert_eq!(app.selected(), None::<NodeId>);
}
