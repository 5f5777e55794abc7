//! When an element fails: the next decoder of the list, at the same place, or the error that says whose fault it was.

use super::jump::Jump;
use super::pipeline::{AUDIO_DECODER, AUDIO_SINK, VIDEO_DECODER, VIDEO_SINK};
use super::session::Session;
use crate::Error;
use std::time::Instant;

impl Session {
    /// An element failed.
    pub(super) fn element(&mut self, source: &str, what: String) {
        if self.over {
            return;
        }
        tracing::warn!(source, what, "element");
        if source.contains(VIDEO_DECODER) {
            self.next_decoder(true, Error::Decoder(what));
        } else if source.contains(AUDIO_DECODER) {
            self.next_decoder(false, Error::AudioDecoder(what));
        } else if source.contains(AUDIO_SINK) {
            self.fail(&Error::AudioOutput(what));
        } else if source.contains(VIDEO_SINK) {
            self.fail(&Error::VideoOutput(what));
        } else {
            self.fail(&Error::Decoder(format!("{source}: {what}")));
        }
    }

    /// Builds the pipeline anew at the present position with the next decoder of the list, or ends with `error`.
    pub(super) fn next_decoder(&mut self, video: bool, error: Error) {
        self.summary.decode_errors += 1;
        if video {
            self.skip.0 += 1
        } else {
            self.skip.1 += 1
        };
        self.pipeline = None;
        self.jump = Some(Jump { asked: Instant::now(), report: false, issued: Instant::now() }).filter(|_| self.started);
        match self.build() {
            Ok(()) => tracing::warn!(%error, "trying the next decoder"),
            Err(_) => self.fail(&error),
        }
    }
}
