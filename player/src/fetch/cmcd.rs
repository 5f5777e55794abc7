//! Common Media Client Data (CTA-5004): what is said of each request to whoever delivers it. As headers it never becomes part of a cache's key.

use super::Request;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
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

/// What a request asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Object {
    Manifest,
    Audio,
    Video,
    /// Sound and picture in one file.
    Muxed,
    Init,
    /// Captions as a file of their own kind.
    Caption,
    /// Captions in ISOBMFF.
    TimedText,
    /// A key or a licence.
    Key,
    /// Sheets of thumbnails, the time of day.
    #[default]
    Other,
}

impl Object {
    /// The token of `ot`.
    fn token(self) -> &'static str {
        match self {
            Self::Manifest => "m",
            Self::Audio => "a",
            Self::Video => "v",
            Self::Muxed => "av",
            Self::Init => "i",
            Self::Caption => "c",
            Self::TimedText => "tt",
            Self::Key => "k",
            Self::Other => "o",
        }
    }
}

/// What is said of one request. Zero and none are left out. Who asks fills in what is known of the object; [`Voice`] adds the session's part.
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
    /// `ot`.
    pub(crate) object: Object,
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
    /// No picture ever waits for it: never `su`.
    pub(crate) aside: bool,
    /// `su`: in a hurry, the picture waits.
    pub(crate) startup: bool,
    /// `pr=0`: no picture moves.
    pub(crate) still: bool,
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
        number(&mut pairs, 0, "br", self.bitrate_kbps);
        number(&mut pairs, 0, "d", self.duration_ms);
        pairs.push((0, format!("ot={}", self.object.token())));
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
        pairs.extend(self.still.then(|| (2, "pr=0".to_owned())));
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
    fn put(&self, mode: CmcdMode, request: &mut Request) {
        match mode {
            CmcdMode::Off => (),
            CmcdMode::Headers => request.headers.extend(self.headers()),
            CmcdMode::Query => {
                // An address that an answer came from has what was said then: it is said anew.
                let others =
                    request.url.query().unwrap_or_default().split('&').filter(|a| !a.is_empty() && !a.starts_with("CMCD="));
                let all: Vec<String> = others.map(str::to_owned).chain([format!("CMCD={}", self.query())]).collect();
                request.url.set_query(Some(&all.join("&")));
            }
        }
    }
}

/// What an address may not have anywhere (RFC 3986 §2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Rounded as the standard asks of lengths of time and of rates.
pub(crate) fn hundreds(value: u64) -> u64 {
    value.saturating_add(50) / 100 * 100
}

/// A string in quotes, of visible ASCII and at most `most` characters.
pub(crate) fn quoted(text: &str, most: usize) -> String {
    let mut out = String::from("\"");
    for c in text.chars().filter(|c| (' '..='~').contains(c)).take(most) {
        let _ = if matches!(c, '"' | '\\') { write!(out, "\\{c}") } else { write!(out, "{c}") };
    }
    out + "\""
}

/// How pictures move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// At the right speed.
    Moving,
    /// The viewer holds them.
    Held,
    /// They wait for media: after the start, a jump, or a dry buffer.
    Waiting,
}

/// What one session says with every request, whoever asks.
#[derive(Default)]
pub(crate) struct Voice {
    pub(crate) mode: CmcdMode,
    pub(crate) session: String,
    pub(crate) content: Option<String>,
    /// `sf` and `st`, once the manifest is there.
    known: Mutex<Option<(&'static str, bool)>>,
    pace: Option<Box<dyn Fn() -> Pace + Send + Sync>>,
}

impl Voice {
    pub(crate) fn new(
        mode: CmcdMode,
        session: String,
        content: Option<String>,
        pace: impl Fn() -> Pace + Send + Sync + 'static,
    ) -> Self {
        Self { mode, session, content, known: Mutex::default(), pace: Some(Box::new(pace)) }
    }

    /// `sf` and `st`: empty and none as long as the manifest is not there.
    pub(crate) fn known(&self) -> (&'static str, Option<bool>) {
        let known = *self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.map_or(("", None), |(format, live)| (format, Some(live)))
    }

    /// The manifest is there.
    pub(crate) fn learn(&self, format: &'static str, live: bool) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((format, live));
    }

    /// Says what is known of `request` with it, and what is the same for every request of now.
    pub(crate) fn speak(&self, request: &mut Request) {
        if self.session.is_empty() {
            return;
        }
        let (format, live) = self.known();
        let own = std::mem::take(&mut request.cmcd);
        let pace = self.pace.as_ref().map_or(Pace::Moving, |pace| pace());
        let startup = !own.aside && pace == Pace::Waiting;
        let (session, content) = (self.session.clone(), self.content.clone());
        Cmcd { session, content, format, live, startup, still: pace != Pace::Moving, ..own }.put(self.mode, request);
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
            object: Object::Video,
            bitrate_kbps: 3200,
            top_kbps: 6000,
            duration_ms: 4004,
            buffer_ms: Some(21_349),
            throughput_kbps: Some(25_410),
            enough_kbps: 12_840,
            next: Some("../300kbps/track.m4v?a=1".into()),
            next_range: Some((100, 199)),
            aside: false,
            startup: true,
            still: true,
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
        let of_session = ("CMCD-Session", format!("cid=\"a\\\"b\",pr=0,sf=h,{session},st=v"));
        let status = ("CMCD-Status", "bs,rtp=12800".to_owned());
        check(
            &full(),
            &[object.clone(), ("CMCD-Request", format!("bl=21300,mtp=25400,{nor},su")), of_session.clone(), status.clone()],
        );
        let playing = Cmcd { startup: false, still: false, ..full() };
        let of_session_playing = ("CMCD-Session", of_session.1.replace("pr=0,", ""));
        check(&playing, &[object, ("CMCD-Request", format!("bl=21300,dl=21300,mtp=25400,{nor}")), of_session_playing, status]);
        let licence = Cmcd { object: Object::Key, live: Some(true), session: "s".into(), ..Cmcd::default() };
        check(&licence, &[("CMCD-Object", "ot=k".into()), ("CMCD-Session", "sid=\"s\",st=l".into())]);
    }

    #[test]
    fn in_the_address_all_keys_are_in_one_order() {
        let cmcd = Cmcd {
            object: Object::Manifest,
            session: "a b".into(),
            live: Some(true),
            buffer_ms: Some(0),
            startup: true,
            ..Cmcd::default()
        };
        for (before, after) in [
            ("http://h/p.m3u8", "http://h/p.m3u8?CMCD=bl%3D0%2Cot%3Dm%2Csid%3D%22a%20b%22%2Cst%3Dl%2Csu"),
            ("http://h/p?CMCD=ot%3Dm&x=1#f", "http://h/p?x=1&CMCD=bl%3D0%2Cot%3Dm%2Csid%3D%22a%20b%22%2Cst%3Dl%2Csu#f"),
            ("http://h/p?x=1#f", "http://h/p?x=1&CMCD=bl%3D0%2Cot%3Dm%2Csid%3D%22a%20b%22%2Cst%3Dl%2Csu#f"),
        ] {
            let mut request = Request::get(Url::parse(before).expect("URL"), Object::Manifest);
            // Said twice, the second time of an address that has it already, it is there once.
            for _ in 0..2 {
                cmcd.put(CmcdMode::Query, &mut request);
                assert_eq!(request.url.as_str(), after);
            }
            assert!(request.headers.is_empty());
        }
    }
}
