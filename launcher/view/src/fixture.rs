//! A catalog in memory, for tests: it keeps progress as a server does and can be told to fail.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use hearth_api::{Home, PlaybackGrant, Progress, RenditionInfo, Shelf, Title, TitleCard};

use crate::{Catalog, CatalogError};

#[derive(Debug, Default)]
struct State {
    progress: HashMap<String, Progress>,
    fail: Option<CatalogError>,
    calls: Vec<String>,
}

/// Shelves of titles, with a server's behaviour.
#[derive(Debug, Default)]
pub struct FixtureCatalog {
    cards: Vec<TitleCard>,
    shelves: Vec<(String, String, Vec<String>)>,
    state: Mutex<State>,
}

/// A title of ten minutes with nothing optional but pictures.
pub(crate) fn card(id: &str, name: &str) -> TitleCard {
    TitleCard {
        id: id.to_owned(),
        name: name.to_owned(),
        tagline: None,
        synopsis: format!("The story of {name}."),
        year: Some(2008),
        genres: vec!["Drama".to_owned()],
        rating: Some("PG".to_owned()),
        duration_ms: 600_000,
        poster: Some(format!("/art/{id}/poster.jpg")),
        backdrop: Some(format!("/art/{id}/backdrop.jpg")),
        resume_ms: None,
    }
}

impl FixtureCatalog {
    /// So many shelves of so many titles each; no title is on two shelves. The first title is the hero.
    pub fn new(shelves: usize, titles: usize) -> Self {
        let id = |s: usize, t: usize| format!("t{s}-{t}");
        let cards = (0..shelves).flat_map(|s| (0..titles).map(move |t| card(&id(s, t), &format!("Title {s}.{t}")))).collect();
        let row = |s| (format!("shelf-{s}"), format!("Shelf {s}"), (0..titles).map(|t| id(s, t)).collect());
        Self { cards, shelves: (0..shelves).map(row).collect(), state: Mutex::default() }
    }

    /// From now on every call fails like this; none: works again.
    pub fn fail(&self, error: Option<CatalogError>) {
        self.lock().fail = error;
    }

    /// Calls so far: `home`, `title t0-0`, `playback t0-0`, `progress t0-0 5000/600000`.
    pub fn calls(&self) -> Vec<String> {
        self.lock().calls.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(&self, what: String) -> Result<(), CatalogError> {
        let mut state = self.lock();
        state.calls.push(what);
        state.fail.clone().map_or(Ok(()), Err)
    }

    fn card(&self, id: &str) -> Result<TitleCard, CatalogError> {
        let missing =
            || CatalogError::Refused { status: 404, code: "not-found".into(), message: format!("There is no title {id}.") };
        let mut card = self.cards.iter().find(|c| c.id == id).cloned().ok_or_else(missing)?;
        card.resume_ms = self.lock().progress.get(id).filter(|p| p.position_ms < p.duration_ms).map(|p| p.position_ms);
        Ok(card)
    }

    fn shelf(&self, id: &str, title: &str, items: &[String]) -> Shelf {
        Shelf { id: id.to_owned(), title: title.to_owned(), items: items.iter().filter_map(|i| self.card(i).ok()).collect() }
    }
}

impl Catalog for FixtureCatalog {
    fn home(&self) -> Result<Home, CatalogError> {
        self.call("home".to_owned())?;
        let mut begun: Vec<String> =
            self.lock().progress.iter().filter(|(_, p)| p.position_ms < p.duration_ms).map(|(id, _)| id.clone()).collect();
        begun.sort();
        let mut shelves = vec![self.shelf("continue", "Continue watching", &begun)];
        shelves.extend(self.shelves.iter().map(|(id, title, items)| self.shelf(id, title, items)));
        shelves.retain(|s| !s.items.is_empty());
        Ok(Home { hero: self.cards.first().and_then(|c| self.card(&c.id).ok()), shelves })
    }

    fn title(&self, id: &str) -> Result<Title, CatalogError> {
        self.call(format!("title {id}"))?;
        let similar = self.cards.iter().filter(|c| c.id != id).take(8).filter_map(|c| self.card(&c.id).ok()).collect();
        let renditions = vec![RenditionInfo { width: 1280, height: 720, bandwidth: 3_000_000 }];
        Ok(Title { card: self.card(id)?, credits: Some("CC BY 3.0".into()), renditions, protection: "cbcs".into(), similar })
    }

    fn playback(&self, id: &str) -> Result<PlaybackGrant, CatalogError> {
        self.call(format!("playback {id}"))?;
        let card = self.card(id)?;
        Ok(PlaybackGrant {
            hls: format!("/v1/media/{id}/main.m3u8"),
            dash: format!("/v1/media/{id}/manifest.mpd"),
            license: Some("/v1/license".to_owned()),
            token: "token".to_owned(),
            expires_at_ms: 0,
            resume_ms: card.resume_ms,
            duration_ms: card.duration_ms,
        })
    }

    fn progress(&self, id: &str, progress: &Progress) -> Result<(), CatalogError> {
        self.call(format!("progress {id} {}/{}", progress.position_ms, progress.duration_ms))?;
        self.lock().progress.insert(id.to_owned(), progress.clone());
        Ok(())
    }
}
