//! What the session is doing, in the words of CTA-5004-B: told whenever it changes.

use super::session::Session;
use crate::{Event, PlayerState};
use std::sync::atomic::Ordering::Relaxed;

impl Session {
    fn state(&self) -> PlayerState {
        match self.outcome {
            Some(outcome) => outcome,
            None if self.paused => PlayerState::Paused,
            None if !self.started => PlayerState::Starting,
            None if self.jump.is_some() => PlayerState::Seeking,
            None if self.stalled.is_some() => PlayerState::Rebuffering,
            None => PlayerState::Playing,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.outcome.is_some()
    }

    pub(super) fn tell_state(&mut self) {
        let state = self.state();
        if self.told_state.replace(state) != Some(state) {
            let (position_us, buffer_ms) = self.place();
            self.send(&Event::State { state, position_us, buffer_ms });
        }
    }

    /// Of the picture on the screen in µs, and the media ahead of it in ms.
    pub(super) fn place(&self) -> (u64, u64) {
        let position = self.live.position.load(Relaxed);
        (position.max(0) as u64 / 1000, (self.ahead().max(0) / 1_000_000) as u64)
    }

    /// As [`Event::Started`] says it, and whether it is a broadcast.
    pub(super) fn format(&self) -> (&'static str, bool) {
        let known = self.opened.as_ref().map(|opened| opened.shared.http.voice().known());
        let (format, live) = known.unwrap_or_default();
        let format = match format {
            "h" => "hls",
            "d" => "dash",
            _ => "other",
        };
        (format, live.unwrap_or(false))
    }
}
