//! Playback as the viewer sees it: the overlay, pausing, jumping, track choice, and when to keep the position.

use crate::{
    Config, Direction, Effect, Focus, Id, KeyPhase, Moved, PlayFrom, PlayerCommand, PlayerEvent, RemoteKey, Say, SeekState,
    Track, TrackKind, Zone, button, zone,
};

/// How far playback has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The server is asked for a grant.
    Granting,
    /// The player is loading.
    Loading,
    /// The first picture was shown.
    Running,
}

/// What lies over the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Osd {
    /// Nothing.
    Hidden,
    /// Title, progress bar and tracks; [`Playing::focus`] says which has the focus.
    Shown,
}

/// One playback, from the press of Play to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Playing {
    /// Names the player's events and commands.
    pub session: u32,
    /// What plays.
    pub title: Id,
    /// Where it was to begin.
    pub from: PlayFrom,
    /// How far it has come.
    pub phase: Phase,
    /// Held by the viewer.
    pub paused: bool,
    /// Of the picture on the screen.
    pub position_ms: u64,
    /// Of the whole; 0 while unknown.
    pub duration_ms: u64,
    /// Media ahead of the picture.
    pub buffer_ms: u64,
    /// A jump under way.
    pub seek: Option<SeekState>,
    /// The overlay.
    pub osd: Osd,
    /// Focus in the overlay: [`zone::BAR`] above [`zone::TRACKS`].
    pub focus: Focus,
    /// Sound, then captions, the choice of none among these.
    pub tracks: Vec<Track>,
    touched_ms: u64,
    saved_ms: u64,
    saved_position_ms: Option<u64>,
}

impl Playing {
    pub(crate) fn new(session: u32, title: Id, from: PlayFrom, now_ms: u64, rtl: bool) -> Self {
        Self {
            session,
            title,
            from,
            phase: Phase::Granting,
            paused: false,
            position_ms: 0,
            duration_ms: 0,
            buffer_ms: 0,
            seek: None,
            osd: Osd::Hidden,
            focus: Focus::new(zones(&[]), rtl),
            tracks: Vec::new(),
            touched_ms: now_ms,
            saved_ms: now_ms,
            saved_position_ms: None,
        }
    }

    /// The position to show: the target of a jump, else the picture's.
    pub fn shown_ms(&self) -> u64 {
        self.seek.map_or(self.position_ms, |s| s.target_ms)
    }

    /// No picture moves though the viewer did not hold it: loading, jumping, or the buffer is dry.
    pub fn waiting(&self) -> bool {
        self.phase != Phase::Running
            || self.seek.is_some_and(|s| s.committed_ms.is_some())
            || (!self.paused && self.buffer_ms == 0)
    }

    /// A key that is not about leaving. `repeat` is 0 for a press.
    pub(crate) fn key(&mut self, key: RemoteKey, repeat: u16, now_ms: u64, out: &mut Vec<Effect>) {
        use RemoteKey::*;
        self.touched_ms = now_ms;
        let was_hidden = self.osd == Osd::Hidden;
        let on_bar = was_hidden || self.focus.is(zone::BAR, button::BAR);
        match key {
            PlayPause if repeat == 0 => self.pause(!self.paused, now_ms, out),
            Play if repeat == 0 => self.pause(false, now_ms, out),
            Pause if repeat == 0 => self.pause(true, now_ms, out),
            FastForward => self.jump(true, repeat, now_ms, out),
            Rewind => self.jump(false, repeat, now_ms, out),
            Left | Right if on_bar => self.jump((key == Right) != self.focus.rtl(), repeat, now_ms, out),
            Left => self.arrow(Direction::Left, out),
            Right => self.arrow(Direction::Right, out),
            Up | Down | Ok if was_hidden && repeat == 0 => self.show(out),
            Up if !was_hidden => self.arrow(Direction::Up, out),
            Down if !was_hidden => self.arrow(Direction::Down, out),
            Ok if repeat == 0 && on_bar => match self.seek {
                Some(SeekState { committed_ms: None, .. }) => self.commit(now_ms, out),
                _ => self.pause(!self.paused, now_ms, out),
            },
            Ok if repeat == 0 => self.choose(out),
            Info | Menu if repeat == 0 && was_hidden => self.show(out),
            Info | Menu if repeat == 0 => self.osd = Osd::Hidden,
            Audio | Subtitle if repeat == 0 => {
                self.osd = Osd::Shown;
                self.focus_active_track(if key == Audio { TrackKind::Audio } else { TrackKind::Captions });
                out.push(Effect::Speak(Say::Focus));
            }
            _ => {}
        }
    }

