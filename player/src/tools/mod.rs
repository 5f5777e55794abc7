//! What the command line does with a title besides playing it: every sample, every frame, the manifest as JSON. As fast as it goes, in
//! the order of the file, the same output every time.

mod captions;
mod frames;
mod inspect;
mod plain;
mod samples;

pub use captions::{CaptionPicture, captions};
pub use frames::frames;
pub use inspect::inspect;
pub use samples::samples;

use crate::fetch::{Http, Object, Request, Stop};
use crate::media::keys::Keys;
use crate::media::prepare::{InitSegment, read_init};
use crate::media::whole::Whole;
use crate::title::{self, Playlist, Title};
use crate::{Decoders, Error, LoadRequest, PlayerConfig};
use hearth_cdm::KeyPair;
use hearth_isobmff::TrackKind;
use hearth_manifest::{Format, Kind, Resource, Segment};
use std::collections::HashMap;
use std::sync::Arc;

/// Most bytes of one segment.
const SEGMENT_LIMIT: usize = 1 << 30;

/// What to read, and with which keys.
#[derive(Clone, Default)]
pub struct Source {
    /// URL or path of a playlist, an MPD, or an MP4 file.
    pub location: String,
    /// Keys given by hand.
    pub keys: Vec<KeyPair>,
    /// Licence server; overrides the manifest's.
    pub license_url: Option<String>,
    /// Bearer token for the licence server.
    pub license_token: Option<String>,
    /// Which rendition of the track, 0 the lowest; none: the highest.
    pub rendition: Option<usize>,
}

/// A track of an opened title: a track set, and which track of its init segment.
struct Pick {
    set: usize,
    kind: TrackKind,
}

/// A segment, fetched and opened.
struct Piece<'a> {
    /// None for what has none: transport streams and packed audio.
    init: Option<&'a InitSegment>,
    bytes: Vec<u8>,
    segment: &'a Segment,
}

/// An opened title and what reading it needs.
struct Reader {
    title: Title,
    http: Http,
    keys: Keys,
    stop: Arc<Stop>,
    rendition: Option<usize>,
    decoders: Decoders,
}

impl Reader {
    fn open(source: &Source) -> Result<Self, Error> {
        gstreamer::init().map_err(|e| Error::Framework(e.to_string()))?;
        let config = PlayerConfig { keys: source.keys.clone(), ..PlayerConfig::default() };
        let (http, stop) = (Http::new(&config), Arc::new(Stop::default()));
        let title = Title::open(&http, &title::locate(&source.location)?, &stop)?;
        let request = LoadRequest {
            license_url: source.license_url.clone(),
            license_token: source.license_token.clone(),
            ..LoadRequest::default()
        };
        let keys = Keys::new(&config, &request, &title.presentation(), http.clone(), stop.clone())?;
        Ok(Self { title, http, keys, stop, rendition: source.rendition, decoders: config.decoders })
    }

    /// All tracks of the first period: video first, then audio, then the rest; of a file with several tracks each one.
    fn tracks(&self) -> Result<Vec<Pick>, Error> {
        let presentation = self.title.presentation();
        let sets = &presentation.periods[0].tracks;
        let mut picks = Vec::new();
        for kind in [Kind::Video, Kind::Audio] {
            for (set, tracks) in sets.iter().enumerate().filter(|(_, t)| t.kind == kind && !t.renditions.is_empty()) {
                let muxed = kind == Kind::Video && tracks.renditions.iter().all(|r| r.audio_group.is_none());
                let kinds = match kind {
                    Kind::Video if muxed => self.kinds(set)?,
                    Kind::Video => vec![TrackKind::Video],
                    _ => vec![TrackKind::Audio],
                };
                picks.extend(kinds.into_iter().map(|kind| Pick { set, kind }));
            }
        }
        Ok(picks)
    }

    /// What the first segment of set `set` has: video, audio, or both.
    fn kinds(&self, set: usize) -> Result<Vec<TrackKind>, Error> {
        let list = self.playlist(0, set)?;
        let mut kinds = vec![TrackKind::Video, TrackKind::Audio];
        let Some((at, segment)) = list.segments.iter().enumerate().find(|(_, s)| !s.gap) else { return Ok(kinds) };
        if segment.init.as_ref().or(list.init.as_ref()).is_some() {
            let (_, init) = self.init(&list, at)?;
            kinds.retain(|kind| init.of_kind(*kind).is_some());
        } else {
            let chunks = plain::chunks(self.segment(&list, segment)?, segment, &mut Shift::default())?;
            kinds.retain(|kind| chunks.iter().any(|c| c.format.track.kind == *kind));
        }
        Ok(kinds)
    }

    /// Which rendition of track set `set` in `period` is read.
    fn chosen(&self, period: usize, set: usize) -> Result<usize, Error> {
        let presentation = self.title.presentation();
        let tracks = &presentation.periods[period].tracks[set];
        let last = tracks.renditions.len().saturating_sub(1);
        // The rendition is meant of the video where there is one; of other tracks it is cut to what is there.
        match self.rendition {
            Some(n) if n > last && tracks.kind == Kind::Video => {
                Err(Error::BadCommand(format!("--rendition {n}: the track has 0 to {last}")))
            }
            Some(n) => Ok(n.min(last)),
            None => Ok(last),
        }
    }

