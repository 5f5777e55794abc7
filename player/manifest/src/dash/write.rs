//! Writes a static MPD.
use super::numbers::{duration, fraction, range_text};
use super::template;
use crate::protection::{system, uuid};
use crate::{Kind, Period, Presentation, Rendition, Segment, Segments, TrackSet};
use quick_xml::escape::escape as escape_markup;
use std::fmt::Write as _;

const NAMESPACES: &str = "xmlns=\"urn:mpeg:dash:schema:mpd:2011\" xmlns:cenc=\"urn:mpeg:cenc:2013\" xmlns:mspr=\"urn:microsoft:playready\" \
     xmlns:dashif=\"https://dashif.org/CPS\" xmlns:clearkey=\"http://dashif.org/guidelines/clearKey\"";

/// Writes a static MPD: `SegmentTemplate` with `SegmentTimeline` where the segments' URLs differ only in their number, else `SegmentList`.
/// Renditions that a [`Segments::Playlist`] names are left out: DASH cannot say that.
pub fn write_mpd(presentation: &Presentation) -> String {
    let periods = &presentation.periods;
    let total = presentation
        .duration_us
        .or_else(|| periods.iter().map(|p| Some(p.start_us.saturating_add(p.duration_us?))).max().flatten())
        .unwrap_or_else(|| last_end(periods));
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let index = |r: &Rendition| matches!(r.segments, Segments::Index { .. });
    let on_demand = periods.iter().flat_map(|p| &p.tracks).flat_map(|t| &t.renditions).any(index);
    let profile = if on_demand { "urn:mpeg:dash:profile:isoff-on-demand:2011" } else { "urn:mpeg:dash:profile:isoff-live:2011" };
    let _ = writeln!(
        out,
        "<MPD {NAMESPACES} type=\"static\" profiles=\"{profile}\" minBufferTime=\"{}\" mediaPresentationDuration=\"{}\">",
        duration(presentation.min_buffer_us.unwrap_or(2_000_000)),
        duration(total)
    );
    for p in periods {
        period(&mut out, p);
    }
    out.push_str("</MPD>\n");
    out
}

fn last_end(periods: &[Period]) -> u64 {
    let lists = periods.iter().flat_map(|p| &p.tracks).flat_map(|t| &t.renditions);
    lists
        .filter_map(|r| if let Segments::List { segments } = &r.segments { segments.last() } else { None })
        .map(|s| s.start_us.saturating_add(s.duration_us))
        .max()
        .unwrap_or(0)
}

/// Text or an attribute's value: markup escaped, what XML 1.0 cannot hold left out, white space that attributes would lose kept.
fn escape(s: &str) -> String {
    let clean: String = s.chars().filter(|c| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..)).collect();
    escape_markup(clean).replace('\n', "&#10;").replace('\r', "&#13;").replace('\t', "&#9;")
}

/// ` name="value"` where there is a value.
fn attr(out: &mut String, name: &str, value: Option<impl std::fmt::Display>) {
    if let Some(v) = value {
        let _ = write!(out, " {name}=\"{}\"", escape(&v.to_string()));
    }
}

fn period(out: &mut String, p: &Period) {
    out.push_str("  <Period");
    attr(out, "id", p.id.as_deref());
    attr(out, "start", Some(duration(p.start_us)));
    attr(out, "duration", p.duration_us.map(duration));
    out.push_str(">\n");
    // @id is a number in the schema: tracks that have another get their place.
    let ids: Vec<Option<u32>> = p.tracks.iter().map(|t| t.id.parse().ok()).collect();
    let own = ids.iter().enumerate().all(|(i, id)| id.is_some() && !ids[..i].contains(id));
    for (i, t) in p.tracks.iter().enumerate() {
        let id = if own { ids[i].unwrap_or(0) } else { i as u32 };
        set(out, t, id, p.start_us);
    }
    out.push_str("  </Period>\n");
}

