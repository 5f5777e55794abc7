//! A server on the loopback that serves one bundle, as well or as badly as it is told.
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    /// This status, with a short text.
    Status(u16),
    /// 200 and a log-in page.
    Page,
    /// 200 and the whole file.
    IgnoresRanges,
    /// 206, but another part than was asked for.
    WrongPart,
    /// 206 of a file that is longer than the bundle.
    ClaimsLonger,
    /// 206 with nonsense for a content range.
    NonsenseRange,
    /// 206 of the right length, other bytes.
    WrongBytes,
    /// Half the body, then the end.
    BreaksOff,
    /// A header that never ends.
    Silent,
    /// Half the body, then silence.
    Stalls,
    /// Says that the body is compressed.
    Compressed,
    /// Another ETag each time.
    NewTags,
    /// A weak ETag, or none.
    WeakTag,
    NoTag,
    /// Goes away without a word.
    HangsUp,
    /// Redirects to itself.
    Circles,
}

struct Told {
    file: Vec<u8>,
    offer: Option<String>,
    /// Wrong from request number `from` on, for `times` requests.
    fault: Fault,
    from: usize,
    times: usize,
    requests: AtomicUsize,
    sent: AtomicU64,
    log: Mutex<Vec<String>>,
    refusal: AtomicU16,
    /// The token that it takes; with one it gives it to whoever signs in.
    token: Mutex<Option<String>>,
    shown: Mutex<Vec<String>>,
}

/// It runs until the process ends.
pub struct Server {
    pub url: String,
    told: Arc<Told>,
}

impl Server {
    pub fn new(file: &[u8], fault: Fault, from: usize, times: usize) -> Self {
        Self::start(file, None, fault, from, times)
    }

    /// Also answers `/v1/updates`.
    pub fn offering(file: &[u8], offer: &str) -> Self {
        Self::start(file, Some(offer.to_owned()), Fault::None, 0, 0)
    }

    fn start(file: &[u8], offer: Option<String>, fault: Fault, from: usize, times: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (requests, sent, log, refusal, token, shown) = Default::default();
        let told = Arc::new(Told { file: file.to_vec(), offer, fault, from, times, requests, sent, log, refusal, token, shown });
        let shared = told.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let told = shared.clone();
                std::thread::spawn(move || told.answer(stream));
            }
        });
        Self { url, told }
    }

    pub fn bundle(&self) -> String {
        format!("{}/x.bundle", self.url)
    }

    /// Bytes of bodies.
    pub fn sent(&self) -> u64 {
        self.told.sent.load(Ordering::SeqCst)
    }

    /// Answers reports with this status; 0: takes them.
    pub fn refuse_reports(&self, status: u16) {
        self.told.refusal.store(status, Ordering::SeqCst);
    }

    /// Wants this token with every call to its API, and gives it to whoever signs in.
    pub fn require(&self, token: &str) {
        *self.told.token.lock().unwrap() = Some(token.to_owned());
    }

    /// What was asked for, and with which `Authorization`.
    pub fn shown(&self) -> Vec<String> {
        std::mem::take(&mut *self.told.shown.lock().unwrap())
    }

    /// First lines of requests, and bodies of posts.
    pub fn log(&self) -> Vec<String> {
        self.told.log.lock().unwrap().clone()
    }
}

