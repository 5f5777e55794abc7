//! A small HTTP client of our own API, for the commands that talk to a running server.

use hearth_api::ApiError;
use hearth_server::Error;
use http::StatusCode;
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;

/// One server.
pub struct Client {
    agent: ureq::Agent,
    base: String,
}

impl Client {
    /// `base` is `http://HOST:PORT`.
    pub fn new(base: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_recv_response(Some(Duration::from_secs(300)))
            .build();
        Self { agent: config.into(), base: base.trim_end_matches('/').to_owned() }
    }

    /// GET.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        let response = self.agent.get(format!("{}{path}", self.base)).call().map_err(|e| self.unreachable(&e))?;
        read(response)
    }

    /// POST of JSON.
    pub fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Error> {
        let response = self.agent.post(format!("{}{path}", self.base)).send_json(body).map_err(|e| self.unreachable(&e))?;
        read(response)
    }

    /// PUT of bytes; the answer has no body.
    pub fn put(&self, path: &str, body: &[u8]) -> Result<(), Error> {
        let response = self.agent.put(format!("{}{path}", self.base)).send(body).map_err(|e| self.unreachable(&e))?;
        if response.status().is_success() { Ok(()) } else { Err(refusal(response)) }
    }

    /// PATCH of bytes at an offset.
    pub fn patch<T: DeserializeOwned>(&self, path: &str, offset: u64, body: &[u8]) -> Result<T, Error> {
        let request = self.agent.patch(format!("{}{path}", self.base)).header("upload-offset", offset.to_string());
        read(request.send(body).map_err(|e| self.unreachable(&e))?)
    }

    fn unreachable(&self, e: &ureq::Error) -> Error {
        let message =
            format!("no answer from {} ({e}): is the server running there? (hearth-server serve --data DIR)", self.base);
        Error::refused(StatusCode::SERVICE_UNAVAILABLE, "unreachable", message)
    }
}

fn read<T: DeserializeOwned>(mut response: http::Response<ureq::Body>) -> Result<T, Error> {
    if !response.status().is_success() {
        return Err(refusal(response));
    }
    response.body_mut().read_json().map_err(|e| Error::Damaged(format!("the server's answer: {e}")))
}

fn refusal(mut response: http::Response<ureq::Body>) -> Error {
    let status = response.status();
    match response.body_mut().read_json::<ApiError>() {
        Ok(e) => refused(status, &e),
        Err(_) => Error::refused(status, "refused", format!("the server answered {status}: is it a Hearth server?")),
    }
}

/// A refusal by the server, as ours: its code decides our exit code.
pub fn refused(status: StatusCode, e: &ApiError) -> Error {
    const KNOWN: [&str; 14] = [
        "disk-full",
        "offset-mismatch",
        "checksum-mismatch",
        "not-media",
        "no-video",
        "truncated",
        "empty-file",
        "unsupported-size",
        "unsupported-codec",
        "decode-failed",
        "not-a-picture",
        "not-found",
        "source-gone",
        "worker-crashed",
    ];
    let code = KNOWN.iter().find(|known| **known == e.code).copied().unwrap_or("refused");
    Error::refused(status, code, e.message.clone())
}
