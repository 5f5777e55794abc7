//! Facts about a title as the screens set them: the age rating stands in a box of its own, so it is not in the line.

use hearth_api::{Title, TitleCard};
use hearth_view::duration;

/// `2008  ·  Animation, Comedy  ·  10 min`; what is not known is left out.
pub fn line(card: &TitleCard) -> String {
    let genres = card.genres.iter().take(2).map(String::as_str).collect::<Vec<_>>().join(", ");
    let length = if card.duration_ms > 0 { duration(card.duration_ms) } else { String::new() };
    let parts = [card.year.map(|y| y.to_string()).unwrap_or_default(), genres, length];
    parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("  ·  ")
}

/// `2008 · Animation`, under a tile.
pub fn caption(card: &TitleCard) -> String {
    let parts = [card.year.map(|y| y.to_string()), card.genres.first().cloned()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// `12 min left`; empty where not begun.
pub fn remaining(card: &TitleCard) -> String {
    let left = card.resume_ms.filter(|ms| *ms > 0).map(|ms| card.duration_ms.saturating_sub(ms));
    left.map(|ms| format!("{} left", duration(ms))).unwrap_or_default()
}

/// `Protected` with the scheme, for the badge; empty for a clear title.
pub fn protection(title: &Title) -> String {
    match title.protection.as_str() {
        "" | "none" => String::new(),
        scheme => format!("Protected · {scheme}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card() -> TitleCard {
        TitleCard {
            id: "bbb".into(),
            name: "Big Buck Bunny".into(),
            tagline: None,
            synopsis: String::new(),
            year: Some(2008),
            genres: vec!["Animation".into(), "Comedy".into(), "Short".into()],
            rating: Some("PG".into()),
            duration_ms: 596_000,
            poster: None,
            backdrop: None,
            resume_ms: Some(300_000),
        }
    }

    #[test]
    fn facts_are_set() {
        let full = card();
        assert_eq!(line(&full), "2008  ·  Animation, Comedy  ·  10 min");
        assert_eq!(caption(&full), "2008 · Animation");
        assert_eq!(remaining(&full), "5 min left");
        let bare = TitleCard { year: None, genres: vec![], duration_ms: 0, resume_ms: None, ..full };
        assert_eq!((line(&bare), caption(&bare), remaining(&bare)), Default::default());
    }
}
