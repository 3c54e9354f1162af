#!/usr/bin/env bash
# crossterm 0.29.0 with signal-hook-registry 1.4.8, ratatui 0.30.0, Linux.
#
# A guess: a program that draws in a terminal and reads no keys by crossterm installs no signal
# handler; and one that does has a handler as Rust's own for SIGSEGV is: with SA_ONSTACK, on the
# alternate stack of the thread.
# What happens: the first time that crossterm's events are asked for, signal-hook installs a handler
# for SIGWINCH with SA_RESTART and SA_SIGINFO only. It runs on whatever stack the thread is on when
# the window changes, which in a process with stacks of its own (coroutines, a runtime's) may have a
# few hundred bytes left. And `ratatui::Terminal::clear` asks where the cursor is and reads the
# answer by those events: it installs the handler too, and fails where nothing answers, as on a
# plain pty; `Terminal::resize`, which draws everything anew, does neither.
#
# Needs cargo and `script` (util-linux). Installs into a temporary folder; fails if any of that
# changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/src"
cat > "$work/Cargo.toml" <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"
[dependencies]
crossterm = "=0.29.0"
libc = "0.2"
ratatui = "=0.30.0"
signal-hook-registry = "=1.4.8"
TOML
cat > "$work/src/main.rs" <<'RUST'
use ratatui::layout::Rect;
use ratatui::{Terminal, backend::CrosstermBackend};

/// Whether there is a handler for a signal, and whether it runs on the alternate stack.
fn handler(signal: i32) -> (bool, bool) {
    let mut now: libc::sigaction = unsafe { std::mem::zeroed() };
    assert_eq!(unsafe { libc::sigaction(signal, std::ptr::null(), &mut now) }, 0);
    (now.sa_sigaction != libc::SIG_DFL, now.sa_flags & libc::SA_ONSTACK != 0)
}

fn main() {
    let mut seen = vec![("SIGSEGV, Rust's own", handler(libc::SIGSEGV))];
    let mut terminal = Terminal::new(CrosstermBackend::new(std::io::sink())).expect("a terminal");
    terminal.resize(Rect::new(0, 0, 80, 24)).expect("it only remembers");
    seen.push(("SIGWINCH, after a resize", handler(libc::SIGWINCH)));
    let cleared = terminal.clear().map_err(|error| error.to_string());
    seen.push(("SIGWINCH, after a clear", handler(libc::SIGWINCH)));
    for (what, (there, alternate)) in &seen {
        println!("{what}: handled {there}, on the alternate stack {alternate}");
    }
    println!("clear: {cleared:?}");
    let handlers: Vec<(bool, bool)> = seen.iter().map(|seen| seen.1).collect();
    assert_eq!(handlers, [(true, true), (false, false), (true, false)]);
    assert!(cleared.is_err_and(|error| error.contains("cursor position")));
}
RUST
cd "$work"
cargo build --quiet
script --quiet --return --command target/debug/finding /dev/null < /dev/null
# Seen:
#   SIGSEGV, Rust's own: handled true, on the alternate stack true
#   SIGWINCH, after a resize: handled false, on the alternate stack false
#   SIGWINCH, after a clear: handled true, on the alternate stack false
#   clear: Err("The cursor position could not be read within a normal duration")