    /// Letting go of a held arrow ends the choosing.
    pub(crate) fn released(&mut self, phase: KeyPhase, now_ms: u64, out: &mut Vec<Effect>) {
        if phase == (KeyPhase::Release { long: true }) && self.seek.is_some_and(|s| s.committed_ms.is_none()) {
            self.commit(now_ms, out);
        }
    }

    fn show(&mut self, out: &mut Vec<Effect>) {
        self.osd = Osd::Shown;
        self.focus.go(zone::BAR, button::BAR);
        out.push(Effect::Speak(Say::Focus));
    }

    fn arrow(&mut self, direction: Direction, out: &mut Vec<Effect>) {
        let before = self.focus.zone_index();
        if self.focus.step(direction) == Moved::Edge {
            return;
        }
        if self.focus.zone_index() != before && self.focus.find(zone::TRACKS).is_some_and(|z| Some(z) == self.focus.zone()) {
            self.focus_active_track(TrackKind::Audio);
        }
        out.push(Effect::Speak(Say::Focus));
    }

    /// The focus goes to what is in use of `kind`, or to what there is.
    fn focus_active_track(&mut self, kind: TrackKind) {
        let active = self.tracks.iter().find(|t| t.active && t.kind == kind);
        if let Some(track) = active.or(self.tracks.iter().find(|t| t.kind == kind)).or(self.tracks.first()) {
            self.focus.go(zone::TRACKS, &track.id);
        }
    }

    fn choose(&mut self, out: &mut Vec<Effect>) {
        let Some(id) = self.focus.at().map(|(_, item)| item.clone()) else { return };
        let Some(kind) = self.tracks.iter().find(|t| t.id == id).map(|t| t.kind) else { return };
        self.tracks.iter_mut().filter(|t| t.kind == kind).for_each(|t| t.active = t.id == id);
        let command = match kind {
            TrackKind::Audio => PlayerCommand::SelectAudio(id),
            TrackKind::Captions => PlayerCommand::SelectText(Some(id).filter(|id| **id != *Track::NONE)),
        };
        self.command(command, out);
        out.push(Effect::Speak(Say::Focus));
    }

    fn pause(&mut self, paused: bool, now_ms: u64, out: &mut Vec<Effect>) {
        self.osd = Osd::Shown;
        if self.paused != paused {
            self.paused = paused;
            // Before the grant there is no player to tell; it is told when it is loaded.
            if self.phase != Phase::Granting {
                self.command(if paused { PlayerCommand::Pause } else { PlayerCommand::Play }, out);
            }
            if paused {
                self.save(false, now_ms, out);
            }
        }
        out.push(Effect::Speak(if paused { Say::Paused } else { Say::Playing }));
    }

    fn jump(&mut self, ahead: bool, repeat: u16, now_ms: u64, out: &mut Vec<Effect>) {
        if self.phase != Phase::Running {
            return;
        }
        self.osd = Osd::Shown;
        self.focus.go(zone::BAR, button::BAR);
        self.seek = Some(SeekState::step(self.shown_ms(), ahead, repeat, self.duration_ms, now_ms));
        if repeat == 0 {
            out.push(Effect::Speak(Say::Seek));
        }
    }

    fn commit(&mut self, now_ms: u64, out: &mut Vec<Effect>) {
        if let Some(seek) = &mut self.seek {
            seek.committed_ms = Some(now_ms);
            let position_ms = seek.target_ms;
            self.command(PlayerCommand::Seek { position_ms }, out);
            out.push(Effect::Speak(Say::Seek));
        }
    }

    pub(crate) fn command(&self, command: PlayerCommand, out: &mut Vec<Effect>) {
        out.push(Effect::Player { session: self.session, command });
    }

    /// The grant came.
    pub(crate) fn granted(&mut self, resume_ms: Option<u64>, duration_ms: u64, out: &mut Vec<Effect>) {
        if self.phase != Phase::Granting {
            return;
        }
        self.phase = Phase::Loading;
        self.duration_ms = duration_ms;
        let start_ms = match self.from {
            PlayFrom::Resume => resume_ms.unwrap_or(0),
            PlayFrom::Start => 0,
            PlayFrom::At { position_ms } => position_ms.min(duration_ms),
        };
        self.position_ms = start_ms;
        out.push(Effect::LoadPlayer { session: self.session, title: self.title.clone(), start_ms });
        if self.paused {
            self.command(PlayerCommand::Pause, out);
        }
    }

