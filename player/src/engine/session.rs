//! One title from load to end: builds the pipeline when the first media is there, holds it while the buffer is dry, jumps, changes tracks,
//! and counts.

use super::jump::Jump;
use super::loudness::Loudness;
use super::open::{Opened, Opening};
use super::pipeline::{Pipeline, Plan};
use super::shared::{Live, Shared};
use super::{Control, Note, Said, ladder};
use crate::fetch::Stop;
use crate::media::prepare::{Format, scheme_name};
use crate::media::verify;
use crate::player::Listeners;
use crate::title::Place;
use crate::{Command, Error, Event, LoadRequest, PlayerConfig, PlayerState, Summary, VideoOutput};
use hearth_isobmff::TrackKind;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// Between two position events.
const REPORT: Duration = Duration::from_millis(250);

/// What a session is made with.
pub(super) struct Setting {
    pub(super) config: Arc<PlayerConfig>,
    pub(super) video: Arc<dyn VideoOutput>,
    pub(super) number: u64,
    /// When the viewer asked.
    pub(super) asked: Instant,
    pub(super) loudness: Loudness,
}

/// See the module.
pub(super) struct Session {
    pub(super) setting: Setting,
    pub(super) listeners: Listeners,
    pub(super) notes: Sender<Control>,
    pub(super) stop: Arc<Stop>,
    pub(super) live: Arc<Live>,
    pub(super) opened: Option<Opened>,
    /// Formats of the first chunks, by track.
    pub(super) formats: Vec<(TrackKind, Arc<Format>)>,
    pub(super) pipeline: Option<Pipeline>,
    /// How many were built.
    pub(super) pipelines: u64,
    /// Decoders that have failed.
    pub(super) failed: Vec<String>,
    pub(super) started: bool,
    pub(super) built: Instant,
    pub(super) paused: bool,
    pub(super) stalled: Option<Instant>,
    pub(super) jump: Option<Jump>,
    /// The latest jump asked for while another one is under way.
    pub(super) next_jump: Option<(u64, bool, Instant)>,
    /// Position at the last look, ns, and since when it has been there.
    pub(super) moved: (i64, Instant),
    /// What cannot be had, ns: to be jumped over.
    pub(super) hole: Option<(i64, i64)>,
    /// Last [`Event::Window`].
    pub(super) told_window: Option<(u64, u64)>,
    /// What a preview is wanted of, once one was.
    pub(super) wanted: Option<Arc<super::preview::Wanted>>,
    /// Last [`Event::Captions`].
    pub(super) told_captions: super::text::Due,
    /// [`Event::Decoder`] was sent for this pipeline.
    pub(super) told_decoder: bool,
    /// Last [`Event::State`], and how it ended, once it is over.
    pub(super) told_state: Option<PlayerState>,
    pub(super) outcome: Option<PlayerState>,
    pub(super) last_report: Instant,
    /// Video rendition of the last chunk, and of each stretch of time: start and end in ns.
    pub(super) rendition: Option<Place>,
    pub(super) stretches: Vec<(i64, i64, Place)>,
    pub(super) accounted_us: u64,
    pub(super) complaints: u64,
    pub(super) summary: Summary,
}

