//! Fetches one stream (video, audio, or both in one) segment by segment into its buffers, choosing renditions with the ABR rule.

use super::ladder::{ladder_of, sizes_ahead};
use super::track::{Order, TrackBuffer};
use super::transfer::LOOK;
use super::trouble::Trouble;
use super::{Note, Shared};
use crate::Error;
use crate::media::prepare::{Chunk, InitSegment};
use crate::media::{packed, ts};
use crate::title::{Playlist, select::Ladder};
use hearth_abr::{Abr, MAX_LOOKAHEAD, MAX_RENDITIONS, Situation};
use hearth_isobmff::TrackKind;
use hearth_manifest::{Format, Resource, Segment};
use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Audio is fetched no further than this beyond the video, in ns: on a slow link the picture comes first.
const AUDIO_LEAD: i64 = 6_000_000_000;
/// With so much there, in ns, the first picture can come; until it has, the processor is the decoder's, but for no longer than this.
const ENOUGH_TO_SHOW: i64 = 1_000_000_000;
const YIELD: Duration = Duration::from_millis(400);

/// What is fetched, by whom, for whom.
pub(super) struct Fetcher {
    pub(super) shared: Arc<Shared>,
    /// Main buffer first; a second one for sound in the same segments.
    pub(super) buffers: Vec<(TrackKind, Arc<TrackBuffer>)>,
    /// One ladder a period; audio's are chosen anew with each order.
    pub(super) ladders: Box<dyn Fn() -> Vec<Ladder> + Send>,
    /// Of the video; audio keeps its rendition.
    pub(super) abr: Option<Box<dyn Abr>>,
    /// The audio waits for this one.
    pub(super) follow: Option<Arc<TrackBuffer>>,
}

/// Where the fetcher is.
pub(super) struct Cursor {
    pub(super) epoch: u64,
    pub(super) ladders: Vec<Ladder>,
    /// Index into `ladders`.
    pub(super) period: usize,
    /// The failure was one of a segment, not of its list.
    pub(super) in_segment: bool,
    /// Segment within the period.
    pub(super) segment: usize,
    /// Position in the ladder of the last segment.
    pub(super) last: Option<usize>,
    /// Position in the ladder of what is being fetched.
    pub(super) trying: usize,
    /// Where in the title `segment` is still to be found, in µs.
    pub(super) wanted: Option<u64>,
    pub(super) trouble: Trouble,
    pub(super) abandoned: usize,
    pub(super) inits: HashMap<Resource, Arc<InitSegment>>,
    /// When it came here, and how many pictures had been shown by then.
    pub(super) begun: (Instant, u64),
}

/// Bytes of a segment and its init segment, which transport streams do not have.
pub(super) type Loaded = (Vec<u8>, Option<Arc<InitSegment>>);

/// How an attempt at a segment ended.
pub(super) enum Outcome {
    Delivered,
    /// Given up for a lower rendition, or because of another order.
    Abandoned,
    /// No more segments in the title.
    End,
}

impl Fetcher {
    /// Until closed.
    pub(super) fn run(mut self) {
        let mut cursor: Option<Cursor> = None;
        while let Some(order) = self.main().order() {
            if cursor.as_ref().is_none_or(|c| c.epoch != order.epoch) {
                cursor = Some(self.start(order));
            }
            let Some(at) = cursor.as_mut() else { continue };
            if !self.has_room() {
                self.main().wait(Duration::from_millis(100));
                continue;
            }
            if self.yields(at) {
                self.main().wait(Duration::from_millis(5));
                continue;
            }
            match self.next(at) {
                Ok(Outcome::Delivered) => (at.trouble, at.abandoned) = (Trouble::default(), 0),
                Ok(Outcome::Abandoned) => (),
                Ok(Outcome::End) => self.idle_after(at.epoch, None),
                Err(error) if self.shared.stop.is_stopped() => return tracing::debug!(%error, "stopped"),
                Err(error) => self.failed(at, error),
            }
        }
    }

    pub(super) fn main(&self) -> &TrackBuffer {
        &self.buffers[0].1
    }

    pub(super) fn kind(&self) -> TrackKind {
        self.buffers[0].0
    }

    /// Goes where the order says; the segment is found with the first list that is there.
    fn start(&mut self, order: Order) -> Cursor {
        let ladders = (self.ladders)();
        let position_us = u64::try_from(order.position / 1000).unwrap_or(0);
        let presentation = self.shared.title.presentation();
        let periods = &presentation.periods;
        let period = ladders.iter().rposition(|l| periods.get(l.period).is_some_and(|p| p.start_us <= position_us)).unwrap_or(0);
        for (_, slave) in self.buffers.iter().skip(1) {
            slave.adopt(order);
        }
        let mut cursor = Cursor {
            epoch: order.epoch,
            ladders,
            period,
            in_segment: false,
            segment: 0,
            last: None,
            trying: 0,
            wanted: Some(position_us),
            trouble: Trouble::default(),
            abandoned: 0,
            inits: HashMap::new(),
            begun: (Instant::now(), self.shared.live.presented.load(Relaxed)),
        };
        cursor.trying = self.start_rendition(&cursor);
        cursor
    }

