//! The server's threads: one that lets others in, and one for each of them.

use super::address::{self, ListenError, Place};
use super::ask::{Asked, Reply};
use super::lines::{Answer, Chunks, Line, Lines};
use super::window::Window;
use super::{CLIENTS, PROTOCOL};
use serde_json::{Value, json};
use std::fmt;
use std::io::{self, BufWriter, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How a server is made.
pub struct ServerOptions {
    program: String,
    raise: Box<dyn Fn() + Send + Sync>,
}

impl ServerOptions {
    /// For a program of this name. `raise` brings it to a place where it can be looked at, if
    /// there is a way to: it may be called many times, by several threads.
    ///
    /// # Examples
    /// ```
    /// use mangrove_inspect::socket::ServerOptions;
    ///
    /// let engine = mangrove::Engine::new(mangrove::Config::new().epoch_interruption(true))?;
    /// let options = ServerOptions::new("server.wat", move || engine.increment_epoch());
    /// # let _ = options;
    /// # Ok::<(), mangrove::Error>(())
    /// ```
    pub fn new(program: impl Into<String>, raise: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            program: program.into(),
            raise: Box::new(raise),
        }
    }
}

impl fmt::Debug for ServerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerOptions")
            .field("program", &self.program)
            .finish_non_exhaustive()
    }
}

/// Lets other processes look at this one's program. Ends, with its file, when it is dropped.
#[derive(Debug)]
pub struct Server {
    common: Arc<Common>,
    acceptor: Option<JoinHandle<()>>,
    place: Place,
}

/// What all threads have.
struct Common {
    window: Window,
    raise: Box<dyn Fn() + Send + Sync>,
    clients: AtomicUsize,
    stop: AtomicBool,
}

impl fmt::Debug for Common {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Common")
            .field("clients", &self.clients)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Listens at a path. The window is for the program's thread.
    ///
    /// # Errors
    /// There is a file already that is no socket, or another process listens there; the system
    /// refuses.
    ///
    /// # Examples
    /// ```
    /// use mangrove::{Config, Engine, Store, Val};
    /// use mangrove_inspect::socket::{Client, AttachOptions, Server, ServerOptions};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let folder = std::env::temp_dir().join(format!("mangrove-{}", std::process::id()));
    /// std::fs::create_dir_all(&folder)?;
    /// let path = folder.join("doc.sock");
    /// let (server, window) = Server::listen(&path, ServerOptions::new("doc", || ()))?;
    /// let other = {
    ///     let path = path.clone();
    ///     std::thread::spawn(move || Client::attach(&path)?.snapshot(&AttachOptions::default()))
    /// };
    /// let mut store = Store::new(&Engine::new(&Config::new())?, ())?;
    /// while !other.is_finished() {
    ///     window.look(&mut store, "between two steps");
    /// }
    /// let snapshot = other.join().expect("it does not panic")?;
    /// assert_eq!(snapshot.about().moment, "between two steps");
    /// drop(server);
    /// assert!(!path.exists());
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn listen(path: &Path, options: ServerOptions) -> Result<(Self, Window), ListenError> {
        let (listener, place) = address::listen(path)?;
        let window = Window::new(&options.program);
        let common = Arc::new(Common {
            window: window.clone(),
            raise: options.raise,
            clients: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        });
        let shared = Arc::clone(&common);
        let acceptor = thread::Builder::new()
            .name("mangrove inspect".to_owned())
            .spawn(move || accept(&listener, &shared))
            .map_err(ListenError::Thread)?;
        let acceptor = Some(acceptor);
        let server = Self {
            common,
            acceptor,
            place,
        };
        Ok((server, window))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.common.stop.store(true, Ordering::SeqCst);
        self.common.window.close();
        // Somebody comes in, so that it is looked at `stop`. If nobody can, it ends with the
        // process.
        if UnixStream::connect(&self.place.path).is_ok()
            && let Some(acceptor) = self.acceptor.take()
        {
            let _ = acceptor.join();
        }
    }
}

