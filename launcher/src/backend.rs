//! The two things the launcher talks to: the server's catalog and the player. Tests put their own in their place.

use hearth_nav::Volume;
use hearth_player::{Command, Event, LoadRequest, Player, PlayerConfig};
use hearth_view::{Delivery, Loader, Request};
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::outputs::{Latest, Output, Outputs};
use crate::platform::{FilmPlane, Waker};

/// The player's number for pictures that cannot be shown.
const VIDEO_OUTPUT: u16 = 4002;

/// Answers requests, sooner or later.
pub trait Server {
    /// Asks; returns at once.
    fn ask(&self, request: Request);
    /// What came since.
    fn poll(&self) -> Vec<Delivery>;
    /// The server that answers, where it is not known from the start.
    fn origin(&self) -> Option<String> {
        None
    }
    /// Waits until all that was asked is done.
    fn finish(self: Box<Self>);
}

impl Server for Loader {
    fn ask(&self, request: Request) {
        Loader::ask(self, request);
    }

    fn poll(&self) -> Vec<Delivery> {
        Loader::poll(self)
    }

    fn finish(self: Box<Self>) {
        Loader::finish(*self);
    }
}

/// Plays films, one at a time; `session` names each.
pub trait Cinema {
    /// Makes ready for a press of Play. Called once there is time: home is shown, with its pictures.
    fn warm(&mut self) {}
    /// Ends what plays and plays this.
    fn load(&mut self, session: u32, request: LoadRequest);
    /// For what plays; ignored for any other session.
    fn send(&mut self, session: u32, command: Command);
    /// So loud from now on, for what plays and for all that will.
    fn set_volume(&mut self, volume: Volume);
    /// What happened since.
    fn poll(&mut self) -> Vec<(u32, Event)>;
}

/// The real player, in this process.
pub struct EngineCinema {
    config: PlayerConfig,
    outputs: Outputs,
    /// Started ahead of time, so that a press of Play does not wait for it.
    spare: Option<(Player, Output)>,
    playing: Option<Playing>,
    volume: Volume,
    /// Players that were given something to play.
    runs: u32,
    events: Receiver<(Run, Event)>,
    sender: Sender<(Run, Event)>,
    wake: Waker,
}

/// A session, and which player of it: one may have to be followed by another.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Run {
    session: u32,
    number: u32,
}

struct Playing {
    run: Run,
    player: Player,
    plane: Option<FilmPlane>,
    /// What the next player of this session would be asked for.
    request: LoadRequest,
    paused: bool,
}

impl EngineCinema {
    /// Pictures go to what `outputs` has for them. `wake` is called for every event.
    pub fn new(outputs: Outputs, config: PlayerConfig, wake: Waker) -> Self {
        let user_agent = concat!("hearth-launcher/", env!("CARGO_PKG_VERSION")).into();
        let config = PlayerConfig { user_agent, ..config };
        let (sender, events) = channel();
        let volume = Volume::default();
        Self { config, outputs, spare: None, playing: None, volume, runs: 0, events, sender, wake }
    }

    /// Where pictures are.
    pub fn latest(&self) -> Latest {
        self.outputs.latest().clone()
    }

    fn player(&self, output: Output) -> (Player, Output) {
        (Player::new(self.config.clone(), output.video.clone()), output)
    }

    /// Plays on `output`, instead of what plays.
    fn run(&mut self, session: u32, request: LoadRequest, paused: bool, output: Output) {
        self.runs += 1;
        let run = Run { session, number: self.runs };
        self.outputs.begin(output.plane.is_some());
        let fits = |spare: &(Player, Output)| match (&spare.1.plane, &output.plane) {
            (Some(one), Some(other)) => one.is(other),
            (one, other) => one.is_none() && other.is_none(),
        };
        let (player, output) = self.spare.take().filter(fits).unwrap_or_else(|| self.player(output));
        self.listen(run, &player);
        tell(&player, self.volume);
        player.load(request.clone());
        if paused {
            player.send(Command::Pause);
        }
        let playing = Playing { run, player, plane: output.plane, request, paused };
        if let Some(old) = self.playing.replace(playing) {
            retire(old.player);
        }
    }

    /// Plays on at the same place on another output.
    fn go_on(&mut self, output: Output) {
        if let Some(Playing { run, request, paused, .. }) = &self.playing {
            let (session, request, paused) = (run.session, request.clone(), *paused);
            self.run(session, request, paused, output);
        }
    }