impl Told {
    fn answer(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let header = |name: &str| {
            let value =
                |line: &String| line.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.to_owned());
            lines.iter().find_map(value)
        };
        let mut body = vec![0; header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0)];
        reader.read_exact(&mut body).ok()?;
        self.log.lock().unwrap().push(format!("{} {}", lines.first()?, String::from_utf8_lossy(&body)).trim_end().to_owned());
        let path = lines.first()?.split([' ', '?']).nth(1)?;
        let shown = header("authorization").unwrap_or_default();
        self.shown.lock().unwrap().push(format!("{path} {shown}").trim_end().to_owned());
        let token = self.token.lock().unwrap().clone();
        if let (Some(token), "/v1/devices") = (&token, path) {
            let who: hearth_api::SignIn = serde_json::from_slice(&body).ok()?;
            let answer = hearth_api::SignedIn { device: who.device, token: token.clone() };
            return say(stream, "201 Created", &serde_json::to_string(&answer).ok()?);
        }
        if token.is_some_and(|token| path.starts_with("/v1/") && shown != format!("Bearer {token}")) {
            return say(stream, "401 Unauthorized", "{}");
        }
        if path.starts_with("/v1/updates") || path == "/v1/crashes" {
            return self.api(stream, lines.first()?);
        }
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        let fault = if (self.from..self.from.saturating_add(self.times)).contains(&number) { self.fault } else { Fault::None };
        self.give(stream, fault, number, header("range"), header("if-range"))
    }

    fn api(&self, stream: TcpStream, line: &str) -> Option<()> {
        let refusal = self.refusal.load(Ordering::SeqCst);
        let (status, body) = match (&self.offer, line.starts_with("POST")) {
            (_, true) if refusal != 0 => (format!("{refusal} No"), ""),
            (_, true) | (None, _) => ("204 No Content".to_owned(), ""),
            (Some(offer), _) => ("200 OK".to_owned(), offer.as_str()),
        };
        say(stream, &status, body)
    }

    fn give(
        &self,
        mut stream: TcpStream,
        fault: Fault,
        number: usize,
        range: Option<String>,
        if_range: Option<String>,
    ) -> Option<()> {
        let len = self.file.len();
        let range = range?;
        let (start, last) = range.strip_prefix("bytes=")?.split_once('-')?;
        let (mut start, mut end) = (start.parse::<usize>().ok()?, (last.parse::<usize>().ok()? + 1).min(len));
        let tag = match fault {
            Fault::NewTags => format!("etag: \"t{number}\"\r\n"),
            Fault::WeakTag => "etag: W/\"t\"\r\n".to_owned(),
            Fault::NoTag => String::new(),
            _ => "etag: \"t\"\r\n".to_owned(),
        };
        let whole = |status: &str, kind: &str, body: &[u8]| {
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\n{tag}content-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            [head.as_bytes(), body].concat()
        };
        let extra = if fault == Fault::Compressed { "content-encoding: gzip\r\n" } else { "" };
        match fault {
            Fault::Status(status) => return stream.write_all(&whole(&format!("{status} No"), "text/plain", b"no")).ok(),
            Fault::Page => return stream.write_all(&whole("200 OK", "text/html; charset=utf-8", b"<html>Welcome")).ok(),
            Fault::IgnoresRanges => return stream.write_all(&whole("200 OK", "application/octet-stream", &self.file)).ok(),
            Fault::Circles => {
                let head = "HTTP/1.1 302 Found\r\nlocation: /x.bundle\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                return stream.write_all(head.as_bytes()).ok();
            }
            Fault::HangsUp => return None,
            Fault::WrongPart => (start, end) = ((start + 4096).min(len - 1), (end + 4096).min(len)),
            Fault::NewTags if if_range.is_some_and(|t| t != format!("\"t{number}\"")) => {
                return stream.write_all(&whole("200 OK", "application/octet-stream", &self.file)).ok();
            }
            _ => {}
        }
        let mut body = self.file[start..end].to_vec();
        let claimed = if fault == Fault::ClaimsLonger { len + 1 } else { len };
        let content =
            if fault == Fault::NonsenseRange { "bytes x".to_owned() } else { format!("bytes {start}-{}/{claimed}", end - 1) };
        let head = format!(
            "HTTP/1.1 206 Partial Content\r\n{tag}{extra}content-range: {content}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        match fault {
            Fault::WrongBytes => body.iter_mut().for_each(|b| *b ^= 1),
            Fault::BreaksOff | Fault::Stalls => body.truncate(body.len() / 2),
            _ => {}
        }
        if fault == Fault::Silent {
            stream.write_all(&head.as_bytes()[..20]).ok()?;
            return stay(&stream);
        }
        self.sent.fetch_add(body.len() as u64, Ordering::SeqCst);
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).ok()?;
        if fault == Fault::Stalls { stay(&stream) } else { Some(()) }
    }
}

fn say(mut stream: TcpStream, status: &str, body: &str) -> Option<()> {
    write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()).ok()
}

/// Holds the connection until the client lets go of it.
fn stay(mut stream: &TcpStream) -> Option<()> {
    stream.read_to_end(&mut Vec::new()).ok().map(|_| ())
}
