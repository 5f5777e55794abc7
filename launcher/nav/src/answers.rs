//! What the server and the player answer, and what that does to the application.

use crate::{
    App, Effect, Failure, FailureKind, HomeData, Id, Links, Modal, Mode, Network, Origin, Page, PlayFrom, PlayerCommand,
    PlayerEvent, Say, TitleData, Toast, ToastKind, screen,
};

impl App {
    pub(crate) fn home_came(&mut self, result: Result<HomeData, Failure>, out: &mut Vec<Effect>) {
        self.fetching_home = false;
        match result {
            Ok(home) => {
                self.reached(None, out);
                (self.tries, self.retry_ms) = (0, None);
                for title in home.hero.iter().chain(home.shelves.iter().flat_map(|s| &s.items)) {
                    self.note(&title.id, title.resumable);
                }
                let zones = screen::home_zones(&home, self.config.shelf_tiles, self.config.continue_tiles);
                self.home = home;
                self.base.ready = true;
                self.base.focus.set_zones(zones);
                if self.modal.as_ref().is_some_and(|m| m.origin == Origin::Home) {
                    self.modal = None;
                }
                let booted = self.mode == Mode::Boot;
                if booted {
                    self.mode = Mode::Browse;
                    // A page that opens starts at its top, whatever the order in which its zones came.
                    self.base.focus.top();
                    self.leave_networks();
                    out.push(Effect::Speak(Say::Page));
                }
                self.focus_moved();
                if booted {
                    self.remember(out);
                    self.recovered(out);
                }
            }
            Err(failure) => {
                self.reached(Some(&failure), out);
                self.tries = self.tries.saturating_add(1);
                let lost = self.links().is_some_and(Links::lost);
                let starting = self.mode == Mode::Boot && self.now_ms < self.config.patience_ms && !lost;
                if starting && failure.kind == FailureKind::Network {
                    self.retry_ms = Some(self.now_ms + 1_000);
                    return;
                }
                // 2, 4, 8 … 30 s: a box that boots before its network finds it by itself.
                self.retry_ms = Some(self.now_ms + (1000_u64 << self.tries.min(5)).min(30_000));
                if let Some(modal) = self.modal.as_mut().filter(|m| m.origin == Origin::Home) {
                    modal.failure = failure;
                } else if self.mode == Mode::Boot && self.pages.is_empty() {
                    self.modal = Some(Modal::new(Origin::Home, failure, self.config.rtl));
                    self.offer_networks();
                    out.push(Effect::Speak(Say::Modal));
                } else if self.mode == Mode::Boot {
                    // It would lie over the page on which the viewer puts it right.
                } else if self.tries == 1 {
                    self.notice(ToastKind::HomeStale, out);
                }
            }
        }
    }

    pub(crate) fn title_came(&mut self, id: &Id, result: Result<TitleData, Failure>, out: &mut Vec<Effect>) {
        self.reached(result.as_ref().err(), out);
        match result {
            Ok(data) => {
                self.note(id, data.title.resumable);
                for title in &data.similar {
                    self.note(&title.id, title.resumable);
                }
                let zones = screen::detail_zones(&data, self.config.similar_tiles);
                for screen in self.pages.iter_mut().filter(|s| s.page == Page::Detail(id.clone())) {
                    screen.ready = true;
                    screen.focus.set_zones(zones.clone());
                }
            }
            Err(_) if self.screen().page == Page::Detail(id.clone()) => self.notice(ToastKind::TitleIncomplete, out),
            Err(_) => {}
        }
    }

    fn note(&mut self, id: &Id, resumable: bool) {
        if resumable {
            self.resumable.insert(id.clone());
        } else {
            self.resumable.remove(id);
        }
    }

    pub(crate) fn granted(&mut self, session: u32, result: Result<(Option<u64>, u64), Failure>, out: &mut Vec<Effect>) {
        self.reached(result.as_ref().err(), out);
        let Mode::Playing(playing) = &mut self.mode else { return };
        match result {
            _ if playing.session != session => {}
            Ok((resume_ms, duration_ms)) => playing.granted(resume_ms, duration_ms, out),
            Err(failure) => self.failed(failure, out),
        }
    }

    pub(crate) fn saved(&mut self, title: Id, last: bool, result: Result<(), Failure>, out: &mut Vec<Effect>) {
        self.reached(result.as_ref().err(), out);
        match result {
            // Only now does the server know: the rows and the button follow what it says.
            Ok(()) if last => {
                self.fetch_home(out);
                out.push(Effect::FetchTitle(title));
            }
            Ok(()) => {}
            Err(_) if last => self.notice(ToastKind::NotSaved, out),
            Err(_) => {}
        }
    }

    pub(crate) fn player(&mut self, session: u32, event: PlayerEvent, out: &mut Vec<Effect>) {
        let Mode::Playing(playing) = &mut self.mode else { return };
        match event {
            _ if playing.session != session => {}
            PlayerEvent::Failed(failure) => self.failed(failure, out),
            PlayerEvent::Ended => self.ended(out),
            event => playing.event(event, self.now_ms),
        }
    }

    /// The film is over: its page comes up, whatever page it was started from.
    fn ended(&mut self, out: &mut Vec<Effect>) {
        let Some(mut playing) = self.take_playing() else { return };
        playing.position_ms = playing.duration_ms;
        playing.save(true, self.now_ms, out);
        playing.command(PlayerCommand::Stop, out);
        if self.screen().page == Page::Detail(playing.title.clone()) {
            out.push(Effect::Speak(Say::Page));
        } else {
            self.open(playing.title, out);
        }
    }

    fn failed(&mut self, failure: Failure, out: &mut Vec<Effect>) {
        let Some(mut playing) = self.take_playing() else { return };
        // Where it broke is kept, so a retry goes on from there; before the first picture there is nothing to keep.
        let from = if playing.save(true, self.now_ms, out) { PlayFrom::Resume } else { playing.from };
        self.modal = Some(Modal::new(Origin::Playback { title: playing.title, from }, failure, self.config.rtl));
        out.push(Effect::Speak(Say::Modal));
    }

    pub(crate) fn update(&mut self, ready: bool) {
        self.update_ready = ready;
        if !ready && self.modal.as_ref().is_some_and(|m| m.origin == Origin::Update) {
            self.modal = None;
        }
    }

    /// Says that the last update did not work, once there is a page to say it on.
    pub(crate) fn recovered(&mut self, out: &mut Vec<Effect>) {
        if self.mode != Mode::Boot && std::mem::take(&mut self.recovered) {
            self.notice(ToastKind::Recovered, out);
        }
    }

    /// The server answered, or did not.
    fn reached(&mut self, failure: Option<&Failure>, out: &mut Vec<Effect>) {
        let was = self.network;
        self.network = if failure.is_some_and(|f| f.kind == FailureKind::Network) { Network::Offline } else { Network::Online };
        match (was, self.network) {
            (Network::Offline, Network::Online) if self.mode != Mode::Boot => self.notice(ToastKind::Online, out),
            // Asks until it answers.
            (_, Network::Offline) if self.retry_ms.is_none() => self.retry_ms = Some(self.now_ms + 2_000),
            _ => {}
        }
    }

    pub(crate) fn notice(&mut self, kind: ToastKind, out: &mut Vec<Effect>) {
        // What the viewer did not bring about takes longer to understand.
        let stay_ms = if kind == ToastKind::Recovered { 3 * self.config.toast_ms } else { self.config.toast_ms };
        self.toast = Some(Toast { kind, until_ms: self.now_ms + stay_ms });
        out.push(Effect::Speak(Say::Toast));
    }
}
