//! A catalog as a household has it: made-up films with everything a screen shows.

use hearth_api::{Home, PlaybackGrant, Progress, RenditionInfo, Shelf, Title, TitleCard};
use hearth_view::{Catalog, CatalogError};
use std::sync::{Mutex, PoisonError};

const FILMS: [(&str, &str, &str, &str); 12] = [
    (
        "The Last Lighthouse",
        "Some lights are kept for one person.",
        "Drama",
        "On an island that the maps forgot, a keeper who has not spoken in years finds a child in the lamp room, and with her a letter addressed to the sea. As the winter storms close in, both of them learn what the light was for.",
    ),
    (
        "Ember",
        "The fire remembers.",
        "Adventure",
        "A courier carries the last coal of a drowned city across seven valleys, with the rain a day behind her.",
    ),
    (
        "Northern Line",
        "Every stop is a story.",
        "Mystery",
        "The night train no longer stops at Vega. One passenger swears that it did yesterday.",
    ),
    (
        "A Quiet Orbit",
        "Listen closely.",
        "Science fiction",
        "Alone on a relay station, an engineer begins to hear her own voice, three seconds early.",
    ),
    ("Salt & Cedar", "", "Romance", "Two boat builders inherit one yard, one debt and one unfinished ship."),
    (
        "Glasswing",
        "Fragile things fly furthest.",
        "Family",
        "A girl who cannot keep still and a butterfly that cannot fly cross a continent.",
    ),
    (
        "The Cartographer's Daughter",
        "What is not drawn is not lost.",
        "Adventure",
        "She inherits a map with one blank valley, and the key to its only gate.",
    ),
    ("Low Tide", "", "Thriller", "When the sea goes out further than it ever has, somebody has to walk after it."),
    ("Paper Tigers", "They fold under pressure.", "Comedy", "Three origami champions, one stolen crane and a very wet weekend."),
    ("Midwinter", "The longest night has company.", "Drama", "A village agrees to stay awake together until the sun comes back."),
    ("Counterweight", "", "Science fiction", "Four strangers share the last lift to the top of the world."),
    ("The Orchard Year", "Everything in its season.", "Documentary", "Twelve months, four hundred trees and one stubborn goat."),
];

/// The catalog. Progress is kept as a server does.
pub struct Household {
    state: Mutex<State>,
}

struct State {
    progress: Vec<(usize, Progress)>,
    fail: Option<CatalogError>,
    empty: bool,
}

impl Household {
    pub fn new() -> Self {
        let at = |film: usize, position_ms: u64| (film, Progress { position_ms, duration_ms: length(film) });
        let progress = vec![at(3, 1_400_000), at(5, 4_000_000), at(8, 700_000), at(1, 5_000_000), at(10, 900_000), at(2, 60_000)];
        Self { state: Mutex::new(State { progress, fail: None, empty: false }) }
    }

    pub fn empty() -> Self {
        let household = Self::new();
        household.lock().empty = true;
        household
    }

    pub fn fail(&self, error: Option<CatalogError>) {
        self.lock().fail = error;
    }

    pub fn progress_of(&self, id: &str) -> Option<u64> {
        let film = number(id)?;
        self.lock().progress.iter().find(|(f, _)| *f == film).map(|(_, p)| p.position_ms)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self) -> Result<(), CatalogError> {
        self.lock().fail.clone().map_or(Ok(()), Err)
    }

    fn card(&self, film: usize) -> TitleCard {
        let (name, tagline, genre, synopsis) = FILMS[film];
        let resume_ms = self.lock().progress.iter().find(|(f, _)| *f == film).map(|(_, p)| p.position_ms);
        // Two films have no artwork: their tiles are set in type.
        let art = |kind: &str| (film != 4 && film != 7).then(|| format!("/art/{film}/{kind}"));
        TitleCard {
            id: format!("film-{film}"),
            name: name.into(),
            tagline: (!tagline.is_empty()).then(|| tagline.into()),
            synopsis: synopsis.into(),
            year: Some(2013 + film as u16),
            genres: vec![genre.into()],
            rating: Some(["PG", "12", "6", "16"][film % 4].into()),
            duration_ms: length(film),
            poster: art("poster"),
            backdrop: art("backdrop"),
            resume_ms,
        }
    }

    fn shelf(&self, id: &str, title: &str, films: impl IntoIterator<Item = usize>) -> Shelf {
        Shelf { id: id.into(), title: title.into(), items: films.into_iter().map(|f| self.card(f)).collect() }
    }
}

fn length(film: usize) -> u64 {
    5_400_000 + 240_000 * film as u64
}

fn number(id: &str) -> Option<usize> {
    id.strip_prefix("film-")?.parse().ok().filter(|n| *n < FILMS.len())
}

fn missing(id: &str) -> CatalogError {
    CatalogError::Refused { status: 404, code: "not-found".into(), message: format!("There is no title {id}.") }
}

impl Catalog for Household {
    fn home(&self) -> Result<Home, CatalogError> {
        self.check()?;
        if self.lock().empty {
            return Ok(Home { hero: None, shelves: vec![] });
        }
        let begun: Vec<usize> = self.lock().progress.iter().map(|(film, _)| *film).collect();
        let mut shelves = vec![
            self.shelf("continue", "Continue watching", begun),
            self.shelf("new", "New on Hearth", (0..FILMS.len()).rev()),
            self.shelf("drama", "Drama", [0, 9, 4, 2, 6, 11, 7, 3, 1]),
            self.shelf("family", "For the whole family", [5, 8, 11, 6]),
        ];
        shelves.retain(|s| !s.items.is_empty());
        Ok(Home { hero: Some(self.card(0)), shelves })
    }

    fn title(&self, id: &str) -> Result<Title, CatalogError> {
        self.check()?;
        let film = number(id).ok_or_else(|| missing(id))?;
        let renditions = [(640, 360), (960, 540), (1280, 720)];
        let renditions = renditions.map(|(width, height)| RenditionInfo { width, height, bandwidth: u64::from(width) * 2500 });
        let similar = (0..FILMS.len()).filter(|f| *f != film).map(|f| self.card(f)).collect();
        let credits = Some("A film of the Hearth test collection. Licensed under CC BY 4.0.".into());
        Ok(Title { card: self.card(film), credits, renditions: renditions.into(), protection: "cbcs".into(), similar })
    }

    fn playback(&self, id: &str) -> Result<PlaybackGrant, CatalogError> {
        self.check()?;
        let card = self.card(number(id).ok_or_else(|| missing(id))?);
        Ok(PlaybackGrant {
            hls: format!("/v1/media/{id}/main.m3u8"),
            dash: format!("/v1/media/{id}/manifest.mpd"),
            license: Some("/v1/license".into()),
            token: "token".into(),
            expires_at_ms: 0,
            resume_ms: card.resume_ms,
            duration_ms: card.duration_ms,
        })
    }

    fn progress(&self, id: &str, progress: &Progress) -> Result<(), CatalogError> {
        self.check()?;
        let film = number(id).ok_or_else(|| missing(id))?;
        let mut state = self.lock();
        state.progress.retain(|(f, _)| *f != film);
        if progress.position_ms < progress.duration_ms {
            state.progress.insert(0, (film, progress.clone()));
        }
        Ok(())
    }
}
