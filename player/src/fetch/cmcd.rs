//! Common Media Client Data (CTA-5004) as request headers: they never become part of a cache's key.

use std::fmt::Write;

/// What is said of one media request. Zero and none are left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cmcd {
    /// `sid`.
    pub(crate) session: String,
    /// `cid`.
    pub(crate) content: Option<String>,
    /// `sf`: `h` or `d`.
    pub(crate) format: &'static str,
    /// `ot`: `v`, `a`, `av`, `i`, `m`.
    pub(crate) object: &'static str,
    /// `br`, kbit/s.
    pub(crate) bitrate_kbps: u64,
    /// `tb`, kbit/s.
    pub(crate) top_kbps: u64,
    /// `d`, ms.
    pub(crate) duration_ms: u64,
    /// `bl`, ms, rounded to 100.
    pub(crate) buffer_ms: u64,
    /// `mtp`, kbit/s, rounded to 100.
    pub(crate) throughput_kbps: Option<u64>,
    /// `su`: in a hurry, the picture waits.
    pub(crate) startup: bool,
    /// `bs`: the buffer ran dry since the last request.
    pub(crate) starved: bool,
}

impl Cmcd {
    /// The four headers, without the empty ones. Keys in alphabetical order, as CTA-5004 §3 asks.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        let mut object = Vec::new();
        let number = |list: &mut Vec<String>, key: &str, value: u64| {
            if value > 0 {
                list.push(format!("{key}={value}"));
            }
        };
        number(&mut object, "br", self.bitrate_kbps);
        number(&mut object, "d", self.duration_ms);
        object.push(format!("ot={}", self.object));
        number(&mut object, "tb", self.top_kbps);
        let mut request = vec![format!("bl={}", (self.buffer_ms + 50) / 100 * 100)];
        number(&mut request, "mtp", self.throughput_kbps.map_or(0, |t| (t + 50) / 100 * 100));
        if self.startup {
            request.push("su".into());
        }
        let mut session = Vec::new();
        if let Some(content) = &self.content {
            session.push(format!("cid={}", quoted(content)));
        }
        session.extend([format!("sf={}", self.format), format!("sid={}", quoted(&self.session)), "st=v".into()]);
        let mut headers =
            vec![("CMCD-Object", object.join(",")), ("CMCD-Request", request.join(",")), ("CMCD-Session", session.join(","))];
        if self.starved {
            headers.push(("CMCD-Status", "bs".into()));
        }
        headers
    }
}

/// A string in quotes, of visible ASCII and at most 64 bytes.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars().filter(|c| (' '..='~').contains(c)).take(64) {
        let _ = if matches!(c, '"' | '\\') { write!(out, "\\{c}") } else { write!(out, "{c}") };
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_as_the_standard_says() {
        let cmcd = Cmcd {
            session: "6e2fb550-c457-11e9-bb97-0800200c9a66".into(),
            content: Some("a\"b\n".into()),
            format: "h",
            object: "v",
            bitrate_kbps: 3200,
            top_kbps: 6000,
            duration_ms: 4004,
            buffer_ms: 21_349,
            throughput_kbps: Some(25_410),
            startup: true,
            starved: true,
        };
        let expected = [
            ("CMCD-Object", "br=3200,d=4004,ot=v,tb=6000"),
            ("CMCD-Request", "bl=21300,mtp=25400,su"),
            ("CMCD-Session", "cid=\"a\\\"b\",sf=h,sid=\"6e2fb550-c457-11e9-bb97-0800200c9a66\",st=v"),
            ("CMCD-Status", "bs"),
        ];
        let got = cmcd.headers();
        assert_eq!(got.iter().map(|(k, v)| (*k, v.as_str())).collect::<Vec<_>>(), expected);
    }
}
