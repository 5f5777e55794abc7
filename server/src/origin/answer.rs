//! An entity and a request's headers to a response: methods, conditions, ranges, caching and cross-origin headers.

use super::range::{Asked, asked, if_range_allows, none_match_hits};
use crate::Error;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use std::ops::Range;

/// Content whose URL changes with it.
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// Manifests: a new publication shows within seconds.
pub const SHORT: &str = "public, max-age=5";
/// Artwork.
pub const ART: &str = "public, max-age=300";

/// What is to be said of a body, besides the body.
#[derive(Clone, Debug)]
pub struct About {
    /// Strong, with its quotes.
    pub etag: HeaderValue,
    /// Content type.
    pub content_type: &'static str,
    /// `Cache-Control`.
    pub caching: &'static str,
    /// Bytes of the whole body.
    pub len: u64,
}

impl About {
    /// `etag` without quotes, of visible ASCII.
    pub fn new(etag: &str, content_type: &'static str, caching: &'static str, len: u64) -> Self {
        let quoted = HeaderValue::try_from(format!("\"{etag}\""));
        // An ETag that cannot stand in a header is a bug of ours; an empty one only costs revalidation.
        Self { etag: quoted.unwrap_or(HeaderValue::from_static("\"\"")), content_type, caching, len }
    }
}

/// A whole body with what is to be said of it.
#[derive(Clone, Debug)]
pub struct Entity {
    /// The body.
    pub bytes: Bytes,
    /// Everything else.
    pub about: About,
}

impl Entity {
    /// `etag` without quotes, of visible ASCII.
    pub fn new(bytes: Bytes, etag: &str, content_type: &'static str, caching: &'static str) -> Self {
        let about = About::new(etag, content_type, caching, bytes.len() as u64);
        Self { bytes, about }
    }
}

/// Answers `GET` and `HEAD`.
pub fn respond(method: &Method, headers: &HeaderMap, entity: Entity) -> Response {
    let (mut response, wanted) = begin(method, headers, &entity.about);
    if let Some(range) = wanted {
        // Both ends are within the body, whose length is a usize.
        *response.body_mut() = Body::from(entity.bytes.slice(range.start as usize..range.end as usize));
    }
    response
}

/// The answer to `GET` and `HEAD` save its body, and the bytes that the body is to have, if any.
pub fn begin(method: &Method, headers: &HeaderMap, about: &About) -> (Response, Option<Range<u64>>) {
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    let (etag, len) = (about.etag.to_str().unwrap_or_default(), about.len);
    if none_match_hits(text(header::IF_NONE_MATCH), etag) {
        return (head(StatusCode::NOT_MODIFIED, about, None), None);
    }
    // RFC 9110 §14.2: Range has a meaning for GET only.
    let ranged = method == Method::GET && if_range_allows(text(header::IF_RANGE), etag);
    let (status, said, body) = match if ranged { asked(text(header::RANGE), len) } else { Asked::Whole } {
        Asked::Whole => (StatusCode::OK, None, 0..len),
        Asked::Part(part) => (StatusCode::PARTIAL_CONTENT, Some(format!("bytes {}-{}/{len}", part.start, part.end - 1)), part),
        Asked::Unsatisfiable => (StatusCode::RANGE_NOT_SATISFIABLE, Some(format!("bytes */{len}")), 0..0),
    };
    let mut response = head(status, about, said);
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(body.end - body.start));
    (response, (method != Method::HEAD && !body.is_empty()).then_some(body))
}

fn head(status: StatusCode, about: &About, range: Option<String>) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::ETAG, about.etag.clone());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(about.caching));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if matches!(status, StatusCode::OK | StatusCode::PARTIAL_CONTENT) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(about.content_type));
    }
    if let Some(range) = range.and_then(|r| HeaderValue::try_from(r).ok()) {
        headers.insert(header::CONTENT_RANGE, range);
    }
    allow_origin(headers);
    response
}

/// Methods of everything that is read over HTTP.
pub const METHODS: &str = "GET, HEAD, OPTIONS";

/// The refusal of every method but `GET` and `HEAD`.
pub fn refuse_writing(method: &Method) -> Option<Response> {
    if method == Method::GET || method == Method::HEAD {
        return None;
    }
    let error = Error::refused(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", format!("only {METHODS} here"));
    let mut response = refuse(error);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(METHODS));
    Some(response)
}

/// A refusal on the data path: JSON, not to be kept by anyone.
pub fn refuse(error: Error) -> Response {
    let mut response = error.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    allow_origin(response.headers_mut());
    response
}

/// Web players on other origins may read this. Never with credentials: a `*` excludes them.
pub fn allow_origin(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("Accept-Ranges, Content-Length, Content-Range, Date, ETag"),
    );
}

/// Answers a browser's preflight (Fetch §4.8).
pub fn preflight(methods: &'static str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static(methods));
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(
            "Authorization, Content-Type, If-Match, If-None-Match, If-Range, Range, CMCD-Object, CMCD-Request, CMCD-Session, CMCD-Status",
        ),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    allow_origin(headers);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(method: Method, headers: &[(&str, &str)]) -> (u16, String, String) {
        let entity = Entity::new(Bytes::from_static(b"0123456789"), "e1", "video/mp4", IMMUTABLE);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap());
        }
        let response = respond(&method, &map, entity);
        let header = |name| response.headers().get(name).map_or("-", |v| v.to_str().unwrap()).to_owned();
        assert_eq!(header(header::ETAG), "\"e1\"");
        assert_eq!(header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
        (response.status().as_u16(), header(header::CONTENT_LENGTH), header(header::CONTENT_RANGE))
    }

    #[test]
    fn status_length_and_range() {
        use Method as M;
        for (method, headers, want) in [
            (M::GET, &[][..], (200, "10", "-")),
            (M::HEAD, &[], (200, "10", "-")),
            (M::GET, &[("range", "bytes=2-3")], (206, "2", "bytes 2-3/10")),
            (M::GET, &[("range", "bytes=-3")], (206, "3", "bytes 7-9/10")),
            (M::GET, &[("range", "bytes=10-")], (416, "0", "bytes */10")),
            (M::HEAD, &[("range", "bytes=2-3")], (200, "10", "-")),
            (M::GET, &[("if-none-match", "\"e1\"")], (304, "-", "-")),
            (M::GET, &[("if-none-match", "\"e1\""), ("range", "bytes=2-3")], (304, "-", "-")),
            (M::GET, &[("if-none-match", "\"e0\"")], (200, "10", "-")),
            (M::GET, &[("if-range", "\"e1\""), ("range", "bytes=2-3")], (206, "2", "bytes 2-3/10")),
            (M::GET, &[("if-range", "\"e0\""), ("range", "bytes=2-3")], (200, "10", "-")),
        ] {
            let got = ask(method.clone(), headers);
            assert_eq!((got.0, got.1.as_str(), got.2.as_str()), want, "{method} {headers:?}");
        }
    }
}
