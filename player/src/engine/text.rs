//! The text track: fetched beside the film, kept as cues, asked which of them are due.

use super::shared::Shared;
use crate::Error;
use crate::fetch::Object;
use crate::media::text::{self, Times};
use crate::title::{Playlist, select::Ladder};
use hearth_captions::{Cue, Document};
use hearth_isobmff::Init;
use hearth_manifest::{Format, Resource};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Text is fetched so far ahead of the picture, µs,
const AHEAD: u64 = 30_000_000;
/// and kept so far behind it.
const BEHIND: u64 = 30_000_000;
/// Most bytes of one text segment; a film's whole subtitles are a tenth of it.
const LIMIT: usize = 8 << 20;
/// Between two looks.
const LOOK: Duration = Duration::from_millis(200);
/// How often a segment that cannot be had is asked for.
const TRIES: u32 = 3;

/// What shows at a position, and what tells it from what shows elsewhere.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Due {
    pub(super) document: Document,
    /// How many timed pieces of the cues have come (WebVTT §5.1 timestamps in cue text).
    pieces: usize,
}

#[derive(Default)]
struct State {
    /// One a period that has the track; empty: no text is wanted.
    ladders: Vec<Ladder>,
    /// Counts choices.
    choice: u64,
    /// By period and segment: where it ends, and what it says.
    parts: BTreeMap<(usize, usize), (u64, Document)>,
}

/// What session and fetcher share.
#[derive(Default)]
pub(super) struct TextTrack(Mutex<State>);

impl TextTrack {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another track, or none.
    pub(super) fn choose(&self, ladders: Vec<Ladder>) {
        let mut state = self.lock();
        if state.ladders != ladders {
            *state = State { ladders, choice: state.choice + 1, parts: BTreeMap::new() };
        }
    }

    /// What shows at a position.
    pub(super) fn due(&self, at_us: u64) -> Due {
        let state = self.lock();
        let mut due = Due::default();
        for (_, part) in state.parts.values() {
            due.document.aspect_ratio = due.document.aspect_ratio.or(part.aspect_ratio);
            let now = part.cues.iter().filter(|c| c.start_us <= at_us && c.end_us.is_none_or(|end| at_us < end));
            // A cue that lasts longer than its segment is in the next one again.
            now.for_each(|c| {
                if !due.document.cues.contains(c) {
                    due.document.cues.push(c.clone());
                }
            });
        }
        if due.document.cues.is_empty() {
            return Due::default();
        }
        let spans =
            |c: &Cue| c.paragraphs.iter().flat_map(|p| &p.spans).filter(|s| s.from_us.is_some_and(|f| f <= at_us)).count();
        due.pieces = due.document.cues.iter().map(spans).sum();
        due
    }
}

/// Fetches the chosen text around the picture until the session stops.
pub(super) fn run(shared: &Shared, track: &TextTrack) {
    let mut fetcher = Fetcher { shared, inits: HashMap::new(), failed: HashMap::new(), choice: 0 };
    while !shared.stop.is_stopped() {
        let (ladders, choice) = {
            let state = track.lock();
            (state.ladders.clone(), state.choice)
        };
        if fetcher.choice != choice {
            fetcher = Fetcher { choice, inits: HashMap::new(), failed: HashMap::new(), ..fetcher };
        }
        if let Err(error) = fetcher.look(&ladders, track)
            && !shared.stop.is_stopped()
        {
            tracing::warn!(%error, "no captions");
            shared.stop.wait(Duration::from_secs(2));
        }
        shared.stop.wait(LOOK);
    }
}

struct Fetcher<'s> {
    shared: &'s Shared,
    inits: HashMap<Resource, Arc<Init>>,
    failed: HashMap<(usize, usize), u32>,
    choice: u64,
}

