//! The command from outside: what it prints, and how it ends.

mod arguments;
mod attach;
mod bad_input;
mod commands;
mod common;
mod compiled;
mod export;
mod files;
mod guide;
mod interruption;
mod lives;
mod messages;
mod moments;
mod names;
mod options;
mod resources;
mod results;
mod roots;
mod schema;
mod source_maps;
mod stress;
mod terminal;
mod timelines;
mod trace;
