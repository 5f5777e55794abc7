//! Asks a server for a newer version, and tells it what became of one: `/v1/updates`.
use super::memory::Unheard;
use crate::slot::SlotInfo;
use crate::{Error, Result};
use hearth_api::{CrashRecord, UpdateReport};
use hearth_box::tokens::Tokens;
use serde::{Deserialize, Serialize};
use std::io::Read;
use ureq::http::{StatusCode, header};

/// An answer that is longer is none.
const LONGEST_ANSWER: u64 = 64 << 10;

/// A newer version.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Offer {
    /// As people call it.
    pub version: String,
    /// Of what went in.
    pub build_id: String,
    /// The bundle; relative to the server's.
    pub url: String,
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Asker {
    /// Client for all requests.
    pub client: ureq::Agent,
    /// In the order they are tried.
    pub servers: Vec<String>,
    /// `board=`
    pub board: String,
    /// `version=`
    pub version: String,
    /// `build=`
    pub build: String,
    /// `device=`, perhaps empty.
    pub device: String,
    /// `channel=`
    pub channel: String,
    /// Shown to the servers' API.
    pub tokens: Tokens,
}

impl Asker {
    /// For a box that runs `info`.
    pub fn new(client: ureq::Agent, servers: Vec<String>, info: &SlotInfo, device: String, channel: String) -> Self {
        let SlotInfo { board, version, build_id: build, .. } = info.clone();
        Self { client, servers, board, version, build, device, channel, tokens: Tokens::default() }
    }

    /// As one that runs nothing: whatever is newest is newer.
    pub fn running_nothing(self) -> Self {
        Self { version: "0".to_owned(), build: String::new(), ..self }
    }

    /// The first server that answers: itself and its offer, if it has one.
    pub fn ask(&self) -> Result<(&str, Option<Offer>)> {
        let mut last = Error::NoServer;
        for server in &self.servers {
            match self.ask_one(server) {
                Ok(offer) => return Ok((server, offer)),
                Err(e) => last = e,
            }
        }
        Err(last)
    }

    fn ask_one(&self, server: &str) -> Result<Option<Offer>> {
        let refused = |e: &Error| matches!(e, Error::Status { status: 401, .. });
        self.tokens.call(server, |token| self.ask_with(server, token), refused)
    }

    fn ask_with(&self, server: &str, token: Option<&str>) -> Result<Option<Offer>> {
        let url = format!("{}/v1/updates", server.trim_end_matches('/'));
        let mut request = self.client.get(&url);
        let known = [("board", &self.board), ("version", &self.version), ("build", &self.build)];
        for (name, value) in known.into_iter().chain([("device", &self.device), ("channel", &self.channel)]) {
            request = request.query(name, value);
        }
        let response = shown(request, token).call().map_err(|e| Error::Network(e.to_string()))?;
        match response.status() {
            StatusCode::NO_CONTENT => return Ok(None),
            StatusCode::OK => {}
            status => return Err(Error::Status { status: status.as_u16(), url }),
        }
        let mut text = Vec::new();
        let body = response.into_body().into_reader().take(LONGEST_ANSWER).read_to_end(&mut text);
        body.map_err(|e| Error::Network(e.to_string()))?;
        let offer: Offer = serde_json::from_slice(&text).map_err(|e| Error::Answer(e.to_string()))?;
        Ok(Some(Offer { url: resolve(server, &offer.url), ..offer }))
    }

    /// Tells the server how an update ended. It matters to the server's rollout, not to the box: trouble is only logged. Says
    /// whether the server has heard, or never will.
    pub fn report(&self, news: &Unheard) -> bool {
        if self.device.is_empty() {
            return true;
        }
        let Unheard { server, version, outcome, error } = news.clone();
        self.tell(&server, "updates/report", &UpdateReport { device: self.device.clone(), version, outcome, error })
    }

    /// Tells a server of a crash; says as [`Asker::report`] does.
    pub fn crash(&self, server: &str, record: &CrashRecord) -> bool {
        // A device's ID has no character that a query could mistake.
        self.device.is_empty() || self.tell(server, &format!("crashes?device={}", self.device), record)
    }

    fn tell(&self, server: &str, path: &str, news: &impl Serialize) -> bool {
        let url = format!("{}/v1/{path}", server.trim_end_matches('/'));
        let send = |token: Option<&str>| {
            let request = shown(self.client.post(&url), token);
            let status = request.send_json(news).map_err(|e| Error::Network(e.to_string()))?.status();
            if status.is_success() { Ok(()) } else { Err(Error::Status { status: status.as_u16(), url: url.clone() }) }
        };
        match self.tokens.call(server, send, |e| matches!(e, Error::Status { status: 401, .. })) {
            Ok(()) => true,
            // It never offered this version, or takes no such news: nothing it waits to hear of.
            Err(Error::Status { status: 404, .. }) => true,
            Err(e) => {
                eprintln!("hearth-update: {url}: error {}: {e}", e.code());
                // What is wrong with the news itself stays wrong.
                matches!(e, Error::Status { status: 400..500, .. })
                    && !e.is_passing()
                    && !matches!(e, Error::Status { status: 401 | 403, .. })
            }
        }
    }
}

fn shown<B>(request: ureq::RequestBuilder<B>, token: Option<&str>) -> ureq::RequestBuilder<B> {
    match token {
        Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
        None => request,
    }
}

/// `url` as seen from `server`: absolute, from the server's root, or beside its base.
fn resolve(server: &str, url: &str) -> String {
    let server = server.trim_end_matches('/');
    if url.starts_with("https://") || url.starts_with("http://") {
        return url.to_owned();
    }
    let Some(path) = url.strip_prefix('/') else { return format!("{server}/{url}") };
    let host = server.find("://").map_or(0, |at| at + 3);
    let end = server.get(host..).and_then(|rest| rest.find('/')).map_or(server.len(), |at| host + at);
    format!("{}/{path}", server.get(..end).unwrap_or(server))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_offers() {
        let check = |server, url, expected| assert_eq!(resolve(server, url), expected);
        check("http://h:1", "/v1/updates/bundles/x", "http://h:1/v1/updates/bundles/x");
        check("http://h:1/hearth/", "/x", "http://h:1/x");
        check("http://h:1/hearth/", "x", "http://h:1/hearth/x");
        check("http://h:1", "https://cdn/x", "https://cdn/x");
    }
}
