//! The terminal while it is ours: taken, and given back whatever happens.

use super::TerminalError;
use super::keys::{Key, Keys};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, IsTerminal, Stdout, stdin, stdout};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// What a panic calls.
type Hook = dyn Fn(&panic::PanicHookInfo<'_>) + Sync + Send;

/// Whether there is a terminal.
pub(super) fn check() -> Result<(), TerminalError> {
    match stdin().is_terminal() && stdout().is_terminal() {
        true => Ok(()),
        false => Err(TerminalError::NoTerminal),
    }
}

/// The terminal. It is given back when this is dropped, and when this thread panics, before the message.
/// What panics in other threads say meanwhile is kept, and written then.
pub(super) struct Screen {
    pub(super) terminal: Terminal<CrosstermBackend<Stdout>>,
    keys: Keys,
    // Behind the terminal, which shows the cursor when it is dropped.
    _taken: Taken,
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// Standard input or output is none, or cannot be set.
    pub(super) fn take() -> Result<Self, TerminalError> {
        check()?;
        let taken = Taken::take()?;
        let terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        Ok(Self {
            terminal,
            keys: Keys::default(),
            _taken: taken,
        })
    }

    /// The keys that come within a time.
    ///
    /// # Errors
    /// Standard input is at its end, or fails.
    pub(super) fn keys(&mut self, wait: Duration) -> io::Result<Vec<Key>> {
        if !ready(wait)? {
            return Ok(self.keys.settle().into_iter().collect());
        }
        let mut bytes = [0; 1024];
        // Not by `std`, whose buffer would hide bytes from `poll`.
        let count = match rustix::io::read(rustix::stdio::stdin(), &mut bytes) {
            Err(rustix::io::Errno::INTR) => return Ok(Vec::new()),
            result => result?,
        };
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(self.keys.take(&bytes[..count]))
    }
}

/// Whether there is something to read, or comes within a time.
fn ready(wait: Duration) -> io::Result<bool> {
    let stdin = rustix::stdio::stdin();
    let mut polled = [PollFd::new(&stdin, PollFlags::IN)];
    let wait = Timespec {
        tv_sec: wait.as_secs() as i64,
        tv_nsec: wait.subsec_nanos().into(),
    };
    match poll(&mut polled, Some(&wait)) {
        Ok(count) => Ok(count > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// That the terminal was taken.
struct Taken {
    /// Whether it was given back. A second time would move the cursor to where it was when the terminal was taken, and
    /// the shell would write over what a panic has said.
    given_back: Arc<AtomicBool>,
    /// What a panic called before.
    hook: Arc<Hook>,
    /// What other threads had to say.
    said: Arc<Mutex<Vec<String>>>,
}

impl Taken {
    fn take() -> io::Result<Self> {
        enable_raw_mode()?;
        let taken = Self {
            given_back: Arc::new(AtomicBool::new(false)),
            hook: Arc::from(panic::take_hook()),
            said: Arc::new(Mutex::new(Vec::new())),
        };
        let (hook, said) = (Arc::clone(&taken.hook), Arc::clone(&taken.said));
        let given_back = Arc::clone(&taken.given_back);
        let ours = thread::current().id();
        panic::set_hook(Box::new(move |info| {
            if thread::current().id() == ours {
                give_back(&given_back);
                hook(info);
            } else {
                lock(&said).push(info.to_string());
            }
        }));
        execute!(stdout(), EnterAlternateScreen)?;
        Ok(taken)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        give_back(&self.given_back);
        // The hook cannot be set while the thread panics. What it says of this thread has been said.
        if !thread::panicking() {
            let hook = Arc::clone(&self.hook);
            panic::set_hook(Box::new(move |info| hook(info)));
        }
        for message in lock(&self.said).drain(..) {
            eprintln!("{message}");
        }
    }
}

/// Gives the terminal back, once. Nothing is left to do if that fails.
fn give_back(given_back: &AtomicBool) {
    if given_back.swap(true, Ordering::Relaxed) {
        return;
    }
    let _ = execute!(stdout(), LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}

fn lock(said: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    said.lock().unwrap_or_else(PoisonError::into_inner)
}
