//! Looking at a program that runs, from another process: a Unix socket that speaks lines of
//! JSON.
//!
//! ```text
//!  program's thread                        the server's threads            another process
//!   safepoint ─ Window::look ─ Snapshot ──▶ kept moments ─┬─ answers ─────▶ any that speaks JSON
//!     ▲             only when it is wanted                └─ snapshots ───▶ Client ─▶ all faces
//!     └── somebody asks: `raise` ◀────────── request ◀────────────────────  serve: HTTP on loopback
//! ```
//!
//! The program's own thread does one thing: it takes a snapshot, at the next place where its
//! stacks can be looked at, when somebody has asked. Everything else is done by threads of
//! the server, with the snapshot. While nobody asks, a program looks at one flag where it
//! would have been told something anyway.
//!
//! # The protocol, version 1
//! Both sides write lines: a JSON object each, in UTF-8. The server begins:
//!
//! ```text
//! {"hello":{"protocol":1,"mangrove":"0.1.0","program":"server.wat","process":4711}}
//! ```
//!
//! A request has `ask`, and may have an `id`, a number or a short text, which its answer
//! repeats. An answer has `ok`, or `error` with a `kind` and a `message`. Answers come in the
//! order of requests.
//!
//! | `ask` | further fields | `ok` |
//! |-|-|-|
//! | `moments` | | the moments that are kept: their `number`, name and counts |
//! | `snapshot` | `wait`: seconds (10), `follow`: whether objects are to be known again later | the moment that was taken |
//! | `summary`, `roots`, `stacks`, `shapes`, `types`, `suspects` | `moment`: its number (the newest), `most`: items of a list (1000) | a document of `docs/schema/roots.schema.json` |
//! | `why` | `node`, `ways` (1), and the same | the same |
//! | `open` | `node`, `depth` (3), and the same | the same |
//! | `drop` | `node`, and the same | the same |
//! | `diff` | `since`: a moment's number, and the same | the same |
//! | `file` | `moment` | `{"format":"chunks"}`; behind the line the saved snapshot, in chunks: their length in 4 bytes, the lowest first, then so many bytes; one of length 0 is the end |
//! | `stop` | `seconds` (60), `wait` | the program stands still, and a moment was taken; until `go on`, or for so long, or until the connection ends |
//! | `go on` | | |
//! | `bye` | | the connection ends |
//!
//! Kinds of errors are `syntax`, `unknown` (no such question, moment or node), `time` (the
//! program came to no place where it could be looked at), `busy` (too many connections),
//! `store` (it could not be looked at) and `over` (the program has ended).
//!
//! # What bounds it
//! A line of a request has 4 KiB and 10 seconds; a connection that says nothing for 10 minutes
//! ends; there are 8. An answer that is not read within a minute is given up. Four moments are
//! kept, the newest ones. A program spends at most half of its time in snapshots: the next
//! one waits as long as the last one took.
//!
//! The socket's file is its owner's alone from its first moment on.

mod address;
mod ask;
mod client;
mod http;
mod lines;
mod serve;
mod window;

pub use address::ListenError;
pub use client::{AttachError, AttachOptions, Client, attach};
pub use http::{HttpError, HttpServer};
pub use serve::{Server, ServerOptions};
pub use window::Window;

/// The protocol's version.
pub const PROTOCOL: u32 = 1;
/// Bytes of a request.
const LINE: usize = 4 << 10;
/// Connections at one time.
const CLIENTS: usize = 8;
/// Moments that are kept.
const KEPT: usize = 4;
/// Items of a list in an answer, unless the request says otherwise.
const ITEMS: usize = 1000;
