//! A page of what runs, for a browser on this machine: HTTP/1.1 on loopback, and no more of
//! it than that takes.
//!
//! Any process of this machine, whoever's it is, and any page in the browser can send requests
//! to a port. So the address has a secret in its path, which only who started the server is
//! told; what names another host, or comes from another site, is refused; and nothing but
//! `GET` is known.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes of a request's head.
const HEAD: usize = 8 << 10;
/// Time for it.
const TO_ASK: Duration = Duration::from_secs(5);
/// Time without progress in which an answer is given up.
const TO_READ: Duration = Duration::from_secs(30);
/// Connections at one time.
const CONNECTIONS: usize = 8;

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The port is not to be had.
    #[error("port {port} of 127.0.0.1: {error}")]
    Bind {
        /// The port; 0 for any.
        port: u16,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// There are no random numbers.
    #[error("/dev/urandom: {0}")]
    Random(#[source] io::Error),
    /// No connection comes any more.
    #[error("accept a connection: {0}")]
    Accept(#[source] io::Error),
}

/// A server on loopback.
#[derive(Debug)]
pub struct HttpServer {
    listener: TcpListener,
    port: u16,
    secret: String,
}

/// Makes a page, or says why there is none.
type Page = dyn Fn() -> Result<Vec<u8>, String> + Send + Sync;

impl HttpServer {
    /// One at this port, or at any with 0.
    ///
    /// # Errors
    /// The port is not to be had.
    pub fn bind(port: u16) -> Result<Self, HttpError> {
        let bind = |error| HttpError::Bind { port, error };
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        let listener = TcpListener::bind(address).map_err(bind)?;
        let port = listener.local_addr().map_err(bind)?.port();
        let mut bytes = [0; 16];
        let random = File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
        random.map_err(HttpError::Random)?;
        let secret = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            listener,
            port,
            secret,
        })
    }

    /// Where the page is.
    ///
    /// # Examples
    /// ```
    /// use mangrove_inspect::socket::HttpServer;
    ///
    /// let server = HttpServer::bind(0)?;
    /// assert!(server.address().starts_with("http://127.0.0.1:"));
    /// # Ok::<(), mangrove_inspect::socket::HttpError>(())
    /// ```
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/{}/", self.port, self.secret)
    }

    /// Serves pages, each made when it is asked for.
    ///
    /// # Errors
    /// No connection comes any more. Does not end otherwise.
    pub fn serve(
        self,
        page: impl Fn() -> Result<Vec<u8>, String> + Send + Sync + 'static,
    ) -> Result<Infallible, HttpError> {
        let page: Arc<Page> = Arc::new(page);
        let (port, path) = (self.port, format!("/{}/", self.secret));
        let busy = Arc::new(AtomicUsize::new(0));
        loop {
            let (stream, _) = match self.listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if passes(&error) => continue,
                Err(error) => return Err(HttpError::Accept(error)),
            };
            let place = Busy(Arc::clone(&busy));
            if busy.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS {
                continue;
            }
            let (page, path) = (Arc::clone(&page), path.clone());
            // Without a thread the connection ends; so does one that breaks.
            let _ = thread::Builder::new().spawn(move || {
                let _place = place;
                let _ = answer(&stream, port, &path, &*page);
            });
        }
    }
}

/// A connection, counted until it ends.
struct Busy(Arc<AtomicUsize>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Whether the next connection may be a better one.
fn passes(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted
    )
}

fn answer(mut stream: &TcpStream, port: u16, path: &str, page: &Page) -> io::Result<()> {
    stream.set_write_timeout(Some(TO_READ))?;
    let head = read_head(stream)?;
    let (status, body) = match check(&head, port, path) {
        Ok(()) => match page() {
            Ok(html) => ("200 OK", html),
            Err(message) => ("503 Service Unavailable", message.into_bytes()),
        },
        Err(status) => (status, status.as_bytes().to_vec()),
    };
    let kind = match status {
        "200 OK" => "text/html; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
         Connection: close\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\
         X-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n\
         Cross-Origin-Resource-Policy: same-origin\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)
}

/// Reads up to the empty line behind the headers.
fn read_head(mut stream: &TcpStream) -> io::Result<Vec<u8>> {
    let until = Instant::now() + TO_ASK;
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || head.len() >= HEAD {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let mut buffer = [0; 1024];
        match stream.read(&mut buffer)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => head.extend_from_slice(&buffer[..count]),
        }
    }
    Ok(head)
}

/// Whether this is to be answered with the page; if not, with which status.
fn check(head: &[u8], port: u16, path: &str) -> Result<(), &'static str> {
    let head = std::str::from_utf8(head).map_err(|_| "400 Bad Request")?;
    let mut lines = head.split("\r\n");
    let request: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let [method, target, version] = request[..] else {
        return Err("400 Bad Request");
    };
    if !version.starts_with("HTTP/1.") {
        return Err("505 HTTP Version Not Supported");
    }
    let mut host = None;
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or("400 Bad Request")?;
        let value = value.trim();
        if name.eq_ignore_ascii_case("host") && host.replace(value).is_some() {
            return Err("400 Bad Request");
        }
        let other_site = !matches!(value, "none" | "same-origin");
        if name.eq_ignore_ascii_case("sec-fetch-site") && other_site {
            return Err("403 Forbidden");
        }
    }
    // A name that leads here is not enough: a page of another site may have been given one.
    let ours = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    if !host.is_some_and(|host| ours.iter().any(|our| our == host)) {
        return Err("403 Forbidden");
    }
    if method != "GET" {
        return Err("405 Method Not Allowed");
    }
    match target == path {
        true => Ok(()),
        false => Err("404 Not Found"),
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    fn status(head: &str) -> &'static str {
        check(head.as_bytes(), 80, "/s/").err().unwrap_or("200 OK")
    }

    #[test]
    fn only_the_address_that_was_told_is_answered() {
        let good = "GET /s/ HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n";
        assert_eq!(status(good), "200 OK");
        assert_eq!(status(&good.replace("127.0.0.1", "localhost")), "200 OK");
        let cases = [
            ("GET /s/", "POST /s/", "405 Method Not Allowed"),
            ("GET /s/", "GET /", "404 Not Found"),
            ("GET /s/", "GET /s/ x", "400 Bad Request"),
            ("HTTP/1.1", "HTTP/2", "505 HTTP Version Not Supported"),
            ("127.0.0.1:80", "evil.example:80", "403 Forbidden"),
            ("127.0.0.1:80", "127.0.0.1.evil.example", "403 Forbidden"),
            ("Host: 127.0.0.1:80\r\n", "", "403 Forbidden"),
            ("Host", "Host: localhost:80\r\nhost", "400 Bad Request"),
            (
                "Host",
                "Sec-Fetch-Site: cross-site\r\nHost",
                "403 Forbidden",
            ),
        ];
        for (from, to, wanted) in cases {
            assert_eq!(status(&good.replace(from, to)), wanted, "{to}");
        }
    }
}
