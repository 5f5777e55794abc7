//! A small HTTP client of our own API, for the commands that talk to a running server.

use hearth_api::ApiError;
use hearth_server::Error;
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, de::DeserializeOwned};
use std::fs::File;
use std::time::Duration;

/// One server.
pub struct Client {
    agent: ureq::Agent,
    base: String,
    /// Shown with every request, where there is one.
    bearer: Option<String>,
}

/// Where the operator's token is looked for.
const TOKEN: &str = "HEARTH_TOKEN";

impl Client {
    /// `base` is `http://HOST:PORT`.
    pub fn new(base: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_recv_response(Some(Duration::from_secs(300)))
            .build();
        let bearer = std::env::var(TOKEN).ok().map(|token| format!("Bearer {}", token.trim()));
        Self { agent: config.into(), base: base.trim_end_matches('/').to_owned(), bearer }
    }

    /// GET.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        Ok(read(self.ask(self.request("GET", path, &[]).body(()))?)?.1)
    }

    /// POST of JSON.
    pub fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Error> {
        Ok(read(self.ask(self.request("POST", path, JSON).body(json(body)?))?)?.1)
    }

    /// PATCH of JSON.
    pub fn patch_json<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Error> {
        Ok(read(self.ask(self.request("PATCH", path, JSON).body(json(body)?))?)?.1)
    }

    /// DELETE; the answer has no body.
    pub fn delete(&self, path: &str) -> Result<(), Error> {
        done(self.ask(self.request("DELETE", path, &[]).body(()))?)
    }

    /// PUT of bytes; the answer has no body.
    pub fn put(&self, path: &str, body: &[u8]) -> Result<(), Error> {
        done(self.ask(self.request("PUT", path, &[]).body(body))?)
    }

    /// PATCH of bytes at an offset.
    pub fn patch<T: DeserializeOwned>(&self, path: &str, offset: u64, body: &[u8]) -> Result<T, Error> {
        let offset = offset.to_string();
        Ok(read(self.ask(self.request("PATCH", path, &[("upload-offset", &offset)]).body(body))?)?.1)
    }

    /// POST of a file of any size, with a query of plain values; the answer with its status.
    pub fn send_file<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
        file: File,
    ) -> Result<(StatusCode, T), Error> {
        let encode = |value: &str| utf8_percent_encode(value, NON_ALPHANUMERIC).to_string();
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let path = format!("{path}?{}", query.join("&"));
        // A server that refuses says so before the file is sent.
        let headers = [("content-type", "application/octet-stream"), ("expect", "100-continue")];
        read(self.ask(self.request("POST", &path, &headers).body(file))?)
    }

    fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> http::request::Builder {
        let mut request = http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match &self.bearer {
            Some(bearer) => request.header("authorization", bearer),
            None => request,
        }
    }

    fn ask(&self, request: http::Result<http::Request<impl ureq::AsSendBody>>) -> Result<http::Response<ureq::Body>, Error> {
        let request = request.map_err(|e| {
            Error::refused(StatusCode::BAD_REQUEST, "bad-address", format!("{} or {TOKEN} cannot be used: {e}", self.base))
        })?;
        self.agent.run(request).map_err(|e| self.unreachable(&e))
    }

    fn unreachable(&self, e: &ureq::Error) -> Error {
        let message =
            format!("no answer from {} ({e}): is the server running there? (hearth-server serve --data DIR)", self.base);
        Error::refused(StatusCode::SERVICE_UNAVAILABLE, "unreachable", message)
    }
}

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

fn json(body: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(body).map_err(|e| Error::Damaged(e.to_string()))
}

fn read<T: DeserializeOwned>(mut response: http::Response<ureq::Body>) -> Result<(StatusCode, T), Error> {
    let status = response.status();
    if !status.is_success() {
        return Err(refusal(response));
    }
    let body = response.body_mut().read_json().map_err(|e| Error::Damaged(format!("the server's answer: {e}")))?;
    Ok((status, body))
}

fn done(response: http::Response<ureq::Body>) -> Result<(), Error> {
    if response.status().is_success() { Ok(()) } else { Err(refusal(response)) }
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
    let code = hearth_server::codes::known(&e.code).map_or("refused", |(code, _)| code);
    Error::refused(status, code, e.message.clone())
}