    /// Finds the segment that `position_us` is in.
    fn locate(&mut self, at: &mut Cursor, position_us: u64) -> Result<(), Error> {
        let list = self.playlist(at, at.trying)?;
        at.segment = list.at(position_us);
        at.wanted = None;
        if let Some(abr) = self.abr.as_mut().filter(|_| at.epoch == 1) {
            let estimate = self.shared.remembered_kbps.map(|kbps| kbps as f32);
            abr.reset(&ladder_of(&self.shared, at, &list), estimate);
        }
        Ok(())
    }

    /// Any rendition whose segment list tells where to start; the list that is known already, else the lowest.
    fn start_rendition(&self, at: &Cursor) -> usize {
        let Some(ladder) = at.ladders.get(at.period) else { return 0 };
        if self.abr.is_none() {
            return ladder.renditions.len().saturating_sub(1);
        }
        (0..ladder.renditions.len()).find(|i| self.shared.title.known(place(ladder, *i)).is_some()).unwrap_or(0)
    }

    pub(super) fn playlist(&self, at: &Cursor, rendition: usize) -> Result<Arc<Playlist>, Error> {
        let ladder = at.ladders.get(at.period).ok_or_else(|| Error::NothingToPlay("no rendition".into()))?;
        self.shared.title.playlist(place(ladder, rendition), &self.shared.stop)
    }

    /// There is room in time and in memory, and the audio is not far ahead of the video.
    fn has_room(&self) -> bool {
        let position = self.shared.position();
        let full_ns = self.shared.config.buffer_ms as i64 * 1_000_000;
        let share = if self.follow.is_some() { 8 } else { 1 };
        let held = self.main().bytes();
        if held > self.shared.config.memory_bytes / share {
            self.buffers.iter().for_each(|(_, b)| b.trim(position, true));
            return self.main().fetched(position) < 1_000_000_000;
        }
        let late = self.follow.as_ref().is_some_and(|video| {
            let (own, video_end) = (self.main().end(), video.end().unwrap_or(0));
            !video.is_complete() && own.is_some_and(|e| e > video_end + AUDIO_LEAD)
        });
        self.main().fetched(position) < full_ns && !late
    }

    /// A fast link could deliver half a film while the first picture of it waits for the processor.
    fn yields(&self, at: &Cursor) -> bool {
        let (since, shown) = at.begun;
        since.elapsed() < YIELD
            && self.shared.live.presented.load(Relaxed) == shown
            && self.main().fetched(self.shared.position()) >= ENOUGH_TO_SHOW
    }

    /// Chooses, fetches, prepares and delivers the next segment.
    fn next(&mut self, at: &mut Cursor) -> Result<Outcome, Error> {
        at.in_segment = false;
        if let Some(position_us) = at.wanted {
            self.locate(at, position_us)?;
        }
        let known = self.playlist(at, at.trying)?;
        if at.segment < known.first {
            // The window has moved on.
            let from = known.segments.first().map_or(0, |s| s.start_us);
            tracing::warn!(missed = known.first - at.segment, "behind the window");
            at.segment = known.first;
            self.behind(from);
        }
        if at.segment >= known.end() {
            return if known.live.is_some() { self.at_edge(at, &known) } else { self.next_period(at) };
        }
        at.trying = self.choose(at)?;
        let rendition = at.trying;
        let list = self.playlist(at, rendition)?;
        let Some(segment) = list.get(at.segment) else {
            if list.live.is_some() {
                return self.at_edge(at, &list);
            }
            return Err(Error::BadManifest("renditions of different length".into()));
        };
        at.in_segment = true;
        if segment.gap {
            at.segment += 1;
            return Ok(Outcome::Delivered);
        }
        at.last = Some(rendition);
        let Some((bytes, init)) = self.transfer(at, rendition, &list, segment)? else { return Ok(Outcome::Abandoned) };
        self.deliver(at, rendition, &list, segment, bytes, init.as_deref())
    }

    fn next_period(&mut self, at: &mut Cursor) -> Result<Outcome, Error> {
        at.period += 1;
        (at.segment, at.last) = (0, None);
        if at.period >= at.ladders.len() {
            return Ok(Outcome::End);
        }
        at.trying = self.start_rendition(at);
        let list = self.playlist(at, at.trying)?;
        at.segment = list.first;
        let ladder = ladder_of(&self.shared, at, &list);
        if let Some(abr) = &mut self.abr {
            let estimate = abr.estimate_kbps();
            abr.reset(&ladder, estimate);
        }
        Ok(Outcome::Abandoned)
    }

