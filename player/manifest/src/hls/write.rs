//! Writes multivariant and VOD media playlists for fragmented MP4 (version 7).
use super::{cpc, keys, master::CHARACTERISTICS};
use crate::{
    ContentProtection, Hdcp, Kind, Period, Presentation, Rendition, Resource, Segment, Segments, TrackSet, codecs, time,
};
use std::collections::HashSet;
use std::fmt::Write as _;

/// Writes a multivariant playlist of the first period. Renditions' `segments` must be [`Segments::Playlist`]; others are left out.
///
/// Bandwidths are each rendition's own: a variant's is made from its video's and the dearest audio of its group. The group of an audio
/// track is what stands before the `/` in its ID (`audio` if nothing does), one group a rendition; a video rendition goes with the group
/// it names in `audio_group`, or else with every one.
pub fn write_master(presentation: &Presentation) -> String {
    let mut out = String::from("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    let Some(period) = presentation.periods.first() else { return out };
    session_keys(&mut out, period);
    let mut names = HashSet::new();
    let audio = groups(period, Kind::Audio, "audio");
    let text = groups(period, Kind::Text, "subtitles");
    let has_video = period.tracks.iter().any(|t| t.kind == Kind::Video);
    for m in audio.iter().filter(|_| has_video).chain(&text) {
        media(&mut out, m, &mut names);
    }
    let subtitles = text.first().map(|m| m.group.clone());
    for track in period.tracks.iter().filter(|t| t.kind == Kind::Video) {
        for r in &track.renditions {
            for group in variant_groups(r, &audio) {
                variant(&mut out, r, group.as_deref(), &audio, subtitles.as_deref());
            }
        }
    }
    if !has_video {
        for m in &audio {
            variant(&mut out, m.rendition, None, &[], subtitles.as_deref());
        }
    }
    for track in period.tracks.iter().filter(|t| t.kind == Kind::Image) {
        for r in &track.renditions {
            iframes(&mut out, r);
        }
    }
    out
}

/// Writes a VOD media playlist of a rendition whose `segments` is a list. Sizes that no byte range tells go into `EXT-X-BITRATE`.
pub fn write_media(rendition: &Rendition) -> String {
    list(rendition, "EXT-X-INDEPENDENT-SEGMENTS")
}

/// Writes an I-frame playlist (RFC 8216 §4.3.3.6) of a rendition whose `segments` is a list with one key frame in each.
pub fn write_iframes(rendition: &Rendition) -> String {
    list(rendition, "EXT-X-I-FRAMES-ONLY")
}

fn list(rendition: &Rendition, kind: &str) -> String {
    let none = Vec::new();
    let segments = if let Segments::List { segments } = &rendition.segments { segments } else { &none };
    // 8216bis §4.4.3.1: each duration rounded to the nearest second is at most this.
    let target = segments.iter().map(|s| s.duration_us.saturating_add(500_000) / 1_000_000).max().unwrap_or(1).max(1);
    let sequence = segments.first().map_or(0, |s| s.number);
    let mut out = format!(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{target}\n#EXT-X-MEDIA-SEQUENCE:{sequence}\n#EXT-X-PLAYLIST-TYPE:VOD\n#{kind}\n"
    );
    let (mut init, mut protection): (Option<&Resource>, &[ContentProtection]) = (None, &[]);
    let (mut bitrate, mut date_ms) = (None, None);
    for s in segments {
        if s.discontinuity {
            out.push_str("#EXT-X-DISCONTINUITY\n");
        }
        // The map stands before the keys: with AES-128 a map after them would be encrypted too.
        let map = s.init.as_ref().or(rendition.init.as_ref());
        if map != init {
            init = map;
            if let Some(r) = map {
                let _ = writeln!(
                    out,
                    "#EXT-X-MAP:URI={}{}",
                    quoted(&r.url),
                    r.range.map_or_else(String::new, |b| format!(",BYTERANGE=\"{}@{}\"", b.length, b.offset))
                );
            }
        }
        let wanted = s.protection.as_deref().unwrap_or(&rendition.protection);
        if wanted != protection {
            if protection.iter().any(|p| !wanted.iter().any(|w| w.system == p.system)) {
                out.push_str("#EXT-X-KEY:METHOD=NONE\n");
            }
            keys::write(&mut out, "EXT-X-KEY", wanted);
            protection = wanted;
        }
        if s.gap {
            out.push_str("#EXT-X-GAP\n");
        }
        if s.program_date_time_ms != date_ms
            && let Some(ms) = s.program_date_time_ms
        {
            let _ = writeln!(out, "#EXT-X-PROGRAM-DATE-TIME:{}", time::iso8601(ms));
        }
        date_ms = s.program_date_time_ms.map(|ms| ms.saturating_add((s.duration_us / 1000) as i64));
        if let Some(now) = kilobits(s).filter(|now| Some(*now) != bitrate) {
            let _ = writeln!(out, "#EXT-X-BITRATE:{now}");
            bitrate = Some(now);
        }
        let _ = writeln!(out, "#EXTINF:{}.{:06},", s.duration_us / 1_000_000, s.duration_us % 1_000_000);
        if let Some(b) = s.resource.range {
            let _ = writeln!(out, "#EXT-X-BYTERANGE:{}@{}", b.length, b.offset);
        }
        out.push_str(&uri(&s.resource.url));
        out.push('\n');
    }
    out.push_str("#EXT-X-ENDLIST\n");
    out
}

/// `EXT-X-BITRATE` of a segment whose size no byte range tells.
fn kilobits(s: &Segment) -> Option<u64> {
    let bits = u128::from(s.size.filter(|_| s.resource.range.is_none())?) * 8_000;
    let us = u128::from(s.duration_us.max(1));
    u64::try_from((bits + us / 2) / us).ok().filter(|k| *k > 0)
}

/// A rendition that EXT-X-MEDIA names.
struct Member<'a> {
    group: String,
    track: &'a TrackSet,
    rendition: &'a Rendition,
    /// Playlist.
    url: &'a str,
}

