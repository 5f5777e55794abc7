//! The handle: commands in, events out. The work is on the engine's thread, which starts with the first [`Player`] and ends when it
//! is dropped.

use crate::engine::{self, Control};
use crate::reports::Courier;
use crate::{Command, Event, LoadRequest, PlayerConfig, VideoOutput};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Everyone who listens.
#[derive(Clone, Default)]
pub(crate) struct Listeners(Arc<Mutex<Vec<Sender<Event>>>>);

impl Listeners {
    /// Sends `event` to all and forgets those who left.
    pub(crate) fn send(&self, event: &Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|l| l.send(event.clone()).is_ok());
    }

    fn add(&self) -> Receiver<Event> {
        let (sender, receiver) = channel();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }
}

/// Plays one title at a time. No method blocks; dropping it stops playback.
pub struct Player {
    control: Sender<Control>,
    listeners: Listeners,
    engine: Option<std::thread::JoinHandle<()>>,
    courier: Option<Courier>,
}

impl Player {
    /// Starts the engine, which loads the decoders' plugins: do it when there is time, before the viewer has chosen. Nothing is opened until
    /// [`Player::load`].
    pub fn new(config: PlayerConfig, video: Arc<dyn VideoOutput>) -> Self {
        let (control, receiver) = channel();
        let listeners = Listeners::default();
        let courier = config.reports.clone().map(|url| Courier::start(url, &config, listeners.add()));
        let (own, to) = (control.clone(), listeners.clone());
        let engine = std::thread::Builder::new()
            .name("player".into())
            .spawn(move || engine::run(config, video, own, receiver, to))
            .map_err(|e| tracing::error!("no thread for the engine: {e}"))
            .ok();
        Self { control, listeners, engine, courier }
    }

    /// Stops what plays and starts `request`, playing.
    pub fn load(&self, request: LoadRequest) {
        let _ = self.control.send(Control::Load(Box::new(request), std::time::Instant::now()));
    }

    /// Does what the viewer wants, in order. While nothing is loaded only volume and mute are heeded.
    pub fn send(&self, command: Command) {
        let _ = self.control.send(Control::Command(command));
    }

    /// What happens from now on. Each call gives another listener that gets everything; call it before [`Player::load`].
    pub fn events(&self) -> Receiver<Event> {
        self.listeners.add()
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let _ = self.control.send(Control::Quit);
        if let Some(engine) = self.engine.take() {
            let _ = engine.join();
        }
        // With the last listener's sender the courier's events end.
        self.listeners = Listeners::default();
        if let Some(courier) = self.courier.take() {
            courier.finish();
        }
    }
}
