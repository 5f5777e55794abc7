//! Which sound and which captions: the viewer's choice, and what follows from it by itself.

use super::open::Opened;
use super::session::Session;
use super::text::Due;
use crate::title::select::{self, Ladder, TextWish};
use crate::{Event, TextPreference, TrackInfo};
use hearth_isobmff::TrackKind;
use hearth_manifest::{Kind, Presentation};
use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

impl Opened {
    /// Every track the viewer can choose.
    pub(super) fn tracks(&self) -> Vec<TrackInfo> {
        let presentation = self.shared.title.presentation();
        select::tracks(&presentation, self.video.as_ref(), self.audio.as_ref(), self.text_id.as_deref())
    }

    /// Chooses captions anew: by the viewer's wish, and of forced ones by the language of the sound (RFC 8216 §4.3.4.1).
    pub(super) fn choose_text(&mut self) {
        let presentation = self.shared.title.presentation();
        let spoken = self.audio.as_ref().and_then(|a| set_language(&presentation, a.set));
        let wish = TextWish { preference: &self.text_wish, spoken: spoken.as_deref() };
        let found: Vec<_> = (0..presentation.periods.len()).filter_map(|p| select::text(&presentation, p, &wish)).collect();
        let first = found.iter().find(|l| l.period == 0).and_then(|l| presentation.periods[0].tracks.get(l.set));
        self.text_id = first.map(|t| t.id.clone());
        self.text.choose(found);
    }
}

fn set_language(presentation: &Presentation, set: usize) -> Option<String> {
    presentation.periods.first()?.tracks.get(set)?.language.clone()
}

impl Session {
    /// Goes over to another sound where feeding is, without touching the picture; where that needs another decoder, by a jump to where it is.
    pub(super) fn select_audio(&mut self, id: &str) {
        let Some(opened) = self.opened.as_mut().filter(|o| !o.muxed) else { return };
        let presentation = &*opened.shared.title.presentation();
        let decoders = &self.setting.config.decoders;
        let audio = select::audio(presentation, 0, opened.video.as_ref(), Some(id), None, decoders);
        let found = audio.as_ref().is_some_and(|a| presentation.periods[0].tracks[a.set].id == id);
        if !found || audio == opened.audio {
            return tracing::warn!(id, "no such audio track, or playing already");
        }
        let codec = |ladder: &Option<Ladder>| {
            let ladder = ladder.as_ref()?;
            let set = presentation.periods[0].tracks.get(ladder.set)?;
            select::codec_of(&set.renditions.get(*ladder.renditions.last()?)?.codecs, Kind::Audio)
        };
        let same_codec = codec(&audio).is_some() && codec(&audio) == codec(&opened.audio);
        let language = audio.as_ref().and_then(|a| set_language(presentation, a.set));
        opened.audio = audio;
        *opened.choice.lock().unwrap_or_else(PoisonError::into_inner) = Some((id.to_owned(), language));
        let position = self.live.position.load(Relaxed);
        let mut buffers = opened.buffers.iter().filter(|(k, _)| *k == TrackKind::Audio);
        let spliced = same_codec && buffers.clone().all(|(_, b)| b.splice());
        if !spliced {
            buffers.by_ref().for_each(|(_, b)| b.restart(position));
        }
        opened.choose_text();
        let tracks = opened.tracks();
        self.send(&Event::Tracks { tracks });
        if self.started && !spliced {
            self.jump_ns(position, Instant::now(), false);
        }
    }

    pub(super) fn select_text(&mut self, id: Option<String>) {
        let Some(opened) = &mut self.opened else { return };
        let presentation = opened.shared.title.presentation();
        let set = |id: &str| presentation.periods.first()?.tracks.iter().find(|t| t.kind == Kind::Text && t.id == *id);
        opened.text_wish = match id {
            None => TextPreference::Off,
            Some(id) => match set(&id) {
                Some(t) => TextPreference::Track { language: t.language.clone(), id },
                None => return tracing::warn!(id, "no such text track"),
            },
        };
        opened.choose_text();
        let tracks = opened.tracks();
        self.send(&Event::Tracks { tracks });
        self.tell_captions();
    }

    /// Tells what is to be shown over the picture, whenever that changes.
    pub(super) fn tell_captions(&mut self) {
        let Some(opened) = self.opened.as_ref().filter(|_| self.started) else { return };
        let position_us = self.live.position.load(Relaxed).max(0) as u64 / 1000;
        let due = opened.text.due(position_us);
        if due != self.told_captions {
            self.send(&Event::Captions { position_us, document: due.document.clone() });
            self.told_captions = due;
        }
    }

    /// Takes down what is shown.
    pub(super) fn clear_captions(&mut self) {
        if std::mem::take(&mut self.told_captions) != Due::default() {
            let position_us = self.live.position.load(Relaxed).max(0) as u64 / 1000;
            self.send(&Event::Captions { position_us, document: hearth_captions::Document::default() });
        }
    }
}