    /// Its segments.
    fn playlist(&self, period: usize, set: usize) -> Result<Arc<Playlist>, Error> {
        self.title.playlist((period, set, self.chosen(period, set)?), &self.stop)
    }

    fn read(&self, resource: &Resource) -> Result<Vec<u8>, Error> {
        Ok(self.http.fetch(&Request::resource(resource, Object::Other)?, SEGMENT_LIMIT, &self.stop)?.bytes)
    }

    /// The init segment of segment number `at`.
    fn init<'a>(&self, list: &'a Playlist, at: usize) -> Result<(&'a Resource, InitSegment), Error> {
        let own = list.segments.get(at).and_then(|s| s.init.as_ref()).or(list.init.as_ref());
        let resource = own.ok_or_else(|| Error::UnsupportedContainer("no init segment".into()))?;
        let mut bytes = self.read(resource)?;
        if let Some(segment) = list.segments.get(at)
            && let Some(whole) = self.whole(list, segment)?
        {
            whole.open_init(&mut bytes, &segment.resource.url)?;
        }
        Ok((resource, read_init(&bytes, &resource.url)?))
    }

    /// What a segment is encrypted with, if it is as a whole.
    fn whole(&self, list: &Playlist, segment: &Segment) -> Result<Option<Whole>, Error> {
        self.keys.whole(segment.protection.as_ref().unwrap_or(&list.protection), segment.number)
    }

    /// A segment's bytes, opened where it is encrypted as a whole.
    fn segment(&self, list: &Playlist, segment: &Segment) -> Result<Vec<u8>, Error> {
        let mut bytes = self.read(&segment.resource)?;
        if let Some(whole) = self.whole(list, segment)? {
            whole.open(&mut bytes, &segment.resource.url)?;
        }
        Ok(bytes)
    }

    /// Gives every segment of a track to `each`, with where its media time goes.
    fn each(&self, pick: &Pick, mut each: impl FnMut(Piece<'_>, &mut Shift) -> Result<(), Error>) -> Result<(), Error> {
        let presentation = &*self.title.presentation();
        let id = &presentation.periods[0].tracks[pick.set].id;
        let mut shift = Shift::default();
        for (p, period) in presentation.periods.iter().enumerate() {
            let kind = presentation.periods[0].tracks[pick.set].kind;
            let same = period.tracks.iter().position(|t| t.id == *id && t.kind == kind);
            let Some(set) = same.or_else(|| period.tracks.iter().position(|t| t.kind == kind)) else { continue };
            let list = self.playlist(p, set)?;
            let media_start_us = self.title.rendition((p, set, self.chosen(p, set)?))?.presentation_time_offset_us;
            let said = (presentation.format == Format::Dash).then_some(period.start_us as i64 - media_start_us as i64);
            let mut inits: HashMap<Resource, InitSegment> = HashMap::new();
            for (n, segment) in list.segments.iter().enumerate().filter(|(_, s)| !s.gap) {
                let resource = segment.init.as_ref().or(list.init.as_ref());
                if resource.is_some_and(|r| !inits.contains_key(r)) {
                    let (resource, init) = self.init(&list, n)?;
                    inits.insert(resource.clone(), init);
                }
                let init = resource.and_then(|r| inits.get(r));
                let domain = if presentation.format == Format::Hls { usize::from(segment.discontinuity) } else { 0 };
                shift.enter(p, domain, segment.start_us);
                shift.said = said;
                each(Piece { init, bytes: self.segment(&list, segment)?, segment }, &mut shift)?;
            }
        }
        Ok(())
    }
}

/// How far a DASH presentation's media may be from where it says it is, before where the segments are listed counts more, in ns.
const LIE: u64 = 10_000_000_000;

/// Media time to presentation time in ns, decided by the first sample of each continuous stretch.
#[derive(Default)]
struct Shift {
    period: usize,
    start_us: u64,
    /// DASH: the period's start less its `@presentationTimeOffset`, in microseconds; zero for a plain file.
    said: Option<i64>,
    ns: Option<i64>,
}

impl Shift {
    fn enter(&mut self, period: usize, discontinuity: usize, start_us: u64) {
        if period != self.period || discontinuity > 0 {
            *self = Self { period, start_us, said: None, ns: None };
        } else if self.ns.is_none() {
            self.start_us = start_us;
        }
    }

    /// To add, given the stretch's first presentation time.
    fn of(&mut self, first: i64) -> i64 {
        let listed = (self.start_us as i64).saturating_mul(1000).saturating_sub(first);
        let said = self.said.map(|us| us.saturating_mul(1000));
        let shift = match said {
            Some(said) if said.abs_diff(listed) < LIE => said,
            None if listed.abs() < 1_000_000_000 => 0,
            _ => listed,
        };
        *self.ns.get_or_insert(shift)
    }
}
