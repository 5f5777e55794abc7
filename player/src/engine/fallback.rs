//! When an element fails: the next decoder of the list, at the same place, or the error that says whose fault it was.

use super::jump::Jump;
use super::pipeline::{
    AUDIO_DECODER, AUDIO_PARSER, AUDIO_SINK, AUDIO_SOURCE, VIDEO_DECODER, VIDEO_PARSER, VIDEO_SINK, VIDEO_SOURCE,
};
use super::session::Session;
use crate::{CopyPath, Error, Event};
use hearth_isobmff::TrackKind;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

impl Session {
    /// An element failed.
    pub(super) fn element(&mut self, source: &str, what: String) {
        if self.is_over() {
            return;
        }
        tracing::warn!(source, what, "element");
        // What the decoder does not take stops the flow, and then the element before it is the first to say so.
        let any = |names: [&str; 3]| names.into_iter().any(|n| source.contains(n));
        if any([VIDEO_DECODER, VIDEO_PARSER, VIDEO_SOURCE]) {
            self.next_decoder(true, Error::Decoder(what));
        } else if any([AUDIO_DECODER, AUDIO_PARSER, AUDIO_SOURCE]) {
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
        if let Some(pipeline) = self.pipeline.take() {
            self.failed.push(if video { pipeline.video_decoder.clone() } else { pipeline.audio_decoder.clone() });
        }
        // By the format of what comes next, which may be another than the first.
        let position = self.live.position.load(Relaxed);
        let buffers = self.opened.iter().flat_map(|o| &o.buffers);
        let formats: Vec<_> = buffers.filter_map(|(kind, b)| Some((*kind, b.format_at(position)?))).collect();
        for (kind, format) in formats {
            self.formats.iter_mut().filter(|(k, _)| *k == kind).for_each(|(_, f)| *f = format.clone());
        }
        self.jump = Some(Jump { asked: Instant::now(), report: false, issued: Instant::now() }).filter(|_| self.started);
        match self.build() {
            Ok(()) => {
                tracing::warn!(%error, "trying the next decoder");
                self.drop_too_large();
            }
            Err(_) => self.fail(&error),
        }
    }

    /// Has what is too much for the decoder in use fetched again, smaller.
    fn drop_too_large(&self) {
        let most = self.live.decoder_height.load(Relaxed);
        let position = self.live.position.load(Relaxed);
        let buffers = self.opened.iter().flat_map(|o| &o.buffers);
        let video = buffers.filter(|(kind, _)| *kind == TrackKind::Video && most > 0);
        video.filter(|(_, b)| b.highest_from(position) > most).for_each(|(_, b)| b.restart(position));
    }

    /// How pictures get to the screen, by the decoder's memory and the output.
    pub(super) fn copy_path(&self) -> CopyPath {
        self.live.memory.path(self.setting.video.copy_path())
    }

    /// Tells once a pipeline which decoder shows its first picture.
    pub(super) fn tell_decoder(&mut self) {
        let Some(pipeline) = self.pipeline.as_ref().filter(|_| !self.told_decoder) else { return };
        let element = pipeline.main_decoder().to_owned();
        self.told_decoder = true;
        self.send(&Event::Decoder { element, copy_path: self.copy_path().as_str().into() });
    }
}
