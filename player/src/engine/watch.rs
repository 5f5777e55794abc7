//! Looks after the buffer and the picture: holds the pipeline while the buffer is dry, ends the session where nothing more can come, tries
//! the next decoder where no picture comes.

use super::session::Session;
use crate::{Error, Event};
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// Media ahead of the picture below which the buffer counts as dry, ns.
const DRY: i64 = 120_000_000;
/// No new picture for so long, with no more than so much ahead (ns), is a dry buffer too.
const STILL: Duration = Duration::from_millis(300);
const HELD: i64 = 1_000_000_000;

impl Session {
    /// Media ahead of the picture over all tracks, ns; a track that is complete does not limit it.
    pub(super) fn ahead(&self) -> i64 {
        let position = self.live.position.load(Relaxed);
        let Some(opened) = &self.opened else { return 0 };
        let playing = opened.buffers.iter().filter(|(k, _)| self.formats.iter().any(|(f, _)| f == k));
        let ahead = playing.map(|(_, b)| (b.ahead(position), b.is_complete()));
        let (least, most) =
            ahead.fold((i64::MAX, 0), |(least, most), (ns, done)| (if done { least } else { least.min(ns) }, most.max(ns)));
        if least == i64::MAX { most } else { least }
    }

    pub(super) fn is_complete(&self) -> bool {
        self.opened.as_ref().is_some_and(|o| {
            o.buffers.iter().filter(|(k, _)| self.formats.iter().any(|(f, _)| f == k)).all(|(_, b)| b.is_complete())
        })
    }

    /// Why one of the tracks has come to its end too early.
    pub(super) fn failure(&self) -> Option<Error> {
        self.opened.as_ref()?.buffers.iter().find_map(|(_, b)| b.failure())
    }

    /// Holds the pipeline while the buffer is dry.
    pub(super) fn watch_buffer(&mut self) {
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
        let hangs = self.moved.1.elapsed() > Duration::from_millis(self.setting.config.picture_ms);
        if hangs && self.stalled.is_none() && ahead > 2 * HELD && self.hole.is_none() {
            return self.next_decoder(true, Error::NoPicture("the decoder hangs".into()));
        }
        match self.stalled {
            None if (ahead < DRY || still) && !complete => {
                match self.failure() {
                    Some(error) if ahead <= 0 || still => return self.fail(&error),
                    // The last pictures are on their way to the screen.
                    Some(_) => return,
                    None => (),
                }
                tracing::info!(ahead, "the buffer is dry");
                self.stalled = Some(Instant::now());
                self.summary.stalls += 1;
                self.live.playing.store(false, Relaxed);
                self.live.starved.store(true, Relaxed);
                self.set_playing(false);
                let shown_until = self.live.shown_until.load(Relaxed);
                self.pipeline.iter().for_each(|p| p.go_on_from(shown_until));
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
    pub(super) fn watch_picture(&mut self) {
        let waiting = !self.started || self.jump.is_some();
        let failure = self.failure();
        // A track that has nothing to show meanwhile.
        let position = self.live.position.load(Relaxed);
        let buffers = self.opened.iter().flat_map(|o| &o.buffers);
        let empty = buffers.filter(|(_, b)| b.ahead(position) < DRY).find_map(|(_, b)| b.failure());
        if waiting && let Some(error) = empty {
            return self.fail(&error);
        }
        let longest = Duration::from_millis(self.setting.config.picture_ms);
        let overdue = |since: Instant| since.elapsed() > longest && (self.ahead() > 2_000_000_000 || failure.is_some());
        let since = self.jump.as_ref().map_or(self.built, |j| j.issued);
        if waiting && self.pipeline.is_some() && overdue(since) {
            let error = Error::NoPicture(format!("in {} ms", longest.as_millis()));
            self.next_decoder(true, error);
        }
    }
}