fn set(out: &mut String, t: &TrackSet, id: u32, start_us: u64) {
    let renditions: Vec<&Rendition> = t.renditions.iter().filter(|r| !matches!(r.segments, Segments::Playlist { .. })).collect();
    if renditions.is_empty() {
        return;
    }
    let content = match t.kind {
        Kind::Video => "video",
        Kind::Audio => "audio",
        Kind::Text => "text",
        // Trick play is video again; only tiles are images.
        Kind::Image if renditions.iter().all(|r| r.mime.as_deref().is_some_and(|m| m.starts_with("image/"))) => "image",
        Kind::Image => "video",
    };
    let _ = write!(out, "    <AdaptationSet id=\"{id}\" contentType=\"{content}\"");
    attr(out, "lang", t.language.as_deref().filter(|l| is_language(l)));
    out.push_str(" segmentAlignment=\"true\" startWithSAP=\"1\">\n");
    if let Some(c) = t.channels {
        let _ = writeln!(
            out,
            "      <AudioChannelConfiguration schemeIdUri=\"urn:mpeg:dash:23003:3:audio_channel_configuration:2011\" value=\"{c}\"/>"
        );
    }
    let first = renditions[0];
    let shared = renditions.iter().all(|r| (&r.protection, &r.robustness) == (&first.protection, &first.robustness));
    if shared {
        protection(out, first, "      ");
    }
    if t.kind == Kind::Image && content == "video" {
        out.push_str("      <EssentialProperty schemeIdUri=\"http://dashif.org/guidelines/trickmode\" value=\"0\"/>\n");
    }
    if let Some(l) = &t.label {
        let _ = writeln!(out, "      <Label>{}</Label>", escape(l));
    }
    let main = (t.default && !t.roles.iter().any(|r| r == "main")).then_some("main");
    for role in main.into_iter().chain(t.roles.iter().map(String::as_str)) {
        let _ = writeln!(out, "      <Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"{}\"/>", escape(role));
    }
    for (i, r) in renditions.iter().enumerate() {
        representation(out, r, t.kind, i, !shared, start_us);
    }
    out.push_str("    </AdaptationSet>\n");
}

