//! At the edge of a live title: where to start, waiting for the next segment, the window that can be jumped in.

use super::fetcher::{Cursor, Fetcher, Outcome, place};
use super::session::Session;
use super::{Note, Shared};
use crate::title::{Edge, Playlist, select::Ladder};
use crate::{Error, Event};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

/// Where to start (ns): as asked on demand; of a live title at the edge, or where it was asked for if that is in the window.
pub(super) fn start(shared: &Shared, ladder: &Ladder, asked: i64) -> Result<i64, Error> {
    let mut last = Error::NothingToPlay("no rendition".into());
    for i in 0..ladder.renditions.len() {
        match shared.title.playlist(place(ladder, i), &shared.stop) {
            Ok(list) => return Ok(start_in(&list, asked)),
            Err(error) if i + 1 < ladder.renditions.len() && !error.retryable() => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

fn start_in(list: &Playlist, asked: i64) -> i64 {
    let Some(edge) = list.live else { return asked };
    let newest = list.edge_us(edge.delay_us);
    let asked_us = u64::try_from(asked / 1000).unwrap_or(0);
    let start = if asked_us == 0 { newest } else { asked_us.clamp(list.start_us(), newest) };
    i64::try_from(start.saturating_mul(1000)).unwrap_or(i64::MAX)
}

impl Fetcher {
    /// Looks whether there is more, when it is time to.
    pub(super) fn at_edge(&mut self, at: &mut Cursor, list: &Playlist) -> Result<Outcome, Error> {
        let Some(edge) = list.live else { return Ok(Outcome::End) };
        self.rest(at.epoch, edge.due().saturating_duration_since(Instant::now()));
        if self.main().order().is_none_or(|o| o.epoch != at.epoch) || self.shared.stop.is_stopped() {
            return Ok(Outcome::Abandoned);
        }
        match self.reload(at)? {
            Some(edge) if edge.is_stale(Instant::now()) => {
                Err(Error::LiveStopped(format!("nothing new for {} s", edge.changed.elapsed().as_secs())))
            }
            _ => Ok(Outcome::Abandoned),
        }
    }

    /// Loads the list of what is tried now, and takes in periods that are new.
    fn reload(&self, at: &mut Cursor) -> Result<Option<Edge>, Error> {
        let Some(ladder) = at.ladders.get(at.period) else { return Ok(None) };
        let list = self.shared.title.reload(place(ladder, at.trying), &self.shared.stop)?;
        let more = self.shared.title.presentation().periods.len();
        if list.live.is_none() && at.ladders.last().is_some_and(|l| l.period + 1 < more) {
            at.ladders = (self.ladders)();
        }
        Ok(list.live)
    }

    /// Tells the session that nothing comes before `from_us` any more.
    pub(super) fn behind(&self, from_us: u64) {
        let from = i64::try_from(from_us.saturating_mul(1000)).unwrap_or(i64::MAX);
        self.shared.note(Note::Hole(self.main().end().unwrap_or(from), from));
    }
}

impl Session {
    /// The list by which a live title's window is told.
    fn live_list(&self) -> Option<Arc<Playlist>> {
        let opened = self.opened.as_ref()?;
        let ladder = opened.video.as_ref().or(opened.audio.as_ref())?;
        // The one that was looked at last knows most.
        let period = opened.shared.title.presentation().periods.len().saturating_sub(1).max(ladder.period);
        let of = |period: usize| {
            let known = ladder.renditions.iter().filter_map(move |r| opened.shared.title.known((period, ladder.set, *r)));
            known.filter(|l| l.live.is_some()).max_by_key(|l| l.end_us())
        };
        of(period).or_else(|| of(ladder.period))
    }

    /// From where to where a live title can be played now, in µs.
    pub(super) fn window(&self) -> Option<(u64, u64)> {
        let list = self.live_list()?;
        let edge = list.live?;
        Some((list.start_us(), list.edge_us(edge.delay_us)))
    }

    /// Tells the window where it has moved.
    pub(super) fn tell_window(&mut self) {
        let Some(window) = self.window().filter(|w| self.told_window != Some(*w)) else { return };
        self.told_window = Some(window);
        self.send(&Event::Window { start_us: window.0, edge_us: window.1 });
    }

    /// Jumps over what cannot be had, once the picture has come to it.
    pub(super) fn watch_hole(&mut self) {
        let Some((from, to)) = self.hole else { return };
        let position = self.live.position.load(Relaxed);
        if position >= to || self.jump.is_some() {
            self.hole = self.hole.filter(|_| position < to);
            return;
        }
        // A picture and a bit before it: the last one may be held back by the decoder.
        if self.started && !self.paused && position + 400_000_000 >= from {
            tracing::warn!(from, to, "jumping over what cannot be had");
            self.hole = None;
            self.jump_ns(to, Instant::now(), false);
        }
    }
}
