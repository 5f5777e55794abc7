//! The engine's thread: takes commands, holds the session.

use crate::player::Listeners;
use crate::{Command, Error, Event, LoadRequest, PlayerConfig, VideoOutput};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Instant;

/// What the engine's thread is told.
pub(crate) enum Control {
    /// Play this, asked for at that moment.
    Load(Box<LoadRequest>, Instant),
    /// Of the viewer.
    Command(Command),
    /// The handle is gone.
    Quit,
}

/// Until the handle is dropped.
pub(crate) fn run(
    _config: PlayerConfig,
    _video: Arc<dyn VideoOutput>,
    _own: Sender<Control>,
    control: Receiver<Control>,
    listeners: Listeners,
) {
    for message in control {
        match message {
            Control::Load(request, _) => {
                listeners.send(&Event::Error((&Error::UnsupportedManifest(request.url)).into()));
                listeners.send(&Event::Summary(crate::Summary::default()));
            }
            Control::Command(_) => (),
            Control::Quit => return,
        }
    }
}
