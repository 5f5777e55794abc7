//! The HTTP client (and files, for tools): one connection pool, timeouts, redirects, ranges.

use super::{Piece, Transfer};
use crate::{Error, PlayerConfig};
use hearth_manifest::ByteRange;
use std::io::{Read, Seek, SeekFrom};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;
use ureq::ResponseExt;
use url::Url;

/// Bytes of one [`Piece`], and how many may wait.
const PIECE: usize = 32 << 10;
const PIECES: usize = 8;

/// What to ask for.
#[derive(Clone)]
pub(crate) struct Request {
    /// `http`, `https` or `file`.
    pub(crate) url: Url,
    /// Only this part.
    pub(crate) range: Option<ByteRange>,
    /// More headers. Never keys; a bearer token only for licences.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// POST this; else GET.
    pub(crate) body: Option<Vec<u8>>,
}

impl Request {
    /// GET of the whole.
    pub(crate) fn get(url: Url) -> Self {
        Self { url, range: None, headers: Vec::new(), body: None }
    }

    /// GET of a manifest's resource.
    pub(crate) fn resource(resource: &hearth_manifest::Resource) -> Result<Self, Error> {
        let url = Url::parse(&resource.url).map_err(|e| Error::BadUrl(format!("{}: {e}", resource.url)))?;
        Ok(Self { range: resource.range, ..Self::get(url) })
    }
}

/// The client. Clones share connections.
#[derive(Clone)]
pub(crate) struct Http {
    agent: ureq::Agent,
    timeout: Duration,
    retries: u32,
}

impl Http {
    pub(crate) fn new(config: &PlayerConfig) -> Self {
        let timeout = Duration::from_millis(config.timeout_ms.max(100));
        let agent = ureq::Agent::config_builder()
            .user_agent(&config.user_agent)
            .http_status_as_error(false)
            .timeout_resolve(Some(timeout))
            .timeout_connect(Some(timeout))
            .timeout_recv_response(Some(timeout))
            .timeout_per_read(Some(timeout))
            .max_idle_connections_per_host(6)
            .max_redirects(8)
            .build()
            .new_agent();
        Self { agent, timeout, retries: config.retries }
    }

    /// Longest wait for the next bytes.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// How often a passing failure is tried again.
    pub(crate) fn retries(&self) -> u32 {
        self.retries
    }

    /// Starts a transfer.
    pub(crate) fn open(&self, request: Request) -> Transfer {
        let (sender, receiver) = sync_channel(PIECES);
        let http = self.clone();
        let work = move || {
            if let Err(error) = http.run(&request, &sender) {
                let _ = sender.send(Err(error));
            }
        };
        if let Err(error) = std::thread::Builder::new().name("transfer".into()).spawn(work) {
            tracing::error!(%error, "no thread for a transfer");
        }
        Transfer(receiver)
    }

    fn run(&self, request: &Request, sender: &SyncSender<Result<Piece, Error>>) -> Result<(), Error> {
        match request.url.scheme() {
            "http" | "https" => self.run_http(request, sender),
            "file" => run_file(request, sender),
            other => Err(Error::BadUrl(format!("{other}: is not supported: {}", request.url))),
        }
    }

