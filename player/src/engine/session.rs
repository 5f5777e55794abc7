//! One title from load to end: builds the pipeline when the first media is there, holds it while the buffer is dry, jumps, changes tracks,
//! and counts.

use super::open::{Opened, Opening};
use super::pipeline::{AUDIO_DECODER, AUDIO_SINK, Pipeline, Plan, VIDEO_DECODER, VIDEO_SINK};
use super::shared::{Live, Shared};
use super::track::TrackBuffer;
use super::{Control, Note, fetcher};
use crate::fetch::Stop;
use crate::media::prepare::{Format, scheme_name};
use crate::media::verify;
use crate::player::Listeners;
use crate::title::{Place, select};
use crate::{Command, Error, Event, LoadRequest, PlayerConfig, Summary, VideoOutput};
use hearth_isobmff::TrackKind;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Sender;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// Media ahead of the picture below which the buffer counts as dry, ns.
const DRY: i64 = 120_000_000;
/// No new picture for so long, with no more than so much ahead (ns), is a dry buffer too.
const STILL: Duration = Duration::from_millis(300);
const HELD: i64 = 1_000_000_000;
/// Longest wait for a picture after media was there, before the next decoder is tried.
const PICTURE: Duration = Duration::from_secs(8);
/// Between two position events.
const REPORT: Duration = Duration::from_millis(250);

/// What a session is made with.
pub(super) struct Setting {
    pub(super) config: Arc<PlayerConfig>,
    pub(super) video: Arc<dyn VideoOutput>,
    pub(super) number: u64,
    /// When the viewer asked.
    pub(super) asked: Instant,
}

/// A jump that waits for its first picture.
struct Jump {
    asked: Instant,
    /// None: of our own, not to be reported.
    report: bool,
    issued: Instant,
}

/// See the module.
pub(super) struct Session {
    setting: Setting,
    listeners: Listeners,
    notes: Sender<Control>,
    stop: Arc<Stop>,
    live: Arc<Live>,
    opened: Option<Opened>,
    /// Formats of the first chunks, by track.
    formats: Vec<(TrackKind, Arc<Format>)>,
    pipeline: Option<Pipeline>,
    /// Decoders that have failed: video, audio.
    skip: (usize, usize),
    started: bool,
    built: Instant,
    paused: bool,
    stalled: Option<Instant>,
    jump: Option<Jump>,
    /// The latest jump asked for while another one is under way.
    next_jump: Option<(u64, bool, Instant)>,
    /// Position at the last look, ns, and since when it has been there.
    moved: (i64, Instant),
    over: bool,
    last_report: Instant,
    /// Video rendition of the last chunk, and of each stretch of time: start and end in ns.
    rendition: Option<Place>,
    stretches: Vec<(i64, i64, Place)>,
    accounted_us: u64,
    complaints: u64,
    summary: Summary,
}

impl Session {
    /// Opens `request` on other threads.
    pub(super) fn start(setting: Setting, request: LoadRequest, notes: Sender<Control>, listeners: Listeners) -> Self {
        let (stop, live) = (Arc::new(Stop::default()), Arc::new(Live::default()));
        live.position.store(request.start_us as i64 * 1000, Relaxed);
        live.max_height.store(request.max_height.unwrap_or(0), Relaxed);
        let complaints = verify::complaints();
        Opening {
            config: setting.config.clone(),
            request,
            stop: stop.clone(),
            live: live.clone(),
            notes: notes.clone(),
            number: setting.number,
            started: setting.asked,
        }
        .spawn();
        let (now, summary) = (Instant::now(), Summary { protection: "none".into(), ..Summary::default() });
        Self {
            setting,
            listeners,
            notes,
            stop,
            live,
            opened: None,
            formats: Vec::new(),
            pipeline: None,
            skip: (0, 0),
            started: false,
            built: now,
            paused: false,
            stalled: None,
            jump: None,
            next_jump: None,
            moved: (0, now),
            over: false,
            last_report: now,
            rendition: None,
            stretches: Vec::new(),
            accounted_us: 0,
            complaints,
            summary,
        }
    }

