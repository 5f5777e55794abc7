//! A title as HLS and DASH describe it: one model, both texts. URLs are relative to the text that they stand in.

use super::source::Source;
use crate::db::titles::RenditionRow;
use hearth_manifest::{
    ContentProtection, Format, Kind, Period, Presentation, Rendition, Resource, Segment, Segments, TrackSet, dash, hls,
};

/// One rendition of the title.
pub struct Described<'a> {
    /// What the catalog says.
    pub row: &'a RenditionRow,
    /// Its segments.
    pub source: &'a Source,
    /// Empty where it is clear.
    pub protection: &'a [ContentProtection],
    /// What its init and media segments' names are appended to: `../media/{revision}/{rendition}/`.
    pub base: String,
}

/// The multivariant playlist; media playlists are `{playlists}{rendition}.m3u8`, and that of the smallest video's key frames, for trick play,
/// `{iframes}{rendition}.m3u8`.
pub fn master(items: &[Described<'_>], playlists: &str, iframes: Option<&str>) -> String {
    let media = |item: &Described<'_>| Segments::Playlist { url: format!("{playlists}{}.m3u8", item.row.id) };
    let mut all = presentation(items, Format::Hls, media);
    let smallest = items.iter().filter(|i| kind(i) == Kind::Video).min_by_key(|i| (i.row.bandwidth, &i.row.id));
    if let (Some(folder), Some(item)) = (iframes, smallest)
        && let Some(bandwidth) = item.source.key_frame_rate()
    {
        let segments = Segments::Playlist { url: format!("{folder}{}.m3u8", item.row.id) };
        let key_frames = Rendition { bandwidth, average_bandwidth: None, ..rendition(item, segments) };
        let set = TrackSet { renditions: vec![key_frames], ..TrackSet::new("iframes", Kind::Image) };
        all.periods.iter_mut().for_each(|p| p.tracks.push(set.clone()));
    }
    hls::write_master(&all)
}

/// The playlist of a rendition's key frames; none where it has none to show.
pub fn key_frames(item: &Described<'_>) -> Option<String> {
    item.source.key_frame_rate().filter(|_| kind(item) == Kind::Video)?;
    let Segments::List { mut segments } = list(item) else { return None };
    for s in &mut segments {
        s.resource.url = format!("{}{}.i.m4s", item.base, s.number);
        s.size = None;
    }
    Some(hls::write_iframes(&rendition(item, Segments::List { segments })))
}

/// The media playlist of one rendition.
pub fn playlist(item: &Described<'_>) -> String {
    hls::write_media(&rendition(item, list(item)))
}

/// The MPD.
pub fn mpd(items: &[Described<'_>]) -> String {
    dash::write_mpd(&presentation(items, Format::Dash, list))
}

fn presentation(items: &[Described<'_>], format: Format, segments: impl Fn(&Described<'_>) -> Segments) -> Presentation {
    let mut tracks: Vec<TrackSet> = Vec::new();
    for item in items {
        let mut set = track_set(item, !tracks.iter().any(|t| t.kind == kind(item)));
        set.renditions.push(rendition(item, segments(item)));
        match tracks.iter_mut().find(|t| t.id == set.id) {
            Some(known) => known.renditions.append(&mut set.renditions),
            None => tracks.push(set),
        }
    }
    for set in &mut tracks {
        set.renditions.sort_by(|a, b| (a.bandwidth, &a.id).cmp(&(b.bandwidth, &b.id)));
    }
    // Video first: what a player shows is decided by it.
    tracks.sort_by_key(|t| t.kind != Kind::Video);
    let end = items.iter().filter_map(|i| i.source.timings().last()).map(|t| t.start_us + t.duration_us).max();
    let period = Period { id: Some("0".to_owned()), duration_us: end, tracks, ..Period::default() };
    let min_buffer_us = Some(2_000_000);
    Presentation { format, duration_us: end, min_buffer_us, periods: vec![period], ..Presentation::default() }
}

fn kind(item: &Described<'_>) -> Kind {
    match item.row.kind.as_str() {
        "audio" => Kind::Audio,
        "text" => Kind::Text,
        _ => Kind::Video,
    }
}

/// The set that a rendition belongs to: ABR switches only among renditions of one codec, language and channel count.
fn track_set(item: &Described<'_>, default: bool) -> TrackSet {
    let row = item.row;
    let codec = row.codecs.split('.').next().unwrap_or_default();
    let language = row.language.as_deref().filter(|l| !l.is_empty() && *l != "und");
    let id = match kind(item) {
        Kind::Video => format!("video-{codec}"),
        _ => format!("{}-{codec}/{}-{}", row.kind, language.unwrap_or("und"), row.channels.unwrap_or(0)),
    };
    let mut set = TrackSet::new(id, kind(item));
    set.default = default;
    set.label = (set.kind != Kind::Video && language.is_none()).then(|| "Main".to_owned());
    set.language = language.map(str::to_owned);
    set.channels = row.channels.filter(|_| set.kind == Kind::Audio);
    set
}

fn rendition(item: &Described<'_>, segments: Segments) -> Rendition {
    let row = item.row;
    Rendition {
        id: row.id.clone(),
        bandwidth: row.bandwidth,
        average_bandwidth: Some(row.average_bandwidth),
        codecs: row.codecs.clone(),
        mime: Some(super::content_type(&row.kind).to_owned()),
        width: row.width,
        height: row.height,
        frame_rate: row.frame_rate,
        sample_rate: row.sample_rate,
        init: Some(Resource { url: format!("{}init.mp4", item.base), range: None }),
        segments,
        protection: item.protection.to_vec(),
        ..Rendition::default()
    }
}

fn list(item: &Described<'_>) -> Segments {
    let segments = (1..).zip(item.source.timings()).map(|(number, timing)| Segment {
        resource: Resource { url: format!("{}{number}.m4s", item.base), range: None },
        number,
        start_us: timing.start_us,
        duration_us: timing.duration_us,
        size: Some(timing.size),
        ..Segment::default()
    });
    Segments::List { segments: segments.collect() }
}
