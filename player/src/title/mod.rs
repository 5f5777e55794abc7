//! What is to be played: a manifest, and the segment lists that it names elsewhere, fetched when they are first needed.

mod file;
pub(crate) mod select;

use crate::Error;
use crate::fetch::{Http, Request, Stop};
use hearth_manifest::{ByteRange, ContentProtection, Presentation, Rendition, Resource, Segment, Segments};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

/// Most bytes of a playlist, an MPD, or a segment index.
const MANIFEST_LIMIT: usize = 16 << 20;
/// Most bytes of a plain media file.
const FILE_LIMIT: usize = 2 << 30;
/// Most `sidx` of one rendition that are fetched one by one.
const MAX_INDEXES: usize = 64;

/// The segments of one rendition.
#[derive(Clone, Debug)]
pub(crate) struct Playlist {
    /// Init segment.
    pub(crate) init: Option<Resource>,
    /// In order.
    pub(crate) segments: Vec<Segment>,
    /// How it is protected.
    pub(crate) protection: Vec<ContentProtection>,
}

impl Playlist {
    /// Index of the segment at `position_us`, the last one where it is after the end.
    pub(crate) fn at(&self, position_us: u64) -> usize {
        self.segments.partition_point(|s| s.start_us <= position_us).saturating_sub(1)
    }

    /// End of the last segment.
    pub(crate) fn end_us(&self) -> u64 {
        self.segments.last().map_or(0, |s| s.start_us + s.duration_us)
    }
}

/// Where a rendition is in the presentation: period, track set, rendition.
pub(crate) type Place = (usize, usize, usize);

/// An opened presentation.
pub(crate) struct Title {
    /// As parsed.
    pub(crate) presentation: Presentation,
    http: Http,
    lists: Mutex<HashMap<Place, Arc<Playlist>>>,
}

/// A URL, or the path of a file, as a URL.
pub(crate) fn locate(text: &str) -> Result<Url, Error> {
    match Url::parse(text) {
        Ok(url) if url.scheme().len() > 1 => Ok(url),
        _ => {
            let path = std::path::absolute(text).map_err(|e| Error::File(format!("{text}: {e}")))?;
            Url::from_file_path(&path).map_err(|()| Error::BadUrl(text.into()))
        }
    }
}

/// The presentation in `text`.
pub(crate) fn parse(text: &[u8], base: &Url) -> Result<Presentation, Error> {
    let said = |what: &str| format!("{base}: {what}");
    let text = std::str::from_utf8(text).map_err(|_| Error::NotAManifest(said("it is not text")))?;
    hearth_manifest::parse(text, base).map_err(|e| manifest_error(base, e))
}

fn manifest_error(url: &Url, error: hearth_manifest::Error) -> Error {
    let text = format!("{url}: {error}");
    match error {
        hearth_manifest::Error::NotAManifest => Error::NotAManifest(text),
        hearth_manifest::Error::Unsupported(_) => Error::UnsupportedManifest(text),
        _ => Error::BadManifest(text),
    }
}

impl Title {
    /// Fetches and parses the manifest at `url`. A plain MP4 file becomes a presentation of one rendition.
    pub(crate) fn open(http: &Http, url: &Url, stop: &Stop) -> Result<Self, Error> {
        let limit = if url.scheme() == "file" { FILE_LIMIT } else { MANIFEST_LIMIT };
        let fetched = http.fetch(&Request::get(url.clone()), limit, stop)?;
        let presentation = match file::is_mp4(&fetched.bytes) {
            true => file::presentation(&fetched.bytes, &fetched.url)?,
            false => parse(&fetched.bytes, &fetched.url)?,
        };
        Self::new(http.clone(), presentation)
    }

    /// A presentation parsed already.
    pub(crate) fn new(http: Http, presentation: Presentation) -> Result<Self, Error> {
        if presentation.periods.is_empty() {
            return Err(Error::BadManifest("no period".into()));
        }
        Ok(Self { presentation, http, lists: Mutex::default() })
    }

    /// The rendition at `place`.
    pub(crate) fn rendition(&self, place: Place) -> Result<&Rendition, Error> {
        let set = self.presentation.periods.get(place.0).and_then(|p| p.tracks.get(place.1));
        set.and_then(|s| s.renditions.get(place.2)).ok_or_else(|| Error::Internal(format!("no rendition {place:?}")))
    }

