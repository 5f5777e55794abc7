//! What is to be played: a manifest, and the segment lists that it names elsewhere, fetched when they are first needed.

mod file;
mod line;
mod live;
mod playlist;
pub(crate) mod select;

pub(crate) use playlist::{Edge, Playlist};

use crate::Error;
use crate::fetch::{Fetched, Http, Object, Request, Stop};
use hearth_manifest::{ByteRange, Format, Presentation, Rendition, Resource, Segment, Segments};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;
use url::Url;

/// Most bytes of a playlist, an MPD, or a segment index.
const MANIFEST_LIMIT: usize = 16 << 20;
/// Most bytes of a plain media file.
const FILE_LIMIT: usize = 2 << 30;
/// Most `sidx` of one rendition that are fetched one by one.
const MAX_INDEXES: usize = 64;

/// Where a rendition is in the presentation: period, track set, rendition.
pub(crate) type Place = (usize, usize, usize);

/// An opened presentation.
pub(crate) struct Title {
    presentation: RwLock<Arc<Presentation>>,
    http: Http,
    lists: Mutex<HashMap<Place, Arc<Playlist>>>,
    /// Of live HLS.
    line: Mutex<line::Line>,
    /// Of live DASH.
    source: Option<Mutex<live::Source>>,
    /// Live lists are to be loaded again.
    follows: bool,
}

/// A rendition of a presentation that may be replaced by a newer one meanwhile.
pub(crate) struct RenditionRef(Arc<Presentation>, Place);

impl std::ops::Deref for RenditionRef {
    type Target = Rendition;
    fn deref(&self) -> &Rendition {
        // It was there when this was made, and the presentation does not change.
        &self.0.periods[self.1.0].tracks[self.1.1].renditions[self.1.2]
    }
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

fn load(http: &Http, url: &Url, stop: &Stop) -> Result<(Fetched, Presentation), Error> {
    let limit = if url.scheme() == "file" { FILE_LIMIT } else { MANIFEST_LIMIT };
    let fetched = http.fetch(&Request::get(url.clone(), Object::Manifest), limit, stop)?;
    let presentation = match file::is_mp4(&fetched.bytes) {
        true => file::presentation(&fetched.bytes, &fetched.url)?,
        false => parse(&fetched.bytes, &fetched.url)?,
    };
    Ok((fetched, presentation))
}

impl Title {
    /// Fetches and parses the manifest at `url`. A plain MP4 file becomes a presentation of one rendition. Of a live one this is what its
    /// text says now.
    pub(crate) fn open(http: &Http, url: &Url, stop: &Stop) -> Result<Self, Error> {
        let (_, presentation) = load(http, url, stop)?;
        Self::new(http.clone(), presentation)
    }

    /// As [`Title::open`], to follow it where it is live.
    pub(crate) fn follow(http: &Http, url: &Url, stop: &Stop) -> Result<Self, Error> {
        let (fetched, mut presentation) = load(http, url, stop)?;
        let mut source = None;
        match presentation.format {
            Format::Dash if presentation.live => {
                let live = live::Source::new(http, fetched, &presentation, stop);
                presentation = live.parse()?;
                source = Some(Mutex::new(live));
            }
            // A media playlist on its own, to be loaded again and again.
            Format::Hls if presentation.live => {
                let rendition = presentation.periods.first_mut().and_then(|p| p.tracks.first_mut()?.renditions.first_mut());
                rendition.into_iter().for_each(|r| r.segments = Segments::Playlist { url: fetched.url.to_string() });
            }
            _ => (),
        }
        let format = if presentation.format == Format::Hls { "h" } else { "d" };
        http.voice().learn(format, presentation.live);
        Ok(Self { source, follows: true, ..Self::new(http.clone(), presentation)? })
    }

