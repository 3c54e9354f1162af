//! Looking at a program that runs, from another process.

use crate::common::{Ended, file, mangrove};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Parks a hundred generators, each with a box, and goes on for ever without a call.
const SPIN: &str = r#"(module $spin
    (type $box (struct (field $number i32)))
    (type $f (func (param (ref $box)))) (type $k (cont $f))
    (type $rest (func)) (type $asleep (cont $rest))
    (tag $pause)
    (table $waiting 100 (ref null $asleep))
    (func $sleep (param $mine (ref $box))
        (suspend $pause)
        (drop (struct.get $box $number (local.get $mine))))
    (elem declare func $sleep)
    (func $asleep (param $number i32) (result (ref $asleep))
        (block $on (result (ref $asleep))
            (resume $k (on $pause $on) (struct.new $box (local.get $number))
                (cont.new $k (ref.func $sleep)))
            (unreachable)))
    (func (export "spin") (local $number i32)
        (loop $each
            (table.set $waiting (local.get $number) (call $asleep (local.get $number)))
            (local.set $number (i32.add (local.get $number) (i32.const 1)))
            (br_if $each (i32.lt_u (local.get $number) (i32.const 100))))
        (loop $for_ever (br $for_ever)))
    (func (export "end")))"#;

/// A program that runs until the test is over.
struct Running {
    child: Child,
    socket: PathBuf,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.socket);
    }
}

fn socket(name: &str) -> PathBuf {
    // Names of sockets are short, and folders of builds need not be.
    let folder = std::env::temp_dir();
    folder.join(format!("mangrove-{}-{name}", std::process::id()))
}

/// Runs the program, and waits until somebody can attach, and all sleep.
fn running(name: &str) -> Running {
    let socket = socket(name);
    let child = started(name, &socket);
    let running = Running { child, socket };
    wait(|| running.socket.exists());
    asleep(&running.socket);
    running
}

