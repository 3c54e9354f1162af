//! The terminal program on a terminal of its own: what becomes of the terminal when something panics, and a chain of a
//! million objects in it.
//!
//! ```text
//!  this process ─ a pseudo terminal ─ the same program again, with its part in an environment variable
//! ```

mod on_terminal;

use libtest_mimic::{Arguments, Failed, Trial};
use mangrove_inspect::Snapshot;
use mangrove_inspect::snapshot::{
    About, At, Builder, Field, Kind, ObjectType, SlotValue, Space, Static, Storage, Target,
    TypeKind,
};
use mangrove_inspect::terminal::{self, Options, Progress, Saved, Source, Until};
use on_terminal::OnTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

/// What the program is to be when it is started on a terminal.
const PART: &str = "MANGROVE_TERMINAL_TEST";
/// Objects in the chain.
const DEEP: u32 = 1_000_000;

fn main() -> ExitCode {
    if let Ok(part) = std::env::var(PART) {
        return play(&part);
    }
    let trial = |name: &str, test: fn()| {
        Trial::test(name, move || {
            test();
            Ok::<(), Failed>(())
        })
    };
    let trials = vec![
        trial("a_panic_gives_the_terminal_back_before_its_message", panics),
        trial(
            "a_panic_of_another_thread_is_told_in_the_end",
            another_panics,
        ),
        trial("a_chain_of_a_million_objects_is_opened", deep),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Shows a moment, and panics at the next one.
struct Panics {
    polled: u32,
    elsewhere: bool,
}

impl Source for Panics {
    fn go(&mut self, _until: Until) {}

    fn poll(&mut self) -> Progress {
        self.polled += 1;
        match (self.polled, self.elsewhere) {
            (1, _) => Progress::Stopped(Arc::new(chain(3))),
            (_, false) => panic!("the source has fallen over"),
            (_, true) => {
                let other = thread::spawn(|| panic!("another thread has fallen over"));
                Progress::Over(match other.join() {
                    Ok(()) => "it stands".to_owned(),
                    Err(_) => "it fell".to_owned(),
                })
            }
        }
    }
}

fn play(part: &str) -> ExitCode {
    let shown = match part {
        "panics" | "another panics" => {
            let mut source = Panics {
                polled: 0,
                elsewhere: part == "another panics",
            };
            terminal::run(&mut source, &Options::default())
        }
        "deep" => {
            let opening = Saved::opening("makes a chain".to_owned(), || Ok(vec![chain(DEEP)]));
            terminal::run(&mut opening.unwrap(), &Options::default())
        }
        other => panic!("there is no part {other}"),
    };
    match shown {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

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

fn panics() {
    let mut program = OnTerminal::start(PART, "panics");
    program.until("3 objects");
    program.press("n");
    assert_eq!(program.ended(), Some(101), "{}", program.text());
    let after = program.after_it_is_given_back();
    assert!(after.contains("the source has fallen over"), "{after}");
    assert!(after.contains("panicked at"), "{after}");
}

fn another_panics() {
    let mut program = OnTerminal::start(PART, "another panics");
    program.until("3 objects");
    program.press("n");
    // It goes on, and nothing is written over what it shows.
    program.until("it fell");
    program.press("2");
    program.until("global 0");
    assert!(
        !program.text().contains("has fallen over"),
        "{}",
        program.text()
    );
    program.press("q");
    assert_eq!(program.ended(), Some(0), "{}", program.text());
    let after = program.after_it_is_given_back();
    assert!(after.contains("another thread has fallen over"), "{after}");
}

fn deep() {
    let mut program = OnTerminal::start(PART, "deep");
    program.until("1,000,000 objects");
    // The last object, and the way to it.
    program.press("3");
    program.until("16,000,000");
    program.press("\rG");
    program.until("$node @0xf42400");
    program.press("w");
    program.until("1,000,001 references");
    program.press("G");
    program.until("$node @0xf42400");
    // What the global retains, and the first object, which hang on it one by one.
    program.press("2d");
    program.until("retained by");
    program.press("/@0xf42400\r");
    program.until("retains 16 bytes");
    program.press("q");
    assert_eq!(program.ended(), Some(0), "{}", program.text());
}
