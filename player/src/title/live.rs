//! Live titles: lists loaded anew, MPDs that grow, and the clock that says what is there.

use super::{Edge, MANIFEST_LIMIT, Place, Playlist, Title, line, manifest_error};
use crate::Error;
use crate::fetch::{Fetched, Http, Object, Request, Stop};
use hearth_manifest::hls::MediaPlaylist;
use hearth_manifest::{ContentProtection, Live, Period, Presentation, Rendition, Resource, Segment, Segments, TrackSet};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use url::Url;

/// Never look more often.
const OFTEN: Duration = Duration::from_millis(500);

/// A live MPD as it was fetched last: where nothing but time makes segments, it is only read again.
pub(super) struct Source {
    text: String,
    url: Url,
    fetched: Instant,
    /// From where the next one comes.
    next: Url,
    update: Option<Duration>,
    clock: Clock,
}

/// The presentation's own time: the device's may be years off.
#[derive(Clone, Copy)]
struct Clock {
    unix_ms: i64,
    at: Instant,
}

impl Clock {
    fn now_ms(&self) -> i64 {
        self.unix_ms.saturating_add(i64::try_from(self.at.elapsed().as_millis()).unwrap_or(i64::MAX))
    }

    /// By the first `UTCTiming` (ISO 23009-1 §5.8.4.11) that answers, else by the server's `Date`, else by the device.
    fn ask(http: &Http, live: &Live, stop: &Stop) -> Self {
        let told = live.clocks.iter().find_map(|(scheme, value)| {
            let kind = scheme.strip_prefix("urn:mpeg:dash:utc:")?.split(':').next()?;
            match kind {
                "direct" => hearth_manifest::unix_ms(value),
                "http-iso" | "http-xsdate" => value.split_whitespace().find_map(|url| {
                    let url = Url::parse(url).ok()?;
                    let answer = http.fetch(&Request::get(url, Object::Other), 1024, stop).ok()?;
                    hearth_manifest::unix_ms(std::str::from_utf8(&answer.bytes).ok()?)
                }),
                "http-head" => value.split_whitespace().find_map(|url| {
                    http.fetch(&Request::get(Url::parse(url).ok()?, Object::Other), MANIFEST_LIMIT, stop).ok()?;
                    http.server_time_ms()
                }),
                _ => None,
            }
        });
        let own = || i64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis()).ok();
        Self { unix_ms: told.or_else(|| http.server_time_ms()).or_else(own).unwrap_or(0), at: Instant::now() }
    }
}

impl Source {
    pub(super) fn new(http: &Http, fetched: Fetched, presentation: &Presentation, stop: &Stop) -> Self {
        let live = presentation.live_window.clone().unwrap_or_default();
        let clock = Clock::ask(http, &live, stop);
        let text = String::from_utf8_lossy(&fetched.bytes).into_owned();
        let url = fetched.url;
        let mut source = Self { text, next: url.clone(), url, fetched: Instant::now(), update: None, clock };
        source.heed(&live);
        source
    }

    /// Where and when to ask for the next one.
    fn heed(&mut self, live: &Live) {
        self.update = live.update_us.map(|us| Duration::from_micros(us).max(OFTEN));
        let located = live.locations.first().and_then(|l| Url::parse(l).ok());
        self.next = located.unwrap_or_else(|| self.next.clone());
    }

    /// What is there now.
    pub(super) fn parse(&self) -> Result<Presentation, Error> {
        hearth_manifest::parse_at(&self.text, &self.url, Some(self.clock.now_ms())).map_err(|e| manifest_error(&self.url, e))
    }

    /// What is there now, after asking for a new one where that is due.
    fn update(&mut self, http: &Http, stop: &Stop) -> Result<Presentation, Error> {
        if self.update.is_some_and(|u| self.fetched.elapsed() >= u.mul_f32(0.9)) {
            let fetched = http.fetch(&Request::get(self.next.clone(), Object::Manifest), MANIFEST_LIMIT, stop)?;
            let before = std::mem::replace(&mut self.text, String::from_utf8_lossy(&fetched.bytes).into_owned());
            let url = std::mem::replace(&mut self.url, fetched.url);
            self.fetched = Instant::now();
            match self.parse() {
                Ok(new) => self.heed(&new.live_window.clone().unwrap_or_default()),
                Err(error) => {
                    (self.text, self.url) = (before, url);
                    return Err(error);
                }
            }
        }
        self.parse()
    }
}

impl Title {
    /// Loads the list of `place` anew.
    pub(crate) fn reload(&self, place: Place, stop: &Stop) -> Result<Arc<Playlist>, Error> {
        let Some(before) = self.known(place) else { return self.playlist(place, stop) };
        let rendition = self.rendition(place)?;
        if let Segments::Playlist { url } = &rendition.segments {
            let list = self.media_playlist(&rendition, url, Some(&before), stop)?;
            return Ok(self.keep(place, list));
        }
        let Some(source) = &self.source else { return Ok(before) };
        let mut source = source.lock().unwrap_or_else(PoisonError::into_inner);
        let grown = merge(&self.presentation(), source.update(&self.http, stop)?);
        *self.presentation.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(grown);
        let rendition = self.rendition(place)?;
        let Segments::List { segments } = &rendition.segments else { return Ok(before) };
        Ok(self.keep(place, self.listed(place, &rendition, segments)))
    }