    /// What a thread reports.
    pub(super) fn note(&mut self, note: Note) {
        match note {
            Note::Opened(opened) => self.opened(*opened),
            Note::Chunk { kind, place, end, start, format, encrypted, buffer_ms } => {
                if encrypted && let Some(p) = format.track.protection.as_ref().or(format.track.key_groups.first()) {
                    self.summary.protection = scheme_name(p.scheme).into();
                }
                if kind == TrackKind::Video {
                    self.switched(place, start, end, buffer_ms);
                }
                if !self.formats.iter().any(|(k, _)| *k == kind) {
                    self.formats.push((kind, format));
                }
                if let Err(error) = self.build() {
                    self.fail(&error);
                }
            }
            Note::Fresh(pts_us) => self.fresh(pts_us),
            Note::EndOfStream => self.ended(),
            Note::Element(source, what) => self.element(&source, what),
            Note::Failed(error) => self.fail(&error),
        }
    }

    /// What the viewer wants.
    pub(super) fn command(&mut self, command: Command) {
        match command {
            Command::Play => self.pause(false),
            Command::Pause => self.pause(true),
            Command::Seek { position_us, exact } => self.seek(position_us, exact),
            Command::SelectAudio { id } => self.select_audio(&id),
            Command::LimitHeight { max_height } => self.live.max_height.store(max_height.unwrap_or(0), Relaxed),
            Command::Stop => self.over = true,
        }
    }

    /// Looks after the buffers; true when it is over.
    pub(super) fn tick(&mut self) -> bool {
        if self.over {
            return true;
        }
        self.sound_only();
        self.watch_buffer();
        self.watch_picture();
        if self.last_report.elapsed() >= REPORT && self.started {
            self.last_report = Instant::now();
            self.account();
            let position = self.live.position.load(Relaxed);
            if let Some(opened) = &self.opened {
                opened.buffers.iter().for_each(|(_, b)| b.trim(position, false));
            }
            let (position_us, buffer_ms) = (position.max(0) as u64 / 1000, (self.ahead().max(0) / 1_000_000) as u64);
            self.send(&Event::Position { position_us, buffer_ms, paused: self.paused });
        }
        self.over
    }

    /// Stops everything; what it was like.
    pub(super) fn stop(mut self) -> Summary {
        self.account();
        self.stop.stop();
        if let Some(stalled) = self.stalled.take() {
            self.summary.stalled_ms += stalled.elapsed().as_millis() as u64;
        }
        if let Some(pipeline) = self.pipeline.take() {
            self.summary.decoder = pipeline.decoder.clone();
        }
        if let Some(opened) = &self.opened {
            opened.buffers.iter().for_each(|(_, b)| b.close());
            self.summary.estimate_kbps = opened.shared.estimate();
        }
        self.summary.frames_presented = self.live.presented.load(Relaxed);
        self.summary.frames_dropped = self.live.dropped.load(Relaxed);
        self.summary.played_ms = self.live.played_us.load(Relaxed) / 1000;
        self.summary.bytes = self.live.bytes.load(Relaxed);
        self.summary.decode_errors += verify::complaints().saturating_sub(self.complaints);
        self.summary.copy_path = self.setting.video.copy_path().as_str().into();
        std::mem::take(&mut self.summary)
    }

    fn send(&self, event: &Event) {
        self.listeners.send(event);
    }

    fn fail(&mut self, error: &Error) {
        if !self.over {
            tracing::error!(%error, code = error.code(), "playback ends");
            self.send(&Event::Error(error.into()));
            self.over = true;
        }
    }

    fn opened(&mut self, opened: Opened) {
        let tracks = select::tracks(&opened.shared.title.presentation, opened.video.as_ref(), opened.audio.as_ref());
        self.send(&Event::Tracks { tracks });
        self.opened = Some(opened);
        if let Err(error) = self.build() {
            self.fail(&error);
        }
    }