    /// What is to be known of an event before the launcher has it; none: it is not to have it.
    fn heed(&mut self, run: Run, event: Event) -> Option<(u32, Event)> {
        let Some(playing) = self.playing.as_mut().filter(|p| p.run == run) else {
            // Of the same film, by a player that another has followed.
            let followed = self.playing.as_ref().is_some_and(|p| p.run.session == run.session);
            return (!followed).then_some((run.session, event));
        };
        match &event {
            Event::Error(error) if error.code == VIDEO_OUTPUT && playing.plane.is_some() => {
                tracing::warn!("{}; going on without a plane of the display", error.message);
                let software = self.outputs.software();
                self.go_on(software);
                return None;
            }
            Event::Started { width, height, .. } => {
                let size = playing.plane.as_ref().map(|_| (*width, *height));
                self.outputs.latest().on_plane(size);
            }
            Event::Position { position_us, .. } => playing.request.start_us = *position_us,
            Event::Summary(_) => {
                self.outputs.end();
                self.playing.take().into_iter().for_each(|p| retire(p.player));
            }
            _ => {}
        }
        Some((run.session, event))
    }

    fn listen(&self, run: Run, player: &Player) {
        let (events, sender, wake) = (player.events(), self.sender.clone(), self.wake.clone());
        let forward = move || {
            for event in events {
                if sender.send((run, event)).is_err() {
                    return;
                }
                wake();
            }
        };
        if let Err(e) = std::thread::Builder::new().name(format!("events-{}", run.number)).spawn(forward) {
            tracing::error!("no thread for the player's events: {e}");
        }
    }
}

impl Cinema for EngineCinema {
    fn warm(&mut self) {
        let output = self.outputs.best();
        self.spare = Some(self.player(output));
    }

    fn load(&mut self, session: u32, request: LoadRequest) {
        let output = self.outputs.best();
        self.run(session, request, false, output);
        self.warm();
    }

    fn send(&mut self, session: u32, command: Command) {
        let Some(playing) = self.playing.as_mut().filter(|p| p.run.session == session) else { return };
        match &command {
            Command::Stop => self.outputs.end(),
            Command::Pause => playing.paused = true,
            Command::Play => playing.paused = false,
            Command::Seek { position_us, .. } => playing.request.start_us = *position_us,
            _ => {}
        }
        playing.player.send(command);
    }

    fn set_volume(&mut self, volume: Volume) {
        self.volume = volume;
        self.playing.iter().for_each(|playing| tell(&playing.player, volume));
    }

    fn poll(&mut self) -> Vec<(u32, Event)> {
        // Another display: a film whose plane is no longer there goes on elsewhere.
        if let Some(plane) = self.playing.as_ref().and_then(|p| p.plane.as_ref()) {
            let best = self.outputs.best();
            if !best.plane.as_ref().is_some_and(|b| b.is(plane)) {
                self.go_on(best);
            }
        }
        let events: Vec<_> = self.events.try_iter().collect();
        events.into_iter().filter_map(|(run, event)| self.heed(run, event)).collect()
    }
}

fn tell(player: &Player, volume: Volume) {
    player.send(Command::SetVolume { percent: volume.percent.into() });
    player.send(Command::SetMute { muted: volume.muted });
}

