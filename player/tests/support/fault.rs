//! How a server can misbehave.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

/// A way to answer wrongly. Bytes are counted in the body.
#[derive(Clone)]
pub enum Fault {
    /// This status, with these further header lines, and a page.
    Status(u16, &'static str),
    /// The right answer with these header lines more.
    Header(&'static str),
    /// Stops after so many bytes and keeps the connection.
    Stall(usize),
    /// Closes the connection after so many bytes of what it promised.
    Truncated(usize),
    /// Promises only so many bytes and keeps to that.
    Short(usize),
    /// Promises more bytes than there are, and keeps the connection.
    Long,
    /// One byte now and then.
    Trickle,
    /// One byte of the head now and then.
    TrickleHead,
    /// This instead.
    Body(&'static [u8]),
    /// So many bytes from there on are noise.
    Noise(usize, usize),
    /// Bytes without end.
    Endless,
    /// To itself, for ever.
    Redirect,
    /// Says no word.
    Silent,
}

impl std::fmt::Debug for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(n, more) => write!(f, "{n} {}", more.trim()),
            Self::Header(more) => write!(f, "right, with {}", more.trim()),
            Self::Stall(n) => write!(f, "stalls at {n}"),
            Self::Truncated(n) => write!(f, "ends at {n}"),
            Self::Short(n) => write!(f, "is {n} long"),
            Self::Long => f.write_str("too long"),
            Self::Trickle => f.write_str("trickles"),
            Self::TrickleHead => f.write_str("head trickles"),
            Self::Body(text) => write!(f, "says {}", String::from_utf8_lossy(text)),
            Self::Noise(from, count) => write!(f, "{count} bytes of noise at {from}"),
            Self::Endless => f.write_str("has no end"),
            Self::Redirect => f.write_str("redirects to itself"),
            Self::Silent => f.write_str("is silent"),
        }
    }
}

/// What goes wrong for paths that contain a word, the first so many times.
#[derive(Clone)]
pub struct Rule {
    pub path: &'static str,
    pub times: usize,
    pub fault: Fault,
}

impl Rule {
    /// The fault for `path`, if there is still one.
    pub fn take(&mut self, path: &str) -> Option<Fault> {
        if self.times == 0 || !path.contains(self.path) {
            return None;
        }
        self.times -= 1;
        Some(self.fault.clone())
    }
}

/// Longer than any player waits in a test.
const FOR_EVER: Duration = Duration::from_secs(60);
const NOW_AND_THEN: Duration = Duration::from_millis(30);

impl Fault {
    /// Answers with what should have been `bytes`; none where the connection ends. `wait` is false when the server is going.
    pub fn answer(&self, mut bytes: Vec<u8>, output: &mut TcpStream, wait: &dyn Fn(Duration) -> bool) -> Option<()> {
        let whole = bytes.len();
        let mut send = |head: &str, length: usize, body: &[u8]| {
            let head = format!("HTTP/1.1 {head}Content-Length: {length}\r\n\r\n");
            output.write_all(head.as_bytes()).and_then(|()| output.write_all(body)).ok()
        };
        let upto = |n: usize| &bytes[..n.min(whole)];
        match self {
            Self::Status(status, more) => send(&format!("{status} -\r\n{more}"), 9, b"<p>no</p>"),
            Self::Header(more) => send(&format!("200 OK\r\n{more}"), whole, &bytes),
            Self::Short(n) => send("200 OK\r\n", upto(*n).len(), upto(*n)),
            Self::Body(other) => send("200 OK\r\n", other.len(), other),
            Self::Redirect => send("302 Found\r\nLocation: /main.m3u8\r\n", 0, b""),
            Self::Truncated(n) => send("200 OK\r\n", whole, upto(*n)).and(None),
            Self::Stall(n) => {
                send("200 OK\r\n", whole, upto(*n))?;
                wait(FOR_EVER);
                None
            }
            Self::Long => {
                send("200 OK\r\n", whole + 1000, &bytes)?;
                wait(FOR_EVER);
                None
            }
            Self::Noise(from, count) => {
                let end = from.saturating_add(*count).min(whole);
                for (i, byte) in bytes[(*from).min(end)..end].iter_mut().enumerate() {
                    *byte = (i * 151 + 17) as u8;
                }
                send("200 OK\r\n", whole, &bytes)
            }
            Self::Silent => {
                wait(FOR_EVER);
                None
            }
            Self::Trickle | Self::TrickleHead => {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {whole}\r\n\r\n").into_bytes();
                let at_once = if matches!(self, Self::Trickle) { head.len() } else { 0 };
                output.write_all(&head[..at_once]).ok()?;
                for byte in head[at_once..].iter().chain(&bytes) {
                    if !wait(NOW_AND_THEN) {
                        return None;
                    }
                    output.write_all(std::slice::from_ref(byte)).ok()?;
                }
                Some(())
            }
            Self::Endless => {
                output.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n#EXTM3U\n").ok()?;
                let more = [b'#'; 65_536];
                while output.write_all(&more).is_ok() {}
                None
            }
        }
    }
}