/// Every rendition of a kind with the group it goes in.
fn groups<'a>(period: &'a Period, kind: Kind, default: &str) -> Vec<Member<'a>> {
    let mut out = Vec::new();
    for track in period.tracks.iter().filter(|t| t.kind == kind) {
        let group = track.id.split_once('/').map_or(default, |x| x.0);
        for (i, rendition) in track.renditions.iter().enumerate() {
            let Segments::Playlist { url } = &rendition.segments else { continue };
            let group = if i == 0 { group.to_string() } else { format!("{group}-{i}") };
            out.push(Member { group, track, rendition, url });
        }
    }
    out
}

/// The audio groups that a video rendition is to be offered with.
fn variant_groups(r: &Rendition, audio: &[Member<'_>]) -> Vec<Option<String>> {
    let mut all: Vec<Option<String>> = Vec::new();
    for m in audio {
        if !all.iter().any(|g| g.as_ref() == Some(&m.group)) {
            all.push(Some(m.group.clone()));
        }
    }
    if let Some(g) = &r.audio_group
        && all.iter().any(|x| x.as_ref() == Some(g))
    {
        return vec![Some(g.clone())];
    }
    if all.is_empty() { vec![None] } else { all }
}

fn session_keys(out: &mut String, period: &Period) {
    let mut seen = HashSet::new();
    for r in period.tracks.iter().flat_map(|t| &t.renditions) {
        let mut tags = String::new();
        keys::write(&mut tags, "EXT-X-SESSION-KEY", &r.protection);
        for tag in tags.lines().filter(|t| seen.insert(t.to_string())) {
            out.push_str(tag);
            out.push('\n');
        }
    }
}

fn media(out: &mut String, m: &Member<'_>, names: &mut HashSet<(String, String)>) {
    let t = m.track;
    let kind = if t.kind == Kind::Audio { "AUDIO" } else { "SUBTITLES" };
    let said = t.label.as_deref().or(t.language.as_deref()).or(t.id.split_once('/').map(|x| x.1)).unwrap_or(&t.id);
    // Names are unique within a group (RFC 8216 §4.3.4.1.1).
    let mut name = said.to_string();
    let mut n = 2;
    while !names.insert((m.group.clone(), name.clone())) {
        name = format!("{said} {n}");
        n += 1;
    }
    let _ = write!(out, "#EXT-X-MEDIA:TYPE={kind},GROUP-ID={},NAME={}", label(&m.group), label(&name));
    if let Some(l) = &t.language {
        let _ = write!(out, ",LANGUAGE={}", label(l));
    }
    let _ = write!(out, ",DEFAULT={},AUTOSELECT=YES", if t.default { "YES" } else { "NO" });
    if t.kind == Kind::Text && t.roles.iter().any(|r| r == "forced-subtitle") {
        out.push_str(",FORCED=YES");
    }
    let said: Vec<&str> = CHARACTERISTICS.iter().filter(|(_, role)| t.roles.iter().any(|r| r == role)).map(|(c, _)| *c).collect();
    if !said.is_empty() {
        let _ = write!(out, ",CHARACTERISTICS={}", label(&said.join(",")));
    }
    if let Some(c) = t.channels.filter(|_| t.kind == Kind::Audio) {
        let _ = write!(out, ",CHANNELS=\"{c}\"");
    }
    let _ = writeln!(out, ",URI={}", quoted(m.url));
}

fn variant(out: &mut String, r: &Rendition, group: Option<&str>, audio: &[Member<'_>], subtitles: Option<&str>) {
    let Segments::Playlist { url } = &r.segments else { return };
    let with: Vec<&Member<'_>> = audio.iter().filter(|m| Some(m.group.as_str()) == group).collect();
    let bandwidth = r.bandwidth.saturating_add(with.iter().map(|m| m.rendition.bandwidth).max().unwrap_or(0));
    let _ = write!(out, "#EXT-X-STREAM-INF:BANDWIDTH={bandwidth}");
    if let Some(a) = r.average_bandwidth {
        let more = with.iter().map(|m| m.rendition.average_bandwidth.unwrap_or(m.rendition.bandwidth)).max().unwrap_or(0);
        let _ = write!(out, ",AVERAGE-BANDWIDTH={}", a.saturating_add(more));
    }
    let mut all: Vec<&str> = Vec::new();
    for c in [r]
        .into_iter()
        .chain(with.iter().map(|m| m.rendition))
        .flat_map(|r| r.codecs.split(','))
        .map(str::trim)
        .filter(|c| !c.is_empty())
    {
        if !all.contains(&c) {
            all.push(c);
        }
    }
    if !all.is_empty() {
        let _ = write!(out, ",CODECS={}", label(&all.join(",")));
    }
    picture(out, r);
    if let Some(f) = r.frame_rate {
        let _ = write!(out, ",FRAME-RATE={f:.3}");
    }
    if r.width.is_some() || codecs::has(&r.codecs, Kind::Video) {
        let _ = write!(out, ",VIDEO-RANGE={}", r.video_range.as_deref().filter(|v| matches!(*v, "HLG" | "PQ")).unwrap_or("SDR"));
    }
    if let Some(g) = group {
        let _ = write!(out, ",AUDIO={}", label(g));
    }
    if let Some(g) = subtitles {
        let _ = write!(out, ",SUBTITLES={}", label(g));
    }
    let _ = writeln!(out, ",CLOSED-CAPTIONS=NONE\n{}", uri(url));
}

fn iframes(out: &mut String, r: &Rendition) {
    let Segments::Playlist { url } = &r.segments else { return };
    let _ = write!(out, "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH={}", r.bandwidth);
    if let Some(a) = r.average_bandwidth {
        let _ = write!(out, ",AVERAGE-BANDWIDTH={a}");
    }
    if !r.codecs.is_empty() {
        let _ = write!(out, ",CODECS={}", label(&r.codecs));
    }
    picture(out, r);
    let _ = writeln!(out, ",URI={}", quoted(url));
}

fn picture(out: &mut String, r: &Rendition) {
    if let (Some(w), Some(h)) = (r.width, r.height) {
        let _ = write!(out, ",RESOLUTION={w}x{h}");
    }
    let level = r.hdcp.map(|h| match h {
        Hdcp::None => "NONE",
        Hdcp::Type0 => "TYPE-0",
        Hdcp::Type1 => "TYPE-1",
    });
    if let Some(level) = level {
        let _ = write!(out, ",HDCP-LEVEL={level}");
    }
    if !r.robustness.is_empty() {
        let _ = write!(out, ",ALLOWED-CPC={}", label(&cpc::write(&r.robustness)));
    }
}

/// A quoted string for a person: neither quotes nor line ends can stand in one (RFC 8216 §4.2).
fn label(s: &str) -> String {
    let clean: String = s
        .chars()
        .map(|c| {
            if c == '"' {
                '\''
            } else if c.is_control() {
                ' '
            } else {
                c
            }
        })
        .collect();
    format!("\"{clean}\"")
}

/// A quoted URI.
pub(super) fn quoted(s: &str) -> String {
    format!("\"{}\"", uri(s))
}

/// A URI with whatever would end its line or its quotes, or make it a comment, percent-encoded.
fn uri(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for (i, c) in s.char_indices() {
        if c == '"' || c.is_whitespace() || c.is_control() || (i == 0 && c == '#') {
            let mut utf8 = [0; 4];
            for b in c.encode_utf8(&mut utf8).bytes() {
                let _ = write!(out, "%{b:02X}");
            }
        } else {
            out.push(c);
        }
    }
    out
}
