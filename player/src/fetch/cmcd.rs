//! Common Media Client Data (CTA-5004): what is said of each request to whoever delivers it. As headers it never becomes part of a cache's key.

use super::Request;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

/// How it is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CmcdMode {
    /// Not at all.
    Off,
    /// In four headers (§2.1).
    #[default]
    Headers,
    /// In the address, as the argument `CMCD` (§2.2). Caches must be told to leave it out of their keys.
    Query,
}

/// What is said of one request. Zero and none are left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cmcd {
    /// `sid`.
    pub(crate) session: String,
    /// `cid`.
    pub(crate) content: Option<String>,
    /// `sf`: `h` or `d`; empty where it is not known yet.
    pub(crate) format: &'static str,
    /// `st`: live is `l`, on demand `v`; none where it is not known yet.
    pub(crate) live: Option<bool>,
    /// `ot`: `v`, `a`, `av`, `i`, `m`, `k`.
    pub(crate) object: &'static str,
    /// `br`, kbit/s.
    pub(crate) bitrate_kbps: u64,
    /// `tb`, kbit/s.
    pub(crate) top_kbps: u64,
    /// `d`, ms.
    pub(crate) duration_ms: u64,
    /// `bl`, ms, rounded to 100; and `dl`, which at normal speed is the same, while pictures move.
    pub(crate) buffer_ms: Option<u64>,
    /// `mtp`, kbit/s, rounded to 100.
    pub(crate) throughput_kbps: Option<u64>,
    /// `rtp`, kbit/s, rounded to 100: faster than this is of no use.
    pub(crate) enough_kbps: u64,
    /// `nor`: the next request's path, relative to this one's.
    pub(crate) next: Option<String>,
    /// `nrr`: the next request's byte range.
    pub(crate) next_range: Option<(u64, u64)>,
    /// `su`: in a hurry, the picture waits.
    pub(crate) startup: bool,
    /// `bs`: the buffer ran dry since the last request.
    pub(crate) starved: bool,
}

/// The four headers, in the order of the standard.
const HEADERS: [&str; 4] = ["CMCD-Object", "CMCD-Request", "CMCD-Session", "CMCD-Status"];

impl Cmcd {
    /// Every pair with its header's number.
    fn pairs(&self) -> Vec<(usize, String)> {
        let mut pairs = Vec::new();
        let number = |pairs: &mut Vec<(usize, String)>, header: usize, key: &str, value: u64| {
            if value > 0 {
                pairs.push((header, format!("{key}={value}")));
            }
        };
        let hundreds = |value: u64| value.saturating_add(50) / 100 * 100;
        number(&mut pairs, 0, "br", self.bitrate_kbps);
        number(&mut pairs, 0, "d", self.duration_ms);
        pairs.push((0, format!("ot={}", self.object)));
        number(&mut pairs, 0, "tb", self.top_kbps);
        if let Some(ms) = self.buffer_ms {
            pairs.push((1, format!("bl={}", hundreds(ms))));
            number(&mut pairs, 1, "dl", if self.startup { 0 } else { hundreds(ms) });
        }
        number(&mut pairs, 1, "mtp", self.throughput_kbps.map_or(0, hundreds));
        let next = self.next.as_ref().map(|path| format!("nor={}", quoted(&encoded(path), usize::MAX)));
        pairs.extend(next.map(|n| (1, n)));
        pairs.extend(self.next_range.map(|(first, last)| (1, format!("nrr=\"{first}-{last}\""))));
        pairs.extend(self.startup.then(|| (1, "su".to_owned())));
        pairs.extend(self.content.as_ref().map(|content| (2, format!("cid={}", quoted(content, 64)))));
        pairs.extend((!self.format.is_empty()).then(|| (2, format!("sf={}", self.format))));
        pairs.extend((!self.session.is_empty()).then(|| (2, format!("sid={}", quoted(&self.session, 64)))));
        pairs.extend(self.live.map(|live| (2, format!("st={}", if live { "l" } else { "v" }))));
        pairs.extend(self.starved.then(|| (3, "bs".to_owned())));
        number(&mut pairs, 3, "rtp", hundreds(self.enough_kbps));
        pairs
    }

    /// The headers, without the empty ones. Keys in alphabetical order, as §3 asks.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        let pairs = self.pairs();
        let of = |header: usize| {
            let own: Vec<&str> = pairs.iter().filter(|(h, _)| *h == header).map(|(_, p)| p.as_str()).collect();
            (!own.is_empty()).then(|| (HEADERS[header], own.join(",")))
        };
        (0..HEADERS.len()).filter_map(of).collect()
    }

    /// The argument's value, encoded; keys in alphabetical order.
    fn query(&self) -> String {
        let mut pairs: Vec<String> = self.pairs().into_iter().map(|(_, pair)| pair).collect();
        pairs.sort_by(|a, b| a.split('=').next().cmp(&b.split('=').next()));
        encoded(&pairs.join(","))
    }

    /// Says it with `request`.
    pub(crate) fn put(&self, mode: CmcdMode, request: &mut Request) {
        match mode {
            CmcdMode::Off => (),
            CmcdMode::Headers => request.headers.extend(self.headers()),
            CmcdMode::Query => {
                let own = format!("CMCD={}", self.query());
                let all = request.url.query().filter(|q| !q.is_empty()).map_or_else(|| own.clone(), |q| format!("{q}&{own}"));
                request.url.set_query(Some(&all));
            }
        }
    }
}

