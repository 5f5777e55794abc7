//! A small HTTP/1.1 server: files from memory, ranges, a ClearKey licence endpoint, a shaped link, and faults on demand.

use super::fault::Rule;
use super::{AUDIO_KEY, AUDIO_KID, Files, VIDEO_KEY, VIDEO_KID, licence};
use hearth_cdm::to_base64url;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

pub struct Server {
    pub port: u16,
    inner: Arc<Inner>,
}

/// Status and licence for a request's body, which is the so-manieth.
type Licences = Box<dyn Fn(&str, usize) -> (u16, Vec<u8>) + Send>;

/// The file of a path, now.
type Dynamic = Box<dyn Fn(&str) -> Option<Vec<u8>> + Send>;

struct Inner {
    files: Files,
    /// Bit/s of the whole link; 0 for any.
    rate: AtomicU64,
    /// When the link is free again.
    link: Mutex<Instant>,
    never: Condvar,
    stop: AtomicBool,
    /// Method, path and headers of each request.
    requests: Mutex<Vec<String>>,
    /// Bodies that were posted to `/reports`, with their media type.
    reports: Mutex<Vec<(String, String)>>,
    /// Files that change with time; asked before the others.
    dynamic: Mutex<Option<Dynamic>>,
    /// Instead of the two keys of the film.
    licences: Mutex<Option<Licences>>,
    /// First that fits counts.
    faults: Mutex<Vec<Rule>>,
    /// Nothing comes through until then, and nobody is told.
    gone_until: Mutex<Instant>,
    /// Connections that are still to be cut off: the network is gone.
    cut: AtomicU64,
    /// Bearer token that the licence endpoint wants, if any.
    token: Option<String>,
}

impl Server {
    pub fn start(files: Files) -> Self {
        Self::with_token(files, None)
    }

    pub fn with_token(files: Files, token: Option<&str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let port = listener.local_addr().expect("address").port();
        let inner = Arc::new(Inner {
            files,
            rate: AtomicU64::new(0),
            link: Mutex::new(Instant::now()),
            never: Condvar::new(),
            stop: AtomicBool::new(false),
            requests: Mutex::default(),
            reports: Mutex::default(),
            dynamic: Mutex::default(),
            licences: Mutex::default(),
            faults: Mutex::default(),
            gone_until: Mutex::new(Instant::now()),
            cut: AtomicU64::new(0),
            token: token.map(str::to_owned),
        });
        let own = inner.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if own.stop.load(Ordering::SeqCst) {
                    return;
                }
                let own = own.clone();
                std::thread::spawn(move || own.serve(stream));
            }
        });
        Self { port, inner }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    /// Asks `files` first from now on.
    pub fn serve_with(&self, files: impl Fn(&str) -> Option<Vec<u8>> + Send + 'static) {
        *self.inner.dynamic.lock().expect("lock") = Some(Box::new(files));
    }

    /// Answers licence requests so from now on; the number counts from 1.
    pub fn license_with(&self, licences: impl Fn(&str, usize) -> (u16, Vec<u8>) + Send + 'static) {
        *self.inner.licences.lock().expect("lock") = Some(Box::new(licences));
    }

    /// How many licences were asked for.
    pub fn asked(&self) -> usize {
        self.inner.asked()
    }

    /// Misbehaves from now on.
    pub fn break_with(&self, rules: Vec<Rule>) {
        *self.inner.faults.lock().expect("lock") = rules;
    }

    /// Cuts the next so many requests off, on old and on new connections.
    pub fn cut_off(&self, requests: u64) {
        self.inner.cut.store(requests, Ordering::SeqCst);
    }

    /// Shapes the link from now on.
    /// The network is gone for so long: requests and what is on its way get lost.
    pub fn gone_for(&self, time: Duration) {
        *self.inner.gone_until.lock().expect("lock") = Instant::now() + time;
    }

    pub fn set_rate(&self, bits_per_second: u64) {
        self.inner.rate.store(bits_per_second, Ordering::SeqCst);
    }

    pub fn reports(&self) -> Vec<(String, String)> {
        self.inner.reports.lock().expect("lock").clone()
    }

    pub fn requests(&self) -> Vec<String> {
        self.inner.requests.lock().expect("lock").clone()
    }
}

/// CMCD keys and values of one request, wherever they are said.
pub fn said(request: &str) -> BTreeMap<String, String> {
    let mut text: Vec<String> = Vec::new();
    for line in request.lines().filter(|l| l.to_lowercase().starts_with("cmcd-")) {
        text.push(line.split_once(": ").expect("a header").1.to_owned());
    }
    let address = request.split_whitespace().nth(1).expect("an address");
    let query = url::Url::parse(&format!("http://h{address}")).expect("URL");
    text.extend(query.query_pairs().filter(|(k, _)| k == "CMCD").map(|(_, v)| v.into_owned()));
    let all = text.join(",");
    let pairs = all.split(',').filter(|p| !p.is_empty());
    pairs.map(|p| p.split_once('=').unwrap_or((p, ""))).map(|(k, v)| (k.into(), v.trim_matches('"').into())).collect()
}

