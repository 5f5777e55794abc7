//! Bundles and offers over HTTP, from servers that may lie, break off, or be a hotel's log-in page.
use super::source::Source;
use crate::{Error, Result};
use std::io::{Cursor, Read};
use std::ops::Range;
use std::time::Duration;
use ureq::http::{HeaderMap, Response, StatusCode, header};

/// The first request brings this much: most manifests, and small files whole.
const HEAD: u64 = 64 << 10;

/// How long a server may take.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// To be reached.
    pub connect: Duration,
    /// To begin its answer.
    pub response: Duration,
    /// To send a range of at most 1 MiB. What came until then is kept.
    pub body: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), response: Duration::from_secs(30), body: Duration::from_secs(120) }
    }
}

/// The client for everything here.
pub fn client(timeouts: Timeouts) -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(5)
        .timeout_connect(Some(timeouts.connect))
        .timeout_recv_response(Some(timeouts.response))
        .timeout_recv_body(Some(timeouts.body))
        .user_agent(concat!("hearth-update/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}

/// What the first answer told of the file; later ones must tell the same.
struct Known {
    len: u64,
    etag: Option<String>,
    head: Vec<u8>,
}

/// A bundle under a URL.
pub struct HttpSource {
    client: ureq::Agent,
    url: String,
    known: Option<Known>,
}

impl HttpSource {
    /// Nothing is asked yet.
    pub fn new(client: ureq::Agent, url: &str) -> Self {
        Self { client, url: url.to_owned(), known: None }
    }

    /// Asks for a range; the answer is 206 for a part of a file that is as long as it says.
    fn ask(&self, range: &Range<u64>) -> Result<(Response<ureq::Body>, ContentRange)> {
        let last = range.end.saturating_sub(1);
        let mut request = self.client.get(&self.url).header(header::RANGE, format!("bytes={}-{last}", range.start));
        // A compressed answer has other bytes at other places.
        request = request.header(header::ACCEPT_ENCODING, "identity");
        if let Some(etag) = self.known.as_ref().and_then(|known| known.etag.as_deref()) {
            request = request.header(header::IF_RANGE, etag);
        }
        let response = request.call().map_err(|e| Error::Network(e.to_string()))?;
        let headers = response.headers();
        match response.status() {
            StatusCode::PARTIAL_CONTENT => {}
            StatusCode::OK if is_page(headers) => {
                return Err(Error::Network("a web page came instead; does this network want a log-in?".to_owned()));
            }
            StatusCode::OK if self.known.as_ref().is_some_and(|known| known.etag.is_some()) => return Err(Error::Changed),
            StatusCode::RANGE_NOT_SATISFIABLE if self.known.is_some() => return Err(Error::Changed),
            StatusCode::OK => return Err(Error::NoRanges { url: self.url.clone() }),
            status => return Err(Error::Status { status: status.as_u16(), url: self.url.clone() }),
        }
        let content = text(headers, header::CONTENT_RANGE).and_then(ContentRange::parse);
        let content = content.ok_or_else(|| Error::NoRanges { url: self.url.clone() })?;
        Ok((response, content))
    }

    /// The first request.
    fn meet(&mut self) -> Result<&Known> {
        if self.known.is_none() {
            let (response, got) = self.ask(&(0..HEAD))?;
            if got.start != 0 || got.end != got.len.min(HEAD) {
                return Err(Error::NoRanges { url: self.url.clone() });
            }
            // Only a strong one says that bytes are the same.
            let etag = text(response.headers(), header::ETAG).filter(|etag| etag.starts_with('"')).map(str::to_owned);
            let mut head = Vec::new();
            let mut body = response.into_body().into_reader().take(got.end);
            body.read_to_end(&mut head).map_err(|e| Error::Network(e.to_string()))?;
            if head.len() as u64 != got.end {
                return Err(Error::Network("the connection broke".to_owned()));
            }
            self.known = Some(Known { len: got.len, etag, head });
        }
        self.known.as_ref().ok_or(Error::Changed)
    }
}

impl Source for HttpSource {
    fn open(&mut self, range: Range<u64>) -> Result<Box<dyn Read + '_>> {
        let known = self.meet()?;
        let len = known.len;
        let known_etag = known.etag.clone();
        if let Ok(end) = usize::try_from(range.end)
            && let Some(bytes) = known.head.get(range.start as usize..end)
        {
            let bytes = bytes.to_vec();
            return Ok(Box::new(Cursor::new(bytes)));
        }
        let (response, got) = self.ask(&range)?;
        let etag = text(response.headers(), header::ETAG);
        if got.len != len || (known_etag.is_some() && etag != known_etag.as_deref()) {
            return Err(Error::Changed);
        }
        if got.start != range.start || got.end > range.end {
            return Err(Error::NoRanges { url: self.url.clone() });
        }
        Ok(Box::new(response.into_body().into_reader().take(range.end - range.start)))
    }

    fn length(&mut self) -> Result<u64> {
        Ok(self.meet()?.len)
    }
}

/// `Content-Range: bytes START-LAST/LEN`.
#[derive(Debug, PartialEq, Eq)]
struct ContentRange {
    start: u64,
    end: u64,
    len: u64,
}

impl ContentRange {
    fn parse(text: &str) -> Option<Self> {
        let (range, len) = text.strip_prefix("bytes ")?.split_once('/')?;
        let (start, last) = range.split_once('-')?;
        let (start, len) = (start.parse().ok()?, len.parse().ok()?);
        let end = last.parse::<u64>().ok()?.checked_add(1)?;
        (start < end && end <= len).then_some(Self { start, end, len })
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn is_page(headers: &HeaderMap) -> bool {
    text(headers, header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges() {
        let check = |text: &str, expected: Option<(u64, u64, u64)>| {
            assert_eq!(ContentRange::parse(text).map(|r| (r.start, r.end, r.len)), expected, "{text}");
        };
        check("bytes 0-9/10", Some((0, 10, 10)));
        check("bytes 5-5/10", Some((5, 6, 10)));
        check("bytes 0-10/10", None);
        check("bytes 5-4/10", None);
        check("bytes */10", None);
        check("bytes 0-9/*", None);
        check("bytes 0-18446744073709551615/10", None);
        check("items 0-9/10", None);
        check("", None);
    }
}
