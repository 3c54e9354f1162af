//! `mangrove roots --terminal` on a terminal of its own.

use super::common::{file, mangrove};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Termios, Winsize, tcgetattr, tcsetwinsize};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// What takes longer does not come.
const PATIENCE: Duration = Duration::from_secs(120);
const ENTERS: &str = "\x1b[?1049h";
const LEAVES: &str = "\x1b[?1049l";

/// Suspends three times, and ends.
const PROGRAM: &str = r#"(module
    (type $f (func)) (type $c (cont $f)) (tag $yield)
    (type $node (struct (field $value i32)))
    (func $gen (local $mine (ref $node))
        (local.set $mine (struct.new $node (i32.const 7)))
        (suspend $yield) (suspend $yield) (suspend $yield)
        (drop (struct.get $node $value (local.get $mine))))
    (elem declare func $gen)
    (func (export "main") (local $k (ref null $c))
        (local.set $k (cont.new $c (ref.func $gen)))
        (loop $again
            (local.set $k
                (block $on (result (ref $c))
                    (resume $c (on $yield $on) (ref.as_non_null (local.get $k)))
                    (return)))
            (br $again))))"#;

/// The command on a terminal.
struct OnTerminal {
    child: Child,
    keys: File,
    /// Kept open, to look at its settings when the command has ended.
    terminal: OwnedFd,
    settings: Termios,
    shown: Receiver<Vec<u8>>,
    text: String,
}

impl OnTerminal {
    fn start(arguments: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let mut options = File::options();
        let terminal = options
            .read(true)
            .write(true)
            .open(name.to_str().unwrap())
            .unwrap();
        let terminal = OwnedFd::from(terminal);
        resize(&terminal, 100, 24);
        let settings = tcgetattr(&terminal).unwrap();
        let end = || Stdio::from(terminal.try_clone().unwrap());
        let child = Command::new(env!("CARGO_BIN_EXE_mangrove"))
            .arg("roots")
            .args(arguments)
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        let keys = File::from(master);
        let mut screen = keys.try_clone().unwrap();
        let (tell, shown) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            // It fails when no end of the terminal is open any more.
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                let _ = tell.send(bytes[..count].to_vec());
            }
        });
        Self {
            child,
            keys,
            terminal,
            settings,
            shown,
            text: String::new(),
        }
    }

    /// Takes what is written until this word is among it. Only what changes is written, so it is asked
    /// to draw everything again (Ctrl-L) as long as it does not come.
    fn until(&mut self, wanted: &str) {
        let began = Instant::now();
        while !self.text.contains(wanted) {
            assert!(
                began.elapsed() < PATIENCE,
                "{wanted} never came: {:?}",
                self.text
            );
            match self.shown.recv_timeout(Duration::from_millis(500)) {
                Ok(bytes) => self.text += &String::from_utf8_lossy(&bytes),
                Err(_) => self.keys.write_all(b"\x0c").unwrap(),
            }
        }
    }

    fn press(&mut self, keys: &str) {
        self.text.clear();
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits for its end: the terminal must be as it was. Gives the exit code.
    fn ended(&mut self) -> Option<i32> {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "it does not end: {:?}",
                self.text
            );
            while let Ok(bytes) = self.shown.try_recv() {
                self.text += &String::from_utf8_lossy(&bytes);
            }
            thread::sleep(Duration::from_millis(5));
        };
        while let Ok(bytes) = self.shown.recv_timeout(Duration::from_millis(200)) {
            self.text += &String::from_utf8_lossy(&bytes);
        }
        let settings = tcgetattr(&self.terminal).unwrap();
        let modes = |settings: &Termios| {
            (
                settings.input_modes,
                settings.output_modes,
                settings.control_modes,
                settings.local_modes,
            )
        };
        assert_eq!(modes(&settings), modes(&self.settings));
        assert!(settings.local_modes.contains(LocalModes::ECHO));
        status.code()
    }
}

