//! A program for the terminal: to move between stacks, frames and objects, and to let a program run on to
//! its next collection or switch.
//!
//! ```text
//!  Source ─ snapshots ─▶ history ─▶ App ─▶ draw ─▶ terminal
//!   live: a program in a thread      ▲
//!   saved: files                     └─ keys ◀───────┘
//! ```
//!
//! `app` is a state machine: keys and snapshots change what is shown, and it knows no terminal. `draw` makes
//! text of it, of the lines that are visible only. What takes long is found out in threads: what is shown of every
//! moment (`answers`), and what a key asks for (`asking`).

mod answers;
mod app;
mod asking;
mod draw;
mod facts;
mod history;
mod keys;
mod live;
mod rows;
mod screen;
mod search;
mod source;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_fluent;
mod views;

pub use live::{Live, Stopper};
pub use source::{Progress, Saved, Source, Until};

use app::App;
use ratatui::layout::{Position, Rect};
use screen::Screen;
use std::io;
use std::time::Duration;

/// How the terminal program behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// What the program runs to before anything is shown.
    pub first: Until,
    /// Bytes that the snapshots of moments may take together that one can go back to. Those of a source
    /// that keeps them itself do not count.
    pub history_bytes: u64,
}

impl Default for Options {
    /// To the first collection, and 1 GiB.
    fn default() -> Self {
        Self {
            first: Until::Collection,
            history_bytes: 1 << 30,
        }
    }
}

/// Why the terminal program ended other than by a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TerminalError {
    /// Standard input or output is a pipe or a file.
    #[error("standard input and output are not both a terminal")]
    NoTerminal,
    /// There is nothing to show: what the source says.
    #[error("there is no moment to show: {0}")]
    Nothing(String),
    /// The terminal failed.
    #[error("the terminal: {0}")]
    Io(#[from] io::Error),
}

/// How long it waits for a key before it looks whether something else has come.
const WAIT: Duration = Duration::from_millis(50);
/// The same if nothing can come; the window may have another size then.
const IDLE: Duration = Duration::from_millis(200);

/// Whether there is a terminal: for whoever has much to do before [`run`].
///
/// # Errors
/// [`TerminalError::NoTerminal`].
pub fn check() -> Result<(), TerminalError> {
    screen::check()
}

/// Shows what comes from a source, until it is told to quit.
///
/// # Errors
/// Standard input and output are no terminal, or fail; the source has no moment at all.
pub fn run(source: &mut dyn Source, options: &Options) -> Result<(), TerminalError> {
    let mut screen = Screen::take()?;
    let mut app = App::new(source, options.history_bytes);
    app.go(options.first);
    let mut size = None;
    while !app.quits() {
        let mut draws = app.tick();
        if let (None, Some(over)) = (app.snapshot(), app.over()) {
            return Err(TerminalError::Nothing(over.to_owned()));
        }
        let now = screen.terminal.size()?;
        draws |= size.replace(now) != Some(now);
        if draws {
            screen.terminal.draw(|frame| draw::draw(frame, &mut app))?;
        }
        let keys = screen.keys(if app.waits() { WAIT } else { IDLE })?;
        for &key in &keys {
            if key == keys::Key::Redraw {
                // Not by `clear`, which asks the terminal where the cursor is: crossterm reads the answer, and
                // catches SIGWINCH for that (see `keys`).
                screen
                    .terminal
                    .resize(Rect::from((Position::ORIGIN, now)))?;
            }
            app.key(key);
        }
        if !keys.is_empty() {
            size = None;
        }
    }
    Ok(())
}
