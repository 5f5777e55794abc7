//! Keys on the pages one browses.

use crate::{
    App, Direction, Effect, Id, KeyPhase, Modal, Moved, Page, PlayFrom, RemoteKey, Say, Screen, ShelfKind, app::MAX_DEPTH,
    button, zone,
};

/// What has the focus, in terms of what can be done with it.
enum Target {
    /// A title in a shelf or row.
    Tile { id: Id, kind: ShelfKind },
    /// A button that belongs to a title.
    Button { name: Id, title: Id },
    /// The empty home screen's button.
    Reload,
    /// The button that opens the settings.
    Settings,
}

impl App {
    pub(crate) fn browse_key(&mut self, key: RemoteKey, phase: KeyPhase, out: &mut Vec<Effect>) {
        if self.networks_key(key, phase, out) {
            return;
        }
        match phase {
            KeyPhase::Press => {
                self.armed = None;
                self.browse_press(key, out);
            }
            KeyPhase::Repeat(_) => {
                if let Some(direction) = arrow(key) {
                    self.browse_arrow(direction, out);
                }
            }
            KeyPhase::LongPress if key == RemoteKey::Ok => {
                if let Some(title) = self.armed.take() {
                    self.open(title, out);
                }
            }
            KeyPhase::Release { long: false } if key == RemoteKey::Ok => {
                if let Some(title) = self.armed.take() {
                    self.play(title, PlayFrom::Resume, out);
                }
            }
            KeyPhase::LongPress | KeyPhase::Release { .. } => {}
        }
    }

    fn browse_press(&mut self, key: RemoteKey, out: &mut Vec<Effect>) {
        if let Some(direction) = arrow(key) {
            return self.browse_arrow(direction, out);
        }
        match key {
            RemoteKey::Ok if self.screen().page == Page::Settings => self.settings_ok(out),
            RemoteKey::Ok => self.activate(out),
            RemoteKey::Back => self.back(out),
            RemoteKey::Menu if self.update_ready && self.screen().page == Page::Home => {
                self.modal = Some(Modal::update(self.config.rtl));
                out.push(Effect::Speak(Say::Modal));
            }
            RemoteKey::Info | RemoteKey::Menu => match self.target() {
                Some(Target::Tile { id, .. }) => self.open(id, out),
                Some(Target::Button { title, .. }) if self.screen().page == Page::Home => self.open(title, out),
                _ => {}
            },
            RemoteKey::Play | RemoteKey::PlayPause => {
                if let Some(Target::Tile { id: title, .. } | Target::Button { title, .. }) = self.target() {
                    self.play(title, PlayFrom::Resume, out);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn browse_arrow(&mut self, direction: Direction, out: &mut Vec<Effect>) {
        self.armed = None;
        let moved = self.screen_mut().focus.step(direction);
        if moved != Moved::Edge {
            self.settings_moved(moved);
            self.focus_moved();
            out.push(Effect::Speak(Say::Focus));
        }
    }

    fn target(&self) -> Option<Target> {
        let screen = self.screen();
        let (place, item) = screen.focus.at()?;
        if screen.tile().is_some() {
            let shelf = place.strip_prefix(zone::SHELF).and_then(|id| self.home.shelves.iter().find(|s| s.id == *id));
            return Some(Target::Tile { id: item.clone(), kind: shelf.map_or(ShelfKind::Titles, |s| s.kind) });
        }
        match &screen.page {
            Page::Home if *place == *zone::EMPTY => Some(Target::Reload),
            Page::Home if *place == *zone::TOP => Some(Target::Settings),
            Page::Home => self.home.hero.as_ref().map(|h| Target::Button { name: item.clone(), title: h.id.clone() }),
            Page::Detail(title) => Some(Target::Button { name: item.clone(), title: title.clone() }),
            Page::Settings | Page::Networks | Page::Passphrase(_) => None,
        }
    }

    fn activate(&mut self, out: &mut Vec<Effect>) {
        match self.target() {
            // A long press means something else here, so the short one counts when it ends.
            Some(Target::Tile { id, kind: ShelfKind::Continue }) => self.armed = Some(id),
            Some(Target::Tile { id, kind: ShelfKind::Titles }) => self.open(id, out),
            Some(Target::Button { name, title }) => match name.as_str() {
                button::INFO => self.open(title, out),
                button::RESTART => self.play(title, PlayFrom::Start, out),
                _ => self.play(title, PlayFrom::Resume, out),
            },
            Some(Target::Reload) => self.fetch_home(out),
            Some(Target::Settings) => self.open_settings(out),
            None => {}
        }
    }

    /// Back: to the page below; on the home screen to its top. There it does nothing: a television has nowhere further to go back to.
    pub(crate) fn back(&mut self, out: &mut Vec<Effect>) {
        if self.pages.pop().is_some() {
            self.focus_moved();
            self.left_boot_pages(out);
            out.push(Effect::Speak(Say::Page));
        } else if self.screen_mut().focus.top() {
            self.focus_moved();
            out.push(Effect::Speak(Say::Focus));
        }
    }

    /// The Home key: to the top of the home screen.
    pub(crate) fn go_home(&mut self, out: &mut Vec<Effect>) {
        let away = !self.pages.is_empty();
        self.pages.clear();
        if self.screen_mut().focus.top() || away {
            self.focus_moved();
            out.push(Effect::Speak(if away { Say::Page } else { Say::Focus }));
        }
    }

    /// Opens a title's page.
    pub(crate) fn open(&mut self, title: Id, out: &mut Vec<Effect>) {
        if self.pages.len() >= MAX_DEPTH {
            self.pages.remove(0);
        }
        let resumable = self.resumable.contains(&title);
        self.pages.push(Screen::detail(title.clone(), resumable, self.config.rtl));
        self.focus_moved();
        out.push(Effect::FetchTitle(title));
        out.push(Effect::Speak(Say::Page));
    }
}

pub(crate) fn arrow(key: RemoteKey) -> Option<Direction> {
    match key {
        RemoteKey::Up => Some(Direction::Up),
        RemoteKey::Down => Some(Direction::Down),
        RemoteKey::Left => Some(Direction::Left),
        RemoteKey::Right => Some(Direction::Right),
        _ => None,
    }
}