    /// Asks the ABR rule. Audio: the best rendition.
    fn choose(&mut self, at: &Cursor) -> Result<usize, Error> {
        let ladder = &at.ladders[at.period];
        if at.trouble.is_elsewhere() {
            let same = self.shared.permitted(ladder, at.trying)? == at.trying;
            return same.then_some(at.trying).ok_or_else(|| Error::OutputRestricted("what is left is not allowed".into()));
        }
        let Some(abr) = &mut self.abr else { return self.shared.permitted(ladder, ladder.renditions.len() - 1) };
        let cap = self.shared.cap(ladder);
        let mut sizes = [[0f32; MAX_RENDITIONS]; MAX_LOOKAHEAD];
        let known = sizes_ahead(&self.shared, ladder, at.segment, &mut sizes);
        let situation = Situation {
            now_ms: self.shared.now_ms(),
            buffer_ms: self.buffers[0].1.ahead(self.shared.position()) as f32 / 1e6,
            playing: self.shared.is_playing(),
            last: at.last,
            sizes_bits: &sizes[..known],
            cap,
        };
        let decision = abr.decide(&situation);
        let wait = Duration::from_secs_f32((decision.wait_ms / 1000.0).clamp(0.0, 5.0));
        let until = Instant::now() + wait;
        while let Some(left) = until.checked_duration_since(Instant::now()).filter(|d| !d.is_zero()) {
            if self.main().order().is_none_or(|o| o.epoch != at.epoch) {
                break;
            }
            self.main().wait(left.min(LOOK));
        }
        // A rendition that has just failed is not tried again at once.
        let most = if at.trouble.failures > 0 { at.last.unwrap_or(cap) } else { cap };
        self.shared.permitted(ladder, decision.rendition.min(cap).min(most))
    }

    /// Demultiplexes, decrypts, and hands over to the buffers.
    fn deliver(
        &self,
        at: &mut Cursor,
        rendition: usize,
        list: &Playlist,
        segment: &Segment,
        bytes: Vec<u8>,
        init: Option<&InitSegment>,
    ) -> Result<Outcome, Error> {
        let ladder = &at.ladders[at.period];
        let shared = &self.shared;
        let kinds: Vec<TrackKind> = self.buffers.iter().map(|(kind, _)| *kind).collect();
        let domain = match shared.title.presentation().format {
            Format::Hls => list.stretch(at.segment),
            Format::Dash => (ladder.period, ladder.set),
        };
        let expected = i64::try_from(segment.start_us).unwrap_or(0).saturating_mul(1000);
        let shift = |first: i64| {
            let shift = shared.shifts.of(domain, segment.start_us, first);
            // Only a transport stream's clock wraps.
            if init.is_some() { shift } else { shift + ts::wraps(first + shift, expected) }
        };
        let mut chunks = match init {
            Some(init) => init.read_segment(bytes, &segment.resource, &kinds, &shared.keys, &shared.verifier, shift)?,
            None if packed::is_packed(&bytes) => vec![packed::read(bytes, &segment.resource.url, expected, shift)?],
            None => ts::read(bytes, &segment.resource.url, &kinds, shift)?,
        };
        let place = place(ladder, rendition);
        // The picture last: with it the pipeline is built of what is there.
        for (kind, buffer) in self.buffers.iter().rev() {
            let Some(i) = chunks.iter().position(|c| c.format.track.kind == *kind) else { continue };
            let chunk: Chunk = chunks.swap_remove(i);
            let note = Note::Chunk {
                kind: *kind,
                place,
                start: chunk.start(),
                end: chunk.end(),
                format: chunk.format.clone(),
                encrypted: chunk.key_id.is_some(),
                buffer_ms: (buffer.ahead(shared.position()) / 1_000_000) as u64,
            };
            if !buffer.deliver(at.epoch, chunk) {
                return Ok(Outcome::Abandoned);
            }
            shared.note(note);
        }
        at.segment += 1;
        Ok(Outcome::Delivered)
    }
}

pub(super) fn place(ladder: &Ladder, rendition: usize) -> (usize, usize, usize) {
    (ladder.period, ladder.set, ladder.renditions.get(rendition).copied().unwrap_or(0))
}

/// Media time to presentation time, per stretch of continuous timestamps, the same for all tracks of HLS.
#[derive(Default)]
pub(super) struct Shifts(Mutex<HashMap<(usize, usize), i64>>);

impl Shifts {
    /// What media of this stretch is shifted by, if some has come.
    pub(super) fn known(&self, domain: (usize, usize)) -> Option<i64> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(&domain).copied()
    }

    /// Nanoseconds to add. A manifest's own rounding, and pictures that start a little late, are no shift.
    pub(super) fn of(&self, domain: (usize, usize), start_us: u64, first: i64) -> i64 {
        let mut shifts = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *shifts.entry(domain).or_insert_with(|| {
            let shift = i64::try_from(start_us).unwrap_or(0).saturating_mul(1000).saturating_sub(first);
            if shift.abs() < 1_000_000_000 { 0 } else { shift }
        })
    }
}
