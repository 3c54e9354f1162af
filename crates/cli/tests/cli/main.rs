//! The command from outside: what it prints, and how it ends.

mod bad_input;
mod commands;
mod common;
mod compiled;
mod guide;
mod lives;
mod names;
mod resources;
mod trace;