    /// Builds the pipeline once the first chunk of every track is there.
    fn build(&mut self) -> Result<(), Error> {
        let Some(opened) = self.opened.as_ref().filter(|_| self.pipeline.is_none()) else { return Ok(()) };
        let format = |kind: TrackKind| self.formats.iter().find(|(k, _)| *k == kind).map(|(_, f)| f.clone());
        let mut tracks = Vec::new();
        for (kind, buffer) in &opened.buffers {
            match format(*kind) {
                Some(format) => tracks.push((format, buffer.clone())),
                // Sound in the video's segments comes with the first of them, or there is none.
                None if opened.muxed && *kind == TrackKind::Audio && format(TrackKind::Video).is_some() => (),
                None => return Ok(()),
            }
        }
        let plan = Plan {
            config: &self.setting.config,
            output: &*self.setting.video,
            tracks: &tracks,
            skip: self.skip,
            start: self.live.position.load(Relaxed),
            live: self.live.clone(),
            notes: self.notes.clone(),
            number: self.setting.number,
        };
        self.built = Instant::now();
        self.pipeline = Some(Pipeline::build(&plan, !self.paused)?);
        Ok(())
    }

    /// The first picture after a start or a jump.
    fn fresh(&mut self, pts_us: u64) {
        self.live.position.store(pts_us as i64 * 1000, Relaxed);
        (self.built, self.moved.1) = (Instant::now(), Instant::now());
        if !self.started {
            self.started = true;
            let first_frame_ms = self.setting.asked.elapsed().as_millis() as u64;
            self.summary.first_frame_ms = Some(first_frame_ms);
            let (width, height) = (self.live.width.load(Relaxed), self.live.height.load(Relaxed));
            let (duration_us, protection) = (self.duration(), self.summary.protection.clone());
            self.send(&Event::Started { first_frame_ms, duration_us, width, height, protection });
            self.warm_up();
        } else if let Some(jump) = self.jump.take().filter(|j| j.report && self.next_jump.is_none()) {
            self.send(&Event::Seeked { position_us: pts_us, took_ms: jump.asked.elapsed().as_millis() as u64 });
        }
        self.jump = None;
        self.live.playing.store(!self.paused && self.stalled.is_none(), Relaxed);
        if let Some((position_us, exact, asked)) = self.next_jump.take() {
            self.jump_to(position_us, exact, asked);
        }
    }

    /// Audio alone has no pictures: its first sound counts.
    fn sound_only(&mut self) {
        let Some(opened) = self.opened.as_ref().filter(|o| o.video.is_none()) else { return };
        let Some(position) = self.pipeline.as_ref().and_then(Pipeline::position) else { return };
        let (last, moved) = (self.live.position.load(Relaxed), opened.buffers.iter().any(|(_, b)| b.ahead(position) > 0));
        if self.jump.is_none() && self.started {
            self.live.position.store(position, Relaxed);
            self.live.played_us.fetch_add((position - last).clamp(0, 1_000_000_000) as u64 / 1000, Relaxed);
        } else if moved && position > 0 {
            self.fresh(position as u64 / 1000);
        }
    }

    fn duration(&self) -> Option<u64> {
        let opened = self.opened.as_ref()?;
        let title = &opened.shared.title;
        let of_list = || {
            let ladder = opened.video.as_ref().or(opened.audio.as_ref())?;
            let lists = ladder.renditions.iter().filter_map(|r| title.known((ladder.period, ladder.set, *r)));
            lists.map(|l| l.end_us()).max()
        };
        title.presentation.duration_us.or_else(of_list)
    }