impl Session {
    /// Opens `request` on other threads.
    pub(super) fn start(setting: Setting, mut request: LoadRequest, notes: Sender<Control>, listeners: Listeners) -> Self {
        let (stop, live) = (Arc::new(Stop::default()), Arc::new(Live::default()));
        live.position.store(request.start_us as i64 * 1000, Relaxed);
        live.max_height.store(request.max_height.unwrap_or(0), Relaxed);
        live.set_hdcp(setting.config.device.hdcp);
        let session_id = request.session_id.get_or_insert_with(|| uuid::Uuid::new_v4().to_string()).clone();
        listeners.send(&Event::Loading { session_id, content_id: request.content_id.clone() });
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
        let complaints = verify::complaints();
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
            pipelines: 0,
            failed: Vec::new(),
            started: false,
            built: now,
            paused: false,
            stalled: None,
            jump: None,
            next_jump: None,
            moved: (0, now),
            hole: None,
            told_window: None,
            wanted: None,
            told_captions: Default::default(),
            told_decoder: false,
            told_state: None,
            outcome: None,
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
            Note::Pipeline(of, said) if of == self.pipelines => self.said(said),
            Note::Pipeline(..) => (),
            Note::Hole(from, to) => self.hole = Some((from, to)),
            Note::Preview { at_us, still } => {
                self.send(&Event::Preview { at_us, width: still.width, height: still.height, rgb: still.rgb });
            }
            Note::Failed(error) => self.fail(&error),
        }
    }

    fn said(&mut self, said: Said) {
        match said {
            Said::Fresh(pts_us) => self.fresh(pts_us),
            Said::EndOfStream => match self.failure() {
                Some(error) => self.fail(&error),
                None => self.ended(),
            },
            Said::Element(source, what) => self.element(&source, what),
        }
    }

    /// What the viewer wants.
    pub(super) fn command(&mut self, command: Command) {
        match command {
            Command::Play => self.pause(false),
            Command::Pause => self.pause(true),
            Command::Seek { position_us, exact } => self.seek(position_us, exact),
            Command::Preview { position_us } => self.preview(position_us),
            Command::SelectAudio { id } => self.select_audio(&id),
            Command::SelectText { id } => self.select_text(id),
            Command::LimitHeight { max_height } => self.live.max_height.store(max_height.unwrap_or(0), Relaxed),
            Command::SetHdcp { level } => self.set_hdcp(level),
            Command::Stop => self.outcome = Some(PlayerState::Quit),
            // The engine heeds these.
            Command::SetVolume { .. } | Command::SetMute { .. } => (),
        }
    }

    /// Looks after the buffers; true when it is over.
    pub(super) fn tick(&mut self) -> bool {
        if self.is_over() {
            return true;
        }
        self.tell_state();
        self.sound_only();
        self.watch_buffer();
        self.watch_picture();
        self.watch_hole();
        if let Some(opened) = &self.opened {
            Shared::renew_keys(&opened.shared);
        }
        self.tell_captions();
        self.tell_state();
        if self.last_report.elapsed() >= REPORT && self.started {
            self.last_report = Instant::now();
            self.account();
            let position = self.live.position.load(Relaxed);
            if let Some(opened) = &self.opened {
                opened.buffers.iter().for_each(|(_, b)| b.trim(position, false));
            }
            self.tell_window();
            let (position_us, buffer_ms) = self.place();
            let dropped = self.live.dropped.load(Relaxed);
            self.send(&Event::Position { position_us, buffer_ms, paused: self.paused, dropped });
        }
        self.is_over()
    }

    /// Stops everything; what it was like.
    pub(super) fn stop(mut self) -> Summary {
        self.account();
        self.outcome.get_or_insert(PlayerState::Quit);
        self.tell_state();
        self.stop.stop();
        if let Some(stalled) = self.stalled.take() {
            self.summary.stalled_ms += stalled.elapsed().as_millis() as u64;
        }
        if let Some(pipeline) = self.pipeline.take() {
            self.summary.decoder = pipeline.main_decoder().to_owned();
        }
        if let Some(opened) = &self.opened {
            opened.buffers.iter().for_each(|(_, b)| b.close());
            self.summary.estimate_kbps = opened.shared.estimate();
        }
        self.summary.frames_presented = self.live.presented.load(Relaxed);
        self.summary.frames_dropped = self.live.dropped.load(Relaxed);
        self.summary.played_ms = self.live.played_us.load(Relaxed) / 1000;
        self.summary.segments_lost = self.live.lost.load(Relaxed);
        self.summary.bytes = self.live.bytes.load(Relaxed);
        self.summary.decode_errors += verify::complaints().saturating_sub(self.complaints);
        self.summary.copy_path = self.copy_path().as_str().into();
        std::mem::take(&mut self.summary)
    }

    pub(super) fn send(&self, event: &Event) {
        self.listeners.send(event);
    }

    pub(super) fn fail(&mut self, error: &Error) {
        if !self.is_over() {
            tracing::error!(%error, code = error.code(), "playback ends");
            self.send(&Event::Error(error.into()));
            self.outcome = Some(PlayerState::FatalError);
        }
    }

    fn opened(&mut self, opened: Opened) {
        self.send(&Event::Tracks { tracks: opened.tracks() });
        self.opened = Some(opened);
        if let Err(error) = self.build() {
            self.fail(&error);
        }
    }

    /// Builds the pipeline once the first chunk of every track is there.
    pub(super) fn build(&mut self) -> Result<(), Error> {
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
            failed: &self.failed,
            loudness: self.setting.loudness,
            start: self.live.position.load(Relaxed),
            live: self.live.clone(),
            notes: self.notes.clone(),
            number: self.setting.number,
            built: self.pipelines + 1,
        };
        self.pipelines += 1;
        self.built = Instant::now();
        let pipeline = Pipeline::build(&plan, !self.paused)?;
        let limit = self.setting.config.decoders.limits.iter().find(|l| l.element == pipeline.video_decoder);
        self.live.decoder_height.store(limit.map_or(0, |l| l.height), Relaxed);
        self.told_decoder = false;
        self.pipeline = Some(pipeline);
        Ok(())
    }

    /// The first picture after a start or a jump.
    fn fresh(&mut self, pts_us: u64) {
        self.live.position.store(pts_us as i64 * 1000, Relaxed);
        (self.built, self.moved.1) = (Instant::now(), Instant::now());
        self.tell_decoder();
        if !self.started {
            self.started = true;
            let first_frame_ms = self.setting.asked.elapsed().as_millis() as u64;
            self.summary.first_frame_ms = Some(first_frame_ms);
            let (width, height) = (self.live.width.load(Relaxed), self.live.height.load(Relaxed));
            let (duration_us, protection) = (self.duration(), self.summary.protection.clone());
            let (format, live) = self.format();
            self.send(&Event::Started { first_frame_ms, duration_us, width, height, protection, format: format.into(), live });
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

    pub(super) fn duration(&self) -> Option<u64> {
        let opened = self.opened.as_ref()?;
        let title = &opened.shared.title;
        let of_list = || {
            let ladder = opened.video.as_ref().or(opened.audio.as_ref())?;
            let lists = ladder.renditions.iter().filter_map(|r| title.known((ladder.period, ladder.set, *r)));
            lists.filter(|l| l.live.is_none()).map(|l| l.end_us()).max()
        };
        title.presentation().duration_us.or_else(of_list)
    }

    /// Segment lists of the other renditions, now that the first picture is there.
    fn warm_up(&self) {
        let Some(opened) = &self.opened else { return };
        let (shared, stop) = (opened.shared.clone(), self.stop.clone());
        let ladders: Vec<_> = opened.video.clone().into_iter().collect();
        let work = move || ladder::warm_up(&shared, &ladders, &stop);
        if let Err(error) = std::thread::Builder::new().name("warm-up".into()).spawn(work) {
            tracing::warn!(%error, "no thread to warm up");
        }
    }

    pub(super) fn set_playing(&mut self, playing: bool) {
        self.moved.1 = Instant::now();
        if let Some(error) = self.pipeline.as_ref().and_then(|p| p.play(playing).err()) {
            self.fail(&error);
        }
    }

    /// From now on, and for every pipeline that is still to be built.
    pub(super) fn set_loudness(&mut self, loudness: Loudness) {
        self.setting.loudness = loudness;
        self.pipeline.iter().for_each(|p| p.set_loudness(loudness));
    }

    pub(super) fn pause(&mut self, paused: bool) {
        if std::mem::replace(&mut self.paused, paused) == paused {
            return;
        }
        if self.stalled.is_none() {
            self.set_playing(!paused);
        }
        if paused && let Some(since) = self.stalled.take() {
            self.summary.stalled_ms += since.elapsed().as_millis() as u64;
        }
        self.live.paused.store(paused, Relaxed);
        self.live.playing.store(!paused && self.started && self.jump.is_none(), Relaxed);
        self.last_report -= REPORT;
    }

    fn ended(&mut self) {
        if !self.is_over() {
            self.account();
            self.count_lost_end();
            self.clear_captions();
            self.send(&Event::Ended);
            self.outcome = Some(PlayerState::Ended);
        }
    }
}
