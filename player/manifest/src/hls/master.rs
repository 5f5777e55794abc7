//! Multivariant playlists (RFC 8216 §4.3.4).
use super::attrs::Attributes;
use super::cpc;
use super::keys;
use super::lines::{Line, Variables, bad, lines};
use crate::{
    ContentProtection, Error, Format, Hdcp, Kind, Period, Presentation, Rendition, Segments, TrackSet, budget::Budget, codecs,
};

/// Any tag that only a multivariant playlist has.
pub(super) fn is_master(text: &str) -> bool {
    lines(text).any(|(_, l)| {
        let Line::Tag { name, .. } = l else { return false };
        matches!(
            name,
            "EXT-X-STREAM-INF" | "EXT-X-I-FRAME-STREAM-INF" | "EXT-X-MEDIA" | "EXT-X-SESSION-KEY" | "EXT-X-SESSION-DATA"
        )
    })
}

/// A variant before it is known what its audio group holds.
struct Variant {
    rendition: Rendition,
    codecs: String,
    has_video: bool,
    subtitles: Option<String>,
}

/// An `EXT-X-MEDIA`.
struct Member {
    group: String,
    apart: bool,
    track: TrackSet,
}

struct Reader<'a> {
    base: &'a url::Url,
    budget: Budget,
    vars: Variables<'a>,
    variants: Vec<Variant>,
    iframes: Vec<Rendition>,
    members: Vec<Member>,
    session: Vec<ContentProtection>,
}

pub(super) fn parse(text: &str, base: &url::Url) -> Result<Presentation, Error> {
    let mut r = Reader {
        base,
        budget: Budget::new(),
        vars: Variables::new(None),
        variants: vec![],
        iframes: vec![],
        members: vec![],
        session: vec![],
    };
    let mut pending: Option<(usize, &str)> = None;
    for (n, line) in lines(text) {
        match line {
            Line::Tag { name: "EXT-X-STREAM-INF", value } => pending = Some((n, value)),
            Line::Tag { name: "EXT-X-I-FRAME-STREAM-INF", value } => r.iframe(&Attributes::parse(value), n)?,
            Line::Tag { name: "EXT-X-MEDIA", value } => r.media(&Attributes::parse(value), n)?,
            Line::Tag { name: "EXT-X-SESSION-KEY", value } => r.session_key(&Attributes::parse(value), n)?,
            Line::Tag { name: "EXT-X-DEFINE", value } => r.vars.define(&Attributes::parse(value), base, &mut r.budget, n)?,
            Line::Tag { .. } => {}
            Line::Uri(uri) => {
                if let Some((at, value)) = pending.take() {
                    r.variant(&Attributes::parse(value), uri, at)?;
                }
            }
        }
    }
    r.finish()
}