    /// The segments of the rendition at `place`; fetched at the first call.
    pub(crate) fn playlist(&self, place: Place, stop: &Stop) -> Result<Arc<Playlist>, Error> {
        if let Some(known) = self.known(place) {
            return Ok(known);
        }
        let rendition = self.rendition(place)?;
        let list = match &rendition.segments {
            Segments::List { segments } => {
                Playlist { init: rendition.init.clone(), segments: segments.clone(), protection: rendition.protection.clone() }
            }
            Segments::Playlist { url } => self.media_playlist(rendition, url, stop)?,
            Segments::Index { url, index } => {
                let start_us = self.presentation.periods.get(place.0).map_or(0, |p| p.start_us);
                let segments = self.index(url, *index, start_us, stop)?;
                Playlist { init: rendition.init.clone(), segments, protection: rendition.protection.clone() }
            }
        };
        if list.segments.is_empty() {
            return Err(Error::BadManifest(format!("rendition {} has no segments", rendition.id)));
        }
        let list = Arc::new(list);
        self.lists.lock().unwrap_or_else(PoisonError::into_inner).insert(place, list.clone());
        Ok(list)
    }

    /// The segments of the rendition at `place`, if they are known already.
    pub(crate) fn known(&self, place: Place) -> Option<Arc<Playlist>> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner).get(&place).cloned()
    }

    fn media_playlist(&self, rendition: &Rendition, url: &str, stop: &Stop) -> Result<Playlist, Error> {
        let url = Url::parse(url).map_err(|e| Error::BadManifest(format!("{url}: {e}")))?;
        let fetched = self.http.fetch(&Request::get(url), MANIFEST_LIMIT, stop)?;
        let text = String::from_utf8(fetched.bytes).map_err(|_| Error::NotAManifest(fetched.url.to_string()))?;
        let variables = &self.presentation.variables;
        let list = hearth_manifest::hls::parse_media_importing(&text, &fetched.url, variables)
            .map_err(|e| manifest_error(&fetched.url, e))?;
        if list.live {
            return Err(Error::UnsupportedManifest(format!("{}: live (no EXT-X-ENDLIST)", fetched.url)));
        }
        let protection = if list.protection.is_empty() { rendition.protection.clone() } else { list.protection };
        Ok(Playlist { init: list.init.or_else(|| rendition.init.clone()), segments: list.segments, protection })
    }

    fn index(&self, url: &str, range: ByteRange, start_us: u64, stop: &Stop) -> Result<Vec<Segment>, Error> {
        let mut segments: Vec<Segment> = Vec::new();
        // Indexes still to be read, the next one last.
        let mut open = vec![range];
        let mut read = 0;
        while let Some(range) = open.pop() {
            read += 1;
            if read > MAX_INDEXES {
                return Err(Error::BadIndex(format!("{url}: more than {MAX_INDEXES} indexes")));
            }
            let resource = Resource { url: url.to_owned(), range: Some(range) };
            let fetched = self.http.fetch(&Request::resource(&resource)?, MANIFEST_LIMIT, stop)?;
            let entries =
                hearth_isobmff::parse_sidx(&fetched.bytes, range.offset).map_err(|e| Error::BadIndex(format!("{url}: {e}")))?;
            let mut below = Vec::new();
            for entry in entries {
                let range = ByteRange { offset: entry.offset, length: u64::from(entry.size) };
                if entry.is_index {
                    below.push(range);
                    continue;
                }
                let us = |ticks: u64| (u128::from(ticks) * 1_000_000 / u128::from(entry.timescale.max(1))) as u64;
                segments.push(Segment {
                    resource: Resource { url: url.to_owned(), range: Some(range) },
                    start_us: start_us + us(entry.start),
                    duration_us: us(u64::from(entry.duration)),
                    size: Some(u64::from(entry.size)),
                    ..Segment::default()
                });
            }
            open.extend(below.into_iter().rev());
        }
        segments.sort_by_key(|s| s.start_us);
        segments.iter_mut().zip(0..).for_each(|(s, number)| s.number = number);
        // A presentation whose media starts late (an offset that the MPD tells) still starts at the period's start.
        let first = segments.first().map_or(start_us, |s| s.start_us).saturating_sub(start_us);
        if first > 10_000_000 {
            segments.iter_mut().for_each(|s| s.start_us -= first);
        }
        Ok(segments)
    }
}
