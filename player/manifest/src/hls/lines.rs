//! A playlist's lines: tags apart from URIs, variables (`EXT-X-DEFINE`) put in.
use super::attrs::Attributes;
use crate::{Error, budget::Budget};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A line with something in it.
pub(super) enum Line<'a> {
    /// `#NAME:value` or `#NAME`.
    Tag { name: &'a str, value: &'a str },
    /// Not a comment.
    Uri(&'a str),
}

/// Tags and URIs with their line numbers from 1; comments and blank lines left out.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, Line<'_>)> {
    text.lines().enumerate().filter_map(|(i, raw)| {
        let s = raw.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\u{feff}');
        let line = match s.strip_prefix('#') {
            None if s.is_empty() => return None,
            None => Line::Uri(s),
            Some(t) if t.starts_with("EXT") => {
                let (name, value) = t.split_once(':').unwrap_or((t, ""));
                Line::Tag { name: name.trim_end(), value: value.trim_start() }
            }
            Some(_) => return None,
        };
        Some((i + 1, line))
    })
}

/// `#EXTM3U` must come first (RFC 8216 §4.3.1.1); the wild puts byte order marks and blank lines before it, and sometimes forgets it:
/// then another of our tags will do.
pub(super) fn check_header(text: &str) -> Result<(), Error> {
    match lines(text).next() {
        Some((_, Line::Tag { name, .. })) if name == "EXTM3U" || name == "EXTINF" || name.starts_with("EXT-X-") => Ok(()),
        _ => Err(Error::NotAManifest),
    }
}

/// An error at a line.
pub(super) fn bad(line: usize, what: impl Into<String>) -> Error {
    Error::Line { line, what: what.into() }
}

/// `EXT-X-DEFINE` variables (RFC 8216bis §4.3).
pub(super) struct Variables<'i> {
    map: BTreeMap<String, String>,
    /// The multivariant playlist's; none where it is not known.
    importable: Option<&'i BTreeMap<String, String>>,
    /// Something was to be imported that is not there.
    missing: bool,
}

impl<'i> Variables<'i> {
    pub(super) fn new(importable: Option<&'i BTreeMap<String, String>>) -> Self {
        Variables { map: BTreeMap::new(), importable, missing: false }
    }

    /// Everything defined, for others to import.
    pub(super) fn into_map(self) -> BTreeMap<String, String> {
        self.map
    }

    /// Takes an `EXT-X-DEFINE`. What `IMPORT` does not find is an error only where the variable is used: a media playlist may be opened
    /// without its multivariant playlist.
    pub(super) fn define(
        &mut self,
        attrs: &Attributes<'_>,
        base: &url::Url,
        budget: &mut Budget,
        line: usize,
    ) -> Result<(), Error> {
        let (name, value) = if let Some(n) = attrs.get("NAME") {
            (n, attrs.text("VALUE", self, budget, line)?.unwrap_or_default().into_owned())
        } else if let Some(n) = attrs.get("QUERYPARAM") {
            let found = base.query_pairs().find(|(k, _)| k == n).map(|(_, v)| v.into_owned());
            (n, found.ok_or_else(|| bad(line, format!("the playlist's URL has no query parameter {n}")))?)
        } else if let Some(n) = attrs.get("IMPORT") {
            match self.importable.and_then(|all| all.get(n)) {
                Some(v) => (n, v.clone()),
                None => {
                    self.missing = true;
                    return Ok(());
                }
            }
        } else {
            return Ok(());
        };
        budget.bytes(name.len() + value.len())?;
        self.map.insert(name.to_string(), value);
        Ok(())
    }

    /// Puts the variables in where `{$name}` stands.
    pub(super) fn fill<'a>(&self, s: &'a str, budget: &mut Budget, line: usize) -> Result<Cow<'a, str>, Error> {
        if !s.contains("{$") || (self.map.is_empty() && !self.missing) {
            return Ok(Cow::Borrowed(s));
        }
        let mut out = String::with_capacity(s.len());
        let mut rest = s;
        while let Some((before, after)) = rest.split_once("{$") {
            out.push_str(before);
            let Some((name, tail)) = after.split_once('}') else {
                out.push_str("{$");
                rest = after;
                continue;
            };
            match self.map.get(name) {
                Some(v) => {
                    budget.bytes(v.len())?;
                    out.push_str(v);
                }
                None if self.missing => return Err(Error::Unsupported(format!("EXT-X-DEFINE:IMPORT of {name} (line {line})"))),
                None => return Err(bad(line, format!("variable {name} is not defined"))),
            }
            rest = tail;
        }
        out.push_str(rest);
        Ok(Cow::Owned(out))
    }

    /// An absolute URL.
    pub(super) fn url(&self, s: &str, base: &url::Url, budget: &mut Budget, line: usize) -> Result<String, Error> {
        let s = self.fill(s, budget, line)?;
        let url: String = base.join(&s).map_err(|e| bad(line, format!("{e}: {s}")))?.into();
        budget.bytes(url.len())?;
        Ok(url)
    }
}