    /// Segment lists of the other renditions, now that the first picture is there.
    fn warm_up(&self) {
        let Some(opened) = &self.opened else { return };
        let (shared, stop) = (opened.shared.clone(), self.stop.clone());
        let ladders: Vec<_> = opened.video.clone().into_iter().collect();
        let work = move || fetcher::warm_up(&shared, &ladders, &stop);
        if let Err(error) = std::thread::Builder::new().name("warm-up".into()).spawn(work) {
            tracing::warn!(%error, "no thread to warm up");
        }
    }

    /// Media ahead of the picture over all tracks, ns; a track that is complete does not limit it.
    fn ahead(&self) -> i64 {
        let position = self.live.position.load(Relaxed);
        let Some(opened) = &self.opened else { return 0 };
        let playing = opened.buffers.iter().filter(|(k, _)| self.formats.iter().any(|(f, _)| f == k));
        let ahead = playing.map(|(_, b)| (b.ahead(position), b.is_complete()));
        let (least, most) =
            ahead.fold((i64::MAX, 0), |(least, most), (ns, done)| (if done { least } else { least.min(ns) }, most.max(ns)));
        if least == i64::MAX { most } else { least }
    }

    fn is_complete(&self) -> bool {
        self.opened.as_ref().is_some_and(|o| {
            o.buffers.iter().filter(|(k, _)| self.formats.iter().any(|(f, _)| f == k)).all(|(_, b)| b.is_complete())
        })
    }

    /// Why one of the tracks has come to its end too early.
    fn failure(&self) -> Option<Error> {
        self.opened.as_ref()?.buffers.iter().find_map(|(_, b)| b.failure())
    }

    /// Holds the pipeline while the buffer is dry.
    fn watch_buffer(&mut self) {
        if self.pipeline.is_none() || self.paused || !self.started || self.jump.is_some() {
            return;
        }
        let (ahead, complete) = (self.ahead(), self.is_complete());
        let position = self.live.position.load(Relaxed);
        if position != self.moved.0 {
            self.moved = (position, Instant::now());
        }
        // A decoder may hold its last pictures back until more comes: then the buffer is as good as dry.
        let still = self.moved.1.elapsed() > STILL && ahead < HELD;
        match self.stalled {
            None if (ahead < DRY || still) && !complete => {
                if let Some(error) = self.failure() {
                    return self.fail(&error);
                }
                tracing::info!(ahead, "the buffer is dry");
                self.stalled = Some(Instant::now());
                self.summary.stalls += 1;
                self.live.playing.store(false, Relaxed);
                self.live.starved.store(true, Relaxed);
                self.set_playing(false);
            }
            Some(since) if complete || ahead >= self.setting.config.resume_ms as i64 * 1_000_000 => {
                self.stalled = None;
                let duration_ms = since.elapsed().as_millis() as u64;
                self.summary.stalled_ms += duration_ms;
                let position_us = self.live.position.load(Relaxed).max(0) as u64 / 1000;
                self.send(&Event::Stall { position_us, duration_ms });
                self.live.playing.store(true, Relaxed);
                self.set_playing(true);
            }
            Some(_) => {
                if let Some(error) = self.failure() {
                    self.fail(&error);
                }
            }
            None => (),
        }
    }

    /// Before the first picture a failure ends it at once; where media is there and no picture comes, the next decoder is tried.
    fn watch_picture(&mut self) {
        let waiting = !self.started || self.jump.is_some();
        let failure = self.failure();
        // A track that has nothing to show meanwhile.
        let position = self.live.position.load(Relaxed);
        let buffers = self.opened.iter().flat_map(|o| &o.buffers);
        let empty = buffers.filter(|(_, b)| b.ahead(position) < DRY).find_map(|(_, b)| b.failure());
        if waiting && let Some(error) = empty {
            return self.fail(&error);
        }
        let overdue = |since: Instant| since.elapsed() > PICTURE && (self.ahead() > 2_000_000_000 || failure.is_some());
        let since = self.jump.as_ref().map_or(self.built, |j| j.issued);
        if waiting && self.pipeline.is_some() && overdue(since) {
            let error = Error::NoPicture(format!("in {} s", PICTURE.as_secs()));
            self.next_decoder(true, error);
        }
    }