    /// A live media playlist on the title's time line.
    pub(super) fn live_playlist(
        &self,
        mut list: MediaPlaylist,
        (init, protection): (Option<Resource>, Vec<ContentProtection>),
        before: Option<&Playlist>,
        asked: Instant,
    ) -> Playlist {
        let every = Duration::from_micros(list.target_duration_us).max(OFTEN);
        let delay_us = list.server_control.hold_back_us.unwrap_or(list.target_duration_us.saturating_mul(3));
        let placed = self.line.lock().unwrap_or_else(PoisonError::into_inner).place(&mut list.segments, before);
        let edge = |changed| list.live.then_some(Edge { asked, changed, every, delay_us });
        match (placed, before) {
            (None, Some(before)) => {
                let changed = before.live.map_or(asked, |e| e.changed);
                Playlist { live: edge(changed), ..before.clone() }
            }
            (placed, _) => {
                let (first, run) = placed.unwrap_or((line::FIRST, 0));
                let same = before.filter(|b| b.end() == first + list.segments.len() && b.run == run);
                let changed = same.and_then(|b| b.live).map_or(asked, |e| e.changed);
                let discontinuities = usize::try_from(list.discontinuity_sequence).unwrap_or(usize::MAX / 2);
                Playlist { init, protection, first, live: edge(changed), discontinuities, run, segments: list.segments }
            }
        }
    }

    /// A list of a live MPD.
    pub(super) fn listed(&self, place: Place, rendition: &Rendition, segments: &[Segment]) -> Playlist {
        let presentation = self.presentation();
        let asked = Instant::now();
        let lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let before = lists.get(&place);
        let beside = || lists.iter().find(|(p, l)| (p.0, p.1) == (place.0, place.1) && !l.segments.is_empty()).map(|(_, l)| l);
        let nearest = before.filter(|b| !b.segments.is_empty()).or_else(beside);
        let first = nearest.map_or(line::FIRST, |n| line::index_by_time(segments, n));
        let last_period = place.0 + 1 == presentation.periods.len();
        let open = presentation.live && last_period;
        let longest = segments.iter().map(|s| s.duration_us).max().unwrap_or(0);
        let live = presentation.live_window.clone().unwrap_or_default();
        let every = live.update_us.filter(|us| *us > 0).map_or(longest, |us| us.min(longest.max(1)));
        let delay_us = live.delay_us.unwrap_or_else(|| longest.saturating_mul(3).max(presentation.min_buffer_us.unwrap_or(0)));
        let same = before.filter(|b| b.end() == first + segments.len());
        let changed = same.and_then(|b| b.live).map_or(asked, |e| e.changed);
        let edge = Edge { asked, changed, every: Duration::from_micros(every).max(OFTEN), delay_us };
        let whole = Playlist::whole(rendition.init.clone(), segments.to_vec(), rendition.protection.clone());
        Playlist { first, live: open.then_some(edge), ..whole }
    }
}

/// `new` in the places of `old`: what is known stays where it is, with its latest segments; periods that are new come after.
fn merge(old: &Presentation, new: Presentation) -> Presentation {
    let mut later = new.periods;
    let same = |a: &Period, b: &Period| match (&a.id, &b.id) {
        (Some(a), Some(b)) => a == b,
        _ => a.start_us.abs_diff(b.start_us) < 1_000_000,
    };
    let mut periods: Vec<Period> = Vec::with_capacity(old.periods.len() + 1);
    for period in &old.periods {
        let found = later.iter().position(|p| same(p, period)).map(|i| later.remove(i));
        periods.push(found.map_or_else(|| period.clone(), |found| merge_period(period, found)));
    }
    let end = periods.last().map_or(0, |p| p.start_us);
    later.retain(|p| p.start_us >= end);
    periods.extend(later);
    Presentation { periods, ..new }
}

fn merge_period(old: &Period, mut new: Period) -> Period {
    let mut tracks = Vec::with_capacity(old.tracks.len());
    for set in &old.tracks {
        let found = new.tracks.iter().position(|t| t.id == set.id && t.kind == set.kind);
        tracks.push(found.map_or_else(|| set.clone(), |i| merge_set(set, new.tracks.swap_remove(i))));
    }
    Period { tracks, ..new }
}

fn merge_set(old: &TrackSet, mut new: TrackSet) -> TrackSet {
    let mut renditions = Vec::with_capacity(old.renditions.len());
    for rendition in &old.renditions {
        let found = new.renditions.iter().position(|r| r.id == rendition.id);
        renditions.push(found.map_or_else(|| rendition.clone(), |i| new.renditions.swap_remove(i)));
    }
    TrackSet { renditions, ..new }
}