    /// All events but the end and failures, which the application handles.
    pub(crate) fn event(&mut self, event: PlayerEvent, now_ms: u64) {
        match event {
            PlayerEvent::Started { duration_ms } => {
                self.phase = Phase::Running;
                self.duration_ms = duration_ms.filter(|d| *d > 0).unwrap_or(self.duration_ms);
                (self.saved_ms, self.touched_ms) = (now_ms, now_ms);
                self.saved_position_ms = None;
                // Nothing is known of the buffer until the first position; the picture moves.
                self.buffer_ms = self.buffer_ms.max(1);
            }
            PlayerEvent::Position { position_ms, buffer_ms, .. } => {
                // During a jump the player still reports the old place. Whether it is paused is the viewer's word: a report
                // that crossed the command on its way must not flip it back.
                (self.position_ms, self.buffer_ms) = (position_ms, buffer_ms);
            }
            PlayerEvent::Tracks(mut tracks) => {
                offer_none(&mut tracks);
                self.focus.set_zones(zones(&tracks));
                self.tracks = tracks;
            }
            PlayerEvent::Seeked { position_ms } => {
                self.position_ms = position_ms;
                if self.seek.is_some_and(|s| s.committed_ms.is_some()) {
                    self.seek = None;
                    self.touched_ms = now_ms;
                }
            }
            PlayerEvent::Failed(_) | PlayerEvent::Ended => {}
        }
    }

    pub(crate) fn tick(&mut self, now_ms: u64, config: &Config, out: &mut Vec<Effect>) {
        match self.seek {
            Some(SeekState { committed_ms: None, pressed_ms, .. }) if now_ms >= pressed_ms + config.seek_commit_ms => {
                self.commit(now_ms, out);
            }
            // The player owes an answer; without one the position it reports is shown again.
            Some(SeekState { committed_ms: Some(at), .. }) if now_ms >= at + config.seek_lost_ms => self.seek = None,
            _ => {}
        }
        if self.hides_ms(config).is_some_and(|at| now_ms >= at) {
            self.osd = Osd::Hidden;
            self.focus.go(zone::BAR, button::BAR);
        }
        if self.saves_ms(config).is_some_and(|at| now_ms >= at) {
            self.save(false, now_ms, out);
        }
    }

    /// When the next tick matters.
    pub(crate) fn wake_ms(&self, config: &Config) -> Option<u64> {
        let seek = self.seek.map(|s| s.committed_ms.map_or(s.pressed_ms + config.seek_commit_ms, |at| at + config.seek_lost_ms));
        [seek, self.hides_ms(config), self.saves_ms(config)].into_iter().flatten().min()
    }

    /// The overlay stays while the viewer holds the picture or chooses a place.
    fn hides_ms(&self, config: &Config) -> Option<u64> {
        let stays = self.osd == Osd::Hidden || self.paused || self.seek.is_some() || self.phase != Phase::Running;
        (!stays).then_some(self.touched_ms + config.osd_hide_ms)
    }

    fn saves_ms(&self, config: &Config) -> Option<u64> {
        (self.phase == Phase::Running && !self.paused).then_some(self.saved_ms + config.save_every_ms)
    }

    /// Where the viewer is, for the server. Nothing before the first picture, and nothing that is there already.
    pub(crate) fn save(&mut self, last: bool, now_ms: u64, out: &mut Vec<Effect>) -> bool {
        self.saved_ms = now_ms;
        let position_ms = self.position_ms.min(self.duration_ms);
        let known = self.saved_position_ms == Some(position_ms) && !last;
        if self.phase != Phase::Running || self.duration_ms == 0 || known {
            return false;
        }
        self.saved_position_ms = Some(position_ms);
        let (title, duration_ms) = (self.title.clone(), self.duration_ms);
        out.push(Effect::SaveProgress { title, position_ms, duration_ms, last });
        true
    }
}

/// Where there are captions, there is the choice of none.
fn offer_none(tracks: &mut Vec<Track>) {
    if let Some(first) = tracks.iter().position(|t| t.kind == TrackKind::Captions) {
        let active = !tracks.iter().any(|t| t.active && t.kind == TrackKind::Captions);
        let (id, kind) = (Track::NONE.into(), TrackKind::Captions);
        tracks.insert(first, Track { id, kind, label: "Off".into(), language: None, active });
    }
}

fn zones(tracks: &[Track]) -> Vec<Zone> {
    let mut ids: Vec<Id> = Vec::with_capacity(tracks.len());
    for track in tracks {
        if !ids.contains(&track.id) {
            ids.push(track.id.clone());
        }
    }
    vec![Zone::row(zone::BAR, 1, vec![button::BAR.into()]), Zone::row(zone::TRACKS, 4, ids)]
}
