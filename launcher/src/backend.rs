//! The two things the launcher talks to: the server's catalog and the player. Tests put their own in their place.

use hearth_nav::Volume;
use hearth_player::{Command, Event, LoadRequest, PixelFormat, Player, PlayerConfig, SoftwareOutput, VideoFrame};
use hearth_view::{Delivery, Loader, Request};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use crate::platform::Waker;

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

/// The latest picture, from the player's thread to the screen's.
#[derive(Clone, Default)]
pub struct Latest(Arc<Mutex<(u64, Option<VideoFrame>)>>);

impl Latest {
    fn set(&self, frame: Option<VideoFrame>) {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        latest.0 += 1;
        latest.1 = frame;
    }

    /// The picture and its number; the number grows with every picture.
    pub fn get(&self) -> (u64, Option<VideoFrame>) {
        let latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (latest.0, latest.1.clone())
    }
}

/// The real player, in this process.
pub struct EngineCinema {
    config: PlayerConfig,
    output: Arc<SoftwareOutput>,
    /// Started ahead of time, so that a press of Play does not wait for it.
    spare: Option<Player>,
    playing: Option<(u32, Player)>,
    volume: Volume,
    latest: Latest,
    events: Receiver<(u32, Event)>,
    sender: Sender<(u32, Event)>,
    wake: Waker,
}

impl EngineCinema {
    /// Pictures come out of [`EngineCinema::latest`], scaled to `size`; none: as they are, for a screen that scales them itself.
    /// `wake` is called for every picture and event.
    pub fn new(size: Option<(u32, u32)>, config: PlayerConfig, wake: Waker) -> Self {
        let user_agent = concat!("hearth-launcher/", env!("CARGO_PKG_VERSION")).into();
        let config = PlayerConfig { user_agent, ..config };
        let latest = Latest::default();
        let (show, woken) = (latest.clone(), wake.clone());
        let picture = move |frame: VideoFrame| {
            show.set(Some(frame));
            woken();
        };
        let output = Arc::new(SoftwareOutput::new(PixelFormat::Bgrx, Arc::new(picture)));
        output.set_size(size);
        let (sender, events) = channel();
        let volume = Volume::default();
        Self { config, output, spare: None, playing: None, volume, latest, events, sender, wake }
    }

    /// Where pictures are.
    pub fn latest(&self) -> Latest {
        self.latest.clone()
    }

    fn player(&self) -> Player {
        Player::new(self.config.clone(), self.output.clone())
    }

    fn listen(&self, session: u32, player: &Player) {
        let (events, sender, wake) = (player.events(), self.sender.clone(), self.wake.clone());
        let forward = move || {
            for event in events {
                if sender.send((session, event)).is_err() {
                    return;
                }
                wake();
            }
        };
        if let Err(e) = std::thread::Builder::new().name(format!("events-{session}")).spawn(forward) {
            tracing::error!("no thread for the player's events: {e}");
        }
    }
}

impl Cinema for EngineCinema {
    fn warm(&mut self) {
        self.spare = Some(self.player());
    }

    fn load(&mut self, session: u32, request: LoadRequest) {
        self.latest.set(None);
        let player = self.spare.take().unwrap_or_else(|| self.player());
        self.listen(session, &player);
        tell(&player, self.volume);
        player.load(request);
        self.spare = Some(self.player());
        if let Some((_, old)) = self.playing.replace((session, player)) {
            retire(old);
        }
    }

    fn send(&mut self, session: u32, command: Command) {
        let Some((_, player)) = self.playing.as_ref().filter(|(s, _)| *s == session) else { return };
        if command == Command::Stop {
            self.latest.set(None);
        }
        player.send(command);
    }

    fn set_volume(&mut self, volume: Volume) {
        self.volume = volume;
        self.playing.iter().for_each(|(_, player)| tell(player, volume));
    }

    fn poll(&mut self) -> Vec<(u32, Event)> {
        let events: Vec<_> = self.events.try_iter().collect();
        let over = |e: &(u32, Event)| matches!(e.1, Event::Summary(_)) && self.playing.as_ref().is_some_and(|p| p.0 == e.0);
        if events.iter().any(over)
            && let Some((_, player)) = self.playing.take()
        {
            retire(player);
        }
        events
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
    use hearth_player::AudioOutput;
    use std::sync::mpsc::RecvTimeoutError;
    use std::time::Duration;

    #[test]
    fn every_film_begins_as_loud_as_the_last_one_was() {
        let (ring, bell) = channel();
        let wake: Waker = Arc::new(move || ring.send(()).unwrap_or_default());
        let config = PlayerConfig { audio: AudioOutput::None, ..PlayerConfig::default() };
        let mut cinema = EngineCinema::new(None, config, wake);
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
}