/// `xs:language`.
fn is_language(s: &str) -> bool {
    let mut parts = s.split('-');
    let fits = |p: &str| (1..=8).contains(&p.len());
    parts.next().is_some_and(|p| fits(p) && p.bytes().all(|b| b.is_ascii_alphabetic()))
        && parts.all(|p| fits(p) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn representation(out: &mut String, r: &Rendition, kind: Kind, position: usize, own_protection: bool, start_us: u64) {
    let id: String = r.id.split_whitespace().collect::<Vec<_>>().join("_");
    let mime = r.mime.as_deref().unwrap_or(match kind {
        Kind::Video | Kind::Image => "video/mp4",
        Kind::Audio => "audio/mp4",
        Kind::Text => "application/mp4",
    });
    out.push_str("      <Representation");
    attr(out, "id", Some(if id.is_empty() { position.to_string() } else { id }));
    attr(out, "bandwidth", Some(r.bandwidth.min(u64::from(u32::MAX))));
    attr(out, "mimeType", Some(mime));
    attr(out, "codecs", Some(r.codecs.as_str()).filter(|c| !c.is_empty()));
    attr(out, "width", r.width);
    attr(out, "height", r.height);
    attr(out, "frameRate", r.frame_rate.and_then(fraction));
    attr(out, "audioSamplingRate", r.sample_rate);
    out.push_str(">\n");
    if own_protection {
        protection(out, r, "        ");
    }
    match &r.segments {
        Segments::List { segments } => list(out, r, segments, start_us),
        Segments::Index { url, index } => {
            let _ = writeln!(out, "        <BaseURL>{}</BaseURL>", escape(url));
            let _ = writeln!(out, "        <SegmentBase indexRange=\"{}\">", range_text(*index));
            initialization(out, r, Some(url));
            out.push_str("        </SegmentBase>\n");
        }
        Segments::Playlist { .. } => {}
    }
    out.push_str("      </Representation>\n");
}

/// `Initialization`, the URL left out where it is `same`.
fn initialization(out: &mut String, r: &Rendition, same: Option<&str>) {
    let Some(init) = &r.init else { return };
    out.push_str("          <Initialization");
    attr(out, "sourceURL", Some(init.url.as_str()).filter(|u| Some(*u) != same));
    attr(out, "range", init.range.map(range_text));
    out.push_str("/>\n");
}

fn list(out: &mut String, r: &Rendition, segments: &[Segment], start_us: u64) {
    let first = segments.first().map_or(1, |s| s.number);
    let whole = segments.iter().all(|s| s.resource.range.is_none()) && r.init.as_ref().is_none_or(|i| i.range.is_none());
    let found = if whole { template::find(segments.iter().map(|s| (s.number, s.resource.url.as_str()))) } else { None };
    let offset = |out: &mut String| {
        let _ = write!(out, " timescale=\"1000000\" startNumber=\"{first}\"");
        attr(out, "presentationTimeOffset", Some(start_us).filter(|s| *s > 0));
    };
    if let Some(media) = found {
        out.push_str("        <SegmentTemplate");
        offset(out);
        attr(out, "initialization", r.init.as_ref().map(|i| i.url.replace('$', "$$")));
        attr(out, "media", Some(media));
        out.push_str(">\n");
        timeline(out, segments);
        out.push_str("        </SegmentTemplate>\n");
        return;
    }
    out.push_str("        <SegmentList");
    offset(out);
    out.push_str(">\n");
    initialization(out, r, None);
    timeline(out, segments);
    for s in segments {
        out.push_str("          <SegmentURL");
        attr(out, "media", Some(&s.resource.url));
        attr(out, "mediaRange", s.resource.range.map(range_text));
        out.push_str("/>\n");
    }
    out.push_str("        </SegmentList>\n");
}

/// Runs of segments that last equally long; `@t` where time does not simply go on.
fn timeline(out: &mut String, segments: &[Segment]) {
    out.push_str("          <SegmentTimeline>\n");
    let mut expected = None;
    let mut i = 0;
    while let Some(s) = segments.get(i) {
        let mut end = s.start_us.saturating_add(s.duration_us);
        let run = segments[i + 1..].iter().take_while(|n| {
            let follows = n.start_us == end && n.duration_us == s.duration_us;
            end = if follows { end.saturating_add(n.duration_us) } else { end };
            follows
        });
        let run = run.count();
        out.push_str("            <S");
        attr(out, "t", Some(s.start_us).filter(|t| expected != Some(*t)));
        attr(out, "d", Some(s.duration_us));
        attr(out, "r", Some(run).filter(|r| *r > 0));
        out.push_str("/>\n");
        expected = Some(end);
        i += run + 1;
    }
    out.push_str("          </SegmentTimeline>\n");
}

/// `mp4protection` first, then one descriptor a DRM system.
fn protection(out: &mut String, rendition: &Rendition, indent: &str) {
    let list = &rendition.protection;
    let Some(first) = list.iter().find(|p| p.scheme.is_some() || p.key_id.is_some()) else { return };
    let _ = write!(out, "{indent}<ContentProtection schemeIdUri=\"{}\"", system::MP4_PROTECTION);
    attr(out, "value", first.scheme.as_deref());
    attr(out, "cenc:default_KID", first.key_id.as_deref().and_then(uuid));
    out.push_str("/>\n");
    for p in list {
        let id = match p.system.as_str() {
            system::MP4_PROTECTION | system::HLS_IDENTITY | system::DASH_SEA => continue,
            _ if p.is_clear_key() => system::CLEAR_KEY,
            system::HLS_FAIRPLAY => system::FAIRPLAY,
            other => other,
        };
        let Some(id) = uuid(id) else { continue };
        let _ = write!(out, "{indent}<ContentProtection schemeIdUri=\"urn:uuid:{id}\"");
        attr(out, "value", p.is_clear_key().then_some("ClearKey1.0"));
        // There is room for one level; the first is what was meant most.
        let asked = rendition.robustness.iter().find(|r| r.system == p.system);
        attr(out, "robustness", asked.and_then(|r| r.levels.first()));
        out.push_str(">\n");
        if let Some(pssh) = &p.pssh {
            let _ = writeln!(out, "{indent}  <cenc:pssh>{}</cenc:pssh>", escape(pssh));
        }
        if let Some(url) = p.license_url.as_deref().filter(|u| !u.starts_with("skd:")) {
            let url = escape(url);
            if p.is_clear_key() {
                // dash.js and older players know only this one.
                let _ = writeln!(out, "{indent}  <clearkey:Laurl Lic_type=\"EME-1.0\">{url}</clearkey:Laurl>");
            }
            let _ = writeln!(out, "{indent}  <dashif:Laurl>{url}</dashif:Laurl>");
        }
        let _ = writeln!(out, "{indent}</ContentProtection>");
    }
}
