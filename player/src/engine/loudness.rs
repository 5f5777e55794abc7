//! How loud the player is. The engine keeps it, not the session: it holds for the next title too.

use crate::{Command, Event};
use gstreamer::{self as gst, prelude::*};
use gstreamer_audio::{StreamVolume, StreamVolumeFormat};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Loudness {
    percent: u32,
    muted: bool,
}

impl Default for Loudness {
    fn default() -> Self {
        Self { percent: 100, muted: false }
    }
}

impl Loudness {
    /// Follows a command; true if it was about loudness.
    pub(super) fn heed(&mut self, command: &Command) -> bool {
        match command {
            Command::SetVolume { percent } => self.percent = (*percent).min(100),
            Command::SetMute { muted } => self.muted = *muted,
            _ => return false,
        }
        true
    }

    pub(super) fn event(self) -> Event {
        Event::Volume { percent: self.percent, muted: self.muted }
    }

    /// Tells a `volume` element. Its own scale is linear in amplitude, percent are cubic (`GstStreamVolume`).
    pub(super) fn apply(self, element: &gst::Element) {
        let cubic = f64::from(self.percent) / 100.0;
        let linear = StreamVolume::convert_volume(StreamVolumeFormat::Cubic, StreamVolumeFormat::Linear, cubic);
        element.set_property("volume", linear);
        element.set_property("mute", self.muted);
    }
}
