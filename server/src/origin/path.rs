//! The data path's URLs: `/titles/{id}/…` to a typed address. Strict: what does not match exactly is not there.

/// What a path under `/titles/` names. Borrowed from the path: looking an address up allocates nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address<'a> {
    /// Title ID.
    pub title: &'a str,
    /// Which thing of it.
    pub item: Item<'a>,
}

/// A thing of a title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// `hls/master.m3u8`
    Master,
    /// `hls/{rendition}.m3u8`
    Playlist {
        /// Rendition ID.
        rendition: &'a str,
    },
    /// `iframes/{rendition}.m3u8`
    KeyFrames {
        /// Rendition ID.
        rendition: &'a str,
    },
    /// `dash/manifest.mpd`
    Mpd,
    /// `media/{revision}/{rendition}/init.mp4`
    Init {
        /// Of the publication: with it in the path, content under a URL never changes.
        revision: &'a str,
        /// Rendition ID.
        rendition: &'a str,
    },
    /// `media/{revision}/{rendition}/{number}.m4s`
    Segment {
        /// See `Init`.
        revision: &'a str,
        /// Rendition ID.
        rendition: &'a str,
        /// From 1.
        number: u32,
    },
    /// `media/{revision}/{rendition}/{number}.i.m4s`: the first picture of that segment alone.
    KeyFrame {
        /// See `Init`.
        revision: &'a str,
        /// Rendition ID.
        rendition: &'a str,
        /// From 1.
        number: u32,
    },
    /// `art/poster.jpg`, `art/backdrop.jpg`
    Art {
        /// `poster` or `backdrop`.
        kind: &'static str,
    },
}

/// Is this an identifier as titles, revisions, renditions and profiles have them: 1 to 64 of `A-Za-z0-9_-` and inner dots?
pub fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && !text.starts_with('.')
        && !text.ends_with('.')
}

/// Parses a request path, without its query.
pub fn parse(path: &str) -> Option<Address<'_>> {
    let mut parts = path.strip_prefix("/titles/")?.split('/');
    let title = parts.next().filter(|t| is_id(t))?;
    let item = match (parts.next()?, parts.next()?) {
        ("hls", "master.m3u8") => Item::Master,
        ("hls", file) => Item::Playlist { rendition: file.strip_suffix(".m3u8").filter(|r| is_id(r))? },
        ("iframes", file) => Item::KeyFrames { rendition: file.strip_suffix(".m3u8").filter(|r| is_id(r))? },
        ("dash", "manifest.mpd") => Item::Mpd,
        ("art", "poster.jpg") => Item::Art { kind: "poster" },
        ("art", "backdrop.jpg") => Item::Art { kind: "backdrop" },
        ("media", revision) if is_id(revision) => {
            let rendition = parts.next().filter(|r| is_id(r))?;
            match parts.next()? {
                "init.mp4" => Item::Init { revision, rendition },
                file => match file.strip_suffix(".i.m4s") {
                    Some(text) => Item::KeyFrame { revision, rendition, number: number(text)? },
                    None => Item::Segment { revision, rendition, number: number(file.strip_suffix(".m4s")?)? },
                },
            }
        }
        _ => return None,
    };
    parts.next().is_none().then_some(Address { title, item })
}

/// One URL a segment: no sign, no leading zero, not 0.
fn number(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there() {
        let at = |item| Some(Address { title: "t-1", item });
        for (path, want) in [
            ("/titles/t-1/hls/master.m3u8", at(Item::Master)),
            ("/titles/t-1/hls/v360.m3u8", at(Item::Playlist { rendition: "v360" })),
            ("/titles/t-1/iframes/v360.m3u8", at(Item::KeyFrames { rendition: "v360" })),
            ("/titles/t-1/media/r1/v360/17.i.m4s", at(Item::KeyFrame { revision: "r1", rendition: "v360", number: 17 })),
            ("/titles/t-1/dash/manifest.mpd", at(Item::Mpd)),
            ("/titles/t-1/media/r1/a-und/init.mp4", at(Item::Init { revision: "r1", rendition: "a-und" })),
            ("/titles/t-1/media/r1/v360/17.m4s", at(Item::Segment { revision: "r1", rendition: "v360", number: 17 })),
            (
                "/titles/t-1/media/r1/v360/4294967295.m4s",
                at(Item::Segment { revision: "r1", rendition: "v360", number: u32::MAX }),
            ),
            ("/titles/t-1/art/poster.jpg", at(Item::Art { kind: "poster" })),
            ("/titles/t-1/art/backdrop.jpg", at(Item::Art { kind: "backdrop" })),
        ] {
            assert_eq!(parse(path), want, "{path}");
        }
    }

    #[test]
    fn what_is_not() {
        for path in [
            "",
            "/",
            "/titles",
            "/titles/",
            "/titles//hls/master.m3u8",
            "/titles/../hls/master.m3u8",
            "/titles/./hls/master.m3u8",
            "/titles/%2e%2e/hls/master.m3u8",
            "/titles/a%2fb/hls/master.m3u8",
            "/titles/t/hls/",
            "/titles/t/hls/.m3u8",
            "/titles/t/hls/master.m3u8/",
            "/titles/t/hls/master.m3u8/x",
            "/titles/t/hls/v360",
            "/titles/t/dash/master.mpd",
            "/titles/t/media/r/v/0.m4s",
            "/titles/t/media/r/v/01.m4s",
            "/titles/t/media/r/v/+1.m4s",
            "/titles/t/media/r/v/-1.m4s",
            "/titles/t/media/r/v/4294967296.m4s",
            "/titles/t/media/r/v/99999999999999999999999.m4s",
            "/titles/t/media/r/v/1",
            "/titles/t/media/r/v/0.i.m4s",
            "/titles/t/media/r/v/.i.m4s",
            "/titles/t/media/r/v/1.i.i.m4s",
            "/titles/t/iframes/v360.mpd",
            "/titles/t/media/r/v/.m4s",
            "/titles/t/media/r/../1.m4s",
            "/titles/t/media/../v/1.m4s",
            "/titles/t/media/r/v",
            "/titles/t/art/poster.png",
            "/titles/t/art/../poster.jpg",
            "/titles/t",
            "/titles/t/",
            "/titles/é/hls/master.m3u8",
            "/titles/t\0/hls/master.m3u8",
            "/titles/t/media/r/v\\..\\/1.m4s",
            "//titles/t/hls/master.m3u8",
        ] {
            assert_eq!(parse(path), None, "{path}");
        }
        assert_eq!(parse(&format!("/titles/{}/hls/master.m3u8", "a".repeat(65))), None);
    }
}
