//! The HTTP client (and files, for tools): one connection pool, timeouts, redirects, ranges.

use super::cmcd::{Cmcd, Object, Voice};
use super::{Piece, Transfer};
use crate::{Error, PlayerConfig};
use hearth_manifest::ByteRange;
use std::io::{Read, Seek, SeekFrom};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use ureq::ResponseExt;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
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
    /// What whoever asks knows of it; [`Http::open`] says it.
    pub(crate) cmcd: Cmcd,
}

impl Request {
    /// GET of the whole.
    pub(crate) fn get(url: Url, object: Object) -> Self {
        Self { url, range: None, headers: Vec::new(), body: None, cmcd: Cmcd { object, ..Cmcd::default() } }
    }

    /// GET of a manifest's resource.
    pub(crate) fn resource(resource: &hearth_manifest::Resource, object: Object) -> Result<Self, Error> {
        let url = Url::parse(&resource.url).map_err(|e| Error::BadUrl(format!("{}: {e}", resource.url)))?;
        Ok(Self { range: resource.range, ..Self::get(url, object) })
    }
}

/// The client. Clones share connections.
#[derive(Clone)]
pub(crate) struct Http {
    agent: ureq::Agent,
    timeout: Duration,
    retries: u32,
    retry: Duration,
    patience: Duration,
    told: Arc<Mutex<Told>>,
    voice: Arc<Voice>,
}

/// What servers have said of time, and when.
#[derive(Default)]
struct Told {
    /// `Retry-After`, until somebody heeds it.
    come_back: Option<Instant>,
    /// `Date`, Unix milliseconds.
    date: Option<(i64, Instant)>,
}

impl Http {
    pub(crate) fn new(config: &PlayerConfig) -> Self {
        let timeout = Duration::from_millis(config.timeout_ms.max(100));
        let agent = ureq::Agent::config_builder()
            .user_agent(&config.user_agent)
            .tls_config(trust(&config.roots))
            .http_status_as_error(false)
            .timeout_resolve(Some(timeout))
            .timeout_connect(Some(timeout))
            .timeout_recv_response(Some(timeout))
            .timeout_per_read(Some(timeout))
            .max_idle_connections_per_host(6)
            .max_redirects(8)
            .build()
            .new_agent();
        Self {
            agent,
            timeout,
            retries: config.retries,
            retry: Duration::from_millis(config.retry_ms),
            patience: Duration::from_millis(config.patience_ms),
            told: Arc::default(),
            voice: Arc::default(),
        }
    }

    /// Every request of this one's says so from now on.
    pub(crate) fn speaking(self, voice: Voice) -> Self {
        Self { voice: Arc::new(voice), ..self }
    }

    /// What requests say (CMCD).
    pub(crate) fn voice(&self) -> &Voice {
        &self.voice
    }

    /// Longest wait for the next bytes.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// How often a passing failure is tried again.
    pub(crate) fn retries(&self) -> u32 {
        self.retries
    }

    /// How long a failure that may pass is put up with while there is a picture.
    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    /// How long to wait before try number `attempt` (from 1) is repeated; none where a server wants to be left alone for longer than a
    /// viewer waits.
    pub(crate) fn backoff(&self, attempt: u32) -> Option<Duration> {
        let own = self.retry.saturating_mul(1 << attempt.clamp(1, 4).saturating_sub(1)).min(self.retry.saturating_mul(5));
        let asked = self.told().come_back.take().map(|at| at.saturating_duration_since(Instant::now()));
        (asked.is_none_or(|a| a <= self.patience)).then(|| own.max(asked.unwrap_or_default()))
    }

    /// The time now by the last server's clock, Unix milliseconds.
    pub(crate) fn server_time_ms(&self) -> Option<i64> {
        let (date, since) = self.told().date?;
        Some(date.saturating_add(i64::try_from(since.elapsed().as_millis()).ok()?))
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what an answer says of time.
    fn hear(&self, answer: &ureq::http::Response<ureq::Body>) {
        let header = |name: &str| answer.headers().get(name).and_then(|v| v.to_str().ok()).map(str::trim);
        let date = header("date").and_then(|d| httpdate::parse_http_date(d).ok());
        if let Some(ms) = date.and_then(|d| i64::try_from(d.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis()).ok()) {
            self.told().date = Some((ms, Instant::now()));
        }
        if matches!(answer.status().as_u16(), 429 | 503) {
            let wait = header("retry-after").and_then(|text| retry_after(text, date));
            self.told().come_back = wait.and_then(|w| Instant::now().checked_add(w));
        }
    }

    /// Starts a transfer. Every request passes here, so that none goes without its CMCD.
    pub(crate) fn open(&self, mut request: Request) -> Transfer {
        self.voice.speak(&mut request);
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
        self.hear(&answer);
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

/// Whom to believe: the public authorities, or these alone.
pub(crate) fn trust(roots: &[Vec<u8>]) -> TlsConfig {
    let certificates: Vec<Certificate<'static>> = roots.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    let roots = if certificates.is_empty() { RootCerts::WebPki } else { RootCerts::from(certificates) };
    TlsConfig::builder().root_certs(roots).build()
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

/// `Retry-After` (RFC 9110 §10.2.3): seconds, or a date, which is measured by the answer's own `Date` and not by this device's clock.
fn retry_after(text: &str, now: Option<SystemTime>) -> Option<Duration> {
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => Some(httpdate::parse_http_date(text).ok()?.duration_since(now?).unwrap_or_default()),
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
        // What TLS refuses (a certificate, an answer that is no TLS) comes as invalid data.
        ureq::Error::Io(e) if e.kind() == std::io::ErrorKind::InvalidData && url.scheme() == "https" => Error::Tls(text),
        _ => Error::Unreachable(text),
    }
}

/// An error in the middle of a body.
fn broken(url: &Url, error: &std::io::Error) -> Error {
    let inner = error.get_ref().and_then(|e| e.downcast_ref::<ureq::Error>());
    match error.kind() {
        std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock => Error::Timeout(format!("{url}: {error}")),
        _ if matches!(inner, Some(ureq::Error::Timeout(_))) => Error::Timeout(format!("{url}: {error}")),
        _ => Error::BadBody(format!("{url}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_says_when_to_come_back() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").ok();
        let table = [
            ("120", Some(120)),
            ("0", Some(0)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("-5", None),
            ("soon", None),
            ("99999999999999999999999", None),
        ];
        for (text, seconds) in table {
            assert_eq!(retry_after(text, now), seconds.map(Duration::from_secs), "{text}");
        }
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:50:07 GMT", None), None);
    }
}
