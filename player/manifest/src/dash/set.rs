//! What an adaptation set and its representations say of themselves.
use super::numbers::frame_rate;
use super::tree::Element;
use crate::{Error, Kind, Rendition, TrackSet, codecs};

/// A set that is alone of its kind needs no `main` to be the one to choose.
pub(super) fn only_ones_are_default(tracks: &mut [TrackSet]) {
    for kind in [Kind::Video, Kind::Audio] {
        let mut of: Vec<&mut TrackSet> = tracks.iter_mut().filter(|t| t.kind == kind).collect();
        if let [one] = of.as_mut_slice() {
            one.default = true;
        }
    }
}

/// The set's own facts; `None` for what no viewer sees or hears (metadata).
pub(super) fn track(set: &Element, position: usize) -> Option<TrackSet> {
    let mut track = TrackSet::new(set.attr("id").map_or_else(|| position.to_string(), str::to_string), kind(set)?);
    track.language = set.attr("lang").map(str::to_string);
    track.label = set
        .first("Label")
        .map(|l| l.text.trim().to_string())
        .or_else(|| set.attr("label").map(str::to_string))
        .filter(|l| !l.is_empty());
    track.roles = set.all("Role").filter_map(|r| r.attr("value")).map(str::to_string).collect();
    let accessibility = set.all("Accessibility").filter(|a| a.attr("schemeIdUri") == Some("urn:mpeg:dash:role:2011"));
    for role in accessibility.filter_map(|a| a.attr("value")) {
        if !track.roles.iter().any(|r| r == role) {
            track.roles.push(role.to_string());
        }
    }
    track.inband_events = set.all("InbandEventStream").map(event_scheme).collect();
    track.default = track.roles.iter().any(|r| r == "main");
    track.channels = channels(set);
    Some(track)
}

fn event_scheme(e: &Element) -> (String, String) {
    let text = |name| e.attr(name).unwrap_or("").trim().to_string();
    (text("schemeIdUri"), text("value"))
}

fn kind(set: &Element) -> Option<Kind> {
    let rep = set.first("Representation");
    let said = |name: &str| set.attr(name).or_else(|| rep.and_then(|r| r.attr(name))).unwrap_or("");
    let (mime, codecs) = (said("mimeType"), said("codecs"));
    let properties = || set.all("EssentialProperty").chain(rep.into_iter().flat_map(|r| r.all("EssentialProperty")));
    if properties().any(|e| {
        matches!(
            e.attr("schemeIdUri"),
            Some(
                "http://dashif.org/guidelines/trickmode"
                    | "http://dashif.org/guidelines/thumbnail_tile"
                    | "http://dashif.org/thumbnail_tile"
            )
        )
    }) {
        return Some(Kind::Image);
    }
    if mime.starts_with("text/") || mime == "application/ttml+xml" || codecs::has(codecs, Kind::Text) {
        return Some(Kind::Text);
    }
    match set
        .attr("contentType")
        .or_else(|| set.first("ContentComponent")?.attr("contentType"))
        .unwrap_or(mime.split('/').next().unwrap_or(""))
    {
        "video" => Some(Kind::Video),
        "audio" => Some(Kind::Audio),
        "text" => Some(Kind::Text),
        "image" => Some(Kind::Image),
        _ if codecs::has(codecs, Kind::Video) => Some(Kind::Video),
        _ if codecs::has(codecs, Kind::Audio) => Some(Kind::Audio),
        _ => None,
    }
}

pub(super) fn rendition(rep: &Element, set: &Element, id: String) -> Result<Rendition, Error> {
    let said = |name: &str| rep.attr(name).or_else(|| set.attr(name));
    let number = |name: &str| said(name).and_then(|v| v.split_whitespace().next()?.parse().ok());
    let bandwidth =
        rep.attr("bandwidth").map_or(Ok(0), |b| b.trim().parse().map_err(|_| Error::Mpd(format!("@bandwidth is {b}"))))?;
    Ok(Rendition {
        id,
        bandwidth,
        codecs: said("codecs").unwrap_or("").trim().to_string(),
        mime: said("mimeType").map(str::to_string),
        width: number("width"),
        height: number("height"),
        frame_rate: said("frameRate").and_then(frame_rate),
        sample_rate: number("audioSamplingRate"),
        video_range: video_range(rep).or_else(|| video_range(set)),
        tiles: tiles(rep).or_else(|| tiles(set)),
        ..Rendition::default()
    })
}

/// `AudioChannelConfiguration` by the schemes in use.
pub(super) fn channels(e: &Element) -> Option<u32> {
    e.all("AudioChannelConfiguration").find_map(|c| {
        let value = c.attr("value")?.trim();
        match c.attr("schemeIdUri")? {
            // ISO/IEC 23091-3 (CICP) layouts.
            "urn:mpeg:mpegB:cicp:ChannelConfiguration" => {
                const LAYOUTS: [u32; 21] = [0, 1, 2, 3, 4, 5, 6, 8, 2, 3, 4, 7, 8, 24, 8, 12, 10, 12, 14, 12, 14];
                LAYOUTS.get(value.parse::<usize>().ok()?).copied().filter(|c| *c > 0)
            }
            // A bit a speaker or pair of speakers, from the most significant: L R C Ls Rs Lc/Rc Lrs/Rrs Cs Ts Lsd/Rsd Lw/Rw Lvh/Rvh Cvh Lts/Rts LFE2 LFE.
            "tag:dolby.com,2014:dash:audio_channel_configuration:2011" | "urn:dolby:dash:audio_channel_configuration:2011" => {
                const PAIRS: u16 = 0b0000_0110_0111_0100;
                let bits = u16::from_str_radix(value, 16).ok()?;
                Some(bits.count_ones() + (bits & PAIRS).count_ones())
            }
            _ => value.parse().ok(),
        }
    })
}

fn properties(e: &Element) -> impl Iterator<Item = &Element> {
    e.all("EssentialProperty").chain(e.all("SupplementalProperty"))
}

/// By the transfer characteristics of ISO/IEC 23091-2, in HLS's words.
fn video_range(e: &Element) -> Option<String> {
    let said = properties(e).find(|p| p.attr("schemeIdUri") == Some("urn:mpeg:mpegB:cicp:TransferCharacteristics"))?;
    let range = match said.attr("value")?.trim() {
        "16" => "PQ",
        "14" | "18" => "HLG",
        _ => "SDR",
    };
    Some(range.into())
}

/// `10x1`.
fn tiles(e: &Element) -> Option<(u32, u32)> {
    let said = properties(e).find(|p| {
        matches!(p.attr("schemeIdUri"), Some("http://dashif.org/guidelines/thumbnail_tile" | "http://dashif.org/thumbnail_tile"))
    })?;
    let (columns, rows) = said.attr("value")?.split_once('x')?;
    Some((columns.trim().parse().ok()?, rows.trim().parse().ok()?))
}
