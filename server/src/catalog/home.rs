//! What the home screen and a title's page show, from plain rows: no I/O, no clock, the same rows give the same screen.

use hearth_api::{Home, Shelf, TitleCard};
use std::collections::{BTreeMap, HashMap};

/// Items in one shelf: more is not browsed with a remote control, and the answer stays small.
const SHELF_ITEMS: usize = 24;
/// Items in "Newly added".
const NEW_ITEMS: usize = 12;
/// Genre shelves.
const GENRE_SHELVES: usize = 12;
/// A genre with fewer titles gets no shelf of its own.
const GENRE_MIN: usize = 2;
/// Titles alike.
const SIMILAR_ITEMS: usize = 12;

/// A published title as the catalog has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// With `resume_ms` not yet set.
    pub card: TitleCard,
    /// Higher first.
    pub prominence: i64,
    /// Unix milliseconds.
    pub published_ms: i64,
}

/// How far the profile is with a title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watched {
    /// From the start.
    pub position_ms: u64,
    /// Of the whole, as the player said.
    pub duration_ms: u64,
    /// When, Unix milliseconds.
    pub updated_ms: i64,
}

impl Watched {
    /// Where to resume: none in the first 2 % (hardly begun) and from 95 % on (the credits).
    pub fn resume_ms(&self) -> Option<u64> {
        let (position, duration) = (u128::from(self.position_ms), u128::from(self.duration_ms));
        (position * 50 >= duration && position * 20 < duration * 19 && position > 0).then_some(self.position_ms)
    }
}

/// Assembles the home screen. `watched` is by title ID.
pub fn home(entries: &[Entry], watched: &HashMap<String, Watched>) -> Home {
    let mut ranked: Vec<&Entry> = entries.iter().collect();
    ranked.sort_by(|a, b| rank(a).cmp(&rank(b)));
    let card = |e: &&Entry| card(e, watched);
    let mut shelves = vec![Shelf { id: "continue".into(), title: "Continue watching".into(), items: going_on(&ranked, watched) }];
    let mut newest = ranked.clone();
    newest.sort_by_key(|e| std::cmp::Reverse(e.published_ms));
    shelves.push(Shelf {
        id: "new".into(),
        title: "Newly added".into(),
        items: newest.iter().take(NEW_ITEMS).map(card).collect(),
    });
    for (slug, (name, members)) in genres(&ranked) {
        let items = members.iter().take(SHELF_ITEMS).map(card).collect();
        shelves.push(Shelf { id: format!("genre-{slug}"), title: name.to_owned(), items });
    }
    shelves.retain(|s| !s.items.is_empty());
    Home { hero: ranked.first().map(card), shelves }
}

/// Titles alike, best first: those that share genres (the main one counts twice), nearer years before farther.
pub fn similar(of: &Entry, entries: &[Entry], watched: &HashMap<String, Watched>) -> Vec<TitleCard> {
    let mut scored: Vec<(i64, _, &Entry)> = entries
        .iter()
        .filter(|e| e.card.id != of.card.id)
        .filter_map(|e| alike(&of.card, &e.card).map(|score| (-score, rank(e), e)))
        .collect();
    scored.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    scored.iter().take(SIMILAR_ITEMS).map(|(_, _, e)| card(e, watched)).collect()
}

/// The card of one entry as this profile sees it.
pub fn card(entry: &Entry, watched: &HashMap<String, Watched>) -> TitleCard {
    let mut card = entry.card.clone();
    card.resume_ms = watched.get(&card.id).and_then(Watched::resume_ms);
    card
}

/// Most prominent first; then newest; then by name and ID, so that the order never depends on the rows'.
fn rank(e: &Entry) -> (i64, i64, &str, &str) {
    (e.prominence.saturating_neg(), e.published_ms.saturating_neg(), &e.card.name, &e.card.id)
}

fn going_on(ranked: &[&Entry], watched: &HashMap<String, Watched>) -> Vec<TitleCard> {
    let mut on: Vec<_> = ranked
        .iter()
        .filter_map(|e| watched.get(&e.card.id).filter(|w| w.resume_ms().is_some()).map(|w| (w.updated_ms, *e)))
        .collect();
    on.sort_by_key(|(updated, _)| std::cmp::Reverse(*updated));
    on.iter().take(SHELF_ITEMS).map(|(_, e)| card(e, watched)).collect()
}

/// Genres with enough titles: most titles first, then by slug. Spelling differences of one genre fall together.
fn genres<'a>(ranked: &[&'a Entry]) -> Vec<(String, (&'a str, Vec<&'a Entry>))> {
    let mut by_slug: BTreeMap<String, (&str, Vec<&Entry>)> = BTreeMap::new();
    for &entry in ranked {
        for name in &entry.card.genres {
            let members = &mut by_slug.entry(slug(name)).or_insert((name, Vec::new())).1;
            if members.last().is_none_or(|last| last.card.id != entry.card.id) {
                members.push(entry);
            }
        }
    }
    let mut all: Vec<_> = by_slug.into_iter().filter(|(slug, (_, m))| !slug.is_empty() && m.len() >= GENRE_MIN).collect();
    all.sort_by_key(|(_, (_, members))| std::cmp::Reverse(members.len()));
    all.truncate(GENRE_SHELVES);
    all
}

fn slug(name: &str) -> String {
    let words: Vec<String> =
        name.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect();
    words.join("-")
}

/// None where no genre is shared.
fn alike(of: &TitleCard, other: &TitleCard) -> Option<i64> {
    let distinct = |genres: &[String]| {
        let mut slugs: Vec<String> = Vec::new();
        for slug in genres.iter().map(|g| slug(g)).filter(|s| !s.is_empty()) {
            if !slugs.contains(&slug) {
                slugs.push(slug);
            }
        }
        slugs
    };
    let (ours, theirs) = (distinct(&of.genres), distinct(&other.genres));
    let place = |slug: &String| theirs.iter().position(|t| t == slug);
    let weigh = |(i, slug): (usize, &String)| place(slug).map(|j| 1 + i64::from(i == 0) + i64::from(j == 0));
    let shared: i64 = ours.iter().enumerate().filter_map(weigh).sum();
    let years = match (of.year, other.year) {
        (Some(a), Some(b)) => i64::from(a.abs_diff(b)).min(50),
        _ => 25,
    };
    (shared > 0).then_some(shared * 100 - years)
}

#[cfg(test)]
#[path = "home_tests.rs"]
mod tests;