impl Reader<'_> {
    fn text(&mut self, attrs: &Attributes<'_>, name: &str, line: usize) -> Result<Option<String>, Error> {
        let text = attrs.text(name, &self.vars, &mut self.budget, line)?.map(|s| s.into_owned());
        self.budget.bytes(text.as_ref().map_or(0, String::len))?;
        Ok(text)
    }

    /// What STREAM-INF and I-FRAME-STREAM-INF share.
    fn rendition(&mut self, attrs: &Attributes<'_>, uri: &str, position: usize, line: usize) -> Result<Rendition, Error> {
        self.budget.segment()?;
        let (width, height) = attrs.resolution().unzip();
        Ok(Rendition {
            id: self.text(attrs, "STABLE-VARIANT-ID", line)?.unwrap_or_else(|| position.to_string()),
            bandwidth: attrs.number("BANDWIDTH").unwrap_or(0),
            average_bandwidth: attrs.number("AVERAGE-BANDWIDTH"),
            codecs: self.text(attrs, "CODECS", line)?.unwrap_or_default(),
            width,
            height,
            frame_rate: attrs.get("FRAME-RATE").and_then(|f| f.parse().ok()).filter(|f: &f64| f.is_finite() && *f > 0.0),
            video_range: self.text(attrs, "VIDEO-RANGE", line)?,
            hdcp: match attrs.get("HDCP-LEVEL") {
                Some("NONE") => Some(Hdcp::None),
                Some("TYPE-0") => Some(Hdcp::Type0),
                Some("TYPE-1") => Some(Hdcp::Type1),
                _ => None,
            },
            robustness: self.text(attrs, "ALLOWED-CPC", line)?.map_or_else(Vec::new, |list| cpc::read(&list)),
            audio_group: self.text(attrs, "AUDIO", line)?,
            segments: Segments::Playlist { url: self.vars.url(uri, self.base, &mut self.budget, line)? },
            ..Rendition::default()
        })
    }

    fn variant(&mut self, attrs: &Attributes<'_>, uri: &str, line: usize) -> Result<(), Error> {
        let rendition = self.rendition(attrs, uri, self.variants.len(), line)?;
        let codecs = rendition.codecs.clone();
        let has_video = rendition.width.is_some()
            || rendition.frame_rate.is_some()
            || codecs.is_empty()
            || !codecs.split(',').all(|c| codecs::kind(c) == Some(Kind::Audio));
        let subtitles = self.text(attrs, "SUBTITLES", line)?;
        self.variants.push(Variant { rendition, codecs, has_video, subtitles });
        Ok(())
    }

    fn iframe(&mut self, attrs: &Attributes<'_>, line: usize) -> Result<(), Error> {
        let uri = attrs.get("URI").ok_or_else(|| bad(line, "EXT-X-I-FRAME-STREAM-INF without URI"))?;
        let rendition = self.rendition(attrs, uri, self.iframes.len(), line)?;
        self.iframes.push(rendition);
        Ok(())
    }

    fn session_key(&mut self, attrs: &Attributes<'_>, line: usize) -> Result<(), Error> {
        // Unlike EXT-X-KEY these do not replace each other: a presentation has a key for video and one for audio.
        let mut one = Vec::new();
        keys::take(&mut one, attrs, &self.vars, self.base, &mut self.budget, line)?;
        one.retain(|k| !self.session.contains(k));
        self.session.append(&mut one);
        Ok(())
    }

    fn media(&mut self, attrs: &Attributes<'_>, line: usize) -> Result<(), Error> {
        let kind = match attrs.get("TYPE") {
            Some("AUDIO") => Kind::Audio,
            Some("VIDEO") => Kind::Video,
            Some("SUBTITLES" | "CLOSED-CAPTIONS") => Kind::Text,
            _ => return Ok(()),
        };
        self.budget.segment()?;
        let group = self.text(attrs, "GROUP-ID", line)?.unwrap_or_default();
        let name = self.text(attrs, "NAME", line)?.unwrap_or_default();
        let in_stream = self.text(attrs, "INSTREAM-ID", line)?;
        let mut rendition = Rendition {
            id: self.text(attrs, "STABLE-RENDITION-ID", line)?.unwrap_or_else(|| "0".into()),
            ..Rendition::default()
        };
        let apart = match (attrs.get("URI"), &in_stream) {
            (Some(uri), _) => {
                rendition.segments = Segments::Playlist { url: self.vars.url(uri, self.base, &mut self.budget, line)? };
                true
            }
            // Captions within the pictures: a rendition without segments.
            (None, Some(id)) => {
                rendition.codecs = if id.starts_with("SERVICE") { "cea-708" } else { "cea-608" }.into();
                rendition.id = id.clone();
                true
            }
            (None, None) => false,
        };
        if kind == Kind::Audio {
            rendition.audio_group = Some(group.clone());
            rendition.sample_rate = attrs.number("SAMPLE-RATE").and_then(|n| u32::try_from(n).ok());
        }
        let mut track = TrackSet::new(format!("{group}/{name}"), kind);
        track.language = self.text(attrs, "LANGUAGE", line)?;
        track.roles = roles(attrs);
        track.default = attrs.yes("DEFAULT");
        track.channels = attrs.get("CHANNELS").and_then(|c| c.split('/').next()?.trim().parse().ok());
        track.label = Some(name);
        track.renditions.push(rendition);
        self.members.push(Member { group, apart, track });
        Ok(())
    }

    fn finish(mut self) -> Result<Presentation, Error> {
        for m in &mut self.members {
            let (kind, group) = (m.track.kind, Some(&m.group));
            let of = self.variants.iter().find(|v| {
                if kind == Kind::Audio { v.rendition.audio_group.as_ref() == group } else { v.subtitles.as_ref() == group }
            });
            for r in m.track.renditions.iter_mut().filter(|r| r.codecs.is_empty()) {
                r.codecs = of.map_or_else(String::new, |v| codecs::filter(&v.codecs, |k| k == Some(kind)));
                self.budget.bytes(r.codecs.len())?;
            }
        }
        let mut video = TrackSet { default: true, ..TrackSet::new("video", Kind::Video) };
        let mut sound = TrackSet { default: true, ..TrackSet::new("audio", Kind::Audio) };
        let apart: std::collections::HashMap<&str, bool> =
            self.members.iter().filter(|m| m.track.kind == Kind::Audio).fold(Default::default(), |mut all, m| {
                *all.entry(m.group.as_str()).or_insert(true) &= m.apart;
                all
            });
        for v in self.variants {
            let mut r = v.rendition;
            let audio_apart = r.audio_group.as_deref().and_then(|g| apart.get(g)).copied().unwrap_or(false);
            r.codecs =
                codecs::filter(&v.codecs, |k| k != Some(Kind::Text) && (k != Some(Kind::Audio) || !audio_apart || !v.has_video));
            if v.has_video { video.renditions.push(r) } else { sound.renditions.push(r) }
        }
        sound.default &= video.renditions.is_empty();
        let images = TrackSet { renditions: self.iframes, ..TrackSet::new("iframes", Kind::Image) };
        let members = self.members.into_iter().filter(|m| m.apart).map(|m| m.track);
        let mut tracks: Vec<TrackSet> =
            [video, sound].into_iter().chain(members).chain([images]).filter(|t| !t.renditions.is_empty()).collect();
        for t in &mut tracks {
            t.renditions.sort_by_key(|r| r.bandwidth);
            for r in t.renditions.iter_mut().filter(|r| r.segments != Segments::default() && t.kind != Kind::Text) {
                self.budget.bytes(keys::weight(&self.session))?;
                r.protection.clone_from(&self.session);
            }
        }
        if tracks.is_empty() {
            return Err(bad(1, "a multivariant playlist without variants"));
        }
        let period = Period { tracks, ..Period::default() };
        Ok(Presentation {
            format: Format::Hls,
            variables: self.vars.into_map(),
            periods: vec![period],
            ..Presentation::default()
        })
    }
}

/// HLS characteristics in DASH's role names.
fn roles(attrs: &Attributes<'_>) -> Vec<String> {
    let mut out = Vec::new();
    for c in attrs.get("CHARACTERISTICS").unwrap_or("").split(',') {
        if let Some((_, role)) = CHARACTERISTICS.iter().find(|(name, _)| *name == c.trim()) {
            out.push((*role).to_string());
        }
    }
    if attrs.yes("FORCED") {
        out.push("forced-subtitle".into());
    }
    out.dedup();
    out
}

/// `CHARACTERISTICS` and the role that says the same.
pub(super) const CHARACTERISTICS: [(&str, &str); 4] = [
    ("public.accessibility.transcribes-spoken-dialog", "caption"),
    ("public.accessibility.describes-video", "description"),
    ("public.accessibility.enhances-speech-intelligibility", "enhanced-audio-intelligibility"),
    ("public.easy-to-read", "easyreader"),
];
