//! What the server said, by name, and the box of itself; turns deliveries into events of the application.

use std::collections::HashMap;

use hearth_api::{Home, PlaybackGrant, Title, TitleCard};
use hearth_nav::{Event, HomeData, ShelfData, ShelfKind, TitleData, TitleRef};

use crate::{About, Delivery};

/// The server's name for the shelf of begun films.
const CONTINUE: &str = "continue";

/// What the server said last.
#[derive(Clone, Debug, Default)]
pub struct Store {
    home: Option<Home>,
    titles: HashMap<String, Title>,
    cards: HashMap<String, TitleCard>,
    grant: Option<(u32, PlaybackGrant)>,
    origin: String,
    about: About,
}

fn title_ref(card: &TitleCard) -> TitleRef {
    TitleRef { id: card.id.as_str().into(), resumable: card.resume_ms.is_some_and(|ms| ms > 0) }
}

impl Store {
    /// Empty. `origin` completes the server's URLs: `http://127.0.0.1:8080`.
    pub fn new(origin: &str) -> Self {
        Self { origin: origin.trim_end_matches('/').to_owned(), ..Self::default() }
    }

    /// The server is another one, or is known only now.
    pub fn set_origin(&mut self, origin: &str) {
        let origin = origin.trim_end_matches('/');
        if self.origin != origin {
            self.origin = origin.to_owned();
        }
    }

    /// Keeps what came and says what it means to the application.
    pub fn accept(&mut self, delivery: Delivery) -> Event {
        match delivery {
            Delivery::Home(Ok(home)) => {
                home.hero.iter().chain(home.shelves.iter().flat_map(|s| &s.items)).for_each(|c| self.keep(c));
                let data = home_data(&home);
                self.home = Some(home);
                Event::Home(Ok(data))
            }
            Delivery::Home(Err(e)) => Event::Home(Err(e.failure())),
            Delivery::Title(id, Ok(title)) => {
                title.similar.iter().chain([&title.card]).for_each(|c| self.keep(c));
                let similar = title.similar.iter().map(title_ref).collect();
                let data = TitleData { title: title_ref(&title.card), similar };
                self.titles.insert(id.to_string(), *title);
                Event::Title { id, result: Ok(data) }
            }
            Delivery::Title(id, Err(e)) => Event::Title { id, result: Err(e.failure()) },
            Delivery::Grant(session, Ok(grant)) => {
                let result = Ok((grant.resume_ms, grant.duration_ms));
                self.grant = Some((session, grant));
                Event::Granted { session, result }
            }
            Delivery::Grant(session, Err(e)) => Event::Granted { session, result: Err(e.failure()) },
            Delivery::Saved { title, last, result } => Event::Saved { title, last, result: result.map_err(|e| e.failure()) },
        }
    }

    /// What the box says of itself. True if that is news.
    pub fn set_about(&mut self, about: About) -> bool {
        let news = self.about != about;
        self.about = about;
        news
    }

    /// What the box says of itself.
    pub fn about(&self) -> &About {
        &self.about
    }

    fn keep(&mut self, card: &TitleCard) {
        self.cards.insert(card.id.clone(), card.clone());
    }

    /// The home screen.
    pub fn home(&self) -> Option<&Home> {
        self.home.as_ref()
    }

    /// A title's page.
    pub fn title(&self, id: &str) -> Option<&Title> {
        self.titles.get(id)
    }

    /// A title as its tile knows it.
    pub fn card(&self, id: &str) -> Option<&TitleCard> {
        self.cards.get(id)
    }

    /// The grant of a session: for [`hearth_nav::Effect::LoadPlayer`].
    pub fn grant(&self, session: u32) -> Option<&PlaybackGrant> {
        self.grant.as_ref().filter(|(s, _)| *s == session).map(|(_, grant)| grant)
    }

    /// A URL of the server's in full.
    pub fn url(&self, url: &str) -> String {
        match url {
            _ if url.starts_with("http://") || url.starts_with("https://") => url.to_owned(),
            _ if url.starts_with('/') => format!("{}{url}", self.origin),
            _ => format!("{}/{url}", self.origin),
        }
    }
}

fn home_data(home: &Home) -> HomeData {
    let shelf = |s: &hearth_api::Shelf| ShelfData {
        id: s.id.as_str().into(),
        kind: if s.id == CONTINUE { ShelfKind::Continue } else { ShelfKind::Titles },
        items: s.items.iter().map(title_ref).collect(),
    };
    HomeData { hero: home.hero.as_ref().map(title_ref), shelves: home.shelves.iter().map(shelf).collect() }
}
