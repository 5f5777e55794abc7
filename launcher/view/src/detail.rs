//! A title's page.

use hearth_api::{RenditionInfo, TitleCard};
use hearth_nav::{Id, Screen, zone};

use crate::{
    Store,
    format::{duration, meta_line},
    tile::{ButtonView, TileView, buttons, progress, tiles},
};

/// A title's page. Until its data comes it shows what the tile knew.
#[derive(Clone, Debug, PartialEq)]
pub struct DetailView {
    /// Of the title.
    pub id: Id,
    /// For the viewer.
    pub name: String,
    /// One line; may be empty.
    pub tagline: String,
    /// `2008 · Animation · PG · 10 min`.
    pub meta: String,
    /// A paragraph.
    pub synopsis: String,
    /// `Animation, Comedy`.
    pub genres: String,
    /// `1080p`, `720p`, … the best there is; may be empty.
    pub quality: String,
    /// Attribution and licence; may be empty.
    pub credits: String,
    /// Full URL.
    pub backdrop: Option<String>,
    /// Full URL.
    pub poster: Option<String>,
    /// Watched so far, 0 to 1.
    pub progress: Option<f32>,
    /// `32 min left`; empty where not begun.
    pub remaining: String,
    /// Play or Resume, Play from start.
    pub buttons: Vec<ButtonView>,
    /// The focus is on the buttons.
    pub on_buttons: bool,
    /// Alike titles, as [`crate::ShelfView::tiles`].
    pub similar: Vec<Option<TileView>>,
    /// First visible of them.
    pub similar_first: usize,
    /// Of them in all; 0: hide the row.
    pub similar_len: usize,
    /// All is there.
    pub ready: bool,
}

pub(crate) fn detail_view(store: &Store, screen: &Screen, id: &Id, active: bool) -> DetailView {
    let title = store.title(id);
    // The card may be newer than the page: it comes with every home screen, too.
    let card = store.card(id);
    let text = |of: fn(&TitleCard) -> String| card.map(of).unwrap_or_default();
    let url = |of: fn(&TitleCard) -> Option<&String>| card.and_then(of).map(|u| store.url(u));
    let on = |name: &str| screen.focus.at().is_some_and(|(z, _)| *z == *name);
    let similar = screen.focus.find(zone::SIMILAR);
    let left =
        |c: &TitleCard| Some(format!("{} left", duration(c.duration_ms.saturating_sub(c.resume_ms.filter(|ms| *ms > 0)?))));
    DetailView {
        id: id.clone(),
        name: text(|c| c.name.clone()),
        tagline: text(|c| c.tagline.clone().unwrap_or_default()),
        meta: text(meta_line),
        synopsis: text(|c| c.synopsis.clone()),
        genres: text(|c| c.genres.join(", ")),
        quality: title.and_then(|t| t.renditions.iter().max_by_key(|r| r.height)).map(quality).unwrap_or_default(),
        credits: title.and_then(|t| t.credits.clone()).unwrap_or_default(),
        backdrop: url(|c| c.backdrop.as_ref().or(c.poster.as_ref())),
        poster: url(|c| c.poster.as_ref()),
        progress: card.and_then(progress),
        remaining: card.and_then(left).unwrap_or_default(),
        buttons: buttons(screen.focus.find(zone::ACTIONS), active && on(zone::ACTIONS), card.and_then(|c| c.resume_ms)),
        on_buttons: on(zone::ACTIONS),
        similar: similar.map(|z| tiles(store, z, active && on(zone::SIMILAR))).unwrap_or_default(),
        similar_first: similar.map_or(0, |z| z.first),
        similar_len: similar.map_or(0, |z| z.items.len()),
        ready: screen.ready,
    }
}

fn quality(rendition: &RenditionInfo) -> String {
    match rendition.height {
        2160.. => "4K".to_owned(),
        height => format!("{height}p"),
    }
}