impl Drop for Server {
    fn drop(&mut self) {
        self.inner.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Inner {
    fn serve(&self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let Ok(mut output) = stream.try_clone() else { return };
        let mut input = BufReader::new(stream);
        while let Some(()) = self.answer(&mut input, &mut output) {}
    }

    /// One request; none at the end of the connection.
    fn answer(&self, input: &mut impl BufRead, output: &mut TcpStream) -> Option<()> {
        let mut head = String::new();
        loop {
            let mut line = String::new();
            match input.read_line(&mut line) {
                Ok(0) => return None,
                Ok(_) => (),
                // No text: a client that wants TLS.
                Err(_) => return self.send(400, b"", output).and(None),
            }
            if line.trim().is_empty() {
                break;
            }
            head.push_str(&line);
        }
        self.requests.lock().expect("lock").push(head.clone());
        let header = |name: &str| {
            let mut lines = head.lines().filter_map(|l| l.split_once(':'));
            lines.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim().to_owned())
        };
        let mut body = vec![0; header("content-length").and_then(|l| l.parse().ok()).unwrap_or(0)];
        input.read_exact(&mut body).ok()?;
        let mut words = head.split_whitespace();
        let (method, address) = (words.next()?, words.next()?.trim_start_matches('/'));
        let path = address.split('?').next()?;
        if self.is_lost() {
            return None;
        }
        if self.cut.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok() {
            return None;
        }
        let (status, bytes) = match method {
            "POST" if path == "license" => self.license(header("authorization").as_deref(), &body),
            "POST" if path == "reports" => {
                let report = (header("content-type").unwrap_or_default(), String::from_utf8_lossy(&body).into_owned());
                self.reports.lock().expect("lock").push(report);
                (204, Vec::new())
            }
            _ => self.file(path, header("range").as_deref()),
        };
        let fault = self.faults.lock().expect("lock").iter_mut().find_map(|r| r.take(path));
        match fault {
            Some(fault) => fault.answer(bytes, output, &|time| self.wait(time)),
            None => self.send(status, &bytes, output),
        }
    }

    fn send(&self, status: u16, bytes: &[u8], output: &mut TcpStream) -> Option<()> {
        let head = format!("HTTP/1.1 {status} -\r\nContent-Length: {}\r\n\r\n", bytes.len());
        output.write_all(head.as_bytes()).ok()?;
        for piece in bytes.chunks(2048) {
            self.pass(piece.len());
            if self.is_lost() {
                return None;
            }
            output.write_all(piece).ok()?;
        }
        Some(())
    }

    /// Where the network is gone: true, once it is back.
    fn is_lost(&self) -> bool {
        let time = self.gone_until.lock().expect("lock").saturating_duration_since(Instant::now());
        !time.is_zero() && {
            self.wait(time);
            true
        }
    }

    fn file(&self, path: &str, range: Option<&str>) -> (u16, Vec<u8>) {
        let fresh = self.dynamic.lock().expect("lock").as_ref().and_then(|files| files(path));
        let Some(bytes) = fresh.as_ref().or(self.files.get(path)) else { return (404, b"<html>nothing here</html>".to_vec()) };
        let range = range.and_then(|r| r.strip_prefix("bytes=")?.split_once('-'));
        match range.and_then(|(a, b)| Some((a.parse::<usize>().ok()?, b.parse::<usize>().ok()?))) {
            Some((first, last)) => (206, bytes.get(first..bytes.len().min(last + 1)).unwrap_or(&[]).to_vec()),
            None => (200, bytes.clone()),
        }
    }

    fn license(&self, authorization: Option<&str>, body: &[u8]) -> (u16, Vec<u8>) {
        let wanted = self.token.as_ref().map(|t| format!("Bearer {t}"));
        if wanted.is_some() && authorization != wanted.as_deref() {
            return (403, b"{}".to_vec());
        }
        let asked = String::from_utf8_lossy(body).into_owned();
        if let Some(licences) = &*self.licences.lock().expect("lock") {
            return licences(&asked, self.asked());
        }
        let mut keys = vec![(VIDEO_KID, VIDEO_KEY), (AUDIO_KID, AUDIO_KEY)];
        keys.retain(|(id, _)| asked.contains(&to_base64url(&id.0)));
        (200, licence(&keys, None))
    }

    fn asked(&self) -> usize {
        self.requests.lock().expect("lock").iter().filter(|r| r.starts_with("POST /license")).count()
    }

    /// Waits until the link has carried so many bytes more.
    fn pass(&self, bytes: usize) {
        let rate = self.rate.load(Ordering::SeqCst);
        if rate == 0 {
            return;
        }
        let mut free = self.link.lock().expect("lock");
        let now = Instant::now();
        *free = (*free).max(now) + Duration::from_secs_f64(bytes as f64 * 8.0 / rate as f64);
        let until = *free;
        drop(free);
        self.wait(until.saturating_duration_since(Instant::now()));
    }

    /// Lets time pass on the link; false when the server is going.
    fn wait(&self, time: Duration) -> bool {
        let idle = Mutex::new(());
        let guard = idle.lock().expect("lock");
        let _ = self.never.wait_timeout_while(guard, time, |()| true);
        !self.stop.load(Ordering::SeqCst)
    }
}