    /// A presentation parsed already.
    pub(crate) fn new(http: Http, presentation: Presentation) -> Result<Self, Error> {
        if presentation.periods.is_empty() {
            return Err(Error::BadManifest("no period".into()));
        }
        let presentation = RwLock::new(Arc::new(presentation));
        Ok(Self { presentation, http, lists: Mutex::default(), line: Mutex::default(), source: None, follows: false })
    }

    /// As parsed last. Of a live one only more periods and segments come; what is there keeps its place.
    pub(crate) fn presentation(&self) -> Arc<Presentation> {
        self.presentation.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The rendition at `place`.
    pub(crate) fn rendition(&self, place: Place) -> Result<RenditionRef, Error> {
        let presentation = self.presentation();
        let set = presentation.periods.get(place.0).and_then(|p| p.tracks.get(place.1));
        match set.and_then(|s| s.renditions.get(place.2)) {
            Some(_) => Ok(RenditionRef(presentation, place)),
            None => Err(Error::Internal(format!("no rendition {place:?}"))),
        }
    }

    /// The segments of the rendition at `place`; fetched at the first call.
    pub(crate) fn playlist(&self, place: Place, stop: &Stop) -> Result<Arc<Playlist>, Error> {
        if let Some(known) = self.known(place) {
            return Ok(known);
        }
        let rendition = self.rendition(place)?;
        let list = match &rendition.segments {
            Segments::List { segments } if self.source.is_some() => self.listed(place, &rendition, segments),
            Segments::List { segments } => {
                Playlist::whole(rendition.init.clone(), segments.clone(), rendition.protection.clone())
            }
            Segments::Playlist { url } => self.media_playlist(&rendition, url, None, stop)?,
            Segments::Index { url, index } => {
                let start_us = self.presentation().periods.get(place.0).map_or(0, |p| p.start_us);
                let segments = self.index(url, *index, start_us, stop)?;
                Playlist::whole(rendition.init.clone(), segments, rendition.protection.clone())
            }
        };
        if list.segments.is_empty() && list.live.is_none() {
            return Err(Error::BadManifest(format!("rendition {} has no segments", rendition.id)));
        }
        Ok(self.keep(place, list))
    }

    fn keep(&self, place: Place, list: Playlist) -> Arc<Playlist> {
        let list = Arc::new(list);
        self.lists.lock().unwrap_or_else(PoisonError::into_inner).insert(place, list.clone());
        list
    }

    /// The segments of the rendition at `place`, if they are known already.
    pub(crate) fn known(&self, place: Place) -> Option<Arc<Playlist>> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner).get(&place).cloned()
    }

    /// Fetches a media playlist. `before`: what it was, where it is live.
    fn media_playlist(
        &self,
        rendition: &Rendition,
        url: &str,
        before: Option<&Playlist>,
        stop: &Stop,
    ) -> Result<Playlist, Error> {
        let url = Url::parse(url).map_err(|e| Error::BadManifest(format!("{url}: {e}")))?;
        let asked = Instant::now();
        let fetched = self.http.fetch(&Request::get(url, Object::Manifest), MANIFEST_LIMIT, stop)?;
        let text = String::from_utf8(fetched.bytes).map_err(|_| Error::NotAManifest(fetched.url.to_string()))?;
        let list = hearth_manifest::hls::parse_media_importing(&text, &fetched.url, &self.presentation().variables)
            .map_err(|e| manifest_error(&fetched.url, e))?;
        if list.live {
            self.http.voice().learn("h", true);
        }
        let (live, init) = (list.live, list.init.clone().or_else(|| rendition.init.clone()));
        let protection = if list.protection.is_empty() { rendition.protection.clone() } else { list.protection.clone() };
        if self.follows && (live || before.is_some()) {
            return Ok(self.live_playlist(list, (init, protection), before, asked));
        }
        Ok(Playlist::whole(init, list.segments, protection))
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
            let fetched = self.http.fetch(&Request::resource(&resource, Object::Manifest)?, MANIFEST_LIMIT, stop)?;
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