fn started(name: &str, socket: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_mangrove"))
        .arg("run")
        .arg(file(&format!("{name}.wat"), SPIN))
        .args(["--invoke", "spin", "--timeout", "300", "--inspect"])
        .arg(socket)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits until the program has done what it does before it spins.
fn asleep(socket: &Path) {
    wait(|| {
        let mut client = Raw::attach(socket);
        let taken = client.ask(&json!({"ask": "snapshot"}));
        taken["ok"]["moment"]["continuations"] == 101
    });
}

fn wait(mut until: impl FnMut() -> bool) {
    let began = Instant::now();
    while !until() {
        assert!(began.elapsed() < Duration::from_secs(120), "it never came");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn roots(running: &Running, arguments: &[&str]) -> Ended {
    let path = running.socket.to_str().unwrap();
    let mut all = vec!["roots", "--attach", path];
    all.extend(arguments);
    crate::common::mangrove_with(&all)
}

/// Somebody who speaks the protocol by hand.
struct Raw {
    from: BufReader<UnixStream>,
}

impl Raw {
    fn attach(path: &Path) -> Self {
        let stream = UnixStream::connect(path).unwrap();
        let time = Some(Duration::from_secs(60));
        stream.set_read_timeout(time).unwrap();
        let mut raw = Self {
            from: BufReader::new(stream),
        };
        let hello = raw.line();
        assert_eq!(hello["hello"]["protocol"], 1, "{hello}");
        raw
    }

    fn send(&mut self, bytes: &[u8]) {
        self.from.get_mut().write_all(bytes).unwrap();
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
    }

    fn ask(&mut self, request: &Value) -> Value {
        self.send(format!("{request}\n").as_bytes());
        self.line()
    }
}

#[test]
fn a_program_that_only_counts_is_looked_at_by_another_process() {
    let running = running("attach");
    let mode = std::fs::metadata(&running.socket).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let shapes = roots(&running, &["--view", "shapes"]);
    assert_eq!(shapes.code, Some(0), "{shapes:?}");
    assert!(
        shapes.stdout.contains("100") && shapes.stdout.contains("$sleep"),
        "{shapes:?}"
    );
    let stacks = roots(&running, &["--view", "stacks", "--format", "json"]);
    let stacks: Value = serde_json::from_str(&stacks.stdout).unwrap();
    assert_eq!(stacks["continuations"], 101);
    let why = roots(&running, &["--why", "7"]);
    assert!(why.stdout.contains("$waiting"), "{why:?}");
}

#[test]
fn the_protocol_is_spoken_by_hand() {
    let running = running("by-hand");
    let mut raw = Raw::attach(&running.socket);
    let taken = raw.ask(&json!({"id": 1, "ask": "snapshot", "follow": true}));
    let first = taken["ok"]["moment"]["number"].clone();
    assert_eq!((&taken["id"], first.is_u64()), (&json!(1), true), "{taken}");
    let taken = raw.ask(&json!({"ask": "snapshot", "follow": true}));
    assert_ne!(taken["ok"]["moment"]["number"], first);
    let shapes = raw.ask(&json!({"id": "s", "ask": "shapes"}));
    assert_eq!(shapes["ok"]["shapes"][0]["count"], 100, "{shapes}");
    let why = raw.ask(&json!({"ask": "why", "node": "continuation 7"}));
    assert!(
        why["ok"]["why"].is_object() || why["ok"]["why"].is_array(),
        "{why}"
    );
    let diff = raw.ask(&json!({"ask": "diff", "since": first}));
    assert_eq!(diff["ok"]["view"], "diff", "{diff}");
    let moments = raw.ask(&json!({"ask": "moments"}));
    assert!(moments["ok"]["moments"].as_array().unwrap().len() >= 2);

    let wrong = [
        (json!({"ask": "nothing"}), "unknown"),
        (json!({"ask": "why", "node": "continuation 777"}), "unknown"),
        (json!({"ask": "shapes", "moment": 99_999}), "unknown"),
        (json!({"ask": "diff"}), "syntax"),
        (json!({"ask": "shapes", "id": {"a": 1}}), "syntax"),
        (json!({"ask": "shapes", "surprise": 1}), "syntax"),
        (json!([1]), "syntax"),
    ];
    for (request, kind) in wrong {
        let answer = raw.ask(&request);
        assert_eq!(answer["error"]["kind"], kind, "{request}: {answer}");
    }
    raw.send(b"\xff\xfe{{{\x00\n");
    assert_eq!(raw.line()["error"]["kind"], "syntax");
    assert!(raw.ask(&json!({"ask": "stop"}))["ok"].is_object());
    // It stands still, and is looked at all the same, by others too.
    let other = Raw::attach(&running.socket).ask(&json!({"ask": "snapshot"}));
    assert!(other["ok"].is_object(), "{other}");
    assert!(raw.ask(&json!({"ask": "go on"}))["ok"].is_object());
    raw.send(&[b'x'; 5000]);
    assert_eq!(raw.line()["error"]["kind"], "syntax");
    let mut rest = Vec::new();
    // It has closed, with what it did not read.
    let _ = raw.from.read_to_end(&mut rest);
    assert!(rest.is_empty());
}

#[test]
fn there_are_eight_connections_and_the_ninth_is_told_so() {
    let running = running("crowd");
    let mut eight: Vec<Raw> = Vec::new();
    wait(|| {
        eight.clear();
        let stream = |_| UnixStream::connect(&running.socket).unwrap();
        let all: Vec<UnixStream> = (0..8).map(stream).collect();
        let hello = all.into_iter().map(|stream| {
            stream
                .set_read_timeout(Some(Duration::from_secs(60)))
                .unwrap();
            let mut raw = Raw {
                from: BufReader::new(stream),
            };
            (raw.line()["hello"].is_object(), raw)
        });
        // Those of before may not have left yet.
        let (welcome, all): (Vec<bool>, Vec<Raw>) = hello.unzip();
        eight = all;
        welcome.iter().all(|&welcome| welcome)
    });
    let mut ninth = BufReader::new(UnixStream::connect(&running.socket).unwrap());
    let mut line = String::new();
    ninth.read_line(&mut line).unwrap();
    assert!(line.contains("busy"), "{line}");
    // Half a line of one is nothing to another.
    eight[0].send(b"{\"ask\":");
    assert!(eight[1].ask(&json!({"ask": "snapshot"}))["ok"].is_object());
}

#[test]
fn what_is_no_socket_stays_and_what_nobody_listens_at_goes() {
    let path = file("no-socket", "precious");
    let text = path.to_str().unwrap();
    let module = file("no-socket.wat", SPIN);
    let module = module.to_str().unwrap();
    let ended = mangrove(["run", module, "--invoke", "end", "--inspect", text]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("is no socket"), "{ended:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");

    let stale = socket("stale");
    drop(UnixListener::bind(&stale).unwrap());
    let kind = std::fs::symlink_metadata(&stale).unwrap().file_type();
    assert!(kind.is_socket());
    let text = stale.to_str().unwrap();
    let ended = mangrove(["run", module, "--invoke", "end", "--inspect", text]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!stale.exists());

    let taken = UnixListener::bind(&stale).unwrap();
    let ended = mangrove(["run", module, "--invoke", "end", "--inspect", text]);
    assert!(
        ended.stderr.contains("another process listens"),
        "{ended:?}"
    );
    assert_eq!(ended.code, Some(2));
    drop(taken);
    let ended = mangrove(["roots", "--attach", text]);
    assert_eq!(ended.code, Some(2), "nobody is there: {ended:?}");
    std::fs::remove_file(&stale).unwrap();
}

/// Its snapshot breaks off: that is no damaged file, and the moment did not come.
#[test]
fn a_program_that_ends_while_it_answers_is_no_damaged_file() {
    let path = socket("broken-off");
    let listener = UnixListener::bind(&path).unwrap();
    let program = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = BufReader::new(stream.try_clone().unwrap());
        let mut answer = |line: Value| writeln!(stream, "{line}").unwrap();
        answer(json!({"hello": {"protocol": 1, "program": "short"}}));
        asked.read_line(&mut String::new()).unwrap();
        answer(json!({"ok": {"moment": {"number": 1}}}));
        asked.read_line(&mut String::new()).unwrap();
        answer(json!({"ok": {"format": "chunks"}}));
    });
    let ended = mangrove(["roots", "--attach", path.to_str().unwrap()]);
    program.join().unwrap();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("the program ended before"),
        "{ended:?}"
    );
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn time_is_over_for_those_who_are_looked_at_too() {
    let path = socket("time");
    let module = file("time.wat", SPIN);
    let (module, path) = (module.to_str().unwrap(), path.to_str().unwrap());
    let ended = mangrove([
        "run",
        module,
        "--invoke",
        "spin",
        "--timeout",
        "0.3",
        "--inspect",
        path,
    ]);
    assert_eq!(ended.code, Some(134), "{ended:?}");
}

/// The status of a request to the server.
fn status(port: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_page_is_served_on_loopback_to_who_knows_its_address() {
    let mut running = running("served");
    let child = Command::new(env!("CARGO_BIN_EXE_mangrove"))
        .args(["roots", "--attach"])
        .arg(&running.socket)
        .arg("--serve")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Ended when the test is over, as the program is.
    let mut server = Running {
        child,
        socket: socket("none"),
    };
    let mut address = String::new();
    let mut lines = BufReader::new(server.child.stdout.take().unwrap());
    lines.read_line(&mut address).unwrap();
    let rest = address.trim().strip_prefix("http://127.0.0.1:").unwrap();
    let (port, path) = rest.split_once('/').unwrap();
    let get = |path: &str, host: &str| {
        status(
            port,
            &format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        )
    };
    let own = format!("127.0.0.1:{port}");
    for _ in 0..2 {
        let page = get(path, &own);
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{}", &page[..200]);
        assert!(page.contains("<!DOCTYPE html>") && page.contains("$sleep"));
    }
    assert!(get("", &own).starts_with("HTTP/1.1 404 "));
    assert!(get(path, "evil.example").starts_with("HTTP/1.1 403 "));
    let post = format!("POST /{path} HTTP/1.1\r\nHost: {own}\r\n\r\n");
    assert!(status(port, &post).starts_with("HTTP/1.1 405 "));
    // The program ends, and is started again.
    running.child.kill().unwrap();
    running.child.wait().unwrap();
    assert!(get(path, &own).starts_with("HTTP/1.1 503 "));
    running.child = started("served", &running.socket);
    wait(|| UnixStream::connect(&running.socket).is_ok());
    asleep(&running.socket);
    assert!(get(path, &own).starts_with("HTTP/1.1 200 OK\r\n"));
}

#[test]
fn a_name_that_nobody_can_attach_to_is_refused() {
    let path = std::env::temp_dir().join("x".repeat(200));
    let program = file("long.wat", SPIN);
    let ended = crate::common::mangrove_with(&[
        "run",
        program.to_str().unwrap(),
        "--invoke",
        "end",
        "--inspect",
        path.to_str().unwrap(),
    ]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("too long"), "{ended:?}");
    assert!(!path.exists());
}

/// Ctrl-C ends the program with a trap, so that nothing of it is left.
#[test]
fn ctrl_c_leaves_no_socket() {
    let path = socket("ctrl-c");
    let mut child = Command::new("env")
        .args([
            "--default-signal=INT",
            env!("CARGO_BIN_EXE_mangrove"),
            "run",
        ])
        .arg(file("attach-ctrl-c.wat", SPIN))
        .args(["--invoke", "spin", "--inspect"])
        .arg(&path)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait(|| path.exists());
    asleep(&path);
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(134), "{stderr}");
    assert!(stderr.contains("trap: interrupted by Ctrl-C"), "{stderr}");
    assert!(!path.exists(), "the socket is there still");
}

#[test]
fn a_script_that_runs_is_looked_at() {
    let socket = socket("script");
    let script = format!("{SPIN}\n(invoke \"spin\")");
    let child = Command::new(env!("CARGO_BIN_EXE_mangrove"))
        .arg("wast")
        .arg(file("attach-script.wast", script))
        .args(["--timeout", "300", "--inspect"])
        .arg(&socket)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let running = Running { child, socket };
    wait(|| running.socket.exists());
    asleep(&running.socket);
    let shown = roots(&running, &["--view", "shapes"]);
    assert!(shown.stdout.contains("$sleep"), "{shown:?}");
    // The deadline of scripts is still there: looking has not taken it away.
    let ended = mangrove([
        "wast",
        file(
            "attach-over.wast",
            "(module (func (export \"f\") (loop (br 0)))) (invoke \"f\")",
        )
        .to_str()
        .unwrap(),
        "--timeout",
        "0.2",
        "--inspect",
        running.socket.with_extension("over").to_str().unwrap(),
    ]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
}
