//! Jumps within a title.

use super::session::Session;
use super::track::TrackBuffer;
use hearth_isobmff::TrackKind;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

/// A jump that waits for its first picture.
pub(super) struct Jump {
    /// When the viewer asked.
    pub(super) asked: Instant,
    /// False: of our own, not to be reported.
    pub(super) report: bool,
    /// When GStreamer was told.
    pub(super) issued: Instant,
}

impl Session {
    pub(super) fn seek(&mut self, position_us: u64, exact: bool) {
        if self.jump.is_some() || !self.started {
            // Only the last of a burst counts; the one under way is not undone.
            self.next_jump = Some((position_us, exact, Instant::now()));
        } else {
            self.jump_to(position_us, exact, Instant::now());
        }
    }

    pub(super) fn jump_to(&mut self, position_us: u64, exact: bool, asked: Instant) {
        let last = self.duration().map_or(u64::MAX, |d| d.saturating_sub(100_000));
        let (first, last) = self.window().unwrap_or((0, last));
        let wanted = position_us.clamp(first, last.max(first));
        let target = i64::try_from(wanted).unwrap_or(i64::MAX / 1000).saturating_mul(1000);
        let target = if exact { target } else { self.key_frame(target) };
        self.jump_ns(target, asked, true);
    }

    pub(super) fn jump_ns(&mut self, target: i64, asked: Instant, report: bool) {
        if let Some(since) = self.stalled.take() {
            self.summary.stalled_ms += since.elapsed().as_millis() as u64;
        }
        self.account();
        let Some(pipeline) = &self.pipeline else { return };
        self.live.playing.store(false, Relaxed);
        self.live.position.store(target, Relaxed);
        self.jump = Some(Jump { asked, report, issued: Instant::now() });
        let result = pipeline.seek(target).and_then(|()| pipeline.play(!self.paused));
        if let Err(error) = result {
            self.fail(&error);
        }
    }

    /// The key frame at or before `target` (ns): in the buffer, or the start of the segment that is still to be fetched.
    pub(super) fn key_frame(&self, target: i64) -> i64 {
        let Some(opened) = &self.opened else { return target };
        let video = opened.buffers.iter().find(|(k, _)| *k == TrackKind::Video).map(|(_, b)| b);
        let buffered = video.and_then(|b: &Arc<TrackBuffer>| b.key_frame(target));
        let of_list = || {
            let ladder = opened.video.as_ref()?;
            let list = ladder.renditions.iter().find_map(|r| opened.shared.title.known((ladder.period, ladder.set, *r)))?;
            let segment = list.get(list.at(target.max(0) as u64 / 1000))?;
            Some(segment.start_us as i64 * 1000)
        };
        buffered.or_else(of_list).unwrap_or(target).clamp(0, target.max(0))
    }
}