    fn set_playing(&mut self, playing: bool) {
        self.moved.1 = Instant::now();
        if let Some(error) = self.pipeline.as_ref().and_then(|p| p.play(playing).err()) {
            self.fail(&error);
        }
    }

    fn pause(&mut self, paused: bool) {
        if std::mem::replace(&mut self.paused, paused) == paused {
            return;
        }
        if self.stalled.is_none() {
            self.set_playing(!paused);
        }
        if paused && let Some(since) = self.stalled.take() {
            self.summary.stalled_ms += since.elapsed().as_millis() as u64;
        }
        self.live.playing.store(!paused && self.started && self.jump.is_none(), Relaxed);
        self.last_report -= REPORT;
    }

    fn seek(&mut self, position_us: u64, exact: bool) {
        if self.jump.is_some() || !self.started {
            // Only the last of a burst counts; the one under way is not undone.
            self.next_jump = Some((position_us, exact, Instant::now()));
        } else {
            self.jump_to(position_us, exact, Instant::now());
        }
    }

    fn jump_to(&mut self, position_us: u64, exact: bool, asked: Instant) {
        let last = self.duration().map_or(u64::MAX, |d| d.saturating_sub(100_000));
        let wanted = position_us.min(last);
        let target = i64::try_from(wanted).unwrap_or(i64::MAX / 1000).saturating_mul(1000);
        let target = if exact { target } else { self.key_frame(target) };
        self.jump_ns(target, asked, true);
    }

    fn jump_ns(&mut self, target: i64, asked: Instant, report: bool) {
        if let Some(since) = self.stalled.take() {
            self.summary.stalled_ms += since.elapsed().as_millis() as u64;
        }
        self.account();
        let Some(pipeline) = &self.pipeline else { return };
        self.live.playing.store(false, Relaxed);
        self.live.position.store(target, Relaxed);
        self.jump = Some(Jump { asked, report, issued: Instant::now() });
        let result = pipeline.seek(target).and_then(|()| pipeline.play(!self.paused));
        if let Err(error) = result {
            self.fail(&error);
        }
    }

    /// The key frame at or before `target` (ns): in the buffer, or the start of the segment that is still to be fetched.
    fn key_frame(&self, target: i64) -> i64 {
        let Some(opened) = &self.opened else { return target };
        let video = opened.buffers.iter().find(|(k, _)| *k == TrackKind::Video).map(|(_, b)| b);
        let buffered = video.and_then(|b: &Arc<TrackBuffer>| b.key_frame(target));
        let of_list = || {
            let ladder = opened.video.as_ref()?;
            let list = ladder.renditions.iter().find_map(|r| opened.shared.title.known((ladder.period, ladder.set, *r)))?;
            let segment = list.segments.get(list.at(target.max(0) as u64 / 1000))?;
            Some(segment.start_us as i64 * 1000)
        };
        buffered.or_else(of_list).unwrap_or(target).clamp(0, target.max(0))
    }

    fn select_audio(&mut self, id: &str) {
        let Some(opened) = self.opened.as_mut().filter(|o| !o.muxed) else { return };
        let presentation = &opened.shared.title.presentation;
        let decoders = &self.setting.config.decoders;
        let audio = select::audio(presentation, 0, opened.video.as_ref(), Some(id), None, decoders);
        let found = audio.as_ref().is_some_and(|a| presentation.periods[0].tracks[a.set].id == id);
        if !found || audio == opened.audio {
            return tracing::warn!(id, "no such audio track, or playing already");
        }
        opened.audio = audio;
        *opened.choice.lock().unwrap_or_else(PoisonError::into_inner) = Some(id.to_owned());
        let position = self.live.position.load(Relaxed);
        for (_, buffer) in opened.buffers.iter().filter(|(k, _)| *k == TrackKind::Audio) {
            buffer.restart(position);
        }
        let tracks = select::tracks(presentation, opened.video.as_ref(), opened.audio.as_ref());
        self.send(&Event::Tracks { tracks });
        if self.started {
            self.jump_ns(position, Instant::now(), false);
        }
    }

