//! What a session was like: renditions played, switches, pictures lost.

use super::session::Session;
use super::shared::Shared;
use crate::Event;
use crate::title::Place;
use hearth_isobmff::TrackKind;
use std::sync::atomic::Ordering::Relaxed;

/// Most stretches of renditions that are remembered: hours of segments.
const STRETCHES: usize = 4096;

impl Session {
    /// A video chunk of `place` is in the buffer.
    pub(super) fn switched(&mut self, place: Place, start: i64, end: i64, buffer_ms: u64) {
        if self.stretches.len() >= STRETCHES {
            self.stretches.drain(..STRETCHES / 2);
        }
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
    pub(super) fn account(&mut self) {
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

    /// Pictures at the very end that were never shown.
    pub(super) fn count_lost_end(&self) {
        let video = self.opened.as_ref().and_then(|o| o.buffers.iter().find(|(k, _)| *k == TrackKind::Video));
        let shown = self.live.shown_until.load(Relaxed);
        let lost = video.map_or(0, |(_, b)| b.samples_after(shown));
        self.live.dropped.fetch_add(lost as u64, Relaxed);
    }
}