impl Fetcher<'_> {
    /// Fetches the next segment that is wanted, if there is one; forgets what is far away.
    fn look(&mut self, ladders: &[Ladder], track: &TextTrack) -> Result<(), Error> {
        let position = u64::try_from(self.shared.position() / 1000).unwrap_or(0);
        let presentation = self.shared.title.presentation();
        // Until there is a picture it goes first, and tells what media time is.
        if self.shared.live.presented.load(Relaxed) == 0 {
            return Ok(());
        }
        for ladder in ladders {
            let Some(period) = presentation.periods.get(ladder.period) else { continue };
            let end_us = period.duration_us.map_or(u64::MAX, |d| period.start_us.saturating_add(d));
            if end_us < position || period.start_us > position.saturating_add(AHEAD) {
                continue;
            }
            let list = self.list(ladder)?;
            for index in list.at(position)..list.end() {
                let Some(segment) = list.get(index).filter(|s| s.start_us < position.saturating_add(AHEAD)) else { break };
                let key = (ladder.period, index);
                let known = track.lock().parts.contains_key(&key) || self.failed.get(&key).is_some_and(|n| *n >= TRIES);
                if known || segment.gap {
                    continue;
                }
                let end = segment.start_us.saturating_add(segment.duration_us);
                match self.segment(ladder, &list, index, period.start_us) {
                    Ok(document) => self.keep(track, key, end, document, position),
                    Err(error) => {
                        *self.failed.entry(key).or_default() += 1;
                        return Err(error);
                    }
                }
                if self.moved_away(position) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The viewer has jumped meanwhile.
    fn moved_away(&self, from: u64) -> bool {
        self.shared.stop.is_stopped() || (self.shared.position() / 1000).abs_diff(from as i64) > AHEAD / 2
    }

    fn keep(&self, track: &TextTrack, key: (usize, usize), end_us: u64, document: Document, position: u64) {
        let mut state = track.lock();
        if state.choice == self.choice {
            state.parts.insert(key, (end_us, document));
            let near = |end: u64| end.saturating_add(BEHIND) >= position;
            state.parts.retain(|_, (end, part)| {
                near(*end) && part.cues.first().is_none_or(|c| c.start_us <= position.saturating_add(4 * AHEAD))
            });
        }
    }

    /// Its segments; those of a live title as they are now.
    fn list(&self, ladder: &Ladder) -> Result<Arc<Playlist>, Error> {
        let place = (ladder.period, ladder.set, ladder.renditions.first().copied().unwrap_or(0));
        let list = self.shared.title.playlist(place, &self.shared.stop)?;
        match list.live {
            Some(edge) if edge.due() <= std::time::Instant::now() => self.shared.title.reload(place, &self.shared.stop),
            _ => Ok(list),
        }
    }

    fn segment(&mut self, ladder: &Ladder, list: &Playlist, index: usize, period_us: u64) -> Result<Document, Error> {
        let Some(segment) = list.get(index) else { return Ok(Document::default()) };
        let shared = self.shared;
        let init = segment.init.as_ref().or(list.init.as_ref());
        let object = if init.is_some() { Object::TimedText } else { Object::Caption };
        let bytes = shared.fetch_aside(&segment.resource, object, LIMIT)?;
        shared.count_bytes(bytes.len());
        let init = match init.filter(|_| text::is_mp4(&bytes)) {
            None => None,
            Some(resource) => Some(match self.inits.get(resource) {
                Some(init) => init.clone(),
                None => {
                    let init = Arc::new(text::init(&shared.fetch_aside(resource, Object::Init, LIMIT)?, &resource.url)?);
                    self.inits.insert(resource.clone(), init.clone());
                    init
                }
            }),
        };
        let hls = shared.title.presentation().format == Format::Hls;
        let domain = if hls { list.stretch(index) } else { (ladder.period, ladder.set) };
        let shift = |first: Option<i64>| match first {
            Some(first) => shared.shifts.of(domain, segment.start_us, first),
            None => shared.shifts.known(domain).unwrap_or(0),
        };
        let times = Times { start_us: segment.start_us, period_us: if hls { 0 } else { period_us }, shift: &shift };
        text::read(&bytes, init.as_deref(), &segment.resource, &times)
    }
}