/// Percent-encoded, but for what an address may have anywhere.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        let _ = match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => write!(out, "{}", char::from(byte)),
            _ => write!(out, "%{byte:02X}"),
        };
    }
    out
}

/// A string in quotes, of visible ASCII and at most `most` characters.
fn quoted(text: &str, most: usize) -> String {
    let mut out = String::from("\"");
    for c in text.chars().filter(|c| (' '..='~').contains(c)).take(most) {
        let _ = if matches!(c, '"' | '\\') { write!(out, "\\{c}") } else { write!(out, "{c}") };
    }
    out + "\""
}

/// What one session says with every request, whoever asks.
#[derive(Default)]
pub(crate) struct Voice {
    pub(crate) mode: CmcdMode,
    pub(crate) session: String,
    pub(crate) content: Option<String>,
    /// `sf` and `st`, once the manifest is there.
    known: Mutex<Option<(&'static str, bool)>>,
    /// Pictures wait.
    hurry: Option<Box<dyn Fn() -> bool + Send + Sync>>,
}

impl Voice {
    pub(crate) fn new(
        mode: CmcdMode,
        session: String,
        content: Option<String>,
        hurry: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        Self { mode, session, content, known: Mutex::default(), hurry: Some(Box::new(hurry)) }
    }

    /// The manifest is there.
    pub(crate) fn learn(&self, format: &'static str, live: bool) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((format, live));
    }

    /// What is the same for every request of now.
    pub(crate) fn of(&self, object: &'static str) -> Cmcd {
        let known = *self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (format, live) = known.map_or(("", None), |(format, live)| (format, Some(live)));
        let startup = self.hurry.as_ref().is_some_and(|hurry| hurry());
        Cmcd { session: self.session.clone(), content: self.content.clone(), format, live, object, startup, ..Cmcd::default() }
    }

    /// Says that with `request`.
    pub(crate) fn put(&self, object: &'static str, request: &mut Request) {
        if !self.session.is_empty() {
            self.of(object).put(self.mode, request);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

    fn full() -> Cmcd {
        Cmcd {
            session: "6e2fb550-c457-11e9-bb97-0800200c9a66".into(),
            content: Some("a\"b\n".into()),
            format: "h",
            live: Some(false),
            object: "v",
            bitrate_kbps: 3200,
            top_kbps: 6000,
            duration_ms: 4004,
            buffer_ms: Some(21_349),
            throughput_kbps: Some(25_410),
            enough_kbps: 12_840,
            next: Some("../300kbps/track.m4v?a=1".into()),
            next_range: Some((100, 199)),
            startup: true,
            starved: true,
        }
    }

    #[test]
    fn headers_are_as_the_standard_says() {
        let session = "sid=\"6e2fb550-c457-11e9-bb97-0800200c9a66\"";
        let nor = "nor=\"..%2F300kbps%2Ftrack.m4v%3Fa%3D1\",nrr=\"100-199\"";
        let check = |cmcd: &Cmcd, expected: &[(&str, String)]| {
            let got = cmcd.headers();
            let got: Vec<(&str, String)> = got.into_iter().collect();
            assert_eq!(got, expected);
        };
        let object = ("CMCD-Object", "br=3200,d=4004,ot=v,tb=6000".to_owned());
        let of_session = ("CMCD-Session", format!("cid=\"a\\\"b\",sf=h,{session},st=v"));
        let status = ("CMCD-Status", "bs,rtp=12800".to_owned());
        check(
            &full(),
            &[object.clone(), ("CMCD-Request", format!("bl=21300,mtp=25400,{nor},su")), of_session.clone(), status.clone()],
        );
        let playing = Cmcd { startup: false, ..full() };
        check(&playing, &[object, ("CMCD-Request", format!("bl=21300,dl=21300,mtp=25400,{nor}")), of_session, status]);
        let licence = Cmcd { object: "k", live: Some(true), session: "s".into(), ..Cmcd::default() };
        check(&licence, &[("CMCD-Object", "ot=k".into()), ("CMCD-Session", "sid=\"s\",st=l".into())]);
    }

    #[test]
    fn in_the_address_all_keys_are_in_one_order() {
        let cmcd =
            Cmcd { object: "m", session: "a b".into(), live: Some(true), buffer_ms: Some(0), startup: true, ..Cmcd::default() };
        for (before, after) in [
            ("http://h/p.m3u8", "http://h/p.m3u8?CMCD=bl%3D0%2Cot%3Dm%2Csid%3D%22a%20b%22%2Cst%3Dl%2Csu"),
            ("http://h/p?x=1#f", "http://h/p?x=1&CMCD=bl%3D0%2Cot%3Dm%2Csid%3D%22a%20b%22%2Cst%3Dl%2Csu#f"),
        ] {
            let mut request = Request::get(Url::parse(before).expect("URL"));
            cmcd.put(CmcdMode::Query, &mut request);
            assert_eq!(request.url.as_str(), after);
            assert!(request.headers.is_empty());
        }
    }
}
