//! The buffer of one track, in compressed form, between the thread that fetches and the thread that feeds `appsrc`; and `appsrc`'s
//! protocol.
//!
//! The protocol (both halves cost days when they are wrong): nothing is pushed before the first `need-data`, because a seekable
//! `appsrc` seeks to its start by itself and flushes what it holds; and `seek-data` comes *before* `appsrc` flushes its queue, so it only
//! notes the position and disarms, and pushing starts again with the next `need-data`. Pushing happens under this lock.

use crate::Error;
use crate::media::prepare::{Chunk, Format};
use gstreamer_app as gst_app;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Media kept behind the picture, for small jumps back, in ns.
const BEHIND: i64 = 10_000_000_000;
/// Media that may wait inside `appsrc`, in ns. The real buffer is here, where renditions and keys can still be accounted for.
const AHEAD_IN_APPSRC: u64 = 700_000_000;

/// Times that are no further apart are the same: microseconds on the way, and samples of sound that do not lie side by side in two tracks.
const ROUNDING: i64 = 12_000_000;

/// Where the fetcher is to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    /// Counts orders.
    pub(crate) epoch: u64,
    /// In ns.
    pub(crate) position: i64,
}

struct State {
    chunks: VecDeque<Arc<Chunk>>,
    /// Another track's, that takes over where it has come to what is fed next.
    incoming: Option<VecDeque<Arc<Chunk>>>,
    /// Next sample to feed: chunk and sample. None: to be found at `target`.
    next: Option<(usize, usize)>,
    /// Where to feed from, in ns.
    target: i64,
    order: Order,
    /// The fetcher has delivered the last chunk of the title.
    complete: bool,
    failure: Option<Error>,
    /// `appsrc` has asked since its last flush.
    armed: bool,
    /// End of stream was said since the last flush.
    ended: bool,
    /// Counts the pipelines that this buffer has fed; a feeder of an older one ends.
    attachment: u64,
    closed: bool,
}

/// One track's buffer.
pub(crate) struct TrackBuffer {
    state: Mutex<State>,
    changed: Condvar,
    /// It may send the fetcher elsewhere. False for audio that comes in the same segments as the video: it goes where the video goes.
    leads: bool,
}