fn accept(listener: &UnixListener, common: &Arc<Common>) {
    let mut number = 0;
    loop {
        let accepted = listener.accept();
        if common.stop.load(Ordering::SeqCst) {
            return;
        }
        let Ok((stream, _)) = accepted else {
            // No file descriptors are left, for one: that may pass.
            thread::sleep(Duration::from_millis(100));
            continue;
        };
        number += 1;
        if common.clients.fetch_add(1, Ordering::SeqCst) >= CLIENTS {
            refuse(&stream);
            common.clients.fetch_sub(1, Ordering::SeqCst);
            continue;
        }
        let guest = Guest {
            common: Arc::clone(common),
            client: number,
        };
        let thread = thread::Builder::new().name("mangrove inspect".to_owned());
        // Without a thread the guest leaves at once. A connection that breaks is over, and
        // nobody else's concern.
        let _ = thread.spawn(move || {
            let _ = converse(stream, &guest.common, guest.client);
        });
    }
}

/// Somebody who was let in. However that ends, the program goes on, and another one may come.
struct Guest {
    common: Arc<Common>,
    client: u64,
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.common.window.release(self.client);
        self.common.clients.fetch_sub(1, Ordering::SeqCst);
    }
}

/// There are too many already. What is new takes so few bytes at once.
fn refuse(stream: &UnixStream) {
    let error = json!({"error": {"kind": "busy", "message": "there are 8 connections already"}});
    let _ = writeln!(Answer::new(stream), "{error}");
}

fn converse(stream: UnixStream, common: &Common, client: u64) -> io::Result<()> {
    let hello = json!({"hello": {
        "protocol": PROTOCOL,
        "mangrove": env!("CARGO_PKG_VERSION"),
        "program": common.window.program(),
        "process": std::process::id(),
    }});
    write_line(&stream, &hello)?;
    let mut lines = Lines::new(stream.try_clone()?)?;
    let stop = || common.stop.load(Ordering::SeqCst);
    loop {
        let line = match lines.next(&stop)? {
            Line::Text(line) => line,
            Line::End => {
                if stop() {
                    let over = json!({"error": {
                        "kind": "over", "message": "the program has ended"}});
                    write_line(&stream, &over)?;
                }
                return Ok(());
            }
            Line::Bad(message) => {
                let error = json!({"error": {"kind": "syntax", "message": message}});
                return write_line(&stream, &error);
            }
        };
        let (id, reply) = Asked {
            window: &common.window,
            raise: &*common.raise,
            client,
            lines: &mut lines,
        }
        .answer(&line);
        match reply {
            Reply::Ok(value) => write_line(&stream, &with_id(id, "ok", value))?,
            Reply::Error(kind, message) => {
                let error = json!({"kind": kind, "message": message});
                write_line(&stream, &with_id(id, "error", error))?;
            }
            Reply::File(snapshot) => {
                let format = with_id(id, "ok", json!({"format": "chunks"}));
                let mut answer = BufWriter::with_capacity(1 << 16, Answer::new(&stream));
                writeln!(answer, "{format}")?;
                let mut chunks = BufWriter::with_capacity(1 << 16, Chunks(answer));
                snapshot.write(&mut chunks)?;
                let chunks = chunks
                    .into_inner()
                    .map_err(io::IntoInnerError::into_error)?;
                let mut answer = chunks.end()?;
                answer.flush()?;
            }
            Reply::Bye => return Ok(()),
        }
    }
}

fn with_id(id: Option<Value>, name: &str, value: Value) -> Value {
    let mut answer = serde_json::Map::new();
    if let Some(id) = id {
        answer.insert("id".to_owned(), id);
    }
    answer.insert(name.to_owned(), value);
    Value::Object(answer)
}

fn write_line(stream: &UnixStream, value: &Value) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Answer::new(stream).write_all(&line)
}
