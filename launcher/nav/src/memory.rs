//! Where the viewer was, so that a launcher that was cut off returns there.

use crate::{App, Effect, Id, Mode, Page, Phase, PlayFrom, PlayerCommand, Preferences, app::MAX_DEPTH};

/// Where the viewer was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Zone and item with the focus on the home screen.
    pub home: Option<(Id, Id)>,
    /// Titles whose pages lie on it.
    pub pages: Vec<Id>,
    /// The film that played, and where it was; none: wherever the server says to resume.
    pub film: Option<(Id, Option<u64>)>,
}

impl App {
    /// Where the viewer is. Before there is a home screen: where they were.
    pub fn memory(&self) -> Memory {
        if let Some(memory) = &self.memory {
            return memory.clone();
        }
        let title = |page: &Page| if let Page::Detail(id) = page { Some(id.clone()) } else { None };
        let film = self.playing().map(|p| {
            let known = match (p.phase, p.from) {
                (Phase::Granting, PlayFrom::Resume) => None,
                (Phase::Granting, PlayFrom::Start) => Some(0),
                (Phase::Granting, PlayFrom::At { position_ms }) => Some(position_ms),
                (Phase::Loading | Phase::Running, _) => Some(p.position_ms),
            };
            (p.title.clone(), known)
        });
        let home = self.home_screen().focus.at().map(|(zone, item)| (zone.clone(), item.clone()));
        let pages = self.screens().filter_map(|s| title(&s.page)).collect();
        Memory { home, pages, film }
    }

    /// Returns there once the home screen has come. Call it before [`App::start`].
    pub fn return_to(&mut self, memory: Memory) {
        if self.mode == Mode::Boot && memory != Memory::default() {
            self.memory = Some(memory);
        }
    }

    /// What the viewer chose last.
    pub fn preferences(&self) -> &Preferences {
        &self.preferences
    }

    /// What the viewer chose before this launcher was started. Call it before [`App::start`].
    pub fn prefer(&mut self, preferences: Preferences) {
        self.preferences = preferences;
    }

    /// Of what was just done, a choice of sound or captions is kept for the films to come.
    pub(crate) fn learn(&mut self, done: &[Effect]) {
        let Mode::Playing(playing) = &self.mode else { return };
        let language = |id: &Id| playing.tracks.iter().find(|t| t.id == *id)?.language.clone();
        for effect in done {
            let Effect::Player { command, .. } = effect else { continue };
            match command {
                PlayerCommand::SelectAudio(id) => self.preferences.audio = language(id).or(self.preferences.audio.take()),
                PlayerCommand::SelectText(None) => self.preferences.captions = Some(None),
                PlayerCommand::SelectText(Some(id)) => {
                    // A track without a language says nothing about other films.
                    self.preferences.captions = language(id).map(Some).or(self.preferences.captions.take());
                }
                _ => {}
            }
        }
    }

    /// The home screen has come.
    pub(crate) fn remember(&mut self, out: &mut Vec<Effect>) {
        let Some(memory) = self.memory.take() else { return };
        if let Some((zone, item)) = &memory.home {
            // It may not be there any more: then the focus stays at the top.
            self.base.focus.go(zone, item);
        }
        // The viewer is somewhere already: at the networks.
        if !self.pages.is_empty() {
            return;
        }
        for title in memory.pages.into_iter().take(MAX_DEPTH) {
            self.open(title, out);
        }
        self.focus_moved();
        if let Some((title, position_ms)) = memory.film {
            let from = position_ms.map_or(PlayFrom::Resume, |position_ms| PlayFrom::At { position_ms });
            self.play(title, from, out);
        }
    }
}
