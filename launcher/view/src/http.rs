//! The catalog over HTTP.

use std::time::Duration;

use hearth_api::{ApiError, Home, PlaybackGrant, PlaybackRequest, Progress, Title};
use hearth_box::tokens::Tokens;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Catalog, CatalogError};

/// A home screen of ten thousand titles is about 6 MB; nothing the server says is larger than this.
const MAX_ANSWER: u64 = 16 << 20;
/// A request is made so often at most.
const TRIES: u32 = 2;

/// A `hearth-server`. Connections are kept; a request that got no answer is made once more.
#[derive(Clone, Debug)]
pub struct HttpCatalog {
    agent: ureq::Agent,
    origin: String,
    profile: String,
    tokens: Tokens,
}

impl HttpCatalog {
    /// `origin` as in `http://127.0.0.1:8080`.
    pub fn new(origin: &str, profile: &str) -> Result<Self, CatalogError> {
        let origin = origin.trim().trim_end_matches('/');
        let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        if !host.is_some_and(|h| !h.is_empty() && !h.contains(char::is_whitespace)) {
            return Err(CatalogError::Address(origin.to_owned()));
        }
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(3)))
            .timeout_global(Some(Duration::from_secs(8)))
            .user_agent(concat!("hearth-launcher/", env!("CARGO_PKG_VERSION")));
        Ok(Self {
            agent: config.build().new_agent(),
            origin: origin.to_owned(),
            profile: profile.to_owned(),
            tokens: Tokens::default(),
        })
    }

    /// The same, showing a box's token with every call.
    pub fn with_tokens(self, tokens: Tokens) -> Self {
        Self { tokens, ..self }
    }

    /// Makes a call, given what goes into `Authorization`; again if that may help. All of ours may be made twice: they read, grant or overwrite.
    fn call(
        &self,
        request: impl Fn(Option<&str>) -> Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Vec<u8>, CatalogError> {
        let with = |token: Option<&str>| {
            let bearer = token.map(|token| format!("Bearer {token}"));
            retry(|| read(request(bearer.as_deref())))
        };
        self.tokens.call(&self.origin, with, |e| matches!(e, CatalogError::Refused { status: 401, .. }))
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CatalogError> {
        let url = format!("{}{path}", self.origin);
        parse(&self.call(|bearer| shown(self.agent.get(&url), bearer).call())?)
    }
}

fn shown<B>(request: ureq::RequestBuilder<B>, bearer: Option<&str>) -> ureq::RequestBuilder<B> {
    match bearer {
        Some(bearer) => request.header(ureq::http::header::AUTHORIZATION, bearer),
        None => request,
    }
}

/// Makes a request again if that may help.
fn retry<T>(mut request: impl FnMut() -> Result<T, CatalogError>) -> Result<T, CatalogError> {
    let mut tries = 1;
    loop {
        match request() {
            // Who waited for a whole timeout is told, not made to wait twice.
            Err(e) if e.transient() && e != CatalogError::Timeout && tries < TRIES => tries += 1,
            done => return done,
        }
    }
}

fn body<T: Serialize>(value: &T) -> Result<String, CatalogError> {
    serde_json::to_string(value).map_err(|e| CatalogError::Unreadable(e.to_string()))
}

fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Vec<u8>, CatalogError> {
    let mut answer = answer.map_err(transport)?;
    let status = answer.status().as_u16();
    let bytes = answer.body_mut().with_config().limit(MAX_ANSWER).read_to_vec().map_err(transport)?;
    if (200..300).contains(&status) {
        return Ok(bytes);
    }
    let said: Option<ApiError> = serde_json::from_slice(&bytes).ok();
    let (code, message) = said.map_or_else(
        || (format!("http-{status}"), format!("The server answered with status {status}.")),
        |said| (said.code, said.message),
    );
    Err(CatalogError::Refused { status, code, message })
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CatalogError> {
    serde_json::from_slice(bytes).map_err(|e| CatalogError::Unreadable(e.to_string()))
}

fn transport(error: ureq::Error) -> CatalogError {
    match error {
        ureq::Error::Timeout(_) => CatalogError::Timeout,
        ureq::Error::BodyExceedsLimit(n) => CatalogError::Unreadable(format!("more than {n} bytes")),
        ureq::Error::Io(e) if e.kind() == std::io::ErrorKind::TimedOut => CatalogError::Timeout,
        e => CatalogError::Unreachable(e.to_string()),
    }
}

/// One segment of a path: an ID of the server's may hold anything.
fn segment(id: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    id.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

impl Catalog for HttpCatalog {
    fn home(&self) -> Result<Home, CatalogError> {
        self.get(&format!("/v1/home?profile={}", segment(&self.profile)))
    }

    fn title(&self, id: &str) -> Result<Title, CatalogError> {
        self.get(&format!("/v1/titles/{}?profile={}", segment(id), segment(&self.profile)))
    }

    fn playback(&self, id: &str) -> Result<PlaybackGrant, CatalogError> {
        let url = format!("{}/v1/titles/{}/playback", self.origin, segment(id));
        let wish = body(&PlaybackRequest { profile: self.profile.clone() })?;
        parse(&self.call(|bearer| shown(self.agent.post(&url), bearer).content_type("application/json").send(&wish))?)
    }

    fn progress(&self, id: &str, progress: &Progress) -> Result<(), CatalogError> {
        let url = format!("{}/v1/profiles/{}/progress/{}", self.origin, segment(&self.profile), segment(id));
        let place = body(progress)?;
        self.call(|bearer| shown(self.agent.put(&url), bearer).content_type("application/json").send(&place)).map(drop)
    }
}