    fn ended(&mut self) {
        if !self.over {
            self.account();
            self.count_lost_end();
            self.send(&Event::Ended);
            self.over = true;
        }
    }

    /// Pictures at the very end that were never shown.
    fn count_lost_end(&self) {
        let video = self.opened.as_ref().and_then(|o| o.buffers.iter().find(|(k, _)| *k == TrackKind::Video));
        let shown = self.live.shown_until.load(Relaxed);
        let lost = video.map_or(0, |(_, b)| b.samples_after(shown));
        self.live.dropped.fetch_add(lost as u64, Relaxed);
    }

    /// An element failed.
    fn element(&mut self, source: &str, what: String) {
        if self.over {
            return;
        }
        tracing::warn!(source, what, "element");
        if source.contains(VIDEO_DECODER) {
            self.next_decoder(true, Error::Decoder(what));
        } else if source.contains(AUDIO_DECODER) {
            self.next_decoder(false, Error::AudioDecoder(what));
        } else if source.contains(AUDIO_SINK) {
            self.fail(&Error::AudioOutput(what));
        } else if source.contains(VIDEO_SINK) {
            self.fail(&Error::VideoOutput(what));
        } else {
            self.fail(&Error::Decoder(format!("{source}: {what}")));
        }
    }

    /// Builds the pipeline anew at the present position with the next decoder of the list, or ends with `error`.
    fn next_decoder(&mut self, video: bool, error: Error) {
        self.summary.decode_errors += 1;
        if video {
            self.skip.0 += 1
        } else {
            self.skip.1 += 1
        };
        self.pipeline = None;
        self.jump = Some(Jump { asked: Instant::now(), report: false, issued: Instant::now() }).filter(|_| self.started);
        match self.build() {
            Ok(()) => tracing::warn!(%error, "trying the next decoder"),
            Err(_) => self.fail(&error),
        }
    }

    /// A video chunk of `place` is in the buffer.
    fn switched(&mut self, place: Place, start: i64, end: i64, buffer_ms: u64) {
        self.stretches.push((start, end, place));
        let Some(opened) = &self.opened else { return };
        let shared: &Shared = &opened.shared;
        let (Ok(to), before) = (shared.title.rendition(place), self.rendition.replace(place)) else { return };
        let Some(from) = before.filter(|b| *b != place).and_then(|b| shared.title.rendition(b).ok()) else { return };
        self.summary.switches += 1;
        let event = Event::Switch {
            position_us: start.max(0) as u64 / 1000,
            from: from.id.clone(),
            to: to.id.clone(),
            bandwidth: to.bandwidth,
            height: to.height.unwrap_or(0),
            estimate_kbps: shared.estimate().unwrap_or(0),
            buffer_ms,
        };
        self.send(&event);
    }

    /// Adds what was played since the last call to the rendition that is on the screen.
    fn account(&mut self) {
        let played = self.live.played_us.load(Relaxed);
        let new_ms = (played - self.accounted_us) / 1000;
        self.accounted_us += new_ms * 1000;
        let position = self.live.position.load(Relaxed);
        let on_screen =
            self.stretches.iter().rev().find(|(start, end, _)| (*start..*end).contains(&position)).or(self.stretches.last());
        let id = on_screen.and_then(|(.., place)| Some(self.opened.as_ref()?.shared.title.rendition(*place).ok()?.id.clone()));
        let Some(id) = id.filter(|_| new_ms > 0) else { return };
        match self.summary.renditions.iter_mut().find(|(known, _)| *known == id) {
            Some((_, ms)) => *ms += new_ms,
            None => self.summary.renditions.push((id, new_ms)),
        }
    }
}