    fn run_http(&self, request: &Request, sender: &SyncSender<Result<Piece, Error>>) -> Result<(), Error> {
        let url = &request.url;
        let mut answer = match &request.body {
            None => {
                let mut get = self.agent.get(url.as_str());
                for (name, value) in &request.headers {
                    get = get.header(*name, value);
                }
                if let Some(r) = request.range {
                    get = get.header("Range", format!("bytes={}-{}", r.offset, r.offset + r.length.max(1) - 1));
                }
                get.call()
            }
            Some(body) => {
                let mut post = self.agent.post(url.as_str()).header("Content-Type", "application/json");
                for (name, value) in &request.headers {
                    post = post.header(*name, value);
                }
                post.send(&body[..])
            }
        }
        .map_err(|e| network(url, &e))?;
        let status = answer.status().as_u16();
        check_status(status, url)?;
        let last = Url::parse(&answer.get_uri().to_string()).unwrap_or_else(|_| url.clone());
        // A server that does not do ranges sends the whole: pass over what comes before, and end after the part.
        let part = request.range.filter(|_| status == 200);
        let length = part.map(|r| r.length).or_else(|| answer.body().content_length());
        if sender.send(Ok(Piece::Head { length, url: last })).is_err() {
            return Ok(());
        }
        let mut reader = answer.body_mut().as_reader();
        if let Some(range) = part {
            std::io::copy(&mut reader.by_ref().take(range.offset), &mut std::io::sink()).map_err(|e| broken(url, &e))?;
        }
        let wanted = request.range.map(|r| r.length);
        pump(url, &mut reader.take(wanted.unwrap_or(u64::MAX)), wanted, sender)
    }
}

fn run_file(request: &Request, sender: &SyncSender<Result<Piece, Error>>) -> Result<(), Error> {
    let path = request.url.to_file_path().map_err(|()| Error::BadUrl(request.url.to_string()))?;
    let wrong = |e: std::io::Error| Error::File(format!("{}: {e}", path.display()));
    let mut file = std::fs::File::open(&path).map_err(wrong)?;
    let length = match request.range {
        Some(range) => {
            file.seek(SeekFrom::Start(range.offset)).map_err(wrong)?;
            Some(range.length)
        }
        None => file.metadata().map_err(wrong)?.is_file().then_some(()).and_then(|()| file.metadata().ok()).map(|m| m.len()),
    };
    if sender.send(Ok(Piece::Head { length, url: request.url.clone() })).is_err() {
        return Ok(());
    }
    let wanted = request.range.map(|r| r.length);
    pump(&request.url, &mut file.take(wanted.unwrap_or(u64::MAX)), wanted, sender)
}

/// Hands over what `reader` gives, until its end or until nobody listens.
fn pump(url: &Url, reader: &mut impl Read, wanted: Option<u64>, sender: &SyncSender<Result<Piece, Error>>) -> Result<(), Error> {
    let mut got = 0u64;
    loop {
        let mut piece = vec![0; PIECE];
        let n = reader.read(&mut piece).map_err(|e| broken(url, &e))?;
        if n == 0 {
            break;
        }
        got += n as u64;
        piece.truncate(n);
        if sender.send(Ok(Piece::Data(piece))).is_err() {
            return Ok(());
        }
    }
    match wanted {
        Some(wanted) if got < wanted => Err(Error::BadBody(format!("{url}: {got} of {wanted} bytes"))),
        _ => sender.send(Ok(Piece::End)).or(Ok(())),
    }
}

fn check_status(status: u16, url: &Url) -> Result<(), Error> {
    let text = format!("{url} answers {status}");
    match status {
        200 | 206 => Ok(()),
        401 | 403 => Err(Error::Forbidden(text)),
        404 | 410 => Err(Error::NotFound(text)),
        408 | 429 => Err(Error::ServerError(text)),
        500..=599 => Err(Error::ServerError(text)),
        _ => Err(Error::BadStatus(text)),
    }
}

fn network(url: &Url, error: &ureq::Error) -> Error {
    let text = format!("{url}: {error}");
    match error {
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => Error::BadUrl(text),
        ureq::Error::Timeout(_) => Error::Timeout(text),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) | ureq::Error::TlsRequired => Error::Tls(text),
        ureq::Error::TooManyRedirects | ureq::Error::RedirectFailed | ureq::Error::LargeResponseHeader(..) => {
            Error::BadStatus(text)
        }
        ureq::Error::Io(e) if e.kind() == std::io::ErrorKind::TimedOut => Error::Timeout(text),
        _ => Error::Unreachable(text),
    }
}

/// An error in the middle of a body.
fn broken(url: &Url, error: &std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock => Error::Timeout(format!("{url}: {error}")),
        _ => Error::BadBody(format!("{url}: {error}")),
    }
}