impl Drop for OnTerminal {
    fn drop(&mut self) {
        // It has ended already but after a failure.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn resize(terminal: impl AsFd, columns: u16, rows: u16) {
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(terminal, size).unwrap();
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_program_is_stepped_through_and_left() {
    let path = file("terminal.wat", PROGRAM);
    for last in ["q", "\x03"] {
        let arguments = [
            text(&path),
            "--invoke",
            "main",
            "--at",
            "suspend:1",
            "--terminal",
        ];
        let mut command = OnTerminal::start(&arguments);
        command.until(ENTERS);
        command.until("suspend:1");
        command.press("s");
        command.until("resume:2");
        command.press("p");
        command.until("suspend:1");
        command.press("/$node\r");
        command.until("@0x");
        resize(&command.terminal, 40, 10);
        command.press("1");
        command.until("Stacks");
        command.press("cc");
        command.until("end");
        command.press(last);
        assert_eq!(command.ended(), Some(0), "{}", command.text);
        assert!(command.text.contains(LEAVES));
    }
}

#[test]
fn a_saved_moment_is_opened() {
    let program = file("terminal-saved.wat", PROGRAM);
    let saved = file("terminal.moment", "");
    let arguments = [
        "roots",
        text(&program),
        "--invoke",
        "main",
        "--at",
        "suspend:2",
        "--save",
        text(&saved),
    ];
    assert_eq!(mangrove(arguments).code, Some(0));
    let mut command = OnTerminal::start(&[text(&saved), "--terminal"]);
    command.until("suspend:2");
    command.press("n");
    command.until("saved");
    command.press("q");
    assert_eq!(command.ended(), Some(0));
}

#[test]
fn a_moment_that_cannot_be_read_gives_the_terminal_back() {
    let program = file("terminal-damaged.wat", PROGRAM);
    let saved = file("terminal-damaged.moment", "");
    let arguments = [
        "roots",
        text(&program),
        "--invoke",
        "main",
        "--save",
        text(&saved),
    ];
    assert_eq!(mangrove(arguments).code, Some(0));
    let mut bytes = std::fs::read(&saved).unwrap();
    bytes.truncate(bytes.len() - 10);
    std::fs::write(&saved, bytes).unwrap();
    let mut command = OnTerminal::start(&[text(&saved), "--terminal"]);
    assert_eq!(command.ended(), Some(2), "{}", command.text);
    let (_, after) = command.text.split_once(LEAVES).expect("it is given back");
    assert!(after.contains("terminal-damaged.moment: "), "{after}");
}

#[test]
fn a_program_that_cannot_run_gives_the_terminal_back() {
    let path = file("terminal-invalid.wat", "(module (func (result i32)))");
    let mut command = OnTerminal::start(&[text(&path), "--terminal"]);
    assert_eq!(command.ended(), Some(2), "{}", command.text);
    let (_, after) = command.text.split_once(LEAVES).expect("it is given back");
    assert!(
        after.contains("terminal-invalid.wat:1:") && after.contains("invalid module"),
        "{after}"
    );
    // A program that runs for ever is left as well.
    let path = file(
        "terminal-forever.wat",
        "(module (func (export \"main\") (loop (br 0))))",
    );
    let mut command = OnTerminal::start(&[text(&path), "--invoke", "main", "--terminal"]);
    command.until("runs");
    command.press("q");
    assert_eq!(command.ended(), Some(0));
}

#[test]
fn without_a_terminal_nothing_runs() {
    let path = file(
        "terminal-none.wat",
        "(module (func (export \"main\") (loop (br 0))))",
    );
    let ended = mangrove(["roots", text(&path), "--invoke", "main", "--terminal"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert!(ended.stderr.contains("--terminal"), "{}", ended.stderr);
    let ended = mangrove(["roots", text(&path), "--terminal", "--format", "json"]);
    assert_eq!(ended.code, Some(2));
}