/// Lets a player end without holding up the screen.
fn retire(player: Player) {
    // Without a thread it ends here and now.
    drop(std::thread::Builder::new().name("retire".into()).spawn(move || drop(player)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{Rect, Seat};
    use hearth_player::AudioOutput;
    use std::sync::Arc;
    use std::sync::mpsc::RecvTimeoutError;
    use std::time::Duration;

    #[test]
    fn every_film_begins_as_loud_as_the_last_one_was() {
        let (ring, bell) = channel();
        let wake: Waker = Arc::new(move || ring.send(()).unwrap_or_default());
        let config = PlayerConfig { audio: AudioOutput::None, ..PlayerConfig::default() };
        let outputs = Outputs::new(None, Seat::default(), wake.clone());
        let mut cinema = EngineCinema::new(outputs, config, wake);
        let url = concat!(env!("CARGO_MANIFEST_DIR"), "/selfcheck/selfcheck.mp4").to_owned();
        let heard = |cinema: &mut EngineCinema, session: u32, until: fn(&Event) -> bool| {
            let mut told = Vec::new();
            loop {
                let events = cinema.poll();
                let ours: Vec<Event> = events.into_iter().filter(|(s, _)| *s == session).map(|(_, e)| e).collect();
                told.extend(ours.iter().filter_map(|e| match e {
                    Event::Volume { percent, muted } => Some((*percent, *muted)),
                    _ => None,
                }));
                if ours.iter().any(until) {
                    return told;
                }
                assert_ne!(bell.recv_timeout(Duration::from_secs(30)), Err(RecvTimeoutError::Timeout), "{told:?}");
            }
        };
        let started = |e: &Event| matches!(e, Event::Started { .. });
        cinema.set_volume(Volume { percent: 35, muted: true });
        cinema.load(1, LoadRequest { url: url.clone(), ..LoadRequest::default() });
        assert_eq!(heard(&mut cinema, 1, started).last(), Some(&(35, true)));
        cinema.set_volume(Volume { percent: 20, muted: false });
        let done = heard(&mut cinema, 1, |e| *e == Event::Volume { percent: 20, muted: false });
        assert_eq!(done.last(), Some(&(20, false)), "while it plays");
        cinema.warm();
        cinema.load(2, LoadRequest { url, ..LoadRequest::default() });
        assert_eq!(heard(&mut cinema, 2, started).last(), Some(&(20, false)), "also a player that was made before");
    }

    fn plane(number: u32) -> FilmPlane {
        // What is no display controller takes no pictures.
        let card = Arc::new(std::fs::File::open("/dev/null").expect("a file").into());
        FilmPlane { card, connector: 1, plane: number, scales: true, rect: Rect { x: 0, y: 0, width: 1280, height: 720 } }
    }

    #[test]
    fn a_plane_that_takes_no_pictures_costs_neither_the_film_nor_its_place() {
        let (ring, bell) = channel();
        let wake: Waker = Arc::new(move || ring.send(()).unwrap_or_default());
        let config = PlayerConfig { audio: AudioOutput::None, ..PlayerConfig::default() };
        let seat = Seat::default();
        let mut cinema = EngineCinema::new(Outputs::new(None, seat.clone(), wake.clone()), config, wake);
        seat.offer(Some(plane(7)));
        cinema.warm();
        let url = concat!(env!("CARGO_MANIFEST_DIR"), "/selfcheck/selfcheck.mp4").to_owned();
        cinema.load(1, LoadRequest { url, start_us: 400_000, ..LoadRequest::default() });
        let mut told = Vec::new();
        while !told.iter().any(|e| matches!(e, Event::Ended)) {
            told.extend(cinema.poll().into_iter().map(|(_, e)| e));
            assert!(!told.iter().any(|e| matches!(e, Event::Error(_) | Event::Summary(_))), "{told:?}");
            assert_ne!(bell.recv_timeout(Duration::from_secs(30)), Err(RecvTimeoutError::Timeout), "{told:?}");
            if let Some(frame) = cinema.latest().get().1 {
                assert!(frame.pts_us >= 360_000, "from the start again: {} us", frame.pts_us);
            }
        }
        assert!(cinema.latest().get().1.is_some() && cinema.latest().size_on_plane().is_none());
        assert!(seat.was_left(), "the plane is to be dark");
        cinema.send(1, Command::Stop);
        let last = |cinema: &mut EngineCinema| cinema.poll().into_iter().find(|(_, e)| matches!(e, Event::Summary(_)));
        while last(&mut cinema).is_none() {
            assert_ne!(bell.recv_timeout(Duration::from_secs(30)), Err(RecvTimeoutError::Timeout));
        }
    }

    #[test]
    fn the_output_is_the_plane_that_the_screen_offers() {
        let seat = Seat::default();
        let mut outputs = Outputs::new(None, seat.clone(), Arc::new(|| ()));
        assert!(outputs.best().plane.is_none(), "nothing is offered");
        let first = plane(7);
        seat.offer(Some(first.clone()));
        let one = outputs.best();
        assert_eq!(one.plane.as_ref().map(|p| p.plane), Some(7));
        seat.offer(Some(FilmPlane { rect: Rect { x: 320, ..first.rect }, ..first.clone() }));
        assert!(Arc::ptr_eq(&one.video, &outputs.best().video), "the same plane elsewhere: what plays on it goes on");
        seat.offer(Some(FilmPlane { plane: 8, ..first }));
        assert!(!Arc::ptr_eq(&one.video, &outputs.best().video), "another plane");
        seat.offer(None);
        assert!(outputs.best().plane.is_none(), "composed");
    }
}
