//! A program on a pseudo terminal, with somebody who types and reads.

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Termios, Winsize, tcgetattr, tcsetwinsize};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// What takes longer does not come.
const PATIENCE: Duration = Duration::from_secs(120);
const LEAVES: &str = "\x1b[?1049l";
const SHOWS_CURSOR: &str = "\x1b[?25h";

/// This program, on a terminal.
pub struct OnTerminal {
    child: Child,
    keys: File,
    /// Kept open, to look at its settings when the program has ended.
    terminal: OwnedFd,
    settings: Termios,
    shown: Receiver<Vec<u8>>,
    /// What was written since the last key, and in all.
    text: String,
    all: String,
}

impl OnTerminal {
    /// Starts it with this environment variable.
    pub fn start(variable: &str, value: &str) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let mut options = File::options();
        let opened = options.read(true).write(true).open(name.to_str().unwrap());
        let terminal = OwnedFd::from(opened.unwrap());
        let size = Winsize {
            ws_row: 30,
            ws_col: 120,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&terminal, size).unwrap();
        let settings = tcgetattr(&terminal).unwrap();
        let end = || Stdio::from(terminal.try_clone().unwrap());
        let child = Command::new(std::env::current_exe().unwrap())
            .env(variable, value)
            .env_remove("RUST_BACKTRACE")
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
            all: String::new(),
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        self.text += &text;
        self.all += &text;
    }

    /// What was written since the last key.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Takes what is written until this is among it. Only what changes is written, so it is asked to draw everything
    /// again (Ctrl-L) as long as it does not come.
    pub fn until(&mut self, wanted: &str) {
        let began = Instant::now();
        while !self.text.contains(wanted) {
            let last = self.text.chars().rev().take(3000);
            let last: String = last.collect::<Vec<_>>().into_iter().rev().collect();
            assert!(
                began.elapsed() < PATIENCE,
                "{wanted} never came: … {last:?}"
            );
            match self.shown.recv_timeout(Duration::from_millis(500)) {
                Ok(bytes) => self.take(&bytes),
                Err(_) => self.keys.write_all(b"\x0c").unwrap(),
            }
        }
    }

    pub fn press(&mut self, keys: &str) {
        self.text.clear();
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits for its end: the terminal must be as it was. Gives the exit code.
    pub fn ended(&mut self) -> Option<i32> {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            let text = &self.text;
            assert!(began.elapsed() < PATIENCE, "it does not end: {text:?}");
            thread::sleep(Duration::from_millis(5));
        };
        while let Ok(bytes) = self.shown.recv_timeout(Duration::from_millis(200)) {
            self.take(&bytes);
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

    /// What was written behind the one place where the terminal was given back, with its cursor.
    pub fn after_it_is_given_back(&self) -> &str {
        let parts: Vec<&str> = self.all.split(LEAVES).collect();
        let [before, after] = parts[..] else {
            panic!("it is given back once: {:?}", self.all);
        };
        assert!(!before.contains("panicked"), "{before:?}");
        assert!(after.contains(SHOWS_CURSOR), "{after:?}");
        after
    }
}

impl Drop for OnTerminal {
    fn drop(&mut self) {
        // It has ended already but after a failure.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