impl TrackBuffer {
    /// Empty, to be filled from `start` (ns) on.
    pub(crate) fn new(start: i64, leads: bool) -> Self {
        let order = Order { epoch: 1, position: start };
        let state = State {
            chunks: VecDeque::new(),
            incoming: None,
            next: None,
            target: start,
            order,
            complete: false,
            failure: None,
            armed: false,
            ended: false,
            attachment: 0,
            closed: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new(), leads }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends both threads.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Throws everything away and orders anew from `position` (ns): another track was chosen.
    pub(crate) fn restart(&self, position: i64) {
        self.lock().reorder(position);
        self.changed.notify_all();
    }

    /// Another track was chosen: it is ordered from where feeding is, and until it is there what is here goes on. False where nothing is
    /// fed, or all of it was, so that there is nothing to go on with.
    pub(crate) fn splice(&self) -> bool {
        let mut state = self.lock();
        let Some(position) = state.next_time().filter(|_| !state.ended) else { return false };
        state.incoming = Some(VecDeque::new());
        (state.complete, state.failure) = (false, None);
        state.order = Order { epoch: state.order.epoch + 1, position };
        drop(state);
        self.changed.notify_all();
        true
    }

    // --- The fetcher's side ---

    /// The present order; none when closed.
    pub(crate) fn order(&self) -> Option<Order> {
        let state = self.lock();
        (!state.closed).then_some(state.order)
    }

    /// Waits until something changes, for at most `time`.
    pub(crate) fn wait(&self, time: Duration) {
        let state = self.lock();
        if !state.closed {
            drop(self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// A buffer that does not lead goes where its leader was ordered to.
    pub(crate) fn adopt(&self, order: Order) {
        let mut state = self.lock();
        if state.order.epoch != order.epoch {
            let target = state.target;
            state.reorder(order.position);
            (state.order, state.target) = (order, target);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Takes a chunk; refused where another order was given meanwhile.
    pub(crate) fn deliver(&self, epoch: u64, chunk: Chunk) -> bool {
        let mut state = self.lock();
        if state.closed || state.order.epoch != epoch {
            return false;
        }
        let State { chunks, incoming, .. } = &mut *state;
        incoming.as_mut().unwrap_or(chunks).push_back(Arc::new(chunk));
        drop(state);
        self.changed.notify_all();
        true
    }

    /// The title has no more chunks, or none can be had.
    pub(crate) fn finish(&self, epoch: u64, failure: Option<Error>) {
        let mut state = self.lock();
        if state.order.epoch == epoch {
            state.complete = failure.is_none();
            state.failure = failure;
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Media ahead of `position` (ns), in ns.
    pub(crate) fn ahead(&self, position: i64) -> i64 {
        let state = self.lock();
        let from = position.max(state.target.min(state.chunks.front().map_or(i64::MAX, |c| c.start())));
        state.chunks.back().map_or(0, |c| (c.end() - from).max(0))
    }

    /// Media ahead of `position` (ns) that need not be fetched any more, in ns.
    pub(crate) fn fetched(&self, position: i64) -> i64 {
        let state = self.lock();
        match &state.incoming {
            Some(incoming) => incoming.back().map_or(0, |c| (c.end() - position).max(0)),
            None => {
                drop(state);
                self.ahead(position)
            }
        }
    }

    /// End of what is fetched, in ns.
    pub(crate) fn end(&self) -> Option<i64> {
        let state = self.lock();
        state.incoming.as_ref().unwrap_or(&state.chunks).back().map(|c| c.end())
    }

    /// Why nothing more will come.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.lock().failure.clone()
    }

    /// The title's last chunk is here.
    pub(crate) fn is_complete(&self) -> bool {
        self.lock().complete
    }

    /// Samples that begin at `position` (ns) or later.
    pub(crate) fn samples_after(&self, position: i64) -> usize {
        let state = self.lock();
        // Half a millisecond: times are rounded to microseconds on the way.
        state.chunks.iter().flat_map(|c| &c.cuts).filter(|c| c.pts + 500_000 >= position).count()
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        let state = self.lock();
        state.chunks.iter().chain(state.incoming.iter().flatten()).map(|c| c.buffer.size()).sum()
    }

    /// Of what is played at `position` (ns), if that is buffered.
    pub(crate) fn format_at(&self, position: i64) -> Option<Arc<Format>> {
        let state = self.lock();
        state.chunks.iter().find(|c| position < c.end()).map(|c| c.format.clone())
    }

    /// Height of the largest pictures from `position` (ns) on.
    pub(crate) fn highest_from(&self, position: i64) -> u32 {
        let state = self.lock();
        state.chunks.iter().filter(|c| position < c.end()).map(|c| c.format.track.height).max().unwrap_or(0)
    }

    /// The last key frame at or before `position` (ns), if that is buffered.
    pub(crate) fn key_frame(&self, position: i64) -> Option<i64> {
        let state = self.lock();
        let chunk = state.chunks.iter().find(|c| c.start() <= position && position < c.end())?;
        chunk.cuts.iter().filter(|c| c.sync && c.pts <= position).map(|c| c.pts).max()
    }

    /// Forgets what is long behind `position` (ns), or behind at all where `tight`.
    pub(crate) fn trim(&self, position: i64, tight: bool) {
        let mut state = self.lock();
        let keep_from = position - if tight { 0 } else { BEHIND };
        while let Some((chunk, sample)) = state.next {
            if chunk == 0 || state.chunks.front().is_none_or(|c| c.end() > keep_from) {
                break;
            }
            state.chunks.pop_front();
            state.next = Some((chunk - 1, sample));
        }
        drop(state);
        self.changed.notify_all();
    }

    // --- appsrc's side ---

    /// `seek-data`: note and disarm; `appsrc` has not flushed yet.
    pub(crate) fn seek_data(&self, position: u64) {
        let mut state = self.lock();
        state.armed = false;
        state.ended = false;
        state.next = None;
        // What was to take over does so at once: nothing that was fed is left.
        if let Some(incoming) = state.incoming.take() {
            state.chunks = incoming;
        }
        state.target = i64::try_from(position).unwrap_or(i64::MAX);
        drop(state);
        self.changed.notify_all();
    }

    /// `need-data`: pushing may begin.
    pub(crate) fn need_data(&self) {
        self.lock().armed = true;
        self.changed.notify_all();
    }

    /// A new pipeline takes this buffer's media from here on.
    pub(crate) fn attach(&self) -> u64 {
        let mut state = self.lock();
        state.attachment += 1;
        (state.armed, state.ended, state.next) = (false, false, None);
        state.attachment
    }

    /// The pipeline is going.
    pub(crate) fn detach(&self) {
        self.attach();
        self.changed.notify_all();
    }

    /// Feeds `source` until closed or detached.
    pub(crate) fn feed(&self, source: &gst_app::AppSrc, attachment: u64) {
        let mut state = self.lock();
        while !state.closed && state.attachment == attachment {
            let full = source.current_level_time().nseconds() > AHEAD_IN_APPSRC;
            if state.armed && !state.ended && !full && self.feed_one(&mut state, source) {
                continue;
            }
            let wait = Duration::from_millis(if full { 20 } else { 200 });
            state = self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Pushes one sample or the end; false where there is nothing to push now.
    fn feed_one(&self, state: &mut State, source: &gst_app::AppSrc) -> bool {
        let Some((at, sample)) = state.next.or_else(|| state.find(self.leads)) else {
            self.changed.notify_all();
            return false;
        };
        state.next = Some((at, sample));
        state.take_over();
        let Some((at, sample)) = state.next else { return false };
        let Some(chunk) = state.chunks.get(at).cloned() else {
            // A decoder gives its last pictures out at the end only: those before a failure are to be seen too.
            if (state.complete || state.failure.is_some()) && state.incoming.is_none() {
                state.ended = true;
                let _ = source.end_of_stream();
            }
            return state.ended;
        };
        let Some(buffer) = chunk.sample(sample) else {
            state.next = Some((at + 1, 0));
            return true;
        };
        // In order with the samples; nothing where they are the same.
        source.set_caps(Some(&chunk.format.caps));
        state.next = Some((at, sample + 1));
        // Sound that ends before the presentation starts is only a decoder's warm-up.
        let silent = chunk.cuts.get(sample).is_some_and(|c| c.pts + (c.duration as i64) <= 0);
        if !silent && let Err(error) = source.push_buffer(buffer) {
            tracing::debug!(?error, "appsrc refuses");
            state.armed = false;
        }
        true
    }
}

impl State {
    fn reorder(&mut self, position: i64) {
        self.chunks.clear();
        self.incoming = None;
        self.next = None;
        self.target = position;
        self.complete = false;
        self.failure = None;
        self.order = Order { epoch: self.order.epoch + 1, position };
    }

    /// When the next sample to be fed is, ns; none where nothing is fed.
    fn next_time(&self) -> Option<i64> {
        let (chunk, sample) = self.next?;
        let cut = self.chunks.get(chunk).and_then(|c| c.cuts.get(sample));
        cut.map(|c| c.pts).or_else(|| self.chunks.get(chunk).or(self.chunks.back()).map(|c| c.end()))
    }

    /// Goes over to the other track once it has the next sample to be fed, or where there is none of this one.
    fn take_over(&mut self) {
        let (Some(time), Some(incoming)) = (self.next_time(), &mut self.incoming) else { return };
        // Feeding has gone on meanwhile.
        while incoming.front().is_some_and(|c| c.end() <= time + ROUNDING) {
            incoming.pop_front();
        }
        let over = self.next.is_none_or(|(chunk, _)| chunk >= self.chunks.len());
        let Some(first) = incoming.front().filter(|c| over || c.start() <= time + ROUNDING) else { return };
        let sample = first.cuts.iter().position(|c| c.pts + ROUNDING >= time).unwrap_or(first.cuts.len());
        self.next = Some((0, sample));
        self.chunks = std::mem::take(incoming);
        self.incoming = None;
    }

    /// Where to feed from for `target`; orders it where it is not here.
    fn find(&mut self, leads: bool) -> Option<(usize, usize)> {
        let target = self.target;
        let holds = |c: &Arc<Chunk>| c.start() <= target && target < c.end();
        let mut at = self.chunks.iter().position(holds);
        if at.is_none() && (self.order.position == target || !leads) {
            // Just ordered: the first chunk that came is the one, though it may start a little late, or be the last and end early.
            at =
                (!self.chunks.is_empty()).then(|| self.chunks.iter().position(|c| c.end() > target).unwrap_or(self.chunks.len()));
        } else if at.is_none() {
            tracing::debug!(target, "not buffered");
            self.reorder(target);
            return None;
        }
        let at = at?;
        let cuts = self.chunks.get(at).map_or(&[][..], |c| &c.cuts[..]);
        let sample = cuts.iter().rposition(|c| c.sync && c.pts <= target).unwrap_or(0);
        Some((at, sample))
    }
}

#[cfg(test)]
mod tests;
